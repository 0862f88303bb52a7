package player_test

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"yourturn/player"
)

// show expects a code by a login.
func (w *world) show(by player.Login) string {
	w.t.Helper()
	code, ends, err := w.NewLinkCode(w.t.Context(), by)
	if err != nil || !ends.Equal(w.now.Add(10*time.Minute)) || len(code) != 8 {
		w.t.Fatalf("%q until %s: %v", code, ends, err)
	}
	return code
}

// link expects that a code signs in.
func (w *world) link(code, key string) (player.Login, player.Issued) {
	w.t.Helper()
	issued, err := w.Link(w.t.Context(), code, key)
	if err != nil {
		w.t.Fatalf("link: %v", err)
	}
	return player.Login{ID: issued.Tokens[0].Login, Player: issued.Tokens[0].Player}, issued
}

func (w *world) alive(want bool, l player.Login) {
	w.t.Helper()
	if got := w.Alive(w.t.Context(), l.ID); got != want {
		w.t.Errorf("the login is alive: %v", got)
	}
}

func (w *world) refusesCode(what, code, key string) {
	w.t.Helper()
	if issued, err := w.Link(w.t.Context(), code, key); !errors.Is(err, player.ErrBadCode) || issued.Access != "" {
		w.t.Errorf("%s: %v", what, err)
	}
}

func TestALinkCodeSignsInOnce(t *testing.T) {
	w := newWorld(t)
	_, issued := w.guest()
	phone := w.use(issued.Access)
	code := w.show(phone)
	tablet, second := w.link(code, "")
	if tablet.Player != phone.Player || tablet.ID == phone.ID {
		t.Errorf("%+v by a code of %+v", tablet, phone)
	}
	if w.use(second.Access) != tablet {
		t.Error("the tokens are not of that login")
	}
	w.refusesCode("again", code, "")
	w.refusesCode("again with a key", code, "key")
	w.refusesCode("unknown", "00000000", "")
	w.refusesCode("empty", "", "")
	w.refresh(issued.Refresh)
	w.refresh(second.Refresh)
	if err := w.SignOut(t.Context(), tablet); err != nil {
		t.Fatal(err)
	}
	w.alive(true, phone)
	w.alive(false, tablet)
}

func TestALinkCodeEnds(t *testing.T) {
	for name, end := range map[string]func(w *world, phone player.Login){
		"after 10 minutes":        func(w *world, _ player.Login) { w.pass(10 * time.Minute) },
		"with a newer one":        func(w *world, phone player.Login) { w.show(phone) },
		"with the login":          func(w *world, phone player.Login) { _ = w.SignOut(w.t.Context(), phone) },
		"with the account":        func(w *world, phone player.Login) { _ = w.Delete(w.t.Context(), phone) },
		"before it could be used": func(w *world, phone player.Login) { w.link(w.show(phone), "") },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			_, issued := w.guest()
			phone := w.use(issued.Access)
			code := w.show(phone)
			end(w, phone)
			w.refusesCode("at its end", code, "")
		})
	}
	w := newWorld(t)
	_, issued := w.guest()
	code := w.show(w.use(issued.Access))
	w.pass(10*time.Minute - time.Millisecond)
	w.link(code, "")
	w.pass(2 * time.Millisecond)
	if n, err := w.Prune(t.Context()); err != nil || n != 1 {
		t.Errorf("pruned %d codes, %v", n, err)
	}
	if _, _, err := w.NewLinkCode(t.Context(), player.Login{ID: "gone", Player: "nobody"}); !errors.Is(err, player.ErrInvalid) {
		t.Errorf("a code by a login that has ended: %v", err)
	}
}

func TestALostAnswerToALinkCode(t *testing.T) {
	w := newWorld(t)
	_, issued := w.guest()
	phone := w.use(issued.Access)
	code := w.show(phone)
	lost, first := w.link(code, "my attempt")
	w.refusesCode("somebody else's key", code, "another attempt")
	w.refusesCode("no key", code, "")
	w.pass(9 * time.Minute)
	again, second := w.link(code, "my attempt")
	if again != lost {
		t.Errorf("%+v, then %+v", lost, again)
	}
	if logins, err := w.Logins(t.Context(), phone.Player); err != nil || len(logins) != 2 {
		t.Errorf("%+v, %v", logins, err)
	}
	w.use(second.Access)
	w.use(first.Access) // the answer was slow, and not lost
	w.refusesCode("it has arrived", code, "my attempt")

	code = w.show(phone)
	lost, _ = w.link(code, "my attempt")
	if err := w.SignOutOther(t.Context(), phone.Player, lost.ID); err != nil {
		t.Fatal(err)
	}
	w.refusesCode("the login has ended", code, "my attempt")
	code = w.show(phone)
	w.link(code, "my attempt")
	w.pass(10 * time.Minute)
	w.refusesCode("too late", code, "my attempt")
}

// Forty bits are few. What the database holds of them must cost more than one hash for each guess.
func TestAttackTheDatabaseHoldsNoLinkCode(t *testing.T) {
	w := newWorld(t)
	_, issued := w.guest()
	code := w.show(w.use(issued.Access))
	w.link(code, "the key")
	var kept strings.Builder
	for _, suffix := range []string{"", "-wal"} {
		raw, err := os.ReadFile(w.file + suffix)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		kept.Write(raw)
	}
	stretched := func(rounds int) (hash player.Hash) {
		key, err := pbkdf2.Key(sha256.New, code, []byte("yourturn link code"), rounds, len(hash))
		if err != nil {
			t.Fatal(err)
		}
		copy(hash[:], key)
		return hash
	}
	for name, c := range map[string]struct {
		hash player.Hash
		in   bool
	}{
		"a hash of the key":             {player.HashOf("the key"), true}, // the control: the test looks in the right place
		"a hash of the code":            {player.HashOf(code), false},
		"the code, hashed twice":        {stretched(1), false},
		"the code, hashed 10,000 times": {stretched(10_000), true}, // so that nodes of two builds understand each other
	} {
		if strings.Contains(kept.String(), string(c.hash[:])) != c.in {
			t.Errorf("the database holds %s: %v", name, !c.in)
		}
	}
	if strings.Contains(kept.String(), code) {
		t.Error("the database holds the code")
	}
}

// A thief who has the phone's tokens makes a login of its own by a code. When the theft is noticed that ends too; a tablet
// that was signed in before the tokens were there does not.
func TestAttackAThiefsLinkCode(t *testing.T) {
	w := newWorld(t)
	_, owners := w.guest()
	phone := w.use(owners.Access)
	tablet, _ := w.link(w.show(phone), "")
	w.pass(30 * day)
	owners = w.refresh(owners.Refresh)
	w.use(owners.Access) // a copy is made of these

	before, _ := w.link(w.show(w.use(owners.Access)), "")
	w.pass(day)
	thiefs := w.refresh(owners.Refresh)
	second, _ := w.link(w.show(w.use(thiefs.Access)), "")
	third, last := w.link(w.show(second), "")
	w.use(last.Access)
	open := w.show(third)
	w.pass(2 * time.Minute)
	w.refuses("", nil, owners.Refresh, player.ErrInvalid) // the owner comes back
	for name, l := range map[string]player.Login{"the stolen one": phone, "by the stolen access token": before, "the thief's": second, "by the thief's": third} {
		if w.Alive(t.Context(), l.ID) {
			t.Errorf("%s is alive", name)
		}
	}
	w.alive(true, tablet)
	w.refusesCode("a code that the thief has shown", open, "")
	w.refuses(last.Access, player.ErrInvalid, last.Refresh, player.ErrInvalid)
	if len(w.signedOut) != 4 {
		t.Errorf("told of %+v", w.signedOut)
	}
}

// To sign out is no theft: who was signed in by that device stays.
func TestWhoSignsOutTakesNobodyAlong(t *testing.T) {
	w := newWorld(t)
	_, issued := w.guest()
	phone := w.use(issued.Access)
	tablet, _ := w.link(w.show(phone), "")
	if err := w.SignOut(t.Context(), phone); err != nil {
		t.Fatal(err)
	}
	w.alive(true, tablet)
}

func TestLoginsAreListedAndEnded(t *testing.T) {
	w := newWorld(t)
	p, issued := w.guest()
	other, _ := w.guest()
	phone := w.use(issued.Access)
	made := w.now
	w.pass(time.Hour)
	tablet, second := w.link(w.show(phone), "")
	w.use(second.Access)
	w.pass(30 * time.Minute)
	w.use(w.refresh(issued.Refresh).Access)
	logins, err := w.Logins(t.Context(), p.ID)
	want := []player.SignIn{
		{Login: phone, CreatedAt: made, LastUsedAt: w.now, Arrived: true},
		{Login: tablet, MadeBy: phone.ID, CreatedAt: made.Add(time.Hour), LastUsedAt: made.Add(time.Hour), Arrived: true},
	}
	if err != nil || len(logins) != 2 || logins[0] != want[0] || logins[1] != want[1] {
		t.Errorf("%+v, %v; want %+v", logins, err, want)
	}
	for _, id := range []player.LoginID{"nobody's", tablet.ID} { // of somebody else's, and not there
		if err := w.SignOutOther(t.Context(), other.ID, id); err != nil {
			t.Error(err)
		}
	}
	w.alive(true, tablet)
	if err := w.SignOutOther(t.Context(), p.ID, tablet.ID); err != nil {
		t.Fatal(err)
	}
	w.alive(false, tablet)
	w.alive(true, phone)
	if len(w.signedOut) != 1 || w.signedOut[0] != tablet {
		t.Errorf("told of %+v", w.signedOut)
	}
	w.refuses(second.Access, player.ErrInvalid, second.Refresh, player.ErrInvalid)
}

func TestThereAreFiftyLoginsAtMost(t *testing.T) {
	w := newWorld(t)
	p, issued := w.guest()
	phone := w.use(issued.Access)
	var all []player.Login
	for range player.MaxLogins - 1 {
		w.pass(time.Minute)
		l, _ := w.link(w.show(phone), "")
		all = append(all, l)
	}
	w.use(w.refresh(issued.Refresh).Access) // the oldest, and the last that was used
	w.alive(true, all[0])
	w.pass(time.Minute)
	last, _ := w.link(w.show(phone), "")
	w.alive(false, all[0])
	for _, l := range []player.Login{phone, all[1], last} {
		w.alive(true, l)
	}
	if logins, err := w.Logins(t.Context(), p.ID); err != nil || len(logins) != player.MaxLogins {
		t.Errorf("%d logins, %v", len(logins), err)
	}
}
