package notify

import (
	"sync"
	"time"
)

// The breaker of a provider opens when so many tries in a row have failed by the provider's or the operator's fault,
// and stays open for a while that doubles until one succeeds. One failure is not enough, even when it asks for a pause: it
// may be about a single device after all, and nobody's phone may silence the others'.
const (
	breakerFailures = 5
	breakerPause    = 5 * time.Second
	breakerMost     = 5 * time.Minute
)

// breakers keep one for each provider that is not well. One that is well has none.
type breakers struct {
	mu   sync.Mutex
	sick map[string]*breaker
}

type breaker struct {
	failures int
	asked    time.Duration // for how long the provider wants to be left alone
	pause    time.Duration
	until    time.Time // open before
	last     time.Time // when it failed last
	probing  bool      // after that, one try shows whether it can be closed
}

// allow says whether the provider may be asked now, or else how long to wait. Who is allowed must tell by note what
// came of it.
func (b *breakers) allow(provider string, now time.Time) (wait time.Duration, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.sick[provider]
	switch {
	case s == nil || s.until.IsZero():
		return 0, true
	case now.Before(s.until):
		return s.until.Sub(now), false
	case s.probing:
		return breakerPause, false
	}
	s.probing = true
	return 0, true
}

// note takes an outcome into account, and says whether the breaker has just opened.
func (b *breakers) note(provider string, o Outcome, now time.Time) (opened bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.sick[provider]
	failed := o.Class == Down || o.Class == Misconfigured
	switch {
	case s != nil && now.Before(s.until): // it was on its way when the breaker opened
		if failed {
			s.until = later(s.until, now.Add(o.After))
		}
		return false
	case !failed:
		delete(b.sick, provider)
		return false
	case s == nil:
		s = &breaker{}
		b.forget(now)
		b.sick[provider] = s
	}
	s.failures++
	s.last = now
	s.asked = max(s.asked, o.After)
	if s.failures < breakerFailures {
		return false
	}
	s.pause = min(max(2*s.pause, breakerPause), breakerMost)
	s.until, s.probing, s.asked = now.Add(max(s.pause, s.asked)), false, 0
	return true
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// forget drops those that nobody has asked for long: anybody can register an address of a host that is not there.
func (b *breakers) forget(now time.Time) {
	if b.sick == nil {
		b.sick = map[string]*breaker{}
	}
	for provider, s := range b.sick {
		if now.Sub(later(s.last, s.until)) > 2*breakerMost {
			delete(b.sick, provider)
		}
	}
}

// open lists the providers that are not asked now.
func (b *breakers) open(now time.Time) (providers []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for provider, s := range b.sick {
		if now.Before(s.until) {
			providers = append(providers, provider)
		}
	}
	return providers
}
