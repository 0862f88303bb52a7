package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"yourturn/games"
	"yourturn/session"
	"yourturn/store/enginetest"
)

// Whatever happens first to a session of older rules, it is taken over before, by a change of its own.
func TestTheNextActOfAnyKindTakesASessionOver(t *testing.T) {
	for title, act := range map[string]func(t *testing.T, p *process, s session.Session){
		"a move":      func(t *testing.T, p *process, s session.Session) { p.plays(t, s.Seats[1].Player, s.ID, "y") },
		"a forfeit":   func(t *testing.T, p *process, s session.Session) { p.forfeits(t, s.Seats[2].Player, s.ID) },
		"the clock's": func(t *testing.T, p *process, s session.Session) { p.until(s); p.tick(t, 1) },
		"a newcomer's": func(t *testing.T, p *process, s session.Session) {
			_, err := p.sessions.Join(t.Context(), p.guest(t), s.JoinCode, "")
			must(t, err)
		},
		"nothing else": func(t *testing.T, p *process, s session.Session) {
			_, err := p.sessions.Join(t.Context(), s.Seats[1].Player, s.JoinCode, "")
			must(t, err)
		},
		"a refused one": func(t *testing.T, p *process, s session.Session) {
			if _, _, err := p.play(s.Seats[1].Player, s.ID, 1, ""); err == nil {
				t.Error("silence was taken")
			}
		},
	} {
		t.Run(title, func(t *testing.T) {
			database := "sqlite:" + t.TempDir() + "/yourturn.db"
			p := open(t, database)
			p.serve(nil, editionOf(1))
			s := p.table(t, session.Wish{Seats: 3, Config: threeBars}, p.guests(t, 3)...)
			p.plays(t, s.Seats[0].Player, s.ID, "x")
			s = p.read(t, s.ID)
			p.serve(nil, faithfulOf(2))
			p.verified(t, s.ID, session.Migrates)
			act(t, p, s)
			after := p.read(t, s.ID)
			history, err := p.History(t.Context(), s.ID, s.Version, 10)
			must(t, err)
			if after.RulesVersion != 2 || len(history) == 0 || history[0].Cause != session.Migrated || history[0].Turn != s.Turn {
				t.Fatalf("version %d of the rules, and then %+v", after.RulesVersion, history)
			}
			if got := tune(t, after); got != "0x v1" && got != "0x v1 1y" {
				t.Errorf("the tune is %q", got)
			}
			p.verified(t, s.ID, session.Equal)
			if _, err := p.sessions.GetAt(t.Context(), s.Seats[0].Player, s.ID, s.Version); !errors.Is(err, session.ErrOtherRules) {
				t.Errorf("as it was before: %v", err)
			}
			then, err := p.sessions.GetAt(t.Context(), s.Seats[0].Player, s.ID, s.Version+1)
			if err != nil || then.RulesVersion != 2 || tune(t, then) != "0x v1" {
				t.Errorf("as it was taken over: %+v, %v", then, err)
			}
			sound(t, database)
		})
	}
}

// A migration in every store: the table that it keeps, the rules' version, the sessions that it leaves alone.
func TestASessionIsPlayedOnUnderNewerRules(t *testing.T) {
	onAllWith(t, func(t *testing.T, p *process, _ string) {
		ann, bob := p.guest(t), p.guest(t)
		s := p.table(t, session.Wish{Seats: 3, Bots: easyBots(1), Config: json.RawMessage(`{"bars":2}`)}, ann, bob)
		_, first, err := p.play(ann, s.ID, 1, "x")
		must(t, err)
		over := p.table(t, session.Wish{Config: threeBars}, ann)
		p.forfeits(t, ann, over.ID)
		waiting, err := p.sessions.Create(t.Context(), ann, session.Wish{Game: "band", Seats: 2}, nil)
		must(t, err)
		s = p.read(t, s.ID)

		p.serve(nil, faithfulOf(2))
		view, err := p.sessions.ViewFor(s, 0)
		if err != nil || string(view.State) != `{"tune":"0x v1 "}` || p.read(t, s.ID).Version != s.Version {
			t.Errorf("looked at: %s, %v", view.State, err)
		}
		_, same, err := p.play(ann, s.ID, 1, "x")
		if err != nil || same != first {
			t.Errorf("the same move again: %+v, %v", same, err)
		}
		p.botsPlay(t, s.ID)
		p.plays(t, bob, s.ID, "y")
		p.botsPlay(t, s.ID)
		p.plays(t, ann, s.ID, "z")
		done := p.plays(t, bob, s.ID, "z")
		if got := tune(t, done); got != "0x v1 1beasy 2y 1beasy 0z 2z" || done.Status != session.Finished {
			t.Errorf("%s: %q", done.Status, got)
		}
		p.verified(t, s.ID, session.Equal)

		if _, err := p.sessions.Join(t.Context(), bob, waiting.JoinCode, ""); err != nil {
			t.Error(err)
		}
		if after := p.read(t, waiting.ID); after.RulesVersion != 2 || after.Status != session.Active || after.Version != waiting.Version+3 {
			t.Errorf("a table that waited: version %d of the rules, %s at version %d", after.RulesVersion, after.Status, after.Version)
		}
		p.verified(t, waiting.ID, session.Equal)
		p.verified(t, over.ID, session.Kept)
		if again := p.again(t, ann, over.ID); again.RulesVersion != 2 {
			t.Errorf("a rematch of what older rules have played is played by version %d", again.RulesVersion)
		}
		if after := p.read(t, over.ID); after.RulesVersion != 1 || after.Successor == "" {
			t.Errorf("what is over is of version %d now, followed by %q", after.RulesVersion, after.Successor)
		}
	}, editionOf(1))
}

// Rules that cannot take a session over refuse to play it, and nothing else.
func TestASessionThatCannotBeTakenOver(t *testing.T) {
	onAllWith(t, func(t *testing.T, p *process, database string) {
		players := p.guests(t, 4)
		s := p.table(t, session.Wish{Seats: 3, Config: threeBars}, players[:3]...)
		_, first, err := p.play(players[0], s.ID, 1, "x")
		must(t, err)
		s = p.read(t, s.ID)
		waiting := p.table(t, session.Wish{Seats: 4}, players[0], players[1])
		p.serve(nil, editionOf(2))

		_, _, move := p.play(players[1], s.ID, 1, "y")
		_, _, silence := p.play(players[1], s.ID, 1, "")
		_, _, nonsense := p.sessions.Play(t.Context(), players[1], "", s.ID, 1, json.RawMessage(`{"chard":"y"}`))
		_, latecomer := p.sessions.Join(t.Context(), players[3], s.JoinCode, "")
		for title, err := range map[string]error{
			"a move": move, "one that the rules would refuse": silence, "one that does not fit": nonsense, "a latecomer": latecomer,
		} {
			var refused *session.Refused
			if !errors.Is(err, session.ErrOtherRules) || !errors.As(err, &refused) || refused.Session.ID != s.ID || refused.Session.Version != s.Version {
				t.Errorf("%s: %v", title, err)
			}
		}
		if _, same, err := p.play(players[0], s.ID, 1, "x"); err != nil || same != first {
			t.Errorf("the same move again: %+v, %v", same, err)
		}
		if _, _, err := p.play(players[0], s.ID, 1, "y"); !errors.Is(err, session.ErrAlreadyMoved) {
			t.Errorf("another in its place: %v", err)
		}
		if _, err := p.sessions.ViewFor(s, 0); !errors.Is(err, session.ErrOtherRules) {
			t.Errorf("its view: %v", err)
		}
		if _, err := p.sessions.GetAt(t.Context(), players[0], s.ID, 2); !errors.Is(err, session.ErrOtherRules) {
			t.Errorf("as it was: %v", err)
		}
		if events, _, err := p.sessions.Events(t.Context(), players[0], s.ID, 0, 100); err != nil || len(events) < 5 {
			t.Errorf("its history: %d events, %v", len(events), err)
		}
		if _, err := p.sessions.Verify(t.Context(), s.ID); !errors.Is(err, session.ErrOtherRules) {
			t.Errorf("verify: %v", err)
		}

		p.advance(24 * time.Hour) // long past the deadline
		for range 3 {
			for _, n := range []int{1, 0} {
				p.tick(t, n)
			}
			after := p.read(t, s.ID)
			if after.Status != session.Active || after.Version != s.Version || !after.Due.Equal(p.Now().Add(time.Minute)) {
				t.Fatalf("%s at version %d, due in %s", after.Status, after.Version, after.Due.Sub(p.Now()))
			}
			p.until(after)
		}

		must(t, p.sessions.Leave(t.Context(), players[0], waiting.ID))
		if after := p.read(t, waiting.ID); len(after.Seats) != 1 {
			t.Errorf("%+v", after.Seats)
		}
		p.forfeits(t, players[1], s.ID)
		if after := p.read(t, s.ID); after.Status != session.Finished || after.RulesVersion != 1 || !after.Seats[1].Left || after.Seats[0].Left {
			t.Errorf("given up: %s of version %d, %+v", after.Status, after.RulesVersion, after.Seats)
		}
		p.verified(t, s.ID, session.Kept)
		next, err := p.clock.Next(t.Context())
		if left := p.read(t, waiting.ID); err != nil || !next.Equal(left.Due) {
			t.Errorf("the clock looks again at %s, %v", next, err)
		}
	}, editionOf(1))
}

func TestATableWhoseConfigIsRefusedIsNotAdopted(t *testing.T) {
	onAllWith(t, func(t *testing.T, p *process, database string) {
		ann, bob := p.guest(t), p.guest(t)
		s, err := p.sessions.Create(t.Context(), ann, session.Wish{Game: "band", Seats: 3}, nil)
		must(t, err)
		_, err = raw(t, database).Exec(`UPDATE sessions SET config = '{"beats":3}'`) // of which version 2 knows nothing any more
		must(t, err)
		p.serve(nil, faithfulOf(2))
		if _, err := p.sessions.Join(t.Context(), bob, s.JoinCode, ""); !errors.Is(err, session.ErrOtherRules) {
			t.Errorf("joined: %v", err)
		}
		must(t, p.sessions.Leave(t.Context(), ann, s.ID))
		if after := p.read(t, s.ID); after.Status != session.Finished || after.RulesVersion != 1 {
			t.Errorf("%s of version %d", after.Status, after.RulesVersion)
		}
	}, editionOf(1))
}

// Nor do bots think about a state that is not of their rules: the session rests like any other.
func TestBotsOfASessionThatCannotBeTakenOverRest(t *testing.T) {
	onAllWith(t, func(t *testing.T, p *process, _ string) {
		s := p.table(t, session.Wish{Bots: []session.Bot{{Level: games.Hard}}}, p.guest(t)) // which would panic
		p.serve(nil, editionOf(2))
		p.until(s)
		for _, n := range []int{1, 0} {
			p.tick(t, n)
		}
		if after := p.read(t, s.ID); after.Version != s.Version || !after.Due.Equal(p.Now().Add(time.Minute)) {
			t.Errorf("version %d, due in %s", after.Version, after.Due.Sub(p.Now()))
		}
	}, editionOf(1))
}

// While servers are exchanged one after the other, the older ones leave alone what the newer ones have taken over.
func TestAnOlderServerLeavesNewerSessionsToOthers(t *testing.T) {
	onAllWith(t, func(t *testing.T, p *process, _ string) {
		newer := p.node(t, nil, faithfulOf(2))
		ann, bob := p.guest(t), p.guest(t)
		s := newer.table(t, session.Wish{Seats: 3, Bots: easyBots(1), Config: threeBars}, ann, bob)
		p.until(s)
		p.tick(t, 0)
		if after := p.read(t, s.ID); after.Version != s.Version || !after.Due.Equal(s.Due) {
			t.Errorf("an older server makes version %d of it, due %s, was %s", after.Version, after.Due, s.Due)
		}
		if _, _, err := p.play(ann, s.ID, 1, "x"); !errors.Is(err, session.ErrOtherRules) {
			t.Errorf("plays: %v", err)
		}
		if _, err := p.sessions.Forfeit(t.Context(), ann, "", s.ID); !errors.Is(err, session.ErrOtherRules) {
			t.Errorf("gives up, and the newer rules would go on without: %v", err)
		}
		newer.tick(t, 1) // it is held by nobody
		newer.plays(t, ann, s.ID, "x")
		newer.forfeits(t, bob, s.ID)
		if after := p.read(t, s.ID); tune(t, after) != "1beasy 0x" || after.Status != session.Active || after.Turn != 2 {
			t.Errorf("%s in turn %d: %q", after.Status, after.Turn, tune(t, after))
		}
		newer.verified(t, s.ID, session.Equal)
	}, editionOf(1))
}

// pile moves are kept until the last. Those that were taken by older rules count under the newer ones.
type taller struct{ pile }

func (taller) Describe() games.Info {
	info := pile{}.Describe()
	info.Version = 2
	return info
}

func (taller) Migrate(_ int, raw json.RawMessage) (s pileState, err error) {
	err = json.Unmarshal(raw, &s)
	s.Sum += 100
	return s, err
}

func TestKeptMovesSurviveAMigration(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		ann, bob := p.guest(t), p.guest(t)
		s := p.table(t, session.Wish{Game: "pile", Seats: 3, Config: json.RawMessage(`{"height":900}`)}, ann, bob, p.guest(t))
		add := func(p *process, seat, turn int, n string) {
			t.Helper()
			_, _, err := p.sessions.Play(t.Context(), s.Seats[seat].Player, "", s.ID, int64(turn), json.RawMessage(`{"add":`+n+`}`))
			must(t, err)
		}
		add(p, 2, 1, "3")
		p.serve(nil, games.Define(taller{}))
		add(p, 0, 1, "1")
		if after := p.read(t, s.ID); after.RulesVersion != 2 || len(after.Pending) != 2 || !slices.Equal(after.Await, []int{1}) || !after.Deadline.Equal(s.Deadline) {
			t.Fatalf("%+v", after)
		}
		p.verified(t, s.ID, session.Equal)
		add(p, 2, 1, "3") // taken by the older rules
		add(p, 1, 1, "2")
		var state pileState
		must(t, json.Unmarshal(p.read(t, s.ID).State, &state))
		if state.Sum != 106 {
			t.Errorf("the pile is %d high, want 106", state.Sum)
		}
		p.verified(t, s.ID, session.Equal)
	})
}

// lower piles take no threes any more, also none that was taken before.
type lower struct {
	taller
	version int
}

func (g lower) Describe() games.Info {
	info := g.taller.Describe()
	info.Version = g.version
	return info
}

func (g lower) Apply(s pileState, seat int, m pileMove, env games.Env) (games.Step[pileState], error) {
	if g.version == 2 && m.Add == 3 {
		return games.Step[pileState]{}, games.Refuse("too-high", "That is too much at once.")
	}
	return g.taller.Apply(s, seat, m, env)
}

// A move that waits and that newer rules refuse is found by whoever verifies before the deployment. If nobody did, the
// session rests until other rules are there.
func TestKeptMovesThatNewerRulesRefuse(t *testing.T) {
	onAllWith(t, func(t *testing.T, p *process, _ string) {
		players := p.guests(t, 3)
		wish := session.Wish{Game: "pile", Seats: 3, Config: json.RawMessage(`{"height":900}`)}
		s, given := p.table(t, wish, players...), p.table(t, wish, players...)
		add := func(s session.Session, seat int, n string) error {
			_, _, err := p.sessions.Play(t.Context(), s.Seats[seat].Player, "", s.ID, 1, json.RawMessage(`{"add":`+n+`}`))
			return err
		}
		must(t, add(s, 2, "3"))
		must(t, add(given, 2, "3"))
		s = p.read(t, s.ID)

		p.serve(nil, games.Define(lower{version: 2}))
		if _, err := p.sessions.Verify(t.Context(), s.ID); !errors.Is(err, session.ErrOtherRules) || !strings.Contains(err.Error(), "seat 2") {
			t.Errorf("verify: %v", err)
		}
		for seat, n := range []string{"1", "2"} {
			var refused *session.Refused
			if err := add(s, seat, n); !errors.Is(err, session.ErrOtherRules) || !errors.As(err, &refused) || refused.Session.Version != s.Version {
				t.Errorf("seat %d moves: %v", seat, err)
			}
		}
		p.until(s)
		p.tick(t, 2)
		p.advance(24 * time.Hour)
		p.tick(t, 2)
		if after := p.read(t, s.ID); after.Status != session.Active || after.Version != s.Version || !after.Due.Equal(p.Now().Add(time.Minute)) {
			t.Errorf("%s at version %d, due in %s", after.Status, after.Version, after.Due.Sub(p.Now()))
		}
		p.forfeits(t, players[0], given.ID)
		if after := p.read(t, given.ID); after.Status != session.Finished {
			t.Errorf("given up: %s", after.Status)
		}

		p.serve(nil, games.Define(lower{version: 3}))
		p.verified(t, s.ID, session.Migrates)
		must(t, add(s, 0, "1"))
		must(t, add(s, 1, "2"))
		var state pileState
		after := p.read(t, s.ID)
		must(t, json.Unmarshal(after.State, &state))
		if state.Sum != 106 || after.Turn != 2 {
			t.Errorf("in turn %d the pile is %d high, want 106", after.Turn, state.Sum)
		}
		p.verified(t, s.ID, session.Equal)
	}, pileGame())
}

// Time that passed while no rules were there does not count against anybody.
func TestWhoCouldNotMoveGetsTheTimeAgain(t *testing.T) {
	onAllWith(t, func(t *testing.T, p *process, _ string) {
		ann, bob := p.guest(t), p.guest(t)
		s := p.table(t, session.Wish{Seats: 2, Config: threeBars}, ann, bob)
		p.plays(t, ann, s.ID, "x")
		p.serve(nil, editionOf(2)) // a mistake
		p.advance(3 * time.Hour)
		p.tick(t, 1)
		p.serve(nil, faithfulOf(3)) // its correction
		p.advance(time.Hour)
		p.tick(t, 1)
		after := p.read(t, s.ID)
		if after.Status != session.Active || after.Turn != 1 || !slices.Equal(after.Await, []int{1}) || !after.Deadline.Equal(p.Now().Add(time.Minute)) {
			t.Fatalf("%s: turn %d awaits %v until %s, now is %s", after.Status, after.Turn, after.Await, after.Deadline, p.Now())
		}
		p.until(after)
		p.tick(t, 1)
		if got := p.told(t, bob); got != "matched your_turn session_updated turn_reminder" {
			t.Errorf("bob is told %q", got)
		}
		p.plays(t, bob, s.ID, "y")
		p.verified(t, s.ID, session.Equal)
	}, editionOf(1))
}

func TestTwoServersTakeASessionOverOnce(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		one := open(t, database)
		one.serve(nil, editionOf(1))
		players := one.guests(t, 4)
		s := one.table(t, session.Wish{Seats: 4, Config: threeBars}, players...)
		one.serve(nil, faithfulOf(2))
		two := one.node(t, nil, faithfulOf(2))
		var all sync.WaitGroup
		for i, player := range players {
			all.Go(func() {
				if _, _, err := []*process{one, two}[i%2].play(player, s.ID, 1, "x"); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		history, err := one.History(context.Background(), s.ID, 0, 100)
		must(t, err)
		migrations := 0
		for _, c := range history {
			if c.Cause == session.Migrated {
				migrations++
			}
		}
		if after := one.read(t, s.ID); migrations != 1 || after.Turn != 2 {
			t.Errorf("%d migrations, and turn %d", migrations, after.Turn)
		}
		one.verified(t, s.ID, session.Equal)
		sound(t, database)
	})
}
