package store_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	gocmp "github.com/google/go-cmp/cmp"

	"yourturn/notify"
	"yourturn/player"
	"yourturn/store/enginetest"
	"yourturn/store/faultdb"
)

// signUp makes a player with a login.
func (p *process) signUp(t *testing.T) player.Login {
	t.Helper()
	_, issued, err := p.players.Create(t.Context(), player.Profile{Locale: "de"})
	must(t, err)
	login, err := p.players.Authenticate(t.Context(), issued.Access)
	must(t, err)
	return login
}

// another is one more login of a player.
func (p *process) another(t *testing.T, of player.Login) player.Login {
	t.Helper()
	login := player.Login{ID: player.LoginID(p.newID()), Player: of.Player}
	_, err := raw(t, p.database).Exec("INSERT INTO logins (id, player_id, created_at, expires_at) VALUES (?, ?, 0, ?)",
		string(login.ID), string(login.Player), p.Now().Add(player.RefreshLife).UnixMilli())
	must(t, err)
	return login
}

// device is one of a login's, with an address of its own.
func (p *process) device(of player.Login, id string) notify.Device {
	return notify.Device{
		Player: notify.PlayerID(of.Player), ID: notify.DeviceID(id), Login: notify.LoginID(of.ID), Channel: notify.APNs,
		Address: notify.Address{Token: "token-" + p.newID(), Environment: "production"}, Texts: notify.TextsByServer, Registered: p.Now(),
	}
}

// register keeps a new device.
func (p *process) register(t *testing.T, of player.Login, id string) notify.Device {
	t.Helper()
	d := p.device(of, id)
	must(t, p.PutDevice(t.Context(), d, notify.MaxDevices))
	return d
}

// has compares a player's devices with those that it should have.
func (p *process) has(t *testing.T, who player.Login, want ...notify.Device) {
	t.Helper()
	got, err := p.Devices(t.Context(), notify.PlayerID(who.Player))
	must(t, err)
	for i := range got {
		got[i].Fallback = "" // joined in from the player
	}
	slices.SortFunc(want, func(a, b notify.Device) int { return cmp.Compare(a.ID, b.ID) })
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("devices of %s: want - got +\n%s", who.Player, diff)
	}
}

func TestDeviceReadsBackAsItWasRegistered(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		ann, bob := p.signUp(t), p.signUp(t)
		web := p.device(ann, "web")
		web.Channel, web.Locale, web.Texts = notify.WebPush, "pt-BR", notify.TextsByApp
		web.Address = notify.Address{Token: "https://push.example/" + strings.Repeat("x", 4096-21), P256DH: strings.Repeat("p", 87), Auth: strings.Repeat("a", 22)}
		must(t, p.PutDevice(t.Context(), web, notify.MaxDevices))
		phone, tablet := p.register(t, ann, "phone"), p.register(t, bob, "phone")
		p.has(t, ann, phone, web)
		p.has(t, bob, tablet)
		both, err := p.DevicesOf(t.Context(), []notify.PlayerID{phone.Player, tablet.Player, "nobody"})
		must(t, err)
		if len(both) != 3 {
			t.Errorf("devices of both: %+v", both)
		}
		for _, d := range both {
			if d.Fallback != "de" {
				t.Errorf("%s of %s falls back to %q", d.ID, d.Player, d.Fallback)
			}
		}
	})
}

func TestDeviceRegisteredAgainIsTheSameOne(t *testing.T) {
	changes := map[string]func(t *testing.T, p *process, d *notify.Device){
		"unchanged":        func(*testing.T, *process, *notify.Device) {},
		"another token":    func(_ *testing.T, _ *process, d *notify.Device) { d.Address.Token += "2" },
		"another instant":  func(_ *testing.T, _ *process, d *notify.Device) { d.Registered = d.Registered.Add(time.Hour) },
		"another language": func(_ *testing.T, _ *process, d *notify.Device) { d.Locale, d.Texts = "ja", notify.TextsByApp },
		"another login": func(t *testing.T, p *process, d *notify.Device) {
			d.Login = notify.LoginID(p.another(t, player.Login{Player: player.ID(d.Player)}).ID)
		},
		"another channel": func(_ *testing.T, _ *process, d *notify.Device) {
			d.Channel, d.Address = notify.WebPush, notify.Address{Token: d.Address.Token, P256DH: "p", Auth: "a"}
		},
	}
	enginetest.Each(t, func(t *testing.T, database string) {
		p := open(t, database)
		for name, change := range changes {
			t.Run(name, func(t *testing.T) {
				ann := p.signUp(t)
				d := p.register(t, ann, "phone")
				tablet := p.register(t, ann, "tablet")
				change(t, p, &d)
				must(t, p.PutDevice(t.Context(), d, 2)) // where there is no room for one more
				p.has(t, ann, d, tablet)
			})
		}
		sound(t, database)
	})
}

func TestDeviceIsForgotten(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		ann, bob := p.signUp(t), p.signUp(t)
		p.register(t, ann, "phone")
		tablet, other := p.register(t, ann, "tablet"), p.register(t, bob, "phone")
		for range 2 { // the second time it is gone already
			must(t, p.DeleteDevice(t.Context(), tablet.Player, "phone"))
		}
		p.has(t, ann, tablet)
		p.has(t, bob, other)
	})
}

func TestAddressBelongsToWhoRegisteredItLast(t *testing.T) {
	moves := map[string]func(ann, bob player.Login) (to player.Login, id string){
		"another player":                     func(_, bob player.Login) (player.Login, string) { return bob, "new" },
		"another player's own device":        func(_, bob player.Login) (player.Login, string) { return bob, "phone" },
		"another id":                         func(ann, _ player.Login) (player.Login, string) { return ann, "new" },
		"another device of the same player":  func(ann, _ player.Login) (player.Login, string) { return ann, "tablet" },
		"a player whose devices are as many": func(_, bob player.Login) (player.Login, string) { return bob, "tablet" },
	}
	enginetest.Each(t, func(t *testing.T, database string) {
		p := open(t, database)
		for name, move := range moves {
			t.Run(name, func(t *testing.T) {
				logins := []player.Login{p.signUp(t), p.signUp(t)}
				kept := map[string]notify.Device{}
				for _, who := range logins {
					for _, id := range []string{"phone", "tablet"} {
						kept[string(who.Player)+id] = p.register(t, who, id)
					}
				}
				taken := kept[string(logins[0].Player)+"phone"]
				to, id := move(logins[0], logins[1])
				moved := p.device(to, id)
				moved.Address = taken.Address
				must(t, p.PutDevice(t.Context(), moved, notify.MaxDevices))
				delete(kept, string(taken.Player)+"phone")
				kept[string(to.Player)+id] = moved
				for _, who := range logins {
					var want []notify.Device
					for _, d := range kept {
						if d.Player == notify.PlayerID(who.Player) {
							want = append(want, d)
						}
					}
					p.has(t, who, want...)
				}
			})
		}
		sound(t, database)
	})
}

func TestTokenOfAnotherChannelIsAnotherAddress(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		ann, bob := p.signUp(t), p.signUp(t)
		apple := p.register(t, ann, "phone")
		google := p.device(bob, "phone")
		google.Channel, google.Address.Token = notify.FCM, apple.Address.Token
		must(t, p.PutDevice(t.Context(), google, notify.MaxDevices))
		p.has(t, ann, apple)
		p.has(t, bob, google)
	})
}

func TestDevicesAreToldApartByTheirBytes(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		ann := p.signUp(t)
		var all []notify.Device
		for _, id := range []string{"aB", "Ab", "ab", "AB"} {
			d := p.device(ann, id)
			d.Address.Token = strings.Repeat(id, 2048) // 4096 characters
			must(t, p.PutDevice(t.Context(), d, notify.MaxDevices))
			all = append(all, d)
		}
		p.has(t, ann, slices.Clone(all)...)
		must(t, p.DeleteDevice(t.Context(), all[0].Player, all[0].ID))
		p.has(t, ann, all[1:]...)
	})
}

func TestDevicesAreBounded(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		ann, bob := p.signUp(t), p.signUp(t)
		one, two := p.register(t, ann, "one"), p.register(t, ann, "two")
		other := p.register(t, bob, "other")
		if err := p.PutDevice(t.Context(), p.device(ann, "three"), 2); !errors.Is(err, notify.ErrTooManyDevices) {
			t.Errorf("one more: %v", err)
		}
		robbed := p.device(ann, "three")
		robbed.Address = other.Address
		if err := p.PutDevice(t.Context(), robbed, 2); !errors.Is(err, notify.ErrTooManyDevices) {
			t.Errorf("one more, with somebody's address: %v", err)
		}
		p.has(t, bob, other)
		three := p.device(ann, "three") // takes the place of the one that it has the address of
		three.Address = one.Address
		must(t, p.PutDevice(t.Context(), three, 2))
		p.has(t, ann, two, three)
	})
}

func TestDevicesAreBoundedExactly(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		one := open(t, database)
		two := one.open(t, database)
		ann := one.signUp(t)
		errs := make([]error, 24)
		var all sync.WaitGroup
		for i := range errs {
			all.Go(func() {
				p := []*process{one, two}[i%2]
				errs[i] = p.PutDevice(context.Background(), p.device(ann, fmt.Sprint("device", i)), 5)
			})
		}
		all.Wait()
		taken := 0
		for _, err := range errs {
			if err == nil {
				taken++
			} else if !errors.Is(err, notify.ErrTooManyDevices) {
				t.Error(err)
			}
		}
		if taken != 5 {
			t.Errorf("%d devices were taken", taken)
		}
		sound(t, database)
	})
}

// A bound that was higher once must not keep the count from going down.
func TestDevicesBeyondALowerBoundAreStillCounted(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		ann, bob := p.signUp(t), p.signUp(t)
		var all []notify.Device
		for i := range notify.MaxDevices + 3 {
			d := p.device(ann, fmt.Sprintf("device%02d", i))
			must(t, p.PutDevice(t.Context(), d, notify.MaxDevices+3))
			all = append(all, d)
		}
		must(t, p.DeleteDevice(t.Context(), all[0].Player, all[0].ID))
		taken := p.device(bob, "phone")
		taken.Address = all[1].Address
		must(t, p.PutDevice(t.Context(), taken, 1))
		p.has(t, ann, all[2:]...)
	})
}

func TestDeviceOfAnEndedLoginIsRefused(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		ann, bob := p.signUp(t), p.signUp(t)
		other := p.another(t, ann)
		kept, theirs := p.register(t, other, "kept"), p.register(t, bob, "theirs")
		p.register(t, ann, "gone")
		must(t, p.EndLogin(t.Context(), ann.ID))
		p.has(t, ann, kept)
		late := p.device(ann, "late")
		late.Address = theirs.Address
		if err := p.PutDevice(t.Context(), late, notify.MaxDevices); !errors.Is(err, notify.ErrNoLogin) {
			t.Errorf("a new one: %v", err)
		}
		kept.Login = late.Login
		if err := p.PutDevice(t.Context(), kept, notify.MaxDevices); !errors.Is(err, notify.ErrNoLogin) {
			t.Errorf("one of another login: %v", err)
		}
		p.has(t, bob, theirs)
	})
}

func TestDeviceThatChangedItsLoginOutlivesTheOldOne(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		ann := p.signUp(t)
		d := p.register(t, ann, "phone")
		d.Login = notify.LoginID(p.another(t, ann).ID)
		must(t, p.PutDevice(t.Context(), d, notify.MaxDevices))
		must(t, p.EndLogin(t.Context(), ann.ID))
		p.has(t, ann, d)
	})
}

func TestExpiredLoginTakesItsDevicesAlong(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		ann := p.signUp(t)
		p.register(t, ann, "phone")
		p.advance(player.RefreshLife + time.Hour)
		young := p.signUp(t)
		kept := p.register(t, young, "phone")
		tablet := p.register(t, p.another(t, ann), "tablet")
		for range 2 {
			_, err := p.players.Prune(t.Context())
			must(t, err)
		}
		p.has(t, young, kept)
		p.has(t, ann, tablet)
	})
}

// Whoever signs out while the app registers must not be pushed to ever after.
func TestSignOutRacesWithRegistration(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		one := open(t, database)
		two := one.open(t, database)
		for range 15 {
			ann := one.signUp(t)
			one.register(t, ann, "phone")
			var all sync.WaitGroup
			for i := range 4 {
				all.Go(func() {
					p := []*process{one, two}[i%2]
					err := p.PutDevice(context.Background(), p.device(ann, []string{"phone", "tablet"}[i/2]), notify.MaxDevices)
					if err != nil && !errors.Is(err, notify.ErrNoLogin) {
						t.Error(err)
					}
				})
			}
			all.Go(func() {
				if err := two.EndLogin(context.Background(), ann.ID); err != nil {
					t.Error(err)
				}
			})
			all.Wait()
			one.has(t, ann)
		}
		sound(t, database)
	})
}

// untilWaiting returns when a transaction on the server waits for the lock of another one.
func untilWaiting(t *testing.T, database string) {
	t.Helper()
	db, patience := raw(t, database), time.Now().Add(time.Minute)
	for waiting := 0; waiting == 0; {
		var name string
		must(t, db.QueryRow("SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_current_waits'").Scan(&name, &waiting))
		if time.Now().After(patience) {
			t.Fatal("nobody waits for a lock")
		}
	}
}

// A registration that is half done, and a sign-out at the same instant.
func TestSignOutWaitsForARegistration(t *testing.T) {
	onServers(t, func(t *testing.T, database string) {
		var faults faultdb.Faults
		p := open(t, database, through(&faults))
		ann := p.signUp(t)
		hold := make(chan struct{})
		held := faults.Add(&faultdb.Rule{On: faultdb.Is("INSERT INTO devices"), Times: 1, Hold: hold})
		var both sync.WaitGroup
		both.Go(func() {
			if err := p.PutDevice(context.Background(), p.device(ann, "phone"), notify.MaxDevices); err != nil {
				t.Error(err)
			}
		})
		<-held.First()
		both.Go(func() {
			if err := p.EndLogin(context.Background(), ann.ID); err != nil {
				t.Error(err)
			}
		})
		untilWaiting(t, database)
		close(hold)
		both.Wait()
		p.has(t, ann)
		sound(t, database)
	})
}

// Many players claim one address at the same time, each again and again.
func TestStolenAddressHasOneOwner(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		one := open(t, database)
		two := one.open(t, database)
		address := notify.Address{Token: "stolen"}
		var all sync.WaitGroup
		for i := range 8 {
			p := []*process{one, two}[i%2]
			who := p.signUp(t)
			own := p.register(t, who, "own")
			all.Go(func() {
				for n := range 10 {
					d := own
					d.ID = notify.DeviceID([]string{"own", "new"}[n%2])
					d.Address = address
					if err := p.PutDevice(context.Background(), d, 2); err != nil {
						t.Errorf("try %d: %v", n, err)
					}
				}
			})
		}
		all.Wait()
		if n := number(t, raw(t, database), "SELECT COUNT(*) FROM devices WHERE token = 'stolen'"); n != 1 {
			t.Errorf("%d devices have one address", n)
		}
		sound(t, database)
	})
}

// randomDevices does anything with the devices of a few players who know each other's addresses.
type randomDevices struct {
	*process
	dice   *rand.Rand
	people []*person // shared by all
}

type person struct {
	mu     sync.Mutex
	player player.ID
	logins []player.Login
}

func (d *randomDevices) anybody() (*person, player.Login) {
	who := d.people[d.dice.IntN(len(d.people))]
	who.mu.Lock()
	defer who.mu.Unlock()
	return who, who.logins[d.dice.IntN(len(who.logins))]
}

const fewDevices = 3

func (d *randomDevices) anything(t *testing.T, ctx context.Context) error {
	who, login := d.anybody()
	id := fmt.Sprint("device", d.dice.IntN(fewDevices+2))
	switch n := d.dice.IntN(100); {
	case n < 60:
		device := d.device(login, id)
		device.Address.Token = fmt.Sprint("token", d.dice.IntN(12))
		return d.PutDevice(ctx, device, fewDevices)
	case n < 80:
		return d.DeleteDevice(ctx, notify.PlayerID(login.Player), notify.DeviceID(id))
	case n < 90:
		return d.forget(ctx, login)
	case n < 96:
		return d.signInAgain(t, ctx, who, login)
	}
	return d.replace(t, ctx, who)
}

// forget lets a provider say that one of the devices is gone, and that the others were refused.
func (d *randomDevices) forget(ctx context.Context, login player.Login) error {
	found, err := d.Devices(ctx, notify.PlayerID(login.Player))
	if err != nil || len(found) == 0 {
		return err
	}
	gone := d.dice.IntN(len(found))
	var lot []notify.Settlement
	for i := range found {
		s := notify.Settlement{To: &found[i], Asked: true, Class: notify.Rejected}
		s.Delivery = d.delivery(found[i])
		s.Status = notify.Failed
		if i == gone {
			s.Class = notify.Gone
		}
		if err := d.AddDelivery(ctx, leased(s.Delivery, time.Hour)); err != nil {
			return err
		}
		lot = append(lot, s)
	}
	return d.Settle(ctx, lot)
}

func (d *randomDevices) signInAgain(t *testing.T, ctx context.Context, who *person, old player.Login) error {
	fresh := d.another(t, old)
	who.mu.Lock()
	if i := slices.Index(who.logins, old); i >= 0 {
		who.logins[i] = fresh
	}
	who.mu.Unlock()
	return d.EndLogin(ctx, old.ID)
}

// replace deletes an account and makes another.
func (d *randomDevices) replace(t *testing.T, ctx context.Context, who *person) error {
	fresh := d.signUp(t)
	who.mu.Lock()
	gone := who.player
	who.player, who.logins = fresh.Player, []player.Login{fresh}
	who.mu.Unlock()
	return d.ErasePlayer(ctx, gone, d.Now())
}

func TestRandomRegistrationsKeepTheCountsRight(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		one := open(t, database)
		processes := []*process{one, one.open(t, database)}
		var people []*person
		for range 4 {
			login := one.signUp(t)
			people = append(people, &person{player: login.Player, logins: []player.Login{login, one.another(t, login)}})
		}
		var all sync.WaitGroup
		for i := range 8 {
			d := &randomDevices{process: processes[i%2], dice: rand.New(rand.NewPCG(5, uint64(i))), people: people}
			all.Go(func() {
				for range 80 {
					err := d.anything(t, context.Background())
					if err != nil && !errors.Is(err, notify.ErrTooManyDevices) && !errors.Is(err, notify.ErrNoLogin) {
						t.Error(err)
						return
					}
				}
			})
		}
		all.Wait()
		sound(t, database)
		if n := number(t, raw(t, database), "SELECT MAX(devices) FROM counters"); n > fewDevices {
			t.Errorf("somebody has %d devices", n)
		}
	})
}

// A registration whose COMMIT was not answered is made again by its app.
func TestUnansweredRegistrationCountsOnce(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		migrate(t, database)
		w := newWorld()
		for name, reach := range map[string]faultdb.Reach{"never arrived": faultdb.Unsent, "answer lost": faultdb.Reached} {
			t.Run(name, func(t *testing.T) {
				var faults faultdb.Faults
				p := w.open(t, database, through(&faults))
				ann, bob := p.signUp(t), p.signUp(t)
				old := p.register(t, bob, "old")
				d := p.device(ann, "phone")
				d.Address = old.Address
				lost := faults.Add(&faultdb.Rule{On: faultdb.Is("COMMIT"), Times: 1, Cut: true, Reach: reach})
				if err := p.PutDevice(t.Context(), d, 1); err == nil || lost.Hits() != 1 {
					t.Errorf("%d commits lost, %v", lost.Hits(), err)
				}
				must(t, p.PutDevice(t.Context(), d, 1))
				p.has(t, ann, d)
				p.has(t, bob)
				sound(t, database)
			})
		}
	})
}

// A deadlock says that the transaction was rolled back, also in the packet that ends with COMMIT.
func TestDeadlockOfARegistrationIsTriedAgain(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		var faults faultdb.Faults
		p := open(t, database, through(&faults))
		for _, statement := range []string{"UPDATE logins", "UPDATE counters", "DELETE FROM devices", "UPDATE devices", "INSERT INTO devices", "COMMIT"} {
			t.Run(statement, func(t *testing.T) {
				ann, bob := p.signUp(t), p.signUp(t)
				d := p.device(ann, "phone")
				d.Address = p.register(t, bob, "phone").Address
				met := faults.Add(&faultdb.Rule{On: faultdb.Is(statement), Times: 2, Err: &mysql.MySQLError{Number: 1213, Message: "Deadlock found"}})
				must(t, p.PutDevice(t.Context(), d, notify.MaxDevices))
				faults.Clear()
				if met.Hits() != 2 {
					t.Errorf("%d deadlocks", met.Hits())
				}
				p.has(t, ann, d)
				p.has(t, bob)
			})
		}
		sound(t, database)
	})
}
