package store_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"yourturn/player"
	"yourturn/store/enginetest"
	"yourturn/store/faultdb"
)

// login signs a player up and returns the login.
func (p *process) login(t *testing.T) player.Login {
	t.Helper()
	made, issued, err := p.players.Create(t.Context(), player.Profile{})
	must(t, err)
	return player.Login{ID: issued.Tokens[0].Login, Player: made.ID}
}

func (p *process) code(t *testing.T, by player.Login) string {
	t.Helper()
	code, _, err := p.players.NewLinkCode(t.Context(), by)
	must(t, err)
	return code
}

func (p *process) logins(t *testing.T, id player.ID) int {
	t.Helper()
	logins, err := p.players.Logins(t.Context(), id)
	must(t, err)
	return len(logins)
}

func TestALinkCodeOfTwentyDevicesMakesOneLogin(t *testing.T) {
	onAll(t, func(t *testing.T, one *process, database string) {
		two := one.open(t, database)
		for round := range 5 {
			phone := one.login(t)
			code := one.code(t, phone)
			var in atomic.Int64
			var all sync.WaitGroup
			for n := range 20 {
				p := []*process{one, two}[n%2]
				all.Go(func() {
					key := map[bool]string{true: fmt.Sprint(n)}[round%2 == 0]
					_, err := p.players.Link(t.Context(), code, key)
					if err == nil {
						in.Add(1)
					} else if !errors.Is(err, player.ErrBadCode) {
						t.Errorf("device %d: %v", n, err)
					}
				})
			}
			all.Wait()
			if n, made := in.Load(), one.logins(t, phone.Player)-1; n != 1 || made != 1 {
				t.Errorf("%d devices are in, by %d logins", n, made)
			}
		}
	})
}

// One device that asks impatiently: each of its requests is answered with tokens of the one login.
func TestALinkCodeAskedTwentyTimesByOneDevice(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		phone := p.login(t)
		code := p.code(t, phone)
		var made sync.Map
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				issued, err := p.players.Link(t.Context(), code, "the same")
				if err != nil {
					t.Error(err)
					return
				}
				made.Store(issued.Tokens[0].Login, true)
			})
		}
		all.Wait()
		n := 0
		made.Range(func(any, any) bool { n++; return true })
		if n != 1 || p.logins(t, phone.Player) != 2 {
			t.Errorf("tokens of %d logins, and there are %d", n, p.logins(t, phone.Player))
		}
	})
}

// The connection breaks as the code is spent, before or after. Asking again with the key signs in, by one login.
func TestALinkCodeWhoseCommitIsNotAnswered(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		w := newWorld()
		migrate(t, database)
		for name, reach := range map[string]faultdb.Reach{"never arrived": faultdb.Unsent, "answer lost": faultdb.Reached} {
			t.Run(name, func(t *testing.T) {
				var faults faultdb.Faults
				p := w.open(t, database, through(&faults))
				phone := p.login(t)
				code := p.code(t, phone)
				rule := faults.Add(&faultdb.Rule{On: faultdb.Is("COMMIT"), Times: 1, Cut: true, Reach: reach})
				if _, err := p.players.Link(t.Context(), code, "the key"); err == nil || errors.Is(err, player.ErrBadCode) {
					t.Errorf("the answer to what nobody knows: %v", err)
				}
				if rule.Hits() != 1 {
					t.Fatal("no commit was hit")
				}
				issued, err := p.players.Link(t.Context(), code, "the key")
				must(t, err)
				_, err = p.players.Authenticate(t.Context(), issued.Access)
				must(t, err)
				if n := p.logins(t, phone.Player); n != 2 {
					t.Errorf("%d logins", n)
				}
				if _, err := p.players.Link(t.Context(), code, "the key"); !errors.Is(err, player.ErrBadCode) {
					t.Errorf("once the tokens were used: %v", err)
				}
			})
		}
	})
}

// Codes are asked for at once by two devices of a player: one of them works in the end, and both are told so or refused.
func TestTwoDevicesShowACodeAtOnce(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		phone := p.login(t)
		var codes [20]string
		var all sync.WaitGroup
		for n := range codes {
			all.Go(func() {
				var err error
				if codes[n], _, err = p.players.NewLinkCode(t.Context(), phone); err != nil && !errors.Is(err, player.ErrTaken) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		working := 0
		for _, code := range codes {
			if _, err := p.players.Link(t.Context(), code, ""); err == nil {
				working++
			} else if !errors.Is(err, player.ErrBadCode) {
				t.Error(err)
			}
		}
		if working != 1 {
			t.Errorf("%d of the codes worked", working)
		}
	})
}

func TestTheEndOfAPlayerIsTheEndOfCodesAndIdentities(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, database string) {
		phone := p.login(t)
		code := p.code(t, phone)
		_, err := p.PutIdentity(t.Context(), identity(phone.Player, "ann"), "")
		must(t, err)
		must(t, p.players.Delete(t.Context(), phone))
		for _, table := range []string{"link_codes", "identities", "logins", "tokens"} {
			if n := number(t, raw(t, database), "SELECT COUNT(*) FROM "+table); n != 0 {
				t.Errorf("%d rows of %s", n, table)
			}
		}
		if _, err := p.players.Link(t.Context(), code, ""); !errors.Is(err, player.ErrBadCode) {
			t.Errorf("a code of nobody's: %v", err)
		}
		if err := p.AddLogin(t.Context(), player.SignIn{Login: player.Login{ID: "l", Player: phone.Player}}, player.Issued{}); !errors.Is(err, player.ErrNotFound) {
			t.Errorf("a login of nobody's: %v", err)
		}
		if _, err := p.PutIdentity(t.Context(), identity(phone.Player, "ann"), ""); !errors.Is(err, player.ErrNotFound) {
			t.Errorf("an identity of nobody's: %v", err)
		}
	})
}
