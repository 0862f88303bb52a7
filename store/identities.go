package store

import (
	"context"
	"database/sql"

	"yourturn/player"
)

const identityColumns = `issuer, subject, player_id, provider, created_at`

func identityRow(i player.Identity) []any {
	return []any{i.Issuer, i.Subject, string(i.Player), i.Provider, millis(i.CreatedAt)}
}

// Identities lists those of a player.
func (db *DB) Identities(ctx context.Context, id player.ID) (found []player.Identity, err error) {
	err = db.each(ctx, func(rows *sql.Rows) error {
		var i player.Identity
		var created int64
		err := rows.Scan(&i.Issuer, &i.Subject, &i.Player, &i.Provider, &created)
		i.CreatedAt = instant(created)
		found = append(found, i)
		return err
	}, "SELECT "+identityColumns+" FROM identities WHERE player_id = ? ORDER BY provider", string(id))
	return found, err
}

// IdentityOwner finds who has an identity. A server of before there were identities may have erased a player and left them.
func (db *DB) IdentityOwner(ctx context.Context, issuer, subject string) (owner player.ID, err error) {
	err = db.one(ctx, player.ErrNotFound, func(rows *sql.Rows) error { return rows.Scan(&owner) },
		"SELECT i.player_id FROM identities i JOIN players p ON p.id = i.player_id WHERE i.issuer = ? AND i.subject = ? AND p.deleted_at IS NULL", issuer, subject)
	return owner, err
}

// PutIdentity gives an identity to a player. Two who insert it at once meet on its key, and the later one looks again.
func (db *DB) PutIdentity(ctx context.Context, i player.Identity, insteadOf player.ID) (kept player.Identity, err error) {
	for range contentionTries {
		err = db.change(ctx, func(t *tx) error {
			kept, err = t.putIdentity(ctx, i, insteadOf)
			return err
		})
		if !isDuplicate(err) {
			return kept, err
		}
	}
	return player.Identity{}, player.ErrTaken
}

func (t *tx) putIdentity(ctx context.Context, i player.Identity, insteadOf player.ID) (player.Identity, error) {
	if err := t.holdPlayer(ctx, i.Player); err != nil {
		return player.Identity{}, err
	}
	kept, gone, err := t.holdIdentity(ctx, i)
	if err != nil {
		return player.Identity{}, err
	}
	if kept.Player == i.Player && kept.Provider == i.Provider {
		return kept, nil
	}
	present, err := t.hasIdentityOf(ctx, i.Player, i.Provider)
	if err != nil {
		return player.Identity{}, err
	}
	if present { // said first: no answer to the question of the two accounts would change it
		return player.Identity{}, player.ErrIdentityPresent
	}
	var b batch
	switch kept.Player {
	case "":
		b.insert(t.db.engine, "identities ("+identityColumns+")", [][]any{identityRow(i)}, "")
		return i, t.finish(ctx, &b)
	case i.Player, insteadOf:
	default:
		if !gone {
			return kept, player.ErrTaken
		}
	}
	b.add("UPDATE identities SET player_id = ?, provider = ?, created_at = ? WHERE issuer = ? AND subject = ?",
		string(i.Player), i.Provider, millis(i.CreatedAt), i.Issuer, i.Subject)
	return i, t.finish(ctx, &b)
}

// holdIdentity locks an identity and finds it as it is kept, without a player when nobody has it, and whether its player is
// deleted.
func (t *tx) holdIdentity(ctx context.Context, i player.Identity) (kept player.Identity, gone bool, err error) {
	var hold batch
	hold.add("UPDATE identities SET player_id = player_id WHERE issuer = ? AND subject = ?", i.Issuer, i.Subject)
	err = t.each(ctx, &hold, func(rows *sql.Rows) error {
		var created int64
		err := rows.Scan(&kept.Issuer, &kept.Subject, &kept.Player, &kept.Provider, &created, &gone)
		kept.CreatedAt = instant(created)
		return err
	}, "SELECT i.issuer, i.subject, i.player_id, i.provider, i.created_at, p.deleted_at IS NOT NULL FROM identities i JOIN players p ON p.id = i.player_id WHERE i.issuer = ? AND i.subject = ?",
		i.Issuer, i.Subject)
	return kept, gone, err
}

func (t *tx) hasIdentityOf(ctx context.Context, id player.ID, provider string) (found bool, err error) {
	err = t.each(ctx, &batch{}, func(*sql.Rows) error { found = true; return nil },
		"SELECT 1 FROM identities WHERE player_id = ? AND provider = ?", string(id), provider)
	return found, err
}

// DeleteIdentity takes an identity from a player.
func (db *DB) DeleteIdentity(ctx context.Context, id player.ID, provider string) error {
	return db.change(ctx, func(t *tx) error {
		_, err := t.exec(ctx, "DELETE FROM identities WHERE player_id = ? AND provider = ?", string(id), provider)
		return err
	})
}

// Sessions counts a player's sessions, without those that the player has left.
func (db *DB) Sessions(ctx context.Context, id player.ID) (active, finished int, err error) {
	err = db.one(ctx, player.ErrNotFound, func(rows *sql.Rows) error { return rows.Scan(&active, &finished) },
		`SELECT COUNT(CASE WHEN status = 'active' AND gone = 0 THEN 1 END), COUNT(CASE WHEN status = 'finished' THEN 1 END)
		FROM seats WHERE player_id = ? AND status IN ('active', 'finished')`, string(id))
	return active, finished, err
}
