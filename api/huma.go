// Package api is Yourturn's HTTP face: decode, one call, encode. No rules and no SQL.
//
// The wire is settled here once, because a framework's defaults are not a contract. huma.go says how requests are read
// and operations declared, problem.go what a refusal looks like, middleware.go what every request passes through,
// sse.go how a stream is held, and etag.go how conditions are compared. An operation is declared with [register].
package api

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/danielgtaylor/huma/v2/yaml"
)

const (
	jsonMediaType = "application/json"
	schemaPrefix  = "#/components/schemas/"

	maxBody     = 64 << 10        // the largest view and move fit many times
	bodyTimeout = 5 * time.Second // 64 KiB in 5 s is slower than any phone that can play
	opTimeout   = 10 * time.Second
)

type apiInfo struct{ Title, Version, Description string }

// newAPI makes a huma API on mux that promises nothing by accident: no routes, headers, fields or formats beyond those
// that are declared.
func newAPI(mux router, info apiInfo) huma.API {
	setHuma()
	format := huma.Format{
		Marshal:   func(w io.Writer, v any) error { return marshalTo(w, v) },
		Unmarshal: unmarshalStrict,
	}
	config := huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info:    &huma.Info{Title: info.Title, Version: info.Version, Description: info.Description},
			Components: &huma.Components{
				Schemas:         huma.NewMapRegistry(schemaPrefix, schemaName),
				SecuritySchemes: map[string]*huma.SecurityScheme{"bearer": {Type: "http", Scheme: "bearer"}},
			},
			Security: []map[string][]string{{"bearer": {}}},
		},
		// The key "json" is missed out on purpose: huma would answer "Accept: json" with "Content-Type: json".
		Formats:                      map[string]huma.Format{jsonMediaType: format, problemMediaType: format},
		DefaultFormat:                jsonMediaType,
		RejectUnknownQueryParameters: true, // H7
		Transformers:                 []huma.Transformer{stampProblem},
		CreateHooks:                  nil, // the default hook adds $schema and Link, made from the Host header
	}
	return jsonAPI{API: humago.New(mux, config), config: config}
}

// setHuma sets huma's package variables. huma knows no other way; they are the same for every API of this process, and
// are set before the first one exists because two at once (tests, `yourturn openapi` beside a server) would race.
var setHuma = sync.OnceFunc(func() {
	huma.ValidateStrictCasing = true  // H1: {"action": "move", "Action": "evil"}
	huma.DefaultArrayNullable = false // generated clients would make every list a pointer
	huma.ErrorFormatter = formatMessage
	// Both are needed: huma's own shorthands call NewError and never see a context.
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		if status == 0 {
			return &Problem{} // huma asks for an example, to learn the type
		}
		return humaProblem(context.Background(), status, message, errs)
	}
	huma.NewErrorWithContext = func(ctx huma.Context, status int, message string, errs ...error) huma.StatusError {
		return humaProblem(ctx.Context(), status, message, errs)
	}
})

// jsonAPI answers JSON whatever a client says it accepts. huma's negotiation knows no */* and takes any format's key for
// a media type, so that "Accept: application/problem+json" would rename a success.
type jsonAPI struct {
	huma.API
	config huma.Config
}

func (a jsonAPI) Negotiate(string) (string, error) { return jsonMediaType, nil }

// Config is how huma finds the configuration of an API that it did not make itself.
func (a jsonAPI) Config() huma.Config { return a.config }

// ---- operations ----

// routes is what operations are registered on.
type routes struct {
	api    huma.API
	auth   authenticator
	limits *limits // nil: no limits
	strict bool    // panic, instead of logging, at a refusal that the operation does not declare. For tests
}

// credential is what a request shows to be let in: a bearer token, or the ticket of a stream.
type credential struct {
	token  string
	ticket bool
}

// An authenticator finds out whose credential it is. It returns the context that carries the player to the handler, and
// the player's id as the key of rate limits. An error that is a [Problem] is the answer.
type authenticator func(ctx context.Context, c credential) (context.Context, string, error)

// access says who may call an operation. The zero value is the careful one.
type access int

const (
	byPlayer access = iota // a bearer token
	byTicket               // a bearer token or ?ticket=, which the input must declare too
	byAnyone               // no token
)

// operation declares one operation of the API. Every field without a comment must be given.
type operation struct {
	id      string // operationId
	route   string // method and path, as in "POST /v1/tickets"
	tag     string
	summary string
	about   string // description

	access   access         // default: a bearer token is needed
	status   int            // of success; default 200, or 204 when the output has no Body
	also     map[int]string // further answers that are no problems, as 304, and what they mean
	problems []string       // names beyond those that every operation of its kind has; see common
	limits   []limitClass   // beyond the one of its kind
	timeout  time.Duration  // of the handler's context; default 10 s
	request  *huma.Schema   // instead of the one of the input's Body, as for a game's own types
	reply    *huma.Schema   // instead of the one of the output's Body
}

// register adds an operation. It panics, at start and so in every test, when the declaration is not complete.
//
// Before the handler runs, the caller is known, the rate limits hold, and the input fits its schema to the letter. What
// the handler returns as an error goes through [problemOf].
func register[I, O any](rt *routes, op operation, handler func(context.Context, *I) (*O, error)) {
	body, hasBody := reflect.TypeFor[I]().FieldByName("Body")
	if hasBody && body.Tag.Get("contentType") != "" {
		panic("api: " + op.id + ": bodies are application/json")
	}
	h := rt.declare(op, hasBody)
	huma.Register(rt.api, h, func(ctx context.Context, in *I) (*O, error) {
		ctx, cancel := context.WithTimeout(ctx, cmp.Or(op.timeout, opTimeout))
		defer cancel()
		out, err := handler(ctx, in)
		if err != nil {
			return nil, rt.refuse(ctx, op, err)
		}
		return out, nil
	})
	rt.check(op, h)
}

// registerStream adds an operation that answers with server-sent events. The handler may refuse; the function that it
// returns is given the open connection and holds it until it returns.
func registerStream[I any](rt *routes, op operation, handler func(context.Context, *I) (func(context.Context, *sseConn), error)) {
	h := rt.declare(op, false)
	h.Responses["200"] = &huma.Response{
		Description: "A stream of server-sent events.",
		Content:     map[string]*huma.MediaType{"text/event-stream": {Schema: &huma.Schema{Type: huma.TypeString}}},
	}
	huma.Register(rt.api, h, func(ctx context.Context, in *I) (*huma.StreamResponse, error) {
		hold, err := handler(ctx, in)
		if err != nil {
			return nil, rt.refuse(ctx, op, err)
		}
		return &huma.StreamResponse{Body: func(hc huma.Context) {
			r, w := humago.Unwrap(hc)
			c, err := openSSE(w, r)
			if err != nil {
				logger(ctx).Debug("stream not opened", "error", err.Error())
				return
			}
			hold(r.Context(), c)
		}}, nil
	})
	rt.check(op, h)
}

// refuse turns a handler's error into its answer, and holds the operation to what it declared: a status that appears
// later breaks clients that were generated before.
func (rt *routes) refuse(ctx context.Context, op operation, err error) error {
	p := problemOf(ctx, err)
	if op.declares(p) {
		return p
	}
	if rt.strict {
		panic("api: " + op.id + " does not declare the problem " + p.name())
	}
	logger(ctx).Error("undeclared problem", "operation", op.id, "problem", p.name())
	return p
}

func (op operation) declares(p *Problem) bool {
	name := p.name()
	if strings.HasPrefix(name, "rule-") {
		name = anyRule
	}
	return slices.Contains(op.problems, name) || slices.Contains(op.common(true), name)
}

// common lists the problems that an operation has by its kind.
func (op operation) common(hasBody bool) []string {
	names := []string{"invalid", "rate-limited", "internal", "busy", "timeout", "unavailable"}
	if op.access != byAnyone {
		names = append(names, "token-missing", "token-expired", "token-invalid")
	}
	if strings.Contains(op.route, "{") {
		names = append(names, "not-found")
	}
	if hasBody {
		names = append(names, "malformed", "body-timeout", "body-too-large", "unsupported-media-type")
	}
	return names
}

func (op operation) methodAndPath() (method, path string) {
	method, path, _ = strings.Cut(op.route, " ")
	return method, path
}

// declare writes the operation down as huma wants it.
func (rt *routes) declare(op operation, hasBody bool) huma.Operation {
	method, path := op.methodAndPath()
	for name, v := range map[string]string{
		"id": op.id, "method": method, "path": path, "tag": op.tag, "summary": op.summary, "about": op.about,
	} {
		if v == "" {
			panic(fmt.Sprintf("api: operation %q (%s) has no %s", op.id, op.route, name))
		}
	}
	rt.addTag(op.tag)
	h := huma.Operation{
		OperationID: op.id, Method: method, Path: path,
		Tags: []string{op.tag}, Summary: op.summary, Description: op.about,
		DefaultStatus:   op.status,
		Responses:       rt.refusals(slices.Concat(op.common(hasBody), op.problems)),
		MaxBodyBytes:    maxBody + 1, // huma refuses a body of exactly the limit
		BodyReadTimeout: bodyTimeout,
		Middlewares:     huma.Middlewares{rt.admission(op)},
	}
	if op.access == byAnyone {
		h.Security = []map[string][]string{}
	}
	for status, meaning := range op.also {
		h.Responses[strconv.Itoa(status)] = &huma.Response{Description: meaning}
	}
	if op.request != nil {
		h.RequestBody = &huma.RequestBody{Required: true, Content: jsonContent(op.request)}
	}
	if op.reply != nil {
		h.Responses[strconv.Itoa(cmp.Or(op.status, http.StatusOK))] = &huma.Response{Content: jsonContent(op.reply)}
	}
	return h
}

func jsonContent(s *huma.Schema) map[string]*huma.MediaType {
	return map[string]*huma.MediaType{jsonMediaType: {Schema: s}}
}

func (rt *routes) addTag(name string) {
	doc := rt.api.OpenAPI()
	known := func(t *huma.Tag) bool { return t.Name == name }
	if !slices.ContainsFunc(doc.Tags, known) {
		doc.Tags = append(doc.Tags, &huma.Tag{Name: name})
	}
}

// refusals documents problems by status, naming them, and adds the default that lets us grow.
func (rt *routes) refusals(names []string) map[string]*huma.Response {
	schema := rt.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Problem](), true, "")
	byStatus := map[int][]string{}
	for _, name := range names {
		kind, ok := problems[name]
		if !ok {
			panic("api: unlisted problem " + strconv.Quote(name))
		}
		byStatus[kind.status] = append(byStatus[kind.status], name)
	}
	answer := func(text string) *huma.Response {
		return &huma.Response{Description: text, Content: map[string]*huma.MediaType{problemMediaType: {Schema: schema}}}
	}
	responses := map[string]*huma.Response{"default": answer("Any other problem.")}
	for status, names := range byStatus {
		slices.Sort(names)
		r := answer(http.StatusText(status) + ": " + strings.Join(slices.Compact(names), ", ") + ".")
		if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
			r.Headers = map[string]*huma.Header{"Retry-After": {
				Description: "Seconds to wait.", Schema: &huma.Schema{Type: huma.TypeInteger},
			}}
		}
		responses[strconv.Itoa(status)] = r
	}
	return responses
}

// admission finds out who calls and holds them to their limits, before the body is read.
func (rt *routes) admission(op operation) func(huma.Context, func(huma.Context)) {
	kind := limitWrites
	if method, _ := op.methodAndPath(); method == http.MethodGet {
		kind = limitReads
	}
	if op.access == byTicket {
		kind = limitStreams
	}
	classes := op.limits
	if op.access != byAnyone {
		classes = slices.Concat(classes, []limitClass{kind})
	}
	for _, class := range classes {
		if _, ok := limitRules[class]; !ok {
			panic("api: " + op.id + ": no limit " + strconv.Quote(string(class)))
		}
	}
	return func(hc huma.Context, next func(huma.Context)) {
		r, w := humago.Unwrap(hc)
		ctx, err := rt.admit(r, op.access, classes)
		if err != nil {
			writeProblem(w, r, problemOf(r.Context(), err))
			return
		}
		if op.timeout > opTimeout {
			// The server's deadline for an answer counts from the request. Not every ResponseWriter of a test has one.
			_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(op.timeout + opTimeout))
		}
		next(huma.WithContext(hc, ctx))
	}
}

func (rt *routes) admit(r *http.Request, who access, classes []limitClass) (context.Context, error) {
	ctx := r.Context()
	if err := rt.limits.hold(classes, perAddress, addressKey(clientAddress(ctx))); err != nil {
		return nil, err
	}
	if who == byAnyone {
		return ctx, nil
	}
	c, ok := credentialOf(r, who)
	if !ok {
		return nil, newProblem("token-missing", "")
	}
	ctx, player, err := rt.auth(ctx, c)
	if err != nil {
		return nil, err
	}
	note(ctx, slog.String("player_id", player))
	return ctx, rt.limits.hold(classes, perPlayer, player)
}

// credentialOf reads the Authorization header and, for a stream, the ticket.
func credentialOf(r *http.Request, who access) (credential, bool) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") && token != "" {
		return credential{token: strings.TrimSpace(token)}, true
	}
	if ticket := r.URL.Query().Get("ticket"); who == byTicket && ticket != "" {
		return credential{token: ticket, ticket: true}, true
	}
	return credential{}, false
}

// check panics when a registered operation would take less than it seems to: a path parameter that no field reads, or a
// body with room for unknown fields.
func (rt *routes) check(op operation, h huma.Operation) {
	item := rt.api.OpenAPI().Paths[h.Path]
	byMethod := map[string]*huma.Operation{
		http.MethodGet: item.Get, http.MethodPost: item.Post, http.MethodPut: item.Put,
		http.MethodPatch: item.Patch, http.MethodDelete: item.Delete,
	}
	known := byMethod[h.Method]
	if known == nil {
		panic("api: " + op.id + ": " + h.Method + " is not a method of this API")
	}
	for part := range strings.SplitSeq(h.Path, "/") {
		name, isParam := strings.CutPrefix(strings.TrimSuffix(part, "}"), "{")
		declared := func(p *huma.Param) bool { return p.In == "path" && p.Name == name }
		if isParam && !slices.ContainsFunc(known.Parameters, declared) {
			panic("api: " + op.id + ": the input does not read {" + name + "}")
		}
	}
	if known.RequestBody == nil {
		return
	}
	if open := rt.openPart(known.RequestBody.Content[jsonMediaType].Schema, map[string]bool{}); open != "" {
		panic("api: " + op.id + ": unknown fields would be accepted in " + open)
	}
}

// openPart names the first object under s that lists its properties and yet allows others.
func (rt *routes) openPart(s *huma.Schema, seen map[string]bool) string {
	if s == nil || s.Ref != "" && seen[s.Ref] {
		return ""
	}
	if s.Ref != "" {
		seen[s.Ref] = true
		target := rt.api.OpenAPI().Components.Schemas.SchemaFromRef(s.Ref)
		if target == nil {
			panic("api: no schema " + s.Ref)
		}
		return rt.openPart(target, seen)
	}
	if len(s.Properties) > 0 && s.AdditionalProperties != false {
		return fmt.Sprintf("{%s}", strings.Join(slices.Sorted(maps.Keys(s.Properties)), ", "))
	}
	values, _ := s.AdditionalProperties.(*huma.Schema)
	parts := slices.Concat([]*huma.Schema{s.Items, values}, s.OneOf, s.AnyOf, s.AllOf)
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		parts = append(parts, s.Properties[name])
	}
	for _, part := range parts {
		if open := rt.openPart(part, seen); open != "" {
			return open
		}
	}
	return ""
}

// addSchema names a schema that was built elsewhere, as of a game's own types, and returns a reference to it.
func (rt *routes) addSchema(name string, s *huma.Schema) *huma.Schema {
	schemas := rt.api.OpenAPI().Components.Schemas.Map()
	if _, taken := schemas[name]; taken {
		panic("api: two schemas named " + name)
	}
	prepareSchema(s)
	schemas[name] = s
	return &huma.Schema{Ref: schemaPrefix + name}
}

// prepareSchema readies s for validation. huma's own PrecomputeMessages forgets the values of maps, so that a pattern
// there would never be checked.
func prepareSchema(s *huma.Schema) {
	s.PrecomputeMessages()
	values, _ := s.AdditionalProperties.(*huma.Schema)
	for _, part := range slices.Concat([]*huma.Schema{s.Items, s.Not, values}, s.OneOf, s.AnyOf, s.AllOf,
		slices.Collect(maps.Values(s.Properties))) {
		if part != nil {
			prepareSchema(part)
		}
	}
}

// schemaName names the schema of a type of ours: the type's name with a capital, and the inner one first for generics,
// as SessionList for list[session]. huma panics at start when two types get one name, and that is right here: games
// bring named schemas of their own.
func schemaName(t reflect.Type, hint string) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	outer, inner, generic := strings.Cut(cmp.Or(t.Name(), hint), "[")
	name := capital(outer)
	if generic {
		for arg := range strings.SplitSeq(strings.TrimSuffix(inner, "]"), ",") {
			name = capital(arg[strings.LastIndexAny(arg, ".*]")+1:]) + name
		}
	}
	return name
}

func capital(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return ""
	}
	return string(unicode.ToUpper(r)) + s[size:]
}

// rawObject is a JSON object whose members the wire does not know: a config, a move, a view. Unlike a map it keeps
// numbers to the last digit (H9).
type rawObject json.RawMessage

func (o rawObject) MarshalJSON() ([]byte, error) { return json.RawMessage(o).MarshalJSON() }

func (o *rawObject) UnmarshalJSON(b []byte) error {
	*o = append((*o)[:0], b...)
	return nil
}

// Schema is an object with room for anything.
func (rawObject) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}
}

// ---- JSON ----

// The bounds of a request's JSON. A name may not contain what huma's error locations are made of: its path buffer
// would not shrink again after such a name, and a body of 64 KiB would cost 100 MB of locations.
const (
	maxDepth  = 64
	maxName   = 128
	nameChars = ".["
)

func marshalTo(w io.Writer, v any) error {
	var b bytes.Buffer // whole or not at all
	if err := encodeJSON(&b, v); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

// unmarshalStrict decodes a body of one JSON value without null members. huma calls it twice, first into an any to
// validate, then into the input. Its errors are shown to clients.
func unmarshalStrict(data []byte, v any) error {
	clean, err := strictJSON(data)
	if err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(clean))
	dec.DisallowUnknownFields()
	err = dec.Decode(v)
	var typeErr *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &typeErr) && typeErr.Field != "":
		return errors.New(typeErr.Field + ": out of range or of the wrong type")
	case errors.As(err, &typeErr):
		return errors.New("a number is out of range")
	}
	return errors.New("a value or name is not as expected")
}

// strictJSON returns body as it is meant: checked, compact, and without members that are null (they mean absent). It
// refuses what two readers could read in two ways: text that is not UTF-8, duplicate names, half surrogate pairs,
// anything after the value. An integer written as 1.0, as some engines do, becomes 1.
func strictJSON(body []byte) ([]byte, error) {
	if !utf8.Valid(body) {
		return nil, errors.New("not UTF-8")
	}
	if !json.Valid(body) {
		return nil, syntaxError(body)
	}
	c := cleaner{in: body, out: make([]byte, 0, len(body))}
	if err := c.value(0); err != nil {
		return nil, err
	}
	return c.out, nil
}

func syntaxError(body []byte) error {
	var raw json.RawMessage
	var at *json.SyntaxError
	if errors.As(json.Unmarshal(body, &raw), &at) {
		return fmt.Errorf("not one JSON value: wrong at byte %d", at.Offset)
	}
	return errors.New("not one JSON value")
}

// cleaner copies JSON that is known to be valid.
type cleaner struct {
	in, out []byte
	pos     int
}

func (c *cleaner) space() {
	for c.pos < len(c.in) && strings.IndexByte(" \t\r\n", c.in[c.pos]) >= 0 {
		c.pos++
	}
}

func (c *cleaner) value(depth int) error {
	c.space()
	switch c.in[c.pos] {
	case '{', '[':
		if depth == maxDepth {
			return fmt.Errorf("nested deeper than %d", maxDepth)
		}
		if c.in[c.pos] == '{' {
			return c.object(depth)
		}
		return c.array(depth)
	case '"':
		text := c.text()
		c.out = append(c.out, text...)
		return checkSurrogates(text)
	}
	c.out = append(c.out, plainNumber(c.word())...)
	return nil
}

func (c *cleaner) array(depth int) error {
	c.take()
	for {
		c.space()
		switch c.in[c.pos] {
		case ']':
			c.take()
			return nil
		case ',':
			c.take()
		}
		if err := c.value(depth + 1); err != nil {
			return err
		}
	}
}

func (c *cleaner) object(depth int) error {
	c.take()
	var names map[string]bool
	for empty := true; ; {
		c.space()
		switch c.in[c.pos] {
		case '}':
			c.take()
			return nil
		case ',':
			c.pos++
			c.space()
		}
		text := c.text()
		name, err := memberName(text)
		if err != nil {
			return err
		}
		if names == nil {
			names = map[string]bool{}
		}
		if names[name] {
			return errors.New("a name appears twice in one object")
		}
		names[name] = true
		c.space()
		c.pos++ // the colon
		if c.space(); c.in[c.pos] == 'n' {
			c.word() // null: the member is absent
			continue
		}
		if !empty {
			c.out = append(c.out, ',')
		}
		empty = false
		c.out = append(append(c.out, text...), ':')
		if err := c.value(depth + 1); err != nil {
			return err
		}
	}
}

// take copies one byte.
func (c *cleaner) take() {
	c.out = append(c.out, c.in[c.pos])
	c.pos++
}

// text reads a string with its quotes and escapes.
func (c *cleaner) text() []byte {
	start := c.pos
	for c.pos++; c.in[c.pos] != '"'; c.pos++ {
		if c.in[c.pos] == '\\' {
			c.pos++
		}
	}
	c.pos++
	return c.in[start:c.pos]
}

// word reads a number, true, false or null.
func (c *cleaner) word() []byte {
	start := c.pos
	for c.pos < len(c.in) && strings.IndexByte(" \t\r\n,]}", c.in[c.pos]) < 0 {
		c.pos++
	}
	return c.in[start:c.pos]
}

func memberName(text []byte) (string, error) {
	if err := checkSurrogates(text); err != nil {
		return "", err
	}
	name := string(text[1 : len(text)-1])
	if strings.Contains(name, `\`) {
		if err := json.Unmarshal(text, &name); err != nil {
			return "", errors.New("a name cannot be read")
		}
	}
	if len(name) > maxName || strings.ContainsAny(name, nameChars) {
		return "", fmt.Errorf("a name is longer than %d bytes or has one of %s in it", maxName, nameChars)
	}
	return name, nil
}

// checkSurrogates refuses a string with an escape that stands for half a character; encoding/json would replace it.
func checkSurrogates(text []byte) error {
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		i++
		if text[i] != 'u' {
			continue
		}
		r := hexRune(text[i+1:])
		i += 4
		if r < 0xd800 || r > 0xdfff {
			continue
		}
		low := text[i+1:]
		if r > 0xdbff || !bytes.HasPrefix(low, []byte(`\u`)) || hexRune(low[2:])&^0x3ff != 0xdc00 {
			return errors.New("a string has half a character")
		}
		i += 6
	}
	return nil
}

// hexRune reads the four hex digits that valid JSON has here.
func hexRune(b []byte) rune {
	n, _ := strconv.ParseUint(string(b[:4]), 16, 32)
	return rune(n)
}

// plainNumber drops a fraction of zeros. JSON Schema calls 1.0 an integer, encoding/json does not.
func plainNumber(word []byte) []byte {
	whole, fraction, found := bytes.Cut(word, []byte("."))
	if !found || len(bytes.Trim(fraction, "0")) > 0 {
		return word
	}
	return whole
}

// ---- documents ----

// document31 is the API as OpenAPI 3.1 in YAML: the same bytes for the same operations.
func document31(api huma.API) ([]byte, error) {
	b, err := json.Marshal(api.OpenAPI())
	if err != nil {
		return nil, fmt.Errorf("marshal openapi: %w", err)
	}
	return publish(b, func(map[string]any) {})
}

// document30 is the same as OpenAPI 3.0.3, for generators that know no 3.1.
func document30(api huma.API) ([]byte, error) {
	b, err := api.OpenAPI().Downgrade()
	if err != nil {
		return nil, fmt.Errorf("downgrade openapi: %w", err)
	}
	return publish(b, repair30)
}

func publish(document []byte, repair func(schema map[string]any)) ([]byte, error) {
	var doc map[string]any
	dec := json.NewDecoder(bytes.NewReader(document))
	dec.UseNumber()
	if err := dec.Decode(&doc); err != nil {
		return nil, fmt.Errorf("decode openapi: %w", err)
	}
	openResponses(doc)
	eachRootSchema(doc, func(s map[string]any) { eachSchema(s, repair) })
	ordered, err := inReadingOrder(doc)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := yaml.Convert(&out, bytes.NewReader(ordered)); err != nil {
		return nil, fmt.Errorf("write openapi as yaml: %w", err)
	}
	return out.Bytes(), nil
}

// inReadingOrder encodes doc with its head before its body. Below the first level keys are sorted.
func inReadingOrder(doc map[string]any) ([]byte, error) {
	order := []string{"openapi", "info", "servers", "tags", "security", "paths", "components"}
	for _, key := range slices.Sorted(maps.Keys(doc)) {
		if !slices.Contains(order, key) {
			order = append(order, key)
		}
	}
	var b bytes.Buffer
	b.WriteByte('{')
	for _, key := range order {
		value, ok := doc[key]
		if !ok {
			continue
		}
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%q:", key)
		if err := encodeJSON(&b, value); err != nil {
			return nil, fmt.Errorf("encode openapi: %w", err)
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// openResponses takes additionalProperties: false off every schema that a response can reach, because clients generated
// from a closed response break on the first field that we add. A schema used in both directions is open in the document;
// requests are validated against huma's own copy, which stays closed.
func openResponses(doc map[string]any) {
	components, _ := doc["components"].(map[string]any)
	named, _ := components["schemas"].(map[string]any)
	seen := map[string]bool{}
	var open func(map[string]any)
	open = func(s map[string]any) {
		if s["additionalProperties"] == false {
			delete(s, "additionalProperties")
		}
		ref, _ := s["$ref"].(string)
		name := strings.TrimPrefix(ref, schemaPrefix)
		if target, ok := named[name].(map[string]any); ok && !seen[name] {
			seen[name] = true
			eachSchema(target, open)
		}
	}
	eachResponse(doc["paths"], func(r any) {
		eachRootSchema(r, func(s map[string]any) { eachSchema(s, open) })
	})
}

func eachResponse(paths any, f func(any)) {
	items, _ := paths.(map[string]any)
	for _, item := range items {
		operations, _ := item.(map[string]any)
		for _, op := range operations {
			if op, ok := op.(map[string]any); ok {
				f(op["responses"])
			}
		}
	}
}

// eachRootSchema visits the schemas that stand in a part of a document where OpenAPI, and not JSON Schema, says what
// keys mean: the named ones, and those of parameters, headers and media types.
func eachRootSchema(node any, f func(map[string]any)) {
	switch node := node.(type) {
	case []any:
		for _, v := range node {
			eachRootSchema(v, f)
		}
	case map[string]any:
		for key, v := range node {
			switch key {
			case "example", "examples":
			case "schema":
				visit(v, f)
			case "schemas":
				visitAll(v, f)
			default:
				eachRootSchema(v, f)
			}
		}
	}
}

// eachSchema visits s and the schemas inside it, and no value that only looks like one, as in default or enum.
func eachSchema(s map[string]any, f func(map[string]any)) {
	f(s)
	deep := func(s map[string]any) { eachSchema(s, f) }
	for _, key := range []string{"items", "additionalProperties", "not"} {
		visit(s[key], deep)
	}
	visitAll(s["properties"], deep)
	for _, key := range []string{"oneOf", "anyOf", "allOf"} {
		list, _ := s[key].([]any)
		for _, v := range list {
			visit(v, deep)
		}
	}
}

func visit(v any, f func(map[string]any)) {
	if s, ok := v.(map[string]any); ok {
		f(s)
	}
}

func visitAll(v any, f func(map[string]any)) {
	named, _ := v.(map[string]any)
	for _, s := range named {
		visit(s, f)
	}
}

// repair30 mends what huma's downgrade leaves in a schema that 3.0 does not know.
func repair30(s map[string]any) {
	if ref, ok := s["$ref"]; ok {
		clear(s) // 3.0 ignores what stands beside a reference, and validators complain
		s["$ref"] = ref
		return
	}
	if value, ok := s["const"]; ok {
		s["enum"] = []any{value}
	}
	if s["format"] == "base64" {
		s["format"] = "byte"
	}
	if text, ok := s["patternDescription"]; ok {
		s["x-patternDescription"] = text
	}
	for _, key := range []string{"const", "examples", "patternDescription", "dependentRequired", "propertyNames"} {
		delete(s, key)
	}
}
