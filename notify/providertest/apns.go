package providertest

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// APNs is Apple's service for one environment. It speaks HTTP/2 over TLS and nothing else.
type APNs struct {
	Provider
	URL string
	// Early counts requests that came on a connection while another was not answered yet, before any had shown a good
	// token. Apple takes one at a time until then.
	Early atomic.Int64

	topic         string
	key           *ecdsa.PublicKey
	keyID, teamID string
	down          chan struct{} // closed when the test ends, for those who hang
	opened, open  atomic.Int64
}

// APNsOption changes what a fake is like.
type APNsOption func(*httptest.Server)

// MaxStreams is how many requests a connection takes at a time.
func MaxStreams(n int) APNsOption {
	return func(s *httptest.Server) { s.Config.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: n} }
}

// The reasons that only the fake knows: Apple takes such a payload, and then shows nothing or has wasted its bytes.
const (
	ReasonBadPayload     = "BadPayload"
	ReasonEscapedPayload = "EscapedPayload"
)

// NewAPNs starts one that takes pushes to a topic, by tokens that the key has signed.
func NewAPNs(tb testing.TB, a *Authority, topic string, key *ecdsa.PublicKey, keyID, teamID string, options ...APNsOption) *APNs {
	tb.Helper()
	f := &APNs{topic: topic, key: key, keyID: keyID, teamID: teamID, down: make(chan struct{})}
	server := httptest.NewUnstartedServer(f)
	server.EnableHTTP2 = true
	server.TLS = &tls.Config{Certificates: []tls.Certificate{a.Cert}, MinVersion: tls.VersionTLS12}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Config.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		return context.WithValue(ctx, apnsConnKey{}, &apnsConn{Conn: c, busy: map[*http.Request]bool{}})
	}
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		switch s {
		case http.StateNew:
			f.opened.Add(1)
			f.open.Add(1)
		case http.StateClosed, http.StateHijacked:
			f.open.Add(-1)
		}
	}
	for _, option := range options {
		option(server)
	}
	server.StartTLS()
	f.URL = server.URL
	tb.Cleanup(func() {
		close(f.down)
		server.CloseClientConnections()
		server.Close()
	})
	return f
}

// APNsKey makes a key as Apple gives it out, and what is needed to check what it signs.
func APNsKey(tb testing.TB) (pemP8 []byte, public *ecdsa.PublicKey) {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		tb.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), &key.PublicKey
}

// Opened is how many connections have been made so far.
func (f *APNs) Opened() int { return int(f.opened.Load()) }

// Open is how many connections there are.
func (f *APNs) Open() int { return int(f.open.Load()) }

// apnsConn is what the fake knows of a connection.
type apnsConn struct {
	net.Conn
	mu   sync.Mutex
	good bool // a good token has been seen and answered
	busy map[*http.Request]bool
}

type apnsConnKey struct{}

// begin says whether a request came too early.
func (c *apnsConn) begin(r *http.Request) (early bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for other := range c.busy {
		early = early || !c.good && other.Context().Err() == nil // whoever has given up holds no stream
	}
	c.busy[r] = true
	return early
}

func (c *apnsConn) end(r *http.Request, good bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.busy, r)
	c.good = c.good || good
}

// apnsAnswer is what the fake says.
type apnsAnswer struct {
	status int
	reason string
}

func (f *APNs) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	conn := r.Context().Value(apnsConnKey{}).(*apnsConn)
	if conn.begin(r) {
		f.Early.Add(1)
	}
	got := Received{Header: r.Header.Clone(), Badge: -1, Collapse: r.Header.Get("apns-collapse-id")}
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	answer := f.judge(r, body, &got)
	var fault Fault
	if answer.status == http.StatusOK && err == nil {
		fault, _ = f.fault(got.Token)
	}
	switch {
	case err != nil || fault.Reset || fault.Hang:
		f.note(got)
		if fault.Hang {
			f.hang(r)
		}
		conn.end(r, false)
		if fault.Reset {
			cut(conn.Conn)
		}
		return
	case fault.Status != 0 || fault.Reason != "":
		answer = apnsAnswer{fault.Status, fault.Reason}
		if answer.status == 0 {
			answer.status = apnsStatus[fault.Reason]
		}
	case fault.HTML:
		answer.status = http.StatusServiceUnavailable
	}
	good := !fault.HTML && answer.status < 500 && answer.status != http.StatusForbidden
	got.Status, got.Reason = answer.status, answer.reason
	f.note(got)
	conn.end(r, good)
	answer.write(w, r, fault)
}

// hang waits until the client gives up, or the test does.
func (f *APNs) hang(r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-f.down:
	}
}

func (a apnsAnswer) write(w http.ResponseWriter, r *http.Request, fault Fault) {
	h := w.Header()
	if fault.GoAway {
		h.Set("Connection", "close") // net/http says it in HTTP/2's way
	}
	if fault.RetryAfter != "" {
		h.Set("Retry-After", fault.RetryAfter)
	}
	if fault.HTML {
		h.Set("Content-Type", "text/html")
		w.WriteHeader(a.status)
		fmt.Fprintf(w, "<html><body><h1>%d</h1>The proxy is tired.</body></html>", a.status)
		return
	}
	id := r.Header.Get("apns-id")
	if !apnsID.MatchString(id) {
		id = makeID()
	}
	h.Set("apns-id", id)
	w.WriteHeader(a.status)
	if a.status == http.StatusOK {
		return
	}
	body := map[string]any{"reason": a.reason}
	if a.status == http.StatusGone {
		at := fault.Timestamp
		if at.IsZero() {
			at = time.Now()
		}
		body["timestamp"] = at.UnixMilli()
	}
	data, _ := json.Marshal(body)
	fmt.Fprintf(w, "%s", data)
}

// makeID names a push whose sender did not.
func makeID() string {
	b := make([]byte, 16)
	rand.Read(b)
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// cut ends a connection without a word.
func cut(c net.Conn) {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	if t, ok := c.(*net.TCPConn); ok {
		_ = t.SetLinger(0) // with a reset
	}
	c.Close()
}

// apnsStatus is what Apple says a word with.
var apnsStatus = map[string]int{
	"BadCollapseId": 400, "BadDeviceToken": 400, "BadExpirationDate": 400, "BadMessageId": 400, "BadPriority": 400, "BadTopic": 400,
	"DeviceTokenNotForTopic": 400, "DuplicateHeaders": 400, "IdleTimeout": 400, "InvalidPushType": 400, "MissingDeviceToken": 400,
	"MissingTopic": 400, "PayloadEmpty": 400, "TopicDisallowed": 400, ReasonBadPayload: 400, ReasonEscapedPayload: 400,
	"BadCertificate": 403, "BadCertificateEnvironment": 403, "ExpiredProviderToken": 403, "Forbidden": 403,
	"InvalidProviderToken": 403, "MissingProviderToken": 403, "BadEnvironmentKeyIdInToken": 403, "UnrelatedKeyIdInToken": 403,
	"BadPath": 404, "MethodNotAllowed": 405, "ExpiredToken": 410, "Unregistered": 410, "PayloadTooLarge": 413,
	"TooManyProviderTokenUpdates": 429, "TooManyRequests": 429,
	"InternalServerError": 500, "ServiceUnavailable": 503, "Shutdown": 503,
}

// judge refuses what Apple refuses, in about its order, and reads what is there.
func (f *APNs) judge(r *http.Request, body []byte, got *Received) apnsAnswer {
	token, ok := strings.CutPrefix(r.RequestURI, "/3/device/")
	got.Token, got.Body = token, json.RawMessage(body)
	reason := ""
	switch {
	case r.ProtoMajor != 2:
		return apnsAnswer{http.StatusHTTPVersionNotSupported, "BadPath"}
	case r.Method != http.MethodPost:
		reason = "MethodNotAllowed"
	case !ok || strings.ContainsAny(token, "/?"):
		reason = "BadPath"
	case token == "":
		reason = "MissingDeviceToken"
	default:
		reason = f.judgeHeaders(r.Header)
	}
	if reason == "" && (!apnsToken.MatchString(token) || len(token)%2 != 0) {
		reason = "BadDeviceToken"
	}
	if reason == "" {
		reason = judgePayload(body, got)
	}
	if reason == "" {
		return apnsAnswer{status: http.StatusOK}
	}
	return apnsAnswer{apnsStatus[reason], reason}
}

var (
	apnsToken = regexp.MustCompile(`^[0-9a-f]+$`)
	apnsID    = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
)

func (f *APNs) judgeHeaders(h http.Header) string {
	for _, name := range []string{"Authorization", "apns-topic", "apns-push-type", "apns-priority", "apns-expiration", "apns-id", "apns-collapse-id"} {
		if len(h.Values(name)) > 1 {
			return "DuplicateHeaders"
		}
	}
	if reason := f.judgeToken(h.Get("Authorization")); reason != "" {
		return reason
	}
	expiration, priority, id := h.Get("apns-expiration"), h.Get("apns-priority"), h.Get("apns-id")
	switch {
	case h.Get("apns-topic") == "":
		return "MissingTopic"
	case h.Get("apns-topic") != f.topic:
		return "TopicDisallowed"
	case h.Get("apns-push-type") != "alert" && h.Get("apns-push-type") != "background":
		return "InvalidPushType"
	case priority != "" && priority != "10" && priority != "5" && priority != "1":
		return "BadPriority"
	case id != "" && !apnsID.MatchString(id):
		return "BadMessageId"
	case len(h.Get("apns-collapse-id")) > 64:
		return "BadCollapseId"
	case expiration != "" && !isNumber(expiration):
		return "BadExpirationDate"
	}
	return ""
}

func isNumber(s string) bool {
	_, err := strconv.ParseInt(s, 10, 64)
	return err == nil
}

// judgeToken reads the signed token that names the sender (RFC 7515, ES256: the signature is r and s, 32 bytes each).
func (f *APNs) judgeToken(header string) string {
	kind, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(kind, "bearer") || token == "" {
		return "MissingProviderToken"
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return "InvalidProviderToken"
	}
	var head struct{ Alg, Kid string }
	var claims struct {
		Iss string
		Iat json.Number
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || len(signature) != 64 || !readPart(parts[0], &head) || !readPart(parts[1], &claims) {
		return "InvalidProviderToken"
	}
	r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if head.Alg != "ES256" || head.Kid != f.keyID || claims.Iss != f.teamID ||
		!f.verify(token, func() bool { return ecdsa.Verify(f.key, digest[:], r, s) }) {
		return "InvalidProviderToken"
	}
	issued, err := claims.Iat.Int64()
	age := time.Since(time.Unix(issued, 0))
	switch {
	case err != nil || age < -time.Minute:
		return "InvalidProviderToken"
	case age > time.Hour:
		return "ExpiredProviderToken"
	}
	return ""
}

func readPart(part string, to any) bool {
	data, err := base64.RawURLEncoding.DecodeString(part)
	return err == nil && json.Unmarshal(data, to) == nil
}

// maxAPNsPayload is how many bytes Apple takes.
const maxAPNsPayload = 4096

// apnsPayload is what a payload may hold. The two ways to say what is shown exclude each other.
type apnsPayload struct {
	APS *struct {
		Alert *struct {
			Title, Body string
			TitleKey    string   `json:"title-loc-key"`
			Key         string   `json:"loc-key"`
			Args        []string `json:"loc-args"`
		}
		Badge  *int
		Sound  string
		Thread string `json:"thread-id"`
	}
	Yourturn map[string]string
}

func judgePayload(body []byte, got *Received) string {
	var p apnsPayload
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	switch {
	case len(body) == 0:
		return "PayloadEmpty"
	case len(body) > maxAPNsPayload:
		return "PayloadTooLarge"
	case d.Decode(&p) != nil || d.More() || p.APS == nil:
		return ReasonBadPayload
	case escapes.Match(body):
		return ReasonEscapedPayload
	}
	got.Fields = p.Yourturn
	if p.APS.Badge != nil {
		got.Badge = *p.APS.Badge
	}
	a := p.APS.Alert
	if a == nil {
		return ""
	}
	got.Title, got.Text = a.Title, a.Body
	words, keys := a.Title != "" || a.Body != "", a.TitleKey != "" || a.Key != ""
	if words == keys || p.APS.Badge != nil && *p.APS.Badge < 0 {
		return ReasonBadPayload
	}
	return ""
}

// escapes are the six bytes that an HTML-minded encoder writes for one. (Behind an even number of backslashes they would
// be text, which no test sends.)
var escapes = regexp.MustCompile(`\\u00(3c|3e|26)`)
