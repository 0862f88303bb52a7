package store_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"yourturn/matchmaking"
	"yourturn/notify"
	"yourturn/player"
	"yourturn/session"
	"yourturn/store/enginetest"
)

// randomPlayer does anything that players and servers do, in any order, for players of its own.
type randomPlayer struct {
	*process
	dice    *rand.Rand
	players []player.Login
	shared  *commonKnowledge
}

// commonKnowledge is what all of them know: the codes of the tables and the tickets.
type commonKnowledge struct {
	mu    sync.Mutex
	codes []string
}

// expected are the answers that a player may get who does just anything.
var expected = []error{
	session.ErrNotFound, session.ErrWaiting, session.ErrStarted, session.ErrFinished, session.ErrStaleTurn, session.ErrNotYourTurn,
	session.ErrAlreadyMoved, session.ErrFull, matchmaking.ErrTooMany, matchmaking.ErrNotFound,
}

func (r *randomPlayer) anybody() notify.PlayerID {
	return notify.PlayerID(r.players[r.dice.IntN(len(r.players))].Player)
}

func (r *randomPlayer) wish() session.Wish {
	if r.dice.IntN(2) == 0 {
		return session.Wish{Game: "tictactoe"}
	}
	return session.Wish{Game: "pile", Config: json.RawMessage(`{"height":12}`), Seats: 2 + r.dice.IntN(3)}
}

// anything does one thing.
func (r *randomPlayer) anything(ctx context.Context) error {
	who := r.anybody()
	switch n := r.dice.IntN(100); {
	case n < 10:
		_, err := r.tickets.Create(ctx, who, r.wish(), 0, nil)
		return err
	case n < 14:
		found, err := r.Tickets(ctx, who, "", 5)
		if err != nil || len(found) == 0 {
			return err
		}
		_, err = r.tickets.Cancel(ctx, who, found[r.dice.IntN(len(found))].ID)
		return err
	case n < 22:
		s, err := r.sessions.Create(ctx, who, r.wish(), nil)
		r.shared.mu.Lock()
		defer r.shared.mu.Unlock()
		r.shared.codes = append(r.shared.codes, s.JoinCode)
		return err
	case n < 34:
		r.shared.mu.Lock()
		code := ""
		if len(r.shared.codes) > 0 {
			code = r.shared.codes[r.dice.IntN(len(r.shared.codes))]
		}
		r.shared.mu.Unlock()
		_, err := r.sessions.Join(ctx, who, code, "")
		return err
	case n < 37:
		return r.inSome(ctx, who, session.Waiting, func(s session.Session) error { return r.sessions.Leave(ctx, who, s.ID) })
	case n < 40:
		return r.inSome(ctx, who, session.Active, func(s session.Session) error {
			_, err := r.sessions.Forfeit(ctx, who, "", s.ID)
			return err
		})
	case n < 86:
		return r.inSome(ctx, who, session.Active, func(s session.Session) error {
			move := cell(r.dice.IntN(9))
			if s.Game == "pile" {
				move = fmt.Appendf(nil, `{"add":%d}`, 1+r.dice.IntN(3))
			}
			_, _, err := r.sessions.Play(ctx, who, "", s.ID, s.Turn, move)
			return err
		})
	case n < 90:
		cursor, err := r.Cursor(ctx, who)
		if err == nil {
			_, err = r.Ack(ctx, who, r.dice.Int64N(cursor.Last+3))
		}
		return err
	case n < 92:
		r.advance(time.Duration(r.dice.Int64N(int64(10 * time.Minute))))
		_, err := r.clock.Step(ctx)
		return err
	case n < 94:
		_, err := r.tickets.Step(ctx)
		return err
	case n < 96:
		_, err := r.tickets.Expire(ctx)
		return err
	case n < 97:
		return r.replace(ctx, r.dice.IntN(len(r.players)))
	}
	return nil
}

func (r *randomPlayer) inSome(ctx context.Context, who notify.PlayerID, status session.Status, do func(session.Session) error) error {
	found, err := r.ListSessions(ctx, session.Query{Player: who, Status: status, Limit: 10})
	if err != nil || len(found) == 0 {
		return err
	}
	return do(found[r.dice.IntN(len(found))])
}

// replace deletes an account and makes another.
func (r *randomPlayer) replace(ctx context.Context, i int) error {
	if err := r.process.players.Delete(ctx, r.players[i]); err != nil {
		return err
	}
	return r.join(ctx, i)
}

func (r *randomPlayer) join(ctx context.Context, i int) error {
	_, issued, err := r.process.players.Create(ctx, player.Profile{})
	if err != nil {
		return err
	}
	r.players[i], err = r.process.players.Authenticate(ctx, issued.Access)
	return err
}

func TestRandomPlayKeepsEveryCountRight(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		one := open(t, database)
		processes := []*process{one, one.open(t, database)}
		shared := &commonKnowledge{}
		var all sync.WaitGroup
		for i := range 8 {
			r := &randomPlayer{process: processes[i%2], dice: rand.New(rand.NewPCG(3, uint64(i))), players: make([]player.Login, 2), shared: shared}
			for n := range r.players {
				must(t, r.join(t.Context(), n))
			}
			all.Go(func() {
				for range 100 {
					err := r.anything(context.Background())
					if err != nil && !slices.ContainsFunc(expected, func(e error) bool { return errors.Is(err, e) }) && !isRule(err) {
						t.Errorf("%v", err)
						return
					}
				}
			})
		}
		all.Wait()
		sound(t, database)
		listsAreRight(t, one, database)
	})
}

func isRule(err error) bool {
	var refused *session.Refused
	return errors.As(err, &refused)
}

// listsAreRight compares the pages of every player's list, under every filter, with all there is.
func listsAreRight(t *testing.T, p *process, database string) {
	t.Helper()
	sessions := map[notify.PlayerID][]session.Session{}
	ids, err := p.SessionIDs(t.Context(), "", 10_000)
	must(t, err)
	by := map[session.Status]int{}
	for _, id := range ids {
		s := p.read(t, id)
		by[s.Status]++
		for _, seat := range s.Seats {
			sessions[seat.Player] = append(sessions[seat.Player], s)
		}
	}
	if len(by) != 3 {
		t.Errorf("random play made no session of some status: %v", by)
	}
	yes, no := true, false
	for who, all := range sessions {
		for _, q := range []session.Query{
			{}, {MyTurn: &yes}, {MyTurn: &no}, {Game: "pile"}, {Game: "pile", MyTurn: &yes}, {Game: "tictactoe", MyTurn: &no},
			{Status: session.Waiting}, {Status: session.Active}, {Status: session.Finished},
			{Status: session.Waiting, Game: "pile"}, {Status: session.Active, Game: "pile"}, {Status: session.Finished, Game: "tictactoe"},
			{Status: session.Active, MyTurn: &yes}, {Status: session.Active, MyTurn: &no}, {Status: session.Waiting, MyTurn: &yes},
			{Status: session.Finished, MyTurn: &no}, {Status: session.Active, Game: "pile", MyTurn: &yes}, {Status: session.Active, Game: "tictactoe", MyTurn: &no},
		} {
			q.Player, q.Limit = who, 3
			var want []session.ID
			sorted := slices.SortedFunc(slices.Values(all), func(a, b session.Session) int {
				x, _ := a.SeatOf(who)
				y, _ := b.SeatOf(who)
				return cmp.Or(cmp.Compare(x.SortKey, y.SortKey), cmp.Compare(a.ID, b.ID))
			})
			for _, s := range sorted {
				seat, _ := s.SeatOf(who)
				if (q.Status == "" || q.Status == s.Status) && (q.Game == "" || q.Game == s.Game) && (q.MyTurn == nil || *q.MyTurn == s.MustMove(seat.Number)) {
					want = append(want, s.ID)
				}
			}
			if got := pages(t, p, q); !slices.Equal(got, want) {
				t.Errorf("list of %s for %s %s %v:\n got %v\nwant %v", who, q.Status, q.Game, q.MyTurn, got, want)
			}
		}
	}
}

// pages reads a whole list, a page after the other.
func pages(t *testing.T, p *process, q session.Query) (ids []session.ID) {
	t.Helper()
	cursor := ""
	for {
		page, next, err := p.sessions.List(t.Context(), q, cursor)
		must(t, err)
		for _, s := range page {
			ids = append(ids, s.ID)
		}
		if next == "" {
			return ids
		}
		if len(page) != q.Limit {
			t.Fatalf("a page of %d, with others behind it", len(page))
		}
		cursor = next
	}
}
