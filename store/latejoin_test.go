package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"yourturn/session"
	"yourturn/store/enginetest"
)

var threeBars = json.RawMessage(`{"bars":3}`)

// A move that counts at once is remembered like any other: the same again is answered as before, another is refused, while
// the turn goes on and after it.
func TestAtOnceAMoveIsTakenExactlyOnce(t *testing.T) {
	onAllWith(t, func(t *testing.T, p *process, _ string) {
		ann, bob := p.guest(t), p.guest(t)
		s := p.table(t, session.Wish{Seats: 2, Config: threeBars}, ann, bob)
		_, first, err := p.play(ann, s.ID, 1, "x")
		must(t, err)
		again := func(title string, turn int64) {
			t.Helper()
			after, taken, err := p.play(ann, s.ID, 1, "x")
			if err != nil || taken != first || after.Turn != turn {
				t.Errorf("%s, the same again: %+v in turn %d, %v; want %+v", title, taken, after.Turn, err, first)
			}
			if _, _, err := p.play(ann, s.ID, 1, "y"); !errors.Is(err, session.ErrAlreadyMoved) {
				t.Errorf("%s, another: %v", title, err)
			}
		}
		again("inside the turn", 1)
		if first != (session.Taken{Turn: 1, Seat: 0, Version: s.Version + 1}) {
			t.Errorf("taken %+v", first)
		}
		if _, _, err := p.play(ann, s.ID, 2, "x"); !errors.Is(err, session.ErrStaleTurn) {
			t.Errorf("a move of the turn to come: %v", err)
		}
		_, second, err := p.play(bob, s.ID, 1, "z")
		must(t, err)
		again("after it", 2)
		if second.Turn != 1 || second.Version != first.Version+1 {
			t.Errorf("bob's is %+v", second)
		}
		if _, _, err := p.play(bob, s.ID, 1, "x"); !errors.Is(err, session.ErrAlreadyMoved) {
			t.Errorf("bob, another: %v", err)
		}
		p.plays(t, ann, s.ID, "x") // in the second turn it is a new one
		if got := tune(t, p.read(t, s.ID)); got != "0x 1z 0x" {
			t.Errorf("the tune is %q", got)
		}
		p.verified(t, s.ID, session.Equal)
	}, bandOf(1))
}

// A hidden move that counts at once leaves a note in the row, of which nothing is played at the deadline.
func TestAtOnceAHiddenMoveSurvivesTheDatabase(t *testing.T) {
	onAllWith(t, func(t *testing.T, p *process, _ string) {
		ann, bob := p.guest(t), p.guest(t)
		s := p.table(t, session.Wish{Seats: 2, Config: threeBars}, ann, bob)
		_, _, err := p.sessions.Play(t.Context(), ann, "", s.ID, 1, json.RawMessage(`{"chord":"x","mute":true}`))
		must(t, err)
		s = p.read(t, s.ID)
		if got := p.sessions.ToMove(s, 1); !slices.Equal(got, []int{0, 1}) {
			t.Errorf("bob sees that %v must move", got)
		}
		if got := p.sessions.ToMove(s, 0); !slices.Equal(got, []int{1}) {
			t.Errorf("ann sees that %v must move", got)
		}
		events, _, err := p.sessions.Events(t.Context(), bob, s.ID, 0, 100)
		must(t, err)
		if last := events[len(events)-1]; last.Kind != "move" || last.Seat != nil || string(last.Data) != `{}` {
			t.Errorf("bob sees %+v with %s", last, last.Data)
		}
		p.verified(t, s.ID, session.Equal)
		p.until(s)
		p.tick(t, 1)
		p.until(p.read(t, s.ID))
		p.tick(t, 1)
		if s = p.read(t, s.ID); tune(t, s) != "0x" || s.Turn != 2 || !slices.Equal(s.Await, []int{0}) || len(s.Pending) != 0 {
			t.Errorf("%q, turn %d awaits %v, pending %v", tune(t, s), s.Turn, s.Await, s.Pending)
		}
		p.verified(t, s.ID, session.Equal)
	}, bandOf(1))
}

// A person's move inside a turn leaves the due instant to the database: the reminder may have gone out meanwhile.
func TestAReminderIsNotSentTwiceInATurn(t *testing.T) {
	onAllWith(t, func(t *testing.T, p *process, _ string) {
		players := p.guests(t, 4)
		s := p.table(t, session.Wish{Seats: 3, Config: threeBars}, players[:3]...)
		p.until(s)
		p.tick(t, 1)
		reminded := p.read(t, s.ID).Due
		p.plays(t, players[1], s.ID, "x")
		_, err := p.sessions.Join(t.Context(), players[3], s.JoinCode, "")
		must(t, err)
		p.forfeits(t, players[2], s.ID)
		if after := p.read(t, s.ID); !after.Due.Equal(reminded) || after.Turn != 1 || !after.Deadline.Equal(s.Deadline) {
			t.Errorf("due %s in turn %d, want %s", after.Due, after.Turn, reminded)
		}
		p.advance(5 * time.Second)
		p.tick(t, 0)
		want := "session_updated matched your_turn turn_reminder session_updated session_updated session_updated"
		if got := p.told(t, players[0]); got != want {
			t.Errorf("told %q, want %q", got, want)
		}
	}, bandOf(1))
}

// meanwhile lets something happen between what a commit was computed from and the commit.
type meanwhile struct {
	session.Store
	happens func()
}

func (m *meanwhile) Commit(ctx context.Context, c session.Commit) error {
	if m.happens != nil {
		happens := m.happens
		m.happens = nil
		happens()
	}
	return m.Store.Commit(ctx, c)
}

func TestAMoveDoesNotUndoTheReminderOfTheSameInstant(t *testing.T) {
	onAllWith(t, func(t *testing.T, p *process, _ string) {
		other := p.node(t, nil, bandOf(1))
		players := p.guests(t, 3)
		s := p.table(t, session.Wish{Seats: 3, Config: threeBars}, players...)
		p.until(s)
		p.serveFrom(&meanwhile{p.DB, func() { other.tick(t, 1) }}, nil, bandOf(1))
		p.plays(t, players[1], s.ID, "x")
		if after := p.read(t, s.ID); !after.Due.After(s.Deadline) || after.Version != s.Version+1 || tune(t, after) != "1x" {
			t.Errorf("version %d, due %s before the deadline: it would be reminded of again", after.Version, s.Deadline.Sub(after.Due))
		}
		p.tick(t, 0)
	}, bandOf(1))
}

func TestLatecomersSitDownByTheCode(t *testing.T) {
	onAllWith(t, func(t *testing.T, p *process, _ string) {
		players := p.guests(t, 5)
		s := p.table(t, session.Wish{Config: threeBars}, players[0])
		p.advance(20 * time.Second)
		for seat := 1; seat < 4; seat++ {
			after, err := p.sessions.Join(t.Context(), players[seat], s.JoinCode, "")
			must(t, err)
			if after.Turn != 1 || !after.Deadline.Equal(s.Deadline) || len(after.Seats) != seat+1 || after.Seats[seat].Player != players[seat] || !after.MustMove(seat) {
				t.Fatalf("seat %d: turn %d until %s awaits %v", seat, after.Turn, after.Deadline, after.Await)
			}
			if got := p.told(t, players[seat]); got != "your_turn" {
				t.Errorf("seat %d is told %q", seat, got)
			}
		}
		if got := p.told(t, players[0]); got != "your_turn session_updated session_updated session_updated" {
			t.Errorf("the first is told %q", got)
		}
		if _, err := p.sessions.Join(t.Context(), players[4], s.JoinCode, ""); !errors.Is(err, session.ErrFull) {
			t.Errorf("a fifth: %v", err)
		}
		before := p.read(t, s.ID)
		for _, player := range players[:4] { // awaited, and here already
			same, err := p.sessions.Join(t.Context(), player, s.JoinCode, "")
			if err != nil || same.Version != before.Version {
				t.Errorf("joined again: version %d, %v", same.Version, err)
			}
		}
		p.plays(t, players[2], s.ID, "x")
		before = p.read(t, s.ID)
		same, err := p.sessions.Join(t.Context(), players[2], s.JoinCode, "") // not awaited, and here already
		if after := p.read(t, s.ID); err != nil || same.ID != s.ID || after.Version != before.Version || after.ChangeID != before.ChangeID {
			t.Errorf("joined again after a move: version %d, was %d, %v", after.Version, before.Version, err)
		}
		p.verified(t, s.ID, session.Equal)
	}, bandOf(1))
}

func TestWhoIsSetAsideComesBackAndWhoGaveUpDoesNot(t *testing.T) {
	onAllWith(t, func(t *testing.T, p *process, _ string) {
		ann, bob, cid := p.guest(t), p.guest(t), p.guest(t)
		s := p.table(t, session.Wish{Seats: 3, Config: threeBars}, ann, bob, cid)
		p.plays(t, ann, s.ID, "x")
		p.forfeits(t, cid, s.ID)
		p.advance(63 * time.Second)
		p.tick(t, 1)
		s = p.read(t, s.ID)
		if s.Turn != 2 || !slices.Equal(s.Await, []int{0}) {
			t.Fatalf("turn %d awaits %v", s.Turn, s.Await)
		}
		back, err := p.sessions.Join(t.Context(), bob, s.JoinCode, "")
		must(t, err)
		if back.Turn != 2 || !slices.Equal(back.Await, []int{0, 1}) || !back.Deadline.Equal(s.Deadline) || len(back.Seats) != 3 {
			t.Errorf("bob is back: turn %d awaits %v until %s", back.Turn, back.Await, back.Deadline)
		}
		gone, err := p.sessions.Join(t.Context(), cid, s.JoinCode, "")
		if err != nil || gone.Version != back.Version || gone.MustMove(2) {
			t.Errorf("cid is back: version %d awaits %v, %v", gone.Version, gone.Await, err)
		}
		p.verified(t, s.ID, session.Equal)
	}, bandOf(1))
}

func TestAGameWithoutLatecomersRefusesThem(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		s, err := p.sessions.Create(t.Context(), p.guest(t), session.Wish{Game: "tictactoe"}, nil)
		must(t, err)
		_, err = p.sessions.Join(t.Context(), p.guest(t), s.JoinCode, "")
		must(t, err)
		if _, err := p.sessions.Join(t.Context(), p.guest(t), s.JoinCode, ""); !errors.Is(err, session.ErrFull) && !errors.Is(err, session.ErrStarted) {
			t.Errorf("%v", err)
		}
	})
}

// Nine come at the same instant, by two servers, and three seats are free. Nobody who sits down is refused for somebody
// else's move either.
func TestLatecomersOfTheSameInstant(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		one := open(t, database)
		one.serve(nil, bandOf(1))
		two := one.node(t, nil, bandOf(1))
		players := one.guests(t, 10)
		s := one.table(t, session.Wish{Config: threeBars}, players[0])
		errs := make([]error, 10)
		var all sync.WaitGroup
		for i, player := range players {
			all.Go(func() {
				p := []*process{one, two}[i%2]
				if i == 0 {
					_, _, errs[i] = p.play(player, s.ID, 1, "x")
				} else if _, errs[i] = p.sessions.Join(context.Background(), player, s.JoinCode, ""); errs[i] == nil {
					_, _, errs[i] = p.play(player, s.ID, one.read(t, s.ID).Turn, "x")
				}
			})
		}
		all.Wait()
		seated := 0
		for i, err := range errs {
			switch {
			case err == nil || errors.Is(err, session.ErrStaleTurn): // the turn ended while this one looked which it is
				seated++
			case i == 0 || !errors.Is(err, session.ErrFull):
				t.Errorf("number %d: %v", i, err)
			}
		}
		after := one.read(t, s.ID)
		if seated != 4 || len(after.Seats) != 4 || after.Seats[0].Player != players[0] {
			t.Errorf("%d sat down, at %+v", seated, after.Seats)
		}
		one.verified(t, s.ID, session.Equal)
		sound(t, database)
	})
}
