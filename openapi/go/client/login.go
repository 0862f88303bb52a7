package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"yourturn/openapi/go/wire"
)

// Login is one sign-in of a player: the tokens that say who calls.
type Login struct {
	AccessToken  string    `json:"access_token"`
	RefreshToken string    `json:"refresh_token"`
	ExpiresAt    time.Time `json:"expires_at"` // of the access token, by this machine's clock
	PlayerID     string    `json:"player_id,omitempty"`
}

// Storage keeps a login between starts of the app. The refresh token is all there is to a guest's account, so it
// belongs where only the app can read it. One that has a SaveFirst, as [File] has, makes sure of one guest when two
// clients connect with it at the same time.
type Storage interface {
	Load() (*Login, error) // nil when there is none
	Save(Login) error
	Clear() error
}

// File stores a login in a file that only its owner can read. Several processes may use one file.
type File string

var _ Storage = File("")

func (f File) Load() (*Login, error) {
	raw, err := os.ReadFile(string(f))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var stored Login
	if err := json.Unmarshal(raw, &stored); err != nil {
		return nil, fmt.Errorf("%s: %w", f, err)
	}
	return &stored, nil
}

// Save writes beside the file and moves, so that a power cut leaves the old login or the new one.
func (f File) Save(l Login) error { return f.put(l, os.Rename) }

// SaveFirst is Save that finds out when there is a login already: [os.ErrExist].
func (f File) SaveFirst(l Login) error {
	return f.put(l, func(beside, place string) error {
		err := os.Link(beside, place)
		if err == nil || errors.Is(err, os.ErrExist) {
			return errors.Join(err, os.Remove(beside))
		}
		return os.Rename(beside, place) // on a disk that has no links
	})
}

// put has a login that is on the disk moved to its place.
func (f File) put(l Login, move func(beside, place string) error) error {
	raw, err := json.Marshal(l)
	if err != nil {
		return err
	}
	beside, err := os.CreateTemp(filepath.Dir(string(f)), filepath.Base(string(f))+".*") // readable by its owner only
	if err != nil {
		return err
	}
	_, err = beside.Write(raw)
	err = errors.Join(err, beside.Sync(), beside.Close())
	if err == nil {
		err = move(beside.Name(), string(f))
	}
	if err != nil {
		_ = os.Remove(beside.Name()) // the first error is the one to tell
	}
	return err
}

func (f File) Clear() error {
	if err := os.Remove(string(f)); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// memory forgets with the process.
type memory struct {
	mu   sync.Mutex
	held *Login
}

func (m *memory) Load() (*Login, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.held, nil
}

func (m *memory) Save(l Login) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.held = &l
	return nil
}

func (m *memory) SaveFirst(l Login) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.held != nil {
		return os.ErrExist
	}
	m.held = &l
	return nil
}

func (m *memory) Clear() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.held = nil
	return nil
}

// early is how long before its end a token is renewed.
const early = 30 * time.Second

// login is who the client is now.
type login struct {
	storage   Storage
	open      *wire.ClientWithResponses // for calls that bear no token
	now       func() time.Time
	signedOut func()
	replaced  func() // a sitting has ended
	changing  lock   // renewing, signing in and out exclude one another

	mu      sync.Mutex
	current *sitting
}

// begin loads what is stored, or becomes a guest.
func (l *login) begin(ctx context.Context, profile wire.PlayerRequest) error {
	stored, err := l.load()
	if err != nil {
		return err
	}
	if stored == nil {
		stored, err = l.guest(ctx, profile)
	}
	if err != nil {
		return err
	}
	l.replace(l.sitting(), stored)
	return nil
}

// guest becomes one, unless somebody with the same storage was faster: a guest that is left behind harms nobody.
func (l *login) guest(ctx context.Context, profile wire.PlayerRequest) (*Login, error) {
	asked := l.now()
	answer, err := l.open.CreatePlayerWithResponse(ctx, profile)
	if err != nil {
		return nil, err
	}
	made := answer.JSON201
	if made == nil {
		return nil, fmt.Errorf("createPlayer was answered with %s", answer.Status())
	}
	guest := l.made(asked, made.Player.ID, made.AccessToken, made.RefreshToken, made.ExpiresIn)
	err = l.saveFirst(guest)
	if errors.Is(err, os.ErrExist) {
		return l.load()
	}
	if err != nil {
		return nil, fmt.Errorf("store the login: %w", err)
	}
	return guest, nil
}

func (l *login) saveFirst(made *Login) error {
	if storage, can := l.storage.(interface{ SaveFirst(Login) error }); can {
		return storage.SaveFirst(*made)
	}
	if stored, err := l.load(); err != nil || stored != nil {
		return errors.Join(err, os.ErrExist)
	}
	return l.storage.Save(*made)
}

func (l *login) made(asked time.Time, player, access, refresh string, expiresIn int64) *Login {
	return &Login{
		AccessToken: access, RefreshToken: refresh, PlayerID: player,
		ExpiresAt: asked.Add(time.Duration(expiresIn) * time.Second),
	}
}

func (l *login) load() (*Login, error) {
	stored, err := l.storage.Load()
	if err != nil {
		return nil, fmt.Errorf("load the login: %w", err)
	}
	return stored, nil
}

// tokens gives an access token other than the one that was refused.
type tokens func(ctx context.Context, refused string) (string, error)

// with calls with a token, and once more with a new one if the server refuses the first. A 401 that does not speak of
// tokens comes from something on the way, which knows nothing of them.
func with[Answer any](ctx context.Context, token tokens, call func(token string) (Answer, error)) (answer Answer, err error) {
	first, err := token(ctx, "")
	if err != nil {
		return answer, err
	}
	answer, err = call(first)
	if problem, refused := errors.AsType[*Problem](err); !refused || !strings.HasPrefix(problem.Name, "token-") {
		return answer, err
	}
	second, err := token(ctx, first)
	if err != nil {
		return answer, err
	}
	return call(second)
}

// of is where a sitting's calls have their tokens from.
func (l *login) of(s *sitting) tokens {
	return func(ctx context.Context, refused string) (string, error) {
		token, err := l.token(ctx, s, refused)
		if errors.Is(err, errLost) && l.signedOut != nil {
			l.signedOut() // nothing is locked: it may sign in
		}
		return token, s.why(err)
	}
}

func (l *login) token(ctx context.Context, s *sitting, refused string) (string, error) {
	held := s.login()
	if held == nil || s.isOver() {
		return "", ErrSignedOut
	}
	if l.serves(held, refused) {
		return held.AccessToken, nil
	}
	if err := l.changing.take(ctx); err != nil {
		return "", err
	}
	defer l.changing.give()
	if s.isOver() {
		return "", ErrSignedOut
	}
	return l.renew(ctx, s, refused)
}

// serves says whether a login's token is worth trying.
func (l *login) serves(held *Login, refused string) bool {
	return held.AccessToken != refused && l.now().Before(held.ExpiresAt.Add(-early))
}

// renew gets new tokens, unless somebody was faster: a goroutine that had the lock, or a process with the same storage.
// One that has signed out, or in as somebody else, has ended this login too.
func (l *login) renew(ctx context.Context, s *sitting, refused string) (string, error) {
	stored, err := l.load()
	if err != nil {
		return "", err
	}
	if stored == nil || stored.PlayerID != s.login().PlayerID {
		return "", l.lose(s)
	}
	s.hold(stored)
	if l.serves(stored, refused) {
		return stored.AccessToken, nil
	}
	renewed, err := l.exchange(ctx, wire.TokenRequest{RefreshToken: stored.RefreshToken})
	if problem, refused := errors.AsType[*Problem](err); refused && problem.Name == "token-invalid" {
		return "", errors.Join(l.lose(s), err, l.clear(s))
	}
	if err != nil {
		return "", err
	}
	s.hold(renewed)
	return renewed.AccessToken, nil
}

// errLost is the end of a login that nobody here has asked for.
var errLost = fmt.Errorf("%w: the login has ended", ErrSignedOut)

func (l *login) lose(s *sitting) error {
	if !l.replace(s, nil) {
		return ErrSignedOut
	}
	return errLost
}

// exchange turns what is shown into a login, which is stored. If the answer is lost the same may be shown again.
func (l *login) exchange(ctx context.Context, shown wire.TokenRequest) (*Login, error) {
	asked := l.now()
	answer, err := l.open.CreateTokensWithResponse(ctx, nil, shown)
	if err != nil {
		return nil, err
	}
	made := answer.JSON201
	if made == nil {
		return nil, fmt.Errorf("createTokens was answered with %s", answer.Status())
	}
	// It is stored before anything uses it: one that is used and then lost would be lost with its player.
	login := l.made(asked, made.PlayerID, made.AccessToken, made.RefreshToken, made.ExpiresIn)
	if err := l.storage.Save(*login); err != nil {
		return nil, fmt.Errorf("store the login: %w", err)
	}
	return login, nil
}

// clear forgets what is stored, if it is this login still and not one that another process has put there.
func (l *login) clear(s *sitting) error {
	stored, err := l.load()
	if err != nil || stored == nil || stored.RefreshToken != s.login().RefreshToken {
		return err
	}
	if err := l.storage.Clear(); err != nil {
		return fmt.Errorf("clear the login: %w", err)
	}
	return nil
}

// PlayerID names the player, empty when nobody is signed in.
func (c *Client) PlayerID() string {
	if held := c.login.sitting().login(); held != nil {
		return held.PlayerID
	}
	return ""
}

// SignIn replaces the login by another, of the same player or of somebody else: for a link code that another device
// made, or an identity. The login before is not ended: SignOut does that. What was begun before fails with ErrSignedOut
// where it is not done yet, and so do Messages: begin them anew.
func (c *Client) SignIn(ctx context.Context, shown wire.TokenRequest) error {
	l := c.login
	if err := l.changing.take(ctx); err != nil {
		return err
	}
	defer l.changing.give()
	before := l.sitting()
	within, leave := endingWith(ctx, before.ctx) // SignOut does not wait for it
	defer leave()
	made, err := l.exchange(within, shown)
	if err != nil {
		return before.why(err)
	}
	for !l.replace(l.sitting(), made) { // a SignOut was faster, of the login that this one replaces anyway
	}
	return nil
}

// SignOut forgets the login here, at once and whatever happens, and ends it on the server; when the server cannot be
// told, the error says so. A guest who signs out of the only login cannot come back.
func (c *Client) SignOut(ctx context.Context) error {
	l := c.login
	s := l.sitting()
	if s.login() == nil || !l.replace(s, nil) {
		return nil
	}
	// Whoever holds it was begun in the sitting that is over, and gives up at once.
	if err := l.changing.take(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	defer l.changing.give()
	return errors.Join(l.tell(ctx, s), l.clear(s))
}

// tell says on the server that a login has ended. A token that has ended is renewed for it: its login has not.
func (l *login) tell(ctx context.Context, s *sitting) error {
	token := func(ctx context.Context, refused string) (string, error) {
		if held := s.login(); l.serves(held, refused) {
			return held.AccessToken, nil
		}
		return l.renew(ctx, s, refused)
	}
	_, err := with(ctx, token, func(token string) (*wire.DeleteTokensResponse, error) {
		return l.open.DeleteTokensWithResponse(ctx, func(_ context.Context, r *http.Request) error {
			r.Header.Set("Authorization", "Bearer "+token)
			return nil
		})
	})
	if problem, refused := errors.AsType[*Problem](err); errors.Is(err, ErrSignedOut) || refused && problem.Name == "token-invalid" {
		return nil // it was over already
	}
	return err
}

var _ wire.HttpRequestDoer = (*Client)(nil)

// Do sends a request in the name of the player, with all that API does for a call. So a client that was generated for a
// game of your own goes through this one: mygame.NewClientWithResponses(address, mygame.WithHTTPClient(me)).
func (c *Client) Do(r *http.Request) (*http.Response, error) {
	ctx, s, leave := c.login.enter(r.Context())
	defer leave()
	answer, err := with(ctx, c.login.of(s), func(token string) (*http.Response, error) {
		r := r.WithContext(ctx)
		r.Header.Set("Authorization", "Bearer "+token)
		return c.calls.Do(r)
	})
	return answer, s.why(err)
}
