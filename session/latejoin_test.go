package session

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"yourturn/games"
	"yourturn/notify"
)

func TestANewcomerSitsDownInTheTurnThatIsOn(t *testing.T) {
	for title, game := range map[string]games.Game{"at once": sung(chorus{}), "moves that wait": sung(chorus{kept: true})} {
		t.Run(title, func(t *testing.T) {
			s := begin(t, game, 2, "")
			due := s.Due
			s.later(20 * time.Second)
			s.sing(0)
			s.later(20 * time.Second)
			s.join(2)
			s.is(1, []int{1, 2}, time.Minute)
			if len(s.Seats) != 3 || s.Seats[2].Number != 2 || s.Seats[2].Player != "p2" || !s.Due.Equal(due) || s.Capacity != 2 {
				t.Fatalf("due %s, seats %+v", s.Due, s.Seats)
			}
			s.hears("p0 session_updated, p1 session_updated, p2 your_turn")
			if e := s.last.EventsFor(1); e[0].Kind != "joined" || *e[0].Seat != 2 || string(e[0].Data) != `{}` || e[1].Kind != "louder" || *e[1].Seat != 2 {
				t.Errorf("events %+v", e)
			}
			if m := s.last.Messages[2]; !m.Push || m.Turn != 1 || !m.Deadline.Equal(s.Deadline) {
				t.Errorf("told %+v", m)
			}
			s.sing(2)
			s.hears("p0 session_updated, p1 session_updated, p2 session_updated")
			s.sing(1)
			s.is(2, []int{0, 1, 2}, 100*time.Second)
			s.hears("p0 your_turn, p1 your_turn, p2 your_turn")
			s.replays()
		})
	}
}

func TestANewcomerWaitsWhenTheRulesSaySo(t *testing.T) {
	s := begin(t, sung(chorus{}), 2, `{"later":true}`)
	s.sing(0)
	s.join(2)
	s.is(1, []int{1}, time.Minute)
	s.hears("p0 session_updated, p1 session_updated")
	s.sing(1)
	s.is(2, []int{0, 1, 2}, time.Minute)
	s.hears("p0 your_turn, p1 your_turn, p2 your_turn")
	s.replays()
}

func TestANewcomerInAPauseOfTheServer(t *testing.T) {
	s := begin(t, sung(chorus{}), 2, `{"pause":5}`)
	s.sing(0, 1)
	ends := s.Deadline
	s.later(3 * time.Second)
	s.join(2)
	if !s.serverMoves() || !s.Deadline.Equal(ends) || !s.Due.Equal(ends) || s.Turn != 2 {
		t.Fatalf("the pause does not go on: %s", dump(s.Session))
	}
	s.hears("p0 session_updated, p1 session_updated")
	s.now = ends
	s.must(Act{Cause: Stepped, Seat: NoSeat})
	s.is(3, []int{0, 1, 2}, 65*time.Second)
	s.replays()
}

// eager begins a round for whoever comes in a pause.
type eager struct{ chorus }

func (eager) Join(s chorusState, seat int, _ games.Env) (games.Step[chorusState], error) {
	s.Seats = append(s.Seats, sings)
	return s.begin(), nil
}

func TestANewcomerBeginsATurnWhenTheRulesSaySo(t *testing.T) {
	s := begin(t, sung(eager{}), 2, `{"pause":5}`)
	s.sing(0, 1)
	s.later(3 * time.Second)
	s.join(2)
	s.is(3, []int{0, 1, 2}, 63*time.Second)
	s.hears("p0 your_turn, p1 your_turn, p2 your_turn")
	s.replays()
}

func TestACrowdedTableTellsOnlyTheNewcomer(t *testing.T) {
	s := begin(t, sung(chorus{}), 8, "")
	s.join(8)
	s.hears("p8 your_turn")
	after := s.clone()
	rows, _ := seatRows(s.before, &after, []Change{s.last})
	if len(rows) != 1 || rows[0].Number != 8 || rows[0].SortKey != after.Deadline.UnixMilli() {
		t.Errorf("rows %+v: nothing changes for the others", rows)
	}
	s = begin(t, sung(chorus{}), 7, "")
	s.join(7)
	s.hears("p0 session_updated, p1 session_updated, p2 session_updated, p3 session_updated, p4 session_updated, p5 session_updated, p6 session_updated, p7 your_turn")
}

func TestWhoWasSetAsideComesBackByJoining(t *testing.T) {
	s := begin(t, sung(chorus{}), 3, `{"rounds":9}`)
	s.sing(0, 1)
	s.timeOut()
	s.is(2, []int{0, 1}, time.Minute)
	counted := map[notify.PlayerID]int{}
	badges(t, Session{}, s.Session, counted)
	s.later(10 * time.Second)
	s.join(2)
	s.is(2, []int{0, 1, 2}, time.Minute)
	s.hears("p0 session_updated, p1 session_updated, p2 your_turn")
	if len(s.Seats) != 3 {
		t.Fatalf("seats %+v", s.Seats)
	}
	badges(t, s.before, s.Session, counted)
	s.refuses(joined(2), errUnchanged)
	s.sing(2)
	s.refuses(joined(2), errUnchanged) // who has answered gets no second answer
	s.is(2, []int{0, 1}, time.Minute)
	s.replays()
}

func TestJoiningAgainChangesNothingForAnybodyPresent(t *testing.T) {
	for title, c := range map[string]struct {
		config string
		story  func(*story)
	}{
		"after a move":        {"", func(s *story) { s.sing(1) }},
		"after a hidden one":  {"", func(s *story) { s.must(note(1, `{"note":"b","hum":true}`)) }},
		"in a pause":          {`{"pause":5}`, func(s *story) { s.sing(0, 1) }},
		"as a newcomer again": {`{"later":true}`, func(s *story) { s.join(2) }},
	} {
		t.Run(title, func(t *testing.T) {
			s := begin(t, sung(chorus{}), 2, c.config)
			c.story(s)
			for _, seat := range s.Seats {
				if !s.MustMove(seat.Number) {
					s.refuses(joined(seat.Number), errUnchanged)
				}
			}
		})
	}
}

func TestANewcomerIsRefused(t *testing.T) {
	roles := sung(chorus{roles: []string{"alto", "bass", "tenor"}})
	for title, c := range map[string]struct {
		game   games.Game
		seats  int
		config string
		role   string
		want   error
	}{
		"a seat":                {sung(chorus{}), 11, "", "", nil},
		"all seats are taken":   {sung(chorus{}), 12, "", "", ErrFull},
		"a game without Joiner": {games.Define(throws{}), 2, "", "", ErrStarted},
		"a role":                {roles, 2, "", "tenor", nil},
		"a role that is taken":  {roles, 2, "", "bass", ErrRoleTaken},
		"no such role":          {roles, 2, "", "drums", ErrNoSuchRole},
		"no role":               {roles, 2, "", "", nil},
		"the rules refuse":      {sung(chorus{}), 2, `{"rounds":10}`, "", errLate},
	} {
		t.Run(title, func(t *testing.T) {
			s := begin(t, c.game, c.seats, c.config)
			for errors.Is(c.want, errLate) && roundOf(s) < 10 {
				s.sing(0, 1)
			}
			act := joined(c.seats)
			act.Players[0].Role = c.role
			before := dump(s.Session)
			err := s.do(act)
			if errors.Is(c.want, errLate) && isRefusal(err, "too-late") {
				err = errLate
			}
			if !errors.Is(err, c.want) {
				t.Fatalf("%v, want %v", err, c.want)
			}
			if err != nil && dump(s.Session) != before {
				t.Errorf("a newcomer who is refused leaves %s", dump(s.Session))
			}
			if err == nil && s.Seats[c.seats].Role != c.role {
				t.Errorf("the newcomer is %q, and wanted to be %q", s.Seats[c.seats].Role, c.role)
			}
		})
	}
}

var errLate = errors.New("the rules refuse latecomers")

func roundOf(s *story) int { return bytes.Count(s.State, []byte("0a")) + 1 }

// Who may sit down, and how many. A table that fills up while it waits starts; one that is played has room up to the
// game's most.
func TestJoinable(t *testing.T) {
	service := NewService(Config{Games: []games.Game{sung(chorus{}), games.Define(throws{})}})
	for title, c := range map[string]struct {
		game   string
		status Status
		seats  int
		of     int
		want   error
		free   int
	}{
		"it waits":              {"chorus", Waiting, 1, 3, nil, 2},
		"it waits, without any": {"chorus", Waiting, 0, 1, nil, 1},
		"played, two of twelve": {"chorus", Active, 2, 2, nil, 10},
		"played, all seats":     {"chorus", Active, 12, 2, ErrFull, 0},
		"over":                  {"chorus", Finished, 2, 2, ErrFinished, 0},
		"no latecomers, waits":  {"throws", Waiting, 1, 2, nil, 1},
		"no latecomers, full":   {"throws", Active, 2, 2, ErrFull, 0},
		"no latecomers, begun":  {"throws", Active, 1, 2, ErrStarted, 0},
	} {
		t.Run(title, func(t *testing.T) {
			s := Session{Game: c.game, Status: c.status, Capacity: c.of, Seats: make([]Seat, c.seats)}
			g, err := service.Game(c.game)
			if err != nil {
				t.Fatal(err)
			}
			if err := joinable(s, g); !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
			if service.Joinable(s) != (c.want == nil) || service.SeatsFree(s) != c.free {
				t.Errorf("joinable %v, %d free; want %d", service.Joinable(s), service.SeatsFree(s), c.free)
			}
		})
	}
}

// forgetful awaits all who are there whenever somebody comes in, as if nobody had sung yet, and counts the greetings.
type forgetful struct{ chorus }

func (forgetful) Join(s chorusState, seat int, _ games.Env) (games.Step[chorusState], error) {
	s.Luck++
	step := games.Step[chorusState]{State: s}
	for seat := range s.Seats {
		step.Await = append(step.Await, seat)
	}
	return step, nil
}

// The rules do not know of a move that is kept. Joining again while it is must not let its mover move twice in one turn.
func TestJoiningAgainLeavesAKeptMoveInPlace(t *testing.T) {
	s := begin(t, sung(forgetful{chorus{kept: true}}), 3, "")
	s.sing(1)
	s.must(joined(1))
	s.is(1, []int{0, 2}, time.Minute)
	if string(s.Pending[1]) != `{"note":"a"}` {
		t.Errorf("pending %v", s.Pending)
	}
	s.sing(0, 2)
	s.is(2, []int{0, 1, 2}, time.Minute)
	if got := s.song(); got != "0a 1a 2a" {
		t.Errorf("the song is %q", got)
	}

	s = begin(t, sung(forgetful{}), 3, "")
	s.must(note(1, `{"note":"a","hum":true}`))
	s.must(joined(1))
	s.is(1, []int{0, 2}, time.Minute)
}

func TestTheNewcomersSeatIsTheNextNumber(t *testing.T) {
	s := begin(t, sung(chorus{}), 2, "")
	for seat := 2; seat < 6; seat++ {
		s.join(seat)
	}
	s.forfeit(3) // their seat stays theirs
	s.join(6)
	var numbers []int
	for _, seat := range s.Seats {
		numbers = append(numbers, seat.Number)
	}
	if !slices.Equal(numbers, []int{0, 1, 2, 3, 4, 5, 6}) || !s.Seats[3].Left || s.Seats[6].Player != "p6" {
		t.Errorf("seats %+v", s.Seats)
	}
	s.is(1, []int{0, 1, 2, 4, 5, 6}, time.Minute)
	s.replays()
}

// Whatever people and servers do: nobody moves twice in a turn, a turn keeps its deadline, badges count who is awaited,
// and it can all be played again.
func TestComingAndGoingKeepsEveryPromise(t *testing.T) {
	causes := map[Cause]int{}
	for seed := range uint64(150) {
		chance := rand.New(rand.NewPCG(seed, 9))
		kept, rules := seed%2 == 0, 1
		edit := func() games.Game { return sung(revised{edition: edition{chorus{kept: kept}, rules}}) }
		s := begin(t, edit(), 2, []string{`{"rounds":6,"pause":2}`, `{"rounds":5,"later":true}`, `{"rounds":4}`}[seed%3])
		counted, moved := map[notify.PlayerID]int{}, map[string]bool{}
		badges(t, Session{}, s.Session, counted)
		for s.Status == Active && s.Version < 200 {
			before := s.Session
			s.later(time.Duration(chance.IntN(3000)) * time.Millisecond)
			switch n := chance.IntN(100); {
			case s.serverMoves() && n < 60:
				s.must(Act{Cause: Stepped, Seat: NoSeat})
			case n < 12 && len(s.Seats) < 12:
				s.join(len(s.Seats))
			case n < 35:
				if seat := s.Seats[chance.IntN(len(s.Seats))]; !seat.Left && !s.MustMove(seat.Number) {
					if err := s.do(joined(seat.Number)); err != nil && !errors.Is(err, errUnchanged) {
						t.Fatal(err)
					}
				}
			case n < 40:
				if seat := s.Seats[chance.IntN(len(s.Seats))]; !seat.Left {
					s.forfeit(seat.Number)
				}
			case n < 44:
				rules++
				s.update(edit())
			case n < 50 && !s.serverMoves():
				s.timeOut()
			case !s.serverMoves():
				seat := s.Await[chance.IntN(len(s.Await))]
				s.must(note(seat, []string{`{"note":"a"}`, `{"note":"b","hum":true}`, `{"note":"c","encore":true}`, `{"note":"b"}`}[chance.IntN(4)]))
				key := fmt.Sprint("turn ", before.Turn, " seat ", seat)
				if moved[key] {
					t.Fatalf("seed %d: %s has moved twice", seed, key)
				}
				moved[key] = true
			}
			if s.Version == before.Version {
				continue
			}
			causes[s.last.Cause]++
			badges(t, before, s.Session, counted)
			late := s.last.Cause == Migrated && before.Overdue(s.now)
			if s.Turn == before.Turn && s.Status == Active && !late && !s.Deadline.Equal(before.Deadline) || s.Turn > before.Turn+1 {
				t.Fatalf("seed %d: %s makes turn %d until %s of turn %d until %s", seed, s.last.Cause, s.Turn, s.Deadline, before.Turn, before.Deadline)
			}
			for _, seat := range s.Await {
				if s.Seats[seat].Left || s.Pending[seat] != nil {
					t.Fatalf("seed %d: seat %d is awaited, and %+v with %s", seed, seat, s.Seats[seat], s.Pending[seat])
				}
			}
		}
		if s.Status == Active {
			t.Fatalf("seed %d: no end in sight after %d changes", seed, s.Version)
		}
		s.replays()
	}
	for _, cause := range []Cause{Joined, Forfeited, Migrated, TimedOut, Stepped, Moved} {
		if causes[cause] < 20 {
			t.Errorf("%d changes were %s: the plays are not random enough", causes[cause], cause)
		}
	}
}
