package store

import (
	"context"
	"database/sql"
	"maps"
	"slices"
	"strings"

	"yourturn/notify"
)

// raise is by how much a player's counters move in a transaction.
type raise struct {
	told    int  // messages
	waiting int  // sessions that wait for the player
	tickets int  // open tickets
	held    bool // whatever else moves: something is written that these counters guard
}

// raised is what a transaction may know of the counters that it has raised.
type raised struct {
	last    int64 // the highest number given before it
	devices int   // how many devices the player has
}

// raiseCounters moves the counters of players, ascending, after a batch that travels along, and reads back those of
// players who are told something or wait for less. The rows stay locked until COMMIT: that makes the feed gapless, and
// numbers that were committed later are never lower.
func raiseCounters(ctx context.Context, t *tx, b *batch, raises map[notify.PlayerID]raise) (map[notify.PlayerID]*raised, error) {
	players := slices.Sorted(maps.Keys(raises))
	var rows [][]any
	var told []notify.PlayerID
	for _, player := range players {
		r := raises[player]
		if r == (raise{}) {
			continue
		}
		rows = append(rows, []any{string(player), r.told, 0, r.waiting, r.tickets})
		if r.told > 0 || r.waiting < 0 {
			told = append(told, player)
		}
	}
	b.insert(t.db.engine, "counters (player_id, last_seq, acked_seq, waiting, open_tickets)", rows,
		t.db.engine.upsert("player_id", "last_seq = last_seq + NEW(last_seq)", "waiting = waiting + NEW(waiting)", "open_tickets = open_tickets + NEW(open_tickets)"))
	if len(told) == 0 {
		_, err := t.run(ctx, b)
		return nil, err
	}
	found := map[notify.PlayerID]*raised{}
	among, keys := in("player_id", told)
	return found, t.each(ctx, b, func(rows *sql.Rows) error {
		var player notify.PlayerID
		var r raised
		err := rows.Scan(&player, &r.last, &r.devices)
		r.last -= int64(raises[player].told)
		found[player] = &r
		return err
	}, "SELECT player_id, last_seq, devices FROM counters WHERE "+among, keys...)
}

// number gives messages their numbers, in order, and finds those that are to be pushed to somebody who has a device.
func number(messages []notify.Message, counters map[notify.PlayerID]*raised) (notices []notify.Notice) {
	for i := range messages {
		m := &messages[i]
		r := counters[m.Player]
		r.last++
		m.Seq = r.last
		if m.Push && r.devices > 0 {
			notices = append(notices, notify.Notice{Message: *m})
		}
	}
	return notices
}

// addNotices leaves notices behind, for the outbox. One that is there already is of the same player's badge, which has
// changed once more.
func (b *batch) addNotices(e engine, notices []notify.Notice) {
	var rows [][]any
	for _, n := range slices.SortedStableFunc(slices.Values(notices), cmpNotice) { // locked as [DB.Deliver] locks them
		rows = append(rows, noticeRow(n))
	}
	b.insert(e, "notices ("+noticeColumns+")", rows, e.upsert("player_id, seq, kind", "at = NEW(at)", "login_id = NEW(login_id)"))
}

func compare[T ~string](a, b T) int { return strings.Compare(string(a), string(b)) }
