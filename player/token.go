package player

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// How long tokens live.
const (
	AccessLife  = time.Hour
	RefreshLife = 400 * 24 * time.Hour // without use
	// Overlap is how long a refresh token still works after one issued from it has been used: an answer may have been
	// lost, or two tabs may have asked at once.
	Overlap = time.Minute
	// theftMemory is how long a superseded refresh token is still recognised, so that its use ends the login.
	theftMemory = 30 * 24 * time.Hour
)

// Kind is what a token is for.
type Kind string

// The kinds of tokens.
const (
	Access  Kind = "access"
	Refresh Kind = "refresh"
	Stream  Kind = "stream" // for EventSource, which cannot send headers: opens streams and nothing else
)

// Hash is what is stored of a token.
type Hash [sha256.Size]byte

// Token is a token as it is stored.
type Token struct {
	Hash         Hash
	Kind         Kind
	Login        LoginID
	Player       ID
	Parent       Hash // the refresh token it was issued from; zero for the first of a login
	Used         bool
	ExpiresAt    time.Time
	SupersededAt time.Time // when one issued from it was first used; zero before
}

// Issued are tokens that begin to live together. The secrets are never stored.
type Issued struct {
	Access, Refresh string
	Tokens          []Token
}

// secretBytes are the bits of a token that cannot be guessed.
const secretBytes = 32

// issue makes a secret: 256 random bits, and when it ends. The end can be read without the database, so that a client
// that comes back after a month hears "expired" (refresh), not "invalid" (sign in again), long after the row is gone.
func issue(random io.Reader, kind Kind, ends time.Time) (string, Hash, error) {
	secret := make([]byte, secretBytes)
	if _, err := io.ReadFull(random, secret); err != nil {
		return "", Hash{}, fmt.Errorf("draw a token: %w", err)
	}
	token := string(kind[:1]) + strconv.FormatInt(ends.Unix(), 36) + "." + base64.RawURLEncoding.EncodeToString(secret)
	return token, HashOf(token), nil
}

// HashOf is what is stored of a token.
func HashOf(token string) Hash { return sha256.Sum256([]byte(token)) }

// saysExpired reads a token's own word on its end, which proves nothing and decides only which refusal it gets.
func saysExpired(token string, kind Kind, now time.Time) bool {
	ends, ok := saysEnds(token, kind)
	return ok && !now.Before(ends)
}

// saysEnds is a token's own word on its end, to the second. Of a token that was found by its hash it is true.
func saysEnds(token string, kind Kind) (time.Time, bool) {
	head, _, ok := strings.Cut(token, ".")
	if !ok || len(head) < 2 || head[:1] != string(kind[:1]) {
		return time.Time{}, false
	}
	ends, err := strconv.ParseInt(head[1:], 36, 64)
	return time.Unix(ends, 0), err == nil
}

// refreshIssued is before a refresh token was issued, so nobody had stolen it by then: by as much as servers' clocks may
// differ, and more.
func refreshIssued(token string) time.Time {
	ends, ok := saysEnds(token, Refresh)
	if !ok {
		return time.Time{} // at any time
	}
	return ends.Add(-RefreshLife - Overlap)
}

// stolen says that a refresh token is used long after one issued from it was: somebody has a copy.
func (t Token) stolen(now time.Time) bool {
	return !t.SupersededAt.IsZero() && now.After(t.SupersededAt.Add(Overlap))
}

// ForgetAt is until when a superseded token is kept to be recognised.
func (t Token) ForgetAt(superseded time.Time) time.Time { return superseded.Add(theftMemory) }

// Ends is when the last of them does.
func (i Issued) Ends() time.Time {
	var ends time.Time
	for _, t := range i.Tokens {
		if t.ExpiresAt.After(ends) {
			ends = t.ExpiresAt
		}
	}
	return ends
}
