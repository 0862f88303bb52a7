package providertest

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"yourturn/notify"
)

// webPushCall is a request that is taken, until something in it is changed.
type webPushCall struct {
	method  string
	to      notify.Address
	plain   string
	padding int
	rs      byte // the third byte of the record size
	header  map[string]string
	claims  map[string]any
	alg     string
	vapid   *ecdsa.PrivateKey
	scheme  string
}

func (c *webPushCall) request(t *testing.T) *http.Request {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	browser, err := ecdh.P256().NewPublicKey(bytes64(t, c.to.P256DH))
	must(err)
	own, err := ecdh.P256().GenerateKey(rand.Reader)
	must(err)
	shared, err := own.ECDH(browser)
	must(err)
	derive := func(secret, salt []byte, info string, size int) []byte {
		key, err := hkdf.Key(sha256.New, secret, salt, info, size)
		must(err)
		return key
	}
	salt := []byte("0123456789abcdef")
	secret := derive(shared, bytes64(t, c.to.Auth), "WebPush: info\x00"+string(browser.Bytes())+string(own.PublicKey().Bytes()), 32)
	block, err := aes.NewCipher(derive(secret, salt, "Content-Encoding: aes128gcm\x00", 16))
	must(err)
	gcm, err := cipher.NewGCM(block)
	must(err)
	body := append(bytes.Clone(salt), 0, 0, c.rs, 0, 65)
	body = append(body, own.PublicKey().Bytes()...)
	record := append([]byte(c.plain), 2)
	record = append(record, make([]byte, c.padding)...)
	body = gcm.Seal(body, derive(secret, salt, "Content-Encoding: nonce\x00", 12), record, nil)

	r, err := http.NewRequestWithContext(t.Context(), c.method, c.to.Token, bytes.NewReader(body))
	must(err)
	point, err := c.vapid.PublicKey.Bytes()
	must(err)
	claims, err := json.Marshal(c.claims)
	must(err)
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"typ":"JWT","alg":"`+c.alg+`"}`)) + "." + base64.RawURLEncoding.EncodeToString(claims)
	hash := sha256.Sum256([]byte(text))
	x, y, err := ecdsa.Sign(rand.Reader, c.vapid, hash[:])
	must(err)
	signature := append(x.FillBytes(make([]byte, 32)), y.FillBytes(make([]byte, 32))...)
	r.Header.Set("Authorization", c.scheme+" t="+text+"."+base64.RawURLEncoding.EncodeToString(signature)+", k="+base64.RawURLEncoding.EncodeToString(point))
	for name, value := range c.header {
		if r.Header.Set(name, value); value == "" {
			r.Header.Del(name)
		}
	}
	return r
}

func bytes64(t *testing.T, text string) []byte {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

const webPushShown = `{"kind":"your_turn","seq":"7","web_push":8030,"app_badge":2,"notification":{"title":"T","body":"B","navigate":"https://a.example/","tag":"x","renotify":true}}`

// webPushStage is a push service, a client that trusts it, and how to make a call that it takes.
func webPushStage(t *testing.T) (*WebPush, *http.Client, func() *webPushCall) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	a := NewAuthority(t)
	w := NewWebPush(t, a, base64.RawURLEncoding.EncodeToString(point))
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: a.Pool}, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	return w, &http.Client{Transport: transport}, func() *webPushCall {
		return &webPushCall{
			method: http.MethodPost, to: w.Subscribe(), plain: webPushShown, padding: 100, rs: 16,
			header: map[string]string{"TTL": "60", "Topic": "a-b_C9", "Urgency": "high", "Content-Encoding": "aes128gcm"},
			claims: map[string]any{"aud": w.URL, "sub": "mailto:a@b.example", "exp": time.Now().Add(12 * time.Hour).Unix()},
			alg:    "ES256", vapid: key, scheme: "vapid",
		}
	}
}

func TestWebPushTakes(t *testing.T) {
	w, client, call := webPushStage(t)
	c := call()
	answer, err := client.Do(c.request(t))
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusCreated || answer.Header.Get("Location") == "" || answer.ProtoMajor != 2 {
		t.Errorf("%s %s, at %q", answer.Proto, answer.Status, answer.Header.Get("Location"))
	}
	r := w.Taken()[0]
	if r.Token != c.to.Token || string(r.Body) != webPushShown || r.Title != "T" || r.Text != "B" || r.Badge != 2 || r.Collapse != "a-b_C9" ||
		len(r.Fields) != 2 || r.Fields["kind"] != "your_turn" || r.Fields["seq"] != "7" {
		t.Errorf("received %+v", r)
	}
}

func TestWebPushRefuses(t *testing.T) {
	w, client, call := webPushStage(t)
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*webPushCall)
		status int
		reason string
	}{
		"another method":          {func(c *webPushCall) { c.method = http.MethodPut }, 405, "MethodNotAllowed"},
		"an unknown endpoint":     {func(c *webPushCall) { c.to.Token += "x" }, 404, "NotRegistered"},
		"one that has ended":      {func(c *webPushCall) { w.Unsubscribe(c.to) }, 410, "Unregistered"},
		"no TTL":                  {func(c *webPushCall) { c.header["TTL"] = "" }, 400, "TTL"},
		"a negative TTL":          {func(c *webPushCall) { c.header["TTL"] = "-5" }, 400, "TTL"},
		"a TTL with a sign":       {func(c *webPushCall) { c.header["TTL"] = "+5" }, 400, "TTL"},
		"a TTL of five weeks":     {func(c *webPushCall) { c.header["TTL"] = "2419201" }, 400, "TTL"},
		"a long topic":            {func(c *webPushCall) { c.header["Topic"] = strings.Repeat("x", 33) }, 400, "Topic"},
		"a strange topic":         {func(c *webPushCall) { c.header["Topic"] = "a.b" }, 400, "Topic"},
		"a strange urgency":       {func(c *webPushCall) { c.header["Urgency"] = "urgent" }, 400, "Urgency"},
		"the old coding":          {func(c *webPushCall) { c.header["Content-Encoding"] = "aesgcm" }, 415, "ContentEncoding"},
		"no coding":               {func(c *webPushCall) { c.header["Content-Encoding"] = "" }, 415, "ContentEncoding"},
		"nobody":                  {func(c *webPushCall) { c.header["Authorization"] = "" }, 401, "BadAuthorizationHeader"},
		"the old scheme":          {func(c *webPushCall) { c.scheme = "WebPush" }, 403, "BadAuthorizationHeader"},
		"another key":             {func(c *webPushCall) { c.vapid = other }, 400, "VapidPkHashMismatch"},
		"another audience":        {func(c *webPushCall) { c.claims["aud"] = "https://push.example" }, 403, "BadJwtToken"},
		"an audience with a path": {func(c *webPushCall) { c.claims["aud"] = w.URL + "/" }, 403, "BadJwtToken"},
		"expired":                 {func(c *webPushCall) { c.claims["exp"] = time.Now().Add(-time.Second).Unix() }, 403, "BadJwtToken"},
		"good for too long":       {func(c *webPushCall) { c.claims["exp"] = time.Now().Add(25 * time.Hour).Unix() }, 403, "BadJwtToken"},
		"no end":                  {func(c *webPushCall) { delete(c.claims, "exp") }, 403, "BadJwtToken"},
		"another algorithm":       {func(c *webPushCall) { c.alg = "none" }, 403, "BadJwtToken"},
		"no subject":              {func(c *webPushCall) { delete(c.claims, "sub") }, 403, "BadJwtToken"},
		"mailto twice":            {func(c *webPushCall) { c.claims["sub"] = "mailto:mailto:a@b.example" }, 403, "BadJwtToken"},
		"a bare address":          {func(c *webPushCall) { c.claims["sub"] = "a@b.example" }, 403, "BadJwtToken"},
		"localhost":               {func(c *webPushCall) { c.claims["sub"] = "mailto:a@localhost" }, 403, "BadJwtToken"},
		"an invalid host":         {func(c *webPushCall) { c.claims["sub"] = "https://b.invalid" }, 403, "BadJwtToken"},
		"a large body":            {func(c *webPushCall) { c.padding = 4096 }, 413, "PayloadTooLarge"},
		"too large for a phone":   {func(c *webPushCall) { c.padding = 3000 }, 413, "PayloadTooLarge"},
		"a small record":          {func(c *webPushCall) { c.rs = 0 }, 400, "Undecryptable"},
		"another browser's":       {func(c *webPushCall) { c.to.Auth = base64.RawURLEncoding.EncodeToString(make([]byte, 16)) }, 400, "Undecryptable"},
		"no JSON":                 {func(c *webPushCall) { c.plain = "hello" }, 400, "NotJSON"},
		"nothing to show":         {func(c *webPushCall) { c.plain = `{"app_badge":1}` }, 400, "ShowsNothing"},
		"text and keys":           {func(c *webPushCall) { c.plain = `{"title_key":"a","notification":{"title":"b"}}` }, 400, "ShowsTwice"},
		"a badge in words":        {func(c *webPushCall) { c.plain = `{"title_key":"a","app_badge":"1"}` }, 400, "NotAMessage"},
		"another number":          {func(c *webPushCall) { c.plain = strings.Replace(webPushShown, "8030", "8031", 1) }, 400, "NotDeclarative"},
		"a relative page":         {func(c *webPushCall) { c.plain = strings.Replace(webPushShown, "https://a.example", "", 1) }, 400, "NotDeclarative"},
		"declared, and by keys":   {func(c *webPushCall) { c.plain = `{"web_push":8030,"title_key":"a"}` }, 400, "NotDeclarative"},
		"renotify without a tag":  {func(c *webPushCall) { c.plain = strings.Replace(webPushShown, `"tag":"x",`, "", 1) }, 400, "RenotifyWithoutTag"},
	} {
		t.Run(name, func(t *testing.T) {
			good := call()
			c.change(good)
			answer, err := client.Do(good.request(t))
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			body, err := io.ReadAll(answer.Body)
			if answer.StatusCode != c.status || !strings.Contains(string(body), `"`+c.reason+`"`) {
				t.Errorf("%s %s, %v", answer.Status, body, err)
			}
			all := w.Received()
			if last := all[len(all)-1]; last.Status != c.status || last.Reason != c.reason {
				t.Errorf("received %+v", last)
			}
		})
	}
	if got := w.Taken(); len(got) > 0 {
		t.Errorf("%d were taken", len(got))
	}
}

func TestWebPushFails(t *testing.T) {
	w, client, call := webPushStage(t)
	c := call()
	w.FailNext(c.to.Token, Fault{Status: 503, Reason: "Shutdown", RetryAfter: "9"}, Fault{Status: 410, HTML: true}, Fault{GoAway: true}, Fault{})
	for i, want := range []struct {
		status int
		body   string
		kind   string
	}{{503, "Shutdown", "application/json"}, {410, "<html>", "text/html"}, {201, "", ""}, {201, "", ""}} {
		answer, err := client.Do(c.request(t))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if answer.StatusCode != want.status || !strings.Contains(string(body), want.body) || answer.Header.Get("Content-Type") != want.kind {
			t.Errorf("answer %d: %s %s %s, %v", i, answer.Status, answer.Header.Get("Content-Type"), body, err)
		}
		if wait := answer.Header.Get("Retry-After"); (wait == "9") != (i == 0) {
			t.Errorf("answer %d: wait %q", i, wait)
		}
	}
	w.FailNext(c.to.Token, Fault{Reset: true}, Fault{Hang: true})
	if answer, err := client.Do(c.request(t)); err == nil {
		t.Errorf("not cut: %s", answer.Status)
		answer.Body.Close()
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if answer, err := client.Do(c.request(t).WithContext(ctx)); err == nil {
		t.Errorf("did not hang: %s", answer.Status)
		answer.Body.Close()
	}
	if all := w.Received(); len(all) < 5 || all[0].Fields["seq"] != "7" || all[4].Status != 0 {
		t.Errorf("received %+v", all)
	}
}

// The example of RFC 8291, appendix A.
func TestWebPushDecrypts(t *testing.T) {
	key, err := ecdh.P256().NewPrivateKey(bytes64(t, "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"))
	if err != nil {
		t.Fatal(err)
	}
	b := &browser{key: key, auth: bytes64(t, "BTBZMqHH6r4Tts7J_aSIgg")}
	message := bytes64(t, "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN")
	plain, size, err := b.decrypt(message)
	if err != nil || string(plain) != "When I grow up, I want to be a watermelon" || size != 42 {
		t.Errorf("%q of %d bytes, %v", plain, size, err)
	}
	for length := range message {
		if plain, _, err := b.decrypt(message[:length]); err == nil {
			t.Errorf("the first %d bytes say %q", length, plain)
		}
	}
}
