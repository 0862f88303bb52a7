package session

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"yourturn/games"
	"yourturn/games/tictactoe"
	"yourturn/notify"
)

// throws is a game of simultaneous turns: everybody throws, unseen, and whoever throws the rarest thing gets a point. It
// has what a turn can meet: chance, an event for one seat alone, and a pause after each round when the config asks for it.
// What happens to the absent and to those who leave is another type's, because those rules are optional.
type throws struct{ roles []string }

type throwsConfig struct {
	Rounds int `json:"rounds,omitempty"`
	Pause  int `json:"pause,omitempty"` // seconds
}

type throwsState struct {
	throwsConfig
	Round  int      `json:"round"`
	Thrown []string `json:"thrown"` // of this round, empty before
	Points []int    `json:"points"`
	Gone   []bool   `json:"gone"`
	Roles  []string `json:"roles"`
	Log    string   `json:"log"` // all that was drawn by lot
}

type throwsMove struct {
	Throw string `json:"throw" enum:"rock,paper,scissors,banana"`
}

type throwsView struct {
	Round int `json:"round"`
}

func (g throws) Describe() games.Info {
	return games.Info{
		Name: "throws", Title: "Throws", TypeName: "Throws", Version: 1, MinSeats: 2, MaxSeats: 20, TurnSeconds: 60, Roles: g.roles,
	}
}

func (throws) Start(setup games.Setup[throwsConfig]) (games.Step[throwsState], error) {
	n := len(setup.Roles)
	s := throwsState{throwsConfig: setup.Config, Round: 1, Points: make([]int, n), Gone: make([]bool, n), Thrown: make([]string, n), Roles: setup.Roles}
	if s.Rounds == 0 {
		s.Rounds = 2
	}
	s.Log = fmt.Sprint(setup.Rand.IntN(1000))
	return games.Step[throwsState]{State: s, Await: s.present()}, nil
}

func (s throwsState) present() (seats []int) {
	for seat, gone := range s.Gone {
		if !gone {
			seats = append(seats, seat)
		}
	}
	return seats
}

func (s throwsState) missing() (seats []int) {
	return slices.DeleteFunc(s.present(), func(seat int) bool { return s.Thrown[seat] != "" })
}

func (throws) Apply(s throwsState, seat int, move throwsMove, env games.Env) (games.Step[throwsState], error) {
	if move.Throw == "banana" {
		return games.Step[throwsState]{}, games.Refuse("no-bananas", "This is not that kind of game.")
	}
	for range len(move.Throw) - 1 { // some throws need more luck than others
		env.Rand.IntN(1000)
	}
	s.Log += fmt.Sprintf(" %d:%d", seat, env.Rand.IntN(1000))
	s.Thrown[seat] = move.Throw
	return s.afterThrow(env)
}

func (s throwsState) afterThrow(env games.Env) (games.Step[throwsState], error) {
	if missing := s.missing(); len(missing) > 0 {
		return games.Step[throwsState]{State: s, Await: missing}, nil
	}
	for seat, mine := range s.Thrown {
		same := 0
		for _, other := range s.Thrown {
			if other == mine {
				same++
			}
		}
		if same == 1 {
			s.Points[seat]++
		}
	}
	lucky := s.present()[env.Rand.IntN(len(s.present()))]
	events := []games.Event{
		{Kind: "revealed", Data: map[string]any{"throws": slices.Clone(s.Thrown)}},
		{Kind: "whispered", Data: map[string]any{"lucky": true}, To: []int{lucky}},
	}
	if s.Round == s.Rounds {
		r := &games.Result{Reason: "points"}
		for seat, points := range s.Points {
			place := 1
			for _, other := range s.Points {
				if other > points {
					place++
				}
			}
			r.Placings = append(r.Placings, games.Placing{Seat: seat, Place: place, Score: points})
		}
		return games.Step[throwsState]{State: s, Events: events, Result: r}, nil
	}
	if s.Pause > 0 {
		return games.Step[throwsState]{State: s, Events: events, Within: time.Duration(s.Pause) * time.Second}, nil
	}
	step := s.nextRound()
	step.Events = events
	return step, nil
}

func (s throwsState) nextRound() games.Step[throwsState] {
	s.Round++
	clear(s.Thrown)
	return games.Step[throwsState]{State: s, Await: s.present()}
}

func (throws) Next(s throwsState, _ games.Env) (games.Step[throwsState], error) {
	step := s.nextRound()
	step.Within = 1500 * time.Millisecond // the round after a pause is a short one
	return step, nil
}

func (throws) View(s throwsState, _ int) throwsView { return throwsView{Round: s.Round} }

// patient throws rock for those who are late.
type patient struct{ throws }

func (patient) Timeout(s throwsState, absent []int, env games.Env) (games.Step[throwsState], error) {
	for _, seat := range absent {
		s.Thrown[seat] = "rock"
	}
	return s.afterThrow(env)
}

// open goes on without those who leave, until one is left.
type open struct{ throws }

func (open) Leave(s throwsState, seat int, _ games.Env) (games.Step[throwsState], error) {
	s.Gone[seat], s.Thrown[seat] = true, ""
	events := []games.Event{{Kind: "missed", Seat: &seat}}
	if len(s.present()) == 1 {
		return games.Step[throwsState]{State: s, Events: events, Result: games.Winner("last", len(s.Gone), s.present()[0])}, nil
	}
	return games.Step[throwsState]{State: s, Await: s.missing(), Events: events}, nil
}

// ---- a session under test ----

// noon is a whole second, so that what is added to it shows.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// story is a session, and everything that has happened to it.
type story struct {
	t    *testing.T
	game games.Game
	Session
	before  Session // the last change
	last    Change
	history []Change
	now     time.Time
}

func name(seat int) notify.PlayerID { return notify.PlayerID(fmt.Sprintf("p%d", seat)) }

// begin matches players, who are named p0, p1, …, and starts.
func begin(t *testing.T, game games.Game, seats int, config string) *story {
	t.Helper()
	s := table(t, game, seats, config)
	players := make([]Seated, seats)
	for i := range players {
		players[i].Player = name(i)
	}
	s.must(Act{Cause: MatchedUp, Seat: NoSeat, Players: players})
	s.must(Act{Cause: Started, Seat: NoSeat})
	return s
}

// table is a session to which nothing has happened.
func table(t *testing.T, game games.Game, seats int, config string) *story {
	t.Helper()
	raw, err := game.ParseConfig(json.RawMessage(config))
	if err != nil {
		t.Fatal(err)
	}
	return &story{t: t, game: game, now: noon, Session: Session{
		ID: "s1", Game: game.Info().Name, RulesVersion: game.Info().Version, Config: raw, TurnSeconds: 60, Capacity: seats, Seed: make([]byte, 32),
	}}
}

// do does an act, and makes sure on the way that advance is pure.
func (s *story) do(act Act) error {
	s.t.Helper()
	given := dump(s.Session)
	after, change, err := advance(s.Session, s.game, act, s.now)
	again, changeAgain, errAgain := advance(s.Session, s.game, act, s.now)
	if dump(s.Session) != given {
		s.t.Fatalf("advance has changed what it was given, from %s to %s", given, dump(s.Session))
	}
	if dump(after, change, change.Messages, fmt.Sprint(err)) != dump(again, changeAgain, changeAgain.Messages, fmt.Sprint(errAgain)) {
		s.t.Fatalf("advance does something else the second time: %s and %s", dump(after, change), dump(again, changeAgain))
	}
	if err != nil {
		if dump(after) != given {
			s.t.Fatalf("a refused act has changed the session to %s", dump(after))
		}
		return err
	}
	change.ID = fmt.Sprintf("c%d", change.Version)
	after.ChangeID = change.ID
	s.before, s.Session, s.last = s.Session, after, change
	s.history = append(s.history, change)
	return nil
}

func dump(values ...any) string {
	for i, value := range values {
		if s, ok := value.(Session); ok {
			values[i] = struct {
				Session
				Due int64 // Never is in a year that JSON does not know
			}{s, s.Due.UnixMilli()}
		}
	}
	raw, err := json.Marshal(values)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

func (s *story) must(act Act) {
	s.t.Helper()
	if err := s.do(act); err != nil {
		s.t.Fatalf("%s of seat %d: %v", act.Cause, act.Seat, err)
	}
}

func throwOf(seat int, throw string) Act {
	return Act{Cause: Moved, Seat: seat, Move: json.RawMessage(`{"throw":"` + throw + `"}`)}
}

func mark(seat, cell int) Act {
	return Act{Cause: Moved, Seat: seat, Move: fmt.Appendf(nil, `{"cell":%d}`, cell)}
}

func (s *story) throw(seat int, throw string) {
	s.t.Helper()
	s.must(throwOf(seat, throw))
}

func (s *story) timeOut() { s.t.Helper(); s.must(Act{Cause: TimedOut, Seat: NoSeat}) }

func (s *story) forfeit(seat int) { s.t.Helper(); s.must(Act{Cause: Forfeited, Seat: seat}) }

func (s *story) state() (state throwsState) {
	s.t.Helper()
	if err := json.Unmarshal(s.State, &state); err != nil {
		s.t.Fatal(err)
	}
	return state
}

// told is what the last change says to each player: "p0 your_turn, p1 session_updated".
func (s *story) told() string {
	var told []string
	for _, m := range s.last.Messages {
		told = append(told, string(m.Player)+" "+m.Kind)
	}
	return strings.Join(told, ", ")
}

// places is what each seat came to: "timeout 1 2".
func (s *story) places() string {
	if s.Result == nil {
		return ""
	}
	text := s.Result.Reason
	for _, p := range s.Result.Placings {
		text += fmt.Sprintf(" %d", p.Place)
	}
	return text
}

func ttt() games.Game { return games.Define(tictactoe.Rules{}) }

// first is the seat that begins.
func (s *story) first() int { return s.Await[0] }
