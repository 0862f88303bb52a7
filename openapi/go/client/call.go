package client

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	random "math/rand/v2"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"yourturn/openapi/go/wire"
)

// caller sends requests: what may be repeated is, and a refusal becomes an error.
type caller struct {
	http     *http.Client
	folder   string // what stands before /v1, for a server behind a proxy that gives it one
	patience time.Duration
	try      time.Duration
}

var _ wire.HttpRequestDoer = (*caller)(nil)

// Do returns an answer below 400, with its body read, or an error that says which call failed.
func (c *caller) Do(r *http.Request) (*http.Response, error) {
	c.name(r)
	held := holds(r)
	ctx, cancel := context.WithTimeout(r.Context(), c.patience+held)
	defer cancel()
	for tries := 0; ; tries++ {
		response, err := c.once(ctx, r, c.try+held)
		if err == nil {
			return response, nil
		}
		pause, again := c.pause(r, tries, err)
		if !again || !sleep(ctx, pause) {
			return nil, fmt.Errorf("%s %s: %w", r.Method, r.URL.Path, err)
		}
	}
}

func (c *caller) once(ctx context.Context, r *http.Request, limit time.Duration) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	sent := r.Clone(ctx)
	if r.GetBody != nil {
		body, err := r.GetBody()
		if err != nil {
			return nil, err
		}
		sent.Body = body
	}
	response, err := c.http.Do(sent)
	if err != nil {
		return nil, withoutAddress(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if response.StatusCode >= 400 {
		return nil, newProblem(response, body)
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	return response, nil
}

// name gives a wish a name, so that asking twice makes one thing.
func (c *caller) name(r *http.Request) {
	route := strings.TrimPrefix(r.URL.Path, c.folder)
	typed, _ := path.Match("/v1/games/*/sessions", route)
	takesNames := typed || slices.Contains([]string{"/v1/tickets", "/v1/sessions", "/v1/tokens"}, route)
	if takesNames && r.Method == http.MethodPost && r.Header.Get("Idempotency-Key") == "" {
		r.Header.Set("Idempotency-Key", rand.Text())
	}
}

// pause is how long to wait before the next try, and whether there may be one.
func (c *caller) pause(r *http.Request, tries int, err error) (time.Duration, bool) {
	pause := backoff(tries, time.Second/2, 8*time.Second)
	problem, refused := errors.AsType[*Problem](err)
	if !refused { // lost on the way there, or on the way back
		return pause, repeatable(r)
	}
	pause = max(pause, problem.wait())
	switch problem.Status {
	case http.StatusTooManyRequests: // nothing was done
		return pause, true
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return pause, repeatable(r)
	}
	return 0, false
}

// repeatable says whether doing it twice is as good as once.
func repeatable(r *http.Request) bool {
	return r.Method != http.MethodPost || r.Header.Get("Idempotency-Key") != "" || slices.Contains(harmless, path.Base(r.URL.Path))
}

// harmless are the ends of paths to which the same may be posted twice: the server takes a move once and only lets grow
// what was seen; who is in a session, or out of it, or invited, is so already; one code, ticket or guest too many is no
// matter.
var harmless = []string{
	"moves", "ack", "join", "forfeit", "leave", "rematch", "enter", "invitations", "players", "stream-tickets", "link-codes",
}

// wait is what the server asked for, and a little more, so that not everybody comes back at once.
func (p *Problem) wait() time.Duration {
	if p.RetryAfter == nil {
		return 0
	}
	return time.Duration(*p.RetryAfter)*time.Second + random.N(time.Second/2)
}

// holds is how long the server was asked to hold the answer back.
func holds(r *http.Request) time.Duration {
	seconds, _ := strconv.Atoi(r.URL.Query().Get("wait")) // most calls have none
	return time.Duration(seconds) * time.Second
}

// backoff doubles from try to try, and half of it is chance.
func backoff(tries int, least, most time.Duration) time.Duration {
	pause := min(most, least<<min(tries, 16))
	return pause/2 + random.N(pause/2+1)
}

// sleep is false when the context ends, or would end, before the pause does.
func sleep(ctx context.Context, pause time.Duration) bool {
	if end, bounded := ctx.Deadline(); bounded && time.Until(end) < pause {
		return false
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// withoutAddress is the error without the method and address that net/http put before it.
func withoutAddress(err error) error {
	if of, ok := errors.AsType[*url.Error](err); ok {
		return of.Err
	}
	return err
}

// lock is a mutex that can be waited for with a context.
type lock chan struct{}

func newLock() lock { return make(lock, 1) }

func (l lock) take(ctx context.Context) error {
	select {
	case l <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l lock) give() { <-l }
