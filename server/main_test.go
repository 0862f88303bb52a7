package server_test

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"yourturn/server/servertest"
)

func TestMain(m *testing.M) { os.Exit(servertest.Main(m)) }

// scale is how often something is done: as often as the project promises in CI, a tenth of it at a desk, and on the
// third engine, which is much like the second.
func scale(t *testing.T, promised int) int {
	if os.Getenv("CI") == "true" && !strings.HasSuffix(t.Name(), "/mysql") {
		return promised
	}
	return promised / 10
}

// generous is how long a test waits for what the server does on its own. What is promised sooner is not measured here.
const generous = time.Minute

// eventually asks until the answer is yes.
func eventually(t *testing.T, what string, ask func() bool) {
	t.Helper()
	for end := time.Now().Add(generous); ; {
		if ask() {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("not in %s: %s", generous, what)
		}
		time.Sleep(20 * time.Millisecond) // between two looks; nothing depends on it
	}
}

// together runs n at once and waits for all.
func together(n int, run func(i int)) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { run(i) })
	}
	all.Wait()
}

// same compares and tells the difference.
func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// sameJSON compares what two texts mean.
func sameJSON(t *testing.T, what string, got, want []byte) {
	t.Helper()
	var a, b any
	if json.Unmarshal(got, &a) != nil || json.Unmarshal(want, &b) != nil || !reflect.DeepEqual(a, b) {
		t.Errorf("%s:\n got %s\nwant %s", what, got, want)
	}
}

// rawFeed lists a whole feed, a page at a time, as the texts that came.
func rawFeed(t *testing.T, a *servertest.App) (items []json.RawMessage) {
	t.Helper()
	for after := int64(0); ; {
		answer := a.Must(t, 200, "GET", fmt.Sprintf("/v1/me/feed?limit=100&after=%d", after), nil)
		var page struct {
			Items   []json.RawMessage `json:"items"`
			LastSeq int64             `json:"last_seq"`
			Reset   bool              `json:"reset"`
		}
		answer.Into(t, &page)
		if page.Reset {
			t.Fatalf("reset after %d", after)
		}
		items = append(items, page.Items...)
		if len(page.Items) == 0 {
			return items
		}
		after = message(t, page.Items[len(page.Items)-1]).Seq
		if after == page.LastSeq {
			return items
		}
	}
}

// feedOf lists a whole feed and makes sure that its numbers are 1, 2, 3 …
func feedOf(t *testing.T, a *servertest.App) (feed []servertest.Message) {
	t.Helper()
	for i, raw := range rawFeed(t, a) {
		m := message(t, raw)
		if m.Seq != int64(i)+1 {
			t.Fatalf("message %d of the feed of %s has the number %d", i+1, a.Name, m.Seq)
		}
		feed = append(feed, m)
	}
	return feed
}

func message(t *testing.T, raw json.RawMessage) servertest.Message {
	t.Helper()
	return servertest.Event{Data: string(raw)}.Message(t)
}

// kinds are the kinds of messages.
func kinds(feed []servertest.Message) []string {
	all := []string{}
	for _, m := range feed {
		all = append(all, m.Kind)
	}
	return all
}

// refused checks a refusal as every client reads it. The session is the member that it must, or must not, carry.
func refused(t *testing.T, got servertest.Answer, status int, problem, session string) {
	t.Helper()
	switch {
	case got.Status != status || got.Problem() != problem:
		t.Errorf("got %d %s, want %d %s", got.Status, got.Body, status, problem)
	case got.Header.Get("Content-Type") != "application/problem+json":
		t.Errorf("a problem is %q", got.Header.Get("Content-Type"))
	case got.String("request_id") == "" || got.String("request_id") != got.Header.Get("X-Request-Id"):
		t.Errorf("a problem without the request's id: %s", got.Body)
	case got.Int("status") != int64(status) || got.String("title") == "":
		t.Errorf("a problem that does not say its status and title: %s", got.Body)
	case got.String("session", "id") != session:
		t.Errorf("a problem with the session %q, want %q: %s", got.String("session", "id"), session, got.Body)
	}
}

// ticket is the wish for a game of tic-tac-toe.
func ticket(turnSeconds int) map[string]any {
	return map[string]any{"game": "tictactoe", "turn_seconds": turnSeconds}
}

// sessionPath is where a session is read.
func sessionPath(id string) string { return "/v1/sessions/" + id }

// private seats two guests at a table of their own, whatever else goes on, and returns the one to move first.
func private(t *testing.T, url, game string) (session string, first, second *servertest.App) {
	t.Helper()
	return seated(t, game, servertest.Guest(t, url, "Ann"), servertest.Guest(t, url, "Bob"))
}

// seated opens a table for two players.
func seated(t *testing.T, game string, ann, bob *servertest.App) (session string, first, second *servertest.App) {
	t.Helper()
	code := ann.Must(t, 201, "POST", "/v1/sessions", map[string]any{"game": game}).String("join_code")
	joined := bob.Must(t, 200, "POST", "/v1/sessions/join", map[string]any{"join_code": code})
	if joined.Bool("your_turn") {
		return joined.String("id"), bob, ann
	}
	return joined.String("id"), ann, bob
}

// say is the body of a move of the game whisper.
func say(turn int64, word string) map[string]any {
	return map[string]any{"turn": turn, "move": map[string]any{"say": word}}
}
