package games

import "encoding/json"

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

// Joiner lets people sit down while the game is on, up to Info.MaxSeats. The seat is a new one, the next number; or one
// that the state knows, when somebody who sits there and is not awaited joins again: they are back, if they had been
// set aside. A Step whose state is the one given changes nothing. Like a Leaver's, a Step that awaits whom the turn
// awaited, with or without this seat, lets that turn go on.
type Joiner[State any] interface {
	Join(state State, seat int, env Env) (Step[State], error)
}

// Migrator takes over the state of a session that was started under older rules: from is their Info.Version, and always
// below today's. Without it, or when it returns an error, such a session can be read and given up but no longer played.
// Whoever is awaited is so as before: what Migrate returns must be a state in which these seats can move.
type Migrator[State any] interface {
	Migrate(from int, state json.RawMessage) (State, error)
}

// Imaginer makes up a state that a seat cannot tell from the true one: what the seat sees is as it is, and all the rest
// is drawn by the dice (the order of the deck, the others' hands). Bots think ahead on such states, so that they know
// no more than a person in their place, and a law checks that the seat would see the same. A game that hides nothing
// from anybody can make its View the same type as its State, and needs none. Without either, bots move at random.
type Imaginer[State, View any] interface {
	Imagine(view View, seat int, env Env) State
}

// BotMover chooses a bot's move where looking ahead over listed moves cannot, as in a quiz. It sees what a person in
// the bot's place would see.
type BotMover[Move, View any] interface {
	BotMove(view View, seat int, level Level, env Env) Move
}
