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
	told    int // messages
	waiting int // sessions that wait for the player
	tickets int // open tickets
}

// raiseCounters moves the counters of players, ascending, after a batch that travels along, and fills in the first
// number of each player who is told something. The rows stay locked until COMMIT: that makes the feed gapless, and
// numbers that were committed later are never lower.
func raiseCounters(ctx context.Context, t *tx, b *batch, raises map[notify.PlayerID]raise, seqs map[notify.PlayerID]int64) error {
	players := slices.Sorted(maps.Keys(raises))
	var rows [][]any
	var told []notify.PlayerID
	for _, player := range players {
		r := raises[player]
		if r == (raise{}) {
			continue
		}
		rows = append(rows, []any{string(player), r.told, 0, r.waiting, r.tickets})
		if r.told > 0 {
			told = append(told, player)
		}
	}
	b.insert(t.db.engine, "counters (player_id, last_seq, acked_seq, waiting, open_tickets)", rows,
		t.db.engine.upsert("player_id", "last_seq = last_seq + NEW(last_seq)", "waiting = waiting + NEW(waiting)", "open_tickets = open_tickets + NEW(open_tickets)"))
	if len(told) == 0 {
		_, err := t.run(ctx, b)
		return err
	}
	among, keys := in("player_id", told)
	return t.each(ctx, b, func(rows *sql.Rows) error {
		var player notify.PlayerID
		var last int64
		err := rows.Scan(&player, &last)
		seqs[player] = last - int64(raises[player].told) + 1
		return err
	}, "SELECT player_id, last_seq FROM counters WHERE "+among, keys...)
}

func compare[T ~string](a, b T) int { return strings.Compare(string(a), string(b)) }
