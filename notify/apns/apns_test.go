package apns

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"yourturn/notify"
	"yourturn/notify/providertest"
)

const (
	topic  = "com.example.turns"
	keyID  = "ABC123DEFG"
	teamID = "DEF123GHIJ"
)

// world is a sender and the service that it sends to.
type world struct {
	*Sender
	apns *providertest.APNs
}

func newWorld(t *testing.T, options ...providertest.APNsOption) *world {
	t.Helper()
	authority := providertest.NewAuthority(t)
	key, public := providertest.APNsKey(t)
	fake := providertest.NewAPNs(t, authority, topic, public, keyID, teamID, options...)
	s, err := New(Config{Key: key, KeyID: keyID, TeamID: teamID, Topic: topic, URL: fake.URL, Roots: authority.Pool})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return &world{s, fake}
}

// deviceToken is the n-th device's.
func deviceToken(n int) string { return fmt.Sprintf("%064x", n) }

// pushTo is a push to the n-th device.
func pushTo(n int) notify.Push {
	return notify.Push{
		ID:      fmt.Sprintf("%026d", n),
		Address: notify.Address{Token: deviceToken(n), Environment: production},
		Fields: notify.Fields{
			"kind": "your_turn", "session_id": "s_1", "game": "tictactoe", "turn": "3", "version": "7", "seq": "12",
			"player_id": "p_1", "deadline_at": "2026-02-03T04:05:06Z",
		},
		Text:     notify.Text{Title: "Your turn", Body: "Ada has moved"},
		Badge:    2,
		Collapse: "c2Vzc2lvbg",
		Ends:     time.Hour,
	}
}

// generous is how long a test waits for what happens by itself.
const generous = time.Minute

func (w *world) send(t *testing.T, p notify.Push) notify.Outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), generous)
	defer cancel()
	return w.Send(ctx, p)
}

func (w *world) mustSend(t *testing.T, p notify.Push) {
	t.Helper()
	if o := w.send(t, p); o.Class != notify.Sent {
		t.Errorf("%s, %s", o.Class, o.Reason)
	}
}

// bearers are the tokens of ours that have been seen, in order.
func (w *world) bearers() []string {
	var all []string
	for _, r := range w.apns.Received() {
		if b := r.Header.Get("Authorization"); len(all) == 0 || all[len(all)-1] != b {
			all = append(all, b)
		}
	}
	return all
}

func TestAPushArrives(t *testing.T) {
	w := newWorld(t)
	now := time.Now()
	w.now = func() time.Time { return now }
	p := pushTo(1)
	o := w.send(t, p)
	if o != (notify.Outcome{Class: notify.Sent, ID: uuid(p.ID)}) {
		t.Fatalf("%+v", o)
	}
	r := w.apns.Taken()[0]
	got := map[string]string{"title": r.Title, "text": r.Text, "badge": strconv.Itoa(r.Badge), "token": r.Token}
	for _, name := range []string{"apns-collapse-id", "apns-topic", "apns-push-type", "apns-priority", "apns-expiration", "apns-id"} {
		got[name] = r.Header.Get(name)
	}
	want := map[string]string{
		"title": "Your turn", "text": "Ada has moved", "badge": "2", "token": deviceToken(1),
		"apns-collapse-id": "c2Vzc2lvbg", "apns-topic": topic, "apns-push-type": "alert", "apns-priority": "10",
		"apns-expiration": strconv.FormatInt(now.Add(time.Hour).Unix(), 10), "apns-id": uuid(p.ID),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string(p.Fields), r.Fields); diff != "" {
		t.Error(diff)
	}
}

func TestABadgeAloneIsAnAlertOfLowPriority(t *testing.T) {
	w := newWorld(t)
	p := pushTo(1)
	p.Text, p.Badge = notify.Text{}, 0
	w.mustSend(t, p)
	r := w.apns.Taken()[0]
	if r.Badge != 0 || r.Title != "" || r.Header.Get("apns-push-type") != "alert" || r.Header.Get("apns-priority") != "5" {
		t.Errorf("%+v", r)
	}
}

// TestExpiration: zero would mean that Apple tries once and keeps nothing, and the library leaves it out.
func TestExpiration(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	for name, c := range map[string]struct{ ends, want time.Duration }{
		"an hour":                {time.Hour, time.Hour},
		"a blink":                {time.Millisecond, time.Second},
		"zero, against the rule": {0, time.Second},
		"past, against the rule": {-time.Hour, time.Second},
		"thirty days":            {30 * 24 * time.Hour, 30 * 24 * time.Hour},
		"a year":                 {365 * 24 * time.Hour, 30 * 24 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			s := &Sender{now: func() time.Time { return now }}
			if got := s.notification(notify.Push{Ends: c.ends}, notify.Address{}, nil).Expiration.Sub(now); got != c.want {
				t.Errorf("%s", got)
			}
		})
	}
}

func TestTheNameOfAPushIsTheSameInEveryTry(t *testing.T) {
	w := newWorld(t)
	p := pushTo(1)
	w.apns.FailNext(deviceToken(1), providertest.Fault{Status: 503, Reason: "Shutdown"})
	w.send(t, p)
	w.send(t, p)
	w.send(t, pushTo(2))
	r := w.apns.Received()
	id := func(i int) string { return r[i].Header.Get("apns-id") }
	if id(0) != id(1) || id(0) == id(2) || !isUUID(id(0)) || id(0) != strings.ToLower(id(0)) {
		t.Errorf("%s, %s, and of another: %s", id(0), id(1), id(2))
	}
}

func TestProviders(t *testing.T) {
	w := newWorld(t)
	for environment, want := range map[string]string{"": "apns", "production": "apns", "sandbox": "apns-sandbox", "development": "apns-sandbox"} {
		if got := w.Provider(notify.Address{Environment: environment}); got != want {
			t.Errorf("%q: %s", environment, got)
		}
	}
}

func TestTheTwoEnvironmentsAreApplesTwoServices(t *testing.T) {
	key, _ := providertest.APNsKey(t)
	s, err := New(Config{Key: key, KeyID: keyID, TeamID: teamID, Topic: topic})
	if err != nil {
		t.Fatal(err)
	}
	for environment, want := range map[string]string{production: "api.push.apple.com", sandbox: "api.sandbox.push.apple.com"} {
		service := s.services[environment]
		if service.client.Host != "https://"+want || service.wire.address != want+":443" {
			t.Errorf("%s: %s, %s", environment, service.client.Host, service.wire.address)
		}
	}
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	key, _ := providertest.APNsKey(t)
	for name, c := range map[string]struct {
		change func(*Config)
		says   string // empty: taken
	}{
		"as it should be":         {func(*Config) {}, ""},
		"a proxy":                 {func(c *Config) { c.URL = "https://push.internal:2197/" }, ""},
		"a proxy by its number":   {func(c *Config) { c.URL = "https://[::1]:2197" }, ""},
		"no key":                  {func(c *Config) { c.Key = nil }, "PEM"},
		"a key without PEM":       {func(c *Config) { c.Key = []byte("MIGTAgEAMBMGByqGSM49") }, "PEM"},
		"a certificate":           {func(c *Config) { c.Key = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")}) }, "PKCS"},
		"an RSA key":              {func(c *Config) { c.Key = p8(t, rsaKey(t)) }, "P-256"},
		"a key on another curve":  {func(c *Config) { c.Key = p8(t, ecKey(t, elliptic.P384())) }, "P-256"},
		"no key id":               {func(c *Config) { c.KeyID = "" }, "key id"},
		"no team id":              {func(c *Config) { c.TeamID = "" }, "team id"},
		"no topic":                {func(c *Config) { c.Topic = "" }, "topic"},
		"a line in the topic":     {func(c *Config) { c.Topic = "com.example\r\nx: y" }, "topic"},
		"a space after an id":     {func(c *Config) { c.KeyID = keyID + "\n" }, "key id"},
		"no TLS":                  {func(c *Config) { c.URL = "http://push.internal" }, "https"},
		"no host":                 {func(c *Config) { c.URL = "https://" }, "https"},
		"no scheme":               {func(c *Config) { c.URL = "push.internal" }, "https"},
		"a path":                  {func(c *Config) { c.URL = "https://push.internal/apns" }, "https"},
		"a query":                 {func(c *Config) { c.URL = "https://push.internal?x=secret" }, "https"},
		"a password":              {func(c *Config) { c.URL = "https://ops:secret@push.internal" }, "https"},
		"a password, and garbage": {func(c *Config) { c.URL = "https://ops:secret@push internal" }, "read"},
	} {
		t.Run(name, func(t *testing.T) {
			config := Config{Key: key, KeyID: keyID, TeamID: teamID, Topic: topic}
			c.change(&config)
			_, err := New(config)
			if (err == nil) != (c.says == "") {
				t.Fatalf("%v", err)
			}
			if err == nil {
				return
			}
			if !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "MIG") {
				t.Errorf("%v", err)
			}
		})
	}
}

func p8(t *testing.T, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

func rsaKey(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func ecKey(t *testing.T, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestCheck(t *testing.T) {
	token := strings.Repeat("ab", 32)
	for name, c := range map[string]struct {
		address notify.Address
		want    notify.Address
		bad     string // the member at fault
	}{
		"production by default": {notify.Address{Token: token}, notify.Address{Token: token, Environment: production}, ""},
		"production":            {notify.Address{Token: token, Environment: "production"}, notify.Address{Token: token, Environment: production}, ""},
		"sandbox":               {notify.Address{Token: token, Environment: "sandbox"}, notify.Address{Token: token, Environment: sandbox}, ""},
		"development":           {notify.Address{Token: token, Environment: "development"}, notify.Address{Token: token, Environment: sandbox}, ""},
		"capitals":              {notify.Address{Token: strings.ToUpper(token)}, notify.Address{Token: token, Environment: production}, ""},
		"a long one":            {notify.Address{Token: strings.Repeat("ab", 80)}, notify.Address{Token: strings.Repeat("ab", 80), Environment: production}, ""},
		"the shortest":          {notify.Address{Token: strings.Repeat("ab", 16)}, notify.Address{Token: strings.Repeat("ab", 16), Environment: production}, ""},
		"the longest":           {notify.Address{Token: strings.Repeat("ab", 100)}, notify.Address{Token: strings.Repeat("ab", 100), Environment: production}, ""},
		"none":                  {notify.Address{}, notify.Address{}, "token"},
		"too short":             {notify.Address{Token: strings.Repeat("ab", 15)}, notify.Address{}, "token"},
		"too long":              {notify.Address{Token: strings.Repeat("ab", 101)}, notify.Address{}, "token"},
		"half a byte":           {notify.Address{Token: token + "a"}, notify.Address{}, "token"},
		"base64":                {notify.Address{Token: strings.Repeat("qrvM", 16)}, notify.Address{}, "token"},
		"as iOS prints it":      {notify.Address{Token: "<" + strings.Repeat("abababab ", 8) + ">"}, notify.Address{}, "token"},
		"another environment":   {notify.Address{Token: token, Environment: "staging"}, notify.Address{}, "environment"},
		"a web key":             {notify.Address{Token: token, P256DH: "x"}, notify.Address{}, "p256dh"},
		"a web secret":          {notify.Address{Token: token, Auth: "x"}, notify.Address{}, "auth"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Check(c.address)
			if c.bad == "" {
				if err != nil || got != c.want {
					t.Errorf("%+v, %v", got, err)
				}
				return
			}
			var bad *notify.BadAddress
			if !errors.As(err, &bad) || bad.Member != c.bad {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestAttackDeviceTokensThatAreAPath(t *testing.T) {
	w := newWorld(t)
	for name, token := range map[string]string{
		"up":            "../../../../../../../../admin/shutdown?x=",
		"a query":       strings.Repeat("ab", 16) + "?x=",
		"a fragment":    strings.Repeat("ab", 16) + "#x",
		"another token": strings.Repeat("ab", 16) + "/" + strings.Repeat("ab", 16) + "a",
		"encoded":       strings.Repeat("%2e", 20) + "aaaa",
		"a line":        strings.Repeat("ab", 16) + "\r\n",
		"NUL":           strings.Repeat("ab", 16) + "\x00\x00",
		"wide digits":   strings.Repeat("１", 16),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.Check(notify.Address{Token: token})
			if err == nil || strings.Contains(err.Error(), token) {
				t.Errorf("registered: %v", err)
			}
			p := pushTo(1)
			p.Address.Token = token // as if it had got into the database
			if o := w.send(t, p); o.Class != notify.Rejected || o.Reason != "address" {
				t.Errorf("%+v", o)
			}
		})
	}
	if got := w.apns.Received(); len(got) != 0 {
		t.Errorf("%d requests", len(got))
	}
}

func TestAPushThatCannotFitIsOurMistake(t *testing.T) {
	w := newWorld(t)
	p := pushTo(1)
	p.Text.Title = strings.Repeat("a", 5000)
	if o := w.send(t, p); o.Class != notify.Faulty {
		t.Errorf("%+v", o)
	}
	if got := w.apns.Received(); len(got) != 0 {
		t.Errorf("%d requests", len(got))
	}
}

// TestAnUpperCaseTokenIsSentInLowerCase: Apple compares the bytes.
func TestAnUpperCaseTokenIsSentInLowerCase(t *testing.T) {
	w := newWorld(t)
	p := pushTo(0xABCDEF)
	p.Address.Token = strings.ToUpper(p.Address.Token)
	w.mustSend(t, p)
}

// TestTextsAreSentAsTheyAre: the library would write six bytes for each of these characters.
func TestTextsAreSentAsTheyAre(t *testing.T) {
	w := newWorld(t)
	p := pushTo(1)
	p.Text.Body = strings.Repeat("<&>", 1000)
	w.mustSend(t, p)
	if got := w.apns.Taken()[0]; got.Text != p.Text.Body {
		t.Errorf("%d bytes arrived of %d", len(got.Text), len(p.Text.Body))
	}
}

func TestOneTokenForAllPushes(t *testing.T) {
	w := newWorld(t)
	together(1000, func(i int) {
		p := pushTo(i)
		if i%2 == 1 {
			p.Address.Environment = sandbox
		}
		w.mustSend(t, p)
	})
	if got := w.bearers(); len(got) != 1 {
		t.Errorf("%d tokens", len(got))
	}
	if got := w.apns.Opened(); got != 2 {
		t.Errorf("%d connections", got)
	}
}

func TestAnExpiredTokenIsReplacedAtOnce(t *testing.T) {
	w := newWorld(t)
	w.apns.FailNext(deviceToken(1), providertest.Fault{Status: 403, Reason: "ExpiredProviderToken"})
	w.mustSend(t, pushTo(1))
	if got := w.bearers(); len(got) != 2 {
		t.Errorf("%d tokens", len(got))
	}
}

// TestAnExpiredTokenIsReplacedOnceForAll: the service refuses all 64 before it looks at the next request.
func TestAnExpiredTokenIsReplacedOnceForAll(t *testing.T) {
	var mu sync.Mutex
	seen := map[string]int{}
	all := make(chan struct{})
	w := newWorldOf(t, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		mu.Lock()
		bearer := r.Header.Get("Authorization")
		seen[bearer]++
		n, first := seen[bearer], len(seen) == 1
		mu.Unlock()
		if !first || n == 1 { // the very first push opens the connection
			return
		}
		if n == 65 {
			close(all)
		}
		<-all
		rw.WriteHeader(http.StatusForbidden)
		fmt.Fprint(rw, `{"reason":"ExpiredProviderToken"}`)
	}))
	w.mustSend(t, pushTo(0))
	together(64, func(i int) { w.mustSend(t, pushTo(i)) })
	if len(seen) != 2 {
		t.Errorf("%d tokens", len(seen))
	}
}

// TestAClockThatIsWrongSignsOnce: Apple refuses a key that signs more often than every twenty minutes.
func TestAClockThatIsWrongSignsOnce(t *testing.T) {
	w := newWorld(t)
	now := time.Now()
	w.now = func() time.Time { return now }
	w.apns.FailAlways("", providertest.Fault{Status: 403, Reason: "ExpiredProviderToken"})
	for n := range 5 {
		if o := w.send(t, pushTo(n)); o.Class != notify.Misconfigured || o.Reason != "ExpiredProviderToken" {
			t.Errorf("%+v", o)
		}
	}
	if got := w.bearers(); len(got) != 2 {
		t.Errorf("%d tokens", len(got))
	}
	w.apns.FailAlways("", providertest.Fault{})
	w.apns.FailNext(deviceToken(1), providertest.Fault{Status: 403, Reason: "ExpiredProviderToken"})
	now = now.Add(renewPause)
	w.mustSend(t, pushTo(1))
}

func TestAttackARedirectGetsNoToken(t *testing.T) {
	thief := newWorld(t)
	asked := false
	w := newWorldOf(t, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		asked = true
		http.Redirect(rw, r, thief.apns.URL+r.URL.Path, http.StatusPermanentRedirect)
	}))
	o := w.send(t, pushTo(1))
	if o.Class != notify.Down || o.Reason != "status-308" || !asked {
		t.Errorf("%+v", o)
	}
	if got := thief.apns.Received(); len(got) != 0 {
		t.Errorf("%d requests", len(got))
	}
}
