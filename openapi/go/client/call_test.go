package client

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"testing"

	"yourturn/openapi/go/wire"
)

func TestLostMoveIsTakenOnce(t *testing.T) {
	server := local(t)
	cut := first(2)
	way := between(t, server, func(w http.ResponseWriter, r *http.Request, pass http.HandlerFunc) {
		if repeatable(r) && r.Method == http.MethodPost && cut() {
			lost(r, pass)
		}
		pass(w, r)
	})
	one, two := connect(t, server, Options{}, quick()), connect(t, server, Options{}, quick())
	direct, session := game(t, one, two)
	mover := connect(t, way.URL, Options{Storage: &memory{held: direct.login.sitting().login()}}, quick())
	after, err := mover.Play(t.Context(), session, wire.TicTacToeMove{Cell: 4})
	if err != nil {
		t.Fatal(err)
	}
	if after.YourTurn || after.Turn != session.Turn+1 {
		t.Errorf("afterwards it is turn %d, mine: %t", after.Turn, after.YourTurn)
	}
	view, err := View[wire.TicTacToeView](after)
	if err != nil || view.Board[4] != "X" {
		t.Errorf("the board is %v, %v", view.Board, err)
	}
	if n := way.counted("POST /v1/sessions/" + session.ID + "/moves"); n != 3 {
		t.Errorf("sent %d times", n)
	}
	if n := moves(t, mover, session.ID); n != 1 {
		t.Errorf("taken %d times", n)
	}
	// As an app does that was closed in between.
	if again, err := mover.Play(t.Context(), session, wire.TicTacToeMove{Cell: 4}); err != nil || again.Version != after.Version {
		t.Errorf("played again: %v", err)
	}
}

func TestLostWishIsGrantedOnce(t *testing.T) {
	server := local(t)
	for what, wish := range map[string]func(c *Client) error{
		"POST /v1/tickets": func(c *Client) error {
			_, err := c.API.CreateTicketWithResponse(t.Context(), nil, wire.TicketRequest{Game: "tictactoe"})
			return err
		},
		"POST /v1/sessions": func(c *Client) error {
			_, err := c.API.CreateSessionWithResponse(t.Context(), nil, wire.SessionRequest{Game: "tictactoe"})
			return err
		},
		"POST /v1/games/tictactoe/sessions": func(c *Client) error {
			_, err := c.API.StartTicTacToeSessionWithResponse(t.Context(), nil, wire.TicTacToeSessionRequest{})
			return err
		},
	} {
		t.Run(what, func(t *testing.T) {
			cut := first(1)
			way := between(t, server, func(w http.ResponseWriter, r *http.Request, pass http.HandlerFunc) {
				if is(r, what) && cut() {
					lost(r, pass)
				}
				pass(w, r)
			})
			c := connect(t, way.URL, Options{}, quick())
			if err := wish(c); err != nil {
				t.Fatal(err)
			}
			tickets, err := c.API.ListTicketsWithResponse(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			sessions, err := c.API.ListSessionsWithResponse(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if n := len(tickets.JSON200.Items) + len(sessions.JSON200.Items); n != 1 || way.counted(what) != 2 {
				t.Errorf("asked %d times, and made %d", way.counted(what), n)
			}
		})
	}
}

// What is repeated when a server is busy, and what is not.
func TestBusyServer(t *testing.T) {
	server := local(t)
	push := func(ctx context.Context, c *Client) error {
		_, err := c.API.TestPushWithResponse(ctx, "none")
		return err
	}
	read := func(ctx context.Context, c *Client) error {
		_, err := c.API.GetMeWithResponse(ctx)
		return err
	}
	for name, c := range map[string]struct {
		status     int
		problem    string
		retryAfter string
		call       func(context.Context, *Client) error
		tries      int
		want       string // the problem that is returned
	}{
		"read, unavailable":         {503, "unavailable", "1", read, 3, ""},
		"read, limited":             {429, "rate-limited", "1", read, 3, ""},
		"read, not for an hour":     {503, "unavailable", "3600", read, 1, "unavailable"},
		"read, failed":              {500, "internal", "1", read, 1, "internal"},
		"push, perhaps done":        {503, "timeout", "1", push, 1, "timeout"},
		"push, surely not done":     {429, "rate-limited", "1", push, 3, "not-found"},
		"read, somebody on the way": {502, "", "1", read, 3, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			busy := first(2)
			tries := 0
			way := between(t, server, func(w http.ResponseWriter, r *http.Request, pass http.HandlerFunc) {
				if is(r, "POST /v1/players") {
					pass(w, r)
					return
				}
				tries++
				switch {
				case !busy():
					pass(w, r)
				case c.problem == "":
					http.Error(w, "<h1>Bad Gateway</h1>", c.status)
				default:
					refuse(w, c.status, c.problem, c.retryAfter)
				}
			})
			err := c.call(t.Context(), connect(t, way.URL, Options{}, quick()))
			got := ""
			if problem, refused := errors.AsType[*Problem](err); refused {
				got = problem.Name
			} else if err != nil {
				t.Fatal(err)
			}
			if got != c.want || tries != c.tries {
				t.Errorf("%d tries and %q, want %d and %q", tries, got, c.tries, c.want)
			}
		})
	}
}

// Whatever can be posted is repeated, except what a person would notice twice. A new operation has to be thought about.
func TestWhatIsRepeated(t *testing.T) {
	schema, err := os.ReadFile("../../openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	posts := regexp.MustCompile(`(?m)^  (/v1/\S+):\n(?:    .*\n)*?    post:\n`).FindAllSubmatch(schema, -1)
	if len(posts) < 20 {
		t.Fatalf("the schema has %d of them", len(posts))
	}
	c := &caller{}
	for _, post := range posts {
		path := string(post[1])
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://127.0.0.1"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		c.name(r)
		if got, want := repeatable(r), path != "/v1/me/devices/{device_id}/test"; got != want {
			t.Errorf("POST %s is repeated: %t", path, got)
		}
	}
}

// The server stands in a folder of another one.
func TestServerInAFolder(t *testing.T) {
	inFolder := func(pass http.HandlerFunc) http.Handler { return http.StripPrefix("/yourturn", pass) }
	cut := first(1)
	way := between(t, local(t), func(w http.ResponseWriter, r *http.Request, pass http.HandlerFunc) {
		if is(r, "POST /yourturn/v1/sessions") && cut() {
			panic(http.ErrAbortHandler)
		}
		inFolder(pass).ServeHTTP(w, r)
	})
	for _, address := range []string{way.URL + "/yourturn", way.URL + "/yourturn/"} {
		c := connect(t, address, Options{}, quick())
		waits(t, c)
		if got := read(t, c, 0, 1); got[0].Seq != 1 {
			t.Errorf("%s: the first message is %+v", address, got)
		}
	}
}

func TestRefusal(t *testing.T) {
	server := local(t)
	one, two := connect(t, server, Options{}, quick()), connect(t, server, Options{}, quick())
	mover, session := game(t, one, two)
	after, err := mover.Play(t.Context(), session, session.LegalMoves[0])
	if err != nil {
		t.Fatal(err)
	}
	_, err = mover.Play(t.Context(), after, wire.TicTacToeMove{Cell: 8})
	problem, refused := errors.AsType[*Problem](err)
	if !refused {
		t.Fatalf("out of turn: %v", err)
	}
	if problem.Name != "not-your-turn" || problem.Status != 409 || problem.RequestID == "" || problem.Title == "" {
		t.Errorf("got %+v", problem)
	}
	if problem.Session == nil || problem.Session.Version != after.Version {
		t.Errorf("with the session %+v", problem.Session)
	}
}

// Something on the way answers in the server's place.
func TestRefusalOfSomethingElse(t *testing.T) {
	c := connect(t, local(t), Options{}, quick())
	way := between(t, c.address, func(w http.ResponseWriter, r *http.Request, _ http.HandlerFunc) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `{"type": 7}`)
	})
	lost := connect(t, way.URL, Options{Storage: &memory{held: c.login.sitting().login()}}, quick())
	_, err := me(t, lost)
	problem, refused := errors.AsType[*Problem](err)
	if !refused || problem.Name != "" || problem.Status != 403 || problem.Type != "about:blank" {
		t.Errorf("got %v", err)
	}
}

func TestCallsEndWithTheirContext(t *testing.T) {
	c := connect(t, local(t), Options{}, quick())
	ctx, cancel := context.WithCancel(t.Context())
	way := between(t, c.address, func(_ http.ResponseWriter, r *http.Request, _ http.HandlerFunc) {
		cancel()
		panic(http.ErrAbortHandler)
	})
	lost := connect(t, way.URL, Options{Storage: &memory{held: c.login.sitting().login()}}, quick())
	if _, err := lost.API.GetMeWithResponse(ctx); err == nil || ctx.Err() == nil {
		t.Errorf("got %v", err)
	}
	if n := way.counted("GET /v1/me"); n != 1 {
		t.Errorf("tried %d times", n)
	}
}

func TestBackoff(t *testing.T) {
	for tries := range 100 {
		if pause := backoff(tries, 1, 1000); pause < 0 || pause > 1000 {
			t.Errorf("after %d tries: %d", tries, pause)
		}
	}
	drawn := []bool{}
	for range 1000 { // the chance that all are equal has 300 zeros
		drawn = append(drawn, backoff(9, 1, 1000) > 375)
	}
	if !slices.Contains(drawn, true) || !slices.Contains(drawn, false) {
		t.Error("everybody comes back at once")
	}
}
