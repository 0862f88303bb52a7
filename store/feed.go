package store

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"yourturn/notify"
)

var _ notify.FeedStore = (*DB)(nil)

// Cursor reads a player's counters; without a row they are zero.
func (db *DB) Cursor(ctx context.Context, player notify.PlayerID) (notify.Cursor, error) {
	found, err := db.Cursors(ctx, []notify.PlayerID{player})
	return found[player], err
}

// Cursors reads the counters of many players.
func (db *DB) Cursors(ctx context.Context, players []notify.PlayerID) (map[notify.PlayerID]notify.Cursor, error) {
	found := map[notify.PlayerID]notify.Cursor{}
	among, keys := in("player_id", players)
	err := db.each(ctx, func(rows *sql.Rows) error {
		var player notify.PlayerID
		var c notify.Cursor
		err := rows.Scan(&player, &c.Last, &c.Acked, &c.Waiting)
		found[player] = c
		return err
	}, "SELECT player_id, last_seq, acked_seq, waiting FROM counters WHERE "+among, keys...)
	return found, err
}

// Messages reads a stretch of a feed.
func (db *DB) Messages(ctx context.Context, player notify.PlayerID, after int64, limit int) (found []notify.Message, err error) {
	err = db.each(ctx, func(rows *sql.Rows) error {
		m, err := scanMessage(rows)
		found = append(found, m)
		return err
	}, "SELECT "+feedColumns+" FROM feed WHERE player_id = ? AND seq > ? ORDER BY seq LIMIT ?", string(player), after, limit)
	return found, err
}

// Ack raises the acknowledged number.
func (db *DB) Ack(ctx context.Context, player notify.PlayerID, seq int64) (notify.Cursor, error) {
	err := db.change(ctx, func(t *tx) error {
		_, err := t.exec(ctx, "UPDATE counters SET acked_seq = CASE WHEN last_seq < ? THEN last_seq ELSE ? END WHERE player_id = ? AND acked_seq < ?",
			seq, seq, string(player), seq)
		return err
	})
	if err != nil {
		return notify.Cursor{}, err
	}
	return db.Cursor(ctx, player)
}

// PruneFeed deletes old messages, a lot at a time.
func (db *DB) PruneFeed(ctx context.Context, before time.Time, limit int) (int, error) {
	return db.prune(ctx, "feed", "player_id, seq", "at < ?", "at", limit, millis(before))
}

// prune deletes a lot of the rows of a table that meet a condition, by their primary keys in order, so that it never
// waits for, nor keeps waiting, whoever works on younger rows. They are found in the order of the condition's own index:
// in that of the keys, an engine would read the whole table for the last few.
func (db *DB) prune(ctx context.Context, table, key, where, order string, limit int, values ...any) (int, error) {
	columns := strings.Split(key, ", ")
	var rows [][]any
	err := db.each(ctx, func(r *sql.Rows) error {
		row := make([]any, len(columns))
		into := make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		err := r.Scan(into...)
		for i, value := range row {
			if text, ok := value.([]byte); ok && columns[i] != "hash" { // the one column of bytes
				row[i] = string(text) // bytes would not meet the index of a text column
			}
		}
		rows = append(rows, row)
		return err
	}, "SELECT "+key+" FROM (SELECT "+key+" FROM "+table+" WHERE "+where+" ORDER BY "+order+" LIMIT ?) AS old ORDER BY "+key, append(values, limit)...)
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	var b batch
	for _, row := range rows {
		b.add("DELETE FROM "+table+" WHERE "+strings.Join(columns, " = ? AND ")+" = ?", row...)
	}
	return len(rows), db.change(ctx, func(t *tx) error {
		_, err := t.run(ctx, &b)
		return err
	})
}
