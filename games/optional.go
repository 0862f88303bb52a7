package games

// The interfaces of this file are optional: [Define] finds by assertion which of them a game's rules have.

// Configurer fills in the defaults of a config and refuses what cannot be played. Without it every config that fits
// the schema is as good as it came.
type Configurer[Config any] interface {
	Configure(Config) (Config, error)
}

// LegalMover lists what a seat may play now. It feeds clients, bots and tests; leave it out when there are too many.
type LegalMover[State, Move any] interface {
	LegalMoves(state State, seat int) []Move
}

// Timeouter says what happens to the seats that let the deadline pass. Without it they forfeit.
type Timeouter[State any] interface {
	Timeout(state State, absent []int, env Env) (Step[State], error)
}

// Leaver lets a game go on without a seat whose player forfeits. Without it a forfeit ends the game: whoever
// forfeits comes last, and the others share the first place. When its Step awaits whom the turn awaited, but for the one
// who leaves, that turn goes on: its deadline stays, and so do the moves that wait for the last. A pause goes on likewise.
type Leaver[State any] interface {
	Leave(state State, seat int, env Env) (Step[State], error)
}

// Stepper takes the step that the server owes after a pause: a Step without awaited seats and without a result is
// followed by Next once its Within has passed.
type Stepper[State any] interface {
	Next(state State, env Env) (Step[State], error)
}
