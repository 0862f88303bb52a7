package server

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"yourturn/session"
	"yourturn/store"
)

type tailCommand struct {
	databaseFlag
	Session string        `help:"Only this session, from its beginning."`
	Since   time.Duration `default:"0s" help:"Begin so long ago."`
}

// tailOverlap is how far back each look reaches: a change can commit a little after others with a later instant.
const (
	tailOverlap = 15 * time.Second
	tailEvery   = 500 * time.Millisecond
	tailLot     = 1000
)

func (c *tailCommand) Run(ctx context.Context, env environment) error {
	db, err := store.Open(c.Database, store.Options{})
	if err != nil {
		return err
	}
	defer db.Close()
	seen := map[string]time.Time{} // by change id, for as long as the overlap reaches back
	from := time.Now().Add(-c.Since)
	version := int64(0)
	for ctx.Err() == nil {
		var changes []session.Change
		if c.Session != "" {
			changes, err = db.History(ctx, session.ID(c.Session), version, tailLot)
		} else {
			changes, err = db.Since(ctx, from, tailLot)
		}
		if err != nil && ctx.Err() == nil {
			return err
		}
		printed := 0
		for _, change := range changes {
			version = max(version, change.Version)
			if _, known := seen[change.ID]; known {
				continue
			}
			seen[change.ID] = change.At
			printed++
			if err := c.print(env, change); err != nil {
				return err
			}
		}
		from = c.forget(seen, changes, from)
		if printed == 0 {
			rest(ctx, tailEvery, nil)
		}
	}
	return nil
}

// forget moves the window on, and drops what has left it.
func (c *tailCommand) forget(seen map[string]time.Time, changes []session.Change, from time.Time) time.Time {
	if len(changes) == tailLot {
		from = changes[len(changes)-1].At // more to come: catch up first
	} else if back := time.Now().Add(-tailOverlap); back.After(from) {
		from = back
	}
	for id, at := range seen {
		if at.Before(from.Add(-tailOverlap)) {
			delete(seen, id)
		}
	}
	return from
}

// print writes a change as one line of JSON: what an administrator may see is everything but the seats' secrets.
func (c *tailCommand) print(env environment, change session.Change) error {
	line := struct {
		At      time.Time       `json:"at"`
		Session session.ID      `json:"session_id"`
		Version int64           `json:"version"`
		Turn    int64           `json:"turn"`
		Kind    session.Cause   `json:"kind"`
		Seat    *int            `json:"seat,omitempty"`
		Move    json.RawMessage `json:"move,omitempty"`
		Events  []string        `json:"events,omitempty"`
	}{At: change.At, Session: change.Session, Version: change.Version, Turn: change.Turn, Kind: change.Cause}
	if change.Seat != session.NoSeat {
		line.Seat = &change.Seat
	}
	if !change.Private {
		line.Move = change.Move
	}
	for _, e := range change.Events {
		line.Events = append(line.Events, e.Kind)
	}
	raw, err := json.Marshal(line)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(env.out, string(raw))
	return err
}
