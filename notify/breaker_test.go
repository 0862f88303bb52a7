package notify

import (
	"fmt"
	"testing"
	"time"
)

func TestBreaker(t *testing.T) {
	down, wrong, sent := Outcome{Class: Down}, Outcome{Class: Misconfigured}, Outcome{Class: Sent}
	type step struct {
		after  time.Duration // that passes before
		say    *Outcome
		allows bool // afterwards
	}
	five := func(o *Outcome) []step {
		return []step{{0, o, true}, {0, o, true}, {0, o, true}, {0, o, true}, {0, o, false}}
	}
	for name, steps := range map[string][]step{
		"opens after five":                {{0, &down, true}, {0, &down, true}, {0, &wrong, true}, {0, &down, true}, {0, &wrong, false}},
		"a success in between counts":     {{0, &down, true}, {0, &down, true}, {0, &down, true}, {0, &down, true}, {0, &sent, true}, {0, &down, true}},
		"a bad token is no fault of it":   append(five(&Outcome{Class: Rejected})[:4], step{0, &Outcome{Class: Rejected}, true}),
		"asked to be left alone":          append(five(&Outcome{Class: Down, After: time.Minute}), step{59 * time.Second, nil, false}, step{2 * time.Second, nil, true}),
		"one device's pause is its own":   {{0, &Outcome{Class: Down, After: time.Hour}, true}, {0, &sent, true}},
		"one probe at a time":             append(five(&down), step{breakerPause, nil, true}, step{0, nil, false}, step{0, &sent, true}, step{0, nil, true}),
		"a failed probe waits longer":     append(five(&down), step{breakerPause, nil, true}, step{0, &down, false}, step{breakerPause, nil, false}, step{breakerPause, nil, true}),
		"what was on its way is no probe": append(five(&down), step{0, &sent, false}, step{0, &down, false}, step{breakerPause, nil, true}),
	} {
		t.Run(name, func(t *testing.T) {
			var b breakers
			now := noon
			for i, s := range steps {
				now = now.Add(s.after)
				if s.say != nil {
					b.note("p", *s.say, now)
				}
				if wait, ok := b.allow("p", now); ok != s.allows || !ok && wait <= 0 {
					t.Fatalf("step %d: allowed %v for %s", i, ok, wait)
				}
				if _, ok := b.allow("other", now); !ok {
					t.Fatal("another provider suffers")
				}
			}
		})
	}
}

func TestBreakersForgetWhoIsWell(t *testing.T) {
	var b breakers
	for i := range 100 {
		provider := string(rune('a' + i))
		b.note(provider, Outcome{Class: Down}, noon)
		b.note(provider, Outcome{Class: Sent}, noon)
	}
	if len(b.sick) != 0 {
		t.Errorf("%d are remembered", len(b.sick))
	}
}

// Anybody can register an address of a host that is not there, and then of another.
func TestAttackBreakersOfHostsThatAreNotThere(t *testing.T) {
	var b breakers
	for i := range 1000 {
		for range breakerFailures {
			b.note(fmt.Sprint("host", i), Outcome{Class: Down}, noon.Add(time.Duration(i)*time.Minute))
		}
	}
	end := noon.Add(999*time.Minute + time.Second)
	if len(b.sick) > 20 {
		t.Errorf("%d are remembered", len(b.sick))
	}
	if open := b.open(end); len(open) != 1 {
		t.Errorf("%d count as open, and one is", len(open))
	}
	if open := b.open(end.Add(time.Hour)); len(open) != 0 {
		t.Errorf("%v count as open, and none is", open)
	}
}

func TestBackoffDoublesWithJitter(t *testing.T) {
	for attempts, most := range map[int]time.Duration{1: 5 * time.Second, 2: 10 * time.Second, 5: 80 * time.Second, 8: 640 * time.Second, 9: 15 * time.Minute, 1000: 15 * time.Minute} {
		seen := map[time.Duration]bool{}
		for range 100 {
			d := backoff(attempts)
			seen[d] = true
			if d < most/2 || d > most {
				t.Fatalf("after %d attempts: %s", attempts, d)
			}
		}
		if len(seen) < 50 {
			t.Errorf("after %d attempts all come back together", attempts)
		}
	}
}

func TestWhatAnOutcomeMeans(t *testing.T) {
	for name, c := range map[string]struct {
		o             Outcome
		status        string
		class         Class
		reason        string
		atLeast, most time.Duration
	}{
		"sent":                      {Outcome{Class: Sent, ID: "x"}, Delivered, Sent, "", 0, 0},
		"gone":                      {Outcome{Class: Gone, Reason: "Unregistered"}, Failed, Gone, "Unregistered", 0, 0},
		"gone before it registered": {Outcome{Class: Gone, Reason: "Unregistered", Since: noon.Add(-2 * time.Hour)}, Failed, Rejected, "Unregistered", 0, 0},
		"gone after it registered":  {Outcome{Class: Gone, Reason: "Unregistered", Since: noon}, Failed, Gone, "Unregistered", 0, 0},
		"rejected":                  {Outcome{Class: Rejected, Reason: "BadDeviceToken"}, Failed, Rejected, "BadDeviceToken", 0, 0},
		"faulty":                    {Outcome{Class: Faulty, Reason: "PayloadTooLarge"}, Failed, Faulty, "PayloadTooLarge", 0, 0},
		"later":                     {Outcome{Class: Later, Reason: "TooManyRequests"}, Pending, Later, "TooManyRequests", 2500 * time.Millisecond, 5 * time.Second},
		"later, and told when":      {Outcome{Class: Later, After: time.Minute}, Pending, Later, "", time.Minute, time.Minute},
		"down":                      {Outcome{Class: Down, Reason: "timeout"}, Pending, Down, "timeout", 2500 * time.Millisecond, 5 * time.Second},
		"misconfigured":             {Outcome{Class: Misconfigured, Reason: "BadTopic"}, Pending, Misconfigured, "BadTopic", 2500 * time.Millisecond, 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			s := due(YourTurn).after(c.o)
			if s.Status != c.status || s.Class != c.class || s.Reason != c.reason || !s.Asked || s.Attempts != 1 || s.ProviderID != c.o.ID {
				t.Errorf("%+v", s)
			}
			if s.Again < c.atLeast || s.Again > c.most {
				t.Errorf("again after %s", s.Again)
			}
		})
	}
}
