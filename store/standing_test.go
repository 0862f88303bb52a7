package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"yourturn/notify"
	"yourturn/session"
	"yourturn/store/enginetest"
)

var bandIsOpen = map[string]json.RawMessage{"band": json.RawMessage(`{"bars":1}`)}

// enters the open session of the band.
func (p *process) enters(t *testing.T, player notify.PlayerID) session.Session {
	t.Helper()
	s, err := p.sessions.Enter(t.Context(), player, "band")
	must(t, err)
	return s
}

func sessionsIn(t *testing.T, database string) int64 {
	t.Helper()
	return number(t, raw(t, database), "SELECT COUNT(*) FROM sessions")
}

func TestAnybodyEntersTheSessionThatStandsOpen(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, database string) {
		p.serve(bandIsOpen, bandOf(1))
		ann, bob := p.guest(t), p.guest(t)
		s := p.enters(t, ann)
		if s.Status != session.Active || !s.Public || s.JoinCode != "" || len(s.Seats) != 1 || string(s.Config) != `{"bars":1}` {
			t.Fatalf("the first finds %+v", s)
		}
		again := p.enters(t, ann)
		if again.ID != s.ID || again.Version != s.Version {
			t.Errorf("the first again finds %s at version %d, was %s at %d", again.ID, again.Version, s.ID, s.Version)
		}
		second := p.enters(t, bob)
		if second.ID != s.ID || len(second.Seats) != 2 || !second.MustMove(1) || sessionsIn(t, database) != 1 {
			t.Errorf("the second finds %+v", second)
		}
		if got := p.told(t, bob); got != "your_turn" {
			t.Errorf("told %q", got)
		}
		p.verified(t, s.ID, session.Equal)
	})
}

func TestTheSuccessorOfAnOpenSessionIsTheOneItNamed(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, database string) {
		p.serve(bandIsOpen, bandOf(1))
		ann, bob, cid := p.guest(t), p.guest(t), p.guest(t)
		s := p.enters(t, ann)
		p.enters(t, bob)
		p.plays(t, ann, s.ID, "x")
		over := p.plays(t, bob, s.ID, "y")
		if over.Status != session.Finished || over.Successor == "" {
			t.Fatalf("%s, followed by %q", over.Status, over.Successor)
		}
		feed, err := p.Messages(t.Context(), ann, 0, 100)
		must(t, err)
		if last := feed[len(feed)-1]; last.Kind != notify.SessionFinished || !strings.Contains(string(last.Data), `"successor":"`+string(over.Successor)+`"`) {
			t.Errorf("the last message is %s: %s", last.Kind, last.Data)
		}
		if _, err := p.sessions.Get(t.Context(), ann, over.Successor); !errors.Is(err, session.ErrNotFound) {
			t.Errorf("the next one is there before anybody wants it: %v", err)
		}
		if next := p.enters(t, cid); next.ID != over.Successor || len(next.Seats) != 1 {
			t.Errorf("a newcomer finds %s with %d seats, want %s", next.ID, len(next.Seats), over.Successor)
		}
		if next := p.enters(t, ann); next.ID != over.Successor || next.Status != session.Active || len(next.Seats) != 2 {
			t.Errorf("who sat in the last one finds %s %s", next.Status, next.ID)
		}
		if next, err := p.sessions.Rematch(t.Context(), bob, "", s.ID); err != nil || next.ID != over.Successor || len(next.Seats) != 3 {
			t.Errorf("who wants a rematch of it finds %s, %v", next.ID, err)
		}
		if n := sessionsIn(t, database); n != 2 {
			t.Errorf("%d sessions", n)
		}
		p.verified(t, s.ID, session.Equal)
	})
}

func TestAFullOpenSessionMakesRoomForTheNext(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, database string) {
		p.serve(bandIsOpen, bandOf(1))
		players := p.guests(t, 9)
		tables := map[session.ID]int{}
		for _, player := range players {
			tables[p.enters(t, player).ID]++
		}
		full := 0
		for _, seats := range tables {
			if seats == 4 {
				full++
			}
		}
		if len(tables) != 3 || full != 2 {
			t.Errorf("nine people sit at %v", tables)
		}
		if again := p.enters(t, players[8]); tables[again.ID] != 1 {
			t.Errorf("the last finds a table of %d", tables[again.ID])
		}
	})
}

// A game without latecomers stands open as long as it waits.
func TestAnOpenSessionOfAGameThatWaitsForItsSeats(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		n := p.node(t, map[string]json.RawMessage{"pile": json.RawMessage(`{}`)}, pileGame())
		ann, bob, cid := n.guest(t), n.guest(t), n.guest(t)
		enter := func(player notify.PlayerID) session.Session {
			s, err := n.sessions.Enter(t.Context(), player, "pile")
			must(t, err)
			return s
		}
		first := enter(ann)
		if first.Status != session.Waiting {
			t.Fatalf("one of two has come, and it is %s", first.Status)
		}
		if s := enter(bob); s.ID != first.ID || s.Status != session.Active {
			t.Errorf("two of two have come, and it is %s", s.Status)
		}
		if s := enter(cid); s.ID == first.ID || s.Status != session.Waiting {
			t.Errorf("the third finds %s %s", s.Status, s.ID)
		}
	})
}

func TestTwoNodesOpenOneSession(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		one := open(t, database)
		one.serve(bandIsOpen, bandOf(1))
		two := one.node(t, bandIsOpen, bandOf(1))
		players := one.guests(t, 8)
		for round := range 2 { // when there is none, and when one is over
			ids := make([]session.ID, 4)
			var all sync.WaitGroup
			for i := range ids {
				all.Go(func() {
					s, err := []*process{one, two}[i%2].sessions.Enter(context.Background(), players[4*round+i], "band")
					if err != nil {
						t.Error(err)
					}
					ids[i] = s.ID
				})
			}
			all.Wait()
			for _, id := range ids {
				if id == "" || id != ids[0] {
					t.Fatalf("round %d: four people at the same instant enter %v", round, ids)
				}
			}
			for i, player := range players[4*round : 4*round+4] {
				if s := one.plays(t, player, ids[0], "x"); (s.Status == session.Finished) != (i == 3) {
					t.Fatalf("%s after %d of four", s.Status, i+1)
				}
			}
		}
		if n := sessionsIn(t, database); n != 2 {
			t.Errorf("%d sessions", n)
		}
		sound(t, database)
	})
}

func TestOpenKeepsASessionThere(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, database string) {
		p.serve(bandIsOpen, bandOf(1))
		pass := func(want int64) session.Session {
			t.Helper()
			n, err := p.sessions.KeepOpen(t.Context())
			must(t, err)
			if n != 1 || sessionsIn(t, database) != want {
				t.Errorf("%d games are open, with %d sessions, want %d", n, sessionsIn(t, database), want)
			}
			id, err := p.Standing(t.Context(), "band")
			must(t, err)
			return p.read(t, id)
		}
		first := pass(1)
		if again := pass(1); again.ID != first.ID || again.Version != 1 || again.Status != session.Waiting || len(again.Seats) != 0 {
			t.Errorf("nobody has come, and there is %+v", again)
		}
		ann := p.guest(t)
		p.enters(t, ann)
		pass(1)
		_, err := p.sessions.Forfeit(t.Context(), ann, "", first.ID)
		must(t, err)
		second := pass(2)
		if second.ID != p.read(t, first.ID).Successor {
			t.Errorf("%s follows, want %s", second.ID, p.read(t, first.ID).Successor)
		}
		p.advance(session.WaitingLife + time.Second)
		p.tick(t, 1)
		if third := pass(3); third.ID != p.read(t, second.ID).Successor || p.read(t, second.ID).Status != session.Finished {
			t.Errorf("%s follows one that nobody entered for a week", third.ID)
		}
		if s := p.enters(t, ann); s.ID != pass(3).ID {
			t.Errorf("ann finds %s", s.ID)
		}
	})
}

func TestOnlyWhatStandsOpenCanBeEntered(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, database string) {
		p.serve(bandIsOpen, bandOf(1), pileGame())
		for _, game := range []string{"pile", "nothing"} {
			if _, err := p.sessions.Enter(t.Context(), p.guest(t), game); !errors.Is(err, session.ErrNotStanding) {
				t.Errorf("%s: %v", game, err)
			}
			if p.sessions.Stands(game) {
				t.Errorf("%s stands open", game)
			}
		}
		if !p.sessions.Stands("band") || sessionsIn(t, database) != 0 {
			t.Errorf("the band stands open: %v, and %d sessions were made", p.sessions.Stands("band"), sessionsIn(t, database))
		}
	})
}

func TestAWrongOpenGameIsFoundBeforeItIsServed(t *testing.T) {
	p := open(t, "sqlite:"+t.TempDir()+"/yourturn.db")
	for title, c := range map[string]struct {
		open map[string]json.RawMessage
		ok   bool
	}{
		"nothing":           {nil, true},
		"the band":          {bandIsOpen, true},
		"its defaults":      {map[string]json.RawMessage{"band": nil}, true},
		"no such game":      {map[string]json.RawMessage{"bend": nil}, false},
		"no such config":    {map[string]json.RawMessage{"band": json.RawMessage(`{"bar":1}`)}, false},
		"a config of sorts": {map[string]json.RawMessage{"band": json.RawMessage(`{"bars":`)}, false},
	} {
		p.serve(c.open, bandOf(1))
		if err := p.sessions.CheckOpen(); (err == nil) != c.ok {
			t.Errorf("%s: %v", title, err)
		}
	}
}

// After a deployment whose rules cannot take the open session over, people enter the next one; an older program, which is
// still there for a while, must not lead them away from the newer ones.
func TestAnOpenSessionOfOlderRulesIsPassedOver(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, database string) {
		p.serve(bandIsOpen, editionOf(2))
		older := p.node(t, bandIsOpen, editionOf(1))
		ann, bob := p.guest(t), p.guest(t)
		s := older.enters(t, ann)
		if next := p.enters(t, bob); next.ID == s.ID || next.RulesVersion != 2 {
			t.Errorf("bob finds %s of version %d", next.ID, next.RulesVersion)
		}
		if _, err := older.sessions.Enter(t.Context(), ann, "band"); !errors.Is(err, session.ErrOtherRules) {
			t.Errorf("an older program: %v", err)
		}
		if n := sessionsIn(t, database); n != 2 {
			t.Errorf("%d sessions", n)
		}

		renewed := p.node(t, bandIsOpen, editionOf(3))
		_, err := renewed.sessions.KeepOpen(t.Context())
		must(t, err)
		id, err := p.Standing(t.Context(), "band")
		must(t, err)
		if next := p.read(t, id); next.RulesVersion != 3 || next.Status != session.Waiting {
			t.Errorf("the open session is of version %d, %s", next.RulesVersion, next.Status)
		}
		faithful := p.node(t, bandIsOpen, faithfulOf(4))
		if next := faithful.enters(t, ann); next.ID != id || next.RulesVersion != 4 {
			t.Errorf("rules that can take it over find %s of version %d, want %s", next.ID, next.RulesVersion, id)
		}
	})
}
