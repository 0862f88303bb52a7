package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"time"

	"yourturn/matchmaking"
	"yourturn/notify"
	"yourturn/session"
)

var _ matchmaking.Store = (*DB)(nil)

const ticketColumns = `id, player_id, game, config, turn_seconds, seats, role, bucket, status, session_id, created_at, expires_at, bots_at`

func ticketRow(t matchmaking.Ticket) []any {
	w := t.Wish
	return []any{
		string(t.ID), string(t.Player), w.Game, string(w.Config), w.TurnSeconds, w.Seats, w.Role, t.Bucket(), string(t.Status),
		null(string(t.Session)), millis(t.CreatedAt), millis(t.ExpiresAt), millis(t.BotsAt),
	}
}

func scanTicket(rows *sql.Rows) (t matchmaking.Ticket, err error) {
	var config, bucket string
	var made sql.NullString
	var created, expires, bots int64
	err = rows.Scan(&t.ID, &t.Player, &t.Wish.Game, &config, &t.Wish.TurnSeconds, &t.Wish.Seats, &t.Wish.Role, &bucket, &t.Status, &made, &created, &expires, &bots)
	t.Wish.Config, t.Session = json.RawMessage(config), session.ID(made.String)
	t.CreatedAt, t.ExpiresAt, t.BotsAt = instant(created), instant(expires), instant(bots)
	return t, err
}

func (db *DB) tickets(ctx context.Context, where string, args ...any) (found []matchmaking.Ticket, err error) {
	err = db.each(ctx, func(rows *sql.Rows) error {
		t, err := scanTicket(rows)
		found = append(found, t)
		return err
	}, "SELECT "+ticketColumns+" FROM tickets WHERE "+where, args...)
	return found, err
}

// AddTicket counts the ticket and keeps it. The counter's row makes the bound exact however many ask at once.
func (db *DB) AddTicket(ctx context.Context, t matchmaking.Ticket, most int, key *session.Key) error {
	err := db.change(ctx, func(tx *tx) error {
		counted, err := tx.exec(ctx, "UPDATE counters SET open_tickets = open_tickets + 1 WHERE player_id = ? AND open_tickets < ?", string(t.Player), most)
		if err != nil {
			return err
		}
		if counted == 0 {
			return matchmaking.ErrTooMany
		}
		var b batch
		b.insert(db.engine, "tickets ("+ticketColumns+")", [][]any{ticketRow(t)}, "")
		if key != nil {
			b.insert(db.engine, "idempotency_keys ("+keyColumns+")", [][]any{keyRow(key, "ticket", string(t.ID), t.CreatedAt)}, "")
		}
		return tx.finish(ctx, &b)
	})
	if isDuplicate(err) {
		return session.ErrConflict
	}
	return err
}

// TicketByKey finds the ticket that an idempotency key has made.
func (db *DB) TicketByKey(ctx context.Context, player notify.PlayerID, key string) (matchmaking.TicketID, string, error) {
	made, fingerprint, err := db.madeBy(ctx, player, "ticket", key, matchmaking.ErrNotFound)
	return matchmaking.TicketID(made), fingerprint, err
}

// Ticket reads a ticket.
func (db *DB) Ticket(ctx context.Context, id matchmaking.TicketID) (matchmaking.Ticket, error) {
	found, err := db.tickets(ctx, "id = ?", string(id))
	if err != nil || len(found) == 0 {
		if err == nil {
			err = matchmaking.ErrNotFound
		}
		return matchmaking.Ticket{}, err
	}
	return found[0], nil
}

// Tickets lists a player's tickets, newest first: ids ascend with time.
func (db *DB) Tickets(ctx context.Context, player notify.PlayerID, after matchmaking.TicketID, limit int) ([]matchmaking.Ticket, error) {
	if after == "" {
		return db.tickets(ctx, "player_id = ? ORDER BY id DESC LIMIT ?", string(player), limit)
	}
	return db.tickets(ctx, "player_id = ? AND id < ? ORDER BY id DESC LIMIT ?", string(player), string(after), limit)
}

// CancelTicket ends a ticket that waits.
func (db *DB) CancelTicket(ctx context.Context, id matchmaking.TicketID) error {
	return db.change(ctx, func(t *tx) error {
		ended, err := t.exec(ctx, "UPDATE tickets SET status = 'cancelled' WHERE id = ? AND status = 'waiting'", string(id))
		if err != nil || ended == 0 {
			return err
		}
		_, err = t.exec(ctx, "UPDATE counters SET open_tickets = open_tickets - 1 WHERE player_id = (SELECT player_id FROM tickets WHERE id = ?)", string(id))
		return err
	})
}

// OpenTickets lists who waits in a bucket. Whose time for bots has come has a share like a role's: in a crowd of the patient
// they would wait behind them for ever.
func (db *DB) OpenTickets(ctx context.Context, bucket string, roles []string, now time.Time, lot, limit int) (open []matchmaking.Ticket, more bool, err error) {
	const oldest = "status = 'waiting' AND bucket = ? AND expires_at > ? "
	share := limit / (len(roles) + 1)
	read := func(share int, where string, values ...any) error {
		args := slices.Concat([]any{bucket, millis(now)}, values, []any{share, lot * share})
		of, err := db.tickets(ctx, oldest+where+" ORDER BY created_at, id LIMIT ? OFFSET ?", args...)
		open, more = append(open, of...), more || len(of) == share
		return err
	}
	if len(roles) == 0 {
		err = read(limit, "")
		return open, more, err
	}
	for _, role := range roles {
		if err := read(share, "AND role = ?", role); err != nil {
			return nil, false, err
		}
	}
	if err := read(share, "AND bots_at > 0 AND bots_at <= ?", millis(now)); err != nil {
		return nil, false, err
	}
	slices.SortFunc(open, matchmaking.Ticket.Compare)
	return slices.CompactFunc(open, func(a, b matchmaking.Ticket) bool { return a.ID == b.ID }), more, nil
}

// BotBuckets lists the buckets in which somebody has waited long enough to play with bots.
func (db *DB) BotBuckets(ctx context.Context, games []string, now time.Time) (buckets []string, err error) {
	ofGames, names := in("game", games)
	err = db.each(ctx, scanIDs(&buckets), "SELECT DISTINCT bucket FROM tickets WHERE status = 'waiting' AND bots_at > 0 AND bots_at <= ? AND expires_at > ? AND "+ofGames,
		append([]any{millis(now), millis(now)}, names...)...)
	return buckets, err
}

// NextBots is when the next ticket may be matched with bots.
func (db *DB) NextBots(ctx context.Context, games []string) (time.Time, error) {
	ofGames, names := in("game", games)
	return db.soonest(ctx, "SELECT bots_at FROM tickets WHERE status = 'waiting' AND bots_at > 0 AND "+ofGames+" ORDER BY bots_at LIMIT 1", names...)
}

// CrowdedBuckets reads an index alone, and of it only what waits.
func (db *DB) CrowdedBuckets(ctx context.Context, now time.Time) (buckets []string, err error) {
	err = db.each(ctx, scanIDs(&buckets), "SELECT bucket FROM tickets WHERE status = 'waiting' AND expires_at > ? GROUP BY bucket HAVING MIN(player_id) < MAX(player_id)", millis(now))
	return buckets, err
}

// ExpireTickets ends a lot of tickets and tells their owners, in one transaction.
func (db *DB) ExpireTickets(ctx context.Context, now time.Time, limit int) (told []notify.PlayerID, err error) {
	due, err := db.tickets(ctx, "status = 'waiting' AND expires_at <= ? ORDER BY id LIMIT ?", millis(now), limit)
	if err != nil || len(due) == 0 {
		return nil, err
	}
	err = db.change(ctx, func(t *tx) error {
		told = nil
		var b batch
		for _, ticket := range due {
			b.add("UPDATE tickets SET status = 'expired' WHERE id = ? AND status = 'waiting'", string(ticket.ID))
		}
		ended, err := t.run(ctx, &b)
		if err != nil {
			return err
		}
		raises := map[notify.PlayerID]raise{}
		var messages []notify.Message
		for i, ticket := range due {
			if ended[i] == 0 {
				continue // matched or cancelled in the meantime
			}
			r := raises[ticket.Player]
			raises[ticket.Player] = raise{told: r.told + 1, tickets: r.tickets - 1}
			messages = append(messages, expired(ticket, now))
		}
		counters, err := raiseCounters(ctx, t, &batch{}, raises)
		if err != nil {
			return err
		}
		for _, m := range messages {
			told = append(told, m.Player)
		}
		var last batch
		last.addNotices(db.engine, number(messages, counters))
		last.insert(db.engine, "feed ("+feedColumns+")", feedRows(messages), "")
		return t.finish(ctx, &last)
	})
	return told, err
}

func expired(t matchmaking.Ticket, now time.Time) notify.Message {
	return notify.Message{
		Player: t.Player, Kind: notify.TicketExpired, At: now, Game: t.Wish.Game, Push: true,
		Data: json.RawMessage(`{"ticket_id":` + encode(t.ID) + `}`),
	}
}

// NextExpiry is when the next ticket ends.
func (db *DB) NextExpiry(ctx context.Context) (time.Time, error) {
	return db.soonest(ctx, "SELECT MIN(expires_at) FROM tickets WHERE status = 'waiting'")
}

// PruneTickets forgets tickets that were over before an instant, a lot at a time.
func (db *DB) PruneTickets(ctx context.Context, before time.Time, limit int) (int, error) {
	return db.prune(ctx, "tickets", "id", "status IN ('cancelled', 'expired', 'matched') AND expires_at < ?", "status, expires_at", limit, millis(before))
}
