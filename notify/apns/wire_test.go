package apns

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"yourturn/notify"
	"yourturn/notify/providertest"
)

// together runs n at once and waits for all.
func together(n int, run func(i int)) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { run(i) })
	}
	all.Wait()
}

// eventually asks until the answer is yes.
func eventually(t *testing.T, what string, ask func() bool) {
	t.Helper()
	for end := time.Now().Add(generous); !ask(); {
		if time.Now().After(end) {
			t.Fatalf("not in %s: %s", generous, what)
		}
		time.Sleep(time.Millisecond) // between two looks; nothing depends on it
	}
}

// newWorldOf is a sender to something that is not Apple's service.
func newWorldOf(t *testing.T, handler http.Handler, options ...func(*httptest.Server)) *world {
	t.Helper()
	authority := providertest.NewAuthority(t)
	server := httptest.NewUnstartedServer(handler)
	server.EnableHTTP2 = true
	server.TLS = &tls.Config{Certificates: []tls.Certificate{authority.Cert}}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	for _, option := range options {
		option(server)
	}
	server.StartTLS()
	t.Cleanup(server.Close)
	key, _ := providertest.APNsKey(t)
	s, err := New(Config{Key: key, KeyID: keyID, TeamID: teamID, Topic: topic, URL: server.URL, Roots: authority.Pool})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return &world{Sender: s}
}

func TestOneConnectionForAll(t *testing.T) {
	for name, options := range map[string][]providertest.APNsOption{
		"as many as come":        nil,
		"ten at a time":          {providertest.MaxStreams(10)},
		"one at a time for ever": {providertest.MaxStreams(1)},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, options...)
			for range 3 {
				together(64, func(i int) { w.mustSend(t, pushTo(i)) })
			}
			if got := w.apns.Opened(); got != 1 {
				t.Errorf("%d connections", got)
			}
			if got := w.apns.Early.Load(); got != 0 {
				t.Errorf("%d requests before the first was answered", got)
			}
			if got := len(w.apns.Taken()); got != 3*64 {
				t.Errorf("%d pushes arrived", got)
			}
		})
	}
}

// TestAfterTheFirstPushManyGoAtOnce: all answers wait until as many requests are there.
func TestAfterTheFirstPushManyGoAtOnce(t *testing.T) {
	var here atomic.Int64
	all := make(chan struct{})
	w := newWorldOf(t, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if here.Add(1) == 65 {
			close(all)
		}
		if here.Load() > 1 {
			select {
			case <-all:
			case <-r.Context().Done():
			}
		}
	}))
	w.mustSend(t, pushTo(0))
	together(64, func(i int) { w.mustSend(t, pushTo(i)) })
}

// TestRefusedTokensAreSentOneAtATime: to have been answered is not enough.
func TestRefusedTokensAreSentOneAtATime(t *testing.T) {
	w := newWorld(t)
	w.apns.FailAlways("", providertest.Fault{Status: 403, Reason: "InvalidProviderToken"})
	together(64, func(i int) {
		if o := w.send(t, pushTo(i)); o.Class != notify.Misconfigured {
			t.Errorf("%+v", o)
		}
	})
	if early, opened := w.apns.Early.Load(), w.apns.Opened(); early != 0 || opened != 1 {
		t.Errorf("%d early, %d connections", early, opened)
	}
}

func TestADeviceThatIsGoneProvesTheConnection(t *testing.T) {
	w := newWorld(t)
	w.apns.FailAlways("", providertest.Fault{Status: 410, Reason: "Unregistered"})
	w.send(t, pushTo(1))
	if l := w.services[production].wire.link; !l.proven.Load() {
		t.Error("not proven")
	}
}

func TestWhoWaitsForTheFirstPushGivesUpInTime(t *testing.T) {
	w := newWorld(t)
	w.apns.FailAlways(deviceToken(0), providertest.Fault{Hang: true})
	first, stop := context.WithCancel(t.Context())
	done := make(chan notify.Outcome)
	go func() { done <- w.Send(first, pushTo(0)) }()
	eventually(t, "the first push is on its way", func() bool { return len(w.apns.Received()) == 1 })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if o := w.Send(ctx, pushTo(1)); o.Class != notify.Down || o.Reason != "timeout" {
		t.Errorf("%+v", o)
	}
	stop()
	if o := <-done; o.Class != notify.Down || o.Reason != "canceled" {
		t.Errorf("the first: %+v", o)
	}
	w.mustSend(t, pushTo(2))
	if early := w.apns.Early.Load(); early != 0 {
		t.Errorf("%d early", early)
	}
}

func TestWhoWaitsForAStreamGivesUpInTime(t *testing.T) {
	w := newWorld(t, providertest.MaxStreams(1))
	w.mustSend(t, pushTo(1))
	w.apns.FailAlways(deviceToken(0), providertest.Fault{Hang: true})
	first, stop := context.WithCancel(t.Context())
	done := make(chan notify.Outcome)
	go func() { done <- w.Send(first, pushTo(0)) }()
	eventually(t, "the first push is on its way", func() bool { return len(w.apns.Received()) == 2 })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if o := w.Send(ctx, pushTo(1)); o.Class != notify.Down || o.Reason != "timeout" {
		t.Errorf("%+v", o)
	}
	stop()
	<-done
	w.mustSend(t, pushTo(2))
	if got := w.apns.Opened(); got != 1 {
		t.Errorf("%d connections", got)
	}
}

func TestAHangEndsWithTheContext(t *testing.T) {
	w := newWorld(t)
	w.apns.FailNext(deviceToken(1), providertest.Fault{Hang: true})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if o := w.Send(ctx, pushTo(1)); o.Class != notify.Down || o.Reason != "timeout" {
		t.Errorf("%+v", o)
	}
	w.mustSend(t, pushTo(1))
	if got := w.apns.Opened(); got != 1 {
		t.Errorf("%d connections", got)
	}
}

// TestADialEndsWithTheContext: the peer takes the connection and never says a word.
func TestADialEndsWithTheContext(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	key, _ := providertest.APNsKey(t)
	s, err := New(Config{Key: key, KeyID: keyID, TeamID: teamID, Topic: topic, URL: "https://" + silent.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	done := make(chan notify.Outcome, 1)
	go func() { done <- s.Send(ctx, pushTo(1)) }()
	select {
	case o := <-done:
		if o.Class != notify.Down || o.Reason != "timeout" {
			t.Errorf("%+v", o)
		}
	case <-time.After(dialTimeout / 2): // the dial's own end must not be what ended it
		t.Error("still dialling after the context has ended")
	}
}

func TestAConnectionThatEndsIsReplaced(t *testing.T) {
	for name, c := range map[string]struct {
		fault   providertest.Fault
		reasons string // of the push that meets it
	}{
		"asked to leave": {providertest.Fault{GoAway: true}, ""},
		"cut":            {providertest.Fault{Reset: true}, "connection"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.mustSend(t, pushTo(1))
			w.apns.FailNext(deviceToken(2), c.fault)
			if o := w.send(t, pushTo(2)); o.Reason != c.reasons || c.reasons != "" && o.Class != notify.Down {
				t.Errorf("%+v", o)
			}
			together(64, func(i int) { w.mustSend(t, pushTo(3+i)) })
			if early, opened := w.apns.Early.Load(), w.apns.Opened(); early != 0 || opened != 2 {
				t.Errorf("%d early, %d connections", early, opened)
			}
		})
	}
}

// TestPushesAreNotLostWhenAskedToLeave: what came too late for the old connection has not been looked at, and goes to
// the new one.
func TestPushesAreNotLostWhenAskedToLeave(t *testing.T) {
	w := newWorld(t)
	w.mustSend(t, pushTo(0))
	for round := range 10 {
		w.apns.FailNext(deviceToken(round), providertest.Fault{GoAway: true})
		together(64, func(i int) { w.mustSend(t, pushTo(i)) })
	}
	if early, opened := w.apns.Early.Load(), w.apns.Opened(); early != 0 || opened > 11 {
		t.Errorf("%d early, %d connections", early, opened)
	}
}

// TestARefusalIsKnown: net/http has no name for it. When its words change, a push fails as if the provider were down.
func TestARefusalIsKnown(t *testing.T) {
	if !isRefused(errors.New("http2: Transport received Server's graceful shutdown GOAWAY")) || isRefused(io.ErrUnexpectedEOF) {
		t.Error("not told apart")
	}
}

func TestAnIdleConnectionIsReplaced(t *testing.T) {
	w := newWorld(t)
	w.services[production].wire.transport.IdleConnTimeout = time.Millisecond
	for n := range 3 {
		w.mustSend(t, pushTo(n))
		eventually(t, "the connection is closed", func() bool { return w.apns.Open() == 0 })
	}
	if got := w.apns.Opened(); got != 3 {
		t.Errorf("%d connections", got)
	}
}

func TestCloseLeavesNothingBehind(t *testing.T) {
	w := newWorld(t)
	together(64, func(i int) {
		p := pushTo(i)
		p.Address.Environment = []string{production, sandbox}[i%2]
		w.mustSend(t, p)
	})
	w.Close()
	w.Close() // once more does no harm
	eventually(t, "no connection", func() bool { return w.apns.Open() == 0 })
	eventually(t, "no goroutine", func() bool { return !strings.Contains(stacks(), "net/http.(*http2ClientConn)") })
	if o := w.send(t, pushTo(1)); o.Class != notify.Down || o.Reason != "closed" {
		t.Errorf("%+v", o)
	}
	if got := w.apns.Opened(); got != 2 {
		t.Errorf("%d connections", got)
	}
}

func TestCloseLetsAPushEnd(t *testing.T) {
	w := newWorld(t)
	release := make(chan struct{})
	w.apns.FailBy(func(string, int) (providertest.Fault, bool) { <-release; return providertest.Fault{}, true })
	done := make(chan notify.Outcome)
	go func() { done <- w.Send(t.Context(), pushTo(1)) }()
	eventually(t, "a connection", func() bool { return w.apns.Open() == 1 })
	w.Close()
	close(release)
	if o := <-done; o.Class != notify.Sent && o.Reason != "closed" { // closed: it had not begun
		t.Errorf("%+v", o)
	}
	eventually(t, "no connection", func() bool { return w.apns.Open() == 0 })
}

func stacks() string {
	all := make([]byte, 1<<22)
	return string(all[:runtime.Stack(all, true)])
}

func TestWaysThatDoNotLeadToApple(t *testing.T) {
	oldProtocol := func(protos ...string) func(*httptest.Server) {
		return func(s *httptest.Server) { s.EnableHTTP2, s.TLS.NextProtos = false, append([]string{}, protos...) }
	}
	nobody := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a request was made") })
	for name, c := range map[string]struct {
		world  *world
		reason string
	}{
		"another protocol":    {newWorldOf(t, nobody, oldProtocol("http/1.1")), "connection"},
		"no protocols at all": {newWorldOf(t, nobody, oldProtocol()), "no-http2"},
		"nobody there":        {newWorldAt(t, "https://127.0.0.1:1"), "connection"},
		"another certificate": {newWorldAt(t, newWorld(t).apns.URL), "certificate"},
		"no such name":        {newWorldAt(t, "https://push.invalid"), "name"},
	} {
		t.Run(name, func(t *testing.T) {
			if o := c.world.send(t, pushTo(1)); o != (notify.Outcome{Class: notify.Down, Reason: c.reason}) {
				t.Errorf("%+v", o)
			}
		})
	}
}

// newWorldAt is a sender that trusts nobody's certificate.
func newWorldAt(t *testing.T, url string) *world {
	t.Helper()
	key, _ := providertest.APNsKey(t)
	s, err := New(Config{Key: key, KeyID: keyID, TeamID: teamID, Topic: topic, URL: url, Roots: providertest.NewAuthority(t).Pool})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return &world{Sender: s}
}

// TestAttackALargeAnswerIsNotRead: what a page says beyond a few kilobytes does not get into memory.
func TestAttackALargeAnswerIsNotRead(t *testing.T) {
	w := newWorldOf(t, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.WriteHeader(http.StatusGone)
		fmt.Fprint(rw, `{"reason":"Unregistered","x":"`)
		line := strings.Repeat("a", 1<<10)
		for r.Context().Err() == nil {
			fmt.Fprint(rw, line)
		}
	}))
	if o := w.send(t, pushTo(1)); o.Class != notify.Down || o.Reason != "status-410" {
		t.Errorf("%+v", o)
	}
}
