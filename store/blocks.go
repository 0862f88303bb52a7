package store

import (
	"context"
	"database/sql"
	"slices"
	"time"

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

// BlocksAmong finds the blocks among some players. Both columns in an index range would be a range for each pair, which is too
// many for the optimizers; so the players' blocks are gone through in the index, and those among them alone are handed out.
func (db *DB) BlocksAmong(ctx context.Context, players []notify.PlayerID) (session.Blocks, error) {
	found := session.Blocks{}
	players = slices.Compact(slices.Sorted(slices.Values(players)))
	if len(players) < 2 {
		return found, nil
	}
	by, keys := in("player_id", players)
	whom, _ := in("COALESCE(blocked_id, '')", players)
	return found, db.each(ctx, func(rows *sql.Rows) error {
		var one, other notify.PlayerID
		err := rows.Scan(&one, &other)
		found.Add(one, other)
		return err
	}, "SELECT player_id, blocked_id FROM blocks WHERE "+by+" AND "+whom, slices.Concat(keys, keys)...)
}

// blocked is the condition that one blocks another, each named by a column.
func blocked(one, other string) string {
	return "EXISTS (SELECT 1 FROM blocks WHERE blocks.player_id = " + one + " AND blocks.blocked_id = " + other + ")"
}

// blockStands is the condition that a block stands between two.
func blockStands(one, other string) string {
	return "(" + blocked(one, other) + " OR " + blocked(other, one) + ")"
}

// forgetPeople erases whom a player has met and blocked, who has blocked the player, and what is left of invitations.
func (b *batch) forgetPeople(player string) {
	b.add("DELETE FROM invitations WHERE player_id = ?", player)
	b.add("DELETE FROM invitations WHERE host_id = ?", player)
	b.add("DELETE FROM blocks WHERE player_id = ?", player)
	b.add("DELETE FROM blocks WHERE blocked_id = ?", player)
	b.add("DELETE FROM opponents WHERE player_id = ?", player)
}
