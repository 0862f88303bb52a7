package session

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"yourturn/games"
	"yourturn/notify"
)

// everything is a game with all optional rules, so that a random play meets all causes.
type everything struct{ throws }

func (everything) Timeout(s throwsState, absent []int, env games.Env) (games.Step[throwsState], error) {
	return patient{}.Timeout(s, absent, env)
}

func (everything) Leave(s throwsState, seat int, env games.Env) (games.Step[throwsState], error) {
	return open{}.Leave(s, seat, env)
}

// randomPlay fills a table and plays on it until it is over.
func randomPlay(t *testing.T, game games.Game, seats int, config string, chance *rand.Rand) *story {
	t.Helper()
	s := table(t, game, seats, config)
	s.Seed = fmt.Appendf(nil, "%032d", chance.Uint64())
	s.must(Act{Cause: Created, Players: []Seated{{Player: "p0"}}})
	for len(s.Seats) < s.Capacity {
		s.now = s.now.Add(time.Duration(chance.IntN(1_000_000)) * time.Millisecond)
		if len(s.Seats) > 1 && chance.IntN(4) == 0 {
			s.must(Act{Cause: Gone, Seat: s.Seats[chance.IntN(len(s.Seats))].Number})
			continue
		}
		s.must(Act{Cause: Joined, Seat: s.freeSeat(), Players: []Seated{{Player: notify.PlayerID(fmt.Sprintf("p%d", s.Version))}}})
	}
	s.must(Act{Cause: Started, Seat: NoSeat})
	for s.Status == Active {
		s.now = s.now.Add(time.Duration(chance.IntN(5000)) * time.Millisecond)
		switch {
		case s.serverMoves() && chance.IntN(20) > 0:
			s.must(Act{Cause: Stepped, Seat: NoSeat})
		case !s.serverMoves() && chance.IntN(10) == 0:
			s.timeOut()
		case s.serverMoves() || chance.IntN(20) == 0:
			stayed := slices.DeleteFunc(slices.Clone(s.Seats), func(seat Seat) bool { return seat.Left })
			s.forfeit(stayed[chance.IntN(len(stayed))].Number)
		default:
			seat := s.Await[chance.IntN(len(s.Await))]
			moves, err := game.LegalMoves(s.State, seat)
			if err != nil {
				t.Fatal(err)
			}
			if moves == nil {
				moves = []json.RawMessage{[]byte(`{"throw":"rock"}`), []byte(`{"throw":"paper"}`), []byte(`{"throw":"scissors"}`)}
			}
			s.must(Act{Cause: Moved, Seat: seat, Move: moves[chance.IntN(len(moves))]})
		}
	}
	return s
}

// stored is a history as it comes back from a database: of each act, its members.
func stored(t *testing.T, history []Change) []Change {
	t.Helper()
	back := make([]Change, len(history))
	for i, c := range history {
		back[i] = c
		back[i].Messages, back[i].Act, back[i].Events = nil, Act{}, nil
		again := func(from, into any) {
			raw, err := json.Marshal(from)
			if err == nil {
				err = json.Unmarshal(raw, into)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		again(c.Act, &back[i].Act)
		again(slices.Concat(c.Events, []Recorded{}), &back[i].Events)
		back[i].Cause, back[i].Seat = c.Cause, c.Seat
	}
	return back
}

func TestReplayGivesTheSameSessionToTheByte(t *testing.T) {
	causes := map[Cause]int{}
	for seed := range uint64(60) {
		chance := rand.New(rand.NewPCG(seed, 1))
		for _, s := range []*story{
			randomPlay(t, ttt(), 2, "", chance),
			randomPlay(t, games.Define(everything{}), 2+chance.IntN(4), `{"rounds":4,"pause":2}`, chance),
			randomPlay(t, games.Define(throws{roles: []string{"cat", "dog"}}), 2, "", chance),
		} {
			history := stored(t, s.history)
			then, made, err := playAgain(s.Session, s.game, history, s.Version)
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			if dump(then) != dump(s.Session) {
				t.Fatalf("seed %d: replayed\n%s, was\n%s", seed, dump(then), dump(s.Session))
			}
			if err := difference(s.Session, then, history, made); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			for _, c := range history {
				causes[c.Cause]++
			}
		}
	}
	for _, cause := range []Cause{Created, Joined, Gone, Started, Moved, TimedOut, Stepped, Forfeited} {
		if causes[cause] == 0 {
			t.Errorf("no change was %s: the plays are not random enough", cause)
		}
	}
}

func TestReplayStopsAtAVersion(t *testing.T) {
	s := begin(t, ttt(), 2, "")
	x := s.first()
	s.must(mark(x, 4))
	then3 := s.Session
	s.must(mark(1-x, 0))
	s.Seats[0].DisplayName, s.Seats[1].Deleted = "Ada", true
	then, _, err := playAgain(s.Session, s.game, s.history, 3)
	if err != nil || then.Version != 3 || string(then.State) != string(then3.State) || then.ChangeID != "c3" {
		t.Fatalf("%+v, %v", then, err)
	}
	if then.Seats[0].DisplayName != "Ada" || !then.Seats[1].Deleted {
		t.Errorf("people are called what they are called today: %+v", then.Seats)
	}
}

// Every way in which a database could have been changed by hand is found.
func TestVerifyFindsATamperedRow(t *testing.T) {
	for name, tamper := range map[string]func(now *Session, history *[]Change){
		"the state":           func(now *Session, _ *[]Change) { now.State = append(now.State[:len(now.State)-1], ' ', '}') },
		"who must move":       func(now *Session, _ *[]Change) { now.Await = []int{1} },
		"the turn":            func(now *Session, _ *[]Change) { now.Turn++ },
		"the status":          func(now *Session, _ *[]Change) { now.Status = Finished },
		"the deadline":        func(now *Session, _ *[]Change) { now.Deadline = now.Deadline.Add(time.Second) },
		"a kept move":         func(now *Session, _ *[]Change) { now.Pending[0] = json.RawMessage(`{"throw":"paper"}`) },
		"who sits there":      func(now *Session, _ *[]Change) { now.Seats[1].Player = "mallory" },
		"who has left":        func(now *Session, _ *[]Change) { now.Seats[1].Left = true },
		"the result":          func(now *Session, _ *[]Change) { now.Result = games.Winner("points", 3, 0) },
		"the seed":            func(now *Session, _ *[]Change) { now.Seed[5] ^= 1 },
		"the config":          func(now *Session, _ *[]Change) { now.Config = json.RawMessage(`{"rounds":9}`) },
		"the version":         func(now *Session, _ *[]Change) { now.Version++ },
		"a move":              func(_ *Session, h *[]Change) { (*h)[3].Move = json.RawMessage(`{"throw":"scissors"}`) },
		"whose move":          func(_ *Session, h *[]Change) { (*h)[5].Seat = 1 },
		"when":                func(_ *Session, h *[]Change) { (*h)[4].At = noon.Add(time.Hour) },
		"a change is missing": func(_ *Session, h *[]Change) { *h = slices.Delete(*h, 3, 4) },
		"the last is missing": func(_ *Session, h *[]Change) { *h = (*h)[:len(*h)-1] },
		"one too many": func(_ *Session, h *[]Change) {
			*h = append(*h, Change{Version: int64(len(*h)) + 1, Act: throwOf(1, "rock")})
		},
		"an event": func(_ *Session, h *[]Change) {
			(*h)[4].Events[0].Data = json.RawMessage(`{"throws":["rock","rock","rock"]}`)
		},
		"who may see an event":  func(_ *Session, h *[]Change) { (*h)[4].Events[1].To = []int{0, 1, 2} },
		"an event is missing":   func(_ *Session, h *[]Change) { (*h)[4].Events = (*h)[4].Events[:1] },
		"a secret move is open": func(_ *Session, h *[]Change) { (*h)[5].Private = false },
		"the turn of a change":  func(_ *Session, h *[]Change) { (*h)[5].Turn = 1 },
		"nothing":               func(*Session, *[]Change) {},
	} {
		t.Run(name, func(t *testing.T) {
			s := begin(t, games.Define(throws{}), 3, "")
			s.throw(0, "rock")
			s.throw(1, "paper")
			s.throw(2, "paper")
			s.throw(0, "rock")
			now, history := s.clone(), stored(t, s.history)
			tamper(&now, &history)
			then, made, err := playAgain(now, s.game, history, now.Version)
			if err == nil {
				err = difference(now, then, history, made)
			}
			if (err == nil) != (name == "nothing") {
				t.Errorf("verify says: %v", err)
			}
			if err != nil && strings.Contains(err.Error(), "rock") {
				t.Errorf("verify shows a move: %v", err)
			}
		})
	}
}
