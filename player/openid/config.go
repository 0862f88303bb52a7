package openid

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Config is a provider as the operator names it.
type Config struct {
	Name      string
	Issuer    string
	Keys      string   // where the keys are; empty: where the issuer says
	ClientIDs []string // of the operator's apps
}

// What Apple and Google say of themselves in https://appleid.apple.com/.well-known/openid-configuration and
// https://accounts.google.com/.well-known/openid-configuration. Google's tokens may name the issuer without its scheme.
const (
	appleIssuer  = "https://appleid.apple.com"
	appleKeys    = "https://appleid.apple.com/auth/keys"
	googleIssuer = "https://accounts.google.com"
	googleKeys   = "https://www.googleapis.com/oauth2/v3/certs"
)

const maxIssuer = 255 // a column's width

var (
	nameForm     = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)
	clientIDForm = regexp.MustCompile(`^[!-~]{1,255}$`)
)

// Parse reads how an operator names a provider:
//
//	apple=com.example.app
//	google=WEB_CLIENT_ID,ANDROID_CLIENT_ID
//	NAME=https://issuer.example#CLIENT_ID,CLIENT_ID
func Parse(text string) (Config, error) {
	name, rest, _ := strings.Cut(text, "=")
	c := Config{Name: name}
	ids := rest
	switch name {
	case "apple":
		c.Issuer, c.Keys = appleIssuer, appleKeys
	case "google":
		c.Issuer, c.Keys = googleIssuer, googleKeys
	default:
		c.Issuer, ids, _ = strings.Cut(rest, "#")
	}
	if !nameForm.MatchString(name) {
		return c, fmt.Errorf("%q is not a name: small letters, digits and dashes, up to 32", name)
	}
	if err := safeAddress(c.Issuer); err != nil || len(c.Issuer) > maxIssuer {
		return c, fmt.Errorf("%s has no good issuer, as in %s=https://issuer.example#CLIENT_ID", name, name)
	}
	c.ClientIDs = strings.Split(ids, ",")
	for _, id := range c.ClientIDs {
		if !clientIDForm.MatchString(id) || strings.Contains(id, "://") {
			return c, fmt.Errorf("%s needs the client ids of the apps, as %s", name, map[bool]string{
				true: name + "=CLIENT_ID,CLIENT_ID", false: name + "=https://issuer.example#CLIENT_ID,CLIENT_ID",
			}[c.Keys != ""])
		}
	}
	return c, nil
}

// ParseAll reads all providers of a server, and makes sure that each issuer is one provider.
func ParseAll(texts []string) (all []Config, err error) {
	for _, text := range texts {
		c, err := Parse(text)
		if err != nil {
			return nil, err
		}
		same := func(other Config) bool { return other.Name == c.Name || other.Issuer == c.Issuer }
		if slices.ContainsFunc(all, same) {
			return nil, fmt.Errorf("%s is there twice: give all client ids of an issuer at once", c.Name)
		}
		all = append(all, c)
	}
	return all, nil
}

// safeAddress says whether keys may come from an address: over TLS, or from this very machine, as in tests.
func safeAddress(address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return errors.New("not an address like https://issuer.example")
	case u.Scheme == "https":
		return nil
	case u.Scheme == "http" && isLoopback(u.Hostname()):
		return nil
	}
	return errors.New("must be https")
}

func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}
