package openapi_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"yourturn/openapi"
)

// What generators of clients stumble over, and what people need to understand an operation, in both documents.
func TestDocumentsHaveNoFault(t *testing.T) {
	for _, name := range []string{"openapi.yaml", "openapi-3.0.yaml"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		d := documentOf(t, text)
		if len(members(d.root["paths"])) < 30 {
			t.Errorf("%s has only %d paths", name, len(members(d.root["paths"])))
		}
		for _, fault := range d.faults() {
			t.Errorf("%s: %s", name, fault)
		}
	}
}

// Each row breaks a document without a fault, and names what is found.
func TestFaultsOfADocumentAreNamed(t *testing.T) {
	text, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	type change func(operation, schema map[string]any)
	op := func(name string, value any) change {
		return func(operation, _ map[string]any) { operation[name] = value }
	}
	schema := func(name string, value any) change {
		return func(_, schema map[string]any) { schema[name] = value }
	}
	property := func(value map[string]any) change {
		return func(_, schema map[string]any) { members(schema["properties"])["planted"] = value }
	}
	for name, row := range map[string]struct {
		change change
		want   string
	}{
		"no summary":     {op("summary", ""), "createPlayer has no summary"},
		"no description": {op("description", nil), "createPlayer has no description"},
		"two tags":       {op("tags", []any{"players", "games"}), "createPlayer has 2 tags"},
		"strange tag":    {op("tags", []any{"strange"}), "createPlayer has the tag strange, which is not described"},
		"id taken":       {op("operationId", "getMe"), "getMe is the id of two operations"},
		"no default":     {func(o, _ map[string]any) { delete(members(o["responses"]), "default") }, "createPlayer does not answer default"},
		"no status":      {func(o, _ map[string]any) { delete(members(o["responses"]), "413") }, "createPlayer does not answer 413"},
		"no example": {func(o, _ map[string]any) {
			delete(members(at(o, "requestBody", "content", "application/json")), "example")
		}, "createPlayer has no example of its request"},
		"no example of the answer": {func(o, _ map[string]any) {
			delete(members(at(o, "responses", "201", "content", "application/json")), "example")
		}, "createPlayer has no example of its answer 201"},
		"fraction of a second": {func(o, _ map[string]any) {
			members(at(o, "responses", "201", "content", "application/json"))["example"] = "2026-03-01T18:30:00.5Z"
		}, "createPlayer has a time in its example that is not in whole seconds"},
		"no name": {func(o, _ map[string]any) {
			members(at(o, "responses", "201", "content", "application/json"))["schema"] = map[string]any{"type": "object"}
		}, "createPlayer, answer 201: the schema has no name"},
		"another media type": {func(o, _ map[string]any) {
			members(at(o, "responses", "201", "content"))["text/plain"] = map[string]any{"schema": map[string]any{"type": "string"}}
		}, "createPlayer, answer 201: more than one media type"},
		"problem as JSON": {func(o, _ map[string]any) {
			members(at(o, "responses", "422"))["content"] = map[string]any{"application/json": map[string]any{}}
		}, "createPlayer, answer 422: not a problem"},
		"endless number": {func(o, _ map[string]any) {
			o["parameters"] = []any{map[string]any{"name": "n", "description": "x", "schema": map[string]any{"type": "integer"}}}
		}, "createPlayer, parameter n is a number without an end"},
		"no doc":          {property(map[string]any{"type": "string"}), "NewPlayer.planted has no description"},
		"object inside":   {property(map[string]any{"type": "object", "properties": map[string]any{}, "description": "x"}), "NewPlayer.planted is an object without a name"},
		"union":           {property(map[string]any{"oneOf": []any{}, "description": "x"}), "NewPlayer.planted has oneOf"},
		"nullable":        {property(map[string]any{"type": []any{"string", "null"}, "description": "x"}), "NewPlayer.planted has more than one type"},
		"nullable of 3.0": {property(map[string]any{"type": "string", "nullable": true, "description": "x"}), "NewPlayer.planted has nullable"},
		"constant":        {property(map[string]any{"const": "x", "type": "string", "description": "x"}), "NewPlayer.planted has const"},
		"anything":        {property(map[string]any{"description": "x"}), "NewPlayer.planted has no type"},
		"closed words":    {property(map[string]any{"type": "string", "enum": []any{"a"}, "description": "x"}), "NewPlayer.planted has a closed list of words in an answer"},
		"strange format":  {property(map[string]any{"type": "string", "format": "uuid", "description": "x"}), "NewPlayer.planted has the format uuid"},
		"camel case": {func(_, s map[string]any) {
			members(s["properties"])["plantedHere"] = map[string]any{"type": "string", "description": "x"}
		}, "NewPlayer.plantedHere is not in snake_case"},
		"own $schema": {func(_, s map[string]any) {
			members(s["properties"])["$schema"] = map[string]any{"type": "string", "description": "x"}
		}, "NewPlayer.$schema"},
		"closed answer":     {schema("additionalProperties", false), "NewPlayer is closed, and answers grow"},
		"array without doc": {property(map[string]any{"type": "array", "items": map[string]any{"type": "object", "properties": map[string]any{}}, "description": "x"}), "NewPlayer.planted[] is an object without a name"},
	} {
		t.Run(name, func(t *testing.T) {
			d := documentOf(t, text)
			row.change(members(at(d.root, "paths", "/v1/players", "post")), members(at(d.root, "components", "schemas", "NewPlayer")))
			if found := strings.Join(d.faults(), "\n"); !strings.Contains(found, row.want) {
				t.Errorf("no %q in:\n%s", row.want, found)
			}
		})
	}
}

// document is a document of the API that is looked through for faults.
type document struct {
	root  map[string]any
	found map[string]bool
}

func documentOf(t *testing.T, text []byte) *document {
	t.Helper()
	raw, err := openapi.JSON(text)
	if err != nil {
		t.Fatal(err)
	}
	d := &document{found: map[string]bool{}}
	if err := json.Unmarshal(raw, &d.root); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *document) fault(format string, args ...any) { d.found[fmt.Sprintf(format, args...)] = true }

func (d *document) faults() []string {
	ids := map[string]bool{}
	for path, item := range members(d.root["paths"]) {
		for method, op := range members(item) {
			id, _ := at(op, "operationId").(string)
			if ids[id] {
				d.fault("%s is the id of two operations", id)
			}
			ids[id] = true
			d.operation(id, method, path, members(op))
		}
	}
	answered := d.reachable("responses")
	for name := range d.reachable("requestBody") {
		for property, of := range members(at(d.root, "components", "schemas", name, "properties")) {
			d.counted(name+"."+property, members(of))
		}
	}
	for name, schema := range members(at(d.root, "components", "schemas")) {
		d.schema(name, members(schema), answered[name])
		if answered[name] && at(schema, "additionalProperties") == false {
			d.fault("%s is closed, and answers grow", name)
		}
	}
	return slices.Sorted(maps.Keys(d.found))
}

func (d *document) operation(id, method, path string, op map[string]any) {
	for _, word := range []string{"operationId", "summary", "description"} {
		if text, _ := op[word].(string); text == "" {
			d.fault("%s has no %s", id, word)
		}
	}
	d.tag(id, op)
	body := members(at(op, "requestBody", "content"))
	d.statuses(id, method, path, op, len(body) > 0)
	for media, content := range body {
		if media != "application/json" || len(body) > 1 {
			d.fault("%s takes %s", id, media)
		}
		if at(content, "example") == nil {
			d.fault("%s has no example of its request", id)
		}
		d.named(id+", request", members(at(content, "schema")))
	}
	for status, answer := range members(op["responses"]) {
		d.answer(id, status, members(at(answer, "content")))
	}
	parameters, _ := op["parameters"].([]any)
	for _, p := range parameters {
		name, _ := at(p, "name").(string)
		if at(p, "description") == nil {
			d.fault("%s, parameter %s has no description", id, name)
		}
		d.schema(id+", parameter "+name, members(at(p, "schema")), false)
		d.counted(id+", parameter "+name, members(at(p, "schema")))
	}
}

// counted makes sure that JavaScript can count as far as a request may: to 2^53 - 1.
func (d *document) counted(name string, s map[string]any) {
	largest, bounded := s["maximum"].(float64)
	if s["type"] == "integer" && s["x-extensible-enum"] == nil && (!bounded || largest > 1<<53-1) {
		d.fault("%s is a number without an end that every client can count to", name)
	}
}

func (d *document) tag(id string, op map[string]any) {
	tags, _ := op["tags"].([]any)
	if len(tags) != 1 {
		d.fault("%s has %d tags", id, len(tags))
	}
	all, _ := d.root["tags"].([]any)
	for _, tag := range tags {
		described := func(t any) bool { return at(t, "name") == tag && at(t, "description") != nil }
		if !slices.ContainsFunc(all, described) {
			d.fault("%s has the tag %s, which is not described", id, tag)
		}
	}
}

// statuses are those that an operation can always answer with, because of what it is. A new one breaks clients.
func (d *document) statuses(id, method, path string, op map[string]any, hasBody bool) {
	wanted := []string{"422", "429", "500", "503", "default"}
	if security, own := op["security"].([]any); !own || len(security) > 0 {
		wanted = append(wanted, "401")
	}
	if strings.Contains(path, "{") {
		wanted = append(wanted, "404")
	}
	if hasBody {
		wanted = append(wanted, "400", "408", "413", "415")
	}
	success := 0
	for status := range members(op["responses"]) {
		if strings.HasPrefix(status, "2") {
			success++
		}
	}
	if success != 1 {
		d.fault("%s has %d kinds of success", id, success)
	}
	for _, status := range wanted {
		if at(op, "responses", status) == nil {
			d.fault("%s does not answer %s", id, status)
		}
	}
}

var fraction = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+|[^Z."\\])`)

func (d *document) answer(id, status string, content map[string]any) {
	what := id + ", answer " + status
	if len(content) > 1 {
		d.fault("%s: more than one media type", what)
	}
	for media, c := range content {
		if !strings.HasPrefix(status, "2") {
			if media != "application/problem+json" || at(c, "schema", "$ref") != "#/components/schemas/Problem" {
				d.fault("%s: not a problem", what)
			}
			continue
		}
		example := at(c, "example")
		if example == nil {
			d.fault("%s has no example of its answer %s", id, status)
		}
		if raw, err := json.Marshal(example); err == nil && fraction.Match(raw) {
			d.fault("%s has a time in its example that is not in whole seconds", id)
		}
		if media != "text/event-stream" {
			d.named(what, members(at(c, "schema")))
		}
	}
	if status == "default" && len(content) == 0 {
		d.fault("%s: not a problem", what)
	}
}

// named is what a body must have: a generator that has to make a name up makes another one next time.
func (d *document) named(what string, schema map[string]any) {
	if schema["$ref"] == nil {
		d.fault("%s: the schema has no name", what)
	}
}

// shaky are words that generators read differently, or not at all.
var shaky = []string{
	"oneOf", "anyOf", "allOf", "not", "nullable", "const", "discriminator", "patternProperties", "prefixItems",
	"exclusiveMinimum", "exclusiveMaximum", "contentEncoding", "patternDescription", "if", "unevaluatedProperties",
}

var (
	formats = []any{nil, "date-time", "int32", "int64", "double"}
	snake   = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	// Browsers name it so: it comes from PushSubscription.toJSON.
	foreign = []string{"SubscriptionToPush.expirationTime"}
)

func (d *document) schema(name string, s map[string]any, answered bool) {
	if s["$ref"] != nil {
		return
	}
	for _, word := range shaky {
		if _, has := s[word]; has {
			d.fault("%s has %s", name, word)
		}
	}
	switch s["type"].(type) {
	case nil:
		d.fault("%s has no type", name)
	case []any:
		d.fault("%s has more than one type", name)
	}
	if s["enum"] != nil && answered {
		d.fault("%s has a closed list of words in an answer", name)
	}
	if !slices.Contains(formats, s["format"]) {
		d.fault("%s has the format %v", name, s["format"])
	}
	for property, of := range members(s["properties"]) {
		d.property(name+"."+property, property, members(of), answered)
	}
	if items := members(s["items"]); items != nil {
		d.inner(name+"[]", items, answered)
	}
	if values := members(s["additionalProperties"]); values != nil {
		d.inner(name+".*", values, answered)
	}
}

func (d *document) property(name, property string, s map[string]any, answered bool) {
	if !snake.MatchString(property) && !slices.Contains(foreign, name) {
		d.fault("%s is not in snake_case", name)
	}
	// In 3.0 nothing may stand beside a reference.
	if s["description"] == nil && (s["$ref"] == nil || strings.HasPrefix(fmt.Sprint(d.root["openapi"]), "3.1")) {
		d.fault("%s has no description", name)
	}
	d.inner(name, s, answered)
}

func (d *document) inner(name string, s map[string]any, answered bool) {
	if s["properties"] != nil {
		d.fault("%s is an object without a name", name)
	}
	d.schema(name, s, answered)
}

// reachable names the schemas that can be part of a request or of an answer.
func (d *document) reachable(part string) map[string]bool {
	seen := map[string]bool{}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, item := range v {
				walk(item)
			}
		case map[string]any:
			ref, _ := v["$ref"].(string)
			if name := strings.TrimPrefix(ref, "#/components/schemas/"); ref != "" && !seen[name] {
				seen[name] = true
				walk(at(d.root, "components", "schemas", name))
			}
			for key, inner := range v {
				if key != "example" && key != "examples" {
					walk(inner)
				}
			}
		}
	}
	for _, item := range members(d.root["paths"]) {
		for _, op := range members(item) {
			walk(at(op, part))
		}
	}
	return seen
}

func members(v any) map[string]any {
	o, _ := v.(map[string]any)
	return o
}

func at(v any, names ...string) any {
	for _, name := range names {
		v = members(v)[name]
	}
	return v
}
