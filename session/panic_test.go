package session

import (
	"strings"
	"testing"
	"time"

	"yourturn/games"
)

// A panic in the rules of one game is that game's error, not the end of the process and of every node after it.
func TestPanicOfRulesIsAnError(t *testing.T) {
	game := games.Define(panicky{})
	fresh := Session{ID: "s", Game: "panicky", Capacity: 1, TurnSeconds: 60, Seed: make([]byte, 32), Config: []byte(`{}`)}
	now := time.Unix(0, 0)
	seated, _, err := advance(fresh, game, Act{Cause: Created, Players: []Seated{{Player: "ann"}}}, now)
	if err != nil {
		t.Fatal(err)
	}
	after, _, err := advance(seated, game, Act{Cause: Started, Seat: NoSeat}, now)
	if err == nil || !strings.Contains(err.Error(), "panic") || after.Version != 0 && after.Version != seated.Version {
		t.Errorf("the start gives version %d and %v", after.Version, err)
	}
	seated.Status, seated.State = Active, []byte(`{}`)
	if _, err := viewOf(game, seated, 0); err == nil {
		t.Error("a view that panics is no error")
	}
}

type panicky struct{}

type empty struct{}

func (panicky) Describe() games.Info {
	return games.Info{Name: "panicky", Title: "Panicky", TypeName: "Panicky", Version: 1, MinSeats: 1, MaxSeats: 1, TurnSeconds: 60}
}

func (panicky) Start(games.Setup[empty]) (games.Step[empty], error) { panic("start") }

func (panicky) Apply(empty, int, empty, games.Env) (games.Step[empty], error) { panic("apply") }

func (panicky) View(empty, int) empty { panic("view") }
