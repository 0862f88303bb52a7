package notify

import (
	"errors"
	"testing"
)

func watch(t *testing.T, h *Hub, player PlayerID, login LoginID, stream bool) *Watcher {
	t.Helper()
	w, err := h.Watch(player, login, stream)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// reason is why the connection shall say goodbye; empty when it need not.
func (w *Watcher) reason() string {
	select {
	case reason := <-w.end:
		return reason
	default:
		return ""
	}
}

func (w *Watcher) woken() bool {
	select {
	case <-w.wake:
		return true
	default:
		return false
	}
}

func TestALoginHoldsFiveStreams(t *testing.T) {
	h := NewHub()
	var open []*Watcher
	for range MaxStreams {
		open = append(open, watch(t, h, "ann", "phone", true))
	}
	if _, err := h.Watch("ann", "phone", true); !errors.Is(err, ErrTooManyStreams) {
		t.Errorf("a sixth stream: %v", err)
	}
	defer watch(t, h, "ann", "phone", false).Close() // a long-poll is none
	defer watch(t, h, "ann", "tablet", true).Close()
	if got := h.Streams(); got != MaxStreams+1 {
		t.Errorf("%d streams", got)
	}
	open[2].Close()
	open[2] = watch(t, h, "ann", "phone", true)
	for _, w := range open {
		w.Close()
	}
	if got := h.Streams(); got != 1 {
		t.Errorf("%d streams after all of the phone's are closed", got)
	}
}

func TestAHubForgetsWhoIsGone(t *testing.T) {
	h := NewHub()
	a, b := watch(t, h, "ann", "phone", true), watch(t, h, "ann", "phone", false)
	a.Close()
	b.Close()
	if len(h.watchers) != 0 || len(h.streams) != 0 {
		t.Errorf("%v and %v are kept for nobody", h.watchers, h.streams)
	}
	h.Wake("ann")
	if a.woken() || b.woken() {
		t.Error("woken after its close")
	}
}

func TestWakeNeverBlocksAndIsNotLost(t *testing.T) {
	h := NewHub()
	ann, second, bob := watch(t, h, "ann", "phone", true), watch(t, h, "ann", "tablet", false), watch(t, h, "bob", "phone", true)
	for range 100 { // nobody reads
		h.Wake("ann", "nobody", "ann")
	}
	for name, w := range map[string]*Watcher{"first": ann, "second": second} {
		if !w.woken() || w.woken() {
			t.Errorf("ann's %s connection is not woken once", name)
		}
	}
	if bob.woken() {
		t.Error("bob is woken for ann")
	}
	h.Wake("bob")
	if !bob.woken() {
		t.Error("bob is not woken")
	}
}

func TestEndSaysGoodbyeToOneLogin(t *testing.T) {
	h := NewHub()
	phone, poll := watch(t, h, "ann", "phone", true), watch(t, h, "ann", "phone", false)
	tablet, bob := watch(t, h, "ann", "tablet", true), watch(t, h, "bob", "phone", true)
	h.End("ann", "phone")
	h.End("ann", "phone") // nobody has read the first yet
	if a, b := phone.reason(), poll.reason(); a != ByeSignedOut || b != ByeSignedOut {
		t.Errorf("goodbye %q and %q", a, b)
	}
	if a, b := tablet.reason(), bob.reason(); a != "" || b != "" {
		t.Errorf("others hear %q and %q", a, b)
	}
}

func TestACloseSaysGoodbyeToAll(t *testing.T) {
	h := NewHub()
	ann, bob := watch(t, h, "ann", "phone", true), watch(t, h, "bob", "phone", false)
	h.End("ann", "phone")
	h.Close()
	h.Close()
	if got := ann.reason(); got != ByeSignedOut {
		t.Errorf("the first reason counts, not %q", got)
	}
	if got := bob.reason(); got != ByeShutdown {
		t.Errorf("goodbye %q", got)
	}
	if _, err := h.Watch("cid", "phone", true); !errors.Is(err, ErrClosed) {
		t.Errorf("a connection to a closed hub: %v", err)
	}
	if _, err := h.Watch("cid", "phone", false); !errors.Is(err, ErrClosed) {
		t.Errorf("a long-poll to a closed hub: %v", err)
	}
}

func TestTheSlowestConnectionDecidesWhetherAPlayerIsBehind(t *testing.T) {
	h := NewHub()
	for login, seen := range map[LoginID]int64{"phone": 7, "tablet": 3, "tab": 9} {
		watch(t, h, "ann", login, true).seen.Store(seen)
	}
	watch(t, h, "bob", "phone", true).seen.Store(5)
	if got := h.behind(); len(got) != 2 || got["ann"] != 3 || got["bob"] != 5 {
		t.Errorf("%v", got)
	}
}
