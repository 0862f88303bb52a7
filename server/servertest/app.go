package servertest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// App is what a phone has: an address and a login.
type App struct {
	URL      string
	Player   string
	Name     string
	Access   string
	Refresh  string
	Requests *http.Client
}

// Answer is what came back. A status of 0 means that nothing did.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte

	value func() any // of the body, decoded once: a test asks one answer for many things
}

// Client is an HTTP client for many connections to one server.
func Client() *http.Client {
	return &http.Client{
		Timeout:   60 * time.Second,
		Transport: &http.Transport{MaxIdleConns: 512, MaxIdleConnsPerHost: 512, IdleConnTimeout: 30 * time.Second},
	}
}

// Guest signs up.
func Guest(tb testing.TB, url, name string) *App {
	tb.Helper()
	a := &App{URL: url, Requests: Client()}
	made := a.Do("POST", "/v1/players", map[string]any{"display_name": name})
	if made.Status != http.StatusCreated {
		tb.Fatalf("createPlayer: %d %s", made.Status, made.Body)
	}
	a.Player, a.Name = made.String("player", "id"), made.String("player", "display_name")
	a.Access, a.Refresh = made.String("access_token"), made.String("refresh_token")
	return a
}

// Second signs another device in as the player of an app, by a code that the app shows.
func Second(tb testing.TB, app *App) *App {
	tb.Helper()
	code := app.Must(tb, http.StatusCreated, "POST", "/v1/me/link-codes", nil).String("code")
	second := &App{URL: app.URL, Player: app.Player, Name: app.Name, Requests: Client()}
	made := second.Must(tb, http.StatusCreated, "POST", "/v1/tokens", map[string]any{"link_code": code})
	second.Access, second.Refresh = made.String("access_token"), made.String("refresh_token")
	return second
}

// Do sends a request with the app's access token. Headers come in pairs. It is safe for use by many goroutines.
func (a *App) Do(method, path string, body any, headers ...string) Answer {
	answer, err := a.Try(method, path, body, headers...)
	if err != nil {
		return Answer{Body: []byte(err.Error())}
	}
	return answer
}

// Try is Do that tells what went wrong on the way.
func (a *App) Try(method, path string, body any, headers ...string) (Answer, error) {
	var sent io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return Answer{}, err
		}
		sent = bytes.NewReader(raw)
	}
	r, err := http.NewRequest(method, a.URL+path, sent)
	if err != nil {
		return Answer{}, err
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if a.Access != "" {
		r.Header.Set("Authorization", "Bearer "+a.Access)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := a.Requests.Do(r)
	if err != nil {
		return Answer{}, err
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	value := sync.OnceValue(func() any { return decode(raw) })
	return Answer{Status: response.StatusCode, Header: response.Header, Body: raw, value: value}, err
}

// Must is Do that fails the test on another status.
func (a *App) Must(tb testing.TB, status int, method, path string, body any, headers ...string) Answer {
	tb.Helper()
	answer := a.Do(method, path, body, headers...)
	if answer.Status != status {
		tb.Fatalf("%s %s: got %d, want %d: %s", method, path, answer.Status, status, answer.Body)
	}
	return answer
}

// Renew gets new tokens.
func (a *App) Renew(tb testing.TB) {
	tb.Helper()
	made := a.Must(tb, http.StatusCreated, "POST", "/v1/tokens", map[string]any{"refresh_token": a.Refresh})
	a.Access, a.Refresh = made.String("access_token"), made.String("refresh_token")
}

// At finds a value in the answer's JSON: names for objects, numbers for lists. nil when it is not there.
func (a Answer) At(path ...any) any {
	var value any
	if a.value != nil {
		value = a.value()
	} else {
		value = decode(a.Body)
	}
	for _, step := range path {
		switch step := step.(type) {
		case string:
			object, _ := value.(map[string]any)
			value = object[step]
		case int:
			list, _ := value.([]any)
			if step >= len(list) {
				return nil
			}
			value = list[step]
		}
	}
	return value
}

func decode(body []byte) (value any) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if decoder.Decode(&value) != nil {
		return nil
	}
	return value
}

// String finds a text.
func (a Answer) String(path ...any) string {
	text, _ := a.At(path...).(string)
	return text
}

// Int finds a number, or -1.
func (a Answer) Int(path ...any) int64 {
	number, ok := a.At(path...).(json.Number)
	if !ok {
		return -1
	}
	n, err := number.Int64()
	if err != nil {
		return -1
	}
	return n
}

// Bool finds a truth.
func (a Answer) Bool(path ...any) bool {
	truth, _ := a.At(path...).(bool)
	return truth
}

// Len counts a list.
func (a Answer) Len(path ...any) int {
	items, _ := a.At(path...).([]any)
	return len(items)
}

// Problem is the name of a problem, without its prefix.
func (a Answer) Problem() string {
	return strings.TrimPrefix(a.String("type"), "urn:yourturn:problem:")
}

// Into decodes the answer.
func (a Answer) Into(tb testing.TB, value any) {
	tb.Helper()
	if err := json.Unmarshal(a.Body, value); err != nil {
		tb.Fatalf("%v in %s", err, a.Body)
	}
}

// Advance moves the server's test clock.
func Advance(tb testing.TB, url string, by time.Duration) {
	tb.Helper()
	a := &App{URL: url, Requests: Client()}
	a.Must(tb, http.StatusOK, "POST", "/v1/test/clock", map[string]any{"seconds": int(by.Seconds())})
}

// Pair matches two guests in a game of tic-tac-toe and returns them with the one to move first.
func Pair(tb testing.TB, url string) (session string, first, second *App) {
	tb.Helper()
	ann, bob := Guest(tb, url, "Ann"), Guest(tb, url, "Bob")
	ticket := map[string]any{"game": "tictactoe", "turn_seconds": 86400, "config": map[string]any{}}
	ann.Must(tb, http.StatusCreated, "POST", "/v1/tickets", ticket)
	session = bob.Must(tb, http.StatusCreated, "POST", "/v1/tickets", ticket).String("session_id")
	if session == "" { // somebody else's ticket was older
		tb.Fatal("two tickets did not match")
	}
	if ann.Must(tb, http.StatusOK, "GET", "/v1/sessions/"+session, nil).Bool("your_turn") {
		return session, ann, bob
	}
	return session, bob, ann
}

// Move is the body of a move of tic-tac-toe.
func Move(turn int64, cell int) map[string]any {
	return map[string]any{"turn": turn, "move": map[string]any{"cell": cell}}
}

// MovePath is where the moves of a session go.
func MovePath(session string) string { return fmt.Sprintf("/v1/sessions/%s/moves", session) }
