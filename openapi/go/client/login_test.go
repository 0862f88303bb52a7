package client

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"yourturn/openapi/go/wire"
	"yourturn/server/servertest"
)

// expire has every access token end: the clock of the server goes on, this one does not.
func expire(t *testing.T, server string) {
	t.Helper()
	servertest.Advance(t, server, 2*time.Hour)
}

func me(t *testing.T, c *Client) (*wire.GetMeResponse, error) {
	return c.API.GetMeWithResponse(t.Context())
}

func TestOneRenewalForManyCalls(t *testing.T) {
	server := local(t)
	way := between(t, server, func(w http.ResponseWriter, r *http.Request, pass http.HandlerFunc) { pass(w, r) })
	c := connect(t, way.URL, Options{}, quick())
	expire(t, server)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if got, err := me(t, c); err != nil || got.JSON200.ID != c.PlayerID() {
				t.Errorf("getMe: %v", err)
			}
		})
	}
	all.Wait()
	if n := way.counted("POST /v1/tokens"); n != 1 {
		t.Errorf("20 calls renewed %d times", n)
	}
}

// A token whose end is known is not tried first.
func TestTokensAreRenewedBeforeTheirEnd(t *testing.T) {
	server := local(t)
	way := between(t, server, func(w http.ResponseWriter, r *http.Request, pass http.HandlerFunc) { pass(w, r) })
	ahead := time.Duration(0)
	c := connect(t, way.URL, Options{Now: func() time.Time { return time.Now().Add(ahead) }}, quick())
	ahead = time.Hour - 10*time.Second
	if _, err := me(t, c); err != nil {
		t.Fatal(err)
	}
	if n := way.counted("POST /v1/tokens"); n != 1 {
		t.Errorf("renewed %d times", n)
	}
	if n := way.counted("GET /v1/me"); n != 1 {
		t.Errorf("getMe was tried %d times", n)
	}
}

func TestTokensAreStoredBeforeTheyAreUsed(t *testing.T) {
	server := local(t)
	kept := &memory{}
	way := between(t, server, func(w http.ResponseWriter, r *http.Request, pass http.HandlerFunc) {
		token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if stored, _ := kept.Load(); bearer && stored.AccessToken != token {
			t.Errorf("%s %s bears a token that is not stored", r.Method, r.URL.Path)
		}
		pass(w, r)
	})
	c := connect(t, way.URL, Options{Storage: kept}, quick())
	for range 3 {
		if _, err := me(t, c); err != nil {
			t.Fatal(err)
		}
		// The refused token is the stored one too.
		expire(t, server)
	}
}

type full struct{ Storage }

var errFull = errors.New("the disk is full")

func (full) Save(Login) error { return errFull }

func TestTokensThatCannotBeStoredAreNotUsed(t *testing.T) {
	way := between(t, local(t), func(w http.ResponseWriter, r *http.Request, pass http.HandlerFunc) { pass(w, r) })
	if _, err := Connect(t.Context(), way.URL, Options{Storage: full{&memory{}}}); !errors.Is(err, errFull) {
		t.Errorf("connect: %v", err)
	}
}

func TestLostRenewalIsRepeated(t *testing.T) {
	server := local(t)
	cut := first(2)
	way := between(t, server, func(w http.ResponseWriter, r *http.Request, pass http.HandlerFunc) {
		if is(r, "POST /v1/tokens") && cut() {
			lost(r, pass)
		}
		pass(w, r)
	})
	c := connect(t, way.URL, Options{}, quick())
	expire(t, server)
	if _, err := me(t, c); err != nil {
		t.Fatal(err)
	}
	if n := way.counted("POST /v1/tokens"); n != 3 {
		t.Errorf("asked %d times for new tokens", n)
	}
}

// Two processes share a file. The second goes on as the first one's player, and finds what that has renewed.
func TestProcessesShareAFile(t *testing.T) {
	server := local(t)
	way := between(t, server, func(w http.ResponseWriter, r *http.Request, pass http.HandlerFunc) { pass(w, r) })
	file := File(filepath.Join(t.TempDir(), "login.json"))
	one := connect(t, way.URL, Options{Storage: file}, quick())
	two := connect(t, way.URL, Options{Storage: file}, quick())
	if one.PlayerID() != two.PlayerID() || one.PlayerID() == "" {
		t.Errorf("they are %q and %q", one.PlayerID(), two.PlayerID())
	}
	expire(t, server)
	for _, c := range []*Client{one, two} {
		if _, err := me(t, c); err != nil {
			t.Fatal(err)
		}
	}
	if n := way.counted("POST /v1/tokens"); n != 1 {
		t.Errorf("renewed %d times", n)
	}
	if n := way.counted("POST /v1/players"); n != 1 {
		t.Errorf("made %d guests", n)
	}
}

func TestSignedOutElsewhere(t *testing.T) {
	server := local(t)
	kept := &memory{}
	var told int
	c := connect(t, server, Options{Storage: kept, OnSignedOut: func() { told++ }}, quick())
	stored, _ := kept.Load()
	phone := &servertest.App{URL: server, Access: stored.AccessToken, Requests: servertest.Client()}
	phone.Must(t, http.StatusNoContent, "DELETE", "/v1/tokens", nil)

	if _, err := me(t, c); !errors.Is(err, ErrSignedOut) {
		t.Errorf("a call of a login that ended: %v", err)
	}
	for _, err := range c.Messages(t.Context()) {
		if !errors.Is(err, ErrSignedOut) {
			t.Errorf("messages of a login that ended: %v", err)
		}
	}
	if told != 1 {
		t.Errorf("told %d times", told)
	}
	if left, _ := kept.Load(); left != nil || c.PlayerID() != "" {
		t.Errorf("kept %+v", left)
	}

	// The same client can be somebody again.
	other := servertest.Guest(t, server, "Other")
	if err := c.SignIn(t.Context(), wire.TokenRequest{RefreshToken: other.Refresh}); err != nil {
		t.Fatal(err)
	}
	if got, err := me(t, c); err != nil || got.JSON200.ID != other.Player {
		t.Errorf("signed in as %+v, %v", got, err)
	}
}

// What is told of the end may begin anew at once.
func TestSigningInWhenSignedOut(t *testing.T) {
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
	if _, err := me(t, c); !errors.Is(err, ErrSignedOut) {
		t.Errorf("the call that found out: %v", err)
	}
	if got, err := me(t, c); err != nil || got.JSON200.ID != other.Player {
		t.Errorf("signed in as %+v, %v", got, err)
	}
}

func TestSignOut(t *testing.T) {
	server := local(t)
	file := File(filepath.Join(t.TempDir(), "login.json"))
	c := connect(t, server, Options{Storage: file, OnSignedOut: func() { t.Error("nobody needs to be told what they did") }}, quick())
	phone := &servertest.App{URL: server, Access: c.login.sitting().login().AccessToken, Requests: servertest.Client()}
	if err := c.SignOut(t.Context()); err != nil {
		t.Fatal(err)
	}
	phone.Must(t, http.StatusUnauthorized, "GET", "/v1/me", nil)
	if _, err := os.Stat(string(file)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file is there still: %v", err)
	}
	if _, err := me(t, c); !errors.Is(err, ErrSignedOut) {
		t.Errorf("a call after signing out: %v", err)
	}
}

// The first start has to work on a bad network too.
func TestLostGuestIsMadeAgain(t *testing.T) {
	cut := first(2)
	way := between(t, local(t), func(w http.ResponseWriter, r *http.Request, pass http.HandlerFunc) {
		if is(r, "POST /v1/players") && cut() {
			lost(r, pass)
		}
		pass(w, r)
	})
	c := connect(t, way.URL, Options{}, quick())
	if _, err := me(t, c); err != nil {
		t.Error(err)
	}
}

func TestOneStorageOneGuest(t *testing.T) {
	server := local(t)
	for name, storage := range map[string]Storage{
		"file":   File(filepath.Join(t.TempDir(), "login.json")),
		"memory": &memory{},
	} {
		t.Run(name, func(t *testing.T) {
			// All have found nothing stored before any is a guest.
			var asked sync.WaitGroup
			asked.Add(5)
			way := between(t, server, func(w http.ResponseWriter, r *http.Request, pass http.HandlerFunc) {
				asked.Done()
				asked.Wait()
				pass(w, r)
			})
			players := make(chan string, 5)
			for range 5 {
				go func() {
					c, err := Connect(t.Context(), way.URL, Options{Storage: storage})
					if err != nil {
						players <- err.Error()
						return
					}
					players <- c.PlayerID()
				}()
			}
			stored := <-players
			for range 4 {
				if another := <-players; another != stored {
					t.Errorf("they are %q and %q", stored, another)
				}
			}
			if kept, err := storage.Load(); err != nil || kept.PlayerID != stored {
				t.Errorf("stored is %+v, %v", kept, err)
			}
		})
	}
}

// A portal wants to be paid, and answers everything with 401. That says nothing about the login.
func TestPortalEndsNoLogin(t *testing.T) {
	var portal atomic.Bool
	server := local(t)
	way := between(t, server, func(w http.ResponseWriter, r *http.Request, pass http.HandlerFunc) {
		if portal.Load() {
			http.Error(w, "pay first", http.StatusUnauthorized)
			return
		}
		pass(w, r)
	})
	kept := &memory{}
	ahead := time.Duration(0)
	c := connect(t, way.URL, Options{
		Storage:     kept,
		Now:         func() time.Time { return time.Now().Add(ahead) },
		OnSignedOut: func() { t.Error("a portal has signed out") },
	}, quick())
	player := c.PlayerID()
	for what, later := range map[string]time.Duration{"a call": 0, "a renewal": time.Hour} {
		ahead = later
		portal.Store(true)
		_, err := me(t, c)
		if problem, refused := errors.AsType[*Problem](err); !refused || problem.Status != 401 || errors.Is(err, ErrSignedOut) {
			t.Errorf("%s: %v", what, err)
		}
		portal.Store(false)
		if stored, _ := kept.Load(); stored == nil || c.PlayerID() != player {
			t.Fatalf("after %s nobody is signed in", what)
		}
	}
	if _, err := me(t, c); err != nil {
		t.Errorf("behind the portal: %v", err)
	}
}

// The server has to hear of it, or the login goes on for whoever has the refresh token.
func TestSignOutRenewsAnEndedToken(t *testing.T) {
	server := local(t)
	c := connect(t, server, Options{}, quick())
	before := c.login.sitting().login()
	expire(t, server)
	if err := c.SignOut(t.Context()); err != nil {
		t.Fatal(err)
	}
	phone := &servertest.App{URL: server, Requests: servertest.Client()}
	phone.Must(t, http.StatusUnauthorized, "POST", "/v1/tokens", map[string]string{"refresh_token": before.RefreshToken})
}

// Nobody waits for a server that does not answer, and what was asked to be forgotten is.
func TestSignOutPastItsEnd(t *testing.T) {
	server := local(t)
	for name, stuck := range map[string]string{"telling": "DELETE /v1/tokens", "a renewal before it": "POST /v1/tokens"} {
		t.Run(name, func(t *testing.T) {
			arrived := make(chan struct{}, 1)
			way := between(t, server, func(w http.ResponseWriter, r *http.Request, pass http.HandlerFunc) {
				if is(r, stuck) {
					_, _ = io.Copy(io.Discard, r.Body) // or it would not hear that nobody waits any more
					arrived <- struct{}{}
					<-r.Context().Done()
					return
				}
				pass(w, r)
			})
			file := File(filepath.Join(t.TempDir(), "login.json"))
			c := connect(t, way.URL, Options{Storage: file, OnSignedOut: func() { t.Error("nobody needs to be told what they did") }}, quick())
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			call := make(chan error, 1)
			if stuck == "POST /v1/tokens" {
				expire(t, server)
				go func() { _, err := me(t, c); call <- err }()
				<-arrived
				cancel()
			} else {
				call <- ErrSignedOut
				go func() { <-arrived; cancel() }()
			}
			if err := c.SignOut(ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("signed out with %v", err)
			}
			if err := <-call; !errors.Is(err, ErrSignedOut) {
				t.Errorf("the call before ended with %v", err)
			}
			if stored, err := file.Load(); stored != nil || err != nil || c.PlayerID() != "" {
				t.Errorf("kept %+v, %v", stored, err)
			}
		})
	}
}

// Another process has signed in as somebody else, in the same storage. That login is not this client's to forget.
func TestTheNextLoginIsLeft(t *testing.T) {
	server := local(t)
	next := Login{AccessToken: "theirs", RefreshToken: "theirs", ExpiresAt: time.Now().Add(time.Hour), PlayerID: "somebody"}
	for name, end := range map[string]func(c *Client) error{
		"signing out": func(c *Client) error { return c.SignOut(t.Context()) },
		"finding out": func(c *Client) error {
			expire(t, server)
			if _, err := me(t, c); !errors.Is(err, ErrSignedOut) {
				t.Errorf("a call of the player before: %v", err)
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			kept := &memory{}
			c := connect(t, server, Options{Storage: kept}, quick())
			phone := &servertest.App{URL: server, Access: c.login.sitting().login().AccessToken, Requests: servertest.Client()}
			if err := kept.Save(next); err != nil {
				t.Fatal(err)
			}
			if err := end(c); err != nil {
				t.Error(err)
			}
			if stored, _ := kept.Load(); stored == nil || *stored != next {
				t.Errorf("stored is %+v", stored)
			}
			if c.PlayerID() != "" {
				t.Errorf("it is %q still", c.PlayerID())
			}
			phone.Must(t, http.StatusUnauthorized, "GET", "/v1/me", nil)
		})
	}
}

func TestFile(t *testing.T) {
	file := File(filepath.Join(t.TempDir(), "login.json"))
	if stored, err := file.Load(); stored != nil || err != nil {
		t.Errorf("before: %v, %v", stored, err)
	}
	want := Login{AccessToken: "a", RefreshToken: "r", ExpiresAt: time.Unix(1e9, 0).UTC(), PlayerID: "p"}
	for range 2 {
		if err := file.Save(want); err != nil {
			t.Fatal(err)
		}
	}
	if stored, err := file.Load(); err != nil || *stored != want {
		t.Errorf("after: %v, %v", stored, err)
	}
	about, err := os.Stat(string(file))
	if err != nil || about.Mode().Perm() != 0o600 {
		t.Errorf("it is %v, %v", about.Mode(), err)
	}
	if err := file.SaveFirst(Login{}); !errors.Is(err, os.ErrExist) {
		t.Errorf("a second first one: %v", err)
	}
	beside, _ := filepath.Glob(filepath.Join(filepath.Dir(string(file)), "*"))
	if len(beside) != 1 {
		t.Errorf("beside it: %v", beside)
	}
	for range 2 {
		if err := file.Clear(); err != nil {
			t.Fatal(err)
		}
	}
}
