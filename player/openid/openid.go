// Package openid checks id tokens of Apple, Google and any other issuer that speaks OpenID Connect.
//
// Start at [Provider.Verify]. What a token must be is said there; where the keys come from that prove it, and how often an
// issuer is asked for them, is in keys.go; how operators name providers is in config.go.
//
// An issuer is never asked before a token of its own needs it: a server starts, and plays, while every issuer is down.
package openid

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"yourturn/player"
)

const (
	// maxToken is far above what issuers make: Apple's and Google's have about 1 kB, a company's with many groups 8.
	maxToken = 16 << 10
	// leeway is how far an issuer's clock may be from ours.
	leeway = time.Minute
	// maxSubject is OpenID Connect's own bound, section 2.
	maxSubject = 255
)

// algorithms are those that sign with a key of the issuer's alone. Those that a public key could be used for as a shared
// secret (HS256) are not among them, nor is none.
var algorithms = []string{
	oidc.RS256, oidc.RS384, oidc.RS512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.EdDSA,
}

// Provider checks the id tokens of one issuer.
type Provider struct {
	config Config
	keys   *keys
	now    func() time.Time
}

var _ player.Provider = (*Provider)(nil)

// New makes a provider. client is who asks the issuer; what it sends is up to this package. now is the real time: an
// issuer knows no other.
func New(c Config, client *http.Client, now func() time.Time) *Provider {
	return &Provider{config: c, keys: newKeys(c, client, now), now: now}
}

// Name is the operator's name for the issuer.
func (p *Provider) Name() string { return p.config.Name }

// Issuer is what the issuer calls itself.
func (p *Provider) Issuer() string { return p.config.Issuer }

// claims are what a token says beyond what go-oidc reads.
type claims struct {
	AuthorizedParty string   `json:"azp"`
	NotBefore       *float64 `json:"nbf"`
}

// Verify finds out who somebody is by an id token.
//
// The token is one in the compact form, signed with a key that the issuer publishes. It is of this issuer, and for one of
// the operator's own apps: its audience has one of their client ids, and so has its authorised party, if it names one, or
// an app of somebody else's could sign its own users in here. It is not over, and not of a time to come.
//
// The nonce of a token must be given. If it looks like a SHA-256 in hex, what is given must be the text that was hashed:
// whoever found the token can read the hash, and not what it was made of. Some libraries put a nonce into the token as the
// app wrote it. That is compared as it is, and keeps nobody out who has read the token.
//
// It may be old, and it may be shown more than once, as long as it is valid: an answer may be lost.
func (p *Provider) Verify(ctx context.Context, idToken, nonce string) (subject string, err error) {
	if len(idToken) > maxToken || strings.Count(idToken, ".") != 2 {
		return "", bad("it is not a signed token in the compact form")
	}
	set := &keySet{keys: p.keys}
	verifier := oidc.NewVerifier(p.config.Issuer, set, &oidc.Config{
		SkipClientIDCheck: true, // there may be several: see rightParty
		SkipExpiryCheck:   true, // without leeway: see inTime
		// go-oidc knows the second spelling of Google's issuer.
		SupportedSigningAlgs: algorithms,
	})
	token, err := verifier.Verify(ctx, idToken)
	var down *player.ProviderDown
	switch {
	case errors.As(set.err, &down), set.err != nil && ctx.Err() != nil:
		return "", set.err // nobody's fault that the token could not be judged
	case set.err != nil:
		return "", bad("its signature is not by a key of the issuer's")
	case err != nil && set.asked:
		return "", bad("it is not by the issuer " + p.config.Issuer + ", or cannot be read")
	case err != nil:
		return "", bad("it is not a token that is signed by a public key")
	}
	var more claims
	if err := token.Claims(&more); err != nil {
		return "", bad("its claims cannot be read")
	}
	if err := rightNames(set.payload); err != nil {
		return "", err
	}
	if err := p.rightParty(token.Audience, more.AuthorizedParty); err != nil {
		return "", err
	}
	if err := inTime(token, more, p.now()); err != nil {
		return "", err
	}
	if err := rightNonce(token.Nonce, nonce); err != nil {
		return "", err
	}
	return token.Subject, goodSubject(token.Subject)
}

func bad(reason string) error { return &player.BadIDToken{Reason: reason} }

// rightParty says that a token was made for the operator's apps, by one of them.
func (p *Provider) rightParty(audience []string, party string) error {
	ours := func(id string) bool { return slices.Contains(p.config.ClientIDs, id) }
	if !slices.ContainsFunc(audience, ours) {
		return bad("its audience (aud) has none of this server's client ids")
	}
	if party != "" && !ours(party) {
		return bad("its authorised party (azp) is none of this server's client ids")
	}
	if party == "" && len(audience) > 1 {
		return bad("it has several audiences and no authorised party (azp)")
	}
	return nil
}

// inTime says that a token is of now.
func inTime(t *oidc.IDToken, more claims, now time.Time) error {
	switch {
	case !now.Before(t.Expiry.Add(leeway)):
		return bad("it has expired (exp)")
	case t.IssuedAt.After(now.Add(leeway)):
		return bad("it was issued in the future (iat)")
	case more.NotBefore != nil && *more.NotBefore > float64(now.Add(leeway).Unix()):
		return bad("it is not valid yet (nbf)")
	}
	return nil
}

// read are the claims that are read here or by go-oidc.
var read = []string{"iss", "sub", "aud", "azp", "exp", "iat", "nbf", "nonce", "at_hash", "_claim_names", "_claim_sources"}

// rightNames refuses claims whose names are those that are read in other letters. JSON's decoder takes one for the other,
// and it would depend on their order whom a token names.
func rightNames(payload []byte) error {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(payload, &all); err != nil {
		return bad("its claims cannot be read")
	}
	for name := range all {
		for _, exact := range read {
			if name != exact && strings.EqualFold(name, exact) {
				return bad("it has a claim whose name differs from " + exact + " by its case")
			}
		}
	}
	return nil
}

var hashForm = regexp.MustCompile(`^[0-9a-fA-F]{64}$`)

func rightNonce(said, given string) error {
	hashed := sha256.Sum256([]byte(given))
	switch {
	case said == "" && given == "":
		return nil
	case given == "":
		return bad("it has a nonce, which must be given too")
	case hashForm.MatchString(said) && said != hex.EncodeToString(hashed[:]):
		return bad("its nonce is not the SHA-256 in small hex of the one that was given")
	case !hashForm.MatchString(said) && said != given:
		return bad("its nonce is not the one that was given")
	}
	return nil
}

// goodSubject refuses what no issuer calls anybody. Databases differ in whether a blank at the end counts.
func goodSubject(subject string) error {
	strange := func(r rune) bool { return r <= ' ' || r > '~' }
	if subject == "" || len(subject) > maxSubject || strings.ContainsFunc(subject, strange) {
		return bad(fmt.Sprintf("its subject (sub) is not 1 to %d printable ASCII characters", maxSubject))
	}
	return nil
}

// keySet is an issuer's keys as go-oidc asks them for one token's payload. It remembers what came of it, of which go-oidc
// makes text.
type keySet struct {
	keys    *keys
	asked   bool
	payload []byte
	err     error
}

// VerifySignature is asked by go-oidc for the payload of a token that can be parsed.
func (s *keySet) VerifySignature(ctx context.Context, token string) ([]byte, error) {
	s.asked = true
	s.payload, s.err = s.keys.payload(ctx, token)
	return s.payload, s.err
}
