// Package rps is rock-paper-scissors, best of an odd number of rounds.
//
// Both seats are awaited in every turn, so the session keeps the first throw to itself until the second is there, and
// then applies both in the order of the seats. The first of these steps puts its throw into the state and the second
// decides the round. The state in between is never stored, and a view of it would not show the throw either.
//
// Whoever lets the time run out loses the round to whoever has thrown. A game cannot go on for ever: it ends
// after [mostRounds] rounds, or when for two in a row nobody has thrown, and then the score decides as it stands.
package rps

import (
	"slices"

	"yourturn/games"
)

// mostRounds bounds a game of stubborn ties. Random throws leave a best of fifteen open for so long once in a hundred
// million games.
const mostRounds = 50

// Rules are the rules of rock-paper-scissors.
type Rules struct{}

// Config says how long the game is.
type Config struct {
	BestOf int `json:"best_of,omitempty" enum:"1,3,5,7,9,11,13,15" doc:"The game is won with more than half of so many rounds; ties do not count. 3 when absent." example:"3"`
}

// Move is a throw.
type Move struct {
	Throw string `json:"throw" enum:"rock,paper,scissors" doc:"Rock blunts scissors, scissors cut paper, paper wraps rock." example:"rock"`
}

// View is the rounds so far. Nobody sees a throw of the round that is on.
type View struct {
	BestOf int     `json:"best_of" doc:"The game is won with more than half of so many rounds." example:"3"`
	Score  [2]int  `json:"score" doc:"The rounds that each seat has won." example:"[1,0]"`
	Rounds []Round `json:"rounds" doc:"All rounds that are over, the first one first; 50 at most."`
}

// Round is one that is over. It is told as round_ended, and stays in the view.
type Round struct {
	Round  int       `json:"round" doc:"The number of the round, from 1; a tie has one too." example:"1"`
	Throws [2]string `json:"throws" doc:"What each seat threw: rock, paper or scissors; empty when it let the time run out." example:"[\"rock\",\"scissors\"]"`
	Winner *int      `json:"winner,omitempty" doc:"The seat that won the round; absent when nobody did." example:"0"`
	Reason string    `json:"reason,omitempty" doc:"no_throw when somebody let the time run out; absent otherwise." example:"no_throw"`
}

// State is the rounds so far and what has been thrown since. Between two turns nothing has.
type State struct {
	View
	Thrown [2]string `json:"thrown"`
}

func (Rules) Describe() games.Info {
	return games.Info{
		Name: "rps", Title: "Rock-paper-scissors", TypeName: "RockPaperScissors", Version: 1,
		MinSeats: 2, MaxSeats: 2, TurnSeconds: 24 * 60 * 60,
	}
}

// Configure fills in the usual length.
func (Rules) Configure(c Config) (Config, error) {
	if c.BestOf == 0 {
		c.BestOf = 3
	}
	return c, nil
}

func (Rules) Start(setup games.Setup[Config]) (games.Step[State], error) {
	s := State{View: View{BestOf: setup.Config.BestOf, Rounds: []Round{}}}
	return games.Step[State]{State: s, Await: []int{0, 1}}, nil
}

func (Rules) Apply(s State, seat int, move Move, _ games.Env) (games.Step[State], error) {
	s.Thrown[seat] = move.Throw
	if s.Thrown[1-seat] == "" {
		return games.Step[State]{State: s, Await: []int{1 - seat}}, nil
	}
	return s.endRound(), nil
}

// Timeout ends the round with the throws that there are.
func (Rules) Timeout(s State, _ []int, _ games.Env) (games.Step[State], error) {
	return s.endRound(), nil
}

func (s State) endRound() games.Step[State] {
	round := decide(len(s.Rounds)+1, s.Thrown)
	s.Rounds = append(slices.Clip(s.Rounds), round)
	s.Thrown = [2]string{}
	if round.Winner != nil {
		s.Score[*round.Winner]++
	}
	step := games.Step[State]{State: s, Events: []games.Event{{Kind: "round_ended", Data: round}}}
	if reason := s.over(); reason != "" {
		step.Result = s.result(reason)
		return step
	}
	step.Await = []int{0, 1}
	return step
}

func decide(number int, throws [2]string) Round {
	round := Round{Round: number, Throws: throws}
	if slices.Contains(throws[:], "") {
		round.Reason = "no_throw"
	}
	for seat, mine := range throws {
		if beats(mine, throws[1-seat]) {
			round.Winner = &seat
		}
	}
	return round
}

func beats(mine, theirs string) bool {
	if theirs == "" {
		return mine != ""
	}
	switch [2]string{mine, theirs} {
	case [2]string{"rock", "scissors"}, [2]string{"scissors", "paper"}, [2]string{"paper", "rock"}:
		return true
	}
	return false
}

// over says why the game is over after the last round, if it is.
func (s State) over() string {
	nobody := [2]string{}
	n := len(s.Rounds)
	switch {
	case max(s.Score[0], s.Score[1]) > s.BestOf/2:
		return "best-of"
	case n >= 2 && s.Rounds[n-2].Throws == nobody && s.Rounds[n-1].Throws == nobody:
		return "nobody-threw"
	case n >= mostRounds:
		return "rounds-out"
	}
	return ""
}

// result places whoever has won more rounds first. Equal scores share the first place.
func (s State) result(reason string) *games.Result {
	r := games.Draw(reason, 2)
	for seat := range r.Placings {
		r.Placings[seat].Score = s.Score[seat]
		if s.Score[seat] < s.Score[1-seat] {
			r.Placings[seat].Place = 2
		}
	}
	return r
}

func (Rules) View(s State, _ int) View { return s.View }

// LegalMoves are always the same three.
func (Rules) LegalMoves(State, int) []Move {
	return []Move{{Throw: "rock"}, {Throw: "paper"}, {Throw: "scissors"}}
}

// Imagine has nothing to make up: where a seat must throw, nobody has thrown yet.
func (Rules) Imagine(view View, _ int, _ games.Env) State { return State{View: view} }
