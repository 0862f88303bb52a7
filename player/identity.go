package player

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Identity is what an issuer calls a person. Nothing else is kept of what it says: no address and no name.
type Identity struct {
	Provider  string // the operator's name for the issuer, as apple
	Issuer    string
	Subject   string // unique at the issuer, and never given to another person
	Player    ID
	CreatedAt time.Time
}

// Provider vouches for identities.
type Provider interface {
	Name() string
	Issuer() string
	// Verify finds the subject of an id token that was made for this server's apps and is valid now. With a nonce it must
	// be the token's. It refuses a token with a [BadIDToken], and answers with a [ProviderDown] when nobody can know.
	Verify(ctx context.Context, idToken, nonce string) (subject string, err error)
}

// IdentityStore keeps identities.
type IdentityStore interface {
	// Identities lists those of a player, by their providers' names.
	Identities(ctx context.Context, id ID) ([]Identity, error)
	// IdentityOwner finds the player of an identity, or ErrNotFound.
	IdentityOwner(ctx context.Context, issuer, subject string) (ID, error)
	// PutIdentity gives an identity to a player and returns it as it is kept; one that the player has already stays as it
	// was. Of another player it is taken only if so wished; otherwise the answer is ErrTaken. A second one of the provider
	// is refused with ErrIdentityPresent, and ErrNotFound says that the player is gone.
	PutIdentity(ctx context.Context, i Identity, take bool) (Identity, error)
	// DeleteIdentity takes the identity of a provider from a player. One that is not there is as good as deleted.
	DeleteIdentity(ctx context.Context, id ID, provider string) error
	// Sessions counts the sessions that a player plays and has played.
	Sessions(ctx context.Context, id ID) (active, finished int, err error)
}

// Errors of identities.
var (
	ErrNoProvider      = errors.New("no such provider")
	ErrIdentityUnknown = errors.New("nobody has this identity")
	ErrIdentityPresent = errors.New("the player has another identity of this provider")
)

// BadIDToken refuses an id token. The reason is for the app's developer and holds nothing of the token.
type BadIDToken struct{ Reason string }

func (e *BadIDToken) Error() string { return "the id token is not valid: " + e.Reason }

// ProviderDown says that an id token cannot be judged, because its issuer's keys cannot be had.
type ProviderDown struct {
	Provider string
	After    time.Duration // until the issuer is asked again
	Err      error         // for the log
}

func (e *ProviderDown) Error() string { return fmt.Sprintf("%s is down: %v", e.Provider, e.Err) }
func (e *ProviderDown) Unwrap() error { return e.Err }

// Account is what somebody who has two of them must know to choose.
type Account struct {
	Player
	LastUsedAt       time.Time // by any login; zero when there is none
	Active, Finished int       // sessions
	Recoverable      bool      // whether a way to it stays when the identity goes to the other one
}

// IdentityTaken says that an identity belongs to another account: the person has two, and is to be asked. Nothing has been
// changed.
type IdentityTaken struct{ Mine, Other Account }

func (e *IdentityTaken) Error() string { return "another player has this identity" }

// SignInBy signs a device in as the player who has an identity.
func (s *Service) SignInBy(ctx context.Context, provider, idToken, nonce string) (Issued, error) {
	i, err := s.identify(ctx, provider, idToken, nonce)
	if err != nil {
		return Issued{}, err
	}
	owner, err := s.Store.IdentityOwner(ctx, i.Issuer, i.Subject)
	if errors.Is(err, ErrNotFound) {
		return Issued{}, ErrIdentityUnknown
	}
	if err != nil {
		return Issued{}, err
	}
	issued, err := s.signIn(ctx, owner, func(l Login, issued Issued) error {
		return s.Store.AddLogin(ctx, l, issued, s.Now())
	})
	if errors.Is(err, ErrNotFound) { // the player went at this moment, and the identity too
		return Issued{}, ErrIdentityUnknown
	}
	return issued, err
}

// PutIdentity makes an identity the caller's. If another account has it, that is an [IdentityTaken], unless the person has
// been asked and keeps this account: then the identity moves here, and the other account stays as it is without it.
func (s *Service) PutIdentity(ctx context.Context, by Login, provider, idToken, nonce string, keepMine bool) (Identity, error) {
	i, err := s.identify(ctx, provider, idToken, nonce)
	if err != nil {
		return Identity{}, err
	}
	i.Player, i.CreatedAt = by.Player, s.Now()
	for range 2 { // the second time when the other one is gone by the time it is asked about
		kept, err := s.Store.PutIdentity(ctx, i, keepMine)
		if errors.Is(err, ErrNotFound) {
			return Identity{}, ErrInvalid
		}
		if !errors.Is(err, ErrTaken) {
			return kept, err
		}
		if err := s.taken(ctx, i, by); !errors.Is(err, ErrNotFound) {
			return Identity{}, err
		}
	}
	return Identity{}, ErrTaken
}

// identify has a provider look at an id token.
func (s *Service) identify(ctx context.Context, provider, idToken, nonce string) (Identity, error) {
	for _, p := range s.Providers {
		if p.Name() == provider {
			subject, err := p.Verify(ctx, idToken, nonce)
			return Identity{Provider: provider, Issuer: p.Issuer(), Subject: subject}, err
		}
	}
	return Identity{}, ErrNoProvider
}

// taken describes the two accounts that meet on an identity, or says ErrNotFound when there is but one.
func (s *Service) taken(ctx context.Context, i Identity, by Login) error {
	owner, err := s.Store.IdentityOwner(ctx, i.Issuer, i.Subject)
	if err != nil {
		return err
	}
	mine, err := s.account(ctx, by.Player, i, by.ID)
	if err != nil {
		return err
	}
	other, err := s.account(ctx, owner, i, "")
	if err != nil {
		return err
	}
	return &IdentityTaken{Mine: mine, Other: other}
}

// account describes an account. What is left of it without an identity and a login says whether it is recoverable.
func (s *Service) account(ctx context.Context, id ID, without Identity, asking LoginID) (a Account, err error) {
	if a.Player, err = s.Store.Player(ctx, id); err != nil {
		return a, err
	}
	if a.Active, a.Finished, err = s.Store.Sessions(ctx, id); err != nil {
		return a, err
	}
	logins, err := s.Store.Logins(ctx, id, s.Now())
	if err != nil {
		return a, err
	}
	for _, l := range logins {
		a.Recoverable = a.Recoverable || l.ID != asking
		if l.LastUsedAt.After(a.LastUsedAt) {
			a.LastUsedAt = l.LastUsedAt
		}
	}
	identities, err := s.Store.Identities(ctx, id)
	for _, i := range identities {
		a.Recoverable = a.Recoverable || i.Issuer != without.Issuer || i.Subject != without.Subject
	}
	return a, err
}

// Identities lists a player's identities.
func (s *Service) Identities(ctx context.Context, id ID) ([]Identity, error) {
	return s.Store.Identities(ctx, id)
}

// DeleteIdentity takes a player's identity of a provider away. The logins that it made stay: they are ended one by one.
func (s *Service) DeleteIdentity(ctx context.Context, id ID, provider string) error {
	return s.Store.DeleteIdentity(ctx, id, provider)
}
