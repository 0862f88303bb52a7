package server

import (
	"context"
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
