package session

import (
	"context"
	"encoding/base64"
	"errors"
	"regexp"
	"strconv"
	"strings"

	"yourturn/notify"
)

// listMax is the most that one page of a list holds.
const listMax = 100

// ErrBadCursor refuses a cursor that this server did not give.
var ErrBadCursor = errors.New("not a cursor of this list")

// List reads a page of a player's sessions: those that wait for the player by deadline, then the newest.
func (s *Service) List(ctx context.Context, q Query, cursor string) (page []Session, next string, err error) {
	if q.After, err = parsePosition(cursor); err != nil {
		return nil, "", err
	}
	limit := q.Limit
	q.Limit++ // one more tells whether there is a next page
	if page, err = s.store.ListSessions(ctx, q); err != nil || len(page) <= limit {
		return page, "", err
	}
	page = page[:limit]
	last := page[limit-1]
	seat, _ := last.SeatOf(q.Player)
	return page, Position{SortKey: seat.SortKey, ID: last.ID}.String(), nil
}

// pageOf reads a page of a list that begins with what is newest: one more than asked for tells whether there is a next page.
func pageOf[T any](cursor string, limit int, read func(after Position, limit int) ([]T, error), at func(T) Position) (page []T, next string, err error) {
	after, err := parsePosition(cursor)
	if err != nil {
		return nil, "", err
	}
	if cursor == "" {
		after = Newest
	}
	if page, err = read(after, limit+1); err != nil || len(page) <= limit {
		return page, "", err
	}
	page = page[:limit]
	return page, at(page[limit-1]).String(), nil
}

// Newest is before everything in a list that begins with what is newest.
var Newest = Position{SortKey: 1 << 62}

// String is the position as a cursor that clients hand back unread.
func (p Position) String() string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(p.SortKey, 36) + " " + string(p.ID)))
}

// isID keeps out of the database what cannot be an id and may not even be text.
var isID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

func parsePosition(cursor string) (Position, error) {
	if cursor == "" {
		return Position{}, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return Position{}, ErrBadCursor
	}
	key, id, ok := strings.Cut(string(raw), " ")
	sortKey, err := strconv.ParseInt(key, 36, 64)
	if !ok || err != nil || sortKey <= 0 || !isID.MatchString(id) {
		return Position{}, ErrBadCursor
	}
	return Position{SortKey: sortKey, ID: ID(id)}, nil
}

// Get reads a session as the player may see it.
func (s *Service) Get(ctx context.Context, player notify.PlayerID, id ID) (Session, error) {
	sess, err := s.store.Session(ctx, id)
	if err != nil {
		return Session{}, err
	}
	_, err = seatOf(sess, player)
	return sess, err
}

// ErrNoSuchVersion refuses to show what has not happened yet.
var ErrNoSuchVersion = errors.New("the session has had no such version")

// GetAt plays the session again up to a version and shows it as it was then.
func (s *Service) GetAt(ctx context.Context, player notify.PlayerID, id ID, version int64) (Session, error) {
	now, err := s.Get(ctx, player, id)
	if err != nil || version == now.Version {
		return now, err
	}
	if version < 1 || version > now.Version {
		return Session{}, ErrNoSuchVersion
	}
	then, err := s.replay(ctx, now, version)
	if err != nil {
		return Session{}, err
	}
	if _, err := seatOf(then, player); err != nil {
		return Session{}, ErrNoSuchVersion // before the player sat down
	}
	return then, nil
}

// Events reads a page of a session's history as the player's seat may see it. The events of one version are never
// split over pages, and more says that there are others.
func (s *Service) Events(ctx context.Context, player notify.PlayerID, id ID, after int64, limit int) (events []Event, more bool, err error) {
	sess, err := s.Get(ctx, player, id)
	if err != nil {
		return nil, false, err
	}
	seat, err := seatOf(sess, player)
	if err != nil {
		return nil, false, err
	}
	changes, err := s.store.History(ctx, id, after, limit+1)
	if err != nil {
		return nil, false, err
	}
	for _, c := range changes {
		shown := c.EventsFor(seat.Number)
		if len(events) > 0 && len(events)+len(shown) > limit {
			return events, true, nil
		}
		events = append(events, shown...)
	}
	return events, false, nil
}
