package api

import (
	"context"
	"time"

	"yourturn/player"
	"yourturn/session"
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

// TokenPair signs in. It has a capital because huma reads no other embedded struct.
type TokenPair struct {
	AccessToken  string `json:"access_token" doc:"Send it as Authorization: Bearer …" example:"atb8w2o.4mV8sQ2xN7kT1wB9cR5d"`
	RefreshToken string `json:"refresh_token" doc:"Keep it safe: it gets new tokens. It works until a token issued from it has been used, and 60 s longer." example:"rtvqk60.9kT1wB5cR8sQ2xN7mV4d"`
	ExpiresIn    int    `json:"expires_in" doc:"Seconds that the access token lives." example:"3600"`
}

// Tokens sign in somebody who may not know yet who that is.
type Tokens struct {
	TokenPair
	PlayerID string `json:"player_id" doc:"Whose tokens they are." example:"06eqzv2k3m8x1c4r7t9w0y5h2n"`
}

// NewPlayer is a player with the tokens of the first login.
type NewPlayer struct {
	Player Player `json:"player" doc:"The account."`
	TokenPair
}

func wirePlayer(p player.Player) Player {
	return Player{
		ID: string(p.ID), DisplayName: p.Profile.DisplayName, Locale: p.Profile.Locale, Avatar: p.Profile.Avatar,
		CreatedAt: seconds(p.CreatedAt),
	}
}

func wireTokens(i player.Issued) TokenPair {
	return TokenPair{AccessToken: i.Access, RefreshToken: i.Refresh, ExpiresIn: int(player.AccessLife.Seconds())}
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
		RefreshToken string `json:"refresh_token,omitempty" maxLength:"200" doc:"The newest refresh token you have." example:"rtvqk60.9kT1wB5cR8sQ2xN7mV4d"`
		LinkCode     string `json:"link_code,omitempty" maxLength:"64" doc:"Instead: a code that another device of the player shows, by createLinkCode. Small letters, dashes and spaces are fine."`
		Provider     string `json:"provider,omitempty" maxLength:"32" doc:"Instead: who vouches for the player, one of getServer's identity_providers; with id_token."`
		IDToken      string `json:"id_token,omitempty" maxLength:"16384" doc:"What the provider gave the app to show."`
		Nonce        string `json:"nonce,omitempty" maxLength:"512" doc:"A random text of the app, whose SHA-256 in small hex it gave to the provider for the id_token: so that nobody who finds the token can use it. Needed if the id_token has a nonce. One that is not 64 hex digits is compared as it is, and protects from nothing."`
	}
	createPlayerInput struct{ Body playerRequest }
	createTokensInput struct {
		Key  string `header:"Idempotency-Key" maxLength:"255" pattern:"^[ -~]*$" patternDescription:"printable ASCII" doc:"For a link_code or an id_token: a random name of this attempt, such as a UUID, that only this device knows. If the answer is lost, the same request with the same key gets tokens of the same login, as long as the code or the id_token is good and no token of the first answer was used."`
		Body tokenRequest
	}
	updateMeInput  struct{ Body patchRequest }
	newPlayerReply struct{ Body NewPlayer }
	tokensReply    struct{ Body Tokens }
	playerReply    struct{ Body Player }
)

func (s *server) playerOperations(rt *routes) {
	register(rt, operation{
		id: "createPlayer", route: "POST /v1/players", tag: "players", access: byAnyone, status: 201, limits: []limitClass{limitPlayers},
		summary: "Become a guest",
		about: "Makes an account without a password. The tokens are all there is to it: keep the refresh token, or the account is lost; " +
			"unless another device was signed in (createLinkCode) or the player has an identity (putIdentity).",
	}, func(ctx context.Context, in *createPlayerInput) (*newPlayerReply, error) {
		p, issued, err := s.Players.Create(ctx, player.Profile{DisplayName: in.Body.DisplayName, Locale: in.Body.Locale, Avatar: in.Body.Avatar})
		if err != nil {
			return nil, err
		}
		return &newPlayerReply{NewPlayer{Player: wirePlayer(p), TokenPair: wireTokens(issued)}}, nil
	})

	register(rt, operation{
		id: "createTokens", route: "POST /v1/tokens", tag: "players", access: byAnyone, status: 201, limits: []limitClass{limitTokens},
		problems: []string{"token-invalid", "link-code-invalid", "provider-not-configured", "id-token-invalid", "identity-unknown", "identity-provider-down"},
		summary:  "Get new tokens, or sign in",
		about: "By a refresh_token: it works until one issued from it has been used, and 60 s longer, so a lost answer or a second " +
			"tab costs nothing. Its use after that is taken for theft, and ends the login for everybody who holds it, with the logins " +
			"that its link codes have made since the token was issued.\n\n" +
			"By a link_code: signs this device in as the player whose other device shows the code. A code works once.\n\n" +
			"By a provider and an id_token: signs this device in as the player who has that identity. When nobody has it the " +
			"answer is identity-unknown: become a guest (createPlayer), and putIdentity with the same token.",
	}, func(ctx context.Context, in *createTokensInput) (*tokensReply, error) {
		issued, err := s.signIn(ctx, rt.limits, in)
		if err != nil {
			return nil, err
		}
		return &tokensReply{Tokens{TokenPair: wireTokens(issued), PlayerID: string(issued.Tokens[0].Player)}}, nil
	})

	register(rt, operation{
		id: "deleteTokens", route: "DELETE /v1/tokens", tag: "players",
		summary: "Sign out",
		about:   "Ends this login: its tokens, its streams and its devices. A guest without an identity who signs out of the only login cannot come back.",
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
		about: "Forfeits what is being played, cancels open tickets, and forgets everything about the player but a bare id. Sessions stay " +
			"readable for the others, with what was played, the seat marked as deleted. If it fails on the way it can be asked for again.",
	}, func(ctx context.Context, _ *struct{}) (*struct{}, error) {
		return nil, s.Players.Delete(ctx, callerOf(ctx).login)
	})
}

// signIn gets tokens in the one way that a request names.
func (s *server) signIn(ctx context.Context, limits *limits, in *createTokensInput) (player.Issued, error) {
	b := in.Body
	byRefresh, byCode, byIdentity := b.RefreshToken != "", b.LinkCode != "", b.Provider != "" || b.IDToken != ""
	switch {
	case byRefresh && !byCode && !byIdentity:
		return s.Players.Refresh(ctx, b.RefreshToken)
	case byCode && !byRefresh && !byIdentity:
		if err := limits.holdGuess(ctx); err != nil {
			return player.Issued{}, err
		}
		return s.Players.Link(ctx, session.NormalCode(b.LinkCode), in.Key)
	case b.Provider != "" && b.IDToken != "" && !byRefresh && !byCode:
		return s.Players.SignInBy(ctx, b.Provider, b.IDToken, b.Nonce, in.Key)
	}
	return player.Issued{}, newProblem("invalid", "").at("body", "must have refresh_token, or link_code, or provider and id_token")
}
