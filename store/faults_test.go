package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"yourturn/notify"
	"yourturn/session"
	"yourturn/store"
	"yourturn/store/enginetest"
	"yourturn/store/faultdb"
)

// A Galera node that has lost the others answers so to everything, and keeps the connection and its transaction.
var errNotPrimary = &mysql.MySQLError{Number: 1047, Message: "WSREP has not yet prepared node for application use"}

func through(f *faultdb.Faults) func(*store.Options) {
	return func(o *store.Options) { o.Wrap = f.Wrap }
}

// halves are the ways in which a transaction is left half done on a connection that lives.
var halves = map[string][]string{ // the statements that fail and do not reach the database
	"COMMIT fails":                 {"COMMIT", "ROLLBACK"},
	"the history fails":            {"INSERT INTO changes", "ROLLBACK"},
	"counters and ROLLBACK fail":   {"INSERT INTO counters", "ROLLBACK"},
	"the numbers are not readable": {"SELECT player_id, last_seq", "ROLLBACK"},
}

// leaveHalf lets a move fail half way, then lets another session's commit have the same pool.
func (w *world) leaveHalf(t *testing.T, database string, failing []string, faults *faultdb.Faults) []string {
	migrate(t, database)
	p := w.open(t, database, through(faults), oneLane)
	ann, bob, eve := p.guest(t), p.guest(t), p.guest(t)
	hurt, other := p.match(t, ann, bob), p.match(t, ann, eve)
	for _, statement := range failing {
		faults.Add(&faultdb.Rule{On: faultdb.Is(statement), Err: errNotPrimary})
	}
	if _, _, err := p.sessions.Play(t.Context(), mover(hurt), "", hurt.ID, 1, cell(4)); err == nil {
		t.Error("a move that could not be committed was taken")
	}
	faults.Clear()
	if _, _, err := p.sessions.Play(t.Context(), mover(other), "", other.ID, 1, cell(4)); err != nil {
		t.Errorf("a move after the trouble: %v", err)
	}
	return audit(t, database)
}

func TestHalfATransactionIsNeverCommitted(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		w := newWorld()
		for name, failing := range halves {
			t.Run(name, func(t *testing.T) {
				for _, problem := range w.leaveHalf(t, database, failing, &faultdb.Faults{}) {
					t.Error(problem)
				}
			})
		}
	})
}

// The control of the test above: a pool that takes such connections back commits their halves, and the audit sees it.
// (SQLite refuses to begin inside of a transaction, so there is nothing to see.)
func TestHalfATransactionIsCommittedByAPoolThatKeepsIt(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		if isSQLite(database) {
			t.Skip("BEGIN commits nothing in SQLite")
		}
		faults := &faultdb.Faults{Recycle: true}
		t.Cleanup(func() { _ = faults.Empty() })
		if problems := newWorld().leaveHalf(t, database, halves["counters and ROLLBACK fail"], faults); len(problems) == 0 {
			t.Error("half a transaction was to be committed, and the audit found nothing")
		}
	})
}

// unknowns are the ways in which the answer to a COMMIT stays out.
var unknowns = []struct {
	name string
	acts int // how many of the acts are tried
	rule func() *faultdb.Rule
}{
	{"never arrived", 4, func() *faultdb.Rule { return &faultdb.Rule{Cut: true} }},
	{"answer lost", 4, func() *faultdb.Rule { return &faultdb.Rule{Cut: true, Reach: faultdb.Reached} }},
	{"arrives a second late", 2, func() *faultdb.Rule {
		until := make(chan struct{})
		time.AfterFunc(time.Second, func() { close(until) })
		return &faultdb.Rule{Err: mysql.ErrInvalidConn, Reach: faultdb.Late, Until: until}
	}},
}

// acts are what a commit can be about. Each is done to a table of its own and says what must be true once afterwards.
var acts = []struct {
	name string
	do   func(t *testing.T, p *process, ann, bob notify.PlayerID, before func()) (id session.ID, version int64, err error)
}{
	{"a move", func(t *testing.T, p *process, ann, bob notify.PlayerID, before func()) (session.ID, int64, error) {
		s := p.match(t, ann, bob)
		before()
		_, _, err := p.sessions.Play(t.Context(), mover(s), "", s.ID, 1, cell(0))
		return s.ID, 3, err
	}},
	{"a match", func(t *testing.T, p *process, ann, bob notify.PlayerID, before func()) (session.ID, int64, error) {
		var ids []string
		for _, player := range []notify.PlayerID{ann, bob} {
			ticket := p.ticketOf(string(player))
			must(t, p.AddTicket(t.Context(), ticket, 20, nil))
			ids = append(ids, string(ticket.ID))
		}
		before()
		s, err := p.sessions.Match(t.Context(), session.Match{
			Wish: p.ticket().Wish, Players: []session.Seated{{Player: ann}, {Player: bob}}, Tickets: ids,
		})
		return s.ID, 2, err
	}},
	{"a new table", func(t *testing.T, p *process, ann, _ notify.PlayerID, before func()) (session.ID, int64, error) {
		before()
		s, err := p.sessions.Create(t.Context(), ann, session.Wish{Game: "tictactoe"}, nil)
		return s.ID, 1, err
	}},
	{"a reminder", func(t *testing.T, p *process, ann, bob notify.PlayerID, before func()) (session.ID, int64, error) {
		s := p.match(t, ann, bob)
		p.advance(s.Due.Sub(p.Now()))
		before()
		_, err := p.clock.Step(t.Context())
		return s.ID, 2, err
	}},
}

func TestUnknownCommitHasOneEffect(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		migrate(t, database)
		db, w := raw(t, database), newWorld()
		for _, u := range unknowns {
			for _, act := range acts[:u.acts] {
				t.Run(u.name+"/"+act.name, func(t *testing.T) {
					var faults faultdb.Faults
					p := w.open(t, database, through(&faults))
					ann, bob := p.guest(t), p.guest(t)
					var rule *faultdb.Rule
					id, version, err := act.do(t, p, ann, bob, func() {
						rule = u.rule()
						rule.On, rule.Times = faultdb.Is("COMMIT"), 1
						if act.name == "a reminder" {
							rule.Skip = 1 // the claim of due work
						}
						faults.Add(rule)
					})
					faults.Clear()
					if rule.Hits() != 1 {
						t.Fatalf("%d commits were hit", rule.Hits())
					}
					if err != nil {
						t.Fatalf("answered %v although it could be known", err)
					}
					if got := p.read(t, id).Version; got != version {
						t.Errorf("version %d, want %d", got, version)
					}
					if n := number(t, db, "SELECT COUNT(*) FROM seats WHERE player_id = ?", string(ann)); n != 1 {
						t.Errorf("the player sits in %d sessions", n)
					}
					if act.name == "a reminder" {
						if n := number(t, db, "SELECT COUNT(*) FROM feed WHERE session_id = ? AND kind = 'turn_reminder'", string(id)); n != 1 {
							t.Errorf("reminded %d times", n)
						}
					}
				})
			}
		}
		sound(t, database)
	})
}

// Every database that is asked is gone: nobody may be told that the move was taken, or that it was not.
func TestUnknownCommitIsSaidToBeUnknown(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		var faults faultdb.Faults
		p := open(t, database, through(&faults))
		s := p.match(t, p.guest(t), p.guest(t))
		faults.Add(&faultdb.Rule{On: faultdb.Is("COMMIT"), Times: 1, Cut: true, Reach: faultdb.Reached})
		faults.Add(&faultdb.Rule{On: faultdb.Is("BEGIN"), Skip: 1, Cut: true})
		_, _, err := p.sessions.Play(t.Context(), mover(s), "", s.ID, 1, cell(0))
		if !errors.Is(err, session.ErrUnknown) {
			t.Errorf("got %v", err)
		}
		faults.Clear()
		_, taken, err := p.sessions.Play(t.Context(), mover(s), "", s.ID, 1, cell(0))
		if err != nil || taken.Version != 3 {
			t.Errorf("asked again: %+v, %v", taken, err)
		}
		sound(t, database)
	})
}

// The first transaction holds its locks until a later try runs into the row that it commits. That row is the try's
// own: it must not be taken for somebody else's.
func TestUnknownCommitIsRecognisedByItsDuplicate(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		if isSQLite(database) {
			t.Skip("SQLite lets nobody begin meanwhile")
		}
		var faults faultdb.Faults
		p := open(t, database, through(&faults))
		ann := p.guest(t)
		until := make(chan struct{})
		insert := faultdb.Is("INSERT INTO sessions")
		faults.Add(&faultdb.Rule{On: faultdb.Is("COMMIT"), Times: 1, Err: mysql.ErrInvalidConn, Reach: faultdb.Late, Until: until})
		faults.Add(&faultdb.Rule{On: insert, Skip: 1, Times: 2, Err: &mysql.MySQLError{Number: 1205, Message: "Lock wait timeout exceeded"}})
		last := faults.Add(&faultdb.Rule{On: insert, Skip: 1, Times: 1}) // the fourth: the rule above took two
		go func() {
			<-last.First()
			close(until)
		}()
		if _, err := p.sessions.Create(t.Context(), ann, session.Wish{Game: "tictactoe"}, nil); err != nil {
			t.Errorf("create: %v", err)
		}
		faults.Clear()
		if n := number(t, raw(t, database), "SELECT COUNT(*) FROM sessions"); n != 1 {
			t.Errorf("one wish made %d sessions", n)
		}
		sound(t, database)
	})
}
