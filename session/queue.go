package session

import (
	"context"
	"sync"
)

// Queue lets the holders of one key through one after another, first come first served. The changes of a session go
// through one, so that players of this node never collide in the database; what other nodes do is settled there, by
// the version.
type Queue[K comparable] struct {
	mu    sync.Mutex
	lines map[K]*line
}

type line struct {
	token chan struct{} // holds one token: whoever has it may go
	users int
}

// maxLine bounds how many wait for one key.
const maxLine = 512

// NewQueue makes an empty queue.
func NewQueue[K comparable]() *Queue[K] { return &Queue[K]{lines: map[K]*line{}} }

// Enter waits for the turn at a key and returns what leaves it again. It refuses with ErrBusy when too many wait.
func (q *Queue[K]) Enter(ctx context.Context, key K) (leave func(), err error) {
	l, err := q.join(key)
	if err != nil {
		return nil, err
	}
	select {
	case <-l.token:
		return func() {
			l.token <- struct{}{}
			q.part(key, l)
		}, nil
	case <-ctx.Done():
		q.part(key, l)
		return nil, ctx.Err()
	}
}

func (q *Queue[K]) join(key K) (*line, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	l := q.lines[key]
	if l == nil {
		l = &line{token: make(chan struct{}, 1)}
		l.token <- struct{}{}
		q.lines[key] = l
	}
	if l.users >= maxLine {
		return nil, ErrBusy
	}
	l.users++
	return l, nil
}

func (q *Queue[K]) part(key K, l *line) {
	q.mu.Lock()
	defer q.mu.Unlock()
	l.users--
	if l.users == 0 {
		delete(q.lines, key)
	}
}
