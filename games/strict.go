package games

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/danielgtaylor/huma/v2"
	strict "github.com/go-json-experiment/json"
)

// Strict is the same game, which refuses to go on when its rules change what they were given, or show a view that
// does not fit its own schema. The first does no harm while states come from JSON each time, and spoils a bot's thinking;
// the second is found by the strictest of the generated clients. The laws play strict games; it costs too much for others.
func (g *erased[C, S, M, V]) Strict() Game {
	checked := *g
	checked.strict = true
	return &checked
}

// step takes a step of the rules, and makes sure in a strict game that they left the state alone.
func (g *erased[C, S, M, V]) step(given any, rule func() (Step[S], error)) (after Step[json.RawMessage], err error) {
	err = g.pure(given, func() (err error) {
		after, err = erase(rule())
		return err
	})
	return after, err
}

func (g *erased[C, S, M, V]) pure(given any, rule func() error) error {
	if !g.strict {
		return rule()
	}
	before, err := json.Marshal(given)
	if err != nil {
		return err
	}
	failed := rule()
	after, err := json.Marshal(given)
	if err != nil {
		return err
	}
	if !bytes.Equal(before, after) {
		return fmt.Errorf("not pure: the rules have changed what they were given, from %s to %s", before, after)
	}
	return failed
}

// fits says what a value of the shape lacks to be valid by its own schema.
func (s shape[T]) fits(raw json.RawMessage) error {
	var loose any
	if err := strict.Unmarshal(raw, &loose); err != nil {
		return err
	}
	var result huma.ValidateResult
	huma.Validate(s.registry, s.schema, huma.NewPathBuffer(nil, 0), huma.ModeReadFromServer, loose, &result)
	if len(result.Errors) > 0 {
		return fmt.Errorf("%s does not fit the schema %s: %w", raw, s.name, errors.Join(result.Errors...))
	}
	return nil
}

// misfit finds what the compiler cannot: a method that is named like an optional rule and is none, because its
// parameters differ, and a member of the state that JSON would lose.
func misfit[C, S, M, V any](rules Rules[C, S, M, V]) string {
	_, configures := rules.(Configurer[C])
	_, lists := rules.(LegalMover[S, M])
	_, timesOut := rules.(Timeouter[S])
	_, leaves := rules.(Leaver[S])
	_, steps := rules.(Stepper[S])
	_, joins := rules.(Joiner[S])
	_, migrates := rules.(Migrator[S])
	_, imagines := rules.(Imaginer[S, V])
	_, moves := rules.(BotMover[M, V])
	t := reflect.TypeOf(rules)
	for _, rule := range []struct {
		name string
		is   bool
	}{
		{"Configure", configures}, {"LegalMoves", lists}, {"Timeout", timesOut}, {"Leave", leaves}, {"Next", steps},
		{"Join", joins}, {"Migrate", migrates}, {"Imagine", imagines}, {"BotMove", moves},
	} {
		if _, has := t.MethodByName(rule.name); has && !rule.is {
			return fmt.Sprintf("the method %s has not the parameters and results that optional.go wants", rule.name)
		}
	}
	if lost := unexported(reflect.TypeFor[S](), nil); lost != "" {
		return fmt.Sprintf("JSON would lose the unexported member %s of the state", lost)
	}
	return ""
}

// Types that spell themselves are their own business.
var spellers = []reflect.Type{reflect.TypeFor[json.Marshaler](), reflect.TypeFor[encoding.TextMarshaler]()}

func spells(t reflect.Type) bool {
	return slices.ContainsFunc(spellers, func(speller reflect.Type) bool {
		return t.Implements(speller) || reflect.PointerTo(t).Implements(speller)
	})
}

// unexported finds a member that encoding/json passes over without a word.
func unexported(t reflect.Type, seen []reflect.Type) string {
	if slices.Contains(seen, t) || spells(t) {
		return ""
	}
	seen = append(seen, t)
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return unexported(t.Elem(), seen)
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			if !f.IsExported() && !f.Anonymous {
				return t.Name() + "." + f.Name
			}
			if lost := unexported(f.Type, seen); lost != "" {
				return lost
			}
		}
	}
	return ""
}
