package providertest

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// fcmClient speaks to the fake by hand, without the library that it judges.
type fcmClient struct {
	*FCM
	http *http.Client
	key  *rsa.PrivateKey
}

func newFCMClient(t *testing.T) *fcmClient {
	t.Helper()
	a := NewAuthority(t)
	f := NewFCM(t, a)
	var account struct {
		Key string `json:"private_key"`
	}
	if err := json.Unmarshal(f.Credentials, &account); err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode([]byte(account.Key))
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: a.Pool}, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &fcmClient{f, &http.Client{Transport: transport}, key.(*rsa.PrivateKey)}
}

func (c *fcmClient) post(t *testing.T, path, kind, bearer, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", kind)
	r.Header.Set("Authorization", "Bearer "+bearer)
	response, err := c.http.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(answer)
}

// assertion signs claims, changed from good ones.
func (c *fcmClient) assertion(t *testing.T, key *rsa.PrivateKey, change func(header, claims map[string]any)) string {
	t.Helper()
	now := time.Now()
	header := map[string]any{"alg": "RS256", "typ": "JWT", "kid": "key-1"}
	claims := map[string]any{
		"iss": c.email, "aud": c.URL + "/token", "scope": fcmScope, "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}
	if change != nil {
		change(header, claims)
	}
	part := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(b)
	}
	signed := part(header) + "." + part(claims)
	digest := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func (c *fcmClient) exchange(t *testing.T, grant, assertion string) (int, string) {
	t.Helper()
	form := url.Values{"grant_type": {grant}, "assertion": {assertion}}
	status, body := c.post(t, "/token", "application/x-www-form-urlencoded", "", form.Encode())
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	_ = json.Unmarshal([]byte(body), &answer) // a refusal has none
	return status, answer.AccessToken
}

const jwtBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer"

func TestFCMExchangeIsStrict(t *testing.T) {
	c := newFCMClient(t)
	if status, token := c.exchange(t, jwtBearer, c.assertion(t, c.key, nil)); status != 200 || token == "" {
		t.Fatalf("%d %q", status, token)
	}
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	changed := func(member string, value any) string {
		return c.assertion(t, c.key, func(_, claims map[string]any) { claims[member] = value })
	}
	for name, assertion := range map[string]string{
		"another key":      c.assertion(t, other, nil),
		"another key's id": c.assertion(t, c.key, func(h, _ map[string]any) { h["kid"] = "key-2" }),
		"unsigned":         c.assertion(t, c.key, func(h, _ map[string]any) { h["alg"] = "none" }),
		"another account":  changed("iss", "mallory@example.com"),
		"another audience": changed("aud", "https://example.com"),
		"more scope":       changed("scope", fcmScope+" https://www.googleapis.com/auth/cloud-platform"),
		"over":             changed("exp", now.Add(-time.Second).Unix()),
		"too long":         changed("exp", now.Add(2*time.Hour).Unix()),
		"not yet":          changed("iat", now.Add(10*time.Minute).Unix()),
		"nothing":          "",
		"no JWT":           "a.b.c",
	} {
		if status, token := c.exchange(t, jwtBearer, assertion); status != 400 || token != "" {
			t.Errorf("%s: %d %q", name, status, token)
		}
	}
	if status, _ := c.exchange(t, "password", c.assertion(t, c.key, nil)); status != 400 {
		t.Errorf("another grant: %d", status)
	}
}

const fcmSend = "/v1/projects/yourturn-test/messages:send"

func (c *fcmClient) token(t *testing.T) string {
	t.Helper()
	status, token := c.exchange(t, jwtBearer, c.assertion(t, c.key, nil))
	if status != 200 {
		t.Fatal(status)
	}
	return token
}

func TestFCMLetsNobodyIn(t *testing.T) {
	c := newFCMClient(t)
	good := `{"message":{"token":"a"}}`
	token := c.token(t)
	for name, bearer := range map[string]string{"without": "", "made up": "ya29.x"} {
		if status, _ := c.post(t, fcmSend, "application/json", bearer, good); status != 401 {
			t.Errorf("%s: %d", name, status)
		}
	}
	if status, body := c.post(t, fcmSend, "application/json", token, good); status != 200 {
		t.Errorf("%d %s", status, body)
	}
	if status, _ := c.post(t, "/v1/projects/another/messages:send", "application/json", token, good); status != 404 {
		t.Errorf("another project: %d", status)
	}
	if status, body := c.post(t, "/v1/elsewhere", "application/json", token, good); status != 404 || !strings.Contains(body, "<") {
		t.Errorf("elsewhere: %d %s", status, body)
	}
	c.Revoke()
	if status, _ := c.post(t, fcmSend, "application/json", token, good); status != 401 {
		t.Errorf("revoked: %d", status)
	}
	c.TokenLife(-time.Second)
	if status, _ := c.post(t, fcmSend, "application/json", c.token(t), good); status != 401 {
		t.Errorf("over: %d", status)
	}
}

func TestFCMReadsStrictly(t *testing.T) {
	c := newFCMClient(t)
	token := c.token(t)
	for name, row := range map[string]struct {
		message string
		status  int
	}{
		"least":                     {`{"token":"a"}`, 200},
		"all of ours":               {`{"token":"a","data":{"kind":"x","badge":"3"},"notification":{"title":"t","body":"b"},"android":{"collapse_key":"turn","priority":"high","ttl":"3600s","notification":{"tag":"s","notification_count":0}},"apns":{"headers":{"apns-priority":"10","apns-push-type":"alert","apns-expiration":"1","apns-collapse-id":"s"},"payload":{"aps":{"badge":0,"sound":"default","thread-id":"s","alert":{"loc-key":"k"}}}},"webpush":{"headers":{"TTL":"1","Urgency":"high","Topic":"s"},"notification":{"tag":"s"}}}`, 200},
		"the other spelling":        {`{"token":"a","android":{"collapseKey":"turn"}}`, 200},
		"both spellings":            {`{"token":"a","android":{"collapseKey":"turn","collapse_key":"turn"}}`, 400},
		"a typo":                    {`{"token":"a","android":{"colapse_key":"turn"}}`, 400},
		"a typo in a notification":  {`{"token":"a","android":{"notification":{"title":"t","channel_idd":"x"}}}`, 400},
		"a name in capitals":        {`{"token":"a","Android":{}}`, 400},
		"a name twice":              {`{"token":"a","token":"a"}`, 400},
		"a typo for Apple":          {`{"token":"a","apns":{"payload":{"aps":{"badgee":1}}}}`, 400},
		"a number as data":          {`{"token":"a","data":{"turn":5}}`, 400},
		"a badge of letters":        {`{"token":"a","data":{"badge":"x"}}`, 400},
		"reserved: from":            {`{"token":"a","data":{"from":"x"}}`, 400},
		"reserved: google":          {`{"token":"a","data":{"google.x":"x"}}`, 400},
		"reserved: gcm":             {`{"token":"a","data":{"gcm":"x"}}`, 400},
		"ttl as a number":           {`{"token":"a","android":{"ttl":3600}}`, 400},
		"ttl without a unit":        {`{"token":"a","android":{"ttl":"3600"}}`, 400},
		"ttl in hours":              {`{"token":"a","android":{"ttl":"1h"}}`, 400},
		"ttl of five weeks":         {`{"token":"a","android":{"ttl":"3024000s"}}`, 400},
		"urgent":                    {`{"token":"a","android":{"priority":"urgent"}}`, 400},
		"nothing to show":           {`{"token":"a","android":{"notification":{"tag":"s"}}}`, 400},
		"arguments without a key":   {`{"token":"a","android":{"notification":{"title":"t","body_loc_args":["x"]}}}`, 400},
		"a count below nothing":     {`{"token":"a","android":{"notification":{"title":"t","notification_count":-1}}}`, 400},
		"priority 7":                {`{"token":"a","apns":{"headers":{"apns-priority":"7"},"payload":{"aps":{}}}}`, 400},
		"no payload beside headers": {`{"token":"a","apns":{"headers":{}}}`, 400},
		"a long topic":              {`{"token":"a","webpush":{"headers":{"Topic":"` + strings.Repeat("x", 33) + `"}}}`, 400},
		"ttl of a browser":          {`{"token":"a","webpush":{"headers":{"TTL":"1s"}}}`, 400},
		"no address":                {`{"data":{}}`, 400},
		"two addresses":             {`{"token":"a","topic":"b"}`, 400},
		"4,097 bytes":               {`{"token":"a","data":{"x":"` + strings.Repeat("x", 4096) + `"}}`, 400},
		"4,096 bytes":               {`{"token":"a","data":{"x":"` + strings.Repeat("x", 4095) + `"}}`, 200},
		"no JSON":                   {`{`, 400},
		"null":                      {`null`, 400},
	} {
		t.Run(name, func(t *testing.T) {
			status, body := c.post(t, fcmSend, "application/json", token, `{"message":`+row.message+`}`)
			if status != row.status {
				t.Errorf("%d %s", status, body)
			}
			if status == 400 && (!strings.Contains(body, "google.rpc.BadRequest") || strings.Contains(body, "FcmError")) {
				t.Errorf("not as Google refuses: %s", body)
			}
		})
	}
	if status, _ := c.post(t, fcmSend, "application/json", token, `{"message":{"token":"a"},"validateonly":true}`); status != 400 {
		t.Errorf("a typo beside the message: %d", status)
	}
}

func TestFCMNotes(t *testing.T) {
	c := newFCMClient(t)
	token := c.token(t)
	c.FailNext("a", Fault{Reason: "UNREGISTERED"}, Fault{Reset: true}, Fault{Status: 503, HTML: true, RetryAfter: "3"}, Fault{})
	message := `{"message":{"token":"a","data":{"kind":"your_turn","badge":"4"},"notification":{"title":"t","body":"b"},"android":{"notification":{"tag":"s"}}}}`
	want := []struct {
		status int
		reason string
	}{{404, "UNREGISTERED"}, {0, ""}, {503, ""}, {200, ""}}
	for i, w := range want {
		status, body := c.post(t, fcmSend, "application/json", token, message)
		if status != w.status {
			t.Errorf("%d: %d %s", i, status, body)
		}
	}
	got := c.Received()
	if len(got) != len(want) || len(c.Taken()) != 1 {
		t.Fatalf("%+v", got)
	}
	for i, w := range want {
		g := got[i]
		if g.Status != w.status || g.Reason != w.reason || g.Token != "a" || g.Badge != 4 || g.Title != "t" || g.Text != "b" || g.Collapse != "s" ||
			len(g.Fields) != 1 || g.Fields["kind"] != "your_turn" || !bytes.Equal(g.Body, []byte(message)) || g.At.IsZero() {
			t.Errorf("%d: %+v", i, g)
		}
	}
}
