// Package api is Yourturn's HTTP face: decode, one call, encode. No rules and no SQL.
//
// What a player can do stands in players.go, games.go, tickets.go, sessions.go and feed.go; what they see of a session in
// session.go. [New] in server.go puts it together.
//
// The wire is settled once, because a framework's defaults are not a contract. operation.go says how operations are
// declared ([register]), json.go how bodies are read, huma.go how the framework is set up, problem.go what a refusal
// looks like, middleware.go what every request passes through, limits.go how often somebody may ask, sse.go how a stream
// is held, etag.go how conditions are compared, and openapi.go how all of it becomes a schema.
package api

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

const (
	jsonMediaType = "application/json"
	schemaPrefix  = "#/components/schemas/"

	maxBody     = 64 << 10        // the largest view and move fit many times
	bodyTimeout = 5 * time.Second // 64 KiB in 5 s is slower than any phone that can play
	opTimeout   = 10 * time.Second
)

type apiInfo struct{ Title, Version, Description string }

// newAPI makes a huma API on mux that promises nothing by accident: no routes, headers, fields or formats beyond those
// that are declared.
func newAPI(mux router, info apiInfo) huma.API {
	setHuma()
	format := huma.Format{
		Marshal:   func(w io.Writer, v any) error { return marshalTo(w, v) },
		Unmarshal: unmarshalStrict,
	}
	config := huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info:    &huma.Info{Title: info.Title, Version: info.Version, Description: info.Description},
			Servers: []*huma.Server{{URL: "/", Description: "The server that this document comes from."}},
			Components: &huma.Components{
				Schemas:         huma.NewMapRegistry(schemaPrefix, schemaName),
				SecuritySchemes: map[string]*huma.SecurityScheme{"bearer": {Type: "http", Scheme: "bearer"}},
			},
			Security: []map[string][]string{{"bearer": {}}},
		},
		// The key "json" is missed out on purpose: huma would answer "Accept: json" with "Content-Type: json".
		Formats:                      map[string]huma.Format{jsonMediaType: format, problemMediaType: format},
		DefaultFormat:                jsonMediaType,
		RejectUnknownQueryParameters: true, // H7
		Transformers:                 []huma.Transformer{stampProblem},
		CreateHooks:                  nil, // the default hook adds $schema and Link, made from the Host header
	}
	return jsonAPI{API: humago.New(mux, config), config: config}
}

// setHuma sets huma's package variables. huma knows no other way; they are the same for every API of this process, and
// are set before the first one exists because two at once (tests, `yourturn openapi` beside a server) would race.
var setHuma = sync.OnceFunc(func() {
	huma.ValidateStrictCasing = true  // H1: {"action": "move", "Action": "evil"}
	huma.DefaultArrayNullable = false // generated clients would make every list a pointer
	huma.ErrorFormatter = formatMessage
	// Both are needed: huma's own shorthands call NewError and never see a context.
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		if status == 0 {
			return &Problem{} // huma asks for an example, to learn the type
		}
		return humaProblem(context.Background(), status, message, errs)
	}
	huma.NewErrorWithContext = func(ctx huma.Context, status int, message string, errs ...error) huma.StatusError {
		return humaProblem(ctx.Context(), status, message, errs)
	}
})

// jsonAPI answers JSON whatever a client says it accepts. huma's negotiation knows no */* and takes any format's key for
// a media type, so that "Accept: application/problem+json" would rename a success.
type jsonAPI struct {
	huma.API
	config huma.Config
}

func (a jsonAPI) Negotiate(string) (string, error) { return jsonMediaType, nil }

// Config is how huma finds the configuration of an API that it did not make itself.
func (a jsonAPI) Config() huma.Config { return a.config }
