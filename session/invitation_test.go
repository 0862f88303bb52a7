package session

import (
	"fmt"
	"strings"
	"testing"

	"yourturn/games"
	"yourturn/notify"
)

// inviting is a table of three at which p0 and p1 sit, p0 has invited a and b, and p1 has invited c, whom a block keeps from
// hearing of it.
func inviting(t *testing.T) *story {
	s := table(t, games.Define(throws{}), 4, "")
	s.must(Act{Cause: Created, Players: []Seated{{Player: "p0", Name: "Ann"}}})
	s.must(Act{Cause: Joined, Seat: 1, Players: []Seated{{Player: "p1"}}})
	s.must(Act{Cause: Inviting, Seat: 0, Players: []Seated{{Player: "a"}, {Player: "b"}}})
	s.must(Act{Cause: Inviting, Seat: 1, Players: []Seated{{Player: "c"}, {Player: "d"}}, Unheard: []notify.PlayerID{"c"}})
	return s
}

func (s *story) guests() string {
	var all []string
	for _, i := range s.Invitations {
		all = append(all, fmt.Sprintf("%s>%s %s", i.Host, i.Player, i.Status))
	}
	return strings.Join(all, ", ")
}

// What becomes of the invitations, and who is told.
func TestInvitationsFollowTheTable(t *testing.T) {
	come := func(player notify.PlayerID, seat int) Act {
		return Act{Cause: Joined, Seat: seat, Players: []Seated{{Player: player}}}
	}
	for name, c := range map[string]struct {
		acts         []Act
		guests, told string
	}{
		"invited":  {nil, "p0>a open, p0>b open, p1>c open, p1>d open", "p0 session_updated, d invited"},
		"declined": {[]Act{{Cause: Declined, Seat: NoSeat, Players: []Seated{{Player: "a"}}}}, "p0>a declined, p0>b open, p1>c open, p1>d open", "p0 invitation_declined, p1 session_updated"},
		"accepted": {[]Act{come("b", 2)}, "p0>a open, p0>b accepted, p1>c open, p1>d open", "p0 session_updated, p1 session_updated"},
		"accepted, and got up again": {[]Act{come("b", 2), {Cause: Gone, Seat: 2}}, "p0>a open, p0>b declined, p1>c open, p1>d open",
			"p0 session_updated, p1 session_updated"},
		"a host gets up": {[]Act{come("b", 2), {Cause: Gone, Seat: 0}}, "p0>a withdrawn, p0>b accepted, p1>c open, p1>d open", "p1 session_updated, b session_updated"},
		"another invites as well": {[]Act{{Cause: Inviting, Seat: 1, Players: []Seated{{Player: "b"}}, Unheard: []notify.PlayerID{"b"}}},
			"p0>a open, p1>b open, p1>c open, p1>d open", "p0 session_updated"},
		"another invites, and who was first gets up": {[]Act{{Cause: Inviting, Seat: 1, Players: []Seated{{Player: "b"}}}, {Cause: Gone, Seat: 0}},
			"p0>a withdrawn, p1>b open, p1>c open, p1>d open", "p1 session_updated"},
		"withdrawn, and another invites": {[]Act{come("x", 2), {Cause: Gone, Seat: 0}, {Cause: Inviting, Seat: 1, Players: []Seated{{Player: "a"}}}},
			"p1>a open, p0>b withdrawn, p1>c open, p1>d open", "x session_updated, a invited"},
		"withdrawn, and they come": {[]Act{come("x", 2), {Cause: Gone, Seat: 0}, come("a", 0)}, "p0>a accepted, p0>b withdrawn, p1>c open, p1>d open",
			"p1 session_updated, x session_updated"},
		"all get up": {[]Act{{Cause: Gone, Seat: 0}, {Cause: Gone, Seat: 1}}, "", ""},
		"it begins":  {[]Act{come("x", 2), come("a", 3), {Cause: Started, Seat: NoSeat}}, "", "p0 your_turn, p1 your_turn, x your_turn, a your_turn"},
		"it expires": {[]Act{{Cause: TimedOut, Seat: NoSeat}}, "", "p0 session_finished, p1 session_finished"},
	} {
		t.Run(name, func(t *testing.T) {
			s := inviting(t)
			for _, act := range c.acts {
				s.must(act)
			}
			if got := s.guests(); got != c.guests {
				t.Errorf("invited: %q, want %q", got, c.guests)
			}
			var told []string
			for _, m := range s.last.Messages {
				told = append(told, string(m.Player)+" "+m.Kind)
			}
			if got := strings.Join(told, ", "); got != c.told {
				t.Errorf("told: %q, want %q", got, c.told)
			}
		})
	}
}

func TestWhatAnInvitationSays(t *testing.T) {
	s := table(t, ttt(), 2, "")
	s.JoinCode = "7H2KQ9XD"
	s.must(Act{Cause: Created, Players: []Seated{{Player: "p0", Name: `Ann "A"`}}})
	s.must(Act{Cause: Inviting, Players: []Seated{{Player: "bob", Name: "Bob"}}})
	if len(s.last.Messages) != 1 {
		t.Fatalf("told %+v", s.last.Messages)
	}
	m := s.last.Messages[0]
	want := `{"join_code":"7H2KQ9XD","title":"Tic-tac-toe","host":{"player_id":"p0","display_name":"Ann \"A\""}}`
	if m.Player != "bob" || !m.Push || string(m.Data) != want || !m.Deadline.Equal(s.Deadline) || m.Turn != 0 || m.Version != 2 {
		t.Errorf("%+v with %s", m, m.Data)
	}
	if got := string(s.last.EventsFor(0)[0].Data); got != `{"player_ids":["bob"]}` {
		t.Errorf("the event says %s", got)
	}
	s.must(Act{Cause: Declined, Seat: NoSeat, Players: []Seated{{Player: "bob"}}})
	m = s.last.Messages[0]
	if m.Player != "p0" || m.Kind != notify.InvitationDeclined || m.Push || string(m.Data) != `{"player_id":"bob","display_name":"Bob"}` {
		t.Errorf("%+v with %s", m, m.Data)
	}
	if e := s.last.EventsFor(0)[0]; e.Seat != nil || e.Kind != "declined" || string(e.Data) != `{"player_id":"bob"}` {
		t.Errorf("the event: %+v", e)
	}
}
