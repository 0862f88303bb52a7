package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"yourturn/notify"
	"yourturn/player"
	"yourturn/session"
	"yourturn/store/enginetest"
)

// rush is what eight hands do at once in two processes: play, register, make deliveries, claim and settle them.
type rush struct {
	*process
	dice   *rand.Rand
	people []player.Login
	tables []session.ID
}

// common addresses go from hand to hand. An address that is free is claimed by one at a time here: where two claim it at
// the same instant, the unique index of InnoDB makes them wait for each other, and one of them is tried again.
const common = 4

func (r *rush) anything(ctx context.Context) error {
	who := r.people[r.dice.IntN(len(r.people))]
	switch n := r.dice.IntN(100); {
	case n < 35:
		return playSomething(r.process, r.tables[r.dice.IntN(len(r.tables))], r.dice)
	case n < 50:
		return r.PutDevice(ctx, r.own(who), notify.MaxDevices)
	case n < 60:
		return r.PutDevice(ctx, r.shared(who, r.dice.IntN(common)), notify.MaxDevices)
	case n < 64:
		return r.DeleteDevice(ctx, notify.PlayerID(who.Player), r.own(who).ID)
	case n < 67:
		return r.Mute(ctx, r.tables[0], notify.PlayerID(r.people[0].Player), n < 66)
	case n < 80:
		return r.deliver(ctx)
	}
	return r.send(ctx)
}

func (r *rush) own(who player.Login) notify.Device {
	d := r.device(who, fmt.Sprint("own", r.dice.IntN(2)))
	d.Address.Token = string(d.Player) + string(d.ID)
	return d
}

func (r *rush) shared(who player.Login, n int) notify.Device {
	d := r.device(who, fmt.Sprint("shared", n))
	d.Address.Token = string(d.ID)
	return d
}

// deliver does what the outbox does.
func (r *rush) deliver(ctx context.Context) error {
	notices, err := r.Notices(ctx, r.Now(), 50)
	if err != nil || len(notices) == 0 {
		return err
	}
	var players []notify.PlayerID
	for _, n := range notices {
		players = append(players, n.Player)
	}
	devices, err := r.DevicesOf(ctx, players)
	if err != nil {
		return err
	}
	_, err = r.Deliver(ctx, notices, r.turn(notices, devices...))
	return err
}

// send does what a channel does.
func (r *rush) send(ctx context.Context) error {
	due, err := r.ClaimDeliveries(ctx, notify.APNs, r.newID(), time.Minute, 20)
	if err != nil || len(due) == 0 {
		return err
	}
	var lot []notify.Settlement
	for _, d := range due {
		class := []notify.Class{notify.Sent, notify.Rejected, notify.Later, notify.Gone}[r.dice.IntN(4)]
		if class == notify.Gone && strings.HasPrefix(string(d.Device), "shared") {
			class = notify.Rejected
		}
		s := settled(d, class)
		s.Again, s.Asked = 0, d.To != nil
		lot = append(lot, s)
	}
	return r.Settle(ctx, lot)
}

func TestRushOfPushesMakesNoDeadlockAndNoGap(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		one := open(t, database)
		processes := []*process{one, one.open(t, database)}
		var people []player.Login
		var players []notify.PlayerID
		for range stormPlayers {
			login := one.signUp(t)
			people, players = append(people, login), append(players, notify.PlayerID(login.Player))
		}
		tables := shareTables(t, one, players)
		first := &rush{process: one}
		for n := range common {
			must(t, one.PutDevice(t.Context(), first.shared(people[n], n), notify.MaxDevices))
		}
		before := enginetest.Deadlocks(t, database)
		stop := make(chan struct{})
		var reading, all sync.WaitGroup
		reading.Go(func() {
			if problem := follow(one, players[0], stop); problem != "" {
				t.Error(problem)
			}
		})
		for i := range 8 {
			r := &rush{process: processes[i%2], dice: rand.New(rand.NewPCG(9, uint64(i))), people: people, tables: tables}
			all.Go(func() {
				for range 60 {
					if err := r.anything(context.Background()); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		all.Wait()
		close(stop)
		reading.Wait()
		db := raw(t, database)
		t.Logf("%d changes, %d deliveries, %d of them tried", number(t, db, "SELECT COUNT(*) FROM changes"),
			number(t, db, "SELECT COUNT(*) FROM deliveries"), number(t, db, "SELECT COUNT(*) FROM deliveries WHERE attempts > 0"))
		if n := enginetest.Deadlocks(t, database) - before; n != 0 {
			t.Errorf("%d deadlocks", n)
		}
		if n := number(t, db, "SELECT COUNT(*) FROM (SELECT player_id, seq, kind, device_id FROM deliveries WHERE kind <> 'badge' GROUP BY player_id, seq, kind, device_id HAVING COUNT(*) > 1) twice"); n != 0 {
			t.Errorf("%d notices were delivered twice to one device", n)
		}
		sound(t, database)
	})
}
