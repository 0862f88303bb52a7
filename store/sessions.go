package store

import (
	"context"
	"database/sql"
	"math"
	"slices"
	"strings"
	"time"

	"yourturn/notify"
	"yourturn/session"
)

var _ session.Store = (*DB)(nil)

// Session reads a session with its seats.
func (db *DB) Session(ctx context.Context, id session.ID) (session.Session, error) {
	return db.session(ctx, "s.id = ?", string(id))
}

// SessionByCode reads the session of a join code.
func (db *DB) SessionByCode(ctx context.Context, code string) (session.Session, error) {
	return db.session(ctx, "s.join_code = ?", code)
}

func (db *DB) session(ctx context.Context, where, key string) (session.Session, error) {
	found, err := db.readSessions(ctx, where, key)
	if err != nil {
		return session.Session{}, err
	}
	if len(found) == 0 {
		return session.Session{}, session.ErrNotFound
	}
	return found[0], nil
}

// readSessions reads sessions with their seats, and what the players at them are called today. The rows are put in order
// here: to sort rows with long columns MariaDB would write them to disk.
func (db *DB) readSessions(ctx context.Context, where string, args ...any) (found []session.Session, err error) {
	place := map[session.ID]int{}
	err = db.each(ctx, func(rows *sql.Rows) error {
		row, err := scanSession(rows)
		if err != nil {
			return err
		}
		at, known := place[row.ID]
		if !known {
			place[row.ID] = len(found)
			found = append(found, row)
			return nil
		}
		s := &found[at]
		s.Seats = append(s.Seats, row.Seats...)
		if len(row.State) > 0 { // the row of seat 0 brings what is large
			s.State, s.Pending = row.State, row.Pending
		}
		return nil
	}, readSession+where, args...)
	for _, s := range found {
		slices.SortFunc(s.Seats, func(a, b session.Seat) int { return a.Number - b.Number })
	}
	if err != nil {
		return nil, err
	}
	return found, db.readInvitations(ctx, found)
}

// SessionByKey finds the session that an idempotency key has made.
func (db *DB) SessionByKey(ctx context.Context, player notify.PlayerID, key string) (id session.ID, fingerprint string, err error) {
	made, fingerprint, err := db.madeBy(ctx, player, "session", key, session.ErrNotFound)
	return session.ID(made), fingerprint, err
}

func (db *DB) madeBy(ctx context.Context, player notify.PlayerID, kind, key string, absent error) (made, fingerprint string, err error) {
	err = db.one(ctx, absent, func(rows *sql.Rows) error { return rows.Scan(&made, &fingerprint) },
		"SELECT made_id, fingerprint FROM idempotency_keys WHERE player_id = ? AND kind = ? AND value = ?", string(player), kind, key)
	return made, fingerprint, err
}

// ListSessions reads a page from the seats' own index, then what the page holds: its cost is that of a page.
func (db *DB) ListSessions(ctx context.Context, q session.Query) ([]session.Session, error) {
	if q.MyTurn != nil && *q.MyTurn && q.Status != "" && q.Status != session.Active {
		return nil, nil // nobody's turn
	}
	query, args := listQuery(q)
	var ids []session.ID
	err := db.each(ctx, func(rows *sql.Rows) error {
		var id session.ID
		var key int64
		err := rows.Scan(&id, &key)
		ids = append(ids, id)
		return err
	}, query, args...)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	return db.sessions(ctx, ids)
}

// listQuery reads one range of an index for each status that is asked for, and merges the ranges. Where a range begins
// is said by one comparison: SQLite uses an index for no more than that, and MariaDB for no comparison of rows. What has
// the same key as the position is then looked at one by one.
func listQuery(q session.Query) (query string, args []any) {
	statuses := []session.Status{session.Active, session.Finished, session.Waiting}
	if q.Status != "" {
		statuses = []session.Status{q.Status}
	}
	from, to := q.After.SortKey, int64(math.MaxInt64)
	if q.MyTurn != nil && *q.MyTurn {
		statuses, to = []session.Status{session.Active}, session.NotMyTurn/2
	}
	if q.MyTurn != nil && !*q.MyTurn {
		from = max(from, session.NotMyTurn/2)
	}
	where := " AND sort_key >= ? AND sort_key < ? AND (sort_key > ? OR session_id > ?)"
	values := []any{from, to, q.After.SortKey, string(q.After.ID)}
	if q.Game != "" {
		where, values = " AND game = ?"+where, append([]any{q.Game}, values...)
	}
	var ranges []string
	for _, status := range statuses {
		ranges = append(ranges, "SELECT * FROM (SELECT session_id, sort_key FROM seats WHERE player_id = ? AND status = ?"+where+" ORDER BY sort_key, session_id LIMIT ?) AS of_"+string(status))
		args = append(append(append(args, string(q.Player), string(status)), values...), q.Limit)
	}
	return strings.Join(ranges, " UNION ALL ") + " ORDER BY sort_key, session_id LIMIT ?", append(args, q.Limit)
}

// sessions reads sessions in the order of the ids.
func (db *DB) sessions(ctx context.Context, ids []session.ID) ([]session.Session, error) {
	among, keys := in("s.id", ids)
	found, err := db.readSessions(ctx, among, keys...)
	if err != nil {
		return nil, err
	}
	place := map[session.ID]int{}
	for i, id := range ids {
		place[id] = i
	}
	slices.SortFunc(found, func(a, b session.Session) int { return place[a.ID] - place[b.ID] })
	return found, nil
}

// SessionIDs lists all sessions, a lot at a time.
func (db *DB) SessionIDs(ctx context.Context, after session.ID, limit int) (ids []session.ID, err error) {
	err = db.each(ctx, scanIDs(&ids), "SELECT id FROM sessions WHERE id > ? ORDER BY id LIMIT ?", string(after), limit)
	return ids, err
}

// CountSessions tells how many there are.
func (db *DB) CountSessions(ctx context.Context) (n int, err error) {
	err = db.one(ctx, nil, func(rows *sql.Rows) error { return rows.Scan(&n) }, "SELECT COUNT(*) FROM sessions")
	return n, err
}

func scanIDs[T ~string](into *[]T) func(*sql.Rows) error {
	return func(rows *sql.Rows) error {
		var id T
		err := rows.Scan(&id)
		*into = append(*into, id)
		return err
	}
}

// History reads changes in order.
func (db *DB) History(ctx context.Context, id session.ID, after int64, limit int) ([]session.Change, error) {
	return db.changes(ctx, "session_id = ? AND version > ? ORDER BY version LIMIT ?", string(id), after, limit)
}

// MoveAt reads the move of a seat in a turn.
func (db *DB) MoveAt(ctx context.Context, id session.ID, turn int64, seat int) (session.Change, bool, error) {
	found, err := db.changes(ctx, "session_id = ? AND turn = ? AND move_seat = ?", string(id), turn, seat)
	if err != nil || len(found) == 0 {
		return session.Change{}, false, err
	}
	return found[0], true, nil
}

func (db *DB) changes(ctx context.Context, where string, args ...any) (found []session.Change, err error) {
	err = db.each(ctx, func(rows *sql.Rows) error {
		c, err := scanChange(rows)
		found = append(found, c)
		return err
	}, "SELECT "+changeColumns+" FROM changes WHERE "+where, args...)
	return found, err
}

// Since lists changes from an instant on, oldest first.
func (db *DB) Since(ctx context.Context, from time.Time, limit int) ([]session.Change, error) {
	return db.changes(ctx, "at >= ? ORDER BY at, session_id, version LIMIT ?", millis(from), limit)
}

// Mute writes to a seat's row, which nothing else depends on: the session's version stays.
func (db *DB) Mute(ctx context.Context, id session.ID, player notify.PlayerID, muted bool) error {
	return db.change(ctx, func(t *tx) error {
		seats, err := t.exec(ctx, "UPDATE seats SET muted = ? WHERE session_id = ? AND player_id = ?", flag(muted), string(id), string(player))
		if err == nil && seats == 0 {
			err = session.ErrNotFound
		}
		return err
	})
}

// ClaimDue takes due sessions in a lot: look without a lock, claim what is still free, read what bears the claim.
func (db *DB) ClaimDue(ctx context.Context, now time.Time, rules []session.Rules, claim string, lease time.Duration, limit int) (mine []session.ID, err error) {
	clock := time.Now() // leases run on the real clock
	var due []session.ID
	ofGames, names := playable(rules)
	err = db.each(ctx, scanIDs(&due), "SELECT id FROM sessions WHERE due_at <= ? AND lease_until < ? AND "+ofGames+" ORDER BY due_at LIMIT ?",
		slices.Concat([]any{millis(now), millis(clock)}, names, []any{limit})...)
	if err != nil || len(due) == 0 {
		return nil, err
	}
	slices.Sort(due)
	among, keys := in("id", due)
	err = db.change(ctx, func(t *tx) error {
		_, err := t.exec(ctx, "UPDATE sessions SET claim = ?, lease_until = ? WHERE due_at <= ? AND lease_until < ? AND "+among,
			append([]any{claim, millis(clock.Add(lease)), millis(now), millis(clock)}, keys...)...)
		return err
	})
	if err != nil {
		return nil, err
	}
	err = db.each(ctx, scanIDs(&mine), "SELECT id FROM sessions WHERE claim = ? AND "+among, append([]any{claim}, keys...)...)
	return mine, err
}

// playable are the sessions that a server with these rules can go on with.
func playable(rules []session.Rules) (condition string, args []any) {
	var any []string
	for _, r := range rules {
		any = append(any, "game = ? AND rules_version <= ?")
		args = append(args, r.Game, r.Version)
	}
	return "(" + strings.Join(any, " OR ") + ")", args
}

// BotTables counts sessions in which the player meets bots.
func (db *DB) BotTables(ctx context.Context, player notify.PlayerID, limit int) (n int, err error) {
	const mine = "SELECT DISTINCT m.session_id FROM seats m JOIN seats b ON b.session_id = m.session_id AND b.bot <> '' WHERE m.player_id = ? AND m.status IN ('active', 'waiting') LIMIT ?"
	err = db.one(ctx, nil, func(rows *sql.Rows) error { return rows.Scan(&n) }, "SELECT COUNT(*) FROM ("+mine+") AS tables_with_bots", string(player), limit)
	return n, err
}

// NextDue looks through what is due already, as ClaimDue does, and no further: what comes may be very much of others'.
func (db *DB) NextDue(ctx context.Context, now time.Time, rules []session.Rules) (time.Time, error) {
	ofGames, names := playable(rules)
	next, err := db.soonest(ctx, "SELECT due_at FROM sessions WHERE due_at <= ? AND "+ofGames+" ORDER BY due_at LIMIT 1", append([]any{millis(now)}, names...)...)
	if err != nil || next.Before(session.Never) {
		return next, err
	}
	return db.soonest(ctx, "SELECT MIN(due_at) FROM sessions WHERE due_at > ?", millis(now))
}

// Standing reads which session of a game anybody may enter.
func (db *DB) Standing(ctx context.Context, game string) (id session.ID, err error) {
	err = db.one(ctx, session.ErrNotFound, func(rows *sql.Rows) error { return rows.Scan(&id) }, "SELECT session_id FROM standing WHERE game = ?", game)
	return id, err
}

// MoveStanding names the next one. The first row of a game may be there already, from another node.
func (db *DB) MoveStanding(ctx context.Context, game string, from, to session.ID) error {
	err := db.change(ctx, func(t *tx) error {
		var b batch
		if from == "" {
			b.insert(db.engine, "standing (game, session_id)", [][]any{{game, string(to)}}, "")
		} else {
			b.add("UPDATE standing SET session_id = ? WHERE game = ? AND session_id = ?", string(to), game, string(from))
		}
		return t.finish(ctx, &b)
	})
	if isDuplicate(err) {
		return nil
	}
	return err
}

func (db *DB) soonest(ctx context.Context, query string, args ...any) (time.Time, error) {
	next := session.Never
	err := db.each(ctx, func(rows *sql.Rows) error {
		var ms sql.NullInt64
		err := rows.Scan(&ms)
		if ms.Valid {
			next = instant(ms.Int64)
		}
		return err
	}, query, args...)
	return next, err
}

// PruneKeys forgets idempotency keys from before an instant, a lot at a time.
func (db *DB) PruneKeys(ctx context.Context, before time.Time, limit int) (int, error) {
	return db.prune(ctx, "idempotency_keys", "player_id, kind, value", "created_at < ?", "created_at", limit, millis(before))
}
