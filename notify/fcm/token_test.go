package fcm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/auth"
	"github.com/google/go-cmp/cmp"

	"yourturn/notify"
	"yourturn/notify/providertest"
)

func TestTokenIsShared(t *testing.T) {
	fake, s := newFake(t)
	var sends sync.WaitGroup
	for range 1000 {
		sends.Go(func() {
			if got := s.Send(t.Context(), push()); got.Class != notify.Sent {
				t.Errorf("%+v", got)
			}
		})
	}
	sends.Wait()
	if n := len(fake.Taken()); n != 1000 || fake.Exchanges() != 1 {
		t.Errorf("%d pushes, %d exchanges", n, fake.Exchanges())
	}
}

func TestTokenIsRenewed(t *testing.T) {
	fake, s := newFake(t)
	fake.TokenLife(tokenMargin) // too short to be used twice
	for n := range 3 {
		if got := s.Send(t.Context(), push()); got.Class != notify.Sent || fake.Exchanges() != n+1 {
			t.Fatalf("%+v after %d exchanges", got, fake.Exchanges())
		}
	}
}

func TestUsable(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	for name, c := range map[string]struct {
		token *auth.Token
		want  bool
	}{
		"none":               {nil, false},
		"an hour":            {&auth.Token{Expiry: now.Add(time.Hour)}, true},
		"as good as over":    {&auth.Token{Expiry: now.Add(tokenMargin)}, false},
		"over":               {&auth.Token{Expiry: now.Add(-time.Hour)}, false},
		"for as long as any": {&auth.Token{}, true},
	} {
		if got := usable(c.token, now); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// A token can end before its time, when an operator takes back a key: the next try brings another.
func TestTokenIsTakenBack(t *testing.T) {
	fake, s := newFake(t)
	s.Send(t.Context(), push())
	fake.Revoke()
	if got := s.Send(t.Context(), push()); got != (notify.Outcome{Class: notify.Misconfigured, Reason: "UNAUTHENTICATED"}) {
		t.Errorf("%+v", got)
	}
	if got := s.Send(t.Context(), push()); got.Class != notify.Sent || fake.Exchanges() != 2 {
		t.Errorf("%+v after %d exchanges", got, fake.Exchanges())
	}
}

// What a send says about an old token must not cost the one that came meanwhile.
func TestDropKeepsANewerToken(t *testing.T) {
	k := newTokens(func(context.Context) (*auth.Token, error) { return &auth.Token{Value: "new"}, nil })
	defer k.close()
	if _, err := k.get(t.Context()); err != nil {
		t.Fatal(err)
	}
	k.drop("old")
	if k.current == nil {
		t.Error("dropped")
	}
}

func TestExchangeFails(t *testing.T) {
	type fault = providertest.Fault
	type outcome = notify.Outcome
	authority := providertest.NewAuthority(t)
	fake := providertest.NewFCM(t, authority)
	for name, c := range map[string]struct {
		fault fault
		want  outcome
	}{
		"key taken back":        {fault{Status: 400, Reason: "invalid_grant"}, outcome{Class: notify.Misconfigured, Reason: "invalid_grant"}},
		"no such account":       {fault{Status: 401, Reason: "invalid_client"}, outcome{Class: notify.Misconfigured, Reason: "invalid_client"}},
		"a word nobody knows":   {fault{Status: 400, Reason: "SECRET"}, outcome{Class: notify.Misconfigured, Reason: "token-status-400"}},
		"page 404":              {fault{Status: 404, HTML: true}, outcome{Class: notify.Misconfigured, Reason: "token-status-404"}},
		"page 200":              {fault{Status: 200, HTML: true}, outcome{Class: notify.Misconfigured, Reason: "token-unknown-answer"}},
		"an answer without one": {fault{Status: 200, Reason: "fine"}, outcome{Class: notify.Misconfigured, Reason: "token-unknown-answer"}},
		"too many":              {fault{Status: 429, RetryAfter: "5"}, outcome{Class: notify.Down, Reason: "token-status-429", After: 5 * time.Second}},
		"500":                   {fault{Status: 500}, outcome{Class: notify.Down, Reason: "token-status-500"}},
		"page 503":              {fault{Status: 503, HTML: true, RetryAfter: "9"}, outcome{Class: notify.Down, Reason: "token-status-503", After: 9 * time.Second}},
		"cut":                   {fault{Reset: true}, outcome{Class: notify.Down, Reason: "token-connection"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSender(t, Config{Credentials: fake.Credentials, URL: fake.URL, Roots: authority.Pool})
			sent, exchanges := len(fake.Received()), fake.Exchanges()
			fake.FailExchange(c.fault)
			if diff := cmp.Diff(c.want, s.Send(t.Context(), push())); diff != "" {
				t.Error(diff)
			}
			if len(fake.Received()) != sent || fake.Exchanges() != exchanges+1 {
				t.Errorf("%d pushes, %d exchanges", len(fake.Received())-sent, fake.Exchanges()-exchanges)
			}
			fake.FailExchange(fault{})
			if got := s.Send(t.Context(), push()); got.Class != notify.Sent {
				t.Errorf("and then: %+v", got)
			}
		})
	}
}

func TestExchangeWithAnotherKey(t *testing.T) {
	authority := providertest.NewAuthority(t)
	fake, other := providertest.NewFCM(t, authority), providertest.NewFCM(t, authority)
	s := newSender(t, Config{
		Credentials: with(t, other.Credentials, "token_uri", fake.URL+"/token"), URL: fake.URL, Roots: authority.Pool,
	})
	if got := s.Send(t.Context(), push()); got != (notify.Outcome{Class: notify.Misconfigured, Reason: "invalid_grant"}) {
		t.Errorf("%+v", got)
	}
}

// A token endpoint that hangs holds nobody beyond his own context, and once it answers, those who still wait go on.
func TestExchangeHangs(t *testing.T) {
	begun, answer := make(chan struct{}), make(chan struct{})
	k := newTokens(func(ctx context.Context) (*auth.Token, error) {
		close(begun)
		select {
		case <-answer:
			return &auth.Token{Value: "late"}, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	})
	defer k.close()
	short, cancel := context.WithCancel(t.Context())
	gone := make(chan error)
	go func() {
		_, err := k.get(short)
		gone <- err
	}()
	<-begun
	cancel()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	patient := make(chan string)
	go func() {
		token, _ := k.get(t.Context())
		patient <- token
	}()
	close(answer)
	if token := <-patient; token != "late" {
		t.Errorf("%q", token)
	}
}

func TestSendEndsWhileTheExchangeHangs(t *testing.T) {
	fake, s := newFake(t)
	fake.FailExchange(providertest.Fault{Hang: true})
	late := alarm{t.Context(), make(chan struct{})}
	close(late.rings)
	if got := s.Send(late, push()); got != (notify.Outcome{Class: notify.Down, Reason: "token-timeout"}) {
		t.Errorf("%+v", got)
	}
}

func TestCloseEndsAnExchange(t *testing.T) {
	begun := make(chan struct{})
	k := newTokens(func(ctx context.Context) (*auth.Token, error) {
		close(begun)
		<-ctx.Done()
		return nil, ctx.Err()
	})
	done := make(chan error)
	go func() {
		_, err := k.get(context.Background())
		done <- err
	}()
	<-begun
	k.close()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if _, err := k.get(t.Context()); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end: %v", err)
	}
}

// What an error means does not change when somebody wraps it.
func TestUnauthorizedReadsWrappedErrors(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want notify.Outcome
	}{
		"deadline":   {context.DeadlineExceeded, notify.Outcome{Class: notify.Down, Reason: "token-timeout"}},
		"canceled":   {&url.Error{Err: context.Canceled}, notify.Outcome{Class: notify.Down, Reason: "token-canceled"}},
		"no name":    {&net.DNSError{}, notify.Outcome{Class: notify.Down, Reason: "token-name"}},
		"a slow one": {&net.DNSError{IsTimeout: true}, notify.Outcome{Class: notify.Down, Reason: "token-timeout"}},
		"cut":        {io.ErrUnexpectedEOF, notify.Outcome{Class: notify.Down, Reason: "token-connection"}},
		"nothing":    {errNoToken, notify.Outcome{Class: notify.Misconfigured, Reason: "token-unknown-answer"}},
	} {
		for range 2 {
			if diff := cmp.Diff(c.want, unauthorized(c.err)); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
			c.err = fmt.Errorf("on the way: %w", c.err)
		}
	}
}
