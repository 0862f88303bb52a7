package games

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	strict "github.com/go-json-experiment/json"
)

// shape is one of a game's types with its JSON schema, and the only way from a client's bytes to a value of it.
type shape[T any] struct {
	name     string
	schema   *huma.Schema
	registry huma.Registry
}

func newShape[T any](registry huma.Registry, hint string) shape[T] {
	t := reflect.TypeFor[T]()
	schema := registry.Schema(t, true, hint)
	return shape[T]{name: strings.TrimPrefix(schema.Ref, "#/components/schemas/"), schema: schema, registry: registry}
}

// parse checks against the schema first, because its messages name the place, and then decodes with encoding/json's
// strict successor: member names match exactly, and neither an unknown nor a repeated one passes.
func (s shape[T]) parse(raw json.RawMessage) (value T, err error) {
	var loose any
	if err := strict.Unmarshal(raw, &loose); err != nil {
		return value, &Invalid{Issues: []Issue{{Message: "is not JSON, or names a member twice"}}}
	}
	loose = withoutNulls(loose)
	var result huma.ValidateResult
	huma.Validate(s.registry, s.schema, huma.NewPathBuffer(nil, 0), huma.ModeWriteToServer, loose, &result)
	if len(result.Errors) > 0 {
		return value, &Invalid{Issues: issues(result.Errors)}
	}
	if err := strict.Unmarshal(raw, &value, strict.RejectUnknownMembers(true)); err != nil {
		return value, &Invalid{Issues: []Issue{{Message: "does not fit its schema: a member is unknown or of the wrong type"}}}
	}
	return value, nil
}

// issues keeps where and why, and drops the offending value, which may be anybody's secret.
func issues(errs []error) []Issue {
	found := make([]Issue, 0, len(errs))
	for _, err := range errs {
		var detail *huma.ErrorDetail
		if errors.As(err, &detail) {
			found = append(found, Issue{Location: detail.Location, Message: detail.Message})
			continue
		}
		found = append(found, Issue{Message: err.Error()})
	}
	return found
}

// withoutNulls drops null members: in this API null means absent.
func withoutNulls(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for name, member := range v {
			if member == nil {
				delete(v, name)
				continue
			}
			v[name] = withoutNulls(member)
		}
	case []any:
		for i := range v {
			v[i] = withoutNulls(v[i])
		}
	}
	return value
}
