package player_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"yourturn/migrations"
	"yourturn/player"
	"yourturn/session"
	"yourturn/store"
)

const day = 24 * time.Hour

// migrated is an empty database, made once: every test gets a copy.
var migrated = sync.OnceValues(func() ([]byte, error) {
	folder, err := os.MkdirTemp("", "yourturn-player-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	file := filepath.Join(folder, "empty.db")
	m, err := store.NewMigrator("sqlite:"+file, migrations.Files)
	if err != nil {
		return nil, err
	}
	_, err = m.Up(context.Background())
	if err = errors.Join(err, m.Close()); err != nil {
		return nil, err
	}
	return os.ReadFile(file)
})

// world is a service on a database of its own, with a clock that moves when told.
type world struct {
	*player.Service
	t         *testing.T
	file      string
	now       time.Time
	ids       atomic.Int64
	signedOut []player.Login
	farewells []player.ID
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, file: filepath.Join(t.TempDir(), "players.db"), now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	empty, err := migrated()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(w.file, empty, 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := store.Open("sqlite:"+w.file, store.Options{Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	w.Service = &player.Service{
		Store: db, Random: rand.Reader,
		Now:       func() time.Time { return w.now },
		NewCode:   func() (string, error) { return session.NewCode(rand.Reader) },
		NewID:     func() string { return fmt.Sprintf("id%d", w.ids.Add(1)) },
		SignedOut: func(l player.Login) { w.signedOut = append(w.signedOut, l) },
		Farewell:  func(_ context.Context, id player.ID) error { w.farewells = append(w.farewells, id); return nil },
	}
	return w
}

func (w *world) pass(d time.Duration) { w.now = w.now.Add(d) }

func (w *world) guest() (player.Player, player.Issued) {
	w.t.Helper()
	p, issued, err := w.Create(w.t.Context(), player.Profile{})
	if err != nil {
		w.t.Fatal(err)
	}
	return p, issued
}

// refresh expects a new pair.
func (w *world) refresh(token string) player.Issued {
	w.t.Helper()
	issued, err := w.Refresh(w.t.Context(), token)
	if err != nil {
		w.t.Fatalf("refresh: %v", err)
	}
	return issued
}

// use expects that an access token works.
func (w *world) use(token string) player.Login {
	w.t.Helper()
	login, err := w.Authenticate(w.t.Context(), token)
	if err != nil {
		w.t.Fatalf("use: %v", err)
	}
	return login
}

// refuses expects what the two kinds of tokens are refused with; "" is for one that is not tried.
func (w *world) refuses(access string, wantAccess error, refresh string, wantRefresh error) {
	w.t.Helper()
	if access != "" {
		if _, err := w.Authenticate(w.t.Context(), access); !errors.Is(err, wantAccess) {
			w.t.Errorf("an access token: %v, want %v", err, wantAccess)
		}
	}
	if refresh != "" {
		if _, err := w.Refresh(w.t.Context(), refresh); !errors.Is(err, wantRefresh) {
			w.t.Errorf("a refresh token: %v, want %v", err, wantRefresh)
		}
	}
}

func (w *world) stillIn(want bool, l player.Login) {
	w.t.Helper()
	if got := w.Alive(w.t.Context(), l.ID); got != want || len(w.signedOut) != map[bool]int{false: 1}[want] {
		w.t.Errorf("the login is alive: %v; signed out: %v", got, w.signedOut)
	}
}

func TestAnAccessTokenLivesAnHour(t *testing.T) {
	w := newWorld(t)
	p, issued := w.guest()
	w.pass(time.Hour - time.Millisecond)
	if login := w.use(issued.Access); login.Player != p.ID || login.ID == "" {
		t.Errorf("the login of %+v is %+v", p, login)
	}
	w.pass(time.Millisecond)
	w.refuses(issued.Access, player.ErrExpired, "", nil)
	w.pass(30 * day)
	if n, err := w.Prune(t.Context()); err != nil {
		t.Fatal(n, err)
	}
	w.refuses(issued.Access, player.ErrExpired, "", nil) // its row is gone: by its own word
	next := w.refresh(issued.Refresh)
	w.use(next.Access)
}

func TestTheKindsOfTokensAreNotExchangeable(t *testing.T) {
	w := newWorld(t)
	_, issued := w.guest()
	ticket, ends, err := w.StreamTicket(t.Context(), issued.Access)
	if err != nil || !ends.Equal(w.now.Add(time.Hour)) {
		t.Fatalf("%s, %v", ends, err)
	}
	w.refuses(issued.Refresh, player.ErrInvalid, issued.Access, player.ErrInvalid)
	w.refuses(ticket, player.ErrInvalid, ticket, player.ErrInvalid)
	for name, token := range map[string]string{"access": issued.Access, "refresh": issued.Refresh} {
		if _, err := w.AuthenticateStream(t.Context(), token); !errors.Is(err, player.ErrInvalid) {
			t.Errorf("a stream by a token for %s: %v", name, err)
		}
	}
	w.pass(time.Hour - time.Millisecond)
	for range 2 { // any number of streams
		if login, err := w.AuthenticateStream(t.Context(), ticket); err != nil || login.ID != w.use(issued.Access).ID {
			t.Errorf("%+v, %v", login, err)
		}
	}
	w.pass(time.Millisecond)
	if _, err := w.AuthenticateStream(t.Context(), ticket); !errors.Is(err, player.ErrExpired) {
		t.Errorf("a ticket outlives its token: %v", err)
	}
	if _, _, err := w.StreamTicket(t.Context(), issued.Access); !errors.Is(err, player.ErrExpired) {
		t.Errorf("a ticket by an expired token: %v", err)
	}
}

func TestAttackForgedTokens(t *testing.T) {
	w := newWorld(t)
	_, issued := w.guest()
	head, secret, _ := strings.Cut(issued.Access, ".")
	for token, want := range map[string]error{
		"":                             player.ErrInvalid,
		"a":                            player.ErrInvalid,
		secret:                         player.ErrInvalid,
		head + ".":                     player.ErrInvalid,
		head + "z." + secret:           player.ErrInvalid, // a later end
		strings.ToUpper(issued.Access): player.ErrInvalid,
		issued.Access + "A":            player.ErrInvalid,
		"a1." + secret:                 player.ErrExpired, // that it claims to be old makes nobody sign it in
	} {
		w.refuses(token, want, "", nil)
	}
	w.refuses("", nil, "r"+issued.Access[1:], player.ErrInvalid)
	w.refuses("", nil, "r1."+secret, player.ErrInvalid)
}

// Whatever is lost on the way, the token that the app has works.
func TestRefreshAfterLostAnswers(t *testing.T) {
	w := newWorld(t)
	_, first := w.guest()
	login := w.use(first.Access)
	var last player.Issued
	for range 20 {
		w.pass(15 * day)
		last = w.refresh(first.Refresh) // never used: the answer did not arrive
	}
	w.use(last.Access)
	w.stillIn(true, login)
}

func TestRefreshOverlapsFor60Seconds(t *testing.T) {
	for _, by := range []string{"the access token", "the refresh token"} {
		t.Run("first used: "+by, func(t *testing.T) {
			w := newWorld(t)
			_, first := w.guest()
			login := w.use(first.Access)
			second := w.refresh(first.Refresh)
			w.pass(time.Minute + time.Second)
			w.refresh(first.Refresh) // what came of it has not been used: no time runs
			if by == "the access token" {
				w.use(second.Access)
			} else {
				w.refresh(second.Refresh)
			}
			w.pass(time.Minute)
			tab := w.refresh(first.Refresh) // to the millisecond
			w.use(tab.Access)
			w.pass(time.Millisecond)
			w.use(tab.Access)
			w.use(second.Access)
			w.stillIn(true, login)

			w.refuses("", nil, first.Refresh, player.ErrInvalid)
			w.stillIn(false, login)
			if w.signedOut[0] != login {
				t.Errorf("signed out %+v, want %+v", w.signedOut[0], login)
			}
			w.refuses(second.Access, player.ErrInvalid, second.Refresh, player.ErrInvalid)
			w.refuses(tab.Access, player.ErrInvalid, tab.Refresh, player.ErrInvalid)
		})
	}
}

func TestAttackAStolenRefreshToken(t *testing.T) {
	w := newWorld(t)
	_, owners := w.guest()
	login := w.use(owners.Access)
	thiefs := w.refresh(owners.Refresh) // a copy
	w.use(thiefs.Access)
	for range 10 {
		w.pass(time.Hour)
		thiefs = w.refresh(thiefs.Refresh)
		w.use(thiefs.Access)
	}
	w.refuses("", nil, owners.Refresh, player.ErrInvalid) // the owner comes back
	w.stillIn(false, login)
	w.refuses(thiefs.Access, player.ErrInvalid, thiefs.Refresh, player.ErrInvalid)
}

func TestASupersededTokenIsRecognisedFor30Days(t *testing.T) {
	for after, alive := range map[time.Duration]bool{30*day - time.Millisecond: false, 30 * day: true} {
		w := newWorld(t)
		_, first := w.guest()
		second := w.refresh(first.Refresh)
		login := w.use(second.Access)
		w.pass(after)
		if _, err := w.Prune(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.refuses("", nil, first.Refresh, player.ErrInvalid)
		w.stillIn(alive, login)
	}
}

func TestFourHundredDaysWithoutUse(t *testing.T) {
	w := newWorld(t)
	_, first := w.guest()
	login := w.use(first.Access)
	w.pass(400*day - time.Millisecond)
	second := w.refresh(first.Refresh)
	w.pass(time.Millisecond)
	w.refuses("", nil, first.Refresh, player.ErrInvalid)
	w.pass(400*day - 2*time.Millisecond)
	third := w.refresh(second.Refresh)
	w.stillIn(true, login)
	w.pass(400 * day)
	w.refuses(third.Access, player.ErrExpired, third.Refresh, player.ErrInvalid)
	w.pass(time.Millisecond)
	if n, err := w.Prune(t.Context()); err != nil || n != 7 {
		t.Errorf("pruned %d of six tokens and their login, %v", n, err)
	}
	if w.Alive(t.Context(), login.ID) {
		t.Error("a login without tokens is kept")
	}
}

func TestTwentyTabsRefreshAtOnce(t *testing.T) {
	w := newWorld(t)
	_, first := w.guest()
	login := w.use(first.Access)
	tabs := make([]player.Issued, 20)
	var wg sync.WaitGroup
	for i := range tabs {
		wg.Go(func() {
			var err error
			if tabs[i], err = w.Refresh(t.Context(), first.Refresh); err != nil {
				t.Errorf("tab %d: %v", i, err)
			} else if _, err := w.Authenticate(t.Context(), tabs[i].Access); err != nil {
				t.Errorf("tab %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	w.pass(20 * day)
	for _, tab := range tabs {
		w.use(w.refresh(tab.Refresh).Access)
	}
	w.stillIn(true, login)
}

func TestLogout(t *testing.T) {
	w := newWorld(t)
	p, issued := w.guest()
	ticket, _, err := w.StreamTicket(t.Context(), issued.Access)
	if err != nil {
		t.Fatal(err)
	}
	next := w.refresh(issued.Refresh)
	login := w.use(next.Access)
	if err := w.SignOut(t.Context(), login); err != nil {
		t.Fatal(err)
	}
	w.stillIn(false, login)
	w.refuses(issued.Access, player.ErrInvalid, issued.Refresh, player.ErrInvalid)
	w.refuses(next.Access, player.ErrInvalid, next.Refresh, player.ErrInvalid)
	if _, err := w.AuthenticateStream(t.Context(), ticket); !errors.Is(err, player.ErrInvalid) {
		t.Errorf("a stream after the logout: %v", err)
	}
	if _, err := w.Get(t.Context(), p.ID); err != nil {
		t.Errorf("the account is still there: %v", err)
	}
}

func TestDeletionSaysFarewellFirst(t *testing.T) {
	w := newWorld(t)
	p, issued := w.guest()
	login := w.use(issued.Access)
	cut := errors.New("the connection was cut")
	farewell := w.Farewell
	w.Farewell = func(context.Context, player.ID) error { return cut }
	if err := w.Delete(t.Context(), login); !errors.Is(err, cut) {
		t.Fatal(err)
	}
	w.use(issued.Access) // it can be asked for again
	w.stillIn(true, login)

	w.Farewell = farewell
	if err := w.Delete(t.Context(), login); err != nil {
		t.Fatal(err)
	}
	if len(w.farewells) != 1 || w.farewells[0] != p.ID {
		t.Errorf("farewells %v", w.farewells)
	}
	w.stillIn(false, login)
	w.refuses(issued.Access, player.ErrInvalid, issued.Refresh, player.ErrInvalid)
	if _, err := w.Get(t.Context(), p.ID); !errors.Is(err, player.ErrNotFound) {
		t.Errorf("a deleted account: %v", err)
	}
}

// What a thief of the database finds opens nothing.
func TestAttackTheDatabaseHoldsHashesOnly(t *testing.T) {
	w := newWorld(t)
	_, issued := w.guest()
	next := w.refresh(issued.Refresh)
	login := w.use(next.Access)
	ticket, _, err := w.StreamTicket(t.Context(), next.Access)
	if err != nil {
		t.Fatal(err)
	}
	var kept strings.Builder
	for _, suffix := range []string{"", "-wal"} {
		raw, err := os.ReadFile(w.file + suffix)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		kept.Write(raw)
	}
	if !strings.Contains(kept.String(), string(login.ID)) {
		t.Fatal("the database is not where this test looks")
	}
	for _, token := range []string{issued.Access, issued.Refresh, next.Access, next.Refresh, ticket} {
		_, secret, _ := strings.Cut(token, ".")
		bits, err := base64.RawURLEncoding.DecodeString(secret)
		if err != nil || len(bits) != 32 {
			t.Fatal(len(bits), err)
		}
		if strings.Contains(kept.String(), secret) || strings.Contains(kept.String(), string(bits)) {
			t.Error("the database holds a secret")
		}
		if hash := player.HashOf(token); !strings.Contains(kept.String(), string(hash[:])) {
			t.Error("the database does not hold the hash of a token that lives")
		}
	}
}

func TestGuestsAreNamedByTheServer(t *testing.T) {
	w := newWorld(t)
	names := map[string]bool{}
	for range 60 {
		p, _ := w.guest()
		if p.Profile.DisplayName == "" {
			t.Fatal("a guest without a name")
		}
		names[p.Profile.DisplayName] = true
	}
	if len(names) < 40 {
		t.Errorf("60 guests share %d names", len(names))
	}
	p, _, err := w.Create(t.Context(), player.Profile{DisplayName: " Ada ", Locale: "pt_br"})
	if err != nil || p.Profile.DisplayName != "Ada" || p.Profile.Locale != "pt-BR" {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestAProfileChangesByWhatIsNamed(t *testing.T) {
	w := newWorld(t)
	p, _ := w.guest()
	text := func(s string) *string { return &s }
	before := p.Profile
	for _, c := range []struct {
		patch player.Patch
		want  *player.Profile // nil: refused
	}{
		{player.Patch{Avatar: text("fox")}, &player.Profile{DisplayName: before.DisplayName, Avatar: "fox"}},
		{player.Patch{DisplayName: text(" Ada  L ")}, &player.Profile{DisplayName: "Ada L", Avatar: "fox"}},
		{player.Patch{Locale: text("de"), Avatar: text("")}, &player.Profile{DisplayName: "Ada L", Locale: "de"}},
		{player.Patch{}, &player.Profile{DisplayName: "Ada L", Locale: "de"}},
		{player.Patch{DisplayName: text(" ")}, nil},
		{player.Patch{DisplayName: text("\u202eadA"), Avatar: text("owl")}, nil},
		{player.Patch{Locale: text("nowhere")}, nil},
	} {
		_, err := w.Update(t.Context(), p.ID, c.patch)
		kept, errGet := w.Get(t.Context(), p.ID)
		if c.want == nil {
			var bad *player.BadProfile
			if !errors.As(err, &bad) || kept.Profile != p.Profile {
				t.Errorf("%+v: %v, and the profile is %+v", c.patch, err, kept.Profile)
			}
			continue
		}
		p = kept
		if err != nil || errGet != nil || kept.Profile != *c.want {
			t.Errorf("%+v makes %+v, %v; want %+v", c.patch, kept.Profile, err, *c.want)
		}
	}
	if _, err := w.Update(t.Context(), "nobody", player.Patch{}); !errors.Is(err, player.ErrNotFound) {
		t.Errorf("nobody's profile: %v", err)
	}
}
