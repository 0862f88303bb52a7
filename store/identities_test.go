package store_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"yourturn/player"
)

// identity is what an issuer calls a player's person.
func identity(of player.ID, subject string) player.Identity {
	return player.Identity{Provider: "club", Issuer: "https://login.example", Subject: subject, Player: of}
}

func TestIdentitiesReadBackAsTheyWereWritten(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		ann, bob := p.login(t).Player, p.login(t).Player
		i := identity(ann, "Ann")
		i.CreatedAt = p.Now()
		kept, err := p.PutIdentity(t.Context(), i, false)
		must(t, err)
		p.advance(1000)
		later := i
		later.CreatedAt = p.Now()
		again, err := p.PutIdentity(t.Context(), later, false)
		must(t, err)
		list, err := p.Identities(t.Context(), ann)
		must(t, err)
		for what, got := range map[string]player.Identity{"kept": kept, "again": again, "listed": list[0]} {
			if diff := cmp.Diff(i, got); diff != "" {
				t.Errorf("%s: written - read +\n%s", what, diff)
			}
		}
		other := identity(bob, "ann") // subjects differ by their case
		_, err = p.PutIdentity(t.Context(), other, false)
		must(t, err)
		elsewhere := identity(bob, "Ann")
		elsewhere.Issuer, elsewhere.Provider = "https://other.example", "other"
		_, err = p.PutIdentity(t.Context(), elsewhere, false)
		must(t, err)
		for subject, want := range map[string]player.ID{"Ann": ann, "ann": bob} {
			if owner, err := p.IdentityOwner(t.Context(), i.Issuer, subject); err != nil || owner != want {
				t.Errorf("%s is %s, %v", subject, owner, err)
			}
		}
		if _, err := p.IdentityOwner(t.Context(), i.Issuer, "ANN"); !errors.Is(err, player.ErrNotFound) {
			t.Error(err)
		}
	})
}

// The operator gives an issuer another name: the people stay who they were.
func TestAProviderIsRenamed(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		ann := p.login(t).Player
		i := identity(ann, "ann")
		_, err := p.PutIdentity(t.Context(), i, false)
		must(t, err)
		i.Provider = "society"
		_, err = p.PutIdentity(t.Context(), i, false)
		must(t, err)
		list, err := p.Identities(t.Context(), ann)
		must(t, err)
		if len(list) != 1 || list[0].Provider != "society" {
			t.Errorf("%+v", list)
		}
	})
}

func TestAnIdentityIsOfOnePlayer(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, database string) {
		ann, bob := p.login(t).Player, p.login(t).Player
		put := func(i player.Identity, take bool) error {
			_, err := p.PutIdentity(t.Context(), i, take)
			return err
		}
		must(t, put(identity(ann, "1"), false))
		for what, c := range map[string]struct {
			identity player.Identity
			take     bool
			want     error
		}{
			"another's":                            {identity(bob, "1"), false, player.ErrTaken},
			"a second of the provider":             {identity(ann, "2"), false, player.ErrIdentityPresent},
			"a second of the provider, by force":   {identity(ann, "2"), true, player.ErrIdentityPresent},
			"nobody's, by force, of a player gone": {identity("nobody", "3"), true, player.ErrNotFound},
		} {
			if err := put(c.identity, c.take); !errors.Is(err, c.want) {
				t.Errorf("%s: %v", what, err)
			}
		}
		must(t, put(identity(bob, "2"), false))
		if err := put(identity(bob, "1"), true); !errors.Is(err, player.ErrIdentityPresent) {
			t.Errorf("another's, and a second of the provider: %v", err)
		}
		must(t, p.DeleteIdentity(t.Context(), bob, "club"))
		must(t, p.DeleteIdentity(t.Context(), bob, "club"))
		must(t, put(identity(bob, "1"), true))
		if left, err := p.Identities(t.Context(), ann); err != nil || len(left) != 0 {
			t.Errorf("%+v, %v", left, err)
		}
		// A server of before there were identities erases bob, and leaves it.
		_, err := raw(t, database).Exec("UPDATE players SET deleted_at = 1 WHERE id = ?", string(bob))
		must(t, err)
		if _, err := p.IdentityOwner(t.Context(), "https://login.example", "1"); !errors.Is(err, player.ErrNotFound) {
			t.Error(err)
		}
		must(t, put(identity(ann, "1"), false))
	})
}

func TestTwentyPlayersPutOneIdentityAtOnce(t *testing.T) {
	for name, take := range map[string]bool{"asking": false, "by force": true} {
		t.Run(name, func(t *testing.T) {
			onAll(t, func(t *testing.T, one *process, database string) {
				two := one.open(t, database)
				var players []player.ID
				for range 20 {
					players = append(players, one.login(t).Player)
				}
				var in atomic.Int64
				var all sync.WaitGroup
				for n, id := range players {
					p := []*process{one, two}[n%2]
					all.Go(func() {
						_, err := p.PutIdentity(t.Context(), identity(id, "ann"), take)
						if err == nil {
							in.Add(1)
						} else if !errors.Is(err, player.ErrTaken) {
							t.Errorf("player %d: %v", n, err)
						}
					})
				}
				all.Wait()
				if n := number(t, raw(t, database), "SELECT COUNT(*) FROM identities"); n != 1 || !take && in.Load() != 1 {
					t.Errorf("%d rows, and %d were told that it is theirs", n, in.Load())
				}
			})
		})
	}
}
