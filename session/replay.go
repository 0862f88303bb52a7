package session

import (
	"bytes"
	"context"
	"fmt"
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

// replay does a session's history again, up to a version, from nothing but its acts.
func (s *Service) replay(ctx context.Context, now Session, version int64) (Session, error) {
	g, err := s.Game(now.Game)
	if err != nil {
		return Session{}, err
	}
	changes, err := s.history(ctx, now.ID, 0)
	if err != nil {
		return Session{}, err
	}
	then := Session{
		ID: now.ID, Game: now.Game, RulesVersion: now.RulesVersion, Config: now.Config, TurnSeconds: now.TurnSeconds,
		Capacity: now.Capacity, JoinCode: now.JoinCode, Seed: now.Seed,
	}
	for _, c := range changes {
		if c.Version > version {
			break
		}
		if then, _, err = advance(then, g, c.Act, c.At); err != nil {
			return Session{}, fmt.Errorf("replay version %d: %w", c.Version, err)
		}
		then.ChangeID = c.ID
	}
	then.nameSeats(now)
	return then, nil
}

// nameSeats takes over what people are called today, which no history keeps.
func (s *Session) nameSeats(now Session) {
	for i := range s.Seats {
		if seat, ok := now.SeatOf(s.Seats[i].Player); ok {
			s.Seats[i].DisplayName, s.Seats[i].Avatar, s.Seats[i].Deleted = seat.DisplayName, seat.Avatar, seat.Deleted
		}
	}
}

// Verify plays a session again and compares what comes out with what is stored, to the byte.
func (s *Service) Verify(ctx context.Context, id ID) error {
	now, err := s.store.Session(ctx, id)
	if err != nil {
		return err
	}
	then, err := s.replay(ctx, now, now.Version)
	switch {
	case err != nil:
		return err
	case then.Version != now.Version:
		return fmt.Errorf("session %s has version %d but a history of %d changes", id, now.Version, then.Version)
	case !bytes.Equal(then.State, now.State):
		return fmt.Errorf("session %s: the state differs from its replay", id)
	case then.Turn != now.Turn || then.Status != now.Status || fmt.Sprint(then.Await, then.Deadline) != fmt.Sprint(now.Await, now.Deadline):
		return fmt.Errorf("session %s: the turn differs from its replay", id)
	}
	return nil
}
