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

// chorus is a game whose moves count as they come: in each round everybody sings a note, and the song is written down in
// the order of arrival. Who lets the time pass is set aside until they join again; newcomers sing at once, or from the
// next round on when the config says so. Bots sing what their dice say.
type chorus struct {
	kept  bool // the moves wait for each other after all
	roles []string
}

type chorusConfig struct {
	Rounds int  `json:"rounds,omitempty"`
	Pause  int  `json:"pause,omitempty"` // seconds between the rounds
	Later  bool `json:"later,omitempty"`
}

type chorusMove struct {
	Note   string `json:"note" enum:"a,b,c,x"`
	Hum    bool   `json:"hum,omitempty"`    // nobody else hears it
	Encore bool   `json:"encore,omitempty"` // sings once more
}

// What a seat does in a chorus.
const (
	sings = "sings"
	sang  = "sang"
	waits = "waits"
	away  = "away"
	left  = "left"
)

type chorusState struct {
	chorusConfig
	Round int      `json:"round"`
	Song  string   `json:"song"`
	Seats []string `json:"seats"`
	Rests bool     `json:"rests"`
	Luck  int      `json:"luck"` // all that was drawn by lot
}

type chorusView struct {
	Round int `json:"round"`
}

func (g chorus) Describe() games.Info {
	return games.Info{
		Name: "chorus", Title: "Chorus", TypeName: "Chorus", Version: 1, MinSeats: 1, MaxSeats: 12, TurnSeconds: 60,
		Roles: g.roles, AtOnce: !g.kept,
	}
}

func (chorus) Start(setup games.Setup[chorusConfig]) (games.Step[chorusState], error) {
	s := chorusState{chorusConfig: setup.Config, Seats: make([]string, len(setup.Roles))}
	if s.Rounds == 0 {
		s.Rounds = 3
	}
	return s.begin(), nil
}

func (s chorusState) begin() games.Step[chorusState] {
	s.Round, s.Rests = s.Round+1, false
	for seat, does := range s.Seats {
		if does != away && does != left {
			s.Seats[seat] = sings
		}
	}
	return s.step()
}

// step awaits whoever has to sing. When nobody has, the round is over.
func (s chorusState) step() games.Step[chorusState] {
	var await []int
	for seat, does := range s.Seats {
		if does == sings {
			await = append(await, seat)
		}
	}
	switch {
	case s.Rests:
		return games.Step[chorusState]{State: s, Within: time.Second}
	case len(await) > 0:
		return games.Step[chorusState]{State: s, Await: await}
	case s.Round == s.Rounds || !slices.ContainsFunc(s.Seats, func(does string) bool { return does == sang || does == waits }):
		return games.Step[chorusState]{State: s, Result: games.Draw("sung", len(s.Seats))}
	case s.Pause > 0:
		s.Rests = true
		return games.Step[chorusState]{State: s, Within: time.Duration(s.Pause) * time.Second}
	}
	return s.begin()
}

func (chorus) Apply(s chorusState, seat int, move chorusMove, env games.Env) (games.Step[chorusState], error) {
	if move.Note == "x" {
		return games.Step[chorusState]{}, games.Refuse("out-of-tune", "That is not a note of this song.")
	}
	s.Luck += env.Rand.IntN(1000)
	s.Song += fmt.Sprintf("%d%s ", seat, move.Note)
	if !move.Encore {
		s.Seats[seat] = sang
	}
	step := s.step()
	step.Hidden = move.Hum
	step.Events = []games.Event{{Kind: "heard", Data: map[string]any{"notes": strings.Count(s.Song, " ")}}}
	return step, nil
}

func (chorus) View(s chorusState, _ int) chorusView { return chorusView{s.Round} }

func (chorus) Timeout(s chorusState, absent []int, _ games.Env) (games.Step[chorusState], error) {
	for _, seat := range absent {
		s.Seats[seat] = away
	}
	s.Song += fmt.Sprint("out", absent, " ")
	return s.step(), nil
}

func (chorus) Next(s chorusState, _ games.Env) (games.Step[chorusState], error) {
	return s.begin(), nil
}

func (chorus) Leave(s chorusState, seat int, _ games.Env) (games.Step[chorusState], error) {
	s.Seats[seat] = left
	return s.step(), nil
}

func (chorus) Join(s chorusState, seat int, env games.Env) (games.Step[chorusState], error) {
	does := sings
	if s.Later || s.Rests {
		does = waits
	}
	switch {
	case s.Round == s.Rounds && s.Rounds > 9:
		return games.Step[chorusState]{}, games.Refuse("too-late", "The last round has begun.")
	case seat == len(s.Seats):
		s.Luck += env.Rand.IntN(1000)
		s.Seats = append(s.Seats, does)
	case s.Seats[seat] == away:
		s.Seats[seat] = does
	}
	step := s.step()
	step.Events = []games.Event{{Kind: "louder", Seat: &seat}}
	return step, nil
}

func (chorus) BotMove(_ chorusView, _ int, _ games.Level, env games.Env) chorusMove {
	return chorusMove{Note: []string{"a", "b", "c"}[env.Rand.IntN(3)]}
}

// choir is rules that have all of what a chorus has.
type choir interface {
	games.Rules[chorusConfig, chorusState, chorusMove, chorusView]
}

func sung(rules choir) games.Game {
	return games.Define[chorusConfig, chorusState, chorusMove, chorusView](rules)
}

// ---- what a story does with it ----

func note(seat int, text string) Act {
	return Act{Cause: Moved, Seat: seat, Move: json.RawMessage(text)}
}

func (s *story) sing(seats ...int) {
	s.t.Helper()
	for _, seat := range seats {
		s.must(note(seat, `{"note":"a"}`))
	}
}

func (s *story) join(seat int) { s.t.Helper(); s.must(joined(seat)) }

func joined(seat int) Act {
	return Act{Cause: Joined, Seat: seat, Players: []Seated{{Player: name(seat)}}}
}

func (s *story) later(by time.Duration) { s.now = s.now.Add(by) }

func (s *story) song() string {
	s.t.Helper()
	var state chorusState
	if err := json.Unmarshal(s.State, &state); err != nil {
		s.t.Fatal(err)
	}
	return strings.TrimSpace(state.Song)
}

// is compares a session with what it should be: the turn, who is awaited, and the deadline after noon.
func (s *story) is(turn int64, await []int, deadline time.Duration) {
	s.t.Helper()
	if s.Status != Active || s.Turn != turn || !slices.Equal(s.Await, await) || !s.Deadline.Equal(noon.Add(deadline)) {
		s.t.Fatalf("%s: turn %d awaits %v until %s; want turn %d, %v and %s", s.Status, s.Turn, s.Await, s.Deadline.Sub(noon), turn, await, deadline)
	}
}

// hears compares whom the last change tells what.
func (s *story) hears(want string) {
	s.t.Helper()
	if got := s.told(); got != want {
		s.t.Errorf("version %d tells %q, want %q", s.Version, got, want)
	}
}

// refuses does an act that must be refused.
func (s *story) refuses(act Act, want error) {
	s.t.Helper()
	if err := s.do(act); !errors.Is(err, want) {
		s.t.Errorf("%s of seat %d: %v, want %v", act.Cause, act.Seat, err, want)
	}
}

// replays plays the history again, as it comes back from a database, and compares to the byte.
func (s *story) replays() {
	s.t.Helper()
	history := stored(s.t, s.history)
	then, made, err := playAgain(s.Session, s.game, history, s.Version)
	if err != nil {
		s.t.Fatal(err)
	}
	if dump(then) != dump(s.Session) {
		s.t.Fatalf("replayed\n%s, was\n%s", dump(then), dump(s.Session))
	}
	if err := difference(s.Session, then, history, made); err != nil {
		s.t.Fatal(err)
	}
}

// badges are the badges of the people at the table, counted from all changes; of a bot there must be none.
func badges(t *testing.T, before, after Session, counted map[notify.PlayerID]int) {
	t.Helper()
	for player, by := range waiting(before, after) {
		if player == "" {
			t.Errorf("version %d counts for a bot", after.Version)
		}
		counted[player] += by
	}
	for _, seat := range after.Seats {
		if want := map[bool]int{true: 1}[after.MustMove(seat.Number)]; !seat.isBot() && counted[seat.Player] != want {
			t.Errorf("version %d: the badge of %s is %d, want %d", after.Version, seat.Player, counted[seat.Player], want)
		}
	}
}
