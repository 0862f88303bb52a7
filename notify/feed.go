package notify

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// FeedStore keeps the feeds.
type FeedStore interface {
	// Cursor reads where a player's feed stands.
	Cursor(ctx context.Context, player PlayerID) (Cursor, error)
	// Cursors does it for many players; those without a feed are left out.
	Cursors(ctx context.Context, players []PlayerID) (map[PlayerID]Cursor, error)
	// Messages lists what has a number above after, in order.
	Messages(ctx context.Context, player PlayerID, after int64, limit int) ([]Message, error)
	// Ack raises the acknowledged number to seq, but never lowers it and never passes the last.
	Ack(ctx context.Context, player PlayerID, seq int64) (Cursor, error)
	// PruneFeed deletes messages older than the instant, at most limit of them, and tells how many.
	PruneFeed(ctx context.Context, before time.Time, limit int) (int, error)
}

// Feed reads players' feeds and follows them live.
type Feed struct {
	Store     FeedStore
	Hub       *Hub
	Now       func() time.Time
	Retention time.Duration // how long a message is kept
	Beat      time.Duration // how often a silent stream says that it lives
	MaxAge    time.Duration // after about this long a stream ends, so that a fleet can be drained and rebalanced
}

// The defaults of [Feed].
const (
	DefaultRetention = 30 * 24 * time.Hour
	DefaultBeat      = 17 * time.Second
	DefaultMaxAge    = time.Hour
)

// The reasons of a goodbye.
const (
	ByeSignedOut = "signed_out" // sign in again
	ByeShutdown  = "shutdown"   // come back at once: another server answers, or this one soon
	ByeMaxAge    = "max_age"    // come back at once
)

// Page is a stretch of a feed.
type Page struct {
	Items  []Message
	Cursor Cursor
	Reset  bool // what was asked for is gone or never was: reload everything, then go on after Cursor.Last
}

// page lists what comes after a number. Rows commit in the order of their numbers (the counter row is locked until
// then), so when the cursor is read first, a message missing behind it has been pruned.
func (f *Feed) page(ctx context.Context, player PlayerID, after int64, limit int) (Page, error) {
	cursor, err := f.Store.Cursor(ctx, player)
	if err != nil {
		return Page{}, err
	}
	if after >= cursor.Last {
		return Page{Cursor: cursor, Reset: after > cursor.Last}, nil
	}
	items, err := f.Store.Messages(ctx, player, after, limit)
	if err != nil {
		return Page{}, err
	}
	items = untilGap(items)
	if len(items) > 0 {
		cursor.Last = max(cursor.Last, items[len(items)-1].Seq)
	}
	gone := len(items) == 0 && cursor.Last > after || len(items) > 0 && items[0].Seq != after+1
	if gone && after > 0 {
		return Page{Cursor: cursor, Reset: true}, nil
	}
	return Page{Items: items, Cursor: cursor}, nil
}

// untilGap ends a stretch where a message has been pruned before an earlier one, as can happen when nodes' clocks differ:
// who goes on from there is told to reload.
func untilGap(items []Message) []Message {
	for i := 1; i < len(items); i++ {
		if items[i].Seq != items[i-1].Seq+1 {
			return items[:i]
		}
	}
	return items
}

// next is page for a connection that follows. Numbers have no gap: what begins right after the number is all there is,
// and the cursor need not be asked for.
func (f *Feed) next(ctx context.Context, player PlayerID, after int64, limit int) (Page, error) {
	items, err := f.Store.Messages(ctx, player, after, limit)
	if err != nil || len(items) > 0 && items[0].Seq == after+1 {
		return Page{Items: untilGap(items)}, err
	}
	return f.page(ctx, player, after, limit)
}

// List reads a page after a number; without one, after what is acknowledged. When there is nothing it waits as long
// as told for something to come.
func (f *Feed) List(ctx context.Context, player PlayerID, login LoginID, after *int64, limit int, wait time.Duration) (Page, error) {
	from, err := f.start(ctx, player, after)
	if err != nil {
		return Page{}, err
	}
	if wait <= 0 {
		return f.page(ctx, player, from, limit)
	}
	w, err := f.Hub.Watch(player, login, false)
	if errors.Is(err, ErrClosed) { // going down: answer what there is
		return f.page(ctx, player, from, limit)
	}
	if err != nil {
		return Page{}, err
	}
	defer w.Close()
	w.seen.Store(from)
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		page, err := f.page(ctx, player, from, limit)
		if err != nil || page.Reset || len(page.Items) > 0 {
			return page, err
		}
		select {
		case <-w.wake:
		case <-w.end:
			return page, nil
		case <-timer.C:
			return page, nil
		case <-ctx.Done():
			return page, nil
		}
	}
}

func (f *Feed) start(ctx context.Context, player PlayerID, after *int64) (int64, error) {
	if after != nil {
		return *after, nil
	}
	cursor, err := f.Store.Cursor(ctx, player)
	return cursor.Acked, err
}

// Ack notes that a person has seen everything up to seq.
func (f *Feed) Ack(ctx context.Context, player PlayerID, seq int64) (Cursor, error) {
	return f.Store.Ack(ctx, player, seq)
}

// Sink is one held connection, whatever holds it: today a goroutine with an SSE response.
// An error from any method means that the connection is gone.
type Sink interface {
	Hello(Cursor) error
	Messages([]Message) error
	Reset(Cursor) error
	Beat() error
	Bye(reason string) error
}

// Follow writes a feed to a connection until either ends: first a greeting, then what comes after the number, then
// whatever happens. The watcher was registered before, and stays the caller's to close. alive is asked with every beat,
// because a login can end on another node.
func (f *Feed) Follow(ctx context.Context, w *Watcher, after *int64, alive func(context.Context) bool, sink Sink) error {
	player := w.player
	cursor, err := f.Store.Cursor(ctx, player)
	if err != nil {
		return err
	}
	from := cursor.Acked
	if after != nil {
		from = *after
	}
	if err := sink.Hello(cursor); err != nil {
		return fmt.Errorf("greet: %w", err)
	}
	beat := time.NewTicker(f.Beat)
	defer beat.Stop()
	age := time.NewTimer(f.MaxAge/2 + rand.N(f.MaxAge)) // spread out, so that streams opened together do not all come back together
	defer age.Stop()
	for {
		if from, err = f.catchUp(ctx, player, from, sink); err != nil {
			return err
		}
		w.seen.Store(from)
		select {
		case <-w.wake:
		case <-beat.C:
			if !alive(ctx) {
				return sink.Bye(ByeSignedOut)
			}
			if err := sink.Beat(); err != nil {
				return fmt.Errorf("beat: %w", err)
			}
		case reason := <-w.end:
			return sink.Bye(reason)
		case <-age.C:
			return sink.Bye(ByeMaxAge)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// streamPage is how many messages are written with one flush.
const streamPage = 100

func (f *Feed) catchUp(ctx context.Context, player PlayerID, from int64, sink Sink) (int64, error) {
	for {
		page, err := f.next(ctx, player, from, streamPage)
		if err != nil {
			return from, err
		}
		if page.Reset {
			if err := sink.Reset(page.Cursor); err != nil {
				return from, fmt.Errorf("reset: %w", err)
			}
			return page.Cursor.Last, nil
		}
		if len(page.Items) == 0 {
			return max(from, page.Cursor.Last), nil // whatever was there has been pruned
		}
		if err := sink.Messages(page.Items); err != nil {
			return from, fmt.Errorf("write: %w", err)
		}
		from = page.Items[len(page.Items)-1].Seq
		if len(page.Items) < streamPage {
			return from, nil // what comes from now on wakes the connection
		}
	}
}

// sweepKeys bounds one query of the sweep.
const sweepKeys = 1000

// Step compares what the connected players have read with their counters and wakes those who are behind: a wake that
// was lost, or that another node did not send, costs one round. It tells how many it woke.
func (f *Feed) Step(ctx context.Context) (int, error) {
	behind := f.Hub.behind()
	players := make([]PlayerID, 0, len(behind))
	for player := range behind {
		players = append(players, player)
	}
	woken := 0
	for keys := range slices.Chunk(players, sweepKeys) {
		cursors, err := f.Store.Cursors(ctx, keys)
		if err != nil {
			return woken, err
		}
		for player, cursor := range cursors {
			if cursor.Last > behind[player] {
				f.Hub.Wake(player)
				woken++
			}
		}
	}
	return woken, nil
}

// pruneLot bounds one pass of the retention.
const pruneLot = 1000

// Prune deletes a lot of the messages that have been kept long enough, and tells how many.
func (f *Feed) Prune(ctx context.Context) (int, error) {
	return f.Store.PruneFeed(ctx, f.Now().Add(-f.Retention), pruneLot)
}
