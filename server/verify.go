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

// Help is what --help adds to the summary.
func (*verifyCommand) Help() string {
	return `Each session is played again from its history by the rules of this program, and must come out the same to the
byte. Sessions of older rules that are not over are taken over on trial. Nothing is written, so run it with the new
program before you deploy new rules, after its ` + "`migrate up`" + `: if it ends with 0, every session can go on.`
}

// verifyLot is how many sessions are looked up at a time; progress is told as often.
const verifyLot = 1000

func (c *verifyCommand) Run(ctx context.Context, env environment) error {
	if err := c.migrator(func(m *store.Migrator) error { return m.Check(ctx) }); err != nil {
		return err
	}
	db, err := store.Open(c.Database, store.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	defer db.Close()
	v := verification{db: db, out: env.out, found: map[session.Verdict]int{}, sessions: session.NewService(session.Config{
		Store: db, Games: env.games, Now: time.Now, Log: slog.New(slog.DiscardHandler), Metrics: session.NewMetrics(prometheus.NewRegistry()),
	})}
	if c.All {
		return v.all(ctx)
	}
	verdict, err := v.sessions.Verify(ctx, session.ID(c.Session))
	if err == nil {
		_, err = fmt.Fprintf(env.out, "the session is %s\n", verdict)
	}
	return err
}

// verification is one run over the sessions of a database.
type verification struct {
	db       *store.DB
	sessions *session.Service
	out      io.Writer
	found    map[session.Verdict]int
	bad      int
}

func (v *verification) all(ctx context.Context) error {
	total, err := v.db.CountSessions(ctx)
	if err != nil {
		total = 0 // too many to be counted in time: progress is told without
	}
	for after := session.ID(""); ; {
		ids, err := v.db.SessionIDs(ctx, after, verifyLot)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if err := ctx.Err(); err != nil {
				return err
			}
			v.one(ctx, id)
		}
		v.report(total)
		if len(ids) < verifyLot {
			break
		}
		after = ids[len(ids)-1]
	}
	if v.bad > 0 {
		return errors.New("some sessions differ from their replay, or cannot go on")
	}
	return nil
}

func (v *verification) one(ctx context.Context, id session.ID) {
	verdict, err := v.sessions.Verify(ctx, id)
	if err != nil {
		v.bad++
		fmt.Fprintln(v.out, err)
		return
	}
	v.found[verdict]++
}

func (v *verification) report(total int) {
	done := v.bad
	for _, n := range v.found {
		done += n
	}
	of := ""
	if total >= done {
		of = fmt.Sprintf(" of %d", total)
	}
	fmt.Fprintf(v.out, "%d%s sessions: %d %s, %d %s, %d %s, %d wrong\n", done, of,
		v.found[session.Equal], session.Equal, v.found[session.Kept], session.Kept, v.found[session.Migrates], session.Migrates, v.bad)
}
