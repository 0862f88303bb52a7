package games

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"reflect"
	"slices"
)

// This file is how bots think ahead, in any game that lists its moves and whose hidden part can be imagined: Monte Carlo
// tree search over information sets.
//
// Again and again the search makes up a state that the bot's seat cannot tell from the true one, and plays the game on
// from there. At first every seat chooses by what earlier plays have taught; where they have not been it moves at random,
// to the end or as far as the search looks ahead. Then each choice on the way learns what its seat got out of it. Every
// seat looks after itself: where they win together they help each other, and where one wins alone they do not.
//
// The bot knows no more than a person in its place, for the true state is never looked at. Nor does any seat in the
// search choose by what it could not see: the seats of one turn all choose before any of their moves is made, and the
// tree has branches for what everybody saw, so that a hidden move makes none.
//
// The effort is counted in plays and in calls of the rules, never in time, and all chance comes from the dice that the
// bot is given. The same call gives the same move, on a slow machine as on a fast one.

// effort is how much thought a level puts into one move.
type effort struct {
	plays int // for each move to choose from
	calls int // of the rules, at most, in all
}

// effortOf a level. On the empty board of tic-tac-toe, on one core of a small server, easy takes a tenth of a millisecond,
// normal one and a half, and hard ten; what costs most is a card game whose rules take two microseconds a call, and there
// they take one, twelve and sixty. Hard has lost none of the 60,000 positions of tic-tac-toe that it was tried on; with half
// the effort one in 24,000 was lost, and with a quarter one in 300.
func effortOf(level Level) effort {
	switch level {
	case Easy:
		return effort{plays: 3, calls: 1_500}
	case Normal:
		return effort{plays: 40, calls: 8_000}
	}
	return effort{plays: 400, calls: 30_000}
}

// Where games are long and moves are many the search looks less far ahead, so that each move is tried a few times: a move
// that was never tried is known less than one whose end was not seen.
const (
	leastTries = 4
	farthest   = 400 // turns and pauses
)

// search is one bot that thinks about one move.
type search[C, S, M, V any] struct {
	rules  Rules[C, S, M, V]
	lister LegalMover[S, M]
	info   Info
	env    Env       // the time of the request, and dice of the search's own
	plain  bool      // whether moves can be compared as they are
	left   int       // calls of the rules that it may still make
	far    int       // turns and pauses that it looks ahead
	made   []*choice // in the play that is on
}

// think chooses one of a seat's legal moves. Where nothing can be imagined, or the rules fail in all that is, it draws lots.
func (g *erased[C, S, M, V]) think(view V, awaited []int, seat int, moves []M, level Level, env Env) M {
	e := effortOf(level)
	s := &search[C, S, M, V]{
		rules:  g.rules,
		lister: any(g.rules).(LegalMover[S, M]),
		info:   g.info,
		env:    Env{Now: env.Now, Rand: rand.New(rand.NewPCG(env.Rand.Uint64(), env.Rand.Uint64()))},
		plain:  isPlain(reflect.TypeFor[M]()),
		left:   e.calls,
		far:    max(1, min(farthest, e.calls/(2*leastTries*len(moves)))),
	}
	root := &node{}
	if g.info.AtOnce { // the bot is the first: what the others do comes after its move
		awaited = []int{seat}
	}
	for range e.plays * len(moves) {
		state, err := s.imagine(view, seat)
		if err != nil {
			break
		}
		_ = s.play(Step[S]{State: state, Await: awaited}, root) // a play in which the rules fail teaches nothing
	}
	return s.favourite(root, seat, moves)
}

// play plays on from an imagined state, and lets the choices on the way learn from the end.
func (s *search[C, S, M, V]) play(step Step[S], at *node) (err error) {
	s.made = s.made[:0]
	turns := 0
	for ; turns < s.far && step.Result == nil; turns++ {
		if step, at, err = s.turn(step, at); err != nil {
			return err
		}
	}
	for _, c := range s.made {
		c.tried++
		c.worth += later(worth(step.Result, c.seat), turns)
	}
	return nil
}

// turn plays one turn, or takes the server's step after a pause, and says where in the tree that leads. When several
// seats are awaited and moves count at once, somebody is the first; otherwise nobody sees what the others choose.
func (s *search[C, S, M, V]) turn(step Step[S], at *node) (Step[S], *node, error) {
	switch seats := step.Await; {
	case len(seats) == 0:
		after, err := s.pause(step.State)
		return after, at, err
	case len(seats) == 1 || s.info.AtOnce:
		return s.alone(step.State, seats[s.env.Rand.IntN(len(seats))], at)
	default:
		return s.together(step.State, slices.Sorted(slices.Values(seats)), at)
	}
}

// pause takes the step that the server owes.
func (s *search[C, S, M, V]) pause(state S) (after Step[S], err error) {
	rules, ok := any(s.rules).(Stepper[S])
	if !ok {
		return after, errors.New("nobody is awaited")
	}
	if err := s.spend(); err != nil {
		return after, err
	}
	return rules.Next(state, s.env)
}

// alone lets one seat move. What the rules refuse is not to be had in this state.
func (s *search[C, S, M, V]) alone(state S, seat int, at *node) (after Step[S], next *node, err error) {
	moves, err := s.moves(state, seat)
	if err != nil {
		return after, nil, err
	}
	i, chosen := s.choose(at, seat, moves)
	after, err = s.apply(state, seat, moves[i])
	for isRefusal(err) && len(moves) > 1 {
		moves = slices.Concat(moves[:i], moves[i+1:]) // a new list, for this one is the rules'
		i, chosen = s.choose(at, seat, moves)
		after, err = s.apply(state, seat, moves[i])
	}
	if err != nil {
		return after, nil, err
	}
	s.remember(chosen)
	if after.Hidden {
		return after, at.next(nil), nil
	}
	return after, at.next(chosen), nil
}

// together lets several seats choose, and then makes their moves in the order of the seats.
func (s *search[C, S, M, V]) together(state S, seats []int, at *node) (after Step[S], next *node, err error) {
	moves, choices := make([]M, len(seats)), make([]*choice, len(seats))
	for i, seat := range seats {
		legal, err := s.moves(state, seat)
		if err != nil {
			return after, nil, err
		}
		var picked int
		picked, choices[i] = s.choose(at, seat, legal)
		moves[i] = legal[picked]
	}
	for i, seat := range seats {
		if after, err = s.apply(state, seat, moves[i]); err != nil {
			return after, nil, err
		}
		if after.Result != nil {
			break
		}
		state = after.State
	}
	for _, c := range choices {
		s.remember(c)
		at = at.next(c)
	}
	return after, at, nil
}

// choose picks the most promising move in the tree, and any move outside.
func (s *search[C, S, M, V]) choose(at *node, seat int, moves []M) (picked int, chosen *choice) {
	if at == nil {
		return s.env.Rand.IntN(len(moves)), nil
	}
	var best pick
	choices := make([]*choice, len(moves))
	for i, move := range moves {
		choices[i] = at.choice(s.named(seat, move))
		choices[i].offered++
		best.offer(i, choices[i].promise(), s.env.Rand)
	}
	return best.index, choices[best.index]
}

func (s *search[C, S, M, V]) remember(chosen *choice) {
	if chosen != nil {
		s.made = append(s.made, chosen)
	}
}

// favourite is the move that was tried most often: the good ones are tried more.
func (s *search[C, S, M, V]) favourite(root *node, seat int, moves []M) M {
	var best pick
	for i, move := range moves {
		best.offer(i, float64(root.choice(s.named(seat, move)).tried), s.env.Rand)
	}
	return moves[best.index]
}

func isRefusal(err error) bool {
	var refusal *Refusal
	return errors.As(err, &refusal)
}

// pick is the index of the highest value so far; of equal ones, each with the same chance.
type pick struct {
	index int
	value float64
	ties  int
}

func (b *pick) offer(index int, value float64, dice *rand.Rand) {
	switch {
	case b.ties == 0 || value > b.value:
		*b = pick{index: index, value: value, ties: 1}
	case value == b.value:
		b.ties++
		if dice.IntN(b.ties) == 0 {
			b.index = index
		}
	}
}

// The calls of the rules, all of them counted.

var errSpent = errors.New("all calls of the rules are spent")

func (s *search[C, S, M, V]) spend() error {
	if s.left == 0 {
		return errSpent
	}
	s.left--
	return nil
}

func (s *search[C, S, M, V]) imagine(view V, seat int) (state S, err error) {
	if err := s.spend(); err != nil {
		return state, err
	}
	state, ok := imagine(s.rules, view, seat, s.env)
	if !ok {
		return state, errors.New("the rules do not imagine")
	}
	return state, nil
}

func (s *search[C, S, M, V]) moves(state S, seat int) ([]M, error) {
	if err := s.spend(); err != nil {
		return nil, err
	}
	moves := s.lister.LegalMoves(state, seat)
	if len(moves) == 0 {
		return nil, fmt.Errorf("seat %d has no legal move", seat)
	}
	return moves, nil
}

func (s *search[C, S, M, V]) apply(state S, seat int, move M) (after Step[S], err error) {
	if err := s.spend(); err != nil {
		return after, err
	}
	return s.rules.Apply(state, seat, move, s.env)
}

// node is a point in the tree of plays: what could be chosen there, and where that led.
type node struct {
	choices  map[name]*choice
	branches map[*choice]*node // behind a hidden move: nil
}

// choice is a move of a seat at a node, and what came of it.
type choice struct {
	seat    int
	offered int // how often it could be chosen
	tried   int // how often it was
	worth   int // of these plays, added up
}

// name tells the choices of a node apart.
type name struct {
	seat int
	move any
}

// named is a move by itself, when Go compares such moves by what they say; otherwise its JSON.
func (s *search[C, S, M, V]) named(seat int, move M) name {
	if s.plain {
		return name{seat, move}
	}
	raw, _ := json.Marshal(move) // one that is not JSON is found out when it is played
	return name{seat, string(raw)}
}

// isPlain says that values of a type are equal when they say the same.
func isPlain(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Bool, reflect.String:
		return true
	case reflect.Array:
		return isPlain(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if !isPlain(t.Field(i).Type) {
				return false
			}
		}
		return true
	}
	return reflect.Int <= t.Kind() && t.Kind() <= reflect.Float64
}

func (n *node) choice(of name) *choice {
	c, ok := n.choices[of]
	if !ok {
		if n.choices == nil {
			n.choices = map[name]*choice{}
		}
		c = &choice{seat: of.seat}
		n.choices[of] = c
	}
	return c
}

// next is the node behind what was seen. When it is new it is kept for later plays, and this one leaves the tree.
func (n *node) next(seen *choice) *node {
	if n == nil {
		return nil
	}
	next, ok := n.branches[seen]
	if !ok {
		if n.branches == nil {
			n.branches = map[*choice]*node{}
		}
		n.branches[seen] = &node{}
	}
	return next
}

// promise is the upper confidence bound of a choice: what it was worth on average, and more the less it is known. The
// length of a number stands for its logarithm, because it is the same on every machine.
func (c *choice) promise() float64 {
	if c.tried == 0 {
		return math.Inf(1)
	}
	tried := float64(c.tried)
	return float64(c.worth)/tried + math.Sqrt(float64(curiosity*curiosity*bits.Len(uint(c.offered)))/tried)
}

// What a play is worth to a seat is counted in thousandths.
const (
	most      = 1000
	unknown   = most / 2 // the end was not seen
	curiosity = 7 * most / 10
)

// worth is what a result is to a seat: half of it for the first place, and half for how many of the others came behind.
// So a draw is less than a victory, a victory of all together as much as a draw, and a defeat of all together more than
// a defeat by somebody.
func worth(result *Result, seat int) int {
	if result == nil {
		return unknown
	}
	mine := slices.IndexFunc(result.Placings, func(p Placing) bool { return p.Seat == seat })
	if mine < 0 {
		return 0
	}
	place, others := result.Placings[mine].Place, len(result.Placings)-1
	first := 0
	if place == 1 {
		first = most
	}
	if others == 0 {
		return first
	}
	standing := -1 // without itself
	for _, p := range result.Placings {
		standing += 1 + cmp.Compare(p.Place, place)
	}
	return (first + most*standing/(2*others)) / 2
}

// later makes good ends that are farther off a little less good, and bad ones less bad. So a bot wins when it can, and
// does not give up when it must lose.
func later(worth, turns int) int {
	return unknown + (worth-unknown)*(100-3*min(turns, 10))/100
}
