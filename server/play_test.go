package server_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"yourturn/server/servertest"
	"yourturn/store/enginetest"
)

// Two strangers find each other and play to the end, as two apps would. Everything that either is told or refused on
// the way is looked at.
func TestTwoAppsPlay(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		url := servertest.Local(t, database, servertest.Options{})
		g := meet(t, url)
		g.greet(t)
		g.play(t)
		g.over(t)
	})
}

// table is two apps at a game of tic-tac-toe; the first one plays X.
type table struct {
	id            string
	first, second *servertest.App
	seats         map[*servertest.App]int
	streams       map[*servertest.App]*servertest.Stream
	told          map[*servertest.App][]told // what each must have been told so far
	happened      []happened                 // the history so far
	tags          map[*servertest.App]tag    // the last ETag of each
	read          map[*servertest.App]int    // how much of its stream each has read
	deadline      string
}

// tag is an ETag with the version that it stood for.
type tag struct {
	etag    string
	version int64
}

// told is a message that somebody must get.
type told struct {
	kind          string
	version, turn int64
	deadline      string
}

// happened is an event that both must see.
type happened struct {
	version, turn int64
	kind          string
	seat          int // -1: nobody's
	data          string
}

// meet signs two guests up and has them matched.
func meet(t *testing.T, url string) *table {
	ann, bob := servertest.Guest(t, url, "Ann"), servertest.Guest(t, url, "Bob")

	waits := ann.Must(t, 201, "POST", "/v1/tickets", ticket(86400))
	same(t, "Ann's ticket", waits.String("status"), "waiting")
	same(t, "Ann's game", waits.String("game"), "tictactoe")
	sameJSON(t, "Ann's ticket again", ann.Must(t, 200, "GET", "/v1/tickets/"+waits.String("id"), nil).Body, waits.Body)
	stream := ann.Stream(t, "")
	hello := stream.Greeted(t)
	sameJSON(t, "hello", []byte(hello.Data), fmt.Appendf(nil, `{"server_time": %q, "last_seq": 0, "acked_seq": 0}`, hello.At("server_time")))

	key := []string{"Idempotency-Key", "bob-1"}
	found := bob.Must(t, 201, "POST", "/v1/tickets", ticket(86400), key...)
	same(t, "Bob's ticket, in the very request", found.String("status"), "matched")
	sameJSON(t, "Bob's ticket asked for again", bob.Must(t, 201, "POST", "/v1/tickets", ticket(86400), key...).Body, found.Body)
	refused(t, bob.Do("POST", "/v1/tickets", ticket(3600), key...), 422, "idempotency-mismatch", "")
	matched := ann.Must(t, 200, "GET", "/v1/tickets/"+waits.String("id"), nil)
	same(t, "Ann's ticket, matched", matched.String("status"), "matched")
	same(t, "one session for both", matched.String("session_id"), found.String("session_id"))
	same(t, "Bob has one ticket", bob.Must(t, 200, "GET", "/v1/tickets", nil).Len("items"), 1)

	g := &table{
		id: found.String("session_id"), first: ann, second: bob,
		streams: map[*servertest.App]*servertest.Stream{ann: stream}, seats: map[*servertest.App]int{},
		told: map[*servertest.App][]told{}, tags: map[*servertest.App]tag{}, read: map[*servertest.App]int{},
	}
	if bob.Must(t, 200, "GET", sessionPath(g.id), nil).Bool("your_turn") {
		g.first, g.second = bob, ann
	}
	return g
}

// greet checks the session as it starts, and opens Bob's stream from where his list ends.
func (g *table) greet(t *testing.T) {
	for _, app := range []*servertest.App{g.first, g.second} {
		s := app.Must(t, 200, "GET", sessionPath(g.id), nil)
		g.seats[app] = int(s.Int("your_seat"))
		same(t, "who it is", s.String("seats", g.seats[app], "player_id"), app.Player)
		same(t, "what they are called", s.String("seats", g.seats[app], "display_name"), app.Name)
	}
	s := g.first.Must(t, 200, "GET", sessionPath(g.id), nil)
	g.deadline = s.String("deadline_at")
	same(t, "whose turn it is", s.Int("to_move", 0), int64(g.seats[g.first]))
	same(t, "a fresh board", s.Len("view", "board"), 9)
	same(t, "all may be played", s.Len("legal_moves"), 9)
	same(t, "no code for a matched table", s.At("join_code"), nil)
	created, err := time.Parse(time.RFC3339, s.String("created_at"))
	if err != nil {
		t.Fatal(err)
	}
	if end, err := time.Parse(time.RFC3339, g.deadline); err != nil || end.Sub(created) < 24*time.Hour || end.Sub(created) > 24*time.Hour+time.Second {
		t.Errorf("made at %s, the turn ends at %s", created, g.deadline)
	}

	g.happened = []happened{{1, 0, "matched", -1, `{}`}, {2, 0, "started", -1, `{}`}}
	g.told[g.first] = []told{{"matched", 1, 0, ""}, {"your_turn", 2, 1, g.deadline}}
	g.told[g.second] = []told{{"matched", 1, 0, ""}}
	for _, app := range []*servertest.App{g.first, g.second} {
		list := app.Must(t, 200, "GET", "/v1/sessions", nil)
		same(t, "feed_seq of the list", list.Int("feed_seq"), int64(len(g.told[app])))
		same(t, "news", list.Bool("items", 0, "unread"), true)
		app.Must(t, 200, "POST", "/v1/me/feed/ack", map[string]any{"seq": list.Int("feed_seq")})
		same(t, "no news", app.Must(t, 200, "GET", "/v1/sessions", nil).Bool("items", 0, "unread"), false)
		if g.streams[app] == nil {
			g.streams[app] = app.Stream(t, "?after=0")
			g.streams[app].Greeted(t)
		}
	}
	g.check(t)
}

// play plays X to a win, with everything that apps do wrong on the way.
func (g *table) play(t *testing.T) {
	x, o, path := g.first, g.second, servertest.MovePath(g.id)

	refused(t, o.Do("POST", path, servertest.Move(1, 0)), 409, "not-your-turn", g.id)
	stranger := servertest.Guest(t, x.URL, "Eve")
	refused(t, stranger.Do("POST", path, servertest.Move(1, 0)), 404, "not-found", "")
	refused(t, x.Do("POST", path, servertest.Move(1, 9)), 422, "invalid", g.id)
	g.check(t)

	g.move(t, x, o, 1, 4)
	refused(t, o.Do("POST", path, servertest.Move(2, 4)), 422, "rule-cell-taken", g.id)
	refused(t, o.Do("POST", path, servertest.Move(1, 5)), 409, "stale-turn", g.id)
	refused(t, x.Do("POST", path, servertest.Move(1, 5)), 409, "already-moved", g.id)
	refused(t, x.Do("POST", path, servertest.Move(2, 5)), 409, "not-your-turn", g.id)
	refused(t, o.Do("POST", path, servertest.Move(3, 5)), 409, "stale-turn", g.id)
	g.again(t, x, 1, 4, 3)
	g.check(t)

	g.move(t, o, x, 2, 0)
	g.move(t, x, o, 3, 2)
	g.move(t, o, x, 4, 1)
	g.again(t, x, 1, 4, 3)
	g.again(t, o, 2, 0, 4)
	g.check(t)

	won := x.Must(t, 200, "POST", path, servertest.Move(5, 6))
	same(t, "status", won.String("status"), "finished")
	sameJSON(t, "result", encode(t, won.At("result")), fmt.Appendf(nil, `{"reason": "line", "winners": [%d]}`, g.seats[x]))
	same(t, "the winner's place", won.Int("seats", g.seats[x], "result", "place"), int64(1))
	same(t, "the loser's place", won.Int("seats", g.seats[o], "result", "place"), int64(2))
	same(t, "no deadline any more", won.At("deadline_at"), nil)
	same(t, "nobody to move", won.Len("to_move"), 0)
	placings := fmt.Sprintf(`[{"seat": 0, "place": %d, "score": 0}, {"seat": 1, "place": %d, "score": 0}]`, 1+g.seats[x], 1+g.seats[o])
	g.happened = append(g.happened, happened{7, 5, "move", g.seats[x], `{"move": {"cell": 6}}`},
		happened{7, 5, "finished", -1, `{"reason": "line", "placings": ` + placings + `}`})
	for _, app := range []*servertest.App{x, o} {
		g.told[app] = append(g.told[app], told{"session_finished", 7, 5, ""})
	}
	g.check(t)
	g.again(t, x, 5, 6, 7)
	refused(t, x.Do("POST", path, servertest.Move(5, 7)), 409, "already-moved", g.id)
	refused(t, o.Do("POST", path, servertest.Move(6, 7)), 409, "session-finished", g.id)
	refused(t, o.Do("POST", sessionPath(g.id)+"/forfeit", nil), 409, "session-finished", g.id)
	refused(t, o.Do("POST", sessionPath(g.id)+"/leave", nil), 409, "session-finished", g.id)
	g.check(t)
}

// move plays a move that counts, and takes down what everybody must learn from it.
func (g *table) move(t *testing.T, mover, other *servertest.App, turn int64, cell int) {
	t.Helper()
	version := g.happened[len(g.happened)-1].version + 1
	s := mover.Must(t, 200, "POST", servertest.MovePath(g.id), servertest.Move(turn, cell))
	sameJSON(t, "the move that counted", encode(t, s.At("move")), fmt.Appendf(nil, `{"turn": %d, "seat": %d, "version": %d}`, turn, g.seats[mover], version))
	same(t, "version", s.Int("version"), version)
	same(t, "turn", s.Int("turn"), turn+1)
	same(t, "not the mover's turn any more", s.Bool("your_turn"), false)
	same(t, "whose turn it is", s.Int("to_move", 0), int64(g.seats[other]))
	mark := "X"
	if mover == g.second {
		mark = "O"
	}
	same(t, "the board", s.String("view", "board", cell), mark)
	same(t, "no legal moves for others", s.At("legal_moves"), nil)
	g.deadline = s.String("deadline_at")
	g.happened = append(g.happened, happened{version, turn, "move", g.seats[mover], fmt.Sprintf(`{"move": {"cell": %d}}`, cell)})
	g.told[mover] = append(g.told[mover], told{"session_updated", version, turn + 1, g.deadline})
	g.told[other] = append(g.told[other], told{"your_turn", version, turn + 1, g.deadline})
	g.lists(t, mover, other)
	g.check(t)
}

// again sends a move that was taken: the answer is the session as it is now, and nothing changes.
func (g *table) again(t *testing.T, mover *servertest.App, turn int64, cell int, version int64) {
	t.Helper()
	s := mover.Must(t, 200, "POST", servertest.MovePath(g.id), servertest.Move(turn, cell))
	same(t, "the version now", s.Int("version"), g.happened[len(g.happened)-1].version)
	sameJSON(t, "the move that counted", encode(t, s.At("move")), fmt.Appendf(nil, `{"turn": %d, "seat": %d, "version": %d}`, turn, g.seats[mover], version))
}

// lists looks at "my games" of both, and has the one to move see that there is news.
func (g *table) lists(t *testing.T, mover, other *servertest.App) {
	t.Helper()
	seen := mover.Must(t, 200, "GET", "/v1/sessions?my_turn=false", nil)
	same(t, "waiting for the mover", seen.Int("waiting_for_me"), int64(0))
	same(t, "the mover's list", seen.String("items", 0, "id"), g.id)
	news := other.Must(t, 200, "GET", "/v1/sessions?my_turn=true&status=active&game=tictactoe", nil)
	same(t, "waiting for the other", news.Int("waiting_for_me"), int64(1))
	same(t, "the other's list", news.String("items", 0, "id"), g.id)
	same(t, "news", news.Bool("items", 0, "unread"), true)
	last := news.Int("feed_seq")
	acked := other.Must(t, 200, "POST", "/v1/me/feed/ack", map[string]any{"seq": last})
	sameJSON(t, "ack", acked.Body, fmt.Appendf(nil, `{"last_seq": %d, "acked_seq": %d}`, last, last))
	same(t, "an ack never goes back", other.Must(t, 200, "POST", "/v1/me/feed/ack", map[string]any{"seq": 0}).Int("acked_seq"), last)
	same(t, "nor beyond the end", other.Must(t, 200, "POST", "/v1/me/feed/ack", map[string]any{"seq": last + 9}).Int("acked_seq"), last)
	same(t, "no news", other.Must(t, 200, "GET", sessionPath(g.id), nil).Bool("unread"), false)
	same(t, "one's own doing is no news", mover.Must(t, 200, "GET", sessionPath(g.id), nil).Bool("unread"), false)
}

// check compares all that both can see with all that has happened: the history, the feed by list and by stream, and
// whether the ETag has changed.
func (g *table) check(t *testing.T) {
	t.Helper()
	version := g.happened[len(g.happened)-1].version
	for _, app := range []*servertest.App{g.first, g.second} {
		g.checkHistory(t, app)
		g.checkFeed(t, app)
		s := app.Must(t, 200, "GET", sessionPath(g.id), nil)
		same(t, "version", s.Int("version"), version)
		same(t, "feed_seq", s.Int("feed_seq"), int64(len(g.told[app])))
		g.checkTag(t, app, s)
	}
	if g.tags[g.first].etag == g.tags[g.second].etag {
		t.Errorf("two seats share the ETag %s", g.tags[g.first].etag)
	}
}

func (g *table) checkHistory(t *testing.T, app *servertest.App) {
	t.Helper()
	var history struct {
		Items []servertest.Happening `json:"items"`
	}
	app.Must(t, 200, "GET", sessionPath(g.id)+"/events", nil).Into(t, &history)
	if len(history.Items) != len(g.happened) {
		t.Fatalf("%d events, want %d", len(history.Items), len(g.happened))
	}
	for i, want := range g.happened {
		checkEvent(t, history.Items[i], want)
	}
}

func checkEvent(t *testing.T, got servertest.Happening, want happened) {
	t.Helper()
	seat := -1
	if got.Seat != nil {
		seat = *got.Seat
	}
	if got.Version != want.version || got.Turn != want.turn || got.Kind != want.kind || seat != want.seat {
		t.Errorf("event %+v, want %+v", got, want)
	}
	if got.At.IsZero() || got.At.Nanosecond() != 0 {
		t.Errorf("event at %s", got.At)
	}
	sameJSON(t, "data of "+want.kind, got.Data, []byte(want.data))
}

func (g *table) checkFeed(t *testing.T, app *servertest.App) {
	t.Helper()
	listed := rawFeed(t, app)
	if len(listed) != len(g.told[app]) {
		t.Fatalf("%s was told %v, want %v", app.Name, kinds(feedOf(t, app)), g.told[app])
	}
	for i, want := range g.told[app] {
		m := message(t, listed[i])
		deadline := ""
		if m.DeadlineAt != nil {
			deadline = m.DeadlineAt.Format(time.RFC3339)
		}
		if m.Seq != int64(i)+1 || m.Kind != want.kind || m.SessionID != g.id || m.Game != "tictactoe" || m.At.IsZero() ||
			m.Version == nil || *m.Version != want.version || m.Turn == nil || *m.Turn != want.turn || deadline != want.deadline {
			t.Errorf("message %d of %s is %s, want %+v", i+1, app.Name, listed[i], want)
		}
		var events []happened
		for _, e := range g.happened {
			if e.version == want.version {
				events = append(events, e)
			}
		}
		if len(m.Data.Events) != len(events) {
			t.Fatalf("message %d carries %+v, want %+v", i+1, m.Data.Events, events)
		}
		for j, e := range events {
			checkEvent(t, m.Data.Events[j], e)
		}
	}
	g.checkStream(t, app, listed)
}

// checkStream reads what the stream must have brought since the last look. Each message is the one of the list.
func (g *table) checkStream(t *testing.T, app *servertest.App, listed []json.RawMessage) {
	t.Helper()
	for _, want := range listed[g.read[app]:] {
		e := g.streams[app].Next(t)
		if e.Name != "" || e.ID != fmt.Sprint(message(t, want).Seq) {
			t.Fatalf("event %q with id %q, want message %s", e.Name, e.ID, want)
		}
		sameJSON(t, "the message on the stream", []byte(e.Data), want)
		g.read[app]++
	}
}

// checkTag asks with the ETag of the last look, which holds as long as the version stands.
func (g *table) checkTag(t *testing.T, app *servertest.App, s servertest.Answer) {
	t.Helper()
	etag := s.Header.Get("ETag")
	same(t, "Cache-Control", s.Header.Get("Cache-Control"), "private, no-cache")
	same(t, "Vary", s.Header.Values("Vary")[0], "Authorization")
	before, now := g.tags[app], tag{etag, s.Int("version")}
	g.tags[app] = now
	if (before.etag == now.etag) != (before.version == now.version) {
		t.Errorf("the ETag was %+v and is %+v", before, now)
	}
	for _, test := range []struct {
		header string
		status int
	}{
		{etag, 304}, {`"other", ` + etag, 304}, {"W/" + etag, 304}, {"*", 304}, {`"a,b" ,,` + etag + `, "c"`, 304},
		{`"other"`, 200}, {etag[1 : len(etag)-1], 200}, {`W/"other", "another"`, 200},
	} {
		answer := app.Must(t, test.status, "GET", sessionPath(g.id), nil, "If-None-Match", test.header)
		same(t, "ETag of the answer to If-None-Match: "+test.header, answer.Header.Get("ETag"), etag)
		if test.status == 304 && len(answer.Body) > 0 {
			t.Errorf("304 with a body: %s", answer.Body)
		}
	}
	version := fmt.Sprintf("%s?version=%d", sessionPath(g.id), s.Int("version"))
	same(t, "ETag of this version", app.Must(t, 200, "GET", version, nil).Header.Get("ETag"), etag)
	app.Must(t, 304, "GET", version, nil, "If-None-Match", etag)
}

// over looks back from the end: at every version, at the pages of the history and the feed, and at the lists.
func (g *table) over(t *testing.T) {
	boards := []string{"", "", "", "X", "OX", "OXX", "OOXX", "OOXXX"}
	for version := 1; version <= 7; version++ {
		s := g.second.Must(t, 200, "GET", fmt.Sprintf("%s?version=%d", sessionPath(g.id), version), nil)
		same(t, "version", s.Int("version"), int64(version))
		marks := ""
		for cell := range s.Len("view", "board") {
			marks += s.String("view", "board", cell)
		}
		same(t, fmt.Sprintf("marks at version %d", version), marks, boards[version])
		same(t, "whose turn it was", s.Bool("your_turn"), version == 3 || version == 5)
	}
	refused(t, g.second.Do("GET", sessionPath(g.id)+"?version=8", nil), 404, "not-found", "")
	refused(t, g.second.Do("GET", sessionPath(g.id)+"?version=0", nil), 422, "invalid", "")

	page := g.first.Must(t, 200, "GET", sessionPath(g.id)+"/events?after=5&limit=1", nil)
	same(t, "one event", page.Len("items"), 1)
	same(t, "and a cursor", page.String("next_cursor"), "6")
	page = g.first.Must(t, 200, "GET", sessionPath(g.id)+"/events?after=6&limit=1", nil)
	same(t, "the events of one version stay together", page.Len("items"), 2)
	same(t, "and were the last", page.At("next_cursor"), nil)

	for _, app := range []*servertest.App{g.first, g.second} {
		list := app.Must(t, 200, "GET", "/v1/sessions", nil)
		same(t, "nothing waits", list.Int("waiting_for_me"), int64(0))
		same(t, "the list has it", list.String("items", 0, "status"), "finished")
		same(t, "no active ones", app.Must(t, 200, "GET", "/v1/sessions?status=active", nil).Len("items"), 0)
		poll := app.Must(t, 200, "GET", "/v1/me/feed?after=1&limit=2&wait=5", nil)
		same(t, "a long-poll with something to say", poll.Int("items", 0, "seq"), int64(2))
	}
	acked := g.second.Must(t, 200, "GET", "/v1/me/feed", nil)
	if from := acked.Int("acked_seq"); acked.Int("items", 0, "seq") != from+1 {
		t.Errorf("without after it begins at %d, acknowledged is %d", acked.Int("items", 0, "seq"), from)
	}

	answer := make(chan servertest.Answer)
	last := len(g.told[g.first])
	go func() { answer <- g.first.Do("GET", fmt.Sprintf("/v1/me/feed?after=%d&wait=30", last), nil) }()
	rematch := g.second.Must(t, 201, "POST", "/v1/tickets", ticket(86400))
	g.first.Must(t, 201, "POST", "/v1/tickets", ticket(86400))
	if polled := <-answer; polled.Int("items", 0, "seq") != int64(last)+1 || polled.String("items", 0, "kind") != "matched" {
		t.Errorf("the long-poll brought %s", polled.Body)
	}
	if id := g.second.Must(t, 200, "GET", "/v1/tickets/"+rematch.String("id"), nil).String("session_id"); id == g.id || id == "" {
		t.Errorf("a second game has the session %q", id)
	}
}

func encode(t *testing.T, value any) []byte {
	t.Helper()
	raw, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
