package games

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	strict "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
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
	if schema.Ref == "" {
		panic(fmt.Sprintf("games: the %s is a %s: only a struct can grow", hint, t))
	}
	for _, s := range registry.Map() {
		prepare(s)
	}
	return shape[T]{name: strings.TrimPrefix(schema.Ref, "#/components/schemas/"), schema: schema, registry: registry}
}

// prepare undoes two of huma's defaults: lists that may be null, which means nothing in this API, and map values whose
// bounds are never looked at.
func prepare(s *huma.Schema) {
	if s == nil {
		return
	}
	if s.Type == huma.TypeArray {
		s.Nullable = false
	}
	s.PrecomputeMessages()
	prepare(s.Items)
	for _, property := range s.Properties {
		prepare(property)
	}
	if values, ok := s.AdditionalProperties.(*huma.Schema); ok {
		prepare(values)
	}
}

// parse checks against the schema first, because its messages name the place, and then decodes with encoding/json's
// strict successor: member names match exactly, and neither an unknown nor a repeated one passes.
func (s shape[T]) parse(raw json.RawMessage) (value T, err error) {
	var loose any
	if raw, err = withoutNulls(raw); err == nil {
		err = strict.Unmarshal(raw, &loose)
	}
	if err != nil {
		return value, &Invalid{Issues: []Issue{{Message: "is not JSON, or names a member twice"}}}
	}
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

// issues keeps where and why, and drops the offending value, which may be anybody's secret. Some of huma's messages
// end with it, behind a colon.
func issues(errs []error) []Issue {
	found := make([]Issue, 0, len(errs))
	for _, err := range errs {
		issue := Issue{Message: err.Error()}
		var detail *huma.ErrorDetail
		if errors.As(err, &detail) {
			issue = Issue{Location: detail.Location, Message: detail.Message}
		}
		issue.Message, _, _ = strings.Cut(issue.Message, ": ")
		found = append(found, issue)
	}
	return found
}

// withoutNulls drops members that are null, at any depth: in this API null means absent.
func withoutNulls(raw []byte) ([]byte, error) {
	var kept bytes.Buffer
	in, out := jsontext.NewDecoder(bytes.NewReader(raw)), jsontext.NewEncoder(&kept)
	for {
		token, err := in.ReadToken()
		if errors.Is(err, io.EOF) {
			return kept.Bytes(), nil
		}
		if err != nil {
			return nil, err
		}
		token = token.Clone() // the look ahead would overwrite it
		// Inside an object, null can only follow a name.
		if within, _ := in.StackIndex(in.StackDepth()); within == '{' && in.PeekKind() == 'n' {
			if err := in.SkipValue(); err != nil {
				return nil, err
			}
			continue
		}
		if err := out.WriteToken(token); err != nil {
			return nil, err
		}
	}
}
