package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"yourturn/session"
	"yourturn/store"
)

type verifyCommand struct {
	databaseFlag
	Session string `xor:"what" required:"" help:"Verify this session."`
	All     bool   `xor:"what" required:"" help:"Verify all sessions."`
}

// verifyLot is how many sessions are looked up at a time; progress is told as often.
const verifyLot = 1000

func (c *verifyCommand) Run(ctx context.Context, env environment) error {
	db, err := store.Open(c.Database, store.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	defer db.Close()
	sessions := session.NewService(session.Config{
		Store: db, Games: env.games, Now: time.Now, Log: slog.New(slog.DiscardHandler), Metrics: session.NewMetrics(prometheus.NewRegistry()),
	})
	if !c.All {
		if err := sessions.Verify(ctx, session.ID(c.Session)); err != nil {
			return err
		}
		_, err := fmt.Fprintln(env.out, "the replay is equal to the byte")
		return err
	}
	return verifyAll(ctx, db, sessions, env.out)
}

func verifyAll(ctx context.Context, db *store.DB, sessions *session.Service, out io.Writer) error {
	good, bad := 0, 0
	for after := session.ID(""); ; {
		ids, err := db.SessionIDs(ctx, after, verifyLot)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if err := sessions.Verify(ctx, id); err != nil {
				bad++
				fmt.Fprintln(out, err)
				continue
			}
			good++
		}
		fmt.Fprintf(out, "%d sessions are equal to their replay, %d differ\n", good, bad)
		if len(ids) < verifyLot {
			break
		}
		after = ids[len(ids)-1]
	}
	if bad > 0 {
		return errors.New("some sessions differ from their replay")
	}
	return nil
}
