package server_test

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"yourturn/notify"
	"yourturn/notify/providertest"
	"yourturn/server/servertest"
	"yourturn/session"
	"yourturn/store/enginetest"
)

// A push storm is played by apps with devices on all three providers, which fail in all their ways, while the servers
// are killed: kill -9, without a warning. Some apps acknowledge, mute, sign out, or register again. Everybody writes down
// what was acknowledged to them and when, the fakes write down what arrived and what they said, and when the storm is
// over both are compared with the ledger: pushstorm_checks_test.go has the promises one by one.

func TestPushStormSQLite(t *testing.T) {
	pushStormOn(t, "sqlite:"+filepath.Join(t.TempDir(), "yourturn.db"), 1)
}

func TestPushStormMariaDB(t *testing.T) {
	pushStormOn(t, enginetest.MariaDB(t).Database(t), 2)
}

// pushStormMessages is how many messages a storm has: what YOURTURN_STORM_PUSHES asks for, 10,000 where `make storm`
// asks for a long one, or as many as fit into CI.
func pushStormMessages(t *testing.T) int {
	asked := os.Getenv("YOURTURN_STORM_PUSHES")
	switch {
	case asked == "" && os.Getenv("YOURTURN_STORM_KILLS") != "":
		return 10_000
	case asked == "":
		return 3_000
	}
	n, err := strconv.Atoi(asked)
	if err != nil || n < 1 {
		t.Fatalf("YOURTURN_STORM_PUSHES=%s is not a number of messages", asked)
	}
	return n
}

const (
	pushTables = 12 // groups of players who play among each other, each led by one goroutine
	pushSeats  = 4  // players of a group
	pushSides  = 2  // further logins of a player, which may sign out
)

// pushStorm is a storm, and what is written down during it.
type pushStorm struct {
	t         *testing.T
	database  string
	db        *sql.DB
	providers *servertest.Providers
	skies     map[string]*sky // by channel
	servers   []*servertest.Process
	tables    []*pushTable
	playing   sync.WaitGroup
	over      chan struct{} // closed: nobody begins anything new
	messages  atomic.Int64  // so many that are pushed have been acknowledged to whoever brought them about

	mu     sync.Mutex
	wrongs []string
	kills  []moment
	broken int // connections, and requests that were refused for now
}

// moment is when something happened: after it was begun, and before its end was heard of.
type moment struct{ begun, done time.Time }

func pushStormOn(t *testing.T, database string, servers int) {
	seed := rand.Uint64()
	if asked := os.Getenv("YOURTURN_STORM_SEED"); asked != "" {
		var err error
		if seed, err = strconv.ParseUint(asked, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	messages := pushStormMessages(t)
	t.Logf("YOURTURN_STORM_PUSHES=%d YOURTURN_STORM_SEED=%d", messages, seed)
	s := newPushStorm(t, database, servers, seed, messages)
	strikes := max(3, messages/1000)
	for i := range strikes {
		s.awaitMessages(messages * (i + 1) / (strikes + 1))
		s.strike(i)
	}
	s.awaitMessages(messages)
	s.settle()
	s.judge()
}

func newPushStorm(t *testing.T, database string, servers int, seed uint64, messages int) *pushStorm {
	s := &pushStorm{t: t, database: database, providers: servertest.NewProviders(t), skies: map[string]*sky{}, over: make(chan struct{})}
	s.providers.Config.Grace = 100 * time.Millisecond // short, so that most of what is brought about is tried
	servertest.Binary(t)                              // before its certificates are the only ones
	for _, variable := range s.providers.Environment() {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	for i, channel := range servertest.Channels {
		s.skies[channel] = newSky(channel, seed+uint64(i))
		s.providers.Provider(channel).FailBy(s.skies[channel].fault)
	}
	for range servers {
		s.servers = append(s.servers, servertest.Start(t, database))
	}
	s.db = servertest.Open(t, database)
	t.Cleanup(func() { s.finish() })
	requests := servertest.Client()
	games := max(45, messages/20/pushTables) // so many that most turns are still open when a push is tried again
	for range pushTables {
		s.tables = append(s.tables, newPushTable(s, requests, rand.New(rand.NewPCG(seed, uint64(len(s.tables))))))
	}
	for _, table := range s.tables {
		s.playing.Go(func() { table.play(games) })
	}
	return s
}

// awaitMessages returns when so many messages have been brought about.
func (s *pushStorm) awaitMessages(n int) {
	s.t.Helper()
	s.await(fmt.Sprintf("%d messages", n), func() bool { return s.messages.Load() >= int64(n) })
}

// await waits long enough for any lease or pause to end.
func (s *pushStorm) await(what string, holds func() bool) {
	s.t.Helper()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for last, patience := s.messages.Load(), time.Now().Add(3*time.Minute); !holds(); {
		<-look.C
		if now := s.messages.Load(); now != last {
			last, patience = now, time.Now().Add(3*time.Minute)
		}
		if time.Now().After(patience) {
			s.t.Fatalf("three minutes without anything, and not: %s", what)
		}
	}
}

// strike kills one server, or every third time all of them.
func (s *pushStorm) strike(nth int) {
	victims := s.servers
	if nth%3 != 2 {
		one := nth % len(s.servers)
		victims = s.servers[one : one+1]
	}
	for _, victim := range victims {
		s.kill(victim)
	}
	if len(victims) == len(s.servers) {
		s.endLeases("claim <> ''")
	} else {
		s.awaitMessages(int(s.messages.Load()) + 10) // the others go on alone
	}
	for _, victim := range victims {
		victim.Restart(s.t)
	}
}

func (s *pushStorm) kill(p *servertest.Process) {
	m := moment{begun: time.Now()}
	p.Kill()
	m.done = time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kills = append(s.kills, m)
}

// endLeases does what time would do while nobody is alive who holds a lease or waits.
func (s *pushStorm) endLeases(of string) {
	s.t.Helper()
	if _, err := s.db.Exec("UPDATE deliveries SET due_at = 0 WHERE status = 'pending' AND " + of); err != nil {
		s.t.Fatal(err)
	}
}

// settle ends the storm and waits until nothing is left to be pushed. What the last kill has interrupted, and what waits
// for its next try, is due at once; servers that are new know nothing of what has ailed the providers.
func (s *pushStorm) settle() {
	s.t.Helper()
	s.finish()
	for _, sky := range s.skies {
		sky.clear()
	}
	for _, server := range s.servers {
		s.kill(server)
	}
	s.endLeases("1 = 1")
	for _, server := range s.servers {
		server.Restart(s.t)
	}
	s.await("nothing waits to be pushed", func() bool { return s.left() == 0 })
}

// left counts what is not pushed and not given up.
func (s *pushStorm) left() (n int) {
	s.t.Helper()
	var pending int
	if err := s.db.QueryRow("SELECT (SELECT COUNT(*) FROM notices), (SELECT COUNT(*) FROM deliveries WHERE status = 'pending')").Scan(&n, &pending); err != nil {
		s.t.Fatal(err)
	}
	return n + pending
}

// finish lets everybody end what they are at.
func (s *pushStorm) finish() {
	select {
	case <-s.over:
	default:
		close(s.over)
	}
	s.playing.Wait()
}

func (s *pushStorm) isOver() bool {
	select {
	case <-s.over:
		return true
	default:
		return false
	}
}

func (s *pushStorm) wrong(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wrongs = append(s.wrongs, fmt.Sprintf(format, args...))
}

// sky is how a provider fails. What becomes of its n-th request is drawn from the seed.
type sky struct {
	channel string
	mu      sync.Mutex
	draw    *rand.Rand
	isClear bool
	dead    map[string]providertest.Fault // tokens that are no more, and stay so
	cloudy  int                           // so many of the next requests meet the outage
	last    time.Time                     // when an outage ended
	cuts    []time.Time                   // when a connection was broken, with all that was on it
}

// chance is a fault that so many of a thousand requests meet.
type chance struct {
	fault    providertest.Fault
	thousand int
	dies     bool // the token is no more
	cuts     bool // others on the same connection may not hear their answers
}

// stale is when a token of Apple's that is well was gone, before it was registered again.
var stale = time.Now().Add(-24 * time.Hour)

var pushChances = map[string][]chance{
	notify.APNs: {
		{fault: providertest.Fault{Reason: "Unregistered"}, thousand: 15, dies: true},
		{fault: providertest.Fault{Reason: "ExpiredToken", Timestamp: stale}, thousand: 8},
		{fault: providertest.Fault{Reason: "BadDeviceToken"}, thousand: 8},
		{fault: providertest.Fault{Reason: "TooManyRequests", RetryAfter: "1"}, thousand: 20},
		{fault: providertest.Fault{Reason: "ServiceUnavailable"}, thousand: 8},
		{fault: providertest.Fault{Status: 503, HTML: true}, thousand: 12},
		{fault: providertest.Fault{Hang: true}, thousand: 6},
		{fault: providertest.Fault{Reset: true}, thousand: 5, cuts: true},
		{fault: providertest.Fault{GoAway: true}, thousand: 8}, // which ends no answer
	},
	notify.FCM: {
		{fault: providertest.Fault{Reason: "UNREGISTERED"}, thousand: 10, dies: true},
		{fault: providertest.Fault{Reason: "INVALID_TOKEN"}, thousand: 5, dies: true},
		{fault: providertest.Fault{Reason: "INVALID_ARGUMENT"}, thousand: 6},
		{fault: providertest.Fault{Reason: "SENDER_ID_MISMATCH"}, thousand: 4},
		{fault: providertest.Fault{Reason: "DEVICE_QUOTA", RetryAfter: "1"}, thousand: 20},
		{fault: providertest.Fault{Reason: "QUOTA_EXCEEDED", RetryAfter: "1"}, thousand: 2},
		{fault: providertest.Fault{Reason: "UNAVAILABLE"}, thousand: 12},
		{fault: providertest.Fault{Status: 503, HTML: true}, thousand: 8},
		{fault: providertest.Fault{Status: 404, HTML: true}, thousand: 8},
		{fault: providertest.Fault{Hang: true}, thousand: 6},
		{fault: providertest.Fault{Reset: true}, thousand: 8},
	},
	notify.WebPush: {
		{fault: providertest.Fault{Status: 410, Reason: "Unregistered"}, thousand: 8, dies: true},
		{fault: providertest.Fault{Status: 404, Reason: "NotRegistered"}, thousand: 7, dies: true},
		{fault: providertest.Fault{Status: 404, Reason: pageReason, HTML: true}, thousand: 5},
		{fault: providertest.Fault{Status: 413, Reason: "PayloadTooLarge"}, thousand: 8},
		{fault: providertest.Fault{Status: 429, Reason: "TooManyRequests", RetryAfter: "1"}, thousand: 20},
		{fault: providertest.Fault{Status: 500, Reason: "InternalServerError"}, thousand: 10},
		{fault: providertest.Fault{Status: 503, HTML: true}, thousand: 10},
		{fault: providertest.Fault{Hang: true}, thousand: 6},
		{fault: providertest.Fault{Reset: true}, thousand: 8},
	},
}

// pushOutages are how a provider refuses everything for a while.
var pushOutages = map[string]providertest.Fault{
	notify.APNs:    {Reason: "InvalidProviderToken"},
	notify.FCM:     {Status: 401, Reason: "UNAUTHENTICATED"},
	notify.WebPush: {Status: 403, Reason: "BadJwtToken"},
}

// An outage lasts for some requests, as many as open a breaker and a few that meet it half open. Between two of them
// there is time for the breaker to close.
const (
	outageRequests = 8
	outageThousand = 4
	outagePause    = 8 * time.Second
)

func newSky(channel string, seed uint64) *sky {
	return &sky{channel: channel, draw: rand.New(rand.NewPCG(seed, 0)), dead: map[string]providertest.Fault{}, last: time.Now()}
}

func (s *sky) fault(token string, _ int) (providertest.Fault, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if fault, ok := s.dead[token]; ok {
		return fault, true
	}
	if s.isClear {
		return providertest.Fault{}, false
	}
	if s.cloudy > 0 {
		s.cloudy--
		s.last = time.Now()
		return pushOutages[s.channel], true
	}
	drawn := s.draw.IntN(1000)
	if drawn >= 1000-outageThousand && time.Since(s.last) > outagePause {
		s.cloudy = outageRequests
	}
	for _, c := range pushChances[s.channel] {
		if drawn -= c.thousand; drawn >= 0 {
			continue
		}
		if c.dies {
			s.dead[token] = c.fault
		}
		if c.cuts {
			s.cuts = append(s.cuts, time.Now())
		}
		return c.fault, true
	}
	return providertest.Fault{}, false
}

// clear ends all faults but those of tokens that are no more.
func (s *sky) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.isClear = true
}

func (s *sky) isDead(token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, dead := s.dead[token]
	return dead
}

// pushTable is a group of players and whoever acts for them, one thing after another.
type pushTable struct {
	*pushStorm
	draw   *rand.Rand
	people []*pushPlayer
	games  []*pushGame
	began  int // games

	at    int // the server that is asked
	known []registration
	moves map[turnOf]moment
	acks  []acknowledgement
	mutes []muting
}

// pushPlayer is a person with some logins, of whom the first stays.
type pushPlayer struct {
	id     string
	logins []*pushLogin
	muted  map[string]int // sessions, with their places in the table's list
}

// pushLogin is an app, with its devices.
type pushLogin struct {
	app     *servertest.App
	devices []*pushDevice
}

type pushDevice struct {
	*servertest.Device
	known int // its registration's place in the table's list, -1 when it has none
}

// pushGame is a session as those know it who play it.
type pushGame struct {
	id    string
	seats [2]*pushPlayer
	next  int
	turn  int64
	cells []int // that are free
}

func newPushTable(s *pushStorm, requests *http.Client, draw *rand.Rand) *pushTable {
	t := &pushTable{pushStorm: s, draw: draw, moves: map[turnOf]moment{}}
	for range pushSeats {
		p := &pushPlayer{muted: map[string]int{}}
		t.people = append(t.people, p)
		for i := range 1 + pushSides {
			var app *servertest.App
			if i == 0 {
				app = servertest.Guest(s.t, s.servers[0].URL, fmt.Sprintf("Player %d", draw.IntN(1000)))
				p.id = app.Player
			} else {
				app = servertest.Second(s.t, p.logins[0].app)
			}
			app.Requests = requests
			l := &pushLogin{app: app}
			p.logins = append(p.logins, l)
			for range 1 + draw.IntN(2) {
				t.put(p, l, &pushDevice{known: -1})
			}
		}
	}
	return t
}

// put registers a device: a new one, one that was forgotten, or one that is there, with the token that it has or a new one.
func (t *pushTable) put(p *pushPlayer, l *pushLogin, d *pushDevice) {
	begun := time.Now()
	switch {
	case d.Device == nil:
		channel := servertest.Channels[t.draw.IntN(3)]
		d.Device = t.providers.Device(l.app, fmt.Sprintf("%s-%d", channel, t.draw.Uint64()), channel)
		l.devices = append(l.devices, d)
	case d.known < 0, t.draw.IntN(2) == 0, t.skies[d.Channel].isDead(d.Address.Token):
		d.Device = t.providers.Device(l.app, d.ID, d.Channel)
	}
	answer := t.ask(l.app, "PUT", d.Path(), d.Body())
	if answer.Status != http.StatusOK {
		t.wrong("putDevice: %d %s", answer.Status, answer.Body)
	}
	m := moment{begun, time.Now()}
	if d.known >= 0 {
		t.known[d.known].end = m
	}
	d.known = len(t.known)
	t.known = append(t.known, registration{player: p.id, device: d.ID, channel: d.Channel, token: d.Address.Token, begin: m})
}

// lost notes that a device is no more.
func (t *pushTable) lost(d *pushDevice, begun time.Time) {
	if d.known >= 0 {
		t.known[d.known].end = moment{begun, time.Now()}
	}
	d.known = -1
}

// ask sends a request, the same again and again to one server or another, until it is answered.
func (t *pushTable) ask(app *servertest.App, method, path string, body any, headers ...string) servertest.Answer {
	for try := 0; ; try++ {
		asked := *app
		asked.URL = t.servers[t.at].URL
		answer, err := asked.Try(method, path, body, headers...)
		if err == nil && answer.Status < 500 {
			return answer
		}
		if err == nil && (answer.Status != http.StatusServiceUnavailable || answer.Header.Get("Retry-After") == "") || try > 1000 {
			t.wrong("%s %s: %d %s %v", method, path, answer.Status, answer.Body, err)
			return answer
		}
		t.mu.Lock()
		t.broken++
		t.mu.Unlock()
		t.at = t.draw.IntN(len(t.servers))
		t.pause(50 * time.Millisecond)
	}
}

// pause is what people do between two things.
func (t *pushTable) pause(most time.Duration) {
	timer := time.NewTimer(time.Duration(t.draw.Int64N(int64(most))))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-t.over:
	}
}

// play does one thing after another, mostly moves. Games are so many that there is time between two moves for a push.
func (t *pushTable) play(games int) {
	for !t.isOver() {
		if len(t.games) < games {
			t.begin()
			continue
		}
		p := t.people[t.draw.IntN(pushSeats)]
		switch drawn := t.draw.IntN(1000); {
		case drawn < 840:
			t.move(t.draw.IntN(len(t.games)))
		case drawn < 880:
			t.acknowledge(p)
		case drawn < 915:
			t.mute(p)
		case drawn < 985:
			l := p.logins[t.draw.IntN(len(p.logins))]
			t.put(p, l, l.devices[t.draw.IntN(len(l.devices))])
		case drawn < 996:
			t.remove(p)
		default:
			t.signOut(p)
		}
		t.pause(150 * time.Millisecond)
	}
}

// begin opens a session for two.
func (t *pushTable) begin() {
	i := t.draw.IntN(pushSeats)
	ann, bob := t.people[i], t.people[(i+1+t.draw.IntN(pushSeats-1))%pushSeats]
	t.began++
	wish := map[string]any{"game": "tictactoe", "turn_seconds": 7 * 86400}
	made := t.ask(ann.logins[0].app, "POST", "/v1/sessions", wish, "Idempotency-Key", fmt.Sprintf("game %d", t.began))
	joined := t.ask(bob.logins[0].app, "POST", "/v1/sessions/join", map[string]any{"join_code": made.String("join_code")})
	if joined.Status != http.StatusOK {
		t.wrong("joinSession: %d %s", joined.Status, joined.Body)
		return
	}
	g := &pushGame{id: joined.String("id"), turn: joined.Int("turn"), next: int(joined.Int("to_move", 0)), cells: t.draw.Perm(9)}
	mine := joined.Int("your_seat")
	g.seats[mine], g.seats[1-mine] = bob, ann
	t.games = append(t.games, g)
	t.messages.Add(2)
}

// move plays a move by one of the player's logins.
func (t *pushTable) move(n int) {
	g := t.games[n]
	p := g.seats[g.next]
	cell := g.cells[0]
	begun := time.Now()
	answer := t.ask(p.logins[t.draw.IntN(len(p.logins))].app, "POST", servertest.MovePath(g.id), servertest.Move(g.turn, cell))
	if answer.Status != http.StatusOK {
		t.wrong("session %s, turn %d, cell %d: %d %s", g.id, g.turn, cell, answer.Status, answer.Body)
		return
	}
	t.messages.Add(1)
	t.moves[turnOf{p.id, g.id, g.turn}] = moment{begun, time.Now()}
	g.cells, g.next, g.turn = g.cells[1:], 1-g.next, answer.Int("turn")
	if answer.String("status") == string(session.Finished) {
		t.games = slices.Delete(t.games, n, n+1)
	}
}

// acknowledge has a person see all there is.
func (t *pushTable) acknowledge(p *pushPlayer) {
	app := p.logins[t.draw.IntN(len(p.logins))].app
	last := t.ask(app, "GET", "/v1/me/feed?limit=1", nil).Int("last_seq")
	begun := time.Now()
	if answer := t.ask(app, "POST", "/v1/me/feed/ack", map[string]any{"seq": last}); answer.Status/100 != 2 {
		t.wrong("ackFeed: %d %s", answer.Status, answer.Body)
	}
	t.acks = append(t.acks, acknowledgement{p.id, last, moment{begun, time.Now()}})
}

// mute silences a session, or ends that.
func (t *pushTable) mute(p *pushPlayer) {
	for _, g := range t.games {
		if g.seats[0] != p && g.seats[1] != p || t.draw.IntN(3) > 0 {
			continue
		}
		n, muted := p.muted[g.id]
		method := "PUT"
		if muted {
			method = "DELETE"
		}
		begun := time.Now()
		if answer := t.ask(p.logins[0].app, method, "/v1/sessions/"+g.id+"/mute", nil); answer.Status != http.StatusNoContent {
			t.wrong("mute: %d %s", answer.Status, answer.Body)
		}
		if m := (moment{begun, time.Now()}); muted {
			t.mutes[n].end = m
			delete(p.muted, g.id)
		} else {
			p.muted[g.id] = len(t.mutes)
			t.mutes = append(t.mutes, muting{player: p.id, session: g.id, begin: m})
		}
		return
	}
}

// remove deletes a device. It may be registered again later.
func (t *pushTable) remove(p *pushPlayer) {
	l := p.logins[t.draw.IntN(len(p.logins))]
	d := l.devices[t.draw.IntN(len(l.devices))]
	begun := time.Now()
	if answer := t.ask(l.app, "DELETE", d.Path(), nil); answer.Status != http.StatusNoContent {
		t.wrong("deleteDevice: %d %s", answer.Status, answer.Body)
	}
	t.lost(d, begun)
}

// signOut ends the last of the player's further logins.
func (t *pushTable) signOut(p *pushPlayer) {
	if len(p.logins) == 1 {
		return
	}
	l := p.logins[len(p.logins)-1]
	begun := time.Now()
	// Asked again after a lost answer, it is nobody who asks.
	if answer := t.ask(l.app, "DELETE", "/v1/tokens", nil); answer.Status != http.StatusNoContent && answer.Status != http.StatusUnauthorized {
		t.wrong("deleteTokens: %d %s", answer.Status, answer.Body)
	}
	for _, d := range l.devices {
		t.lost(d, begun)
	}
	p.logins = p.logins[:len(p.logins)-1]
}

// One provider that hangs holds up nothing of the others: while all that is tried at FCM hangs, and more waits behind it,
// what becomes true after that arrives by the two others.
func TestHangingProviderDelaysNobodyElse(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		providers := servertest.NewProviders(t)
		providers.Config.Grace = time.Millisecond
		providers.FCM.FailAlways("", providertest.Fault{Hang: true})
		url := servertest.Local(t, database, servertest.Options{Push: providers.Config})
		type pair struct{ ann, bob *servertest.App }
		var pairs []pair
		var codes []string
		for range notify.DefaultSlots/2 + 4 { // both are told of the beginning: more than FCM's slots
			p := pair{servertest.Guest(t, url, "Ann"), servertest.Guest(t, url, "Bob")}
			providers.Devices(t, p.ann, "phone-")
			providers.Devices(t, p.bob, "phone-")
			codes = append(codes, p.ann.Must(t, http.StatusCreated, "POST", "/v1/sessions", map[string]any{"game": "tictactoe"}).String("join_code"))
			pairs = append(pairs, p)
		}
		var games []servertest.Answer
		for i, p := range pairs {
			games = append(games, p.bob.Must(t, http.StatusOK, "POST", "/v1/sessions/join", map[string]any{"join_code": codes[i]}))
		}
		eventually(t, "every slot of FCM is held", func() bool { return len(providers.FCM.Received()) >= notify.DefaultSlots })
		told := 2 * len(pairs)
		for i, p := range pairs {
			first := p.ann
			if games[i].Bool("your_turn") {
				first = p.bob
			}
			first.Must(t, http.StatusOK, "POST", servertest.MovePath(games[i].String("id")), servertest.Move(1, 4))
		}
		moved := func(r providertest.Received) bool {
			return r.Fields["turn"] == "2" && r.Fields["kind"] == notify.YourTurn
		}
		for _, channel := range []string{notify.APNs, notify.WebPush} {
			eventually(t, channel+" has got all of it", func() bool {
				return count(providers.Provider(channel).Taken(), moved) == len(pairs)
			})
			got := providers.Provider(channel).Received()
			for _, r := range got {
				if r.Status/100 != 2 {
					t.Errorf("%s has refused a push: %d %s", channel, r.Status, r.Reason)
				}
			}
			if shown := count(got, func(r providertest.Received) bool { return r.Fields["kind"] != notify.BadgeChanged }); shown > told+len(pairs) {
				t.Errorf("%s got %d pushes of %d messages", channel, shown, told+len(pairs))
			}
		}
		if n := len(providers.FCM.Taken()); n > 0 {
			t.Fatalf("FCM has taken %d pushes", n)
		}
		// By the order of events: all of this came before the first try at FCM had ended, so nothing has waited for one.
		var rows, waiting, ended int
		err := servertest.Open(t, database).QueryRow("SELECT COUNT(*), COUNT(CASE WHEN status = 'pending' AND turn = 2 THEN 1 END), SUM(attempts) FROM deliveries WHERE channel = 'fcm'").Scan(&rows, &waiting, &ended)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "deliveries by FCM", rows, told+len(pairs))
		same(t, "that wait behind those that hang", waiting, len(pairs))
		same(t, "tries at FCM that have ended", ended, 0)
	})
}

func count(all []providertest.Received, is func(providertest.Received) bool) (n int) {
	for _, r := range all {
		if is(r) {
			n++
		}
	}
	return n
}
