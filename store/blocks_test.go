package store_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"yourturn/matchmaking"
	"yourturn/notify"
	"yourturn/player"
	"yourturn/session"
	"yourturn/store/enginetest"
)

func (p *process) blocks(t *testing.T, who, whom notify.PlayerID) {
	t.Helper()
	must(t, p.sessions.Block(t.Context(), who, whom))
}

// blocked lists whom a player has blocked.
func (p *process) blocked(t *testing.T, who notify.PlayerID) (ids []notify.PlayerID) {
	t.Helper()
	for cursor := ""; ; {
		page, next, err := p.sessions.Blocks(t.Context(), who, cursor, 2)
		must(t, err)
		for _, b := range page {
			ids = append(ids, b.ID)
		}
		if next == "" {
			return ids
		}
		cursor = next
	}
}

func TestBlocksAreListedNewestFirst(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		ann, gone := p.guest(t), p.guest(t)
		var want []notify.PlayerID
		for n := range 5 {
			if n%2 == 0 {
				p.advance(time.Minute)
			}
			other := p.guest(t)
			p.blocks(t, ann, other)
			want = append(want, other)
		}
		p.blocks(t, ann, gone)
		p.blocks(t, want[0], ann)
		p.advance(time.Minute)
		p.blocks(t, ann, want[0]) // again: it stays where it is
		must(t, p.players.Delete(t.Context(), player.Login{Player: player.ID(gone)}))
		slices.Reverse(want)
		if got := p.blocked(t, ann); !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
		for range 2 {
			must(t, p.sessions.Unblock(t.Context(), ann, want[1]))
		}
		if got := p.blocked(t, ann); !slices.Equal(got, slices.Delete(slices.Clone(want), 1, 2)) {
			t.Errorf("after one is unblocked: %v", got)
		}
		if got := p.blocked(t, want[4]); !slices.Equal(got, []notify.PlayerID{ann}) {
			t.Errorf("the other blocks %v", got)
		}
	})
}

func TestWhoCannotBeBlocked(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		ann, gone := p.guest(t), p.guest(t)
		must(t, p.players.Delete(t.Context(), player.Login{Player: player.ID(gone)}))
		for whom, want := range map[notify.PlayerID]error{ann: session.ErrYourself, "nobody": session.ErrNoSuchPlayer, gone: session.ErrNoSuchPlayer} {
			if err := p.sessions.Block(t.Context(), ann, whom); !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", whom, err, want)
			}
		}
	})
}

// The bound is exact however many are blocked at the same instant.
func TestBlocksAreBoundedExactly(t *testing.T) {
	const most = 5
	enginetest.Each(t, func(t *testing.T, database string) {
		one := open(t, database)
		two := one.open(t, database)
		ann := one.guest(t)
		var all sync.WaitGroup
		errs := make([]error, 12)
		for i, other := range one.guests(t, len(errs)) {
			p := []*process{one, two}[i%2]
			all.Go(func() { errs[i] = p.Block(context.Background(), ann, other, p.Now(), most) })
		}
		all.Wait()
		kept := 0
		for _, err := range errs {
			if err == nil {
				kept++
			} else if !errors.Is(err, session.ErrTooManyBlocks) {
				t.Error(err)
			}
		}
		if kept != most || len(one.blocked(t, ann)) != most {
			t.Errorf("%d were kept, %d are there", kept, len(one.blocked(t, ann)))
		}
		if err := one.Block(t.Context(), ann, one.blocked(t, ann)[0], one.Now(), most); err != nil {
			t.Errorf("one that is there, once more: %v", err)
		}
	})
}

// Neither who blocks nor who is blocked is matched with the other, and both are with anybody else.
func TestWhoIsBlockedIsNotMatched(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		ann, bob := p.guest(t), p.guest(t)
		p.blocks(t, ann, bob)
		for _, first := range []notify.PlayerID{ann, bob} {
			second := map[notify.PlayerID]notify.PlayerID{ann: bob, bob: ann}[first]
			var tickets []matchmaking.Ticket
			for _, who := range []notify.PlayerID{first, second} {
				made, err := p.tickets.Create(t.Context(), who, session.Wish{Game: "tictactoe"}, 0, nil)
				must(t, err)
				tickets = append(tickets, made)
			}
			if _, err := p.tickets.Step(t.Context()); err != nil || tickets[1].Status != matchmaking.Waiting {
				t.Fatalf("%s, %v", tickets[1].Status, err)
			}
			p.match(t, p.guest(t)) // meets the first
			p.match(t, p.guest(t))
			for i, made := range tickets {
				if now, err := p.Ticket(t.Context(), made.ID); err != nil || now.Status != matchmaking.Matched {
					t.Errorf("ticket %d is %s, %v", i, now.Status, err)
				}
			}
		}
		must(t, p.sessions.Unblock(t.Context(), ann, bob))
		p.match(t, ann, bob)
	})
}

// A block that comes while a match is made may be too late for this one; whatever happens, nothing is left half done.
func TestABlockMeetsAMatch(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		one := open(t, database)
		two := one.open(t, database)
		for range 10 {
			ann, bob := one.guest(t), one.guest(t)
			_, err := one.tickets.Create(t.Context(), ann, session.Wish{Game: "tictactoe"}, 0, nil)
			must(t, err)
			var both sync.WaitGroup
			var made matchmaking.Ticket
			both.Go(func() {
				if err := two.sessions.Block(context.Background(), ann, bob); err != nil {
					t.Error(err)
				}
			})
			both.Go(func() {
				var err error
				if made, err = one.tickets.Create(context.Background(), bob, session.Wish{Game: "tictactoe"}, 0, nil); err != nil {
					t.Error(err)
				}
			})
			both.Wait()
			must(t, one.tickets.CancelAll(t.Context(), ann))
			must(t, one.tickets.CancelAll(t.Context(), bob))
			if made.Status == matchmaking.Matched {
				one.verified(t, made.Session, session.Equal)
			}
		}
		sound(t, database)
	})
}

// An invitation from somebody who is blocked is kept from whoever blocks, and to the host it looks as if nobody had answered.
func TestWhoIsBlockedInvitesInVain(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		ann, bob, cid := p.guest(t), p.guest(t), p.guest(t)
		earlier := p.invites(t, ann, 3, bob)
		p.blocks(t, bob, ann)
		table := p.invites(t, ann, 3, bob, cid)
		if got := p.answers(t, table.ID, bob, cid) + " " + p.answers(t, earlier.ID, bob); got != "open open open" {
			t.Errorf("the host sees %s", got)
		}
		if got := p.told(t, bob); got != "invited" || len(p.invited(t, bob)) != 0 {
			t.Errorf("bob is told %q and listed %v", got, p.invited(t, bob))
		}
		if got := p.told(t, ann); got != "" {
			t.Errorf("the host is told %q", got)
		}
		if got := p.invited(t, cid); !slices.Equal(got, []session.ID{table.ID}) {
			t.Errorf("cid is listed %v", got)
		}
		must(t, p.sessions.Unblock(t.Context(), bob, ann))
		if got := p.invited(t, bob); !slices.Equal(got, []session.ID{table.ID, earlier.ID}) {
			t.Errorf("unblocked, bob is listed %v", got)
		}
	})
}

// Who may not come in is not asked in: the block of the table's host counts as that of whoever invites.
func TestWhoTheHostKeepsOutIsInvitedInVain(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		for _, hosts := range []bool{true, false} {
			ann, bob, cid := p.guest(t), p.guest(t), p.guest(t)
			table := p.table(t, session.Wish{Game: "pile", Seats: 4}, bob, cid)
			if hosts {
				p.blocks(t, bob, ann)
			} else {
				p.blocks(t, ann, bob)
			}
			_, err := p.sessions.Invite(t.Context(), cid, table.ID, []notify.PlayerID{ann})
			must(t, err)
			if got := p.told(t, ann); got != "" || len(p.invited(t, ann)) != 0 || p.answers(t, table.ID, ann) != "open" {
				t.Errorf("ann is told %q and listed %v; they see %s", got, p.invited(t, ann), p.answers(t, table.ID, ann))
			}
			must(t, p.sessions.Leave(t.Context(), bob, table.ID)) // now it is cid's
			if got := p.invited(t, ann); !slices.Equal(got, []session.ID{table.ID}) {
				t.Errorf("nobody stands between them any more, and ann is listed %v", got)
			}
			_, err = p.sessions.Join(t.Context(), ann, table.JoinCode, "")
			must(t, err)
		}
	})
}

// What a block hides is over for whom it hides it from, and who said it hears of no answer.
func TestWhatABlockHidesCannotBeDeclined(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		for _, mine := range []bool{true, false} {
			ann, bob := p.guest(t), p.guest(t)
			table := p.invites(t, ann, 3, bob)
			one, other := ann, bob
			if mine {
				one, other = bob, ann
			}
			p.blocks(t, one, other)
			if err := p.sessions.Decline(t.Context(), bob, table.ID); !errors.Is(err, session.ErrNotFound) {
				t.Errorf("declined: %v", err)
			}
			if got := p.told(t, ann); got != "" || p.answers(t, table.ID, bob) != "open" {
				t.Errorf("the host is told %q and sees %s", got, p.answers(t, table.ID, bob))
			}
			must(t, p.sessions.Unblock(t.Context(), one, other))
			for range 2 {
				must(t, p.sessions.Decline(t.Context(), bob, table.ID))
			}
			p.blocks(t, one, other)
			if err := p.sessions.Decline(t.Context(), bob, table.ID); !errors.Is(err, session.ErrNotFound) {
				t.Errorf("declined before, and once more: %v", err)
			}
		}
	})
}

// An invitation that nobody hears stands in nobody's way. To whoever sent it another's looks the same, heard or not.
func TestWhoIsInvitedInVainCanBeInvitedByAnother(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		for _, blocked := range []bool{true, false} {
			ann, bob, cid := p.guest(t), p.guest(t), p.guest(t)
			if blocked {
				p.blocks(t, ann, bob)
			}
			table := p.table(t, session.Wish{Game: "pile", Seats: 4}, cid, bob)
			for _, host := range []notify.PlayerID{bob, cid, cid} {
				_, err := p.sessions.Invite(t.Context(), host, table.ID, []notify.PlayerID{ann})
				must(t, err)
			}
			if got := p.told(t, ann); got != "invited" || !slices.Equal(p.invited(t, ann), []session.ID{table.ID}) {
				t.Errorf("ann is told %q and listed %v", got, p.invited(t, ann))
			}
			events, _, err := p.sessions.Events(t.Context(), bob, table.ID, 0, 100)
			must(t, err)
			if got := kindsOf(events); got != "created joined invited invited" {
				t.Errorf("bob sees %s", got)
			}
			must(t, p.sessions.Leave(t.Context(), bob, table.ID))
			if got := p.answers(t, table.ID, ann); got != "open" {
				t.Errorf("cid's invitation is %s when bob has left", got)
			}
			must(t, p.sessions.Decline(t.Context(), ann, table.ID))
			if got := p.told(t, cid); !strings.HasSuffix(got, "invitation_declined") {
				t.Errorf("cid is told %q", got)
			}
			p.verified(t, table.ID, session.Equal)
		}
	})
}

// Nor does one that would not be heard take the place of one that was.
func TestWhoIsBlockedTakesNobodysInvitation(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		ann, bob, cid := p.guest(t), p.guest(t), p.guest(t)
		p.blocks(t, ann, bob)
		table := p.table(t, session.Wish{Game: "pile", Seats: 4}, cid, bob)
		for _, host := range []notify.PlayerID{cid, bob} {
			_, err := p.sessions.Invite(t.Context(), host, table.ID, []notify.PlayerID{ann})
			must(t, err)
		}
		must(t, p.sessions.Leave(t.Context(), bob, table.ID))
		if got := p.invited(t, ann); !slices.Equal(got, []session.ID{table.ID}) || p.told(t, ann) != "invited" {
			t.Errorf("ann is listed %v and told %q", got, p.told(t, ann))
		}
	})
}

func kindsOf(events []session.Event) string {
	var kinds []string
	for _, e := range events {
		kinds = append(kinds, e.Kind)
	}
	return strings.Join(kinds, " ")
}

func TestBlocksAmongSome(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		all := p.guests(t, 5)
		p.blocks(t, all[0], all[1])
		p.blocks(t, all[2], all[0])
		p.blocks(t, all[3], all[4])
		got, err := p.BlocksAmong(t.Context(), []notify.PlayerID{all[0], all[1], all[2], all[3], all[0]})
		must(t, err)
		if want := (session.Blocks{{all[0], all[1]}: true, {all[2], all[0]}: true}); !maps.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	})
}

// A code leads nowhere for whom the host has blocked, and where it always did for everybody else.
func TestACodeOfWhoHasBlockedLeadsNowhere(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		ann, bob, cid := p.guest(t), p.guest(t), p.guest(t)
		table := p.invites(t, ann, 4, bob)
		p.blocks(t, ann, bob)
		_, err := p.sessions.Join(t.Context(), bob, table.JoinCode, "")
		_, looked := p.sessions.Preview(t.Context(), bob, table.JoinCode)
		if !errors.Is(err, session.ErrNotFound) || !errors.Is(looked, session.ErrNotFound) || len(p.invited(t, bob)) != 0 {
			t.Errorf("joined: %v, looked: %v, invited to %v", err, looked, p.invited(t, bob))
		}
		p.blocks(t, cid, ann) // who types a code knows where it leads
		_, err = p.sessions.Join(t.Context(), cid, table.JoinCode, "")
		must(t, err)
		other := p.invites(t, cid, 4)
		_, err = p.sessions.Join(t.Context(), bob, other.JoinCode, "")
		must(t, err)
		p.blocks(t, cid, bob)
		if again, err := p.sessions.Join(t.Context(), bob, other.JoinCode, ""); err != nil || again.ID != other.ID {
			t.Errorf("who sits there already: %v", err)
		}
	})
}

func TestARematchIsNotOfferedOverABlock(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		for _, mine := range []bool{true, false} {
			ann, bob := p.guest(t), p.guest(t)
			old := p.over(t, p.match(t, ann, bob))
			before := p.told(t, bob)
			if mine {
				p.blocks(t, ann, bob)
			} else {
				p.blocks(t, bob, ann)
			}
			p.again(t, ann, old.ID)
			if got := p.told(t, bob); got != before {
				t.Errorf("bob is told %q after %q", got, before)
			}
			p.verified(t, old.ID, session.Equal)
		}
	})
}

func TestOneBlockOfThreeKeepsTwoTogether(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		all := p.guests(t, 4)
		for i := range 3 {
			p.blocks(t, all[0], all[1])
			made, err := p.tickets.Create(t.Context(), all[i], session.Wish{Game: "pile", Seats: 3}, 0, nil)
			must(t, err)
			if made.Status != matchmaking.Waiting {
				t.Fatalf("ticket %d is %s", i, made.Status)
			}
		}
		made, err := p.tickets.Create(t.Context(), all[3], session.Wish{Game: "pile", Seats: 3}, 0, nil)
		must(t, err)
		var there []notify.PlayerID
		for _, seat := range p.read(t, made.Session).Seats {
			there = append(there, seat.Player)
		}
		if want := []notify.PlayerID{all[0], all[2], all[3]}; !slices.Equal(there, want) {
			t.Errorf("%s sit together, want %s", fmt.Sprint(there), fmt.Sprint(want))
		}
	})
}
