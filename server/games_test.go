package server_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"yourturn/server"
	"yourturn/server/servertest"
	"yourturn/store/enginetest"
)

// Every game that the server lists is played over HTTP as an app would play it that knows no more than the schema: by
// people, by bots, and with deadlines that pass in the middle. All that anybody sees on the way is looked at, and at the
// end the history must lead there again.
func TestEveryGame(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		onThirdEngine := strings.HasSuffix(t.Name(), "/mysql") // much like the second: one way to play is enough there
		url := servertest.Local(t, database, servertest.Options{Games: servertest.Games()})
		document := servertest.ReadDocument(t, url)
		for _, g := range listGames(t, url, document) {
			t.Run(g.Name, func(t *testing.T) {
				t.Run("deadlines", func(t *testing.T) { playedPastDeadlines(t, g) })
				if onThirdEngine {
					return
				}
				t.Run("people", func(t *testing.T) { playedByPeople(t, g) })
				t.Run("bots", func(t *testing.T) { playedWithBots(t, g) })
			})
		}
		verified(t, database)
	})
}

// What the program lists is what is played here: a game that it gains must come to these tests too.
func TestGamesOfTheProgramAreTested(t *testing.T) {
	document, err := exec.Command(servertest.Binary(t), "openapi").Output()
	if err != nil {
		t.Fatal(err)
	}
	var listed, tested []string
	for _, found := range regexp.MustCompile(`(?m)^  /v1/games/(\w+)/sessions:$`).FindAllSubmatch(document, -1) {
		listed = append(listed, string(found[1]))
	}
	for _, g := range servertest.Games() {
		tested = append(tested, g.Info().Name)
	}
	slices.Sort(listed)
	slices.Sort(tested)
	same(t, "the games of servertest and those of the program", tested, listed)
}

// verified plays all sessions of a database again with the program's own command.
func verified(t *testing.T, database string) {
	t.Helper()
	var out bytes.Buffer
	code := server.Run(t.Context(), []string{"verify", "--all", "--database", database}, &out, &out, servertest.Games()...)
	found := regexp.MustCompile(`(?m)^(\d+) of (\d+) sessions: (\d+) equal to its replay, .* 0 wrong$`).FindStringSubmatch(out.String())
	if code != 0 || found == nil || found[1] != found[2] || found[1] != found[3] || found[1] == "0" {
		t.Errorf("verify --all ends with %d and says:\n%s", code, &out)
	}
}

// listedGame is a game as the server lists it, with its operations and schemas.
type listedGame struct {
	Name         string          `json:"name"`
	MinSeats     int             `json:"min_seats"`
	MaxSeats     int             `json:"max_seats"`
	Bots         bool            `json:"bots"`
	ConfigSchema json.RawMessage `json:"config_schema"`
	MoveSchema   json.RawMessage `json:"move_schema"`
	ViewSchema   json.RawMessage `json:"view_schema"`

	url                string
	start, get, play   servertest.Operation
	config, move, view servertest.Standalone
}

func (g *listedGame) path() string { return "/v1/games/" + g.Name + "/sessions" }

func listGames(t *testing.T, url string, document *servertest.Document) (all []*listedGame) {
	t.Helper()
	nobody := &servertest.App{URL: url, Requests: servertest.Client()}
	answer := nobody.Must(t, 200, "GET", "/v1/games", nil)
	document.Operation(t, "GET /v1/games").CheckReply(t, answer)
	var list struct {
		Items []*listedGame `json:"items"`
	}
	answer.Into(t, &list)
	for _, g := range list.Items {
		g.url = url
		g.start = document.Operation(t, "POST "+g.path())
		g.get = document.Operation(t, "GET "+g.path()+"/{session_id}")
		g.play = document.Operation(t, "POST "+g.path()+"/{session_id}/moves")
		g.config, g.move, g.view = servertest.ReadStandalone(t, g.ConfigSchema), servertest.ReadStandalone(t, g.MoveSchema), servertest.ReadStandalone(t, g.ViewSchema)
	}
	if len(list.Items) != len(servertest.Games()) {
		t.Fatalf("%d games are listed, and there are %d", len(list.Items), len(servertest.Games()))
	}
	return list.Items
}

// shorter are configs that make games short, or leave nothing to real time: a round of the quiz lasts longer than a slow
// machine takes for it. Without one a game is played as it is by default.
var shorter = map[string]map[string]any{
	"quiz":    {"rounds": 3, "round_seconds": 600},
	"quest":   {"difficulty": "hard"},
	"dungeon": {"rooms": 4},
}

// unlisted chooses a move in a game that cannot list what is legal.
var unlisted = map[string]func(t *testing.T, seen servertest.Answer) any{
	"quiz": func(t *testing.T, seen servertest.Answer) any {
		if rand.N(3) == 0 {
			return map[string]any{"answer": "I do not know."}
		}
		return map[string]any{"answer": answerTo(t, seen.String("view", "question", "text"))}
	},
}

// answerTo looks into the file of questions.
func answerTo(t *testing.T, question string) string {
	t.Helper()
	file, err := os.ReadFile("../games/quiz/questions.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(file) {
		var q struct{ Question, Answer string }
		if json.Unmarshal(line, &q) == nil && q.Question == question {
			return q.Answer
		}
	}
	t.Fatalf("nobody knows the answer to %q", question)
	return ""
}

func playedByPeople(t *testing.T, g *listedGame) {
	p := sitDown(t, g, min(g.MaxSeats, max(g.MinSeats, 3)), nil, 0)
	for p.next() {
		p.moveSomebody()
	}
	p.over()
}

// playedWithBots has a person play against every level: at one table when there are seats enough, otherwise at several.
func playedWithBots(t *testing.T, g *listedGame) {
	if !g.Bots || g.MaxSeats == 1 {
		t.Skip("no seat for a bot")
	}
	levels := []string{"easy", "normal", "hard"}
	for table := range slices.Chunk(levels, min(len(levels), g.MaxSeats-1)) {
		for len(table) < g.MinSeats-1 {
			table = append(table, levels[0])
		}
		p := sitDown(t, g, 1+len(table), table, 0)
		for p.next() {
			p.moveSomebody()
		}
		p.over()
		p.botsWerePeople(table)
	}
}

func playedPastDeadlines(t *testing.T, g *listedGame) {
	p := sitDown(t, g, min(g.MaxSeats, max(g.MinSeats, 3)), nil, 60)
	for p.next() {
		if p.moves == 2 || p.moves > 2 && rand.N(3) == 0 {
			p.letTimePass()
			continue
		}
		p.moveSomebody()
	}
	p.over()
	p.timeRanOut()
}

// play is one session, with all that has been seen of it.
type play struct {
	t      *testing.T
	game   *listedGame
	id     string
	hash   string                              // of the seed
	people []*servertest.App                   // in the order in which they sat down
	seen   map[*servertest.App]map[int64]shown // what each has seen, by version
	last   map[*servertest.App]int64           // the newest version that each has seen
	now    map[*servertest.App]servertest.Answer
	moves  int
	looks  int
}

// shown is a session as it travels, but for what is about the reader or the request.
type shown struct {
	raw  []byte
	turn int64
	mine bool
}

// sitDown opens a table by the game's own operation, and seats people at it until it is full.
func sitDown(t *testing.T, g *listedGame, seats int, bots []string, turnSeconds int) *play {
	t.Helper()
	p := &play{
		t: t, game: g, seen: map[*servertest.App]map[int64]shown{}, last: map[*servertest.App]int64{}, now: map[*servertest.App]servertest.Answer{},
	}
	wish := map[string]any{"seats": seats}
	if config := shorter[g.Name]; config != nil {
		wish["config"] = config
	}
	if turnSeconds > 0 {
		wish["turn_seconds"] = turnSeconds
	}
	var asked []any
	for _, level := range bots {
		asked = append(asked, map[string]any{"level": level})
	}
	if len(asked) > 0 {
		wish["bots"] = asked
	}
	g.start.CheckRequest(t, wish)
	host := servertest.Guest(t, g.url, "Host")
	made := host.Must(t, 201, "POST", g.path(), wish)
	g.start.CheckReply(t, made)
	p.id, p.hash = made.String("id"), made.String("seed_hash")
	p.people = append(p.people, host)
	p.take(host, made)
	for i := range seats - 1 - len(bots) {
		guest := servertest.Guest(t, g.url, fmt.Sprintf("Guest %d", i+1))
		p.people = append(p.people, guest)
		p.take(guest, guest.Must(t, 200, "POST", "/v1/sessions/join", join(made.String("join_code"))))
	}
	return p
}

// next has somebody look at the session, and those who are to move, and says whether it goes on. When nobody is to move
// but the server or its bots, it lets a little time pass first.
func (p *play) next() bool {
	p.t.Helper()
	for {
		if p.looks++; p.looks > 2000 {
			p.t.Fatalf("%s does not come to an end", p.game.Name)
		}
		somebody := p.people[rand.N(len(p.people))]
		p.look(somebody)
		for _, app := range p.people {
			if app != somebody && p.isToMove(p.now[somebody], app) {
				p.look(app)
			}
		}
		switch {
		case p.now[somebody].String("status") == "finished":
			return false
		case len(p.awaited()) > 0:
			return true
		}
		servertest.Advance(p.t, p.game.url, 4*time.Second) // longer than a bot thinks, or a monster waits
	}
}

// isToMove says whether somebody's seat is to move, as another one knows.
func (p *play) isToMove(seen servertest.Answer, app *servertest.App) bool {
	seats, _ := seen.At("to_move").([]any)
	return slices.Contains(seats, p.now[app].At("your_seat"))
}

// awaited are the people who must move in the newest version that anybody has seen, as they have seen it themselves.
func (p *play) awaited() (apps []*servertest.App) {
	newest := slices.Max(slices.Collect(maps.Values(p.last)))
	for _, app := range p.people {
		if p.last[app] == newest && p.now[app].Bool("your_turn") {
			apps = append(apps, app)
		}
	}
	return apps
}

func (p *play) path() string { return p.game.path() + "/" + p.id }

func (p *play) look(app *servertest.App) {
	p.t.Helper()
	answer := app.Must(p.t, 200, "GET", p.path(), nil)
	p.game.get.CheckReply(p.t, answer)
	p.take(app, answer)
}

// at is the session as it was at a version.
func (p *play) at(app *servertest.App, version int64) servertest.Answer {
	p.t.Helper()
	answer := app.Must(p.t, 200, "GET", fmt.Sprintf("%s?version=%d", p.path(), version), nil)
	p.game.get.CheckReply(p.t, answer)
	return answer
}

// moveSomebody plays any move of anybody who must, and now and then sends it twice.
func (p *play) moveSomebody() {
	p.t.Helper()
	waiting := p.awaited()
	app := waiting[rand.N(len(waiting))]
	before := p.now[app]
	body := map[string]any{"turn": before.Int("turn"), "move": p.choose(before)}
	p.game.play.CheckRequest(p.t, body)
	answer := app.Must(p.t, 200, "POST", p.path()+"/moves", body)
	p.game.play.CheckReply(p.t, answer)
	version := answer.Int("move", "version")
	if version <= before.Int("version") || version != answer.Int("version") {
		p.t.Errorf("a move in version %d made version %d, and the session has %d", before.Int("version"), version, answer.Int("version"))
	}
	same(p.t, "the turn that was answered", answer.Int("move", "turn"), before.Int("turn"))
	same(p.t, "the seat that moved", answer.Int("move", "seat"), before.Int("your_seat"))
	p.take(app, answer)
	if p.moves++; p.moves%4 == 0 {
		again := app.Must(p.t, 200, "POST", p.path()+"/moves", body)
		same(p.t, "the move again", again.Int("move", "version"), version)
		p.take(app, again)
	}
}

// choose picks one of the legal moves, all of which must be moves by the game's schema.
func (p *play) choose(seen servertest.Answer) any {
	p.t.Helper()
	legal, _ := seen.At("legal_moves").([]any)
	for _, move := range legal {
		p.game.move.Check(p.t, "a legal move", encode(p.t, move))
	}
	if len(legal) > 0 {
		return legal[rand.N(len(legal))]
	}
	choose, ok := unlisted[p.game.Name]
	if !ok {
		p.t.Fatalf("%s lists no moves: this test must be told how to play it", p.game.Name)
	}
	return choose(p.t, seen)
}

// take checks what somebody sees, and keeps it.
func (p *play) take(app *servertest.App, s servertest.Answer) {
	p.t.Helper()
	t, version := p.t, s.Int("version")
	same(t, "the session", s.String("id"), p.id)
	same(t, "the game", s.String("game"), p.game.Name)
	if version < p.last[app] {
		t.Errorf("version %d after version %d", version, p.last[app])
	}
	p.last[app], p.now[app] = version, s
	p.checkTurn(s)
	p.checkSeed(s)
	if s.At("view") != nil {
		p.game.view.Check(t, "a view", member(t, s.Body, "view"))
	}
	p.game.config.Check(t, "a config", member(t, s.Body, "config"))
	p.keep(app, version, s)
}

// checkTurn compares whose turn it is with all that depends on it.
func (p *play) checkTurn(s servertest.Answer) {
	p.t.Helper()
	t, status := p.t, s.String("status")
	var toMove []int
	if err := json.Unmarshal(member(t, s.Body, "to_move"), &toMove); err != nil || !slices.IsSorted(toMove) {
		t.Errorf("to_move is %v", toMove)
	}
	mine := slices.Contains(toMove, int(s.Int("your_seat")))
	same(t, "your_turn beside to_move", s.Bool("your_turn"), mine)
	same(t, "a view once it has begun", s.At("view") != nil, status != "waiting")
	same(t, "a result once it is over", s.At("result") != nil, status == "finished")
	same(t, "a deadline while it goes on", s.At("deadline_at") != nil, status == "active")
	if status != "active" && len(toMove) > 0 {
		t.Errorf("%s, and %v are to move", status, toMove)
	}
	if s.At("legal_moves") != nil && !mine {
		t.Errorf("legal moves for a seat that is not to move: %s", s.Body)
	}
}

// checkSeed: its hash never changes, and the seed itself is shown at the end alone.
func (p *play) checkSeed(s servertest.Answer) {
	p.t.Helper()
	same(p.t, "the hash of the seed", s.String("seed_hash"), p.hash)
	if s.String("status") != "finished" {
		same(p.t, "the seed before the end", s.At("seed"), nil)
		return
	}
	seed, err := hex.DecodeString(s.String("seed"))
	sum := sha256.Sum256(seed)
	if err != nil || len(seed) != 32 || hex.EncodeToString(sum[:]) != p.hash {
		p.t.Errorf("the seed %q does not have the hash %s", s.String("seed"), p.hash)
	}
}

func (p *play) keep(app *servertest.App, version int64, s servertest.Answer) {
	p.t.Helper()
	if p.seen[app] == nil {
		p.seen[app] = map[int64]shown{}
	}
	now := shown{without(p.t, s.Body, "move", "feed_seq", "unread"), s.Int("turn"), s.Bool("your_turn")}
	if before, ok := p.seen[app][version]; ok && !bytes.Equal(before.raw, now.raw) {
		p.t.Errorf("version %d looks different the second time:\n%s\n%s", version, before.raw, now.raw)
	}
	p.seen[app][version] = now
}

// letTimePass moves the clock until somebody's deadline is over, grace and all.
func (p *play) letTimePass() {
	p.t.Helper()
	app := p.awaited()[0]
	clock := app.Must(p.t, 200, "GET", "/v1/test/clock", nil)
	left := instantOf(p.t, p.now[app].String("deadline_at")).Sub(instantOf(p.t, clock.String("now")))
	servertest.Advance(p.t, p.game.url, left+4*time.Second)
	for _, app := range p.people {
		app.Renew(p.t)
	}
}

func instantOf(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// over looks back from the end.
func (p *play) over() {
	p.t.Helper()
	for _, app := range p.people {
		p.look(app)
		p.checkResult(p.now[app])
		p.checkHistory(app)
		p.checkReplay(app)
		p.checkFeed(app)
	}
}

// checkResult: everybody has a place, and those on the first have won unless all are.
func (p *play) checkResult(s servertest.Answer) {
	p.t.Helper()
	same(p.t, "status", s.String("status"), "finished")
	seats, winners := s.Len("seats"), []int{}
	for seat := range seats {
		same(p.t, "a seat's number", s.Int("seats", seat, "seat"), int64(seat))
		place := s.Int("seats", seat, "result", "place")
		if place < 1 || place > int64(max(seats, 2)) || s.At("seats", seat, "result", "score") == nil {
			p.t.Errorf("seat %d of %d has place %d: %s", seat, seats, place, s.Body)
		}
		if place == 1 {
			winners = append(winners, seat)
		}
	}
	if len(winners) == seats && seats > 1 {
		winners = []int{}
	}
	sameJSON(p.t, "winners", encode(p.t, s.At("result", "winners")), encode(p.t, winners))
	if s.String("result", "reason") == "" {
		p.t.Errorf("it ended without a reason: %s", s.Body)
	}
}

// history reads it page by page.
func (p *play) history(app *servertest.App, limit int) (events []servertest.Happening) {
	p.t.Helper()
	for after := int64(0); ; {
		answer := app.Must(p.t, 200, "GET", fmt.Sprintf("/v1/sessions/%s/events?after=%d&limit=%d", p.id, after, limit), nil)
		var page struct {
			Items      []servertest.Happening `json:"items"`
			NextCursor string                 `json:"next_cursor"`
		}
		answer.Into(p.t, &page)
		events = append(events, page.Items...)
		if page.NextCursor == "" {
			return events
		}
		next, err := strconv.ParseInt(page.NextCursor, 10, 64)
		if err != nil || next <= after {
			p.t.Fatalf("after %d comes %q", after, page.NextCursor)
		}
		after = next
	}
}

// checkHistory: every version is told of, in order, however large the pages are; the last line is the end.
func (p *play) checkHistory(app *servertest.App) {
	p.t.Helper()
	events := p.history(app, 100)
	same(p.t, "the history in small pages", p.history(app, 3), events)
	version, turn := int64(0), int64(0)
	for _, e := range events {
		if e.Version != version && e.Version != version+1 || e.Turn < turn {
			p.t.Errorf("after version %d of turn %d comes %+v", version, turn, e)
		}
		version, turn = e.Version, e.Turn
	}
	same(p.t, "the last version of the history", version, p.last[app])
	end := events[len(events)-1]
	var placings struct {
		Placings []struct{ Seat, Place, Score int } `json:"placings"`
		Reason   string                             `json:"reason"`
	}
	if err := json.Unmarshal(end.Data, &placings); err != nil || end.Kind != "finished" {
		p.t.Fatalf("the history ends with %+v", end)
	}
	s := p.now[app]
	same(p.t, "the reason in the history", placings.Reason, s.String("result", "reason"))
	same(p.t, "all have a place in the history", len(placings.Placings), s.Len("seats"))
	for _, one := range placings.Placings {
		same(p.t, "a place in the history", int64(one.Place), s.Int("seats", one.Seat, "result", "place"))
		same(p.t, "a score in the history", int64(one.Score), s.Int("seats", one.Seat, "result", "score"))
	}
}

// checkReplay looks at versions again, which must be what was seen then to the byte: the host at all of them, or in a long
// game at three stretches, and the others at some.
func (p *play) checkReplay(app *servertest.App) {
	p.t.Helper()
	versions := slices.Collect(maps.Keys(p.seen[app]))
	rand.Shuffle(len(versions), func(i, j int) { versions[i], versions[j] = versions[j], versions[i] })
	versions = versions[:min(len(versions), 8)]
	if app == p.people[0] {
		versions = stretches(p.last[app], 16)
	} else {
		refused(p.t, app.Do("GET", p.path()+"?version=1", nil), 404, "not-found", "") // before they sat down
	}
	for _, version := range slices.Concat(versions, versions) { // the second time they may come from a cache
		then := p.at(app, version)
		same(p.t, "the version asked for", then.Int("version"), version)
		p.checkTurn(then)
		p.checkSeed(then)
		p.keep(app, version, then)
	}
}

// stretches are the versions from 1 to the last, or the first ones, the last ones and some in the middle.
func stretches(last, length int64) (versions []int64) {
	middle := length + 1
	if rest := last - 3*length; rest > 0 {
		middle += rand.N(rest)
	}
	for version := int64(1); version <= last; version++ {
		if version <= length || version > last-length || version >= middle && version < middle+length {
			versions = append(versions, version)
		}
	}
	return versions
}

// checkFeed: each message carries the events of its version as the history has them, every turn of the seat was called
// once, and the last message is the end.
func (p *play) checkFeed(app *servertest.App) {
	p.t.Helper()
	feed, told := feedOf(p.t, app), map[int64]bool{} // feedOf sees to the numbers
	events := map[int64][]servertest.Happening{}
	for _, e := range p.history(app, 100) {
		events[e.Version] = append(events[e.Version], e)
	}
	last := int64(0)
	for _, m := range feed {
		same(p.t, "what a message is about", m.Game+" "+m.SessionID, p.game.Name+" "+p.id)
		if m.Kind == "turn_reminder" { // it tells of no version of its own
			continue
		}
		if *m.Version <= last {
			p.t.Errorf("a second message about version %d, after %d: %+v", *m.Version, last, m)
		}
		last = *m.Version
		if len(m.Data.Events) > 0 {
			same(p.t, "the events of a message", m.Data.Events, events[last])
		}
		if m.Kind == "your_turn" {
			told[last] = true
		}
	}
	end := feed[len(feed)-1]
	same(p.t, "the last message", fmt.Sprint(end.Kind, *end.Version), fmt.Sprint("session_finished", p.last[app]))
	p.checkCalls(app, told)
}

// checkCalls compares the versions at which somebody was called with those at which their turn began, as far as they have
// looked at them.
func (p *play) checkCalls(app *servertest.App, told map[int64]bool) {
	p.t.Helper()
	for version, now := range p.seen[app] {
		before, ok := p.seen[app][version-1]
		if !ok {
			continue
		}
		begins := now.mine && (now.turn != before.turn || !before.mine)
		same(p.t, fmt.Sprintf("called to move at version %d", version), told[version], begins)
	}
}

// botsWerePeople: the seats that were asked for are bots, they moved like everybody, and not at once.
func (p *play) botsWerePeople(levels []string) {
	p.t.Helper()
	host := p.people[0]
	s, found, bots := p.now[host], []string{}, map[int]bool{}
	for seat := range s.Len("seats") {
		same(p.t, "a bot has no player", s.Bool("seats", seat, "bot"), s.At("seats", seat, "player_id") == nil)
		if s.Bool("seats", seat, "bot") {
			found = append(found, s.String("seats", seat, "bot_level"))
			bots[seat] = true
		}
	}
	same(p.t, "the levels of the bots", slices.Sorted(slices.Values(found)), slices.Sorted(slices.Values(levels)))
	moved, began := 0, map[int64]time.Time{} // by turn
	for _, e := range p.history(host, 100) {
		began[e.Turn+1] = e.At
		if e.Kind != "move" || e.Seat != nil && !bots[*e.Seat] { // some games do not say who has moved
			continue
		}
		moved++
		if len(bots) == 1 && e.Seat != nil && e.At.Sub(began[e.Turn]) < time.Second {
			p.t.Errorf("a bot moved at %s in a turn that began at %s", e.At, began[e.Turn])
		}
	}
	if moved < len(bots) {
		p.t.Errorf("%d bots moved %d times", len(bots), moved)
	}
}

// timeRanOut: the server has acted for the absent, and not before their grace was over.
func (p *play) timeRanOut() {
	p.t.Helper()
	host, times := p.people[0], 0
	for _, e := range p.history(host, 100) {
		if e.Kind != "timed_out" {
			continue
		}
		times++
		before := p.at(host, e.Version-1)
		if deadline := instantOf(p.t, before.String("deadline_at")); e.At.Before(deadline.Add(2 * time.Second)) {
			p.t.Errorf("the deadline was %s, and the server acted at %s", deadline, e.At)
		}
	}
	if times == 0 {
		p.t.Error("no deadline has passed")
	}
}

// member is a member of a JSON object, to the byte.
func member(t *testing.T, object []byte, name string) json.RawMessage {
	t.Helper()
	var members map[string]json.RawMessage
	if err := json.Unmarshal(object, &members); err != nil {
		t.Fatalf("%v in %s", err, object)
	}
	return members[name]
}

// without is a JSON object without some of its members; the others stay as they are, to the byte.
func without(t *testing.T, object []byte, names ...string) []byte {
	t.Helper()
	var members map[string]json.RawMessage
	if err := json.Unmarshal(object, &members); err != nil {
		t.Fatalf("%v in %s", err, object)
	}
	maps.DeleteFunc(members, func(name string, _ json.RawMessage) bool { return slices.Contains(names, name) })
	var kept strings.Builder
	for _, name := range slices.Sorted(maps.Keys(members)) {
		fmt.Fprintf(&kept, "%s: %s\n", name, members[name])
	}
	return []byte(kept.String())
}
