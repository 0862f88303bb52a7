// Package games says what a game is: pure rules on the author's own types.
//
// An author implements [Rules], four functions without clock, input, output or global state, and whatever of the
// optional interfaces in optional.go fits the game. [Define] erases the types once, and the rest of the program
// sees a [Game] that speaks JSON. Time and randomness come in as arguments ([Env]), so that the same history always
// gives the same state.
//
// Seats are numbered from 0. A rule refuses a move by returning [Refuse]; any other error is a fault of the rules.
package games

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Info describes a game to players, clients and the server.
type Info struct {
	Name        string   // in addresses and in the database: [a-z][a-z0-9_]{0,31}, never changed
	Title       string   // for people
	TypeName    string   // prefix of its schemas and operation ids, [A-Z][A-Za-z0-9]{0,31}: "TicTacToe"
	Version     int      // of the rules; a session remembers the one it was started with
	MinSeats    int      // a session starts when this many seats are taken, unless its creator asks for more
	MaxSeats    int      //
	TurnSeconds int      // how long a turn takes when nobody asks for another length
	Roles       []string // what a seat can be, when seats differ; each for one seat
	RolesOpen   bool     // who asked for no role starts without one, and the rules hand them out; otherwise the server gives the free ones
	FromOutside bool     // Start draws on what an operator may change, such as a file: what it drew is kept in the history, for replays
	AtOnce      bool     // when several seats are awaited, each move is applied as it comes, and the order of arrival may matter
}

// Env is all a rule knows of the world.
type Env struct {
	Now  time.Time  // of the request or the pass, the same for everything done in it
	Rand *rand.Rand // derived from the session's seed and version: the same again in a replay
}

// Setup is what a session starts from.
type Setup[Config any] struct {
	Env
	Config Config
	Roles  []string // one entry for each seat; empty strings when the game has no roles
}

// Step is what a rule makes true.
type Step[State any] struct {
	State  State
	Await  []int         // the seats that must move now, as a set; empty when the game is over or the server moves next
	Within time.Duration // how long they have; 0 means the session's own turn length
	Events []Event       // what happened beside the move itself, for the history and the feed
	Hidden bool          // the move itself is for its mover alone, though it was the only one awaited
	Result *Result       // set when the game is over
}

// Event is a line of a session's history, in the game's own words.
type Event struct {
	Kind string // "captured"; the kinds of session events (see session.Event) are taken
	Seat *int   // whose doing it is, when it is somebody's
	Data any    // becomes a JSON object
	To   []int  // the seats that may see it; nil means everybody
}

// Result is how a game ended.
type Result struct {
	Reason   string // "line", "draw", "forfeit": a word that clients can translate
	Placings []Placing
}

// Placing is what one seat came to. Equal places are ties.
type Placing struct {
	Seat  int
	Place int // 1 is best
	Score int
}

// Spectator is the seat of somebody who has none: it sees what a stranger may see.
const Spectator = -1

// Rules is a game as its author writes it. The functions are pure: they change nothing they are given.
type Rules[Config, State, Move, View any] interface {
	// Describe is constant.
	Describe() Info
	// Start sets up the table and says who moves first.
	Start(Setup[Config]) (Step[State], error)
	// Apply plays one move of an awaited seat. The moves of a simultaneous turn are applied one after another in the
	// order of the seats, when the last has arrived; what all but the last of these steps await is ignored. In a game
	// that is AtOnce each is applied when it comes: while a step awaits the others of the turn as before, that turn goes
	// on, with the deadline it has; whatever else it awaits begins the next.
	Apply(state State, seat int, move Move, env Env) (Step[State], error)
	// View is what one seat may know of the state.
	View(state State, seat int) View
}

// Refusal is a rule's answer to a move it does not allow. Its name is part of the API ("rule-" + Name).
type Refusal struct {
	Name string
	Text string
}

func (r *Refusal) Error() string { return r.Name + ": " + r.Text }

// Refuse says that a move is not allowed: name for programs ("cell-taken"), text for the person who tried.
func Refuse(name, text string) error { return &Refusal{Name: name, Text: text} }

// Issue is one thing wrong with a config or a move, found before the rules saw it.
type Issue struct {
	Location string // "cell", "rows[2].name"; empty for the value as a whole
	Message  string
}

// Invalid is the error for a config or a move that does not fit its schema.
type Invalid struct{ Issues []Issue }

func (e *Invalid) Error() string { return fmt.Sprintf("invalid: %v", e.Issues) }

// Winner is the result of a game that one seat won.
func Winner(reason string, seats, winner int) *Result {
	r := &Result{Reason: reason}
	for seat := range seats {
		place := 2
		if seat == winner {
			place = 1
		}
		r.Placings = append(r.Placings, Placing{Seat: seat, Place: place})
	}
	return r
}

// Draw is the result of a game that nobody won.
func Draw(reason string, seats int) *Result {
	r := &Result{Reason: reason}
	for seat := range seats {
		r.Placings = append(r.Placings, Placing{Seat: seat, Place: 1})
	}
	return r
}
