package api

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	// maxHeader is what a request line and its headers may have. A token is 60 bytes; the rest is room for proxies.
	maxHeader = 16 << 10
	// maxHeaderHard is where net/http hangs up by itself, in plain text. Between the two a client reads a problem.
	maxHeaderHard = 32 << 10
	preflightAge  = 2 * time.Hour // the most that Chromium keeps
)

// NewHTTPServer returns a server that slow and greedy clients cannot hold: everything that waits for the other side has
// an end. A stream takes its own deadlines; see sseConn.
func NewHTTPServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second, // also for a body that no operation reads; net/http waits for its end
		WriteTimeout:      60 * time.Second, // operations that take longer say so; see admission
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    maxHeaderHard,
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: 100,
			SendPingTimeout:      30 * time.Second, // finds phones that left without a word
			PingTimeout:          15 * time.Second,
			WriteByteTimeout:     30 * time.Second,
		},
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug), // failed TLS handshakes, by the thousand
	}
}

// wire is what every request passes through on its way to an operation.
type wire struct {
	log            *slog.Logger
	metrics        prometheus.Registerer // nil: none
	limits         *limits               // nil: none
	allowOrigins   []string              // for CORS: exact origins, or "*"
	allowLocalhost bool                  // any port of this machine too, in development
	trustedProxies []netip.Prefix        // whose X-Forwarded-For, -Proto and -Host are believed
}

// wrap puts the wire around mux. Nothing may be registered on mux under "/", or unknown paths would be answered there.
func (wi wire) wrap(mux router) http.Handler {
	h := route(mux)
	h = wi.guard(h)
	h = wi.headers(h)
	h = recovered(h)
	return wi.observe(h)
}

type infoKey struct{}

// requestInfo is what is known of a request before its operation.
type requestInfo struct {
	id     string
	client netip.Addr
	origin func() string // of this server as the client calls it; empty when it cannot be read. Few ask
	log    *slog.Logger

	mu    sync.Mutex
	notes []slog.Attr
}

func infoOf(ctx context.Context) *requestInfo {
	info, _ := ctx.Value(infoKey{}).(*requestInfo)
	return info
}

func requestID(ctx context.Context) string {
	if info := infoOf(ctx); info != nil {
		return info.id
	}
	return ""
}

// clientAddress is the address of the client as far as proxies can be believed.
func clientAddress(ctx context.Context) netip.Addr {
	if info := infoOf(ctx); info != nil {
		return info.client
	}
	return netip.Addr{}
}

// logger logs with the request's id.
func logger(ctx context.Context) *slog.Logger {
	if info := infoOf(ctx); info != nil {
		return info.log
	}
	return slog.Default()
}

// note adds to the request's line in the access log, as note(ctx, slog.String("player_id", id)). Never a token, a name
// or a move.
func note(ctx context.Context, attrs ...slog.Attr) {
	info := infoOf(ctx)
	if info == nil {
		return
	}
	info.mu.Lock()
	defer info.mu.Unlock()
	info.notes = append(info.notes, attrs...)
}

var saneID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// wireID takes over a sane id of a proxy or client, so that one id finds a request in all logs.
func wireID(r *http.Request) string {
	if id := r.Header.Get("X-Request-Id"); saneID.MatchString(id) {
		return id
	}
	return rand.Text()
}

// clientOf walks X-Forwarded-For from the right, where our own proxies wrote, to the first address that is none of them.
// What stands left of that is the client's word. At garbage it stops with the last address that could be read.
func (wi wire) clientOf(r *http.Request) netip.Addr {
	client, ok := parseAddress(r.RemoteAddr)
	if !ok || !wi.trusts(client) {
		return client
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		addr, ok := parseAddress(strings.TrimSpace(hop))
		if !ok {
			return client
		}
		client = addr
		if !wi.trusts(client) {
			return client
		}
	}
	return client
}

var saneHost = regexp.MustCompile(`^(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?$`)

// originOf is where the client believes this server to be, such as https://play.example, for links that must be whole.
// A proxy of ours that speaks HTTPS for us knows better, and the last one in a row knows best.
func (wi wire) originOf(r *http.Request) string {
	scheme, host := "http", r.Host
	if r.TLS != nil {
		scheme = "https"
	}
	if proxy, ok := parseAddress(r.RemoteAddr); ok && wi.trusts(proxy) {
		if said := strings.ToLower(lastOf(r.Header.Values("X-Forwarded-Proto"))); said == "http" || said == "https" {
			scheme = said
		}
		host = cmp.Or(lastOf(r.Header.Values("X-Forwarded-Host")), host)
	}
	if !saneHost.MatchString(host) {
		return ""
	}
	return scheme + "://" + host
}

// lastOf is the last entry of a list in a header.
func lastOf(values []string) string {
	if len(values) == 0 {
		return ""
	}
	last := values[len(values)-1]
	return strings.TrimSpace(last[strings.LastIndex(last, ",")+1:])
}

func (wi wire) trusts(a netip.Addr) bool {
	return slices.ContainsFunc(wi.trustedProxies, func(p netip.Prefix) bool { return p.Contains(a) })
}

// parseAddress reads an address with or without port and brackets.
func parseAddress(s string) (netip.Addr, bool) {
	if host, _, err := net.SplitHostPort(s); err == nil {
		s = host
	}
	a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"))
	if err != nil {
		return netip.Addr{}, false
	}
	return a.Unmap().WithZone(""), true
}

// addressKey is what limits count an address by: an IPv6 customer owns a /64, so each address in it is the same one.
func addressKey(a netip.Addr) string {
	if a.Is6() {
		p, err := a.Prefix(64)
		if err == nil {
			return p.String()
		}
	}
	return a.String()
}

// addressClass is all that the log says of an address.
func addressClass(a netip.Addr) string {
	family := "v4"
	if a.Is6() {
		family = "v6"
	}
	switch {
	case !a.IsValid():
		return "unknown"
	case a.IsLoopback():
		return "loopback"
	case a.IsPrivate() || a.IsLinkLocalUnicast():
		return "private-" + family
	}
	return "public-" + family
}

// observe gives the request its id, logs it and measures it. The query is never logged: it may hold a stream's ticket.
func (wi wire) observe(next http.Handler) http.Handler {
	duration := wi.histogram()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		id := wireID(r)
		info := &requestInfo{id: id, client: wi.clientOf(r), origin: func() string { return wi.originOf(r) }, log: wi.log.With("request_id", id)}
		r = r.WithContext(context.WithValue(r.Context(), infoKey{}, info))
		rec := &recorder{ResponseWriter: w}
		rec.Header().Set("X-Request-Id", id)
		defer func() {
			took := time.Since(start)
			info.access(r, rec, took)
			if duration != nil && !rec.isStream() { // a stream's hours would say nothing about latency
				class := strconv.Itoa(rec.statusOr200()/100) + "xx"
				duration.WithLabelValues(routeOf(r), methodOf(r), class).Observe(took.Seconds())
			}
		}()
		next.ServeHTTP(rec, r)
	})
}

func (wi wire) histogram() *prometheus.HistogramVec {
	if wi.metrics == nil {
		return nil
	}
	h := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "yourturn_http_request_duration_seconds",
		Help:    "Time from a request's arrival to the end of its answer, without streams.",
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
	}, []string{"route", "method", "status"})
	wi.metrics.MustRegister(h)
	return h
}

func (info *requestInfo) access(r *http.Request, rec *recorder, took time.Duration) {
	attrs := []slog.Attr{
		slog.String("method", methodOf(r)), slog.String("route", routeOf(r)),
		slog.Int("status", rec.statusOr200()), slog.Int64("bytes", rec.bytes),
		slog.Float64("seconds", took.Seconds()), slog.String("remote", addressClass(info.client)),
	}
	if id := r.PathValue("session_id"); saneID.MatchString(id) {
		attrs = append(attrs, slog.String("session_id", id))
	}
	info.mu.Lock()
	attrs = append(attrs, info.notes...)
	info.mu.Unlock()
	level := slog.LevelInfo
	if !strings.HasPrefix(r.URL.Path, "/v1/") {
		level = slog.LevelDebug // health and metrics, asked for every few seconds, and scanners
	}
	if rec.statusOr200() >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	info.log.LogAttrs(r.Context(), level, "request", attrs...)
}

// routeOf is the pattern that matched, which has few values, where the path has as many as there are sessions.
func routeOf(r *http.Request) string {
	_, path, found := strings.Cut(r.Pattern, " ")
	switch {
	case found:
		return strings.TrimSuffix(path, "{$}")
	case r.Pattern != "":
		return r.Pattern
	}
	return "none"
}

// methodOf keeps a client's inventions out of the metrics.
func methodOf(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodOptions:
		return r.Method
	}
	return "other"
}

// recorder remembers what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController through to the connection, for deadlines.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// FlushError keeps the error that Flush alone would swallow.
func (w *recorder) FlushError() error {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Flush makes the recorder an [http.Flusher].
func (w *recorder) Flush() { _ = w.FlushError() }

func (w *recorder) statusOr200() int {
	if w.status == 0 {
		return http.StatusOK
	}
	return w.status
}

func (w *recorder) isStream() bool {
	return strings.HasPrefix(w.Header().Get("Content-Type"), "text/event-stream")
}

// recovered answers for a handler that panics (H5). When a part of the answer has been sent, the connection is cut
// instead, so that a half answer is not taken for a whole one.
func recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			cause := recover()
			if cause == nil {
				return
			}
			if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(cause)
			}
			logger(r.Context()).Error("panic", "cause", fmt.Sprint(cause), "stack", string(debug.Stack()))
			if rec, ok := w.(*recorder); ok && rec.status != 0 {
				note(r.Context(), slog.Bool("aborted", true))
				panic(http.ErrAbortHandler)
			}
			writeProblem(w, r, newProblem("internal", ""))
		}()
		next.ServeHTTP(w, r)
	})
}

// headers sets the headers that every answer has, and answers what browsers ask before they ask.
func (wi wire) headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		if strings.HasPrefix(r.URL.Path, "/v1/") {
			h.Set("Cache-Control", "private, no-store")
			h.Set("Vary", "Authorization")
		}
		if wi.cors(h, r) {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// cors lets pages of other origins call with a bearer token. There are no credentials in the sense of CORS: cookies mean
// nothing here, so a page can do no more than it has a token for. It reports whether r was a preflight.
func (wi wire) cors(h http.Header, r *http.Request) (preflight bool) {
	preflight = r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != ""
	if len(wi.allowOrigins) > 0 || wi.allowLocalhost {
		h.Add("Vary", "Origin")
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return false
	}
	allowed, ok := wi.allowedOrigin(origin)
	if !ok {
		return preflight
	}
	h.Set("Access-Control-Allow-Origin", allowed)
	if !preflight {
		h.Set("Access-Control-Expose-Headers", "ETag, Location, Retry-After, Date, X-Request-Id")
		return false
	}
	h.Set("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE")
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key, If-None-Match, Last-Event-ID")
	h.Set("Access-Control-Max-Age", strconv.Itoa(int(preflightAge.Seconds())))
	return true
}

func (wi wire) allowedOrigin(origin string) (string, bool) {
	if slices.Contains(wi.allowOrigins, "*") {
		return "*", true
	}
	if slices.Contains(wi.allowOrigins, origin) || wi.allowLocalhost && isLocalhost(origin) {
		return origin, true
	}
	return "", false
}

func isLocalhost(origin string) bool {
	u, err := url.Parse(origin)
	if err != nil || u.Scheme != "http" {
		return false
	}
	return origin == "http://"+u.Host && (u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1")
}

// guard refuses what is wrong whatever the operation.
func (wi wire) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p := wi.refusal(r); p != nil {
			writeProblem(w, r, p)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (wi wire) refusal(r *http.Request) *Problem {
	if headerSize(r) > maxHeader {
		return newProblem("header-too-large", fmt.Sprintf("The headers may have %d bytes.", maxHeader))
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return newProblem("invalid", "").at("query", "cannot be read")
	}
	if !utf8.ValidString(r.URL.Path) {
		return newProblem("not-found", "")
	}
	for name, values := range query {
		if !utf8.ValidString(name) || !utf8.ValidString(values[0]) {
			return newProblem("invalid", "").at("query", "is not UTF-8")
		}
		if len(values) > 1 { // huma would take the first, others take the last
			return newProblem("invalid", "").at("query."+name[:min(len(name), maxLocation)], "given twice")
		}
	}
	if !strings.HasPrefix(r.URL.Path, "/v1/") {
		return nil
	}
	if wait, ok := wi.limits.allow(limitAll, addressKey(clientAddress(r.Context()))); !ok {
		return newProblem("rate-limited", "").after(wait)
	}
	return nil
}

func headerSize(r *http.Request) int {
	size := len(r.RequestURI)
	for name, values := range r.Header {
		for _, v := range values {
			size += len(name) + len(v) + len(": \r\n")
		}
	}
	return size
}

// route answers for paths and methods that do not exist, which ServeMux does in plain text (H6).
func route(mux router) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h, pattern := mux.Handler(r)
		if pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		said := answer{header: http.Header{}}
		h.ServeHTTP(&said, r)
		if said.status != http.StatusMethodNotAllowed {
			writeProblem(w, r, newProblem("not-found", ""))
			return
		}
		w.Header().Set("Allow", said.header.Get("Allow"))
		writeProblem(w, r, newProblem("method-not-allowed", ""))
	})
}

// answer takes what ServeMux would have answered.
type answer struct {
	header http.Header
	status int
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) Write(b []byte) (int, error) { return len(b), nil }
func (a *answer) WriteHeader(status int)      { a.status = status }
