package server_test

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"yourturn/server/servertest"
	"yourturn/store/enginetest"
	"yourturn/store/faultdb"
)

// A session is linearizable: however many devices ask however many servers at once, all answers are as if the requests
// had come one after another, each at some instant between its sending and its answer. Porcupine looks for such an
// order in what clients have sent and heard; [follow] is what each request does and answers in it.

// linHistories is how many histories each test records. In every fifth a server is killed while it is recorded.
const linHistories = 30

func TestLinearizableSQLite(t *testing.T) {
	s := servertest.Start(t, "sqlite:"+filepath.Join(t.TempDir(), "yourturn.db"))
	linearizable(t, s)
}

func TestLinearizableMariaDB(t *testing.T) {
	database := enginetest.MariaDB(t).Database(t)
	linearizable(t, servertest.Start(t, database), servertest.Start(t, database))
}

func linearizable(t *testing.T, servers ...*servertest.Process) {
	var urls []string
	for _, s := range servers {
		urls = append(urls, s.URL)
	}
	requests, unknown := 0, 0
	for i := range linHistories {
		meanwhile := func() {}
		if i%5 == 4 {
			meanwhile = func() {
				victim := servers[rand.N(len(servers))]
				<-time.After(rand.N(100 * time.Millisecond)) // at any moment of it
				victim.Kill()
				victim.Restart(t)
			}
		}
		history := recordHistory(t, urls, meanwhile)
		if verdict := porcupine.CheckOperationsTimeout(linModel, history, time.Minute); verdict != porcupine.Ok {
			t.Fatalf("history %d is %s:\n%s", i+1, verdict, linReport(history))
		}
		requests += len(history)
		for _, o := range history {
			if o.Output.(linOutput).unknown {
				unknown++
			}
		}
	}
	t.Logf("%d histories of %d requests are linearizable; %d moves were never answered", linHistories, requests, unknown)
}

// The check has teeth. What keeps two servers from overwriting each other is a comparison of the session's version, and
// behind it the unique keys of the history. Without the keys the comparison is enough; without both, moves are lost, and
// the check says so. (Without the comparison alone, the keys refuse what it lets through.)
func TestLinearizableControl(t *testing.T) {
	for _, control := range []struct {
		name             string
		compares, unique bool
		want             porcupine.CheckResult
	}{
		{"the version is compared, nothing is unique", true, false, porcupine.Ok},
		{"the version is not compared, but the history is unique", false, true, porcupine.Ok},
		{"the version is not compared, nothing is unique", false, false, porcupine.Illegal},
	} {
		t.Run(control.name, func(t *testing.T) {
			database := enginetest.MariaDB(t).Database(t)
			var faults faultdb.Faults
			urls := []string{
				servertest.Local(t, database, servertest.Options{Wrap: faults.Wrap}),
				servertest.Local(t, database, servertest.Options{Wrap: faults.Wrap}),
			}
			if !control.unique {
				dropKeys(t, database)
			}
			var blind *faultdb.Rule
			if !control.compares {
				blind = faults.Add(&faultdb.Rule{On: faultdb.Is("UPDATE sessions SET rules_version"), Rewrite: withoutVersion})
			}
			verdict := porcupine.Ok
			for range 10 {
				history := recordHistory(t, urls, func() {})
				if verdict = porcupine.CheckOperationsTimeout(linModel, history, time.Minute); verdict != porcupine.Ok {
					break
				}
			}
			if verdict != control.want {
				t.Errorf("the histories are %s, not %s", verdict, control.want)
			}
			if blind != nil && blind.Hits() == 0 {
				t.Error("no statement was rewritten")
			}
		})
	}
}

// withoutVersion takes the comparison out of an UPDATE, and keeps the count of its arguments.
func withoutVersion(s faultdb.Statement) faultdb.Statement {
	text, found := strings.CutSuffix(s.Text, "WHERE id = ? AND version = ?")
	if !found {
		panic("the update of sessions compares its version in another way: " + s.Text)
	}
	s.Text = text + "WHERE id = ? AND version >= 0 AND ? >= 0"
	return s
}

func dropKeys(t *testing.T, database string) {
	t.Helper()
	db := servertest.Open(t, database)
	for _, statement := range []string{
		"ALTER TABLE changes ADD INDEX (session_id, version), DROP PRIMARY KEY",
		"DROP INDEX changes_by_move ON changes",
	} {
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
}

// linInput is a request. The player who moves first is 0.
type linInput struct {
	session, player int
	read            bool
	turn            int64
	cell            int
}

// linOutput is its answer: how the session is, and what became of the move.
type linOutput struct {
	unknown bool   // none came: perhaps the move was taken, perhaps not
	problem string // empty: done
	taken   int64  // the version of the move that counted

	version, turn int64
	board         string // its cells as X, O and -
}

// linModel follows each session of a history by itself.
var linModel = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		var sessions [][]porcupine.Operation
		for _, o := range history {
			of := o.Input.(linInput).session
			for len(sessions) <= of {
				sessions = append(sessions, nil)
			}
			sessions[of] = append(sessions[of], o)
		}
		return sessions
	},
	Init: func() any { return "" },
	Step: func(state, input, output any) (bool, any) {
		after, answer := follow(state.(string), input.(linInput))
		return output.(linOutput).unknown || output == answer, after
	},
}

// follow does a request to a game, which is nothing but the cells that were played, in order: "403" is three moves. It
// returns the game afterwards and the answer.
func follow(game string, in linInput) (after string, answer linOutput) {
	turns := int64(len(game))
	cell := fmt.Sprint(in.cell)
	after = game
	switch {
	case in.read:
	case in.turn <= turns && (in.turn-1)%2 == int64(in.player): // has moved in that turn
		answer.taken = in.turn + 2
		if game[in.turn-1:in.turn] != cell {
			answer = linOutput{problem: "already-moved"}
		}
	case isOver(game):
		answer.problem = "session-finished"
	case in.turn != turns+1:
		answer.problem = "stale-turn"
	case turns%2 != int64(in.player):
		answer.problem = "not-your-turn"
	case strings.Contains(game, cell):
		answer.problem = "rule-cell-taken"
	default:
		after = game + cell
		answer.taken = turns + 3
	}
	answer.version, answer.turn, answer.board = int64(len(after))+2, int64(len(after))+1, boardOf(after)
	if isOver(after) {
		answer.turn--
	}
	return after, answer
}

func boardOf(game string) string {
	board := []byte("---------")
	for i, cell := range []byte(game) {
		board[cell-'0'] = "XO"[i%2]
	}
	return string(board)
}

func isOver(game string) bool {
	board := boardOf(game)
	for _, l := range []string{"012", "345", "678", "036", "147", "258", "048", "246"} {
		if a, b, c := board[l[0]-'0'], board[l[1]-'0'], board[l[2]-'0']; a != '-' && a == b && b == c {
			return true
		}
	}
	return len(game) == 9
}

// linSessions are played at once in a history. In each, either player has two devices; with two servers, one at each.
const (
	linSessions = 3
	linRequests = 12 // of each device
)

// recordHistory lets devices play, and returns what they sent and heard.
func recordHistory(t *testing.T, urls []string, meanwhile func()) (history []porcupine.Operation) {
	t.Helper()
	var devices []*linDevice
	started := time.Now()
	for number := range linSessions {
		id, first, second := servertest.Pair(t, urls[0])
		for player, app := range []*servertest.App{first, second} {
			for i := range 2 {
				device := *app
				device.URL = urls[i%len(urls)]
				devices = append(devices, &linDevice{
					app: &device, path: "/v1/sessions/" + id, session: number, player: player, number: len(devices), started: started,
					known: linOutput{turn: 1, board: boardOf("")}, last: linInput{turn: 1},
				})
			}
		}
	}
	var playing sync.WaitGroup
	for _, d := range devices {
		playing.Go(func() {
			for range linRequests {
				d.ask()
			}
		})
	}
	meanwhile()
	playing.Wait()
	for _, d := range devices {
		history = append(history, d.history...)
	}
	return history
}

// linDevice is one of a player's apps. It knows only what it was answered.
type linDevice struct {
	app                     *servertest.App
	path                    string
	session, player, number int
	started                 time.Time
	known                   linOutput // the session, as it last heard of it
	last                    linInput  // the move it last sent
	history                 []porcupine.Operation
}

// ask sends a request that is right, or stale, or wrong, and notes what became of it.
func (d *linDevice) ask() {
	in := linInput{session: d.session, player: d.player, turn: d.known.turn, cell: d.freeCell()}
	switch rand.N(10) {
	case 0, 1:
		in = linInput{session: d.session, player: d.player, read: true}
	case 2: // the same move again
		in.turn, in.cell = d.last.turn, d.last.cell
	case 3: // another move of the same turn
		in.turn = d.last.turn
	case 4: // as if the other had moved
		in.turn++
	}
	asked := porcupine.Operation{ClientId: d.number, Input: in, Call: int64(time.Since(d.started))}
	out := d.send(in)
	asked.Output, asked.Return = out, int64(time.Since(d.started))
	switch {
	case !out.unknown:
		d.known = out
	case in.read:
		return // nothing was asked of anybody
	default:
		asked.Return = math.MaxInt64 // it may be on its way even now
	}
	if !in.read {
		d.last = in
	}
	d.history = append(d.history, asked)
}

func (d *linDevice) freeCell() int {
	for {
		if cell := rand.N(9); d.known.board[cell] == '-' || !strings.Contains(d.known.board, "-") {
			return cell
		}
	}
}

// send sends a request until somebody is there to take it, but only once.
func (d *linDevice) send(in linInput) linOutput {
	for {
		answer, err := d.try(in)
		switch {
		case errors.Is(err, syscall.ECONNREFUSED): // between a kill and the restart: the request was not sent
			<-time.After(rand.N(10 * time.Millisecond))
		case err != nil || answer.Status >= 500:
			return linOutput{unknown: true}
		case answer.Status != http.StatusOK:
			return heard(answer, answer.Problem(), 0, "session")
		case in.read:
			return heard(answer, "", 0)
		default:
			return heard(answer, "", answer.Int("move", "version"))
		}
	}
}

func (d *linDevice) try(in linInput) (servertest.Answer, error) {
	if in.read {
		return d.app.Try("GET", d.path, nil)
	}
	return d.app.Try("POST", d.path+"/moves", servertest.Move(in.turn, in.cell))
}

// heard reads an answer that holds the session at a place.
func heard(answer servertest.Answer, problem string, taken int64, place ...any) linOutput {
	at := func(path ...any) []any { return slices.Concat(place, path) }
	out := linOutput{problem: problem, taken: taken, version: answer.Int(at("version")...), turn: answer.Int(at("turn")...)}
	for cell := range 9 {
		out.board += cmp.Or(answer.String(at("view", "board", cell)...), "-")
	}
	return out
}

// linReport lists a history by the time of its requests.
func linReport(history []porcupine.Operation) string {
	var b strings.Builder
	slices.SortFunc(history, func(a, b porcupine.Operation) int { return int(a.Call - b.Call) })
	for _, o := range history {
		fmt.Fprintf(&b, "%12d %20d device %d: %+v -> %+v\n", o.Call, o.Return, o.ClientId, o.Input, o.Output)
	}
	return b.String()
}
