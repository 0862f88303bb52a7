package api

import (
	"net/http"
	"strings"
)

// router finds the handler of a request, and the pattern it was registered under; no pattern means no handler.
type router interface {
	http.Handler
	HandleFunc(pattern string, handler func(http.ResponseWriter, *http.Request))
	Handler(r *http.Request) (h http.Handler, pattern string)
}

// mux is two ServeMuxes, the one asked before the other. A single one refuses to hold /v1/sessions/by-code/{join_code}
// beside /v1/sessions/{session_id}/events: /v1/sessions/by-code/events would fit both. Here what is literal wins.
type mux struct{ first, rest *http.ServeMux }

func newMux() mux { return mux{http.NewServeMux(), http.NewServeMux()} }

func (m mux) HandleFunc(pattern string, handler func(http.ResponseWriter, *http.Request)) {
	if strings.Contains(pattern, "/by-code/") {
		m.first.HandleFunc(pattern, handler)
		return
	}
	m.rest.HandleFunc(pattern, handler)
}

func (m mux) Handler(r *http.Request) (http.Handler, string) {
	if h, pattern := m.first.Handler(r); pattern != "" {
		return h, pattern
	}
	return m.rest.Handler(r)
}

func (m mux) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if _, pattern := m.first.Handler(r); pattern != "" {
		m.first.ServeHTTP(w, r)
		return
	}
	m.rest.ServeHTTP(w, r)
}
