package notify

import "time"

// The reasons for which a delivery is not sent. Clients and operators read them: they are never renamed.
const (
	ReasonEnded          = "ended"           // its time is over
	ReasonDeviceGone     = "device-gone"     // forgotten, signed out, or somebody else's now
	ReasonDeviceResting  = "device-resting"  // its token failed too often; registering it again ends that
	ReasonMuted          = "muted"           // the player wants no pushes of the session
	ReasonAcknowledged   = "acknowledged"    // a person has seen it
	ReasonSessionGone    = "session-gone"    // the session is not there
	ReasonSessionOver    = "session-over"    // the session is not played any more
	ReasonTurnOver       = "turn-over"       // another turn has begun
	ReasonMoved          = "moved"           // the player has moved
	ReasonDeadlinePassed = "deadline-passed" // it is too late to move
	ReasonInvitationOver = "invitation-over" // answered, taken back, or the table has begun or ended
)

// MaxRejected is how many deliveries in a row may fail by a device's own token before it rests. A wrong topic or
// environment makes tokens fail that are good, so that is no reason to forget one.
const MaxRejected = 10

// guard says why a delivery must not be sent now, and the status it ends with; nothing when it may. It is asked right
// before every try, for a push is true when it is sent or not sent at all.
func (d Due) guard(now time.Time) (status, reason string) {
	switch {
	case d.To == nil:
		return Suppressed, ReasonDeviceGone
	case d.Kind == TestPush && now.Before(d.ends()): // a person asks, and is told what the provider says
		return "", ""
	case d.Kind == TestPush:
		return Expired, ReasonEnded
	case d.Kind == BadgeChanged: // the badge is absolute: whatever it is now is the truth
	case d.Table != nil && d.Table.Muted:
		return Suppressed, ReasonMuted
	case d.Acked >= d.Seq:
		return Suppressed, ReasonAcknowledged
	}
	if reason := d.untrue(now); reason != "" {
		return Suppressed, reason
	}
	switch {
	case !now.Before(d.ends()):
		return Expired, ReasonEnded
	case d.To.Resting():
		return Suppressed, ReasonDeviceResting
	}
	return "", ""
}

// untrue is the guard of each kind.
func (d Due) untrue(now time.Time) string {
	switch d.Kind {
	case YourTurn, TurnReminder:
		return d.Table.waits(d.Turn, now)
	case Matched, RematchOffered:
		if d.Table == nil {
			return ReasonSessionGone
		}
	case Invited:
		if !d.Invited {
			return ReasonInvitationOver
		}
	}
	return ""
}

// waits says why a session does not wait for the player to move in a turn.
func (t *Table) waits(turn int64, now time.Time) string {
	switch {
	case t == nil:
		return ReasonSessionGone
	case !t.Active:
		return ReasonSessionOver
	case t.Turn != turn:
		return ReasonTurnOver
	case !t.Awaited:
		return ReasonMoved
	case !now.Before(t.Deadline):
		return ReasonDeadlinePassed
	}
	return ""
}
