package session

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"yourturn/games"
)

// historyPage is how many changes are read at a time.
const historyPage = 500

// history reads the changes after a version, all of them.
func (s *Service) history(ctx context.Context, id ID, after int64) ([]Change, error) {
	var all []Change
	for {
		page, err := s.store.History(ctx, id, after, historyPage)
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		if len(page) < historyPage {
			return all, nil
		}
		after = page[len(page)-1].Version
	}
}

// Cache holds what can be computed again and never changes under its key. Every error of it is a miss.
type Cache interface {
	Get(key string, value any) (found bool, err error)
	Set(key string, value any) error
}

// replay does a session's history again, up to a version. What comes of it is kept, but for people's names: somebody who
// steps through a game asks for one version after the other.
func (s *Service) replay(ctx context.Context, now Session, version int64) (Session, error) {
	g, err := s.Game(now.Game)
	if err != nil {
		return Session{}, err
	}
	then, found := s.recall(now, g, version)
	if !found {
		select {
		case s.replayers <- struct{}{}:
			defer func() { <-s.replayers }()
		case <-ctx.Done():
			return Session{}, fmt.Errorf("%w: %w", ErrBusy, ctx.Err())
		}
		if then, err = s.replayed(ctx, now, g, version); err != nil {
			return Session{}, err
		}
		s.keep(then, g)
	}
	then.nameSeats(now)
	return then, nil
}

// milestone is how many versions lie between those that are kept beside the ones that were asked for.
const milestone = 100

// replayed begins at the last milestone that is kept.
func (s *Service) replayed(ctx context.Context, now Session, g games.Game, version int64) (Session, error) {
	if now.RulesVersion != g.Info().Version {
		return Session{}, ErrOtherRules
	}
	var then Session
	at := version - version%milestone
	for found := false; at > 0 && !found; {
		if then, found = s.recall(now, g, at); !found {
			at -= milestone
		}
	}
	history, err := s.history(ctx, now.ID, max(at, 0))
	if err != nil {
		return Session{}, err
	}
	if at <= 0 {
		if then, history, err = beginning(now, history, version); err != nil {
			return Session{}, err
		}
	}
	then, _, err = playOn(then, g, history, version, func(passed Session) {
		if passed.Version%milestone == 0 {
			s.keep(passed, g)
		}
	})
	return then, err
}

func (s *Service) recall(now Session, g games.Game, version int64) (then Session, found bool) {
	if s.cache == nil {
		return then, false
	}
	found, err := s.cache.Get(s.recallKey(now.ID, version, g), &then)
	return then, found && err == nil
}

func (s *Service) keep(then Session, g games.Game) {
	if s.cache != nil {
		_ = s.cache.Set(s.recallKey(then.ID, then.Version, g), then) // perhaps it is too large
	}
}

func (s *Service) recallKey(id ID, version int64, g games.Game) string {
	return fmt.Sprintf("%s %d %d %s", id, version, g.Info().Version, s.build)
}

// playAgain does the acts of a history, up to a version, and nothing else of it: from the acts alone come the session as
// it was, and the changes as they were made. What older rules made before a migration cannot be done again.
func playAgain(now Session, g games.Game, history []Change, version int64) (then Session, made []Change, err error) {
	if now.RulesVersion != g.Info().Version {
		return Session{}, nil, ErrOtherRules
	}
	if then, history, err = beginning(now, history, version); err != nil {
		return Session{}, nil, err
	}
	then, made, err = playOn(then, g, history, version, func(Session) {})
	if err == nil {
		then.nameSeats(now)
	}
	return then, made, err
}

// playOn does the acts of a history, up to a version, and shows the session after each.
func playOn(then Session, g games.Game, history []Change, version int64, passed func(Session)) (Session, []Change, error) {
	var made []Change
	for _, c := range history {
		if c.Version > version {
			break
		}
		var change Change
		var err error
		if then, change, err = again(then, g, c); err != nil {
			return Session{}, nil, err
		}
		made = append(made, change)
		passed(then)
	}
	return then, made, nil
}

// beginning is the session to which nothing has happened yet, and what then did, as far as these rules can do it again.
func beginning(now Session, history []Change, version int64) (Session, []Change, error) {
	history = sinceMigration(history)
	then := Session{
		ID: now.ID, Game: now.Game, RulesVersion: now.RulesVersion, Config: now.Config, TurnSeconds: now.TurnSeconds,
		Capacity: now.Capacity, JoinCode: now.JoinCode, Seed: now.Seed, Public: now.Public,
	}
	if len(history) == 0 {
		return then, nil, nil
	}
	if history[0].Version > version {
		return Session{}, nil, ErrOtherRules
	}
	then.Version = history[0].Version - 1
	return then, history, nil
}

// again does one act again.
func again(then Session, g games.Game, c Change) (Session, Change, error) {
	made, err := c, error(nil)
	if c.Cause == Started && c.Table != nil { // it cannot be drawn again
		then = then.clone()
		then.lay(c.Table)
		then.endInvitations()
		then.Version, then.UpdatedAt = c.Version, c.At
	} else if then, made, err = advance(then, g, c.Act, c.At); err != nil {
		return Session{}, Change{}, fmt.Errorf("replay version %d: %w", c.Version, err)
	}
	then.ChangeID, made.ID = c.ID, c.ID
	return then, made, nil
}

// nameSeats takes over what people are called today, which no history keeps.
func (s *Session) nameSeats(now Session) {
	for i := range s.Seats {
		if seat, ok := now.SeatOf(s.Seats[i].Player); ok {
			s.Seats[i].DisplayName, s.Seats[i].Avatar, s.Seats[i].Deleted = seat.DisplayName, seat.Avatar, seat.Deleted
		}
	}
	for i := range s.Invitations {
		if invitation, ok := now.invitationOf(s.Invitations[i].Player); ok {
			s.Invitations[i].DisplayName = invitation.DisplayName
		}
	}
}

// Verdict is what a verification has found.
type Verdict string

// A session is equal to its replay; or was started under other rules, and then is over, or would be taken over by these.
const (
	Equal    Verdict = "equal to its replay"
	Kept     Verdict = "over, under other rules"
	Migrates Verdict = "to be taken over from older rules"
)

// Verify plays a session again and compares what comes out with what is stored, to the byte. One of older rules is taken
// over on trial. The error says what is wrong.
func (s *Service) Verify(ctx context.Context, id ID) (Verdict, error) {
	verdict, err := s.verify(ctx, id)
	if err != nil {
		return "", fmt.Errorf("session %s: %w", id, err)
	}
	return verdict, nil
}

func (s *Service) verify(ctx context.Context, id ID) (Verdict, error) {
	now, err := s.store.Session(ctx, id)
	if err != nil {
		return "", err
	}
	g, err := s.Game(now.Game)
	if err != nil {
		return "", err
	}
	if outdated(now, g) {
		return Migrates, tryMigration(g, now)
	}
	if now.RulesVersion != g.Info().Version {
		return Kept, nil
	}
	history, err := s.history(ctx, id, 0)
	if err != nil {
		return "", err
	}
	history = slices.DeleteFunc(history, func(c Change) bool { return c.Version > now.Version }) // what came since
	then, made, err := playAgain(now, g, history, now.Version)
	if err != nil {
		return "", err
	}
	return Equal, difference(now, then, history, made)
}

// tryMigration takes a session over and looks at it from every seat.
func tryMigration(g games.Game, now Session) error {
	if _, err := migrated(g, now); err != nil || len(now.State) == 0 {
		return err
	}
	for _, seat := range now.Seats {
		if _, err := viewOf(g, now, seat.Number); err != nil {
			return fmt.Errorf("after its migration, seat %d: %w", seat.Number, err)
		}
	}
	return nil
}

// difference says in what a session and its history are not what comes of playing it again.
func difference(now, then Session, history, made []Change) error {
	all := len(history)
	history = sinceMigration(history)
	for i, c := range made {
		was := history[i]
		if was.Version != c.Version || was.Turn != c.Turn || was.Private != c.Private || was.Nameless != c.Nameless || !sameEvents(was.Events, c.Events) {
			return fmt.Errorf("the change of version %d differs from its replay", c.Version)
		}
	}
	switch {
	case then.Version != now.Version || len(history) != len(made):
		return fmt.Errorf("it has version %d but a history of %d changes", now.Version, all)
	case !bytes.Equal(then.State, now.State):
		return errors.New("the state differs from its replay")
	case then.Turn != now.Turn || then.Status != now.Status || !slices.Equal(then.Await, now.Await) || !then.Deadline.Equal(now.Deadline),
		!maps.EqualFunc(then.Pending, now.Pending, func(a, b json.RawMessage) bool { return bytes.Equal(a, b) }):
		return errors.New("the turn differs from its replay")
	case !slices.EqualFunc(then.Seats, now.Seats, sameSeat):
		return errors.New("the seats differ from their replay")
	case !reflect.DeepEqual(then.Result, now.Result):
		return errors.New("the result differs from its replay")
	}
	return nil
}

func sameEvents(a, b []Recorded) bool {
	return slices.EqualFunc(a, b, func(a, b Recorded) bool {
		was, errA := json.Marshal(a)
		is, errB := json.Marshal(b)
		return errA == nil && errB == nil && bytes.Equal(was, is)
	})
}

func sameSeat(a, b Seat) bool {
	return a.Number == b.Number && a.Player == b.Player && a.Bot == b.Bot && a.Role == b.Role && a.Left == b.Left
}
