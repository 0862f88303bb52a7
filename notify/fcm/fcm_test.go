package fcm

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"yourturn/notify"
	"yourturn/notify/providertest"
)

const device = "fYx3:APA91b-a_token"

// newFake starts a fake of Firebase, and a sender to it.
func newFake(t *testing.T) (*providertest.FCM, *Sender) {
	t.Helper()
	authority := providertest.NewAuthority(t)
	fake := providertest.NewFCM(t, authority)
	return fake, newSender(t, Config{Credentials: fake.Credentials, URL: fake.URL, Roots: authority.Pool})
}

func newSender(t *testing.T, c Config) *Sender {
	t.Helper()
	s, err := New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func push() notify.Push {
	return notify.Push{
		ID: "01jz8x3m5v7q9n2b4c6d8f0g1h", Address: notify.Address{Token: device},
		Fields: notify.Fields{
			"kind": "your_turn", "session_id": "s_7Fq2", "game": "tictactoe", "turn": "5", "version": "9",
			"seq": "41", "player_id": "p_Ada", "deadline_at": "2026-03-04T05:06:07Z",
		},
		Text:  notify.Text{Title: "Tic-tac-toe", Body: "Grace has moved. It is your turn."},
		Badge: 3, Collapse: "aGVsbG8tc2Vzc2lvbg", Ends: time.Hour,
	}
}

func TestSend(t *testing.T) {
	fake, s := newFake(t)
	outcome := s.Send(t.Context(), push())
	if outcome.Class != notify.Sent || !strings.HasPrefix(outcome.ID, "projects/yourturn-test/messages/") {
		t.Fatalf("%+v", outcome)
	}
	got := fake.Received()
	if len(got) != 1 {
		t.Fatalf("%d requests", len(got))
	}
	p := push()
	want := providertest.Received{
		Token: device, Status: 200, Fields: p.Fields, Badge: 3, Title: p.Text.Title, Text: p.Text.Body, Collapse: p.Collapse,
	}
	got[0].At, got[0].Header = time.Time{}, nil
	sent := got[0].Body
	got[0].Body = nil
	if diff := cmp.Diff(want, got[0]); diff != "" {
		t.Error(diff)
	}
	said, err := Body(p)
	if err != nil {
		t.Fatal(err)
	}
	ends := regexp.MustCompile(`"apns-expiration":"\d+"`) // a second may have begun between the two
	if diff := cmp.Diff(ends.ReplaceAllString(string(said), ""), ends.ReplaceAllString(string(sent), "")); diff != "" {
		t.Errorf("Body is not what is sent: %s", diff)
	}
}

func TestSendTextsInEveryForm(t *testing.T) {
	fake, s := newFake(t)
	for name, c := range map[string]struct {
		text notify.Text
		want providertest.Received
	}{
		"rendered": {notify.Text{Title: "A <b> & c", Body: "“d” 🎲"}, providertest.Received{Title: "A <b> & c", Text: "“d” 🎲", Collapse: push().Collapse}},
		"no body":  {notify.Text{Title: "A"}, providertest.Received{Title: "A", Collapse: push().Collapse}},
		"keys":     {notify.Text{TitleKey: "t", BodyKey: "b", BodyArgs: []string{"Grace"}}, providertest.Received{Collapse: push().Collapse}},
		"silent":   {notify.Text{}, providertest.Received{}},
		"too long": {notify.Text{Title: "A", Body: strings.Repeat("&", 5000)}, providertest.Received{Title: "A", Text: "cut", Collapse: push().Collapse}},
	} {
		t.Run(name, func(t *testing.T) {
			p := push()
			p.Text = c.text
			if outcome := s.Send(t.Context(), p); outcome.Class != notify.Sent {
				t.Fatalf("%+v: %+v", outcome, fake.Received())
			}
			taken := fake.Taken()
			got := taken[len(taken)-1]
			if strings.HasSuffix(got.Text, "…") {
				got.Text = "cut"
			}
			if got.Title != c.want.Title || got.Text != c.want.Text || got.Collapse != c.want.Collapse || got.Badge != 3 {
				t.Errorf("%+v", got)
			}
		})
	}
}

// One request for each try, whatever comes of it: the SDK would make five of a 503 and of a cut connection.
func TestSendTriesOnce(t *testing.T) {
	type fault = providertest.Fault
	type outcome = notify.Outcome
	fake, s := newFake(t)
	for name, c := range map[string]struct {
		fault fault
		want  outcome
	}{
		"unregistered":               {fault{Reason: "UNREGISTERED"}, outcome{Class: notify.Gone, Reason: "UNREGISTERED"}},
		"not a token":                {fault{Reason: "INVALID_TOKEN"}, outcome{Class: notify.Gone, Reason: "INVALID_ARGUMENT"}},
		"wrong message":              {fault{Reason: "INVALID_ARGUMENT"}, outcome{Class: notify.Faulty, Reason: "INVALID_ARGUMENT"}},
		"token of another project":   {fault{Reason: "SENDER_ID_MISMATCH"}, outcome{Class: notify.Rejected, Reason: "SENDER_ID_MISMATCH"}},
		"key of a third party":       {fault{Reason: "THIRD_PARTY_AUTH_ERROR"}, outcome{Class: notify.Rejected, Reason: "THIRD_PARTY_AUTH_ERROR"}},
		"quota of the project":       {fault{Reason: "QUOTA_EXCEEDED"}, outcome{Class: notify.Down, Reason: "QUOTA_EXCEEDED", After: time.Minute}},
		"quota, wait 90 s":           {fault{Reason: "QUOTA_EXCEEDED", RetryAfter: "90"}, outcome{Class: notify.Down, Reason: "QUOTA_EXCEEDED", After: 90 * time.Second}},
		"quota of the device":        {fault{Reason: "DEVICE_QUOTA"}, outcome{Class: notify.Later, Reason: "QUOTA_EXCEEDED", After: time.Minute}},
		"unavailable":                {fault{Reason: "UNAVAILABLE"}, outcome{Class: notify.Down, Reason: "UNAVAILABLE"}},
		"unavailable, wait 1 s":      {fault{Reason: "UNAVAILABLE", RetryAfter: "1"}, outcome{Class: notify.Down, Reason: "UNAVAILABLE", After: time.Second}},
		"internal":                   {fault{Reason: "INTERNAL"}, outcome{Class: notify.Down, Reason: "INTERNAL"}},
		"signed out":                 {fault{Status: 401, Reason: "UNAUTHENTICATED"}, outcome{Class: notify.Misconfigured, Reason: "UNAUTHENTICATED"}},
		"not allowed":                {fault{Status: 403, Reason: "PERMISSION_DENIED"}, outcome{Class: notify.Misconfigured, Reason: "PERMISSION_DENIED"}},
		"no such project":            {fault{Status: 404, Reason: "NOT_FOUND"}, outcome{Class: notify.Misconfigured, Reason: "NOT_FOUND"}},
		"not in this state":          {fault{Status: 400, Reason: "FAILED_PRECONDITION"}, outcome{Class: notify.Misconfigured, Reason: "FAILED_PRECONDITION"}},
		"a word that nobody knows":   {fault{Status: 418, Reason: "SECRET_OF_SOMEBODY"}, outcome{Class: notify.Misconfigured, Reason: "status-418"}},
		"page 400":                   {fault{Status: 400, HTML: true}, outcome{Class: notify.Misconfigured, Reason: "status-400"}},
		"page 403":                   {fault{Status: 403, HTML: true}, outcome{Class: notify.Misconfigured, Reason: "status-403"}},
		"page 404":                   {fault{Status: 404, HTML: true}, outcome{Class: notify.Misconfigured, Reason: "status-404"}},
		"page 407":                   {fault{Status: 407, HTML: true}, outcome{Class: notify.Misconfigured, Reason: "status-407"}},
		"page 410":                   {fault{Status: 410, HTML: true}, outcome{Class: notify.Misconfigured, Reason: "status-410"}},
		"page 429":                   {fault{Status: 429, HTML: true}, outcome{Class: notify.Down, Reason: "status-429", After: time.Minute}},
		"page 502":                   {fault{Status: 502, HTML: true}, outcome{Class: notify.Down, Reason: "status-502"}},
		"page 503":                   {fault{Status: 503, HTML: true, RetryAfter: "7"}, outcome{Class: notify.Down, Reason: "status-503", After: 7 * time.Second}},
		"page 504":                   {fault{Status: 504, HTML: true}, outcome{Class: notify.Down, Reason: "status-504"}},
		"page 200":                   {fault{Status: 200, HTML: true}, outcome{Class: notify.Misconfigured, Reason: "unknown-answer"}},
		"unregistered says a 503":    {fault{Status: 503, Reason: "UNREGISTERED"}, outcome{Class: notify.Down, Reason: "UNREGISTERED"}},
		"unregistered says a 403":    {fault{Status: 403, Reason: "UNREGISTERED"}, outcome{Class: notify.Misconfigured, Reason: "UNREGISTERED"}},
		"not a token, says a 403":    {fault{Status: 403, Reason: "INVALID_TOKEN"}, outcome{Class: notify.Misconfigured, Reason: "INVALID_ARGUMENT"}},
		"the connection is cut":      {fault{Reset: true}, outcome{Class: notify.Down, Reason: "connection"}},
		"taken, and asked to leave":  {fault{GoAway: true}, outcome{Class: notify.Sent}},
		"unavailable for two hours":  {fault{Reason: "UNAVAILABLE", RetryAfter: "7200"}, outcome{Class: notify.Down, Reason: "UNAVAILABLE", After: time.Hour}},
		"unavailable, wait nonsense": {fault{Reason: "UNAVAILABLE", RetryAfter: "soon"}, outcome{Class: notify.Down, Reason: "UNAVAILABLE"}},
	} {
		t.Run(name, func(t *testing.T) {
			before := len(fake.Received())
			fake.FailAlways("", c.fault)
			got := s.Send(t.Context(), push())
			got.ID = ""
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if n := len(fake.Received()) - before; n != 1 {
				t.Errorf("%d requests", n)
			}
			fake.FailAlways("", fault{})
			if got := s.Send(t.Context(), push()); got.Class != notify.Sent {
				t.Errorf("and then: %+v", got)
			}
		})
	}
}

// alarm is a context whose deadline passes when the test says so.
type alarm struct {
	context.Context
	rings chan struct{}
}

func (a alarm) Done() <-chan struct{} { return a.rings }

func (a alarm) Err() error {
	select {
	case <-a.rings:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

func TestSendEndsWithItsContext(t *testing.T) {
	fake, s := newFake(t)
	var requests atomic.Int32 // the fake notes a request a moment after this, which may be too late to count
	late := alarm{t.Context(), make(chan struct{})}
	fake.FailBy(func(string, int) (providertest.Fault, bool) {
		requests.Add(1)
		close(late.rings)
		return providertest.Fault{Hang: true}, true
	})
	if got := s.Send(late, push()); got != (notify.Outcome{Class: notify.Down, Reason: "timeout"}) {
		t.Errorf("%+v", got)
	}
	if got := s.Send(late, push()); got != (notify.Outcome{Class: notify.Down, Reason: "timeout"}) {
		t.Errorf("begun after its end: %+v", got)
	}
	canceled, cancel := context.WithCancel(t.Context())
	fake.FailBy(func(string, int) (providertest.Fault, bool) {
		requests.Add(1)
		cancel()
		return providertest.Fault{Hang: true}, true
	})
	if got := s.Send(canceled, push()); got != (notify.Outcome{Class: notify.Down, Reason: "canceled"}) {
		t.Errorf("%+v", got)
	}
	if n := requests.Load(); n != 2 {
		t.Errorf("%d requests", n)
	}
}

// stranger is a server that is not Firebase, where a wrong URL or a proxy could lead.
func stranger(t *testing.T, a *providertest.Authority, answer http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(answer)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{a.Cert}}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

func TestAttackRedirectCarriesTheAccessTokenAway(t *testing.T) {
	authority := providertest.NewAuthority(t)
	fake := providertest.NewFCM(t, authority)
	for _, status := range []int{301, 302, 303, 307, 308} {
		thief := stranger(t, authority, func(_ http.ResponseWriter, r *http.Request) {
			t.Errorf("%d: came to %s with %q", status, r.URL, r.Header["Authorization"])
		})
		door := stranger(t, authority, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, thief.URL, status)
		})
		s := newSender(t, Config{Credentials: fake.Credentials, URL: door.URL, Roots: authority.Pool})
		if got := s.Send(t.Context(), push()); got.Class != notify.Misconfigured {
			t.Errorf("%d: %+v", status, got)
		}
		s = newSender(t, Config{Credentials: with(t, fake.Credentials, "token_uri", door.URL), URL: fake.URL, Roots: authority.Pool})
		if got := s.Send(t.Context(), push()); got.Class != notify.Misconfigured {
			t.Errorf("%d of the token endpoint: %+v", status, got)
		}
	}
}

// Who says yes without being Firebase has not delivered anything.
func TestAttackStrangerSaysYes(t *testing.T) {
	authority := providertest.NewAuthority(t)
	fake := providertest.NewFCM(t, authority)
	for _, answer := range []string{"", "{}", "OK", `{"name":""}`, `{"name":7}`, `[]`, "null"} {
		server := stranger(t, authority, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, answer) })
		s := newSender(t, Config{Credentials: fake.Credentials, URL: server.URL, Roots: authority.Pool})
		if got := s.Send(t.Context(), push()); got != (notify.Outcome{Class: notify.Misconfigured, Reason: "unknown-answer"}) {
			t.Errorf("%q: %+v", answer, got)
		}
	}
}

// An answer that is cut short is an error of the network to the SDK, which would ask again.
func TestAnswerIsCutShort(t *testing.T) {
	authority := providertest.NewAuthority(t)
	fake := providertest.NewFCM(t, authority)
	requests := make(chan struct{}, 9)
	server := stranger(t, authority, func(w http.ResponseWriter, _ *http.Request) {
		requests <- struct{}{}
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, `{"name":"projects/`)
		panic(http.ErrAbortHandler)
	})
	s := newSender(t, Config{Credentials: fake.Credentials, URL: server.URL, Roots: authority.Pool})
	if got := s.Send(t.Context(), push()); got != (notify.Outcome{Class: notify.Down, Reason: "connection"}) || len(requests) != 1 {
		t.Errorf("%+v after %d requests", got, len(requests))
	}
}

func TestCertificateOfNobodyKnown(t *testing.T) {
	authority := providertest.NewAuthority(t)
	fake := providertest.NewFCM(t, authority)
	s := newSender(t, Config{Credentials: fake.Credentials, URL: fake.URL})
	if got := s.Send(t.Context(), push()); got != (notify.Outcome{Class: notify.Down, Reason: "token-certificate"}) {
		t.Errorf("%+v", got)
	}
}

func TestCloseLeavesNoGoroutine(t *testing.T) {
	authority := providertest.NewAuthority(t)
	fake := providertest.NewFCM(t, authority)
	s, err := New(t.Context(), Config{Credentials: fake.Credentials, URL: fake.URL, Roots: authority.Pool})
	if err != nil {
		t.Fatal(err)
	}
	var sends sync.WaitGroup
	for range 20 {
		sends.Go(func() { s.Send(t.Context(), push()) })
	}
	sends.Wait()
	fake.Revoke()
	s.Send(t.Context(), push())
	fake.FailExchange(providertest.Fault{Hang: true})
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	s.Send(gone, push()) // leaves an exchange behind
	s.Close()
	for _, ours := range []string{"fcm.(*tokens)", "fcm.once"} {
		if strings.Contains(stacks(), ours) {
			t.Errorf("%s goes on:\n%s", ours, stacks())
		}
	}
	// A connection's goroutines end a moment after it, and one that was on its way when its send went by another comes later.
	for strings.Contains(stacks(), ".readLoop(") || strings.Contains(stacks(), "ClientConn") {
		s.Close()
		runtime.Gosched()
	}
	if got := s.Send(t.Context(), push()); got.Class != notify.Down {
		t.Errorf("after Close: %+v", got)
	}
}

func stacks() string {
	all := make([]byte, 1<<20)
	return string(all[:runtime.Stack(all, true)])
}

func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		address notify.Address
		bad     string
	}{
		"a token":         {notify.Address{Token: device}, ""},
		"the longest":     {notify.Address{Token: strings.Repeat("x", 4096)}, ""},
		"none":            {notify.Address{}, "token"},
		"longer":          {notify.Address{Token: strings.Repeat("x", 4097)}, "token"},
		"a space":         {notify.Address{Token: "a b"}, "token"},
		"a line break":    {notify.Address{Token: "a\nb"}, "token"},
		"a NUL":           {notify.Address{Token: "a\x00"}, "token"},
		"not ASCII":       {notify.Address{Token: "é"}, "token"},
		"half a letter":   {notify.Address{Token: "a\xc3"}, "token"},
		"delete":          {notify.Address{Token: "a\x7f"}, "token"},
		"an environment":  {notify.Address{Token: device, Environment: "sandbox"}, "environment"},
		"a key of Web":    {notify.Address{Token: device, P256DH: "BA"}, "p256dh"},
		"a secret of Web": {notify.Address{Token: device, Auth: "AA"}, "auth"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Check(c.address)
			var bad *notify.BadAddress
			switch {
			case c.bad == "":
				if err != nil || got != c.address {
					t.Errorf("%+v, %v", got, err)
				}
			case !errors.As(err, &bad) || bad.Member != c.bad:
				t.Errorf("%+v, %v", got, err)
			case c.address.Token != "" && strings.Contains(err.Error(), c.address.Token):
				t.Errorf("the refusal repeats it: %v", err)
			}
		})
	}
}

// with changes a member of a service account.
func with(t *testing.T, credentials []byte, member string, value any) []byte {
	t.Helper()
	var account map[string]any
	if err := json.Unmarshal(credentials, &account); err != nil {
		t.Fatal(err)
	}
	account[member] = value
	changed, err := json.Marshal(account)
	if err != nil {
		t.Fatal(err)
	}
	return changed
}

func TestNewRefuses(t *testing.T) {
	authority := providertest.NewAuthority(t)
	good := providertest.NewFCM(t, authority).Credentials
	const secret = "s3cret"
	const ecKey = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgevZzL1gdAFr88hb2\nOF/2NxApJCzGCEDdfSp6VQO30hyhRANCAAQRWz+jn65BtOMvdyHKcvjBeBSDZH2r\n1RTwjmYSi9R/zpBnuQ4EiMnCqfMPWiZqB4QdbAd0E7oH50VpuZ1P087G\n-----END PRIVATE KEY-----\n"
	for name, c := range map[string]Config{
		"nothing":                 {},
		"no JSON":                 {Credentials: []byte("{" + secret)},
		"a list":                  {Credentials: []byte(`["` + secret + `"]`)},
		"a user's credentials":    {Credentials: with(t, good, "type", "authorized_user")},
		"no project":              {Credentials: with(t, good, "project_id", "")},
		"a project with a path":   {Credentials: with(t, good, "project_id", "a/../"+secret)},
		"no account":              {Credentials: with(t, good, "client_email", "")},
		"no key":                  {Credentials: with(t, good, "private_key", "")},
		"half a key":              {Credentials: with(t, good, "private_key", "-----BEGIN PRIVATE KEY-----\n"+secret)},
		"no key in it":            {Credentials: with(t, good, "private_key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")},
		"a key of another kind":   {Credentials: with(t, good, "private_key", ecKey)},
		"a number for a key":      {Credentials: with(t, good, "private_key", 7)},
		"no token endpoint":       {Credentials: with(t, good, "token_uri", "")},
		"a token endpoint at all": {Credentials: with(t, good, "token_uri", "http://"+secret)},
		"plain http":              {Credentials: good, URL: "http://" + secret},
		"no host":                 {Credentials: good, URL: "https://"},
		"a query":                 {Credentials: good, URL: "https://example.com/?" + secret},
		"a password":              {Credentials: good, URL: "https://user:" + secret + "@example.com"},
		"not an address":          {Credentials: good, URL: "https://%zz" + secret},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := New(t.Context(), c)
			if err == nil {
				s.Close()
				t.Fatal("taken")
			}
			if strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "BEGIN") {
				t.Errorf("the refusal repeats it: %v", err)
			}
		})
	}
}

// Nothing but what is configured decides where pushes go: not what Google's libraries find around them.
func TestNewReadsNoEnvironment(t *testing.T) {
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere")
	t.Setenv("FIREBASE_CONFIG", "{")
	t.Setenv("GOOGLE_CLOUD_PROJECT", "another")
	t.Setenv("GOOGLE_API_USE_CLIENT_CERTIFICATE", "true")
	fake, s := newFake(t)
	if got := s.Send(t.Context(), push()); got.Class != notify.Sent {
		t.Errorf("%+v: %+v", got, fake.Received())
	}
}

func TestProvider(t *testing.T) {
	_, s := newFake(t)
	if got := s.Provider(notify.Address{Token: device}); got != "fcm" {
		t.Error(got)
	}
}
