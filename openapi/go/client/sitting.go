package client

import (
	"context"
	"errors"
	"sync"
)

// sitting is the time in which the client is one player, or nobody. SignIn, SignOut and the loss of the login end it and
// begin another. Whatever is begun holds on to the sitting that it was begun in, and fails with ErrSignedOut when that is
// over: so nothing is done as another player than the one it was meant for.
type sitting struct {
	ctx  context.Context // ends with the sitting; calls made with it belong to it
	over context.CancelCauseFunc

	mu   sync.Mutex
	held *Login // changes when it is renewed; nil while nobody is signed in
	seen *seen
}

// within is where a context says to which of a login's sittings it belongs.
type within struct{ *login }

func (l *login) newSitting(held *Login) *sitting {
	s := &sitting{held: held, seen: newSeen()}
	s.ctx, s.over = context.WithCancelCause(context.WithValue(context.Background(), within{l}, s))
	return s
}

// sitting is the one of now.
func (l *login) sitting() *sitting {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.current
}

// replace ends a sitting and begins the next one. It is false when that sitting was over before.
func (l *login) replace(s *sitting, by *Login) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.current != s {
		return false
	}
	s.over(ErrSignedOut)
	l.current = l.newSitting(by)
	l.replaced()
	return true
}

// enter begins something in the sitting of now, or in the one that the context belongs to already. The context that is
// returned ends with the sitting.
func (l *login) enter(ctx context.Context) (context.Context, *sitting, context.CancelFunc) {
	s, belongs := ctx.Value(within{l}).(*sitting)
	if !belongs {
		s = l.sitting()
		ctx = context.WithValue(ctx, within{l}, s)
	}
	ctx, leave := endingWith(ctx, s.ctx)
	return ctx, s, leave
}

// endingWith is a context that ends when either does.
func endingWith(ctx, other context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(other, func() { cancel(context.Cause(other)) })
	return ctx, func() {
		stop()
		cancel(nil)
	}
}

func (s *sitting) isOver() bool { return s.ctx.Err() != nil }

// why is the error of something that failed in a sitting: that it is over explains whatever else went wrong.
func (s *sitting) why(err error) error {
	if err != nil && s.isOver() && !errors.Is(err, ErrSignedOut) {
		return ErrSignedOut
	}
	return err
}

func (s *sitting) login() *Login {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held
}

func (s *sitting) hold(renewed *Login) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = renewed
}

// reset forgets what was seen: the server has lost the numbers that said so.
func (s *sitting) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen.over(errReset)
	s.seen = newSeen()
}

func (s *sitting) marks() *seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen
}
