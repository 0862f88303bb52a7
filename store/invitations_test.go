package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"yourturn/notify"
	"yourturn/player"
	"yourturn/session"
	"yourturn/store/enginetest"
)

// invites opens a table of the pile for a host and those who are invited.
func (p *process) invites(t *testing.T, host notify.PlayerID, seats int, guests ...notify.PlayerID) session.Session {
	t.Helper()
	s, err := p.sessions.Create(t.Context(), host, session.Wish{Game: "pile", Seats: seats, Invite: guests}, nil)
	must(t, err)
	return s
}

// answers tells who has answered what to a table's invitations, in the order of the guests.
func (p *process) answers(t *testing.T, id session.ID, guests ...notify.PlayerID) string {
	t.Helper()
	var all []string
	for _, guest := range guests {
		answer := "-"
		for _, i := range p.read(t, id).Invitations {
			if i.Player == guest {
				answer = string(i.Status)
			}
		}
		all = append(all, answer)
	}
	return strings.Join(all, " ")
}

// invited lists the tables that a player is invited to.
func (p *process) invited(t *testing.T, who notify.PlayerID) (ids []session.ID) {
	t.Helper()
	for cursor := ""; ; {
		page, next, err := p.sessions.Invitations(t.Context(), who, cursor, 2)
		must(t, err)
		for _, i := range page {
			ids = append(ids, i.Session)
		}
		if next == "" {
			return ids
		}
		cursor = next
	}
}

func TestAnInvitationIsToldAndAnswered(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		ann, bob, cid, dan := p.guest(t), p.guest(t), p.guest(t), p.guest(t)
		table := p.invites(t, ann, 0, bob, cid, dan)
		if table.Capacity != 4 || table.Status != session.Waiting || len(table.Seats) != 1 {
			t.Fatalf("a table for four: %+v", table)
		}
		if got := p.answers(t, table.ID, bob, cid, dan); got != "open open open" {
			t.Errorf("nobody has answered: %s", got)
		}
		for _, guest := range []notify.PlayerID{bob, cid, dan} {
			feed, err := p.Messages(t.Context(), guest, 0, 10)
			must(t, err)
			if len(feed) != 1 || feed[0].Kind != notify.Invited || feed[0].Session != string(table.ID) || !feed[0].Deadline.Equal(table.Deadline) ||
				!strings.Contains(string(feed[0].Data), table.JoinCode) || !strings.Contains(string(feed[0].Data), string(ann)) {
				t.Errorf("told %+v", feed)
			}
		}
		page, _, err := p.sessions.Invitations(t.Context(), bob, "", 10)
		must(t, err)
		if len(page) != 1 || page[0].JoinCode != table.JoinCode || page[0].Host.ID != ann || page[0].Host.DisplayName == "" || page[0].Seats != 4 ||
			!page[0].At.Equal(table.CreatedAt) || !page[0].ExpiresAt.Equal(table.Deadline) || page[0].Game != "pile" {
			t.Errorf("listed %+v", page)
		}

		for range 2 { // declined again
			must(t, p.sessions.Decline(t.Context(), cid, table.ID))
		}
		if got := p.told(t, ann); got != "invitation_declined" {
			t.Errorf("the host is told %q", got)
		}
		_, err = p.sessions.Join(t.Context(), bob, table.JoinCode, "")
		must(t, err)
		if got := p.answers(t, table.ID, bob, cid, dan); got != "accepted declined open" {
			t.Errorf("answers: %s", got)
		}
		if err := p.sessions.Decline(t.Context(), bob, table.ID); !errors.Is(err, session.ErrSeated) {
			t.Errorf("who sits there declines: %v", err)
		}
		if len(p.invited(t, bob))+len(p.invited(t, cid)) != 0 || !slices.Equal(p.invited(t, dan), []session.ID{table.ID}) {
			t.Error("who has answered is still asked")
		}
		if got := p.told(t, ann); got != "invitation_declined session_updated" {
			t.Errorf("the host is told %q", got)
		}
		p.verified(t, table.ID, session.Equal)
	})
}

func TestAnInvitationEndsWithTheWaiting(t *testing.T) {
	for title, end := range map[string]func(t *testing.T, p *process, table session.Session, ann, bob notify.PlayerID){
		"it starts without one": func(t *testing.T, p *process, table session.Session, ann, bob notify.PlayerID) {
			_, err := p.sessions.Join(t.Context(), p.guest(t), table.JoinCode, "")
			must(t, err)
		},
		"whoever invited leaves, and it is over": func(t *testing.T, p *process, table session.Session, ann, bob notify.PlayerID) {
			must(t, p.sessions.Leave(t.Context(), ann, table.ID))
		},
		"nobody comes": func(t *testing.T, p *process, table session.Session, ann, bob notify.PlayerID) {
			p.advance(session.WaitingLife + time.Second)
			p.tick(t, 1)
		},
		"the host's account goes": func(t *testing.T, p *process, table session.Session, ann, bob notify.PlayerID) {
			must(t, p.players.Delete(t.Context(), player.Login{Player: player.ID(ann)}))
		},
	} {
		t.Run(title, func(t *testing.T) {
			onAll(t, func(t *testing.T, p *process, database string) {
				ann, bob := p.guest(t), p.guest(t)
				table := p.invites(t, ann, 2, bob)
				end(t, p, table, ann, bob)
				if got := p.invited(t, bob); len(got) != 0 {
					t.Errorf("bob is still invited to %v", got)
				}
				if err := p.sessions.Decline(t.Context(), bob, table.ID); !errors.Is(err, session.ErrNotFound) {
					t.Errorf("declined: %v", err)
				}
				if n := number(t, raw(t, database), "SELECT COUNT(*) FROM invitations"); n != 0 {
					t.Errorf("%d rows of invitations", n)
				}
				if got := p.told(t, bob); got != "invited" {
					t.Errorf("bob is told %q", got)
				}
				p.verified(t, table.ID, session.Equal)
			})
		})
	}
}

// Who gets up takes along whom they have invited, and leaves alone whom others have.
func TestWhoLeavesTakesTheirInvitationsAlong(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		ann, bob, cid, dan, eve := p.guest(t), p.guest(t), p.guest(t), p.guest(t), p.guest(t)
		table := p.invites(t, ann, 4, bob, cid)
		_, err := p.sessions.Join(t.Context(), bob, table.JoinCode, "")
		must(t, err)
		_, err = p.sessions.Invite(t.Context(), bob, table.ID, []notify.PlayerID{dan})
		must(t, err)
		must(t, p.sessions.Leave(t.Context(), ann, table.ID))
		if got := p.answers(t, table.ID, bob, cid, dan); got != "accepted withdrawn open" || len(p.invited(t, cid)) != 0 {
			t.Errorf("after the host has left: %s", got)
		}
		_, err = p.sessions.Invite(t.Context(), bob, table.ID, []notify.PlayerID{cid, eve}) // whom nobody invites any more
		must(t, err)
		if got := p.told(t, cid); got != "invited" || !slices.Equal(p.invited(t, cid), []session.ID{table.ID}) {
			t.Errorf("cid, who knows of the table, is told %q and listed %v", got, p.invited(t, cid))
		}
		_, err = p.sessions.Join(t.Context(), eve, table.JoinCode, "")
		must(t, err)
		must(t, p.sessions.Leave(t.Context(), eve, table.ID))
		if got := p.answers(t, table.ID, cid, dan, eve); got != "open open declined" {
			t.Errorf("who sat down and got up again has declined: %s", got)
		}
		_, err = p.sessions.Join(t.Context(), eve, table.JoinCode, "")
		must(t, err)
		if got := p.answers(t, table.ID, eve); got != "accepted" {
			t.Errorf("and is back: %s", got)
		}
		p.verified(t, table.ID, session.Equal)
	})
}

func TestInvitingAgainAsksNobodyTwice(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		ann, bob, cid := p.guest(t), p.guest(t), p.guest(t)
		table := p.invites(t, ann, 3, bob, bob)
		must(t, p.sessions.Decline(t.Context(), bob, table.ID))
		before := p.read(t, table.ID).Version
		for range 2 {
			_, err := p.sessions.Invite(t.Context(), ann, table.ID, []notify.PlayerID{bob})
			must(t, err)
		}
		if after := p.read(t, table.ID); after.Version != before || p.answers(t, table.ID, bob) != "declined" {
			t.Errorf("asked again: version %d, %s", after.Version, p.answers(t, table.ID, bob))
		}
		_, err := p.sessions.Invite(t.Context(), ann, table.ID, []notify.PlayerID{cid, bob, cid})
		must(t, err)
		if p.told(t, bob) != "invited" || p.told(t, cid) != "invited" {
			t.Errorf("told %q and %q", p.told(t, bob), p.told(t, cid))
		}
	})
}

// Who leaves and comes back, and invites again, is heard once.
func TestComingBackAsksNobodyAgain(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		ann, bob, cid := p.guest(t), p.guest(t), p.guest(t)
		table := p.table(t, session.Wish{Game: "pile", Seats: 4}, ann, cid)
		for range 3 {
			_, err := p.sessions.Invite(t.Context(), ann, table.ID, []notify.PlayerID{bob})
			must(t, err)
			if got := p.invited(t, bob); len(got) != 1 {
				t.Errorf("bob is invited to %v", got)
			}
			must(t, p.sessions.Leave(t.Context(), ann, table.ID))
			if err := p.sessions.Decline(t.Context(), bob, table.ID); len(p.invited(t, bob)) != 0 || !errors.Is(err, session.ErrNotFound) {
				t.Errorf("nobody invites him any more: %v, declined: %v", p.invited(t, bob), err)
			}
			_, err = p.sessions.Join(t.Context(), ann, table.JoinCode, "")
			must(t, err)
		}
		if got := p.told(t, bob); got != "invited" {
			t.Errorf("bob is told %q", got)
		}
		p.verified(t, table.ID, session.Equal)
	})
}

// What takes the place of an invitation that was there already makes a table's list no longer.
func TestInvitationsThatAreTakenOverNeedNoRoom(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		ann, cid := p.guest(t), p.guest(t)
		guests := p.guests(t, session.MaxTableGuests/2+1)
		table := p.table(t, session.Wish{Game: "pile", Seats: 4}, ann, cid)
		_, err := p.sessions.Invite(t.Context(), ann, table.ID, guests)
		must(t, err)
		_, err = p.sessions.Invite(t.Context(), cid, table.ID, guests) // they are cid's guests now
		must(t, err)
		must(t, p.sessions.Leave(t.Context(), cid, table.ID)) // and nobody's
		_, err = p.sessions.Invite(t.Context(), ann, table.ID, guests)
		must(t, err)
	})
}

// A table has room for the people who are invited, however often they are named.
func TestWhoIsInvitedTwiceTakesOneSeat(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		ann, bob := p.guest(t), p.guest(t)
		table := p.invites(t, ann, 0, bob, bob)
		if table, err := p.sessions.Join(t.Context(), bob, table.JoinCode, ""); err != nil || table.Capacity != 2 || table.Status != session.Active {
			t.Errorf("with both there: %s, %d seats, %v", table.Status, table.Capacity, err)
		}
	})
}

// erasing is a store by which an account goes while it is being invited.
type erasing struct {
	session.Store
	guest notify.PlayerID
	erase func()
}

func (e *erasing) Names(ctx context.Context, players []notify.PlayerID) (map[notify.PlayerID]string, error) {
	names, err := e.Store.Names(ctx, players)
	if slices.Contains(players, e.guest) {
		e.erase()
	}
	return names, err
}

// Of an account that goes at the very instant nothing comes back.
func TestAnAccountThatGoesWhileItIsInvited(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, database string) {
		for title, invite := range map[string]func(ann, bob notify.PlayerID, table session.ID) error{
			"to a table that is there": func(ann, bob notify.PlayerID, table session.ID) error {
				_, err := p.sessions.Invite(t.Context(), ann, table, []notify.PlayerID{bob})
				return err
			},
			"to a new one": func(ann, bob notify.PlayerID, _ session.ID) error {
				_, err := p.sessions.Create(t.Context(), ann, session.Wish{Game: "pile", Invite: []notify.PlayerID{bob}}, nil)
				return err
			},
		} {
			p.serveFrom(p.DB, nil, gamesOf()...)
			ann, bob := p.guest(t), p.guest(t)
			table := p.table(t, session.Wish{Game: "pile", Seats: 3}, ann)
			before := sessionsIn(t, database)
			p.serveFrom(&erasing{p.DB, bob, func() { must(t, p.ErasePlayer(t.Context(), player.ID(bob), p.Now())) }}, nil, gamesOf()...)
			if err := invite(ann, bob, table.ID); !errors.Is(err, session.ErrNoSuchPlayer) {
				t.Errorf("%s: %v", title, err)
			}
			for _, of := range []string{"invitations", "feed", "counters"} {
				if n := number(t, raw(t, database), "SELECT COUNT(*) FROM "+of+" WHERE player_id = ?", string(bob)); n != 0 {
					t.Errorf("%s: %d rows of %s", title, n, of)
				}
			}
			if now := p.read(t, table.ID); now.Version != table.Version || sessionsIn(t, database) != before {
				t.Errorf("%s: version %d, and %d sessions", title, now.Version, sessionsIn(t, database))
			}
		}
	})
}

// What servers of an earlier version have left behind counts for nothing.
func TestInvitationsToWhatIsOverDoNotCount(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		p := open(t, database)
		ann, bob := p.guest(t), p.guest(t)
		over := p.over(t, p.match(t, ann, bob))
		db := raw(t, database)
		for i := range session.MaxOpenInvitations {
			_, err := db.ExecContext(t.Context(), "INSERT INTO invitations (session_id, player_id, host_id, status, at) VALUES (?, ?, ?, 'open', 1)",
				string(over.ID), fmt.Sprint("p", i), string(ann))
			must(t, err)
		}
		p.invites(t, ann, 2, bob)
	})
}

func TestWhoCannotBeInvited(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, database string) {
		ann, bob, gone, blocked := p.guest(t), p.guest(t), p.guest(t), p.guest(t)
		must(t, p.players.Delete(t.Context(), player.Login{Player: player.ID(gone)}))
		must(t, p.sessions.Block(t.Context(), ann, blocked))
		table := p.invites(t, ann, 3)
		over := p.over(t, p.match(t, ann, bob))
		playing := p.match(t, ann, bob)
		rematch := p.again(t, ann, over.ID)
		for title, c := range map[string]struct {
			by     notify.PlayerID
			at     session.ID
			guests []notify.PlayerID
			want   error
			index  int
		}{
			"oneself":              {ann, table.ID, []notify.PlayerID{bob, ann}, session.ErrYourself, 1},
			"nobody":               {ann, table.ID, []notify.PlayerID{"nobody"}, session.ErrNoSuchPlayer, 0},
			"an account that went": {ann, table.ID, []notify.PlayerID{bob, gone}, session.ErrNoSuchPlayer, 1},
			"whom one has blocked": {ann, table.ID, []notify.PlayerID{blocked}, session.ErrBlocked, 0},
			"by a stranger":        {bob, table.ID, []notify.PlayerID{blocked}, session.ErrNotFound, -1},
			"to no table":          {ann, "nothing", []notify.PlayerID{bob}, session.ErrNotFound, -1},
			"to a game that is on": {ann, playing.ID, []notify.PlayerID{blocked, bob}[1:], session.ErrStarted, -1},
			"to one that is over":  {ann, over.ID, []notify.PlayerID{bob}, session.ErrFinished, -1},
			"to a rematch":         {ann, rematch.ID, []notify.PlayerID{bob}, session.ErrNotPrivate, -1},
		} {
			_, err := p.sessions.Invite(t.Context(), c.by, c.at, c.guests)
			var bad *session.BadGuest
			if !errors.Is(err, c.want) || errors.As(err, &bad) != (c.index >= 0) || bad != nil && bad.Index != c.index {
				t.Errorf("%s: %v, want %v", title, err, c.want)
			}
		}
		for _, guests := range [][]notify.PlayerID{{ann}, {"nobody"}, {blocked}} {
			before := sessionsIn(t, database)
			if _, err := p.sessions.Create(t.Context(), ann, session.Wish{Game: "pile", Invite: guests}, nil); err == nil || sessionsIn(t, database) != before {
				t.Errorf("a table for %v: %v", guests, err)
			}
		}
		if got := p.told(t, blocked); got != "" {
			t.Errorf("told %q", got)
		}
	})
}

func TestInvitationsAreBounded(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		ann := p.guest(t)
		guests := p.guests(t, 16)
		var first session.Session
		for n := range session.MaxOpenInvitations / 16 {
			if table := p.invites(t, ann, 2, guests...); n == 0 {
				first = table
			}
		}
		left := session.MaxOpenInvitations % 16
		table := p.invites(t, ann, 2)
		if _, err := p.sessions.Invite(t.Context(), ann, table.ID, guests[:left+1]); !errors.Is(err, session.ErrTooManyInvitations) {
			t.Errorf("one too many: %v", err)
		}
		_, err := p.sessions.Invite(t.Context(), ann, table.ID, guests[:left])
		must(t, err)
		if _, err := p.sessions.Create(t.Context(), ann, session.Wish{Game: "pile", Invite: guests[:1]}, nil); !errors.Is(err, session.ErrTooManyInvitations) {
			t.Errorf("at another table: %v", err)
		}
		must(t, p.sessions.Decline(t.Context(), guests[0], first.ID))
		p.invites(t, ann, 2, guests[0])
	})
}

// The pages of a list hold each invitation once, also of those that came in the same millisecond.
func TestInvitationsAreListedNewestFirst(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		bob := p.guest(t)
		var want []session.ID
		for n := range 7 {
			if n%3 == 0 {
				p.advance(time.Minute)
			}
			want = append(want, p.invites(t, p.guest(t), 2, bob).ID)
		}
		slices.Reverse(want) // ids ascend
		if got := p.invited(t, bob); !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
		if _, _, err := p.sessions.Invitations(t.Context(), bob, "nonsense", 2); !errors.Is(err, session.ErrBadCursor) {
			t.Errorf("a cursor of somebody's own: %v", err)
		}
	})
}

// Of two devices of one person one says yes and one says no, on two nodes: one of them is heard, and both see the same.
func TestYesAndNoAtTheSameInstant(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		one := open(t, database)
		two := one.open(t, database)
		for range 10 {
			ann, bob := one.guest(t), one.guest(t)
			table := one.invites(t, ann, 3, bob)
			var both sync.WaitGroup
			var yes, no error
			both.Go(func() { _, yes = one.sessions.Join(context.Background(), bob, table.JoinCode, "") })
			both.Go(func() { no = two.sessions.Decline(context.Background(), bob, table.ID) })
			both.Wait()
			after := one.read(t, table.ID)
			if yes != nil || no != nil && !errors.Is(no, session.ErrSeated) || len(after.Seats) != 2 || one.answers(t, table.ID, bob) != "accepted" {
				t.Errorf("yes: %v, no: %v, then %s with %d seats", yes, no, one.answers(t, table.ID, bob), len(after.Seats))
			}
			want := "session_updated"
			if no == nil {
				want = "invitation_declined session_updated"
			}
			if got := one.told(t, ann); got != want {
				t.Errorf("the host is told %q, want %q", got, want)
			}
			one.verified(t, table.ID, session.Equal)
		}
		sound(t, database)
	})
}

// While the last seat is taken, others are invited: either they are in time and their invitation ends, or they are not asked.
func TestNobodyIsInvitedToAGameThatBegins(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		one := open(t, database)
		two := one.open(t, database)
		for range 10 {
			ann, bob, cid := one.guest(t), one.guest(t), one.guest(t)
			table := one.invites(t, ann, 2)
			var both sync.WaitGroup
			var joined, invited error
			both.Go(func() { _, joined = one.sessions.Join(context.Background(), bob, table.JoinCode, "") })
			both.Go(func() {
				_, invited = two.sessions.Invite(context.Background(), ann, table.ID, []notify.PlayerID{cid})
			})
			both.Wait()
			if joined != nil || invited != nil && !errors.Is(invited, session.ErrStarted) {
				t.Errorf("joined: %v, invited: %v", joined, invited)
			}
			if got := one.told(t, cid); (got == "invited") != (invited == nil) || len(one.invited(t, cid)) != 0 {
				t.Errorf("invited: %v, and told %q", invited, got)
			}
		}
		sound(t, database)
	})
}

func TestAnAccountThatGoesDeclines(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, database string) {
		ann, bob := p.guest(t), p.guest(t)
		table := p.invites(t, ann, 3, bob)
		must(t, p.players.Delete(t.Context(), player.Login{Player: player.ID(bob)}))
		if got := p.told(t, ann); got != "invitation_declined" {
			t.Errorf("the host is told %q", got)
		}
		if n := number(t, raw(t, database), "SELECT COUNT(*) FROM invitations"); n != 0 {
			t.Errorf("%d rows of invitations", n)
		}
		p.verified(t, table.ID, session.Equal)
	})
}

// What the guard of an invitation's push asks for.
func TestDueTellsWhetherAnInvitationStands(t *testing.T) {
	for title, c := range map[string]struct {
		change func(t *testing.T, p *process, table session.Session, ann, bob notify.PlayerID)
		stands bool
	}{
		"nothing has happened": {func(*testing.T, *process, session.Session, notify.PlayerID, notify.PlayerID) {}, true},
		"somebody else has come": {func(t *testing.T, p *process, table session.Session, _, _ notify.PlayerID) {
			_, err := p.sessions.Join(t.Context(), p.guest(t), table.JoinCode, "")
			must(t, err)
		}, true},
		"declined": {func(t *testing.T, p *process, table session.Session, _, bob notify.PlayerID) {
			must(t, p.sessions.Decline(t.Context(), bob, table.ID))
		}, false},
		"accepted": {func(t *testing.T, p *process, table session.Session, _, bob notify.PlayerID) {
			_, err := p.sessions.Join(t.Context(), bob, table.JoinCode, "")
			must(t, err)
		}, false},
		"begun": {func(t *testing.T, p *process, table session.Session, _, _ notify.PlayerID) {
			for range 2 {
				_, err := p.sessions.Join(t.Context(), p.guest(t), table.JoinCode, "")
				must(t, err)
			}
		}, false},
		"the host has left": {func(t *testing.T, p *process, table session.Session, ann, _ notify.PlayerID) {
			must(t, p.sessions.Leave(t.Context(), ann, table.ID))
		}, false},
		"the guest blocks the host": {func(t *testing.T, p *process, _ session.Session, ann, bob notify.PlayerID) {
			must(t, p.sessions.Block(t.Context(), bob, ann))
		}, false},
		"the host blocks the guest": {func(t *testing.T, p *process, _ session.Session, ann, bob notify.PlayerID) {
			must(t, p.sessions.Block(t.Context(), ann, bob))
		}, false},
		"the guest blocks the host of the table": {func(t *testing.T, p *process, table session.Session, _, bob notify.PlayerID) {
			must(t, p.sessions.Block(t.Context(), bob, p.read(t, table.ID).Seats[0].Player))
		}, false},
		"the host of the table blocks the guest": {func(t *testing.T, p *process, table session.Session, _, bob notify.PlayerID) {
			must(t, p.sessions.Block(t.Context(), p.read(t, table.ID).Seats[0].Player, bob))
		}, false},
		"others block each other": {func(t *testing.T, p *process, _ session.Session, ann, bob notify.PlayerID) {
			cid := p.guest(t)
			must(t, p.sessions.Block(t.Context(), ann, cid))
			must(t, p.sessions.Block(t.Context(), cid, bob))
		}, true},
	} {
		t.Run(title, func(t *testing.T) {
			onAll(t, func(t *testing.T, p *process, _ string) {
				ann, bob := p.guest(t), p.guest(t)
				table := p.table(t, session.Wish{Game: "pile", Seats: 4}, p.guest(t), ann) // it is another's, at which ann invites
				table, err := p.sessions.Invite(t.Context(), ann, table.ID, []notify.PlayerID{bob})
				must(t, err)
				host, err := p.Player(t.Context(), player.ID(ann))
				must(t, err)
				feed, err := p.Messages(t.Context(), bob, 0, 1)
				must(t, err)
				d := notify.Delivery{
					ID: notify.DeliveryID(p.newID()), Notice: notify.Notice{Message: feed[0]}, Device: "phone", Channel: notify.APNs,
					Status: notify.Pending, CreatedAt: p.Now(), UpdatedAt: p.Now(),
				}
				must(t, p.AddDelivery(t.Context(), leased(d, 0)))
				c.change(t, p, table, ann, bob)
				due := p.claim(t, time.Hour, 10)
				if len(due) != 1 || due[0].Invited != c.stands {
					t.Fatalf("%+v, want it to stand: %t", due, c.stands)
				}
				if c.stands && due[0].Table.Opponent != host.Profile.DisplayName {
					t.Errorf("invited by %q, not %q", due[0].Table.Opponent, host.Profile.DisplayName)
				}
			})
		})
	}
}

// A group commit writes the invitations of many tables at once.
func TestManyInviteAtTheSameInstant(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		guests := p.guests(t, 8)
		hosts := p.guests(t, 24)
		var all sync.WaitGroup
		for _, host := range hosts {
			all.Go(func() {
				if _, err := p.sessions.Create(context.Background(), host, session.Wish{Game: "pile", Invite: guests}, nil); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		for _, guest := range guests {
			if got := p.invited(t, guest); len(got) != len(hosts) {
				t.Errorf("invited to %d tables", len(got))
			}
			if got := p.told(t, guest); got != strings.TrimSpace(strings.Repeat("invited ", len(hosts))) {
				t.Errorf("told %q", fmt.Sprint(got))
			}
		}
	})
}
