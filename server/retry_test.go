package server_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"testing"

	"yourturn/server/servertest"
	"yourturn/store/enginetest"
)

// Apps that hear no answer ask again: at once and together, with the same move or with another, and turns later. Each
// turn takes one move, and each of the requests is told the same story of it.
func TestRetriedMovesCountOnce(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		t.Parallel()
		url := servertest.Local(t, database, servertest.Options{})
		var sent atomic.Int64
		promised := int64(scale(t, 10_000) / 2) // and as many on the next engine
		together(8, func(worker int) {
			random := rand.New(rand.NewPCG(1, uint64(worker)))
			ann, bob := servertest.Guest(t, url, "Ann"), servertest.Guest(t, url, "Bob")
			for sent.Load() < promised && !t.Failed() {
				g := retried{random: random, sent: &sent, taken: map[int64]takenMove{}}
				g.session, g.players[0], g.players[1] = seated(t, "tictactoe", ann, bob)
				g.play(t)
			}
		})
		t.Logf("%d moves sent", sent.Load())
	})
}

// retried is a game whose players send every move several times.
type retried struct {
	random  *rand.Rand
	sent    *atomic.Int64
	session string
	players [2]*servertest.App
	taken   map[int64]takenMove // by turn
	over    bool
}

type takenMove struct {
	cell    int
	version int64
}

func (g *retried) play(t *testing.T) {
	for turn := int64(1); !g.over; turn++ {
		mover := g.players[(turn+1)%2]
		cells := make([]int, 2+g.random.IntN(9))
		same := g.random.IntN(9)
		for i := range cells {
			cells[i] = same
			if g.random.IntN(2) == 0 {
				cells[i] = g.random.IntN(9)
			}
		}
		g.atOnce(t, mover, turn, cells)
		for cell := 0; g.taken[turn] == (takenMove{}) && cell < 9; cell++ { // all were refused by the rules
			g.atOnce(t, mover, turn, []int{cell})
		}
		if g.taken[turn] == (takenMove{}) {
			t.Errorf("no move of turn %d was taken", turn)
			return
		}
		for range 1 + g.random.IntN(6) {
			g.late(t, 1+g.random.Int64N(turn))
		}
	}
	g.check(t)
}

// atOnce sends moves of one turn together.
func (g *retried) atOnce(t *testing.T, mover *servertest.App, turn int64, cells []int) {
	answers := make([]servertest.Answer, len(cells))
	together(len(cells), func(i int) {
		answers[i] = mover.Do("POST", servertest.MovePath(g.session), servertest.Move(turn, cells[i]))
	})
	g.sent.Add(int64(len(cells)))
	for i, a := range answers {
		if a.Status != http.StatusOK {
			continue
		}
		move := takenMove{cells[i], a.Int("move", "version")}
		if was, ok := g.taken[turn]; ok && was != move {
			t.Errorf("turn %d took %+v and %+v", turn, was, move)
		}
		g.taken[turn] = move
		g.over = g.over || a.String("status") == "finished"
	}
	for i, a := range answers {
		taken, any := g.taken[turn]
		switch {
		case any && cells[i] == taken.cell && a.Status == 200 && a.Int("move", "turn") == turn:
		case any && cells[i] != taken.cell && a.Status == 409 && a.Problem() == "already-moved" && a.String("session", "id") == g.session:
		case cells[i] != taken.cell && a.Status == 422 && a.Problem() == "rule-cell-taken": // asked before the other one was taken
		case !any && a.Status == 422 && a.Problem() == "rule-cell-taken":
		default:
			t.Errorf("turn %d took %+v; to cell %d the answer was %d %s", turn, taken, cells[i], a.Status, a.Body)
		}
	}
}

// late sends a move again that was taken some turns ago, or another one of its turn.
func (g *retried) late(t *testing.T, turn int64) {
	mover, taken := g.players[(turn+1)%2], g.taken[turn]
	cell := g.random.IntN(9)
	if g.random.IntN(2) == 0 {
		cell = taken.cell
	}
	a := mover.Do("POST", servertest.MovePath(g.session), servertest.Move(turn, cell))
	g.sent.Add(1)
	switch {
	case cell == taken.cell && a.Status == 200 && a.Int("move", "version") == taken.version && a.Int("move", "turn") == turn:
	case cell != taken.cell && a.Status == 409 && a.Problem() == "already-moved":
	default:
		t.Errorf("turn %d took %+v; to cell %d, late, the answer was %d %s", turn, taken, cell, a.Status, a.Body)
	}
}

// check compares the history and both feeds with the moves that were said to be taken.
func (g *retried) check(t *testing.T) {
	var history struct {
		Items []servertest.Happening `json:"items"`
	}
	answer := g.players[0].Do("GET", sessionPath(g.session)+"/events?limit=100", nil)
	answer.Into(t, &history)
	moves := 0
	for _, e := range history.Items {
		if e.Kind != "move" {
			continue
		}
		moves++
		taken := g.taken[e.Turn]
		if e.Version != taken.version || string(e.Data) != fmt.Sprintf(`{"move":{"cell":%d}}`, taken.cell) {
			t.Errorf("history says %+v of turn %d, the answers said %+v", e, e.Turn, taken)
		}
	}
	if moves != len(g.taken) {
		t.Errorf("%d moves in the history, %d were taken", moves, len(g.taken))
	}
	for i, app := range g.players {
		told := []servertest.Message{}
		for _, m := range feedOf(t, app) { // gapless, of all games of the player
			if m.SessionID == g.session {
				told = append(told, m)
			}
		}
		// matched; your_turn for the first; then one message for each move
		if len(told) != 1+1-i+moves {
			t.Errorf("%d messages after %d moves: %v", len(told), moves, kinds(told))
		}
	}
}
