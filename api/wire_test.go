package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files")

// golden compares got with a file of testdata, or writes it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (go test ./api -update writes it)", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (go test ./api -update accepts it):\n%s", path, diff)
	}
}

// noNull fails when a JSON answer has a null anywhere: an absent optional is omitted and a list is never null.
func noNull(t testing.TB, body []byte) {
	t.Helper()
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatalf("not JSON: %v\n%s", err, body)
	}
	if at := findNull(v, "answer"); at != "" {
		t.Errorf("%s is null in %s", at, body)
	}
}

func findNull(v any, at string) string {
	switch v := v.(type) {
	case nil:
		return at
	case []any:
		for i, item := range v {
			if found := findNull(item, fmt.Sprintf("%s[%d]", at, i)); found != "" {
				return found
			}
		}
	case map[string]any:
		for name, item := range v {
			if found := findNull(item, at+"."+name); found != "" {
				return found
			}
		}
	}
	return ""
}

// ---- a small API that has everything an operation can have ----

type thing struct {
	ID      string    `json:"id" doc:"Made by the server." example:"t1"`
	Name    string    `json:"name" example:"anvil"`
	Kind    string    `json:"kind" example:"big"`
	Count   int64     `json:"count" example:"3"`
	Config  rawObject `json:"config"`
	Parts   []part    `json:"parts"`
	Comment string    `json:"comment,omitempty"`
}

// part is used by requests and responses.
type part struct {
	Size int `json:"size" minimum:"1" maximum:"9" example:"4"`
}

type shelf[T any] struct {
	Items []T `json:"items"`
}

type createThingInput struct {
	Body struct {
		Name    string    `json:"name" minLength:"1" maxLength:"20" example:"anvil"`
		Kind    string    `json:"kind,omitempty" enum:"big,small"`
		Count   int64     `json:"count,omitempty" minimum:"0"`
		Link    string    `json:"link,omitempty" format:"uri"`
		Config  rawObject `json:"config,omitempty"`
		Parts   []part    `json:"parts,omitempty" maxItems:"5"`
		Comment *string   `json:"comment,omitempty" example:"hello"`
	} `nameHint:"ThingRequest"`
}

type thingOutput struct {
	Status   int
	ETag     string `header:"ETag"`
	Location string `header:"Location"`
	Body     thing
}

type getThingInput struct {
	ID          string `path:"thing_id" pattern:"^[A-Za-z0-9_-]{1,64}$"`
	IfNoneMatch string `header:"If-None-Match"`
}

// sampleErr is what one of the sample's operations fails with; it stands for a driver's error.
var errSample = errors.New("dial tcp 10.0.0.7:3306: password canary-secret wrong")

type playerKey struct{}

func sampleAuth(ctx context.Context, c credential) (context.Context, string, error) {
	switch {
	case c.token == "good", c.ticket && c.token == "ticket":
		return context.WithValue(ctx, playerKey{}, "p1"), "p1", nil
	case c.token == "old":
		return nil, "", newProblem("token-expired", "")
	}
	return nil, "", newProblem("token-invalid", "")
}

func sampleRoutes(mux *http.ServeMux, lim *limits) *routes {
	rt := &routes{
		api:    newAPI(mux, apiInfo{Title: "Sample", Version: "1", Description: "An API with one of each."}),
		auth:   sampleAuth,
		limits: lim,
		strict: true,
	}
	register(rt, operation{
		id: "createThing", route: "POST /v1/things", tag: "things", status: 201,
		summary: "Make a thing", about: "Makes a thing.", problems: []string{"already-moved", anyRule},
	}, createThing)
	register(rt, operation{
		id: "getThing", route: "GET /v1/things/{thing_id}", tag: "things",
		summary: "Read a thing", about: "Reads a thing.", also: map[int]string{304: "Not modified."},
	}, getThing)
	register(rt, operation{
		id: "listThings", route: "GET /v1/things", tag: "things", access: byAnyone,
		summary: "List things", about: "Lists things.",
	}, func(_ context.Context, in *struct {
		Limit int `query:"limit" minimum:"1" maximum:"100" default:"20"`
	}) (*struct{ Body shelf[thing] }, error) {
		out := &struct{ Body shelf[thing] }{}
		out.Body.Items = make([]thing, 0, in.Limit)
		return out, nil
	})
	register(rt, operation{
		id: "deleteThing", route: "DELETE /v1/things/{thing_id}", tag: "things",
		summary: "Delete a thing", about: "Deletes a thing.",
	}, func(context.Context, *struct {
		ID string `path:"thing_id"`
	}) (*struct{}, error) {
		return nil, nil
	})
	register(rt, operation{
		id: "waitForThing", route: "GET /v1/things/{thing_id}/wait", tag: "things", timeout: time.Minute,
		summary: "Wait", about: "Answers after the server's own deadline.",
	}, func(context.Context, *struct {
		ID string `path:"thing_id"`
	}) (*struct{}, error) {
		time.Sleep(150 * time.Millisecond)
		return nil, nil
	})
	register(rt, operation{
		id: "breakThing", route: "POST /v1/things/{thing_id}/break", tag: "things", access: byAnyone,
		summary: "Break", about: "Fails in the way of its id.", problems: []string{"not-your-turn"},
		timeout: 20 * time.Millisecond,
	}, breakThing)
	registerStream(rt, operation{
		id: "streamThings", route: "GET /v1/things/stream", tag: "things", access: byTicket,
		summary: "Stream", about: "Streams things.", exampleReply: "id: 1\ndata: p1",
	}, func(ctx context.Context, in *struct {
		Ticket string `query:"ticket"`
	}) (stream, error) {
		return stream{hold: func(ctx context.Context, c *sseConn) {
			_ = c.event("", "1", []byte(ctx.Value(playerKey{}).(string)))
			_ = c.flush()
		}, release: func() {}}, nil
	})
	register(rt, operation{
		id: "playFirst", route: "POST /v1/games/first/moves", tag: "games", summary: "Play", about: "Plays first.",
		request: rt.addSchema("FirstMove", moveSchema("cell")), reply: rt.addSchema("FirstView", moveSchema("board")),
	}, playAny)
	register(rt, operation{
		id: "playSecond", route: "POST /v1/games/second/moves", tag: "games", summary: "Play", about: "Plays second.",
		request: rt.addSchema("SecondMove", moveSchema("card")), reply: rt.addSchema("SecondView", moveSchema("hand")),
	}, playAny)
	return rt
}

// moveSchema stands for a schema that a game brings. Two games name their type Move.
func moveSchema(field string) *huma.Schema {
	low, high := 0.0, 8.0
	return &huma.Schema{
		Type: huma.TypeObject, AdditionalProperties: false, Required: []string{field},
		Properties: map[string]*huma.Schema{
			field:  {Type: huma.TypeInteger, Minimum: &low, Maximum: &high, Description: "Which.", Examples: []any{4}},
			"mark": {Type: huma.TypeString, Const: "x"},
			"tags": {Type: huma.TypeObject, AdditionalProperties: &huma.Schema{Type: huma.TypeString, Pattern: "^[a-z]*$"}},
		},
	}
}

func playAny(_ context.Context, in *struct{ Body rawObject }) (*struct{ Body rawObject }, error) {
	return &struct{ Body rawObject }{in.Body}, nil
}

func createThing(ctx context.Context, in *createThingInput) (*thingOutput, error) {
	if ctx.Value(playerKey{}) != "p1" {
		return nil, errors.New("no player in the context")
	}
	switch in.Body.Name {
	case "taken":
		return nil, newProblem("already-moved", "").with(&Session{
			ID: "s1", ToMove: []int{}, Seats: []Seat{}, Config: rawObject(`{}`), View: rawObject(`{}`),
		})
	case "ruled":
		return nil, fmt.Errorf("wrapped: %w", ruleProblem("cell-taken", "Cell 4 is taken."))
	}
	out := &thingOutput{Status: 201, ETag: `"1"`, Location: "/v1/things/t1"}
	out.Body = thing{
		ID: "t1", Name: in.Body.Name, Kind: in.Body.Kind, Count: in.Body.Count, Config: in.Body.Config,
		Parts: append([]part{}, in.Body.Parts...),
	}
	if out.Body.Config == nil {
		out.Body.Config = rawObject(`{}`)
	}
	if in.Body.Comment != nil {
		out.Body.Comment = *in.Body.Comment
	}
	return out, nil
}

func getThing(_ context.Context, in *getThingInput) (*thingOutput, error) {
	tag := makeETag("thing", in.ID)
	if !noneMatch(in.IfNoneMatch, tag) {
		return &thingOutput{Status: 304, ETag: tag}, nil
	}
	return &thingOutput{Status: 200, ETag: tag, Body: thing{ID: in.ID, Config: rawObject(`{}`), Parts: []part{}}}, nil
}

func breakThing(ctx context.Context, in *struct {
	ID string `path:"thing_id"`
}) (*struct{}, error) {
	switch in.ID {
	case "panic":
		panic("canary-secret in a panic")
	case "busy":
		return nil, newProblem("busy", "").after(1500 * time.Millisecond)
	case "slow":
		<-ctx.Done()
		return nil, fmt.Errorf("read thing: %w", ctx.Err())
	case "undeclared":
		return nil, newProblem("stale-turn", "")
	case "wrapped":
		return nil, huma.Error500InternalServerError("canary-secret", errSample)
	}
	return nil, fmt.Errorf("read thing: %w", errSample)
}

// lab is the sample behind the whole wire, on a real server.
type lab struct {
	t    *testing.T
	url  string
	http *http.Client
	logs *syncBuffer
}

// syncBuffer is a log that is read while it is written.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func newLab(t *testing.T, change func(*wire)) *lab {
	t.Helper()
	l := &lab{t: t, logs: &syncBuffer{}}
	log := slog.New(slog.NewJSONHandler(l.logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	wi := wire{log: log}
	if change != nil {
		change(&wi)
	}
	mux := http.NewServeMux()
	sampleRoutes(mux, wi.limits)
	srv := httptest.NewUnstartedServer(nil)
	srv.Config = NewHTTPServer(wi.wrap(mux), log)
	srv.Start()
	t.Cleanup(srv.Close)
	l.url, l.http = srv.URL, srv.Client()
	return l
}

// reply is an answer that has been read.
type reply struct {
	status int
	header http.Header
	body   string
}

func (l *lab) send(method, path, body string, headers ...string) reply {
	l.t.Helper()
	r, err := http.NewRequest(method, l.url+path, strings.NewReader(body))
	if err != nil {
		l.t.Fatal(err)
	}
	if body == "" {
		r.Body = nil
	} else {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set("Authorization", "Bearer good")
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	resp, err := l.http.Do(r)
	if err != nil {
		l.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		l.t.Fatal(err)
	}
	if strings.Contains(resp.Header.Get("Content-Type"), "json") && len(b) > 0 {
		noNull(l.t, b)
	}
	return reply{resp.StatusCode, resp.Header, string(b)}
}

// create posts a thing.
func (l *lab) create(body string, headers ...string) reply {
	l.t.Helper()
	return l.send("POST", "/v1/things", body, headers...)
}

// wantProblem checks what every refusal must be, and returns it.
func (l *lab) wantProblem(got reply, status int, name string) Problem {
	l.t.Helper()
	var p Problem
	if err := json.Unmarshal([]byte(got.body), &p); err != nil {
		l.t.Fatalf("status %d: not a problem: %v\n%s", got.status, err, got.body)
	}
	if got.status != status || p.Status != status || p.name() != name {
		l.t.Errorf("got %d %s, want %d %s\n%s", got.status, p.name(), status, name, got.body)
	}
	if ct := got.header.Get("Content-Type"); ct != problemMediaType {
		l.t.Errorf("Content-Type %q", ct)
	}
	if p.RequestID == "" || p.RequestID != got.header.Get("X-Request-Id") {
		l.t.Errorf("request_id %q, X-Request-Id %q", p.RequestID, got.header.Get("X-Request-Id"))
	}
	if p.Title == "" {
		l.t.Error("no title")
	}
	return p
}

func (l *lab) wantOK(got reply, status int) map[string]any {
	l.t.Helper()
	var v map[string]any
	if got.status != status || json.Unmarshal([]byte(got.body), &v) != nil {
		l.t.Fatalf("got %d %s, want %d", got.status, got.body, status)
	}
	return v
}
