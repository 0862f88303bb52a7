package servertest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/yaml"

	"yourturn/openapi"
)

// Document is the schema that a server publishes, read as a generator of clients reads it: nothing is known but what it
// says.
type Document struct {
	operations map[string]Operation // by method and path
	schemas    huma.Registry
}

// Operation is one operation of the API.
type Operation struct {
	ID       string
	document *Document
	request  *huma.Schema         // nil: it takes no body
	replies  map[int]*huma.Schema // by status; nil: without a body
}

const schemaPrefix = "#/components/schemas/"

// ReadDocument reads the schema of a server.
func ReadDocument(tb testing.TB, url string) *Document {
	tb.Helper()
	nobody := &App{URL: url, Requests: Client()}
	text := nobody.Must(tb, http.StatusOK, "GET", "/openapi.yaml", nil).Body
	raw, err := openapi.JSON(text)
	if err != nil {
		tb.Fatalf("openapi.yaml: %v", err)
	}
	var again bytes.Buffer
	if err := yaml.Convert(&again, bytes.NewReader(raw)); err != nil || !bytes.Equal(again.Bytes(), text) {
		tb.Fatalf("openapi.yaml was not read as it stands there: %v", err)
	}
	var document struct {
		OpenAPI    string                                 `json:"openapi"`
		Paths      map[string]map[string]writtenOperation `json:"paths"`
		Components struct {
			Schemas map[string]map[string]any `json:"schemas"`
		} `json:"components"`
	}
	if err := json.Unmarshal(raw, &document); err != nil {
		tb.Fatal(err)
	}
	if !strings.HasPrefix(document.OpenAPI, "3.1.") {
		tb.Fatalf("openapi.yaml is of version %q", document.OpenAPI)
	}
	d := &Document{operations: map[string]Operation{}, schemas: huma.NewMapRegistry(schemaPrefix, huma.DefaultSchemaNamer)}
	reader := schemaReader{known: document.Components.Schemas, prefix: schemaPrefix}
	for _, name := range slices.Sorted(maps.Keys(document.Components.Schemas)) {
		d.schemas.Map()[name] = reader.read(tb, name, document.Components.Schemas[name])
	}
	for path, methods := range document.Paths {
		for method, o := range methods {
			d.operations[strings.ToUpper(method)+" "+path] = o.read(tb, d, reader)
		}
	}
	return d
}

// Operation finds an operation: "GET /v1/sessions/{session_id}". It fails the test when there is none.
func (d *Document) Operation(tb testing.TB, route string) Operation {
	tb.Helper()
	o, ok := d.operations[route]
	if !ok {
		tb.Fatalf("the schema has no operation %s", route)
	}
	return o
}

// CheckRequest makes sure that a body is one that the schema allows.
func (o Operation) CheckRequest(tb testing.TB, body any) {
	tb.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		tb.Fatal(err)
	}
	if o.request == nil {
		tb.Fatalf("%s takes no body", o.ID)
	}
	checkValue(tb, o.ID+" is asked", o.document.schemas, o.request, huma.ModeWriteToServer, raw)
}

// CheckReply makes sure that an answer is as the schema promises, and has nothing that the schema does not know.
func (o Operation) CheckReply(tb testing.TB, answer Answer) {
	tb.Helper()
	schema, ok := o.replies[answer.Status]
	switch {
	case !ok:
		tb.Fatalf("%s answers %d, which the schema does not tell of: %s", o.ID, answer.Status, answer.Body)
	case schema == nil && len(answer.Body) > 0:
		tb.Fatalf("%s answers with a body that the schema does not tell of: %s", o.ID, answer.Body)
	case schema != nil:
		checkValue(tb, o.ID+" answers", o.document.schemas, schema, huma.ModeReadFromServer, answer.Body)
	}
}

// Standalone is a schema that carries what it refers to with it, as getGame has them.
type Standalone struct {
	root *huma.Schema
	defs huma.Registry
}

// ReadStandalone reads such a schema.
func ReadStandalone(tb testing.TB, raw json.RawMessage) Standalone {
	tb.Helper()
	var root map[string]any
	if err := json.Unmarshal(raw, &root); err != nil {
		tb.Fatal(err)
	}
	s := Standalone{defs: huma.NewMapRegistry("#/$defs/", huma.DefaultSchemaNamer)}
	reader := schemaReader{known: map[string]map[string]any{}, prefix: "#/$defs/"}
	defs, _ := root["$defs"].(map[string]any)
	for name, def := range defs {
		reader.known[name], _ = def.(map[string]any)
	}
	for name, def := range reader.known {
		s.defs.Map()[name] = reader.read(tb, name, def)
	}
	delete(root, "$defs")
	delete(root, "$schema")
	s.root = reader.read(tb, "schema", root)
	return s
}

// Check makes sure that a value is one that the schema allows.
func (s Standalone) Check(tb testing.TB, what string, raw json.RawMessage) {
	tb.Helper()
	checkValue(tb, what, s.defs, s.root, huma.ModeReadFromServer, raw)
}

func checkValue(tb testing.TB, what string, schemas huma.Registry, schema *huma.Schema, mode huma.ValidateMode, raw json.RawMessage) {
	tb.Helper()
	var value any
	if err := json.Unmarshal(raw, &value); err != nil {
		tb.Fatalf("%s: %v in %s", what, err, raw)
	}
	if at := null(value); at != "" {
		tb.Errorf("%s with null at %s, and an absent member is omitted: %s", what, at, raw)
	}
	result := &huma.ValidateResult{}
	huma.Validate(schemas, schema, huma.NewPathBuffer(nil, 0), mode, value, result)
	if len(result.Errors) > 0 {
		tb.Errorf("%s against its schema: %v in %s", what, result.Errors, raw)
	}
}

// null is where a value has one.
func null(value any) (at string) {
	switch value := value.(type) {
	case nil:
		return "."
	case []any:
		for i, item := range value {
			if inner := null(item); inner != "" {
				return fmt.Sprintf("[%d]%s", i, inner)
			}
		}
	case map[string]any:
		for name, item := range value {
			if inner := null(item); inner != "" {
				return "." + name + inner
			}
		}
	}
	return ""
}

// writtenOperation is an operation as it is written down.
type writtenOperation struct {
	OperationID string                 `json:"operationId"`
	RequestBody *writtenBody           `json:"requestBody"`
	Responses   map[string]writtenBody `json:"responses"`
}

type writtenBody struct {
	Content map[string]struct {
		Schema map[string]any `json:"schema"`
	} `json:"content"`
}

func (o writtenOperation) read(tb testing.TB, d *Document, reader schemaReader) Operation {
	tb.Helper()
	made := Operation{ID: o.OperationID, document: d, replies: map[int]*huma.Schema{}}
	if o.RequestBody != nil {
		made.request = o.RequestBody.read(tb, o.OperationID, reader)
	}
	for status, body := range o.Responses {
		number := 0
		if _, err := fmt.Sscan(status, &number); err != nil {
			continue // default
		}
		made.replies[number] = body.read(tb, o.OperationID, reader)
	}
	return made
}

func (b writtenBody) read(tb testing.TB, what string, reader schemaReader) *huma.Schema {
	tb.Helper()
	for _, content := range b.Content {
		if content.Schema != nil {
			return reader.read(tb, what, content.Schema)
		}
	}
	return nil
}

// schemaReader makes schemas that can be checked of schemas as they are written. It knows every word that is used, and
// refuses others: what a check passed over would be a promise that nobody keeps.
type schemaReader struct {
	known  map[string]map[string]any
	prefix string
}

func (r schemaReader) read(tb testing.TB, what string, written map[string]any) *huma.Schema {
	tb.Helper()
	s := &huma.Schema{}
	for word, value := range written {
		if !r.take(tb, what, s, word, value) {
			tb.Fatalf("the schema of %s has %s: %v, which is not known here", what, word, value)
		}
	}
	if len(s.Properties) > 0 && s.AdditionalProperties == nil {
		s.AdditionalProperties = false // open for what will come: today there is nothing else
	}
	s.PrecomputeMessages()
	return s
}

func (r schemaReader) take(tb testing.TB, what string, s *huma.Schema, word string, value any) bool {
	tb.Helper()
	text, isText := value.(string)
	number, isNumber := value.(float64)
	whole := int(number)
	switch word {
	case "description", "example", "examples", "title", "default", "patternDescription", "deprecated":
		return true // for people
	case "type":
		s.Type = text
		return isText
	case "format":
		s.Format = text
		return isText
	case "pattern":
		s.Pattern = text
		return isText
	case "$ref":
		s.Ref = text
		_, ok := r.known[strings.TrimPrefix(text, r.prefix)]
		return ok && strings.HasPrefix(text, r.prefix)
	case "minimum":
		s.Minimum = &number
		return isNumber
	case "maximum":
		s.Maximum = &number
		return isNumber
	case "minLength":
		s.MinLength = &whole
		return isNumber
	case "maxLength":
		s.MaxLength = &whole
		return isNumber
	case "minItems":
		s.MinItems = &whole
		return isNumber
	case "maxItems":
		s.MaxItems = &whole
		return isNumber
	case "enum", "x-extensible-enum": // the latter is open for what will come, too
		s.Enum, _ = value.([]any)
		return len(s.Enum) > 0
	case "required":
		names, _ := value.([]any)
		for _, name := range names {
			s.Required = append(s.Required, fmt.Sprint(name))
		}
		return true
	case "items":
		inner, ok := value.(map[string]any)
		if ok {
			s.Items = r.read(tb, what, inner)
		}
		return ok
	case "additionalProperties":
		s.AdditionalProperties = value
		if inner, ok := value.(map[string]any); ok {
			s.AdditionalProperties = r.read(tb, what, inner)
		}
		return true
	case "properties":
		members, ok := value.(map[string]any)
		s.Properties = map[string]*huma.Schema{}
		for name, member := range members {
			inner, isObject := member.(map[string]any)
			if ok = ok && isObject; ok {
				s.Properties[name] = r.read(tb, what+"."+name, inner)
			}
		}
		return ok
	}
	return false
}
