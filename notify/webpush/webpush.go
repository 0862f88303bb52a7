// Package webpush sends to browsers, by Web Push.
//
// A browser that subscribes gets an address at its maker's push service and two keys, and the app registers the three
// as a device. To push is to POST to that address (RFC 8030) one small encrypted record that only the browser can open
// (RFC 8291, in the coding of RFC 8188), signed with this server's key (VAPID, RFC 8292), which the browser was told
// when it subscribed: [Sender.PublicKey]. Start reading at [Sender.Send].
//
// The address comes from whoever registers, so it decides where this server connects, and is not trusted. Only https
// to hosts of known push services is accepted, checked when it is registered and again before every push (hosts.go,
// address.go). What such a name resolves to must be a public address, checked on the very address that is dialled, so
// that a name which resolves differently the second time gains nothing (dial.go). No redirect is followed. No proxy is
// used, not even the environment's: it would resolve the names by itself, and the check would see only the proxy. And
// nothing that one device can make its service answer keeps the others of that service waiting (outcome.go).
//
// What is sent is one JSON object (payload.go): the flat strings of every push, and what to show. With a page to open
// it is also a Declarative Web Push, which browsers that know it show without any code of the app; in the others the
// app's service worker reads the same object. A browser takes the permission away from who pushes without showing
// anything, so a push that only changes the badge is never sent here.
package webpush

import (
	"bytes"
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"yourturn/notify"
)

// Config says who sends, and where to.
type Config struct {
	Key     string // the VAPID private key of [NewKey]: 32 bytes, base64url
	Subject string // how a push service reaches the operator: mailto:… or https://…
	// Hosts are allowed beside the known push services: "push.example.org", "*.example.org", "127.0.0.1:8443", or "*"
	// for every public host. Only a host that is named in full may have an address that is not public.
	Hosts     []string
	OnlyHosts bool           // without the known push services
	Navigate  string         // the page that a notification leads to; {session_id} is filled in
	Roots     *x509.CertPool // whose certificates count; nil is the system's
}

// Sender sends Web Pushes.
type Sender struct {
	hosts     hosts
	navigate  string
	tokens    *tokens
	dialer    *dialer
	transport *http.Transport
	now       func() time.Time
}

var _ notify.Sender = (*Sender)(nil)

// The bounds of one exchange.
const (
	patience   = 30 * time.Second // at most, also where the caller's context has no deadline
	maxAnswer  = 4 << 10
	maxHeaders = 16 << 10
)

// New makes a sender. What it says of a bad configuration never contains the key.
func New(c Config) (*Sender, error) {
	key, err := parseKey(c.Key)
	if err != nil {
		return nil, fmt.Errorf("webpush key: %w", err)
	}
	if err := checkSubject(c.Subject); err != nil {
		return nil, fmt.Errorf("webpush subject: %w", err)
	}
	hosts, err := parseHosts(c.Hosts, c.OnlyHosts)
	if err != nil {
		return nil, fmt.Errorf("webpush hosts: %w", err)
	}
	if err := checkNavigate(c.Navigate); err != nil {
		return nil, fmt.Errorf("webpush navigate: %w", err)
	}
	tokens, err := newTokens(key, c.Subject)
	if err != nil {
		return nil, fmt.Errorf("webpush key: %w", err)
	}
	d := newDialer(hosts)
	return &Sender{
		hosts: hosts, navigate: c.Navigate, tokens: tokens, dialer: d, now: time.Now,
		transport: &http.Transport{
			DialContext:            d.dial,
			ForceAttemptHTTP2:      true,
			TLSClientConfig:        &tls.Config{RootCAs: c.Roots, MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout:    dialTimeout,
			MaxIdleConns:           100,
			MaxIdleConnsPerHost:    16,
			IdleConnTimeout:        90 * time.Second,
			MaxResponseHeaderBytes: maxHeaders,
			DisableCompression:     true,
			// A connection that has died without a word is found before a push is lost on it.
			HTTP2: &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 5 * time.Second},
		},
	}, nil
}

// PublicKey is what a browser is told when it subscribes: an uncompressed point, base64url.
func (s *Sender) PublicKey() string { return s.tokens.public }

// Close ends the connections that wait to be used again. It comes after the last Send.
func (s *Sender) Close() { s.transport.CloseIdleConnections() }

// Provider is the host of the push service.
func (s *Sender) Provider(a notify.Address) string {
	u, err := parseEndpoint(a.Token)
	if err != nil {
		return notify.WebPush + ":"
	}
	return notify.WebPush + ":" + u.Host
}

// Send encrypts a push for its browser and hands it to the browser's push service.
func (s *Sender) Send(ctx context.Context, p notify.Push) notify.Outcome {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r, refused := s.request(ctx, p)
	if refused != nil {
		return *refused
	}
	token, err := s.tokens.of(r.URL.Scheme+"://"+r.URL.Host, s.now())
	if err != nil {
		return notify.Outcome{Class: notify.Misconfigured, Reason: "signing"}
	}
	r.Header.Set("Authorization", "vapid t="+token.jwt+", k="+s.tokens.public)

	// Without a client around the transport nothing follows a redirect or keeps a cookie.
	answer, err := s.transport.RoundTrip(r)
	if err != nil {
		return unreachable(ctx, err)
	}
	defer answer.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(answer.Body, maxAnswer)) // the status says enough when the rest does not come
	o := reply{answer, body, s.hosts.known(r.URL.Host), token.accepted.Load()}.outcome(s.now())
	if o.Class == notify.Sent {
		token.accepted.Store(true)
	}
	return o
}

// request is the push as it goes out, but for who sends it; or what is wrong with it.
func (s *Sender) request(ctx context.Context, p notify.Push) (*http.Request, *notify.Outcome) {
	if p.Text.Silent() {
		return nil, &notify.Outcome{Class: notify.Faulty, Reason: "silent"}
	}
	if !isTopic(p.Collapse) {
		return nil, &notify.Outcome{Class: notify.Faulty, Reason: "topic"}
	}
	to, _, err := s.subscription(p.Address)
	if forbidden := (*forbiddenHost)(nil); errors.As(err, &forbidden) {
		return nil, &notify.Outcome{Class: notify.Rejected, Reason: reasonForbidden}
	}
	if err != nil {
		return nil, &notify.Outcome{Class: notify.Rejected, Reason: "bad-address"}
	}
	plain, err := Payload(p, s.navigate)
	if err != nil {
		return nil, &notify.Outcome{Class: notify.Faulty, Reason: reasonTooLarge}
	}
	body, err := encrypt(plain, to)
	if err != nil {
		return nil, &notify.Outcome{Class: notify.Faulty, Reason: "encryption"}
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to.endpoint.String(), bytes.NewReader(body))
	if err != nil {
		return nil, &notify.Outcome{Class: notify.Rejected, Reason: "bad-address"}
	}
	r.Header.Set("Content-Type", "application/octet-stream")
	r.Header.Set("Content-Encoding", "aes128gcm")
	r.Header.Set("TTL", strconv.FormatInt(seconds(p.Ends), 10))
	r.Header.Set("Urgency", "high") // all that is sent here is shown
	r.Header.Set("User-Agent", "yourturn")
	if p.Collapse != "" {
		r.Header.Set("Topic", p.Collapse)
	}
	return r, nil
}

// encrypt seals a payload with a key and a salt that are used once.
func encrypt(plain []byte, to subscription) ([]byte, error) {
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	salt := make([]byte, saltSize)
	rand.Read(salt) // never fails
	return seal(plain, padded(len(plain)), to.key, to.auth, key, salt)
}

// maxTTL is what push services take at most: four weeks.
const maxTTL = 4 * 7 * 24 * time.Hour

// seconds is how long a push is kept. With zero it would be dropped where the browser is away, and Windows refuses it.
func seconds(d time.Duration) int64 {
	return int64(min(max(d, time.Second), maxTTL) / time.Second)
}

// isTopic tells the words that a push service takes as the topic: none is one too.
func isTopic(word string) bool {
	return len(word) <= 32 && !strings.ContainsFunc(word, func(r rune) bool { return !isBase64URL(r) })
}

func isBase64URL(r rune) bool {
	return 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == '-' || r == '_'
}

// checkNavigate refuses what a browser could not open: one bad address would make it drop the whole notification.
func checkNavigate(page string) error {
	if page == "" {
		return nil
	}
	u, err := url.Parse(strings.ReplaceAll(page, sessionMark, "x"))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil {
		return errors.New("must be a full address, https://…")
	}
	return nil
}
