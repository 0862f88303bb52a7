package notify

import (
	"errors"
	"sync"
	"sync/atomic"
)

// MaxStreams is how many streams one login may hold at a time: a few tabs and a phone that forgot to hang up.
const MaxStreams = 5

// ErrTooManyStreams refuses a stream beyond [MaxStreams].
var ErrTooManyStreams = errors.New("too many streams for this login")

// ErrClosed refuses a stream while the server goes down.
var ErrClosed = errors.New("the server is shutting down")

// Hub knows who is connected to this node and wakes them. It holds no messages.
type Hub struct {
	mu       sync.Mutex
	watchers map[PlayerID]map[*Watcher]struct{}
	streams  map[LoginID]int
	closed   bool
}

// Watcher is one connection that wants to hear of a player's feed.
type Watcher struct {
	hub    *Hub
	player PlayerID
	login  LoginID
	stream bool
	wake   chan struct{} // holds one wake: a second says nothing new
	end    chan string   // the reason to say goodbye
	seen   atomic.Int64  // the number it has read up to, for the sweep
}

// NewHub makes an empty hub.
func NewHub() *Hub {
	return &Hub{watchers: map[PlayerID]map[*Watcher]struct{}{}, streams: map[LoginID]int{}}
}

// Watch registers a connection. A stream counts against its login's bound, a long-poll (stream false) does not.
func (h *Hub) Watch(player PlayerID, login LoginID, stream bool) (*Watcher, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, ErrClosed
	}
	if stream {
		if h.streams[login] >= MaxStreams {
			return nil, ErrTooManyStreams
		}
		h.streams[login]++
	}
	w := &Watcher{hub: h, player: player, login: login, stream: stream, wake: make(chan struct{}, 1), end: make(chan string, 1)}
	if h.watchers[player] == nil {
		h.watchers[player] = map[*Watcher]struct{}{}
	}
	h.watchers[player][w] = struct{}{}
	return w, nil
}

// Close forgets the connection.
func (w *Watcher) Close() {
	h := w.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.watchers[w.player], w)
	if len(h.watchers[w.player]) == 0 {
		delete(h.watchers, w.player)
	}
	if w.stream {
		h.streams[w.login]--
		if h.streams[w.login] == 0 {
			delete(h.streams, w.login)
		}
	}
}

// Wake tells the players' connections to look at the feed. It never blocks.
func (h *Hub) Wake(players ...PlayerID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, player := range players {
		for w := range h.watchers[player] {
			w.wakeUp()
		}
	}
}

func (w *Watcher) wakeUp() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

func (w *Watcher) bye(reason string) {
	select {
	case w.end <- reason:
	default:
	}
}

// End says goodbye to the connections of a login that has signed out.
func (h *Hub) End(player PlayerID, login LoginID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for w := range h.watchers[player] {
		if w.login == login {
			w.bye(ByeSignedOut)
		}
	}
}

// Close says goodbye to everybody and takes no new connection.
func (h *Hub) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for _, watchers := range h.watchers {
		for w := range watchers {
			w.bye(ByeShutdown)
		}
	}
}

// Streams counts the open streams.
func (h *Hub) Streams() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	total := 0
	for _, n := range h.streams {
		total += n
	}
	return total
}

// behind lists the connected players with the lowest number that one of their connections has read.
func (h *Hub) behind() map[PlayerID]int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	lowest := make(map[PlayerID]int64, len(h.watchers))
	for player, watchers := range h.watchers {
		for w := range watchers {
			seen := w.seen.Load()
			if known, ok := lowest[player]; !ok || seen < known {
				lowest[player] = seen
			}
		}
	}
	return lowest
}
