package server_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"yourturn/server/servertest"
	"yourturn/session"
)

// stormSession is a session as the database holds it.
type stormSession struct {
	id, status, result   string
	version, turnSeconds int64
	awaited              []int
	seats                []string // players
	history              []stormChange
}

// stormChange is a line of history. Whatever is no move has the cell -1.
type stormChange struct {
	version, turn int64
	kind          string
	seat, cell    int
}

// check compares what players wrote down with what the API says and what the database holds.
func (s *storm) check() {
	s.t.Helper()
	db := servertest.Open(s.t, s.database)
	sessions := s.readSessions(db)
	s.checkHistories(sessions)
	s.checkFeeds(sessions, db)
	s.checkDeadlines(sessions, db)
	s.checkBadges(sessions, db)
	s.checkTickets(sessions, db)
	s.checkFile()
	s.checkReplay()

	moves, messages := 0, 0
	for _, taken := range s.taken {
		moves += len(taken)
	}
	for _, p := range s.players {
		messages += len(p.polled)
	}
	s.t.Logf("%d kills: %d moves acknowledged in %d sessions, %d of them sent again; %d messages polled; %d connections broken, %d requests refused for now; %d wrongs",
		s.kills, moves, len(sessions), s.retried, messages, s.broken, s.refused, len(s.wrongs))
	for _, wrong := range s.wrongs[:min(len(s.wrongs), 30)] {
		s.t.Error(wrong)
	}
}

// checkHistories: every acknowledged move is in the history exactly once, with the version that was acknowledged, and
// marks its cell; the history holds nothing that nobody was told of; the version is the number of changes.
func (s *storm) checkHistories(sessions map[string]*stormSession) {
	for game := range s.taken {
		if sessions[game] == nil {
			s.wrong("session %s is gone", game)
		}
	}
	for _, game := range sessions {
		if int64(len(game.history)) != game.version {
			s.wrong("session %s has version %d and %d changes", game.id, game.version, len(game.history))
		}
		played := map[stormMove]int64{}
		for i, c := range game.history {
			if c.version != int64(i+1) {
				s.wrong("session %s: change %d has version %d", game.id, i+1, c.version)
			}
			if c.kind != "move" {
				continue
			}
			move := stormMove{c.turn, c.seat, c.cell}
			if played[move] != 0 {
				s.wrong("session %s: %+v is there twice", game.id, move)
			}
			played[move] = c.version
			if s.taken[game.id][move] == 0 {
				s.wrong("session %s: nobody was told that %+v was taken", game.id, move)
			}
		}
		for move, version := range s.taken[game.id] {
			if played[move] != version {
				s.wrong("session %s: %+v was acknowledged as version %d and is %d", game.id, move, version, played[move])
			}
		}
		s.checkShown(game, played)
	}
}

// checkShown compares a session with what the API shows of it.
func (s *storm) checkShown(game *stormSession, played map[stormMove]int64) {
	app := s.appOf(game.seats[0])
	now := app.Must(s.t, http.StatusOK, "GET", "/v1/sessions/"+game.id, nil)
	if now.Int("version") != game.version || now.String("status") != game.status {
		s.wrong("session %s is %s at version %d and shown %s at %d", game.id, game.status, game.version, now.String("status"), now.Int("version"))
	}
	marks := 0
	for cell := range 9 {
		if now.String("view", "board", cell) != "" {
			marks++
		}
	}
	if marks != len(played) {
		s.wrong("session %s: %d moves have made %d marks", game.id, len(played), marks)
	}
	for move := range played {
		if now.String("view", "board", move.cell) != now.String("view", "marks", move.seat) {
			s.wrong("session %s: %+v is not on the board %s", game.id, move, now.Body)
		}
	}
	if shown := s.shownHistory(app, game.id); !slices.Equal(shown, game.history) {
		s.wrong("session %s: the history is %v and shown as %v", game.id, game.history, shown)
	}
}

func (s *storm) shownHistory(app *servertest.App, game string) (history []stormChange) {
	var page struct {
		Items []struct {
			Version, Turn int64
			Kind          string
			Seat          *int
			Data          struct{ Move *struct{ Cell int } }
		}
		Next string `json:"next_cursor"`
	}
	app.Must(s.t, http.StatusOK, "GET", "/v1/sessions/"+game+"/events?limit=100", nil).Into(s.t, &page)
	if page.Next != "" {
		s.wrong("session %s has more history than nine moves can make", game)
	}
	for _, e := range page.Items {
		if e.Kind == "finished" { // comes with the change that ended it
			continue
		}
		c := stormChange{version: e.Version, turn: e.Turn, kind: e.Kind, seat: session.NoSeat, cell: -1}
		if e.Seat != nil {
			c.seat = *e.Seat
		}
		if e.Data.Move != nil {
			c.cell = e.Data.Move.Cell
		}
		history = append(history, c)
	}
	return history
}

// checkFeeds: every player's feed is gapless from 1 and in order, the same by list, long-poll and stream and in the
// database; it tells of every change once, and of nothing else.
func (s *storm) checkFeeds(sessions map[string]*stormSession, db *sql.DB) {
	due := messagesDue(s.t, sessions, s.appOf)
	stored := map[string]int64{}
	s.scan(db, "SELECT c.player_id, c.last_seq, COUNT(f.seq), COALESCE(MIN(f.seq), 1), COALESCE(MAX(f.seq), 0) FROM counters c LEFT JOIN feed f ON f.player_id = c.player_id GROUP BY c.player_id, c.last_seq", func(rows *sql.Rows) error {
		var player string
		var last, count, lowest, highest int64
		err := rows.Scan(&player, &last, &count, &lowest, &highest)
		if lowest != 1 || highest != count || last != count {
			s.wrong("player %s: %d rows numbered %d to %d, and a counter of %d", player, count, lowest, highest, last)
		}
		stored[player] = count
		return err
	})
	for _, p := range s.players {
		feed := s.shownFeed(p)
		if int64(len(feed)) != stored[p.id] {
			s.wrong("player %s: %d messages are shown, %d stored", p.id, len(feed), stored[p.id])
		}
		told := map[string]int{}
		for i, m := range feed {
			if m.Seq != int64(i+1) {
				s.wrong("player %s: message %d has the number %d", p.id, i+1, m.Seq)
			}
			told[fmt.Sprintf("%s of %s version %d", m.Kind, m.SessionID, m.Version)]++
		}
		for what, times := range told {
			if reminder := strings.HasPrefix(what, "turn_reminder"); times != 1 || !reminder && !due[p.id][what] {
				s.wrong("player %s was told %d times: %s", p.id, times, what)
			}
		}
		for what := range due[p.id] {
			if told[what] == 0 {
				s.wrong("player %s was not told: %s", p.id, what)
			}
		}
		p.hearing.Lock()
		s.compareFeeds(p, "long-poll", p.polled, feed[:min(len(p.polled), len(feed))])
		if p.streams {
			s.compareFeeds(p, "stream", p.streamed, feed)
		}
		p.hearing.Unlock()
	}
}

func (s *storm) compareFeeds(p *stormPlayer, how string, heard, feed []stormMessage) {
	if len(heard) != len(feed) {
		s.wrong("player %s heard %d messages by %s, and the feed has %d", p.id, len(heard), how, len(feed))
	}
	for i := range min(len(heard), len(feed)) {
		if heard[i].raw != feed[i].raw {
			s.wrong("player %s heard by %s:\n%s\nand the feed has:\n%s", p.id, how, heard[i].raw, feed[i].raw)
			return
		}
	}
}

func (s *storm) shownFeed(p *stormPlayer) (feed []stormMessage) {
	for {
		page := p.messages(p.apps[0].Must(s.t, http.StatusOK, "GET", fmt.Sprintf("/v1/me/feed?after=%d&limit=100", lastSeq(feed)), nil))
		if len(page) == 0 {
			return feed
		}
		feed = append(feed, page...)
	}
}

// messagesDue is what each player must have been told, from the histories alone.
func messagesDue(t *testing.T, sessions map[string]*stormSession, appOf func(string) *servertest.App) map[string]map[string]bool {
	due := map[string]map[string]bool{}
	tell := func(player, kind, game string, version int64) {
		if due[player] == nil {
			due[player] = map[string]bool{}
		}
		due[player][fmt.Sprintf("%s of %s version %d", kind, game, version)] = true
	}
	for _, game := range sessions {
		for _, c := range game.history {
			for seat, player := range game.seats {
				switch {
				case c.kind == "matched":
					tell(player, "matched", game.id, c.version)
				case c.kind == "started":
					if x := appOf(player).Must(t, http.StatusOK, "GET", "/v1/sessions/"+game.id, nil); x.String("view", "marks", seat) == "X" {
						tell(player, "your_turn", game.id, c.version)
					}
				case c.version == game.version && game.status == "finished":
					tell(player, "session_finished", game.id, c.version)
				case c.seat == seat:
					tell(player, "session_updated", game.id, c.version)
				default:
					tell(player, "your_turn", game.id, c.version)
				}
			}
		}
	}
	return due
}

// checkDeadlines: every session whose players went silent was ended by the server, once, after its deadline and the
// grace; no other was.
func (s *storm) checkDeadlines(sessions map[string]*stormSession, db *sql.DB) {
	deadlines := map[string]time.Time{} // of the last turn, as players were told
	for _, p := range s.players[stormPlayers:] {
		for _, m := range s.shownFeed(p) {
			if m.Deadline != nil && m.Deadline.After(deadlines[m.SessionID]) {
				deadlines[m.SessionID] = *m.Deadline
			}
		}
	}
	acted := map[string]int{}
	s.scan(db, "SELECT session_id, version, at FROM changes WHERE cause = 'timed_out'", func(rows *sql.Rows) error {
		var game string
		var version, at int64
		err := rows.Scan(&game, &version, &at)
		acted[game]++
		if version != sessions[game].version {
			s.wrong("session %s went on after its time was over", game)
		}
		if deadlines[game].IsZero() || time.UnixMilli(at).Before(deadlines[game].Add(session.Grace)) {
			s.wrong("session %s: the deadline was %s, the server acted at %s", game, deadlines[game], time.UnixMilli(at))
		}
		return err
	})
	silent := 0
	for _, game := range sessions {
		times, ended := 0, false
		if game.turnSeconds < 60 {
			silent++
			times, ended = 1, true
		}
		if acted[game.id] != times || strings.Contains(game.result, `"timeout"`) != ended {
			s.wrong("session %s with turns of %d s: the server acted %d times, result %s", game.id, game.turnSeconds, acted[game.id], game.result)
		}
	}
	if silent == 0 {
		s.wrong("no session was silent")
	}
	s.t.Logf("%d silent sessions", silent)
}

// checkBadges: what a player is said to be waited for by is what a count of the sessions finds.
func (s *storm) checkBadges(sessions map[string]*stormSession, db *sql.DB) {
	waiting, all := map[string]int64{}, 0
	for _, game := range sessions {
		for _, seat := range game.awaited {
			if game.status == "active" {
				waiting[game.seats[seat]]++
				all++
			}
		}
	}
	if all == 0 {
		s.wrong("no session waits for anybody: the badges say nothing")
	}
	s.scan(db, "SELECT player_id, waiting FROM counters", func(rows *sql.Rows) error {
		var player string
		var badge int64
		err := rows.Scan(&player, &badge)
		if badge != waiting[player] {
			s.wrong("player %s: the badge is %d, and %d sessions wait", player, badge, waiting[player])
		}
		return err
	})
	for _, p := range s.players {
		list := p.apps[0].Must(s.t, http.StatusOK, "GET", "/v1/sessions?my_turn=true&limit=100", nil)
		if n := waiting[p.id]; list.Int("waiting_for_me") != n || int64(list.Len("items")) != n {
			s.wrong("player %s: %d sessions wait, %d are listed, the badge is %d", p.id, n, list.Len("items"), list.Int("waiting_for_me"))
		}
	}
}

// checkTickets: asking again made no second ticket; every ticket became one session at the most, every session is made of
// two tickets, and nobody sits anywhere without one. The count of open tickets is true.
func (s *storm) checkTickets(sessions map[string]*stormSession, db *sql.DB) {
	tickets, matched, open := map[string]int{}, map[string][]string{}, map[string]int{}
	s.scan(db, "SELECT player_id, status, COALESCE(session_id, '') FROM tickets ORDER BY player_id", func(rows *sql.Rows) error {
		var player, status, game string
		err := rows.Scan(&player, &status, &game)
		tickets[player]++
		switch status {
		case "matched":
			matched[game] = append(matched[game], player)
		case "waiting":
			open[player]++
		}
		return err
	})
	for _, p := range s.players {
		if tickets[p.id] != len(p.tickets) {
			s.wrong("player %s made %d tickets and has %d", p.id, len(p.tickets), tickets[p.id])
		}
	}
	for id, owners := range matched {
		if game := sessions[id]; game == nil || !slices.Equal(slices.Sorted(slices.Values(game.seats)), owners) {
			s.wrong("the tickets of %v became session %s: %+v", owners, id, game)
		}
	}
	if len(matched) != len(sessions) {
		s.wrong("%d sessions came of tickets, and there are %d", len(matched), len(sessions))
	}
	s.scan(db, "SELECT player_id, open_tickets FROM counters", func(rows *sql.Rows) error {
		var player string
		var count int
		err := rows.Scan(&player, &count)
		if count != open[player] {
			s.wrong("player %s: %d tickets are open, the counter says %d", player, open[player], count)
		}
		return err
	})
}

// checkFile: what SQLite finds in its file is whole.
func (s *storm) checkFile() {
	if !strings.HasPrefix(s.database, "sqlite:") {
		return
	}
	db := servertest.Open(s.t, s.database)
	defer db.Close()
	s.scan(db, "PRAGMA integrity_check", func(rows *sql.Rows) error {
		var found string
		err := rows.Scan(&found)
		if found != "ok" {
			s.wrong("after %d kills: %s", s.kills+1, found)
		}
		return err
	})
}

// checkReplay: every session can be played again from its history, to the byte.
func (s *storm) checkReplay() {
	out, err := exec.Command(servertest.Binary(s.t), "verify", "--all", "--database", s.database).CombinedOutput()
	if err != nil {
		s.wrong("yourturn verify --all: %v\n%s", err, out)
	}
}

func (s *storm) appOf(player string) *servertest.App {
	for _, p := range s.players {
		if p.id == player {
			return p.apps[0]
		}
	}
	s.t.Fatalf("nobody is player %s", player)
	return nil
}

func (s *storm) readSessions(db *sql.DB) map[string]*stormSession {
	sessions := map[string]*stormSession{}
	s.scan(db, "SELECT id, status, version, turn_seconds, awaited, result FROM sessions", func(rows *sql.Rows) error {
		game, awaited := &stormSession{}, ""
		if err := rows.Scan(&game.id, &game.status, &game.version, &game.turnSeconds, &awaited, &game.result); err != nil {
			return err
		}
		sessions[game.id] = game
		return json.Unmarshal([]byte(awaited), &game.awaited)
	})
	s.scan(db, "SELECT session_id, player_id FROM seats ORDER BY session_id, seat", func(rows *sql.Rows) error {
		var game, player string
		err := rows.Scan(&game, &player)
		sessions[game].seats = append(sessions[game].seats, player)
		return err
	})
	s.scan(db, "SELECT session_id, version, turn, cause, seat, act FROM changes ORDER BY session_id, version", func(rows *sql.Rows) error {
		c, game, act := stormChange{cell: -1}, "", ""
		if err := rows.Scan(&game, &c.version, &c.turn, &c.kind, &c.seat, &act); err != nil {
			return err
		}
		var of struct{ Move *struct{ Cell int } }
		err := json.Unmarshal([]byte(act), &of)
		if of.Move != nil {
			c.cell = of.Move.Cell
		}
		sessions[game].history = append(sessions[game].history, c)
		return err
	})
	return sessions
}

// scan reads what a query finds.
func (s *storm) scan(db *sql.DB, query string, scan func(*sql.Rows) error) {
	s.t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		s.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			s.t.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		s.t.Fatal(err)
	}
}
