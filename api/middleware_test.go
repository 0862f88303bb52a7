package api

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

func TestRequestID(t *testing.T) {
	l := newLab(t, nil)
	for sent, kept := range map[string]bool{
		"abc-DEF_1.2":           true,
		strings.Repeat("a", 64): true,
		strings.Repeat("a", 65): false,
		"a b":                   false,
		"a\"b":                  false,
		"":                      false,
	} {
		got := l.send("GET", "/v1/things", "", "X-Request-Id: "+sent).header.Get("X-Request-Id")
		if kept != (got == sent) || got == "" {
			t.Errorf("sent %q, got %q", sent, got)
		}
	}
}

func TestLogHasNoSecrets(t *testing.T) {
	l := newLab(t, func(wi *wire) { wi.metrics = prometheus.NewRegistry() })
	l.create(`{"name": "canary-body"}`, "Cookie: canary-cookie", "User-Agent: canary-agent")
	l.send("GET", "/v1/things/stream?ticket=canary-ticket", "", "Authorization: ")
	l.send("GET", "/v1/things?limit=canary-query", "", "Authorization: Bearer canary-token")
	l.send("GET", "/v1/canary-path", "", "X-Forwarded-For: 203.0.113.9")
	l.send("GET", "/v1/things/canary-id", "")
	logs := l.logs.String()
	if strings.Contains(logs, "canary") || strings.Contains(logs, "203.0.113.9") || strings.Contains(logs, "127.0.0.1") {
		t.Error(logs)
	}
	for _, want := range []string{
		`"method":"POST","route":"/v1/things","status":201,"bytes":`, `"player_id":"p1"`, `"remote":"loopback"`,
		`"route":"/v1/things/{thing_id}"`, `"route":"none","status":404`, `"request_id":"`,
	} {
		if !strings.Contains(logs, want) {
			t.Errorf("no %s in %s", want, logs)
		}
	}
}

func TestSessionIDIsLogged(t *testing.T) {
	logs := &syncBuffer{}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/sessions/{session_id}", func(http.ResponseWriter, *http.Request) {})
	h := wire{log: slog.New(slog.NewTextHandler(logs, nil))}.wrap(mux)
	for _, path := range []string{"/v1/sessions/s1", "/v1/sessions/%22canary%22"} {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", path, nil))
	}
	if got := logs.String(); !strings.Contains(got, "session_id=s1") || strings.Contains(got, "canary") {
		t.Error(got)
	}
}

func TestMetrics(t *testing.T) {
	reg := prometheus.NewRegistry()
	l := newLab(t, func(wi *wire) { wi.metrics = reg })
	l.create(`{"name": "a"}`)
	l.create(`{"name": "b"}`)
	l.send("GET", "/v1/things/t1", "")
	l.send("GET", "/v1/things/t2", "")
	l.send("GET", "/v1/nothing", "")
	l.send("BREW", "/v1/coffee", "")
	l.send("GET", "/v1/things/stream", "")
	l.http.CloseIdleConnections()
	w := httptest.NewRecorder()
	promhttp.HandlerFor(reg, promhttp.HandlerOpts{}).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	got := w.Body.String()
	for _, want := range []string{
		`_count{method="POST",route="/v1/things",status="2xx"} 2`,
		`_count{method="GET",route="/v1/things/{thing_id}",status="2xx"} 2`,
		`_count{method="GET",route="none",status="4xx"} 1`,
		`_count{method="other",route="none",status="4xx"} 1`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
	if strings.Contains(got, "/stream") {
		t.Error("a stream is measured as a request")
	}
}

func TestHeaders(t *testing.T) {
	l := newLab(t, nil)
	got := l.send("GET", "/v1/things", "").header
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-store", "Vary": "Authorization",
		"Access-Control-Allow-Origin": "", "Link": "", "Server": "",
	} {
		if got.Get(name) != want {
			t.Errorf("%s: %q, want %q", name, got.Get(name), want)
		}
	}
	if body := l.send("GET", "/v1/things", "").body; strings.Contains(body, "$schema") {
		t.Error(body)
	}
}

func TestPartOfAnAnswerIsNotTakenForTheWhole(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/half", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, `{"items": [1, 2`)
		_ = http.NewResponseController(w).Flush()
		panic("in the middle")
	})
	srv := httptest.NewServer(wire{log: discard()}.wrap(mux))
	defer srv.Close()
	_, answer := open(t, srv.Client(), srv.URL+"/v1/half")
	if body, err := io.ReadAll(answer); err == nil {
		t.Errorf("read %q to a clean end", body)
	}
}

func TestCORS(t *testing.T) {
	for _, c := range []struct {
		name      string
		origins   []string
		localhost bool
		origin    string
		want      string
	}{
		{"none", nil, false, "https://a.example", ""},
		{"listed", []string{"https://a.example"}, false, "https://a.example", "https://a.example"},
		{"not listed", []string{"https://a.example"}, false, "https://b.example", ""},
		{"prefix", []string{"https://a.example"}, false, "https://a.example.evil.example", ""},
		{"null", []string{"https://a.example"}, false, "null", ""},
		{"star", []string{"*"}, false, "https://b.example", "*"},
		{"localhost", nil, true, "http://localhost:5173", "http://localhost:5173"},
		{"loopback", nil, true, "http://127.0.0.1:8000", "http://127.0.0.1:8000"},
		{"localhost off", nil, false, "http://localhost:5173", ""},
		{"localhost as a name", nil, true, "http://localhost.evil.example", ""},
		{"localhost as a user", nil, true, "http://localhost:x@evil.example", ""},
		{"localhost with a path", nil, true, "http://localhost:1/x", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLab(t, func(wi *wire) { wi.allowOrigins, wi.allowLocalhost = c.origins, c.localhost })

			got := l.send("OPTIONS", "/v1/things/t1", "", "Authorization: ", "Origin: "+c.origin,
				"Access-Control-Request-Method: PUT", "Access-Control-Request-Headers: authorization")
			if got.status != 204 || got.header.Get("Access-Control-Allow-Origin") != c.want {
				t.Errorf("preflight: %d %v", got.status, got.header)
			}
			for name, want := range map[string]string{
				"Access-Control-Allow-Methods": "PUT", "Access-Control-Allow-Headers": "Idempotency-Key", "Access-Control-Max-Age": "7200",
			} {
				if c.want != "" && !strings.Contains(got.header.Get(name), want) {
					t.Errorf("%s: %q", name, got.header.Get(name))
				}
			}

			// Refusals too must be readable by the page.
			for path, status := range map[string]int{"/v1/things": 200, "/v1/nothing": 404} {
				got = l.send("GET", path, "", "Origin: "+c.origin)
				if got.status != status || got.header.Get("Access-Control-Allow-Origin") != c.want {
					t.Errorf("%s: %d %v", path, got.status, got.header)
				}
				if c.want != "" && (!strings.Contains(got.header.Get("Access-Control-Expose-Headers"), "ETag") ||
					!strings.Contains(strings.Join(got.header.Values("Vary"), ","), "Origin")) {
					t.Errorf("%s: %v", path, got.header)
				}
				if got.header.Get("Access-Control-Allow-Credentials") != "" {
					t.Error("credentials are allowed")
				}
			}
		})
	}
}

func TestClientAddressBehindProxies(t *testing.T) {
	wi := wire{trustedProxies: []netip.Prefix{
		netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8"), netip.MustParsePrefix("127.0.0.1/32"),
	}}
	for _, c := range []struct {
		peer      string
		forwarded []string
		want      string
	}{
		{"203.0.113.1:5", nil, "203.0.113.1"},
		{"203.0.113.1:5", []string{"198.51.100.9"}, "203.0.113.1"}, // nobody we trust says so
		{"10.0.0.1:5", []string{"198.51.100.9"}, "198.51.100.9"},
		{"10.0.0.1:5", []string{"1.1.1.1, 198.51.100.9"}, "198.51.100.9"}, // the left part is the client's word
		{"10.0.0.1:5", []string{"1.1.1.1", "198.51.100.9 , 10.2.3.4"}, "198.51.100.9"},
		{"10.0.0.1:5", []string{"10.9.9.9, 10.2.3.4"}, "10.9.9.9"},
		{"10.0.0.1:5", []string{"198.51.100.9, rubbish, 10.2.3.4"}, "10.2.3.4"},
		{"10.0.0.1:5", []string{"rubbish"}, "10.0.0.1"},
		{"10.0.0.1:5", []string{""}, "10.0.0.1"},
		{"10.0.0.1:5", nil, "10.0.0.1"},
		{"10.0.0.1:5", []string{"198.51.100.9:4711"}, "198.51.100.9"},
		{"[fd00::1]:5", []string{"[2001:db8::5]:4711"}, "2001:db8::5"},
		{"[fd00::1]:5", []string{"2001:db8::5"}, "2001:db8::5"},
		{"[::ffff:10.0.0.1]:5", []string{"::ffff:198.51.100.9"}, "198.51.100.9"},
		{"[fe80::1%eth0]:5", nil, "fe80::1"},
		{"@", []string{"198.51.100.9"}, "invalid IP"}, // a unix socket
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.peer
		r.Header["X-Forwarded-For"] = c.forwarded
		if got := wi.clientOf(r).String(); got != c.want {
			t.Errorf("%s by %q: %s, want %s", c.peer, c.forwarded, got, c.want)
		}
	}
}

func TestAddressKeyAndClass(t *testing.T) {
	for in, want := range map[string][2]string{
		"203.0.113.9":          {"203.0.113.9", "public-v4"},
		"2001:db8:1:2:3:4:5:6": {"2001:db8:1:2::/64", "public-v6"},
		"192.168.1.1":          {"192.168.1.1", "private-v4"},
		"fd00::1":              {"fd00::/64", "private-v6"},
		"::1":                  {"::/64", "loopback"},
	} {
		a := netip.MustParseAddr(in)
		if addressKey(a) != want[0] || addressClass(a) != want[1] {
			t.Errorf("%s: %s %s", in, addressKey(a), addressClass(a))
		}
	}
	if addressClass(netip.Addr{}) != "unknown" {
		t.Error(addressClass(netip.Addr{}))
	}
}

func TestLimits(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	l := newLimits(func() time.Time { return now })
	rule := limitRules[limitCodes]
	for range rule.burst {
		if _, ok := l.allow(limitCodes, "a"); !ok {
			t.Fatal("refused within the burst")
		}
	}
	wait, ok := l.allow(limitCodes, "a")
	if ok || wait <= 0 || wait > time.Second {
		t.Errorf("after the burst: %v %v", wait, ok)
	}
	if _, ok := l.allow(limitCodes, "b"); !ok {
		t.Error("another key pays for it")
	}
	if _, ok := l.allow(limitTokens, "a"); !ok {
		t.Error("another class pays for it")
	}
	now = now.Add(wait)
	if _, ok := l.allow(limitCodes, "a"); !ok {
		t.Error("refused after the wait that was told")
	}
	if _, ok := l.allow(limitCodes, "a"); ok {
		t.Error("a refused request must not have cost anything, and gained nothing either")
	}
	var off *limits
	if _, ok := off.allow(limitCodes, "a"); !ok {
		t.Error("refused without limits")
	}
}

func TestLimitsForgetTheIdle(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	l := newLimits(func() time.Time { return now })
	for i := range 3 * limitEntries {
		l.allow(limitAll, fmt.Sprint(i))
	}
	if n := len(l.young) + len(l.old); n > 2*limitEntries {
		t.Errorf("%d buckets", n)
	}
	for range 3 {
		now = now.Add(limitMemory)
		l.allow(limitAll, "x")
	}
	if n := len(l.young) + len(l.old); n > 2 {
		t.Errorf("%d buckets are left", n)
	}
	for class, rule := range limitRules {
		if full := time.Duration(float64(rule.burst) / float64(rule.rate) * float64(time.Second)); full > limitMemory {
			t.Errorf("%s is forgotten before it is full again (%v)", class, full)
		}
	}
}

func TestLimitsInParallel(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	l := newLimits(func() time.Time { return now })
	var wg sync.WaitGroup
	var mu sync.Mutex
	passed := 0
	for range 8 {
		wg.Go(func() {
			for range 100 {
				if _, ok := l.allow(limitReads, "p"); ok {
					mu.Lock()
					passed++
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	if want := limitRules[limitReads].burst; passed != want {
		t.Errorf("%d passed, want %d", passed, want)
	}
}

func TestLimitsOverHTTP(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	l := newLab(t, func(wi *wire) { wi.limits = newLimits(func() time.Time { return now }) })
	var got reply
	for range limitRules[limitWrites].burst + 1 {
		got = l.create(`{`)
	}
	p := l.wantProblem(got, 429, "rate-limited")
	if p.RetryAfter < 1 || got.header.Get("Retry-After") == "" {
		t.Errorf("%+v", p)
	}
	l.wantOK(l.send("GET", "/v1/things/t1", ""), 200) // reading is another class

	for range limitRules[limitAll].burst {
		got = l.send("GET", "/v1/nothing", "")
	}
	l.wantProblem(got, 429, "rate-limited") // even for what does not exist
}

func TestGreedyHeaders(t *testing.T) {
	l := newLab(t, nil)
	l.wantOK(l.send("GET", "/v1/things", "", "X-Filler: "+strings.Repeat("x", 8<<10)), 200)
	l.wantProblem(l.send("GET", "/v1/things", "", "X-Filler: "+strings.Repeat("x", maxHeader)), 431, "header-too-large")
	if got := l.send("GET", "/v1/things", "", "X-Filler: "+strings.Repeat("x", 2*maxHeaderHard)); got.status != 431 {
		t.Errorf("%d", got.status)
	}
}

// slowClient is a bare connection, to send what no HTTP client sends.
func slowClient(t *testing.T, url, request string) *bufio.Reader {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	return bufio.NewReader(conn)
}

// Both wait for real time: 5 s for a body that an operation reads, 10 s for one that none does.
func TestSlowBodyIsCut(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 10 s")
	}
	t.Parallel()
	l := newLab(t, nil)
	for name, c := range map[string]struct{ route, status string }{
		"read":   {"POST /v1/things", "408"},
		"unread": {"POST /v1/things/busy/break", "503"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := slowClient(t, l.url, c.route+" HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer good\r\n"+
				"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
			line, err := r.ReadString('\n')
			if err != nil || !strings.Contains(line, c.status) {
				t.Fatalf("%q, %v", line, err)
			}
			if _, err := io.Copy(io.Discard, r); err != nil {
				t.Errorf("the connection was not closed: %v", err)
			}
		})
	}
}

func TestBrokenChunkIsTheClientsFault(t *testing.T) {
	l := newLab(t, nil)
	r := slowClient(t, l.url, "POST /v1/things HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer good\r\n"+
		"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nrubbish\r\n")
	line, err := r.ReadString('\n')
	if err != nil || !strings.Contains(line, "400") {
		t.Errorf("%q, %v", line, err)
	}
}

func TestServerTimeouts(t *testing.T) {
	s := NewHTTPServer(http.NotFoundHandler(), discard())
	if s.ReadHeaderTimeout == 0 || s.WriteTimeout <= 30*time.Second || s.IdleTimeout == 0 || s.ReadTimeout == 0 ||
		s.MaxHeaderBytes < maxHeader {
		t.Errorf("%+v", s)
	}
}

func TestNotesReachTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logs := &syncBuffer{}
		mux := http.NewServeMux()
		mux.HandleFunc("GET /v1/x", func(w http.ResponseWriter, r *http.Request) {
			note(r.Context(), slog.String("turn", "3"))
			time.Sleep(1500 * time.Millisecond)
		})
		h := wire{log: slog.New(slog.NewTextHandler(logs, nil))}.wrap(mux)
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/v1/x", nil))
		if got := logs.String(); !regexp.MustCompile(`seconds=1.5 .*turn=3`).MatchString(got) {
			t.Error(got)
		}
	})
}
