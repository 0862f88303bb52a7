package store_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"yourturn/player"
)

// made is a login that a code of another one has made.
func (p *process) made(t *testing.T, by player.Login) player.Login {
	t.Helper()
	issued, err := p.players.Link(t.Context(), p.code(t, by), "")
	must(t, err)
	return player.Login{ID: issued.Tokens[0].Login, Player: by.Player}
}

func TestLoginsReadBackAsTheyWereWritten(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		phone := p.login(t)
		want := player.SignIn{
			Login: player.Login{ID: "tablet", Player: phone.Player}, MadeBy: phone.ID, Attempt: player.HashOf("key"),
			CreatedAt: p.Now().Add(time.Second), LastUsedAt: p.Now().Add(time.Minute),
		}
		access := player.Token{Kind: player.Access, Hash: player.HashOf("access"), Login: "tablet", ExpiresAt: want.LastUsedAt.Add(player.RefreshLife)}
		must(t, p.AddLogin(t.Context(), want, player.Issued{Tokens: []player.Token{access}}))
		for range 2 { // before and after the first use
			logins, err := p.Logins(t.Context(), phone.Player, p.Now())
			must(t, err)
			if diff := cmp.Diff(want, logins[1]); diff != "" {
				t.Errorf("written - read +\n%s", diff)
			}
			must(t, p.UseToken(t.Context(), access, p.Now()))
			want.Arrived = true
		}
	})
}

// A thief's login makes another, that one a third, and the one in the middle signs out. What was made before stays, and can
// still be found by a theft further up.
func TestAStolenLoginEndsWithThoseThatItHasMade(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		phone := p.login(t)
		tablet := p.made(t, phone)
		p.advance(time.Second)
		since := p.Now()
		second := p.made(t, phone)
		third := p.made(t, second)
		fourth := p.made(t, third)
		must(t, p.players.SignOut(t.Context(), third))
		mine := p.made(t, tablet) // by who was not stolen
		ended, err := p.EndStolen(t.Context(), phone, since)
		must(t, err)
		if !slices.Contains(ended, phone) || !slices.Contains(ended, second) || !slices.Contains(ended, fourth) || len(ended) != 3 {
			t.Errorf("ended %+v", ended)
		}
		for l, want := range map[player.Login]bool{phone: false, second: false, fourth: false, tablet: true, mine: true} {
			if got := p.players.Alive(t.Context(), l.ID); got != want {
				t.Errorf("%s is alive: %v", l.ID, got)
			}
		}
	})
}

// The thief signs in by code after code while the theft is noticed: nothing that came of it stays.
func TestAStolenLoginMakesLoginsWhileItEnds(t *testing.T) {
	onAll(t, func(t *testing.T, one *process, database string) {
		two := one.open(t, database)
		for range 5 {
			phone := one.login(t)
			since := one.Now()
			begun := make(chan struct{})
			var all sync.WaitGroup
			all.Go(func() {
				defer close(begun)
				by := phone
				for n := range 20 { // each shows a code to the next, until one is refused
					code, _, err := two.players.NewLinkCode(t.Context(), by)
					if err != nil {
						return
					}
					issued, err := two.players.Link(t.Context(), code, "")
					if err != nil {
						return
					}
					by = player.Login{ID: issued.Tokens[0].Login, Player: by.Player}
					if n == 0 {
						begun <- struct{}{}
					}
				}
			})
			<-begun
			_, err := one.EndStolen(t.Context(), phone, since)
			must(t, err)
			all.Wait()
			if n := one.logins(t, phone.Player); n != 0 {
				t.Errorf("%d logins stay", n)
			}
		}
	})
}

// One device that asks impatiently by an identity: each of its requests is answered with tokens of the one login.
func TestAnAttemptOfTwentyRequestsMakesOneLogin(t *testing.T) {
	onAll(t, func(t *testing.T, one *process, database string) {
		two := one.open(t, database)
		phone := one.login(t)
		_, err := one.PutIdentity(t.Context(), identity(phone.Player, "ann"), "")
		must(t, err)
		one.players.Providers, two.players.Providers = []player.Provider{gullible{}}, []player.Provider{gullible{}}
		var all sync.WaitGroup
		for n := range 20 {
			p := []*process{one, two}[n%2]
			all.Go(func() {
				if _, err := p.players.SignInBy(t.Context(), "club", "ann", "", "the same"); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if n := one.logins(t, phone.Player); n != 2 {
			t.Errorf("%d logins", n)
		}
	})
}

// gullible takes anybody's word: what it is told is the subject.
type gullible struct{}

func (gullible) Name() string   { return "club" }
func (gullible) Issuer() string { return "https://login.example" }

func (gullible) Verify(_ context.Context, idToken, _ string) (string, error) { return idToken, nil }
