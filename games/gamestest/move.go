package gamestest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"yourturn/games"
)

// pool is a set of moves, in the order in which they were first seen.
type pool struct {
	moves []raw
	has   map[string]bool
}

func (p *pool) add(move raw) {
	if !p.has[string(move)] {
		p.has[string(move)] = true
		p.moves = append(p.moves, move)
	}
}

// move lets a seat move: at once, or to be kept until the last of the turn has moved.
func (t *table) move(seat int) error {
	t.wait()
	move, err := t.choose(seat)
	if err != nil {
		return err
	}
	t.moved = append(slices.Clone(t.moved), seat)
	if !t.info.AtOnce && len(t.await)+len(t.kept) > 1 {
		return t.keep(seat, move)
	}
	s, err := t.do(fmt.Sprintf("seat %d plays %s", seat, move), func(env games.Env) (step, error) {
		return t.game.Apply(t.state, seat, move, env)
	})
	switch {
	case err != nil:
		return err
	case slices.Contains(s.Await, seat) || !t.goesOn(s, seat):
		t.settle(s)
		return nil
	}
	t.state, t.await = s.State, without(t.await, seat)
	return nil
}

// keep puts a move by that the rules accept while they know nothing of the others, and plays all when it is the last.
func (t *table) keep(seat int, move raw) error {
	if _, err := t.game.Apply(t.state, seat, move, t.env()); err != nil {
		return fmt.Errorf("the legal move %s of seat %d: %w", move, seat, err)
	}
	t.version++
	t.story = append(t.story, fmt.Sprintf("seat %d plays %s, which is kept", seat, move))
	t.kept[seat], t.await = move, without(t.await, seat)
	if len(t.await) > 0 {
		return nil
	}
	s, err := t.do("all moves of the turn", func(env games.Env) (step, error) { return t.playAll(t.state, t.kept, env) })
	if err != nil {
		return err
	}
	t.settle(s)
	return nil
}

// choose finds a move for a seat: a listed one, a bot's where none are listed, or one that was made up and is accepted.
func (t *table) choose(seat int) (raw, error) {
	listed, err := t.listed(seat)
	if err != nil {
		return nil, err
	}
	taken, err := t.offer(seat, listed)
	switch {
	case err != nil:
		return nil, err
	case taken != nil:
		return taken, nil
	case listed != nil:
		return pick(t.chance, listed), nil
	case !t.game.HasBots():
		return nil, errUnplayable
	}
	move, err := t.botMove(seat, pick(t.chance, games.Levels))
	if err != nil {
		return nil, err
	}
	t.known.add(move)
	return move, nil
}

// listed are the legal moves of an awaited seat; nil, when the game does not list them.
func (t *table) listed(seat int) ([]raw, error) {
	moves, err := t.game.LegalMoves(t.state, seat)
	switch {
	case err != nil:
		return nil, fmt.Errorf("legal moves of seat %d: %w", seat, err)
	case moves != nil && len(moves) == 0:
		return nil, fmt.Errorf("seat %d must move and has no legal move in %s", seat, t.state)
	case moves == nil:
		return nil, nil
	}
	if err := t.readsAs(pick(t.chance, moves)); err != nil {
		return nil, fmt.Errorf("a legal move of seat %d: %w", seat, err)
	}
	for _, move := range moves {
		t.known.add(move)
	}
	return moves, nil
}

// checkList: a list is the same whenever one asks, and in the same order. Bots and clients choose by the place in it.
func (t *table) checkList() error {
	if len(t.await) == 0 {
		return nil
	}
	seat := pick(t.chance, t.await)
	moves, err := t.listed(seat)
	if err != nil {
		return err
	}
	again, err := t.game.LegalMoves(t.state, seat)
	if err != nil || !slices.EqualFunc(moves, again, sameBytes) {
		return errors.Join(fmt.Errorf("legal moves of seat %d: not deterministic: %s and then %s", seat, moves, again), err)
	}
	return nil
}

func sameBytes(a, b raw) bool { return bytes.Equal(a, b) }

// readsAs wants a move of the rules' own making to be what a client's becomes: retries are compared byte by byte.
func (t *table) readsAs(move raw) error {
	parsed, err := t.game.ParseMove(move)
	if err != nil {
		return fmt.Errorf("%s cannot be read: %w", move, err)
	}
	if !bytes.Equal(parsed, move) {
		return fmt.Errorf("%s is read as %s", move, parsed)
	}
	return nil
}

// offer sends, at times, moves that nobody said are legal. The one that was accepted, if any, may be played.
func (t *table) offer(seat int, listed []raw) (taken raw, err error) {
	if t.chance.IntN(4) > 0 {
		return nil, nil
	}
	for _, given := range t.strange() {
		move, err := t.try(seat, listed, given)
		if err != nil {
			return nil, fmt.Errorf("seat %d sends %s: %w", seat, given, err)
		}
		if move != nil {
			taken = move
		}
	}
	return taken, nil
}

// strange are moves of another time or another seat, some as they were and one bent.
func (t *table) strange() (moves []raw) {
	if t.odd != nil {
		moves = append(moves, t.odd)
	}
	if len(t.known.moves) == 0 {
		return moves
	}
	return append(moves, pick(t.chance, t.known.moves), pick(t.chance, t.known.moves), t.bend(pick(t.chance, t.known.moves)))
}

// try sends a move as a client does. It must be played or refused, and what the rules list or not must be true of it.
func (t *table) try(seat int, listed []raw, given raw) (taken raw, err error) {
	move, err := t.game.ParseMove(given)
	if err != nil {
		return nil, onlyRefusals(err)
	}
	_, err = t.game.Apply(t.state, seat, move, t.env())
	isListed := slices.ContainsFunc(listed, func(m raw) bool { return bytes.Equal(m, move) })
	switch {
	case err != nil && isListed:
		return nil, fmt.Errorf("a legal move: %w", err)
	case err != nil:
		return nil, onlyRefusals(err)
	case listed != nil && !isListed && t.known.has[string(move)]:
		return nil, fmt.Errorf("accepted, and not among its legal moves %s", listed)
	}
	return move, nil
}

func onlyRefusals(err error) error {
	if isRefusal(err) {
		return nil
	}
	return fmt.Errorf("a fault, not a refusal: %w", err)
}

// isRefusal says that an error is an answer to a player.
func isRefusal(err error) bool {
	var refusal *games.Refusal
	var invalid *games.Invalid
	return errors.As(err, &refusal) || errors.As(err, &invalid)
}

// bend changes a member of a move: to a strange value, to nothing, or to what another move has there.
func (t *table) bend(move raw) raw {
	var members, others map[string]any
	if json.Unmarshal(move, &members) != nil || json.Unmarshal(pick(t.chance, t.known.moves), &others) != nil {
		return raw(`{}`)
	}
	name := func(of map[string]any) string {
		return pick(t.chance, append(slices.Sorted(maps.Keys(of)), "kind"))
	}
	switch t.chance.IntN(3) {
	case 0:
		delete(members, name(members))
	case 1:
		members[name(members)] = pick(t.chance, []any{
			0, 1, 2, 7, 24, -1, 1 << 53, 0.5, "", " ", "x", strings.Repeat("é", 30), true, nil, []any{}, map[string]any{},
		})
	case 2:
		n := name(others)
		members[n] = others[n]
	}
	bent, err := json.Marshal(members)
	if err != nil {
		return raw(`{}`)
	}
	return bent
}

// botMove is what a bot plays, asked twice.
func (t *table) botMove(seat int, level games.Level) (raw, error) {
	turn := slices.AppendSeq(slices.Clone(t.await), maps.Keys(t.kept))
	slices.Sort(turn)
	move, err := t.game.BotMove(t.state, turn, seat, level, t.env())
	if err != nil {
		return nil, fmt.Errorf("the %s bot in seat %d: %w", level, seat, err)
	}
	again, err := t.game.BotMove(t.state, turn, seat, level, t.env())
	if err != nil || !bytes.Equal(move, again) {
		return nil, errors.Join(fmt.Errorf("the %s bot in seat %d: not deterministic: %s and then %s", level, seat, move, again), err)
	}
	if err := t.readsAs(move); err != nil {
		return nil, fmt.Errorf("the move of the %s bot in seat %d: %w", level, seat, err)
	}
	if _, err := t.game.Apply(t.state, seat, move, t.env()); err != nil {
		return nil, fmt.Errorf("the move %s of the %s bot in seat %d: %w", move, level, seat, err)
	}
	return move, nil
}

// askBots asks a bot of each level for a move, at few positions: they may think for long.
func (t *table) askBots() error {
	if t.bots == 0 || len(t.await) == 0 || !t.game.HasBots() || t.chance.IntN(4) > 0 {
		return nil
	}
	t.bots--
	seat := pick(t.chance, t.await)
	for _, level := range games.Levels {
		if _, err := t.botMove(seat, level); err != nil {
			return err
		}
	}
	return nil
}
