package session

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"

	"yourturn/games"
	"yourturn/notify"
)

// Taken is the move that counted.
type Taken struct {
	Turn    int64
	Seat    int
	Version int64
}

// Play takes a move, exactly once: the same move of the same turn again finds that it was taken, whatever has
// happened since, and a different one is refused.
func (s *Service) Play(ctx context.Context, player notify.PlayerID, login notify.LoginID, id ID, turn int64, raw json.RawMessage) (Session, Taken, error) {
	var taken Taken
	after, err := s.update(ctx, id, func(sess Session) ([]Act, error) {
		seat, err := seatOf(sess, player)
		if err != nil {
			return nil, err
		}
		taken = Taken{Turn: turn, Seat: seat.Number, Version: sess.Version + 1}
		g := s.games[sess.Game]
		// A move that was taken comes before every other answer: the client may not have heard of it.
		if done, ok, err := s.played(ctx, sess, turn, seat.Number); err != nil {
			return nil, err
		} else if ok {
			taken.Version = done.Version
			return nil, sameMove(g, raw, done.Move)
		}
		if err := playable(sess, turn, seat.Number); err != nil {
			return nil, err
		}
		move, err := g.ParseMove(raw)
		if err != nil {
			return nil, within("body.move", err)
		}
		return []Act{{Cause: Moved, Seat: seat.Number, Login: login, Move: move}}, nil
	})
	return after, taken, err
}

// played looks for the move that a seat made in a turn. A seat that is awaited now cannot have made it, which spares
// the look-up on the way of every ordinary move.
func (s *Service) played(ctx context.Context, sess Session, turn int64, seat int) (Change, bool, error) {
	if turn > sess.Turn || turn == sess.Turn && sess.MustMove(seat) {
		return Change{}, false, nil
	}
	return s.store.MoveAt(ctx, sess.ID, turn, seat)
}

// sameMove compares a move with one that was taken, perhaps by older rules, which may have written it otherwise.
func sameMove(g games.Game, raw, taken json.RawMessage) error {
	move, err := g.ParseMove(raw)
	was, errWas := g.ParseMove(taken)
	if bytes.Equal(raw, taken) || err == nil && errWas == nil && bytes.Equal(move, was) {
		return nil
	}
	return ErrAlreadyMoved
}

func playable(sess Session, turn int64, seat int) error {
	switch {
	case sess.Status == Waiting:
		return ErrWaiting
	case sess.Status == Finished:
		return ErrFinished
	case turn != sess.Turn:
		return ErrStaleTurn
	case !sess.MustMove(seat):
		return ErrNotYourTurn
	}
	return nil
}

// seatOf finds a player's seat. Whoever has none must not learn that the session is there.
func seatOf(sess Session, player notify.PlayerID) (Seat, error) {
	seat, ok := sess.SeatOf(player)
	if !ok {
		return Seat{}, ErrNotFound
	}
	return seat, nil
}

// Join takes a seat by a join code. Who sits there already gets the session as it is.
func (s *Service) Join(ctx context.Context, player notify.PlayerID, code, role string) (Session, error) {
	found, err := s.Preview(ctx, player, code)
	if err != nil {
		return Session{}, err
	}
	return s.sitDown(ctx, found.ID, Seated{Player: player, Role: role})
}

// sitDown gives a player a seat, unless there is one already.
func (s *Service) sitDown(ctx context.Context, id ID, p Seated) (Session, error) {
	after, err := s.update(ctx, id, func(sess Session) ([]Act, error) {
		g, err := s.Game(sess.Game)
		if err != nil {
			return nil, err
		}
		if seat, ok := sess.SeatOf(p.Player); ok {
			if sess.Status != Active || !g.JoinsLate() || seat.Left || sess.MustMove(seat.Number) {
				return nil, nil
			}
			return []Act{{Cause: Joined, Seat: seat.Number, Players: []Seated{p}}}, nil // perhaps it was set aside
		}
		if err := joinable(sess, g); err != nil {
			return nil, err
		}
		return sitting(sess, p), nil
	})
	if errors.Is(err, errUnchanged) {
		return after, nil
	}
	return s.named(ctx, after, err)
}

// named is a session with what those are called who have just sat down.
func (s *Service) named(ctx context.Context, sess Session, err error) (Session, error) {
	if err != nil {
		return sess, err
	}
	if named, err := s.store.Session(ctx, sess.ID); err == nil {
		return named, nil
	}
	return sess, nil // it is true without the names
}

// sitting is what a newcomer does to a table, and the start when the last seat is taken.
func sitting(sess Session, p Seated) []Act {
	number := sess.freeSeat()
	if p.Seat != nil && sess.Status == Waiting {
		number = *p.Seat
	}
	acts := []Act{{Cause: Joined, Seat: number, Players: []Seated{p}}}
	if sess.Status == Waiting && len(sess.Seats)+1 == sess.Capacity {
		acts = append(acts, Act{Cause: Started, Seat: NoSeat})
	}
	return acts
}

// joinsLate says whether a session waits for nobody to sit down.
func (s *Service) joinsLate(sess Session) bool {
	g, err := s.Game(sess.Game)
	return err == nil && g.JoinsLate()
}

// Joinable says whether somebody may still sit down.
func (s *Service) Joinable(sess Session) bool {
	g, err := s.Game(sess.Game)
	return err == nil && joinable(sess, g) == nil
}

// SeatsFree is how many may still sit down.
func (s *Service) SeatsFree(sess Session) int {
	g, err := s.Game(sess.Game)
	if err != nil || joinable(sess, g) != nil {
		return 0
	}
	return sess.mostSeats(g) - len(sess.Seats)
}

// joinable comes without the session: a stranger may not see it.
func joinable(sess Session, g games.Game) error {
	switch {
	case sess.Status == Finished:
		return ErrFinished
	case len(sess.Seats) >= sess.mostSeats(g):
		return ErrFull
	case sess.Status == Active && !g.JoinsLate():
		return ErrStarted
	}
	return nil
}

// Preview shows a table to somebody who holds its code and has not sat down.
func (s *Service) Preview(ctx context.Context, player notify.PlayerID, code string) (Session, error) {
	found, err := s.store.SessionByCode(ctx, NormalCode(code))
	if err != nil {
		return Session{}, err
	}
	return found, s.mayEnter(ctx, player, found)
}

// Forfeit gives up, at any time and in anybody's turn. Again by the same player it changes nothing.
func (s *Service) Forfeit(ctx context.Context, player notify.PlayerID, login notify.LoginID, id ID) (Session, error) {
	after, err := s.update(ctx, id, func(sess Session) ([]Act, error) {
		seat, err := seatOf(sess, player)
		switch {
		case err != nil:
			return nil, err
		case seat.Left:
			return nil, nil
		case sess.Status == Waiting:
			return nil, ErrWaiting
		case sess.Status == Finished:
			return nil, ErrFinished
		}
		return []Act{{Cause: Forfeited, Seat: seat.Number, Login: login}}, nil
	})
	return after, err
}

// Mute stops the pushes of a session to a player, or lets them through again.
func (s *Service) Mute(ctx context.Context, player notify.PlayerID, id ID, muted bool) error {
	return s.store.Mute(ctx, id, player, muted)
}

// Leave gets up from a table that has not started. Again by the same player it changes nothing.
func (s *Service) Leave(ctx context.Context, player notify.PlayerID, id ID) error {
	_, err := s.update(ctx, id, func(sess Session) ([]Act, error) {
		seat, ok := sess.SeatOf(player)
		switch {
		case !ok:
			return nil, s.satOnce(ctx, id, player)
		case sess.Status == Waiting:
			return []Act{{Cause: Gone, Seat: seat.Number, Players: []Seated{{Player: player}}}}, nil
		case sess.Status == Finished:
			return nil, ErrFinished
		}
		return nil, ErrStarted
	})
	return err
}

// satOnce is nil for a player who has left the session before: their answer was lost, not their right to it.
func (s *Service) satOnce(ctx context.Context, id ID, player notify.PlayerID) error {
	history, err := s.history(ctx, id, 0)
	if err != nil {
		return err
	}
	for _, c := range history {
		if c.Cause == Gone && slices.Contains(c.Players, Seated{Player: player}) {
			return nil
		}
	}
	return ErrNotFound
}

// LeaveAll takes a player out of everything that is not over, and declines what the player is invited to: an account that
// goes leaves nobody waiting for it.
func (s *Service) LeaveAll(ctx context.Context, player notify.PlayerID) error {
	if err := s.declineAll(ctx, player); err != nil {
		return err
	}
	for _, status := range []Status{Waiting, Active} {
		for after := (Position{}); ; {
			page, err := s.store.ListSessions(ctx, Query{Player: player, Status: status, Limit: listMax, After: after})
			if err != nil || len(page) == 0 {
				if err != nil {
					return err
				}
				break
			}
			for _, sess := range page {
				if err := s.getOut(ctx, player, sess); isPassing(err) {
					return err
				} else if err != nil { // a fault of its rules must not keep the account
					s.log.ErrorContext(ctx, "a session could not be left", slog.String("session_id", string(sess.ID)), slog.Any("error", err))
				}
				seat, _ := sess.SeatOf(player)
				after = Position{SortKey: seat.SortKey, ID: sess.ID}
			}
		}
	}
	return nil
}

// isPassing says that an error may be over when it is tried again.
func isPassing(err error) bool {
	var temporary interface{ Temporary() bool }
	passing := slices.ContainsFunc([]error{ErrBusy, ErrConflict, ErrUnknown, ErrClock, context.Canceled, context.DeadlineExceeded},
		func(e error) bool { return errors.Is(err, e) })
	return passing || errors.As(err, &temporary) && temporary.Temporary()
}

func (s *Service) getOut(ctx context.Context, player notify.PlayerID, sess Session) error {
	var err error
	if sess.Status == Waiting {
		err = s.Leave(ctx, player, sess.ID)
	}
	if sess.Status == Active || errors.Is(err, ErrStarted) {
		_, err = s.Forfeit(ctx, player, "", sess.ID)
	}
	if errors.Is(err, ErrFinished) {
		return nil
	}
	return err
}
