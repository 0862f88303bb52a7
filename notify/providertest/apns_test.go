package providertest_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"yourturn/notify/providertest"
)

// signed is a token as Apple wants it, signed in one of two forms.
func signed(t *testing.T, p8 []byte, keyID, teamID string, issued time.Time, sign func(*ecdsa.PrivateKey, []byte) []byte) string {
	t.Helper()
	block, _ := pem.Decode(p8)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	part := func(v any) string {
		data, _ := json.Marshal(v)
		return base64.RawURLEncoding.EncodeToString(data)
	}
	text := part(map[string]string{"alg": "ES256", "kid": keyID}) + "." + part(map[string]any{"iss": teamID, "iat": issued.Unix()})
	digest := sha256.Sum256([]byte(text))
	return "bearer " + text + "." + base64.RawURLEncoding.EncodeToString(sign(key.(*ecdsa.PrivateKey), digest[:]))
}

func raw(key *ecdsa.PrivateKey, digest []byte) []byte {
	r, s, err := ecdsa.Sign(rand.Reader, key, digest)
	if err != nil {
		panic(err)
	}
	out := make([]byte, 64)
	r.FillBytes(out[:32])
	s.FillBytes(out[32:])
	return out
}

func der(key *ecdsa.PrivateKey, digest []byte) []byte {
	out, err := ecdsa.SignASN1(rand.Reader, key, digest)
	if err != nil {
		panic(err)
	}
	return out
}

// sized is a payload of so many bytes.
func sized(n int) string {
	before, after := `{"aps":{"alert":{"title":"`, `"}}}`
	return before + strings.Repeat("a", n-len(before)-len(after)) + after
}

func TestTheFakeOfAPNsIsStrict(t *testing.T) {
	authority := providertest.NewAuthority(t)
	p8, public := providertest.APNsKey(t)
	other, _ := providertest.APNsKey(t)
	fake := providertest.NewAPNs(t, authority, "com.example", public, "KEY", "TEAM")
	transport := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: authority.Pool}}
	t.Cleanup(transport.CloseIdleConnections)
	now := time.Now()

	type request struct {
		method, path, body string
		header             http.Header
	}
	head := func(name, value string) func(*request) {
		return func(r *request) {
			r.header.Del(name)
			if value != "" {
				r.header.Set(name, value)
			}
		}
	}
	bearer := func(p8 []byte, keyID, teamID string, issued time.Time) func(*request) {
		return head("authorization", signed(t, p8, keyID, teamID, issued, raw))
	}
	body := func(s string) func(*request) { return func(r *request) { r.body = s } }
	path := func(s string) func(*request) { return func(r *request) { r.path = s } }
	for name, c := range map[string]struct {
		change func(*request)
		status int
		reason string
	}{
		"as it should be":       {func(*request) {}, 200, ""},
		"no token":              {head("authorization", ""), 403, "MissingProviderToken"},
		"an empty one":          {head("authorization", "bearer "), 403, "MissingProviderToken"},
		"garbage":               {head("authorization", "bearer x.y.z"), 403, "InvalidProviderToken"},
		"another key":           {bearer(other, "KEY", "TEAM", now), 403, "InvalidProviderToken"},
		"another key id":        {bearer(p8, "YEK", "TEAM", now), 403, "InvalidProviderToken"},
		"another team":          {bearer(p8, "KEY", "MATE", now), 403, "InvalidProviderToken"},
		"old":                   {bearer(p8, "KEY", "TEAM", now.Add(-61*time.Minute)), 403, "ExpiredProviderToken"},
		"from tomorrow":         {bearer(p8, "KEY", "TEAM", now.Add(24*time.Hour)), 403, "InvalidProviderToken"},
		"signature in DER":      {head("authorization", signed(t, p8, "KEY", "TEAM", now, der)), 403, "InvalidProviderToken"},
		"no topic":              {head("apns-topic", ""), 400, "MissingTopic"},
		"another topic":         {head("apns-topic", "com.example.other"), 400, "TopicDisallowed"},
		"no push type":          {head("apns-push-type", ""), 400, "InvalidPushType"},
		"priority 7":            {head("apns-priority", "7"), 400, "BadPriority"},
		"expiration soon":       {head("apns-expiration", "soon"), 400, "BadExpirationDate"},
		"an id in capitals":     {head("apns-id", "0F0F0F0F-0000-4000-8000-000000000000"), 400, "BadMessageId"},
		"a collapse id of 65":   {head("apns-collapse-id", strings.Repeat("x", 65)), 400, "BadCollapseId"},
		"a header twice":        {func(r *request) { r.header.Add("apns-topic", "com.example") }, 400, "DuplicateHeaders"},
		"GET":                   {func(r *request) { r.method = http.MethodGet }, 405, "MethodNotAllowed"},
		"another path":          {path("/3/devices/abab"), 404, "BadPath"},
		"a path that goes on":   {path("/3/device/abab/x"), 404, "BadPath"},
		"a query":               {path("/3/device/abab?x=1"), 404, "BadPath"},
		"no device":             {path("/3/device/"), 400, "MissingDeviceToken"},
		"a device in capitals":  {path("/3/device/ABAB"), 400, "BadDeviceToken"},
		"half a byte":           {path("/3/device/aba"), 400, "BadDeviceToken"},
		"no payload":            {body(""), 400, "PayloadEmpty"},
		"4096 bytes":            {body(sized(4096)), 200, ""},
		"4097 bytes":            {body(sized(4097)), 413, "PayloadTooLarge"},
		"not JSON":              {body("{"), 400, providertest.ReasonBadPayload},
		"JSON twice":            {body(`{"aps":{}}{"aps":{}}`), 400, providertest.ReasonBadPayload},
		"no aps":                {body(`{"alert":{}}`), 400, providertest.ReasonBadPayload},
		"aps is a word":         {body(`{"aps":"x"}`), 400, providertest.ReasonBadPayload},
		"a badge below zero":    {body(`{"aps":{"alert":{"title":"x"},"badge":-1}}`), 400, providertest.ReasonBadPayload},
		"words and keys":        {body(`{"aps":{"alert":{"title":"x","loc-key":"y"}}}`), 400, providertest.ReasonBadPayload},
		"an alert of nothing":   {body(`{"aps":{"alert":{}}}`), 400, providertest.ReasonBadPayload},
		"an ampersand in six":   {body(`{"aps":{"alert":{"title":"\u0026"}}}`), 400, providertest.ReasonEscapedPayload},
		"an unknown part":       {body(`{"aps":{"bagde":1}}`), 400, providertest.ReasonBadPayload},
		"a field is not a word": {body(`{"aps":{},"yourturn":{"turn":3}}`), 400, providertest.ReasonBadPayload},
	} {
		t.Run(name, func(t *testing.T) {
			q := &request{method: http.MethodPost, path: "/3/device/abab", body: `{"aps":{"badge":1},"yourturn":{"kind":"x"}}`, header: http.Header{}}
			for key, value := range map[string]string{
				"authorization": signed(t, p8, "KEY", "TEAM", now, raw), "apns-topic": "com.example", "apns-push-type": "alert",
				"apns-priority": "10", "apns-expiration": "1800000000", "apns-id": "0f0f0f0f-0000-4000-8000-000000000000",
			} {
				q.header.Set(key, value)
			}
			c.change(q)
			r, err := http.NewRequestWithContext(t.Context(), q.method, fake.URL+q.path, bytes.NewReader([]byte(q.body)))
			if err != nil {
				t.Fatal(err)
			}
			r.Header = q.header
			response, err := transport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			got, err := io.ReadAll(response.Body)
			if err != nil {
				t.Fatal(err)
			}
			want := ""
			if c.reason != "" {
				want = fmt.Sprintf(`{"reason":%q}`, c.reason)
			}
			if response.StatusCode != c.status || string(got) != want || response.Header.Get("apns-id") == "" {
				t.Errorf("%d %s", response.StatusCode, got)
			}
		})
	}
}

func TestTheFakeOfAPNsSpeaksOnlyHTTP2(t *testing.T) {
	authority := providertest.NewAuthority(t)
	_, public := providertest.APNsKey(t)
	fake := providertest.NewAPNs(t, authority, "com.example", public, "KEY", "TEAM")
	old := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: authority.Pool}, DisableKeepAlives: true}}
	response, err := old.Post(fake.URL+"/3/device/abab", "", nil)
	if err != nil {
		return // it would not shake hands
	}
	response.Body.Close()
	if response.StatusCode != http.StatusHTTPVersionNotSupported {
		t.Error(response.Status)
	}
}
