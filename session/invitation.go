package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"yourturn/notify"
)

// People are invited to a private table while it waits. An invitation keeps no seat: whoever comes first sits down, by the
// table's code, which the invitation brings along. It is part of the session, so it changes in the session's commits alone:
// nobody is invited to a game that has begun, and who sits down cannot decline at the same instant. It ends with the
// waiting, or when whoever sent it gets up. A block hides it while it stands: between whoever is invited and whoever invites,
// or the table's host, who decides who may come in.

// Invitation is one person's invitation to a table.
type Invitation struct {
	Player      notify.PlayerID
	Host        notify.PlayerID // who invites: of several the last whom the guest may hear
	Status      Answer
	At          time.Time
	DisplayName string
}

// Answer is what somebody says to an invitation.
type Answer string

// An invitation is open until whoever is invited sits down or declines, or whoever invites gets up. Who sat down and gets up
// again has declined. One that is withdrawn is remembered, so that nobody is told of the same table again and again.
const (
	AnswerOpen Answer = "open"
	AnswerYes  Answer = "accepted"
	AnswerNo   Answer = "declined"
	Withdrawn  Answer = "withdrawn"
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

// hostOr is to whom the table belongs: to the given player when nobody sits there yet.
func (s Session) hostOr(first notify.PlayerID) notify.PlayerID {
	if host, ok := s.Host(); ok {
		return host.Player
	}
	return first
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
	for i := range s.Invitations {
		if s.Invitations[i].Host == host && s.Invitations[i].Status == AnswerOpen {
			s.Invitations[i].Status = Withdrawn
		}
	}
}

// endInvitations ends all of them when the waiting is over.
func (s *Session) endInvitations() {
	if s.Status != Waiting {
		s.Invitations = nil
	}
}

func (t *turn) invite(act Act) error {
	host, ok := t.seat(act.Seat)
	if !ok {
		return ErrNotFound
	}
	for _, p := range act.Players {
		invitation := Invitation{Player: p.Player, Host: host.Player, Status: AnswerOpen, At: t.now, DisplayName: p.Name}
		if i := t.invitationAt(p.Player); i >= 0 {
			t.Invitations[i] = invitation
			continue
		}
		t.Invitations = append(t.Invitations, invitation)
	}
	return nil
}

// Invite asks people to a table that waits, at which the player sits. Who has declined or sits there is not asked again. When
// somebody else has invited them already, the invitation is the player's from now on, and they are told if they were not.
func (s *Service) Invite(ctx context.Context, player notify.PlayerID, id ID, invited []notify.PlayerID) (Session, error) {
	return s.update(ctx, id, func(sess Session) ([]Act, error) {
		_, err := seatOf(sess, player) // first of all: a stranger learns nothing about players either
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
		return s.inviting(ctx, sess, player, invited)
	})
}

// inviting is the act by which a player asks people to a table as it stands, or to one that is about to be; none when nobody
// is to be asked. Those whom a block keeps apart from it are among them, for nobody is told of a block, but unheard: they are
// not told either. Nor are those who know of the table already.
func (s *Service) inviting(ctx context.Context, sess Session, player notify.PlayerID, invited []notify.PlayerID) ([]Act, error) {
	if len(invited) == 0 {
		return nil, nil
	}
	host := sess.hostOr(player)
	people := append([]notify.PlayerID{player, host}, invited...)
	for _, i := range sess.Invitations {
		people = append(people, i.Host)
	}
	names, err := s.store.Names(ctx, invited)
	if err != nil {
		return nil, err
	}
	blocks, err := s.store.BlocksAmong(ctx, people)
	if err != nil {
		return nil, err
	}
	seat, _ := sess.SeatOf(player)
	act := Act{Cause: Inviting, Seat: seat.Number}
	for i, guest := range invited {
		name, known := names[guest]
		switch {
		case guest == player:
			return nil, &BadGuest{i, ErrYourself}
		case !known:
			return nil, &BadGuest{i, ErrNoSuchPlayer}
		case blocks.By(player, guest):
			return nil, &BadGuest{i, ErrBlocked}
		}
		hidden := blocks.Between(guest, player, host)
		if slices.Contains(invited[:i], guest) || !sess.mayAsk(player, guest, hidden) {
			continue
		}
		act.Players = append(act.Players, Seated{Player: guest, Name: name})
		earlier, asked := sess.invitationOf(guest)
		if hidden || asked && !blocks.Between(guest, earlier.Host, host) {
			act.Unheard = append(act.Unheard, guest)
		}
	}
	if len(act.Players) == 0 {
		return nil, nil
	}
	return []Act{act}, s.haveRoom(ctx, player, sess, act.Players)
}

// mayAsk says whether a player's invitation of somebody would change anything. One that a block hides takes no other's place.
func (s Session) mayAsk(player, guest notify.PlayerID, hidden bool) bool {
	if _, seated := s.SeatOf(guest); seated {
		return false
	}
	earlier, asked := s.invitationOf(guest)
	if !asked || earlier.Status == Withdrawn {
		return true
	}
	return earlier.Status == AnswerOpen && earlier.Host != player && !hidden
}

// haveRoom holds a player and a table to their bounds. Two requests of one player at the same instant, for two tables, may
// both find room: the bound keeps a list short, and one more does no harm.
func (s *Service) haveRoom(ctx context.Context, player notify.PlayerID, sess Session, guests []Seated) error {
	open, err := s.store.OpenInvitations(ctx, player, MaxOpenInvitations)
	if err != nil {
		return err
	}
	atTable := len(sess.Invitations)
	for _, guest := range guests {
		if sess.invitationAt(guest.Player) < 0 { // otherwise this one takes the place of an earlier one
			atTable++
		}
	}
	if open+len(guests) > MaxOpenInvitations || atTable > MaxTableGuests {
		return ErrTooManyInvitations
	}
	return nil
}

// Decline says no to an invitation. Again by the same player it changes nothing. One that a block hides is as good as over.
func (s *Service) Decline(ctx context.Context, player notify.PlayerID, id ID) error {
	_, err := s.update(ctx, id, func(sess Session) ([]Act, error) {
		invitation, ok := sess.invitationOf(player)
		switch {
		case !ok, invitation.Status == Withdrawn:
			return nil, ErrNotFound
		case invitation.Status == AnswerYes:
			return nil, ErrSeated
		}
		host := sess.hostOr(invitation.Host)
		blocks, err := s.store.BlocksAmong(ctx, []notify.PlayerID{player, invitation.Host, host})
		switch {
		case err != nil:
			return nil, err
		case blocks.Between(player, invitation.Host, host):
			return nil, ErrNotFound
		case invitation.Status == AnswerNo:
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
		if was, ok := before.invitationOf(i.Player); !ok || was.Status != i.Status || was.Host != i.Host {
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
