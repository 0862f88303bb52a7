package server_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"yourturn/server/servertest"
	"yourturn/store/enginetest"
)

// gauge reads a number from /metrics, or -1.
func gauge(t *testing.T, url, name string) (value float64) {
	t.Helper()
	app := &servertest.App{URL: url, Requests: servertest.Client()}
	for line := range strings.Lines(string(app.Must(t, 200, "GET", "/metrics", nil).Body)) {
		if found, number, ok := strings.Cut(strings.TrimSpace(line), " "); ok && found == name {
			if _, err := fmt.Sscan(number, &value); err != nil {
				t.Fatal(err)
			}
			return value
		}
	}
	return -1
}

func TestFiveStreamsALogin(t *testing.T) {
	url := servertest.Local(t, "sqlite:"+t.TempDir()+"/yourturn.db", servertest.Options{})
	ann, bob := servertest.Guest(t, url, "Ann"), servertest.Guest(t, url, "Bob")
	entry := ann.Must(t, 201, "POST", "/v1/me/stream-tickets", nil).String("ticket")
	var streams []*servertest.Stream
	for i := range 5 {
		query := ""
		if i%2 == 1 { // a ticket's streams count with the others of the login
			query = "?ticket=" + entry
		}
		streams = append(streams, ann.Stream(t, query))
		streams[i].Greeted(t)
	}
	same(t, "streams held", gauge(t, url, "yourturn_streams"), 5.0)
	_, refusal := ann.TryStream("")
	refused(t, refusal, 429, "too-many-streams", "")
	_, refusal = (&servertest.App{URL: url, Requests: ann.Requests}).TryStream("?ticket=" + entry)
	refused(t, refusal, 429, "too-many-streams", "")
	bob.Stream(t, "").Greeted(t)
	ann.Must(t, 200, "GET", "/v1/me/feed?wait=1", nil) // a long-poll is no stream

	streams[2].Drop()
	var again *servertest.Stream
	eventually(t, "room for another stream", func() bool {
		again, _ = ann.TryStream("")
		return again != nil
	})
	again.Greeted(t)
	ann.Must(t, 204, "DELETE", "/v1/tokens", nil)
	for _, stream := range append(streams[:2], streams[3], streams[4], again) {
		same(t, "goodbye", stream.Bye(t), "signed_out")
	}
}

// A page elsewhere opens a stream with a ticket, as EventSource does: without a header of its own.
func TestStreamsForPagesOfOtherOrigins(t *testing.T) {
	p := servertest.Start(t, "sqlite:"+t.TempDir()+"/yourturn.db", "--allow-origin", "https://play.example")
	ann := servertest.Guest(t, p.URL, "Ann")
	entry := ann.Must(t, 201, "POST", "/v1/me/stream-tickets", nil).String("ticket")
	page := &servertest.App{URL: p.URL, Requests: servertest.Client()}
	for origin, allowed := range map[string]string{
		"https://play.example": "https://play.example", "http://localhost:5173": "http://localhost:5173", "https://evil.example": "",
	} {
		stream := page.Stream(t, "?ticket="+entry, "Origin", origin)
		stream.Greeted(t)
		same(t, "Access-Control-Allow-Origin for "+origin, stream.Header.Get("Access-Control-Allow-Origin"), allowed)
		same(t, "no credentials", stream.Header.Get("Access-Control-Allow-Credentials"), "")
		same(t, "Content-Type", stream.Header.Get("Content-Type"), "text/event-stream")
		same(t, "X-Accel-Buffering", stream.Header.Get("X-Accel-Buffering"), "no")
		stream.Drop()
	}
	answer := ann.Must(t, 200, "GET", "/v1/me", nil, "Origin", "https://play.example")
	for _, name := range []string{"ETag", "Location", "Retry-After", "Date"} {
		if !strings.Contains(answer.Header.Get("Access-Control-Expose-Headers"), name) {
			t.Errorf("a page cannot read %s", name)
		}
	}
	preflight := page.Must(t, 204, "OPTIONS", "/v1/me/stream", nil, "Origin", "https://play.example",
		"Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", "authorization,last-event-id")
	if allowed := strings.ToLower(preflight.Header.Get("Access-Control-Allow-Headers")); !strings.Contains(allowed, "last-event-id") || !strings.Contains(allowed, "authorization") {
		t.Errorf("a page may send %s", allowed)
	}
}

// A reader that does not read is dropped; whoever reads, reads on.
func TestSlowReaderIsDropped(t *testing.T) {
	t.Parallel()
	url := servertest.Local(t, "sqlite:"+t.TempDir()+"/yourturn.db", bothGames())
	ann, bob := servertest.Guest(t, url, "Ann"), servertest.Guest(t, url, "Bob")
	made := ann.Must(t, 201, "POST", "/v1/sessions", map[string]any{"game": "whisper", "config": map[string]any{"verse": 3500}})
	bob.Must(t, 200, "POST", "/v1/sessions/join", join(made.String("join_code")))
	ann.Must(t, 200, "POST", servertest.MovePath(made.String("id")), say(1, "sing")) // now the server sings, once a second
	const verses = 1500
	servertest.Advance(t, url, verses*time.Second)

	conn := slowly(t, url)
	fmt.Fprintf(conn, "GET /v1/me/stream?after=0 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", bob.Access)
	eventually(t, "the slow stream opens", func() bool { return gauge(t, url, "yourturn_streams") == 1 })
	quick := bob.Stream(t, "?after=0")
	quick.Greeted(t)
	for seq := int64(1); seq <= verses; seq++ {
		if e := quick.Next(t); e.Seq() != seq {
			t.Fatalf("after %d came %+v", seq-1, e)
		}
	}
	eventually(t, "the slow stream is dropped", func() bool { return gauge(t, url, "yourturn_streams") == 1 })
}

// slowly connects with hardly any room for what comes.
func slowly(t *testing.T, url string) net.Conn {
	t.Helper()
	dialer := net.Dialer{Control: func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) {
			_ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4096) // a larger one would do too
		})
	}}
	conn, err := dialer.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// Over TLS an app speaks HTTP/2: requests and streams share one connection, and a stream lives on in silence.
func TestStreamsOverHTTP2(t *testing.T) {
	t.Parallel()
	certificate, key, roots := certify(t)
	p := servertest.Start(t, "sqlite:"+t.TempDir()+"/yourturn.db", "--tls-cert", certificate, "--tls-key", key)
	url := strings.Replace(p.URL, "http:", "https:", 1)
	var apps [2]*servertest.App
	var streams [2]*servertest.Stream
	for i := range apps {
		apps[i] = &servertest.App{URL: url, Requests: &http.Client{Transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true,
		}}}
		made := apps[i].Must(t, 201, "POST", "/v1/players", map[string]any{})
		apps[i].Access = made.String("access_token")
		streams[i] = apps[i].Stream(t, "?after=0")
		streams[i].Greeted(t)
		same(t, "protocol", streams[i].Proto, "HTTP/2.0")
	}
	apps[0].Must(t, 201, "POST", "/v1/tickets", ticket(10)) // turns of ten seconds, as long as a write may take
	id := apps[1].Must(t, 201, "POST", "/v1/tickets", ticket(10)).String("session_id")
	for i := range streams {
		same(t, "told", streams[i].Next(t).Message(t).Kind, "matched")
	}
	quiet := 0 // whose turn it is not hears nothing until the other's time is up
	if apps[0].Must(t, 200, "GET", sessionPath(id), nil).Bool("your_turn") {
		quiet = 1
	}
	same(t, "after a silence", streams[quiet].Next(t).Message(t).Kind, "session_finished")

	same(t, "exit code", p.Stop(t), 0)
	for i := range streams {
		same(t, "goodbye", streams[i].Bye(t), "shutdown")
	}
}

// certify makes a certificate for this machine, with its key, in files.
func certify(t *testing.T) (certificate, key string, roots *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certificate, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{
		certificate: {Type: "CERTIFICATE", Bytes: raw}, key: {Type: "PRIVATE KEY", Bytes: secret},
	} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	roots = x509.NewCertPool()
	roots.AppendCertsFromPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}))
	return certificate, key, roots
}

// What a player is told through one process reaches the stream that another one holds.
func TestStreamsAcrossProcesses(t *testing.T) {
	database := enginetest.MariaDB(t).Database(t)
	one, two := servertest.Start(t, database), servertest.Start(t, database)
	id, first, second := servertest.Pair(t, one.URL)
	there := *second
	there.URL = two.URL
	stream := there.Stream(t, "?after=1")
	stream.Greeted(t)
	first.Must(t, 200, "POST", servertest.MovePath(id), servertest.Move(1, 4))
	same(t, "told elsewhere", stream.Next(t).Message(t).Kind, "your_turn")
	same(t, "and played there", there.Must(t, 200, "POST", servertest.MovePath(id), servertest.Move(2, 0)).Int("version"), int64(4))
	same(t, "nobody's stream ends by the other's end", one.Stop(t), 0)
	same(t, "told of the own move", stream.Next(t).Message(t).Kind, "session_updated")
	same(t, "exit code", two.Stop(t), 0)
	same(t, "goodbye", stream.Bye(t), "shutdown")
}
