package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"yourturn/games"
	"yourturn/notify"
	"yourturn/session"
	"yourturn/store"
	"yourturn/store/enginetest"
)

// over plays a session of tic-tac-toe to its end.
func (p *process) over(t *testing.T, s session.Session) session.Session {
	t.Helper()
	for _, n := range []int{0, 3, 1, 4, 2} {
		s = p.read(t, s.ID)
		_, _, err := p.sessions.Play(t.Context(), mover(s), "", s.ID, s.Turn, cell(n))
		must(t, err)
	}
	if s = p.read(t, s.ID); s.Status != session.Finished {
		t.Fatalf("%s", s.Status)
	}
	return s
}

func (p *process) again(t *testing.T, player notify.PlayerID, id session.ID) session.Session {
	t.Helper()
	s, err := p.sessions.Rematch(t.Context(), player, "", id)
	must(t, err)
	return s
}

func TestARematchBeginsWhenAllAreBack(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, database string) {
		ann, bob := p.guest(t), p.guest(t)
		old := p.over(t, p.match(t, ann, bob))
		opened := p.again(t, old.Seats[0].Player, old.ID)
		if opened.Status != session.Waiting || opened.Capacity != 2 || opened.TurnSeconds != old.TurnSeconds || string(opened.Config) != string(old.Config) {
			t.Fatalf("opened: %+v", opened)
		}
		if seat := opened.Seats[0]; len(opened.Seats) != 1 || seat.Number != 1 || seat.Player != old.Seats[0].Player {
			t.Errorf("seats %+v: everybody moves one on", opened.Seats)
		}
		named := p.read(t, old.ID)
		if named.Successor != opened.ID || named.Version != old.Version+1 || named.Status != session.Finished {
			t.Errorf("the old session names %q at version %d", named.Successor, named.Version)
		}
		feed, err := p.Messages(t.Context(), old.Seats[1].Player, 0, 100)
		must(t, err)
		if last := feed[len(feed)-1]; last.Kind != notify.RematchOffered || last.Session != string(old.ID) {
			t.Errorf("the other is told %+v", last)
		}
		for range 2 { // asked again
			if same := p.again(t, old.Seats[0].Player, old.ID); same.ID != opened.ID || same.Version != opened.Version {
				t.Errorf("asked again: %s at version %d", same.ID, same.Version)
			}
		}
		if p.read(t, old.ID).Version != named.Version {
			t.Error("asked again, and the old session changes")
		}
		begun := p.again(t, old.Seats[1].Player, old.ID)
		if begun.ID != opened.ID || begun.Status != session.Active || begun.Seats[0].Player != old.Seats[1].Player || begun.Seats[1].Player != old.Seats[0].Player {
			t.Errorf("begun: %+v", begun)
		}
		if same := p.again(t, old.Seats[0].Player, old.ID); same.ID != begun.ID || same.Version != begun.Version {
			t.Errorf("asked once more: %s at version %d", same.ID, same.Version)
		}
		for _, id := range []session.ID{old.ID, begun.ID} {
			p.verified(t, id, session.Equal)
		}
		if third := p.again(t, ann, p.over(t, begun).ID); third.ID == begun.ID || third.ID == old.ID {
			t.Errorf("the rematch of the rematch is %s", third.ID)
		}
		if n := sessionsIn(t, database); n != 3 {
			t.Errorf("%d sessions", n)
		}
	})
}

// Both see "Play again?" at the same instant, and their requests reach two servers.
func TestTwoAskForARematchAtTheSameInstant(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		one := open(t, database)
		two := one.node(t, nil, gamesOf()...)
		one.serve(nil, gamesOf()...)
		for range 5 {
			ann, bob := one.guest(t), one.guest(t)
			old := one.over(t, one.match(t, ann, bob))
			made := make([]session.Session, 4)
			var all sync.WaitGroup
			for i := range made {
				all.Go(func() {
					var err error
					made[i], err = []*process{one, two}[i%2].sessions.Rematch(context.Background(), []notify.PlayerID{ann, bob}[i/2], "", old.ID)
					if err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
			next := one.read(t, one.read(t, old.ID).Successor)
			for _, s := range made {
				if s.ID != next.ID {
					t.Errorf("one finds %q, the old session names %q", s.ID, next.ID)
				}
			}
			if next.Status != session.Active || len(next.Seats) != 2 || next.Seats[0].Player != old.Seats[1].Player {
				t.Errorf("%s with %+v", next.Status, next.Seats)
			}
			if after := one.read(t, old.ID); after.Version != old.Version+1 {
				t.Errorf("the old session has changed %d times", after.Version-old.Version)
			}
		}
		if n := sessionsIn(t, database); n != 10 {
			t.Errorf("%d sessions of five games and their rematches", n)
		}
		sound(t, database)
	})
}

// counted counts what a service asks of its store.
type counted struct {
	session.Store
	reads, commits int
}

func (c *counted) Session(ctx context.Context, id session.ID) (session.Session, error) {
	c.reads++
	return c.Store.Session(ctx, id)
}

func (c *counted) Commit(ctx context.Context, commit session.Commit) error {
	c.commits++
	return c.Store.Commit(ctx, commit)
}

// take returns how many reads and commits there were since the last look.
func (c *counted) take() (reads, commits int) {
	reads, commits = c.reads, c.commits
	c.reads, c.commits = 0, 0
	return reads, commits
}

// An insert of a session that is there already would fail the commits of everybody beside it, so none is tried.
func TestAskingAgainForARematchWritesNothing(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		var log strings.Builder
		p := open(t, database, func(o *store.Options) { o.Log = slog.New(slog.NewTextHandler(&log, nil)) })
		asks := &counted{Store: p.DB}
		p.serveFrom(asks, nil, gamesOf()...)
		ann, bob := p.guest(t), p.guest(t)
		old := p.over(t, p.match(t, ann, bob))
		asks.take()
		again := func(title string, player notify.PlayerID, want int) session.Session {
			t.Helper()
			s := p.again(t, player, old.ID)
			if _, commits := asks.take(); commits != want {
				t.Errorf("%s: %d commits, want %d", title, commits, want)
			}
			return s
		}
		again("ann opens the table, and the old session names it", ann, 2)
		again("ann again", ann, 0)
		next := again("bob sits down, and it begins", bob, 1)
		for _, player := range []notify.PlayerID{ann, bob} {
			again("while it is played", player, 0)
		}
		p.over(t, next)
		asks.take()
		again("when it is over", ann, 0)
		if log.Len() > 0 {
			t.Errorf("logged: %s", &log)
		}
		sound(t, database)
	})
}

// Who opens a table and leaves it again and again makes neither the way longer for those who ask, nor does it call the
// other each time.
func TestAbandonedRematchesAreLeftBehind(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, database string) {
		asks := &counted{Store: p.DB}
		p.serveFrom(asks, nil, gamesOf()...)
		ann, bob := p.guest(t), p.guest(t)
		old := p.over(t, p.match(t, ann, bob))
		before := p.told(t, bob)
		ways, tables := map[int]bool{}, map[session.ID]bool{}
		for n := range 6 {
			asks.take()
			table := p.again(t, ann, old.ID)
			if reads, _ := asks.take(); n > 0 { // the first has nothing to pass over
				ways[reads] = true
			}
			tables[table.ID] = true
			if named := p.read(t, old.ID); named.Successor != table.ID {
				t.Fatalf("the old session names %s, and ann sits at %s", named.Successor, table.ID)
			}
			must(t, p.sessions.Leave(t.Context(), ann, table.ID))
		}
		if len(ways) != 1 || len(tables) != 6 {
			t.Errorf("%d tables, found by reading sessions %v times", len(tables), ways)
		}
		want := before + " rematch_offered" + strings.Repeat(" session_updated", 5)
		if got := p.told(t, bob); got != want {
			t.Errorf("bob is told %q, want %q", got, want)
		}
		if last := p.again(t, bob, old.ID); tables[last.ID] || last.Status != session.Waiting {
			t.Errorf("bob finds %s %s", last.Status, last.ID)
		}
		p.verified(t, old.ID, session.Equal)
	})
}

func TestBotsComeAlongToARematch(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, database string) {
		p.serve(nil, bandOf(1), games.Define(trio{}))
		ann, bob := p.guest(t), p.guest(t)
		alone := p.table(t, session.Wish{Game: "trio", Bots: easyBots(2)}, ann)
		p.forfeits(t, ann, alone.ID)
		s := p.again(t, ann, alone.ID)
		if s.Status != session.Active || len(s.Seats) != 3 || s.Seats[0].Bot != games.Easy || s.Seats[1].Player != ann || s.Seats[2].Bot != games.Easy {
			t.Errorf("against bots alone it begins at once: %s with %+v", s.Status, s.Seats)
		}

		mixed := p.table(t, session.Wish{Game: "trio", Seats: 3, Bots: easyBots(1)}, ann, bob) // ann, bot, bob
		p.forfeits(t, ann, mixed.ID)
		p.forfeits(t, bob, mixed.ID)
		s = p.again(t, bob, mixed.ID)
		if s.Status != session.Waiting || len(s.Seats) != 2 || s.Seats[0].Player != bob || s.Seats[1].Bot != games.Easy || s.Seats[1].Number != 2 {
			t.Errorf("of two people one is back: %s with %+v", s.Status, s.Seats)
		}
		s = p.again(t, ann, mixed.ID)
		if s.Status != session.Active || s.Seats[1].Player != ann || s.Seats[2].Bot != games.Easy {
			t.Errorf("both are back: %s with %+v", s.Status, s.Seats)
		}
		p.verified(t, s.ID, session.Equal)
		p.noTrace(t, database)
	})
}

func (p *process) forfeits(t *testing.T, player notify.PlayerID, id session.ID) {
	t.Helper()
	_, err := p.sessions.Forfeit(t.Context(), player, "", id)
	must(t, err)
}

func TestARematchWhosePeopleHaveLeftIsPassedOver(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		ann, bob := p.guest(t), p.guest(t)
		old := p.over(t, p.match(t, ann, bob))
		abandoned := p.again(t, ann, old.ID)
		must(t, p.sessions.Leave(t.Context(), ann, abandoned.ID))
		second := p.again(t, bob, old.ID)
		if second.ID == abandoned.ID || second.Status != session.Waiting || p.read(t, old.ID).Successor != second.ID {
			t.Fatalf("bob finds %s %s, the old session names %s", second.Status, second.ID, p.read(t, old.ID).Successor)
		}
		p.advance(session.WaitingLife + time.Second)
		p.tick(t, 1)
		third := p.again(t, ann, old.ID)
		if third.ID == second.ID || p.read(t, second.ID).Status != session.Finished {
			t.Errorf("one that has waited in vain is not passed over: %s", third.ID)
		}
		if s := p.again(t, bob, old.ID); s.ID != third.ID || s.Status != session.Active {
			t.Errorf("bob finds %s %s", s.Status, s.ID)
		}
		p.over(t, third)
		if s := p.again(t, bob, old.ID); s.ID != third.ID || s.Status != session.Finished {
			t.Errorf("one that was played is the rematch for good, and bob finds %s %s", s.Status, s.ID)
		}
	})
}

func TestARematchIsRefused(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, database string) {
		ann, bob, eve := p.guest(t), p.guest(t), p.guest(t)
		playing := p.match(t, ann, bob)
		over := p.over(t, p.match(t, ann, bob))
		table, err := p.sessions.Create(t.Context(), ann, session.Wish{Game: "tictactoe"}, nil)
		must(t, err)
		abandoned, err := p.sessions.Create(t.Context(), ann, session.Wish{Game: "tictactoe"}, nil)
		must(t, err)
		_, err = p.sessions.Join(t.Context(), bob, abandoned.JoinCode, "")
		must(t, err)
		before := sessionsIn(t, database)
		for title, c := range map[string]struct {
			who  notify.PlayerID
			id   session.ID
			want error
		}{
			"it is played":      {ann, playing.ID, session.ErrNotOver},
			"it waits":          {ann, table.ID, session.ErrWaiting},
			"a stranger":        {eve, over.ID, session.ErrNotFound},
			"no such session":   {ann, "nowhere", session.ErrNotFound},
			"a bot's, nobody's": {"", over.ID, session.ErrNotFound},
		} {
			_, err := p.sessions.Rematch(t.Context(), c.who, "", c.id)
			if !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", title, err, c.want)
			}
			var refused *session.Refused
			if wants := !errors.Is(c.want, session.ErrNotFound); errors.As(err, &refused) != wants || wants && refused.Session.ID != c.id {
				t.Errorf("%s: %#v comes without its session, or with it to a stranger", title, err)
			}
		}
		p.advance(session.WaitingLife + time.Second) // the table has never begun
		_, err = p.clock.Step(t.Context())
		must(t, err)
		if _, err := p.sessions.Rematch(t.Context(), ann, "", table.ID); !errors.Is(err, session.ErrWaiting) {
			t.Errorf("of what was never played: %v", err)
		}
		if n := sessionsIn(t, database); n != before {
			t.Errorf("%d sessions were made", n-before)
		}
	})
}

// Who plays a game that takes latecomers need not wait for anybody, and comes back to whatever seat is free.
func TestARematchOfAGameWithLatecomersWaitsForNobody(t *testing.T) {
	onAllWith(t, func(t *testing.T, p *process, database string) {
		players := p.guests(t, 4)
		old := p.table(t, session.Wish{Seats: 4, Config: json.RawMessage(`{"bars":1}`)}, players...)
		for _, player := range players {
			p.plays(t, player, old.ID, "x")
		}
		order := []int{2, 0, 3, 1}
		for n, who := range order {
			s := p.again(t, players[who], old.ID)
			s = p.read(t, s.ID)
			if s.Status != session.Active || len(s.Seats) != n+1 || s.Seats[n].Number != n || s.Seats[n].Player != players[who] || !s.MustMove(n) {
				t.Fatalf("number %d is back: %s awaits %v, %+v", n, s.Status, s.Await, s.Seats)
			}
		}
		next := p.read(t, p.read(t, old.ID).Successor)
		for _, seat := range next.Seats {
			p.plays(t, seat.Player, next.ID, "y")
		}
		if s := p.read(t, next.ID); tune(t, s) != "0y 1y 2y 3y" || s.Status != session.Finished {
			t.Errorf("%s: %q", s.Status, tune(t, s))
		}
		p.verified(t, next.ID, session.Equal)
	}, bandOf(1))
}

func TestARematchOfAGameWithLatecomersHasItsLeastSeatsAndItsBots(t *testing.T) {
	onAllWith(t, func(t *testing.T, p *process, _ string) {
		players := p.guests(t, 2)
		old := p.table(t, session.Wish{Seats: 4, Bots: easyBots(2), Config: json.RawMessage(`{"bars":1}`)}, players...)
		for _, player := range players {
			p.forfeits(t, player, old.ID)
		}
		s := p.again(t, players[1], old.ID)
		if s.Status != session.Active || len(s.Seats) != 3 || !slices.Equal(s.Await, []int{0, 1, 2}) {
			t.Errorf("%s awaits %v: %+v", s.Status, s.Await, s.Seats)
		}
		if s = p.again(t, players[0], old.ID); len(s.Seats) != 4 || s.Seats[3].Player != players[0] {
			t.Errorf("%+v", s.Seats)
		}
		p.verified(t, s.ID, session.Equal)

		pair := p.table(t, session.Wish{Seats: 3, Config: json.RawMessage(`{"bars":1}`)}, append(players, p.guest(t))...)
		for _, seat := range pair.Seats {
			p.plays(t, seat.Player, pair.ID, "x")
		}
		s = p.again(t, players[1], pair.ID) // seat 1 of three, and two must be there
		if s.Status != session.Waiting || s.Capacity != 2 {
			t.Errorf("%s for %d", s.Status, s.Capacity)
		}
		if s = p.again(t, players[0], pair.ID); s.Status != session.Active || s.Seats[0].Player != players[1] || s.Seats[1].Player != players[0] {
			t.Errorf("%s with %+v", s.Status, s.Seats)
		}
		p.verified(t, s.ID, session.Equal)
	}, bandOf(2))
}
