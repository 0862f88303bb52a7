package client

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"yourturn/openapi/go/wire"
)

// Every connection is cut after so many bytes, mostly within a message.
func TestMessagesOverCutStreams(t *testing.T) {
	server := local(t)
	way := between(t, server, func(w http.ResponseWriter, r *http.Request, pass http.HandlerFunc) {
		if is(r, "GET /v1/me/stream") {
			w = &cut{w, 1200}
		}
		pass(w, r)
	})
	c := connect(t, way.URL, Options{}, quick())
	tables(t, c, 8)
	want := told(t, c)
	same(t, "over cut streams", numbers(read(t, c, 0, len(want))), want)
	same(t, "from the middle", numbers(read(t, c, want[2], len(want)-3)), want[3:])
	if n := way.counted("GET /v1/me/feed"); n != 1 { // by told
		t.Errorf("it polled: %d times", n)
	}
	if n := way.counted("GET /v1/me/stream"); n < 3 {
		t.Errorf("only %d streams", n)
	}
}

// cut is a connection that breaks.
type cut struct {
	http.ResponseWriter
	left int
}

func (c *cut) Write(b []byte) (int, error) {
	n, _ := c.ResponseWriter.Write(b[:min(c.left, len(b))])
	c.Flush()
	if c.left -= n; c.left == 0 {
		panic(http.ErrAbortHandler)
	}
	return n, nil
}

func (c *cut) Flush() { c.ResponseWriter.(http.Flusher).Flush() }

func refused(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }

func TestLongPollWhereStreamsAreBlocked(t *testing.T) {
	server := local(t)
	for name, block := range map[string]func(w http.ResponseWriter, r *http.Request){
		"refused":   refused,
		"cut":       func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"held back": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"some page": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<h1>Accept our terms</h1>")) },
		"buffered": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		},
	} {
		t.Run(name, func(t *testing.T) {
			way := between(t, server, func(w http.ResponseWriter, r *http.Request, pass http.HandlerFunc) {
				if is(r, "GET /v1/me/stream") {
					block(w, r)
					return
				}
				pass(w, r)
			})
			impatient := quick()
			impatient.hello = 50 * time.Millisecond
			c := connect(t, way.URL, Options{}, impatient)
			tables(t, c, 2)
			want := told(t, c)
			same(t, "by long-poll", numbers(read(t, c, 0, len(want))), want)
			if n := way.counted("GET /v1/me/stream"); n != 2 {
				t.Errorf("tried %d streams", n)
			}
		})
	}
}

// While it polls the time comes to try a stream again, and from then on a stream is the only way.
func TestStreamIsTriedAgain(t *testing.T) {
	server := local(t)
	var later, polled atomic.Int64
	blocked := first(2)
	way := between(t, server, func(w http.ResponseWriter, r *http.Request, pass http.HandlerFunc) {
		switch {
		case is(r, "GET /v1/me/stream") && blocked():
			refused(w, r)
		case is(r, "GET /v1/me/feed") && polled.Add(1) > 1:
			refused(w, r)
		case is(r, "GET /v1/me/feed"):
			later.Add(int64(time.Hour))
			pass(w, r)
		default:
			pass(w, r)
		}
	})
	now := func() time.Time { return time.Now().Add(time.Duration(later.Load())) }
	c := connect(t, way.URL, Options{Now: now}, quick())
	same := func(m Message, seq int64) {
		t.Helper()
		if m.Seq != seq {
			t.Errorf("got %d, want %d", m.Seq, seq)
		}
	}
	tables(t, c, 1)
	next, stop := iterate(t, c.MessagesAfter(t.Context(), 0))
	defer stop()
	same(next(), 1)
	before := len(told(t, connect(t, server, Options{Storage: &memory{held: c.login.sitting().login()}}, quick())))
	for seq := 2; seq <= before; seq++ {
		same(next(), int64(seq))
	}
	tables(t, c, 1)
	same(next(), int64(before+1))
	if n := polled.Load(); n != 1 {
		t.Errorf("polled %d times", n)
	}
}

// Nothing comes through any more, and nobody says that the connection is dead.
func TestSilentStreamIsLeft(t *testing.T) {
	silent := first(1)
	way := between(t, local(t), func(w http.ResponseWriter, r *http.Request, pass http.HandlerFunc) {
		if is(r, "GET /v1/me/stream") && silent() {
			w = &hush{cut{w, 0}, false}
		}
		pass(w, r)
	})
	impatient := quick()
	impatient.silence = 200 * time.Millisecond
	c := connect(t, way.URL, Options{}, impatient)
	tables(t, c, 2)
	want := told(t, c)
	same(t, "after a silence", numbers(read(t, c, 0, len(want))), want)
	if n := way.counted("GET /v1/me/feed"); n != 1 { // by told
		t.Errorf("it polled: %d times", n)
	}
}

// hush lets the hello through and swallows the rest.
type hush struct {
	cut
	greeted bool
}

func (h *hush) Write(b []byte) (int, error) {
	if end := bytes.Index(b, []byte("\n\n")); end >= 0 && !h.greeted {
		h.greeted = true
		_, err := h.ResponseWriter.Write(b[:end+2])
		return len(b), err
	}
	return len(b), nil
}

func TestBusyStream(t *testing.T) {
	busy := first(1)
	way := between(t, local(t), func(w http.ResponseWriter, r *http.Request, pass http.HandlerFunc) {
		if is(r, "GET /v1/me/stream") && busy() {
			refuse(w, 503, "unavailable", "1")
			return
		}
		pass(w, r)
	})
	c := connect(t, way.URL, Options{}, quick())
	tables(t, c, 1)
	want := told(t, c)
	same(t, "after a refusal", numbers(read(t, c, 0, len(want))), want)
	if n := way.counted("GET /v1/me/stream"); n != 2 {
		t.Errorf("asked %d times for a stream", n)
	}
}

// How long a feed stays away, whatever a proxy asks for.
func TestRest(t *testing.T) {
	p := quick()
	for asked, want := range map[int64][2]time.Duration{
		0:    {0, p.most + time.Second/2},
		90:   {90 * time.Second, 91 * time.Second},
		3600: {5 * time.Minute, 5 * time.Minute},
	} {
		problem := &Problem{Problem: wire.Problem{Status: 503, RetryAfter: &asked}}
		if got := p.rest(0, problem); got < want[0] || got > want[1] {
			t.Errorf("asked for %d s it rests %v", asked, got)
		}
	}
}

// A portal refuses everything for a while. The feed goes on behind it.
func TestMessagesOutliveAPortal(t *testing.T) {
	shut := first(5)
	server := local(t)
	way := between(t, server, func(w http.ResponseWriter, r *http.Request, pass http.HandlerFunc) {
		if shut() {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		pass(w, r)
	})
	known := connect(t, server, Options{}, quick())
	tables(t, known, 1)
	c := connect(t, way.URL, Options{Storage: &memory{held: known.login.sitting().login()}}, quick())
	want := told(t, known)
	same(t, "behind a portal", numbers(read(t, c, 0, len(want))), want)
}

func TestStreamWithATokenThatEnded(t *testing.T) {
	server := local(t)
	way := between(t, server, func(w http.ResponseWriter, r *http.Request, pass http.HandlerFunc) { pass(w, r) })
	c := connect(t, way.URL, Options{}, quick())
	tables(t, c, 1)
	want := told(t, c)
	expire(t, server)
	same(t, "with new tokens", numbers(read(t, c, 0, len(want))), want)
	if n := way.counted("POST /v1/tokens"); n != 1 {
		t.Errorf("renewed %d times", n)
	}
}

// everyWay runs a test over a stream and over long-polls.
func everyWay(t *testing.T, run func(t *testing.T, c *Client)) {
	server := local(t)
	t.Run("stream", func(t *testing.T) { run(t, connect(t, server, Options{}, quick())) })
	t.Run("long-poll", func(t *testing.T) {
		way := between(t, server, func(w http.ResponseWriter, r *http.Request, pass http.HandlerFunc) {
			if is(r, "GET /v1/me/stream") {
				refused(w, r)
				return
			}
			pass(w, r)
		})
		run(t, connect(t, way.URL, Options{}, quick()))
	})
}

func TestMessagesBeginWithWhatNobodyHasSeen(t *testing.T) {
	everyWay(t, func(t *testing.T, c *Client) {
		tables(t, c, 4)
		all := told(t, c)
		if err := c.Seen(t.Context(), all[2]); err != nil {
			t.Fatal(err)
		}
		next, stop := iterate(t, c.Messages(t.Context()))
		defer stop()
		for _, seq := range all[3:] {
			if m := next(); m.Seq != seq {
				t.Errorf("got %d, want %d", m.Seq, seq)
			}
		}
	})
}

// The server does not know the number that the app has kept. It says so, and where it goes on.
func TestReset(t *testing.T) {
	everyWay(t, func(t *testing.T, c *Client) {
		tables(t, c, 1)
		all := told(t, c)
		next, stop := iterate(t, c.MessagesAfter(t.Context(), 1000))
		defer stop()
		if m := next(); m.Kind != KindReset || m.Seq != all[len(all)-1] {
			t.Errorf("first came %+v", m)
		}
		tables(t, c, 1)
		for _, seq := range told(t, c)[len(all):] {
			if m := next(); m.Seq != seq {
				t.Errorf("then came %+v, want %d", m, seq)
			}
		}
	})
}

func TestLoopsEnd(t *testing.T) {
	everyWay(t, func(t *testing.T, c *Client) {
		tables(t, c, 1)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var last error
		for _, err := range c.MessagesAfter(ctx, 0) {
			cancel()
			last = err
		}
		if !errors.Is(last, context.Canceled) {
			t.Errorf("the last error was %v", last)
		}
		for _, err := range c.MessagesAfter(t.Context(), 0) {
			if err != nil {
				t.Error(err)
			}
			break
		}
	})
}

// A server that is none is said at once, not asked for ever.
func TestFeedOfSomethingElse(t *testing.T) {
	c := connect(t, local(t), Options{}, quick())
	way := between(t, c.address, func(w http.ResponseWriter, r *http.Request, _ http.HandlerFunc) { http.NotFound(w, r) })
	lost := connect(t, way.URL, Options{Storage: &memory{held: c.login.sitting().login()}}, quick())
	for _, err := range lost.Messages(t.Context()) {
		if problem, refused := errors.AsType[*Problem](err); !refused || problem.Status != 404 {
			t.Errorf("got %v", err)
		}
	}
}

// iterate makes one message at a time of a loop.
func iterate(t *testing.T, all iter.Seq2[Message, error]) (next func() Message, stop func()) {
	t.Helper()
	pull, stop := iter.Pull2(all)
	return func() Message {
		t.Helper()
		m, err, ok := pull()
		if err != nil || !ok {
			t.Fatalf("the messages ended: %v", err)
		}
		return m
	}, stop
}

func TestEvents(t *testing.T) {
	stream := ": beat\n\n" +
		"retry: 2000\nevent: hello\ndata: {}\n\n" +
		"id: 1\ndata: one\n: in between\ndata: more\n\n" +
		"id: 2\r\ndata:two\r\n\r\n" +
		"event: nothing\n\n" +
		"unheard: of\ndata\n\n" +
		"id: 3\ndata: cut off\n"
	lines := 0
	events := newEvents(strings.NewReader(stream), func() { lines++ })
	for _, want := range []event{{"hello", "{}"}, {"", "one\nmore"}, {"", "two"}, {"", ""}} {
		if got, err := events.next(); err != nil || got != want {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
	if got, err := events.next(); !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %q, %v", got, err)
	}
	if want := strings.Count(stream, "\n"); lines != want {
		t.Errorf("%d of %d lines were signs of life", lines, want)
	}
}
