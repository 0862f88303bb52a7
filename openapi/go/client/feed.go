package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strconv"
	"strings"
	"time"

	"yourturn/openapi/go/wire"
)

// Message is one message of the feed.
type Message = wire.FeedMessage

// KindReset is the kind of a message that the client makes itself: what was asked for is not kept any more. Read your
// sessions anew; the messages go on after it.
const KindReset = "reset"

// Messages follows the player's feed from what a person has not seen yet, in order, each message once. It lasts until
// the context ends or the player is signed out or another signed in, which its last error says; connections may come and go meanwhile.
func (c *Client) Messages(ctx context.Context) iter.Seq2[Message, error] {
	return c.follow(ctx, nil)
}

// MessagesAfter is Messages that begins after a number: the feed_seq of a list of sessions, the last message that was
// kept, or 0 for the oldest that the server has.
func (c *Client) MessagesAfter(ctx context.Context, seq int64) iter.Seq2[Message, error] {
	return c.follow(ctx, &seq)
}

func (c *Client) follow(ctx context.Context, after *int64) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		ctx, s, leave := c.login.enter(ctx)
		defer leave()
		c.badge.touch(s.ctx)
		f := &follower{Client: c, sitting: s, after: after, yield: yield}
		if err := f.follow(ctx); !errors.Is(err, errEnough) {
			yield(Message{}, s.why(err))
		}
	}
}

var (
	errEnough = errors.New("the loop over the messages has ended")
	errSilent = errors.New("nothing came for too long")
	errBye    = errors.New("the server ended the stream")
)

// follower is one loop over the feed.
type follower struct {
	*Client
	sitting *sitting
	after   *int64 // the last number that was handed over; nil while only the server knows where to begin
	yield   func(Message, error) bool
}

// follow holds a stream for as long as one can be had, and asks with long-polls for a while when two in a row have not
// even said hello.
func (f *follower) follow(ctx context.Context) error {
	for misses, failures := 0, 0; ; {
		greeted, err := f.stream(ctx)
		if final(ctx, err) {
			return err
		}
		if greeted {
			misses, failures = 0, 0
		} else {
			misses++
		}
		if misses == 2 {
			if err := f.poll(ctx, f.now().Add(f.pace.streamAgain)); err != nil {
				return err
			}
			misses, failures = 1, 0 // one more is enough to know
			continue
		}
		if err := f.pause(ctx, failures, err); err != nil {
			return err
		}
		failures++
	}
}

// poll asks until the time is over, and returns only errors that end the feed.
func (f *follower) poll(ctx context.Context, until time.Time) error {
	contact := false
	for failures := 0; f.now().Before(until); {
		page, err := f.API.ListFeedWithResponse(ctx, &wire.ListFeedParams{After: f.after, Limit: new(int64(100)), Wait: new(int64(25))})
		if err == nil && page.JSON200 != nil {
			failures = 0
			if !contact {
				contact = true
				f.badge.touch(f.sitting.ctx) // who knows what was missed
			}
			if err := f.take(ctx, page.JSON200); err != nil {
				return err
			}
			continue
		}
		if problem, refused := errors.AsType[*Problem](err); final(ctx, err) || refused && problem.asked() {
			return err
		}
		if err := f.pause(ctx, failures, err); err != nil {
			return err
		}
		contact = false
		failures++
	}
	return nil
}

func (f *follower) take(ctx context.Context, page *wire.FeedPage) error {
	if page.Reset {
		return f.reset(ctx, page.LastSeq)
	}
	if f.after == nil {
		f.after = &page.AckedSeq
	}
	for _, m := range page.Items {
		if err := f.message(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

// message hands one over, unless it was before.
func (f *follower) message(ctx context.Context, m Message) error {
	if f.after != nil && m.Seq <= *f.after {
		return nil
	}
	return f.deliver(ctx, m)
}

// reset goes on from where the server says, which may be before the number that it does not know.
func (f *follower) reset(ctx context.Context, seq int64) error {
	f.sitting.reset()
	return f.deliver(ctx, Message{Seq: seq, Kind: KindReset, At: f.now(), Data: map[string]any{}})
}

func (f *follower) deliver(ctx context.Context, m Message) error {
	if f.sitting.isOver() {
		return ErrSignedOut
	}
	f.after = &m.Seq
	if m.SessionID != "" || m.Kind == KindReset {
		f.badge.touch(f.sitting.ctx)
	}
	if !f.yield(m, nil) {
		return errEnough
	}
	return ctx.Err()
}

// mostAsked bounds how long a feed stays away because somebody asked it to.
const mostAsked = 5 * time.Minute

// pause waits before the next try.
func (f *follower) pause(ctx context.Context, failures int, err error) error {
	if !sleep(ctx, f.pace.rest(failures, err)) {
		<-ctx.Done() // its deadline is nearer than the pause
		return ctx.Err()
	}
	return nil
}

// rest is how long to leave the feed alone: as long as the server asked for, if it did.
func (p *pace) rest(failures int, err error) time.Duration {
	pause := backoff(failures, p.least, p.most)
	if problem, refused := errors.AsType[*Problem](err); refused {
		pause = max(pause, min(problem.wait(), mostAsked))
	}
	return pause
}

// final says whether an error ends the feed.
func final(ctx context.Context, err error) bool {
	return ctx.Err() != nil || errors.Is(err, errEnough) || errors.Is(err, ErrSignedOut)
}

// asked says that the question was at fault, so that asking again is no use. What something on the way refuses, a portal
// that wants to be paid, may be answered soon; unless there is no such place.
func (p *Problem) asked() bool {
	if p.Name == "" {
		return p.Status == http.StatusNotFound
	}
	return p.Status < 500 && p.Status != http.StatusTooManyRequests && p.Status != http.StatusRequestTimeout
}

// stream follows the feed on one connection until that ends, as it always does. greeted: it had begun.
func (f *follower) stream(ctx context.Context) (greeted bool, err error) {
	within, drop := context.WithCancelCause(ctx)
	defer drop(nil)
	watch := time.AfterFunc(f.pace.hello, func() { drop(errSilent) })
	defer watch.Stop()
	body, err := f.open(within)
	if err != nil {
		return false, err
	}
	defer body.Close()
	limit := f.pace.hello
	stream := newEvents(body, func() { watch.Reset(limit) })
	for {
		e, err := stream.next()
		if err != nil {
			return greeted, errors.Join(context.Cause(within), err)
		}
		watch.Stop() // the app may take its time
		if e.name == "hello" {
			greeted, limit = true, f.pace.silence
		}
		if err := f.event(ctx, e); err != nil {
			return greeted, err
		}
		watch.Reset(limit)
	}
}

// open asks for a stream. It is not repeated here: follow does that.
func (f *follower) open(ctx context.Context) (io.ReadCloser, error) {
	address := f.address + "/v1/me/stream"
	if f.after != nil {
		address += "?after=" + strconv.FormatInt(*f.after, 10)
	}
	return with(ctx, f.login.of(f.sitting), func(token string) (io.ReadCloser, error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return nil, err
		}
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Accept", "text/event-stream")
		return f.calls.openStream(r)
	})
}

func (c *caller) openStream(r *http.Request) (io.ReadCloser, error) {
	response, err := c.http.Do(r)
	if err != nil {
		return nil, withoutAddress(err)
	}
	kind := response.Header.Get("Content-Type")
	if response.StatusCode == http.StatusOK && strings.HasPrefix(kind, "text/event-stream") {
		return response.Body, nil
	}
	defer response.Body.Close()
	if response.StatusCode < 400 { // somebody on the way answers in the server's name
		return nil, fmt.Errorf("a stream was answered with %s of %q", response.Status, kind)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	return nil, newProblem(response, body)
}

// event takes what a stream says. Names that came later than this client are no concern of its.
func (f *follower) event(ctx context.Context, e event) error {
	switch e.name {
	case "":
		var m Message
		if err := json.Unmarshal([]byte(e.data), &m); err != nil {
			return fmt.Errorf("message %q: %w", e.data, err)
		}
		return f.message(ctx, m)
	case "hello":
		var hello struct {
			AckedSeq int64 `json:"acked_seq"`
		}
		if err := json.Unmarshal([]byte(e.data), &hello); err != nil {
			return fmt.Errorf("hello %q: %w", e.data, err)
		}
		if f.after == nil {
			f.after = &hello.AckedSeq
		}
		f.badge.touch(f.sitting.ctx) // who knows what was missed
	case "reset":
		var reset struct {
			Seq int64 `json:"seq"`
		}
		if err := json.Unmarshal([]byte(e.data), &reset); err != nil {
			return fmt.Errorf("reset %q: %w", e.data, err)
		}
		return f.reset(ctx, reset.Seq)
	case "bye":
		return errBye
	}
	return nil
}
