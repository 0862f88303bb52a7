package api

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// routes is what operations are registered on.
type routes struct {
	api    huma.API
	auth   authenticator
	limits *limits           // nil: no limits
	tags   map[string]string // what the operations of a tag are about
	strict bool              // panic, instead of logging, at a refusal that the operation does not declare. For tests

	known   []*huma.Operation     // in the order in which they were registered
	foreign map[*huma.Schema]bool // parts of schemas that games bring
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

	// Examples are made of those of the members. These replace them where a whole tells more than its parts.
	exampleRequest, exampleReply any
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

// A stream is what a handler gives for a connection that is to be held.
type stream struct {
	hold    func(context.Context, *sseConn) // until the connection ends
	release func()                          // in any case, also when the connection never came to be
}

// registerStream adds an operation that answers with server-sent events. The handler may refuse.
func registerStream[I any](rt *routes, op operation, handler func(context.Context, *I) (stream, error)) {
	h := rt.declare(op, false)
	h.Responses["200"] = &huma.Response{
		Description: "A stream of server-sent events.",
		Content:     map[string]*huma.MediaType{"text/event-stream": {Schema: &huma.Schema{Type: huma.TypeString}}},
	}
	huma.Register(rt.api, h, func(ctx context.Context, in *I) (*huma.StreamResponse, error) {
		s, err := handler(ctx, in)
		if err != nil {
			return nil, rt.refuse(ctx, op, err)
		}
		return &huma.StreamResponse{Body: func(hc huma.Context) {
			defer s.release()
			r, w := humago.Unwrap(hc)
			c, err := openSSE(w, r)
			if err != nil {
				logger(ctx).Debug("stream not opened", "error", err.Error())
				return
			}
			s.hold(r.Context(), c)
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
	refused := slices.Concat(op.common(hasBody), op.problems)
	h := huma.Operation{
		OperationID: op.id, Method: method, Path: path,
		Tags: []string{op.tag}, Summary: op.summary, Description: op.about,
		DefaultStatus:   op.status,
		Responses:       rt.refusals(refused),
		Metadata:        map[string]any{refusedKey: refused},
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

// refusedKey is where an operation keeps the names of its problems for the page /docs. It is not part of the document.
const refusedKey = "problems"

func jsonContent(s *huma.Schema) map[string]*huma.MediaType {
	return map[string]*huma.MediaType{jsonMediaType: {Schema: s}}
}

func (rt *routes) addTag(name string) {
	doc := rt.api.OpenAPI()
	known := func(t *huma.Tag) bool { return t.Name == name }
	if !slices.ContainsFunc(doc.Tags, known) {
		doc.Tags = append(doc.Tags, &huma.Tag{Name: name, Description: rt.tags[name]})
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
		names = slices.Compact(names)
		r := answer(http.StatusText(status) + ": " + strings.Join(names, ", ") + ".")
		r.Extensions = map[string]any{"x-problems": names}
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
	rt.exemplify(op, known)
	rt.known = append(rt.known, known)
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
	rt.prepareSchema(s)
	schemas[name] = s
	return &huma.Schema{Ref: schemaPrefix + name}
}

// addType takes a type of ours into the document that no operation refers to.
func addType[T any](rt *routes) {
	rt.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[T](), true, "")
}

// prepareSchema readies s for validation, and remembers that it was built elsewhere. huma's own PrecomputeMessages forgets
// the values of maps, so that a pattern there would never be checked.
func (rt *routes) prepareSchema(s *huma.Schema) {
	if rt.foreign == nil {
		rt.foreign = map[*huma.Schema]bool{}
	}
	rt.foreign[s] = true
	s.PrecomputeMessages()
	values, _ := s.AdditionalProperties.(*huma.Schema)
	for _, part := range slices.Concat([]*huma.Schema{s.Items, s.Not, values}, s.OneOf, s.AnyOf, s.AllOf,
		slices.Collect(maps.Values(s.Properties))) {
		if part != nil {
			rt.prepareSchema(part)
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
