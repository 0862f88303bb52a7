package server

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// A node whose clock is wrong would take others' leases for ended, and turns for over.
func TestWrongClockPushesNothing(t *testing.T) {
	n, passes := &Node{}, 0
	step := n.whenTrusted(func(context.Context) (int, error) { passes++; return 1, nil })
	try := func(want int) {
		t.Helper()
		if found, err := step(t.Context()); err != nil || found != want || passes != want {
			t.Errorf("found %d in %d passes, %v; want %d", found, passes, err, want)
		}
		passes = 0
	}
	try(0) // not compared yet
	n.compared.Store(true)
	try(1)
	n.skew.Store(int64(2 * time.Second))
	try(0)
	n.skew.Store(int64(-time.Second))
	try(1)
}

// A database that is away for a night must not fill the disk.
func TestTroubleThatGoesOnIsToldOnce(t *testing.T) {
	var log bytes.Buffer
	ctx, cancel := context.WithCancel(t.Context())
	n, passes := &Node{log: slog.New(slog.NewTextHandler(&log, nil))}, 0
	n.run(ctx, worker{name: "sweep", every: time.Millisecond, step: func(context.Context) (int, error) {
		passes++
		switch {
		case passes <= 5:
			return 0, errors.New("away")
		case passes == 8:
			cancel()
		}
		return 0, nil
	}})
	for _, says := range []string{"failed and goes on", "is well again"} {
		if found := strings.Count(log.String(), says); found != 1 {
			t.Errorf("%q %d times in %s", says, found, &log)
		}
	}
}
