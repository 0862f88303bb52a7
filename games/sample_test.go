package games_test

import (
	"errors"

	"github.com/danielgtaylor/huma/v2"

	"yourturn/games"
)

// sample is a game with a bit of everything that a move can be made of, and with every optional rule.
type sample struct{}

type Config struct {
	Size int `json:"size,omitempty" minimum:"0" maximum:"20"`
}

type Piece struct {
	Kind string `json:"kind" enum:"king,pawn"`
}

type Move struct {
	Cell   int            `json:"cell" minimum:"0" maximum:"8"`
	Big    int64          `json:"big,omitempty"`
	Share  float64        `json:"share,omitempty" maximum:"1"`
	Word   string         `json:"word,omitempty" maxLength:"5"`
	Link   string         `json:"link,omitempty" format:"uri"`
	Guess  *int           `json:"guess,omitempty" minimum:"1"`
	Piece  *Piece         `json:"piece,omitempty"`
	Pieces []Piece        `json:"pieces,omitempty"`
	Votes  map[string]int `json:"votes,omitempty"`
	Hands  map[string]Bid `json:"hands,omitempty"`
	Names  Names          `json:"names,omitempty"`
}

type Bid struct {
	Points int `json:"points" minimum:"1"`
}

// Names describe themselves.
type Names map[string]string

func (Names) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeObject, AdditionalProperties: &huma.Schema{Type: huma.TypeString, Pattern: "^[a-z]+$"}}
}

type View struct {
	Board []Piece `json:"board"`
}

func (sample) Describe() games.Info {
	return games.Info{Name: "sample", Title: "Sample", TypeName: "Sample", Version: 1, MinSeats: 2, MaxSeats: 2, TurnSeconds: 60}
}

func (sample) Configure(c Config) (Config, error) {
	if c.Size == 13 {
		return c, games.Refuse("unlucky", "Not thirteen.")
	}
	if c.Size == 0 {
		c.Size = 3
	}
	return c, nil
}

func (sample) Start(games.Setup[Config]) (games.Step[View], error) {
	return games.Step[View]{Await: []int{0}}, nil
}

func (sample) Apply(View, int, Move, games.Env) (games.Step[View], error) { return over("move") }
func (sample) Timeout(View, []int, games.Env) (games.Step[View], error)   { return over("timeout") }
func (sample) Leave(View, int, games.Env) (games.Step[View], error)       { return over("leave") }
func (sample) Next(View, games.Env) (games.Step[View], error)             { return over("step") }

func over(reason string) (games.Step[View], error) {
	return games.Step[View]{Result: games.Draw(reason, 2)}, nil
}

func (sample) View(v View, _ int) View { return v }

func (sample) LegalMoves(_ View, seat int) []Move {
	if seat == 1 {
		return nil
	}
	return []Move{{Cell: 4}}
}

func isRefusal(err error, name string) bool {
	var refusal *games.Refusal
	return errors.As(err, &refusal) && refusal.Name == name
}
