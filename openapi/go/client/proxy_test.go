package client

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"yourturn/openapi/go/wire"
	"yourturn/server/servertest"
)

func TestMain(m *testing.M) { os.Exit(servertest.Main(m)) }

// quick is a pace for tests: nothing waits longer than it must.
func quick() pace {
	return pace{
		try: 15 * time.Second, hello: 10 * time.Second, silence: 40 * time.Second, streamAgain: time.Hour,
		least: time.Millisecond, most: 10 * time.Millisecond,
	}
}

// connect is Connect at a test's pace.
func connect(t *testing.T, address string, o Options, p pace) *Client {
	t.Helper()
	c, err := prepare(address, o, p)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.login.begin(t.Context(), o.Profile); err != nil {
		t.Fatal(err)
	}
	return c
}

func local(t *testing.T) string {
	t.Helper()
	return servertest.Local(t, "sqlite:"+filepath.Join(t.TempDir(), "yourturn.db"), servertest.Options{})
}

// way is what lies between a client and its server: it meddles with requests, and counts them.
type way struct {
	URL string

	mu   sync.Mutex
	seen map[string]int
}

// between puts a way before a server. meddle may answer itself, or pass the request on with whatever writer it likes.
func between(t *testing.T, server string, meddle func(w http.ResponseWriter, r *http.Request, pass http.HandlerFunc)) *way {
	t.Helper()
	target, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{
		Rewrite:  func(r *httputil.ProxyRequest) { r.SetURL(target) },
		ErrorLog: log.New(io.Discard, "", 0),
	}
	way := &way{seen: map[string]int{}}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		way.count(r.Method + " " + r.URL.Path)
		meddle(w, r, proxy.ServeHTTP)
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Config.SetKeepAlivesEnabled(false) // net/http repeats what fails on a used connection: tries would be uncountable
	s.Start()
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	way.URL = s.URL
	return way
}

func (w *way) count(call string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen[call]++
}

func (w *way) counted(call string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.seen[call]
}

// is says whether a request is a certain call, such as "POST /v1/tokens".
func is(r *http.Request, call string) bool { return r.Method+" "+r.URL.Path == call }

// lost has the server do it, and cuts the connection before the answer.
func lost(r *http.Request, pass http.HandlerFunc) {
	pass(httptest.NewRecorder(), r)
	panic(http.ErrAbortHandler)
}

// first is true for so many calls of it.
func first(n int) func() bool {
	var mu sync.Mutex
	return func() bool {
		mu.Lock()
		defer mu.Unlock()
		n--
		return n >= 0
	}
}

// tables has the client wait at so many tables and somebody else join each: at least one message for each of them.
func tables(t *testing.T, c *Client, n int) {
	t.Helper()
	other := connect(t, c.address, Options{}, quick())
	for range n {
		opened, err := c.API.CreateSessionWithResponse(t.Context(), nil, wire.SessionRequest{Game: "tictactoe"})
		if err != nil {
			t.Fatal(err)
		}
		_, err = other.API.JoinSessionWithResponse(t.Context(), wire.JoinRequest{JoinCode: opened.JSON201.JoinCode})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// told is the player's whole feed, as the server has it.
func told(t *testing.T, c *Client) (numbers []int64) {
	t.Helper()
	page, err := c.API.ListFeedWithResponse(t.Context(), &wire.ListFeedParams{After: new(int64(0)), Limit: new(int64(100))})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range page.JSON200.Items {
		numbers = append(numbers, m.Seq)
	}
	return numbers
}

// read follows the feed until n messages have come. The test's own end is its limit.
func read(t *testing.T, c *Client, after int64, n int) (got []Message) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for m, err := range c.MessagesAfter(ctx, after) {
		if err != nil {
			t.Fatalf("after %d messages: %v", len(got), err)
		}
		if got = append(got, m); len(got) == n {
			break
		}
	}
	return got
}

func numbers(messages []Message) (numbers []int64) {
	for _, m := range messages {
		numbers = append(numbers, m.Seq)
	}
	return numbers
}

func same(t *testing.T, what string, got, want []int64) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// game seats two players and returns the session as the one who moves first sees it.
func game(t *testing.T, one, two *Client) (mover *Client, session *wire.Session) {
	t.Helper()
	opened, err := one.API.CreateSessionWithResponse(t.Context(), nil, wire.SessionRequest{Game: "tictactoe"})
	if err != nil {
		t.Fatal(err)
	}
	joined, err := two.API.JoinSessionWithResponse(t.Context(), wire.JoinRequest{JoinCode: opened.JSON201.JoinCode})
	if err != nil {
		t.Fatal(err)
	}
	if joined.JSON200.YourTurn {
		return two, joined.JSON200
	}
	read, err := one.API.GetSessionWithResponse(t.Context(), opened.JSON201.ID, nil)
	if err != nil {
		t.Fatal(err)
	}
	return one, read.JSON200
}

// moves counts a session's moves in its history.
func moves(t *testing.T, c *Client, session string) (n int) {
	t.Helper()
	history, err := c.API.ListEventsWithResponse(t.Context(), session, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range history.JSON200.Items {
		if e.Kind == "move" {
			n++
		}
	}
	return n
}

// refuse answers as a server does that is too busy.
func refuse(w http.ResponseWriter, status int, name, retryAfter string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Retry-After", retryAfter)
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"type":"urn:yourturn:problem:%s","title":"%s","status":%d,"request_id":"r"}`, name, name, status)
}
