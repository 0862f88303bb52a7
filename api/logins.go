package api

import (
	"context"
	"time"

	"yourturn/player"
)

// LinkCode lets another device sign in as the same player.
type LinkCode struct {
	Code      string    `json:"code" doc:"For a person to type, or an app to put into a QR code. Show it to nobody else: whoever types it first is this player." example:"7H2KQ9XD"`
	ExpiresAt time.Time `json:"expires_at" doc:"Until when it works: 10 minutes."`
}

// Login is one sign-in of a player.
type Login struct {
	ID         string    `json:"id" doc:"The login's id." example:"06eqzv2k3m8x1c4r7t9w0y5h2n"`
	CreatedAt  time.Time `json:"created_at" doc:"When it was made."`
	LastUsedAt time.Time `json:"last_used_at" doc:"When it last got tokens: exact to an hour."`
	Current    bool      `json:"current" doc:"Whether it is the one that asks."`
}

type (
	loginPath struct {
		LoginID string `path:"login_id" maxLength:"64" doc:"The login's id."`
	}
	linkCodeReply  struct{ Body LinkCode }
	loginListReply struct{ Body List[Login] }
)

func (s *server) loginOperations(rt *routes) {
	register(rt, operation{
		id: "createLinkCode", route: "POST /v1/me/link-codes", tag: "players", status: 201, limits: []limitClass{limitShows},
		summary: "Sign another device in",
		about: "Makes a code of 8 characters that works once, for 10 minutes, with createTokens on the other device. A newer code " +
			"ends the older one, and so does the end of the login that made it.",
	}, func(ctx context.Context, _ *struct{}) (*linkCodeReply, error) {
		code, ends, err := s.Players.NewLinkCode(ctx, callerOf(ctx).login)
		if err != nil {
			return nil, err
		}
		return &linkCodeReply{LinkCode{Code: code, ExpiresAt: seconds(ends)}}, nil
	})

	register(rt, operation{
		id: "listLogins", route: "GET /v1/me/logins", tag: "players",
		summary: "Where I am signed in",
		about:   "All logins of the player, the oldest first: each device and browser that was signed in is one. There are at most 50; beyond that the one that was not used for longest ends.",
	}, func(ctx context.Context, _ *struct{}) (*loginListReply, error) {
		mine := callerOf(ctx).login
		logins, err := s.Players.Logins(ctx, mine.Player)
		if err != nil {
			return nil, err
		}
		reply := List[Login]{Items: []Login{}}
		for _, l := range logins {
			reply.Items = append(reply.Items, Login{
				ID: string(l.ID), CreatedAt: seconds(l.CreatedAt), LastUsedAt: seconds(l.LastUsedAt), Current: l.ID == mine.ID,
			})
		}
		return &loginListReply{reply}, nil
	})

	register(rt, operation{
		id: "deleteLogin", route: "DELETE /v1/me/logins/{login_id}", tag: "players",
		summary: "Sign a device out",
		about:   "Ends one of my logins from afar, as of a phone that was lost: its tokens, its streams, its devices and its link code. One that is not there is as good as ended.",
	}, func(ctx context.Context, in *loginPath) (*struct{}, error) {
		return nil, s.Players.SignOutOther(ctx, callerOf(ctx).login.Player, player.LoginID(in.LoginID))
	})
}
