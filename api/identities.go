package api

import (
	"context"
	"time"

	"yourturn/player"
)

// Identity is what an issuer calls the player, by which they can come back.
type Identity struct {
	Provider  string    `json:"provider" doc:"Who vouches for it." example:"apple"`
	Issuer    string    `json:"issuer" doc:"The issuer of its id tokens." example:"https://appleid.apple.com"`
	CreatedAt time.Time `json:"created_at" doc:"Since when it is this player's."`
}

// Account is one of two accounts of a person who has to choose.
type Account struct {
	PlayerID         string     `json:"player_id" doc:"The player." example:"06eqzv2k3m8x1c4r7t9w0y5h2n"`
	DisplayName      string     `json:"display_name" doc:"What the others read." example:"Brisk Otter"`
	CreatedAt        time.Time  `json:"created_at" doc:"When the account was made."`
	LastUsedAt       *time.Time `json:"last_used_at,omitempty" doc:"When a device of it last got tokens. Absent when it is signed in nowhere. Show it: the device may be long gone."`
	SessionsActive   int        `json:"sessions_active" doc:"Sessions that it plays." example:"2"`
	SessionsFinished int        `json:"sessions_finished" doc:"Sessions that it has played to their end." example:"31"`
	Recoverable      bool       `json:"recoverable" doc:"Whether a way to it is left when the identity goes to the other account: a device that is signed in, besides the one that asks and if the person still has it (see last_used_at), or another identity of a provider of this server. If not, choosing the other one is for good."`
}

func wireAccount(a player.Account) *Account {
	wired := &Account{
		PlayerID: string(a.ID), DisplayName: a.Profile.DisplayName, CreatedAt: seconds(a.CreatedAt),
		SessionsActive: a.Active, SessionsFinished: a.Finished, Recoverable: a.Recoverable,
	}
	if !a.LastUsedAt.IsZero() {
		used := seconds(a.LastUsedAt)
		wired.LastUsedAt = &used
	}
	return wired
}

func wireIdentity(i player.Identity) Identity {
	return Identity{Provider: i.Provider, Issuer: i.Issuer, CreatedAt: seconds(i.CreatedAt)}
}

// ProviderPath names a provider. It has a capital because huma reads no other embedded struct.
type ProviderPath struct {
	Provider string `path:"provider" maxLength:"32" doc:"One of getServer's identity_providers." example:"apple"`
}

type (
	identityRequest struct {
		IDToken string `json:"id_token" minLength:"1" maxLength:"16384" doc:"What the provider gave the app to show." example:"eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.eyJpc3MiOiJodHRwczovL2FwcGxlaWQuYXBwbGUuY29tIn0.c2lnbmF0dXJl"`
		Nonce   string `json:"nonce,omitempty" maxLength:"512" doc:"A random text of the app, whose SHA-256 in small hex it gave to the provider for the id_token: so that nobody who finds the token can use it. Needed if the id_token has a nonce. One that is not 64 hex digits is compared as it is, and protects from nothing."`
		// InsteadOf names the account that the person was asked about: by now it may be another one that has the identity.
		InsteadOf string `json:"instead_of,omitempty" maxLength:"64" doc:"After identity-taken, when the person has chosen this account: the player_id of the problem's other. The identity moves from there to here, and that account stays without it. If yet another one has it by now, that is a new identity-taken."`
	}
	putIdentityInput struct {
		ProviderPath
		Body identityRequest
	}
	identityReply     struct{ Body Identity }
	identityListReply struct{ Body List[Identity] }
)

func (s *server) identityOperations(rt *routes) {
	register(rt, operation{
		id: "putIdentity", route: "PUT /v1/me/identities/{provider}", tag: "players", limits: []limitClass{limitTokens},
		problems: []string{"provider-not-configured", "id-token-invalid", "identity-provider-down", "identity-taken", "identity-present"},
		summary:  "Let me come back by Apple, Google or another provider",
		about: "From now on createTokens with an id_token of this person signs in as this player. Of the token nothing is kept but " +
			"the issuer and its name for the person.\n\n" +
			"If another account has the identity nothing happens but the problem identity-taken, with both accounts as mine and " +
			"other: ask the person. For this one, ask again with instead_of: other's player_id. For the other one, sign in by " +
			"createTokens; this account stays as it is, with its tokens.",
	}, func(ctx context.Context, in *putIdentityInput) (*identityReply, error) {
		kept, err := s.Players.PutIdentity(ctx, callerOf(ctx).login, in.Provider, in.Body.IDToken, in.Body.Nonce, player.ID(in.Body.InsteadOf))
		if err != nil {
			return nil, err
		}
		return &identityReply{wireIdentity(kept)}, nil
	})

	register(rt, operation{
		id: "listIdentities", route: "GET /v1/me/identities", tag: "players",
		summary: "By whom I can come back",
		about:   "My identities, one of each provider at most.",
	}, func(ctx context.Context, _ *struct{}) (*identityListReply, error) {
		identities, err := s.Players.Identities(ctx, callerOf(ctx).login.Player)
		if err != nil {
			return nil, err
		}
		reply := List[Identity]{Items: []Identity{}}
		for _, i := range identities {
			reply.Items = append(reply.Items, wireIdentity(i))
		}
		return &identityListReply{reply}, nil
	})

	register(rt, operation{
		id: "deleteIdentity", route: "DELETE /v1/me/identities/{provider}", tag: "players",
		summary: "Forget an identity of mine",
		about: "It can be given to another account, or to this one again. The devices that it signed in stay signed in. If it was " +
			"the last one, the tokens are again all there is to the account. One that is not there is as good as deleted.",
	}, func(ctx context.Context, in *ProviderPath) (*struct{}, error) {
		return nil, s.Players.DeleteIdentity(ctx, callerOf(ctx).login.Player, in.Provider)
	})
}

// identityProviders lists who vouches for people here.
func (s *server) identityProviders() []IdentityProvider {
	all := []IdentityProvider{}
	if s.Players == nil {
		return all
	}
	for _, p := range s.Players.Providers {
		all = append(all, IdentityProvider{Provider: p.Name(), Issuer: p.Issuer()})
	}
	return all
}
