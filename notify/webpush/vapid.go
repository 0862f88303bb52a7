package webpush

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// tokenLife is how long a token is good for; push services take up to a day.
	tokenLife = 12 * time.Hour
	// tokenUse is how long one is used. Apple wants none to be made more than once an hour, and a clock that goes wrong
	// by some hours does no harm.
	tokenUse = 6 * time.Hour
	// maxTokens bounds what is remembered, where everybody can make up hosts.
	maxTokens = 256
)

// tokens proves who sends (VAPID): one signed token for each origin, used for hours.
type tokens struct {
	key     *ecdsa.PrivateKey
	public  string
	subject string

	mu     sync.Mutex
	byHost map[string]*token // by origin
	signed int               // how many were made
}

type token struct {
	jwt      string
	issued   time.Time
	used     time.Time
	accepted atomic.Bool // the push service has taken a push with it: there is nothing wrong with the key, the subject, the clock
}

func newTokens(key *ecdsa.PrivateKey, subject string) (*tokens, error) {
	public, err := publicKey(key)
	if err != nil {
		return nil, err
	}
	return &tokens{key: key, public: public, subject: subject, byHost: map[string]*token{}}, nil
}

// of is the token for an origin.
func (t *tokens) of(origin string, now time.Time) (*token, error) {
	now = now.Round(0) // by the wall clock, which goes on while a machine sleeps
	t.mu.Lock()
	defer t.mu.Unlock()
	if had := t.byHost[origin]; had != nil {
		if age := now.Sub(had.issued); age >= 0 && age < tokenUse {
			had.used = now
			return had, nil
		}
	}
	jwt, err := t.sign(origin, now)
	if err != nil {
		return nil, err
	}
	if _, had := t.byHost[origin]; !had && len(t.byHost) >= maxTokens {
		t.forgetOldest()
	}
	t.signed++
	made := &token{jwt: jwt, issued: now, used: now}
	t.byHost[origin] = made
	return made, nil
}

// forgetOldest makes room: the origin that has not been sent to for longest must sign again.
func (t *tokens) forgetOldest() {
	oldest := ""
	for origin, token := range t.byHost {
		if oldest == "" || token.used.Before(t.byHost[oldest].used) {
			oldest = origin
		}
	}
	delete(t.byHost, oldest)
}

// sign writes a JWT with ES256, whose signature is the two numbers side by side.
func (t *tokens) sign(origin string, now time.Time) (string, error) {
	claims, err := json.Marshal(map[string]any{"aud": origin, "exp": now.Add(tokenLife).Unix(), "sub": t.subject})
	if err != nil {
		return "", fmt.Errorf("write claims: %w", err)
	}
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"typ":"JWT","alg":"ES256"}`)) + "." + base64.RawURLEncoding.EncodeToString(claims)
	hash := sha256.Sum256([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, t.key, hash[:])
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return text + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}
