package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"yourturn/games"
	"yourturn/notify"
)

// People are invited to a private table while it waits. An invitation keeps no seat: whoever comes first sits down, by the
// table's code, which the invitation brings along. It is part of the session, so it changes in the session's commits alone:
// nobody is invited to a game that has begun, and who sits down cannot decline at the same instant. It ends with the
// waiting, or when whoever sent it gets up.

// Invitation is one person's invitation to a table.
type Invitation struct {
	Player      notify.PlayerID
	Host        notify.PlayerID // who invites
	Status      Answer
	At          time.Time
	DisplayName string
}

// Answer is what somebody says to an invitation.
type Answer string

// An invitation is open until whoever is invited sits down or declines. Who gets up again has declined.
const (
	Open     Answer = "open"
	Accepted Answer = "accepted"
	Declines Answer = "declined"
)

// The bounds of invitations: how many of one person may be open, and how many people a table invites.
const (
	MaxOpenInvitations = 100
	MaxTableGuests     = 100
)

// Refusals of invitations.
var (
	ErrNotPrivate         = errors.New("nobody can be invited to this table")
	ErrTooManyInvitations = errors.New("too many open invitations")
	ErrSeated             = errors.New("who is invited sits at the table")
	ErrYourself           = errors.New("that is you")
	ErrNoSuchPlayer       = errors.New("there is no such player")
	ErrBlocked            = errors.New("you have blocked this player")
)

// BadGuest says which of the people invited cannot be, and why.
type BadGuest struct {
	Index int
	Err   error
}

func (e *BadGuest) Error() string { return fmt.Sprintf("guest %d: %s", e.Index, e.Err) }
func (e *BadGuest) Unwrap() error { return e.Err }

// Invited is an invitation as it is listed to whoever is invited.
type Invited struct {
	Session     ID
	JoinCode    string
	Game        string
	Config      json.RawMessage
	TurnSeconds int
	Seats       int // that must be taken before it starts
	Host        Person
	At          time.Time
	ExpiresAt   time.Time
}

// Person is a player as others see them.
type Person struct {
	ID          notify.PlayerID
	DisplayName string
	Avatar      string
}

// invitationOf finds a player's invitation.
func (s Session) invitationOf(player notify.PlayerID) (Invitation, bool) {
	i := s.invitationAt(player)
	if i < 0 {
		return Invitation{}, false
	}
	return s.Invitations[i], true
}

func (s Session) invitationAt(player notify.PlayerID) int {
	return slices.IndexFunc(s.Invitations, func(i Invitation) bool { return i.Player == player })
}

// Host is the person at the lowest seat, to whom the table belongs.
func (s Session) Host() (Seat, bool) {
	i := slices.IndexFunc(s.Seats, func(seat Seat) bool { return !seat.isBot() })
	if i < 0 {
		return Seat{}, false
	}
	return s.Seats[i], true
}

// isHostOf says that a seat's player has invited somebody.
func (s Session) isHostOf(guest notify.PlayerID, seat Seat) bool {
	invitation, ok := s.invitationOf(guest)
	return ok && invitation.Host == seat.Player
}

// answer notes what somebody says to their invitation, if they have one.
func (s *Session) answer(player notify.PlayerID, a Answer) {
	if i := s.invitationAt(player); i >= 0 {
		s.Invitations[i].Status = a
	}
}

// withdraw ends the open invitations of whoever gets up: nobody would wait there for those who come.
func (s *Session) withdraw(host notify.PlayerID) {
	s.Invitations = slices.DeleteFunc(s.Invitations, func(i Invitation) bool { return i.Host == host && i.Status == Open })
}

func (t *turn) invite(act Act) error {
	host, ok := t.seat(act.Seat)
	if !ok {
		return ErrNotFound
	}
	for _, p := range act.Players {
		t.Invitations = append(t.Invitations, Invitation{Player: p.Player, Host: host.Player, Status: Open, At: t.now, DisplayName: p.Name})
	}
	return nil
}

// guests checks the people whom a player invites, and finds out what they are called. Those who have blocked the player
// are among them, for nobody is told of a block, but unheard: they are not told either.
func (s *Service) guests(ctx context.Context, player notify.PlayerID, invited []notify.PlayerID) (guests []Seated, unheard []notify.PlayerID, err error) {
	names, err := s.store.Names(ctx, invited)
	if err != nil {
		return nil, nil, err
	}
	mine, theirs, err := s.store.BlocksBetween(ctx, player, invited)
	if err != nil {
		return nil, nil, err
	}
	for i, guest := range invited {
		name, known := names[guest]
		switch {
		case guest == player:
			return nil, nil, &BadGuest{i, ErrYourself}
		case !known:
			return nil, nil, &BadGuest{i, ErrNoSuchPlayer}
		case slices.Contains(mine, guest):
			return nil, nil, &BadGuest{i, ErrBlocked}
		case slices.Contains(invited[:i], guest):
			continue
		}
		guests = append(guests, Seated{Player: guest, Name: name})
	}
	return guests, theirs, nil
}

// Invite asks people to a table that waits, at which the player sits. Who is invited already, has declined or sits there
// is not asked again.
func (s *Service) Invite(ctx context.Context, player notify.PlayerID, id ID, invited []notify.PlayerID) (Session, error) {
	if _, err := s.Get(ctx, player, id); err != nil { // a stranger learns nothing about players either
		return Session{}, err
	}
	guests, unheard, err := s.guests(ctx, player, invited)
	if err != nil {
		return Session{}, err
	}
	return s.update(ctx, id, func(sess Session) ([]Act, error) {
		seat, err := seatOf(sess, player)
		switch {
		case err != nil:
			return nil, err
		case sess.Status == Finished:
			return nil, ErrFinished
		case sess.Status == Active:
			return nil, ErrStarted
		case sess.JoinCode == "":
			return nil, ErrNotPrivate
		}
		fresh := slices.DeleteFunc(slices.Clone(guests), func(p Seated) bool {
			_, seated := sess.SeatOf(p.Player)
			return seated || sess.invitationAt(p.Player) >= 0
		})
		if len(fresh) == 0 {
			return nil, nil
		}
		if err := s.mayInvite(ctx, player, len(sess.Invitations), len(fresh)); err != nil {
			return nil, err
		}
		return []Act{{Cause: Inviting, Seat: seat.Number, Players: fresh, Unheard: unheard}}, nil
	})
}

// inviting is how whoever opens a table sits down at it, and the act that invites others, if any are to be.
func (s *Service) inviting(ctx context.Context, player notify.PlayerID, w Wish) (host Seated, acts []Act, err error) {
	host = Seated{Player: player, Role: w.Role}
	if len(w.Invite) == 0 {
		return host, nil, nil
	}
	if 1+len(w.Bots) >= w.Seats {
		return host, nil, &games.Invalid{Issues: []games.Issue{{Location: "body.invite", Message: "no seat is left for anybody"}}}
	}
	guests, unheard, err := s.guests(ctx, player, w.Invite)
	if err != nil {
		return host, nil, err
	}
	if err := s.mayInvite(ctx, player, 0, len(guests)); err != nil {
		return host, nil, err
	}
	names, err := s.store.Names(ctx, []notify.PlayerID{player})
	host.Name = names[player]
	return host, []Act{{Cause: Inviting, Players: guests, Unheard: unheard}}, err
}

// mayInvite holds a player and a table to their bounds. Two requests of one player at the same instant, for two tables, may
// both find room: the bound keeps a list short, and one more does no harm.
func (s *Service) mayInvite(ctx context.Context, player notify.PlayerID, already, more int) error {
	open, err := s.store.OpenInvitations(ctx, player, MaxOpenInvitations)
	if err == nil && (open+more > MaxOpenInvitations || already+more > MaxTableGuests) {
		err = ErrTooManyInvitations
	}
	return err
}

// Decline says no to an invitation. Again by the same player it changes nothing.
func (s *Service) Decline(ctx context.Context, player notify.PlayerID, id ID) error {
	_, err := s.update(ctx, id, func(sess Session) ([]Act, error) {
		invitation, ok := sess.invitationOf(player)
		switch {
		case !ok:
			return nil, ErrNotFound
		case invitation.Status == Accepted:
			return nil, ErrSeated
		case invitation.Status == Declines:
			return nil, nil
		}
		return []Act{{Cause: Declined, Seat: NoSeat, Players: []Seated{{Player: player}}}}, nil
	})
	return err
}

// Invitations reads a page of the tables to which a player is invited, the newest first.
func (s *Service) Invitations(ctx context.Context, player notify.PlayerID, cursor string, limit int) (page []Invited, next string, err error) {
	return pageOf(cursor, limit, func(after Position, limit int) ([]Invited, error) {
		return s.store.InvitationsOf(ctx, player, after, limit)
	}, func(i Invited) Position { return Position{SortKey: i.At.UnixMilli(), ID: i.Session} })
}

// declineAll says no to whatever a player is still invited to.
func (s *Service) declineAll(ctx context.Context, player notify.PlayerID) error {
	for cursor := ""; ; {
		page, next, err := s.Invitations(ctx, player, cursor, listMax)
		if err != nil {
			return err
		}
		for _, i := range page {
			if err := s.Decline(ctx, player, i.Session); isPassing(err) {
				return err
			}
		}
		if next == "" {
			return nil
		}
		cursor = next
	}
}

// invitationRows finds the invitations whose rows a commit must write, and those whose rows it must delete.
func invitationRows(before, after Session) (rows []Invitation, ended []notify.PlayerID) {
	for _, i := range after.Invitations {
		if was, ok := before.invitationOf(i.Player); !ok || was.Status != i.Status {
			rows = append(rows, i)
		}
	}
	for _, i := range before.Invitations {
		if after.invitationAt(i.Player) < 0 {
			ended = append(ended, i.Player)
		}
	}
	return rows, ended
}

// invitationMessages are what those who are invited are told.
func invitationMessages(after Session, c Change, title string) (messages []Message) {
	if c.Cause != Inviting {
		return nil
	}
	host, _ := after.seat(c.Seat)
	data := struct {
		JoinCode string `json:"join_code"`
		Title    string `json:"title"`
		Host     person `json:"host"`
	}{after.JoinCode, title, person{host.Player, host.DisplayName}}
	raw, err := json.Marshal(data)
	if err != nil {
		raw = json.RawMessage(`{}`)
	}
	for _, p := range c.Players {
		if slices.Contains(c.Unheard, p.Player) {
			continue
		}
		m := message(notify.Invited, Seat{Player: p.Player}, after, c.At)
		m.Deadline, m.Data, m.Push = after.Deadline, raw, true
		messages = append(messages, m)
	}
	return messages
}

// person is somebody in the data of a message.
type person struct {
	Player      notify.PlayerID `json:"player_id"`
	DisplayName string          `json:"display_name,omitempty"`
}

// declinedData is who has declined.
func declinedData(before Session, c Change) json.RawMessage {
	invitation, _ := before.invitationOf(c.Players[0].Player)
	raw, err := json.Marshal(person{c.Players[0].Player, invitation.DisplayName})
	if err != nil {
		return json.RawMessage(`{}`)
	}
	return raw
}
