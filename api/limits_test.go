package api

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"time"
)

// from is a request from an address.
func from(address netip.Addr) context.Context {
	return context.WithValue(context.Background(), infoKey{}, &requestInfo{client: address})
}

// address is one of 2^24.
func address(n int) netip.Addr {
	return netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)})
}

// guesses counts how many of a second's guesses pass, for as long as a link code lives.
func guesses(t *testing.T, each func(second int, guess func(netip.Addr))) (passed int) {
	t.Helper()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	l := newLimits(func() time.Time { return now })
	for second := range 600 {
		each(second, func(a netip.Addr) {
			err := l.holdGuess(from(a))
			if err == nil {
				passed++
				return
			}
			var p *Problem
			if !errors.As(err, &p) || p.name() != "rate-limited" || p.RetryAfter < 1 {
				t.Fatalf("refused with %v", err)
			}
		})
		now = now.Add(time.Second)
	}
	return passed
}

// The arithmetic that limitRules promises of link codes.
func TestAttackGuessingLinkCodesTogether(t *testing.T) {
	alone := guesses(t, func(_ int, guess func(netip.Addr)) {
		for range 10 {
			guess(address(1))
		}
	})
	if alone < 60 || alone > 80 {
		t.Errorf("one address has %d guesses while a code lives", alone)
	}
	together := guesses(t, func(second int, guess func(netip.Addr)) {
		for n := range 200 {
			guess(address(second*200 + n)) // never the same one again
		}
	})
	if together < 3000 || together > 3100 {
		t.Errorf("120,000 addresses have %d guesses while a code lives", together)
	}
	if odds := float64(together) * 1000 / (1 << 40); odds > 3e-6 {
		t.Errorf("with 1,000 codes open, one is hit with %.1e", odds)
	}
}
