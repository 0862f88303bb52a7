package store_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"yourturn/notify"
	"yourturn/player"
	"yourturn/session"
	"yourturn/store/enginetest"
	"yourturn/store/faultdb"
)

func TestDueDeliveriesAreClaimedInLots(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		ann := p.signUp(t)
		phone := p.register(t, ann, "phone")
		all := p.due(t, phone, 5)
		web := phone
		web.Channel = notify.WebPush
		other := p.due(t, web, 1)
		later := p.delivery(phone)
		must(t, p.AddDelivery(t.Context(), leased(later, time.Hour)))

		lot := p.claim(t, time.Hour, 3)
		if len(lot) != 3 {
			t.Errorf("a lot of %d", len(lot))
		}
		rest := p.claim(t, time.Hour, 10)
		got := ids(append(lot, rest...), idOfDue)
		if slices.Sort(got); !slices.Equal(got, ids(all, idOf)) {
			t.Errorf("claimed %v, want %v", got, ids(all, idOf))
		}
		if more := p.claim(t, time.Hour, 10); len(more) != 0 {
			t.Errorf("claimed %v during the lease", ids(more, idOfDue))
		}
		webs, err := p.ClaimDeliveries(t.Context(), notify.WebPush, "web", time.Hour, 10)
		if err != nil || !slices.Equal(ids(webs, idOfDue), ids(other, idOf)) {
			t.Errorf("of the other channel: %v, %v", ids(webs, idOfDue), err)
		}
		if none, err := p.ClaimDeliveries(t.Context(), notify.FCM, "fcm", time.Hour, 10); err != nil || len(none) != 0 {
			t.Errorf("of an idle channel: %v, %v", none, err)
		}
		next, err := p.NextDelivery(t.Context(), notify.FCM)
		if err != nil || !next.Equal(session.Never) {
			t.Errorf("the next one of an idle channel: %s, %v", next, err)
		}
	})
}

// scene is a game of two, with a delivery to a device of whoever must move, and what is to be known when it is due.
type scene struct {
	*process
	me, other player.Login
	session   session.Session
	made      notify.Delivery
	want      notify.Due
}

func (p *process) scene(t *testing.T) *scene {
	t.Helper()
	x := &scene{process: p, me: p.signUp(t), other: p.signUp(t)}
	x.session = p.match(t, notify.PlayerID(x.me.Player), notify.PlayerID(x.other.Player))
	if mover(x.session) != notify.PlayerID(x.me.Player) {
		x.me, x.other = x.other, x.me
	}
	x.named(t, x.me, "Ann", "pt-BR")
	x.named(t, x.other, "Bob", "ja")
	phone := p.register(t, x.me, "phone")
	x.made = p.delivery(phone)
	x.made.Message = notify.Message{
		Player: phone.Player, Seq: 2, Kind: notify.YourTurn, At: p.Now(), Session: string(x.session.ID), Game: x.session.Game, Version: 2, Turn: 1,
		Deadline: x.session.Deadline,
	}
	phone.Fallback = "pt-BR"
	x.want = notify.Due{To: &phone, Waiting: 1, Table: &notify.Table{Active: true, Turn: 1, Deadline: x.session.Deadline, Awaited: true, Opponent: "Bob"}}
	return x
}

func (p *process) named(t *testing.T, who player.Login, name, locale string) {
	t.Helper()
	must(t, p.SaveProfile(t.Context(), who.Player, player.Profile{DisplayName: name, Locale: locale}))
}

// about makes the delivery be of another session, whose table the player sees so.
func (x *scene) about(s session.Session, table *notify.Table) {
	x.made.Session, x.made.Game, x.made.Deadline = string(s.ID), s.Game, s.Deadline
	x.want.Table = table
}

func TestDueTellsWhatItsGuardsAskFor(t *testing.T) {
	cases := map[string]func(t *testing.T, x *scene){
		"all is well": func(*testing.T, *scene) {},
		"the device is forgotten": func(t *testing.T, x *scene) {
			must(t, x.DeleteDevice(t.Context(), x.made.Player, x.made.Device))
			x.want.To = nil
		},
		"the device is somebody else's": func(t *testing.T, x *scene) {
			d := x.device(x.other, "phone")
			d.Address = x.want.To.Address
			must(t, x.PutDevice(t.Context(), d, notify.MaxDevices))
			x.want.To = nil
		},
		"the device has another channel": func(t *testing.T, x *scene) {
			d := *x.want.To
			d.Channel = notify.FCM
			must(t, x.PutDevice(t.Context(), d, notify.MaxDevices))
			x.want.To = nil
		},
		"the device is registered again": func(t *testing.T, x *scene) {
			d := x.want.To
			d.Address, d.Registered = notify.Address{Token: "new", Environment: "sandbox"}, d.Registered.Add(time.Hour)
			d.Locale, d.Texts = "de", notify.TextsByApp
			must(t, x.PutDevice(t.Context(), *d, notify.MaxDevices))
		},
		"another device has the id at another player": func(t *testing.T, x *scene) { x.register(t, x.other, "phone") },
		"the device was refused": func(t *testing.T, x *scene) {
			d := notify.Due{Delivery: x.delivery(*x.want.To), To: x.want.To}
			must(t, x.AddDelivery(t.Context(), leased(d.Delivery, time.Hour)))
			must(t, x.Settle(t.Context(), []notify.Settlement{settled(d, notify.Rejected)}))
			x.want.To.Rejected = 1
		},
		"the player speaks another language": func(t *testing.T, x *scene) {
			x.named(t, x.me, "Ann", "en")
			x.want.To.Fallback = "en"
		},
		"a person has seen it": func(t *testing.T, x *scene) {
			_, err := x.Ack(t.Context(), x.made.Player, 1)
			must(t, err)
			x.want.Acked = 1
		},
		"the other has seen it": func(t *testing.T, x *scene) {
			_, err := x.Ack(t.Context(), notify.PlayerID(x.other.Player), 1)
			must(t, err)
		},
		"more waits": func(t *testing.T, x *scene) {
			x.pile(t, x.made.Player, notify.PlayerID(x.other.Player))
			x.want.Waiting = 2
		},
		"muted": func(t *testing.T, x *scene) {
			must(t, x.Mute(t.Context(), x.session.ID, x.made.Player, true))
			x.want.Table.Muted = true
		},
		"muted by the other": func(t *testing.T, x *scene) {
			must(t, x.Mute(t.Context(), x.session.ID, notify.PlayerID(x.other.Player), true))
		},
		"the player has moved": func(t *testing.T, x *scene) {
			s, _, err := x.sessions.Play(t.Context(), x.made.Player, "", x.session.ID, 1, cell(0))
			must(t, err)
			x.want.Waiting = 0
			x.want.Table.Turn, x.want.Table.Awaited, x.want.Table.Deadline = 2, false, s.Deadline
		},
		"the game is over": func(t *testing.T, x *scene) {
			_, err := x.sessions.Forfeit(t.Context(), notify.PlayerID(x.other.Player), "", x.session.ID)
			must(t, err)
			x.want.Waiting = 0
			x.want.Table.Active, x.want.Table.Awaited, x.want.Table.Deadline = false, false, time.Time{}
		},
		"the opponent has another name": func(t *testing.T, x *scene) {
			x.named(t, x.other, "Bobby", "")
			x.want.Table.Opponent = "Bobby"
		},
		"the opponent's account is erased": func(t *testing.T, x *scene) {
			must(t, x.ErasePlayer(t.Context(), x.other.Player, x.Now()))
			x.want.Table.Opponent = ""
		},
		"the session is not there": func(_ *testing.T, x *scene) {
			x.about(session.Session{ID: "nowhere"}, nil)
		},
		"about no session": func(_ *testing.T, x *scene) {
			x.made.Kind, x.made.Version, x.made.Turn = notify.TicketExpired, 0, 0
			x.about(session.Session{}, nil)
		},
		"a test": func(_ *testing.T, x *scene) {
			x.made.Kind, x.made.Seq, x.made.Version, x.made.Turn = notify.TestPush, 0, 0, 0
			x.about(session.Session{}, nil)
		},
		"somebody else's turn": func(t *testing.T, x *scene) {
			s := x.match(t, notify.PlayerID(x.other.Player), x.made.Player)
			for mover(s) == x.made.Player {
				s = x.match(t, notify.PlayerID(x.other.Player), x.made.Player)
				x.want.Waiting++
			}
			x.about(s, &notify.Table{Active: true, Turn: 1, Deadline: s.Deadline, Opponent: "Bob"})
		},
		"three at the table, and this one has moved": func(t *testing.T, x *scene) {
			s := x.pile(t, notify.PlayerID(x.other.Player), x.made.Player, x.guest(t))
			_, _, err := x.sessions.Play(t.Context(), x.made.Player, "", s.ID, 1, []byte(`{"add":1}`))
			must(t, err)
			x.about(s, &notify.Table{Active: true, Turn: 1, Deadline: s.Deadline})
		},
		"three at the table, and others have moved": func(t *testing.T, x *scene) {
			s := x.pile(t, notify.PlayerID(x.other.Player), x.made.Player, x.guest(t))
			_, _, err := x.sessions.Play(t.Context(), notify.PlayerID(x.other.Player), "", s.ID, 1, []byte(`{"add":1}`))
			must(t, err)
			x.want.Waiting = 2
			x.about(s, &notify.Table{Active: true, Turn: 1, Deadline: s.Deadline, Awaited: true})
		},
		"the other seat is free": func(t *testing.T, x *scene) {
			s, err := x.sessions.Create(t.Context(), x.made.Player, session.Wish{Game: "tictactoe"}, nil)
			must(t, err)
			s = x.read(t, s.ID)
			x.about(s, &notify.Table{Deadline: s.Deadline, Turn: s.Turn})
		},
		"a table for one": func(t *testing.T, x *scene) {
			c := x.bump(x.waitingTable())
			c.Session.Capacity = 1
			c.Seats = []session.Seat{{Player: x.made.Player, SortKey: session.NotMyTurn - x.Now().UnixMilli()}}
			must(t, x.Commit(t.Context(), c))
			x.about(c.Session, &notify.Table{Deadline: c.Session.Deadline})
		},
	}
	enginetest.Each(t, func(t *testing.T, database string) {
		p := open(t, database)
		for name, change := range cases {
			t.Run(name, func(t *testing.T) {
				x := p.scene(t)
				change(t, x)
				must(t, p.AddDelivery(t.Context(), leased(x.made, -time.Second)))
				claimed := p.claim(t, time.Hour, 10)
				if len(claimed) != 1 || claimed[0].Claim == x.made.Claim {
					t.Fatalf("claimed %+v", claimed)
				}
				x.want.Delivery = x.made
				x.want.Claim = claimed[0].Claim
				if diff := gocmp.Diff(x.want, claimed[0]); diff != "" {
					t.Errorf("want - got +\n%s", diff)
				}
			})
		}
	})
}

// One claim reads of many what concerns each.
func TestDueDeliveriesAreNotMixedUp(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		want := map[notify.DeliveryID]notify.Due{}
		for i := range 9 {
			x := p.scene(t)
			name := fmt.Sprint("Bob the ", i)
			x.named(t, x.other, name, "")
			must(t, p.Mute(t.Context(), x.session.ID, x.made.Player, i%2 == 0))
			x.want.Table.Muted, x.want.Table.Opponent = i%2 == 0, name
			for range 2 { // two deliveries of one session
				x.made.ID = notify.DeliveryID(p.newID())
				must(t, p.AddDelivery(t.Context(), leased(x.made, -time.Second)))
				due := x.want
				due.Delivery = x.made
				want[due.ID] = due
			}
		}
		for _, got := range p.claim(t, time.Hour, 100) {
			want := want[got.ID]
			want.Claim = got.Claim
			if diff := gocmp.Diff(want, got); diff != "" {
				t.Errorf("want - got +\n%s", diff)
			}
		}
	})
}

// A claim whose answer breaks off names no delivery: it would be half read. All are claimed again after the lease.
func TestHalfReadClaimIsNoClaim(t *testing.T) {
	breaks := map[string]func() *faultdb.Rule{
		"in the deliveries": func() *faultdb.Rule {
			return &faultdb.Rule{On: faultdb.Is("SELECT d.id"), Reach: faultdb.Reached, Rows: 1, Err: errNotPrimary}
		},
		"before the opponents' names": func() *faultdb.Rule { return &faultdb.Rule{On: faultdb.Is("SELECT t.session_id"), Err: errNotPrimary} },
	}
	enginetest.Each(t, func(t *testing.T, database string) {
		var faults faultdb.Faults
		p := open(t, database, through(&faults))
		for name, rule := range breaks {
			t.Run(name, func(t *testing.T) {
				x := p.scene(t)
				for range 3 {
					x.made.ID = notify.DeliveryID(p.newID())
					must(t, p.AddDelivery(t.Context(), leased(x.made, -time.Second)))
				}
				broken := faults.Add(rule())
				found, err := p.ClaimDeliveries(t.Context(), notify.APNs, p.newID(), -time.Second, 10)
				faults.Clear()
				if err == nil || len(found) != 0 || broken.Hits() == 0 {
					t.Errorf("claimed %v, %v", ids(found, idOfDue), err)
				}
				if again := p.claim(t, time.Hour, 10); len(again) != 3 {
					t.Errorf("claimed %d after the lease", len(again))
				}
			})
		}
	})
}

// claimDeliveries lets twelve claimers of three processes take what is due, in small lots, until they find nothing. It
// tells how often each delivery was claimed.
func claimDeliveries(t *testing.T, database string) map[notify.DeliveryID]int {
	t.Helper()
	one := open(t, database)
	processes := []*process{one, one.open(t, database), one.open(t, database)}
	all := one.due(t, one.register(t, one.signUp(t), "phone"), 60)
	claims := map[notify.DeliveryID]int{}
	var mu sync.Mutex
	var claiming sync.WaitGroup
	for i := range 12 {
		p := processes[i%3]
		claiming.Go(func() {
			for {
				mine, err := p.ClaimDeliveries(context.Background(), notify.APNs, p.newID(), time.Hour, 7)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				for _, d := range mine {
					claims[d.ID]++
				}
				enough := len(claims) == len(all)
				mu.Unlock()
				if len(mine) == 0 && enough { // who lost a lot to others looks again
					return
				}
			}
		})
	}
	claiming.Wait()
	return claims
}

func TestTwelveClaimersShareNoDelivery(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		for id, n := range claimDeliveries(t, database) {
			if n != 1 {
				t.Errorf("%s was claimed %d times", id, n)
			}
		}
	})
}

// One claimer has looked when another one claims. The control is a claim that does not ask again what is due.
func TestClaimAsksAgainWhatIsDue(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		var faults faultdb.Faults
		slow := open(t, database, through(&faults))
		quick := slow.open(t, database)
		phone := slow.register(t, slow.signUp(t), "phone")
		for name, want := range map[string]int{"asks": 0, "control": 3} {
			t.Run(name, func(t *testing.T) {
				slow.due(t, phone, 3)
				hold := make(chan struct{})
				held := faults.Add(&faultdb.Rule{On: faultdb.Is("BEGIN"), Times: 1, Hold: hold})
				if name == "control" {
					faults.Add(&faultdb.Rule{On: faultdb.Is("UPDATE deliveries SET claim"), Rewrite: func(s faultdb.Statement) faultdb.Statement {
						s.Args = slices.Clone(s.Args)
						s.Args[2].Value = int64(math.MaxInt64) // due by then
						return s
					}})
				}
				var late []notify.Due
				var claiming sync.WaitGroup
				claiming.Go(func() {
					var err error
					if late, err = slow.ClaimDeliveries(context.Background(), notify.APNs, "late", time.Hour, 10); err != nil {
						t.Error(err)
					}
				})
				<-held.First()
				if first := quick.claim(t, time.Hour, 10); len(first) != 3 {
					t.Errorf("the first claimed %d", len(first))
				}
				close(hold)
				claiming.Wait()
				faults.Clear()
				if len(late) != want {
					t.Errorf("the other claimed %d, want %d", len(late), want)
				}
			})
		}
	})
}

// A server of before there were devices ends a login without them. Nothing is pushed to a phone that has signed out there.
func TestDeviceOfALoginThatAnOlderServerEnded(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		p := open(t, database)
		ann := p.signUp(t)
		p.due(t, p.register(t, ann, "phone"), 1)
		_, err := raw(t, database).Exec("DELETE FROM logins WHERE id = ?", string(ann.ID))
		must(t, err)
		p.has(t, ann)
		of, err := p.DevicesOf(t.Context(), []notify.PlayerID{notify.PlayerID(ann.Player)})
		must(t, err)
		if len(of) != 0 {
			t.Errorf("there are %v", of)
		}
		due := p.claim(t, time.Minute, 10)
		if len(due) != 1 || due[0].To != nil {
			t.Errorf("%+v", due)
		}
	})
}
