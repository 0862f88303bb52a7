package store_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"yourturn/notify"
	"yourturn/player"
	"yourturn/store/enginetest"
	"yourturn/store/faultdb"
)

// delivery is one to a device, claimed already.
func (p *process) delivery(to notify.Device) notify.Delivery {
	return notify.Delivery{
		ID: notify.DeliveryID(p.newID()), Notice: notify.Notice{Message: notify.Message{Player: to.Player, Kind: notify.TestPush, At: p.Now()}},
		Device: to.ID, Channel: to.Channel, Status: notify.Pending, CreatedAt: p.Now(), UpdatedAt: p.Now(), Claim: p.newID(),
	}
}

// due makes deliveries that nobody has claimed.
func (p *process) due(t *testing.T, to notify.Device, many int) (all []notify.Delivery) {
	t.Helper()
	for range many {
		d := p.delivery(to)
		d.Claim = ""
		must(t, p.AddDelivery(t.Context(), leased(d, -time.Second)))
		all = append(all, d)
	}
	return all
}

func (p *process) claim(t *testing.T, lease time.Duration, limit int) []notify.Due {
	t.Helper()
	found, err := p.ClaimDeliveries(t.Context(), notify.APNs, p.newID(), lease, limit)
	must(t, err)
	return found
}

// ledger is a player's deliveries, oldest first.
func (p *process) ledger(t *testing.T, of notify.PlayerID) []notify.Delivery {
	t.Helper()
	found, err := p.Deliveries(t.Context(), of, "", 1000)
	must(t, err)
	slices.Reverse(found)
	return found
}

func ids[T any](of []T, id func(T) notify.DeliveryID) (all []notify.DeliveryID) {
	for _, one := range of {
		all = append(all, id(one))
	}
	return all
}

func idOf(d notify.Delivery) notify.DeliveryID { return d.ID }
func idOfDue(d notify.Due) notify.DeliveryID   { return d.ID }

// turn makes deliveries as the outbox does: one for each notice and device.
func (p *process) turn(notices []notify.Notice, devices ...notify.Device) (all []notify.Delivery) {
	for _, n := range notices {
		for _, d := range devices {
			if d.Player == n.Player && n.For(d) {
				made := p.delivery(d)
				made.Notice, made.Claim = n, ""
				all = append(all, made)
			}
		}
	}
	return all
}

// pushes leaves so many notices to each of two players who have devices, and lists all there are.
func (p *process) pushes(t *testing.T, many int) (notices []notify.Notice, devices []notify.Device) {
	t.Helper()
	ann, bob := p.signUp(t), p.signUp(t)
	devices = []notify.Device{p.register(t, ann, "phone"), p.register(t, ann, "tablet"), p.register(t, bob, "phone")}
	s := p.match(t, devices[0].Player, devices[2].Player)
	c := p.bump(s)
	for i := range c.Messages {
		c.Messages[i].Push = true
	}
	once := c.Messages
	for range many - 2 { // the match has pushed once to each of them
		c.Messages = append(c.Messages, once...)
	}
	must(t, p.Commit(t.Context(), c))
	notices, err := p.Notices(t.Context(), p.Now(), 1000)
	must(t, err)
	if len(notices) != 2*many {
		t.Fatalf("%d notices, want %d", len(notices), 2*many)
	}
	return notices, devices
}

// deliveredOnce looks that each notice has become one delivery to each device, and is no more.
func deliveredOnce(t *testing.T, p *process, database string, notices []notify.Notice, devices []notify.Device) {
	t.Helper()
	db := raw(t, database)
	if n := number(t, db, "SELECT COUNT(*) FROM notices"); n != 0 {
		t.Errorf("%d notices are left", n)
	}
	want := len(p.turn(notices, devices...))
	if n := number(t, db, "SELECT COUNT(*) FROM deliveries"); n != int64(want) {
		t.Errorf("%d deliveries, want %d", n, want)
	}
	if n := number(t, db, "SELECT COUNT(*) FROM (SELECT DISTINCT player_id, seq, kind, device_id FROM deliveries) one"); n != int64(want) {
		t.Errorf("%d different deliveries, want %d", n, want)
	}
}

func TestNoticeIsTurnedByOneNode(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		one := open(t, database)
		two := one.open(t, database)
		notices, devices := one.pushes(t, 20)
		kept := make([]int, 8)
		var all sync.WaitGroup
		for i := range kept {
			p := []*process{one, two}[i%2]
			mine := slices.Clone(notices)
			if i > 3 { // the order in which a node has read them must not matter
				slices.Reverse(mine)
			}
			all.Go(func() {
				var err error
				if kept[i], err = p.Deliver(context.Background(), mine, p.turn(mine, devices...)); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		deliveredOnce(t, one, database, notices, devices)
		total := 0
		for _, n := range kept {
			total += n
		}
		if total != len(one.turn(notices, devices...)) {
			t.Errorf("nodes say that they have kept %v", kept)
		}
		sound(t, database)
	})
}

func TestNoticeWithoutADeviceIsForgotten(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, database string) {
		notices, _ := p.pushes(t, 2)
		kept, err := p.Deliver(t.Context(), notices, nil)
		if err != nil || kept != 0 {
			t.Errorf("kept %d, %v", kept, err)
		}
		deliveredOnce(t, p, database, notices, nil)
	})
}

// A badge that went down once more while a node made deliveries of the first time is another notice.
func TestBadgeThatChangedMeanwhileIsDeliveredAgain(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) { // without an audit: the badges are made up
		p := open(t, database)
		ann := p.signUp(t)
		phone := p.register(t, ann, "phone")
		s := p.match(t, phone.Player, p.guest(t))
		lower := func() {
			c := p.bump(p.read(t, s.ID))
			c.Messages, c.Waiting, c.Lowered = nil, map[notify.PlayerID]int{phone.Player: -1}, []notify.Notice{p.lowered(s, phone.Player, "")}
			must(t, p.Commit(t.Context(), c))
		}
		lower()
		stale, err := p.NoticesOf(t.Context(), phone.Player)
		must(t, err)
		p.advance(time.Second)
		lower()
		kept, err := p.Deliver(t.Context(), stale, p.turn(stale, phone))
		must(t, err)
		if pushes := len(stale) - 1; kept != pushes {
			t.Errorf("kept %d deliveries, want %d", kept, pushes)
		}
		fresh, err := p.NoticesOf(t.Context(), phone.Player)
		must(t, err)
		if len(fresh) != 1 || fresh[0].Kind != notify.BadgeChanged || !fresh[0].At.Equal(p.Now()) {
			t.Errorf("notices: %+v", fresh)
		}
	})
}

// everyStatement breaks the connection at the first, the second … statement of what it is given, until there is none
// left to break at, once before the statement and once after it.
func everyStatement(t *testing.T, faults *faultdb.Faults, try func(t *testing.T, spoil func() (hit func() bool))) {
	t.Helper()
	writes := func(s faultdb.Statement) bool {
		return !slices.Contains([]string{faultdb.Connect, "PING", "ROLLBACK"}, s.Text)
	}
	for name, reach := range map[string]faultdb.Reach{"before": faultdb.Unsent, "after": faultdb.Reached} {
		for k, more := 0, true; more; k++ {
			t.Run(fmt.Sprint(name, " statement ", k), func(t *testing.T) {
				try(t, func() func() bool {
					rule := faults.Add(&faultdb.Rule{On: writes, Skip: k, Times: 1, Cut: true, Reach: reach})
					return func() bool {
						faults.Clear()
						more = rule.Hits() > 0
						return more
					}
				})
			})
		}
	}
}

func TestBrokenDeliverIsAllOrNothing(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		var faults faultdb.Faults
		p := open(t, database, through(&faults))
		db := raw(t, database)
		everyStatement(t, &faults, func(t *testing.T, spoil func() func() bool) {
			notices, devices := p.pushes(t, 2)
			hit := spoil()
			_, err := p.Deliver(t.Context(), notices, p.turn(notices, devices...))
			if (err != nil) != hit() {
				t.Errorf("broken, and answered %v", err)
			}
			again, err := p.Notices(t.Context(), p.Now(), 1000)
			must(t, err)
			if n := number(t, db, "SELECT COUNT(*) FROM deliveries"); len(again) != 0 && n != 0 || len(again) != len(notices) && n == 0 {
				t.Errorf("%d notices and %d deliveries", len(again), n)
			}
			_, err = p.Deliver(t.Context(), again, p.turn(again, devices...))
			must(t, err)
			deliveredOnce(t, p, database, notices, devices)
			_, err = db.Exec("DELETE FROM deliveries")
			must(t, err)
		})
		sound(t, database)
	})
}

func TestDeliveriesAreListedNewestFirst(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		ann, bob := p.signUp(t), p.signUp(t)
		phone, other := p.register(t, ann, "phone"), p.register(t, bob, "phone")
		var want []notify.DeliveryID
		for range 7 {
			want = append(want, p.due(t, phone, 1)[0].ID)
			p.due(t, other, 1)
		}
		slices.Reverse(want)
		for _, limit := range []int{1, 2, 3, 7, 100} {
			var got []notify.DeliveryID
			for before := notify.DeliveryID(""); ; {
				page, err := p.Deliveries(t.Context(), phone.Player, before, limit)
				must(t, err)
				got = append(got, ids(page, idOf)...)
				if len(page) < limit {
					break
				}
				before = page[len(page)-1].ID
			}
			if !slices.Equal(got, want) {
				t.Errorf("pages of %d: %v, want %v", limit, got, want)
			}
		}
	})
}

func TestErasedPlayerIsPushedNothing(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) { // without an audit: nobody takes the player out of the game
		p := open(t, database)
		notices, devices := p.pushes(t, 3)
		_, err := p.Deliver(t.Context(), notices[:3], p.turn(notices[:3], devices...))
		must(t, err)
		ann, bob := devices[0].Player, devices[2].Player
		p.due(t, devices[0], 1)
		p.due(t, devices[2], 1)
		must(t, p.ErasePlayer(t.Context(), player.ID(ann), p.Now()))
		db := raw(t, database)
		for _, table := range []string{"devices", "notices", "deliveries", "counters"} {
			if n := number(t, db, "SELECT COUNT(*) FROM "+table+" WHERE player_id = ?", string(ann)); n != 0 {
				t.Errorf("%d rows left in %s", n, table)
			}
			if n := number(t, db, "SELECT COUNT(*) FROM "+table+" WHERE player_id = ?", string(bob)); n == 0 {
				t.Errorf("nothing is left of the other in %s", table)
			}
		}
	})
}

// An account is erased while a node makes deliveries of its notices: the erasing waits for them and takes them too.
func TestErasingWaitsForTheOutbox(t *testing.T) {
	onServers(t, func(t *testing.T, database string) {
		var faults faultdb.Faults
		p := open(t, database, through(&faults))
		notices, devices := p.pushes(t, 2)
		hold := make(chan struct{})
		held := faults.Add(&faultdb.Rule{On: faultdb.Is("INSERT INTO deliveries"), Times: 1, Hold: hold})
		var both sync.WaitGroup
		both.Go(func() {
			if _, err := p.Deliver(context.Background(), notices, p.turn(notices, devices...)); err != nil {
				t.Error(err)
			}
		})
		<-held.First()
		both.Go(func() {
			if err := p.ErasePlayer(context.Background(), player.ID(devices[0].Player), p.Now()); err != nil {
				t.Error(err)
			}
		})
		untilWaiting(t, database)
		close(hold)
		both.Wait()
		if n := number(t, raw(t, database), "SELECT COUNT(*) FROM deliveries WHERE player_id = ?", string(devices[0].Player)); n != 0 {
			t.Errorf("%d deliveries of an erased player", n)
		}
	})
}

// A ledger that is kept for weeks must not slow down what is looked at every second.
func TestDueWorkIsFoundBesideASettledLedger(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		var faults faultdb.Faults
		p := open(t, database, through(&faults))
		fill(t, p, database, 20_000)
		notices, devices := p.pushes(t, 2)
		_, err := p.Deliver(t.Context(), notices, p.turn(notices, devices...))
		must(t, err)
		made := p.ledger(t, devices[0].Player)
		p.pushes(t, 2)
		looks := map[string]func() error{
			"Notices":      func() error { _, err := p.Notices(t.Context(), p.Now(), 256); return err },
			"NextNotice":   func() error { _, err := p.NextNotice(t.Context()); return err },
			"NoticesOf":    func() error { _, err := p.NoticesOf(t.Context(), devices[0].Player); return err },
			"NextDelivery": func() error { _, err := p.NextDelivery(t.Context(), notify.APNs); return err },
			"Claim": func() error {
				_, err := p.ClaimDeliveries(t.Context(), notify.APNs, "claim", time.Hour, 64)
				return err
			},
			"Deliveries": func() error { _, err := p.Deliveries(t.Context(), devices[0].Player, "", 20); return err },
			"next page":  func() error { _, err := p.Deliveries(t.Context(), devices[0].Player, made[1].ID, 20); return err },
			"Prune":      func() error { _, err := p.PruneDeliveries(t.Context(), p.Now().Add(-time.Hour), 1000); return err },
		}
		explain, db := plan(explainMySQL), raw(t, database)
		if isSQLite(database) {
			explain = explainSQLite
		}
		sorts := func(lines []string) bool {
			return slices.ContainsFunc(lines, func(line string) bool {
				return strings.Contains(line, "filesort") || strings.Contains(line, "TEMP B-TREE")
			})
		}
		control := faultdb.Statement{Text: "SELECT id FROM deliveries WHERE player_id = 'p1' ORDER BY updated_at"}
		if lines, _ := explain(t, db, control); !sorts(lines) {
			t.Errorf("what sorts was not noticed: %v", lines)
		}
		var seen spy
		seen.watch(&faults)
		for name, look := range looks {
			seen.take()
			must(t, look())
			sent := seen.take()
			if len(sent) == 0 {
				t.Errorf("%s reads nothing", name)
			}
			for _, s := range sent {
				lines, scans := explain(t, db, s)
				if scans || sorts(lines) && name != "Prune" { // which puts a lot in the order of its keys
					t.Errorf("%s: %s\n\t%s", name, s.Text, strings.Join(lines, "\n\t"))
				}
			}
		}
	})
}

// leased is a delivery that is added claimed, for so long.
func leased(d notify.Delivery, lease time.Duration) notify.Delivery {
	d.Lease = lease
	return d
}
