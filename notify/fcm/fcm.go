// Package fcm sends pushes through Firebase Cloud Messaging: to Android, and to whatever else an app has registered with
// Firebase. Start at [Sender.Send].
//
// Firebase's own SDK makes the messages and speaks the protocol. Two of its habits are kept from it. It tries again by
// itself, after any failure of the network and after a 503, and so turns one push into five when a provider is already
// down; here whoever calls decides when to try again, so the SDK reaches the network through [once], which lets it have
// one request. And it names an error by what the answer looks like from afar, so that the page of a proxy that says 404
// resembles the provider's word that a device is gone; here the answer itself is read, in outcome.go, and a device is
// forgotten only when Firebase speaks of that very token.
//
// A message goes out with an access token that Google gives in exchange for a signature with the service account's key.
// All sends share one, and wait for it together when there is none; token.go keeps it.
//
// What shows a text is cut to what Firebase carries. Pushes of one session replace each other where they are shown, by a
// tag; while a phone is away all of them share a place, because Firebase keeps only four such places for a device. An
// app must therefore refetch when it opens, and never add up what pushes said.
package fcm

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	firebase "firebase.google.com/go/v4"
	"firebase.google.com/go/v4/messaging"
	"google.golang.org/api/option"

	"yourturn/notify"
)

// Config is what an operator says.
type Config struct {
	Credentials []byte         // a service account's JSON
	URL         string         // where Firebase is, when it is not where Google has it: proxies and tests
	Roots       *x509.CertPool // who vouches for Google's certificates; nil: the system's
}

// googles is where Google has Firebase Cloud Messaging.
const googles = "https://fcm.googleapis.com"

// Sender sends to Firebase Cloud Messaging.
type Sender struct {
	client    *messaging.Client
	transport *http.Transport
	tokens    *tokens
}

var _ notify.Sender = (*Sender)(nil)

// New makes a sender. It reads the credentials, and does not yet ask Google whether they are any good.
func New(ctx context.Context, c Config) (*Sender, error) {
	account, err := readAccount(c.Credentials)
	if err != nil {
		return nil, fmt.Errorf("fcm: credentials: %w", err)
	}
	endpoint, err := endpoint(c.URL)
	if err != nil {
		return nil, fmt.Errorf("fcm: %w", err)
	}
	transport := newTransport(c.Roots)
	app, err := firebase.NewApp(ctx, &firebase.Config{ProjectID: account.ProjectID},
		option.WithEndpoint(endpoint), option.WithHTTPClient(&http.Client{Transport: once{transport}}))
	if err != nil {
		return nil, fmt.Errorf("fcm: %w", err)
	}
	client, err := app.Messaging(ctx)
	if err != nil {
		return nil, fmt.Errorf("fcm: %w", err)
	}
	exchange, err := newExchange(account, transport)
	if err != nil {
		return nil, fmt.Errorf("fcm: %w", err)
	}
	return &Sender{client: client, transport: transport, tokens: newTokens(exchange)}, nil
}

// endpoint is the address that the SDK wants, which has the version of the protocol in it.
func endpoint(address string) (string, error) {
	if address == "" {
		address = googles
	}
	if !isHTTPS(address) {
		return "", errors.New("the URL must be https://host, without a query")
	}
	return strings.TrimRight(address, "/") + "/v1", nil
}

func isHTTPS(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "https" && u.Hostname() != "" && u.User == nil && u.RawQuery == "" && u.Fragment == ""
}

// newTransport has no timeouts but those that end a connection nobody waits for any more: how long a send may take is
// its context's to say.
func newTransport(roots *x509.CertPool) *http.Transport {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		TLSClientConfig:     &tls.Config{RootCAs: roots},
		TLSHandshakeTimeout: 10 * time.Second,
		ForceAttemptHTTP2:   true,
		// A ping finds out that a connection is dead.
		HTTP2: &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 15 * time.Second},
		// As many as there are sends at a time: a proxy may not speak HTTP/2, and a cold start opens no more than these.
		MaxConnsPerHost:     64,
		MaxIdleConnsPerHost: 64,
		IdleConnTimeout:     90 * time.Second,
	}
}

// Close ends what a sender keeps. Sends must have ended before.
func (s *Sender) Close() {
	s.tokens.close()
	s.transport.CloseIdleConnections()
}

// maxToken bounds a registration token. They are about 160 characters long today, and Google promises no length.
const maxToken = 4096

// Check says what is wrong with an address, as a [*notify.BadAddress].
func Check(a notify.Address) (notify.Address, error) {
	for _, member := range []struct{ name, value string }{
		{"environment", a.Environment}, {"p256dh", a.P256DH}, {"auth", a.Auth},
	} {
		if member.value != "" {
			return notify.Address{}, &notify.BadAddress{Member: member.name, Message: "is not for this channel"}
		}
	}
	switch {
	case a.Token == "":
		return notify.Address{}, &notify.BadAddress{Member: "token", Message: "is missing"}
	case len(a.Token) > maxToken:
		return notify.Address{}, &notify.BadAddress{Member: "token", Message: "is too long"}
	case strings.ContainsFunc(a.Token, func(r rune) bool { return r <= ' ' || r > '~' }):
		return notify.Address{}, &notify.BadAddress{Member: "token", Message: "must be printable ASCII without spaces"}
	}
	return a, nil
}

// Check is the function of the same name.
func (s *Sender) Check(a notify.Address) (notify.Address, error) { return Check(a) }

// Provider names Google, who answers for every address.
func (s *Sender) Provider(notify.Address) string { return notify.FCM }

// Send asks Firebase once to deliver a push.
func (s *Sender) Send(ctx context.Context, p notify.Push) notify.Outcome {
	m, err := message(p, time.Now())
	if err != nil {
		return faulty(err)
	}
	token, err := s.tokens.get(ctx)
	if err != nil {
		return unauthorized(err)
	}
	a := &attempt{token: token}
	id, err := s.client.Send(context.WithValue(ctx, attemptKey{}, a), m)
	switch {
	case a.err != nil:
		return unreachable("", a.err)
	case a.status == 0: // the SDK has refused the message by itself
		return faulty(err)
	case a.status/100 == 2:
		return taken(id)
	}
	outcome := refused(a.answer, time.Now())
	if a.status == http.StatusUnauthorized && outcome.Class == notify.Misconfigured { // otherwise it is about another's key
		s.tokens.drop(token)
	}
	return outcome
}

// Body is what is sent for a push, with the device's token in it.
func Body(p notify.Push) ([]byte, error) { return body(p, time.Now()) }

func body(p notify.Push, now time.Time) ([]byte, error) {
	m, err := message(p, now)
	if err != nil {
		return nil, fmt.Errorf("fcm: %w", err)
	}
	return json.Marshal(struct {
		Message *messaging.Message `json:"message"`
	}{m})
}
