package gamestest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"yourturn/games"
)

type (
	raw  = json.RawMessage
	step = games.Step[raw]
)

// table is one random game in progress. What may happen at it, and what comes of it, is as in a session; but what a
// session does to its rows and its people is left out, so that the laws rest on the rules alone.
type table struct {
	game   games.Game
	info   games.Info
	config string
	chance chance
	seed   uint64

	version  uint64 // so many changes
	turn     int
	now      time.Time
	deadline time.Time
	state    raw
	await    []int       // ascending
	kept     map[int]raw // moves of a simultaneous turn, which wait for the last
	moved    []int       // who has moved in this turn
	left     []bool      // by seat: its length is the number of seats
	result   *games.Result

	story []string // what was done
	known *pool    // the moves that were listed so far
	odd   raw      // what somebody might send, as a move or as the config
	bots  int      // at so many positions bots are still asked
	calm  bool     // everybody stays, and is in time
}

func newTable(game games.Game, config string, seed uint64, chance chance) *table {
	return &table{
		game: strict(game), info: game.Info(), config: config, chance: chance, seed: seed,
		now: time.Unix(1_700_000_000, 0).UTC(), known: &pool{has: map[string]bool{}},
	}
}

// copy is a table at which something can be tried.
func (t *table) copy() *table {
	c := *t
	c.kept, c.left, c.story = maps.Clone(t.kept), slices.Clone(t.left), slices.Clip(t.story)
	return &c
}

// env is the same for every call until the version is raised.
func (t *table) env() games.Env {
	return games.Env{Now: t.now, Rand: rand.New(rand.NewPCG(t.seed, t.version))}
}

func (t *table) start() error {
	config, err := t.parseConfig()
	if err != nil {
		return err
	}
	roles := t.roles(t.size())
	t.left = make([]bool, len(roles))
	s, err := t.do(fmt.Sprintf("a start with %d seats and roles %q", len(roles), roles), func(env games.Env) (step, error) {
		return t.game.Start(games.Setup[raw]{Env: env, Config: config, Roles: roles})
	})
	if err != nil {
		return err
	}
	t.settle(s)
	return t.scout()
}

// scout plays ahead at some tables, so that moves are known there whose time has not come: they name what nobody has seen.
func (t *table) scout() error {
	if t.chance.IntN(4) > 0 {
		return nil
	}
	ahead := t.copy()
	ahead.calm = true
	for range 20 {
		if ahead.result != nil {
			break
		}
		if err := ahead.act(); err != nil {
			t.story = ahead.story
			return err
		}
	}
	return nil
}

// parseConfig reads the config, and what it became once more: a session keeps the latter.
func (t *table) parseConfig() (raw, error) {
	if t.odd != nil {
		if _, err := t.game.ParseConfig(t.odd); err == nil {
			t.config = string(t.odd)
		} else if err := onlyRefusals(err); err != nil {
			return nil, fmt.Errorf("the config %s: %w", t.odd, err)
		}
	}
	config, err := t.game.ParseConfig(raw(t.config))
	if err != nil {
		return nil, fmt.Errorf("the config: %w", err)
	}
	again, err := t.game.ParseConfig(config)
	if err != nil || !bytes.Equal(config, again) {
		return nil, errors.Join(fmt.Errorf("the config becomes %s, which is read as %s", config, again), err)
	}
	return config, nil
}

// size is how many seats are taken at the start: eight at most, since more cost more and show little; and sometimes any.
func (t *table) size() int {
	most := min(t.info.MaxSeats, max(t.info.MinSeats, 8))
	if t.info.MaxSeats <= 128 && t.chance.IntN(100) == 0 {
		most = t.info.MaxSeats
	}
	return t.info.MinSeats + t.chance.IntN(most-t.info.MinSeats+1)
}

// roles gives some seats the role they ask for, and the others the free ones, unless the rules hand them out.
func (t *table) roles(seats int) []string {
	roles, free := make([]string, seats), slices.Clone(t.info.Roles)
	take := func(seat, i int) {
		roles[seat] = free[i]
		free = slices.Delete(free, i, i+1)
	}
	for seat := range seats {
		if len(free) > 0 && t.chance.IntN(3) == 0 {
			take(seat, t.chance.IntN(len(free)))
		}
	}
	for seat := range seats {
		if roles[seat] == "" && len(free) > 0 && !t.info.RolesOpen {
			take(seat, 0)
		}
	}
	return roles
}

// act does what comes next: mostly a move; at times somebody leaves, joins, or lets the deadline pass. At a calm table
// nobody does.
func (t *table) act() error {
	what := t.chance.IntN(50)
	switch {
	case len(t.await) == 0 && (t.calm || what > 3), what == 0 && !t.calm:
		return t.expire()
	case t.calm || what > 3:
		return t.move(pick(t.chance, t.await))
	case what == 1:
		return t.leave(t.chance.IntN(len(t.left)))
	}
	return t.join()
}

// grace is how long after its deadline a move still counts.
const grace = 2 * time.Second

// latest is until when people can act before the server does. Its own steps are exact.
func (t *table) latest() time.Time {
	if len(t.await) == 0 {
		return t.deadline
	}
	return t.deadline.Add(grace)
}

// wait lets time pass before somebody acts: most often a little, sometimes all there is.
func (t *table) wait() {
	left := t.latest().Sub(t.now)
	if t.chance.IntN(16) > 0 {
		left = left / 16 * time.Duration(t.chance.IntN(100)) / 100
	}
	t.now = t.now.Add(max(left, 0)).Truncate(time.Millisecond)
}

// waitForTheEnd lets the deadline pass. The server may be down at that time and act long afterwards.
func (t *table) waitForTheEnd() {
	t.now = t.now.Add(max(t.latest().Sub(t.now), 0) + time.Millisecond).Truncate(time.Millisecond)
	if t.chance.IntN(8) == 0 {
		t.now = t.now.Add(time.Duration(t.chance.IntN(24*60)) * time.Minute)
	}
}

// expire takes the server's own step, or lets the moves that are there count and time run out for the others, when the
// rules know what to do for them.
func (t *table) expire() error {
	what, rule := "the server's step", func(env games.Env) (step, error) { return t.game.Next(t.state, env) }
	if len(t.await) > 0 {
		what, rule = fmt.Sprintf("time running out for seats %v", t.await), t.timeOut
		if _, ok, err := t.game.Timeout(t.state, slices.Clone(t.await), t.env()); !ok && err == nil {
			return nil
		}
	}
	t.waitForTheEnd()
	s, err := t.do(what, rule)
	if err != nil {
		return err
	}
	t.settle(s)
	return nil
}

func (t *table) timeOut(env games.Env) (step, error) {
	before, err := t.playAll(t.state, t.kept, env)
	if err != nil || before.Result != nil {
		return before, err
	}
	after, _, err := t.game.Timeout(before.State, slices.Clone(t.await), env)
	after.Events = slices.Concat(before.Events, after.Events)
	return after, err
}

// playAll plays the moves of a turn in the order of the seats, so that the order of their arrival cannot matter.
func (t *table) playAll(state raw, moves map[int]raw, env games.Env) (step, error) {
	s := step{State: state}
	for _, seat := range slices.Sorted(maps.Keys(moves)) {
		next, err := t.game.Apply(s.State, seat, moves[seat], env)
		if err != nil {
			return step{}, fmt.Errorf("the move %s of seat %d: %w", moves[seat], seat, err)
		}
		next.Events = slices.Concat(s.Events, next.Events)
		s = next
		if s.Result != nil {
			break
		}
	}
	return s, nil
}

// leave takes a seat out of the game, while somebody stays and the rules can go on without it.
func (t *table) leave(seat int) error {
	if t.left[seat] || t.staying() < 2 {
		return nil
	}
	if _, ok, err := t.game.Leave(t.state, seat, t.env()); !ok && err == nil {
		return nil
	}
	t.wait()
	paused, rest, kept, goesOn := len(t.await) == 0, without(t.await, seat), maps.Clone(t.kept), false
	delete(kept, seat)
	t.left[seat] = true
	s, err := t.do(fmt.Sprintf("seat %d leaving", seat), func(env games.Env) (step, error) {
		s, _, err := t.game.Leave(t.state, seat, env)
		if goesOn = err == nil && t.goesOn(s, seat); !goesOn || len(rest) > 0 || paused {
			return s, err
		}
		last, err := t.playAll(s.State, kept, env) // it was the only one that they waited for
		last.Events = slices.Concat(s.Events, last.Events)
		return last, err
	})
	if err != nil {
		return err
	}
	if goesOn && (len(rest) > 0 || paused) {
		t.state, t.await, t.kept = s.State, rest, kept
		return nil
	}
	t.settle(s)
	return nil
}

func (t *table) staying() (seats int) {
	for _, left := range t.left {
		if !left {
			seats++
		}
	}
	return seats
}

// join seats somebody late, or brings back somebody who sits there and is not awaited.
func (t *table) join() error {
	seat, ok := t.joiner()
	if !ok {
		return nil
	}
	t.wait()
	newcomer := seat == len(t.left)
	if newcomer {
		t.left = append(t.left, false)
	}
	s, err := t.do(fmt.Sprintf("seat %d joining", seat), func(env games.Env) (step, error) {
		s, ok, err := t.game.Join(t.state, seat, env)
		if err == nil && !ok {
			err = errors.New("the game says that people can join late, and has no rule for it")
		}
		return s, err
	})
	switch {
	case isRefusal(err) && newcomer:
		t.left = t.left[:seat]
		return nil
	case isRefusal(err):
		return nil
	case err != nil:
		return err
	case !newcomer && bytes.Equal(s.State, t.state):
		return nil
	case !t.goesOn(s, seat):
		t.settle(s)
		return nil
	}
	t.state = s.State
	if !slices.Contains(s.Await, seat) || slices.Contains(t.await, seat) {
		return nil
	}
	if slices.Contains(t.moved, seat) {
		return fmt.Errorf("seat %d joining: it is awaited again in a turn in which it has moved", seat)
	}
	t.await = slices.Sorted(slices.Values(append(slices.Clone(t.await), seat)))
	return nil
}

// joiner is a new seat, or one that sits there and has nothing to do.
func (t *table) joiner() (seat int, ok bool) {
	var can []int
	for seat, left := range t.left {
		if _, kept := t.kept[seat]; !left && !kept && !slices.Contains(t.await, seat) {
			can = append(can, seat)
		}
	}
	newcomer := len(t.left) < t.info.MaxSeats
	switch {
	case !t.game.JoinsLate() || !newcomer && len(can) == 0:
		return 0, false
	case newcomer && (len(can) == 0 || t.chance.IntN(2) == 0):
		return len(t.left), true
	}
	return pick(t.chance, can), true
}

// goesOn says that the turn, or the pause, is still the same after a seat has moved, left or joined: the rules await the
// other seats as before. They do not know of moves that are kept.
func (t *table) goesOn(s step, seat int) bool {
	others := slices.Sorted(slices.Values(without(slices.AppendSeq(slices.Clone(t.await), maps.Keys(t.kept)), seat)))
	switch {
	case s.Result != nil || !slices.Equal(slices.Sorted(slices.Values(without(s.Await, seat))), others):
		return false
	case len(t.await) == 0:
		return len(s.Await) == 0
	}
	return len(others) > 0
}

// settle takes up a step that begins a turn, or ends the game.
func (t *table) settle(s step) {
	t.turn++
	t.state, t.result = s.State, s.Result
	t.await, t.kept, t.moved = slices.Sorted(slices.Values(s.Await)), map[int]raw{}, nil
	within := s.Within
	if len(t.await) == 0 {
		t.deadline = t.now.Add(within)
		return
	}
	if within <= 0 {
		within = time.Duration(t.info.TurnSeconds) * time.Second
	}
	t.deadline = t.now.Add(within + time.Second - 1).Truncate(time.Second) // people get whole seconds
}

func without(seats []int, seat int) []int {
	return slices.DeleteFunc(slices.Clone(seats), func(s int) bool { return s == seat })
}
