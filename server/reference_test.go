package server_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"yourturn/server/servertest"
)

// The reference in a real browser: it asks its own server for one page and nobody for anything else, and the console stays
// empty, under the strictest policy.
func TestReferenceInABrowser(t *testing.T) {
	b := newBrowser(t)
	page := servertest.Start(t, "sqlite:"+filepath.Join(t.TempDir(), "yourturn.db")).URL + "/docs"
	visit := b.visit(page+"#playMove", `document.querySelector(':target h3').innerText + '|' + getComputedStyle(document.querySelector('nav')).position + '|' + document.querySelectorAll('article').length`)
	if !slices.Equal(visit.requests, []string{page}) {
		t.Errorf("requests %q", visit.requests)
	}
	if len(visit.complaints) > 0 {
		t.Errorf("the console says %q", visit.complaints)
	}
	var articles int
	if _, err := fmt.Sscanf(visit.value, "Play a move|fixed|%d", &articles); err != nil || articles < 30 {
		t.Errorf("the page is drawn as %q: %v", visit.value, err)
	}
}

// A browser that notices nothing would make the test above worthless.
func TestBrowserNoticesRequestsAndComplaints(t *testing.T) {
	b := newBrowser(t)
	elsewhere := httptest.NewServer(http.NotFoundHandler())
	defer elsewhere.Close()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Security-Policy", "default-src *; script-src 'unsafe-inline'; style-src 'none'; img-src * data:")
		fmt.Fprintf(w, `<title>x</title><style>p { color: red }</style><link rel="icon" href="data:,"><img src="%s/pixel.png"><script>console.error("dear me"); nothing()</script>`, elsewhere.URL)
	}))
	defer s.Close()
	visit := b.visit(s.URL+"/", `document.title`)
	if !slices.Equal(visit.requests, []string{s.URL + "/", elsewhere.URL + "/pixel.png"}) {
		t.Errorf("requests %q", visit.requests)
	}
	said := strings.Join(visit.complaints, "\n")
	for _, complaint := range []string{"dear me", "nothing is not defined", "net::ERR_", "Content Security Policy"} {
		if !strings.Contains(said, complaint) {
			t.Errorf("no complaint %q in:\n%s", complaint, said)
		}
	}
}

// browser is Chromium without a window, spoken to through a pipe.
type browser struct {
	t    *testing.T
	in   *os.File
	out  *bufio.Reader
	last int
}

// newBrowser starts one with a profile of its own. Where there is none the test is skipped, except in CI.
func newBrowser(t *testing.T) *browser {
	t.Helper()
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil && program == "" {
			program = path
		}
	}
	if program == "" && os.Getenv("CI") != "true" {
		t.Skip("Chromium is not installed")
	}
	if program == "" {
		t.Fatal("Chromium is not installed")
	}
	theirIn, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, theirOut, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 3*time.Minute) // it is told to close after the test
	c := exec.CommandContext(ctx, program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--remote-debugging-pipe", "--user-data-dir="+filepath.Join(t.TempDir(), "profile"))
	c.ExtraFiles = []*os.File{theirIn, theirOut} // 3 and 4, where it looks
	if err := c.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	theirIn.Close()
	theirOut.Close()
	b := &browser{t: t, in: in, out: bufio.NewReaderSize(out, 1<<20)}
	t.Cleanup(func() {
		b.send("", "Browser.close", nil) // so that the profile is not written to while it is deleted
		_ = c.Wait()
		cancel()
		in.Close()
		out.Close()
	})
	_ = out.SetReadDeadline(time.Now().Add(2 * time.Minute))
	return b
}

// visit is what happened on a page until it was loaded.
type visit struct {
	requests   []string // addresses without fragments, in order; none for what the page carries itself
	complaints []string
	value      string // of the expression
}

// cdp is a message of the browser's protocol.
type cdp struct {
	ID        int             `json:"id"`
	Method    string          `json:"method"`
	SessionID string          `json:"sessionId"`
	Params    json.RawMessage `json:"params"`
	Result    json.RawMessage `json:"result"`
	Error     json.RawMessage `json:"error"`
}

// visit opens a page, waits until all of it is loaded, and evaluates an expression there.
func (b *browser) visit(url, expression string) (v visit) {
	b.t.Helper()
	var target struct{ TargetID, SessionID string }
	b.call("", "Target.createTarget", map[string]any{"url": "about:blank"}, &target, nil)
	b.call("", "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &target, nil)
	for _, domain := range []string{"Page", "Network", "Runtime", "Log"} {
		b.call(target.SessionID, domain+".enable", nil, nil, nil)
	}
	loaded := false
	note := func(m cdp) {
		switch m.Method {
		case "Page.loadEventFired":
			loaded = true
		case "Network.requestWillBeSent":
			var p struct{ Request struct{ URL string } }
			if json.Unmarshal(m.Params, &p) == nil && !strings.HasPrefix(p.Request.URL, "data:") {
				v.requests = append(v.requests, p.Request.URL)
			}
		case "Network.responseReceived":
			var p struct{ Response struct{ Status int } }
			if json.Unmarshal(m.Params, &p) == nil && p.Response.Status >= 400 {
				v.complaints = append(v.complaints, string(m.Params))
			}
		case "Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded", "Network.loadingFailed":
			v.complaints = append(v.complaints, string(m.Params))
		}
	}
	b.call(target.SessionID, "Page.navigate", map[string]any{"url": url}, nil, note)
	for !loaded {
		note(b.read())
	}
	var answer struct{ Result struct{ Value any } }
	b.call(target.SessionID, "Runtime.evaluate", map[string]any{"expression": expression}, &answer, note)
	v.value = fmt.Sprint(answer.Result.Value)
	return v
}

// call asks for something and waits for the answer; what else the browser tells meanwhile is noted.
func (b *browser) call(session, method string, params, result any, note func(cdp)) {
	b.t.Helper()
	id := b.send(session, method, params)
	for {
		m := b.read()
		if m.ID != id {
			if note != nil {
				note(m)
			}
			continue
		}
		if len(m.Error) > 0 {
			b.t.Fatalf("%s: %s", method, m.Error)
		}
		if result != nil {
			if err := json.Unmarshal(m.Result, result); err != nil {
				b.t.Fatalf("%s: %v in %s", method, err, m.Result)
			}
		}
		return
	}
}

func (b *browser) send(session, method string, params any) int {
	b.t.Helper()
	b.last++
	message := map[string]any{"id": b.last, "method": method}
	if session != "" {
		message["sessionId"] = session
	}
	if params != nil {
		message["params"] = params
	}
	raw, err := json.Marshal(message)
	if err == nil {
		_, err = b.in.Write(append(raw, 0))
	}
	if err != nil {
		b.t.Errorf("%s: %v", method, err)
	}
	return b.last
}

func (b *browser) read() (m cdp) {
	b.t.Helper()
	raw, err := b.out.ReadBytes(0)
	if err != nil {
		b.t.Fatalf("the browser is gone: %v", err)
	}
	if err := json.Unmarshal(raw[:len(raw)-1], &m); err != nil {
		b.t.Fatalf("the browser says %q: %v", raw, err)
	}
	return m
}
