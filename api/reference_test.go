package api

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
)

// referencePageOf is the page /docs as a browser gets it, with an encoding or without.
func referencePageOf(t *testing.T, face *API, encoding string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest("GET", "/docs", nil)
	r.Header.Set("Accept-Encoding", encoding)
	w := httptest.NewRecorder()
	face.ServeHTTP(w, r)
	if w.Code != 200 || w.Header().Get("Content-Type") != "text/html; charset=utf-8" {
		t.Fatalf("%d %v", w.Code, w.Header())
	}
	return w
}

func TestReferenceTellsOfEverything(t *testing.T) {
	face, err := New(Config{Version: "1.2.3"})
	if err != nil {
		t.Fatal(err)
	}
	page := referencePageOf(t, face, "").Body.String()
	operations := regexp.MustCompile(`operationId: (\w+)`).FindAllSubmatch(face.OpenAPI31, -1)
	if len(operations) < 30 {
		t.Errorf("only %d operations", len(operations))
	}
	for _, o := range operations {
		if strings.Count(page, `<article id="`+string(o[1])+`">`) != 1 {
			t.Errorf("%s is not on the page, or more than once", o[1])
		}
	}
	for _, r := range problemsInOrder() {
		if !strings.Contains(page, `id="problem-`+strings.TrimSuffix(r.name, "-*")+`"`) {
			t.Errorf("the problem %s is not on the page", r.name)
		}
	}
	for _, name := range []string{"StreamHello", "StreamReset", "StreamBye"} {
		if !strings.Contains(page, `id="type-`+name+`"`) {
			t.Errorf("the type %s is not on the page", name)
		}
	}
	if strings.Contains(page, "getTestClock") {
		t.Error("the page tells of the test clock")
	}
}

func TestReferenceLinksLeadSomewhere(t *testing.T) {
	face, err := New(Config{Client: os.DirFS("../openapi/typescript")})
	if err != nil {
		t.Fatal(err)
	}
	page := referencePageOf(t, face, "").Body.String()
	links := regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(page, -1)
	if len(links) < 300 || !strings.Contains(page, `href="/client.js"`) {
		t.Errorf("only %d links, or none to the client", len(links))
	}
	for _, link := range links {
		anchor, isAnchor := strings.CutPrefix(link[1], "#")
		switch {
		case isAnchor && !strings.Contains(page, ` id="`+anchor+`"`):
			t.Errorf("%s leads nowhere", link[1])
		case isAnchor, link[1] == "data:,":
		default:
			w := httptest.NewRecorder()
			face.ServeHTTP(w, httptest.NewRequest("GET", link[1], nil))
			if w.Code != 200 {
				t.Errorf("%s is answered with %d", link[1], w.Code)
			}
		}
	}
}

// The policy lets the page's own style through and nothing else: whatever somebody managed to write into the page, no
// script would run and nothing would be fetched.
func TestReferencePolicyFitsThePage(t *testing.T) {
	face, err := New(Config{Version: `"><script>alert(1)</script>`})
	if err != nil {
		t.Fatal(err)
	}
	w := referencePageOf(t, face, "")
	page, policy := w.Body.String(), w.Header().Get("Content-Security-Policy")
	_, rest, _ := strings.Cut(page, "<style>")
	style, _, found := strings.Cut(rest, "</style>")
	sum := sha256.Sum256([]byte(style))
	if !found || !strings.Contains(policy, "style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'") {
		t.Errorf("the style is not the one of the policy %s", policy)
	}
	if !strings.HasPrefix(policy, "default-src 'none';") || strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") {
		t.Errorf("policy %s", policy)
	}
	if strings.Contains(page, "<script") || strings.Contains(page, "style=") || strings.Contains(page, "src=") {
		t.Error("the page has a script, a style of an element or something to fetch")
	}
}

func TestReferenceIsTheSameZipped(t *testing.T) {
	face, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	zipped := referencePageOf(t, face, "br, gzip")
	if zipped.Header().Get("Content-Encoding") != "gzip" || !strings.Contains(strings.Join(zipped.Header().Values("Vary"), ","), "Accept-Encoding") {
		t.Fatalf("%v", zipped.Header())
	}
	z, err := gzip.NewReader(zipped.Body)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil || !bytes.Equal(text, referencePageOf(t, face, "").Body.Bytes()) {
		t.Errorf("another page: %v", err)
	}
}
