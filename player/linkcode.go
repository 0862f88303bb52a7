package player

import (
	"context"
	"crypto/pbkdf2"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"
)

// CodeLife is how long a link code can be used.
const CodeLife = 10 * time.Minute

// LinkCode is a code as it is stored. Whoever types it on another device, in time and first, is signed in as its player.
type LinkCode struct {
	Hash      Hash
	Player    ID
	By        LoginID // that shows it: when it ends, the code ends
	ExpiresAt time.Time
	Made      LoginID // the login that it has made; empty before
}

// ErrBadCode refuses a link code. That there is none, that it was used and that it is too old must look the same to those
// who guess.
var ErrBadCode = errors.New("no such link code")

// codeRounds make it expensive to find a code by its hash. A code has 40 bits: hashed once, all of them are tried in
// minutes by who has read the database, and so many rounds turn the minutes into days. They cost the server 2 ms.
const codeRounds = 10_000

// hashOfCode is what is stored of a code. Codes are looked up by it, so they share one salt.
func hashOfCode(code string) (hash Hash, err error) {
	key, err := pbkdf2.Key(sha256.New, code, []byte("yourturn link code"), codeRounds, len(hash))
	copy(hash[:], key)
	return hash, err
}

// codeTries is how often a code is drawn that somebody else has just now.
const codeTries = 4

// NewLinkCode makes a code by a login. The code that its player had before ends.
func (s *Service) NewLinkCode(ctx context.Context, by Login) (code string, ends time.Time, err error) {
	ends = s.Now().Add(CodeLife)
	for range codeTries {
		if code, err = s.NewCode(); err != nil {
			return "", time.Time{}, err
		}
		hash, err := hashOfCode(code)
		if err != nil {
			return "", time.Time{}, fmt.Errorf("hash a link code: %w", err)
		}
		err = s.Store.PutLinkCode(ctx, LinkCode{Hash: hash, Player: by.Player, By: by.ID, ExpiresAt: ends})
		switch {
		case err == nil:
			return code, ends, nil
		case errors.Is(err, ErrNotFound):
			return "", time.Time{}, ErrInvalid
		case !errors.Is(err, ErrTaken):
			return "", time.Time{}, err
		}
	}
	return "", time.Time{}, ErrTaken
}

// Link signs a device in by a code. A code makes one login, once.
//
// The answer may be lost. An app that sent a key with its request sends both again, and gets new tokens of the same login,
// as long as the code lives and none of the login's tokens has been used. Without a key the person asks for another code.
func (s *Service) Link(ctx context.Context, code, key string) (Issued, error) {
	hash, err := hashOfCode(code)
	if err != nil {
		return Issued{}, fmt.Errorf("hash a link code: %w", err)
	}
	for range 2 { // the second time for one that was overtaken by its own repetition
		issued, err := s.link(ctx, hash, attemptOf(key))
		if errors.Is(err, ErrNotFound) {
			return Issued{}, ErrBadCode
		}
		if !errors.Is(err, ErrTaken) {
			return issued, err
		}
	}
	return Issued{}, ErrBadCode
}

func (s *Service) link(ctx context.Context, hash, attempt Hash) (Issued, error) {
	c, err := s.Store.LinkCode(ctx, hash)
	if err != nil {
		return Issued{}, err
	}
	if !s.Now().Before(c.ExpiresAt) {
		return Issued{}, ErrNotFound
	}
	if c.Made != "" {
		return s.signInAgain(ctx, c.Player, attempt, func(l SignIn) bool { return l.ID == c.Made })
	}
	return s.signIn(ctx, c.Player, c.By, attempt, func(l SignIn, issued Issued) error {
		return s.Store.SpendLinkCode(ctx, hash, l, issued)
	})
}
