package client

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
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

type full struct{ memory }

var errFull = errors.New("the disk is full")

func (*full) Save(Login) error { return errFull }

func TestTokensThatCannotBeStoredAreNotUsed(t *testing.T) {
	way := between(t, local(t), func(w http.ResponseWriter, r *http.Request, pass http.HandlerFunc) { pass(w, r) })
	if _, err := Connect(t.Context(), way.URL, Options{Storage: &full{}}); !errors.Is(err, errFull) {
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
	phone := &servertest.App{URL: server, Access: c.login.current().AccessToken, Requests: servertest.Client()}
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
	phone := &servertest.App{URL: server, Access: c.login.current().AccessToken, Requests: servertest.Client()}
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
