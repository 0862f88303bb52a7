package notify_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"yourturn/migrations"
	"yourturn/notify"
	"yourturn/session"
	"yourturn/store"
)

// world is a feed on a database of its own. It is made inside a synctest bubble, whose time it has.
type world struct {
	*notify.Feed
	t    *testing.T
	db   *store.DB
	made int
	gap  func() // runs when something has been read and not yet been looked at
}

// migrated is an empty database, made once: every test gets a copy.
var migrated = sync.OnceValues(func() ([]byte, error) {
	folder, err := os.MkdirTemp("", "yourturn-notify-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	file := filepath.Join(folder, "empty.db")
	m, err := store.NewMigrator("sqlite:"+file, migrations.Files)
	if err != nil {
		return nil, err
	}
	_, err = m.Up(context.Background())
	if err = errors.Join(err, m.Close()); err != nil {
		return nil, err
	}
	return os.ReadFile(file)
})

// inBubble runs a story with a feed, in a bubble: what waits is known, and time passes when everybody waits.
func inBubble(t *testing.T, story func(*world)) {
	t.Helper()
	empty, err := migrated()
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "feed.db")
		if err := os.WriteFile(file, empty, 0o600); err != nil {
			t.Fatal(err)
		}
		db, err := store.Open("sqlite:"+file, store.Options{Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry()})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		}()
		w := &world{t: t, db: db}
		w.Feed = &notify.Feed{
			Store: gapped{db, w}, Hub: notify.NewHub(), Now: time.Now,
			Retention: notify.DefaultRetention, Beat: notify.DefaultBeat, MaxAge: notify.DefaultMaxAge,
		}
		story(w)
	})
}

// gapped is the store, with a gap after each read in which something can happen.
type gapped struct {
	*store.DB
	w *world
}

func (g gapped) Cursor(ctx context.Context, player notify.PlayerID) (notify.Cursor, error) {
	cursor, err := g.DB.Cursor(ctx, player)
	if g.w.gap != nil {
		g.w.gap()
	}
	return cursor, err
}

func (g gapped) Messages(ctx context.Context, player notify.PlayerID, after int64, limit int) ([]notify.Message, error) {
	found, err := g.DB.Messages(ctx, player, after, limit)
	if g.w.gap != nil {
		g.w.gap()
	}
	return found, err
}

// tell commits messages to ann, as a change of a session would, and wakes nobody.
func (w *world) tell(n int) {
	w.t.Helper()
	w.made++
	c := session.Commit{Session: session.Session{
		ID: session.ID(fmt.Sprintf("s%d", w.made)), Game: "g", Status: session.Waiting, Version: 1, Config: []byte(`{}`),
		JoinCode: fmt.Sprintf("CODE%04d", w.made), Seed: make([]byte, 32), Due: session.Never, CreatedAt: time.Now(), UpdatedAt: time.Now(),
	}}
	for range n {
		c.Messages = append(c.Messages, notify.Message{Player: "ann", Kind: notify.SessionUpdated, At: time.Now(), Data: json.RawMessage(`{}`)})
	}
	if err := w.db.Commit(w.t.Context(), c); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) ack(seq int64) notify.Cursor {
	w.t.Helper()
	c, err := w.Ack(w.t.Context(), "ann", seq)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// prune lets the time of retention pass, and whatever has been told so far is forgotten.
func (w *world) prune(want int) {
	w.t.Helper()
	time.Sleep(notify.DefaultRetention + time.Second) // of the bubble
	if n, err := w.Prune(w.t.Context()); err != nil || n != want {
		w.t.Fatalf("pruned %d, %v; want %d", n, err, want)
	}
}

func at(seq int64) *int64 { return &seq }

// show writes a page down: "5-10 of 10", "reset at 10".
func show(page notify.Page) string {
	switch {
	case page.Reset && len(page.Items) == 0:
		return fmt.Sprintf("reset at %d", page.Cursor.Last)
	case page.Reset:
		return "a reset with items"
	case len(page.Items) == 0:
		return fmt.Sprintf("nothing of %d", page.Cursor.Last)
	}
	for i, m := range page.Items {
		if m.Seq != page.Items[0].Seq+int64(i) {
			return "a gap"
		}
	}
	return fmt.Sprintf("%d-%d of %d", page.Items[0].Seq, page.Items[len(page.Items)-1].Seq, page.Cursor.Last)
}

func TestListSaysResetWhenSomethingWouldBeMissed(t *testing.T) {
	inBubble(t, func(w *world) {
		list := func(player notify.PlayerID, after *int64, limit int, want string) {
			w.t.Helper()
			page, err := w.List(w.t.Context(), player, "phone", after, limit, 0)
			if got := show(page); err != nil || got != want {
				from := "what is acknowledged"
				if after != nil {
					from = fmt.Sprint(*after)
				}
				w.t.Errorf("%s, after %s: %s, %v; want %s", player, from, got, err, want)
			}
		}
		list("ann", nil, 20, "nothing of 0")
		list("ann", at(0), 20, "nothing of 0")
		list("ann", at(1), 20, "reset at 0")

		w.tell(4)
		list("ann", nil, 20, "1-4 of 4")
		w.prune(4)
		w.tell(6)
		list("ann", at(0), 20, "5-10 of 10") // 0 is the oldest kept
		list("ann", at(3), 20, "reset at 10")
		list("ann", at(1), 20, "reset at 10")
		list("ann", at(4), 20, "5-10 of 10") // 5 is the next, nothing is missed
		list("ann", at(9), 20, "10-10 of 10")
		list("ann", at(10), 20, "nothing of 10")
		list("ann", at(11), 20, "reset at 10") // from another database, or a backup
		list("ann", at(4), 2, "5-6 of 10")
		list("ann", nil, 20, "5-10 of 10") // nothing acknowledged is 0
		list("bob", at(4), 20, "reset at 0")

		w.ack(2)
		list("ann", nil, 20, "reset at 10")
		w.ack(7)
		list("ann", nil, 20, "8-10 of 10")

		w.prune(6)
		list("ann", at(0), 20, "nothing of 10")
		list("ann", at(10), 20, "nothing of 10")
		list("ann", at(9), 20, "reset at 10")
		list("ann", nil, 20, "reset at 10")
		w.tell(1)
		list("ann", at(10), 20, "11-11 of 11")
	})
}

func TestAckNeverGoesBackNorAhead(t *testing.T) {
	inBubble(t, func(w *world) {
		w.tell(5)
		for _, c := range []struct{ seq, want int64 }{{3, 3}, {2, 3}, {0, 3}, {3, 3}, {9, 5}, {4, 5}} {
			if got := w.ack(c.seq); got.Acked != c.want || got.Last != 5 {
				w.t.Errorf("after %d: %+v, want %d", c.seq, got, c.want)
			}
		}
	})
}

// ---- long-poll ----

func TestALongPollWaits(t *testing.T) {
	const wait = 20 * time.Second
	for name, c := range map[string]struct {
		meanwhile func(*world, context.CancelFunc)
		want      string
		after     time.Duration // how long the answer takes
	}{
		"for nothing":              {func(*world, context.CancelFunc) {}, "nothing of 2", wait},
		"until something comes":    {func(w *world, _ context.CancelFunc) { w.tell(2); w.Hub.Wake("ann") }, "3-4 of 4", time.Second},
		"through an empty wake":    {func(w *world, _ context.CancelFunc) { w.Hub.Wake("ann") }, "nothing of 2", wait},
		"through another's wake":   {func(w *world, _ context.CancelFunc) { w.tell(1); w.Hub.Wake("bob") }, "nothing of 2", wait},
		"until the sweep finds it": {func(w *world, _ context.CancelFunc) { w.tell(1); w.sweep(1) }, "3-3 of 3", time.Second},
		"until the logout":         {func(w *world, _ context.CancelFunc) { w.Hub.End("ann", "phone") }, "nothing of 2", time.Second},
		"until the server goes":    {func(w *world, _ context.CancelFunc) { w.Hub.Close() }, "nothing of 2", time.Second},
		"until the client goes":    {func(_ *world, hangUp context.CancelFunc) { hangUp() }, "nothing of 2", time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(w *world) {
				w.tell(2)
				ctx, hangUp := context.WithCancel(w.t.Context())
				defer hangUp()
				began := time.Now()
				answer := make(chan string, 1)
				go func() {
					page, err := w.List(ctx, "ann", "phone", at(2), 20, wait)
					answer <- fmt.Sprintf("%s after %s", strings.TrimSuffix(show(page)+fmt.Sprint(err), "<nil>"), time.Since(began))
				}()
				time.Sleep(time.Second)
				synctest.Wait()
				c.meanwhile(w, hangUp)
				if got, want := <-answer, fmt.Sprintf("%s after %s", c.want, c.after); got != want {
					w.t.Errorf("%s, want %s", got, want)
				}
			})
		})
	}
}

func (w *world) sweep(want int) {
	w.t.Helper()
	if n, err := w.Step(w.t.Context()); err != nil || n != want {
		w.t.Errorf("the sweep wakes %d, %v; want %d", n, err, want)
	}
}

func TestALongPollAnswersAtOnce(t *testing.T) {
	inBubble(t, func(w *world) {
		w.tell(2)
		began := time.Now()
		for want, after := range map[string]*int64{"1-2 of 2": at(0), "reset at 2": at(7)} {
			if page, err := w.List(w.t.Context(), "ann", "phone", after, 20, time.Minute); err != nil || show(page) != want {
				w.t.Errorf("%s, %v; want %s", show(page), err, want)
			}
		}
		w.Hub.Close()
		if page, err := w.List(w.t.Context(), "ann", "phone", at(2), 20, time.Minute); err != nil || show(page) != "nothing of 2" {
			w.t.Errorf("while the server goes down: %s, %v", show(page), err)
		}
		if waited := time.Since(began); waited != 0 {
			w.t.Errorf("waited %s", waited)
		}
	})
}

func TestALongPollMissesNothingBetweenReadAndWake(t *testing.T) {
	inBubble(t, func(w *world) {
		w.gap = func() {
			w.gap = nil
			w.tell(1)
			w.Hub.Wake("ann")
		}
		page, err := w.List(w.t.Context(), "ann", "phone", at(0), 20, time.Minute)
		if err != nil || show(page) != "1-1 of 1" {
			w.t.Errorf("%s, %v", show(page), err)
		}
	})
}

// What commits while a page is read is on the page, and the page's last number counts it.
func TestAPageKnowsItsOwnMessages(t *testing.T) {
	inBubble(t, func(w *world) {
		w.tell(1)
		w.gap = func() {
			w.gap = nil
			w.tell(2)
		}
		page, err := w.List(w.t.Context(), "ann", "phone", at(0), 20, 0)
		if err != nil || show(page) != "1-3 of 3" {
			w.t.Errorf("%s, %v", show(page), err)
		}
	})
}

// ---- stream ----

// record is a connection that writes down what it gets.
type record struct {
	mu    sync.Mutex
	lines []string
	seqs  []int64
	fails string // the method whose connection is gone
}

var errGone = errors.New("the connection is gone")

func (r *record) line(method, text string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fails == method {
		return errGone
	}
	r.lines = append(r.lines, text)
	return nil
}

func (r *record) Hello(c notify.Cursor) error {
	return r.line("hello", fmt.Sprintf("hello %d/%d", c.Acked, c.Last))
}

func (r *record) Messages(messages []notify.Message) error {
	r.mu.Lock()
	for _, m := range messages {
		r.seqs = append(r.seqs, m.Seq)
	}
	r.mu.Unlock()
	return r.line("messages", fmt.Sprintf("%d-%d", messages[0].Seq, messages[len(messages)-1].Seq))
}

func (r *record) Reset(c notify.Cursor) error {
	return r.line("reset", fmt.Sprintf("reset %d", c.Last))
}
func (r *record) Beat() error             { return r.line("beat", "beat") }
func (r *record) Bye(reason string) error { return r.line("bye", "bye "+reason) }

func (r *record) has(t *testing.T, want ...string) {
	t.Helper()
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Equal(r.lines, want) {
		t.Errorf("the connection got %q, want %q", r.lines, want)
	}
}

// stream is a connection that follows ann's feed.
type stream struct {
	*record
	watcher *notify.Watcher
	hangUp  context.CancelFunc
	done    chan error
	dead    atomic.Bool // the login has ended, as another node knows
}

func (w *world) follow(after *int64, fails string) *stream {
	w.t.Helper()
	watcher, err := w.Hub.Watch("ann", "phone", true)
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, hangUp := context.WithCancel(w.t.Context())
	s := &stream{record: &record{fails: fails}, watcher: watcher, hangUp: hangUp, done: make(chan error, 1)}
	go func() {
		defer watcher.Close()
		s.done <- w.Follow(ctx, watcher, after, func(context.Context) bool { return !s.dead.Load() }, s.record)
	}()
	w.t.Cleanup(hangUp)
	return s
}

// end hangs up, if that is still needed, and expects how Follow ends.
func (s *stream) end(t *testing.T, want error) {
	t.Helper()
	synctest.Wait()
	s.hangUp()
	if err := <-s.done; !errors.Is(err, want) {
		t.Errorf("the stream ends with %v, want %v", err, want)
	}
}

func TestAStreamBeginsWhereItIsTold(t *testing.T) {
	for name, c := range map[string]struct {
		after *int64
		want  []string
	}{
		"absent is what is acknowledged": {nil, []string{"hello 7/10", "8-10"}},
		"0 is the oldest kept":           {at(0), []string{"hello 7/10", "5-10"}},
		"in the middle":                  {at(8), []string{"hello 7/10", "9-10"}},
		"at the end":                     {at(10), []string{"hello 7/10"}},
		"just before the oldest kept":    {at(4), []string{"hello 7/10", "5-10"}},
		"before the oldest kept":         {at(3), []string{"hello 7/10", "reset 10"}},
		"beyond the end":                 {at(11), []string{"hello 7/10", "reset 10"}},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(w *world) {
				w.tell(4)
				w.prune(4)
				w.tell(6)
				w.ack(7)
				s := w.follow(c.after, "")
				s.has(w.t, c.want...)
				w.tell(1) // wherever it began, it goes on with the next
				w.Hub.Wake("ann")
				s.has(w.t, append(c.want, "11-11")...)
				s.end(w.t, context.Canceled)
			})
		})
	}
}

func TestALongBacklogComesInPagesAndOnce(t *testing.T) {
	for _, n := range []int{99, 100, 101, 250} {
		inBubble(t, func(w *world) {
			w.tell(n)
			s := w.follow(at(0), "")
			synctest.Wait()
			w.tell(3)
			w.Hub.Wake("ann")
			synctest.Wait()
			for i, seq := range s.seqs {
				if seq != int64(i)+1 {
					w.t.Fatalf("of %d, number %d comes at place %d", n, seq, i+1)
				}
			}
			if len(s.seqs) != n+3 {
				w.t.Errorf("%d of %d came", len(s.seqs), n+3)
			}
			for _, line := range s.lines[1:] {
				var from, to int
				if _, err := fmt.Sscanf(line, "%d-%d", &from, &to); err != nil || to-from >= 100 {
					w.t.Errorf("a page %s", line)
				}
			}
			s.end(w.t, context.Canceled)
		})
	}
}

func TestAStreamMissesNothingBetweenReadAndWake(t *testing.T) {
	inBubble(t, func(w *world) {
		left, busy := 30, false
		w.gap = func() { // something is told whenever the stream has just read
			if left == 0 || busy {
				return
			}
			left, busy = left-1, true
			w.tell(1 + left%3)
			w.Hub.Wake("ann")
			busy = false
		}
		s := w.follow(at(0), "")
		synctest.Wait()
		if left != 0 || len(s.seqs) != 60 {
			w.t.Fatalf("%d messages of 60 came, %d gaps left", len(s.seqs), left)
		}
		for i, seq := range s.seqs {
			if seq != int64(i)+1 {
				w.t.Fatalf("number %d comes at place %d", seq, i+1)
			}
		}
		s.end(w.t, context.Canceled)
	})
}

func TestALostWakeIsHealedByTheSweep(t *testing.T) {
	inBubble(t, func(w *world) {
		s := w.follow(nil, "")
		s.has(w.t, "hello 0/0")
		w.sweep(0)
		w.tell(2) // by another node
		s.has(w.t, "hello 0/0")
		w.sweep(1)
		s.has(w.t, "hello 0/0", "1-2")
		w.sweep(0)
		s.end(w.t, context.Canceled)
		w.tell(1)
		w.sweep(0) // nobody is connected
	})
}

func TestASilentStreamBeats(t *testing.T) {
	inBubble(t, func(w *world) {
		s := w.follow(nil, "")
		time.Sleep(3*notify.DefaultBeat + time.Second)
		s.has(w.t, "hello 0/0", "beat", "beat", "beat")
		s.end(w.t, context.Canceled)
	})
}

func TestADeadLoginIsFoundAtABeat(t *testing.T) {
	inBubble(t, func(w *world) {
		s := w.follow(nil, "")
		time.Sleep(notify.DefaultBeat + time.Second)
		synctest.Wait()
		s.dead.Store(true)
		s.has(w.t, "hello 0/0", "beat")
		time.Sleep(notify.DefaultBeat)
		s.has(w.t, "hello 0/0", "beat", "bye signed_out")
		s.end(w.t, nil)
		if n := w.Hub.Streams(); n != 0 {
			w.t.Errorf("%d streams are left", n)
		}
	})
}

func TestAStreamSaysWhyItEnds(t *testing.T) {
	for reason, end := range map[string]func(*world){
		notify.ByeSignedOut: func(w *world) { w.Hub.End("ann", "phone") },
		notify.ByeShutdown:  func(w *world) { w.Hub.Close() },
	} {
		inBubble(t, func(w *world) {
			s := w.follow(nil, "")
			s.has(w.t, "hello 0/0")
			end(w)
			s.has(w.t, "hello 0/0", "bye "+reason)
			s.end(w.t, nil)
		})
	}
}

func TestAStreamHasAMaximumAgeWithJitter(t *testing.T) {
	inBubble(t, func(w *world) {
		w.Beat = 1000 * time.Hour
		ages := map[time.Duration]bool{}
		for range 5 {
			began := time.Now()
			s := w.follow(nil, "")
			if err := <-s.done; err != nil {
				w.t.Fatal(err)
			}
			age := time.Since(began)
			if age < notify.DefaultMaxAge/2 || age > notify.DefaultMaxAge*3/2 {
				w.t.Errorf("a stream lives %s", age)
			}
			s.has(w.t, "hello 0/0", "bye max_age")
			ages[age] = true
		}
		if len(ages) < 2 {
			w.t.Errorf("streams that were opened together come back together: %v", ages)
		}
	})
}

func TestAStreamEndsWithItsConnection(t *testing.T) {
	for _, method := range []string{"hello", "messages", "reset", "beat", "bye"} {
		t.Run(method, func(t *testing.T) {
			inBubble(t, func(w *world) {
				w.tell(1)
				after := at(1)
				if method == "messages" {
					after = at(0)
				}
				if method == "reset" {
					after = at(9)
				}
				s := w.follow(after, method)
				switch synctest.Wait(); method {
				case "beat":
					time.Sleep(notify.DefaultBeat)
				case "bye":
					w.Hub.Close()
				}
				s.end(w.t, errGone)
			})
		})
	}
}
