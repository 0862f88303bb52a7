package client

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"

	"yourturn/openapi/go/wire"
	"yourturn/server/servertest"
)

// An acknowledgement is on its way while somebody else signs in. Whatever becomes of it, it is not said in their name.
func TestCallsBelongToTheirPlayer(t *testing.T) {
	for name, fate := range map[string]func(w http.ResponseWriter){
		"lost":               func(http.ResponseWriter) { panic(http.ErrAbortHandler) },
		"its token refused":  func(w http.ResponseWriter) { refuse(w, 401, "token-expired", "") },
		"to be sent again":   func(w http.ResponseWriter) { refuse(w, 503, "unavailable", "1") },
		"refused by a proxy": func(w http.ResponseWriter) { w.WriteHeader(http.StatusBadGateway) },
	} {
		t.Run(name, func(t *testing.T) {
			server := local(t)
			arrived, release := make(chan struct{}), make(chan struct{})
			way := between(t, server, func(w http.ResponseWriter, r *http.Request, pass http.HandlerFunc) {
				if is(r, "POST /v1/me/feed/ack") {
					close(arrived)
					<-release
					fate(w)
					return
				}
				pass(w, r)
			})
			c, other := connect(t, way.URL, Options{}, quick()), connect(t, server, Options{}, quick())
			tables(t, other, 1)
			call := make(chan error, 1)
			go func() {
				_, err := c.API.AckFeedWithResponse(t.Context(), wire.AckRequest{Seq: 1})
				call <- err
			}()
			<-arrived
			if err := c.SignIn(t.Context(), wire.TokenRequest{RefreshToken: other.login.sitting().login().RefreshToken}); err != nil {
				t.Fatal(err)
			}
			close(release)
			if err := <-call; !errors.Is(err, ErrSignedOut) {
				t.Errorf("it ended with %v", err)
			}
			if c.PlayerID() != other.PlayerID() {
				t.Errorf("it is %q, not %q", c.PlayerID(), other.PlayerID())
			}
			page, err := c.API.ListFeedWithResponse(t.Context(), nil)
			if err != nil || page.JSON200.AckedSeq != 0 {
				t.Errorf("acknowledged %d: %v", page.JSON200.AckedSeq, err)
			}
		})
	}
}

// A renewal is on its way while somebody else signs in: its answer does not take their place.
func TestRenewalBelongsToItsPlayer(t *testing.T) {
	server := local(t)
	arrived, release := make(chan struct{}), make(chan struct{})
	hold := first(1)
	way := between(t, server, func(w http.ResponseWriter, r *http.Request, pass http.HandlerFunc) {
		if is(r, "POST /v1/tokens") && hold() {
			close(arrived)
			<-release
		}
		pass(w, r)
	})
	kept := &memory{}
	c := connect(t, way.URL, Options{Storage: kept}, quick())
	expire(t, server)
	other := servertest.Guest(t, server, "Other")
	renewing, signing := make(chan error, 1), make(chan error, 1)
	go func() { _, err := me(t, c); renewing <- err }()
	<-arrived
	go func() { signing <- c.SignIn(t.Context(), wire.TokenRequest{RefreshToken: other.Refresh}) }()
	close(release)
	if err := <-signing; err != nil {
		t.Fatal(err)
	}
	if err := <-renewing; err != nil && !errors.Is(err, ErrSignedOut) {
		t.Errorf("the call before: %v", err)
	}
	stored, _ := kept.Load()
	if c.PlayerID() != other.Player || stored.PlayerID != other.Player {
		t.Errorf("it is %q and stored is %q, want %q", c.PlayerID(), stored.PlayerID, other.Player)
	}
}

// Nothing is told to a player who is not there any more, not even when the server cannot be told that they went.
func TestMessagesEndWithTheirPlayer(t *testing.T) {
	for name, block := range map[string]bool{"stream": false, "long-poll": true} {
		for how, leave := range map[string]func(ctx context.Context, c *Client, other string) error{
			"signed out": func(ctx context.Context, c *Client, _ string) error { return c.SignOut(ctx) },
			"replaced": func(ctx context.Context, c *Client, other string) error {
				return c.SignIn(ctx, wire.TokenRequest{RefreshToken: other})
			},
		} {
			t.Run(name+", "+how, func(t *testing.T) {
				server := local(t)
				var away atomic.Bool
				way := between(t, server, func(w http.ResponseWriter, r *http.Request, pass http.HandlerFunc) {
					switch {
					case is(r, "GET /v1/me/stream") && block, is(r, "DELETE /v1/tokens"):
						refused(w, r)
					case is(r, "GET /v1/me/stream"), is(r, "GET /v1/me/feed"):
						away.Store(true)
						pass(w, r)
					default:
						pass(w, r)
					}
				})
				other := servertest.Guest(t, server, "Other")
				c := connect(t, way.URL, Options{}, quick())
				twin := connect(t, server, Options{Storage: &memory{held: c.login.sitting().login()}}, quick())
				tables(t, twin, 1)
				last := make(chan error, 1)
				first := make(chan struct{}, 100)
				go func() {
					var ended error
					for _, err := range c.MessagesAfter(t.Context(), 0) {
						ended = err
						first <- struct{}{}
					}
					last <- ended
				}()
				<-first
				_ = leave(t.Context(), c, other.Refresh) // the server was not told, perhaps
				if err := <-last; !errors.Is(err, ErrSignedOut) || !away.Load() {
					t.Errorf("they ended with %v", err)
				}
			})
		}
	}
}

// The loop's own body signs out: what had come already is not handed over any more.
func TestNoMessageAfterSigningOut(t *testing.T) {
	everyWay(t, func(t *testing.T, c *Client) {
		tables(t, c, 3)
		var got int
		var last error
		for _, err := range c.MessagesAfter(t.Context(), 0) {
			if last = err; err != nil {
				break
			}
			got++
			if err := c.SignOut(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if got != 1 || !errors.Is(last, ErrSignedOut) {
			t.Errorf("%d messages, then %v", got, last)
		}
	})
}

// An acknowledgement finds out that the login has ended, and who is told of it signs in at once.
func TestSigningInWhenSeenFindsOut(t *testing.T) {
	server := local(t)
	other := servertest.Guest(t, server, "Other")
	var c *Client
	c = connect(t, server, Options{OnSignedOut: func() {
		if err := c.SignIn(t.Context(), wire.TokenRequest{RefreshToken: other.Refresh}); err != nil {
			t.Error(err)
		}
	}}, quick())
	phone := &servertest.App{URL: server, Access: c.login.sitting().login().AccessToken, Requests: servertest.Client()}
	phone.Must(t, http.StatusNoContent, "DELETE", "/v1/tokens", nil)
	if err := c.Seen(t.Context(), 1); !errors.Is(err, ErrSignedOut) {
		t.Errorf("seen: %v", err)
	}
	if c.PlayerID() != other.Player {
		t.Errorf("it is %q, not %q", c.PlayerID(), other.Player)
	}
}
