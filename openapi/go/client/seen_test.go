package client

import (
	"context"
	"net/http"
	"runtime"
	"sync"
	"testing"

	"yourturn/openapi/go/wire"
)

// While one acknowledgement is on its way many more come, in any order. One of them is sent after it: the highest.
func TestSeenIsSentOneAtATime(t *testing.T) {
	arrived, release := make(chan struct{}), make(chan struct{})
	hold := first(1)
	way := between(t, local(t), func(w http.ResponseWriter, r *http.Request, pass http.HandlerFunc) {
		if is(r, "POST /v1/me/feed/ack") && hold() {
			close(arrived)
			<-release
		}
		pass(w, r)
	})
	c := connect(t, way.URL, Options{}, quick())
	tables(t, c, 5)
	all := told(t, c)
	last := all[len(all)-1]
	see := func(seq int64) {
		if err := c.Seen(t.Context(), seq); err != nil {
			t.Error(err)
		}
	}
	var calls sync.WaitGroup
	calls.Go(func() { see(1) })
	<-arrived
	calls.Go(func() { see(last) })
	for c.login.sitting().marks().unsent() != last {
		runtime.Gosched()
	}
	for _, seq := range all {
		calls.Go(func() { see(seq) })
	}
	close(release)
	calls.Wait()
	if n := way.counted("POST /v1/me/feed/ack"); n != 2 {
		t.Errorf("sent %d times", n)
	}
	page, err := c.API.ListFeedWithResponse(t.Context(), nil)
	if err != nil || page.JSON200.AckedSeq != last {
		t.Errorf("acknowledged %d, want %d: %v", page.JSON200.AckedSeq, last, err)
	}
}

func TestLostSeenIsSentAgain(t *testing.T) {
	cut := first(2)
	way := between(t, local(t), func(w http.ResponseWriter, r *http.Request, pass http.HandlerFunc) {
		if is(r, "POST /v1/me/feed/ack") && cut() {
			panic(http.ErrAbortHandler)
		}
		pass(w, r)
	})
	c := connect(t, way.URL, Options{}, quick())
	tables(t, c, 1)
	if err := c.Seen(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	page, err := c.API.ListFeedWithResponse(t.Context(), nil)
	if err != nil || page.JSON200.AckedSeq != 1 {
		t.Errorf("acknowledged %d: %v", page.JSON200.AckedSeq, err)
	}
}

// What another player has seen is not what this one has.
func TestSeenBelongsToAPlayer(t *testing.T) {
	server := local(t)
	c, other := connect(t, server, Options{}, quick()), connect(t, server, Options{}, quick())
	tables(t, c, 2)
	tables(t, other, 1)
	if err := c.Seen(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	if err := c.SignIn(t.Context(), wire.TokenRequest{RefreshToken: other.login.sitting().login().RefreshToken}); err != nil {
		t.Fatal(err)
	}
	if err := c.Seen(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	page, err := c.API.ListFeedWithResponse(t.Context(), nil)
	if err != nil || page.JSON200.AckedSeq != 1 {
		t.Errorf("acknowledged %d: %v", page.JSON200.AckedSeq, err)
	}
}

// The server has lost the numbers while one of them was being acknowledged: nothing of it stands for the new ones.
func TestAcknowledgementFromBeforeAReset(t *testing.T) {
	arrived, release := make(chan struct{}), make(chan struct{})
	hold := first(1)
	way := between(t, local(t), func(w http.ResponseWriter, r *http.Request, pass http.HandlerFunc) {
		if is(r, "POST /v1/me/feed/ack") && hold() {
			close(arrived)
			<-release
			panic(http.ErrAbortHandler)
		}
		pass(w, r)
	})
	c := connect(t, way.URL, Options{}, quick())
	tables(t, c, 3)
	before := make(chan error, 1)
	go func() { before <- c.Seen(t.Context(), 1000) }()
	<-arrived
	if reset := read(t, c, 1000, 1); reset[0].Kind != KindReset {
		t.Fatalf("got %+v", reset)
	}
	close(release)
	if err := <-before; err != nil {
		t.Errorf("what was seen before: %v", err)
	}
	if err := c.Seen(t.Context(), 1); err != nil {
		t.Error(err)
	}
	page, err := c.API.ListFeedWithResponse(t.Context(), nil)
	if err != nil || page.JSON200.AckedSeq != 1 {
		t.Errorf("acknowledged %d: %v", page.JSON200.AckedSeq, err)
	}
	if n := way.counted("POST /v1/me/feed/ack"); n != 2 {
		t.Errorf("sent %d times", n)
	}
}

// waits has a session wait for the player.
func waits(t *testing.T, c *Client) {
	t.Helper()
	mover, session := game(t, c, connect(t, c.address, Options{}, quick()))
	if mover == c {
		return
	}
	if _, err := mover.Play(t.Context(), session, session.LegalMoves[0]); err != nil {
		t.Fatal(err)
	}
}

// The number could not be had at first, and no message comes that would have it read. Contact is enough.
func TestBadgeIsReadAtContact(t *testing.T) {
	for name, blocked := range map[string]bool{"stream": false, "long-poll": true} {
		t.Run(name, func(t *testing.T) {
			failed := make(chan struct{})
			way := between(t, local(t), func(w http.ResponseWriter, r *http.Request, pass http.HandlerFunc) {
				select {
				case <-failed:
				default:
					if is(r, "GET /v1/sessions") {
						close(failed)
						refuse(w, 500, "internal", "")
						return
					}
				}
				if is(r, "GET /v1/me/stream") || is(r, "GET /v1/me/feed") {
					<-failed
				}
				if is(r, "GET /v1/me/stream") && blocked {
					refused(w, r)
					return
				}
				pass(w, r)
			})
			badges := make(chan int64, 10)
			c := connect(t, way.URL, Options{OnBadge: func(n int64) { badges <- n }}, quick())
			direct := connect(t, way.URL, Options{Storage: &memory{held: c.login.sitting().login()}}, quick())
			waits(t, direct)
			following, stop := context.WithCancel(t.Context())
			defer stop()
			go func() {
				for _, err := range c.MessagesAfter(following, 1000) {
					_ = err // it is not about the messages
				}
			}()
			if n := <-badges; n != 1 {
				t.Errorf("told %d", n)
			}
		})
	}
}

func TestBadge(t *testing.T) {
	server := local(t)
	badges := make(chan int64, 100)
	one := connect(t, server, Options{OnBadge: func(n int64) { badges <- n }}, quick())
	two := connect(t, server, Options{}, quick())
	until := func(want int64) {
		t.Helper()
		for badge := range badges {
			if badge == want {
				break
			}
		}
		if got := one.Badge(); got != want {
			t.Errorf("told %d, and is %d", want, got)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	var following sync.WaitGroup
	following.Go(func() {
		for _, err := range one.Messages(ctx) { // as an app's loop does
			if err != nil && ctx.Err() == nil {
				t.Error(err)
			}
		}
	})
	defer following.Wait()
	defer cancel()
	until(0)
	mover, session := game(t, one, two)
	if mover == two { // then it is for one to answer
		if _, err := two.Play(t.Context(), session, session.LegalMoves[0]); err != nil {
			t.Fatal(err)
		}
	}
	until(1)
	read, err := one.API.GetSessionWithResponse(t.Context(), session.ID, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := one.Play(t.Context(), read.JSON200, read.JSON200.LegalMoves[0]); err != nil {
		t.Fatal(err)
	}
	until(0)
}

// The loop that asked for the number ends before the answer. It is not the loop's alone.
func TestBadgeOutlivesALoop(t *testing.T) {
	arrived, release := make(chan struct{}), make(chan struct{})
	hold := first(1)
	way := between(t, local(t), func(w http.ResponseWriter, r *http.Request, pass http.HandlerFunc) {
		if is(r, "GET /v1/sessions") && hold() {
			close(arrived)
			<-release
		}
		pass(w, r)
	})
	badges := make(chan int64, 10)
	c := connect(t, way.URL, Options{OnBadge: func(n int64) { badges <- n }}, quick())
	twin := connect(t, way.URL, Options{Storage: &memory{held: c.login.sitting().login()}}, quick())
	waits(t, twin)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		for _, err := range c.MessagesAfter(ctx, 1000) {
			_ = err // it is not about the messages
		}
		close(ended)
	}()
	<-arrived
	cancel()
	<-ended
	close(release)
	if n := <-badges; n != 1 {
		t.Errorf("told %d", n)
	}
}

func TestNothingWaitsForNobody(t *testing.T) {
	badges := make(chan int64, 10)
	c := connect(t, local(t), Options{OnBadge: func(n int64) { badges <- n }}, quick())
	waits(t, c)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		for _, err := range c.Messages(ctx) {
			_ = err // it is not about the messages
		}
	}()
	for n := range badges {
		if n == 1 {
			break
		}
	}
	if err := c.SignOut(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := c.Badge(); n != 0 {
		t.Errorf("for nobody wait %d", n)
	}
	if n := <-badges; n != 0 {
		t.Errorf("told %d", n)
	}
}

// A number that is asked for while it is read is read once more, however often it was asked for.
func TestBadgeIsReadOneAtATime(t *testing.T) {
	reading, answer := make(chan struct{}), make(chan int64)
	told := make(chan int64, 10)
	b := &badge{
		read: func(context.Context) (int64, error) { reading <- struct{}{}; return <-answer, nil },
		tell: func(n int64) { told <- n },
	}
	b.touch(t.Context())
	<-reading
	for range 10 {
		b.touch(t.Context())
	}
	answer <- 1
	<-reading
	answer <- 2
	for _, want := range []int64{1, 2} {
		if got := <-told; got != want {
			t.Errorf("told %d, want %d", got, want)
		}
	}
	for b.working() {
		runtime.Gosched()
	}
	b.touch(t.Context())
	<-reading
	answer <- 2
	for b.working() {
		runtime.Gosched()
	}
	if len(told) != 0 {
		t.Error("told what was known")
	}
}

func (b *badge) working() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.busy
}
