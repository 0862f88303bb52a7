package notify_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"yourturn/games"
	"yourturn/games/tictactoe"
	"yourturn/notify"
	"yourturn/player"
	"yourturn/session"
	"yourturn/store"
)

// provider is a double of what is outside: it says what it is told to say, and remembers what it was asked.
type provider struct {
	mu    sync.Mutex
	asked []notify.Push
	at    []time.Time
	say   func(context.Context, notify.Push) notify.Outcome // nil: sent
}

func (p *provider) Check(a notify.Address) (notify.Address, error) { return a, nil }

func (p *provider) Provider(notify.Address) string { return "provider" }

func (p *provider) Send(ctx context.Context, push notify.Push) notify.Outcome {
	p.mu.Lock()
	p.asked = append(p.asked, push)
	p.at = append(p.at, time.Now())
	say := p.say
	p.mu.Unlock()
	if say == nil {
		return notify.Outcome{Class: notify.Sent, ID: "receipt"}
	}
	return say(ctx, push)
}

// answers says one thing after the other, and the last for ever.
func (p *provider) answers(outcomes ...notify.Outcome) {
	p.mu.Lock()
	defer p.mu.Unlock()
	next := 0
	p.say = func(context.Context, notify.Push) notify.Outcome {
		p.mu.Lock()
		defer p.mu.Unlock()
		o := outcomes[min(next, len(outcomes)-1)]
		next++
		return o
	}
}

func (p *provider) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.asked)
}

// post is players with devices, their games, and one push channel, in the bubble's time.
type post struct {
	*world
	*provider
	store    *failing
	ids      atomic.Int64
	players  *player.Service
	sessions *session.Service
	channel  *notify.Channel
	outbox   *notify.Outbox
	devices  *notify.Devices
	logins   map[notify.PlayerID]notify.LoginID
	title    func(string) string
}

// failing is a store that does not write down outcomes when told.
type failing struct {
	*store.DB
	settles atomic.Int64 // so many fail
}

func (f *failing) Settle(ctx context.Context, s []notify.Settlement) error {
	if f.settles.Add(-1) >= 0 {
		return errors.New("the database is away")
	}
	return f.DB.Settle(ctx, s)
}

func withPost(t *testing.T, story func(*post)) {
	t.Helper()
	inBubble(t, func(w *world) {
		p := &post{world: w, provider: &provider{}, store: &failing{DB: w.db}, logins: map[notify.PlayerID]notify.LoginID{}}
		p.title = func(string) string { return "Tic-tac-toe" }
		newID := func() string { return fmt.Sprintf("%026d", p.ids.Add(1)) }
		p.players = &player.Service{Store: w.db, Now: time.Now, NewID: newID, Random: rand.Reader}
		p.sessions = session.NewService(session.Config{
			Store: w.db, Games: []games.Game{games.Define(tictactoe.Rules{})}, Wake: func(...notify.PlayerID) {}, Now: time.Now, NewID: newID,
			Random: rand.Reader, Log: slog.New(slog.DiscardHandler), Metrics: session.NewMetrics(prometheus.NewRegistry()),
		})
		p.channel = p.newChannel(newID)
		p.outbox = &notify.Outbox{
			Store: w.db, Channels: map[string]*notify.Channel{notify.FCM: p.channel}, Now: time.Now, NewID: newID, Grace: notify.DefaultGrace, Keep: time.Hour * 24 * 30,
		}
		p.devices = &notify.Devices{Store: w.db, Channels: p.outbox.Channels, Now: time.Now}
		story(p)
		p.channel.Drain()
	})
}

func (p *post) newChannel(newID func() string) *notify.Channel {
	texts, err := notify.NewTexts()
	if err != nil {
		p.t.Fatal(err)
	}
	c, err := notify.NewChannel(notify.FCM, p.provider, notify.ChannelConfig{
		Store: p.store, Texts: texts, Title: func(game string) string { return p.title(game) }, Now: time.Now, Clock: time.Now, NewID: newID,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Metrics: notify.NewMetrics(prometheus.NewRegistry()),
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return c
}

// guest is a new player with a device.
func (p *post) guest(name string) notify.PlayerID {
	p.t.Helper()
	made, issued, err := p.players.Create(p.t.Context(), player.Profile{DisplayName: name})
	if err != nil {
		p.t.Fatal(err)
	}
	id := notify.PlayerID(made.ID)
	p.logins[id] = notify.LoginID(issued.Tokens[0].Login)
	p.register(id)
	return id
}

// register puts a player's only device. It may be called from any goroutine.
func (p *post) register(id notify.PlayerID) {
	p.t.Helper()
	_, err := p.devices.Put(p.t.Context(), notify.Device{
		Player: id, ID: "phone", Login: p.logins[id], Channel: notify.FCM, Address: notify.Address{Token: "token-" + string(id)}, Texts: notify.TextsByServer,
	})
	if err != nil {
		p.t.Error(err)
	}
}

// table starts a game of two; the first to move comes first.
func (p *post) table(a, b notify.PlayerID, turnSeconds int) (id session.ID, first, second notify.PlayerID) {
	p.t.Helper()
	wish := session.Wish{Game: "tictactoe", TurnSeconds: turnSeconds}
	made, err := p.sessions.Create(p.t.Context(), a, wish, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	s, err := p.sessions.Join(p.t.Context(), b, made.JoinCode, "")
	if err != nil {
		p.t.Fatal(err)
	}
	for _, seat := range s.Seats {
		if s.MustMove(seat.Number) {
			first = seat.Player
		} else {
			second = seat.Player
		}
	}
	return s.ID, first, second
}

func (p *post) move(who notify.PlayerID, id session.ID, turn int64, cell int) {
	p.t.Helper()
	if _, _, err := p.sessions.Play(p.t.Context(), who, p.logins[who], id, turn, json.RawMessage(fmt.Sprintf(`{"cell":%d}`, cell))); err != nil {
		p.t.Fatal(err)
	}
}

// post lets a span pass, and leaves the deliveries of what is due to whoever claims them.
func (p *post) post(span time.Duration) {
	p.t.Helper()
	time.Sleep(span)
	aside := *p.outbox
	aside.Channels = nil
	if _, err := aside.Step(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
}

// work lets a span pass, and does all that is due in it.
func (p *post) work(span time.Duration) {
	p.t.Helper()
	for end := time.Now().Add(span); ; time.Sleep(max(500*time.Millisecond, span/200)) {
		for {
			n, err := p.outbox.Step(p.t.Context())
			if err != nil {
				p.t.Fatal(err)
			}
			m, err := p.channel.Step(p.t.Context())
			if err != nil {
				p.t.Fatal(err)
			}
			p.channel.Drain()
			if n+m == 0 {
				break
			}
		}
		if !time.Now().Before(end) {
			return
		}
	}
}

// ledger is a player's deliveries, the oldest first: "your_turn sent 1", "matched suppressed:acknowledged 0".
func (p *post) ledger(who notify.PlayerID) string {
	p.t.Helper()
	all, err := p.db.Deliveries(p.t.Context(), who, "", 1000)
	if err != nil {
		p.t.Fatal(err)
	}
	slices.Reverse(all)
	var lines []string
	for _, d := range all {
		status := d.Status
		if d.Reason != "" {
			status += ":" + d.Reason
		}
		lines = append(lines, fmt.Sprintf("%s %s %d", d.Kind, status, d.Attempts))
	}
	return strings.Join(lines, ", ")
}

func (p *post) expect(who notify.PlayerID, want string) {
	p.t.Helper()
	if got := p.ledger(who); got != want {
		p.t.Errorf("the ledger says\n  %s\nand should\n  %s", got, want)
	}
}

func TestLeaseMustOutlastATry(t *testing.T) {
	for _, c := range []struct {
		timeout, lease time.Duration
		ok             bool
	}{{0, 0, true}, {10 * time.Second, 15 * time.Second, false}, {time.Minute, 0, false}, {time.Second, 2 * time.Second, true}} {
		_, err := notify.NewChannel(notify.FCM, &provider{}, notify.ChannelConfig{Timeout: c.timeout, Lease: c.lease})
		if (err == nil) != c.ok {
			t.Errorf("timeout %s, lease %s: %v", c.timeout, c.lease, err)
		}
	}
}

func TestQuickReplyNeedsNoPush(t *testing.T) {
	withPost(t, func(p *post) {
		id, first, second := p.table(p.guest("Ann"), p.guest("Bob"), 86400)
		p.work(notify.DefaultGrace - time.Second)
		p.move(first, id, 1, 4)
		p.work(time.Minute)
		p.expect(first, "your_turn suppressed:turn-over 0") // a badge that only this login has raised and lowered is nobody else's
		p.expect(second, "matched sent 1, your_turn sent 1")
	})
}

func TestRetriesUntilTaken(t *testing.T) {
	withPost(t, func(p *post) {
		p.answers(notify.Outcome{Class: notify.Down, Reason: "timeout"}, notify.Outcome{Class: notify.Later, Reason: "busy"}, notify.Outcome{Class: notify.Sent, ID: "x"})
		_, first, _ := p.table(p.guest("Ann"), p.guest("Bob"), 86400)
		if err := p.db.DeleteDevice(p.t.Context(), other(p, first), "phone"); err != nil {
			p.t.Fatal(err)
		}
		p.work(time.Minute)
		p.expect(first, "your_turn sent 3")
		for i, push := range p.asked {
			if push.ID != p.asked[0].ID || push.Collapse != p.asked[0].Collapse {
				p.t.Error("a retry has another name, and would not replace the first")
			}
			if i > 0 && p.at[i].Sub(p.at[i-1]) < 2500*time.Millisecond {
				p.t.Errorf("try %d came %s after the one before", i+1, p.at[i].Sub(p.at[i-1]))
			}
		}
		if push := p.asked[0]; push.Badge != 1 || push.Text.Title == "" || push.Fields["kind"] != notify.YourTurn || push.Ends <= 23*time.Hour {
			p.t.Errorf("%+v", push)
		}
	})
}

// other is the player who is not this one.
func other(p *post, who notify.PlayerID) notify.PlayerID {
	for id := range p.logins {
		if id != who {
			return id
		}
	}
	return ""
}

func TestRetriesEndWithTheTurn(t *testing.T) {
	withPost(t, func(p *post) {
		p.answers(notify.Outcome{Class: notify.Later, Reason: "busy"})
		_, first, second := p.table(p.guest("Ann"), p.guest("Bob"), 60)
		p.work(59 * time.Second)
		asked := p.count()
		if asked < 4 {
			p.t.Errorf("asked %d times in a minute", asked)
		}
		p.work(26 * time.Hour)
		if got := p.ledger(first); !strings.HasPrefix(got, "your_turn suppressed:deadline-passed ") {
			p.t.Error(got)
		}
		if got := p.ledger(second); !strings.HasPrefix(got, "matched expired:ended ") {
			p.t.Error(got)
		}
	})
}

// What was true when it was first tried may not be true when it is tried again.
func TestGuardsAreAskedBeforeEachTry(t *testing.T) {
	withPost(t, func(p *post) {
		p.answers(notify.Outcome{Class: notify.Later, Reason: "busy"})
		id, first, _ := p.table(p.guest("Ann"), p.guest("Bob"), 86400)
		p.work(4 * time.Second)
		p.move(first, id, 1, 4)
		p.work(time.Minute)
		p.expect(first, "your_turn suppressed:turn-over 1")
	})
}

func TestBreakerKeepsWhatWaits(t *testing.T) {
	withPost(t, func(p *post) {
		p.answers(notify.Outcome{Class: notify.Misconfigured, Reason: "BadTopic"})
		ann, bob := p.guest("Ann"), p.guest("Bob")
		for range 20 {
			p.table(ann, bob, 86400)
		}
		p.work(10 * time.Minute)
		if asked := p.count(); asked > 64+20 { // the lot of the first pass, and a probe now and then
			p.t.Errorf("asked %d times for 40 deliveries", asked)
		}
		p.answers(notify.Outcome{Class: notify.Sent})
		p.work(time.Hour)
		for _, who := range []notify.PlayerID{ann, bob} {
			if got := p.ledger(who); strings.Count(got, " sent ") != 20 {
				p.t.Error(got)
			}
		}
	})
}

func TestRejectedDeviceRestsUntilItRegistersAgain(t *testing.T) {
	withPost(t, func(p *post) {
		p.answers(notify.Outcome{Class: notify.Rejected, Reason: "BadDeviceToken"})
		ann, bob := p.guest("Ann"), p.guest("Bob")
		p.table(ann, bob, 86400)
		for range notify.MaxRejected {
			p.table(ann, bob, 86400)
			p.work(4 * time.Second)
		}
		if got := p.ledger(ann); strings.Count(got, "failed:BadDeviceToken") != notify.MaxRejected || !strings.HasSuffix(got, "suppressed:device-resting 0") {
			p.t.Error(got)
		}
		p.answers(notify.Outcome{Class: notify.Sent})
		p.register(ann)
		p.table(ann, bob, 86400)
		p.work(4 * time.Second)
		if got := p.ledger(ann); !strings.HasSuffix(got, "sent 1") {
			p.t.Error(got)
		}
		if got := p.ledger(bob); !strings.HasSuffix(got, "suppressed:device-resting 0") {
			p.t.Error(got)
		}
	})
}

func TestSuccessEndsARunOfRejections(t *testing.T) {
	withPost(t, func(p *post) {
		ann, bob := p.guest("Ann"), p.guest("Bob")
		for i := range 3 * notify.MaxRejected {
			class := notify.Rejected
			if i%notify.MaxRejected == notify.MaxRejected-1 {
				class = notify.Sent
			}
			p.answers(notify.Outcome{Class: class, Reason: "BadDeviceToken"})
			p.table(ann, bob, 86400)
			p.work(4 * time.Second)
		}
		if got := p.ledger(ann); strings.Contains(got, "resting") {
			p.t.Error(got)
		}
	})
}

func TestGoneDeviceIsForgotten(t *testing.T) {
	withPost(t, func(p *post) {
		ann, bob := p.guest("Ann"), p.guest("Bob")
		p.table(ann, bob, 86400)
		p.answers(notify.Outcome{Class: notify.Later, After: 10 * time.Minute})
		p.work(4 * time.Second)
		p.answers(notify.Outcome{Class: notify.Gone, Reason: "UNREGISTERED"})
		p.table(ann, bob, 86400)
		p.work(15 * time.Minute)
		for _, who := range []notify.PlayerID{ann, bob} {
			got := p.ledger(who)
			if strings.Count(got, "failed:UNREGISTERED") != 1 || strings.Count(got, "suppressed:device-gone") != 1 {
				p.t.Error(got)
			}
			if devices, err := p.db.Devices(p.t.Context(), who); err != nil || len(devices) != 0 {
				p.t.Errorf("devices %v, %v", devices, err)
			}
		}
		p.table(ann, bob, 86400)
		if notices, err := p.db.NoticesOf(p.t.Context(), ann); err != nil || len(notices) != 0 {
			p.t.Errorf("who has no device leaves notices: %v, %v", notices, err)
		}
	})
}

// An app that starts while the provider speaks of its past has a new token, or the old one again.
func TestDeviceThatRegistersMeanwhileStays(t *testing.T) {
	withPost(t, func(p *post) {
		ann, bob := p.guest("Ann"), p.guest("Bob")
		p.say = func(_ context.Context, push notify.Push) notify.Outcome {
			time.Sleep(time.Second)
			p.register(notify.PlayerID(push.Fields["player_id"]))
			return notify.Outcome{Class: notify.Gone, Reason: "UNREGISTERED"}
		}
		p.table(ann, bob, 86400)
		p.work(time.Minute)
		for _, who := range []notify.PlayerID{ann, bob} {
			if devices, err := p.db.Devices(p.t.Context(), who); err != nil || len(devices) != 1 {
				p.t.Errorf("devices %v, %v", devices, err)
			}
		}
	})
}

func TestPanicOfASenderFailsOneDelivery(t *testing.T) {
	withPost(t, func(p *post) {
		ann := p.guest("Ann")
		p.say = func(_ context.Context, push notify.Push) notify.Outcome {
			if push.Fields["player_id"] == string(ann) {
				panic("a nil map")
			}
			return notify.Outcome{Class: notify.Sent}
		}
		_, first, second := p.table(ann, p.guest("Bob"), 86400)
		p.work(time.Minute)
		for _, who := range []notify.PlayerID{first, second} {
			want := "sent 1"
			if who == ann {
				want = "failed:panic 1"
			}
			if got := p.ledger(who); !strings.HasSuffix(got, want) {
				p.t.Error(got)
			}
		}
	})
}

// What names do to a text is nearest to what strangers can think of.
func TestPanicOfARendererFailsOneDelivery(t *testing.T) {
	withPost(t, func(p *post) {
		p.title = func(string) string { panic("no such game") }
		_, first, second := p.table(p.guest("Ann"), p.guest("Bob"), 86400)
		p.work(time.Minute)
		p.expect(first, "your_turn failed:panic 1")
		p.expect(second, "matched failed:panic 1")
	})
}

// What else is pushed of a change may be held back; the badge goes down all the same.
func TestBadgeOfAMutedSessionGoesDown(t *testing.T) {
	withPost(t, func(p *post) {
		id, first, second := p.table(p.guest("Ann"), p.guest("Bob"), 86400)
		p.work(4 * time.Second)
		if err := p.sessions.Mute(p.t.Context(), first, id, true); err != nil {
			p.t.Fatal(err)
		}
		if _, err := p.sessions.Forfeit(p.t.Context(), second, p.logins[second], id); err != nil {
			p.t.Fatal(err)
		}
		p.work(4 * time.Second)
		got := p.ledger(first)
		if !strings.HasPrefix(got, "your_turn sent 1, ") || !strings.Contains(got, "session_finished suppressed:muted 0") || !strings.Contains(got, "badge sent 1") {
			p.t.Error(got)
		}
		if last := p.asked[len(p.asked)-1]; last.Badge != 0 || !last.Text.Silent() {
			p.t.Errorf("%+v", last)
		}
	})
}

// A test is for who looks at the phone, also when the node has died that sent it.
func TestForgottenTestEnds(t *testing.T) {
	withPost(t, func(p *post) {
		ann := p.guest("Ann")
		p.answers(notify.Outcome{Class: notify.Down, Reason: "timeout"})
		p.store.settles.Store(1)
		if _, err := p.devices.Test(p.t.Context(), ann, "phone"); err == nil {
			p.t.Error("nobody is told that it was not written down")
		}
		p.work(time.Hour)
		p.expect(ann, "test expired:ended 0")
	})
}

func TestTwoDrainsDoNotWaitForEachOther(t *testing.T) {
	withPost(t, func(p *post) {
		p.say = func(ctx context.Context, _ notify.Push) notify.Outcome {
			<-ctx.Done()
			return notify.Outcome{Class: notify.Down, Reason: "timeout"}
		}
		p.table(p.guest("Ann"), p.guest("Bob"), 86400)
		time.Sleep(4 * time.Second)
		if _, err := p.outbox.Step(p.t.Context()); err != nil {
			p.t.Fatal(err)
		}
		var both sync.WaitGroup
		both.Go(p.channel.Drain)
		both.Go(p.channel.Drain)
		both.Wait()
	})
}

// Devices that hang take a slot each, for as long as a try may last; the others' pushes go on meanwhile.
func TestHangingDevicesHoldUpNoOther(t *testing.T) {
	withPost(t, func(p *post) {
		slow, ann, bob := p.guest("Slow"), p.guest("Ann"), p.guest("Bob")
		hung := atomic.Int64{}
		p.say = func(ctx context.Context, push notify.Push) notify.Outcome {
			if push.Fields["player_id"] == string(slow) {
				hung.Add(1)
				<-ctx.Done()
				return notify.Outcome{Class: notify.Down, Reason: "timeout"}
			}
			return notify.Outcome{Class: notify.Sent}
		}
		for range 30 {
			p.table(slow, p.guest("Cat"), 86400)
		}
		time.Sleep(4 * time.Second)
		if _, err := p.outbox.Step(p.t.Context()); err != nil {
			p.t.Fatal(err)
		}
		p.table(ann, bob, 86400)
		time.Sleep(4 * time.Second)
		if _, err := p.outbox.Step(p.t.Context()); err != nil {
			p.t.Fatal(err)
		}
		time.Sleep(time.Second) // in which what is done is written down
		if hung.Load() < 10 {
			p.t.Fatalf("%d hang", hung.Load())
		}
		if got := p.ledger(ann) + p.ledger(bob); strings.Count(got, "sent 1") != 2 {
			p.t.Error(got)
		}
	})
}

// Two nodes share the work, and do none of it twice.
func TestTwoNodesSendOnce(t *testing.T) {
	withPost(t, func(p *post) {
		second := p.newChannel(func() string { return fmt.Sprintf("second%d", p.ids.Add(1)) })
		ann, bob := p.guest("Ann"), p.guest("Bob")
		for range 50 {
			p.table(ann, bob, 86400)
		}
		p.post(4 * time.Second)
		var wg sync.WaitGroup
		for _, c := range []*notify.Channel{p.channel, second} {
			wg.Go(func() {
				for range 4 {
					if _, err := c.Step(p.t.Context()); err != nil {
						p.t.Error(err)
					}
				}
				c.Drain()
			})
		}
		wg.Wait()
		seen := map[string]bool{}
		for _, push := range p.asked {
			if seen[push.ID] {
				p.t.Errorf("%s was sent twice", push.ID)
			}
			seen[push.ID] = true
		}
		if len(seen) != 100 {
			p.t.Errorf("%d were sent", len(seen))
		}
	})
}

// A node that dies with deliveries in its hands leaves them to another when its lease is over.
func TestLeaseOfADeadNodeEnds(t *testing.T) {
	withPost(t, func(p *post) {
		_, first, _ := p.table(p.guest("Ann"), p.guest("Bob"), 86400)
		p.post(4 * time.Second)
		if taken, err := p.db.ClaimDeliveries(p.t.Context(), notify.FCM, "dead", notify.DefaultLease, 10); err != nil || len(taken) != 2 {
			p.t.Fatalf("%v, %v", taken, err)
		}
		p.work(notify.DefaultLease - 2*time.Second)
		if p.count() != 0 {
			p.t.Error("taken from a node that may live")
		}
		p.work(4 * time.Second)
		p.expect(first, "your_turn sent 1")
	})
}

func TestOutcomesAreWrittenWhenTheDatabaseIsBack(t *testing.T) {
	withPost(t, func(p *post) {
		_, first, _ := p.table(p.guest("Ann"), p.guest("Bob"), 86400)
		p.store.settles.Store(3)
		p.work(time.Minute)
		p.expect(first, "your_turn sent 1")
		if p.count() != 2 {
			p.t.Errorf("asked %d times", p.count())
		}
	})
}

// What could never be written down is sent again, under the same name: it replaces what is shown.
func TestLostOutcomeIsSentAgain(t *testing.T) {
	withPost(t, func(p *post) {
		_, first, _ := p.table(p.guest("Ann"), p.guest("Bob"), 86400)
		p.store.settles.Store(12)
		p.work(3 * time.Minute)
		p.expect(first, "your_turn sent 1")
		for _, push := range p.asked {
			same := slices.IndexFunc(p.asked, func(q notify.Push) bool { return q.Fields["player_id"] == push.Fields["player_id"] })
			if push.ID != p.asked[same].ID {
				p.t.Error("the second try has another name")
			}
		}
	})
}

func TestTestPushSaysWhatTheProviderSaid(t *testing.T) {
	withPost(t, func(p *post) {
		ann := p.guest("Ann")
		test := func(want string) {
			p.t.Helper()
			d, err := p.devices.Test(p.t.Context(), ann, "phone")
			if err != nil || d.Status+":"+d.Reason != want || d.Kind != notify.TestPush {
				p.t.Errorf("%+v, %v", d, err)
			}
		}
		test("sent:")
		if push := p.asked[0]; push.Text.Title == "" || push.Fields["kind"] != "test" || push.Fields["player_id"] != string(ann) {
			p.t.Errorf("%+v", push)
		}
		p.answers(notify.Outcome{Class: notify.Down, Reason: "timeout"})
		test("failed:timeout")
		p.work(time.Minute)
		if p.count() != 2 {
			p.t.Errorf("a test was tried again")
		}
		p.answers(notify.Outcome{Class: notify.Gone, Reason: "UNREGISTERED"})
		test("failed:UNREGISTERED")
		if _, err := p.devices.Test(p.t.Context(), ann, "phone"); !errors.Is(err, notify.ErrNoDevice) {
			p.t.Errorf("a forgotten device: %v", err)
		}
	})
}

func TestChannelThatIsNotSetUp(t *testing.T) {
	withPost(t, func(p *post) {
		_, err := p.devices.Put(p.t.Context(), notify.Device{Player: "ann", ID: "x", Channel: notify.APNs})
		if !errors.Is(err, notify.ErrNoChannel) {
			p.t.Error(err)
		}
	})
}
