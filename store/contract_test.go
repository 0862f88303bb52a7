package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"yourturn/matchmaking"
	"yourturn/notify"
	"yourturn/player"
	"yourturn/session"
	"yourturn/store"
	"yourturn/store/enginetest"
	"yourturn/store/faultdb"
)

// onAll runs a test on every engine, with one process on a fresh database.
func onAll(t *testing.T, run func(t *testing.T, p *process, database string)) {
	t.Helper()
	enginetest.Each(t, func(t *testing.T, database string) {
		run(t, open(t, database), database)
		sound(t, database)
	})
}

func TestSessionReadsBackAsItWasWritten(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		ann, bob := p.guest(t), p.guest(t)
		same := func(act string, wrote session.Session, err error) session.Session {
			t.Helper()
			must(t, err)
			read := p.read(t, wrote.ID)
			shown := read
			for i := range shown.Seats { // joined in from the players when read
				shown.Seats[i].DisplayName, shown.Seats[i].LastSeq = "", 0
			}
			for i := range wrote.Seats {
				wrote.Seats[i].DisplayName, wrote.Seats[i].LastSeq = "", 0
			}
			if diff := cmp.Diff(wrote, shown, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%s: written - read +\n%s", act, diff)
			}
			return read
		}
		wish := session.Wish{Game: "pile", Config: json.RawMessage(`{"height":9}`), TurnSeconds: 77, Seats: 2}
		s, err := p.sessions.Create(t.Context(), ann, wish, nil)
		same("create", s, err)
		s, err = p.sessions.Join(t.Context(), bob, s.JoinCode, "")
		same("join", s, err)
		s, _, err = p.sessions.Play(t.Context(), ann, "", s.ID, 1, json.RawMessage(`{"add":3}`))
		if same("a kept move", s, err); len(s.Pending) != 1 {
			t.Errorf("pending: %v", s.Pending)
		}
		s, _, err = p.sessions.Play(t.Context(), bob, "", s.ID, 1, json.RawMessage(`{"add":2}`))
		same("a turn", s, err)
		s, err = p.sessions.Forfeit(t.Context(), bob, "", s.ID)
		if same("the end", s, err); s.Result == nil {
			t.Error("no result")
		}
	})
}

func TestLeavingFreesTheSeat(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, database string) {
		ann, bob := p.guest(t), p.guest(t)
		s, err := p.sessions.Create(t.Context(), ann, session.Wish{Game: "pile", Seats: 3}, nil)
		must(t, err)
		_, err = p.sessions.Join(t.Context(), bob, s.JoinCode, "")
		must(t, err)
		must(t, p.sessions.Leave(t.Context(), ann, s.ID))
		if seats := p.read(t, s.ID).Seats; len(seats) != 1 || seats[0].Player != bob || seats[0].Number != 1 {
			t.Errorf("seats: %+v", seats)
		}
		if n := number(t, raw(t, database), "SELECT COUNT(*) FROM seats"); n != 1 {
			t.Errorf("%d rows of seats", n)
		}
	})
}

func TestReminderLeavesTheVersionAlone(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		s := p.match(t, p.guest(t), p.guest(t))
		who := mover(s)
		p.advance(s.Due.Sub(p.Now()))
		for pass := range 2 { // the second finds nothing to do
			n, err := p.clock.Step(t.Context())
			must(t, err)
			if n != 1-pass {
				t.Errorf("pass %d looked at %d sessions", pass, n)
			}
		}
		after := p.read(t, s.ID)
		if after.Version != s.Version || !after.Due.After(s.Deadline) {
			t.Errorf("version %d due %s, want %d and after %s", after.Version, after.Due, s.Version, s.Deadline)
		}
		feed, err := p.Messages(t.Context(), who, 0, 10)
		must(t, err)
		if last := feed[len(feed)-1]; last.Kind != notify.TurnReminder {
			t.Errorf("told %+v", last)
		}
	})
}

func TestDeadlineIsActedOnOnceByTwoProcesses(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		one := open(t, database)
		two := one.open(t, database)
		var made []session.Session
		for range 5 {
			made = append(made, one.match(t, one.guest(t), one.guest(t)))
		}
		one.advance(25 * time.Hour)
		var both sync.WaitGroup
		for _, p := range []*process{one, two} {
			both.Go(func() {
				if _, err := p.clock.Step(context.Background()); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
		for _, s := range made {
			if after := one.read(t, s.ID); after.Status != session.Finished || after.Version != s.Version+1 {
				t.Errorf("%s at version %d", after.Status, after.Version)
			}
		}
		sound(t, database)
	})
}

// bump is a commit made by hand: the session as it is, one version on, with a word to each player.
func (p *process) bump(s session.Session) session.Commit {
	c := session.Commit{Before: s.Version, Session: s, Seats: slices.Clone(s.Seats)}
	c.Session.Version++
	c.Session.ChangeID = p.newID()
	c.Session.UpdatedAt = p.Now()
	for i, seat := range c.Seats {
		if !s.MustMove(seat.Number) {
			c.Seats[i].SortKey = session.NotMyTurn - p.Now().UnixMilli()
		}
	}
	c.Changes = []session.Change{{
		Act: session.Act{Cause: session.Stepped, Seat: session.NoSeat}, ID: c.Session.ChangeID,
		Session: s.ID, Version: c.Session.Version, Turn: s.Turn, At: p.Now(),
	}}
	for _, seat := range s.Seats {
		c.Messages = append(c.Messages, notify.Message{
			Player: seat.Player, Kind: notify.SessionUpdated, At: p.Now(), Session: string(s.ID), Version: c.Session.Version, Data: json.RawMessage(`{}`),
		})
	}
	return c
}

// together commits in one group: a first commit is held up, and the others arrive meanwhile. It returns their errors
// and how many transactions they took.
func (p *process) together(t *testing.T, faults *faultdb.Faults, first session.Commit, others ...session.Commit) (errs []error, transactions int) {
	t.Helper()
	hold := make(chan struct{})
	held := faults.Add(&faultdb.Rule{On: faultdb.Is("COMMIT"), Times: 1, Hold: hold})
	var all sync.WaitGroup
	all.Go(func() {
		if err := p.Commit(context.Background(), first); err != nil {
			t.Errorf("the first: %v", err)
		}
	})
	<-held.First()
	before := faults.Count(faultdb.Is("COMMIT"))
	errs = make([]error, len(others))
	for i, c := range others {
		all.Go(func() { errs[i] = p.Commit(context.Background(), c) })
	}
	for p.Waiting() < len(others) {
		time.Sleep(time.Millisecond)
	}
	close(hold)
	all.Wait()
	return errs, faults.Count(faultdb.Is("COMMIT")) - before
}

func oneLane(o *store.Options) { o.Writers = 1 }

func TestConflictHurtsOnlyItsOwnSession(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		var faults faultdb.Faults
		p := open(t, database, through(&faults), oneLane)
		ann, bob := p.guest(t), p.guest(t) // all the sessions are theirs
		var all []session.Session
		for range 4 {
			all = append(all, p.match(t, ann, bob))
		}
		stale := p.bump(all[1])
		must(t, p.Commit(t.Context(), p.bump(all[1])))
		errs, transactions := p.together(t, &faults, p.bump(all[0]), stale, p.bump(all[2]), p.bump(all[3]))
		if !errors.Is(errs[0], session.ErrConflict) || errs[1] != nil || errs[2] != nil {
			t.Errorf("answers: %v", errs)
		}
		if transactions != 1 {
			t.Errorf("%d transactions", transactions)
		}
		for i, want := range []int64{3, 3, 3, 3} {
			if got := p.read(t, all[i].ID).Version; got != want {
				t.Errorf("session %d has version %d, want %d", i, got, want)
			}
		}
		sound(t, database)
	})
}

func TestCommitThatCannotBeHurtsOnlyItself(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		var faults faultdb.Faults
		p := open(t, database, through(&faults), oneLane)
		ann, bob := p.guest(t), p.guest(t)
		one, two := p.match(t, ann, bob), p.match(t, ann, bob)
		table, err := p.sessions.Create(t.Context(), ann, session.Wish{Game: "tictactoe"}, nil)
		must(t, err)
		twin := p.bump(table) // another table with the code of the first
		twin.Before, twin.Session.ID, twin.Session.Version, twin.Changes[0].Version = 0, session.ID(p.newID()), 1, 1
		twin.Changes[0].Session, twin.Messages = twin.Session.ID, nil
		errs, _ := p.together(t, &faults, p.bump(one), twin, p.bump(two))
		if !errors.Is(errs[0], session.ErrConflict) || errs[1] != nil {
			t.Errorf("answers: %v", errs)
		}
		sound(t, database)
	})
}

func TestTicketBecomesOneSession(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		players := p.guests(t, 3)
		var tickets []matchmaking.Ticket
		for _, player := range players {
			ticket := p.ticketOf(string(player))
			must(t, p.AddTicket(t.Context(), ticket, 20, nil))
			tickets = append(tickets, ticket)
		}
		match := func(a, b int) error {
			_, err := p.sessions.Match(t.Context(), session.Match{
				Wish: tickets[a].Wish, Players: []session.Seated{{Player: players[a]}, {Player: players[b]}},
				Tickets: []string{string(tickets[a].ID), string(tickets[b].ID)},
			})
			return err
		}
		must(t, match(0, 1))
		if err := match(2, 1); !errors.Is(err, session.ErrConflict) {
			t.Errorf("a ticket was matched twice: %v", err)
		}
		left, err := p.Ticket(t.Context(), tickets[2].ID)
		must(t, err)
		if left.Status != matchmaking.Waiting || left.Session != "" {
			t.Errorf("the other ticket of the lost match is %+v", left)
		}
	})
}

func TestTicketsOnTwoProcessesAllFindTheirMatch(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		one := open(t, database)
		two := one.open(t, database)
		players := one.guests(t, 24)
		var all sync.WaitGroup
		for i, player := range players {
			all.Go(func() {
				p := []*process{one, two}[i%2]
				if _, err := p.tickets.Create(context.Background(), player, session.Wish{Game: "tictactoe"}, 0, nil); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if _, err := one.tickets.Step(t.Context()); err != nil {
			t.Fatal(err)
		}
		db := raw(t, database)
		if n := number(t, db, "SELECT COUNT(*) FROM tickets WHERE status = 'waiting'"); n != 0 {
			t.Errorf("%d tickets wait", n)
		}
		if n := number(t, db, "SELECT COUNT(*) FROM sessions"); n != 12 {
			t.Errorf("%d sessions of 24 tickets", n)
		}
		sound(t, database)
	})
}

func TestOpenTicketsAreBoundedExactly(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		one := open(t, database)
		two := one.open(t, database)
		ann := one.guest(t)
		var taken, refused, other int
		var mu sync.Mutex
		var all sync.WaitGroup
		for i := range 30 {
			all.Go(func() {
				_, err := []*process{one, two}[i%2].tickets.Create(context.Background(), ann, session.Wish{Game: "tictactoe"}, 0, nil)
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					taken++
				case errors.Is(err, matchmaking.ErrTooMany):
					refused++
				default:
					other++
					t.Error(err)
				}
			})
		}
		all.Wait()
		if taken != matchmaking.MaxOpen || refused != 30-matchmaking.MaxOpen {
			t.Errorf("%d taken, %d refused", taken, refused)
		}
		sound(t, database)
	})
}

func TestLastSeatIsTakenOnce(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		one := open(t, database)
		two := one.open(t, database)
		players := one.guests(t, 9)
		s, err := one.sessions.Create(t.Context(), players[0], session.Wish{Game: "tictactoe"}, nil)
		must(t, err)
		errs := make([]error, 8)
		var all sync.WaitGroup
		for i, player := range players[1:] {
			all.Go(func() {
				_, errs[i] = []*process{one, two}[i%2].sessions.Join(context.Background(), player, s.JoinCode, "")
			})
		}
		all.Wait()
		sat := 0
		for _, err := range errs {
			if err == nil {
				sat++
			} else if !errors.Is(err, session.ErrFull) {
				t.Error(err)
			}
		}
		if sat != 1 {
			t.Errorf("%d players took one seat", sat)
		}
		sound(t, database)
	})
}

func TestKeyMakesOneThing(t *testing.T) {
	makes := map[string]func(p *process, ann notify.PlayerID, key *session.Key) (string, error){
		"session": func(p *process, ann notify.PlayerID, key *session.Key) (string, error) {
			s, err := p.sessions.Create(context.Background(), ann, session.Wish{Game: "tictactoe"}, key)
			return string(s.ID), err
		},
		"ticket": func(p *process, ann notify.PlayerID, key *session.Key) (string, error) {
			made, err := p.tickets.Create(context.Background(), ann, session.Wish{Game: "tictactoe"}, 0, key)
			return string(made.ID), err
		},
	}
	enginetest.Each(t, func(t *testing.T, database string) {
		one := open(t, database)
		two := one.open(t, database)
		for kind, make1 := range makes {
			t.Run(kind, func(t *testing.T) {
				ann, bob := one.guest(t), one.guest(t)
				ids := make([]string, 10)
				var all sync.WaitGroup
				for i := range ids {
					all.Go(func() {
						var err error
						p := []*process{one, two}[i%2]
						if ids[i], err = make1(p, ann, &session.Key{Player: ann, Value: "Key", Fingerprint: "f"}); err != nil {
							t.Error(err)
						}
					})
				}
				all.Wait()
				if slices.Sort(ids); ids[0] == "" || len(slices.Compact(ids)) != 1 {
					t.Errorf("one key made %v", ids)
				}
				if _, err := make1(one, ann, &session.Key{Player: ann, Value: "Key", Fingerprint: "g"}); !errors.Is(err, session.ErrKeyMismatch) {
					t.Errorf("another wish under the key: %v", err)
				}
				for _, key := range []*session.Key{{Player: bob, Value: "Key", Fingerprint: "f"}, {Player: ann, Value: "kEY", Fingerprint: "f"}} {
					if id, err := make1(one, key.Player, key); err != nil || id == ids[0] {
						t.Errorf("key %+v made %s again, %v", key, id, err)
					}
				}
			})
		}
		sound(t, database)
	})
}

// The collation must tell ids apart that differ in case or accents alone.
func TestIDsAreComparedByTheirBytes(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		for _, id := range []player.ID{"aB", "Ab", "ab", "äb"} {
			issued := player.Issued{Tokens: []player.Token{{Kind: player.Access, Hash: player.HashOf(string(id)), Login: player.LoginID(id)}}}
			must(t, p.AddPlayer(t.Context(), player.Player{ID: id, Profile: player.Profile{DisplayName: string(id)}}, player.Login{ID: player.LoginID(id)}, issued))
		}
		for _, id := range []player.ID{"aB", "Ab", "ab", "äb"} {
			found, err := p.Player(t.Context(), id)
			if err != nil || found.Profile.DisplayName != string(id) {
				t.Errorf("%s is %+v, %v", id, found, err)
			}
		}
		if _, err := p.Player(t.Context(), "AB"); !errors.Is(err, player.ErrNotFound) {
			t.Errorf("AB: %v", err)
		}
	})
}

func TestTextsComeBackByteForByte(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		ann := player.ID(p.guest(t))
		for _, text := range []string{"♟😀👩‍👩‍👧", `'"\%_;--`, "Ω≈ç√", "?", "ж", "e\u0301", ""} {
			must(t, p.SaveProfile(t.Context(), ann, player.Profile{DisplayName: text, Avatar: text, Locale: "de"}))
			got, err := p.Player(t.Context(), ann)
			must(t, err)
			if got.Profile.DisplayName != text || got.Profile.Avatar != text {
				t.Errorf("%q came back as %q and %q", text, got.Profile.DisplayName, got.Profile.Avatar)
			}
		}
	})
}

func TestAckIsMonotonicAndBounded(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		s := p.match(t, p.guest(t), p.guest(t))
		ann := mover(s)
		for range 4 { // beside being matched
			must(t, p.Commit(t.Context(), p.bump(p.read(t, s.ID))))
		}
		last, err := p.Cursor(t.Context(), ann)
		must(t, err)
		for _, step := range []struct{ ack, want int64 }{{2, 2}, {1, 2}, {2, 2}, {99, last.Last}, {3, last.Last}} {
			got, err := p.Ack(t.Context(), ann, step.ack)
			must(t, err)
			if got.Acked != step.want || got.Last != last.Last {
				t.Errorf("ack %d: %+v, want %d", step.ack, got, step.want)
			}
		}
	})
}

func TestTokensOfAnEndedLoginAreGone(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		_, issued, err := p.players.Create(t.Context(), player.Profile{})
		must(t, err)
		login, err := p.players.Authenticate(t.Context(), issued.Access)
		must(t, err)
		must(t, p.players.SignOut(t.Context(), login))
		if _, err := p.players.Authenticate(t.Context(), issued.Access); !errors.Is(err, player.ErrInvalid) {
			t.Errorf("access: %v", err)
		}
		if _, err := p.players.Refresh(t.Context(), issued.Refresh); !errors.Is(err, player.ErrInvalid) {
			t.Errorf("refresh: %v", err)
		}
		if err := p.AddTokens(t.Context(), login.ID, issued); !errors.Is(err, player.ErrNotFound) {
			t.Errorf("new tokens for an ended login: %v", err)
		}
	})
}

func TestErasedPlayerLeavesHistoryReadable(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, database string) {
		_, issued, err := p.players.Create(t.Context(), player.Profile{DisplayName: "Ann"})
		must(t, err)
		login, err := p.players.Authenticate(t.Context(), issued.Access)
		must(t, err)
		ann, bob := notify.PlayerID(login.Player), p.guest(t)
		s := p.match(t, ann, bob)
		must(t, p.players.Delete(t.Context(), login))
		after := p.read(t, s.ID)
		seat, _ := after.SeatOf(ann)
		if after.Status != session.Finished || !seat.Deleted || seat.DisplayName != "" {
			t.Errorf("%s with %+v", after.Status, seat)
		}
		events, _, err := p.sessions.Events(t.Context(), bob, s.ID, 0, 100)
		if err != nil || len(events) == 0 {
			t.Errorf("%d events, %v", len(events), err)
		}
		db := raw(t, database)
		for _, table := range []string{"tokens t JOIN logins l ON l.id = t.login_id", "logins", "counters", "feed", "tickets", "idempotency_keys"} {
			if n := number(t, db, "SELECT COUNT(*) FROM "+table+" WHERE player_id = ?", string(ann)); n != 0 {
				t.Errorf("%d rows left in %s", n, table)
			}
		}
		if n := number(t, db, "SELECT COUNT(*) FROM tokens"); n != 2 {
			t.Errorf("%d tokens, and two are the other's", n)
		}
	})
}

func TestPruningTakesOldRowsInLotsAndNoYoungOnes(t *testing.T) {
	prunes := map[string]struct {
		fill  func(t *testing.T, p *process, player notify.PlayerID)
		prune func(p *process, ctx context.Context, before time.Time, limit int) (int, error)
	}{
		"feed": {
			func(t *testing.T, p *process, player notify.PlayerID) { p.match(t, player, p.guest(t)) },
			func(p *process, ctx context.Context, before time.Time, limit int) (int, error) {
				return p.PruneFeed(ctx, before, limit)
			},
		},
		"idempotency_keys": {
			func(t *testing.T, p *process, player notify.PlayerID) {
				for i := range 2 {
					key := &session.Key{Player: player, Value: fmt.Sprint(p.newID(), i), Fingerprint: "f"}
					_, err := p.sessions.Create(t.Context(), player, session.Wish{Game: "tictactoe"}, key)
					must(t, err)
				}
			},
			func(p *process, ctx context.Context, before time.Time, limit int) (int, error) {
				return p.PruneKeys(ctx, before, limit)
			},
		},
		"deliveries": {
			func(t *testing.T, p *process, _ notify.PlayerID) { p.due(t, p.register(t, p.signUp(t), "phone"), 4) },
			func(p *process, ctx context.Context, before time.Time, limit int) (int, error) {
				return p.PruneDeliveries(ctx, before, limit)
			},
		},
		"tickets": {
			func(t *testing.T, p *process, player notify.PlayerID) { p.match(t, player, p.guest(t)) },
			func(p *process, ctx context.Context, before time.Time, limit int) (int, error) {
				return p.PruneTickets(ctx, before.Add(matchmaking.Life), limit)
			},
		},
	}
	enginetest.Each(t, func(t *testing.T, database string) {
		p := open(t, database)
		for _, table := range slices.Sorted(maps.Keys(prunes)) {
			t.Run(table, func(t *testing.T) {
				c, ann := prunes[table], p.guest(t)
				db := raw(t, database)
				_, err := db.Exec("DELETE FROM " + table) // what the table before left
				must(t, err)
				c.fill(t, p, ann)
				c.fill(t, p, ann)
				p.advance(time.Hour)
				border := p.Now()
				c.fill(t, p, ann)
				if table == "deliveries" { // those that wait are kept: see the next test
					_, err := db.Exec("UPDATE deliveries SET status = 'sent'")
					must(t, err)
				}
				all := number(t, db, "SELECT COUNT(*) FROM "+table)
				for {
					n, err := c.prune(p, t.Context(), border, 3)
					must(t, err)
					if n > 3 {
						t.Errorf("a lot of %d", n)
					}
					if n == 0 {
						break
					}
				}
				if left := number(t, db, "SELECT COUNT(*) FROM "+table); left != all/3 {
					t.Errorf("%d of %d rows left", left, all)
				}
			})
		}
	})
}

// A provider may be sick for longer than the ledger is kept, and a turn may be long.
func TestPruningKeepsDeliveriesThatWait(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		p := open(t, database)
		p.due(t, p.register(t, p.signUp(t), "phone"), 4)
		for _, c := range []struct {
			later time.Duration
			want  int
		}{{time.Hour, 0}, {30 * 24 * time.Hour, 0}, {32 * 24 * time.Hour, 4}} {
			n, err := p.PruneDeliveries(t.Context(), p.Now().Add(c.later), 100)
			must(t, err)
			if n != c.want {
				t.Errorf("%s later %d are forgotten, want %d", c.later, n, c.want)
			}
		}
	})
}

func TestExpiredTokensArePruned(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, database string) {
		p.guest(t)
		p.advance(player.RefreshLife + time.Hour)
		young := p.guest(t)
		for range 2 {
			_, err := p.players.Prune(t.Context())
			must(t, err)
		}
		db := raw(t, database)
		if n := number(t, db, "SELECT COUNT(*) FROM tokens"); n != 2 {
			t.Errorf("%d tokens left, want two", n)
		}
		if n := number(t, db, "SELECT COUNT(*) FROM logins WHERE player_id = ?", string(young)); n != 1 {
			t.Errorf("%d logins of the young player", n)
		}
		if n := number(t, db, "SELECT COUNT(*) FROM logins"); n != 1 {
			t.Errorf("%d logins left", n)
		}
	})
}

func TestTicketExpiryIsToldOnce(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		one := open(t, database)
		two := one.open(t, database)
		ann := one.guest(t)
		for range 5 {
			_, err := one.tickets.Create(t.Context(), ann, session.Wish{Game: "tictactoe"}, 0, nil)
			must(t, err)
		}
		one.advance(matchmaking.Life)
		var both sync.WaitGroup
		for _, p := range []*process{one, two} {
			both.Go(func() {
				if _, err := p.tickets.Expire(context.Background()); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
		feed, err := one.Messages(t.Context(), ann, 0, 100)
		must(t, err)
		if len(feed) != 5 || feed[0].Kind != notify.TicketExpired {
			t.Errorf("told %d times: %+v", len(feed), feed)
		}
		next, err := one.NextExpiry(t.Context())
		if err != nil || !next.Equal(session.Never) {
			t.Errorf("next expiry %s, %v", next, err)
		}
		sound(t, database)
	})
}

func TestJoinCodesAreFoundAsTyped(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		s, err := p.sessions.Create(t.Context(), p.guest(t), session.Wish{Game: "tictactoe"}, nil)
		must(t, err)
		found, err := p.sessions.Preview(t.Context(), p.guest(t), strings.ToLower(s.JoinCode[:4])+"-"+s.JoinCode[4:])
		if err != nil || found.ID != s.ID {
			t.Errorf("found %s, %v", found.ID, err)
		}
	})
}
