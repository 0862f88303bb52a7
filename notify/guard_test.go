package notify

import (
	"testing"
	"time"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// due is a delivery of a kind that may be sent at noon.
func due(kind string) Due {
	n := Notice{Message: Message{Player: "ann", Seq: 7, Kind: kind, At: noon.Add(-3 * time.Second), Session: "s", Game: "tictactoe", Version: 4, Turn: 3, Deadline: noon.Add(time.Hour)}}
	if kind == TicketExpired || kind == TestPush {
		n.Session, n.Version, n.Turn, n.Deadline = "", 0, 0, time.Time{}
	}
	d := Due{
		Delivery: Delivery{ID: "d", Notice: n, Device: "phone", Channel: APNs, Status: Pending},
		To:       &Device{Player: "ann", ID: "phone", Channel: APNs, Registered: noon.Add(-time.Hour)},
		Acked:    6, Waiting: 1,
	}
	d.Invited = kind == Invited
	if n.Session != "" {
		d.Table = &Table{Active: kind != SessionFinished && kind != Invited, Turn: 3, Deadline: noon.Add(time.Hour), Awaited: kind == YourTurn || kind == TurnReminder}
	}
	return d
}

// What each guard does to each kind: the table of the design, row by row.
func TestGuards(t *testing.T) {
	kinds := []string{Matched, YourTurn, TurnReminder, SessionFinished, TicketExpired, Invited, BadgeChanged, TestPush}
	all := func(reason string) map[string]string {
		m := map[string]string{}
		for _, kind := range kinds {
			m[kind] = reason
		}
		return m
	}
	but := func(m map[string]string, kinds ...string) map[string]string {
		for _, kind := range kinds {
			delete(m, kind)
		}
		return m
	}
	only := func(reason string, kinds ...string) map[string]string {
		m := map[string]string{}
		for _, kind := range kinds {
			m[kind] = reason
		}
		return m
	}
	for name, c := range map[string]struct {
		change func(*Due)
		now    time.Time
		want   map[string]string // the kinds that are not sent, and why
	}{
		"all is well":          {func(*Due) {}, noon, nil},
		"the device is gone":   {func(d *Due) { d.To = nil }, noon, all(ReasonDeviceGone)},
		"the device rests":     {func(d *Due) { d.To.Rejected = MaxRejected }, noon, but(all(ReasonDeviceResting), TestPush)},
		"almost":               {func(d *Due) { d.To.Rejected = MaxRejected - 1 }, noon, nil},
		"muted":                {mute, noon, only(ReasonMuted, Matched, YourTurn, TurnReminder, SessionFinished, Invited)},
		"seen by eye":          {func(d *Due) { d.Acked = 7 }, noon, but(all(ReasonAcknowledged), BadgeChanged, TestPush)},
		"the turn has passed":  {func(d *Due) { turn(d, func(t *Table) { t.Turn = 4 }) }, noon, only(ReasonTurnOver, YourTurn, TurnReminder)},
		"the player has moved": {func(d *Due) { turn(d, func(t *Table) { t.Awaited = false }) }, noon, only(ReasonMoved, YourTurn, TurnReminder)},
		"it is over":           {func(d *Due) { turn(d, func(t *Table) { t.Active = false }) }, noon, only(ReasonSessionOver, YourTurn, TurnReminder)},
		"the invitation is answered, or the table has begun": {func(d *Due) { d.Invited = false }, noon, only(ReasonInvitationOver, Invited)},
		"at the deadline": {func(*Due) {}, noon.Add(time.Hour), map[string]string{
			Invited: ReasonEnded, YourTurn: ReasonDeadlinePassed, TurnReminder: ReasonDeadlinePassed, TestPush: ReasonEnded,
		}},
		"right before it":     {func(*Due) {}, noon.Add(time.Hour - time.Millisecond), only(ReasonEnded, TestPush)},
		"a test in its time":  {func(*Due) {}, noon.Add(testLife - 3*time.Second - time.Millisecond), nil},
		"there is no session": {func(d *Due) { d.Table = nil }, noon, map[string]string{Matched: ReasonSessionGone, YourTurn: ReasonSessionGone, TurnReminder: ReasonSessionGone}},
		"a day later": {func(*Due) {}, noon.Add(24*time.Hour - 3*time.Second), map[string]string{
			Matched: ReasonEnded, YourTurn: ReasonDeadlinePassed, TurnReminder: ReasonDeadlinePassed, SessionFinished: ReasonEnded, TicketExpired: ReasonEnded, Invited: ReasonEnded, BadgeChanged: ReasonEnded, TestPush: ReasonEnded,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, kind := range kinds {
				d := due(kind)
				c.change(&d)
				status, reason := d.guard(c.now)
				if reason != c.want[kind] {
					t.Errorf("%s: %q, want %q", kind, reason, c.want[kind])
				}
				want := Suppressed
				switch reason {
				case "":
					want = ""
				case ReasonEnded:
					want = Expired
				}
				if status != want {
					t.Errorf("%s ends as %q, want %q", kind, status, want)
				}
			}
		})
	}
}

func mute(d *Due) { turn(d, func(t *Table) { t.Muted = true }) }

func turn(d *Due, change func(*Table)) {
	if d.Table != nil {
		change(d.Table)
	}
}

// A reminder has a number of its own, so seeing the turn's message does not silence it.
func TestReminderOutlivesTheSeenTurn(t *testing.T) {
	d := due(TurnReminder)
	d.Acked = d.Seq - 1
	if _, reason := d.guard(noon); reason != "" {
		t.Errorf("suppressed: %s", reason)
	}
}

func TestOnePushForEachPlayer(t *testing.T) {
	messages := []Message{
		{Player: "ann", Kind: Matched, Push: true}, {Player: "bob", Kind: Matched, Push: true},
		{Player: "ann", Kind: YourTurn, Push: true}, {Player: "bob", Kind: SessionUpdated},
	}
	PushOnce(messages)
	want := []bool{false, true, true, false}
	for i, m := range messages {
		if m.Push != want[i] {
			t.Errorf("%s to %s: pushed %v", m.Kind, m.Player, m.Push)
		}
	}
}

func TestBadgeGoesToTheOtherLoginsDevices(t *testing.T) {
	n := Notice{Message: Message{Kind: BadgeChanged}, By: "here"}
	for _, c := range []struct {
		d    Device
		want bool
	}{
		{Device{Login: "here", Channel: APNs}, false}, {Device{Login: "there", Channel: APNs}, true}, {Device{Login: "there", Channel: FCM}, true},
		{Device{Login: "there", Channel: WebPush}, false}, // a browser takes away the right to push from who shows nothing
	} {
		if n.For(c.d) != c.want {
			t.Errorf("%+v: %v", c.d, !c.want)
		}
	}
	if turn := (Notice{Message: Message{Kind: YourTurn}}); !turn.For(Device{Channel: WebPush}) {
		t.Error("a turn is for every device")
	}
}

func TestFlatStrings(t *testing.T) {
	n := due(YourTurn).Notice
	n.Deadline = time.Date(2026, 3, 1, 13, 0, 0, 1, time.FixedZone("", 3600))
	same := func(got, want Fields) {
		t.Helper()
		if len(got) != len(want) {
			t.Errorf("%v, want %v", got, want)
		}
		for name, value := range want {
			if got[name] != value {
				t.Errorf("%s is %q, want %q", name, got[name], value)
			}
		}
	}
	same(n.fields(), Fields{
		"kind": "your_turn", "session_id": "s", "game": "tictactoe", "turn": "3", "version": "4", "seq": "7", "player_id": "ann", "deadline_at": "2026-03-01T12:00:01Z",
	})
	ticket := due(TicketExpired).Notice
	same(ticket.fields(), Fields{"kind": "ticket_expired", "game": "tictactoe", "seq": "7", "player_id": "ann"})
}

func TestWhatReplacesWhat(t *testing.T) {
	word := func(kind, session string, player PlayerID) string {
		return Notice{Message: Message{Kind: kind, Session: session, Player: player}}.collapse()
	}
	if word(YourTurn, "s", "ann") != word(SessionFinished, "s", "ann") {
		t.Error("a session shows more than one notification")
	}
	if word(YourTurn, "s", "ann") == word(YourTurn, "r", "ann") {
		t.Error("two sessions share one")
	}
	if word(BadgeChanged, "s", "ann") != word(BadgeChanged, "r", "ann") || word(BadgeChanged, "s", "ann") == word(YourTurn, "s", "ann") {
		t.Error("a badge is one, and replaces no notification")
	}
	if len(word(YourTurn, "s", "ann")) > 32 {
		t.Error("longer than a Topic may be")
	}
}
