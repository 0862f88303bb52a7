package session

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"yourturn/games"
	"yourturn/notify"
)

func TestAtOnceAMoveCountsAsItComes(t *testing.T) {
	for _, order := range [][]int{{0, 1, 2}, {2, 0, 1}, {1, 2, 0}} {
		s := begin(t, sung(chorus{}), 3, "")
		due := s.Due
		s.is(1, []int{0, 1, 2}, time.Minute)
		s.later(10 * time.Second)
		s.sing(order[0])
		s.is(1, without([]int{0, 1, 2}, order[0]), time.Minute)
		s.later(10 * time.Second)
		s.sing(order[1])
		s.is(1, order[2:], time.Minute)
		if !s.Due.Equal(due) || len(s.kept(s.game.Info())) != 0 {
			t.Errorf("%v: due %s with %v pending; the reminder is for the same turn, and nothing waits", order, s.Due, s.Pending)
		}
		s.later(10 * time.Second)
		s.sing(order[2])
		s.is(2, []int{0, 1, 2}, 90*time.Second)
		if got, want := s.song(), fmt.Sprintf("%da %da %da", order[0], order[1], order[2]); got != want {
			t.Errorf("the song is %q, want %q", got, want)
		}
		s.replays()
	}
}

// The change that takes a move names the turn it answers, also when it is the one that ends it.
func TestAtOnceAMoveAnswersItsTurn(t *testing.T) {
	s := begin(t, sung(chorus{}), 2, "")
	s.sing(1, 0, 0)
	for _, c := range s.history[2:] {
		if want := map[int64]int64{3: 1, 4: 1, 5: 2}[c.Version]; c.Turn != want {
			t.Errorf("version %d answers turn %d, want %d", c.Version, c.Turn, want)
		}
	}
	if err := playable(s.Session, 2, 0); !errors.Is(err, ErrNotYourTurn) {
		t.Errorf("seat 0 has moved, and again: %v", err)
	}
	if err := playable(s.Session, 2, 1); err != nil {
		t.Errorf("seat 1: %v", err)
	}
}

func TestAtOnceWhoMovesAgainDoesSoInANewTurn(t *testing.T) {
	s := begin(t, sung(chorus{}), 3, "")
	s.sing(1)
	s.later(20 * time.Second)
	s.must(note(0, `{"note":"b","encore":true}`))
	s.is(2, []int{0, 2}, 80*time.Second)
	s.hears("p0 your_turn, p1 session_updated, p2 your_turn")
	s.must(note(0, `{"note":"c","encore":true}`))
	s.is(3, []int{0, 2}, 80*time.Second)
	s.replays()
}

func TestAtOnceARefusedMoveLeavesNoTrace(t *testing.T) {
	s := begin(t, sung(chorus{}), 2, "")
	s.sing(0)
	if err := s.do(note(1, `{"note":"x"}`)); !isRefusal(err, "out-of-tune") {
		t.Fatalf("%v", err)
	}
	s.is(1, []int{1}, time.Minute)
}

func TestAtOnceOnlyThoseStillAwaitedTimeOut(t *testing.T) {
	s := begin(t, sung(chorus{}), 3, "")
	s.sing(1)
	s.now = s.overdueAt()
	s.timeOut()
	if got := s.song(); got != "1a out[0 2]" {
		t.Errorf("the song is %q", got)
	}
	s.is(2, []int{1}, 123*time.Second) // 62.001 s and 60 s, in whole seconds
	s.hears("p0 session_updated, p1 your_turn, p2 session_updated")
	s.replays()
}

func TestAtOnceALeaverLeavesTheTurnToTheOthers(t *testing.T) {
	for name, c := range map[string]struct {
		story func(*story)
		turn  int64
		await []int
		until time.Duration
	}{
		"one who is awaited":     {func(s *story) { s.forfeit(1) }, 1, []int{0, 2}, time.Minute},
		"one who has moved":      {func(s *story) { s.sing(1); s.forfeit(1) }, 1, []int{0, 2}, time.Minute},
		"the last one awaited":   {func(s *story) { s.sing(0, 2); s.forfeit(1) }, 2, []int{0, 2}, 80 * time.Second},
		"one of two who are":     {func(s *story) { s.sing(0); s.forfeit(1) }, 1, []int{2}, time.Minute},
		"in a pause":             {func(s *story) { s.sing(0, 1, 2); s.forfeit(1) }, 2, []int{}, 25 * time.Second},
		"one whose move is hid":  {func(s *story) { s.must(note(1, `{"note":"b","hum":true}`)); s.forfeit(1) }, 1, []int{0, 2}, time.Minute},
		"while a move is hidden": {func(s *story) { s.must(note(0, `{"note":"b","hum":true}`)); s.forfeit(1) }, 1, []int{2}, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			config := ""
			if name == "in a pause" {
				config = `{"pause":5}`
			}
			s := begin(t, sung(chorus{}), 3, config)
			s.later(20 * time.Second)
			c.story(s)
			s.is(c.turn, c.await, c.until)
			if _, there := s.Pending[1]; there {
				t.Errorf("a move of seat 1 is remembered: %v", s.Pending)
			}
			s.replays()
		})
	}
}

// A hidden move that counts at once is as if it had not been made, for everybody but its mover, until the turn ends.
func TestAtOnceAHiddenMoveDoesNotTellWhoMoved(t *testing.T) {
	s := begin(t, sung(chorus{}), 3, "")
	s.must(note(1, `{"note":"b","hum":true}`))
	s.is(1, []int{0, 2}, time.Minute)
	info := s.game.Info()
	for viewer, want := range map[int][]int{games.Spectator: {0, 1, 2}, 0: {0, 1, 2}, 1: {0, 2}, 2: {0, 1, 2}} {
		if got := s.ToMove(viewer, info); !slices.Equal(got, want) {
			t.Errorf("seat %d sees that %v must move, want %v", viewer, got, want)
		}
		e := s.last.EventsFor(viewer)[0]
		if mine := viewer == 1; (e.Seat != nil) != mine || (string(e.Data) != `{}`) != mine {
			t.Errorf("seat %d sees %+v with %s", viewer, e, e.Data)
		}
	}
	for _, m := range s.last.Messages {
		if tells := strings.Contains(string(m.Data), `"seat":1`) || strings.Contains(string(m.Data), `"note"`); tells != (m.Player == "p1") {
			t.Errorf("%s is told %s", m.Player, m.Data)
		}
	}
	if got := waiting(s.before, s.Session); !maps.Equal(got, map[notify.PlayerID]int{"p1": -1}) {
		t.Errorf("badges move by %v", got)
	}
	s.replays()

	s.must(note(0, `{"note":"b"}`)) // an open one beside it
	if got := s.ToMove(games.Spectator, info); !slices.Equal(got, []int{1, 2}) {
		t.Errorf("a stranger sees that %v must move", got)
	}
	s.must(note(2, `{"note":"c","hum":true}`)) // the last one
	s.is(2, []int{0, 1, 2}, time.Minute)
	if len(s.Pending) != 0 {
		t.Errorf("the turn is over, and %v is remembered", s.Pending)
	}
	if got := s.ToMove(1, info); !slices.Equal(got, []int{0, 1, 2}) {
		t.Errorf("in the next turn %v must move", got)
	}
	s.replays()
}

func TestAtOnceHiddenMovesAreNoMovesToPlayAgainAtTheDeadline(t *testing.T) {
	s := begin(t, sung(chorus{}), 3, "")
	s.must(note(1, `{"note":"b","hum":true}`))
	s.timeOut()
	if got := s.song(); got != "1b out[0 2]" {
		t.Errorf("the song is %q", got)
	}
	s.replays()
}

func TestAtOnceTellsEverybodyOncePerMove(t *testing.T) {
	s := begin(t, sung(chorus{}), 3, "")
	s.hears("p0 your_turn, p1 your_turn, p2 your_turn")
	s.sing(1)
	s.hears("p0 session_updated, p1 session_updated, p2 session_updated")
	s.sing(0, 2)
	s.hears("p0 your_turn, p1 your_turn, p2 your_turn")

	crowded := begin(t, sung(chorus{}), 9, "")
	crowded.sing(4)
	crowded.hears("p4 session_updated")
	crowded.must(note(5, `{"note":"a","hum":true}`))
	crowded.hears("p5 session_updated")
	crowded.sing(0, 1, 2, 3, 6, 7, 8)
	crowded.hears(all(9, "your_turn"))
}

func TestAtOnceBadgesFollowWhoIsAwaited(t *testing.T) {
	s := begin(t, sung(chorus{}), 3, "")
	counted := map[notify.PlayerID]int{}
	badges(t, Session{}, s.Session, counted)
	for _, act := range []Act{
		note(1, `{"note":"a"}`), note(0, `{"note":"a","encore":true}`), note(2, `{"note":"b","hum":true}`), {Cause: TimedOut, Seat: NoSeat},
		note(2, `{"note":"a"}`), joined(0), {Cause: Forfeited, Seat: 1}, note(0, `{"note":"a"}`), note(2, `{"note":"a"}`), note(0, `{"note":"a"}`),
	} {
		s.must(act)
		badges(t, s.before, s.Session, counted)
	}
	if s.Status != Finished {
		t.Fatalf("%s, and nobody is asked for more", s.Status)
	}
	for player, badge := range counted {
		if badge != 0 {
			t.Errorf("the game is over, and the badge of %s is %d", player, badge)
		}
	}
}
