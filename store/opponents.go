package store

import (
	"context"
	"database/sql"

	"yourturn/notify"
	"yourturn/session"
)

// meetingRows are the rows of those who meet in a commit.
func meetingRows(c *session.Commit) (rows [][]any) {
	for _, m := range c.Met {
		rows = append(rows, []any{string(m.Player), string(m.Other), millis(c.Session.UpdatedAt), 1, string(c.Session.ID)})
	}
	return rows
}

// addMeetings counts who has begun a session with whom. The rows of a player are written under their counters, which
// [group.number] holds for that; so nobody meets another commit on them.
func (b *batch) addMeetings(e engine, rows [][]any) {
	b.insert(e, "opponents (player_id, opponent_id, last_at, sessions, last_session_id)", rows,
		e.upsert("player_id, opponent_id", "last_at = NEW(last_at)", "sessions = sessions + 1", "last_session_id = NEW(last_session_id)"))
}

// Opponents reads a page of the people whom a player has met.
func (db *DB) Opponents(ctx context.Context, player notify.PlayerID, after session.Position, limit int) (found []session.Opponent, err error) {
	err = db.each(ctx, func(rows *sql.Rows) error {
		var o session.Opponent
		var at int64
		err := rows.Scan(&o.ID, &o.DisplayName, &o.Avatar, &at, &o.Sessions, &o.Last)
		o.LastAt = instant(at)
		found = append(found, o)
		return err
	}, `SELECT p.id, p.display_name, p.avatar, o.last_at, o.sessions, o.last_session_id
		FROM opponents o JOIN players p ON p.id = o.opponent_id AND p.deleted_at IS NULL
		WHERE o.player_id = ? AND o.last_at <= ? AND (o.last_at < ? OR o.opponent_id < ?) ORDER BY o.last_at DESC, o.opponent_id DESC LIMIT ?`,
		string(player), after.SortKey, after.SortKey, string(after.ID), limit)
	return found, err
}
