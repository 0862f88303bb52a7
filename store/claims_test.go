package store_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"yourturn/session"
	"yourturn/store"
	"yourturn/store/enginetest"
	"yourturn/store/faultdb"
)

// dueSessions makes sessions that are all overdue.
func (p *process) dueSessions(t *testing.T, n int) {
	t.Helper()
	for range n {
		must(t, p.Commit(t.Context(), p.bump(p.waitingTable())))
	}
}

// waitingTable is a table at which nobody sits.
func (p *process) waitingTable() session.Session {
	return session.Session{
		ID: session.ID(p.newID()), Game: "tictactoe", RulesVersion: 1, Status: session.Waiting, Capacity: 2, Seed: make([]byte, 32),
		TurnSeconds: 60, Deadline: p.Now(), Due: p.Now(), CreatedAt: p.Now(), UpdatedAt: p.Now(),
	}
}

// claimAll lets twelve claimers of three processes take what is due, in small lots, until they find nothing. It tells
// how often each session was claimed.
func claimAll(t *testing.T, processes []*process, lease time.Duration) map[session.ID]int {
	t.Helper()
	claims := map[session.ID]int{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for i := range 12 {
		p := processes[i%len(processes)]
		all.Go(func() {
			for {
				mine, err := p.ClaimDue(context.Background(), p.Now(), claimable, p.newID(), lease, 7)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				for _, id := range mine {
					claims[id]++
				}
				enough := len(claims)
				mu.Unlock()
				// Who lost all of a lot to others looks again: nothing is over until nothing is free.
				if len(mine) == 0 && enough >= dueCount {
					return
				}
			}
		})
	}
	all.Wait()
	return claims
}

const dueCount = 100

func threeProcesses(t *testing.T, database string, adjust ...func(*store.Options)) []*process {
	t.Helper()
	one := open(t, database, adjust...)
	one.dueSessions(t, dueCount)
	return []*process{one, one.open(t, database, adjust...), one.open(t, database, adjust...)}
}

func TestTwelveClaimersClaimNothingTwice(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		for id, n := range claimAll(t, threeProcesses(t, database), time.Minute) {
			if n != 1 {
				t.Errorf("%s was claimed %d times", id, n)
			}
		}
	})
}

// The control of the test above: a claim that does not ask whether the lease is free.
func TestTwelveClaimersClaimTwiceWithoutTheLease(t *testing.T) {
	onServers(t, func(t *testing.T, database string) {
		var faults faultdb.Faults
		const asks = "WHERE due_at <= ? AND lease_until < ? AND"
		faults.Add(&faultdb.Rule{On: faultdb.Is("UPDATE sessions SET claim"), Rewrite: func(s faultdb.Statement) faultdb.Statement {
			if !strings.Contains(s.Text, asks) {
				t.Errorf("the claim reads otherwise now: %s", s.Text)
			}
			s.Text = strings.Replace(s.Text, asks, "WHERE ? > 0 AND ? > 0 AND", 1)
			return s
		}})
		twice := 0
		for _, n := range claimAll(t, threeProcesses(t, database, through(&faults)), time.Minute) {
			if n > 1 {
				twice++
			}
		}
		if twice == 0 {
			t.Error("sessions were to be claimed twice")
		}
	})
}

func TestExpiredLeaseIsClaimedAgain(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		p.dueSessions(t, 1)
		claim := func(lease time.Duration) int {
			mine, err := p.ClaimDue(t.Context(), p.Now(), claimable, p.newID(), lease, 10)
			must(t, err)
			return len(mine)
		}
		if n := claim(-time.Second); n != 1 { // a lease that is over already
			t.Fatalf("claimed %d", n)
		}
		if n := claim(time.Hour); n != 1 {
			t.Errorf("after the lease: claimed %d", n)
		}
		if n := claim(time.Hour); n != 0 {
			t.Errorf("during the lease: claimed %d", n)
		}
	})
}

func TestChangeEndsTheLease(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		s := p.match(t, p.guest(t), p.guest(t))
		p.advance(s.Due.Sub(p.Now()))
		mine, err := p.ClaimDue(t.Context(), p.Now(), claimable, "somebody", time.Hour, 10)
		must(t, err)
		if len(mine) != 1 {
			t.Fatalf("claimed %v", mine)
		}
		_, _, err = p.sessions.Play(t.Context(), mover(s), "", s.ID, 1, cell(0))
		must(t, err)
		p.advance(24 * time.Hour)
		if mine, err = p.ClaimDue(t.Context(), p.Now(), claimable, "another", time.Hour, 10); err != nil || len(mine) != 1 {
			t.Errorf("the next turn: claimed %v, %v", mine, err)
		}
	})
}

func TestNothingIsClaimedBeforeItIsDue(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		s := p.match(t, p.guest(t), p.guest(t))
		next, err := p.NextDue(t.Context(), p.Now(), claimable)
		if err != nil || !next.Equal(s.Due) {
			t.Errorf("next due %s, want %s, %v", next, s.Due, err)
		}
		p.advance(s.Due.Sub(p.Now()) - time.Millisecond)
		for i, want := range []int{0, 1} {
			mine, err := p.ClaimDue(t.Context(), p.Now(), claimable, "somebody", time.Hour, 10)
			if err != nil || len(mine) != want {
				t.Errorf("look %d: claimed %v, %v", i, mine, err)
			}
			p.advance(time.Millisecond)
		}
	})
}

// A server takes what it can go on with, and leaves the rest to those who can, however much of it there is.
func TestOnlyWhatTheRulesCanGoOnWithIsClaimed(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		made := map[session.ID]string{}
		for _, of := range []session.Rules{{Game: "chess", Version: 1}, {Game: "pile", Version: 2}, {Game: "tictactoe", Version: 3}, {Game: "tictactoe", Version: 1}, {Game: "pile", Version: 1}, {Game: "tictactoe", Version: 2}} {
			s := p.waitingTable()
			s.Game, s.RulesVersion = of.Game, of.Version
			must(t, p.Commit(t.Context(), p.bump(s)))
			made[s.ID] = fmt.Sprint(of.Game, of.Version)
			p.advance(time.Millisecond)
		}
		for _, c := range []struct {
			who   string
			rules []session.Rules
			want  string
		}{
			{"of another game", []session.Rules{{Game: "go", Version: 9}}, ""},
			{"an older one", []session.Rules{{Game: "pile", Version: 1}, {Game: "tictactoe", Version: 2}}, "pile1 tictactoe1 tictactoe2"},
			{"it again", []session.Rules{{Game: "pile", Version: 1}, {Game: "tictactoe", Version: 2}}, ""},
			{"a newer one", []session.Rules{{Game: "tictactoe", Version: 3}, {Game: "pile", Version: 2}}, "pile2 tictactoe3"},
			{"with one game more", []session.Rules{{Game: "tictactoe", Version: 3}, {Game: "pile", Version: 2}, {Game: "chess", Version: 2}}, "chess1"},
		} {
			mine, err := p.ClaimDue(t.Context(), p.Now(), c.rules, p.newID(), time.Hour, 3)
			must(t, err)
			var got []string
			for _, id := range mine {
				got = append(got, made[id])
			}
			if slices.Sort(got); strings.Join(got, " ") != c.want {
				t.Errorf("a server %s claims %q, want %q", c.who, got, c.want)
			}
		}
	})
}

// Nor is it woken by what it leaves to others: it would look again and again, and find nothing.
func TestWhatIsLeftToOthersWakesNobody(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		next := func(title string, want time.Time) {
			t.Helper()
			if got, err := p.NextDue(t.Context(), p.Now(), claimable); err != nil || !got.Equal(want) {
				t.Errorf("%s: the clock looks again at %s, %v; want %s", title, got, err, want)
			}
		}
		add := func(game string, version int, after time.Duration) time.Time {
			s := p.waitingTable()
			s.Game, s.RulesVersion, s.Due = game, version, p.Now().Add(after)
			must(t, p.Commit(t.Context(), p.bump(s)))
			return s.Due
		}
		next("nothing", session.Never)
		add("chess", 1, -time.Hour)
		add("tictactoe", 3, 0)
		next("what others are late with", session.Never)
		later := add("tictactoe", 2, time.Hour)
		next("an own one in an hour", later)
		p.advance(time.Hour)
		next("which is due", later)
		next("an own one from before", add("tictactoe", 1, -time.Minute))
	})
}

// claimable are the rules of the sessions of these tests.
var claimable = []session.Rules{{Game: "tictactoe", Version: 2}}
