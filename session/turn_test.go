package session

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"yourturn/games"
	"yourturn/notify"
)

func TestATurnOfOne(t *testing.T) {
	s := begin(t, ttt(), 2, "")
	x := s.first()
	if s.Version != 2 || s.Turn != 1 || s.Status != Active || !s.Deadline.Equal(noon.Add(time.Minute)) {
		t.Fatalf("after the start: %+v", s.Session)
	}
	s.now = noon.Add(10 * time.Second)
	s.must(mark(x, 4))
	if s.Version != 3 || s.Turn != 2 || !slices.Equal(s.Await, []int{1 - x}) || !s.Deadline.Equal(noon.Add(70*time.Second)) || !s.UpdatedAt.Equal(s.now) {
		t.Errorf("after the first move: %+v", s.Session)
	}
	if s.last.Version != 3 || s.last.Turn != 1 || s.last.Private || !s.last.At.Equal(s.now) {
		t.Errorf("the change: %+v", s.last)
	}
	if err := s.do(mark(1-x, 4)); !isRefusal(err, "cell-taken") {
		t.Errorf("a taken cell: %v", err)
	}
	for i, cell := range []int{0, 1, 2, 7} {
		s.must(mark((x+1+i)%2, cell))
	}
	if s.Status != Finished || s.Turn != 5 || len(s.Await) != 0 || !s.Deadline.IsZero() || !s.Due.Equal(Never) {
		t.Errorf("after a line: %+v", s.Session)
	}
	if got := s.places(); got != map[int]string{0: "line 1 2", 1: "line 2 1"}[x] {
		t.Errorf("result %q, seat %d had X", got, x)
	}
	if e := s.last.Events[len(s.last.Events)-1]; e.Kind != "finished" || !strings.Contains(string(e.Data), `"reason":"line"`) {
		t.Errorf("the last event: %+v", e)
	}
}

func isRefusal(err error, name string) bool {
	var refusal *games.Refusal
	return errors.As(err, &refusal) && refusal.Name == name
}

// What ends a session, and what everybody comes to.
func TestHowSessionsEnd(t *testing.T) {
	for name, c := range map[string]struct {
		game  games.Game
		seats int
		story func(*story)
		want  string
	}{
		"forfeit by the one who must move":    {ttt(), 2, func(s *story) { s.forfeit(s.first()) }, "forfeit"},
		"forfeit in the other's turn":         {ttt(), 2, func(s *story) { s.forfeit(1 - s.first()) }, "forfeit"},
		"time runs out":                       {ttt(), 2, func(s *story) { s.timeOut() }, "timeout"},
		"both are late":                       {games.Define(throws{}), 2, func(s *story) { s.timeOut() }, "timeout 1 1"},
		"one of three is late":                {games.Define(throws{}), 3, func(s *story) { s.throw(0, "rock"); s.throw(2, "rock"); s.timeOut() }, "timeout 1 3 1"},
		"two of three are late":               {games.Define(throws{}), 3, func(s *story) { s.throw(1, "rock"); s.timeOut() }, "timeout 2 1 2"},
		"a forfeit ends a game of three":      {games.Define(throws{}), 3, func(s *story) { s.throw(0, "rock"); s.forfeit(1) }, "forfeit 1 3 1"},
		"one is left":                         {games.Define(open{}), 3, func(s *story) { s.forfeit(0); s.forfeit(2) }, "last 2 1 2"},
		"late after another has left":         {games.Define(open{}), 3, func(s *story) { s.forfeit(0); s.throw(2, "rock"); s.timeOut() }, "timeout 2 2 1"},
		"late, and the move that came counts": {games.Define(patient{}), 2, func(s *story) { s.timeOut(); s.throw(1, "paper"); s.timeOut() }, "points 1 1"},
	} {
		t.Run(name, func(t *testing.T) {
			s := begin(t, c.game, c.seats, "")
			x := s.first()
			c.story(s)
			want := c.want
			if c.game.Info().Name == "tictactoe" {
				loser := x
				if name == "forfeit in the other's turn" {
					loser = 1 - x
				}
				want += map[int]string{0: " 2 1", 1: " 1 2"}[loser]
			}
			if s.Status != Finished || s.places() != want {
				t.Errorf("%s %q, want %q", s.Status, s.places(), want)
			}
			for _, seat := range s.Seats {
				if lost := s.Result.Reason == "timeout" && s.Result.Placings[seat.Number].Place > 1; lost && !seat.Left {
					t.Errorf("seat %d let the time run out, and is not marked", seat.Number)
				}
			}
		})
	}
}

func TestActsThatThePositionSpeaksAgainst(t *testing.T) {
	join := func(seat int, role string) Act {
		return Act{Cause: Joined, Seat: seat, Players: []Seated{{Player: name(seat), Role: role}}}
	}
	roles := games.Define(throws{roles: []string{"cat", "dog"}})
	for name, c := range map[string]struct {
		acts []Act
		want error
	}{
		"no seat free":          {[]Act{join(0, ""), join(1, ""), join(2, "")}, ErrFull},
		"role taken":            {[]Act{join(0, "cat"), join(1, "cat")}, ErrRoleTaken},
		"no such role":          {[]Act{join(0, "cow")}, ErrNoSuchRole},
		"role free again":       {[]Act{join(0, "cat"), join(1, ""), {Cause: Gone, Seat: 0}, join(0, "cat")}, nil},
		"the other role":        {[]Act{join(0, "cat"), join(1, "dog")}, nil},
		"an act without a name": {[]Act{{Cause: "danced"}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := table(t, roles, 2, "")
			s.Status = Waiting
			var err error
			for _, act := range c.acts {
				if err = s.do(act); err != nil {
					break
				}
			}
			if c.acts[0].Cause == "danced" {
				if err == nil {
					t.Error("taken")
				}
				return
			}
			if !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
		})
	}
}

func TestATableFills(t *testing.T) {
	s := table(t, games.Define(throws{roles: []string{"cat", "dog", "cow"}}), 3, "")
	s.must(Act{Cause: Created, Players: []Seated{{Player: "p0", Role: "dog"}}})
	if s.Status != Waiting || s.Turn != 0 || !s.Deadline.Equal(noon.Add(WaitingLife)) || !s.Due.Equal(s.Deadline.Add(time.Millisecond)) || !s.CreatedAt.Equal(noon) {
		t.Fatalf("a new table: %+v", s.Session)
	}
	s.now = noon.Add(time.Hour)
	s.must(Act{Cause: Joined, Seat: 1, Players: []Seated{{Player: "p1"}}})
	s.must(Act{Cause: Gone, Seat: 0})
	if got := s.freeSeat(); got != 0 || !slices.Equal(s.FreeRoles(s.game.Info()), []string{"cat", "dog", "cow"}) {
		t.Fatalf("seat %d is free, roles %v", got, s.FreeRoles(s.game.Info()))
	}
	s.must(Act{Cause: Joined, Seat: 0, Players: []Seated{{Player: "p2", Role: "cat"}}})
	s.must(Act{Cause: Joined, Seat: 2, Players: []Seated{{Player: "p3"}}})
	if !s.Deadline.Equal(noon.Add(WaitingLife)) {
		t.Errorf("the table waits until %s, but people came and went only", s.Deadline)
	}
	s.must(Act{Cause: Started, Seat: NoSeat})
	if got := s.state().Roles; !slices.Equal(got, []string{"cat", "dog", "cow"}) {
		t.Errorf("roles %v: those that are left go to those who asked for none", got)
	}
	if s.Status != Active || s.Turn != 1 || !slices.Equal(s.Await, []int{0, 1, 2}) {
		t.Errorf("started: %+v", s.Session)
	}
}

func TestATableThatNeverFills(t *testing.T) {
	s := table(t, ttt(), 2, "")
	s.must(Act{Cause: Created, Players: []Seated{{Player: "p0"}}})
	for at, want := range map[time.Time]bool{s.Deadline: false, s.Deadline.Add(time.Millisecond): true} {
		if s.Overdue(at) != want {
			t.Errorf("overdue at %s: %v", at, !want)
		}
	}
	left := *s
	s.timeOut()
	if s.Status != Finished || s.places() != "expired" || s.told() != "p0 session_finished" || !s.Due.Equal(Never) {
		t.Errorf("%+v, told %q", s.Session, s.told())
	}
	left.must(Act{Cause: Gone, Seat: 0})
	if left.Status != Finished || left.places() != "abandoned" || left.told() != "" {
		t.Errorf("when all have left: %+v, told %q", left.Session, left.told())
	}
}

// ---- simultaneous turns ----

func TestOrderOfArrivalCannotMatter(t *testing.T) {
	moves := []string{"rock", "paper", "scissors"}
	var want string
	for _, order := range [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
		s := begin(t, games.Define(throws{}), 3, "")
		for i, seat := range order {
			if s.Turn != 1 || len(s.Await) != 3-i {
				t.Fatalf("%v: turn %d awaits %v before the move of seat %d", order, s.Turn, s.Await, seat)
			}
			s.throw(seat, moves[seat])
		}
		if s.Turn != 2 || len(s.Pending) != 0 || !slices.Equal(s.Await, []int{0, 1, 2}) {
			t.Fatalf("%v: turn %d awaits %v", order, s.Turn, s.Await)
		}
		got := dump(s.State, s.last.Events, s.Deadline)
		if want == "" {
			want = got
		}
		if got != want {
			t.Errorf("%v: %s, want %s", order, got, want)
		}
	}
}

func TestAKeptMoveIsKnownToItsMoverAlone(t *testing.T) {
	s := begin(t, games.Define(throws{}), 3, "")
	state, due := string(s.State), s.Due
	s.throw(1, "scissors")
	if string(s.State) != state || !s.Due.Equal(due) || !slices.Equal(s.Await, []int{0, 2}) || s.Turn != 1 {
		t.Fatalf("a kept move has changed more than the list of those awaited: %+v", s.Session)
	}
	for viewer := games.Spectator; viewer < 3; viewer++ {
		events := s.last.EventsFor(viewer)
		if len(events) != 1 || events[0].Kind != "move" || *events[0].Seat != 1 || events[0].Turn != 1 || events[0].Version != 3 {
			t.Fatalf("seat %d sees %+v; that there was a move is no secret", viewer, events)
		}
		want := `{}`
		if viewer == 1 {
			want = `{"move":{"throw":"scissors"}}`
		}
		if string(events[0].Data) != want {
			t.Errorf("seat %d sees %s, want %s", viewer, events[0].Data, want)
		}
	}
	for _, m := range s.last.Messages {
		if leaks := strings.Contains(string(m.Data), "scissors"); leaks != (m.Player == "p1") {
			t.Errorf("%s is told %s", m.Player, m.Data)
		}
	}

	s.throw(0, "rock")
	s.throw(2, "rock") // the last one reveals all, by the rules' own event
	for viewer := range 3 {
		events := s.last.EventsFor(viewer)
		if *events[0].Seat != 2 || (string(events[0].Data) == `{}`) != (viewer != 2) {
			t.Errorf("seat %d sees %s: the last move is as secret as the others", viewer, events[0].Data)
		}
		if events[1].Kind != "revealed" || !strings.Contains(string(events[1].Data), `["rock","scissors","rock"]`) {
			t.Errorf("seat %d sees %+v", viewer, events[1])
		}
	}
	whispered := 0
	for viewer := games.Spectator; viewer < 3; viewer++ {
		whispered += len(s.last.EventsFor(viewer)) - 2
	}
	if whispered != 1 {
		t.Errorf("what is for one seat is seen by %d", whispered)
	}
}

func TestARefusedThrowChangesNothing(t *testing.T) {
	s := begin(t, games.Define(throws{}), 2, "")
	s.throw(0, "rock")
	if err := s.do(throwOf(1, "banana")); !isRefusal(err, "no-bananas") {
		t.Fatalf("%v", err)
	}
	if !slices.Equal(s.Await, []int{1}) || len(s.Pending) != 1 {
		t.Errorf("%+v", s.Session)
	}
}

func TestATimeoutPlaysTheMovesThatCame(t *testing.T) {
	s := begin(t, games.Define(patient{}), 3, "")
	s.throw(1, "paper")
	s.timeOut()
	if got := s.state().Points; !slices.Equal(got, []int{0, 1, 0}) || s.Turn != 2 || s.Round() != 2 {
		t.Errorf("points %v in turn %d", got, s.Turn)
	}
	if got := s.told(); got != "p0 your_turn, p1 your_turn, p2 your_turn" {
		t.Errorf("told %q", got)
	}
	if e := s.last.EventsFor(0); e[0].Kind != "timed_out" || e[0].Seat != nil || !strings.Contains(string(e[1].Data), `["rock","paper","rock"]`) {
		t.Errorf("events %+v", e)
	}
}

func (s *story) Round() int { return s.state().Round }

func TestForfeitInsideASimultaneousTurn(t *testing.T) {
	for name, c := range map[string]struct {
		story func(*story)
		check func(*story) bool
	}{
		"the others' turn goes on, with its deadline": {
			func(s *story) { s.now = noon.Add(20 * time.Second); s.forfeit(1) },
			func(s *story) bool {
				return s.Turn == 1 && slices.Equal(s.Await, []int{0, 2, 3}) && s.Deadline.Equal(noon.Add(time.Minute))
			},
		},
		"moves that were taken stay": {
			func(s *story) { s.throw(2, "paper"); s.forfeit(1) },
			func(s *story) bool {
				return s.Turn == 1 && slices.Equal(s.Await, []int{0, 3}) && string(s.Pending[2]) == `{"throw":"paper"}`
			},
		},
		"the move of the one who leaves goes with them": {
			func(s *story) { s.throw(2, "paper"); s.forfeit(2) },
			func(s *story) bool {
				return s.Turn == 1 && slices.Equal(s.Await, []int{0, 1, 3}) && len(s.Pending) == 0
			},
		},
		"the last one awaited leaves": {
			func(s *story) { s.throw(0, "rock"); s.throw(1, "rock"); s.throw(3, "paper"); s.forfeit(2) },
			func(s *story) bool {
				return s.Turn == 2 && slices.Equal(s.Await, []int{0, 1, 3}) && slices.Equal(s.state().Points, []int{0, 0, 1, 1})
			},
		},
		"two leave one after another": {
			func(s *story) {
				s.throw(0, "rock")
				s.forfeit(3)
				s.forfeit(0)
				s.throw(1, "rock")
				s.throw(2, "paper")
			},
			func(s *story) bool { return s.Turn == 2 && slices.Equal(s.Await, []int{1, 2}) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := begin(t, games.Define(open{}), 4, "")
			c.story(s)
			if !c.check(s) {
				t.Errorf("%s", dump(s.Session))
			}
			for _, m := range s.last.Messages {
				if seat, _ := s.SeatOf(m.Player); seat.Left {
					t.Errorf("%s has left and is told %s", m.Player, m.Kind)
				}
			}
		})
	}
}

func TestForfeitInsideAPause(t *testing.T) {
	s := begin(t, games.Define(open{}), 3, `{"pause":3}`)
	for seat := range 3 {
		s.throw(seat, "rock")
	}
	ends := s.Deadline
	s.now = noon.Add(time.Second)
	s.forfeit(1)
	if !s.serverMoves() || !s.Deadline.Equal(ends) || !s.Due.Equal(ends) || s.Turn != 2 || s.told() != "p0 session_updated, p2 session_updated" {
		t.Errorf("the pause does not go on: %s, told %q", dump(s.Session), s.told())
	}
	s.must(Act{Cause: Stepped, Seat: NoSeat})
	if !slices.Equal(s.Await, []int{0, 2}) {
		t.Errorf("after the pause: %s", dump(s.Session))
	}
}

// fickle takes a throw and refuses it when it counts: a fault of the rules that nobody may be blamed for.
type fickle struct{ throws }

func (g fickle) Apply(s throwsState, seat int, move throwsMove, env games.Env) (games.Step[throwsState], error) {
	if seat == 1 && s.Thrown[0] != "" {
		return games.Step[throwsState]{}, games.Refuse("too-late", "Too late.")
	}
	return g.throws.Apply(s, seat, move, env)
}

func TestARefusedKeptMoveIsAFaultNotARefusal(t *testing.T) {
	s := begin(t, games.Define(fickle{}), 3, "")
	s.throw(1, "rock")
	s.throw(0, "rock")
	err := s.do(throwOf(2, "rock"))
	var refusal *games.Refusal
	if err == nil || errors.As(err, &refusal) {
		t.Errorf("%v: seat 2 is refused what seat 1 has played", err)
	}
}

// ---- the server's own steps ----

func TestAPauseAwaitsNobody(t *testing.T) {
	s := begin(t, games.Define(throws{}), 2, `{"pause":3}`)
	s.now = noon.Add(500 * time.Millisecond)
	s.throw(0, "rock")
	s.throw(1, "paper")
	if len(s.Await) != 0 || s.Status != Active || s.Turn != 2 || !s.serverMoves() {
		t.Fatalf("%+v", s.Session)
	}
	if want := s.now.Add(3 * time.Second); !s.Deadline.Equal(want) || !s.Due.Equal(want) {
		t.Errorf("the pause ends at %s, due %s, want %s: a server's step is exact and has no grace", s.Deadline, s.Due, want)
	}
	if s.Overdue(s.Deadline.Add(-time.Millisecond)) || !s.Overdue(s.Deadline) {
		t.Error("the server's step is due at its instant")
	}
	if got := s.told(); got != "p0 session_updated, p1 session_updated" {
		t.Errorf("told %q", got)
	}
	if got := waiting(s.before, s.Session); len(got) != 1 || got["p1"] != -1 {
		t.Errorf("badges move by %v", got)
	}
	s.now = s.Deadline
	s.must(Act{Cause: Stepped, Seat: NoSeat})
	if !slices.Equal(s.Await, []int{0, 1}) || s.Turn != 3 || s.told() != "p0 your_turn, p1 your_turn" {
		t.Fatalf("%+v, told %q", s.Session, s.told())
	}
	if want := noon.Add(5 * time.Second); !s.Deadline.Equal(want) { // 3.5 s, and 1.5 s by the rules
		t.Errorf("deadline %s, want %s", s.Deadline, want)
	}
}

// stuck awaits whatever it is told.
type stuck struct {
	throws
	step games.Step[throwsState]
}

func (g stuck) Apply(s throwsState, _ int, _ throwsMove, _ games.Env) (games.Step[throwsState], error) {
	step := g.step
	step.State = s
	return step, nil
}

func TestAStepThatWouldHangASessionIsAFault(t *testing.T) {
	for name, step := range map[string]games.Step[throwsState]{
		"awaits nobody, for no time": {},
		"awaits a seat beyond":       {Await: []int{2}},
		"awaits seat -1":             {Await: []int{-1}},
		"awaits a seat twice":        {Await: []int{0, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			s := begin(t, games.Define(stuck{step: step}), 2, "")
			s.Await = []int{0}
			if err := s.do(throwOf(0, "rock")); err == nil {
				t.Errorf("taken: %+v", s.Session)
			}
		})
	}
}

// ---- time ----

func TestDeadlinesAreWholeSecondsRoundedUp(t *testing.T) {
	for _, c := range []struct{ begins, ends time.Duration }{ // after a whole second; a turn of 60 s
		{0, 60 * time.Second},
		{1, 61 * time.Second},
		{time.Millisecond, 61 * time.Second},
		{999 * time.Millisecond, 61 * time.Second},
		{time.Second, 61 * time.Second},
		{1001 * time.Millisecond, 62 * time.Second},
	} {
		s := begin(t, ttt(), 2, "")
		s.now = noon.Add(c.begins)
		s.must(mark(s.first(), 0))
		if got := s.Deadline.Sub(noon); got != c.ends {
			t.Errorf("a turn that begins after %s ends after %s, want %s", c.begins, got, c.ends)
		}
	}
}

func TestGrace(t *testing.T) {
	s := begin(t, ttt(), 2, "")
	last := s.Deadline.Add(2 * time.Second)
	for at, overdue := range map[time.Time]bool{
		s.Deadline: false, last.Add(-time.Millisecond): false, last: false, last.Add(time.Millisecond): true, last.Add(time.Hour): true,
	} {
		if got := s.Overdue(at); got != overdue {
			t.Errorf("overdue %s after the deadline: %v", at.Sub(s.Deadline), got)
		}
	}
	if got := s.overdueAt(); !got.Equal(last.Add(time.Millisecond)) {
		t.Errorf("the server acts at %s, %s after the last move that is taken", got, got.Sub(last))
	}
	s.timeOut()
	if s.Overdue(last.Add(time.Hour)) {
		t.Error("a session that is over is overdue")
	}
}

func TestTheReminderComesAtFourFifths(t *testing.T) {
	s := begin(t, games.Define(throws{}), 3, "")
	if want := noon.Add(48 * time.Second); !s.Due.Equal(want) {
		t.Fatalf("due %s, want %s", s.Due, want)
	}
	s.throw(1, "rock")
	s.Seats[2].Deleted = true
	given := dump(s.Session)
	after, messages := remind(s.Session, s.Due)
	if dump(s.Session) != given {
		t.Error("remind has changed what it was given")
	}
	if after.Version != s.Version || after.Turn != s.Turn || !after.Due.Equal(s.overdueAt()) || !after.UpdatedAt.Equal(s.UpdatedAt) {
		t.Errorf("a reminder changes %+v to %+v", s.Session, after)
	}
	if len(messages) != 1 || messages[0].Player != "p0" || messages[0].Kind != notify.TurnReminder || !messages[0].Deadline.Equal(s.Deadline) ||
		messages[0].Turn != 1 || messages[0].Version != s.Version || string(messages[0].Data) != `{}` {
		t.Errorf("reminded: %+v; want seat 0 alone: 1 has moved and 2 is gone", messages)
	}
}

// ---- chance ----

func TestChanceComesFromTheSeedAndTheVersion(t *testing.T) {
	starts := map[int]int{}
	for seed := range byte(64) {
		s := table(t, ttt(), 2, "")
		s.Seed[0] = seed
		s.must(Act{Cause: MatchedUp, Seat: NoSeat, Players: []Seated{{Player: "p0"}, {Player: "p1"}}})
		s.must(Act{Cause: Started, Seat: NoSeat})
		starts[s.first()]++
	}
	if starts[0] < 16 || starts[1] < 16 {
		t.Errorf("of 64 seeds, seats start %v times", starts)
	}
	s := begin(t, games.Define(throws{}), 2, `{"rounds":3}`)
	for range 2 {
		s.throw(0, "rock")
		s.throw(1, "rock")
	}
	drawn := strings.Fields(s.state().Log)
	if len(drawn) != 5 || drawn[1][2:] == drawn[3][2:] && drawn[2][2:] == drawn[4][2:] {
		t.Errorf("both rounds draw the same: %v", drawn)
	}
}

func TestViewOfListsMovesToWhoeverMustMove(t *testing.T) {
	s := begin(t, ttt(), 2, "")
	for seat := games.Spectator; seat < 2; seat++ {
		v, err := viewOf(s.game, s.Session, seat)
		if err != nil || !strings.HasPrefix(string(v.State), `{"board":`) {
			t.Fatalf("%s, %v", v.State, err)
		}
		if mine := seat == s.first(); len(v.LegalMoves) != map[bool]int{true: 9, false: 0}[mine] {
			t.Errorf("seat %d is listed %s", seat, v.LegalMoves)
		}
	}
	many := begin(t, talkative{ttt()}, 2, "")
	if v, err := viewOf(many.game, many.Session, many.first()); err != nil || v.LegalMoves != nil {
		t.Errorf("%d moves are listed, %v", len(v.LegalMoves), err)
	}
}

type talkative struct{ games.Game }

func (talkative) LegalMoves(json.RawMessage, int) ([]json.RawMessage, error) {
	return slices.Repeat([]json.RawMessage{json.RawMessage(`{"cell":0}`)}, fewMoves+1), nil
}

func TestPlayable(t *testing.T) {
	s := begin(t, ttt(), 2, "")
	for _, c := range []struct {
		status Status
		turn   int64
		seat   int
		want   error
	}{
		{Active, 1, s.first(), nil},
		{Active, 1, 1 - s.first(), ErrNotYourTurn},
		{Active, 0, s.first(), ErrStaleTurn},
		{Active, 2, s.first(), ErrStaleTurn},
		{Waiting, 1, s.first(), ErrWaiting},
		{Finished, 1, s.first(), ErrFinished},
		{Finished, 7, 1 - s.first(), ErrFinished},
	} {
		sess := s.Session
		sess.Status = c.status
		if err := playable(sess, c.turn, c.seat); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", fmt.Sprintf("%+v", c), err)
		}
	}
}
