package store_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"yourturn/games"
	"yourturn/matchmaking"
	"yourturn/notify"
	"yourturn/session"
)

func easyBots(n int) []session.Bot { return slices.Repeat([]session.Bot{{Level: games.Easy}}, n) }

// noTrace makes sure that the tables which hold what players have know of no bot.
func (p *process) noTrace(t *testing.T, database string) {
	t.Helper()
	db := raw(t, database)
	for _, table := range []string{"counters", "feed", "notices", "deliveries"} {
		if n := number(t, db, "SELECT COUNT(*) FROM "+table+" WHERE player_id = ''"); n != 0 {
			t.Errorf("%d rows of bots in %s", n, table)
		}
	}
}

func TestATableThatBotsFillBeginsAtOnce(t *testing.T) {
	onAllWith(t, func(t *testing.T, p *process, database string) {
		ann := p.guest(t)
		made, err := p.sessions.Create(t.Context(), ann, session.Wish{Game: "band", Role: "bass", Bots: []session.Bot{{Level: games.Easy, Role: "drums"}, {Level: games.Normal}}}, nil)
		must(t, err)
		s := p.read(t, made.ID)
		if s.Status != session.Active || s.Version != 2 || s.Capacity != 3 || !slices.Equal(s.Await, []int{0, 1, 2}) {
			t.Fatalf("%+v", s)
		}
		for number, want := range []session.Seat{{Player: ann, Role: "bass"}, {Bot: games.Easy, Role: "drums"}, {Bot: games.Normal, Role: "voice"}} {
			if seat := s.Seats[number]; seat.Number != number || seat.Player != want.Player || seat.Bot != want.Bot || seat.Role != want.Role {
				t.Errorf("seat %+v, want %+v", seat, want)
			}
		}
		if _, err := p.sessions.Get(t.Context(), "", s.ID); !errors.Is(err, session.ErrNotFound) {
			t.Errorf("nobody at all sees the session: %v", err)
		}
		if _, _, err := p.play("", s.ID, 1, "a"); !errors.Is(err, session.ErrNotFound) {
			t.Errorf("nobody at all plays for a bot: %v", err)
		}
		p.noTrace(t, database)
	}, bandOf(1, "voice", "bass", "drums"))
}

func TestTheClockPlaysOneBotInACommit(t *testing.T) {
	onAllWith(t, func(t *testing.T, p *process, database string) {
		ann, bob := p.guest(t), p.guest(t)
		s := p.table(t, session.Wish{Seats: 4, Bots: easyBots(2), Config: json.RawMessage(`{"bars":2}`)}, ann, bob)
		for bot := 1; bot <= 2; bot++ {
			p.advance(s.Due.Sub(p.Now()) - time.Millisecond)
			p.tick(t, 0)
			p.advance(time.Millisecond)
			p.tick(t, 1)
			after := p.read(t, s.ID)
			if after.Version != s.Version+1 || after.Turn != 1 || after.MustMove(bot) || !after.Deadline.Equal(s.Deadline) {
				t.Fatalf("after the bot at seat %d: version %d, turn %d awaits %v", bot, after.Version, after.Turn, after.Await)
			}
			s = after
		}
		if got := tune(t, s); got != "1beasy 2beasy" {
			t.Errorf("the tune is %q", got)
		}
		p.until(s)
		for _, n := range []int{1, 0} {
			p.tick(t, n)
		}
		if after := p.read(t, s.ID); after.Version != s.Version {
			t.Errorf("a reminder makes version %d", after.Version)
		}
		want := "matched your_turn session_updated session_updated turn_reminder"
		if got := p.told(t, ann); got != want {
			t.Errorf("told %q, want %q", got, want)
		}
		p.plays(t, bob, s.ID, "x")
		p.advance(time.Second)
		p.tick(t, 0) // ann was reminded
		events, _, err := p.sessions.Events(t.Context(), ann, s.ID, 0, 100)
		must(t, err)
		moves := 0
		for _, e := range events {
			if e.Kind == "move" && *e.Seat == 1 && string(e.Data) == `{"move":{"chord":"beasy"}}` {
				moves++
			}
		}
		if moves != 1 {
			t.Errorf("%d moves of the bot at seat 1 in %+v", moves, events)
		}
		p.plays(t, ann, s.ID, "x")
		p.verified(t, s.ID, session.Equal)
		p.noTrace(t, database)
	}, bandOf(1))
}

func TestTheGameEndsWhenOnlyBotsAreLeft(t *testing.T) {
	onAllWith(t, func(t *testing.T, p *process, database string) {
		ann, bob := p.guest(t), p.guest(t)
		s := p.table(t, session.Wish{Seats: 4, Bots: easyBots(2)}, ann, bob)
		s, err := p.sessions.Forfeit(t.Context(), ann, "", s.ID)
		must(t, err)
		if s.Status != session.Active {
			t.Fatalf("bob is there, and it is %s", s.Status)
		}
		s, err = p.sessions.Forfeit(t.Context(), bob, "", s.ID)
		must(t, err)
		if s.Status != session.Finished || s.Result.Reason != "forfeit" {
			t.Errorf("%s %+v", s.Status, s.Result)
		}
		next, err := p.clock.Next(t.Context())
		if err != nil || !next.Equal(session.Never) {
			t.Errorf("the clock looks again at %s, %v", next, err)
		}
		p.verified(t, s.ID, session.Equal)
		waiting, err := p.sessions.Create(t.Context(), ann, session.Wish{Game: "band", Seats: 4, Bots: easyBots(2)}, nil)
		must(t, err)
		must(t, p.sessions.Leave(t.Context(), ann, waiting.ID))
		if after := p.read(t, waiting.ID); after.Status != session.Finished {
			t.Errorf("two bots wait for people: %s", after.Status)
		}
		p.noTrace(t, database)
	}, bandOf(1))
}

// The server was down past the deadline. When it is back the bot moves first, and only who was late is late.
func TestABotIsNotLateBecauseTheServerWas(t *testing.T) {
	onAllWith(t, func(t *testing.T, p *process, _ string) {
		ann, bob := p.guest(t), p.guest(t)
		s := p.table(t, session.Wish{Seats: 4, Bots: easyBots(2), Config: json.RawMessage(`{"bars":3}`)}, ann, bob)
		alone := p.table(t, session.Wish{Bots: easyBots(1), Config: json.RawMessage(`{"bars":3}`)}, ann)
		p.plays(t, ann, alone.ID, "x")
		p.plays(t, ann, s.ID, "x")
		p.advance(72 * time.Hour)
		p.tick(t, 2)
		s, alone = p.read(t, s.ID), p.read(t, alone.ID)
		if tune(t, s) != "0x 1beasy 2beasy" || s.Turn != 2 || !slices.Equal(s.Await, []int{0, 1, 2}) {
			t.Errorf("%q, and turn %d awaits %v without bob", tune(t, s), s.Turn, s.Await)
		}
		if tune(t, alone) != "0x 1beasy" || alone.Turn != 2 || !slices.Equal(alone.Await, []int{0, 1}) {
			t.Errorf("%q, and turn %d awaits %v", tune(t, alone), alone.Turn, alone.Await)
		}
		for id, want := range map[session.ID]int{s.ID: 1, alone.ID: 0} {
			history, err := p.History(t.Context(), id, 0, 100)
			must(t, err)
			late := len(slices.DeleteFunc(history, func(c session.Change) bool { return c.Cause != session.TimedOut }))
			if late != want {
				t.Errorf("time was up %d times, want %d", late, want)
			}
			p.verified(t, id, session.Equal)
		}
	}, bandOf(1))
}

// The rules of hard bots fail here. Their table goes on without them, and so do the others.
func TestABotThatFailsHoldsUpNobodyButItsTurn(t *testing.T) {
	onAllWith(t, func(t *testing.T, p *process, database string) {
		ann := p.guest(t)
		sick := p.table(t, session.Wish{Bots: []session.Bot{{Level: games.Hard}, {Level: games.Easy}}, Config: json.RawMessage(`{"bars":3}`)}, ann)
		well := p.table(t, session.Wish{Bots: easyBots(1)}, ann)
		p.advance(4 * time.Second)
		p.tick(t, 2)
		if s := p.read(t, well.ID); tune(t, s) != "1beasy" {
			t.Errorf("the other table: %q", tune(t, s))
		}
		if s := p.read(t, sick.ID); tune(t, s) != "2beasy" || !slices.Equal(s.Await, []int{0, 1}) {
			t.Errorf("its own table: %q, awaits %v", tune(t, s), s.Await)
		}
		p.plays(t, ann, sick.ID, "x")
		p.advance(70 * time.Second)
		_, err := raw(t, database).Exec("UPDATE sessions SET lease_until = 0") // the leases of those that failed are over
		must(t, err)
		_, err = p.clock.Step(t.Context())
		must(t, err)
		if s := p.read(t, sick.ID); s.Status != session.Active || s.Turn != 2 || !slices.Equal(s.Await, []int{0, 2}) {
			t.Errorf("%s: turn %d awaits %v; the deadline has passed for the bot too", s.Status, s.Turn, s.Await)
		}
		p.verified(t, sick.ID, session.Equal)
	}, bandOf(1))
}

func TestBotsSeatWhoHasWaitedLongEnough(t *testing.T) {
	onAllWith(t, func(t *testing.T, p *process, database string) {
		players := p.guests(t, 4)
		after := func(player notify.PlayerID, wait time.Duration) matchmaking.Ticket {
			made, err := p.tickets.Create(t.Context(), player, session.Wish{Game: "band", Role: "bass"}, wait, nil)
			must(t, err)
			return made
		}
		first := after(players[0], 30*time.Second)
		second := after(players[1], 50*time.Second)
		never := after(players[2], 0)
		next, err := p.tickets.NextBots(t.Context())
		if err != nil || !next.Equal(first.BotsAt) || !first.BotsAt.Equal(p.Now().Add(30*time.Second)) || !never.BotsAt.IsZero() {
			t.Fatalf("bots come at %s, %v; the first ticket says %s", next, err, first.BotsAt)
		}
		seat := func(want int) {
			t.Helper()
			if n, err := p.tickets.SeatBots(t.Context()); err != nil || n != want {
				t.Errorf("looked in %d buckets, %v; want %d", n, err, want)
			}
		}
		p.advance(30*time.Second - time.Millisecond)
		seat(0)
		p.advance(time.Millisecond)
		seat(1)
		matched, err := p.tickets.Get(t.Context(), players[0], first.ID)
		must(t, err)
		s := p.read(t, matched.Session)
		if s.Status != session.Active || len(s.Seats) != 3 || s.Seats[0].Player != players[0] || s.Seats[1].Bot != games.Normal || s.Seats[2].Bot != games.Normal {
			t.Errorf("%s with %+v", s.Status, s.Seats)
		}
		if got := p.told(t, players[0]); got != "matched your_turn" {
			t.Errorf("told %q", got)
		}
		for _, waits := range []matchmaking.Ticket{second, never} {
			if got, err := p.Ticket(t.Context(), waits.ID); err != nil || got.Status != matchmaking.Waiting {
				t.Errorf("%+v, %v", got, err)
			}
		}
		seat(0)
		p.advance(time.Hour)
		seat(1)
		if next, err := p.tickets.NextBots(t.Context()); err != nil || !next.Equal(session.Never) {
			t.Errorf("nobody is left whom bots may play with: %s, %v", next, err)
		}
		p.noTrace(t, database)
	}, bandOf(3, "voice", "bass", "drums"))
}

func TestWhatCountsAsATableWithBots(t *testing.T) {
	onAllWith(t, func(t *testing.T, p *process, _ string) {
		ann, bob, cid := p.guest(t), p.guest(t), p.guest(t)
		count := func(title string, player notify.PlayerID, want int) {
			t.Helper()
			if n, err := p.BotTables(t.Context(), player, session.MaxBotTables); err != nil || n != want {
				t.Errorf("%s: %d, %v; want %d", title, n, err, want)
			}
		}
		count("none", ann, 0)
		p.table(t, session.Wish{Seats: 2}, ann, bob)
		p.table(t, session.Wish{Game: "pile", Seats: 3}, ann, bob)
		count("people alone", ann, 0)
		many := p.table(t, session.Wish{Bots: easyBots(3)}, ann)
		count("three bots at one table", ann, 1)
		waits := p.table(t, session.Wish{Seats: 4, Bots: easyBots(1)}, ann, bob)
		count("one that waits", ann, 2)
		count("who came to it", bob, 1)
		must(t, p.sessions.Leave(t.Context(), bob, waits.ID))
		count("who left it", bob, 0)
		p.forfeits(t, ann, many.ID)
		count("one is over", ann, 1)
		_, err := p.tickets.Create(t.Context(), bob, session.Wish{Game: "band", Seats: 2}, time.Second, nil)
		must(t, err)
		count("a ticket", bob, 0)
		p.advance(time.Second)
		_, err = p.tickets.SeatBots(t.Context())
		must(t, err)
		count("what became of it", bob, 1)
		count("somebody else", cid, 0)
		for range 3 {
			p.table(t, session.Wish{Bots: easyBots(1)}, cid)
		}
		if n, err := p.BotTables(t.Context(), cid, 2); err != nil || n != 2 {
			t.Errorf("three, counted up to two: %d, %v", n, err)
		}
	}, bandOf(1), pileGame())
}

// Somebody who has enough tables with bots gets no more, in whatever way they ask, until one of these is over.
func TestNobodyHasBotsWithoutBound(t *testing.T) {
	onAllWith(t, func(t *testing.T, p *process, database string) {
		ann, bob := p.guest(t), p.guest(t)
		wish := session.Wish{Game: "band", Bots: easyBots(1)}
		key := &session.Key{Player: ann, Value: "k", Fingerprint: "f"}
		past := p.table(t, wish, ann)
		p.forfeits(t, ann, past.ID)
		last, err := p.sessions.Create(t.Context(), ann, wish, key)
		must(t, err)
		for range session.MaxBotTables - 1 {
			p.table(t, wish, ann)
		}
		ways := []struct {
			what string
			get  func() (session.Session, error)
		}{
			{"a table", func() (session.Session, error) { return p.sessions.Create(t.Context(), ann, wish, nil) }},
			{"a rematch", func() (session.Session, error) { return p.sessions.Rematch(t.Context(), ann, "", past.ID) }},
			{"a ticket for bots", func() (session.Session, error) {
				_, err := p.tickets.Create(t.Context(), ann, session.Wish{Game: "band", Seats: 2}, time.Minute, nil)
				return session.Session{}, err
			}},
		}
		before := sessionsIn(t, database)
		for _, way := range ways {
			if _, err := way.get(); !errors.Is(err, session.ErrTooManyBots) {
				t.Errorf("%s: %v", way.what, err)
			}
		}
		if n := sessionsIn(t, database); n != before {
			t.Errorf("%d tables were made of it", n-before)
		}
		if again, err := p.sessions.Create(t.Context(), ann, wish, key); err != nil || again.ID != last.ID {
			t.Errorf("what was made already: %s, %v", again.ID, err)
		}
		_, err = p.sessions.Create(t.Context(), ann, session.Wish{Game: "band", Seats: 2}, nil)
		must(t, err)
		_, err = p.tickets.Create(t.Context(), ann, session.Wish{Game: "band", Seats: 2}, 0, nil)
		must(t, err)
		p.table(t, wish, bob)
		for _, way := range ways {
			p.forfeits(t, ann, last.ID)
			if last, err = way.get(); err != nil {
				t.Errorf("one is over, and %s: %v", way.what, err)
			}
		}
	}, bandOf(1))
}

func TestATicketForBotsOfAGameWithoutIsRefused(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		_, err := p.tickets.Create(t.Context(), p.guest(t), session.Wish{Game: "pile"}, time.Minute, nil)
		var invalid *games.Invalid
		if !errors.As(err, &invalid) || invalid.Issues[0].Location != "body.bot_after_seconds" {
			t.Errorf("%v", err)
		}
	})
}

// flood fills a bucket with tickets, of a role each, a millisecond after one another.
func (p *process) flood(t *testing.T, player notify.PlayerID, n int, role string) (last matchmaking.Ticket) {
	t.Helper()
	for range n {
		p.advance(time.Millisecond)
		last = p.waits(t, player, role, 0)
	}
	return last
}

func (p *process) waits(t *testing.T, player notify.PlayerID, role string, bots time.Duration) matchmaking.Ticket {
	t.Helper()
	ticket := p.ticketOf(string(player))
	ticket.Wish = session.Wish{Game: "band", Config: json.RawMessage(`{}`), TurnSeconds: 60, Seats: 3, Role: role}
	if bots > 0 {
		ticket.BotsAt = p.Now().Add(bots)
	}
	must(t, p.AddTicket(t.Context(), ticket, 10_000, nil))
	return ticket
}

func TestManyOfOneRoleDoNotHideAnother(t *testing.T) {
	onAllWith(t, func(t *testing.T, p *process, _ string) {
		fighter := p.guest(t)
		p.flood(t, fighter, 60, "voice")
		p.advance(time.Millisecond)
		bass := p.waits(t, p.guest(t), "bass", 0)
		p.advance(time.Millisecond)
		drums := p.waits(t, p.guest(t), "drums", 0)
		roles := []string{"", "voice", "bass", "drums"}
		open, _, err := p.OpenTickets(t.Context(), bass.Bucket(), roles, p.Now(), 0, 50)
		must(t, err)
		if n := len(open); n != 12 || open[n-2].ID != bass.ID || open[n-1].ID != drums.ID {
			t.Errorf("of 62 tickets %d are open, the last of them %+v", n, open[n-1])
		}
		if !slices.IsSortedFunc(open, func(a, b matchmaking.Ticket) int { return a.CreatedAt.Compare(b.CreatedAt) }) {
			t.Error("they are not in the order in which they came")
		}
		alike, _, err := p.OpenTickets(t.Context(), bass.Bucket(), nil, p.Now(), 0, 50)
		if err != nil || len(alike) != 50 || alike[49].Wish.Role != "voice" {
			t.Errorf("without roles %d are, %v", len(alike), err)
		}
		// One request more, and the whole party sits.
		_, err = p.tickets.Step(t.Context())
		must(t, err)
		if got, err := p.Ticket(t.Context(), drums.ID); err != nil || got.Status != matchmaking.Matched {
			t.Errorf("the drums are %s, %v", got.Status, err)
		}
	}, bandOf(3, "voice", "bass", "drums"))
}

// Many who keep each other apart do not stop a game: whoever comes is matched, with one of them or with the next.
func TestManyWhoAreApartDoNotHideTheOthers(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		apart := p.guests(t, 14)
		for i, one := range apart {
			for _, other := range apart[:i] {
				p.blocks(t, one, other)
			}
		}
		wish := session.Wish{Game: "tictactoe"}
		ann, bob := apart[13], p.guest(t) // ann is apart from all the others
		for _, one := range apart[:13] {
			for range matchmaking.MaxOpen {
				p.advance(time.Millisecond)
				_, err := p.tickets.Create(t.Context(), one, wish, 0, nil)
				must(t, err)
			}
		}
		p.advance(time.Millisecond)
		waits, err := p.tickets.Create(t.Context(), ann, wish, 0, nil)
		must(t, err)
		matched, err := p.tickets.Create(t.Context(), bob, wish, 0, nil)
		must(t, err)
		if waits.Status != matchmaking.Waiting || matched.Status != matchmaking.Matched || p.read(t, matched.Session).Seats[0].Player != apart[0] {
			t.Errorf("ann's ticket is %s, bob's %s: he plays whoever has waited longest", waits.Status, matched.Status)
		}
		for _, one := range apart[:13] {
			p.blocks(t, bob, one)
		}
		matched, err = p.tickets.Create(t.Context(), bob, wish, 0, nil)
		must(t, err)
		if matched.Status != matchmaking.Matched || p.read(t, matched.Session).Seats[0].Player != ann {
			t.Errorf("bob's ticket is %s: ann waits behind 259 others", matched.Status)
		}
	})
}

// A lot is an equal share of each role, and the next lot begins where it ended.
func TestOpenTicketsAreReadInLots(t *testing.T) {
	onAllWith(t, func(t *testing.T, p *process, _ string) {
		ann := p.guest(t)
		last := p.flood(t, ann, 7, "voice")
		p.flood(t, ann, 2, "bass")
		read := func(roles []string, limit int) (sizes string) {
			seen := map[matchmaking.TicketID]bool{}
			for lot, more := 0, true; more; lot++ {
				var open []matchmaking.Ticket
				var err error
				open, more, err = p.OpenTickets(t.Context(), last.Bucket(), roles, p.Now(), lot, limit)
				must(t, err)
				for _, ticket := range open {
					seen[ticket.ID] = true
				}
				sizes += fmt.Sprint(len(open), " ")
			}
			return fmt.Sprint(sizes, "of ", len(seen))
		}
		if got := read([]string{"voice", "bass"}, 9); got != "5 3 1 of 9" {
			t.Errorf("shares of three: %s", got)
		}
		if got := read(nil, 9); got != "9 0 of 9" {
			t.Errorf("all of them alike: %s", got)
		}
	}, bandOf(3, "voice", "bass", "drums"))
}

// Somebody who would play with bots must not have to wait for a hundred of their kind who would not.
func TestThePatientDoNotHideWhoWantsBots(t *testing.T) {
	onAllWith(t, func(t *testing.T, p *process, _ string) {
		p.flood(t, p.guest(t), 60, "voice")
		p.advance(time.Millisecond)
		ann := p.waits(t, p.guest(t), "voice", time.Minute)
		roles := []string{"", "voice", "bass", "drums"}
		for after, want := range map[time.Duration]int{59 * time.Second: 10, time.Minute: 11} {
			open, _, err := p.OpenTickets(t.Context(), ann.Bucket(), roles, p.Now().Add(after), 0, 50)
			must(t, err)
			if len(open) != want || (open[len(open)-1].ID == ann.ID) != (want == 11) {
				t.Errorf("after %s %d tickets are open, want %d", after, len(open), want)
			}
		}
		few, _, err := p.OpenTickets(t.Context(), ann.Bucket(), roles, p.Now().Add(time.Minute), 0, 1000)
		if err != nil || len(few) != 61 {
			t.Errorf("%d of 61 tickets, %v: each must come once", len(few), err)
		}
	}, bandOf(3, "voice", "bass", "drums"))
}

// botsPlay lets the clock play all bots that a turn awaits.
func (p *process) botsPlay(t *testing.T, id session.ID) session.Session {
	t.Helper()
	for {
		s := p.read(t, id)
		bot := slices.IndexFunc(s.Seats, func(seat session.Seat) bool { return seat.Bot != "" && s.MustMove(seat.Number) })
		if bot < 0 {
			return s
		}
		p.until(s)
		p.tick(t, 1)
	}
}

// Two people and two bots, to the end. In the second turn both people are late, and one of them comes back in the third.
func TestAWholeGameWithBots(t *testing.T) {
	onAllWith(t, func(t *testing.T, p *process, database string) {
		ann, bob := p.guest(t), p.guest(t)
		id := p.table(t, session.Wish{Seats: 4, Bots: easyBots(2), Config: json.RawMessage(`{"bars":3}`)}, ann, bob).ID
		p.botsPlay(t, id)
		p.plays(t, bob, id, "x")
		p.plays(t, ann, id, "x")
		s := p.botsPlay(t, id)
		p.until(s) // the reminder
		p.tick(t, 1)
		p.until(p.read(t, id))
		p.tick(t, 1)
		if s = p.read(t, id); s.Turn != 3 || !slices.Equal(s.Await, []int{1, 2}) {
			t.Fatalf("turn %d awaits %v, and only the bots were in time", s.Turn, s.Await)
		}
		_, err := p.sessions.Join(t.Context(), ann, s.JoinCode, "")
		must(t, err)
		p.botsPlay(t, id)
		if s = p.plays(t, ann, id, "y"); s.Status != session.Finished {
			t.Errorf("%s in turn %d", s.Status, s.Turn)
		}
		if got, want := tune(t, s), "1beasy 2beasy 3x 0x 1beasy 2beasy 1beasy 2beasy 0y"; got != want {
			t.Errorf("the tune is %q, want %q", got, want)
		}
		p.verified(t, id, session.Equal)
		p.noTrace(t, database)
	}, bandOf(1))
}
