package store_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"yourturn/games"
	"yourturn/notify"
	"yourturn/player"
	"yourturn/session"
	"yourturn/store/enginetest"
)

// met lists whom a player has played, and how often.
func (p *process) met(t *testing.T, who notify.PlayerID) (all []string) {
	t.Helper()
	for cursor := ""; ; {
		page, next, err := p.sessions.Opponents(t.Context(), who, cursor, 2)
		must(t, err)
		for _, o := range page {
			all = append(all, fmt.Sprint(o.ID, " ", o.Sessions))
		}
		if next == "" {
			return all
		}
		cursor = next
	}
}

func TestOpponentsAreListedLastFirst(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		ann, bob, cid, dan := p.guest(t), p.guest(t), p.guest(t), p.guest(t)
		table := p.invites(t, ann, 3, dan)
		if got := p.met(t, ann); got != nil {
			t.Errorf("nobody has come yet: %v", got)
		}
		for _, other := range []notify.PlayerID{bob, cid, bob} {
			p.advance(time.Minute)
			p.match(t, ann, other)
		}
		last := p.match(t, ann, bob)
		p.advance(time.Minute)
		for _, other := range []notify.PlayerID{cid, dan} {
			_, err := p.sessions.Join(t.Context(), other, table.JoinCode, "")
			must(t, err)
		}
		if got, want := p.met(t, ann), []string{fmt.Sprint(dan, " 1"), fmt.Sprint(cid, " 2"), fmt.Sprint(bob, " 3")}; !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
		if got, want := p.met(t, dan), []string{fmt.Sprint(cid, " 1"), fmt.Sprint(ann, " 1")}; !slices.Equal(got, want) {
			t.Errorf("dan has met %v, want %v", got, want)
		}
		page, _, err := p.sessions.Opponents(t.Context(), bob, "", 10)
		must(t, err)
		if len(page) != 1 || page[0].Last != last.ID || !page[0].LastAt.Equal(last.CreatedAt) || page[0].DisplayName == "" {
			t.Errorf("bob has met %+v", page)
		}
		must(t, p.players.Delete(t.Context(), player.Login{Player: player.ID(cid)}))
		if got, want := p.met(t, ann), []string{fmt.Sprint(dan, " 1"), fmt.Sprint(bob, " 3")}; !slices.Equal(got, want) {
			t.Errorf("an account is gone: %v, want %v", got, want)
		}
	})
}

// The rows of two people are written by sessions of many lanes and nodes; each counts, and none waits for ever.
func TestOpponentsAreCountedExactly(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		one := open(t, database)
		two := one.open(t, database)
		people := one.guests(t, 4)
		const each = 8
		var all sync.WaitGroup
		for i := range each {
			for j, host := range people {
				all.Go(func() {
					p := []*process{one, two}[(i+j)%2]
					s, err := p.sessions.Create(context.Background(), host, session.Wish{Game: "pile", Seats: 2}, nil)
					if err == nil {
						_, err = p.sessions.Join(context.Background(), people[(j+1)%4], s.JoinCode, "")
					}
					if err != nil {
						t.Error(err)
					}
				})
			}
		}
		all.Wait()
		for j, who := range people {
			got := one.met(t, who)
			slices.Sort(got)
			want := []string{fmt.Sprint(people[(j+1)%4], " ", each), fmt.Sprint(people[(j+3)%4], " ", each)}
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%v, want %v", got, want)
			}
		}
		sound(t, database)
	})
}

// An account that is gone meets nobody any more, and who has left does not either.
func TestWhoIsGoneMeetsNobody(t *testing.T) {
	onAllWith(t, func(t *testing.T, p *process, database string) {
		ann, bob, cid, dan := p.guest(t), p.guest(t), p.guest(t), p.guest(t)
		s := p.table(t, session.Wish{Seats: 2, Config: threeBars}, ann, bob)
		must(t, p.players.Delete(t.Context(), player.Login{Player: player.ID(bob)}))
		_, err := p.sessions.Join(t.Context(), cid, s.JoinCode, "")
		must(t, err)
		if n := number(t, raw(t, database), "SELECT COUNT(*) FROM opponents WHERE player_id = ?", string(bob)); n != 0 {
			t.Errorf("%d rows of an account that is gone", n)
		}
		p.forfeits(t, cid, s.ID)
		_, err = p.sessions.Join(t.Context(), dan, s.JoinCode, "")
		must(t, err)
		if got := p.met(t, dan); !slices.Equal(got, []string{fmt.Sprint(ann, " 1")}) {
			t.Errorf("dan has met %v", got)
		}
	}, bandOf(1))
}

func TestBotsAreNoOpponents(t *testing.T) {
	onAllWith(t, func(t *testing.T, p *process, _ string) {
		ann, bob := p.guest(t), p.guest(t)
		p.table(t, session.Wish{Game: "trio", Seats: 3, Bots: easyBots(1)}, ann, bob)
		p.table(t, session.Wish{Game: "trio", Bots: easyBots(2)}, ann)
		if got := p.met(t, ann); !slices.Equal(got, []string{fmt.Sprint(bob, " 1")}) {
			t.Errorf("%v", got)
		}
	}, games.Define(trio{}))
}
