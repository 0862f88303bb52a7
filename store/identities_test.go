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
		kept, err := p.PutIdentity(t.Context(), i, "")
		must(t, err)
		p.advance(1000)
		later := i
		later.CreatedAt = p.Now()
		again, err := p.PutIdentity(t.Context(), later, "")
		must(t, err)
		list, err := p.Identities(t.Context(), ann)
		must(t, err)
		for what, got := range map[string]player.Identity{"kept": kept, "again": again, "listed": list[0]} {
			if diff := cmp.Diff(i, got); diff != "" {
				t.Errorf("%s: written - read +\n%s", what, diff)
			}
		}
		other := identity(bob, "ann") // subjects differ by their case
		_, err = p.PutIdentity(t.Context(), other, "")
		must(t, err)
		elsewhere := identity(bob, "Ann")
		elsewhere.Issuer, elsewhere.Provider = "https://other.example", "other"
		_, err = p.PutIdentity(t.Context(), elsewhere, "")
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
		_, err := p.PutIdentity(t.Context(), i, "")
		must(t, err)
		i.Provider = "society"
		_, err = p.PutIdentity(t.Context(), i, "")
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
		ann, bob, eve := p.login(t).Player, p.login(t).Player, p.login(t).Player
		put := func(i player.Identity, insteadOf player.ID) error {
			_, err := p.PutIdentity(t.Context(), i, insteadOf)
			return err
		}
		must(t, put(identity(ann, "1"), ""))
		for _, c := range []struct {
			what      string
			identity  player.Identity
			insteadOf player.ID
			want      error
		}{
			{"another's", identity(bob, "1"), "", player.ErrTaken},
			{"another's, and a third was shown", identity(bob, "1"), eve, player.ErrTaken},
			{"another's, and the one who asks was shown", identity(bob, "1"), bob, player.ErrTaken},
			{"a second of the provider", identity(ann, "2"), "", player.ErrIdentityPresent},
			{"a second of the provider, instead of nobody", identity(ann, "2"), eve, player.ErrIdentityPresent},
			{"nobody's, of a player gone", identity("nobody", "3"), "", player.ErrNotFound},
		} {
			kept, err := p.PutIdentity(t.Context(), c.identity, c.insteadOf)
			if !errors.Is(err, c.want) {
				t.Errorf("%s: %v", c.what, err)
			}
			if errors.Is(c.want, player.ErrTaken) && kept.Player != ann {
				t.Errorf("%s: it is said to be of %q", c.what, kept.Player)
			}
		}
		must(t, put(identity(bob, "2"), ""))
		for _, insteadOf := range []player.ID{"", ann} { // whatever the person answers, it could not be done
			if err := put(identity(bob, "1"), insteadOf); !errors.Is(err, player.ErrIdentityPresent) {
				t.Errorf("another's, and a second of the provider, instead of %q: %v", insteadOf, err)
			}
		}
		must(t, p.DeleteIdentity(t.Context(), bob, "club"))
		must(t, p.DeleteIdentity(t.Context(), bob, "club"))
		must(t, put(identity(bob, "1"), ann))
		must(t, put(identity(bob, "1"), ann)) // the answer was lost: it is bob's
		if left, err := p.Identities(t.Context(), ann); err != nil || len(left) != 0 {
			t.Errorf("%+v, %v", left, err)
		}
		// A server of before there were identities erases bob, and leaves it.
		_, err := raw(t, database).Exec("UPDATE players SET deleted_at = 1 WHERE id = ?", string(bob))
		must(t, err)
		if _, err := p.IdentityOwner(t.Context(), "https://login.example", "1"); !errors.Is(err, player.ErrNotFound) {
			t.Error(err)
		}
		must(t, put(identity(ann, "1"), ""))
	})
}

func TestTwentyPlayersPutOneIdentityAtOnce(t *testing.T) {
	for name, owned := range map[string]bool{"nobody's": false, "each instead of its owner": true} {
		t.Run(name, func(t *testing.T) {
			onAll(t, func(t *testing.T, one *process, database string) {
				two := one.open(t, database)
				var owner player.ID
				if owned {
					owner = one.login(t).Player
					_, err := one.PutIdentity(t.Context(), identity(owner, "ann"), "")
					must(t, err)
				}
				var players []player.ID
				for range 20 {
					players = append(players, one.login(t).Player)
				}
				var in atomic.Int64
				var all sync.WaitGroup
				for n, id := range players {
					p := []*process{one, two}[n%2]
					all.Go(func() {
						_, err := p.PutIdentity(t.Context(), identity(id, "ann"), owner)
						if err == nil {
							in.Add(1)
						} else if !errors.Is(err, player.ErrTaken) {
							t.Errorf("player %d: %v", n, err)
						}
					})
				}
				all.Wait()
				if n := number(t, raw(t, database), "SELECT COUNT(*) FROM identities"); n != 1 || in.Load() != 1 {
					t.Errorf("%d rows, and %d were told that it is theirs", n, in.Load())
				}
			})
		})
	}
}
