package openapi

import (
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
)

// direction is the way in which a schema travels.
type direction string

const (
	asked    direction = "requests" // written by clients of any age, read by the newer server
	answered direction = "answers"  // written by the newer server, read by clients of any age
)

// schema compares what stands at one place of both documents. Named schemas are compared once for each direction, under
// their own name.
func (c *comparison) schema(place string, way direction, before, after any) {
	old, new := members(before), members(after)
	if old == nil && new == nil {
		return
	}
	was, is := schemaName(old), schemaName(new)
	switch {
	case was != "" && was == is:
		if visit := (visit{was, is, way}); !c.seen[visit] {
			c.seen[visit] = true
			c.shape("schema "+was, way, resolve(c.old, old), resolve(c.new, new))
		}
		return
	case was != "" && is != "":
		c.breaks(place, "its type was %s and is %s: code that names the type no longer compiles", was, is)
	case was != "":
		c.breaks(place, "its type had the name %s and has none: code that names the type no longer compiles", was)
	case is != "":
		c.breaks(place, "its type had no name and is called %s: code that names the generated type no longer compiles", is)
	}
	visit := visit{was, is, way}
	if was != "" && is != "" && c.seen[visit] {
		return
	}
	c.seen[visit] = true
	c.shape(place, way, resolve(c.old, old), resolve(c.new, new))
}

// travelling says which way a named schema goes. The other places say it themselves.
func travelling(place string, way direction) string {
	if strings.HasPrefix(place, "schema ") {
		return place + " in " + string(way)
	}
	return place
}

func schemaName(s object) string {
	return strings.TrimPrefix(text(s["$ref"]), "#/components/schemas/")
}

// judged are the words of a schema that shape looks at, and those that no client depends on.
var judged = []string{
	"$ref", "type", "nullable", "format", "properties", "required", "items", "additionalProperties", "enum", "const", "default",
	"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "minItems", "maxItems",
	"minProperties", "maxProperties", "pattern", "multipleOf", "uniqueItems",
	"title", "description", "example", "examples", "deprecated", "externalDocs",
}

// shape compares two schemas that stand for the same thing.
func (c *comparison) shape(place string, way direction, old, new object) {
	where := travelling(place, way)
	if !c.sameType(where, way, old, new) {
		return
	}
	if before, after := text(old["format"]), text(new["format"]); before != after {
		c.breaks(where, "its format was %s and is %s: clients read and write the old one", shown(old["format"]), shown(new["format"]))
	}
	c.words(where, way, old, new)
	if way == asked {
		c.bounds(where, old, new)
	}
	c.properties(place, way, old, new)
	if old["items"] != nil || new["items"] != nil {
		c.schema(place+"[]", way, old["items"], new["items"])
	}
	c.others(place, where, way, old, new)
	for _, word := range slices.Sorted(maps.Keys(both(old, new))) {
		if slices.Contains(judged, word) || strings.HasPrefix(word, "x-") || reflect.DeepEqual(old[word], new[word]) {
			continue
		}
		c.breaks(where, "%s was %s and is %s, and this check cannot tell what that means to clients", word, shown(old[word]), shown(new[word]))
	}
}

// sameType reports whether it makes sense to look further.
func (c *comparison) sameType(where string, way direction, old, new object) bool {
	before, nullBefore := typeOf(old)
	after, nullAfter := typeOf(new)
	if before != after {
		c.breaks(where, "its type was %s and is %s: clients read and write the old one", before, after)
		return false
	}
	if way == answered && nullAfter && !nullBefore {
		c.breaks(where, "it may be null now: clients that never met null fail")
	}
	if way == asked && nullBefore && !nullAfter {
		c.breaks(where, "it may not be null any more: clients that send null are refused")
	}
	return true
}

// typeOf is the type of a schema as either version of OpenAPI writes it, and whether null is allowed beside it.
func typeOf(s object) (name string, null bool) {
	null = s["nullable"] == true
	var names []string
	for _, t := range list(s["type"]) {
		if t == "null" {
			null = true
			continue
		}
		names = append(names, text(t))
	}
	if t := text(s["type"]); t != "" {
		names = append(names, t)
	}
	if names == nil {
		return "anything", null
	}
	slices.Sort(names)
	return strings.Join(names, " or "), null
}

// words compares the lists of the values that are allowed.
func (c *comparison) words(where string, way direction, old, new object) {
	was, is := wordsOf(old, way), wordsOf(new, way)
	switch {
	case was == nil && is == nil:
	case was == nil && way == asked:
		c.breaks(where, "only %s are allowed now: clients that send something else are refused", shown(is))
	case is == nil && way == answered:
		c.breaks(where, "it was one of %s and may be anything: clients with a closed list of them fail", shown(was))
	case was == nil, is == nil:
	case way == asked && !containsAll(is, was):
		c.breaks(where, "%s are not allowed any more: clients that send one are refused", shown(without(was, is)))
	case way == answered && !containsAll(was, is):
		c.breaks(where, "%s are new in a closed list: clients generated from the older document fail on them", shown(without(is, was)))
	}
	if way == asked && !reflect.DeepEqual(old["default"], new["default"]) {
		c.breaks(where, "its default was %s and is %s: clients that leave it out get something else", shown(old["default"]), shown(new["default"]))
	}
}

// wordsOf lists what is allowed. An extensible list binds requests alone: clients of answers are told that it grows.
func wordsOf(s object, way direction) []any {
	if value, ok := s["const"]; ok {
		return []any{value}
	}
	if words := list(s["x-extensible-enum"]); way == asked && words != nil {
		return words
	}
	return list(s["enum"])
}

func without(l, taken []any) (rest []any) {
	for _, v := range l {
		if !contains(taken, v) {
			rest = append(rest, v)
		}
	}
	return rest
}

// bounds compares what a request is held to.
func (c *comparison) bounds(where string, old, new object) {
	for _, word := range []string{"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"} {
		if number(new[word], math.Inf(1)) < number(old[word], math.Inf(1)) {
			c.breaks(where, "%s was %s and is %s: clients that send more are refused", word, shown(old[word]), shown(new[word]))
		}
	}
	for _, word := range []string{"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"} {
		if number(new[word], math.Inf(-1)) > number(old[word], math.Inf(-1)) {
			c.breaks(where, "%s was %s and is %s: clients that send less are refused", word, shown(old[word]), shown(new[word]))
		}
	}
	for _, word := range []string{"pattern", "multipleOf", "uniqueItems"} {
		if new[word] != nil && new[word] != false && new[word] != old[word] {
			c.breaks(where, "%s was %s and is %s: clients may send what it does not fit", word, shown(old[word]), shown(new[word]))
		}
	}
}

func number(v any, absent float64) float64 {
	if n, ok := v.(float64); ok {
		return n
	}
	return absent
}

func (c *comparison) properties(place string, way direction, old, new object) {
	was, is := members(old["properties"]), members(new["properties"])
	mustBefore, mustNow := list(old["required"]), list(new["required"])
	for name := range both(was, is) {
		at := place + "." + name
		where := travelling(at, way)
		before, after := contains(mustBefore, name), contains(mustNow, name)
		switch {
		case is[name] == nil && way == asked:
			c.breaks(where, "it is gone: clients that send it are refused")
		case is[name] == nil:
			c.breaks(where, "it is gone: clients that read it find nothing")
		case was[name] == nil && way == asked && after:
			c.breaks(where, "it is new and required: clients that do not know it are refused")
		case was[name] == nil && way == answered && old["additionalProperties"] == false:
			c.breaks(where, "it is new where nothing else was allowed: clients generated from the older document fail on it")
		case was[name] == nil:
		case way == asked && after && !before:
			c.breaks(where, "it was optional and is required: clients that leave it out are refused")
		case way == answered && before && !after:
			c.breaks(where, "it was always there and may be missing now: clients that rely on it fail")
		}
		if was[name] != nil && is[name] != nil {
			c.schema(at, way, was[name], is[name])
		}
	}
}

// others compares what may stand in an object beside the members that have names.
func (c *comparison) others(place, where string, way direction, old, new object) {
	before, after := old["additionalProperties"], new["additionalProperties"]
	_, valuesBefore := before.(object)
	_, valuesNow := after.(object)
	closedBefore, closedNow := before == false, after == false
	switch {
	case valuesBefore && valuesNow:
		c.schema(place+".*", way, before, after)
	case valuesBefore != valuesNow:
		c.breaks(where, "what it may hold beside its own members was %s and is %s: clients have another type for it", shown(before), shown(after))
	case way == asked && closedNow && !closedBefore:
		c.breaks(where, "members of other names are not allowed any more: clients that send one are refused")
	case way == answered && closedBefore && !closedNow:
		c.breaks(where, "members of other names may come now: clients generated from the older document fail on them")
	}
}

func both(a, b object) map[string]bool {
	names := map[string]bool{}
	for _, o := range []object{a, b} {
		for name := range o {
			names[name] = true
		}
	}
	return names
}
