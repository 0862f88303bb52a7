package server_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"yourturn/server/servertest"
	"yourturn/store/enginetest"
)

// A storm kills servers, or the database under them, again and again while people play: kill -9, without a warning. Each
// kill comes when some moves have been taken since the last one, so it comes under load, and something worked between
// any two. What players may feel of it is a broken connection and a 503 with Retry-After, nothing else. They ask again,
// as every app does, and write down what was acknowledged to them.
//
// When the storm is over, what they wrote down is compared with what the API says and with what the database holds:
// storm_checks_test.go has the promises one by one.

func TestStormSQLite(t *testing.T) {
	s := newStorm(t, "sqlite:"+filepath.Join(t.TempDir(), "yourturn.db"), 1)
	s.rage(stormKills(t, 40), func() {
		s.servers[0].Kill()
		s.servers[0].Restart(t)
		if s.kills%10 == 0 { // damage does not heal, so it is enough to look now and then
			s.checkFile()
		}
	})
	s.settle()
	s.check()
}

func TestStormMariaDB(t *testing.T) {
	s := newStorm(t, enginetest.MariaDB(t).Database(t), 2)
	s.rage(stormKills(t, 20), func() {
		victim := s.servers[rand.N(2)]
		victim.Kill()
		s.awaitMoves(5) // the other goes on alone
		victim.Restart(t)
	})
	s.settle()
	s.check()
}

// A database takes longer to come back than a server, so it is killed less often. It runs as docs/decisions/0007 asks:
// without a binary log this test finds, once in a hundred kills or so, a message that somebody has read and that the
// crash took back.
func TestStormDatabase(t *testing.T) {
	database := enginetest.MariaDB(t).Private(t, "--log-bin=binlog", "--sync-binlog=1")
	s := newStorm(t, database.Database(t), 2)
	s.rage((stormKills(t, 40)+7)/8, func() {
		database.Kill(t)
		database.Restart(t)
	})
	s.settle()
	s.check()
}

// stormKills is how often to kill: what `make storm KILLS=n` asks for, or as often as fits into CI.
func stormKills(t *testing.T, usual int) int {
	asked := os.Getenv("YOURTURN_STORM_KILLS")
	if asked == "" {
		return usual
	}
	n, err := strconv.Atoi(asked)
	if err != nil || n < 1 {
		t.Fatalf("YOURTURN_STORM_KILLS=%s is not a number of kills", asked)
	}
	return n
}

// How many take part: those who play, of whom every third holds a stream, and those who go silent in short turns, so
// that the server must act for them.
const (
	stormPlayers = 36
	stormSilent  = 12
)

type storm struct {
	t        *testing.T
	database string
	servers  []*servertest.Process
	players  []*stormPlayer
	kills    int

	ctx                context.Context // of everything that runs
	cancel             context.CancelFunc
	over               chan struct{} // closed: nobody begins anything new
	moved              chan struct{} // hears of moves as they are acknowledged
	playing, listening sync.WaitGroup

	mu      sync.Mutex
	taken   map[string]map[stormMove]int64 // the versions of the acknowledged moves, by session
	wrongs  []string                       // what must never be
	broken  int                            // connections
	refused int                            // requests, for now: 503
	retried int                            // moves that had been acknowledged, sent again
}

// stormMove is a move of tic-tac-toe.
type stormMove struct {
	turn       int64
	seat, cell int
}

// stormPlayer is a person with an app that knows all servers.
type stormPlayer struct {
	*storm
	id      string
	apps    []*servertest.App // the same login at each server
	at      int               // the server that is asked
	tickets []string
	polled  []stormMessage // the feed as it came by long-poll

	streams  bool
	hearing  sync.Mutex
	streamed []stormMessage // the feed as it came by stream
}

// stormMessage is a message of a feed.
type stormMessage struct {
	Seq       int64      `json:"seq"`
	Kind      string     `json:"kind"`
	SessionID string     `json:"session_id"`
	Version   int64      `json:"version"`
	Turn      int64      `json:"turn"`
	Deadline  *time.Time `json:"deadline_at"`
	raw       string
}

// newStorm starts servers on one database, and lets players sign up and begin.
func newStorm(t *testing.T, database string, servers int) *storm {
	ctx, cancel := context.WithCancel(context.Background())
	s := &storm{
		t: t, database: database, ctx: ctx, cancel: cancel, over: make(chan struct{}), moved: make(chan struct{}), taken: map[string]map[stormMove]int64{},
	}
	for range servers {
		s.servers = append(s.servers, servertest.Start(t, database))
	}
	t.Cleanup(s.end) // before the servers
	requests := servertest.Client()
	for i := range stormPlayers + stormSilent {
		p := &stormPlayer{storm: s, streams: i%3 == 0}
		s.players = append(s.players, p)
		guest := servertest.Guest(t, s.servers[0].URL, fmt.Sprintf("Player %d", i+1))
		p.id = guest.Player
		for _, server := range s.servers {
			app := *guest
			app.URL, app.Requests = server.URL, requests
			p.apps = append(p.apps, &app)
		}
		if p.streams {
			s.listening.Go(p.stream)
		}
	}
	for i, p := range s.players {
		if i < stormPlayers {
			s.playing.Go(p.play)
			continue
		}
		s.playing.Go(func() { p.goSilent(5 + i%2) })
	}
	return s
}

// rage kills again and again.
func (s *storm) rage(kills int, kill func()) {
	s.t.Helper()
	for range kills {
		s.awaitMoves(10 + rand.N(40))
		s.pause(0) // not always right after a move was taken
		kill()
		s.kills++
	}
	s.awaitMoves(10)
}

// awaitMoves returns when so many more moves have been acknowledged.
func (s *storm) awaitMoves(n int) {
	s.t.Helper()
	patience := time.NewTimer(time.Minute)
	defer patience.Stop()
	for range n {
		select {
		case <-s.moved:
		case <-patience.C:
			s.t.Fatalf("after %d kills no %d moves were taken in a minute", s.kills, n)
		}
	}
}

// settle lets everybody finish what they are at, the server act for those who are silent, and the streams catch up.
func (s *storm) settle() {
	s.t.Helper()
	close(s.over)
	s.eventually("everybody has an answer", func() bool { return finished(&s.playing) })
	s.eventually("the silent sessions are over", func() bool {
		return !slices.ContainsFunc(s.players[stormPlayers:], func(p *stormPlayer) bool {
			return p.ask("GET", "/v1/sessions?status=active", nil).Len("items") > 0
		})
	})
	s.eventually("the streams have caught up", func() bool {
		for _, p := range s.players {
			if p.streams && p.heard() < p.ask("GET", "/v1/me/feed", nil).Int("last_seq") {
				return false
			}
		}
		return true
	})
	s.end()
}

// end ends whatever still runs.
func (s *storm) end() {
	s.cancel()
	s.playing.Wait()
	s.listening.Wait()
}

// eventually waits, long enough for any lease to end.
func (s *storm) eventually(what string, holds func() bool) {
	s.t.Helper()
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	patience := time.After(2 * time.Minute)
	for !holds() {
		select {
		case <-look.C:
		case <-patience:
			s.wrong("two minutes later it does not hold that %s", what)
			return
		}
	}
}

// finished says whether all of a group have.
func finished(all *sync.WaitGroup) bool {
	done := make(chan struct{})
	go func() { all.Wait(); close(done) }()
	select {
	case <-done:
		return true
	case <-time.After(50 * time.Millisecond):
		return false
	}
}

// wrong notes what must never be.
func (s *storm) wrong(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wrongs = append(s.wrongs, fmt.Sprintf(format, args...))
}

func (s *storm) isOver() bool {
	select {
	case <-s.over:
		return true
	case <-s.ctx.Done():
		return true
	default:
		return false
	}
}

// pause is what an app does before it tries again.
func (s *storm) pause(try int) {
	timer := time.NewTimer(rand.N(10 * time.Millisecond << min(try, 5)))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.ctx.Done():
	}
}

// ask sends a request, the same again and again to one server or another, until it is answered.
func (p *stormPlayer) ask(method, path string, body any, headers ...string) servertest.Answer {
	for try := 0; p.ctx.Err() == nil; try++ {
		answer, err := p.apps[p.at].Try(method, path, body, headers...)
		if err == nil && answer.Status < 500 {
			return answer
		}
		p.mu.Lock()
		switch {
		case err != nil:
			p.broken++
		case answer.Status == http.StatusServiceUnavailable && answer.Header.Get("Retry-After") != "":
			p.refused++
		default:
			p.wrongs = append(p.wrongs, fmt.Sprintf("%s %s: %d %s", method, path, answer.Status, answer.Body))
		}
		p.mu.Unlock()
		p.at = rand.N(len(p.apps))
		p.pause(try)
	}
	return servertest.Answer{}
}

// must is ask for requests that have one right answer.
func (p *stormPlayer) must(status int, method, path string, body any, headers ...string) servertest.Answer {
	answer := p.ask(method, path, body, headers...)
	if answer.Status != status && p.ctx.Err() == nil {
		p.wrong("%s %s: %d, not %d: %s", method, path, answer.Status, status, answer.Body)
	}
	return answer
}

// play plays one game after another, in turns of a day.
func (p *stormPlayer) play() {
	for !p.isOver() {
		if game := p.seek(86400); game != "" {
			p.playTo(game)
		}
	}
}

// playTo plays a session until it or the storm is over. What the storm's end cuts off stays as it is, waiting for
// somebody.
func (p *stormPlayer) playTo(game string) {
	for !p.isOver() {
		now := p.must(http.StatusOK, "GET", "/v1/sessions/"+game, nil)
		switch {
		case now.String("status") == "finished":
			return
		case !now.Bool("your_turn"):
			p.listen()
		default:
			if turn, cell := now.Int("turn"), anyCell(now); p.move(game, turn, cell) && rand.N(8) == 0 {
				p.moveAgain(game, turn, cell)
			}
		}
	}
}

// goSilent enters one session after another, in which it moves once at the most, and waits to be told of its end.
func (p *stormPlayer) goSilent(turnSeconds int) {
	for !p.isOver() {
		game := p.seek(turnSeconds)
		if game == "" {
			return
		}
		now := p.must(http.StatusOK, "GET", "/v1/sessions/"+game, nil)
		if now.Bool("your_turn") && rand.N(2) == 0 {
			p.move(game, now.Int("turn"), anyCell(now))
		}
		isEnd := func(m stormMessage) bool { return m.SessionID == game && m.Kind == "session_finished" }
		for !p.isOver() && !slices.ContainsFunc(p.polled, isEnd) {
			p.listen()
		}
	}
}

// anyCell draws one of the moves that the rules allow.
func anyCell(now servertest.Answer) int {
	return int(now.Int("legal_moves", rand.N(now.Len("legal_moves")), "cell"))
}

// seek makes a ticket and returns the session that it becomes. At the end of the storm it is cancelled; one that was
// matched in that instant has a session all the same.
func (p *stormPlayer) seek(turnSeconds int) (game string) {
	wish := map[string]any{"game": "tictactoe", "turn_seconds": turnSeconds}
	ticket := p.must(http.StatusCreated, "POST", "/v1/tickets", wish, "Idempotency-Key", fmt.Sprintf("wish %d", len(p.tickets)))
	path := "/v1/tickets/" + ticket.String("id")
	p.tickets = append(p.tickets, ticket.String("id"))
	for ticket.String("status") == "waiting" {
		if p.isOver() {
			ticket = p.must(http.StatusOK, "DELETE", path, nil)
			continue
		}
		p.listen()
		ticket = p.must(http.StatusOK, "GET", path, nil)
	}
	return ticket.String("session_id")
}

// listen waits for the feed to go on.
func (p *stormPlayer) listen() {
	answer := p.must(http.StatusOK, "GET", fmt.Sprintf("/v1/me/feed?after=%d&limit=100&wait=2", lastSeq(p.polled)), nil)
	p.polled = append(p.polled, p.messages(answer)...)
}

func lastSeq(messages []stormMessage) int64 {
	if len(messages) == 0 {
		return 0
	}
	return messages[len(messages)-1].Seq
}

// messages reads a page of the feed.
func (p *stormPlayer) messages(answer servertest.Answer) (messages []stormMessage) {
	var page struct {
		Items []json.RawMessage
		Reset bool
	}
	if err := json.Unmarshal(answer.Body, &page); answer.Status == http.StatusOK && (err != nil || page.Reset) {
		p.wrong("player %s: a page of the feed: %v %s", p.id, err, answer.Body)
	}
	for _, raw := range page.Items {
		messages = append(messages, p.message(raw))
	}
	return messages
}

func (p *stormPlayer) message(raw []byte) (m stormMessage) {
	if err := json.Unmarshal(raw, &m); err != nil {
		p.wrong("player %s: %v in the message %s", p.id, err, raw)
	}
	m.raw = string(raw)
	return m
}

// move plays a move and writes down that it was taken.
func (p *stormPlayer) move(game string, turn int64, cell int) bool {
	answer := p.ask("POST", servertest.MovePath(game), servertest.Move(turn, cell))
	switch {
	case answer.Status == http.StatusOK:
		p.wasTaken(game, answer, cell)
	case answer.Status == 0: // the test has ended
	case answer.Problem() != "session-finished" || answer.String("session", "result", "reason") != "timeout":
		p.wrong("player %s, session %s, turn %d, cell %d: %d %s", p.id, game, turn, cell, answer.Status, answer.Body)
	}
	return answer.Status == http.StatusOK
}

func (p *stormPlayer) wasTaken(game string, answer servertest.Answer, cell int) {
	move, version := stormMove{answer.Int("move", "turn"), int(answer.Int("move", "seat")), cell}, answer.Int("move", "version")
	p.mu.Lock()
	if p.taken[game] == nil {
		p.taken[game] = map[stormMove]int64{}
	}
	if before, again := p.taken[game][move]; again && before != version {
		p.wrongs = append(p.wrongs, fmt.Sprintf("session %s: %+v was version %d, then %d", game, move, before, version))
	}
	p.taken[game][move] = version
	p.mu.Unlock()
	select {
	case p.moved <- struct{}{}:
	default: // nobody counts just now
	}
}

// moveAgain sends a move that was taken once more, as an app does that did not hear.
func (p *stormPlayer) moveAgain(game string, turn int64, cell int) {
	answer := p.must(http.StatusOK, "POST", servertest.MovePath(game), servertest.Move(turn, cell))
	if answer.Status == http.StatusOK {
		p.wasTaken(game, answer, cell)
	}
	p.mu.Lock()
	p.retried++
	p.mu.Unlock()
}

// stream follows the feed live, and comes back with Last-Event-ID whenever it breaks off, to the next server.
func (p *stormPlayer) stream() {
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for try := 0; p.ctx.Err() == nil; try++ {
		p.follow(client, p.apps[try%len(p.apps)])
		p.pause(3)
	}
}

// heard is how far the stream has come.
func (p *stormPlayer) heard() int64 {
	p.hearing.Lock()
	defer p.hearing.Unlock()
	return lastSeq(p.streamed)
}

func (p *stormPlayer) follow(client *http.Client, app *servertest.App) {
	r, err := http.NewRequestWithContext(p.ctx, "GET", app.URL+"/v1/me/stream?after=0", nil)
	if err != nil {
		p.wrong("stream: %v", err)
		return
	}
	r.Header.Set("Authorization", "Bearer "+app.Access)
	if last := p.heard(); last > 0 {
		r.Header.Set("Last-Event-ID", strconv.FormatInt(last, 10))
	}
	response, err := client.Do(r)
	if err != nil {
		return
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		if response.StatusCode != http.StatusServiceUnavailable {
			p.wrong("player %s: a stream was answered with %d", p.id, response.StatusCode)
		}
		return
	}
	var name, data string
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		field, value, _ := strings.Cut(lines.Text(), ": ")
		switch {
		case field == "event":
			name = value
		case field == "data":
			data = value
		case lines.Text() != "":
		case name == "reset":
			p.wrong("player %s: the stream started over: %s", p.id, data)
			fallthrough
		default:
			if name == "" && data != "" {
				p.hearing.Lock()
				p.streamed = append(p.streamed, p.message([]byte(data)))
				p.hearing.Unlock()
			}
			name, data = "", ""
		}
	}
}
