package store_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"yourturn/session"
)

// audit counts everything again that the store keeps counted, and tells what is not as it should be. It reads the
// tables themselves: what the store says of them proves nothing.
func audit(t *testing.T, database string) (problems []string) {
	t.Helper()
	db := raw(t, database)
	complain := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }

	type seat struct {
		number, gone, key, last int64
		player, status, game    string
	}
	seats := map[string][]seat{}
	rows(t, db, func(r *sql.Rows) error {
		var id string
		var s seat
		err := r.Scan(&id, &s.number, &s.player, &s.gone, &s.status, &s.game, &s.key, &s.last)
		seats[id] = append(seats[id], s)
		return err
	}, "SELECT session_id, seat, player_id, gone, status, game, sort_key, last_seq FROM seats ORDER BY session_id, seat")

	changes, last, lastID := map[string]int64{}, map[string]int64{}, map[string]string{}
	rows(t, db, func(r *sql.Rows) error {
		var id, change string
		var version int64
		err := r.Scan(&id, &version, &change)
		changes[id]++
		last[id], lastID[id] = version, change
		return err
	}, "SELECT session_id, version, change_id FROM changes ORDER BY session_id, version")

	waiting := map[string]int64{}
	sessions, begun, holding := map[string]bool{}, map[string]bool{}, map[string]bool{}
	rows(t, db, func(r *sql.Rows) error {
		var id, game, status, awaited, change string
		var version, turn, deadline, updated int64
		if err := r.Scan(&id, &game, &status, &version, &turn, &awaited, &deadline, &updated, &change); err != nil {
			return err
		}
		sessions[id], begun[id], holding[id] = true, turn > 0, status == "waiting"
		if changes[id] != version || last[id] != version || lastID[id] != change {
			complain("session %s: version %d by %s, and %d changes up to %d by %s", id, version, change, changes[id], last[id], lastID[id])
		}
		var await []int64
		if err := json.Unmarshal([]byte(awaited), &await); err != nil {
			return err
		}
		for _, s := range seats[id] {
			key := session.NotMyTurn - updated
			if status == "active" && slices.Contains(await, s.number) {
				waiting[s.player]++
				key = deadline
			}
			if s.status != status || s.game != game || s.key != key {
				complain("session %s is %s of %s with key %d, and its seat %d says %s of %s with %d", id, status, game, key, s.number, s.status, s.game, s.key)
			}
		}
		return nil
	}, "SELECT id, game, status, version, turn, awaited, deadline_at, updated_at, change_id FROM sessions")
	for id := range seats {
		if !sessions[id] {
			complain("seats of no session %s", id)
		}
	}
	for id := range changes {
		if !sessions[id] {
			complain("changes of no session %s", id)
		}
	}

	rows(t, db, func(r *sql.Rows) error {
		var id, guest, host, status string
		if err := r.Scan(&id, &guest, &host, &status); err != nil {
			return err
		}
		if !holding[id] {
			complain("%s is invited to session %s, which does not wait", guest, id)
		}
		at := func(player string) bool {
			return slices.ContainsFunc(seats[id], func(s seat) bool { return s.player == player })
		}
		if (status == "accepted") != at(guest) || status == "open" && !at(host) {
			complain("the invitation of %s by %s to session %s is %s", guest, host, id, status)
		}
		return nil
	}, "SELECT session_id, player_id, host_id, status FROM invitations")

	gone := map[string]bool{}
	rows(t, db, func(r *sql.Rows) error {
		var id string
		err := r.Scan(&id)
		gone[id] = true
		return err
	}, "SELECT id FROM players WHERE deleted_at IS NOT NULL")
	type pair struct{ player, other string }
	met, perhaps := map[pair]int64{}, map[pair]int64{} // those of a crowd came one by one, and who has gone met nobody who came later
	for id, all := range seats {
		for _, a := range all {
			for _, b := range all {
				p := pair{a.player, b.player}
				switch {
				case !begun[id] || p.player == "" || p.other == "" || p.player == p.other || gone[p.player]:
				case len(all) > 8 || a.gone+b.gone > 0 || gone[p.other]:
					perhaps[p]++
				default:
					met[p]++
				}
			}
		}
	}
	rows(t, db, func(r *sql.Rows) error {
		var p pair
		var n int64
		err := r.Scan(&p.player, &p.other, &n)
		if n < met[p] || n > met[p]+perhaps[p] {
			complain("%s has met %s %d times, and they sit at %d sessions, or %d more", p.player, p.other, n, met[p], perhaps[p])
		}
		delete(met, p)
		return err
	}, "SELECT player_id, opponent_id, sessions FROM opponents")
	for p := range met {
		complain("%s has met %s, and does not know", p.player, p.other)
	}

	open := map[string]int64{}
	used := map[string]string{}
	rows(t, db, func(r *sql.Rows) error {
		var id, player, status string
		var made sql.NullString
		if err := r.Scan(&id, &player, &status, &made); err != nil {
			return err
		}
		if status == "waiting" {
			open[player]++
		}
		if (status == "matched") != made.Valid {
			complain("ticket %s is %s with session %q", id, status, made.String)
		}
		if made.Valid {
			if !slices.ContainsFunc(seats[made.String], func(s seat) bool { return s.player == player }) {
				complain("ticket %s became session %s, where its player does not sit", id, made.String)
			}
			if other := used[player+made.String]; other != "" {
				complain("tickets %s and %s of one player became session %s", other, id, made.String)
			}
			used[player+made.String] = id
		}
		return nil
	}, "SELECT id, player_id, status, session_id FROM tickets")

	logins := map[string]string{}
	rows(t, db, func(r *sql.Rows) error {
		var id, player string
		err := r.Scan(&id, &player)
		logins[id] = player
		return err
	}, "SELECT id, player_id FROM logins")

	devices, addresses := map[string]int64{}, map[string]string{}
	rows(t, db, func(r *sql.Rows) error {
		var player, id, login, channel, token string
		if err := r.Scan(&player, &id, &login, &channel, &token); err != nil {
			return err
		}
		devices[player]++
		if logins[login] != player {
			complain("device %s of %s is of login %s, which is of %q", id, player, login, logins[login])
		}
		if other := addresses[channel+token]; other != "" {
			complain("devices %s and %s of %s have one address", other, id, player)
		}
		addresses[channel+token] = id
		return nil
	}, "SELECT player_id, id, login_id, channel, token FROM devices")

	lowest, highest, count := map[string]int64{}, map[string]int64{}, map[string]int64{}
	rows(t, db, func(r *sql.Rows) error {
		var player string
		var low, high, n int64
		err := r.Scan(&player, &low, &high, &n)
		lowest[player], highest[player], count[player] = low, high, n
		return err
	}, "SELECT player_id, MIN(seq), MAX(seq), COUNT(*) FROM feed GROUP BY player_id")

	known := map[string]bool{}
	rows(t, db, func(r *sql.Rows) error {
		var player string
		var lastSeq, acked, waits, tickets, reached int64
		if err := r.Scan(&player, &lastSeq, &acked, &waits, &tickets, &reached); err != nil {
			return err
		}
		known[player] = true
		if lastSeq > 0 && lowest[player] != 1 || highest[player] != lastSeq || count[player] != lastSeq {
			complain("player %s: last number %d, and %d messages from %d to %d", player, lastSeq, count[player], lowest[player], highest[player])
		}
		if acked < 0 || acked > lastSeq {
			complain("player %s: %d of %d acknowledged", player, acked, lastSeq)
		}
		if waits != waiting[player] {
			complain("player %s: %d sessions wait by the counter, %d by the seats", player, waits, waiting[player])
		}
		if tickets != open[player] {
			complain("player %s: %d open tickets by the counter, %d by the tickets", player, tickets, open[player])
		}
		if reached != devices[player] {
			complain("player %s: %d devices by the counter, %d by the devices", player, reached, devices[player])
		}
		return nil
	}, "SELECT player_id, last_seq, acked_seq, waiting, open_tickets, devices FROM counters")
	for player := range devices {
		if !known[player] {
			complain("devices of nobody: %s", player)
		}
	}
	for player := range count {
		if !known[player] {
			complain("a feed of nobody: %s", player)
		}
	}
	rows(t, db, func(r *sql.Rows) error {
		var player, kind string
		var seq int64
		var told sql.NullString
		err := r.Scan(&player, &seq, &kind, &told)
		if err == nil && kind != "badge" && told.String != kind {
			complain("notice %d of player %s says %s, and the message %q", seq, player, kind, told.String)
		}
		return err
	}, "SELECT n.player_id, n.seq, n.kind, f.kind FROM notices n LEFT JOIN feed f ON f.player_id = n.player_id AND f.seq = n.seq")
	return problems
}

func rows(t *testing.T, db *sql.DB, scan func(*sql.Rows) error, query string, args ...any) {
	t.Helper()
	found, err := db.Query(query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer found.Close()
	for found.Next() {
		if err := scan(found); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
	}
	if err := found.Err(); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// sound fails the test when an audit finds something.
func sound(t *testing.T, database string) {
	t.Helper()
	for _, problem := range audit(t, database) {
		t.Error(problem)
	}
}
