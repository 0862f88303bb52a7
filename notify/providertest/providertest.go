// Package providertest holds strict fakes of the push providers, to test against without a network: they refuse what the
// real ones refuse, note what arrives, and fail when told to.
package providertest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"
)

// Received is one request that a fake has answered.
type Received struct {
	At       time.Time
	Token    string // the device token, the registration token, or the endpoint
	Status   int    // what it was answered with; 0 for a connection that was cut
	Reason   string // likewise
	Header   http.Header
	Body     json.RawMessage   // as it came; of a Web Push, decrypted
	Fields   map[string]string // the flat strings that every push carries
	Badge    int               // -1 when it has none
	Title    string            // what is shown, rendered; empty when nothing is, or the app renders
	Text     string            // the body of what is shown
	Collapse string            // apns-collapse-id, Android tag, or Topic
}

// Fault is how a fake fails. Its zero value does not.
type Fault struct {
	Status     int
	Reason     string    // the provider's word for it; what it means is the fake's to say
	Timestamp  time.Time // of a 410 of APNs
	RetryAfter string
	HTML       bool // answer with a page of a proxy instead of the provider's JSON
	Hang       bool // do not answer until the client gives up
	Reset      bool // cut the connection
	GoAway     bool // answer well, then ask the client to leave (HTTP/2)
}

// Provider is what the fakes have in common: what arrived, and how to fail.
type Provider struct {
	mu       sync.Mutex
	received []Received
	next     map[string][]Fault                        // by token, in order
	always   map[string]Fault                          // by token
	rule     func(token string, nth int) (Fault, bool) // before the two
	count    map[string]int                            // requests by token
	delay    time.Duration
	signed   sync.Map // what has been verified, by its text with the signature
}

// verify checks a signature, and one that was good only once, as the real ones do: it costs more than all the rest.
func (p *Provider) verify(signed string, check func() bool) bool {
	if _, good := p.signed.Load(signed); good {
		return true
	}
	good := check()
	if good {
		p.signed.Store(signed, nil)
	}
	return good
}

// FailNext lets the next requests for a token fail, each as told.
func (p *Provider) FailNext(token string, faults ...Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.next == nil {
		p.next = map[string][]Fault{}
	}
	p.next[token] = append(p.next[token], faults...)
}

// FailAlways lets every request for a token fail, until it is told a zero Fault. The token "" is every token.
func (p *Provider) FailAlways(token string, f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.always == nil {
		p.always = map[string]Fault{}
	}
	p.always[token] = f
	if f == (Fault{}) {
		delete(p.always, token)
	}
}

// FailBy decides on every request by its token and how many came for it before. It comes before the other two.
func (p *Provider) FailBy(rule func(token string, before int) (Fault, bool)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rule = rule
}

// Delay makes every answer wait.
func (p *Provider) Delay(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = d
}

// fault is what a request for a token is to meet. It counts the request.
func (p *Provider) fault(token string) (Fault, bool) {
	p.mu.Lock()
	delay := p.delay
	f, ok := p.decide(token)
	p.mu.Unlock()
	time.Sleep(delay)
	return f, ok
}

func (p *Provider) decide(token string) (Fault, bool) {
	if p.count == nil {
		p.count = map[string]int{}
	}
	before := p.count[token]
	p.count[token]++
	if p.rule != nil {
		if f, ok := p.rule(token, before); ok {
			return f, f != (Fault{})
		}
	}
	if queue := p.next[token]; len(queue) > 0 {
		p.next[token] = queue[1:]
		return queue[0], queue[0] != (Fault{})
	}
	if f, ok := p.always[token]; ok {
		return f, true
	}
	f, ok := p.always[""]
	return f, ok
}

// note keeps what arrived.
func (p *Provider) note(r Received) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r.At = time.Now()
	p.received = append(p.received, r)
}

// Received is everything that has been answered so far, in order.
func (p *Provider) Received() []Received {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.received)
}

// Count is how many requests have been answered so far.
func (p *Provider) Count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.received)
}

// Taken is what was answered well.
func (p *Provider) Taken() []Received {
	return slices.DeleteFunc(p.Received(), func(r Received) bool { return r.Status/100 != 2 })
}

// Authority vouches for the fakes' certificates.
type Authority struct {
	Pool *x509.CertPool
	File string          // PEM, for SSL_CERT_FILE of another process
	Cert tls.Certificate // of 127.0.0.1 and localhost
}

// NewAuthority makes one for a test.
func NewAuthority(tb testing.TB) *Authority {
	tb.Helper()
	must := func(err error) {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "provider test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true, IsCA: true,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	must(err)
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	a := &Authority{
		Pool: x509.NewCertPool(), File: filepath.Join(tb.TempDir(), "authority.pem"),
		Cert: tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key},
	}
	a.Pool.AppendCertsFromPEM(certificate)
	must(os.WriteFile(a.File, certificate, 0o600))
	return a
}
