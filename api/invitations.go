package api

import (
	"context"
	"errors"
	"fmt"
	"time"

	"yourturn/notify"
	"yourturn/session"
)

// Invitation is a table that I am invited to.
type Invitation struct {
	SessionID   string    `json:"session_id" doc:"The session that I may join." example:"06f1c8m4q2x7n5t9b3w6k0d1sg"`
	JoinCode    string    `json:"join_code" doc:"Join by it." example:"7H2KQ9XD"`
	Game        string    `json:"game" doc:"The game's name." example:"tictactoe"`
	Config      rawObject `json:"config" doc:"The game's config." example:"{}"`
	TurnSeconds int       `json:"turn_seconds" doc:"How long each turn may take." example:"86400"`
	SeatsWanted int       `json:"seats_wanted" doc:"It starts when so many seats are taken." example:"2"`
	Host        Person    `json:"host" doc:"Who invites."`
	InvitedAt   time.Time `json:"invited_at" doc:"When."`
	ExpiresAt   time.Time `json:"expires_at" doc:"When the table ends if its seats are not taken by then."`
}

// Person is a player as others see them.
type Person struct {
	PlayerID    string `json:"player_id" doc:"Who it is." example:"06eqzx5p7r2v9d4g8k1n3s6w0c"`
	DisplayName string `json:"display_name" doc:"What they are called." example:"Calm Heron"`
	Avatar      string `json:"avatar,omitempty" doc:"Their avatar." example:"🪶"`
}

// Guest is somebody who is invited to a table.
type Guest struct {
	PlayerID    string `json:"player_id" doc:"Who is invited." example:"06eqzx5p7r2v9d4g8k1n3s6w0c"`
	DisplayName string `json:"display_name,omitempty" doc:"What they are called." example:"Calm Heron"`
	Status      string `json:"status" doc:"open, accepted (they sit at the table) or declined." example:"open"`
}

func wirePerson(p session.Person) Person {
	return Person{PlayerID: string(p.ID), DisplayName: p.DisplayName, Avatar: p.Avatar}
}

// wireGuests are the invitations to a table, as those who sit there see them.
func wireGuests(sess session.Session) (guests []Guest) {
	for _, i := range sess.Invitations {
		if i.Status == session.Withdrawn {
			continue
		}
		guests = append(guests, Guest{PlayerID: string(i.Player), DisplayName: i.DisplayName, Status: string(i.Status)})
	}
	return guests
}

type (
	inviteRequest struct {
		Players []string `json:"players" minItems:"1" maxItems:"16" doc:"Whom to invite, by their player ids." example:"[\"06eqzx5p7r2v9d4g8k1n3s6w0c\"]"`
	}
	inviteInput struct {
		SessionPath
		Body inviteRequest
	}
	invitationListReply struct{ Body List[Invitation] }
)

// guestProblems are what can be against people who are invited.
var guestProblems = []string{"player-unknown", "player-blocked", "too-many-invitations"}

func (s *server) invitationOperations(rt *routes) {
	register(rt, operation{
		id: "invitePlayers", route: "POST /v1/sessions/{session_id}/invitations", tag: "people", limits: []limitClass{limitInvites},
		problems: append([]string{"session-started", "session-finished", "not-private", "other-rules"}, guestProblems...),
		summary:  "Invite people to a table",
		about: "Whoever sits at a private table may invite others while it waits. They are told by feed and push, and join by the code. An " +
			"invitation keeps no seat: who comes first sits down, so leave room for as many as you invite. Nobody is told of a table " +
			"twice, and who has declined is not asked again. Answers with the session; its invitations tell who has answered what.",
		exampleReply: toldWaiting(),
	}, func(ctx context.Context, in *inviteInput) (*sessionReply, error) {
		sess, err := s.Sessions.Invite(ctx, me(ctx), session.ID(in.SessionID), guestIDs(in.Body.Players))
		return s.reply(ctx, sess, badGuest(err, "players"))
	})

	register(rt, operation{
		id: "listInvitations", route: "GET /v1/me/invitations", tag: "people",
		summary: "Where I am invited",
		about:   "The tables that wait for me to answer, the newest first. Accept with joinSession, by the join code.",
	}, func(ctx context.Context, in *Page) (*invitationListReply, error) {
		found, next, err := s.Sessions.Invitations(ctx, me(ctx), in.Cursor, in.Limit)
		reply := &invitationListReply{List[Invitation]{Items: []Invitation{}, NextCursor: next}}
		for _, i := range found {
			reply.Body.Items = append(reply.Body.Items, Invitation{
				SessionID: string(i.Session), JoinCode: i.JoinCode, Game: i.Game, Config: rawObject(i.Config), TurnSeconds: i.TurnSeconds,
				SeatsWanted: i.Seats, Host: wirePerson(i.Host), InvitedAt: seconds(i.At), ExpiresAt: *deadline(i.ExpiresAt),
			})
		}
		return reply, err
	})

	register(rt, operation{
		id: "declineInvitation", route: "DELETE /v1/me/invitations/{session_id}", tag: "people",
		problems: []string{"invitation-accepted", "other-rules"},
		summary:  "Decline an invitation",
		about: "Those at the table see it, and whoever invited is told. Again it changes nothing. When the table has begun or ended there is " +
			"nothing to decline any more: not-found. Who has sat down already leaves the table instead (leaveSession).",
	}, func(ctx context.Context, in *SessionPath) (*struct{}, error) {
		return nil, s.explain(ctx, s.Sessions.Decline(ctx, me(ctx), session.ID(in.SessionID)))
	})
}

func guestIDs(asked []string) (ids []notify.PlayerID) {
	for _, id := range asked {
		ids = append(ids, notify.PlayerID(id))
	}
	return ids
}

// badGuest says where in a request somebody stands who cannot be invited.
func badGuest(err error, member string) error {
	var bad *session.BadGuest
	if !errors.As(err, &bad) {
		return err
	}
	name := "invalid"
	switch {
	case errors.Is(bad, session.ErrNoSuchPlayer):
		name = "player-unknown"
	case errors.Is(bad, session.ErrBlocked):
		name = "player-blocked"
	}
	return newProblem(name, "").at(fmt.Sprintf("body.%s[%d]", member, bad.Index), bad.Err.Error())
}
