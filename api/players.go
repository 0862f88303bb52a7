package api

import (
	"context"
	"time"

	"yourturn/player"
)

const maxNameChars = player.MaxName

// Player is a player as they see themselves.
type Player struct {
	ID          string    `json:"id" doc:"Names the player for ever." example:"06eqzv2k3m8x1c4r7t9w0y5h2n"`
	DisplayName string    `json:"display_name" doc:"What the others read." example:"Brisk Otter"`
	Locale      string    `json:"locale,omitempty" doc:"The language of texts for this player, BCP 47." example:"pt-BR"`
	Avatar      string    `json:"avatar,omitempty" doc:"A word that the app understands: the name of a picture it ships, or an emoji." example:"🦦"`
	CreatedAt   time.Time `json:"created_at" doc:"When the account was made."`
}

// Tokens sign in.
type Tokens struct {
	AccessToken  string `json:"access_token" doc:"Send it as Authorization: Bearer …"`
	RefreshToken string `json:"refresh_token" doc:"Keep it safe: it gets new tokens. It works until a token issued from it has been used, and 60 s longer."`
	ExpiresIn    int    `json:"expires_in" doc:"Seconds that the access token lives." example:"3600"`
}

// NewPlayer is a player with the tokens of the first login.
type NewPlayer struct {
	Player Player `json:"player" doc:"The account."`
	Tokens
}

func wirePlayer(p player.Player) Player {
	return Player{
		ID: string(p.ID), DisplayName: p.Profile.DisplayName, Locale: p.Profile.Locale, Avatar: p.Profile.Avatar,
		CreatedAt: seconds(p.CreatedAt),
	}
}

func wireTokens(i player.Issued) Tokens {
	return Tokens{AccessToken: i.Access, RefreshToken: i.Refresh, ExpiresIn: int(player.AccessLife.Seconds())}
}

type (
	playerRequest struct {
		DisplayName string `json:"display_name,omitempty" doc:"What the others read, 1 to 32 characters. Without one the server draws a name." example:"Brisk Otter"`
		Locale      string `json:"locale,omitempty" doc:"BCP 47." example:"en"`
		Avatar      string `json:"avatar,omitempty" doc:"Up to 64 characters; no address." example:"fox"`
	}
	patchRequest struct {
		DisplayName *string `json:"display_name,omitempty" doc:"What the others read, 1 to 32 characters." example:"Brisk Otter"`
		Locale      *string `json:"locale,omitempty" doc:"BCP 47; empty for none." example:"de"`
		Avatar      *string `json:"avatar,omitempty" doc:"Up to 64 characters; empty for none." example:"fox"`
	}
	tokenRequest struct {
		RefreshToken string `json:"refresh_token" maxLength:"200" doc:"The newest refresh token you have."`
	}
	createPlayerInput struct{ Body playerRequest }
	createTokensInput struct{ Body tokenRequest }
	updateMeInput     struct{ Body patchRequest }
	newPlayerReply    struct{ Body NewPlayer }
	tokensReply       struct{ Body Tokens }
	playerReply       struct{ Body Player }
)

func (s *server) playerOperations(rt *routes) {
	register(rt, operation{
		id: "createPlayer", route: "POST /v1/players", tag: "players", access: byAnyone, status: 201, limits: []limitClass{limitPlayers},
		summary: "Become a guest",
		about:   "Makes an account without a password. The tokens are all there is to it: keep the refresh token, or the account is lost.",
	}, func(ctx context.Context, in *createPlayerInput) (*newPlayerReply, error) {
		p, issued, err := s.Players.Create(ctx, player.Profile{DisplayName: in.Body.DisplayName, Locale: in.Body.Locale, Avatar: in.Body.Avatar})
		if err != nil {
			return nil, err
		}
		return &newPlayerReply{NewPlayer{Player: wirePlayer(p), Tokens: wireTokens(issued)}}, nil
	})

	register(rt, operation{
		id: "createTokens", route: "POST /v1/tokens", tag: "players", access: byAnyone, status: 201, limits: []limitClass{limitTokens},
		problems: []string{"token-invalid"},
		summary:  "Get new tokens",
		about: "A refresh token works until one issued from it has been used, and 60 s longer, so a lost answer or a second tab " +
			"costs nothing. Its use after that is taken for theft, and ends the login for everybody who holds it.",
	}, func(ctx context.Context, in *createTokensInput) (*tokensReply, error) {
		issued, err := s.Players.Refresh(ctx, in.Body.RefreshToken)
		if err != nil {
			return nil, err
		}
		return &tokensReply{wireTokens(issued)}, nil
	})

	register(rt, operation{
		id: "deleteTokens", route: "DELETE /v1/tokens", tag: "players",
		summary: "Sign out",
		about:   "Ends this login: its tokens, its streams and its devices. A guest who signs out of the only login cannot come back.",
	}, func(ctx context.Context, _ *struct{}) (*struct{}, error) {
		return nil, s.Players.SignOut(ctx, callerOf(ctx).login)
	})

	register(rt, operation{
		id: "getMe", route: "GET /v1/me", tag: "players",
		summary: "Who I am",
		about:   "The account behind the token.",
	}, func(ctx context.Context, _ *struct{}) (*playerReply, error) {
		p, err := s.Players.Get(ctx, callerOf(ctx).login.Player)
		if err != nil {
			return nil, err
		}
		return &playerReply{wirePlayer(p)}, nil
	})

	register(rt, operation{
		id: "updateMe", route: "PATCH /v1/me", tag: "players",
		summary: "Change my name, language or avatar",
		about:   "Members that are absent stay as they are.",
	}, func(ctx context.Context, in *updateMeInput) (*playerReply, error) {
		p, err := s.Players.Update(ctx, callerOf(ctx).login.Player, player.Patch(in.Body))
		if err != nil {
			return nil, err
		}
		return &playerReply{wirePlayer(p)}, nil
	})

	register(rt, operation{
		id: "deleteMe", route: "DELETE /v1/me", tag: "players",
		summary: "Delete my account",
		about: "Forfeits what is being played, cancels open tickets, and forgets everything about the player. Sessions stay " +
			"readable for the others, with the seat marked as deleted. If it fails on the way it can be asked for again.",
	}, func(ctx context.Context, _ *struct{}) (*struct{}, error) {
		return nil, s.Players.Delete(ctx, callerOf(ctx).login)
	})
}
