package webpush

import (
	"crypto/ecdh"
	"encoding/base64"
	"errors"
	"net/url"
	"strings"

	"yourturn/notify"
)

// maxEndpoint bounds the address of a subscription. The longest in use, of Windows, has about 600 bytes.
const maxEndpoint = 1024

// subscription is an address, read.
type subscription struct {
	endpoint *url.URL
	key      *ecdh.PublicKey // the browser's
	auth     []byte
}

// forbiddenHost refuses an endpoint for where it is.
type forbiddenHost struct{ host string }

func (e *forbiddenHost) Error() string {
	return "is at a host that this server does not push to: " + e.host
}

// Check reads a browser's subscription. What it says repeats no more of the endpoint than a host.
func (s *Sender) Check(a notify.Address) (notify.Address, error) {
	if a.Environment != "" {
		return notify.Address{}, &notify.BadAddress{Member: "environment", Message: "is not for this channel"}
	}
	sub, member, err := s.subscription(a)
	if err != nil {
		return notify.Address{}, &notify.BadAddress{Member: member, Message: err.Error()}
	}
	return notify.Address{
		Token:  sub.endpoint.String(),
		P256DH: base64.RawURLEncoding.EncodeToString(sub.key.Bytes()),
		Auth:   base64.RawURLEncoding.EncodeToString(sub.auth),
	}, nil
}

// subscription reads an address, or names the member that is wrong.
func (s *Sender) subscription(a notify.Address) (sub subscription, member string, err error) {
	if sub.endpoint, err = s.endpoint(a.Token); err != nil {
		return sub, "token", err
	}
	if sub.key, err = parsePoint(a.P256DH); err != nil {
		return sub, "p256dh", err
	}
	if sub.auth, err = parseAuth(a.Auth); err != nil {
		return sub, "auth", err
	}
	return sub, "", nil
}

// endpoint reads an endpoint and asks whether it may be where it is.
func (s *Sender) endpoint(text string) (*url.URL, error) {
	u, err := parseEndpoint(text)
	if err != nil {
		return nil, err
	}
	if !s.hosts.allows(u.Host) {
		return nil, &forbiddenHost{u.Host}
	}
	return u, nil
}

// parseEndpoint reads an endpoint as a browser writes it. What two readers could understand differently is refused, so
// that the host which is checked here is the host that is connected to.
func parseEndpoint(text string) (*url.URL, error) {
	if len(text) > maxEndpoint {
		return nil, errors.New("must have at most 1024 bytes")
	}
	if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' || r == '\\' }) {
		return nil, errors.New("must be a URL in ASCII")
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || u.Opaque != "" {
		return nil, errors.New("must be an https URL")
	}
	if u.User != nil {
		return nil, errors.New("must have no user")
	}
	if strings.Contains(text, "#") {
		return nil, errors.New("must have no fragment")
	}
	u.Host = strings.TrimSuffix(strings.ToLower(u.Host), ":443")
	if !isHost(u.Host) {
		return nil, errors.New("must be at a host")
	}
	if len(u.EscapedPath()) < 2 && u.RawQuery == "" {
		return nil, errors.New("must have a path")
	}
	return u, nil
}

// parsePoint reads a browser's key. Points that are not on the curve would give our own keys away, bit by bit, if they
// were used again; here they are merely nonsense.
func parsePoint(text string) (*ecdh.PublicKey, error) {
	raw, err := decode64(text)
	if err != nil {
		return nil, err
	}
	if len(raw) != 65 || raw[0] != 4 {
		return nil, errors.New("must be an uncompressed point of 65 bytes")
	}
	key, err := ecdh.P256().NewPublicKey(raw)
	if err != nil {
		return nil, errors.New("is not a point on the curve P-256")
	}
	return key, nil
}

// parseAuth reads a browser's secret. No browser draws sixteen zeros.
func parseAuth(text string) ([]byte, error) {
	raw, err := decode64(text)
	if err != nil {
		return nil, err
	}
	if len(raw) != 16 {
		return nil, errors.New("must have 16 bytes")
	}
	if [16]byte(raw) == [16]byte{} {
		return nil, errors.New("must not be all zero")
	}
	return raw, nil
}
