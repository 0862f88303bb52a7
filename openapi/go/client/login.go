package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
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
// belongs where only the app can read it.
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
func (f File) Save(l Login) error {
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
		err = os.Rename(beside.Name(), string(f))
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
	renewing  lock // one at a time: whoever else needs a token waits for it

	mu   sync.Mutex
	held *Login
}

// begin loads what is stored, or becomes a guest.
func (l *login) begin(ctx context.Context, profile wire.PlayerRequest) error {
	stored, err := l.load()
	if err != nil || stored != nil {
		return err
	}
	asked := l.now()
	made, err := l.open.CreatePlayerWithResponse(ctx, profile)
	if err != nil {
		return err
	}
	if made.JSON201 == nil {
		return fmt.Errorf("createPlayer was answered with %s", made.Status())
	}
	return l.keep(asked, made.JSON201.Player.ID, made.JSON201.AccessToken, made.JSON201.RefreshToken, made.JSON201.ExpiresIn)
}

// keep stores a login before anything uses it: one that is used and then lost would be lost with its player.
func (l *login) keep(asked time.Time, player, access, refresh string, expiresIn int64) error {
	made := Login{
		AccessToken: access, RefreshToken: refresh, PlayerID: player,
		ExpiresAt: asked.Add(time.Duration(expiresIn) * time.Second),
	}
	if err := l.storage.Save(made); err != nil {
		return fmt.Errorf("store the login: %w", err)
	}
	l.hold(&made)
	return nil
}

func (l *login) load() (*Login, error) {
	stored, err := l.storage.Load()
	if err != nil {
		return nil, fmt.Errorf("load the login: %w", err)
	}
	l.hold(stored)
	return stored, nil
}

func (l *login) hold(held *Login) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held = held
}

func (l *login) current() *Login {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.held
}

// serves says whether a login's token is worth trying.
func (l *login) serves(held *Login, refused string) bool {
	return held != nil && held.AccessToken != refused && l.now().Before(held.ExpiresAt.Add(-early))
}

// with calls with a token, and once more with a new one if the server refuses the first.
func with[Answer any](ctx context.Context, l *login, call func(token string) (Answer, error)) (answer Answer, err error) {
	token, err := l.token(ctx, "")
	if err != nil {
		return answer, err
	}
	answer, err = call(token)
	if problem, refused := errors.AsType[*Problem](err); !refused || problem.Status != http.StatusUnauthorized {
		return answer, err
	}
	token, err = l.token(ctx, token)
	if err != nil {
		return answer, err
	}
	return call(token)
}

// token returns an access token other than the one that was refused, renewing it when there is none.
func (l *login) token(ctx context.Context, refused string) (string, error) {
	if held := l.current(); l.serves(held, refused) {
		return held.AccessToken, nil
	}
	token, err := l.renew(ctx, refused)
	if _, ended := errors.AsType[*Problem](err); ended && errors.Is(err, ErrSignedOut) && l.signedOut != nil {
		l.signedOut() // nothing is locked: it may sign in
	}
	return token, err
}

// renew gets new tokens, unless somebody was faster: a goroutine that had the lock, or a process with the same storage.
func (l *login) renew(ctx context.Context, refused string) (string, error) {
	if err := l.renewing.take(ctx); err != nil {
		return "", err
	}
	defer l.renewing.give()
	held, err := l.load()
	if err != nil {
		return "", err
	}
	if held == nil {
		return "", ErrSignedOut
	}
	if l.serves(held, refused) {
		return held.AccessToken, nil
	}
	err = l.exchange(ctx, wire.TokenRequest{RefreshToken: held.RefreshToken})
	if problem, refused := errors.AsType[*Problem](err); refused && problem.Status == http.StatusUnauthorized {
		return "", errors.Join(fmt.Errorf("%w: %w", ErrSignedOut, err), l.forget())
	}
	if err != nil {
		return "", err
	}
	return l.current().AccessToken, nil
}

// exchange turns what is shown into tokens. If the answer is lost the same may be shown again.
func (l *login) exchange(ctx context.Context, shown wire.TokenRequest) error {
	asked := l.now()
	made, err := l.open.CreateTokensWithResponse(ctx, nil, shown)
	if err != nil {
		return err
	}
	if made.JSON201 == nil {
		return fmt.Errorf("createTokens was answered with %s", made.Status())
	}
	return l.keep(asked, made.JSON201.PlayerID, made.JSON201.AccessToken, made.JSON201.RefreshToken, made.JSON201.ExpiresIn)
}

func (l *login) forget() error {
	l.hold(nil)
	if err := l.storage.Clear(); err != nil {
		return fmt.Errorf("clear the login: %w", err)
	}
	return nil
}

// PlayerID names the player, empty when nobody is signed in.
func (c *Client) PlayerID() string {
	if held := c.login.current(); held != nil {
		return held.PlayerID
	}
	return ""
}

// SignIn replaces the login by another, of the same player or of somebody else: for a link code that another device
// made, or an identity. The login before is not ended: SignOut does that. End Messages before, and begin them anew.
func (c *Client) SignIn(ctx context.Context, shown wire.TokenRequest) error {
	if err := c.login.renewing.take(ctx); err != nil {
		return err
	}
	defer c.login.renewing.give()
	if err := c.seen.sending.take(ctx); err != nil { // what is being acknowledged belongs to the player before
		return err
	}
	defer c.seen.sending.give()
	if err := c.login.exchange(ctx, shown); err != nil {
		return err
	}
	c.seen.forget()
	return nil
}

// SignOut ends the login on the server and forgets it here, even when the server cannot be reached; the error says so
// then. A guest who signs out of the only login cannot come back.
func (c *Client) SignOut(ctx context.Context) error {
	_, told := c.API.DeleteTokensWithResponse(ctx)
	if errors.Is(told, ErrSignedOut) { // it was over already
		told = nil
	}
	if err := c.login.renewing.take(ctx); err != nil {
		return err
	}
	defer c.login.renewing.give()
	return errors.Join(told, c.login.forget())
}

// signed sends requests in the name of the login.
type signed struct {
	login *login
	calls *caller
}

var _ wire.HttpRequestDoer = (*signed)(nil)

func (s *signed) Do(r *http.Request) (*http.Response, error) {
	return with(r.Context(), s.login, func(token string) (*http.Response, error) {
		r.Header.Set("Authorization", "Bearer "+token)
		return s.calls.Do(r)
	})
}
