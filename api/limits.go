package api

import (
	"context"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

type limitClass string

const (
	limitAll        limitClass = "all"
	limitPlayers    limitClass = "create-player"
	limitTokens     limitClass = "tokens"
	limitCodes      limitClass = "join-code"
	limitMyCodes    limitClass = "join-code-player"
	limitCards      limitClass = "join-code-card"
	limitWrites     limitClass = "write"
	limitReads      limitClass = "read"
	limitStreams    limitClass = "stream"
	limitTests      limitClass = "test-push"
	limitInvites    limitClass = "invite"
	limitShows      limitClass = "link-code-player"
	limitGuesses    limitClass = "link-code"
	limitAllGuesses limitClass = "link-code-all"
)

const (
	limitEntries = 100_000          // buckets in a generation: some 20 MB
	limitMemory  = 10 * time.Minute // every bucket is full again after this
)

type limitKind int

const (
	perAddress limitKind = iota
	perPlayer
	perServer
)

// limitRules gives each class its rate and burst. A school class or a mobile carrier is one address: what is counted by
// address must leave room for dozens of people, and what is counted by player for an app that was asleep and catches up.
var limitRules = map[limitClass]struct {
	per   limitKind
	rate  rate.Limit
	burst int
}{
	// Many players behind one carrier's address, each with an app that reads a few things at once.
	limitAll: {perAddress, 100, 400},
	// A class of 30 that installs the app together; then 360 an hour, too few to fill a disk.
	limitPlayers: {perAddress, rate.Every(10 * time.Second), 40},
	// Each player refreshes once an hour, or at once after an outage. Tokens of 256 bits need no guard against guessing.
	limitTokens: {perAddress, 1, 60},
	// 10,000 open codes among 32^8: guessing once a second finds one in 1,000 days.
	limitCodes: {perAddress, 1, 30},
	// A page that is opened by an invitation, and its picture, for those behind one address and for chats that look ahead.
	// It is one more way to guess codes, half as fast as the other. Who comes too often gets a page that tells nothing.
	limitCards: {perAddress, rate.Every(2 * time.Second), 30},
	// A person types a code, mistypes it, and tries again.
	limitMyCodes: {perPlayer, rate.Every(10 * time.Second), 10},
	// A quick game has a move a second; retries of an app that was offline come at once.
	limitWrites: {perPlayer, 5, 50},
	// Opening the app reads the list, the feed and each waiting session.
	limitReads: {perPlayer, 10, 100},
	// A person taps the button of the settings page, and again.
	limitTests: {perPlayer, rate.Every(10 * time.Second), 5},
	// A person asks for a code, does not get to it in time, and asks again.
	limitShows: {perPlayer, rate.Every(10 * time.Second), 10},
	// A class of 20 types codes at once behind one address. A single guesser has 80 guesses while a code lives.
	limitGuesses: {perAddress, rate.Every(10 * time.Second), 20},
	// What a thousand addresses can guess together. A code is one of 32^8 and lives 10 minutes, in which this lets 3,100
	// guesses through: with 1,000 codes open all the time, one is hit in 3,100 * 1,000 of 1.1 * 10^12, once in 7 years of
	// attack without a pause. 5 a second are 430,000 new devices a day; who needs more has more nodes, and each counts for
	// itself. While somebody guesses that hard, nobody else gets in by a code either: other ways to sign in are not touched.
	limitAllGuesses: {perServer, 5, 100},
	// A person opens a few tables for friends, of up to 16 each; every invitation may be a push on somebody's screen.
	limitInvites: {perPlayer, rate.Every(20 * time.Second), 10},
	// Five devices and tabs that reconnect together, twice.
	limitStreams: {perPlayer, rate.Every(2 * time.Second), 10},
}

// limits counts requests in a token bucket per class and key. Its memory is bounded by two generations: an entry that is
// used moves into the young one, and when that is full or old, what stayed behind is forgotten. An entry that was not used
// for limitMemory is full again anyway.
type limits struct {
	now func() time.Time

	mu         sync.Mutex
	young, old map[limitKey]*rate.Limiter
	turned     time.Time
}

type limitKey struct {
	class limitClass
	key   string
}

// newLimits counts by now, which is the real time and never the test clock. Use a nil *limits for none.
func newLimits(now func() time.Time) *limits {
	return &limits{now: now, young: map[limitKey]*rate.Limiter{}, turned: now()}
}

// allow takes one request of class from key's bucket, or says how long to wait for it.
func (l *limits) allow(class limitClass, key string) (retryAfter time.Duration, ok bool) {
	if l == nil {
		return 0, true
	}
	now := l.now()
	r := l.bucket(limitKey{class, key}, now).ReserveN(now, 1)
	if wait := r.DelayFrom(now); wait > 0 {
		r.CancelAt(now)
		return wait, false
	}
	return 0, true
}

// hold takes one request from each of classes that counts by kind.
func (l *limits) hold(classes []limitClass, kind limitKind, key string) error {
	for _, class := range classes {
		if limitRules[class].per != kind {
			continue
		}
		if wait, ok := l.allow(class, key); !ok {
			return newProblem("rate-limited", "").after(wait)
		}
	}
	return nil
}

// holdGuess takes one guess of a link code.
func (l *limits) holdGuess(ctx context.Context) error {
	if err := l.hold([]limitClass{limitGuesses}, perAddress, addressKey(clientAddress(ctx))); err != nil {
		return err
	}
	return l.hold([]limitClass{limitAllGuesses}, perServer, "")
}

func (l *limits) bucket(k limitKey, now time.Time) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.turned) >= limitMemory {
		l.turn(now)
	}
	if b := l.young[k]; b != nil {
		return b
	}
	if len(l.young) >= limitEntries {
		l.turn(now)
	}
	b := l.old[k]
	if b == nil {
		rule, known := limitRules[k.class]
		if !known {
			panic("api: no limit " + strconv.Quote(string(k.class)))
		}
		b = rate.NewLimiter(rule.rate, rule.burst)
	}
	l.young[k] = b
	return b
}

func (l *limits) turn(now time.Time) {
	l.old, l.young, l.turned = l.young, map[limitKey]*rate.Limiter{}, now
}
