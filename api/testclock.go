package api

import (
	"context"
	"time"
)

// TestClock is real time plus an offset that a test moves.
type TestClock interface {
	// Now is the clock, and by how much it is ahead of the real one.
	Now() (now time.Time, offset time.Duration)
	// Advance moves it forward, stopping at every due instant on the way, and returns when nothing is left to do.
	Advance(ctx context.Context, by time.Duration) error
}

// ClockState is where the test clock stands.
type ClockState struct {
	Now           time.Time `json:"now" doc:"What the server takes for now."`
	OffsetSeconds int64     `json:"offset_seconds" doc:"How far it is ahead of the real clock." example:"259200"`
}

type (
	clockRequest struct {
		Seconds int64 `json:"seconds" minimum:"0" maximum:"40000000" doc:"How far to move it forward, up to 460 days." example:"259200"`
	}
	clockInput struct{ Body clockRequest }
	clockReply struct{ Body ClockState }
)

// advanceTimeout is in real time: years of a busy server may pass in it.
const advanceTimeout = 5 * time.Minute

func (s *server) testClockOperations(rt *routes) {
	state := func() *clockReply {
		now, offset := s.TestClock.Now()
		return &clockReply{ClockState{Now: seconds(now), OffsetSeconds: int64(offset / time.Second)}}
	}
	register(rt, operation{
		id: "getTestClock", route: "GET /v1/test/clock", tag: "test", access: byAnyone,
		summary: "The test clock", about: "Only on a server started with --test-clock.",
	}, func(context.Context, *struct{}) (*clockReply, error) { return state(), nil })

	register(rt, operation{
		id: "advanceTestClock", route: "POST /v1/test/clock", tag: "test", access: byAnyone, timeout: advanceTimeout,
		summary: "Move the test clock forward", about: "Deadlines, reminders, tickets, retention and tokens follow it; leases, back-off and network timeouts do not.",
	}, func(ctx context.Context, in *clockInput) (*clockReply, error) {
		err := s.TestClock.Advance(ctx, time.Duration(in.Body.Seconds)*time.Second)
		return state(), err
	})
}
