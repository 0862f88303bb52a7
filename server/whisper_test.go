package server_test

import (
	"fmt"
	"strings"
	"time"

	"yourturn/games"
	"yourturn/server"
)

// whisper is a game for tests, for tables of many and for what tic-tac-toe has not: a secret in the state, moves that
// only their movers may see, and steps of the server's own. Seats speak in turn; "sing" has the server sing alone.
type whisper struct{}

type (
	whisperConfig struct {
		Verse int `json:"verse,omitempty" minimum:"0" maximum:"3500" doc:"How long a verse is."`
	}
	whisperMove struct {
		Say string `json:"say" maxLength:"100" doc:"What to say."`
	}
	whisperState struct {
		Secret string `json:"secret"`
		Seats  int    `json:"seats"`
		Next   int    `json:"next"`
		Verse  int    `json:"verse"`
		Sung   int    `json:"sung"`
	}
	whisperView struct {
		Next int `json:"next" doc:"Who speaks."`
	}
)

// secretWord begins every secret of the game's states.
const secretWord = "CANARY-STATE-"

var _ games.Stepper[whisperState] = whisper{}

func whisperGame() games.Game { return server.Game(whisper{}) }

func (whisper) Describe() games.Info {
	return games.Info{
		Name: "whisper", Title: "Whisper", TypeName: "Whisper", Version: 1, MinSeats: 2, MaxSeats: 12, TurnSeconds: 3600,
		Roles: []string{"queen", "fool"},
	}
}

func (whisper) Start(s games.Setup[whisperConfig]) (games.Step[whisperState], error) {
	return games.Step[whisperState]{
		State: whisperState{Secret: fmt.Sprint(secretWord, s.Rand.Uint64()), Seats: len(s.Roles), Verse: s.Config.Verse},
		Await: []int{0},
	}, nil
}

func (whisper) Apply(s whisperState, _ int, move whisperMove, _ games.Env) (games.Step[whisperState], error) {
	switch move.Say {
	case s.Secret:
		return games.Step[whisperState]{}, fmt.Errorf("nobody can know %s", s.Secret)
	case "fail":
		return games.Step[whisperState]{}, fmt.Errorf("the rules fail over %s", s.Secret)
	case "end":
		return games.Step[whisperState]{State: s, Result: games.Winner("told", s.Seats, s.Next)}, nil
	case "sing":
		return sing(s), nil
	}
	s.Next = (s.Next + 1) % s.Seats
	return games.Step[whisperState]{State: s, Await: []int{s.Next}, Hidden: true}, nil
}

func (whisper) Next(s whisperState, _ games.Env) (games.Step[whisperState], error) {
	s.Sung++
	return sing(s), nil
}

// sing says a verse, and goes on a second later.
func sing(s whisperState) games.Step[whisperState] {
	return games.Step[whisperState]{
		State: s, Within: time.Second,
		Events: []games.Event{{Kind: "verse", Data: map[string]any{"text": strings.Repeat("la", s.Verse/2)}}},
	}
}

func (whisper) View(s whisperState, _ int) whisperView { return whisperView{Next: s.Next} }
