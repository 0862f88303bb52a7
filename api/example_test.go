package api

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
)

type (
	bare struct {
		Body struct {
			Name string `json:"name"`
		} `nameHint:"Bare"`
	}
	plump struct {
		Body struct {
			Name string `json:"name" maxLength:"3" example:"ann"`
			Note string `json:"note,omitempty" example:"likes figs"`
			Age  int    `json:"age,omitempty"`
			When []bool `json:"when"`
		} `nameHint:"Plump"`
	}
)

// An operation without an example, or with one that does not fit, does not get as far as a test of it.
func TestOperationNeedsAnExampleThatFits(t *testing.T) {
	op := func(change func(*operation)) operation {
		op := operation{id: "nameIt", route: "POST /v1/names", tag: "names", summary: "Name it", about: "Names it."}
		change(&op)
		return op
	}
	for name, row := range map[string]struct {
		register func(*routes)
		want     string
	}{
		"none in the request": {func(rt *routes) {
			register(rt, op(func(*operation) {}), func(context.Context, *bare) (*struct{}, error) { return nil, nil })
		}, `nameIt's request has no example: "name": a string needs the tag`},
		"none in the answer": {func(rt *routes) {
			register(rt, op(func(*operation) {}), func(context.Context, *struct{}) (*bare, error) { return nil, nil })
		}, `nameIt's answer has no example: "name": a string needs the tag`},
		"too long": {func(rt *routes) {
			register(rt, op(func(o *operation) { o.exampleRequest = map[string]any{"name": "anna", "when": []bool{}} }),
				func(context.Context, *plump) (*struct{}, error) { return nil, nil })
		}, "the example of nameIt's request does not fit its schema: [expected length <= 3"},
		"unknown member": {func(rt *routes) {
			register(rt, op(func(o *operation) { o.exampleReply = map[string]any{"name": "ann", "when": []bool{}, "named": "ann"} }),
				func(context.Context, *struct{}) (*plump, error) { return nil, nil })
		}, "the example of nameIt's answer does not fit its schema: [unexpected property"},
		"member missing": {func(rt *routes) {
			register(rt, op(func(o *operation) { o.exampleReply = map[string]any{"name": "ann"} }),
				func(context.Context, *struct{}) (*plump, error) { return nil, nil })
		}, "the example of nameIt's answer does not fit its schema: [expected required property when"},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if said := fmt.Sprint(recover()); !strings.Contains(said, row.want) {
					t.Errorf("it says %q, not %q", said, row.want)
				}
			}()
			row.register(&routes{api: newAPI(http.NewServeMux(), apiInfo{Title: "Names", Version: "1", Description: "Names."})})
		})
	}
}

// Members that may be absent are in an example when they have one of their own.
func TestExampleIsMadeOfItsMembers(t *testing.T) {
	rt := &routes{api: newAPI(http.NewServeMux(), apiInfo{Title: "Names", Version: "1", Description: "Names."})}
	register(rt, operation{id: "nameIt", route: "POST /v1/names", tag: "names", summary: "Name it", about: "Names it."},
		func(context.Context, *plump) (*struct{}, error) { return nil, nil })
	example := rt.api.OpenAPI().Paths["/v1/names"].Post.RequestBody.Content[jsonMediaType].Example
	if got := fmt.Sprint(example); got != "map[name:ann note:likes figs when:[false]]" {
		t.Error(got)
	}
}

// An author's first game starts without a tag for examples; only what cannot be made up needs one.
func TestGamesNeedNoExamples(t *testing.T) {
	low, length := 3.0, 2
	of := func(member *huma.Schema) (value string) {
		rt := &routes{api: newAPI(http.NewServeMux(), apiInfo{Title: "Names", Version: "1", Description: "Names."})}
		op := operation{id: "playIt", route: "POST /v1/moves", tag: "moves", summary: "Play it", about: "Plays it."}
		op.request = rt.addSchema("Move", &huma.Schema{
			Type: huma.TypeObject, AdditionalProperties: false, Required: []string{"it"}, Properties: map[string]*huma.Schema{"it": member},
		})
		defer func() {
			if said := recover(); said != nil {
				value = fmt.Sprint(said)
			}
		}()
		register(rt, op, playAny)
		return fmt.Sprint(rt.api.OpenAPI().Paths["/v1/moves"].Post.RequestBody.Content[jsonMediaType].Example)
	}
	for want, member := range map[string]*huma.Schema{
		"map[it:0]":                    {Type: huma.TypeInteger},
		"map[it:3]":                    {Type: huma.TypeInteger, Minimum: &low},
		"map[it:x]":                    {Type: huma.TypeString},
		"map[it:xx]":                   {Type: huma.TypeString, MinLength: &length},
		"map[it:[x]]":                  {Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeString}},
		"it\": a string needs the tag": {Type: huma.TypeString, Pattern: "^[A-H][1-8]$"},
	} {
		if got := of(member); !strings.Contains(got, want) {
			t.Errorf("%s, not %s", got, want)
		}
	}
}
