package player

import (
	"context"
	"errors"
	"fmt"
	"slices"
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
	// Verify finds the subject of an id token that was made for this server's apps and is valid now. A nonce is what the
	// token's was made of. It refuses a token with a [BadIDToken], and answers with a [ProviderDown] when nobody can know.
	Verify(ctx context.Context, idToken, nonce string) (subject string, err error)
}

// IdentityStore keeps identities.
type IdentityStore interface {
	// Identities lists those of a player, by their providers' names.
	Identities(ctx context.Context, id ID) ([]Identity, error)
	// IdentityOwner finds the player of an identity, or ErrNotFound.
	IdentityOwner(ctx context.Context, issuer, subject string) (ID, error)
	// PutIdentity gives an identity to a player and returns it as it is kept; one that the player has already stays as it
	// was. A second one of the provider is refused with ErrIdentityPresent. From another player it is taken only if that is
	// insteadOf; otherwise the answer is ErrTaken, with the identity as that player has it. ErrNotFound says that the
	// player is gone.
	PutIdentity(ctx context.Context, i Identity, insteadOf ID) (Identity, error)
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

// Account is what somebody who has two of them must know to choose. A login whose tokens never arrived counts for nothing.
type Account struct {
	Player
	LastUsedAt       time.Time // by any login; zero when there is none
	Active, Finished int       // sessions
	// Recoverable says whether a way to it stays when the identity goes to the other one: a login, if the person still has
	// the device, or an identity of a provider that this server has.
	Recoverable bool
}

// IdentityTaken says that an identity belongs to another account: the person has two, and is to be asked. Nothing has been
// changed.
type IdentityTaken struct{ Mine, Other Account }

func (e *IdentityTaken) Error() string { return "another player has this identity" }

// SignInBy signs a device in as the player who has an identity. With a key the request can be repeated as that of [Service.Link].
func (s *Service) SignInBy(ctx context.Context, provider, idToken, nonce, key string) (Issued, error) {
	i, err := s.identify(ctx, provider, idToken, nonce)
	if err != nil {
		return Issued{}, err
	}
	for range 2 { // the second time for one that was overtaken by its own repetition
		issued, err := s.signInBy(ctx, i, attemptOf(key))
		if errors.Is(err, ErrNotFound) {
			return Issued{}, ErrIdentityUnknown
		}
		if !errors.Is(err, ErrTaken) {
			return issued, err
		}
	}
	return Issued{}, ErrTaken
}

func (s *Service) signInBy(ctx context.Context, i Identity, attempt Hash) (Issued, error) {
	owner, err := s.Store.IdentityOwner(ctx, i.Issuer, i.Subject)
	if err != nil {
		return Issued{}, err
	}
	issued, err := s.signInAgain(ctx, owner, attempt, func(SignIn) bool { return true })
	if !errors.Is(err, ErrNotFound) {
		return issued, err
	}
	return s.signIn(ctx, owner, "", attempt, func(l SignIn, issued Issued) error {
		return s.Store.AddLogin(ctx, l, issued)
	})
}

// PutIdentity makes an identity the caller's. If another account has it, that is an [IdentityTaken], unless the person was
// asked about this very account and stays here: then the identity moves, and the other account stays as it is without it.
func (s *Service) PutIdentity(ctx context.Context, by Login, provider, idToken, nonce string, insteadOf ID) (Identity, error) {
	i, err := s.identify(ctx, provider, idToken, nonce)
	if err != nil {
		return Identity{}, err
	}
	i.Player, i.CreatedAt = by.Player, s.Now()
	kept, err := s.Store.PutIdentity(ctx, i, insteadOf)
	if errors.Is(err, ErrNotFound) {
		return Identity{}, ErrInvalid
	}
	if errors.Is(err, ErrTaken) && kept.Player != "" {
		return Identity{}, s.taken(ctx, kept, by)
	}
	return kept, err
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

// taken describes the two accounts that meet on an identity.
func (s *Service) taken(ctx context.Context, others Identity, by Login) error {
	other, err := s.account(ctx, others.Player, others, "")
	if errors.Is(err, ErrNotFound) {
		return ErrTaken // no more: whoever asks again gets it
	}
	if err != nil {
		return err
	}
	mine, err := s.account(ctx, by.Player, others, by.ID)
	if errors.Is(err, ErrNotFound) {
		return ErrInvalid
	}
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
		if !l.Arrived {
			continue
		}
		a.Recoverable = a.Recoverable || l.ID != asking
		if l.LastUsedAt.After(a.LastUsedAt) {
			a.LastUsedAt = l.LastUsedAt
		}
	}
	identities, err := s.Store.Identities(ctx, id)
	for _, i := range identities {
		another := i.Issuer != without.Issuer || i.Subject != without.Subject
		a.Recoverable = a.Recoverable || another && s.hasIssuer(i.Issuer)
	}
	return a, err
}

// hasIssuer says whether this server takes an issuer's word.
func (s *Service) hasIssuer(issuer string) bool {
	return slices.ContainsFunc(s.Providers, func(p Provider) bool { return p.Issuer() == issuer })
}

// Identities lists a player's identities.
func (s *Service) Identities(ctx context.Context, id ID) ([]Identity, error) {
	return s.Store.Identities(ctx, id)
}

// DeleteIdentity takes a player's identity of a provider away. The logins that it made stay: they are ended one by one.
func (s *Service) DeleteIdentity(ctx context.Context, id ID, provider string) error {
	return s.Store.DeleteIdentity(ctx, id, provider)
}
