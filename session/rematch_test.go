package session

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"yourturn/games"
	"yourturn/notify"
)

func TestARematchIsOfferedToTheOthers(t *testing.T) {
	s := mixed(t, sung(chorus{}), "ppbp", `{"rounds":1}`)
	s.forfeit(3)
	s.playBot()
	s.sing(0, 1)
	if s.Status != Finished {
		t.Fatal(s.Status)
	}
	next := successorOf(s.ID)
	s.must(Act{Cause: Rematched, Seat: 1, Next: next})
	s.hears("p0 rematch_offered, p1 session_updated, p3 rematch_offered")
	if s.Successor != next || s.Status != Finished || s.Result == nil || !s.Due.Equal(Never) {
		t.Errorf("%+v", s.Session)
	}
	for _, m := range s.last.Messages {
		if m.Push != (m.Player != "p1") || m.Own != (m.Player == "p1") || !strings.Contains(string(m.Data), `"kind":"rematch","seat":1`) ||
			!strings.Contains(string(m.Data), `{"session_id":"`+string(next)+`"}`) {
			t.Errorf("%+v with %s", m, m.Data)
		}
	}
	if got := waiting(s.before, s.Session); len(got) != 0 {
		t.Errorf("badges move by %v: the new session waits for them, not the old", got)
	}
	s.replays()
}

// Whoever opens one table after another, and leaves it, does not call the others each time.
func TestARematchIsOfferedOnce(t *testing.T) {
	s := begin(t, ttt(), 2, "")
	s.playLine()
	next := successorOf(s.ID)
	s.must(Act{Cause: Rematched, Seat: 0, Next: next})
	s.hears("p0 session_updated, p1 rematch_offered")
	for _, seat := range []int{0, 1} {
		next = successorOf(next)
		s.must(Act{Cause: Rematched, Seat: seat, Next: next})
		s.hears("p0 session_updated, p1 session_updated")
		if m := s.last.Messages; m[0].Push || m[1].Push || s.Successor != next {
			t.Errorf("followed by %s, told %+v", s.Successor, m)
		}
	}
	s.replays()
}

func TestSeatsTurnRoundInARematch(t *testing.T) {
	old := Session{Seats: []Seat{{Number: 0, Player: "ann"}, {Number: 1, Player: "bob"}, {Number: 2, Player: "cid"}}}
	for player, want := range map[notify.PlayerID]int{"ann": 1, "bob": 2, "cid": 0} {
		if got := turned(old, player); got.Player != player || got.Seat == nil || *got.Seat != want {
			t.Errorf("%s moves to %+v, want seat %d", player, got, want)
		}
	}
	alone := Session{Seats: []Seat{{Number: 0, Player: "ann"}}}
	if got := turned(alone, "ann"); *got.Seat != 0 {
		t.Errorf("who plays alone moves to seat %d", *got.Seat)
	}
}

// Whoever comes back to a table that waits sits at a seat of their own, in whatever order they come.
func TestSeatsOfARematchAreTakenByName(t *testing.T) {
	for _, order := range [][]int{{0, 1, 2}, {2, 1, 0}, {1, 2, 0}} {
		s := table(t, ttt(), 3, "")
		for i, seat := range order {
			act := Act{Cause: Joined, Seat: seat, Players: []Seated{{Player: name(seat), Seat: &seat}}}
			if i == 0 {
				act.Cause, act.Seat = Created, NoSeat
			}
			s.must(act)
		}
		for number, seat := range s.Seats {
			if seat.Number != number || seat.Player != name(number) {
				t.Errorf("%v: seats %+v", order, s.Seats)
			}
		}
		s.replays()
	}
}

func TestSuccessorsHaveAKnownIDOfTheirOwn(t *testing.T) {
	seen := map[ID]bool{}
	id := ID("s1")
	for range 100 {
		if seen[id] || !isID.MatchString(string(id)) {
			t.Fatalf("%s is no id, or comes twice", id)
		}
		seen[id] = true
		first, again := successorOf(id), successorOf(id)
		if first != again {
			t.Fatal("asked twice, two answers")
		}
		id = first
	}
}

// Who follows an open session learns from its last message where it goes on.
func TestTheEndOfAnOpenSessionNamesItsSuccessor(t *testing.T) {
	for title, end := range map[string]func(*story){
		"played to its end": func(s *story) { s.sing(0, 1) },
		"nobody came back":  func(s *story) { s.timeOut() },
		"given up":          func(s *story) { s.forfeit(0); s.forfeit(1) },
	} {
		t.Run(title, func(t *testing.T) {
			s := table(t, sung(chorus{}), 2, `{"rounds":1}`)
			s.Public = true
			s.must(Act{Cause: Created, Seat: NoSeat})
			s.hears("")
			s.join(0)
			s.join(1)
			s.must(Act{Cause: Started, Seat: NoSeat})
			end(s)
			s.hears("p0 session_finished, p1 session_finished")
			if s.Successor != successorOf(s.ID) {
				t.Errorf("followed by %q", s.Successor)
			}
			for _, m := range s.last.Messages {
				var data struct {
					Events []struct {
						Kind string
						Data struct{ Successor ID }
					}
				}
				if err := json.Unmarshal(m.Data, &data); err != nil {
					t.Fatal(err)
				}
				if last := data.Events[len(data.Events)-1]; last.Kind != "finished" || last.Data.Successor != s.Successor {
					t.Errorf("%s is told %s", m.Player, m.Data)
				}
			}
			s.replays()
		})
	}
	private := begin(t, sung(chorus{}), 1, "")
	private.forfeit(0)
	if events := private.last.EventsFor(0); private.Successor != "" || strings.Contains(string(events[len(events)-1].Data), "successor") {
		t.Errorf("a private session is followed by %q", private.Successor)
	}
}

func TestAnOpenTableThatNobodyEnteredEndsToo(t *testing.T) {
	s := table(t, sung(chorus{}), 1, "")
	s.Public = true
	s.must(Act{Cause: Created, Seat: NoSeat})
	s.now = s.overdueAt()
	s.timeOut()
	if s.places() != "expired" || s.Successor != successorOf(s.ID) {
		t.Errorf("%s, followed by %q", s.places(), s.Successor)
	}
	s.replays()
}

// The words of the session's own events are not for games.
func TestNewKindsOfEventsAreReserved(t *testing.T) {
	for _, cause := range []Cause{Migrated, Rematched} {
		c := Change{}
		if err := c.record([]games.Event{{Kind: string(cause)}}); err == nil || len(c.Events) > 0 {
			t.Errorf("a game tells of %q", cause)
		}
	}
	if !slices.Contains(reserved, finishedEvent) {
		t.Error("a game may say that it is over")
	}
}
