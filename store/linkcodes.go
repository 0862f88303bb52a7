package store

import (
	"context"
	"database/sql"

	"yourturn/player"
)

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
		b.add("INSERT INTO link_codes (player_id, hash, made_by, expires_at, login_id) VALUES (?, ?, ?, ?, ?)",
			string(c.Player), c.Hash[:], string(c.By), millis(c.ExpiresAt), null(string(c.Made)))
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
	err = db.one(ctx, player.ErrNotFound, func(rows *sql.Rows) error {
		return rows.Scan(&c.Player, &c.By, &expires, &made)
	}, "SELECT player_id, made_by, expires_at, login_id FROM link_codes WHERE hash = ?", hash[:])
	c.Hash, c.ExpiresAt, c.Made = hash, instant(expires), player.LoginID(made.String)
	return c, err
}

// SpendLinkCode makes a login by a code. The row of the code lets one through. The login that shows the code is there: when
// it ends, which the player's lock keeps apart from this, its code ends.
func (db *DB) SpendLinkCode(ctx context.Context, code player.Hash, l player.SignIn, issued player.Issued) error {
	return db.change(ctx, func(t *tx) error {
		if err := t.holdPlayer(ctx, l.Player); err != nil {
			return err
		}
		spent, err := t.exec(ctx, "UPDATE link_codes SET login_id = ? WHERE hash = ? AND login_id IS NULL AND expires_at > ?",
			string(l.ID), code[:], millis(l.CreatedAt))
		if err != nil {
			return err
		}
		if spent == 0 {
			return player.ErrTaken
		}
		var b batch
		b.addLogin(db.engine, l, issued)
		return t.finish(ctx, &b)
	})
}
