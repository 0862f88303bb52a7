package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/yaml"
)

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
	eachRootSchema(doc, func(s map[string]any) {
		eachSchema(s, func(s map[string]any) {
			delete(s, "patternDescription") // huma's own word, for its messages
			repair(s)
		})
	})
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
// from a closed response break on the first field that we add; and makes its lists of words open ones, because they break
// on the first word that we add, as a new kind of move among the legal ones. A schema used in both directions is open in the
// document; requests are validated against huma's own copy, which stays closed.
func openResponses(doc map[string]any) {
	components, _ := doc["components"].(map[string]any)
	named, _ := components["schemas"].(map[string]any)
	seen := map[string]bool{}
	var open func(map[string]any)
	open = func(s map[string]any) {
		if s["additionalProperties"] == false {
			delete(s, "additionalProperties")
		}
		if words, ok := s["enum"]; ok {
			s["x-extensible-enum"] = words
			delete(s, "enum")
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
	for _, key := range []string{"const", "examples", "dependentRequired", "propertyNames"} {
		delete(s, key)
	}
}
