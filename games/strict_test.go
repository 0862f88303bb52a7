package games_test

import (
	"encoding/json"
	"strings"
	"testing"

	"yourturn/games"
)

// careless has every fault that the compiler and JSON pass over.
type careless[S any] struct {
	view  func(S) careView
	write bool
}

type careState struct {
	List []int `json:"list"`
}

type careView struct {
	List []int `json:"list" maxItems:"2"`
}

func (careless[S]) Describe() games.Info {
	return games.Info{Name: "careless", Title: "Careless", TypeName: "Careless", Version: 1, MinSeats: 1, MaxSeats: 1, TurnSeconds: 60}
}

func (careless[S]) Start(games.Setup[Config]) (games.Step[S], error) {
	return games.Step[S]{Await: []int{0}}, nil
}

func (c careless[S]) Apply(s S, _ int, _ Bid, _ games.Env) (games.Step[S], error) {
	if list, ok := any(s).(careState); ok && c.write {
		list.List[0]++
	}
	return games.Step[S]{State: s, Await: []int{0}}, nil
}

func (c careless[S]) View(s S, _ int) careView { return c.view(s) }

func strictly(g games.Game) games.Game { return g.(interface{ Strict() games.Game }).Strict() }

func TestAStrictGameFindsRulesThatWriteToTheirState(t *testing.T) {
	view := func(careState) careView { return careView{List: []int{}} }
	for write, found := range map[bool]bool{true: true, false: false} {
		game := games.Define(careless[careState]{view: view, write: write})
		_, err := strictly(game).Apply(json.RawMessage(`{"list":[1]}`), 0, json.RawMessage(`{"points":1}`), games.Env{})
		if (err != nil && strings.Contains(err.Error(), `from {"list":[1]} to {"list":[2]}`)) != found {
			t.Errorf("rules that write (%v): %v", write, err)
		}
		if _, err := game.Apply(json.RawMessage(`{"list":[1]}`), 0, json.RawMessage(`{"points":1}`), games.Env{}); err != nil {
			t.Errorf("the same game when it is played: %v", err)
		}
	}
}

func TestAStrictGameFindsViewsThatDoNotFitTheirSchema(t *testing.T) {
	for name, c := range map[string]struct {
		list []int
		want string
	}{
		"a list that is null": {nil, "expected array"},
		"a list too long":     {[]int{1, 2, 3}, "expected array length <= 2"},
		"as it should be":     {[]int{1}, ""},
	} {
		game := strictly(games.Define(careless[careState]{view: func(careState) careView { return careView{c.list} }}))
		_, err := game.View(json.RawMessage(`{"list":[]}`), 0)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type hiddenMember struct {
	Open   int `json:"open"`
	hidden int //nolint:unused // it is what the test is about
}

type misspelt struct{ careless[careState] }

func (misspelt) Timeout(careState, []int) (games.Step[careState], error) {
	return games.Step[careState]{}, nil
}

func TestDefineRefusesWhatWouldBeLostInSilence(t *testing.T) {
	view := func(careState) careView { return careView{} }
	for want, define := range map[string]func(){
		"the method Timeout has not the parameters": func() { games.Define(misspelt{careless[careState]{view: view}}) },
		"the unexported member hiddenMember.hidden": func() { games.Define(careless[hiddenMember]{view: func(hiddenMember) careView { return careView{} }}) },
		"the unexported member hiddenMember.":       func() { games.Define(careless[map[string][]*hiddenMember]{}) },
	} {
		func() {
			defer func() {
				if said, _ := recover().(string); !strings.Contains(said, want) {
					t.Errorf("Define says %q, want %q", said, want)
				}
			}()
			define()
		}()
	}
}
