package store_test

import (
	"cmp"
	"context"
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

// The first claimer's lease is over, and another one has claimed: what the first has to say comes too late.
func TestSettlementWithoutAClaimChangesNothing(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		ann := p.signUp(t)
		phone := p.register(t, ann, "phone")
		p.due(t, phone, 1)
		first := p.claim(t, -time.Second, 10)
		second := p.claim(t, time.Hour, 10)
		if len(first) != 1 || len(second) != 1 || first[0].Claim == second[0].Claim {
			t.Fatalf("claimed %+v and %+v", first, second)
		}
		for _, class := range []notify.Class{notify.Rejected, notify.Gone} {
			must(t, p.Settle(t.Context(), []notify.Settlement{settled(first[0], class)}))
			p.has(t, ann, phone)
			if got := p.ledger(t, phone.Player)[0]; got.Status != notify.Pending || got.Claim != second[0].Claim {
				t.Errorf("%s: %+v", class, got)
			}
		}
		must(t, p.Settle(t.Context(), []notify.Settlement{settled(second[0], notify.Sent)}))
		if got := p.ledger(t, phone.Player)[0]; got.Status != notify.Delivered || got.Claim != "" {
			t.Errorf("the second: %+v", got)
		}
	})
}

// settled is what a try has come to.
func settled(d notify.Due, class notify.Class) notify.Settlement {
	s := notify.Settlement{Delivery: d.Delivery, To: d.To, Asked: true, Class: class}
	s.Attempts++
	switch class {
	case notify.Sent:
		s.Status = notify.Delivered
	case notify.Gone, notify.Rejected, notify.Faulty:
		s.Status, s.Reason = notify.Failed, class.String()
	default:
		s.Reason, s.Again = class.String(), time.Hour
	}
	return s
}

func TestSettledDeliveryReadsBack(t *testing.T) {
	want := map[notify.Class]notify.Delivery{
		notify.Sent:          {Status: notify.Delivered},
		notify.Gone:          {Status: notify.Failed, Reason: "gone"},
		notify.Rejected:      {Status: notify.Failed, Reason: "rejected"},
		notify.Later:         {Status: notify.Pending, Reason: "later"},
		notify.Down:          {Status: notify.Pending, Reason: "down"},
		notify.Misconfigured: {Status: notify.Pending, Reason: "misconfigured"},
		notify.Faulty:        {Status: notify.Failed, Reason: "faulty"},
	}
	enginetest.Each(t, func(t *testing.T, database string) {
		p := open(t, database)
		for class, want := range want {
			t.Run(class.String(), func(t *testing.T) {
				phone := p.register(t, p.signUp(t), "phone")
				made := p.due(t, phone, 1)[0]
				s := settled(p.claim(t, time.Hour, 10)[0], class)
				p.advance(time.Second)
				s.ProviderID, s.UpdatedAt = "theirs", p.Now()
				before := time.Now().Truncate(time.Millisecond)
				must(t, p.Settle(t.Context(), []notify.Settlement{s}))
				after := time.Now()

				made.Status, made.Reason, made.ProviderID, made.Attempts, made.UpdatedAt = want.Status, want.Reason, "theirs", 1, p.Now()
				if diff := gocmp.Diff([]notify.Delivery{made}, p.ledger(t, phone.Player)); diff != "" {
					t.Errorf("want - got +\n%s", diff)
				}
				next, err := p.NextDelivery(t.Context(), notify.APNs)
				must(t, err)
				again := want.Status == notify.Pending && !next.Before(before.Add(time.Hour)) && !next.After(after.Add(time.Hour))
				if over := next.Equal(session.Never); over == (want.Status == notify.Pending) || !over && !again {
					t.Errorf("due again at %s", next)
				}
				_, err = raw(t, database).Exec("DELETE FROM deliveries")
				must(t, err)
			})
		}
		sound(t, database)
	})
}

func TestGoneForgetsOnlyWhatWasTried(t *testing.T) {
	cases := map[string]struct {
		meanwhile func(t *testing.T, p *process, phone notify.Device) (kept []notify.Device)
	}{
		"nothing happened": {func(*testing.T, *process, notify.Device) []notify.Device { return nil }},
		"registered again": {func(t *testing.T, p *process, phone notify.Device) []notify.Device {
			phone.Registered = phone.Registered.Add(time.Millisecond)
			must(t, p.PutDevice(t.Context(), phone, notify.MaxDevices))
			return []notify.Device{phone}
		}},
		"another token": {func(t *testing.T, p *process, phone notify.Device) []notify.Device {
			phone.Address.Token += "2"
			must(t, p.PutDevice(t.Context(), phone, notify.MaxDevices))
			return []notify.Device{phone}
		}},
		"under another id": {func(t *testing.T, p *process, phone notify.Device) []notify.Device {
			phone.ID = "phone2"
			must(t, p.PutDevice(t.Context(), phone, notify.MaxDevices))
			return []notify.Device{phone}
		}},
	}
	enginetest.Each(t, func(t *testing.T, database string) {
		p := open(t, database)
		for name, c := range cases {
			t.Run(name, func(t *testing.T) {
				ann, bob := p.signUp(t), p.signUp(t)
				phone, others := p.register(t, ann, "phone"), p.register(t, bob, "phone")
				p.due(t, phone, 2)
				var lot []notify.Settlement
				for _, d := range p.claim(t, time.Hour, 10) {
					lot = append(lot, settled(d, notify.Gone))
				}
				kept := c.meanwhile(t, p, phone)
				must(t, p.Settle(t.Context(), lot))
				p.has(t, ann, kept...)
				p.has(t, bob, others)
			})
		}
		sound(t, database)
	})
}

func TestGoneSparesTheNewOwner(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		ann, bob := p.signUp(t), p.signUp(t)
		phone := p.register(t, ann, "phone")
		p.due(t, phone, 1)
		lot := []notify.Settlement{settled(p.claim(t, time.Hour, 10)[0], notify.Gone)}
		moved := p.device(bob, "phone")
		moved.Address = phone.Address
		must(t, p.PutDevice(t.Context(), moved, notify.MaxDevices))
		must(t, p.Settle(t.Context(), lot))
		p.has(t, ann)
		p.has(t, bob, moved)
	})
}

func TestRejectionsInARowAreCounted(t *testing.T) {
	const r, s, l = notify.Rejected, notify.Sent, notify.Later
	lots := []struct {
		classes []notify.Class // settled together
		want    int
	}{
		{[]notify.Class{r}, 1},
		{[]notify.Class{r, r, r}, 4},
		{[]notify.Class{l, notify.Down, notify.Faulty, notify.Misconfigured}, 4},
		{[]notify.Class{s}, 0},
		{[]notify.Class{s, s}, 0},
		{[]notify.Class{r, s}, 0},
		{[]notify.Class{r, r, s, r, l}, 1},
		{[]notify.Class{s, r, r}, 2},
	}
	onAll(t, func(t *testing.T, p *process, _ string) {
		ann := p.signUp(t)
		phone := p.register(t, ann, "phone")
		var last notify.Settlement
		for _, lot := range lots {
			p.due(t, phone, len(lot.classes))
			claimed := p.claim(t, time.Hour, 100)
			slices.SortFunc(claimed, func(a, b notify.Due) int { return cmp.Compare(a.ID, b.ID) })
			var all []notify.Settlement
			for i, class := range lot.classes {
				all = append(all, settled(claimed[i], class))
			}
			last = all[len(all)-1]
			slices.Reverse(all) // the order is that of the deliveries
			must(t, p.Settle(t.Context(), all))
			phone.Rejected = lot.want
			p.has(t, ann, phone)
		}
		unasked := last // the guards decided
		unasked.ID, unasked.Asked = p.due(t, phone, 1)[0].ID, false
		unasked.Claim = p.claim(t, time.Hour, 10)[0].Claim
		must(t, p.Settle(t.Context(), []notify.Settlement{unasked}))
		p.has(t, ann, phone)

		phone.Rejected, phone.Registered = 0, phone.Registered.Add(time.Second)
		must(t, p.PutDevice(t.Context(), phone, notify.MaxDevices))
		p.has(t, ann, phone)
	})
}

// A lot as a busy channel settles it: many deliveries of few devices, with every outcome there is.
func TestLotOfTwoHundredIsSettled(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, database string) {
		var logins []player.Login
		devices := map[notify.PlayerID]map[notify.DeviceID]notify.Device{}
		for range 5 {
			login := p.signUp(t)
			logins = append(logins, login)
			mine := map[notify.DeviceID]notify.Device{}
			for _, id := range []string{"phone", "tablet"} {
				d := p.register(t, login, id)
				mine[d.ID] = d
				p.due(t, d, 20)
			}
			devices[notify.PlayerID(login.Player)] = mine
		}
		var lot []notify.Settlement
		claimed := p.claim(t, time.Hour, 200)
		slices.SortFunc(claimed, func(a, b notify.Due) int { return cmp.Compare(a.ID, b.ID) })
		statuses := map[string]int64{}
		for i, d := range claimed {
			class := []notify.Class{notify.Rejected, notify.Later, notify.Down, notify.Rejected, notify.Misconfigured, notify.Faulty, notify.Sent}[i%7]
			if d.Device == "tablet" && i%19 == 0 {
				class = notify.Gone
			}
			s := settled(d, class)
			lot = append(lot, s)
			statuses[s.Status]++
			mine := devices[d.Player]
			device, known := mine[d.Device]
			switch {
			case !known:
			case class == notify.Gone:
				delete(mine, d.Device)
				continue
			case class == notify.Rejected:
				device.Rejected++
			case class == notify.Sent:
				device.Rejected = 0
			}
			if known {
				mine[d.Device] = device
			}
		}
		if len(lot) != 200 {
			t.Fatalf("claimed %d", len(lot))
		}
		must(t, p.Settle(t.Context(), lot))
		gone := 0
		for _, login := range logins {
			var want []notify.Device
			for _, d := range devices[notify.PlayerID(login.Player)] {
				want = append(want, d)
			}
			gone += 2 - len(want)
			p.has(t, login, want...)
		}
		if gone == 0 {
			t.Error("no device was to be forgotten")
		}
		db := raw(t, database)
		for status, want := range statuses {
			if n := number(t, db, "SELECT COUNT(*) FROM deliveries WHERE status = ? AND claim = '' AND attempts = 1", status); n != want {
				t.Errorf("%d are %s, want %d", n, status, want)
			}
		}
	})
}

func TestSettlementsOfSharedDevicesMeet(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		one := open(t, database)
		two := one.open(t, database)
		ann, bob := one.signUp(t), one.signUp(t)
		devices := []notify.Device{one.register(t, ann, "a"), one.register(t, ann, "b"), one.register(t, bob, "a"), one.register(t, bob, "b")}
		const rounds = 10
		before := enginetest.Deadlocks(t, database)
		for round := range rounds {
			lots := make([][]notify.Settlement, 4)
			for i := range lots { // each lot has the devices in another order of its deliveries
				for n := range devices {
					d := devices[(i+n)%len(devices)]
					if i%2 == 1 {
						d = devices[(i+len(devices)-n)%len(devices)]
					}
					due := notify.Due{Delivery: one.delivery(d), To: &d}
					must(t, one.AddDelivery(t.Context(), leased(due.Delivery, time.Hour)))
					class := notify.Rejected
					if round == rounds-1 && d.ID == "b" {
						class = notify.Gone
					}
					lots[i] = append(lots[i], settled(due, class))
				}
			}
			var all sync.WaitGroup
			for i, lot := range lots {
				all.Go(func() {
					if err := []*process{one, two}[i%2].Settle(context.Background(), lot); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
		}
		if n := enginetest.Deadlocks(t, database) - before; n != 0 {
			t.Errorf("%d deadlocks", n)
		}
		devices[0].Rejected, devices[2].Rejected = 4*rounds, 4*rounds
		one.has(t, ann, devices[0])
		one.has(t, bob, devices[2])
		sound(t, database)
	})
}

func TestBrokenSettleIsDoneAgain(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		var faults faultdb.Faults
		p := open(t, database, through(&faults))
		everyStatement(t, &faults, func(t *testing.T, spoil func() func() bool) {
			ann, bob := p.signUp(t), p.signUp(t)
			rejected, gone, sent := p.register(t, ann, "rejected"), p.register(t, ann, "gone"), p.register(t, bob, "sent")
			classes := map[notify.DeviceID]notify.Class{rejected.ID: notify.Rejected, gone.ID: notify.Gone, sent.ID: notify.Sent}
			var lot []notify.Settlement
			for _, d := range []notify.Device{rejected, gone, sent} {
				p.due(t, d, 1)
			}
			for _, d := range p.claim(t, time.Hour, 10) {
				lot = append(lot, settled(d, classes[d.Device]))
			}
			hit := spoil()
			err := p.Settle(t.Context(), lot)
			if (err != nil) != hit() {
				t.Errorf("broken, and answered %v", err)
			}
			must(t, p.Settle(t.Context(), lot))
			rejected.Rejected = 1
			p.has(t, ann, rejected)
			p.has(t, bob, sent)
			for _, d := range append(p.ledger(t, rejected.Player), p.ledger(t, sent.Player)...) {
				if d.Status == notify.Pending || d.Claim != "" || d.Attempts != 1 {
					t.Errorf("%+v", d)
				}
			}
		})
		sound(t, database)
	})
}
