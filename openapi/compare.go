// Package openapi keeps the schema of the API, and the promise made with it: what a client was built against goes on
// working.
//
// openapi.yaml (OpenAPI 3.1) and openapi-3.0.yaml are what `yourturn openapi` writes of the operations in api/. released.yaml
// is the schema of the last release. [Compare] finds what in a newer document breaks clients of an older one, and a test
// holds openapi.yaml against released.yaml. The clients in the folders beside are generated from the two documents.
package openapi

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Problems is the word in a document under which an answer names the problems that it may be: apps decide by these names.
const Problems = "x-problems"

// A Break is one way in which a newer document fails clients that were made for an older one.
type Break struct {
	Place string // "POST /v1/tickets", "schema Session.turn in answers"
	Why   string // what changed, and who suffers
}

func (b Break) String() string { return b.Place + ": " + b.Why }

// Compare finds what in a newer document breaks clients that were made for the older one: their calls are refused, they
// cannot read an answer, or their code does not compile with what a generator makes of the newer document. Both are YAML
// as `yourturn openapi` writes it, or JSON. Additions that a client need not know of are none.
//
// What a request may be must not shrink, and what an answer may be must not grow: so each schema is looked at in the
// directions in which it travels.
func Compare(older, newer []byte) ([]Break, error) {
	c := comparison{seen: map[visit]bool{}, found: map[Break]bool{}}
	var err error
	if c.old, err = readDocument(older); err != nil {
		return nil, fmt.Errorf("the older document: %w", err)
	}
	if c.new, err = readDocument(newer); err != nil {
		return nil, fmt.Errorf("the newer document: %w", err)
	}
	c.servers()
	c.securitySchemes()
	c.names()
	c.paths()
	return slices.SortedFunc(maps.Keys(c.found), func(a, b Break) int {
		return strings.Compare(a.String(), b.String())
	}), nil
}

// object is a JSON object.
type object = map[string]any

// comparison is one pair of documents, and what has been found so far.
type comparison struct {
	old, new object
	seen     map[visit]bool // named schemas that have been compared, so that one which holds itself comes to an end
	found    map[Break]bool
}

type visit struct {
	old, new string
	way      direction
}

func (c *comparison) breaks(place, format string, args ...any) {
	c.found[Break{place, fmt.Sprintf(format, args...)}] = true
}

func readDocument(text []byte) (object, error) {
	raw := json.RawMessage(text)
	if !json.Valid(text) {
		var err error
		if raw, err = JSON(text); err != nil {
			return nil, err
		}
	}
	var document object
	if err := json.Unmarshal(raw, &document); err != nil {
		return nil, fmt.Errorf("not a document: %w", err)
	}
	if document["openapi"] == nil || document["paths"] == nil {
		return nil, fmt.Errorf("not an OpenAPI document: it lacks openapi or paths")
	}
	return document, nil
}

// ---- the document ----

func (c *comparison) servers() {
	now := serversOf(c.new)
	for _, url := range serversOf(c.old) {
		if !slices.Contains(now, url) {
			c.breaks("servers", "%s is gone: clients that were built with it call the wrong place", url)
		}
	}
}

func serversOf(document object) (urls []string) {
	for _, s := range list(document["servers"]) {
		urls = append(urls, text(at(s, "url")))
	}
	if urls == nil {
		return []string{"/"} // as OpenAPI has it
	}
	return urls
}

func (c *comparison) securitySchemes() {
	now := members(at(c.new, "components", "securitySchemes"))
	for name, scheme := range members(at(c.old, "components", "securitySchemes")) {
		place := "security scheme " + name
		if now[name] == nil {
			c.breaks(place, "it is gone: code that names it no longer compiles")
			continue
		}
		for _, word := range []string{"type", "scheme", "in", "name"} {
			if before, after := text(at(scheme, word)), text(at(now[name], word)); before != after {
				c.breaks(place, "%s was %q and is %q: clients send their tokens the old way", word, before, after)
			}
		}
	}
}

// names finds the schemas that are gone, as a renamed one is.
func (c *comparison) names() {
	now := members(at(c.new, "components", "schemas"))
	for name := range members(at(c.old, "components", "schemas")) {
		if now[name] == nil {
			c.breaks("schema "+name, "it is gone or renamed: code that uses the type of this name no longer compiles")
		}
	}
}

// ---- operations ----

func (c *comparison) paths() {
	now := members(c.new["paths"])
	for path, item := range members(c.old["paths"]) {
		for _, method := range []string{"get", "put", "post", "delete", "options", "head", "patch", "trace"} {
			before, existed := members(item)[method].(object)
			if !existed {
				continue
			}
			place := strings.ToUpper(method) + " " + path
			after, exists := members(now[path])[method].(object)
			if !exists {
				c.breaks(place, "%s is gone: clients that call it are refused", text(before["operationId"]))
				continue
			}
			o := operation{c, place, before, after, members(item)["parameters"], members(now[path])["parameters"]}
			o.compare()
		}
	}
}

// operation is one that both documents have.
type operation struct {
	*comparison
	place                string
	before, after        object
	sharedOld, sharedNew any // parameters that stand on the path
}

func (o operation) compare() {
	if before, after := text(o.before["operationId"]), text(o.after["operationId"]); before != after {
		o.breaks(o.place, "operationId was %s and is %s: code that calls the generated function no longer compiles", before, after)
	}
	if before, after := firstTag(o.before), firstTag(o.after); before != after {
		o.breaks(o.place, "its tag was %q and is %q: generators put the function into another class", before, after)
	}
	o.security()
	o.parameters()
	o.body()
	o.responses()
}

func firstTag(op object) string {
	for _, tag := range list(op["tags"]) {
		return text(tag)
	}
	return ""
}

// security finds a way in that was open and is not any more.
func (o operation) security() {
	ways := func(op, document object) []object {
		var found []object
		if _, own := op["security"]; !own {
			op = document
		}
		for _, way := range list(op["security"]) {
			found = append(found, members(way))
		}
		if len(found) == 0 {
			return []object{{}} // for everybody
		}
		return found
	}
	now := ways(o.after, o.new)
	for _, before := range ways(o.before, o.old) {
		stillOpen := func(after object) bool {
			for scheme, scopes := range after {
				if had, ok := before[scheme]; !ok || !containsAll(list(had), list(scopes)) {
					return false
				}
			}
			return true
		}
		if slices.ContainsFunc(now, stillOpen) {
			continue
		}
		who := "clients without a token"
		if len(before) > 0 {
			who = "clients that sign in with " + strings.Join(slices.Sorted(maps.Keys(before)), " and ")
		}
		o.breaks(o.place, "%s were let in and are not any more", who)
	}
}

func (o operation) parameters() {
	type key struct{ in, name string }
	collect := func(document object, lists ...any) map[key]object {
		found := map[key]object{}
		for _, l := range lists {
			for _, p := range list(l) {
				p := resolve(document, p)
				found[key{text(p["in"]), text(p["name"])}] = p
			}
		}
		return found
	}
	was := collect(o.old, o.sharedOld, o.before["parameters"])
	is := collect(o.new, o.sharedNew, o.after["parameters"])
	for k, before := range was {
		place := fmt.Sprintf("%s, %s parameter %s", o.place, k.in, k.name)
		after, exists := is[k]
		if !exists {
			o.breaks(place, "it is gone: clients that send it are refused, and code that names it no longer compiles")
			continue
		}
		if after["required"] == true && before["required"] != true {
			o.breaks(place, "it was optional and is required: clients that leave it out are refused")
		}
		for _, word := range []string{"style", "explode", "allowReserved"} {
			if !reflect.DeepEqual(before[word], after[word]) {
				o.breaks(place, "%s was %v and is %v: clients write it the old way", word, shown(before[word]), shown(after[word]))
			}
		}
		o.schema(place, asked, before["schema"], after["schema"])
	}
	for k, after := range is {
		if _, existed := was[k]; !existed && after["required"] == true {
			o.breaks(fmt.Sprintf("%s, %s parameter %s", o.place, k.in, k.name), "it is new and required: clients that do not know it are refused")
		}
	}
}

func (o operation) body() {
	before, after := resolve(o.old, o.before["requestBody"]), resolve(o.new, o.after["requestBody"])
	place := o.place + ", request"
	switch {
	case before == nil && after == nil:
		return
	case after == nil:
		o.breaks(place, "it has no body any more: code that gives one no longer compiles")
		return
	case before == nil && after["required"] == true:
		o.breaks(place, "it needs a body: clients that send none are refused")
		return
	case before == nil:
		return
	case after["required"] == true && before["required"] != true:
		o.breaks(place, "the body was optional and is required: clients that send none are refused")
	}
	now := members(after["content"])
	for media, content := range members(before["content"]) {
		if now[media] == nil {
			o.breaks(place, "%s is not accepted any more: clients that send it are refused", media)
			continue
		}
		o.schema(place, asked, at(content, "schema"), at(now[media], "schema"))
	}
}

func (o operation) responses() {
	was, is := members(o.before["responses"]), members(o.after["responses"])
	for status, before := range was {
		place := o.place + ", answer " + status
		if is[status] == nil {
			o.breaks(place, "it is gone: clients that wait for it do not know what comes instead")
			continue
		}
		o.answer(place, resolve(o.old, before), resolve(o.new, is[status]))
	}
	for status := range is {
		if was[status] == nil {
			o.breaks(o.place+", answer "+status, "it is new: clients generated from the older document, as Swift's, do not know it and fail")
		}
	}
}

func (o operation) answer(place string, before, after object) {
	for name, header := range members(before["headers"]) {
		is, exists := members(after["headers"])[name]
		if !exists {
			o.breaks(place, "the header %s is gone: clients that read it find nothing", name)
			continue
		}
		o.schema(place+", header "+name, answered, at(header, "schema"), at(is, "schema"))
	}
	for _, name := range without(list(before[Problems]), list(after[Problems])) {
		o.breaks(place, "the problem %s is gone: clients that know what to do about it do not meet it here any more", name)
	}
	was, is := members(before["content"]), members(after["content"])
	for media, content := range was {
		if is[media] == nil {
			o.breaks(place, "%s is gone: clients that read it cannot read the answer", media)
			continue
		}
		o.schema(place, answered, at(content, "schema"), at(is[media], "schema"))
	}
	for media := range is {
		if was[media] == nil {
			o.breaks(place, "%s is new: clients generated from the older document cannot read it", media)
		}
	}
}

// ---- reading a document ----

// at is the member at the end of the names, or nil.
func at(v any, names ...string) any {
	for _, name := range names {
		v = members(v)[name]
	}
	return v
}

func members(v any) object {
	o, _ := v.(object)
	return o
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

// resolve follows a reference to its target.
func resolve(document object, v any) object {
	o := members(v)
	ref, isRef := strings.CutPrefix(text(o["$ref"]), "#/")
	if !isRef {
		return o
	}
	return members(at(document, strings.Split(ref, "/")...))
}

// contains also knows objects and lists, on which == would panic.
func contains(l []any, wanted any) bool {
	return slices.ContainsFunc(l, func(v any) bool { return reflect.DeepEqual(v, wanted) })
}

func containsAll(l, wanted []any) bool {
	return !slices.ContainsFunc(wanted, func(w any) bool { return !contains(l, w) })
}

// shown is a value for people.
func shown(v any) string {
	if v == nil {
		return "nothing"
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(raw)
}
