package store

import (
	"context"
	"database/sql"
	"time"

	"yourturn/matchmaking"
	"yourturn/notify"
	"yourturn/session"
)

// Block keeps a block. The player's counters are held, which makes the bound exact however many come at once.
func (db *DB) Block(ctx context.Context, player, other notify.PlayerID, now time.Time, most int) error {
	return db.change(ctx, func(t *tx) error {
		var hold, b batch
		hold.holdCounters(player)
		var there, all int
		err := t.each(ctx, &hold, func(rows *sql.Rows) error { return rows.Scan(&there, &all) },
			"SELECT COUNT(CASE WHEN blocked_id = ? THEN 1 END), COUNT(*) FROM blocks WHERE player_id = ?", string(other), string(player))
		switch {
		case err != nil:
			return err
		case there > 0:
			return nil
		case all >= most:
			return session.ErrTooManyBlocks
		}
		b.insert(db.engine, "blocks (player_id, blocked_id, at)", [][]any{{string(player), string(other), millis(now)}}, "")
		return t.finish(ctx, &b)
	})
}

// Unblock forgets a block.
func (db *DB) Unblock(ctx context.Context, player, other notify.PlayerID) error {
	return db.change(ctx, func(t *tx) error {
		_, err := t.exec(ctx, "DELETE FROM blocks WHERE player_id = ? AND blocked_id = ?", string(player), string(other))
		return err
	})
}

// BlocksOf reads a page of blocks. Those of accounts that are gone went with them.
func (db *DB) BlocksOf(ctx context.Context, player notify.PlayerID, after session.Position, limit int) (found []session.Block, err error) {
	err = db.each(ctx, func(rows *sql.Rows) error {
		var b session.Block
		var at int64
		err := rows.Scan(&b.ID, &b.DisplayName, &b.Avatar, &at)
		b.At = instant(at)
		found = append(found, b)
		return err
	}, `SELECT p.id, p.display_name, p.avatar, b.at FROM blocks b JOIN players p ON p.id = b.blocked_id
		WHERE b.player_id = ? AND b.at <= ? AND (b.at < ? OR b.blocked_id < ?) ORDER BY b.at DESC, b.blocked_id DESC LIMIT ?`,
		string(player), after.SortKey, after.SortKey, string(after.ID), limit)
	return found, err
}

// BlocksBetween looks for blocks in both directions.
func (db *DB) BlocksBetween(ctx context.Context, player notify.PlayerID, others []notify.PlayerID) (mine, theirs []notify.PlayerID, err error) {
	if len(others) == 0 {
		return nil, nil, nil
	}
	among, keys := in("blocked_id", others)
	err = db.each(ctx, scanIDs(&mine), "SELECT blocked_id FROM blocks WHERE player_id = ? AND "+among, append([]any{string(player)}, keys...)...)
	if err != nil {
		return nil, nil, err
	}
	among, keys = in("player_id", others)
	err = db.each(ctx, scanIDs(&theirs), "SELECT player_id FROM blocks WHERE blocked_id = ? AND "+among, append([]any{string(player)}, keys...)...)
	return mine, theirs, err
}

// Apart reads the blocks of players, and keeps those among them.
func (db *DB) Apart(ctx context.Context, players []notify.PlayerID) (matchmaking.Apart, error) {
	there := map[notify.PlayerID]bool{}
	for _, player := range players {
		there[player] = true
	}
	apart := matchmaking.Apart{}
	among, keys := in("player_id", players)
	return apart, db.each(ctx, func(rows *sql.Rows) error {
		var a, b notify.PlayerID
		err := rows.Scan(&a, &b)
		if there[b] {
			apart.Keep(a, b)
		}
		return err
	}, "SELECT player_id, blocked_id FROM blocks WHERE "+among, keys...)
}

// forgetPeople erases whom a player has met and blocked, who has blocked the player, and what is left of invitations.
func (b *batch) forgetPeople(player string) {
	b.add("DELETE FROM invitations WHERE player_id = ?", player)
	b.add("DELETE FROM invitations WHERE host_id = ?", player)
	b.add("DELETE FROM blocks WHERE player_id = ?", player)
	b.add("DELETE FROM blocks WHERE blocked_id = ?", player)
	b.add("DELETE FROM opponents WHERE player_id = ?", player)
}
