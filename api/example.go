package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// exampleTime is when the examples of the document happen.
const exampleTime = "2026-03-01T18:30:00Z"

// exemplify gives an operation an example of its request and of its success. What the declaration does not give is put
// together from the examples of the members. It panics when a member has none, or when an example does not fit its schema:
// people copy examples, and generators of mock servers answer with them.
func (rt *routes) exemplify(op operation, known *huma.Operation) {
	if known.RequestBody != nil {
		rt.exampleOf(op.id+"'s request", known.RequestBody.Content[jsonMediaType], op.exampleRequest, huma.ModeWriteToServer)
	}
	for status, response := range known.Responses {
		for media, content := range response.Content {
			if !strings.HasPrefix(status, "2") || media == problemMediaType {
				continue
			}
			rt.exampleOf(op.id+"'s answer", content, op.exampleReply, huma.ModeReadFromServer)
		}
	}
}

func (rt *routes) exampleOf(what string, content *huma.MediaType, given any, mode huma.ValidateMode) {
	value, err := plain(given)
	if given == nil {
		value, err = rt.example(content.Schema)
	}
	if err != nil {
		panic(fmt.Sprintf("api: %s has no example: %v", what, err))
	}
	result := &huma.ValidateResult{}
	huma.Validate(rt.api.OpenAPI().Components.Schemas, content.Schema, huma.NewPathBuffer(nil, 0), mode, value, result)
	if len(result.Errors) > 0 {
		panic(fmt.Sprintf("api: the example of %s does not fit its schema: %v", what, result.Errors))
	}
	content.Example = value
}

// plain is a value as it travels.
func plain(v any) (any, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var decoded any
	err = json.Unmarshal(raw, &decoded)
	return decoded, err
}

// example puts a value together that fits s. Members that may be absent are in it when they have an example of their own.
func (rt *routes) example(s *huma.Schema) (any, error) {
	if s.Ref != "" {
		return rt.example(rt.api.OpenAPI().Components.Schemas.SchemaFromRef(s.Ref))
	}
	switch {
	case len(s.Examples) > 0:
		return plain(s.Examples[0])
	case len(s.Enum) > 0:
		return plain(s.Enum[0])
	case s.Const != nil:
		return plain(s.Const)
	case s.Format == "date-time":
		return exampleTime, nil
	}
	switch s.Type {
	case huma.TypeBoolean:
		return false, nil
	case huma.TypeArray:
		item, err := rt.example(s.Items)
		return []any{item}, err
	case huma.TypeObject:
		return rt.exampleObject(s)
	}
	if value := rt.lent(s); value != nil {
		return value, nil
	}
	return nil, fmt.Errorf("a %s needs the tag `example`", s.Type)
}

// lent is a value for a type that a game brings. An author's first game should start without a tag for examples.
func (rt *routes) lent(s *huma.Schema) any {
	switch {
	case !rt.foreign[s], s.Pattern != "", s.Format != "" && s.Type == huma.TypeString:
		return nil
	case s.Type == huma.TypeString && s.MinLength != nil:
		return strings.Repeat("x", *s.MinLength)
	case s.Type == huma.TypeString:
		return "x"
	case s.Minimum != nil:
		return *s.Minimum
	case s.Maximum != nil:
		return min(0, *s.Maximum)
	}
	return 0.0
}

func (rt *routes) exampleObject(s *huma.Schema) (any, error) {
	object := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		member := s.Properties[name]
		if !slices.Contains(s.Required, name) && len(member.Examples) == 0 {
			continue
		}
		value, err := rt.example(member)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", strconv.Quote(name), err)
		}
		object[name] = value
	}
	return object, nil
}
