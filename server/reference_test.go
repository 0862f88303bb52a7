package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"yourturn/server/nodetest"
	"yourturn/server/servertest"
)

// The reference in a real browser: it asks its own server for one page and nobody for anything else, and the console stays
// empty, under the strictest policy.
func TestReferenceInABrowser(t *testing.T) {
	address := servertest.Start(t, "sqlite:"+filepath.Join(t.TempDir(), "yourturn.db")).URL + "/docs"
	v := visit(t, address+"#playMove")
	if !slices.Equal(v.Requests, []string{address}) {
		t.Errorf("requests %q", v.Requests)
	}
	if len(v.Complaints) > 0 {
		t.Errorf("the console says %q", v.Complaints)
	}
	if v.Heading != "Play a move" || v.Menu != "fixed" || v.Articles < 30 {
		t.Errorf("the page is drawn as %+v", v)
	}
}

// A browser that notices nothing would make the test above worthless.
func TestBrowserNoticesRequestsAndComplaints(t *testing.T) {
	elsewhere := httptest.NewServer(http.NotFoundHandler())
	defer elsewhere.Close()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Security-Policy", "default-src *; script-src 'unsafe-inline'; style-src 'none'; img-src * data:")
		fmt.Fprintf(w, `<link rel="icon" href="data:,"><style>p { color: red }</style><img src="%s/pixel.png">
			<script>console.error("dear me"); nothing()</script>`, elsewhere.URL)
	}))
	defer s.Close()
	v := visit(t, s.URL+"/")
	if !slices.Equal(v.Requests, []string{s.URL + "/", elsewhere.URL + "/pixel.png"}) {
		t.Errorf("requests %q", v.Requests)
	}
	said := strings.Join(v.Complaints, "\n")
	for _, complaint := range []string{"dear me", "nothing is not defined", "Content Security Policy"} {
		if !strings.Contains(said, complaint) {
			t.Errorf("no complaint %q in:\n%s", complaint, said)
		}
	}
}

// visited is what happened on a page.
type visited struct {
	Requests, Complaints []string
	Heading, Menu        string
	Articles             int
}

func visit(t *testing.T, address string) (v visited) {
	t.Helper()
	said := nodetest.Start(t, nodetest.Browser(t), filepath.Join("testdata", "reference.mjs"), address).End(t)
	if err := json.Unmarshal([]byte(said), &v); err != nil {
		t.Fatalf("%v in %s", err, said)
	}
	return v
}
