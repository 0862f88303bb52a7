package session

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"slices"

	"yourturn/notify"
)

// successorOf is the id of the session that follows another: always the same, so that whoever asks at the same instant, on
// whatever node, makes one session, and asking again after a lost answer finds it.
func successorOf(id ID) ID {
	sum := sha256.Sum256([]byte("the successor of " + id))
	return ID(base64.RawURLEncoding.EncodeToString(sum[:18]))
}

// Rematch plays a finished session again, with the same config and everybody a seat further on. The first to ask opens the
// table, and the others are told; who asks after that sits down there. Asking again changes nothing.
func (s *Service) Rematch(ctx context.Context, player notify.PlayerID, login notify.LoginID, id ID) (Session, error) {
	old, err := s.Get(ctx, player, id)
	switch {
	case err != nil:
		return Session{}, err
	case old.Turn == 0:
		return Session{}, &Refused{Err: ErrWaiting, Session: old}
	case old.Status != Finished:
		return Session{}, &Refused{Err: ErrNotOver, Session: old}
	case slices.ContainsFunc(old.Seats, func(seat Seat) bool { return seat.Deleted }) && !s.joinsLate(old):
		return Session{}, &Refused{Err: ErrPlayerGone, Session: old}
	case old.Public:
		return s.Enter(ctx, player, old.Game)
	}
	next, err := s.rematch(ctx, player, old)
	if err != nil {
		return Session{}, err
	}
	seat, _ := old.SeatOf(player)
	unheard, err := s.unheard(ctx, player, old)
	if err != nil {
		return next, err
	}
	_, err = s.update(ctx, id, func(sess Session) ([]Act, error) {
		if sess.Successor == next.ID {
			return nil, nil
		}
		return []Act{{Cause: Rematched, Seat: seat.Number, Login: login, Next: next.ID, Unheard: unheard}}, nil
	})
	return next, err
}

// rematch opens the table, or sits down at the one that is there. A table whose people left before it began is passed over.
func (s *Service) rematch(ctx context.Context, player notify.PlayerID, old Session) (Session, error) {
	g, err := s.Game(old.Game)
	if err != nil {
		return Session{}, err
	}
	seated := turned(old, player)
	if g.JoinsLate() { // people come when they come, each to the next seat
		seated.Seat = nil
	}
	next := successorOf(old.ID)
	if old.Successor != "" { // what comes before it was passed over
		next = old.Successor
	}
	for {
		there, err := s.store.Session(ctx, next)
		switch {
		case errors.Is(err, ErrNotFound):
			made, err := s.openRematch(ctx, next, old, seated)
			if !errors.Is(err, ErrConflict) {
				return made, err
			} // somebody else has made it: look again
		case err != nil:
			return Session{}, err
		case there.Status == Finished && there.Turn == 0:
			next = successorOf(next)
		default:
			return s.sitDown(ctx, next, seated)
		}
	}
}

// turned is a player's seat in the rematch: the next one, as players take turns at beginning.
func turned(old Session, player notify.PlayerID) Seated {
	seat, _ := old.SeatOf(player)
	number := (seat.Number + 1) % len(old.Seats)
	return Seated{Player: player, Seat: &number}
}

func (s *Service) openRematch(ctx context.Context, id ID, old Session, first Seated) (Session, error) {
	w, g, err := s.Settle(Wish{Game: old.Game, Config: old.Config, TurnSeconds: old.TurnSeconds, Seats: len(old.Seats)})
	if err != nil {
		return Session{}, err
	}
	players := []Seated{first}
	for _, seat := range old.Seats {
		if number := (seat.Number + 1) % len(old.Seats); seat.isBot() {
			players = append(players, Seated{Bot: seat.Bot, Seat: &number})
		}
	}
	if len(players) > 1 {
		if err := s.MayPlayBots(ctx, first.Player); err != nil {
			return Session{}, err
		}
	}
	if g.JoinsLate() { // nobody is waited for
		w.Seats = max(g.Info().MinSeats, len(players))
		for i := range players {
			players[i].Seat = nil
		}
	}
	blank, err := s.blank(w, g)
	if err != nil {
		return Session{}, err
	}
	blank.ID = id
	acts := []Act{{Cause: Created, Seat: NoSeat, Players: players}}
	if len(players) == w.Seats {
		acts = append(acts, Act{Cause: Started, Seat: NoSeat})
	}
	after, err := s.commit(ctx, blank, g, acts, s.now(), Commit{})
	return s.named(ctx, after, err)
}
