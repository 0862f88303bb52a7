package session

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"yourturn/games"
	"yourturn/notify"
)

// What each act says to whom. p0 sits on seat 0, and so on; in tic-tac-toe X is whoever begins, O the other.
func TestTold(t *testing.T) {
	wait := func(t *testing.T, game games.Game, seats int) *story {
		s := table(t, game, seats, "")
		s.must(Act{Cause: Created, Players: []Seated{{Player: "p0"}}})
		return s
	}
	join := func(seat int) Act { return Act{Cause: Joined, Seat: seat, Players: []Seated{{Player: name(seat)}}} }
	simple, goingOn := games.Define(throws{}), games.Define(open{})
	for title, c := range map[string]struct {
		story func(*testing.T) *story
		want  string
	}{
		"created":          {func(t *testing.T) *story { return wait(t, simple, 3) }, ""},
		"joined":           {func(t *testing.T) *story { s := wait(t, simple, 3); s.must(join(1)); return s }, "p0 session_updated"},
		"joined, and full": {func(t *testing.T) *story { s := wait(t, simple, 2); s.must(join(1)); return s }, "p0 matched, p1 matched"},
		"left while it waited": {func(t *testing.T) *story {
			s := wait(t, simple, 3)
			s.must(join(1))
			s.must(Act{Cause: Gone})
			return s
		}, "p1 session_updated"},
		"started, all awaited":     {func(t *testing.T) *story { return begin(t, simple, 2, "") }, "p0 your_turn, p1 your_turn"},
		"started, X awaited":       {func(t *testing.T) *story { return begin(t, ttt(), 2, "") }, "X your_turn"},
		"moved, next turn":         {func(t *testing.T) *story { s := begin(t, ttt(), 2, ""); s.must(mark(s.first(), 0)); return s }, "X session_updated, O your_turn"},
		"moved, the last":          {func(t *testing.T) *story { s := begin(t, ttt(), 2, ""); s.playLine(); return s }, "X session_finished, O session_finished"},
		"moved, others awaited":    {func(t *testing.T) *story { s := begin(t, simple, 3, ""); s.throw(1, "rock"); return s }, "p0 session_updated, p1 session_updated, p2 session_updated"},
		"timed out":                {func(t *testing.T) *story { s := begin(t, ttt(), 2, ""); s.timeOut(); return s }, "X session_finished, O session_finished"},
		"timed out, next turn":     {func(t *testing.T) *story { s := begin(t, games.Define(patient{}), 2, ""); s.timeOut(); return s }, "p0 your_turn, p1 your_turn"},
		"forfeited, over":          {func(t *testing.T) *story { s := begin(t, ttt(), 2, ""); s.forfeit(s.first()); return s }, "X session_finished, O session_finished"},
		"forfeited, goes on":       {func(t *testing.T) *story { s := begin(t, goingOn, 3, ""); s.forfeit(1); return s }, "p0 session_updated, p2 session_updated"},
		"over, after one had left": {func(t *testing.T) *story { s := begin(t, goingOn, 3, ""); s.forfeit(1); s.forfeit(2); return s }, "p0 session_finished, p1 session_finished, p2 session_finished"},
		"an account is gone": {func(t *testing.T) *story {
			s := begin(t, simple, 3, "")
			s.Seats[1].Deleted = true
			s.throw(0, "rock")
			return s
		}, "p0 session_updated, p2 session_updated"},
		"a crowd, inside a turn": {func(t *testing.T) *story { s := begin(t, simple, 9, ""); s.throw(4, "rock"); return s }, "p4 session_updated"},
		"8 are not yet a crowd":  {func(t *testing.T) *story { s := begin(t, simple, 8, ""); s.throw(4, "rock"); return s }, all(8, "session_updated")},
		"a crowd, the turn ends": {func(t *testing.T) *story { s := begin(t, simple, 9, ""); s.throwAll("rock"); return s }, all(9, "your_turn")},
		"a crowd, one leaves":    {func(t *testing.T) *story { s := begin(t, goingOn, 9, ""); s.forfeit(3); return s }, ""},
		"a crowd, over":          {func(t *testing.T) *story { s := begin(t, simple, 9, `{"rounds":1}`); s.throwAll("rock"); return s }, all(9, "session_finished")},
	} {
		t.Run(title, func(t *testing.T) {
			s := c.story(t)
			told := s.told()
			if s.game.Info().Name == "tictactoe" {
				x := s.history[1].Messages[0].Player // told that it begins
				told = strings.ReplaceAll(told, string(x), "X")
				told = strings.NewReplacer("p0", "O", "p1", "O").Replace(told)
				parts := strings.Split(told, ", ")
				slices.SortFunc(parts, func(a, b string) int { return strings.Compare(b, a) })
				told = strings.Join(parts, ", ")
			}
			if told != c.want {
				t.Errorf("told %q, want %q", told, c.want)
			}
			for _, change := range s.history {
				heard := map[notify.PlayerID]bool{}
				for _, m := range change.Messages {
					if heard[m.Player] {
						t.Errorf("%s hears of version %d twice", m.Player, change.Version)
					}
					heard[m.Player] = true
					if m.Session != "s1" || m.Game != s.Game || m.Version != change.Version || !m.At.Equal(change.At) || !json.Valid(m.Data) {
						t.Errorf("message %+v of change %+v", m, change)
					}
				}
			}
		})
	}
}

func all(seats int, kind string) string {
	var told []string
	for seat := range seats {
		told = append(told, fmt.Sprintf("p%d %s", seat, kind))
	}
	return strings.Join(told, ", ")
}

func (s *story) throwAll(throw string) {
	s.t.Helper()
	for seat := range len(s.Seats) {
		s.throw(seat, throw)
	}
}

func (s *story) playLine() {
	s.t.Helper()
	x := s.first()
	for i, cell := range []int{0, 3, 1, 4, 2} {
		s.must(mark((x+i)%2, cell))
	}
}

func TestWhatAMessageSays(t *testing.T) {
	s := begin(t, ttt(), 2, "")
	x := s.first()
	s.must(mark(x, 4))
	own, next := s.last.Messages[x], s.last.Messages[1-x]
	if !own.Own || next.Own {
		t.Error("a move is news to the other alone")
	}
	if next.Turn != 2 || !next.Deadline.Equal(s.Deadline) {
		t.Errorf("your_turn: %+v", next)
	}
	var data struct {
		Events []struct {
			Version, Turn int64
			Kind          string
			Seat          *int
			At            time.Time
			Data          map[string]map[string]int
		}
	}
	if err := json.Unmarshal(next.Data, &data); err != nil {
		t.Fatal(err)
	}
	if e := data.Events[0]; len(data.Events) != 1 || e.Version != 3 || e.Turn != 1 || e.Kind != "move" || *e.Seat != x || !e.At.Equal(noon) || e.Data["move"]["cell"] != 4 {
		t.Errorf("events %+v", data.Events)
	}
	s.forfeit(x)
	if m := s.last.Messages[0]; !m.Deadline.IsZero() {
		t.Errorf("a session that is over has the deadline %s", m.Deadline)
	}
}

func TestLongEventsStayInTheHistory(t *testing.T) {
	event := func(n int) []Event {
		return []Event{{Kind: "said", Data: object("text", []byte(`"`+strings.Repeat("x", n)+`"`))}}
	}
	if got := string(messageData(event(10), "")); !strings.HasPrefix(got, `{"events":[{`) {
		t.Errorf("%s", got)
	}
	if got := string(messageData(event(maxEvents), "next")); got != `{"successor_id":"next"}` {
		t.Errorf("the successor is told whatever else is too much: %s", got)
	}
	if got := string(messageData(event(maxEvents), "")); got != `{}` {
		t.Errorf("%d bytes travel in a message", len(got))
	}
}

// The end of a full table is more than fits into a message. Where it goes on is told all the same.
func TestTheEndOfAFullTableNamesItsSuccessor(t *testing.T) {
	const seats = 100
	s := table(t, sums(t), seats, `{"rounds":1}`)
	s.Public = true
	s.must(Act{Cause: Created, Seat: NoSeat})
	for seat := range seats {
		s.join(seat)
	}
	s.must(Act{Cause: Started, Seat: NoSeat})
	for seat := range seats {
		s.must(Act{Cause: Moved, Seat: seat, Move: []byte(`{"answer":"ten"}`)})
	}
	s.hears(all(seats, notify.SessionFinished))
	if n := len(messageData(s.last.EventsFor(0), "")); n > len(`{}`) {
		t.Fatalf("what happened takes %d bytes only, so that this shows nothing", n)
	}
	want := `{"successor_id":"` + string(successorOf(s.ID)) + `"}`
	for _, m := range s.last.Messages {
		if string(m.Data) != want {
			t.Fatalf("%s is told %s, want %s", m.Player, m.Data, want)
		}
	}
}

// Whoever is called is called by a push, also when it was their own move: their other devices do not know.
func TestYourTurnIsPushedWhoeverBroughtItAbout(t *testing.T) {
	for title, c := range map[string]struct {
		story func(*testing.T) *story
		own   bool
	}{
		"their own move": {func(t *testing.T) *story {
			s := begin(t, sung(chorus{}), 1, "")
			s.must(note(0, `{"note":"a","encore":true}`))
			return s
		}, true},
		"their own, the last of the turn": {func(t *testing.T) *story { s := begin(t, sung(chorus{}), 2, ""); s.sing(1, 0); return s }, true},
		"their coming":                    {func(t *testing.T) *story { s := begin(t, sung(chorus{}), 1, ""); s.join(1); return s }, true},
		"somebody else's move":            {func(t *testing.T) *story { s := begin(t, ttt(), 2, ""); s.must(mark(s.first(), 0)); return s }, false},
		"the time that is up":             {func(t *testing.T) *story { s := begin(t, games.Define(patient{}), 2, ""); s.timeOut(); return s }, false},
		"the server's step": {func(t *testing.T) *story {
			s := begin(t, sung(chorus{}), 1, `{"pause":5}`)
			s.sing(0)
			s.must(Act{Cause: Stepped, Seat: NoSeat})
			return s
		}, false},
	} {
		t.Run(title, func(t *testing.T) {
			s := c.story(t)
			called := slices.DeleteFunc(slices.Clone(s.last.Messages), func(m Message) bool { return m.Kind != notify.YourTurn })
			if len(called) == 0 {
				t.Fatalf("nobody is called: %q", s.told())
			}
			own := false
			for _, m := range called {
				own = own || m.Own
				if !m.Push {
					t.Errorf("without a push: %+v", m)
				}
			}
			if own != c.own {
				t.Errorf("own is %v: %+v", own, called)
			}
		})
	}
}

func TestBadgesMoveByWhoIsAwaited(t *testing.T) {
	s := begin(t, ttt(), 2, "")
	x, o := name(s.first()), name(1-s.first())
	for _, c := range []struct {
		act  Act
		want map[notify.PlayerID]int
	}{
		{mark(s.first(), 0), map[notify.PlayerID]int{x: -1, o: 1}},
		{mark(1-s.first(), 1), map[notify.PlayerID]int{x: 1, o: -1}},
		{Act{Cause: Forfeited, Seat: 1 - s.first()}, map[notify.PlayerID]int{x: -1}},
	} {
		s.must(c.act)
		if got := waiting(s.before, s.Session); !maps.Equal(got, c.want) {
			t.Errorf("%s moves %v, want %v", c.act.Cause, got, c.want)
		}
	}

	s = begin(t, games.Define(throws{}), 3, "")
	if got := waiting(Session{}, s.Session); !maps.Equal(got, map[notify.PlayerID]int{"p0": 1, "p1": 1, "p2": 1}) {
		t.Errorf("the start moves %v", got)
	}
	// Over a whole random game the badges come back to where they were.
	badge := waiting(Session{}, s.Session)
	for s.Status == Active {
		s.throw(s.Await[len(s.Await)-1], "paper")
		for player, by := range waiting(s.before, s.Session) {
			badge[player] += by
		}
		for seat := range 3 {
			if want := map[bool]int{true: 1}[s.MustMove(seat)]; badge[name(seat)] != want {
				t.Fatalf("the badge of seat %d is %d, want %d", seat, badge[name(seat)], want)
			}
		}
	}
}

func TestSeatRows(t *testing.T) {
	numbers := func(rows []Seat) (n []int) {
		for _, row := range rows {
			n = append(n, row.Number)
		}
		return n
	}
	everybody := []int{0, 1, 2, 3, 4, 5, 6, 7, 8}
	for title, c := range map[string]struct {
		seats int
		story func(*story)
		want  []int
		gotUp []int
	}{
		"a small table":                {3, func(s *story) { s.throw(1, "rock") }, []int{0, 1, 2}, nil},
		"a crowd, inside a turn":       {9, func(s *story) { s.throw(4, "rock") }, []int{4}, nil},
		"a crowd, the turn ends":       {9, func(s *story) { s.throwAll("rock") }, everybody, nil},
		"a crowd, one leaves":          {9, func(s *story) { s.forfeit(7) }, []int{7}, nil},
		"somebody gets up":             {3, func(s *story) { s.Status = Waiting; s.must(Act{Cause: Gone, Seat: 1}) }, []int{0, 2}, []int{1}},
		"somebody gets up, in a crowd": {9, func(s *story) { s.Status = Waiting; s.must(Act{Cause: Gone, Seat: 8}) }, everybody[:8], []int{8}},
	} {
		t.Run(title, func(t *testing.T) {
			s := begin(t, games.Define(open{}), c.seats, "")
			c.story(s)
			after := s.clone()
			rows, gotUp := seatRows(s.before, &after, []Change{s.last})
			if !slices.Equal(numbers(rows), c.want) || !slices.Equal(gotUp, c.gotUp) {
				t.Errorf("rows %v, got up %v; want %v and %v", numbers(rows), gotUp, c.want, c.gotUp)
			}
			for _, row := range rows {
				i := slices.IndexFunc(after.Seats, func(seat Seat) bool { return seat.Number == row.Number })
				if want := after.sortKey(row.Number); row.SortKey != want || after.Seats[i].SortKey != want {
					t.Errorf("seat %d has the key %d in its row and %d in the session, want %d", row.Number, row.SortKey, after.Seats[i].SortKey, want)
				}
			}
		})
	}
}

func TestSortKeysOrderAPlayersList(t *testing.T) {
	mine := func(deadline time.Duration) Session {
		return Session{Status: Active, Await: []int{0}, Deadline: noon.Add(deadline), UpdatedAt: noon}
	}
	other := func(status Status, updated time.Duration) Session {
		return Session{Status: status, Await: []int{1}, Deadline: noon.Add(time.Second), UpdatedAt: noon.Add(updated)}
	}
	list := []Session{ // in order
		mine(-time.Hour), mine(time.Minute), mine(30 * 24 * time.Hour),
		other(Waiting, time.Hour), other(Finished, time.Minute), other(Active, time.Second), other(Active, -300*24*time.Hour),
	}
	for i, s := range list {
		if i > 0 && list[i-1].sortKey(0) >= s.sortKey(0) {
			t.Errorf("number %d has the key %d, and number %d has %d", i-1, list[i-1].sortKey(0), i, s.sortKey(0))
		}
		if (s.sortKey(0) < NotMyTurn/2) != s.MustMove(0) {
			t.Errorf("number %d is on the wrong side of the middle", i)
		}
	}
}
