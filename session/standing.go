package session

import (
	"context"
	"errors"
	"fmt"

	"yourturn/notify"
)

// A standing session is one that anybody may enter by one call, without a code or a ticket. The operator names the games
// that have one. When it is over, or full, its successor takes its place, whose id is known beforehand.

// ErrNotStanding refuses to let people enter a game that this server keeps no open session of.
var ErrNotStanding = errors.New("there is no open session of this game")

// CheckOpen refuses games that are not here, and configs that they refuse.
func (s *Service) CheckOpen() error {
	for game, config := range s.open {
		if _, _, err := s.Settle(Wish{Game: game, Config: config}); err != nil {
			return fmt.Errorf("keep %s open: %w", game, err)
		}
	}
	return nil
}

// Stands says whether anybody may enter a game here.
func (s *Service) Stands(game string) bool {
	_, ok := s.open[game]
	return ok
}

// Enter seats a player at the open session of a game, and opens the next when that one is over or full.
func (s *Service) Enter(ctx context.Context, player notify.PlayerID, game string) (Session, error) {
	for {
		id, err := s.standing(ctx, game)
		if err != nil {
			return Session{}, err
		}
		after, err := s.sitDown(ctx, id, Seated{Player: player})
		if !s.isPast(after) && !errors.Is(err, ErrFull) {
			return after, err
		}
		if err := s.store.MoveStanding(ctx, game, id, successorOf(id)); err != nil {
			return Session{}, err
		}
	}
}

// isPast says that nobody can play in a session any more: it is over, or of older rules that these cannot take over.
func (s *Service) isPast(sess Session) bool {
	g, err := s.Game(sess.Game)
	if err != nil || !outdated(sess, g) {
		return sess.Status == Finished
	}
	_, err = migrated(g, sess)
	return err != nil && sess.RulesVersion < g.Info().Version
}

// standing is the session of a game that anybody may enter. It is made when it is not there.
func (s *Service) standing(ctx context.Context, game string) (ID, error) {
	config, ok := s.open[game]
	if !ok {
		return "", ErrNotStanding
	}
	id, err := s.store.Standing(ctx, game)
	if errors.Is(err, ErrNotFound) {
		id = ID(s.newID())
		if err = s.store.MoveStanding(ctx, game, "", id); err == nil {
			id, err = s.store.Standing(ctx, game) // of whoever was first
		}
	}
	if err != nil {
		return "", err
	}
	if _, err := s.store.Session(ctx, id); !errors.Is(err, ErrNotFound) {
		return id, err
	}
	w, g, err := s.Settle(Wish{Game: game, Config: config})
	if err != nil {
		return "", err
	}
	blank, err := s.blank(w, g)
	if err != nil {
		return "", err
	}
	blank.ID, blank.Public = id, true
	_, err = s.commit(ctx, blank, g, []Act{{Cause: Created, Seat: NoSeat}}, s.now(), Commit{})
	if errors.Is(err, ErrConflict) { // somebody else has made it
		err = nil
	}
	return id, err
}

// KeepOpen makes sure of the sessions that anybody may enter, and says how many games have one. A session that is past makes
// room for its successor.
func (s *Service) KeepOpen(ctx context.Context) (int, error) {
	if !s.trusted() {
		return 0, nil
	}
	var failed []error
	for game := range s.open {
		failed = append(failed, s.renew(ctx, game))
	}
	return len(s.open), errors.Join(failed...)
}

func (s *Service) renew(ctx context.Context, game string) error {
	id, err := s.standing(ctx, game)
	if err != nil {
		return err
	}
	sess, err := s.store.Session(ctx, id)
	if err != nil || !s.isPast(sess) {
		return err
	}
	if err := s.store.MoveStanding(ctx, game, id, successorOf(id)); err != nil {
		return err
	}
	_, err = s.standing(ctx, game)
	return err
}
