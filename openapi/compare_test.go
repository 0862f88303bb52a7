package openapi_test

import (
	"os"
	"strings"
	"testing"

	"yourturn/openapi"
)

// shop is a document with one of each: an operation of players and a public one, parameters, a body, answers, headers.
const shop = `openapi: 3.1.0
servers:
  - url: /
security:
  - bearer: []
paths:
  /v1/things:
    get:
      operationId: listThings
      tags:
        - things
      parameters:
        - in: query
          name: limit
          schema:
            default: 20
            maximum: 100
            minimum: 1
            type: integer
        - in: query
          name: kind
          schema:
            enum:
              - big
              - small
            type: string
      responses:
        "200":
          content:
            application/json:
              schema:
                $ref: "#/components/schemas/ThingList"
          headers:
            ETag:
              schema:
                type: string
        default:
          content:
            application/problem+json:
              schema:
                $ref: "#/components/schemas/Problem"
      security: []
    post:
      operationId: createThing
      tags:
        - things
      parameters: []
      requestBody:
        required: true
        content:
          application/json:
            schema:
              $ref: "#/components/schemas/ThingRequest"
      responses:
        "201":
          content:
            application/json:
              schema:
                $ref: "#/components/schemas/Thing"
        "204": {}
        "409":
          content:
            application/problem+json:
              schema:
                $ref: "#/components/schemas/Problem"
          x-problems:
            - sold-out
            - too-late
        default:
          content:
            application/problem+json:
              schema:
                $ref: "#/components/schemas/Problem"
components:
  schemas:
    Problem:
      properties:
        type:
          type: string
      required:
        - type
      type: object
    ThingRequest:
      additionalProperties: false
      properties:
        at:
          format: date-time
          type: string
        name:
          maxLength: 20
          minLength: 1
          pattern: ^[a-z]*$
          type: string
        note:
          type: string
        parts:
          items:
            $ref: "#/components/schemas/Part"
          maxItems: 5
          type: array
      required:
        - name
      type: object
    Part:
      additionalProperties: false
      properties:
        size:
          type: integer
      type: object
    Thing:
      properties:
        count:
          format: int64
          type: integer
        inner:
          $ref: "#/components/schemas/Thing"
        labels:
          additionalProperties:
            type: string
          type: object
        name:
          type: string
        state:
          enum:
            - on
            - off
          type: string
      required:
        - name
        - count
      type: object
    ThingList:
      properties:
        items:
          items:
            $ref: "#/components/schemas/Thing"
          type: array
      type: object
  securitySchemes:
    bearer:
      scheme: bearer
      type: http
`

// Each row turns the shop into a newer one by replacing a text, and says what that breaks.
func TestCompareFindsEachKindOfBreak(t *testing.T) {
	in := func(lines ...string) string { return strings.Join(lines, "\n") }
	for name, row := range map[string]struct{ old, new, want string }{
		"operation gone":       {"    post:\n", "    put:\n", "POST /v1/things: createThing is gone"},
		"path gone":            {"  /v1/things:\n", "  /v1/stuff:\n", "GET /v1/things: listThings is gone"},
		"operation renamed":    {"operationId: createThing", "operationId: makeThing", "POST /v1/things: operationId was createThing and is makeThing"},
		"tag changed":          {"operationId: createThing\n      tags:\n        - things", "operationId: createThing\n      tags:\n        - stuff", `POST /v1/things: its tag was "things" and is "stuff"`},
		"parameter gone":       {"name: kind", "name: sort", "GET /v1/things, query parameter kind: it is gone"},
		"parameter moved":      {"- in: query\n          name: kind", "- in: header\n          name: kind", "GET /v1/things, query parameter kind: it is gone"},
		"parameter required":   {"name: kind\n", "name: kind\n          required: true\n", "query parameter kind: it was optional and is required"},
		"new required one":     {"parameters: []", in("parameters:", "        - in: query", "          name: shop", "          required: true", "          schema:", "            type: string"), "query parameter shop: it is new and required"},
		"parameter restyled":   {"name: kind\n", "name: kind\n          explode: false\n", "explode was nothing and is false"},
		"default changed":      {"default: 20", "default: 50", "query parameter limit: its default was 20 and is 50"},
		"maximum lowered":      {"maximum: 100", "maximum: 50", "query parameter limit: maximum was 100 and is 50"},
		"minimum raised":       {"minimum: 1\n", "minimum: 2\n", "query parameter limit: minimum was 1 and is 2"},
		"word of request gone": {"              - big\n", "", `query parameter kind: ["big"] are not allowed any more`},
		"extensible word gone": {"        size:\n          type: integer\n", "        size:\n          type: integer\n          x-extensible-enum:\n            - 1\n", "schema Part.size in requests: only [1] are allowed now"},
		"words of request":     {"        note:\n", "        note:\n          enum:\n            - short\n", `schema ThingRequest.note in requests: only ["short"] are allowed now`},
		"max length lowered":   {"maxLength: 20", "maxLength: 19", "schema ThingRequest.name in requests: maxLength was 20 and is 19"},
		"max length added":     {"        note:\n", "        note:\n          maxLength: 9\n", "schema ThingRequest.note in requests: maxLength was nothing and is 9"},
		"min length raised":    {"minLength: 1", "minLength: 2", "schema ThingRequest.name in requests: minLength was 1 and is 2"},
		"max items lowered":    {"maxItems: 5", "maxItems: 4", "schema ThingRequest.parts in requests: maxItems was 5 and is 4"},
		"pattern changed":      {"^[a-z]*$", "^[a-y]*$", "schema ThingRequest.name in requests: pattern was"},
		"request field gone":   {"        note:\n", "        notes:\n", "schema ThingRequest.note in requests: it is gone"},
		"new required field":   {"      required:\n        - name\n      type: object\n    Part", "      required:\n        - name\n        - note\n      type: object\n    Part", "schema ThingRequest.note in requests: it was optional and is required"},
		"brand-new required":   {"          maxItems: 5\n          type: array\n      required:\n", "          maxItems: 5\n          type: array\n        size:\n          type: integer\n      required:\n        - size\n", "schema ThingRequest.size in requests: it is new and required"},
		"request retyped":      {"        note:\n          type: string", "        note:\n          type: integer", "schema ThingRequest.note in requests: its type was string and is integer"},
		"request re-formatted": {"format: date-time", "format: date", `schema ThingRequest.at in requests: its format was "date-time" and is "date"`},
		"deep in a request":    {"        size:\n          type: integer", "        size:\n          type: string", "schema Part.size in requests: its type was integer and is string"},
		"closed to others":     {"    Thing:\n", "    Thing:\n      additionalProperties:\n        type: string\n", "schema Thing in answers: what it may hold beside its own members was nothing"},
		"body gone":            {"      requestBody:\n        required: true\n", "      x-body:\n        required: true\n", "POST /v1/things, request: it has no body any more"},
		"body now needed":      {"operationId: listThings\n", "operationId: listThings\n      requestBody:\n        required: true\n        content: {}\n", "GET /v1/things, request: it needs a body"},
		"media type gone":      {"          application/json:\n            schema:\n              $ref: \"#/components/schemas/ThingRequest", "          text/json:\n            schema:\n              $ref: \"#/components/schemas/ThingRequest", "POST /v1/things, request: application/json is not accepted any more"},
		"status gone":          {`        "204": {}` + "\n", "", "POST /v1/things, answer 204: it is gone"},
		"status new":           {`        "204": {}` + "\n", `        "204": {}` + "\n" + `        "202": {}` + "\n", "POST /v1/things, answer 202: it is new"},
		"answer's media type":  {"            application/json:\n              schema:\n                $ref: \"#/components/schemas/Thing\"", "            text/csv:\n              schema:\n                $ref: \"#/components/schemas/Thing\"", "POST /v1/things, answer 201: text/csv is new"},
		"header gone":          {"            ETag:\n", "            Tag:\n", "GET /v1/things, answer 200: the header ETag is gone"},
		"header retyped":       {"            ETag:\n              schema:\n                type: string", "            ETag:\n              schema:\n                type: integer", "GET /v1/things, answer 200, header ETag: its type was string and is integer"},
		"problem renamed":      {"            - sold-out\n", "            - gone\n", "POST /v1/things, answer 409: the problem sold-out is gone"},
		"answer's field gone":  {"        count:\n", "        number:\n", "schema Thing.count in answers: it is gone"},
		"answer's field loose": {"      required:\n        - name\n        - count\n", "      required:\n        - name\n", "schema Thing.count in answers: it was always there and may be missing now"},
		"answer re-formatted":  {"format: int64", "format: int32", `schema Thing.count in answers: its format was "int64" and is "int32"`},
		"answer may be null":   {"        state:\n          enum:\n            - on\n            - off\n          type: string", "        state:\n          enum:\n            - on\n            - off\n          type:\n            - string\n            - \"null\"", "schema Thing.state in answers: it may be null now"},
		"closed list grows":    {"            - off\n", "            - off\n            - dim\n", `schema Thing.state in answers: ["dim"] are new in a closed list`},
		"closed list opened":   {"          enum:\n            - on\n            - off\n", "", "schema Thing.state in answers: it was one of"},
		"values of a map":      {"          additionalProperties:\n            type: string\n", "          additionalProperties:\n            type: integer\n", "schema Thing.labels.* in answers: its type was string and is integer"},
		"schema renamed":       {"    Part:\n", "    Piece:\n", "schema Part: it is gone or renamed"},
		"another schema":       {`                $ref: "#/components/schemas/Thing"` + "\n        \"204\"", `                $ref: "#/components/schemas/ThingList"` + "\n        \"204\"", "POST /v1/things, answer 201: its type was Thing and is ThingList"},
		"schema inlined":       {`                $ref: "#/components/schemas/Thing"` + "\n        \"204\"", "                type: object\n        \"204\"", "POST /v1/things, answer 201: its type had the name Thing and has none"},
		"token now needed":     {"      security: []\n", "", "GET /v1/things: clients without a token were let in"},
		"scope now needed":     {"security:\n  - bearer: []\n", "security:\n  - bearer:\n      - admin\n", "POST /v1/things: clients that sign in with bearer were let in"},
		"scheme gone":          {"    bearer:\n      scheme", "    basic:\n      scheme", "security scheme bearer: it is gone"},
		"scheme changed":       {"      scheme: bearer\n", "      scheme: basic\n", `security scheme bearer: scheme was "bearer" and is "basic"`},
		"server moved":         {"- url: /", "- url: /api", "servers: / is gone"},
		"unknown word":         {"        note:\n", "        note:\n          contentEncoding: base64\n", "this check cannot tell"},
	} {
		t.Run(name, func(t *testing.T) {
			if strings.Count(shop, row.old) != 1 {
				t.Fatalf("%d places of the shop have %q", strings.Count(shop, row.old), row.old)
			}
			found := compare(t, shop, strings.Replace(shop, row.old, row.new, 1))
			if !strings.Contains(found, row.want) {
				t.Errorf("no %q in:\n%s", row.want, found)
			}
		})
	}
}

func TestCompareLetsADocumentGrow(t *testing.T) {
	grown := strings.NewReplacer(
		"paths:\n", "paths:\n  /v1/stuff:\n    get:\n      operationId: listStuff\n      responses: {}\n",
		"        - in: query\n          name: kind\n", "        - in: query\n          name: sort\n          schema:\n            type: string\n        - in: query\n          name: kind\n",
		"              - big\n", "              - big\n              - huge\n",
		"maximum: 100", "maximum: 200",
		"minimum: 1\n", "minimum: 0\n",
		"maxLength: 20", "maxLength: 40",
		"minLength: 1\n", "minLength: 0\n",
		"          maxItems: 5\n", "",
		"          pattern: ^[a-z]*$\n", "",
		"        note:\n", "        hue:\n          type: string\n        note:\n",
		"        count:\n", "        colour:\n          type: string\n        count:\n          description: How many.\n",
		"        - name\n        - count\n", "        - name\n        - count\n        - state\n",
		"            ETag:\n", "            Date:\n              schema:\n                type: string\n            ETag:\n",
		"            - off\n", "",
		"    Part:\n", "    Extra:\n      type: object\n    Part:\n",
		"security:\n  - bearer: []\n", "security:\n  - bearer: []\n  - basic: []\n",
		"    bearer:\n", "    basic:\n      scheme: basic\n      type: http\n    bearer:\n",
	).Replace(shop)
	if found := compare(t, shop, grown); found != "" {
		t.Errorf("breaks:\n%s", found)
	}
	if strings.Count(grown, "\n") < strings.Count(shop, "\n")+10 {
		t.Error("the shop has hardly grown: a replacement did not fit")
	}
}

func TestCompareReadsJSONToo(t *testing.T) {
	raw, err := openapi.JSON([]byte(shop))
	if err != nil {
		t.Fatal(err)
	}
	if found := compare(t, shop, string(raw)); found != "" {
		t.Errorf("the same document differs from itself:\n%s", found)
	}
	for _, nonsense := range []string{"", "{", "[]", "{}", "openapi: 3.1.0\n", "openapi: [3.1.0]\n", "\t- a\n"} {
		if _, err := openapi.Compare([]byte(shop), []byte(nonsense)); err == nil {
			t.Errorf("%q is taken for a document", nonsense)
		}
	}
}

// released.yaml moves forward with a release: see CONTRIBUTING.md.
func TestSchemaKeepsFaithWithReleasedClients(t *testing.T) {
	var documents [2][]byte
	for i, name := range []string{"released.yaml", "openapi.yaml"} {
		var err error
		if documents[i], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	found, err := openapi.Compare(documents[0], documents[1])
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range found {
		t.Error(b)
	}
}

// The document for older generators is a translation: what was made for one of the two goes on working with the other.
func TestBothDocumentsSayTheSame(t *testing.T) {
	newer, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	older, err := os.ReadFile("openapi-3.0.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if found := compare(t, string(newer), string(older)); found != "" {
		t.Error(found)
	}
}

func compare(t *testing.T, older, newer string) string {
	t.Helper()
	breaks, err := openapi.Compare([]byte(older), []byte(newer))
	if err != nil {
		t.Fatal(err)
	}
	var lines strings.Builder
	for _, b := range breaks {
		lines.WriteString(b.String() + "\n")
	}
	return lines.String()
}
