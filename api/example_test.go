package api

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
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
			register(rt, op(func(o *operation) { o.exampleReply = map[string]any{"name": "ann", "when": []bool{}, "nmae": "ann"} }),
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
