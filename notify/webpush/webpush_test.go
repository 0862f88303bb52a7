package webpush

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"yourturn/notify"
	"yourturn/notify/providertest"
)

// stage is a sender with a push service to send to.
func stage(t *testing.T) (*Sender, *providertest.WebPush) {
	t.Helper()
	key, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	public, err := PublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	a := providertest.NewAuthority(t)
	w := providertest.NewWebPush(t, a, public)
	return newSender(t, Config{Key: key, Hosts: []string{w.Host}, OnlyHosts: true, Navigate: page, Roots: a.Pool}), w
}

func pushTo(a notify.Address) notify.Push {
	p := yourTurn()
	p.Address = a
	return p
}

func TestSend(t *testing.T) {
	s, w := stage(t)
	address, err := s.Check(w.Subscribe())
	if err != nil {
		t.Fatal(err)
	}
	p := pushTo(address)
	if o := s.Send(t.Context(), p); o.Class != notify.Sent || o.ID == "" || o.Reason != "" {
		t.Fatalf("%v %s, id %q", o.Class, o.Reason, o.ID)
	}
	got := w.Received()
	if len(got) != 1 {
		t.Fatalf("%d requests", len(got))
	}
	r := got[0]
	if r.Token != address.Token || r.Title != "Chess" || r.Text != "It is your turn against Ada." || r.Badge != 3 || r.Collapse != "c-s_1" {
		t.Errorf("received %+v", r)
	}
	if !reflect.DeepEqual(r.Fields, map[string]string(p.Fields)) {
		t.Errorf("fields %v", r.Fields)
	}
	for name, want := range map[string]string{"TTL": "3600", "Urgency": "high", "Topic": "c-s_1", "Content-Encoding": "aes128gcm", "Content-Length": "614"} {
		if have := r.Header.Get(name); have != want {
			t.Errorf("%s: %q, want %q", name, have, want)
		}
	}
	for _, name := range []string{"Cookie", "Referer", "Accept-Encoding"} {
		if have := r.Header.Get(name); have != "" {
			t.Errorf("%s: %q", name, have)
		}
	}
}

func TestSendForAnAppThatRenders(t *testing.T) {
	s, w := stage(t)
	p := pushTo(w.Subscribe())
	p.Text = notify.Text{TitleKey: "your_turn.title", BodyKey: "your_turn.body", BodyArgs: []string{"Ada"}}
	p.Collapse = ""
	if o := s.Send(t.Context(), p); o.Class != notify.Sent {
		t.Fatalf("%v %s", o.Class, o.Reason)
	}
	r := w.Received()[0]
	if _, ok := r.Header["Topic"]; ok || r.Title != "" || strings.Contains(string(r.Body), "web_push") {
		t.Errorf("received %s, topic %t", r.Body, ok)
	}
}

func TestTimeToLive(t *testing.T) {
	for ends, want := range map[time.Duration]int64{
		-time.Hour: 1, 0: 1, time.Millisecond: 1, time.Second: 1, 1999 * time.Millisecond: 1, time.Hour: 3600, 28 * 24 * time.Hour: 2419200, 365 * 24 * time.Hour: 2419200,
	} {
		if got := seconds(ends); got != want {
			t.Errorf("%v is %d, want %d", ends, got, want)
		}
	}
}

func TestWhatIsNotSent(t *testing.T) {
	s, w := stage(t)
	for name, c := range map[string]struct {
		change func(*notify.Push)
		class  notify.Class
		reason string
	}{
		"silent":         {func(p *notify.Push) { p.Text = notify.Text{} }, notify.Faulty, "silent"},
		"long topic":     {func(p *notify.Push) { p.Collapse = strings.Repeat("x", 33) }, notify.Faulty, "topic"},
		"strange topic":  {func(p *notify.Push) { p.Collapse = "é\r\nX: y" }, notify.Faulty, "topic"},
		"too large":      {func(p *notify.Push) { p.Fields["game"] = strings.Repeat("x", 5000) }, notify.Faulty, "too-large"},
		"forbidden host": {func(p *notify.Push) { p.Address.Token = "https://evil.example/x" }, notify.Rejected, "forbidden-address"},
		"no address":     {func(p *notify.Push) { p.Address = notify.Address{} }, notify.Rejected, "bad-address"},
		"bad key":        {func(p *notify.Push) { p.Address.P256DH = "AAAA" }, notify.Rejected, "bad-address"},
	} {
		p := pushTo(w.Subscribe())
		c.change(&p)
		if o := s.Send(t.Context(), p); o.Class != c.class || o.Reason != c.reason {
			t.Errorf("%s: %v %s", name, o.Class, o.Reason)
		}
	}
	if got := w.Received(); len(got) > 0 {
		t.Errorf("%d requests", len(got))
	}
}

func TestOutcomes(t *testing.T) {
	s, w := stage(t)
	gone := w.Subscribe()
	w.Unsubscribe(gone)
	missing := w.Subscribe()
	missing.Token += "x"
	for name, c := range map[string]struct {
		address notify.Address
		fault   providertest.Fault
		want    notify.Outcome
	}{
		"unsubscribed": {gone, providertest.Fault{}, notify.Outcome{Class: notify.Gone, Reason: "Unregistered"}},
		"unknown":      {missing, providertest.Fault{}, notify.Outcome{Class: notify.Gone, Reason: "NotRegistered"}},
		"proxy 404":    {w.Subscribe(), providertest.Fault{Status: 404, HTML: true}, notify.Outcome{Class: notify.Rejected, Reason: "status-404"}},
		"proxy 503":    {w.Subscribe(), providertest.Fault{Status: 503, HTML: true, RetryAfter: "5"}, notify.Outcome{Class: notify.Down, Reason: "status-503", After: 5 * time.Second}},
		"429":          {w.Subscribe(), providertest.Fault{Status: 429, Reason: "TooManyRequests", RetryAfter: "60"}, notify.Outcome{Class: notify.Later, Reason: "TooManyRequests", After: time.Minute}},
		"wrong key":    {w.Subscribe(), providertest.Fault{Status: 403, Reason: "BadJwtToken"}, notify.Outcome{Class: notify.Misconfigured, Reason: "BadJwtToken"}},
		"too large":    {w.Subscribe(), providertest.Fault{Status: 413, Reason: "PayloadTooLarge"}, notify.Outcome{Class: notify.Faulty, Reason: "too-large"}},
		"cut":          {w.Subscribe(), providertest.Fault{Reset: true}, notify.Outcome{Class: notify.Down, Reason: "connection"}},
	} {
		w.FailNext(c.address.Token, c.fault)
		if o := s.Send(t.Context(), pushTo(c.address)); o != c.want {
			t.Errorf("%s: %+v, want %+v", name, o, c.want)
		}
	}
	for name, c := range map[string]struct {
		context func() (context.Context, context.CancelFunc)
		reason  string
	}{
		"deadline": {func() (context.Context, context.CancelFunc) {
			return context.WithTimeout(t.Context(), time.Millisecond)
		}, "timeout"},
		"past": {func() (context.Context, context.CancelFunc) { return context.WithTimeout(t.Context(), -time.Second) }, "timeout"},
		"canceled": {func() (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			return ctx, cancel
		}, "canceled"},
	} {
		address := w.Subscribe()
		w.FailAlways(address.Token, providertest.Fault{Hang: true})
		ctx, cancel := c.context()
		if o := s.Send(ctx, pushTo(address)); o.Class != notify.Down || o.Reason != c.reason {
			t.Errorf("%s: %v %s", name, o.Class, o.Reason)
		}
		cancel()
	}
}

// Anybody can register a subscription that was made with another key. It must not look as if ours were wrong.
func TestAttackForeignSubscriptionsDoNotStopTheOthers(t *testing.T) {
	s, w := stage(t)
	foreign, _ := NewKey()
	public, _ := PublicKey(foreign)
	a := providertest.NewAuthority(t)
	theirs := providertest.NewWebPush(t, a, public)
	other := newSender(t, Config{Hosts: []string{theirs.Host}, Roots: a.Pool})
	if o := other.Send(t.Context(), pushTo(theirs.Subscribe())); o.Class != notify.Rejected || o.Reason != "VapidPkHashMismatch" {
		t.Errorf("said in so many words: %v %s", o.Class, o.Reason)
	}
	if o := s.Send(t.Context(), pushTo(w.Subscribe())); o.Class != notify.Sent {
		t.Fatalf("%v %s", o.Class, o.Reason)
	}
	address := w.Subscribe()
	w.FailAlways(address.Token, providertest.Fault{Status: 401})
	if o := s.Send(t.Context(), pushTo(address)); o.Class != notify.Later {
		t.Errorf("said with a status, while others are taken: %v %s", o.Class, o.Reason)
	}
	// With the next token it is not known again.
	s.now = func() time.Time { return time.Now().Add(tokenUse) }
	if o := s.Send(t.Context(), pushTo(address)); o.Class != notify.Misconfigured {
		t.Errorf("with a new token: %v %s", o.Class, o.Reason)
	}
}

func TestSubjectReachesTheService(t *testing.T) {
	s, w := stage(t)
	s.tokens.subject = "mailto:mailto:ops@game.example"
	if o := s.Send(t.Context(), pushTo(w.Subscribe())); o.Class != notify.Misconfigured || o.Reason != "BadJwtToken" {
		t.Errorf("the service does not look at it: %v %s", o.Class, o.Reason)
	}
}

func TestOneTokenForAThousandPushes(t *testing.T) {
	s, w := stage(t)
	var addresses []notify.Address
	for range 50 {
		addresses = append(addresses, w.Subscribe())
	}
	var failed atomic.Int64
	var wait sync.WaitGroup
	places := make(chan struct{}, 64)
	for i := range 1000 {
		places <- struct{}{}
		wait.Go(func() {
			defer func() { <-places }()
			if o := s.Send(t.Context(), pushTo(addresses[i%len(addresses)])); o.Class != notify.Sent {
				failed.Add(1)
			}
		})
	}
	wait.Wait()
	seen := map[string]bool{}
	for _, r := range w.Received() {
		seen[r.Header.Get("Authorization")] = true
	}
	if failed.Load() > 0 || len(w.Taken()) != 1000 || len(seen) != 1 || s.tokens.signed != 1 {
		t.Errorf("%d failed, %d taken, %d authorizations, %d signatures", failed.Load(), len(w.Taken()), len(seen), s.tokens.signed)
	}
}

func TestConnectionThatIsAskedToLeave(t *testing.T) {
	s, w := stage(t)
	address := w.Subscribe()
	w.FailNext(address.Token, providertest.Fault{GoAway: true}, providertest.Fault{}, providertest.Fault{GoAway: true})
	for i := range 4 {
		if o := s.Send(t.Context(), pushTo(address)); o.Class != notify.Sent {
			t.Errorf("push %d: %v %s", i, o.Class, o.Reason)
		}
	}
}

// hostile is a push service of an attacker's own.
func hostile(t *testing.T, serve http.HandlerFunc) (*Sender, notify.Address) {
	t.Helper()
	server := httptest.NewTLSServer(serve)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	s := newSender(t, Config{Hosts: []string{server.Listener.Addr().String()}, Roots: roots})
	return s, notify.Address{Token: server.URL + "/x", P256DH: samplePoint, Auth: sampleAuth}
}

func TestAttackRedirect(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		var asked atomic.Int64
		s, address := hostile(t, func(w http.ResponseWriter, r *http.Request) {
			asked.Add(1)
			w.Header().Set("Set-Cookie", "a=b")
			http.Redirect(w, r, "/inside", status)
		})
		if o := s.Send(t.Context(), pushTo(address)); o.Class != notify.Rejected || asked.Load() != 1 {
			t.Errorf("%d: %v %s after %d requests", status, o.Class, o.Reason, asked.Load())
		}
	}
}

func TestAttackHugeAnswer(t *testing.T) {
	var wrote atomic.Int64
	s, address := hostile(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
		for {
			n, err := w.Write(make([]byte, 64<<10))
			wrote.Add(int64(n))
			if err != nil || wrote.Load() > 64<<20 {
				return
			}
		}
	})
	if o := s.Send(t.Context(), pushTo(address)); o.Class != notify.Down || wrote.Load() > 64<<20 {
		t.Errorf("%v %s after %d bytes", o.Class, o.Reason, wrote.Load())
	}
}

func TestAttackHugeHeaders(t *testing.T) {
	s, address := hostile(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "/"+strings.Repeat("x", 512<<10))
		w.WriteHeader(http.StatusCreated)
	})
	if o := s.Send(t.Context(), pushTo(address)); o.Class != notify.Down {
		t.Errorf("%v %s", o.Class, o.Reason)
	}
}

func TestAttackAnswerThatDoesNotEnd(t *testing.T) {
	s, address := hostile(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusGone)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if o := s.Send(ctx, pushTo(address)); o.Class != notify.Gone && o.Reason != "timeout" { // where even the beginning was slow
		t.Errorf("%v %s", o.Class, o.Reason)
	}
}

func TestAnswerThatIsCut(t *testing.T) {
	s, address := hostile(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "1000")
		w.WriteHeader(http.StatusGone)
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	})
	if o := s.Send(t.Context(), pushTo(address)); o.Class != notify.Gone || o.Reason != "status-410" {
		t.Errorf("%v %s", o.Class, o.Reason)
	}
}

func TestAttackCompressedAnswer(t *testing.T) {
	s, address := hostile(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") != "" {
			t.Errorf("accepts %s", r.Header.Get("Accept-Encoding"))
		}
		w.Header().Set("Content-Encoding", "gzip")
		w.WriteHeader(http.StatusInternalServerError)
	})
	if o := s.Send(t.Context(), pushTo(address)); o.Class != notify.Down {
		t.Errorf("%v %s", o.Class, o.Reason)
	}
}

func TestCertificateOfSomebodyElse(t *testing.T) {
	s, w := stage(t)
	s.transport.TLSClientConfig = &tls.Config{RootCAs: x509.NewCertPool()}
	if o := s.Send(t.Context(), pushTo(w.Subscribe())); o.Class != notify.Down || o.Reason != "certificate" {
		t.Errorf("%v %s", o.Class, o.Reason)
	}
}

func TestServiceThatDoesNotListen(t *testing.T) {
	s, w := stage(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host := listener.Addr().String()
	listener.Close()
	s.hosts.named = append(s.hosts.named, host)
	s.dialer.hosts = s.hosts
	address := w.Subscribe()
	address.Token = "https://" + host + "/x"
	if o := s.Send(t.Context(), pushTo(address)); o.Class != notify.Down || o.Reason != "connection" {
		t.Errorf("%v %s", o.Class, o.Reason)
	}
}

// The environment is read once in a process, and never for 127.0.0.1: there is nothing to see by sending.
func TestProxyOfTheEnvironmentIsNotUsed(t *testing.T) {
	if s := newSender(t, Config{}); s.transport.Proxy != nil {
		t.Error("the transport asks for a proxy")
	}
}

// What an outcome says goes to logs and to people who look at deliveries.
func TestOutcomesTellNoSecrets(t *testing.T) {
	s, w := stage(t)
	address := w.Subscribe()
	for _, f := range []providertest.Fault{{Status: 400, Reason: address.Token}, {Status: 503, Reason: "It is your turn"}, {Reset: true}, {Status: 302, Reason: address.Auth}} {
		w.FailNext(address.Token, f)
		said, err := json.Marshal(s.Send(t.Context(), pushTo(address)))
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{address.Token, address.Auth, "It is your turn", "vapid"} {
			if strings.Contains(string(said), secret) {
				t.Errorf("%+v: %s", f, said)
			}
		}
	}
}

func TestNothingRunsOn(t *testing.T) {
	before := runtime.NumGoroutine()
	t.Run("sends", func(t *testing.T) {
		s, w := stage(t)
		var wait sync.WaitGroup
		for i := range 32 {
			address := w.Subscribe()
			if i%4 == 0 {
				w.FailNext(address.Token, providertest.Fault{Reset: true})
			}
			wait.Go(func() { s.Send(t.Context(), pushTo(address)) })
		}
		wait.Wait()
	})
	deadline := time.Now().Add(20 * time.Second)
	for runtime.NumGoroutine() > before {
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<20)
			t.Fatalf("%d goroutines before, %d after:\n%s", before, runtime.NumGoroutine(), stacks[:runtime.Stack(stacks, true)])
		}
		runtime.Gosched()
	}
}

func ExampleSender_PublicKey() {
	s, err := New(Config{Key: "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94", Subject: "mailto:ops@game.example"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	fmt.Println(s.PublicKey())
	// Output: BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4
}
