package servertest

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Event is one event of a stream, as a browser hands it on: complete, or not at all.
type Event struct {
	Name string // empty for a message of the feed
	ID   string
	Data string
}

// Seq is the number of a message or reset, or -1.
func (e Event) Seq() int64 {
	seq, err := strconv.ParseInt(e.ID, 10, 64)
	if err != nil {
		return -1
	}
	return seq
}

// At finds a value in the event's data; see [Answer.At].
func (e Event) At(path ...any) any { return Answer{Body: []byte(e.Data)}.At(path...) }

// Message decodes the event's data.
func (e Event) Message(tb testing.TB) (m Message) {
	tb.Helper()
	if err := json.Unmarshal([]byte(e.Data), &m); err != nil {
		tb.Fatalf("%v in %q", err, e.Data)
	}
	return m
}

// Message is a message of the feed, as it travels by list, long-poll and stream.
type Message struct {
	Seq        int64      `json:"seq"`
	Kind       string     `json:"kind"`
	At         time.Time  `json:"at"`
	SessionID  string     `json:"session_id"`
	Game       string     `json:"game"`
	Version    *int64     `json:"version"`
	Turn       *int64     `json:"turn"`
	DeadlineAt *time.Time `json:"deadline_at"`
	Data       struct {
		Events   []Happening `json:"events"`
		TicketID string      `json:"ticket_id"`
	} `json:"data"`
}

// Happening is an event of a session's history.
type Happening struct {
	Version int64           `json:"version"`
	Turn    int64           `json:"turn"`
	Kind    string          `json:"kind"`
	Seat    *int            `json:"seat"`
	At      time.Time       `json:"at"`
	Data    json.RawMessage `json:"data"`
}

// Stream is a held connection of server-sent events.
type Stream struct {
	Header http.Header
	Proto  string
	events chan Event
	drop   context.CancelFunc
}

// Stream opens the app's stream and fails the test when it is refused. The query begins with a question mark or is
// empty; headers come in pairs. It is dropped when the test ends.
func (a *App) Stream(tb testing.TB, query string, headers ...string) *Stream {
	tb.Helper()
	s, refusal := a.TryStream(query, headers...)
	if s == nil {
		tb.Fatalf("stream%s: %d %s", query, refusal.Status, refusal.Body)
	}
	tb.Cleanup(s.Drop)
	return s
}

// TryStream is Stream that returns the refusal instead.
func (a *App) TryStream(query string, headers ...string) (*Stream, Answer) {
	ctx, drop := context.WithCancel(context.Background())
	r, err := http.NewRequestWithContext(ctx, "GET", a.URL+"/v1/me/stream"+query, nil)
	if err != nil {
		drop()
		return nil, Answer{Body: []byte(err.Error())}
	}
	if a.Access != "" {
		r.Header.Set("Authorization", "Bearer "+a.Access)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	endless := &http.Client{Transport: a.Requests.Transport} // a.Requests gives up after a while
	response, err := endless.Do(r)
	if err != nil {
		drop()
		return nil, Answer{Body: []byte(err.Error())}
	}
	if response.StatusCode != http.StatusOK {
		defer drop()
		defer response.Body.Close()
		raw, _ := io.ReadAll(response.Body) // what came of it is what the test sees
		return nil, Answer{Status: response.StatusCode, Header: response.Header, Body: raw}
	}
	s := &Stream{Header: response.Header, Proto: response.Proto, events: make(chan Event, 64), drop: drop}
	go s.read(ctx, response.Body)
	return s, Answer{}
}

// read takes the stream apart as the HTML standard says. What is not closed by an empty line has not happened.
func (s *Stream) read(ctx context.Context, body io.ReadCloser) {
	defer close(s.events)
	defer body.Close()
	lines := bufio.NewReader(body)
	var e Event
	var data []string
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		field, value, _ := strings.Cut(strings.TrimRight(line, "\r\n"), ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case line == "\n" && data != nil:
			e.Data = strings.Join(data, "\n")
			select {
			case s.events <- e:
			case <-ctx.Done():
				return
			}
			e, data = Event{}, nil
		case line == "\n":
			e = Event{}
		case field == "event":
			e.Name = value
		case field == "id":
			e.ID = value
		case field == "data":
			data = append(data, value)
		}
	}
}

// patience is how long a test waits for something that must come. It is never a measure of how fast it should.
const patience = time.Minute

// Next waits for the next event.
func (s *Stream) Next(tb testing.TB) Event {
	tb.Helper()
	e, ok := s.Read(tb)
	if !ok {
		tb.Fatal("the stream ended")
	}
	return e
}

// Read waits for the next event; false when the stream has ended.
func (s *Stream) Read(tb testing.TB) (Event, bool) {
	tb.Helper()
	select {
	case e, ok := <-s.events:
		return e, ok
	case <-time.After(patience):
		tb.Fatalf("no event for %s", patience)
		return Event{}, false
	}
}

// Greeted waits for the hello that every stream begins with, and returns it.
func (s *Stream) Greeted(tb testing.TB) Event {
	tb.Helper()
	hello := s.Next(tb)
	if hello.Name != "hello" || hello.ID != "" {
		tb.Fatalf("a stream began with %+v", hello)
	}
	return hello
}

// Bye waits for the end of the stream, which must be announced, and returns the reason.
func (s *Stream) Bye(tb testing.TB) string {
	tb.Helper()
	for {
		e, ok := s.Read(tb)
		if !ok {
			tb.Fatal("the stream ended without a goodbye")
		}
		if e.Name != "bye" {
			continue
		}
		if after, more := s.Read(tb); more {
			tb.Fatalf("after the goodbye came %+v", after)
		}
		reason, _ := e.At("reason").(string)
		return reason
	}
}

// Drop cuts the connection, as a tunnel does.
func (s *Stream) Drop() { s.drop() }
