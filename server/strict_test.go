package server_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"yourturn/server/servertest"
)

// What the contract does not know is refused, not ignored, and each refusal says what was wrong.
func TestRequestsAreReadStrictly(t *testing.T) {
	url := servertest.Local(t, "sqlite:"+t.TempDir()+"/yourturn.db", servertest.Options{})
	id, first, _ := servertest.Pair(t, url)
	move := servertest.MovePath(id)
	for name, test := range map[string]struct {
		method, path, contentType, body string
		status                          int
		problem, location               string
	}{
		"query that nobody reads":       {"GET", "/v1/sessions?limt=5", "", "", 422, "invalid", "query.limt"},
		"query given twice":             {"GET", "/v1/sessions?limit=5&limit=6", "", "", 422, "invalid", "query.limit"},
		"query beyond its bound":        {"GET", "/v1/sessions?limit=101", "", "", 422, "invalid", "query.limit"},
		"query of another word":         {"GET", "/v1/sessions?status=lost", "", "", 422, "invalid", "query.status"},
		"query that is no number":       {"GET", "/v1/me/feed?after=x", "", "", 422, "invalid", "query.after"},
		"wait that is too long":         {"GET", "/v1/me/feed?wait=31", "", "", 422, "invalid", "query.wait"},
		"stream after no number":        {"GET", "/v1/me/stream?after=-1", "", "", 422, "invalid", "query.after"},
		"member that nobody reads":      {"POST", "/v1/tickets", "application/json", `{"game": "tictactoe", "gmae": 1}`, 422, "invalid", "body.gmae"},
		"member in another case":        {"POST", "/v1/tickets", "application/json", `{"Game": "tictactoe"}`, 422, "invalid", "body"},
		"config that nobody reads":      {"POST", "/v1/tickets", "application/json", `{"game": "tictactoe", "config": {"sise": 4}}`, 422, "invalid", "body.config.sise"},
		"no such game":                  {"POST", "/v1/tickets", "application/json", `{"game": "chess"}`, 422, "invalid", "body.game"},
		"turns too short":               {"POST", "/v1/tickets", "application/json", `{"game": "tictactoe", "turn_seconds": 4}`, 422, "invalid", "body.turn_seconds"},
		"turns too long":                {"POST", "/v1/tickets", "application/json", `{"game": "tictactoe", "turn_seconds": 2592001}`, 422, "invalid", "body.turn_seconds"},
		"no such role":                  {"POST", "/v1/tickets", "application/json", `{"game": "tictactoe", "role": "x"}`, 422, "invalid", "body.role"},
		"too many seats":                {"POST", "/v1/sessions", "application/json", `{"game": "tictactoe", "seats": 3}`, 422, "invalid", "body.seats"},
		"move without a turn":           {"POST", move, "application/json", `{"move": {"cell": 1}}`, 422, "invalid", "body"},
		"move off the board":            {"POST", move, "application/json", `{"turn": 1, "move": {"cell": 9}}`, 422, "invalid", "body.move.cell"},
		"move with more than the game":  {"POST", move, "application/json", `{"turn": 1, "move": {"cell": 1, "x": 1}}`, 422, "invalid", "body.move.x"},
		"move that is a list":           {"POST", move, "application/json", `{"turn": 1, "move": [1]}`, 422, "invalid", "body.move"},
		"move with half a cell":         {"POST", move, "application/json", `{"turn": 1, "move": {"cell": 1.5}}`, 422, "invalid", "body.move.cell"},
		"name with a turn of direction": {"PATCH", "/v1/me", "application/json", "{\"display_name\": \"a\u202eb\"}", 422, "invalid", "body.display_name"},
		"name too long":                 {"PATCH", "/v1/me", "application/json", `{"display_name": "` + strings.Repeat("x", 33) + `"}`, 422, "invalid", "body.display_name"},
		"no name":                       {"PATCH", "/v1/me", "application/json", `{"display_name": " "}`, 422, "invalid", "body.display_name"},
		"avatar that is an address":     {"PATCH", "/v1/me", "application/json", `{"avatar": "https://evil.example/"}`, 422, "invalid", "body.avatar"},
		"no language":                   {"PATCH", "/v1/me", "application/json", `{"locale": "?"}`, 422, "invalid", "body.locale"},
		"no JSON":                       {"POST", "/v1/tickets", "application/json", `{"game": `, 400, "malformed", "body"},
		"two values":                    {"POST", "/v1/tickets", "application/json", `{"game": "tictactoe"} {}`, 400, "malformed", "body"},
		"a name twice":                  {"POST", "/v1/tickets", "application/json", `{"game": "tictactoe", "game": "tictactoe"}`, 400, "malformed", "body"},
		"no body":                       {"POST", "/v1/tickets", "application/json", "", 400, "malformed", ""},
		"a form":                        {"POST", "/v1/tickets", "application/x-www-form-urlencoded", "game=tictactoe", 415, "unsupported-media-type", ""},
		"text":                          {"POST", "/v1/tickets", "text/plain", `{"game": "tictactoe"}`, 415, "unsupported-media-type", ""},
		"too large":                     {"POST", "/v1/tickets", "application/json", `{"game": "` + strings.Repeat("x", 64<<10) + `"}`, 413, "body-too-large", ""},
		"no such path":                  {"GET", "/v1/nothing", "", "", 404, "not-found", ""},
		"no such method":                {"DELETE", "/v1/sessions", "", "", 405, "method-not-allowed", ""},
		"the test clock is no player's": {"GET", "/v1/test/clocks", "", "", 404, "not-found", ""},
	} {
		t.Run(name, func(t *testing.T) {
			answer := raw(t, first, test.method, test.path, test.contentType, test.body)
			session := ""
			if test.path == move && strings.HasPrefix(test.location, "body.move.") || name == "move that is a list" {
				session = answer.String("session", "id") // the rules of the session refuse it; the schema does not know them
			}
			refused(t, answer, test.status, test.problem, session)
			if test.location == "" {
				return
			}
			var locations []string
			for i := range answer.Len("errors") {
				locations = append(locations, answer.String("errors", i, "location"))
				if answer.String("errors", i, "message") == "" {
					t.Errorf("no word of what was expected: %s", answer.Body)
				}
			}
			if !strings.Contains(" "+strings.Join(locations, " ")+" ", " "+test.location+" ") {
				t.Errorf("wrong at %v, want %s", locations, test.location)
			}
		})
	}
	for _, fine := range []string{"application/json", "application/json; charset=utf-8", "Application/JSON"} {
		if a := raw(t, first, "POST", "/v1/sessions", fine, `{"game": "tictactoe", "role": null}`); a.Status != 201 {
			t.Errorf("%s: %d %s", fine, a.Status, a.Body)
		}
	}
}

// raw sends a body as it is.
func raw(t *testing.T, app *servertest.App, method, path, contentType, body string) servertest.Answer {
	t.Helper()
	r, err := http.NewRequest(method, app.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+app.Access)
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	response, err := app.Requests.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return servertest.Answer{Status: response.StatusCode, Header: response.Header, Body: answer}
}

// Who sends slowly, or not all that was announced, is cut off; the server waits for nobody for ever.
func TestSlowClientsAreCut(t *testing.T) {
	t.Parallel()
	url := servertest.Local(t, "sqlite:"+t.TempDir()+"/yourturn.db", servertest.Options{})
	ann := servertest.Guest(t, url, "Ann")
	request := func(format string, args ...any) string {
		conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := fmt.Fprintf(conn, format, args...); err != nil {
			t.Fatal(err)
		}
		answer, _ := io.ReadAll(conn) // until the server hangs up, whichever way
		return string(answer)
	}
	answers := make([]string, 3)
	together(3, func(i int) {
		switch i {
		case 0: // half a header
			answers[i] = request("GET /v1/me HTTP/1.1\r\nHost: x\r\nX-Slow: ")
		case 1: // half a body
			answers[i] = request("POST /v1/tickets HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{", ann.Access)
		case 2: // half a body, for who has no token
			answers[i] = request("POST /v1/tickets HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
		}
	})
	if strings.Contains(answers[0], " 200 ") {
		t.Errorf("half a header is answered with %q", answers[0])
	}
	if !strings.HasPrefix(answers[1], "HTTP/1.1 408 ") || !strings.Contains(answers[1], "urn:yourturn:problem:body-timeout") {
		t.Errorf("half a body is answered with %q", answers[1])
	}
	if !strings.HasPrefix(answers[2], "HTTP/1.1 401 ") {
		t.Errorf("half a body without a token is answered with %q", answers[2])
	}
	ann.Must(t, 200, "GET", "/v1/me", nil)
}

func TestRateLimits(t *testing.T) {
	url := servertest.Local(t, "sqlite:"+t.TempDir()+"/yourturn.db", servertest.Options{RateLimit: true})
	ann, bob := servertest.Guest(t, url, "Ann"), servertest.Guest(t, url, "Bob")
	for name, test := range map[string]struct {
		app          *servertest.App
		method, path string
		body         any
		most         int // no more than this may pass at once
	}{
		"new players":   {&servertest.App{URL: url, Requests: ann.Requests}, "POST", "/v1/players", map[string]any{}, 60},
		"codes guessed": {ann, "GET", "/v1/sessions/by-code/00000000", nil, 60},
		"codes tried":   {bob, "POST", "/v1/sessions/join", map[string]any{"join_code": "00000000"}, 60},
	} {
		t.Run(name, func(t *testing.T) {
			for range test.most {
				answer := test.app.Do(test.method, test.path, test.body)
				if answer.Status != 429 {
					continue
				}
				refused(t, answer, 429, "rate-limited", "")
				if answer.Header.Get("Retry-After") == "" || answer.Header.Get("Retry-After") != fmt.Sprint(answer.Int("retry_after")) {
					t.Errorf("Retry-After %q: %s", answer.Header.Get("Retry-After"), answer.Body)
				}
				return
			}
			t.Errorf("%d requests passed", test.most)
		})
	}
	ann.Must(t, 200, "GET", "/v1/me", nil) // the limit of one class is not that of another
}
