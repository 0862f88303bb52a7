package store_test

import (
	"cmp"
	"errors"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"yourturn/matchmaking"
	"yourturn/notify"
	"yourturn/player"
	"yourturn/session"
	"yourturn/store/enginetest"
	"yourturn/store/faultdb"
)

// lowered is the notice of a badge.
func (p *process) lowered(s session.Session, who notify.PlayerID, by notify.LoginID) notify.Notice {
	return notify.Notice{By: by, Message: notify.Message{
		Player: who, Kind: notify.BadgeChanged, At: p.Now(), Session: string(s.ID), Game: s.Game, Version: s.Version, Turn: s.Turn, Deadline: s.Deadline,
	}}
}

// noticesOf lists a player's, in order.
func (p *process) noticesOf(t *testing.T, who notify.PlayerID) []notify.Notice {
	t.Helper()
	found, err := p.NoticesOf(t.Context(), who)
	must(t, err)
	return found
}

// pushed are the notices that a player's feed should have left behind: one for each message of some kinds.
func (p *process) pushed(t *testing.T, who notify.PlayerID, kinds ...string) (want []notify.Notice) {
	t.Helper()
	feed, err := p.Messages(t.Context(), who, 0, 1000)
	must(t, err)
	for _, m := range feed {
		if slices.Contains(kinds, m.Kind) {
			m.Data = nil
			want = append(want, notify.Notice{Message: m})
		}
	}
	return want
}

func sameNotices(t *testing.T, want, got []notify.Notice) {
	t.Helper()
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("notices: want - got +\n%s", diff)
	}
}

func TestPushedMessagesLeaveNotices(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		ann, bob := p.signUp(t), p.guest(t)
		phone := p.register(t, ann, "phone")
		s := p.match(t, phone.Player, bob)
		seat, _ := s.SeatOf(phone.Player)
		for turn := int64(1); turn <= 2; turn++ {
			s = p.read(t, s.ID)
			_, _, err := p.sessions.Play(t.Context(), mover(s), "", s.ID, turn, cell(int(turn)))
			must(t, err)
		}
		want := p.pushed(t, phone.Player, notify.YourTurn)
		if !s.MustMove(seat.Number) && len(want) == 0 {
			t.Fatal("nothing was pushed")
		}
		var got []notify.Notice
		for _, n := range p.noticesOf(t, phone.Player) {
			if n.Kind == notify.YourTurn {
				got = append(got, n)
			}
		}
		sameNotices(t, want, got)
		sameNotices(t, nil, p.noticesOf(t, bob)) // who has no device
	})
}

func TestNoticesAreThoseOfTheMessagesThatPush(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		ann, bob := p.signUp(t), p.signUp(t)
		phone, other := p.register(t, ann, "phone"), p.register(t, bob, "phone")
		s := p.match(t, phone.Player, other.Player)
		c := p.bump(s)
		c.Messages = []notify.Message{
			{Player: phone.Player, Kind: "loud", Push: true}, {Player: other.Player, Kind: "quiet"}, {Player: phone.Player, Kind: "quiet"},
			{Player: other.Player, Kind: "loud", Push: true}, {Player: phone.Player, Kind: "loud", Push: true},
		}
		for i := range c.Messages {
			m := &c.Messages[i]
			m.At, m.Session, m.Game, m.Version, m.Turn, m.Deadline, m.Data = p.Now(), string(s.ID), s.Game, c.Session.Version, s.Turn, s.Deadline, []byte(`{}`)
		}
		must(t, p.Commit(t.Context(), c))
		for _, who := range []notify.PlayerID{phone.Player, other.Player} {
			got := slices.DeleteFunc(p.noticesOf(t, who), func(n notify.Notice) bool { return n.Kind != "loud" })
			sameNotices(t, p.pushed(t, who, "loud"), got)
		}
	})
}

func TestTicketThatEndsLeavesANotice(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		ann, bob := p.signUp(t), p.guest(t)
		phone := p.register(t, ann, "phone")
		for i, who := range []notify.PlayerID{phone.Player, phone.Player, bob} {
			_, err := p.tickets.Create(t.Context(), who, session.Wish{Game: "pile", TurnSeconds: 60 + i}, 0, nil)
			must(t, err)
		}
		p.advance(matchmaking.Life)
		_, err := p.tickets.Expire(t.Context())
		must(t, err)
		want := p.pushed(t, phone.Player, notify.TicketExpired)
		if len(want) != 2 {
			t.Fatalf("told %d times", len(want))
		}
		sameNotices(t, want, p.noticesOf(t, phone.Player))
		sameNotices(t, nil, p.noticesOf(t, bob))
	})
}

func TestNoticesAreFoundOldestFirst(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		next, err := p.NextNotice(t.Context())
		if err != nil || !next.Equal(session.Never) {
			t.Errorf("the next of none: %s, %v", next, err)
		}
		ann := p.signUp(t)
		phone := p.register(t, ann, "phone")
		s := p.match(t, phone.Player, p.guest(t))
		_, err = raw(t, p.database).Exec("DELETE FROM notices") // of the match
		must(t, err)
		start := p.Now()
		for range 3 {
			p.advance(time.Second)
			c := p.bump(p.read(t, s.ID))
			c.Messages = slices.DeleteFunc(c.Messages, func(m notify.Message) bool { return m.Player != phone.Player })
			c.Messages[0].Push = true
			must(t, p.Commit(t.Context(), c))
		}
		next, err = p.NextNotice(t.Context())
		if err != nil || !next.Equal(start.Add(time.Second)) {
			t.Errorf("the next: %s, want %s, %v", next, start.Add(time.Second), err)
		}
		for _, look := range []struct {
			before time.Duration
			limit  int
			want   []time.Duration
		}{
			{999 * time.Millisecond, 10, nil},
			{time.Second, 10, []time.Duration{time.Second}},
			{2500 * time.Millisecond, 10, []time.Duration{time.Second, 2 * time.Second}},
			{time.Hour, 2, []time.Duration{time.Second, 2 * time.Second}},
			{time.Hour, 10, []time.Duration{time.Second, 2 * time.Second, 3 * time.Second}},
		} {
			found, err := p.Notices(t.Context(), start.Add(look.before), look.limit)
			must(t, err)
			var got []time.Duration
			for _, n := range found {
				got = append(got, n.At.Sub(start))
			}
			if !slices.Equal(got, look.want) {
				t.Errorf("before %s: %v, want %v", look.before, got, look.want)
			}
		}
	})
}

// pile is a table at which it is everybody's turn.
func (p *process) pile(t *testing.T, players ...notify.PlayerID) session.Session {
	t.Helper()
	s, err := p.sessions.Create(t.Context(), players[0], session.Wish{Game: "pile", Seats: len(players), Config: []byte(`{"height":100}`)}, nil)
	must(t, err)
	for _, who := range players[1:] {
		s, err = p.sessions.Join(t.Context(), who, s.JoinCode, "")
		must(t, err)
	}
	return p.read(t, s.ID)
}

func TestLoweredBadgeLeavesANotice(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		ann, bob := p.signUp(t), p.signUp(t)
		phone := p.register(t, ann, "phone")
		s := p.pile(t, phone.Player, notify.PlayerID(bob.Player))
		for _, login := range []player.Login{ann, bob} { // the second move ends the turn, so that the badge goes up again
			before, err := p.Cursor(t.Context(), phone.Player)
			must(t, err)
			played, _, err := p.sessions.Play(t.Context(), notify.PlayerID(login.Player), notify.LoginID(login.ID), s.ID, 1, []byte(`{"add":1}`))
			must(t, err)
			after, err := p.Cursor(t.Context(), phone.Player)
			must(t, err)
			if login != ann {
				continue
			}
			if after.Waiting != before.Waiting-1 {
				t.Fatalf("%d wait, and %d did before", after.Waiting, before.Waiting)
			}
			want := p.lowered(played, phone.Player, phone.Login)
			want.Seq = after.Last
			got := slices.DeleteFunc(p.noticesOf(t, phone.Player), func(n notify.Notice) bool { return n.Kind != notify.BadgeChanged })
			sameNotices(t, []notify.Notice{want}, got)
		}
		sameNotices(t, nil, p.noticesOf(t, notify.PlayerID(bob.Player)))
	})
}

// A badge that goes down twice without a message between is one notice, of the last time.
func TestLoweredBadgesMerge(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) { // without an audit: the badges are made up
		p := open(t, database)
		ann := p.signUp(t)
		phone := p.register(t, ann, "phone")
		s := p.match(t, phone.Player, p.guest(t))
		var want notify.Notice
		for _, by := range []notify.LoginID{"first", "second", ""} {
			p.advance(time.Second)
			s = p.read(t, s.ID)
			c := p.bump(s)
			c.Messages, c.Waiting = nil, map[notify.PlayerID]int{phone.Player: -1}
			c.Lowered = []notify.Notice{p.lowered(s, phone.Player, by)}
			must(t, p.Commit(t.Context(), c))
			if want.Kind == "" {
				want = c.Lowered[0]
			}
			want.At, want.By = p.Now(), by
			cursor, err := p.Cursor(t.Context(), phone.Player)
			must(t, err)
			want.Seq = cursor.Last
			got := slices.DeleteFunc(p.noticesOf(t, phone.Player), func(n notify.Notice) bool { return n.Kind != notify.BadgeChanged })
			sameNotices(t, []notify.Notice{want}, got)
		}
	})
}

func TestLostCommitLeavesNoNotice(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		var faults faultdb.Faults
		p := open(t, database, through(&faults), oneLane)
		ann, bob := p.signUp(t), p.signUp(t)
		phone, other := p.register(t, ann, "phone"), p.register(t, bob, "phone")
		one, two := p.match(t, phone.Player, other.Player), p.match(t, phone.Player, other.Player)
		loud := func(s session.Session) session.Commit {
			c := p.bump(s)
			for i := range c.Messages {
				c.Messages[i].Kind, c.Messages[i].Push = notify.TurnReminder, true
			}
			return c
		}
		stale := loud(one)
		stale.Waiting, stale.Lowered = map[notify.PlayerID]int{phone.Player: -1}, []notify.Notice{p.lowered(one, phone.Player, "")}
		must(t, p.Commit(t.Context(), loud(one)))
		if err := p.Commit(t.Context(), stale); !errors.Is(err, session.ErrConflict) {
			t.Errorf("alone: %v", err)
		}
		errs, transactions := p.together(t, &faults, loud(p.read(t, one.ID)), stale, loud(two))
		if !errors.Is(errs[0], session.ErrConflict) || errs[1] != nil || transactions != 1 {
			t.Errorf("in a group: %v in %d transactions", errs, transactions)
		}
		faults.Add(&faultdb.Rule{On: faultdb.Is("INSERT INTO notices"), Err: errNotPrimary})
		if err := p.Commit(t.Context(), loud(p.read(t, two.ID))); err == nil {
			t.Error("a commit without its notices was taken")
		}
		faults.Clear()
		for _, who := range []notify.PlayerID{phone.Player, other.Player} {
			got := slices.DeleteFunc(p.noticesOf(t, who), func(n notify.Notice) bool { return n.Kind == notify.YourTurn || n.Kind == notify.Matched })
			if len(got) != 3 {
				t.Errorf("%d notices of three commits", len(got))
			}
			sameNotices(t, p.pushed(t, who, notify.TurnReminder), got)
		}
		sound(t, database)
	})
}

// An answer that was lost must not make a second notice, nor one under another number.
func TestUnansweredCommitLeavesItsNoticesOnce(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		migrate(t, database)
		w := newWorld()
		for name, reach := range map[string]faultdb.Reach{"never arrived": faultdb.Unsent, "answer lost": faultdb.Reached} {
			t.Run(name, func(t *testing.T) {
				var faults faultdb.Faults
				p := w.open(t, database, through(&faults))
				ann, bob := p.signUp(t), p.signUp(t)
				phone, other := p.register(t, ann, "phone"), p.register(t, bob, "phone")
				s := p.match(t, phone.Player, other.Player)
				faults.Add(&faultdb.Rule{On: faultdb.Is("COMMIT"), Times: 1, Cut: true, Reach: reach})
				_, _, err := p.sessions.Play(t.Context(), mover(s), "", s.ID, 1, cell(0))
				must(t, err)
				for _, who := range []notify.PlayerID{phone.Player, other.Player} {
					got := slices.DeleteFunc(p.noticesOf(t, who), func(n notify.Notice) bool { return n.Kind != notify.YourTurn })
					sameNotices(t, p.pushed(t, who, notify.YourTurn), got)
				}
			})
		}
		sound(t, database)
	})
}

// A full group, in which few players are told much.
func TestGroupOfSixtyFourLeavesEveryNotice(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		var faults faultdb.Faults
		p := open(t, database, through(&faults), oneLane)
		var players []notify.PlayerID
		for i := range 4 {
			login := p.signUp(t)
			players = append(players, notify.PlayerID(login.Player))
			if i > 0 { // the first has no device
				p.register(t, login, "phone")
			}
		}
		first := p.match(t, players[0], players[1])
		var commits []session.Commit
		for i := range 64 {
			c := p.bump(p.match(t, players[i%4], players[(i+1+i/4%3)%4]))
			for n := range c.Messages {
				c.Messages[n].Kind, c.Messages[n].Push = notify.TurnReminder, true
			}
			commits = append(commits, c)
		}
		errs, transactions := p.together(t, &faults, p.bump(first), commits...)
		if err := errors.Join(errs...); err != nil || transactions != 1 {
			t.Errorf("%d transactions, %v", transactions, err)
		}
		total := 0
		for i, who := range players {
			want := p.pushed(t, who, notify.TurnReminder)
			total += len(want)
			if i == 0 {
				want = nil
			}
			got := slices.DeleteFunc(p.noticesOf(t, who), func(n notify.Notice) bool { return n.Kind != notify.TurnReminder })
			slices.SortFunc(got, func(a, b notify.Notice) int { return cmp.Compare(a.Seq, b.Seq) })
			sameNotices(t, want, got)
		}
		if total != 128 {
			t.Errorf("told %d times", total)
		}
		sound(t, database)
	})
}
