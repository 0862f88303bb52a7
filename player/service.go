package player

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// Service keeps accounts.
type Service struct {
	Store  Store
	Now    func() time.Time
	NewID  func() string
	Random io.Reader // a cryptographic source
	// NewCode draws a code that a person can type.
	NewCode func() (string, error)
	// Providers vouch for identities.
	Providers []Provider
	// SignedOut is told of a login that has ended.
	SignedOut func(Login)
	// Farewell takes a player who goes out of everything that others would wait for.
	Farewell func(context.Context, ID) error
}

// Create makes a guest. Who gives no name gets one.
func (s *Service) Create(ctx context.Context, profile Profile) (Player, Issued, error) {
	profile, err := profile.check()
	if err != nil {
		return Player{}, Issued{}, err
	}
	if profile.DisplayName == "" {
		if profile.DisplayName, err = guestName(s.Random); err != nil {
			return Player{}, Issued{}, fmt.Errorf("draw a name: %w", err)
		}
	}
	p := Player{ID: ID(s.NewID()), Profile: profile, CreatedAt: s.Now()}
	login := Login{ID: LoginID(s.NewID()), Player: p.ID}
	issued, err := s.issuePair(login, Hash{})
	if err != nil {
		return Player{}, Issued{}, err
	}
	return p, issued, s.Store.AddPlayer(ctx, p, login, issued)
}

// issuePair makes an access and a refresh token for a login, from a parent.
func (s *Service) issuePair(login Login, parent Hash) (issued Issued, err error) {
	now := s.Now()
	access := Token{Kind: Access, Login: login.ID, Player: login.Player, Parent: parent, ExpiresAt: now.Add(AccessLife)}
	refresh := Token{Kind: Refresh, Login: login.ID, Player: login.Player, Parent: parent, ExpiresAt: now.Add(RefreshLife)}
	if issued.Access, access.Hash, err = issue(s.Random, Access, access.ExpiresAt); err != nil {
		return Issued{}, err
	}
	if issued.Refresh, refresh.Hash, err = issue(s.Random, Refresh, refresh.ExpiresAt); err != nil {
		return Issued{}, err
	}
	issued.Tokens = []Token{access, refresh}
	return issued, nil
}

// Refresh gives a new pair for a refresh token. The old one works until one of the new has been used, and [Overlap]
// longer; after that its use is theft, and ends the login for whoever holds it, with those that it has made by link codes
// since there was this token: the thief may have made them.
func (s *Service) Refresh(ctx context.Context, secret string) (Issued, error) {
	t, err := s.token(ctx, secret, Refresh)
	if err != nil {
		return Issued{}, err
	}
	now := s.Now()
	login := Login{ID: t.Login, Player: t.Player}
	if t.stolen(now) {
		return Issued{}, s.endStolen(ctx, login, refreshIssued(secret))
	}
	if err := s.firstUse(ctx, t, now); err != nil {
		return Issued{}, err
	}
	issued, err := s.issuePair(login, t.Hash)
	if err != nil {
		return Issued{}, err
	}
	if err := s.Store.AddTokens(ctx, t.Login, issued); errors.Is(err, ErrNotFound) {
		return Issued{}, ErrInvalid
	} else if err != nil {
		return Issued{}, err
	}
	return issued, nil
}

// endStolen ends what a thief may have, and says that the token is not valid.
func (s *Service) endStolen(ctx context.Context, login Login, since time.Time) error {
	ended, err := s.Store.EndStolen(ctx, login, since)
	if err != nil {
		return err
	}
	for _, l := range ended {
		s.SignedOut(l)
	}
	return ErrInvalid
}

// Authenticate finds the login of an access token.
func (s *Service) Authenticate(ctx context.Context, secret string) (Login, error) {
	return s.login(ctx, secret, Access)
}

// AuthenticateStream finds the login of a stream ticket.
func (s *Service) AuthenticateStream(ctx context.Context, secret string) (Login, error) {
	return s.login(ctx, secret, Stream)
}

func (s *Service) login(ctx context.Context, secret string, kind Kind) (Login, error) {
	t, err := s.token(ctx, secret, kind)
	if err != nil {
		return Login{}, err
	}
	return Login{ID: t.Login, Player: t.Player}, s.firstUse(ctx, t, s.Now())
}

// token finds a token that is valid now.
func (s *Service) token(ctx context.Context, secret string, kind Kind) (Token, error) {
	now := s.Now()
	t, err := s.Store.Token(ctx, HashOf(secret))
	switch {
	case errors.Is(err, ErrNotFound) && kind != Refresh && saysExpired(secret, kind, now): // refresh, and come again
		return Token{}, ErrExpired
	case errors.Is(err, ErrNotFound):
		return Token{}, ErrInvalid
	case err != nil:
		return Token{}, err
	case t.Kind != kind:
		return Token{}, ErrInvalid
	case !now.Before(t.ExpiresAt) && kind == Refresh:
		return Token{}, ErrInvalid
	case !now.Before(t.ExpiresAt):
		return Token{}, ErrExpired
	}
	return t, nil
}

// firstUse notes that a token arrived at its owner: from now on the one it was issued from is the old one.
func (s *Service) firstUse(ctx context.Context, t Token, now time.Time) error {
	if t.Used {
		return nil
	}
	return s.Store.UseToken(ctx, t, now)
}

// StreamTicket makes a ticket that opens streams for as long as the access token lives that asks for it.
func (s *Service) StreamTicket(ctx context.Context, access string) (ticket string, ends time.Time, err error) {
	t, err := s.token(ctx, access, Access)
	if err != nil {
		return "", time.Time{}, err
	}
	made := Token{Kind: Stream, Login: t.Login, Player: t.Player, Used: true, ExpiresAt: t.ExpiresAt}
	if ticket, made.Hash, err = issue(s.Random, Stream, t.ExpiresAt); err != nil {
		return "", time.Time{}, err
	}
	err = s.Store.AddTokens(ctx, t.Login, Issued{Tokens: []Token{made}})
	if errors.Is(err, ErrNotFound) {
		return "", time.Time{}, ErrInvalid
	}
	return ticket, t.ExpiresAt, err
}

// attemptOf is what is stored of the key that a request has.
func attemptOf(key string) Hash {
	if key == "" {
		return Hash{}
	}
	return HashOf(key)
}

// signIn makes another login of a player, and keeps it by a function that may have more to keep.
func (s *Service) signIn(ctx context.Context, id ID, by LoginID, attempt Hash, keep func(SignIn, Issued) error) (Issued, error) {
	login := SignIn{Login: Login{ID: LoginID(s.NewID()), Player: id}, MadeBy: by, Attempt: attempt, CreatedAt: s.Now()}
	issued, err := s.issuePair(login.Login, Hash{})
	if err != nil {
		return Issued{}, err
	}
	if err := keep(login, issued); err != nil {
		return Issued{}, err
	}
	return issued, s.retireLogins(ctx, id)
}

// signInAgain answers a request once more whose answer may have been lost: with new tokens of the login that it has made,
// as long as none of the first was used. ErrNotFound says that there is no such login.
func (s *Service) signInAgain(ctx context.Context, id ID, attempt Hash, suits func(SignIn) bool) (Issued, error) {
	if attempt == (Hash{}) {
		return Issued{}, ErrNotFound
	}
	logins, err := s.Store.Logins(ctx, id, s.Now())
	if err != nil {
		return Issued{}, err
	}
	n := slices.IndexFunc(logins, func(l SignIn) bool { return l.Attempt == attempt && !l.Arrived && suits(l) })
	if n < 0 {
		return Issued{}, ErrNotFound
	}
	issued, err := s.issuePair(logins[n].Login, Hash{})
	if err != nil {
		return Issued{}, err
	}
	return issued, s.Store.AddTokens(ctx, logins[n].ID, issued)
}

// MaxLogins is how many logins a player has at most. One more, and the one that was not used for longest ends: an app that
// is installed again and again signs in each time, and never out.
const MaxLogins = 50

func (s *Service) retireLogins(ctx context.Context, id ID) error {
	logins, err := s.Store.Logins(ctx, id, s.Now())
	if err != nil || len(logins) <= MaxLogins {
		return err
	}
	slices.SortStableFunc(logins, func(a, b SignIn) int { return a.LastUsedAt.Compare(b.LastUsedAt) })
	for _, l := range logins[:len(logins)-MaxLogins] {
		if err := s.SignOut(ctx, l.Login); err != nil {
			return err
		}
	}
	return nil
}

// Logins lists a player's logins, the oldest first.
func (s *Service) Logins(ctx context.Context, id ID) ([]SignIn, error) {
	return s.Store.Logins(ctx, id, s.Now())
}

// SignOutOther ends any login of a player, as of a phone that was lost. One that is not there has ended already.
func (s *Service) SignOutOther(ctx context.Context, id ID, ends LoginID) error {
	logins, err := s.Store.Logins(ctx, id, s.Now())
	if err != nil {
		return err
	}
	for _, l := range logins {
		if l.ID == ends {
			return s.SignOut(ctx, l.Login)
		}
	}
	return nil
}

// Alive says whether a login has not ended, as far as can be known now.
func (s *Service) Alive(ctx context.Context, login LoginID) bool {
	alive, err := s.Store.HasLogin(ctx, login)
	return alive || err != nil
}

// SignOut ends a login: its tokens, its streams, its devices.
func (s *Service) SignOut(ctx context.Context, login Login) error {
	if err := s.Store.EndLogin(ctx, login.ID); err != nil {
		return err
	}
	s.SignedOut(login)
	return nil
}

// Get reads a player.
func (s *Service) Get(ctx context.Context, id ID) (Player, error) { return s.Store.Player(ctx, id) }

// Patch changes what it names of a profile and leaves the rest.
type Patch struct{ DisplayName, Locale, Avatar *string }

// Update changes a player's profile.
func (s *Service) Update(ctx context.Context, id ID, patch Patch) (Player, error) {
	p, err := s.Store.Player(ctx, id)
	if err != nil {
		return Player{}, err
	}
	profile := p.Profile
	override(&profile.DisplayName, patch.DisplayName)
	override(&profile.Locale, patch.Locale)
	override(&profile.Avatar, patch.Avatar)
	if profile, err = profile.check(); err != nil {
		return Player{}, err
	}
	if profile.DisplayName == "" {
		return Player{}, &BadProfile{"display_name", "must not be empty"}
	}
	if err := s.Store.SaveProfile(ctx, id, profile); err != nil {
		return Player{}, err
	}
	p.Profile = profile
	return p, nil
}

func override(member, value *string) {
	if value != nil {
		*member = *value
	}
}

// Delete removes an account. First the player leaves everything that others would wait for; a deletion that is cut
// off can be asked for again, because the tokens go last.
func (s *Service) Delete(ctx context.Context, login Login) error {
	if err := s.Farewell(ctx, login.Player); err != nil {
		return fmt.Errorf("say farewell: %w", err)
	}
	logins, err := s.Store.Logins(ctx, login.Player, s.Now())
	if err != nil {
		return err
	}
	if err := s.Store.ErasePlayer(ctx, login.Player, s.Now()); err != nil {
		return err
	}
	for _, l := range logins {
		s.SignedOut(l.Login)
	}
	return nil
}

// pruneLot bounds one pass of the pruning.
const pruneLot = 1000

// Prune deletes a lot of expired tokens, and tells how many.
func (s *Service) Prune(ctx context.Context) (int, error) {
	return s.Store.PruneTokens(ctx, s.Now(), pruneLot)
}
