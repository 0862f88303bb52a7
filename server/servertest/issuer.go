package servertest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// Issuer is an OpenID Connect issuer of a test's own, with real keys. It can be slow, lie, change its keys and go away.
type Issuer struct {
	URL string

	tb      testing.TB
	mu      sync.Mutex
	keys    []*IssuerKey
	asked   map[string]int // by path
	instead http.HandlerFunc
}

// Where an [Issuer] answers.
const (
	IssuerDocument = "/.well-known/openid-configuration"
	IssuerKeys     = "/keys"
)

// NewIssuer starts an issuer with a key. It ends with the test.
func NewIssuer(tb testing.TB) *Issuer {
	tb.Helper()
	i := &Issuer{tb: tb, asked: map[string]int{}, keys: []*IssuerKey{NewIssuerKey(tb, "first", "ES256")}}
	web := httptest.NewServer(i)
	tb.Cleanup(web.Close)
	i.URL = web.URL
	return i
}

// ServeHTTP answers what is asked of an issuer.
func (i *Issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	i.asked[r.URL.Path]++
	instead := i.instead
	set := []map[string]any{}
	for _, k := range i.keys {
		set = append(set, k.Public())
	}
	i.mu.Unlock()
	if instead != nil {
		instead(w, r)
		return
	}
	var answer any
	switch r.URL.Path {
	case IssuerDocument:
		answer = map[string]any{"issuer": i.URL, "jwks_uri": i.URL + IssuerKeys}
	case IssuerKeys:
		answer = map[string]any{"keys": set}
	default:
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer) // who has gone needs no answer
}

// Instead has the issuer answer in another way, or with nil as it should again.
func (i *Issuer) Instead(answer http.HandlerFunc) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.instead = answer
}

// Publish makes these the issuer's keys.
func (i *Issuer) Publish(keys ...*IssuerKey) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys = keys
}

// Key is the first of the issuer's keys.
func (i *Issuer) Key() *IssuerKey {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.keys[0]
}

// Asked is how often a path was asked for.
func (i *Issuer) Asked(path string) int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.asked[path]
}

// Claims are what a good token for an app says about somebody, as of now.
func (i *Issuer) Claims(client, subject string, now time.Time) map[string]any {
	return map[string]any{
		"iss": i.URL, "aud": client, "sub": subject, "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(), "email": subject + "@mail.example",
	}
}

// Token is a good token for an app, of now, with claims that differ. A claim of nil is left out.
func (i *Issuer) Token(client, subject string, differ map[string]any) string {
	claims := i.Claims(client, subject, time.Now())
	maps.Copy(claims, differ)
	maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
	key := i.Key()
	return key.Sign(i.tb, key.Header(), claims)
}

// IssuerKey signs tokens.
type IssuerKey struct {
	ID, Algorithm string
	Private       crypto.Signer
}

// NewIssuerKey makes a key, for RS256 or ES256.
func NewIssuerKey(tb testing.TB, id, algorithm string) *IssuerKey {
	tb.Helper()
	k := &IssuerKey{ID: id, Algorithm: algorithm}
	var err error
	switch algorithm {
	case "RS256":
		k.Private, err = rsa.GenerateKey(rand.Reader, 2048)
	case "ES256":
		k.Private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	default:
		tb.Fatalf("no keys for %s", algorithm)
	}
	if err != nil {
		tb.Fatal(err)
	}
	return k
}

// Public is the key as an issuer publishes it.
func (k *IssuerKey) Public() map[string]any {
	jwk := map[string]any{"kid": k.ID, "alg": k.Algorithm, "use": "sig"}
	if k.ID == "" {
		delete(jwk, "kid")
	}
	number := func(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
	switch public := k.Private.Public().(type) {
	case *rsa.PublicKey:
		jwk["kty"], jwk["n"], jwk["e"] = "RSA", number(public.N.Bytes()), number(big.NewInt(int64(public.E)).Bytes())
	case *ecdsa.PublicKey:
		point, err := public.Bytes()
		if err != nil {
			panic(err) // a key that was made here
		}
		jwk["kty"], jwk["crv"], jwk["x"], jwk["y"] = "EC", "P-256", number(point[1:33]), number(point[33:])
	}
	return jwk
}

// Header is the header of a token by this key.
func (k *IssuerKey) Header() map[string]any {
	header := map[string]any{"alg": k.Algorithm, "typ": "JWT", "kid": k.ID}
	if k.ID == "" {
		delete(header, "kid")
	}
	return header
}

// Sign makes a token. It signs with this key whatever the header says.
func (k *IssuerKey) Sign(tb testing.TB, header, claims map[string]any) string {
	tb.Helper()
	text := jsonPart(tb, header) + "." + jsonPart(tb, claims)
	hash := sha256.Sum256([]byte(text))
	var signature []byte
	var err error
	switch private := k.Private.(type) {
	case *rsa.PrivateKey:
		signature, err = rsa.SignPKCS1v15(rand.Reader, private, crypto.SHA256, hash[:])
	case *ecdsa.PrivateKey:
		var r, s *big.Int
		if r, s, err = ecdsa.Sign(rand.Reader, private, hash[:]); err == nil {
			signature = append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
		}
	}
	if err != nil {
		tb.Fatal(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// SignShared makes a token with a shared secret (HS256): what an attacker does who has nothing but public keys.
func SignShared(tb testing.TB, secret []byte, header, claims map[string]any) string {
	tb.Helper()
	text := jsonPart(tb, header) + "." + jsonPart(tb, claims)
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func jsonPart(tb testing.TB, value any) string {
	tb.Helper()
	raw, err := json.Marshal(value)
	if err != nil {
		tb.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}
