package fcm

import (
	"context"
	"sync"
	"time"

	"cloud.google.com/go/auth"
)

// exchange gets a new access token.
type exchange func(context.Context) (*auth.Token, error)

const (
	// exchangeTime bounds one exchange. It is not the time of any one send: all that wait have an end of their own.
	exchangeTime = 20 * time.Second
	// tokenMargin is how long before its end a token is used no more, for a send takes time and clocks differ.
	tokenMargin = time.Minute
)

// tokens keeps the access token that all sends share. When there is none, the first that comes starts an exchange, and
// whoever comes until it ends waits for the same, as long as its own context lets it. An exchange goes on when the one
// that started it has given up, because others may be waiting.
type tokens struct {
	exchange exchange
	life     context.Context // of the sender; it ends an exchange that is under way
	end      context.CancelFunc
	running  sync.WaitGroup

	mu      sync.Mutex
	current *auth.Token
	flight  *flight
}

// flight is an exchange that is under way. What is in it may be read when it is done.
type flight struct {
	done  chan struct{}
	token *auth.Token
	err   error
}

func newTokens(e exchange) *tokens {
	life, end := context.WithCancel(context.Background())
	return &tokens{exchange: e, life: life, end: end}
}

func (t *tokens) get(ctx context.Context) (string, error) {
	token, f, err := t.join()
	if f == nil {
		return token, err
	}
	select {
	case <-f.done:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	if f.err != nil {
		return "", f.err
	}
	return f.token.Value, nil
}

// join returns the token that there is, or the exchange that will bring one.
func (t *tokens) join() (string, *flight, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if usable(t.current, time.Now()) {
		return t.current.Value, nil, nil
	}
	if err := t.life.Err(); err != nil {
		return "", nil, err
	}
	if t.flight == nil {
		f := &flight{done: make(chan struct{})}
		t.flight = f
		t.running.Go(func() { t.fly(f) })
	}
	return "", t.flight, nil
}

func usable(t *auth.Token, now time.Time) bool {
	return t != nil && (t.Expiry.IsZero() || now.Before(t.Expiry.Add(-tokenMargin)))
}

func (t *tokens) fly(f *flight) {
	ctx, cancel := context.WithTimeout(t.life, exchangeTime)
	defer cancel()
	f.token, f.err = t.exchange(ctx)
	t.mu.Lock()
	t.flight = nil
	if f.err == nil {
		t.current = f.token
	}
	t.mu.Unlock()
	close(f.done)
}

// drop forgets a token that Google does not take, so that the next try brings a new one.
func (t *tokens) drop(value string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.current != nil && t.current.Value == value {
		t.current = nil
	}
}

// close ends the exchange that is under way, and waits for it.
func (t *tokens) close() {
	t.mu.Lock()
	t.end() // under the lock: after it no exchange begins
	t.mu.Unlock()
	t.running.Wait()
}
