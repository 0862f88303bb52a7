// Package player keeps accounts, and the logins by which people and their devices reach them.
//
// A player starts as a guest: no password, no address, just tokens. A [Login] is one sign-in: a family of tokens that
// ends as a whole. Tokens are 256 random bits and are stored only as hashes; the rule by which they renew each other is
// in token.go.
//
// A guest becomes more than that in two ways. A code (linkcode.go) signs another device in as the same player. An
// identity (identity.go) is what Apple, Google or another issuer calls a person: whoever shows it again is that player,
// on any device and after all of them were lost.
package player

import (
	"context"
	"errors"
	"time"
)

// ID names a player, LoginID one sign-in of a player.
type (
	ID      string
	LoginID string
)

// Player is a person's account.
type Player struct {
	ID        ID
	Profile   Profile
	CreatedAt time.Time
}

// Login is a valid sign-in.
type Login struct {
	ID     LoginID
	Player ID
}

// SignIn is a login with how it came about.
type SignIn struct {
	Login
	MadeBy     LoginID // whose link code made it; empty when none did
	Attempt    Hash    // of the request that made it; zero when that had no key
	CreatedAt  time.Time
	LastUsedAt time.Time // to the hour: when it last got tokens
	Arrived    bool      // whether a token of it was ever used: until then nobody may have any
}

// Errors of accounts.
var (
	ErrNotFound = errors.New("no such player")
	ErrExpired  = errors.New("the access token has expired")
	ErrInvalid  = errors.New("the token is not valid")
	ErrTaken    = errors.New("somebody else was faster")
)

// Store keeps accounts and tokens.
type Store interface {
	// AddPlayer keeps a new player with a first login.
	AddPlayer(ctx context.Context, p Player, l Login, issued Issued) error
	Player(ctx context.Context, id ID) (Player, error)
	SaveProfile(ctx context.Context, id ID, p Profile) error
	// ErasePlayer removes everything about a player but the id, by which sessions stay readable for the others.
	ErasePlayer(ctx context.Context, id ID, now time.Time) error

	// Token finds a token by its hash, or ErrNotFound. The tokens of a login that has ended are not found.
	Token(ctx context.Context, hash Hash) (Token, error)
	// UseToken notes a token's first use: it is used, its login has arrived, and its parent is superseded.
	UseToken(ctx context.Context, t Token, now time.Time) error
	// AddTokens keeps what was issued for a login, or returns ErrNotFound when the login has ended.
	AddTokens(ctx context.Context, l LoginID, issued Issued) error
	// HasLogin says whether a login has not ended.
	HasLogin(ctx context.Context, l LoginID) (bool, error)
	// Logins lists those of a player that have not ended, the oldest first.
	Logins(ctx context.Context, id ID, now time.Time) ([]SignIn, error)
	// AddLogin keeps another login of a player. It returns ErrNotFound when the player is gone, and ErrTaken when the same
	// attempt has made one that has not arrived.
	AddLogin(ctx context.Context, l SignIn, issued Issued) error
	// EndLogin forgets a login with all its tokens. Those that its codes have made become those of the login that made it.
	EndLogin(ctx context.Context, l LoginID) error
	// EndStolen forgets a login as EndLogin does, and those that it has made since an instant, and what those have made. It
	// tells which. At the same time none of them makes another one.
	EndStolen(ctx context.Context, l Login, since time.Time) ([]Login, error)
	// PruneTokens deletes a lot of what expired before now, link codes too, and tells how many.
	PruneTokens(ctx context.Context, now time.Time, limit int) (int, error)

	// PutLinkCode keeps a code instead of the one that its player had. It returns ErrNotFound when the login that made it
	// has ended, and ErrTaken when there is the same code already.
	PutLinkCode(ctx context.Context, c LinkCode) error
	// LinkCode finds a code by its hash, spent or not, or ErrNotFound.
	LinkCode(ctx context.Context, hash Hash) (LinkCode, error)
	// SpendLinkCode keeps the login that a code makes. It returns ErrTaken when the code has made one or is there no more,
	// and ErrNotFound when the player is gone. Of any number at once it lets one through.
	SpendLinkCode(ctx context.Context, code Hash, l SignIn, issued Issued) error

	IdentityStore
}
