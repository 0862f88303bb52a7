package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"yourturn/notify"
	"yourturn/session"
	"yourturn/store"
	"yourturn/store/enginetest"
	"yourturn/store/faultdb"
)

// storm is four processes that play in the same sessions, for the same players, at the same time.
type storm struct {
	changes   int64 // that were made
	deadlocks int
	problems  []string // of the feeds, as a reader saw them meanwhile, and of an audit afterwards
}

const (
	stormWriters  = 4
	stormHands    = 6 // that play, in each of them
	stormPlayers  = 8
	stormTables   = 12
	stormPerTable = 4
)

// runStorm plays until each hand of each process has tried so many moves, or until enough has been seen.
func runStorm(t *testing.T, database string, tries int, faults *faultdb.Faults, enough func() bool) (s storm) {
	t.Helper()
	migrate(t, database)
	w := newWorld()
	var writers []*process
	for range stormWriters {
		writers = append(writers, w.open(t, database, through(faults), func(o *store.Options) { o.Writers = 2 }))
	}
	var players []notify.PlayerID
	for i := range stormPlayers {
		login := writers[0].signUp(t)
		players = append(players, notify.PlayerID(login.Player))
		if i%2 == 0 { // the others leave no notices
			writers[0].register(t, login, "phone")
		}
	}
	tables := shareTables(t, writers[0], players)
	before := enginetest.Deadlocks(t, database)
	db := raw(t, database)
	s.changes = -number(t, db, "SELECT COUNT(*) FROM changes")

	stop := make(chan struct{})
	var reading sync.WaitGroup
	var mu sync.Mutex
	for _, player := range players[:2] { // the first sits at every table
		reading.Go(func() {
			if problem := follow(writers[0], player, stop); problem != "" {
				mu.Lock()
				defer mu.Unlock()
				s.problems = append(s.problems, problem)
			}
		})
	}
	var playing sync.WaitGroup
	for i := range stormWriters * stormHands {
		playing.Go(func() {
			dice := rand.New(rand.NewPCG(1, uint64(i)))
			for range tries {
				if enough() {
					return
				}
				err := playSomething(writers[i%stormWriters], tables[dice.IntN(len(tables))], dice)
				if err != nil {
					mu.Lock()
					s.problems = append(s.problems, err.Error())
					mu.Unlock()
				}
			}
		})
	}
	playing.Wait()
	close(stop)
	reading.Wait()
	faults.Clear()
	s.changes += number(t, db, "SELECT COUNT(*) FROM changes")
	s.deadlocks = enginetest.Deadlocks(t, database) - before
	for i, player := range players {
		told := number(t, db, "SELECT COUNT(*) FROM feed WHERE player_id = ? AND kind = 'your_turn'", string(player)) * int64(1-i%2)
		if left := number(t, db, "SELECT COUNT(*) FROM notices WHERE player_id = ? AND kind = 'your_turn'", string(player)); left != told {
			s.problems = append(s.problems, fmt.Sprintf("%d notices of %d turns", left, told))
		}
	}
	s.problems = append(s.problems, audit(t, database)...)
	return s
}

// shareTables starts games between players of whom each sits at many tables, beside others each time.
func shareTables(t *testing.T, p *process, players []notify.PlayerID) (ids []session.ID) {
	t.Helper()
	dice := rand.New(rand.NewPCG(1, 2))
	for range stormTables {
		made, err := p.sessions.Create(t.Context(), players[0], session.Wish{Game: "pile", Seats: stormPerTable, Config: json.RawMessage(`{"height":1000}`)}, nil)
		must(t, err)
		for _, i := range dice.Perm(stormPlayers - 1)[:stormPerTable-1] {
			_, err := p.sessions.Join(t.Context(), players[1+i], made.JoinCode, "")
			must(t, err)
		}
		ids = append(ids, made.ID)
	}
	return ids
}

// playSomething tries a move of some seat. That the position has moved on in the meantime is no fault.
func playSomething(p *process, id session.ID, dice *rand.Rand) error {
	s, err := p.Session(context.Background(), id)
	if err != nil {
		return err
	}
	seat := s.Seats[dice.IntN(len(s.Seats))]
	_, _, err = p.sessions.Play(context.Background(), seat.Player, "", id, s.Turn, json.RawMessage(`{"add":1}`))
	var refused *session.Refused
	if err != nil && !errors.As(err, &refused) {
		return fmt.Errorf("a move: %w", err)
	}
	return nil
}

// follow reads a feed while it grows, as a stream does, and tells of the first number that is not the next one.
func follow(p *process, player notify.PlayerID, stop <-chan struct{}) (problem string) {
	last := int64(0)
	for {
		select {
		case <-stop:
			return ""
		default:
		}
		page, err := p.Messages(context.Background(), player, last, 100)
		if err != nil {
			return err.Error()
		}
		for _, m := range page {
			if m.Seq != last+1 {
				return fmt.Sprintf("a reader of %s saw %d after %d", player, m.Seq, last)
			}
			last = m.Seq
		}
	}
}

// onServers runs a test on the engines that have several writers.
func onServers(t *testing.T, run func(t *testing.T, database string)) {
	enginetest.Each(t, func(t *testing.T, database string) {
		if isSQLite(database) {
			t.Skip("SQLite has one writer")
		}
		run(t, database)
	})
}

func TestFourWritersMakeNoDeadlockAndNoGap(t *testing.T) {
	onServers(t, func(t *testing.T, database string) {
		s := runStorm(t, database, 60, &faultdb.Faults{}, func() bool { return false })
		t.Logf("%d changes", s.changes)
		if s.changes < 150 {
			t.Errorf("only %d changes were made", s.changes)
		}
		if s.deadlocks != 0 {
			t.Errorf("%d deadlocks", s.deadlocks)
		}
		for _, problem := range s.problems {
			t.Error(problem)
		}
	})
}

// The control of the test above: the same without the order of the counters.
func TestFourWritersDeadlockWithoutTheSort(t *testing.T) {
	onServers(t, func(t *testing.T, database string) {
		var faults faultdb.Faults
		faults.Add(&faultdb.Rule{On: faultdb.Is("INSERT INTO counters"), Rewrite: shuffleRows})
		s := runStorm(t, database, 500, &faults, func() bool { return deadlockSeen(&faults) })
		t.Logf("%d changes, %d deadlocks", s.changes, s.deadlocks)
		if s.deadlocks == 0 {
			t.Error("counters in any order were to deadlock")
		}
	})
}

// deadlockSeen says that the store has rolled back, which it does after a deadlock.
func deadlockSeen(f *faultdb.Faults) bool { return f.Count(faultdb.Is("ROLLBACK")) > 3 }

// shuffleRows puts the rows of a multi-row insert into any order.
func shuffleRows(s faultdb.Statement) faultdb.Statement {
	width := strings.Count(s.Text[:strings.Index(s.Text, ")")], ",") + 1
	if width > len(s.Args) {
		return s // without values: a text in another test's log
	}
	tuples := slices.Collect(slices.Chunk(s.Args, width))
	rand.Shuffle(len(tuples), func(i, j int) { tuples[i], tuples[j] = tuples[j], tuples[i] })
	s.Args = slices.Concat(tuples...)
	return s
}

// The other control: numbers that are given before the transaction that uses them.
func TestFourWritersLeaveGapsWithNumbersOutsideTheLock(t *testing.T) {
	onServers(t, func(t *testing.T, database string) {
		var faults faultdb.Faults
		outside := faults.Add(&faultdb.Rule{On: raisesNumbers, Aside: true})
		s := runStorm(t, database, 10, &faults, func() bool { return false })
		t.Logf("%d changes, %d problems of %d rises", s.changes, len(s.problems), outside.Hits())
		gap := func(problem string) bool {
			return strings.Contains(problem, "last number") || strings.Contains(problem, "a reader of")
		}
		if !slices.ContainsFunc(s.problems, gap) {
			t.Errorf("numbers outside the lock were to leave gaps: %q", s.problems)
		}
	})
}

func raisesNumbers(s faultdb.Statement) bool { return faultdb.Is("INSERT INTO counters")(s) }
