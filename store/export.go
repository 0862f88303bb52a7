package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"yourturn/notify"
	"yourturn/player"
	"yourturn/session"
)

var _ player.Records = (*DB)(nil)

// section is one kind of record of an export.
type section struct {
	kind string
	from string // the table, with what is joined to it
	mine string // the column that names the player
	keys string // the columns that put a player's rows in order and tell them apart; "#" behind one that is a number
	// columns are what is told of a row: "name=column:type", of which the name may be left out when it is the column's, and
	// the type when it is a text or a number. What is empty is left out of the record.
	columns string
}

// sections are everything that the database keeps about a player, in the order of an export. The acts of the player, which
// stand in the histories of sessions, come after the sessions.
var sections = []section{
	{"profile", "players", "id", "id", "player_id=id display_name locale avatar created_at:time"},
	{"login", "logins", "player_id", "id", "login_id=id made_by created_at:time expires_at:time"},
	{"link_code", "link_codes", "player_id", "player_id", "made_by expires_at:time login_id"},
	{"identity", "identities", "player_id", "provider", "provider issuer subject created_at:time"},
	{"device", "devices", "player_id", "id", "device_id=id login_id channel token p256dh auth environment locale texts registered_at:time rejected"},
	{"counters", "counters", "player_id", "player_id", "last_seq acked_seq waiting open_tickets devices"},
	{"ticket", "tickets", "player_id", "id",
		"ticket_id=id game config:json turn_seconds seats role status session_id created_at:time expires_at:time bots_at:time"},
	{"session", "seats t JOIN sessions s ON s.id = t.session_id", "t.player_id", "t.session_id",
		"t.session_id t.seat t.role forfeited=t.gone:flag t.muted:flag t.last_seq s.game s.status s.config:json s.turn_seconds s.result:json s.created_at:time s.updated_at:time"},
	{kind: events},
	// Who has blocked the player is not to be found out by what is here and in no list.
	{"invitation", "invitations i", "NOT " + blocked("i.host_id", "i.player_id") + " AND NOT " + ofTableHost(blocked("h.player_id", "i.player_id")) + " AND i.player_id", "i.session_id", "i.session_id i.host_id i.status invited_at=i.at:time"},
	{"invitation_sent", "invitations", "host_id", "session_id player_id", "session_id player_id status invited_at=at:time"},
	{"opponent", "opponents", "player_id", "opponent_id", "opponent_id last_played_at=last_at:time sessions last_session_id"},
	{"block", "blocks", "player_id", "blocked_id", "blocked_id blocked_at=at:time"},
	{"message", "feed", "player_id", "seq#", "seq kind at:time session_id game version turn deadline_at:time data:json"},
	{"delivery", "deliveries", "player_id", "id",
		"delivery_id=id seq kind session_id game device_id channel status reason provider_id attempts created_at:time updated_at:time"},
	{"idempotency_key", "idempotency_keys", "player_id", "kind value", "kind value fingerprint made_id created_at:time"},
}

// events is the kind of what a player did in sessions.
const events = "event"

// leftOut are the columns that name a player or a login and are not exported, and why.
var leftOut = map[string]string{
	"tokens.login_id":       "hashes of secrets, which nobody can read, not even this server",
	"notices.player_id":     "messages on their way to be pushed, which are exported as messages",
	"notices.login_id":      "likewise",
	"blocks.blocked_id":     "others' blocks, of which nobody is told",
	"opponents.opponent_id": "others' lists; the player's own has the same sessions",
}

// exportPlace is where an export goes on: after a row of a section.
type exportPlace struct {
	section int
	after   []string
}

func (p exportPlace) String() string {
	var words bytes.Buffer
	e := json.NewEncoder(&words)
	e.SetEscapeHTML(false) // a key may be all of brackets, which would grow sixfold
	if err := e.Encode(append([]string{sections[p.section].kind}, p.after...)); err != nil {
		panic("store: " + err.Error()) // strings are always JSON
	}
	return base64.RawURLEncoding.EncodeToString(words.Bytes())
}

func parseExportPlace(cursor string) (p exportPlace, err error) {
	if cursor == "" {
		return p, nil
	}
	var words []string
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || json.Unmarshal(raw, &words) != nil || len(words) == 0 {
		return p, session.ErrBadCursor
	}
	p.section = slices.IndexFunc(sections, func(s section) bool { return s.kind == words[0] })
	if p.section < 0 || len(words)-1 != len(sections[p.section].order()) {
		return p, session.ErrBadCursor
	}
	p.after = words[1:]
	return p, nil
}

// Export goes through the sections, each in the order of its keys, which no row ever changes.
func (db *DB) Export(ctx context.Context, id player.ID, cursor string, limit int) (records []player.Record, next string, err error) {
	place, err := parseExportPlace(cursor)
	if err != nil {
		return nil, "", err
	}
	for ; place.section < len(sections); place = (exportPlace{section: place.section + 1}) {
		rows, err := db.section(ctx, sections[place.section], id, place.after, limit-len(records)+1)
		if err != nil {
			return nil, "", err
		}
		for _, row := range rows {
			if len(records) == limit {
				return records, next, nil
			}
			next = exportPlace{place.section, row.key}.String()
			if row.isPause() {
				return records, next, nil
			}
			records = append(records, row.Record)
		}
	}
	return records, "", nil
}

// exported is a record with its place in its section.
type exported struct {
	player.Record
	key []string
}

// isPause says that it is no record: the page ends here, for much was looked at, and the next one goes on from here.
func (e exported) isPause() bool { return e.Kind == "" }

func (db *DB) section(ctx context.Context, s section, id player.ID, after []string, limit int) ([]exported, error) {
	if s.kind == events {
		return db.acts(ctx, notify.PlayerID(id), after, limit)
	}
	where, args, err := s.past(after)
	if err != nil {
		return nil, err
	}
	var found []exported
	return found, db.each(ctx, func(rows *sql.Rows) error {
		row, err := s.scan(rows)
		found = append(found, row)
		return err
	}, s.query(where), slices.Concat([]any{string(id)}, args, []any{limit})...)
}

// order are the columns of the key.
func (s section) order() []string {
	if s.kind == events {
		return []string{"session_id", "version"}
	}
	return strings.Fields(strings.ReplaceAll(s.keys, "#", ""))
}

func (s section) query(where string) string {
	var columns []string
	for column := range strings.FieldsSeq(s.columns) {
		columns = append(columns, s.column(column).expression)
	}
	order := strings.Join(s.order(), ", ")
	return "SELECT " + order + ", " + strings.Join(columns, ", ") + " FROM " + s.from + " WHERE " + s.mine + " = ?" + where + " ORDER BY " + order + " LIMIT ?"
}

// past is the condition of the rows after a key.
func (s section) past(after []string) (where string, args []any, err error) {
	if len(after) == 0 {
		return "", nil, nil
	}
	keys := strings.Fields(s.keys)
	values := make([]any, len(keys))
	for i, key := range keys {
		values[i] = after[i]
		if strings.HasSuffix(key, "#") {
			if values[i], err = strconv.ParseInt(after[i], 10, 64); err != nil {
				return "", nil, session.ErrBadCursor
			}
		}
	}
	order := s.order()
	if len(order) == 1 {
		return " AND " + order[0] + " > ?", values, nil
	}
	return " AND " + order[0] + " >= ? AND (" + order[0] + " > ? OR " + order[1] + " > ?)", []any{values[0], values[0], values[1]}, nil
}

// exportColumn is what one column is called in a record, and how it is told.
type exportColumn struct{ name, expression, kind string }

func (s section) column(text string) (c exportColumn) {
	text, c.kind, _ = strings.Cut(text, ":")
	name, expression, renamed := strings.Cut(text, "=")
	if !renamed {
		expression = name
	}
	c.expression = expression
	c.name = name[strings.LastIndex(name, ".")+1:]
	return c
}

func (s section) scan(rows *sql.Rows) (row exported, err error) {
	keys, columns := s.order(), strings.Fields(s.columns)
	values := make([]any, len(keys)+len(columns))
	into := make([]any, len(values))
	for i := range values {
		into[i] = &values[i]
	}
	if err := rows.Scan(into...); err != nil {
		return row, err
	}
	for i := range keys {
		row.key = append(row.key, fmt.Sprint(plainValue(values[i])))
	}
	data := map[string]any{}
	for i, text := range columns {
		c := s.column(text)
		if value := c.told(plainValue(values[len(keys)+i])); value != nil {
			data[c.name] = value
		}
	}
	row.Kind, row.Data = s.kind, json.RawMessage(encode(data))
	return row, nil
}

// plainValue is a value as both drivers mean it.
func plainValue(value any) any {
	if raw, ok := value.([]byte); ok {
		return string(raw)
	}
	return value
}

// told is a value as it stands in a record; nil for none.
func (c exportColumn) told(value any) any {
	text, isText := value.(string)
	number, isNumber := value.(int64)
	switch {
	case value == nil, isText && text == "", c.kind == "json" && text == "null":
		return nil
	case c.kind == "json":
		return json.RawMessage(text)
	case c.kind == "time" && isNumber && number == 0:
		return nil
	case c.kind == "time" && isNumber:
		return instant(number).Truncate(time.Second).Format(time.RFC3339)
	case c.kind == "flag":
		return number != 0
	}
	return value
}

// How many sessions, and how many acts of one, are looked at together, and how many lots of sessions for one page.
const (
	sessionLot  = 20
	actLot      = 100
	sessionLots = 5
)

// acts reads what a player did in sessions, as the player's seat sees it. In many sessions the player may have done nothing:
// after some lots of them it pauses.
func (db *DB) acts(ctx context.Context, id notify.PlayerID, after []string, limit int) (found []exported, err error) {
	from, version := "", int64(0)
	if len(after) == 2 {
		if version, err = strconv.ParseInt(after[1], 10, 64); err != nil {
			return nil, session.ErrBadCursor
		}
		from = after[0]
	}
	for range sessionLots {
		seats, err := db.seatsFrom(ctx, id, from, sessionLot)
		if err != nil {
			return nil, err
		}
		for _, seat := range seats {
			if seat.session != from {
				version = 0
			}
			more, err := db.actsAt(ctx, id, seat, version, limit-len(found))
			if found = append(found, more...); err != nil || len(found) == limit {
				return found, err
			}
			from, version = seat.session, math.MaxInt64
		}
		if len(seats) < sessionLot {
			return found, nil
		}
	}
	return append(found, exported{key: []string{from, strconv.FormatInt(version, 10)}}), nil
}

// actsAt reads what a player did at one seat. Before a session begins another may have sat there, so what happened then is
// the player's only when it says so.
func (db *DB) actsAt(ctx context.Context, id notify.PlayerID, seat seatAt, version int64, limit int) (found []exported, err error) {
	for {
		changes, err := db.changes(ctx, "session_id = ? AND version > ? AND seat = ? ORDER BY version LIMIT ?", seat.session, version, seat.number, actLot)
		if err != nil {
			return nil, err
		}
		for _, c := range changes {
			named := slices.ContainsFunc(c.Players, func(s session.Seated) bool { return s.Player == id })
			if c.Turn > 0 || named {
				found = append(found, act(c))
			}
			if len(found) == limit {
				return found, nil
			}
			version = c.Version
		}
		if len(changes) < actLot {
			return found, nil
		}
	}
}

type seatAt struct {
	session string
	number  int
}

func (db *DB) seatsFrom(ctx context.Context, id notify.PlayerID, from string, limit int) (found []seatAt, err error) {
	err = db.each(ctx, func(rows *sql.Rows) error {
		var s seatAt
		err := rows.Scan(&s.session, &s.number)
		found = append(found, s)
		return err
	}, "SELECT session_id, seat FROM seats WHERE player_id = ? AND session_id >= ? ORDER BY session_id LIMIT ?", string(id), from, limit)
	return found, err
}

func act(c session.Change) exported {
	e := session.Wire(c.EventsFor(c.Seat)[:1])[0]
	data := struct {
		Session session.ID `json:"session_id"`
		session.WireEvent
	}{c.Session, e}
	return exported{player.Record{Kind: events, Data: json.RawMessage(encode(data))}, []string{string(c.Session), strconv.FormatInt(c.Version, 10)}}
}
