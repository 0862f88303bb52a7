// Package apns sends to Apple's devices, by the Apple Push Notification service.
//
// Start reading at [Sender.Send]: the address is checked, the payload is built (payload.go), the push goes out, and what
// comes back becomes an outcome (answer.go). Apple has two services that do not know each other's devices, production
// and sandbox. An address says to which one it belongs, and each has one connection (wire.go). Both are told who we are
// by the same signed token, because Apple limits how often a key may sign a new one.
//
// The requests are made by github.com/sideshow/apns2, and so are the tokens. The connections below them are ours, for
// three reasons. The library's do not heed the context while they are set up. It drops the status and the Retry-After of
// an answer that is not JSON, such as a proxy's page. And it writes <, > and & as six bytes each, which makes a payload
// that fits too large.
//
// Only Apple's own word that a device token is unregistered or has expired is [notify.Gone]. What is wrong with our key,
// our topic or the way to Apple says nothing about a device.
package apns

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/sideshow/apns2"

	"yourturn/notify"
)

// Config says who sends, and for which app.
type Config struct {
	Key    []byte         // the signing key that Apple gave out: a .p8 file, PEM
	KeyID  string         // of the key: ten characters
	TeamID string         // of the developer account: ten characters
	Topic  string         // the app's bundle id
	URL    string         // instead of both of Apple's addresses, for proxies and tests
	Roots  *x509.CertPool // whose certificates count; nil is the system's
}

// Sender sends to the devices of one app.
type Sender struct {
	topic    string
	identity *identity
	services map[string]*service // by environment
	now      func() time.Time
}

var _ notify.Sender = (*Sender)(nil)

// service is one of Apple's two.
type service struct {
	client *apns2.Client
	wire   *wire
}

// patience bounds a push whose context has no deadline.
const patience = 30 * time.Second

// maxKept is how long Apple keeps a push at most.
const maxKept = 30 * 24 * time.Hour

// New makes a sender. It checks what can be known without asking Apple; what it says of a bad key never contains it.
func New(c Config) (*Sender, error) {
	for _, id := range []struct{ name, value string }{{"key id", c.KeyID}, {"team id", c.TeamID}, {"topic", c.Topic}} {
		if !isName(id.value) {
			return nil, fmt.Errorf("apns %s: must be letters, digits, dots and dashes", id.name)
		}
	}
	id, err := newIdentity(c)
	if err != nil {
		return nil, fmt.Errorf("apns key: %w", err)
	}
	s := &Sender{topic: c.Topic, identity: id, services: map[string]*service{}, now: time.Now}
	for environment, host := range map[string]string{production: apns2.HostProduction, sandbox: apns2.HostDevelopment} {
		if c.URL != "" {
			host = c.URL
		}
		if s.services[environment], err = s.service(host, c.Roots); err != nil {
			return nil, fmt.Errorf("apns url: %w", err)
		}
	}
	return s, nil
}

// isName keeps whatever could end a header or a path out of the ids.
func isName(s string) bool {
	const allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_"
	return s != "" && len(s) <= 255 && strings.Trim(s, allowed) == ""
}

func (s *Sender) service(host string, roots *x509.CertPool) (*service, error) {
	u, err := url.Parse(host)
	if err != nil {
		return nil, errors.New("cannot be read") // what the parser says repeats it, and it may hold a password
	}
	if u.Scheme != "https" || u.Hostname() == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("must be https:// and a host, and nothing else")
	}
	port := u.Port()
	if port == "" {
		port = "443"
	}
	w := newWire(net.JoinHostPort(u.Hostname(), port), roots, s.now)
	return &service{wire: w, client: &apns2.Client{
		Host:  "https://" + u.Host,
		Token: s.identity.token,
		HTTPClient: &http.Client{
			Transport: w,
			// Apple sends nobody elsewhere, and whoever does shall not get our token.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}}, nil
}

// Close ends the connections as soon as nobody uses them any more. What is sent afterwards fails.
func (s *Sender) Close() {
	for _, service := range s.services {
		service.wire.close()
	}
}

// Check implements [notify.Sender].
func (s *Sender) Check(a notify.Address) (notify.Address, error) { return Check(a) }

// Provider implements [notify.Sender]. Apple's two services fall ill apart from each other.
func (s *Sender) Provider(a notify.Address) string {
	if environmentOf(a) == sandbox {
		return notify.APNs + "-sandbox"
	}
	return notify.APNs
}

// Send implements [notify.Sender].
func (s *Sender) Send(ctx context.Context, p notify.Push) notify.Outcome {
	address, err := Check(p.Address) // once more: what it lets through goes into the path as it is
	if err != nil {
		return notify.Outcome{Class: notify.Rejected, Reason: "address"}
	}
	payload, err := Payload(p)
	if err != nil {
		return notify.Outcome{Class: notify.Faulty, Reason: apns2.ReasonPayloadTooLarge}
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	service, n := s.services[address.Environment], s.notification(p, address, payload)
	outcome, bearer := service.push(ctx, n, payload)
	if outcome.Reason == apns2.ReasonExpiredProviderToken && s.identity.renew(bearer, s.now()) {
		outcome, _ = service.push(ctx, n, payload) // nothing was wrong with the push
	}
	return outcome
}

// notification is a push as the library wants it.
func (s *Sender) notification(p notify.Push, a notify.Address, payload []byte) *apns2.Notification {
	n := &apns2.Notification{
		ApnsID:      uuid(p.ID),
		CollapseID:  p.Collapse,
		DeviceToken: a.Token,
		Topic:       s.topic,
		// Never zero, which would mean: try once, and do not keep it.
		Expiration: s.now().Add(min(max(p.Ends, time.Second), maxKept)),
		Priority:   apns2.PriorityHigh,
		PushType:   apns2.PushTypeAlert, // of a badge alone as well: a background push may not carry one
		Payload:    payload,
	}
	if p.Text.Silent() {
		n.Priority = apns2.PriorityLow
	}
	return n
}

// push makes one request. It tells, beside what became of it, which token it bore.
func (s *service) push(ctx context.Context, n *apns2.Notification, payload []byte) (notify.Outcome, string) {
	c := &call{payload: payload}
	response, err := s.client.PushWithContext(context.WithValue(ctx, callKey{}, c), n)
	if err != nil {
		return notify.Outcome{Class: notify.Down, Reason: failure(err)}, c.bearer
	}
	outcome := c.answer.outcome()
	if isUUID(response.ApnsID) {
		outcome.ID = response.ApnsID
	}
	return outcome, c.bearer
}
