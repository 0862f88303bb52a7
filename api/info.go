package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"yourturn/games"
	"yourturn/matchmaking"
	"yourturn/notify"
)

// Server is what a client can know before it signs in.
type Server struct {
	Name          string    `json:"name" doc:"The name of this server, for people." example:"Yourturn"`
	ServerVersion string    `json:"server_version" doc:"The build that answers." example:"1.0.0"`
	APIVersion    int       `json:"api_version" doc:"Grows only if something had to go. It never had to." example:"1"`
	ServerTime    time.Time `json:"server_time" doc:"Measure countdowns against this clock, not the device's."`
	Channels      []Channel `json:"channels" doc:"The push channels that are set up."`
	Features      []string  `json:"features" doc:"What this server can do beyond the first version of the API." example:"[]"`
	Limits        Limits    `json:"limits" doc:"What this server allows."`

	IdentityProviders []IdentityProvider `json:"identity_providers" doc:"Whose word this server takes for who somebody is; see putIdentity."`
}

// Channel is a way to push.
type Channel struct {
	Channel        string `json:"channel" doc:"apns, fcm or webpush." example:"fcm"`
	VAPIDPublicKey string `json:"vapid_public_key,omitempty" doc:"For webpush: the applicationServerKey to subscribe with."`
}

// IdentityProvider vouches for people.
type IdentityProvider struct {
	Provider string `json:"provider" doc:"Its name at this server." example:"apple"`
	Issuer   string `json:"issuer" doc:"The issuer of its id tokens." example:"https://appleid.apple.com"`
}

// Limits are what a server allows.
type Limits struct {
	BodyBytes        int `json:"body_bytes" doc:"Bytes in a request's body." example:"65536"`
	OpenTickets      int `json:"open_tickets" doc:"Tickets of one player that may wait at a time." example:"20"`
	Streams          int `json:"streams" doc:"Streams of one login at a time." example:"5"`
	MinTurnSeconds   int `json:"min_turn_seconds" doc:"The shortest turn." example:"5"`
	MaxTurnSeconds   int `json:"max_turn_seconds" doc:"The longest turn." example:"2592000"`
	WaitSeconds      int `json:"wait_seconds" doc:"The longest long-poll." example:"30"`
	FeedDays         int `json:"feed_days" doc:"Days that a message of the feed is kept." example:"30"`
	PageItems        int `json:"page_items" doc:"Items on one page of a list." example:"100"`
	DisplayNameChars int `json:"display_name_characters" doc:"Characters in a display name." example:"32"`
}

func (s *server) serverOperations(rt *routes) {
	type reply struct{ Body Server }
	register(rt, operation{
		id: "getServer", route: "GET /v1/server", tag: "server", access: byAnyone,
		summary: "What this server is",
		about:   "Its clock, its push channels and its limits. Needs no token.",
	}, func(context.Context, *struct{}) (*reply, error) {
		return &reply{Server{
			Name: s.Name, ServerVersion: s.Version, APIVersion: apiVersion, ServerTime: seconds(s.Now()),
			Channels: append([]Channel{}, s.Channels...), Features: []string{},
			IdentityProviders: s.identityProviders(),
			Limits: Limits{
				BodyBytes: maxBody, OpenTickets: matchmaking.MaxOpen, Streams: notify.MaxStreams,
				MinTurnSeconds: games.MinTurnSeconds, MaxTurnSeconds: games.MaxTurnSeconds, WaitSeconds: maxWait,
				FeedDays: int(s.Feed.Retention.Hours() / 24), PageItems: maxItems, DisplayNameChars: maxNameChars,
			},
		}}, nil
	})
}

// plainRoutes are what is not part of the API: health, metrics, the schema itself and its page for people.
func (s *server) plainRoutes(mux router, a *API, docs http.Handler) {
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) { writeState(w, nil, nil) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 3*time.Second)
		defer cancel()
		troubles, notes := s.Ready(ctx)
		writeState(w, troubles, notes)
	})
	if s.Metrics != nil {
		mux.HandleFunc("GET /metrics", promhttp.HandlerFor(s.Metrics, promhttp.HandlerOpts{}).ServeHTTP)
	}
	mux.HandleFunc("GET /docs", docs.ServeHTTP)
	for path, document := range map[string][]byte{"/openapi.yaml": a.OpenAPI31, "/openapi-3.0.yaml": a.OpenAPI30} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/yaml")
			_, _ = w.Write(document) // a client that has gone needs no answer
		})
	}
}

// writeState answers a health check.
func writeState(w http.ResponseWriter, troubles, notes []string) {
	state := struct {
		Status   string   `json:"status"`
		Troubles []string `json:"troubles,omitempty"`
		Notes    []string `json:"notes,omitempty"`
	}{"ok", troubles, notes}
	w.Header().Set("Content-Type", jsonMediaType)
	if len(troubles) > 0 {
		state.Status = "not ready"
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(state) // a probe that has gone needs no answer
}
