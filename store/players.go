package store

import (
	"context"
	"database/sql"
	"time"

	"yourturn/player"
)

var _ player.Store = (*DB)(nil)

// AddPlayer keeps a player with a first login and its counters.
func (db *DB) AddPlayer(ctx context.Context, p player.Player, l player.Login, issued player.Issued) error {
	return db.change(ctx, func(t *tx) error {
		var b batch
		b.add("INSERT INTO players (id, display_name, locale, avatar, created_at) VALUES (?, ?, ?, ?, ?)",
			string(p.ID), p.Profile.DisplayName, p.Profile.Locale, p.Profile.Avatar, millis(p.CreatedAt))
		b.add("INSERT INTO counters (player_id, last_seq, acked_seq, waiting, open_tickets) VALUES (?, 0, 0, 0, 0)", string(p.ID))
		b.addLogin(db.engine, player.SignIn{Login: l, CreatedAt: p.CreatedAt}, issued)
		return t.finish(ctx, &b)
	})
}

const tokenColumns = `hash, kind, login_id, parent, used, expires_at, superseded_at`

func tokenRows(issued player.Issued) (rows [][]any) {
	for _, t := range issued.Tokens {
		rows = append(rows, []any{t.Hash[:], string(t.Kind), string(t.Login), t.Parent[:], flag(t.Used), millis(t.ExpiresAt), millis(t.SupersededAt)})
	}
	return rows
}

// Player reads an account that is not deleted.
func (db *DB) Player(ctx context.Context, id player.ID) (p player.Player, err error) {
	var created int64
	err = db.one(ctx, player.ErrNotFound, func(rows *sql.Rows) error {
		return rows.Scan(&p.ID, &p.Profile.DisplayName, &p.Profile.Locale, &p.Profile.Avatar, &created)
	}, "SELECT id, display_name, locale, avatar, created_at FROM players WHERE id = ? AND deleted_at IS NULL", string(id))
	p.CreatedAt = instant(created)
	return p, err
}

// SaveProfile changes what a player says of themselves.
func (db *DB) SaveProfile(ctx context.Context, id player.ID, p player.Profile) error {
	return db.change(ctx, func(t *tx) error {
		_, err := t.exec(ctx, "UPDATE players SET display_name = ?, locale = ?, avatar = ? WHERE id = ? AND deleted_at IS NULL",
			p.DisplayName, p.Locale, p.Avatar, string(id))
		return err
	})
}

// ErasePlayer empties the account and forgets everything that was the player's alone.
func (db *DB) ErasePlayer(ctx context.Context, id player.ID, now time.Time) error {
	return db.change(ctx, func(t *tx) error {
		var first, b batch
		first.add("DELETE FROM tickets WHERE player_id = ?", string(id))
		first.add("UPDATE players SET display_name = '', locale = '', avatar = '', deleted_at = ? WHERE id = ?", millis(now), string(id))
		// Logins before their tokens, as everywhere: so that no tokens can be added any more.
		b.add("DELETE FROM logins WHERE player_id = ?", string(id))
		// One login after the other: MariaDB would go through all the tokens there are to ask each for its login.
		err := t.each(ctx, &first, func(rows *sql.Rows) error {
			var login string
			err := rows.Scan(&login)
			b.add("DELETE FROM tokens WHERE login_id = ?", login)
			return err
		}, "SELECT id FROM logins WHERE player_id = ? ORDER BY id", string(id))
		if err != nil {
			return err
		}
		b.add("DELETE FROM counters WHERE player_id = ?", string(id))
		b.forgetPeople(string(id))
		b.add("DELETE FROM devices WHERE player_id = ?", string(id))
		b.add("DELETE FROM feed WHERE player_id = ?", string(id))
		b.add("DELETE FROM notices WHERE player_id = ?", string(id))
		b.add("DELETE FROM deliveries WHERE player_id = ?", string(id))
		b.add("DELETE FROM idempotency_keys WHERE player_id = ?", string(id))
		b.add("DELETE FROM link_codes WHERE player_id = ?", string(id))
		b.add("DELETE FROM identities WHERE player_id = ?", string(id))
		return t.finish(ctx, &b)
	})
}

// Token finds a token with its player.
func (db *DB) Token(ctx context.Context, hash player.Hash) (t player.Token, err error) {
	var parent []byte
	var expires, superseded int64
	err = db.one(ctx, player.ErrNotFound, func(rows *sql.Rows) error {
		return rows.Scan(&t.Kind, &t.Login, &t.Player, &parent, &t.Used, &expires, &superseded)
	}, `SELECT t.kind, t.login_id, l.player_id, t.parent, t.used, t.expires_at, t.superseded_at
		FROM tokens t JOIN logins l ON l.id = t.login_id WHERE t.hash = ?`, hash[:])
	t.Hash = hash
	copy(t.Parent[:], parent)
	t.ExpiresAt, t.SupersededAt = instant(expires), instant(superseded)
	return t, err
}

// UseToken notes a first use. The superseded parent is kept for a while, to be recognised. That the login has arrived is
// remembered by itself, because tokens are deleted in time.
func (db *DB) UseToken(ctx context.Context, used player.Token, now time.Time) error {
	return db.change(ctx, func(t *tx) error {
		var b batch
		b.add("UPDATE logins SET arrived = 1 WHERE id = ? AND arrived = 0", string(used.Login))
		b.add("UPDATE tokens SET used = 1 WHERE hash = ?", used.Hash[:])
		b.add("UPDATE tokens SET superseded_at = ?, expires_at = ? WHERE hash = ? AND superseded_at = 0",
			millis(now), millis(used.ForgetAt(now)), used.Parent[:])
		return t.finish(ctx, &b)
	})
}

// AddTokens keeps tokens of a login that has not ended. Raising the login's own end first makes sure of that.
func (db *DB) AddTokens(ctx context.Context, l player.LoginID, issued player.Issued) error {
	return db.change(ctx, func(t *tx) error {
		ends := millis(issued.Ends())
		alive, err := t.exec(ctx, "UPDATE logins SET expires_at = CASE WHEN expires_at < ? THEN ? ELSE expires_at END WHERE id = ?", ends, ends, string(l))
		if err != nil {
			return err
		}
		if alive == 0 {
			return player.ErrNotFound
		}
		var b batch
		b.insert(db.engine, "tokens ("+tokenColumns+")", tokenRows(issued), "")
		return t.finish(ctx, &b)
	})
}

// PruneTokens deletes what has expired: link codes, tokens, and logins whose last token has.
func (db *DB) PruneTokens(ctx context.Context, now time.Time, limit int) (int, error) {
	codes, err := db.prune(ctx, "link_codes", "hash", "expires_at < ?", "expires_at", limit, millis(now))
	if err != nil {
		return codes, err
	}
	tokens, err := db.prune(ctx, "tokens", "hash", "expires_at < ?", "expires_at", limit, millis(now))
	if err != nil {
		return codes + tokens, err
	}
	var logins []player.LoginID
	err = db.each(ctx, scanIDs(&logins), "SELECT id FROM logins WHERE expires_at < ? ORDER BY expires_at LIMIT ?", millis(now), limit)
	for _, login := range logins {
		if err == nil {
			err = db.EndLogin(ctx, login)
		}
	}
	return codes + tokens + len(logins), err
}
