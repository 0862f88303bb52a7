package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"yourturn/notify"
	"yourturn/session"
)

// A lane is one writer of sessions. It takes what has arrived, up to a bound, and commits it together in three trips;
// it never waits for more to arrive, so a lone move waits for nobody. A session's id chooses its lane.
type lane struct {
	db      *DB
	bound   int
	in      chan *waiter
	stopped sync.WaitGroup

	mu     sync.RWMutex
	closed bool
}

// waiter is a commit with somebody waiting for it.
type waiter struct {
	session.Commit
	done  chan error
	bytes int
}

// The bounds of a lane: how many may wait, how many bytes go together (the packet must stay well below MySQL's
// max_allowed_packet, 16 MiB by default), how long one transaction may take, and how long a commit is tried again.
const (
	laneQueue    = 4096
	groupBytes   = 2 << 20
	groupTimeout = 8 * time.Second
	groupTries   = 5
)

func newLane(db *DB, bound int) *lane {
	l := &lane{db: db, bound: bound, in: make(chan *waiter, laneQueue)}
	l.stopped.Go(l.work)
	return l
}

func (l *lane) close() {
	l.mu.Lock()
	l.closed = true
	close(l.in)
	l.mu.Unlock()
	l.stopped.Wait()
}

// take puts a commit into the lane, unless too many wait or the lane is closed.
func (l *lane) take(w *waiter) error {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.closed {
		return session.ErrBusy
	}
	select {
	case l.in <- w:
		return nil
	default:
		return session.ErrBusy
	}
}

// Commit hands a commit to its lane and waits until it is durable or refused.
func (db *DB) Commit(ctx context.Context, c session.Commit) error {
	w := &waiter{Commit: c, done: make(chan error, 1), bytes: size(c)}
	if err := db.laneOf(c.Session.ID).take(w); err != nil {
		return err
	}
	select {
	case err := <-w.done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", session.ErrUnknown, ctx.Err())
	}
}

func (db *DB) laneOf(id session.ID) *lane {
	h := fnv.New32a()
	h.Write([]byte(id))
	return db.lanes[h.Sum32()%uint32(len(db.lanes))]
}

// size is about how many bytes a commit writes.
func size(c session.Commit) int {
	n := 2048 + len(c.Session.State) + len(c.Session.Config)
	for _, change := range c.Changes {
		n += len(change.Move)
		if change.Table != nil {
			n += len(change.Table.State)
		}
		for _, e := range change.Events {
			n += len(e.Data)
		}
	}
	for _, m := range c.Messages {
		n += 256 + len(m.Data)
	}
	return n
}

func (l *lane) work() {
	var next *waiter // did not fit into the group before
	for {
		if next == nil {
			w, ok := <-l.in
			if !ok {
				return
			}
			next = w
		}
		var group []*waiter
		group, next = l.gather(next)
		l.commit(group)
	}
}

// gather takes what has arrived. A second commit of the same session goes with the next group.
func (l *lane) gather(first *waiter) (group []*waiter, next *waiter) {
	group, bytes := []*waiter{first}, first.bytes
	for len(group) < l.bound {
		select {
		case w, ok := <-l.in:
			if !ok {
				return group, nil
			}
			bytes += w.bytes
			same := func(other *waiter) bool { return other.Session.ID == w.Session.ID }
			if bytes > groupBytes || slices.ContainsFunc(group, same) {
				return group, w
			}
			group = append(group, w)
		default:
			return group, nil
		}
	}
	return group, nil
}

// commit writes a group and answers everybody in it. A group that fails is tried once more as a whole, then one by
// one, so that nobody suffers for long from a neighbour.
func (l *lane) commit(group []*waiter) {
	started := time.Now()
	outcomes, err := l.try(group, false)
	unknown := errors.Is(err, errUnknown)
	if err != nil {
		l.db.log.Warn("a group commit failed and is tried again", slog.Int("changes", len(group)), slog.Any("error", err))
		outcomes, err = l.try(group, true)
		unknown = unknown || errors.Is(err, errUnknown)
	}
	if err != nil {
		for _, w := range group {
			w.done <- l.alone(w, unknown)
		}
		return
	}
	l.db.metrics.group(len(group), outcomes, time.Since(started))
	for i, w := range group {
		w.done <- outcomes[i]
	}
}

// alone tries a single commit until it is known what becomes of it, or it has been tried enough. unknown says that it
// may be true already.
func (l *lane) alone(w *waiter, unknown bool) error {
	duplicates := 0
	for attempt := 0; ; attempt++ {
		outcomes, err := l.try([]*waiter{w}, true)
		if err == nil {
			return outcomes[0]
		}
		unknown = unknown || errors.Is(err, errUnknown)
		if isDuplicate(err) {
			duplicates++
		}
		switch {
		case errors.Is(err, session.ErrConflict): // whom it invites is gone
			return err
		case duplicates == 2: // a key, a code or a move that somebody else has. After the first time it was looked whether the row was ours.
			return session.ErrConflict
		case !isTemporary(err) && !isDuplicate(err): // a fault of ours that no try will cure: the lane has others to serve
			return err
		case attempt == groupTries && unknown:
			return fmt.Errorf("%w: %w", session.ErrUnknown, err)
		case attempt == groupTries:
			return err
		}
		time.Sleep(rand.N(20 * time.Millisecond << attempt))
	}
}

// try writes a group in one transaction. Its outcomes are nil, or session.ErrConflict for those that another node beat;
// an error means that nothing of it is known to be true. again says that an earlier try may have been committed
// although no answer came.
func (l *lane) try(group []*waiter, again bool) (outcomes []error, err error) {
	ctx := context.Background()
	if l.db.engine.packets {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, groupTimeout)
		defer cancel()
	}
	g := newGroup(group)
	err = l.db.transact(ctx, func(t *tx) error {
		if err := g.claim(ctx, t); err != nil {
			return err
		}
		if again {
			if err := g.recognise(ctx, t); err != nil {
				return err
			}
		}
		if err := g.number(ctx, t); err != nil {
			return err
		}
		return t.finish(ctx, g.rest(l.db.engine))
	})
	if err != nil {
		return nil, err
	}
	outcomes = make([]error, len(group))
	for i, w := range g.entries {
		if w.lost {
			outcomes[i] = session.ErrConflict
		}
	}
	return outcomes, nil
}

// group is the commits of one transaction.
type group struct {
	entries []*entry
	raised  map[notify.PlayerID]*raised // the counters of those who are told something
}

type entry struct {
	*session.Commit
	lost bool     // another node was first
	made bool     // an earlier try was committed after all
	won  []string // the tickets that it has taken
}

func newGroup(waiters []*waiter) *group {
	g := &group{}
	for _, w := range waiters {
		g.entries = append(g.entries, &entry{Commit: &w.Commit})
	}
	return g
}

// alive are the entries that write.
func (g *group) alive() []*entry {
	return slices.DeleteFunc(slices.Clone(g.entries), func(e *entry) bool { return e.lost || e.made })
}

// claim is the first trip: it takes the tickets, then moves the sessions on from the version they were computed from.
// The counts of changed rows name the losers. Everywhere in the store rows are locked in this order: tickets, sessions,
// deliveries, counters, devices, notices, and ascending within each; devices need no order under their players' counters.
func (g *group) claim(ctx context.Context, t *tx) error {
	var b batch
	var then []func(changed bool)
	for _, c := range g.tickets() {
		b.add("UPDATE tickets SET status = 'matched', session_id = ? WHERE id = ? AND status = 'waiting'", string(c.entry.Session.ID), c.ticket)
		then = append(then, func(changed bool) {
			if changed {
				c.entry.won = append(c.entry.won, c.ticket)
			} else {
				c.entry.lost = true
			}
		})
	}
	bySession := slices.SortedFunc(slices.Values(g.entries), func(a, b *entry) int { return compare(a.Session.ID, b.Session.ID) })
	for _, e := range bySession {
		if e.Before == 0 {
			continue
		}
		addUpdate(&b, e)
		then = append(then, func(changed bool) { e.lost = e.lost || !changed })
	}
	affected, err := t.run(ctx, &b)
	if err != nil {
		return err
	}
	for i, note := range then {
		note(affected[i] > 0)
	}
	return nil
}

type claimedTicket struct {
	ticket string
	entry  *entry
}

func (g *group) tickets() []claimedTicket {
	var all []claimedTicket
	for _, e := range g.entries {
		for _, ticket := range e.Tickets {
			all = append(all, claimedTicket{ticket, e})
		}
	}
	slices.SortFunc(all, func(a, b claimedTicket) int { return compare(a.ticket, b.ticket) })
	return all
}

func addUpdate(b *batch, e *entry) {
	s := e.Session
	if !e.Reminds.IsZero() {
		b.add("UPDATE sessions SET due_at = ?, lease_until = 0 WHERE id = ? AND version = ? AND due_at = ?",
			millis(s.Due), string(s.ID), e.Before, millis(e.Reminds))
		return
	}
	b.add(updateSession, s.RulesVersion, s.Status, s.Version, s.Turn, string(s.State), encode(s.Await), encode(s.Pending), millis(s.Deadline),
		flag(e.SameTurn), millis(s.Due), millis(s.UpdatedAt), encode(s.Result), s.ChangeID, null(string(s.Successor)), string(s.ID), e.Before)
}

// recognise finds, after a try whose end is unknown, what it has made true after all. The updates of [group.claim] have
// waited for the old transaction's locks, so this look finds whatever it committed.
func (g *group) recognise(ctx context.Context, t *tx) error {
	for _, e := range g.entries {
		if !e.Reminds.IsZero() || !e.lost && e.Before > 0 {
			continue
		}
		err := t.each(ctx, &batch{}, func(rows *sql.Rows) error {
			var id string
			err := rows.Scan(&id)
			e.made = id == e.Session.ChangeID
			return err
		}, "SELECT change_id FROM changes WHERE session_id = ? AND version = ?", string(e.Session.ID), e.Session.Version)
		if err != nil {
			return err
		}
		if e.made {
			e.lost = false
		}
	}
	return nil
}

// number is the second trip: new sessions come to be, and the counters of those who are told something are raised
// and read back. From here until COMMIT their rows are locked, so numbers are given in the order of commits.
func (g *group) number(ctx context.Context, t *tx) error {
	var b batch
	e := t.db.engine
	for _, lost := range g.entries {
		if lost.lost {
			for _, ticket := range lost.won {
				b.add("UPDATE tickets SET status = 'waiting', session_id = NULL WHERE id = ?", ticket)
			}
		}
	}
	b.insert(e, "sessions ("+sessionColumns+")", g.newSessions(), "")
	raises := map[notify.PlayerID]raise{}
	var guests []notify.PlayerID
	for _, entry := range g.alive() {
		for _, m := range entry.Messages {
			r := raises[m.Player]
			r.told++
			raises[m.Player] = r
		}
		held := entry.invitedNow()
		guests = append(guests, held...)
		for _, m := range entry.Met {
			held = append(held, m.Player)
		}
		for _, player := range held {
			r := raises[player]
			r.held = true
			raises[player] = r
		}
		for player, by := range entry.Waiting {
			r := raises[player]
			r.waiting += by
			raises[player] = r
		}
		if len(entry.Tickets) > 0 {
			for _, seat := range entry.Session.Seats {
				if seat.Bot != "" {
					continue
				}
				r := raises[seat.Player]
				r.tickets--
				raises[seat.Player] = r
			}
		}
	}
	if err := holdGuests(ctx, t, guests, raises); err != nil {
		return err
	}
	var err error
	g.raised, err = raiseCounters(ctx, t, &b, raises)
	return err
}

// invitedNow are those whose invitation a commit writes as open, also those who are not told of it.
func (e *entry) invitedNow() (guests []notify.PlayerID) {
	for _, i := range e.Guests {
		if i.Status == session.AnswerOpen {
			guests = append(guests, i.Player)
		}
	}
	return guests
}

// holdGuests refuses to invite somebody whose account was erased since it was looked at: nothing would take away what is
// written for it now. The counters are held in their order, which is why all are that will be raised.
func holdGuests(ctx context.Context, t *tx, guests []notify.PlayerID, raises map[notify.PlayerID]raise) error {
	if len(guests) == 0 {
		return nil
	}
	var b batch
	players := slices.Sorted(maps.Keys(raises))
	b.holdCounters(players...)
	there, err := t.run(ctx, &b)
	if err != nil {
		return err
	}
	for i, player := range players {
		if there[i] == 0 && slices.Contains(guests, player) {
			return fmt.Errorf("invite %s, whose account is gone: %w", player, session.ErrConflict)
		}
	}
	return nil
}

func (g *group) newSessions() (rows [][]any) {
	for _, e := range g.alive() {
		if e.Before == 0 {
			rows = append(rows, sessionRow(e.Session))
		}
	}
	return rows
}

// rest is the third trip: invitations, opponents, seats, history, feed and keys.
func (g *group) rest(e engine) *batch {
	var b batch
	var seats, invitations, meetings, changes, keys [][]any
	var messages []notify.Message
	var notices []notify.Notice
	for _, entry := range g.alive() {
		numbered := slices.Clone(entry.Messages)
		notices = append(notices, number(numbered, g.raised)...)
		notices = append(notices, g.lowered(entry)...)
		messages = append(messages, numbered...)
		told := map[notify.PlayerID]int64{}
		for _, m := range numbered {
			if !m.Own {
				told[m.Player] = m.Seq
			}
		}
		for _, change := range entry.Changes {
			changes = append(changes, changeRow(change))
		}
		for _, number := range entry.GotUp {
			b.add("DELETE FROM seats WHERE session_id = ? AND seat = ?", string(entry.Session.ID), number)
		}
		seats = append(seats, seatRows(entry.Commit, told)...)
		for _, player := range entry.Uninvite {
			b.add("DELETE FROM invitations WHERE session_id = ? AND player_id = ?", string(entry.Session.ID), string(player))
		}
		invitations = append(invitations, invitationRows(entry.Commit)...)
		meetings = append(meetings, meetingRows(entry.Commit)...)
		if k := entry.Key; k != nil {
			keys = append(keys, keyRow(k, "session", string(entry.Session.ID), entry.Session.CreatedAt))
		}
	}
	b.insert(e, "seats ("+seatColumns+")", seats, e.upsert("session_id, seat", "player_id = NEW(player_id)", "role = NEW(role)", "gone = NEW(gone)",
		"status = NEW(status)", "sort_key = NEW(sort_key)", "last_seq = NEW(last_seq)"))
	b.addInvitations(e, invitations)
	b.addMeetings(e, meetings)
	b.insert(e, "changes ("+changeColumns+")", changes, "")
	b.insert(e, "feed ("+feedColumns+")", feedRows(messages), "")
	b.addNotices(e, notices)
	b.insert(e, "idempotency_keys ("+keyColumns+")", keys, "")
	return &b
}

// lowered are the notices of badges, under the last number that their players have.
func (g *group) lowered(e *entry) (notices []notify.Notice) {
	for _, n := range e.Lowered {
		if r := g.raised[n.Player]; r != nil && r.devices > 0 { // nil when the group has brought the badge back to where it was
			n.Seq = r.last
			notices = append(notices, n)
		}
	}
	return notices
}
