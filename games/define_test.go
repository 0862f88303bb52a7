package games_test

import (
	"encoding/json"
	"flag"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"yourturn/games"
	"yourturn/games/tictactoe"
)

var update = flag.Bool("update", false, "write the golden files again")

// described is a game that is nothing but its description.
type described struct{ info games.Info }

type nothing struct{}

func (d described) Describe() games.Info { return d.info }

func (described) Start(games.Setup[nothing]) (games.Step[nothing], error) {
	return games.Step[nothing]{Await: []int{0}}, nil
}

func (described) Apply(nothing, int, nothing, games.Env) (games.Step[nothing], error) {
	return games.Step[nothing]{Result: games.Draw("over", 1)}, nil
}

func (described) View(nothing, int) nothing { return nothing{} }

// wordless has a move that is not a struct.
type wordless struct{ described }

func (wordless) Apply(nothing, int, string, games.Env) (games.Step[nothing], error) {
	return games.Step[nothing]{}, nil
}

func fine() games.Info {
	return games.Info{Name: "chess_960", Title: "Chess", TypeName: "Chess960", Version: 1, MinSeats: 2, MaxSeats: 2, TurnSeconds: 60}
}

func TestDefineRefusesAWrongDescription(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*games.Info)
		says   string // empty: taken
	}{
		"as it should be":     {func(*games.Info) {}, ""},
		"one seat":            {func(i *games.Info) { i.MinSeats, i.MaxSeats = 1, 1 }, ""},
		"the longest turn":    {func(i *games.Info) { i.TurnSeconds = games.MaxTurnSeconds }, ""},
		"roles":               {func(i *games.Info) { i.Roles = []string{"white", "black"} }, ""},
		"no name":             {func(i *games.Info) { i.Name = "" }, "name"},
		"capital in the name": {func(i *games.Info) { i.Name = "Chess" }, "name"},
		"dash in the name":    {func(i *games.Info) { i.Name = "chess-960" }, "name"},
		"name of 33":          {func(i *games.Info) { i.Name = strings.Repeat("x", 33) }, "name"},
		"name with a line":    {func(i *games.Info) { i.Name = "chess\n" }, "name"},
		"no title":            {func(i *games.Info) { i.Title = "" }, "title"},
		"no type name":        {func(i *games.Info) { i.TypeName = "" }, "types"},
		"type name in small":  {func(i *games.Info) { i.TypeName = "chess" }, "types"},
		"space in type name":  {func(i *games.Info) { i.TypeName = "Chess 960" }, "types"},
		"version 0":           {func(i *games.Info) { i.Version = 0 }, "version"},
		"no seats":            {func(i *games.Info) { i.MinSeats = 0 }, "seats"},
		"more least than most": {func(i *games.Info) {
			i.MinSeats, i.MaxSeats = 3, 2
		}, "seats"},
		"no turn length":      {func(i *games.Info) { i.TurnSeconds = 0 }, "turn"},
		"too short a turn":    {func(i *games.Info) { i.TurnSeconds = games.MinTurnSeconds - 1 }, "turn"},
		"too long a turn":     {func(i *games.Info) { i.TurnSeconds = games.MaxTurnSeconds + 1 }, "turn"},
		"a role twice":        {func(i *games.Info) { i.Roles = []string{"a", "b", "a"} }, "role"},
		"a role without name": {func(i *games.Info) { i.Roles = []string{"a", ""} }, "role"},
	} {
		t.Run(name, func(t *testing.T) {
			info := fine()
			c.change(&info)
			says := panicOf(func() { games.Define(described{info}) })
			if (says == "") != (c.says == "") || !strings.Contains(says, c.says) {
				t.Errorf("Define panics with %q, want a word of %q", says, c.says)
			}
		})
	}
}

func TestDefineRefusesAMoveThatIsNoStruct(t *testing.T) {
	if says := panicOf(func() { games.Define(wordless{described{fine()}}) }); !strings.Contains(says, "Move is a string") {
		t.Errorf("Define panics with %q", says)
	}
}

func panicOf(f func()) (says string) {
	defer func() {
		if p := recover(); p != nil {
			says = p.(string)
		}
	}()
	f()
	return ""
}

// What Define finds by assertion works; what a game does not have is answered, not invented.
func TestOptionalRulesAreFoundByAssertion(t *testing.T) {
	bare, full := games.Define(described{fine()}), games.Define(sample{})
	state, env := json.RawMessage(`{}`), games.Env{Now: time.Unix(0, 0), Rand: rand.New(rand.NewPCG(1, 2))}

	if moves, err := bare.LegalMoves(state, 0); moves != nil || err != nil {
		t.Errorf("a game without legal moves lists %v, %v", moves, err)
	}
	if moves, err := full.LegalMoves(state, 0); len(moves) != 1 || err != nil {
		t.Errorf("legal moves: %s, %v", moves, err)
	}
	if moves, err := full.LegalMoves(state, 1); moves == nil || len(moves) != 0 || err != nil {
		t.Errorf("a seat without a move lists %v, %v; want an empty list, which is not the same as none", moves, err)
	}
	for name, call := range map[string]func(games.Game) (games.Step[json.RawMessage], bool, error){
		"timeout": func(g games.Game) (games.Step[json.RawMessage], bool, error) { return g.Timeout(state, []int{0}, env) },
		"leave":   func(g games.Game) (games.Step[json.RawMessage], bool, error) { return g.Leave(state, 0, env) },
		"step": func(g games.Game) (games.Step[json.RawMessage], bool, error) {
			step, err := g.Next(state, env)
			return step, err == nil, nil
		},
	} {
		if _, ok, err := call(bare); ok || err != nil {
			t.Errorf("%s of a game without: %v, %v", name, ok, err)
		}
		if step, ok, err := call(full); !ok || err != nil || step.Result == nil || step.Result.Reason != name {
			t.Errorf("%s: %+v, %v, %v", name, step, ok, err)
		}
	}
	if config, err := full.ParseConfig(nil); err != nil || string(config) != `{"size":3}` {
		t.Errorf("a config that says nothing becomes %s, %v; want the defaults", config, err)
	}
	if _, err := full.ParseConfig(json.RawMessage(`{"size":13}`)); !isRefusal(err, "unlucky") {
		t.Errorf("a config that the rules refuse: %v", err)
	}
}

// Both games call their types Config, Move and View, and clients are generated from what comes of it.
func TestSchemasOfTwoGamesLiveInOneAPI(t *testing.T) {
	all := map[string]any{}
	for _, g := range []games.Game{games.Define(sample{}), games.Define(tictactoe.Rules{})} {
		prefix := g.Info().TypeName
		if got, want := g.Types(), (games.Types{Config: prefix + "Config", Move: prefix + "Move", View: prefix + "View"}); got != want {
			t.Errorf("types %+v, want %+v", got, want)
		}
		for name, schema := range g.Schemas() {
			if !strings.HasPrefix(name, prefix) {
				t.Errorf("%s does not begin with %s", name, prefix)
			}
			if _, taken := all[name]; taken {
				t.Errorf("two schemas named %s", name)
			}
			all[name] = schema
		}
	}
	golden(t, "testdata/schemas.json", all)
}

func golden(t *testing.T, file string, value any) {
	t.Helper()
	got, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	if *update {
		if err := os.WriteFile(file, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs (go test ./games -update writes it again):\n%s", file, diff)
	}
}
