package store

import (
	"context"
	"database/sql"
	"time"

	"yourturn/player"
)

// Logins lists those of a player that have not ended. Each ends so long after it last got tokens.
func (db *DB) Logins(ctx context.Context, id player.ID, now time.Time) (found []player.SignIn, err error) {
	err = db.each(ctx, func(rows *sql.Rows) error {
		l := player.SignIn{Login: player.Login{Player: id}}
		var created, ends int64
		err := rows.Scan(&l.ID, &created, &ends)
		l.CreatedAt, l.LastUsedAt = instant(created), instant(ends).Add(-player.RefreshLife)
		found = append(found, l)
		return err
	}, "SELECT id, created_at, expires_at FROM logins WHERE player_id = ? AND expires_at > ? ORDER BY created_at, id", string(id), millis(now))
	return found, err
}

// holdPlayer locks the row of a player who is not deleted, so that nothing new is theirs once the account is erased.
func (t *tx) holdPlayer(ctx context.Context, id player.ID) error {
	there, err := t.exec(ctx, "UPDATE players SET deleted_at = deleted_at WHERE id = ? AND deleted_at IS NULL", string(id))
	if err == nil && there == 0 {
		return player.ErrNotFound
	}
	return err
}

// addLogin adds a login with its tokens to a batch.
func (b *batch) addLogin(e engine, l player.Login, issued player.Issued, now time.Time) {
	b.add("INSERT INTO logins (id, player_id, created_at, expires_at) VALUES (?, ?, ?, ?)",
		string(l.ID), string(l.Player), millis(now), millis(issued.Ends()))
	b.insert(e, "tokens ("+tokenColumns+")", tokenRows(issued), "")
}

// AddLogin keeps another login of a player.
func (db *DB) AddLogin(ctx context.Context, l player.Login, issued player.Issued, now time.Time) error {
	return db.change(ctx, func(t *tx) error {
		if err := t.holdPlayer(ctx, l.Player); err != nil {
			return err
		}
		var b batch
		b.addLogin(db.engine, l, issued, now)
		return t.finish(ctx, &b)
	})
}

// PutLinkCode writes over the code that the player had. The login's lock holds off its end, which takes its codes along.
func (db *DB) PutLinkCode(ctx context.Context, c player.LinkCode) error {
	err := db.change(ctx, func(t *tx) error {
		alive, err := t.exec(ctx, "UPDATE logins SET player_id = player_id WHERE id = ?", string(c.By))
		if err != nil {
			return err
		}
		if alive == 0 {
			return player.ErrNotFound
		}
		var b batch
		b.add("DELETE FROM link_codes WHERE player_id = ?", string(c.Player))
		b.add("INSERT INTO link_codes (player_id, hash, made_by, expires_at, login_id, attempt) VALUES (?, ?, ?, ?, ?, ?)",
			string(c.Player), c.Hash[:], string(c.By), millis(c.ExpiresAt), null(string(c.Made)), c.Attempt[:])
		return t.finish(ctx, &b)
	})
	if isDuplicate(err) { // the same code, or two of one player at once
		return player.ErrTaken
	}
	return err
}

// LinkCode finds a code.
func (db *DB) LinkCode(ctx context.Context, hash player.Hash) (c player.LinkCode, err error) {
	var expires int64
	var made sql.NullString
	var attempt []byte
	err = db.one(ctx, player.ErrNotFound, func(rows *sql.Rows) error {
		return rows.Scan(&c.Player, &c.By, &expires, &made, &attempt)
	}, "SELECT player_id, made_by, expires_at, login_id, attempt FROM link_codes WHERE hash = ?", hash[:])
	c.Hash, c.ExpiresAt, c.Made = hash, instant(expires), player.LoginID(made.String)
	copy(c.Attempt[:], attempt)
	return c, err
}

// SpendLinkCode makes a login by a code. The row of the code lets one through.
func (db *DB) SpendLinkCode(ctx context.Context, c player.LinkCode, attempt player.Hash, l player.Login, issued player.Issued, now time.Time) error {
	return db.change(ctx, func(t *tx) error {
		if err := t.holdPlayer(ctx, l.Player); err != nil {
			return err
		}
		spent, err := t.exec(ctx, "UPDATE link_codes SET login_id = ?, attempt = ? WHERE hash = ? AND login_id IS NULL AND expires_at > ?",
			string(l.ID), attempt[:], c.Hash[:], millis(now))
		if err != nil {
			return err
		}
		if spent == 0 {
			return player.ErrTaken
		}
		var b batch
		b.addLogin(db.engine, l, issued, now)
		return t.finish(ctx, &b)
	})
}

// Arrived looks for a token of a login that was used.
func (db *DB) Arrived(ctx context.Context, l player.LoginID) (arrived bool, err error) {
	err = db.each(ctx, func(*sql.Rows) error { arrived = true; return nil }, "SELECT 1 FROM tokens WHERE login_id = ? AND used = 1 LIMIT 1", string(l))
	return arrived, err
}
