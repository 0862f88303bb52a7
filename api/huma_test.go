package api

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/go-cmp/cmp"
)

// ---- the faults of huma (H1 to H10), each by its attack ----

func TestCaseVariantKeyCannotSmuggleAValue(t *testing.T) { // H1
	l := newLab(t, nil)
	for _, body := range []string{
		`{"name": "a", "kind": "big", "Kind": "evil"}`,
		`{"name": "a", "KIND": "evil"}`,
		`{"name": "a", "ſize": 1, "parts": [{"ſize": 1}]}`, // folds to "size"
		`{"name": "a", "parts": [{"size": 1, "Size": 99}]}`,
	} {
		l.wantProblem(l.create(body), 422, "invalid")
	}
	l.wantProblem(l.send("POST", "/v1/games/first/moves", `{"cell": 1, "Cell": 99}`), 422, "invalid")
}

func TestDuplicateKeyCannotMeanTwoThings(t *testing.T) { // H2
	l := newLab(t, nil)
	for _, body := range []string{
		`{"name": "a", "name": "b"}`,
		`{"name": "a", "n\u0061me": "b"}`,
		`{"name": null, "name": "b"}`,
		`{"name": "a", "config": {"x": {"y": 1, "y": 2}}}`,
	} {
		l.wantProblem(l.create(body), 400, "malformed")
	}
}

func TestPlainErrorStaysInside(t *testing.T) { // H3
	l := newLab(t, nil)
	for _, way := range []string{"error", "wrapped"} {
		got := l.send("POST", "/v1/things/"+way+"/break", "")
		p := l.wantProblem(got, 500, "internal")
		if p.Detail != "" || len(p.Errors) > 0 || strings.Contains(got.body, "canary") {
			t.Errorf("%s leaks: %s", way, got.body)
		}
	}
	if !strings.Contains(l.logs.String(), "10.0.0.7:3306") {
		t.Errorf("the error is not in the log either:\n%s", l.logs)
	}
}

func TestOffendingValueIsNotEchoed(t *testing.T) { // H4
	l := newLab(t, nil)
	for _, body := range []string{
		`{"name": "canary-secret-canary-secret"}`,                // too long
		`{"name": "a", "kind": "canary"}`,                        // not in the enum
		`{"name": "a", "token": "canary"}`,                       // unexpected: huma echoes the whole object
		`{"name": "a", "link": "http://[canary"}`,                // url.Parse quotes it
		`{"name": "a", "count": "canary"}`,                       // wrong type
		`{"name": "a", "count": 99999999999999999999999999}`,     // found by the decoder
		`{"name": "canary"`,                                      // cut off
		`["canary"]`,                                             // not an object
		`{"name": "a", "parts": [{"size": "canary"}, "canary"]}`, // deep
	} {
		got := l.create(body)
		if got.status < 400 || strings.Contains(got.body, "canary") || strings.Contains(got.body, "9999") ||
			strings.Contains(got.body, "Go ") {
			t.Errorf("%s: %d %s", body, got.status, got.body)
		}
	}
	got := l.send("GET", "/v1/things?limit=canary", "")
	if p := l.wantProblem(got, 422, "invalid"); strings.Contains(got.body, "canary") || p.Errors[0].Location != "query.limit" {
		t.Errorf("%s", got.body)
	}
}

func TestPanicIsAnswered(t *testing.T) { // H5
	l := newLab(t, nil)
	got := l.send("POST", "/v1/things/panic/break", "", "X-Request-Id: find-me")
	if p := l.wantProblem(got, 500, "internal"); p.RequestID != "find-me" || strings.Contains(got.body, "canary") {
		t.Errorf("%s", got.body)
	}
	line := ""
	for s := range strings.SplitSeq(l.logs.String(), "\n") {
		if strings.Contains(s, `"panic"`) {
			line = s
		}
	}
	if !strings.Contains(line, `"request_id":"find-me"`) || !strings.Contains(line, "breakThing") {
		t.Errorf("no stack under the request's id: %s", line)
	}
	l.wantOK(l.create(`{"name": "still here"}`), 201)
}

func TestUnknownPathAndMethodAreProblems(t *testing.T) { // H6
	l := newLab(t, nil)
	l.wantProblem(l.send("GET", "/v1/nothing", ""), 404, "not-found")
	l.wantProblem(l.send("GET", "/", ""), 404, "not-found")
	got := l.send("PUT", "/v1/things/t1", `{}`)
	l.wantProblem(got, 405, "method-not-allowed")
	if allow := got.header.Get("Allow"); allow != "DELETE, GET, HEAD" {
		t.Errorf("Allow %q", allow)
	}
	if got := l.send("HEAD", "/v1/nothing", ""); got.status != 404 || got.body != "" {
		t.Errorf("HEAD of nothing: %d %q", got.status, got.body)
	}
}

func TestUnknownQueryParameterIsRefused(t *testing.T) { // H7
	l := newLab(t, nil)
	for path, location := range map[string]string{
		"/v1/things?limitt=3":        "query.limitt",
		"/v1/things?limit=3&limit=4": "query.limit",
		"/v1/things?limit=%zz":       "query",
		"/v1/things?limit=3;x":       "query",
		"/v1/things/t1?version=4":    "query.version",
	} {
		if p := l.wantProblem(l.send("GET", path, ""), 422, "invalid"); p.Errors[0].Location != location {
			t.Errorf("%s: %+v", path, p.Errors)
		}
	}
	l.wantOK(l.send("GET", "/v1/things?limit=3", ""), 200)
}

func TestBodyHasItsLimit(t *testing.T) { // H8
	l := newLab(t, nil)
	frame := len(`{"name":"a","config":{"x":""}}`)
	body := func(size int) string {
		return `{"name":"a","config":{"x":"` + strings.Repeat("x", size-frame) + `"}}`
	}
	l.wantOK(l.create(body(maxBody)), 201)
	l.wantProblem(l.create(body(maxBody+1)), 413, "body-too-large")
	l.wantProblem(l.create(body(4*maxBody)), 413, "body-too-large")
}

func TestBigNumberKeepsItsDigits(t *testing.T) { // H9
	l := newLab(t, nil)
	got := l.create(`{"name": "a", "count": 9007199254740993, "config": {"n": 9007199254740993, "f": 0.10, "z": 1.0}}`)
	l.wantOK(got, 201)
	for _, want := range []string{`"count":9007199254740993`, `"n":9007199254740993`, `"f":0.10`, `"z":1}`} {
		if !strings.Contains(got.body, want) {
			t.Errorf("no %s in %s", want, got.body)
		}
	}
}

// H10, the conditional package, is in etag_test.go; this is its way through an operation.
func TestNotModifiedCarriesItsTag(t *testing.T) {
	l := newLab(t, nil)
	first := l.send("GET", "/v1/things/t1", "")
	tag := first.header.Get("ETag")
	got := l.send("GET", "/v1/things/t1", "", `If-None-Match: "other", `+tag)
	if got.status != 304 || got.body != "" || got.header.Get("ETag") != tag || got.header.Get("Vary") == "" {
		t.Errorf("%d %q %v", got.status, got.body, got.header)
	}
	if got := l.send("HEAD", "/v1/things/t1", ""); got.status != 200 || got.header.Get("ETag") != tag || got.body != "" {
		t.Errorf("HEAD: %d %q %v", got.status, got.body, got.header)
	}
}

// ---- faults found here ----

// Each name with a dot makes huma's path buffer longer for good, and each error keeps a copy of it.
func TestDottedNamesCannotGrowTheAnswer(t *testing.T) {
	l := newLab(t, nil)
	flood := func(name string) string {
		var b strings.Builder
		b.WriteString(`{"name":"a"`)
		for b.Len() < maxBody-2*len(name)-40 {
			b.WriteString(`,"` + name + strings.Repeat("x", b.Len()%5) + string(rune('0'+b.Len()%10)) + `":0`)
			name += "x"
			if len(name) > 90 {
				name = name[:2]
			}
		}
		return b.String() + `}`
	}
	got := l.create(`{"name": "a", "a.b": 1}`)
	l.wantProblem(got, 400, "malformed")
	l.wantProblem(l.create(`{"name": "a", "a[0]": 1}`), 400, "malformed")
	if got := l.create(flood("q")); got.status < 400 || len(got.body) > 8<<10 {
		t.Errorf("%d with %d bytes", got.status, len(got.body))
	}
}

func TestAcceptCannotRenameTheAnswer(t *testing.T) {
	l := newLab(t, nil)
	for _, accept := range []string{
		"*/*", "json", "text/html", "application/problem+json", "application/cbor, application/*;q=0.1", "text/event-stream",
	} {
		got := l.send("GET", "/v1/things", "", "Accept: "+accept)
		if got.status != 200 || got.header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d %s", accept, got.status, got.header.Get("Content-Type"))
		}
	}
}

func TestPatternInMapValuesIsChecked(t *testing.T) {
	l := newLab(t, nil)
	l.wantProblem(l.send("POST", "/v1/games/first/moves", `{"cell": 1, "tags": {"k": "UPPER"}}`), 422, "invalid")
	l.wantOK(l.send("POST", "/v1/games/first/moves", `{"cell": 1, "tags": {"k": "lower"}}`), 200)
	l.wantProblem(l.send("POST", "/v1/games/second/moves", `{"cell": 1}`), 422, "invalid")
}

// ---- reading ----

func TestBodies(t *testing.T) {
	l := newLab(t, nil)
	deep := func(n int) string { return strings.Repeat(`{"x":`, n) + "1" + strings.Repeat("}", n) }
	for name, c := range map[string]struct {
		body, contentType string
		status            int
		problem, location string
	}{
		"plain":                {body: `{"name": "a"}`, status: 201},
		"charset":              {body: `{"name": "a"}`, contentType: "application/json; charset=utf-8", status: 201},
		"upper case":           {body: `{"name": "a"}`, contentType: "Application/JSON", status: 201},
		"null is absent":       {body: `{"name": "a", "kind": null, "count": null, "parts": null, "comment": null, "config": null}`, status: 201},
		"unknown and null":     {body: `{"name": "a", "unknown": null}`, status: 201},
		"integer with point":   {body: `{"name": "a", "count": 3.0}`, status: 201},
		"required null":        {body: `{"name": null}`, status: 422, problem: "invalid", location: "body"},
		"null body":            {body: `null`, status: 422, problem: "invalid", location: "body"},
		"null in a list":       {body: `{"name": "a", "parts": [null]}`, status: 422, problem: "invalid", location: "body.parts[0]"},
		"unknown field":        {body: `{"name": "a", "x": 1}`, status: 422, problem: "invalid", location: "body.x"},
		"unknown deep":         {body: `{"name": "a", "parts": [{"size": 1, "x": 1}]}`, status: 422, problem: "invalid", location: "body.parts[0].x"},
		"fraction":             {body: `{"name": "a", "count": 1.5}`, status: 422, problem: "invalid", location: "body.count"},
		"too big for int64":    {body: `{"name": "a", "count": 1e30}`, status: 422, problem: "invalid", location: "body"},
		"too big for a number": {body: `{"name": "a", "count": 1e999}`, status: 400, problem: "malformed", location: "body"},
		"empty":                {body: ``, status: 400, problem: "malformed"},
		"spaces":               {body: `  `, status: 400, problem: "malformed", location: "body"},
		"syntax":               {body: `{"name": }`, status: 400, problem: "malformed", location: "body"},
		"comment":              {body: `{"name": "a"} // x`, status: 400, problem: "malformed", location: "body"},
		"trailing":             {body: `{"name": "a"} {}`, status: 400, problem: "malformed", location: "body"},
		"BOM":                  {body: "\ufeff{\"name\": \"a\"}", status: 400, problem: "malformed", location: "body"},
		"not UTF-8":            {body: "{\"name\": \"\xff\"}", status: 400, problem: "malformed", location: "body"},
		"half a character":     {body: `{"name": "\ud83d"}`, status: 400, problem: "malformed", location: "body"},
		"half a name":          {body: `{"name": "a", "\udc00": 1}`, status: 400, problem: "malformed", location: "body"},
		"whole character":      {body: `{"name": "\ud83d\ude00"}`, status: 201},
		"deep enough":          {body: `{"name": "a", "config": ` + deep(maxDepth-1) + `}`, status: 201},
		"too deep":             {body: `{"name": "a", "config": ` + deep(maxDepth) + `}`, status: 400, problem: "malformed", location: "body"},
		"deeper than a stack":  {body: strings.Repeat("[", 60_000), status: 400, problem: "malformed", location: "body"},
		"text":                 {body: `{"name": "a"}`, contentType: "text/plain", status: 415, problem: "unsupported-media-type"},
		"form":                 {body: `name=a`, contentType: "application/x-www-form-urlencoded", status: 415, problem: "unsupported-media-type"},
		"suffix":               {body: `{"name": "a"}`, contentType: "application/evil+json", status: 415, problem: "unsupported-media-type"},
	} {
		t.Run(name, func(t *testing.T) {
			headers := []string{}
			if c.contentType != "" {
				headers = append(headers, "Content-Type: "+c.contentType)
			}
			got := (&lab{t: t, url: l.url, http: l.http}).create(c.body, headers...)
			if c.problem == "" {
				l.wantOK(got, c.status)
				return
			}
			p := l.wantProblem(got, c.status, c.problem)
			if c.location != "" && (len(p.Errors) == 0 || p.Errors[0].Location != c.location) {
				t.Errorf("errors %+v, want one at %s", p.Errors, c.location)
			}
		})
	}
}

func TestStrictJSON(t *testing.T) {
	for in, want := range map[string]string{
		` { "a" : 1 , "b" : null , "c" : [ null , { "d" : null } ] } `: `{"a":1,"c":[null,{}]}`,
		`{"a":null}`:         `{}`,
		`{"a":null,"b":1}`:   `{"b":1}`,
		`[]`:                 `[]`,
		`"\u00e9\\\""`:       `"\u00e9\\\""`,
		`-0.0`:               `-0`,
		`1.50`:               `1.50`,
		`1.0e2`:              `1.0e2`,
		`{"nullify":"null"}`: `{"nullify":"null"}`,
		"[1,\n2 , [ ] , {}]": `[1,2,[],{}]`,
	} {
		got, err := strictJSON([]byte(in))
		if err != nil || string(got) != want {
			t.Errorf("%s: %s, %v, want %s", in, got, err, want)
		}
	}
}

// The schema refuses unknown members before; this is what remains if a schema should have a hole.
func TestDecoderRefusesUnknownMembersByItself(t *testing.T) {
	var in createThingInput
	if err := unmarshalStrict([]byte(`{"name": "a", "canary": 1}`), &in.Body); err == nil || strings.Contains(err.Error(), "canary") {
		t.Error(err)
	}
}

func TestLongOperationMayAnswerLate(t *testing.T) {
	mux := http.NewServeMux()
	sampleRoutes(mux, nil)
	for _, h2 := range []bool{false, true} {
		srv := httptest.NewUnstartedServer(wire{log: discard()}.wrap(mux))
		srv.Config.WriteTimeout = 50 * time.Millisecond
		if srv.EnableHTTP2 = h2; h2 {
			srv.StartTLS()
		} else {
			srv.Start()
		}
		l := &lab{t: t, url: srv.URL, http: srv.Client()}
		if got := l.send("GET", "/v1/things/t1/wait", ""); got.status != 204 {
			t.Errorf("%d", got.status)
		}
		srv.Close()
	}
}

func FuzzStrictJSON(f *testing.F) {
	for _, seed := range []string{
		`{"a":1,"b":null,"c":[null,{"d":null}]}`, `{"a":{"a":1},"b":"\ud83d\ude00"}`, `[1.0,-0.0,1e5,"\\\""]`, `null`, `{"a":1,"\u0061":2}`,
		`"\ud800"`, `"\ud800\u0041"`, ` true `, `{"name":"a","parts":[{"size":1}],"config":{"x":9007199254740993}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		clean, err := strictJSON(body)
		if err != nil {
			return
		}
		again, err := strictJSON(clean)
		if err != nil || string(again) != string(clean) {
			t.Fatalf("%q became %q, and that %q (%v)", body, clean, again, err)
		}
		var before, after any
		if json.Unmarshal(body, &before) == nil {
			if err := json.Unmarshal(clean, &after); err != nil {
				t.Fatalf("%q: %v", clean, err)
			}
			if !reflect.DeepEqual(withoutNull(before), after) {
				t.Fatalf("%q means another thing than %q", clean, body)
			}
		}
		var in, back createThingInput
		if unmarshalStrict(body, &in.Body) != nil {
			return
		}
		encoded, err := json.Marshal(in.Body)
		if err != nil {
			t.Fatalf("%q decoded to what cannot be encoded: %v", body, err)
		}
		if err := unmarshalStrict(encoded, &back.Body); err != nil {
			t.Fatalf("%q re-encoded as %q: %v", body, encoded, err)
		}
		reencoded, _ := json.Marshal(back.Body)
		if string(reencoded) != string(encoded) {
			t.Fatalf("%q re-encoded as %q and then %q", body, encoded, reencoded)
		}
	})
}

// withoutNull is what strictJSON promises, said in another way.
func withoutNull(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = withoutNull(v[i])
		}
	case map[string]any:
		for name, member := range v {
			if member == nil {
				delete(v, name)
				continue
			}
			v[name] = withoutNull(member)
		}
	}
	return v
}

// ---- declaring ----

func TestIncompleteOperationPanics(t *testing.T) {
	good := operation{id: "x", route: "GET /v1/x", tag: "x", summary: "X", about: "X."}
	for name, change := range map[string]func(*operation){
		"id":      func(op *operation) { op.id = "" },
		"method":  func(op *operation) { op.route = "/v1/x" },
		"path":    func(op *operation) { op.route = "GET" },
		"tag":     func(op *operation) { op.tag = "" },
		"summary": func(op *operation) { op.summary = "" },
		"about":   func(op *operation) { op.about = "" },
		"unlisted problem": func(op *operation) {
			op.problems = []string{"no-such-problem"}
		},
		"unknown limit":   func(op *operation) { op.limits = []limitClass{"no-such-limit"} },
		"unread path":     func(op *operation) { op.route = "GET /v1/x/{id}" },
		"foreign method":  func(op *operation) { op.route = "TRACE /v1/x" },
		"open request":    func(op *operation) { op.request = openSchema("a") },
		"open deep":       func(op *operation) { op.request = &huma.Schema{Type: "array", Items: openSchema("a")} },
		"open map values": func(op *operation) { op.request = &huma.Schema{Type: "object", AdditionalProperties: openSchema("a")} },
	} {
		t.Run(name, func(t *testing.T) {
			op := good
			change(&op)
			defer func() {
				if recover() == nil {
					t.Error("registered")
				}
			}()
			rt := &routes{api: newAPI(http.NewServeMux(), apiInfo{Title: "T", Version: "1"})}
			register(rt, op, func(context.Context, *struct{}) (*struct{}, error) { return nil, nil })
		})
	}
}

func openSchema(field string) *huma.Schema {
	return &huma.Schema{Type: huma.TypeObject, Properties: map[string]*huma.Schema{field: {Type: huma.TypeString}}}
}

func TestSchemaNames(t *testing.T) {
	for want, typ := range map[string]reflect.Type{
		"Thing":      reflect.TypeFor[thing](),
		"ThingShelf": reflect.TypeFor[*shelf[thing]](),
		"Problem":    reflect.TypeFor[Problem](),
	} {
		if got := schemaName(typ, "hint"); got != want {
			t.Errorf("%v: %s, want %s", typ, got, want)
		}
	}
	if got := schemaName(reflect.TypeFor[struct{}](), "createThingRequest"); got != "CreateThingRequest" {
		t.Error(got)
	}
}

func TestUndeclaredProblemIsFound(t *testing.T) {
	l := newLab(t, nil)
	l.wantProblem(l.send("POST", "/v1/things/undeclared/break", ""), 500, "internal")
	if !strings.Contains(l.logs.String(), "does not declare the problem stale-turn") {
		t.Error(l.logs)
	}
}

func TestAdmission(t *testing.T) {
	l := newLab(t, nil)
	for auth, want := range map[string]string{
		"Bearer ":      "token-missing",
		"Basic Z29vZA": "token-missing",
		"good":         "token-missing",
		"Bearer old":   "token-expired",
		"Bearer bad":   "token-invalid",
	} {
		// The body is wrong too: who asks comes first.
		got := l.create(`{`, "Authorization: "+auth)
		l.wantProblem(got, 401, want)
		if !strings.HasPrefix(got.header.Get("WWW-Authenticate"), "Bearer") {
			t.Errorf("%s: WWW-Authenticate %q", auth, got.header.Get("WWW-Authenticate"))
		}
	}
	l.wantOK(l.create(`{"name": "a"}`, "Authorization: bearer good"), 201)
	l.wantProblem(l.send("DELETE", "/v1/things/t1?ticket=ticket", "", "Authorization: "), 401, "token-missing")
	got := l.send("GET", "/v1/things/stream?ticket=ticket", "", "Authorization: ")
	if got.status != 200 || got.body != "id: 1\ndata: p1\n\n" {
		t.Errorf("stream by ticket: %d %q", got.status, got.body)
	}
	l.wantProblem(l.send("GET", "/v1/things/stream?ticket=bad", "", "Authorization: "), 401, "token-invalid")
	if got := l.send("HEAD", "/v1/things/stream", ""); got.status != 200 || got.header.Get("Content-Type") != "text/event-stream" {
		t.Errorf("HEAD of a stream: %d %v", got.status, got.header)
	}
}

// ---- documents ----

func TestDocuments(t *testing.T) {
	api := sampleRoutes(http.NewServeMux(), nil).api
	for name, make := range map[string]func(huma.API) ([]byte, error){
		"sample-3.1.yaml": document31, "sample-3.0.yaml": document30,
	} {
		doc, err := make(api)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name, doc)
		for range 5 {
			again, err := make(sampleRoutes(http.NewServeMux(), nil).api)
			if err != nil || string(again) != string(doc) {
				t.Fatalf("%s differs from itself: %v", name, err)
			}
		}
	}
	checkDocument(t, api)
}

// checkDocument holds an API's documents to what generated clients need.
func checkDocument(t *testing.T, api huma.API) {
	t.Helper()
	full := decodeDocument(t, func() ([]byte, error) { return json.Marshal(api.OpenAPI()) })
	openResponses(full)
	old := decodeDocument(t, api.OpenAPI().Downgrade)
	openResponses(old)
	eachRootSchema(old, func(s map[string]any) { eachSchema(s, repair30) })
	for version, doc := range map[string]map[string]any{"3.1": full, "3.0": old} {
		named := doc["components"].(map[string]any)["schemas"].(map[string]any)
		check := func(s map[string]any) {
			text, _ := json.Marshal(s)
			if ref, ok := s["$ref"].(string); ok {
				if _, ok := named[strings.TrimPrefix(ref, schemaPrefix)]; !ok {
					t.Errorf("%s: dangling %s", version, ref)
				}
			}
			if _, isList := s["type"].([]any); isList || s["nullable"] == true {
				t.Errorf("%s: nullable: %s", version, text)
			}
			if s["const"] != nil && version == "3.0" {
				t.Errorf("const in 3.0: %s", text)
			}
		}
		eachRootSchema(doc, func(s map[string]any) { eachSchema(s, check) })
		eachResponse(doc["paths"], func(r any) {
			responses := r.(map[string]any)
			for _, status := range []string{"default", "422", "429", "500", "503"} {
				if responses[status] == nil {
					t.Errorf("%s: an operation without %s: %v", version, status, responses)
				}
			}
			eachRootSchema(r, func(s map[string]any) {
				if s["properties"] != nil {
					t.Errorf("%s: a response without a named schema: %v", version, s)
				}
			})
		})
	}
}

func decodeDocument(t *testing.T, make func() ([]byte, error)) map[string]any {
	t.Helper()
	b, err := make()
	if err != nil {
		t.Fatal(err)
	}
	var doc map[string]any
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestResponsesAreOpenAndRequestsClosed(t *testing.T) {
	doc, err := document31(sampleRoutes(http.NewServeMux(), nil).api)
	if err != nil {
		t.Fatal(err)
	}
	closed := regexp.MustCompile(`(?m)^    (\w+):\n(?:      .*\n)*?      additionalProperties: false$`)
	got := map[string]bool{}
	for _, m := range closed.FindAllStringSubmatch(string(doc), -1) {
		got[m[1]] = true
	}
	// Part goes both ways: open here, closed for whoever sends it (TestBodies, "unknown deep").
	want := map[string]bool{"ThingRequest": true, "FirstMove": true, "SecondMove": true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
