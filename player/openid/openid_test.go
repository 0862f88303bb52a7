package openid_test

import (
	"context"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"yourturn/player"
	"yourturn/player/openid"
	"yourturn/server/servertest"
)

// issuer is named so that a desk has its methods beside the provider's Issuer.
type issuer = servertest.Issuer

// desk is a provider that checks the tokens of an issuer, with a clock that moves when told.
type desk struct {
	*openid.Provider
	*issuer
	t   *testing.T
	now atomic.Int64 // seconds
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{issuer: servertest.NewIssuer(t), t: t}
	d.now.Store(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).Unix())
	d.Provider = openid.New(openid.Config{Name: "club", Issuer: d.URL, ClientIDs: []string{"web", "ios"}}, d.client(), d.time)
	return d
}

// client finds the issuer under every name that there is, so that a test sees what is asked of whom.
func (d *desk) client() *http.Client {
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, strings.TrimPrefix(d.URL, "http://"))
	}
	transport := &http.Transport{DialContext: dial}
	d.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func (d *desk) time() time.Time      { return time.Unix(d.now.Load(), 0) }
func (d *desk) pass(s time.Duration) { d.now.Add(int64(s.Seconds())) }

// token is a good one, with claims that differ; nil leaves one out.
func (d *desk) token(differ map[string]any) string { return d.by(d.Key(), nil, differ) }

func (d *desk) by(key *servertest.IssuerKey, header, differ map[string]any) string {
	d.t.Helper()
	heads, claims := key.Header(), d.Claims("web", "ann", d.time())
	change(heads, header)
	change(claims, differ)
	return key.Sign(d.t, heads, claims)
}

func change(all, differ map[string]any) {
	for name, value := range differ {
		if all[name] = value; value == nil {
			delete(all, name)
		}
	}
}

func (d *desk) takes(what, token, nonce string) {
	d.t.Helper()
	if subject, err := d.Verify(d.t.Context(), token, nonce); err != nil || subject != "ann" {
		d.t.Errorf("%s: %q, %v", what, subject, err)
	}
}

// refuses expects that a token is refused for itself, and for a reason that has a word in it.
func (d *desk) refuses(what, token, nonce, word string) {
	d.t.Helper()
	subject, err := d.Verify(d.t.Context(), token, nonce)
	var bad *player.BadIDToken
	if !errors.As(err, &bad) || subject != "" && err == nil {
		d.t.Errorf("%s: %q, %v", what, subject, err)
		return
	}
	if !strings.Contains(bad.Reason, word) {
		d.t.Errorf("%s is refused because %s; want something of %q", what, bad.Reason, word)
	}
	for _, part := range strings.Split(token, ".") {
		if len(part) > 8 && strings.Contains(bad.Reason, part) {
			d.t.Errorf("%s: the refusal repeats the token: %s", what, bad.Reason)
		}
	}
}

func (d *desk) isDown(what, token string) *player.ProviderDown {
	d.t.Helper()
	_, err := d.Verify(d.t.Context(), token, "")
	var down *player.ProviderDown
	if !errors.As(err, &down) {
		d.t.Fatalf("%s: %v", what, err)
	}
	if down.After <= 0 || down.After > 10*time.Second {
		d.t.Errorf("%s: try again after %s", what, down.After)
	}
	return down
}

func sha(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func TestGoodTokens(t *testing.T) {
	d := newDesk(t)
	rsaKey, nameless := servertest.NewIssuerKey(t, "rsa", "RS256"), servertest.NewIssuerKey(t, "", "ES256")
	d.Publish(d.Key(), rsaKey, nameless)
	d.takes("EC", d.token(nil), "")
	d.takes("RSA", d.by(rsaKey, nil, nil), "")
	d.takes("a key without a name", d.by(nameless, nil, nil), "")
	d.takes("no key is named", d.by(rsaKey, map[string]any{"kid": nil}, nil), "")
	d.takes("another app", d.token(map[string]any{"aud": "ios"}), "")
	d.takes("a list of one", d.token(map[string]any{"aud": []string{"web"}}), "")
	d.takes("several, and by one of ours", d.token(map[string]any{"aud": []string{"other", "web"}, "azp": "ios"}), "")
	d.takes("an old one", d.token(map[string]any{"iat": d.time().Add(-50 * time.Minute).Unix(), "exp": d.time().Add(time.Minute).Unix()}), "")
	d.takes("just over", d.token(map[string]any{"exp": d.time().Add(-59 * time.Second).Unix()}), "")
	d.takes("a fast clock", d.token(map[string]any{"iat": d.time().Add(time.Minute).Unix(), "nbf": d.time().Add(time.Minute).Unix()}), "")
	d.takes("a nonce, hashed", d.token(map[string]any{"nonce": sha("n-0S6")}), "n-0S6")
	d.takes("a nonce as the app wrote it", d.token(map[string]any{"nonce": "n-0S6"}), "n-0S6")
	token := d.token(nil)
	d.takes("once", token, "")
	d.takes("twice", token, "")
	if asked := d.Asked(servertest.IssuerKeys); asked != 1 {
		t.Errorf("the issuer was asked %d times for its keys", asked)
	}
}

// Google's tokens name the issuer with or without a scheme, and only Google's.
func TestTheTwoNamesOfGoogle(t *testing.T) {
	for issuer, names := range map[string]map[string]bool{
		"https://accounts.google.com": {"https://accounts.google.com": true, "accounts.google.com": true, "https://accounts.google.com/": false},
		"https://login.example":       {"https://login.example": true, "login.example": false, "https://login.example/": false},
	} {
		d := newDesk(t)
		d.Provider = openid.New(openid.Config{Name: "x", Issuer: issuer, Keys: d.URL + servertest.IssuerKeys, ClientIDs: []string{"web"}}, d.client(), d.time)
		for name, ok := range names {
			if token := d.token(map[string]any{"iss": name}); ok {
				d.takes(name, token, "")
			} else {
				d.refuses(name, token, "", "issuer")
			}
		}
		if d.Asked(servertest.IssuerDocument) != 0 {
			t.Error("an issuer whose keys are known was asked where they are")
		}
	}
}

func TestAttackBadTokens(t *testing.T) {
	d := newDesk(t)
	rsaKey := servertest.NewIssuerKey(t, "rsa", "RS256")
	d.Publish(d.Key(), rsaKey)
	good := d.token(map[string]any{"nonce": "n"})
	d.takes("the control", good, "n")
	head, rest, _ := strings.Cut(good, ".")
	body, signature, _ := strings.Cut(rest, ".")
	thief := servertest.NewIssuerKey(t, d.Key().ID, "ES256")
	claims := d.Claims("web", "ann", d.time())
	at := func(by time.Duration) int64 { return d.time().Add(by).Unix() }
	encode := base64.RawURLEncoding.EncodeToString
	public := rsaKey.Private.Public().(*rsa.PublicKey)
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ token, word string }{
		"nothing":           {"", "compact"},
		"two dots":          {"..", "signed"},
		"not a token":       {"a.b.c", "signed"},
		"spaces around":     {" " + good + "\n", ""},
		"huge":              {head + "." + encode(make([]byte, 16<<10)) + "." + signature, "compact"},
		"encrypted":         {good + ".x.y", "compact"},
		"cut":               {good[:len(good)-8], "signature"},
		"no signature":      {head + "." + body + ".", "signature"},
		"longer signature":  {good + "AAAA", "signature"},
		"another body":      {head + "." + encode(fmt.Appendf(nil, `{"iss":%q,"aud":"web","sub":"eve","exp":%d}`, d.URL, at(time.Hour))) + "." + signature, "signature"},
		"alg none":          {encode([]byte(`{"alg":"none"}`)) + "." + body + ".", "public key"},
		"alg NONE":          {encode([]byte(`{"alg":"NONE","kid":"first"}`)) + "." + body + "." + signature, "public key"},
		"alg missing":       {encode([]byte(`{"kid":"first"}`)) + "." + body + "." + signature, "public key"},
		"HS256, PEM":        {servertest.SignShared(t, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), map[string]any{"alg": "HS256", "kid": "rsa"}, claims), "public key"},
		"HS256, DER":        {servertest.SignShared(t, der, map[string]any{"alg": "HS256", "kid": "rsa"}, claims), "public key"},
		"another's key":     {d.by(thief, nil, nil), "signature"},
		"the wrong one":     {d.by(d.Key(), map[string]any{"kid": "rsa"}, nil), "signature"},
		"wrong algorithm":   {d.by(rsaKey, map[string]any{"alg": "PS256"}, nil), "signature"},
		"its own key":       {d.by(thief, map[string]any{"jwk": map[string]any{"kty": "oct", "k": "AAAA"}}, nil), ""},
		"a key elsewhere":   {d.by(thief, map[string]any{"jku": d.URL + "/mine"}, nil), "signature"},
		"critical":          {d.by(d.Key(), map[string]any{"crit": []string{"exp"}}, nil), ""},
		"two signatures":    {fmt.Sprintf(`{"payload":%q,"signatures":[{"protected":%q,"signature":%q},{"protected":%q,"signature":%q}]}`, body, head, signature, head, signature), "compact"},
		"JSON":              {fmt.Sprintf(`{"payload":%q,"protected":%q,"signature":%q}`, body, head, signature), "compact"},
		"JSON with dots":    {fmt.Sprintf(`{"payload":%q,"protected":%q,"signature":%q,"a..b":1}`, body, head, signature), ""},
		"no claims":         {d.Key().Sign(t, d.Key().Header(), nil), "issuer"},
		"wrong issuer":      {d.token(map[string]any{"iss": "https://evil.example"}), "issuer"},
		"issuer with slash": {d.token(map[string]any{"iss": d.URL + "/"}), "issuer"},
		"no issuer":         {d.token(map[string]any{"iss": nil}), "issuer"},
		"wrong audience":    {d.token(map[string]any{"aud": "another-app"}), "aud"},
		"audience prefix":   {d.token(map[string]any{"aud": "web2"}), "aud"},
		"no audience":       {d.token(map[string]any{"aud": nil}), "aud"},
		"other party":       {d.token(map[string]any{"azp": "another-app"}), "azp"},
		"several, no party": {d.token(map[string]any{"aud": []string{"web", "another-app"}}), "azp"},
		"expired":           {d.token(map[string]any{"exp": at(-time.Minute)}), "exp"},
		"never expires":     {d.token(map[string]any{"exp": nil}), "exp"},
		"exp is a word":     {d.token(map[string]any{"exp": "never"}), ""},
		"not yet":           {d.token(map[string]any{"nbf": at(2 * time.Minute)}), "nbf"},
		"of the future":     {d.token(map[string]any{"iat": at(2 * time.Minute)}), "iat"},
		"nobody":            {d.token(map[string]any{"sub": ""}), "sub"},
		"no subject":        {d.token(map[string]any{"sub": nil}), "sub"},
		"a blank at an end": {d.token(map[string]any{"sub": "ann "}), "sub"},
		"a long subject":    {d.token(map[string]any{"sub": strings.Repeat("a", 256)}), "sub"},
		"a strange subject": {d.token(map[string]any{"sub": "änn\x00"}), "sub"},
		"unasked nonce":     {good, "must be given"},
	} {
		t.Run(name, func(t *testing.T) {
			d.t = t
			d.refuses(name, c.token, "", c.word)
		})
	}
	d.t = t
	d.refuses("another nonce", good, "m", "nonce")
	d.refuses("a nonce that the token lacks", d.token(nil), "n", "nonce")
	d.takes("the control again", good, "n")
	d.pass(10 * time.Second)
	d.refuses("an unknown key", d.by(thief, map[string]any{"kid": "other"}, nil), "", "signature")
}

// Somebody finds a token, in a log or in a browser's history, and reads what it says. If its nonce is a hash the finder does
// not know what to give.
func TestAttackAFoundToken(t *testing.T) {
	d := newDesk(t)
	found := d.token(map[string]any{"nonce": sha("n")})
	d.takes("whose it is", found, "n")
	d.refuses("what the token says", found, sha("n"), "nonce")
	d.refuses("what it says, hashed", found, sha(sha("n")), "nonce")
	d.refuses("nothing", found, "", "nonce")
	d.refuses("a hash in capitals", d.token(map[string]any{"nonce": strings.ToUpper(sha("n"))}), "n", "nonce")
	d.refuses("a hash in capitals as it is", d.token(map[string]any{"nonce": strings.ToUpper(sha("n"))}), strings.ToUpper(sha("n")), "nonce")

	plain := d.token(map[string]any{"nonce": "n"}) // nobody is kept out by this
	d.takes("a nonce that was not hashed", plain, "n")
	d.refuses("its hash", plain, sha("n"), "nonce")
}

// JSON's decoder reads a name in any case, and would take the last of several.
func TestAttackClaimsInOtherLetters(t *testing.T) {
	d := newDesk(t)
	for name, differ := range map[string]map[string]any{
		"only another subject":       {"sub": nil, "SUB": "ann"},
		"another subject, before":    {"Sub": "victim"},
		"another subject, after":     {"suB": "victim"},
		"a long s":                   {"\u017fub": "victim"},
		"another audience":           {"AUD": "web"},
		"another party":              {"azp": "web", "aZp": "other"},
		"another end":                {"Exp": d.time().Add(time.Hour).Unix()},
		"another issuer":             {"Iss": d.URL},
		"another nonce":              {"Nonce": ""},
		"another time to be good at": {"NBF": 0},
	} {
		d.refuses(name, d.token(differ), "", "case")
	}
	d.takes("other claims are the issuer's business", d.token(map[string]any{"Email": "ann@mail.example", "groups": 1, "Groups": 2}), "")
}

func TestKeysRotate(t *testing.T) {
	d := newDesk(t)
	old := d.Key()
	d.takes("before", d.token(nil), "")
	d.pass(time.Minute)
	next := servertest.NewIssuerKey(t, "second", "ES256")
	d.Publish(old, next)
	d.takes("the new key, at once", d.by(next, nil, nil), "")
	d.takes("the old one, which is still published", d.by(old, nil, nil), "")
	if asked := d.Asked(servertest.IssuerKeys); asked != 2 {
		t.Errorf("the issuer was asked %d times", asked)
	}
	d.pass(time.Minute)
	renewed := servertest.NewIssuerKey(t, "second", "ES256") // under the same name
	d.Publish(renewed)
	d.takes("a new key under an old name", d.by(renewed, nil, nil), "")
	d.pass(10 * time.Second)
	d.refuses("a key that was taken back", d.by(old, nil, nil), "", "signature")
}

// Whether a key is new or invented is not known until the issuer may be asked again: that is no fault of the token's.
func TestANewKeyAMomentAfterTheLastQuestion(t *testing.T) {
	d := newDesk(t)
	d.takes("before", d.token(nil), "")
	d.pass(3 * time.Second)
	next := servertest.NewIssuerKey(t, "second", "ES256")
	d.Publish(d.Key(), next)
	if down := d.isDown("too early", d.by(next, nil, nil)); down.After != 7*time.Second {
		t.Errorf("try again after %s", down.After)
	}
	d.pass(7 * time.Second)
	d.takes("when it was said", d.by(next, nil, nil), "")

	d.pass(10 * time.Second)
	replaced := servertest.NewIssuerKey(t, "second", "ES256") // under the same name
	d.Publish(replaced)
	d.Instead(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusInternalServerError) })
	_ = d.isDown("a key that was replaced while the issuer is down", d.by(replaced, nil, nil))
	d.takes("one that is known", d.by(next, nil, nil), "")
	d.Instead(nil)
	d.pass(10 * time.Second)
	d.takes("it is back", d.by(replaced, nil, nil), "")
}

// An issuer takes a key back without a new one in sight: within the hour, its tokens are refused.
func TestKeysThatWereTakenBackAreForgotten(t *testing.T) {
	d := newDesk(t)
	stolen := d.Key()
	d.takes("before", d.by(stolen, nil, nil), "")
	asked := make(chan string, 2)
	d.Instead(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.URL.Path
		if r.URL.Path == servertest.IssuerDocument {
			fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":%q}`, d.URL, d.URL+servertest.IssuerKeys)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": []any{servertest.NewIssuerKey(t, "second", "ES256").Public()}})
	})
	d.pass(time.Hour)
	d.takes("answered while the issuer is asked", d.by(stolen, nil, nil), "")
	for range 2 {
		select {
		case <-asked:
		case <-time.After(time.Minute):
			t.Fatal("never asked again")
		}
	}
	if _, err := d.Verify(t.Context(), d.by(servertest.NewIssuerKey(t, "third", "ES256"), nil, nil), ""); err == nil { // waits for that answer
		t.Error("a key that nobody has published")
	}
	d.pass(10 * time.Second)
	d.refuses("afterwards", d.by(stolen, nil, nil), "", "signature")
}

func TestIssuerIsDown(t *testing.T) {
	says := func(d *desk, document string) http.HandlerFunc { // and has good keys
		return func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == servertest.IssuerDocument {
				fmt.Fprint(w, document)
				return
			}
			_ = json.NewEncoder(w).Encode(map[string]any{"keys": []any{d.Key().Public()}})
		}
	}
	always := func(answer http.HandlerFunc) func(*desk) http.HandlerFunc {
		return func(*desk) http.HandlerFunc { return answer }
	}
	for name, answer := range map[string]func(d *desk) http.HandlerFunc{
		"an error":  always(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusInternalServerError) }),
		"not found": always(http.NotFound),
		"hangs up":  always(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }),
		"a page":    always(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>welcome to the hotel</html>") }),
		"no keys":   always(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"keys":[]}`) }),
		"too long": func(d *desk) http.HandlerFunc {
			return says(d, fmt.Sprintf(`{"issuer":%q,"jwks_uri":%q}`, d.URL, d.URL+servertest.IssuerKeys)+strings.Repeat(" ", 300<<10))
		},
		"leads elsewhere": func(d *desk) http.HandlerFunc {
			good := says(d, fmt.Sprintf(`{"issuer":%q,"jwks_uri":%q}`, d.URL, d.URL+servertest.IssuerKeys))
			return func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == servertest.IssuerKeys {
					http.Redirect(w, r, "/elsewhere", http.StatusFound)
					return
				}
				good(w, r)
			}
		},
		"keys over plain HTTP": func(d *desk) http.HandlerFunc {
			return says(d, fmt.Sprintf(`{"issuer":%q,"jwks_uri":"http://login.example/keys"}`, d.URL))
		},
		"keys on this machine's disk": func(d *desk) http.HandlerFunc {
			return says(d, fmt.Sprintf(`{"issuer":%q,"jwks_uri":"file:///keys"}`, d.URL))
		},
		"another's name": func(d *desk) http.HandlerFunc {
			return says(d, fmt.Sprintf(`{"issuer":"https://evil.example","jwks_uri":%q}`, d.URL+servertest.IssuerKeys))
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			answer := answer(d)
			d.Instead(answer)
			token := d.token(nil)
			down := d.isDown("at first", token)
			if strings.Contains(down.Error(), token) {
				t.Errorf("the log holds the token: %v", down)
			}
			if strings.HasPrefix(name, "keys ") && !strings.Contains(down.Error(), "the address of the keys") {
				t.Errorf("an address that was tried: %v", down)
			}
			asked := d.Asked(servertest.IssuerDocument)
			d.Instead(nil)
			_ = d.isDown("within the pause nobody is asked", token)
			if d.Asked(servertest.IssuerDocument) != asked || d.Asked("/elsewhere") != 0 {
				t.Error("the issuer was asked again")
			}
			d.pass(10 * time.Second)
			d.takes("it is back", token, "")

			d.Instead(answer)
			d.pass(23 * time.Hour)
			d.takes("with keys of a day it can stay away for a day", d.token(nil), "")
			d.pass(time.Hour)
			_ = d.isDown("longer it cannot", d.token(nil))
		})
	}
}

// A key signs nothing but what its issuer says that it is for.
func TestKeysForSomethingElse(t *testing.T) {
	d := newDesk(t)
	publish := func(key *servertest.IssuerKey, differ map[string]any) {
		public := key.Public()
		change(public, differ)
		d.Instead(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == servertest.IssuerDocument {
				fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":%q}`, d.URL, d.URL+servertest.IssuerKeys)
				return
			}
			_ = json.NewEncoder(w).Encode(map[string]any{"keys": []any{d.Key().Public(), public}})
		})
		d.pass(time.Hour)
	}
	for name, c := range map[string]struct {
		differ map[string]any
		good   bool
	}{
		"for signatures":            {nil, true},
		"it does not say":           {map[string]any{"use": nil, "alg": nil}, true},
		"for encryption":            {map[string]any{"use": "enc"}, false},
		"for another algorithm":     {map[string]any{"alg": "PS256"}, false},
		"for another kind of thing": {map[string]any{"alg": "RSA-OAEP"}, false},
	} {
		key := servertest.NewIssuerKey(t, name, "RS256")
		publish(key, c.differ)
		if c.good {
			d.takes(name, d.by(key, nil, nil), "")
		} else {
			d.refuses(name, d.by(key, nil, nil), "", "signature")
		}
	}
}

// Keys of a kind that nobody here knows stand beside good ones, and do no harm.
func TestStrangeKeysAreLeftOut(t *testing.T) {
	d := newDesk(t)
	d.Instead(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == servertest.IssuerDocument {
			fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":%q}`, d.URL, d.URL+servertest.IssuerKeys)
			return
		}
		point, err := json.Marshal(d.Key().Public())
		if err != nil {
			t.Error(err)
		}
		fmt.Fprintf(w, `{"keys":[{"kty":"XX"},{"kty":"EC","crv":"P-256","x":"AA","y":"AA"},7,{"kty":"oct","k":"c2VjcmV0","kid":"shared"},%s]}`, point)
	})
	d.takes("the good one", d.token(nil), "")
	d.refuses("the shared one", servertest.SignShared(t, []byte("secret"), map[string]any{"alg": "HS256", "kid": "shared"}, d.Claims("web", "ann", d.time())), "", "public key")
}

// However many ask at once, and though the first of them gives up, the issuer is asked once; and nobody waits for longer
// than they want.
func TestOneQuestionForAllWhoWait(t *testing.T) {
	d := newDesk(t)
	arrived, answer := make(chan struct{}, 100), make(chan struct{})
	d.Instead(func(w http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-answer
		if r.URL.Path == servertest.IssuerDocument {
			fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":%q}`, d.URL, d.URL+servertest.IssuerKeys)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": []any{d.Key().Public()}})
	})
	ctx, giveUp := context.WithCancel(t.Context())
	token := d.token(nil)
	gone := make(chan error, 1)
	go func() {
		_, err := d.Verify(ctx, token, "")
		gone <- err
	}()
	<-arrived
	giveUp()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("who gave up: %v", err)
	}
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() { d.takes("who waits", token, "") })
	}
	close(answer)
	all.Wait()
	if d.Asked(servertest.IssuerDocument) != 1 || d.Asked(servertest.IssuerKeys) != 1 {
		t.Errorf("asked %d and %d times", d.Asked(servertest.IssuerDocument), d.Asked(servertest.IssuerKeys))
	}
}

// An issuer that takes the connection and says nothing is down, after a while.
func TestIssuerThatNeverAnswers(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.Instead(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	_ = d.isDown("never answers", d.token(nil))
}

func TestAttackInventedKeysMakeNoRequests(t *testing.T) {
	d := newDesk(t)
	thief := servertest.NewIssuerKey(t, "x", "ES256")
	d.takes("a good one", d.token(nil), "")
	const minutes = 5
	for second := range minutes * 60 {
		d.pass(time.Second)
		var all sync.WaitGroup
		for n := range 4 {
			kid := fmt.Sprintf("%d-%d", second, n)
			if n%2 == 0 {
				kid = d.Key().ID // known, and the signature is wrong
			}
			token := d.by(thief, map[string]any{"kid": kid}, nil)
			all.Go(func() {
				_, err := d.Verify(t.Context(), token, "")
				var bad *player.BadIDToken
				var down *player.ProviderDown // until the issuer is asked again it is not known that there is no such key
				if !errors.As(err, &bad) && (n%2 == 0 || !errors.As(err, &down)) {
					t.Errorf("invented: %v", err)
				}
			})
		}
		all.Wait()
	}
	if asked := d.Asked(servertest.IssuerKeys); asked > 1+minutes*6 {
		t.Errorf("%d tokens made %d requests", minutes*60*4, asked)
	}
	d.takes("who is honest", d.token(nil), "")
}
