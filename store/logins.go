package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"yourturn/notify"
	"yourturn/player"
)

const loginColumns = `id, player_id, created_at, expires_at, made_by, attempt, arrived`

func loginRow(l player.SignIn, ends time.Time) []any {
	var attempt any
	if l.Attempt != (player.Hash{}) {
		attempt = l.Attempt[:]
	}
	return []any{string(l.ID), string(l.Player), millis(l.CreatedAt), millis(ends), null(string(l.MadeBy)), attempt, flag(l.Arrived)}
}

// scanLogin reads a login. Each ends so long after it last got tokens.
func scanLogin(rows *sql.Rows) (l player.SignIn, err error) {
	var created, ends int64
	var maker sql.NullString
	var attempt []byte
	err = rows.Scan(&l.ID, &l.Player, &created, &ends, &maker, &attempt, &l.Arrived)
	l.CreatedAt, l.LastUsedAt, l.MadeBy = instant(created), instant(ends).Add(-player.RefreshLife), player.LoginID(maker.String)
	copy(l.Attempt[:], attempt)
	return l, err
}

// Logins lists those of a player that have not ended.
func (db *DB) Logins(ctx context.Context, id player.ID, now time.Time) (found []player.SignIn, err error) {
	err = db.each(ctx, func(rows *sql.Rows) error {
		l, err := scanLogin(rows)
		found = append(found, l)
		return err
	}, "SELECT "+loginColumns+" FROM logins WHERE player_id = ? AND expires_at > ? ORDER BY created_at, id", string(id), millis(now))
	return found, err
}

// HasLogin looks for a login.
func (db *DB) HasLogin(ctx context.Context, l player.LoginID) (found bool, err error) {
	err = db.each(ctx, func(*sql.Rows) error { found = true; return nil }, "SELECT 1 FROM logins WHERE id = ?", string(l))
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
func (b *batch) addLogin(e engine, l player.SignIn, issued player.Issued) {
	b.insert(e, "logins ("+loginColumns+")", [][]any{loginRow(l, issued.Ends())}, "")
	b.insert(e, "tokens ("+tokenColumns+")", tokenRows(issued), "")
}

// AddLogin keeps another login of a player. The player's lock makes it one for each attempt, however often that is
// repeated at once.
func (db *DB) AddLogin(ctx context.Context, l player.SignIn, issued player.Issued) error {
	return db.change(ctx, func(t *tx) error {
		if err := t.holdPlayer(ctx, l.Player); err != nil {
			return err
		}
		if err := t.firstAttempt(ctx, l); err != nil {
			return err
		}
		var b batch
		b.addLogin(db.engine, l, issued)
		return t.finish(ctx, &b)
	})
}

// firstAttempt refuses a login whose attempt has made one that has not arrived.
func (t *tx) firstAttempt(ctx context.Context, l player.SignIn) (err error) {
	if l.Attempt == (player.Hash{}) {
		return nil
	}
	made := false
	err = t.each(ctx, &batch{}, func(*sql.Rows) error { made = true; return nil },
		"SELECT 1 FROM logins WHERE player_id = ? AND attempt = ? AND arrived = 0", string(l.Player), l.Attempt[:])
	if err == nil && made {
		return player.ErrTaken
	}
	return err
}

// EndLogin forgets a login with its tokens, its devices and the code that it shows.
func (db *DB) EndLogin(ctx context.Context, l player.LoginID) error {
	_, err := db.endLogins(ctx, l, func([]player.SignIn) []player.LoginID { return []player.LoginID{l} })
	return err
}

// EndStolen forgets a login and those that it has made since an instant, and what those have made.
func (db *DB) EndStolen(ctx context.Context, l player.Login, since time.Time) ([]player.Login, error) {
	return db.endLogins(ctx, l.ID, func(family []player.SignIn) []player.LoginID {
		ends := []player.LoginID{l.ID}
		for n := 0; n < len(ends); n++ {
			for _, made := range family {
				if made.MadeBy == ends[n] && !made.CreatedAt.Before(since) {
					ends = append(ends, made.ID)
				}
			}
		}
		return ends
	})
}

// endLogins forgets those of a login's player that a function picks from all. What they have made, and stays, becomes their
// maker's, so that a theft further up is not cut off from it.
func (db *DB) endLogins(ctx context.Context, l player.LoginID, pick func(family []player.SignIn) []player.LoginID) (ended []player.Login, err error) {
	err = db.change(ctx, func(t *tx) error {
		ended = nil
		family, err := t.holdFamily(ctx, l)
		n := slices.IndexFunc(family, func(of player.SignIn) bool { return of.ID == l })
		if err != nil || n < 0 {
			return err
		}
		owner, maker := family[n].Player, family[n].MadeBy
		var first, b batch
		for _, id := range pick(family) {
			ended = append(ended, player.Login{ID: id, Player: owner})
			first.add("DELETE FROM logins WHERE id = ?", string(id)) // so that nothing can be added to it any more
			first.add("DELETE FROM tokens WHERE login_id = ?", string(id))
			first.add("DELETE FROM link_codes WHERE player_id = ? AND made_by = ?", string(owner), string(id))
			first.add("UPDATE logins SET made_by = ? WHERE player_id = ? AND made_by = ?", null(string(maker)), string(owner), string(id))
			b.add("DELETE FROM devices WHERE login_id = ?", string(id))
		}
		first.holdCounters(notify.PlayerID(owner))
		if _, err := t.run(ctx, &first); err != nil {
			return err
		}
		gone, err := t.run(ctx, &b)
		if err != nil {
			return err
		}
		devices := 0
		for _, n := range gone {
			devices += int(n)
		}
		return t.countDevices(ctx, map[notify.PlayerID]int{notify.PlayerID(owner): -devices}, notify.MaxDevices)
	})
	return ended, err
}

// holdFamily reads all logins of a login's player, none if it has ended. The player's lock keeps more from being made.
func (t *tx) holdFamily(ctx context.Context, l player.LoginID) (family []player.SignIn, err error) {
	var owner player.ID
	err = t.each(ctx, &batch{}, func(rows *sql.Rows) error { return rows.Scan(&owner) }, "SELECT player_id FROM logins WHERE id = ?", string(l))
	if err != nil || owner == "" {
		return nil, err
	}
	if err := t.holdPlayer(ctx, owner); err != nil && !errors.Is(err, player.ErrNotFound) {
		return nil, err
	}
	err = t.each(ctx, &batch{}, func(rows *sql.Rows) error {
		of, err := scanLogin(rows)
		family = append(family, of)
		return err
	}, "SELECT "+loginColumns+" FROM logins WHERE player_id = ? ORDER BY created_at, id", string(owner))
	return family, err
}
