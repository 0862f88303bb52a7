package server_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"yourturn/server/servertest"
	"yourturn/store/enginetest"
)

// tape keeps all that a server has said: one text for each answer or stream, and to whom.
type tape struct {
	mu   sync.Mutex
	said []*spoken
}

type spoken struct {
	to, what string
	text     bytes.Buffer
}

// listen has all that is said to an app recorded.
func (r *tape) listen(app *servertest.App, name string) {
	calls := app.Requests.Transport
	app.Requests.Transport = roundTrip(func(request *http.Request) (*http.Response, error) {
		response, err := calls.RoundTrip(request)
		if err != nil {
			return nil, err
		}
		s := &spoken{to: name, what: request.Method + " " + request.URL.Path}
		fmt.Fprintln(&s.text, response.Status, response.Header)
		r.mu.Lock()
		r.said = append(r.said, s)
		r.mu.Unlock()
		response.Body = &recorded{response.Body, r, s}
		return response, nil
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

type recorded struct {
	io.ReadCloser
	tape *tape
	s    *spoken
}

func (r *recorded) Read(b []byte) (int, error) {
	n, err := r.ReadCloser.Read(b)
	r.tape.mu.Lock()
	defer r.tape.mu.Unlock()
	r.s.text.Write(b[:n])
	return n, err
}

// where lists the answers that hold a text.
func (r *tape) where(text string) (found []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.said {
		if strings.Contains(s.text.String(), text) {
			found = append(found, s.to+": "+s.what)
		}
	}
	return found
}

// safeLog keeps what a server logs.
type safeLog struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *safeLog) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *safeLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// A whole game and all around it is recorded: every answer, the log down to its last detail, metrics and health. Then
// the secrets are looked for in it.
func TestSecretsStayInside(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		log := &safeLog{}
		options := bothGames()
		options.Log = slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		address := servertest.Local(t, database, options)
		all := &tape{}
		apps := map[string]*servertest.App{}
		for _, name := range []string{"ann", "bob", "eve"} {
			app := servertest.Guest(t, address, "Name-of-"+name)
			all.listen(app, name)
			apps[name] = app
		}
		ann, bob, eve := apps["ann"], apps["bob"], apps["eve"]
		secrets := map[string]string{} // by what they are
		note := func(what, secret string) {
			if len(secret) < 6 {
				t.Fatalf("%s is %q", what, secret)
			}
			secrets[what] = secret
		}
		for name, app := range apps {
			note("the first access token of "+name, app.Access)
			note("the first refresh token of "+name, app.Refresh)
			app.Renew(t)
			note("the access token of "+name, app.Access)
			note("the refresh token of "+name, app.Refresh)
		}
		entry := ann.Must(t, 201, "POST", "/v1/me/stream-tickets", nil).String("ticket")
		note("Ann's stream ticket", entry)
		stream := bob.Stream(t, "")
		stream.Greeted(t)
		ann.Stream(t, "?ticket="+entry).Greeted(t)

		made := ann.Must(t, 201, "POST", "/v1/sessions", map[string]any{"game": "whisper"})
		id, code := made.String("id"), made.String("join_code")
		eve.Must(t, 200, "GET", "/v1/sessions/by-code/"+code, nil)
		eve.Must(t, 422, "POST", "/v1/sessions/join", map[string]any{"join_code": code, "role": "nobody"})
		bob.Must(t, 200, "POST", "/v1/sessions/join", join(code))
		for turn := int64(1); turn <= 4; turn++ {
			mover := ann
			if turn%2 == 0 {
				mover = bob
			}
			mover.Must(t, 200, "POST", servertest.MovePath(id), say(turn, fmt.Sprintf("CANARY-WORD-%d-", turn)))
		}
		ann.Must(t, 409, "POST", servertest.MovePath(id), say(1, "something else"))
		bob.Must(t, 409, "POST", servertest.MovePath(id), say(5, "CANARY-WORD-5-"))
		eve.Must(t, 404, "POST", servertest.MovePath(id), say(5, "CANARY-WORD-6-"))
		broken := ann.Must(t, 500, "POST", servertest.MovePath(id), say(5, "fail"))
		refused(t, broken, 500, "internal", "")
		db := servertest.Open(t, database)
		var seed []byte
		if err := db.QueryRow("SELECT seed FROM sessions WHERE id = ?", id).Scan(&seed); err != nil {
			t.Fatal(err)
		}
		if found := all.where(hex.EncodeToString(seed)); len(found) > 0 {
			t.Errorf("the seed is in answers before the end: %q", found)
		}
		ann.Must(t, 200, "POST", servertest.MovePath(id), say(5, "end"))
		bob.Must(t, 401, "POST", "/v1/tokens", renewal(bob.Access))
		for _, app := range apps {
			app.Must(t, 200, "GET", "/v1/sessions", nil)
			app.Must(t, 200, "GET", "/v1/me/feed?after=0", nil)
			app.Do("GET", sessionPath(id), nil)
			app.Do("GET", sessionPath(id)+"?version=4", nil)
			app.Do("GET", sessionPath(id)+"/events", nil)
		}
		for _, path := range []string{"/metrics", "/readyz", "/healthz", "/openapi.yaml", "/openapi-3.0.yaml", "/v1/server", "/v1/games", "/nothing"} {
			eve.Do("GET", path, nil)
		}
		ann.Must(t, 204, "DELETE", "/v1/tokens", nil)
		for stream.Next(t).Message(t).Kind != "session_finished" { // all that he was told is on the tape
		}

		var state string
		if err := db.QueryRow("SELECT state FROM sessions WHERE id = ?", id).Scan(&state); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(state, secretWord) || len(seed) != 32 {
			t.Fatalf("the secrets of the state are not where they were: %q %x", state, seed)
		}
		note("the state's secret", secretWord)
		for _, encoded := range []string{string(seed), hex.EncodeToString(seed), base64.StdEncoding.EncodeToString(seed), base64.RawURLEncoding.EncodeToString(seed)} {
			note(fmt.Sprintf("the seed as %q", encoded[:4]), encoded)
		}
		if u, err := url.Parse(database); err == nil && u.User != nil {
			password, _ := u.User.Password()
			note("the password of the database", password)
		}

		// A session that is over shows its seed, in hexadecimal, and does not as it was at an earlier version.
		shown := []string{
			"ann: GET /v1/sessions", "ann: GET " + sessionPath(id), "ann: POST " + servertest.MovePath(id), "bob: GET /v1/sessions", "bob: GET " + sessionPath(id),
		}
		allowed := map[string]string{
			"Ann's stream ticket": "ann: POST /v1/me/stream-tickets",
			fmt.Sprintf("the seed as %q", hex.EncodeToString(seed)[:4]): strings.Join(shown, ", "),
		}
		for name := range apps { // the first tokens were issued before the recording
			allowed["the access token of "+name] = name + ": POST /v1/tokens"
			allowed["the refresh token of "+name] = name + ": POST /v1/tokens"
		}
		logged := log.String()
		if !strings.Contains(logged, id) || !strings.Contains(logged, ann.Player) {
			t.Error("the log does not name sessions and players, so that it shows nothing")
		}
		for what, secret := range secrets {
			if found := slices.Sorted(slices.Values(all.where(secret))); strings.Join(found, ", ") != allowed[what] {
				t.Errorf("%s is in the answers %q, want %q", what, found, allowed[what])
			}
			if what == "the state's secret" {
				continue // this game's rules put it into an error, and what rules say of their own failure is for the log
			}
			if at := strings.Index(logged, secret); at >= 0 {
				t.Errorf("%s is in the log: %s", what, logged[max(0, at-200):at+len(secret)])
			}
		}
		for turn, mover := range map[int]string{1: "ann", 2: "bob", 3: "ann", 4: "bob"} {
			places := all.where(fmt.Sprintf("CANARY-WORD-%d-", turn))
			for _, place := range places {
				if !strings.HasPrefix(place, mover+":") {
					t.Errorf("what %s said for themselves alone is in %s", mover, place)
				}
			}
			if len(places) == 0 {
				t.Errorf("not even %s sees what they said", mover)
			}
		}
		for _, text := range []string{"CANARY-WORD", code, "Name-of-"} {
			if at := strings.Index(logged, text); at >= 0 {
				t.Errorf("%s is in the log: %s", text, logged[max(0, at-200):at+len(text)])
			}
		}
		for _, place := range all.where(code) {
			if strings.HasPrefix(place, "eve") {
				t.Errorf("a join code is in %s", place)
			}
		}
	})
}

// The program itself: a database that it cannot reach is named without user and password, however it fails.
func TestPasswordIsNeverPrinted(t *testing.T) {
	const secret = "CANARY-PASSWORD"
	for name, database := range map[string]string{
		"nobody listens":   "mysql://user:" + secret + "@127.0.0.1:1/name",
		"no such host":     "mysql://user:" + secret + "@nowhere.invalid:3306/name",
		"no such engine":   "postgres://user:" + secret + "@127.0.0.1:1/name",
		"no name":          "mysql://user:" + secret + "@127.0.0.1:1",
		"not an address":   "mysql://user:" + secret + "@127.0.0.1:x/%zz",
		"an odd parameter": "mysql://user:" + secret + "@127.0.0.1:1/name?tls=" + "nothing",
	} {
		t.Run(name, func(t *testing.T) {
			for _, command := range [][]string{{"serve", "--listen", "127.0.0.1:0"}, {"migrate", "up"}, {"migrate", "status"}, {"verify", "--all"}, {"tail"}} {
				out, code := program(t, 30*time.Second, []string{"YOURTURN_DATABASE=" + database}, command...)
				if code == 0 || len(out) == 0 {
					t.Errorf("%v ends with %d and says %q", command, code, out)
				}
				if strings.Contains(out, secret) {
					t.Errorf("%v prints the password: %s", command, out)
				}
			}
		})
	}
}
