package apns

import (
	"context"
	"crypto/tls"
	"crypto/x509"
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

	"golang.org/x/net/http2"

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

// TestAfterTheFirstPushManyGoAtOnce: they wait for the first, and then their answers wait until all of them are there.
func TestAfterTheFirstPushManyGoAtOnce(t *testing.T) {
	var here atomic.Int64
	all := make(chan struct{})
	w := newWorldOf(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		switch here.Add(1) {
		case 1:
			return
		case 65:
			close(all)
		}
		select {
		case <-all:
		case <-r.Context().Done():
		}
	}))
	together(65, func(i int) { w.mustSend(t, pushTo(i)) })
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
	if early, opened := w.apns.Early.Load(), w.apns.Opened(); early != 0 || opened != 2 { // the first may have been dead
		t.Errorf("%d early, %d connections", early, opened)
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
	w.apns.FailAlways(deviceToken(1), providertest.Fault{Hang: true})
	w.mustSend(t, pushTo(0))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if o := w.Send(ctx, pushTo(1)); o.Class != notify.Down || o.Reason != "timeout" {
		t.Errorf("%+v", o)
	}
	w.mustSend(t, pushTo(2))
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

func TestAConnectionThatEndsBeforeItIsProvenIsReplaced(t *testing.T) {
	w := newWorld(t)
	w.apns.FailNext(deviceToken(1), providertest.Fault{Status: 403, Reason: "InvalidProviderToken", GoAway: true})
	w.send(t, pushTo(1))
	l := w.services[production].wire.link
	eventually(t, "it has ended", func() bool { return l.conn.Err() != nil })
	w.mustSend(t, pushTo(1))
}

func TestARequestThatFailsAloneKeepsTheConnection(t *testing.T) {
	var fail atomic.Bool
	w := newWorldOf(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		if fail.Load() {
			panic(http.ErrAbortHandler)
		}
	}))
	w.mustSend(t, pushTo(1))
	l := w.services[production].wire.link
	fail.Store(true)
	if o := w.send(t, pushTo(1)); o != (notify.Outcome{Class: notify.Down, Reason: "connection"}) {
		t.Errorf("%+v", o)
	}
	fail.Store(false)
	w.mustSend(t, pushTo(1))
	if w.services[production].wire.link != l || !l.isOpen() {
		t.Error("not kept")
	}
}

// frames is a server of bare HTTP/2, for what no good one does. It is told the numbers of the connection and of the
// request on it, both from 1, and answers well or as it likes.
func frames(t *testing.T, answer func(f *http2.Framer, stream uint32, connection, request int)) (*world, *atomic.Int64) {
	t.Helper()
	authority := providertest.NewAuthority(t)
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{authority.Cert}, NextProtos: []string{"h2"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	opened := new(atomic.Int64)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			n := int(opened.Add(1))
			go serveFrames(c, func(f *http2.Framer, stream uint32, request int) { answer(f, stream, n, request) })
		}
	}()
	return newWorldAt(t, "https://"+l.Addr().String(), authority.Pool), opened
}

func serveFrames(c net.Conn, answer func(f *http2.Framer, stream uint32, request int)) {
	defer c.Close()
	if _, err := io.CopyN(io.Discard, c, int64(len(http2.ClientPreface))); err != nil {
		return
	}
	f := http2.NewFramer(c, c)
	_ = f.WriteSettings()
	for requests := 0; ; {
		frame, err := f.ReadFrame()
		if err != nil {
			return
		}
		switch frame := frame.(type) {
		case *http2.SettingsFrame:
			if !frame.IsAck() {
				_ = f.WriteSettingsAck()
			}
		case *http2.PingFrame:
			_ = f.WritePing(true, frame.Data)
		case *http2.DataFrame:
			if frame.StreamEnded() {
				requests++
				answer(f, frame.StreamID, requests)
			}
		}
	}
}

// well is an answer with 200.
func well(f *http2.Framer, stream uint32) {
	const status200 = 0x88 // of HPACK's own table
	_ = f.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: []byte{status200}, EndHeaders: true, EndStream: true})
}

// TestARefusedRequestIsSentAgain: Apple may allow fewer at a time while one is on its way. The connection stays.
func TestARefusedRequestIsSentAgain(t *testing.T) {
	w, opened := frames(t, func(f *http2.Framer, stream uint32, _, request int) {
		if request == 2 {
			_ = f.WriteRSTStream(stream, http2.ErrCodeRefusedStream)
			return
		}
		well(f, stream)
	})
	w.mustSend(t, pushTo(1))
	w.mustSend(t, pushTo(2))
	if got := opened.Load(); got != 1 {
		t.Errorf("%d connections", got)
	}
}

// TestARequestThatCameTooLateIsSentAgain: net/http has no name for this, and what it calls it may change.
func TestARequestThatCameTooLateIsSentAgain(t *testing.T) {
	w, opened := frames(t, func(f *http2.Framer, stream uint32, connection, request int) {
		if connection == 1 && request == 2 {
			_ = f.WriteGoAway(stream-2, http2.ErrCodeNo, nil)
			return
		}
		well(f, stream)
	})
	w.mustSend(t, pushTo(1))
	w.mustSend(t, pushTo(2))
	if got := opened.Load(); got != 2 {
		t.Errorf("%d connections", got)
	}
}

// TestWhoTurnsEverybodyAwayIsAskedOnce: Apple takes rapid connections for an attack.
func TestWhoTurnsEverybodyAwayIsAskedOnce(t *testing.T) {
	w, opened := frames(t, func(f *http2.Framer, _ uint32, _, _ int) { _ = f.WriteGoAway(0, http2.ErrCodeNo, nil) })
	for n := range 5 {
		if o := w.send(t, pushTo(n)); o != (notify.Outcome{Class: notify.Down, Reason: "connection"}) {
			t.Errorf("%+v", o)
		}
	}
	if got := opened.Load(); got != 5 {
		t.Errorf("%d connections", got)
	}
}

// TestWhoRefusesForEverIsNotAskedForEver: a push moves on a few times, and then it is the caller's.
func TestWhoRefusesForEverIsNotAskedForEver(t *testing.T) {
	var asked atomic.Int64
	w, _ := frames(t, func(f *http2.Framer, stream uint32, _, _ int) {
		if asked.Add(1) == 1 {
			well(f, stream)
			return
		}
		_ = f.WriteRSTStream(stream, http2.ErrCodeRefusedStream)
	})
	w.mustSend(t, pushTo(1))
	if o := w.send(t, pushTo(2)); o.Class != notify.Down {
		t.Errorf("%+v", o)
	}
	if got := asked.Load(); got != 1+1+maxMoves {
		t.Errorf("asked %d times", got)
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

// TestAnIdleConnectionIsReplaced: and the new one is as new as the first.
func TestAnIdleConnectionIsReplaced(t *testing.T) {
	w := newWorld(t)
	w.services[production].wire.transport.IdleConnTimeout = 300 * time.Millisecond
	for range 3 {
		together(64, func(i int) { w.mustSend(t, pushTo(i)) })
		eventually(t, "the connection is closed", func() bool { return w.apns.Open() == 0 })
	}
	if early, opened := w.apns.Early.Load(), w.apns.Opened(); early != 0 || opened < 3 {
		t.Errorf("%d early, %d connections", early, opened)
	}
}

// TestADeadConnectionIsNoticed: what is written still goes nowhere, as behind a router that has forgotten us.
func TestADeadConnectionIsNoticed(t *testing.T) {
	w := newWorld(t)
	tunnel := newTunnel(t, strings.TrimPrefix(w.apns.URL, "https://"))
	defer w.Close() // or the tunnel would wait for it
	wire := w.services[production].wire
	wire.address = tunnel.Addr().String()
	if wire.transport.HTTP2.SendPingTimeout <= 0 {
		t.Error("nobody asks whether it lives")
	}
	wire.transport.HTTP2.SendPingTimeout, wire.transport.HTTP2.PingTimeout = 200*time.Millisecond, time.Second
	w.mustSend(t, pushTo(1))
	tunnel.forget()
	if o := w.send(t, pushTo(2)); o.Class != notify.Down || o.Reason != "connection" {
		t.Errorf("%+v", o)
	}
	w.mustSend(t, pushTo(3))
	if got := w.apns.Opened(); got != 2 {
		t.Errorf("%d connections", got)
	}
}

// tunnel passes connections on, until it forgets them.
type tunnel struct {
	net.Listener
	generation atomic.Int64
}

func newTunnel(t *testing.T, to string) *tunnel {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	tn := &tunnel{Listener: l}
	var ends sync.WaitGroup
	t.Cleanup(func() { l.Close(); ends.Wait() })
	ends.Go(func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", to)
			if err != nil {
				near.Close()
				continue
			}
			born := tn.generation.Load()
			ends.Go(func() { tn.copy(far, near, born) })
			ends.Go(func() { tn.copy(near, far, born) })
		}
	})
	return tn
}

// forget swallows from now on whatever comes over the connections that there are.
func (tn *tunnel) forget() { tn.generation.Add(1) }

func (tn *tunnel) copy(to, from net.Conn, born int64) {
	defer to.Close()
	part := make([]byte, 32<<10)
	for {
		n, err := from.Read(part)
		if err != nil {
			return
		}
		if tn.generation.Load() != born {
			continue
		}
		if _, err := to.Write(part[:n]); err != nil {
			return
		}
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
	arrived, release := make(chan struct{}), make(chan struct{})
	w.apns.FailBy(func(string, int) (providertest.Fault, bool) {
		close(arrived)
		<-release
		return providertest.Fault{}, true
	})
	done := make(chan notify.Outcome)
	go func() { done <- w.Send(t.Context(), pushTo(1)) }()
	<-arrived
	w.Close()
	close(release)
	if o := <-done; o.Class != notify.Sent {
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
		"nobody there":        {newWorldAt(t, "https://127.0.0.1:1", nil), "connection"},
		"another certificate": {newWorldAt(t, newWorld(t).apns.URL, providertest.NewAuthority(t).Pool), "certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			if o := c.world.send(t, pushTo(1)); o != (notify.Outcome{Class: notify.Down, Reason: c.reason}) {
				t.Errorf("%+v", o)
			}
		})
	}
}

// newWorldAt is a sender to an address.
func newWorldAt(t *testing.T, url string, roots *x509.CertPool) *world {
	t.Helper()
	key, _ := providertest.APNsKey(t)
	s, err := New(Config{Key: key, KeyID: keyID, TeamID: teamID, Topic: topic, URL: url, Roots: roots})
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
