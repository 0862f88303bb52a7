package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"yourturn/games"
	"yourturn/notify"
	"yourturn/session"
)

// How Go values become columns, and back. Each list of columns exists once, beside what fills it.

// millis is an instant as a column; zero means none.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func instant(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// encode makes JSON of a value that always has some.
func encode(value any) string {
	raw, err := json.Marshal(value)
	if err != nil {
		panic("store: " + err.Error()) // a type of ours that cannot be JSON
	}
	return string(raw)
}

func decode(column string, into any) error {
	if column == "" {
		return nil
	}
	return json.Unmarshal([]byte(column), into)
}

func null(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

const sessionColumns = `id, game, rules_version, status, version, turn, config, turn_seconds, capacity, join_code, seed, state, awaited, pending, deadline_at, due_at, created_at, updated_at, result, change_id, claim, lease_until, public, successor_id`

const updateSession = `UPDATE sessions SET rules_version = ?, status = ?, version = ?, turn = ?, state = ?, awaited = ?, pending = ?, deadline_at = ?, due_at = CASE WHEN ? = 1 THEN due_at ELSE ? END, updated_at = ?, result = ?, change_id = ?, successor_id = ?, claim = '', lease_until = 0 WHERE id = ? AND version = ?`

func sessionRow(s session.Session) []any {
	return []any{
		string(s.ID), s.Game, s.RulesVersion, string(s.Status), s.Version, s.Turn, string(s.Config), s.TurnSeconds, s.Capacity,
		null(s.JoinCode), s.Seed, string(s.State), encode(s.Await), encode(s.Pending), millis(s.Deadline), millis(s.Due),
		millis(s.CreatedAt), millis(s.UpdatedAt), encode(s.Result), s.ChangeID, "", 0,
		flag(s.Public), null(string(s.Successor)),
	}
}

// readSession reads sessions with their seats, a row for each seat, in one statement: two would be two looks, and could
// show the seats of another version. What can be large is in the first row alone; before the game has started, when seat 0
// may be free, it is empty.
var readSession = `SELECT ` + eachColumn(sessionColumns, func(column string) string {
	if column == "state" || column == "pending" {
		return "CASE WHEN t.seat IS NULL OR t.seat = 0 THEN s." + column + " ELSE '' END"
	}
	return "s." + column
}) + `, t.seat, t.player_id, t.role, t.gone, t.sort_key, t.last_seq, t.muted, t.bot, p.display_name, p.avatar, p.deleted_at IS NOT NULL
	FROM sessions s LEFT JOIN seats t ON t.session_id = s.id LEFT JOIN players p ON p.id = t.player_id WHERE `

func eachColumn(columns string, as func(string) string) string {
	names := strings.Split(columns, ", ")
	for i, name := range names {
		names[i] = as(name)
	}
	return strings.Join(names, ", ")
}

// scanSession reads a row: the session, and the seat unless there is none.
func scanSession(rows *sql.Rows) (s session.Session, err error) {
	var code, successor, player, role, bot, name, avatar sql.NullString
	var config, state, awaited, pending, result, claim string
	var deadline, due, created, updated, lease int64
	var seat, gone, sortKey, lastSeq, muted, deleted sql.NullInt64
	err = rows.Scan(&s.ID, &s.Game, &s.RulesVersion, &s.Status, &s.Version, &s.Turn, &config, &s.TurnSeconds, &s.Capacity,
		&code, &s.Seed, &state, &awaited, &pending, &deadline, &due, &created, &updated, &result, &s.ChangeID, &claim, &lease,
		&s.Public, &successor, &seat, &player, &role, &gone, &sortKey, &lastSeq, &muted, &bot, &name, &avatar, &deleted)
	if err != nil {
		return s, err
	}
	s.Successor = session.ID(successor.String)
	s.JoinCode, s.Config, s.State = code.String, json.RawMessage(config), json.RawMessage(state)
	s.Deadline, s.Due, s.CreatedAt, s.UpdatedAt = instant(deadline), instant(due), instant(created), instant(updated)
	if seat.Valid {
		s.Seats = []session.Seat{{
			Number: int(seat.Int64), Player: notify.PlayerID(player.String), Bot: games.Level(bot.String), Role: role.String, Left: gone.Int64 != 0,
			SortKey: sortKey.Int64, LastSeq: lastSeq.Int64, DisplayName: name.String, Avatar: avatar.String, Deleted: deleted.Int64 != 0, Muted: muted.Int64 != 0,
		}}
	}
	return s, errors.Join(decode(awaited, &s.Await), decode(pending, &s.Pending), decode(result, &s.Result))
}

const seatColumns = `session_id, seat, player_id, role, gone, status, game, sort_key, last_seq, bot`

// seatRows are the rows of the seats that a commit changes, with the numbers of what their players are told in it.
func seatRows(c *session.Commit, told map[notify.PlayerID]int64) (rows [][]any) {
	for _, seat := range c.Seats {
		last := max(seat.LastSeq, told[seat.Player])
		rows = append(rows, []any{
			string(c.Session.ID), seat.Number, string(seat.Player), seat.Role, flag(seat.Left), string(c.Session.Status),
			c.Session.Game, seat.SortKey, last, string(seat.Bot),
		})
	}
	return rows
}

const changeColumns = `session_id, version, turn, cause, seat, move_seat, at, private, act, events, change_id`

func changeRow(c session.Change) []any {
	var moveSeat any
	if c.Cause == session.Moved {
		moveSeat = c.Seat
	}
	events := "[]"
	if len(c.Events) > 0 {
		events = encode(c.Events)
	}
	return []any{
		string(c.Session), c.Version, c.Turn, string(c.Cause), c.Seat, moveSeat, millis(c.At), privacy(c), encode(c.Act), events, c.ID,
	}
}

// privacy is whether others may know of a move what it was, or even whose.
func privacy(c session.Change) int { return flag(c.Private) + flag(c.Nameless) }

func scanChange(rows *sql.Rows) (c session.Change, err error) {
	var at, private int64
	var act, events string
	var moveSeat sql.NullInt64
	var cause session.Cause
	var seat int
	if err := rows.Scan(&c.Session, &c.Version, &c.Turn, &cause, &seat, &moveSeat, &at, &private, &act, &events, &c.ID); err != nil {
		return c, err
	}
	if err := json.Unmarshal([]byte(act), &c.Act); err != nil {
		return c, err
	}
	c.Cause, c.Seat, c.At = cause, seat, instant(at)
	c.Private, c.Nameless = private > 0, private > 1
	return c, json.Unmarshal([]byte(events), &c.Events)
}

const feedColumns = `player_id, seq, kind, at, session_id, game, version, turn, deadline_at, data`

func feedRows(messages []notify.Message) (rows [][]any) {
	for _, m := range messages {
		rows = append(rows, []any{
			string(m.Player), m.Seq, m.Kind, millis(m.At), null(m.Session), null(m.Game), m.Version, m.Turn, millis(m.Deadline), string(m.Data),
		})
	}
	return rows
}

func scanMessage(rows *sql.Rows) (m notify.Message, err error) {
	var at, deadline int64
	var sessionID, game sql.NullString
	var data string
	err = rows.Scan(&m.Player, &m.Seq, &m.Kind, &at, &sessionID, &game, &m.Version, &m.Turn, &deadline, &data)
	m.At, m.Deadline, m.Session, m.Game, m.Data = instant(at), instant(deadline), sessionID.String, game.String, json.RawMessage(data)
	return m, err
}

const noticeColumns = `player_id, seq, kind, at, session_id, game, version, turn, deadline_at, login_id`

func noticeRow(n notify.Notice) []any {
	return []any{
		string(n.Player), n.Seq, n.Kind, millis(n.At), null(n.Session), null(n.Game), n.Version, n.Turn, millis(n.Deadline), null(string(n.By)),
	}
}

func scanNotice(rows *sql.Rows) (n notify.Notice, err error) {
	var at, deadline int64
	var sessionID, game, login sql.NullString
	err = rows.Scan(&n.Player, &n.Seq, &n.Kind, &at, &sessionID, &game, &n.Version, &n.Turn, &deadline, &login)
	n.At, n.Deadline, n.Session, n.Game, n.By = instant(at), instant(deadline), sessionID.String, game.String, notify.LoginID(login.String)
	return n, err
}

const keyColumns = `player_id, kind, value, fingerprint, made_id, created_at`

func keyRow(k *session.Key, kind, made string, at time.Time) []any {
	return []any{string(k.Player), kind, k.Value, k.Fingerprint, made, millis(at)}
}
