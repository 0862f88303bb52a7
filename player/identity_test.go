package player_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"yourturn/player"
)

// gullible is a provider that takes anybody's word: what it is told is the subject.
type gullible struct{ name string }

func (g gullible) Name() string   { return g.name }
func (g gullible) Issuer() string { return "https://" + g.name + ".example" }

func (g gullible) Verify(_ context.Context, idToken, _ string) (string, error) { return idToken, nil }

// newClubs is a world with two providers.
func newClubs(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.Providers = []player.Provider{gullible{"club"}, gullible{"other"}}
	return w
}

// person is a guest who is signed in.
func (w *world) person() player.Login {
	w.t.Helper()
	_, issued := w.guest()
	return w.use(issued.Access)
}

func (w *world) put(by player.Login, provider, subject string, insteadOf player.ID) error {
	_, err := w.PutIdentity(w.t.Context(), by, provider, subject, "", insteadOf)
	return err
}

// asked expects the question which of two accounts stays.
func (w *world) asked(err error) *player.IdentityTaken {
	w.t.Helper()
	var taken *player.IdentityTaken
	if !errors.As(err, &taken) {
		w.t.Fatalf("not a question: %v", err)
	}
	return taken
}

func (w *world) come(provider, subject, key string) (player.Login, player.Issued) {
	w.t.Helper()
	issued, err := w.SignInBy(w.t.Context(), provider, subject, "", key)
	if err != nil {
		w.t.Fatalf("sign in: %v", err)
	}
	return player.Login{ID: issued.Tokens[0].Login, Player: issued.Tokens[0].Player}, issued
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// An app repeats what was not answered. It signs in once, and does not push the person's other devices out.
func TestALostAnswerToAnIdentity(t *testing.T) {
	w := newClubs(t)
	phone := w.person()
	must(t, w.put(phone, "club", "ann", ""))
	lost, first := w.come("club", "ann", "my attempt")
	for range player.MaxLogins {
		w.pass(time.Minute)
		if again, _ := w.come("club", "ann", "my attempt"); again != lost {
			t.Fatalf("%+v, then %+v", lost, again)
		}
	}
	w.alive(true, phone)
	if another, _ := w.come("club", "ann", "another attempt"); another == lost {
		t.Error("another key signs in by the same login")
	}
	if another, _ := w.come("club", "ann", ""); another == lost {
		t.Error("no key signs in by the same login")
	}
	w.use(first.Access) // the answer was slow, and not lost
	w.pass(30 * day)    // and the token that was used is forgotten
	if _, err := w.Prune(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after, _ := w.come("club", "ann", "my attempt"); after == lost {
		t.Error("an attempt whose answer has arrived is answered again")
	}
}

// An account can be had back by a login that somebody has, and by an identity that this server takes; by nothing else.
func TestWhatAnAccountCanBeHadBackBy(t *testing.T) {
	w := newClubs(t)
	for name, c := range map[string]struct {
		has  func(old player.Login)
		want bool
	}{
		"nothing":                            {func(player.Login) {}, false},
		"a login whose tokens never arrived": {func(player.Login) { w.come("club", "ann", "") }, false},
		"a login that was used": {func(player.Login) {
			_, issued := w.come("club", "ann", "")
			w.use(issued.Access)
		}, true},
		"a login that was used, but not today": {func(player.Login) {
			_, issued := w.come("club", "ann", "")
			w.use(issued.Access)
			w.pass(30 * day)
			if _, err := w.Prune(w.t.Context()); err != nil {
				w.t.Fatal(err)
			}
		}, true},
		"another identity": {func(old player.Login) { must(w.t, w.put(old, "other", "ann", "")) }, true},
		"an identity of a provider that is no more": {func(old player.Login) {
			must(w.t, w.put(old, "other", "ann", ""))
			w.Providers = w.Providers[:1]
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			w = newClubs(t)
			old := w.person()
			must(t, w.put(old, "club", "ann", ""))
			c.has(old)
			must(t, w.SignOut(t.Context(), old))
			if other := w.asked(w.put(w.person(), "club", "ann", "")).Other; other.Recoverable != c.want || name == "nothing" && !other.LastUsedAt.IsZero() {
				t.Errorf("%+v", other)
			}
		})
	}
}

// The person has chosen between two accounts. Meanwhile a third one has the identity, of which nobody has told them.
func TestTheChoiceIsBetweenTheAccountsThatWereShown(t *testing.T) {
	w := newClubs(t)
	ann, bob, eve := w.person(), w.person(), w.person()
	must(t, w.put(ann, "club", "ann", ""))
	shown := w.asked(w.put(bob, "club", "ann", "")).Other.ID
	must(t, w.put(eve, "club", "ann", ann.Player))
	if now := w.asked(w.put(bob, "club", "ann", shown)); now.Other.ID != eve.Player || now.Mine.ID != bob.Player {
		t.Errorf("asked about %s and %s", now.Mine.ID, now.Other.ID)
	}
	must(t, w.put(bob, "club", "ann", eve.Player))
	must(t, w.put(bob, "club", "ann", eve.Player)) // its answer was lost
	if _, err := w.SignInBy(t.Context(), "club", "ann", "", ""); err != nil {
		t.Error(err)
	}
}

// slow is a store in which something happens right after an identity was refused.
type slow struct {
	player.Store
	meanwhile func()
}

func (s *slow) PutIdentity(ctx context.Context, i player.Identity, insteadOf player.ID) (player.Identity, error) {
	kept, err := s.Store.PutIdentity(ctx, i, insteadOf)
	if f := s.meanwhile; f != nil && errors.Is(err, player.ErrTaken) {
		s.meanwhile = nil
		f()
	}
	return kept, err
}

func TestNobodyIsAskedToChooseBetweenOneAccount(t *testing.T) {
	w := newClubs(t)
	ann, bob := w.person(), w.person()
	must(t, w.put(ann, "club", "ann", ""))
	w.Store = &slow{w.Store, func() { must(t, w.put(bob, "club", "ann", ann.Player)) }}
	if asked := w.asked(w.put(bob, "club", "ann", "")); asked.Mine.ID != bob.Player || asked.Other.ID != ann.Player {
		t.Errorf("%s or %s", asked.Mine.ID, asked.Other.ID)
	}
	must(t, w.put(bob, "club", "ann", ann.Player)) // bob's already

	eve := w.person()
	w.Store = &slow{w.Store, func() { must(t, w.Delete(t.Context(), bob)) }}
	if err := w.put(eve, "club", "ann", ""); !errors.Is(err, player.ErrTaken) { // ask again
		t.Errorf("the other account has gone: %v", err)
	}
	must(t, w.put(eve, "club", "ann", ""))
}
