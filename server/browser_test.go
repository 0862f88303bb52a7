package server_test

import (
	"net/http"
	"path/filepath"
	"testing"

	"yourturn/openapi"
	"yourturn/server/servertest"
)

// A page of any origin may import the client, whatever origins may call the API; browsers ask each time whether theirs is
// still the server's.
func TestBrowserClientIsServed(t *testing.T) {
	url := servertest.Local(t, "sqlite:"+filepath.Join(t.TempDir(), "game.db"), servertest.Options{})
	page := &servertest.App{URL: url, Requests: servertest.Client()}
	for name, mediaType := range map[string]string{
		"client.js":   "text/javascript; charset=utf-8",
		"client.d.ts": "application/typescript; charset=utf-8",
		"schema.d.ts": "application/typescript; charset=utf-8",
	} {
		t.Run(name, func(t *testing.T) {
			want, err := openapi.Browser.ReadFile("typescript/" + name)
			if err != nil {
				t.Fatal(err)
			}
			got := page.Must(t, http.StatusOK, "GET", "/"+name, nil, "Origin", "https://elsewhere.example")
			if string(got.Body) != string(want) {
				t.Errorf("%d bytes, want the %d of the file", len(got.Body), len(want))
			}
			for header, want := range map[string]string{
				"Content-Type": mediaType, "Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin",
				"X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache",
			} {
				if got := got.Header.Get(header); got != want {
					t.Errorf("%s: %q, want %q", header, got, want)
				}
			}
			tag := got.Header.Get("ETag")
			again := page.Must(t, http.StatusNotModified, "GET", "/"+name, nil, "If-None-Match", tag, "Origin", "https://elsewhere.example")
			if again.Header.Get("Access-Control-Allow-Origin") != "*" {
				t.Error("a page of another origin may not use what it has kept")
			}
			page.Must(t, http.StatusOK, "GET", "/"+name, nil, "If-None-Match", `"of another build"`)
		})
	}
	calls := page.Must(t, http.StatusOK, "GET", "/v1/server", nil, "Origin", "https://elsewhere.example")
	if calls.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("whoever may import the client may call the API")
	}
}
