package session

import (
	"context"
	"slices"
	"time"

	"yourturn/notify"
)

// Opponent is somebody whom a player has begun a session with.
type Opponent struct {
	Person
	LastAt   time.Time // when the last session with them began
	Sessions int       // how many there were
	Last     ID        // the last of them
}

// Meeting is two people of whom the first has begun a session with the second. What is kept of it is the first one's.
type Meeting struct{ Player, Other notify.PlayerID }

// met finds who meets whom in a commit: everybody when a session begins, and the latecomers with those who are there, not with those
// who have left or whose account is gone. At a crowded table people do not meet: everybody of a quiz would have a hundred opponents, and none that they remember.
func met(before, after Session) (meetings []Meeting) {
	begins := before.Turn == 0
	if after.Turn == 0 || len(after.Seats) > crowd || !begins && len(before.Seats) == len(after.Seats) {
		return nil
	}
	isNew := func(seat Seat) bool { // to a session that has begun
		_, there := before.SeatOf(seat.Player)
		return begins || !there
	}
	people := slices.DeleteFunc(slices.Clone(after.Seats), func(seat Seat) bool { return seat.Left || !seat.isTold() })
	for _, a := range people {
		for _, b := range people {
			if a.Player != b.Player && (isNew(a) || isNew(b)) {
				meetings = append(meetings, Meeting{a.Player, b.Player})
			}
		}
	}
	return meetings
}

// Opponents reads a page of the people whom a player has met, the last first.
func (s *Service) Opponents(ctx context.Context, player notify.PlayerID, cursor string, limit int) (page []Opponent, next string, err error) {
	return pageOf(cursor, limit, func(after Position, limit int) ([]Opponent, error) {
		return s.store.Opponents(ctx, player, after, limit)
	}, func(o Opponent) Position { return Position{SortKey: o.LastAt.UnixMilli(), ID: ID(o.ID)} })
}
