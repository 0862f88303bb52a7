package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"yourturn/matchmaking"
	"yourturn/notify"
	"yourturn/player"
	"yourturn/session"
	"yourturn/store/enginetest"
	"yourturn/store/faultdb"
)

// everything does all that the store can do at least once.
func everything(t *testing.T, p *process) {
	t.Helper()
	ctx := t.Context()
	r := &randomPlayer{process: p, dice: rand.New(rand.NewPCG(1, 1)), players: make([]player.Login, 3), shared: &commonKnowledge{}}
	for i := range r.players {
		must(t, r.join(ctx, i))
	}
	ann, bob := p.guest(t), p.guest(t)
	s := p.match(t, ann, bob)
	_, _, err := p.sessions.Play(ctx, mover(s), "", s.ID, 1, cell(0))
	must(t, err)
	_, _, err = p.sessions.Play(ctx, mover(s), "", s.ID, 1, cell(0))
	must(t, err)
	key := &session.Key{Player: ann, Value: "k", Fingerprint: "f"}
	_, err = p.sessions.Create(ctx, ann, session.Wish{Game: "pile"}, key)
	must(t, err)
	ticket, err := p.tickets.Create(ctx, ann, session.Wish{Game: "pile", Seats: 4}, 0, &session.Key{Player: ann, Value: "t", Fingerprint: "f"})
	must(t, err)
	_, err = p.Tickets(ctx, ann, ticket.ID, 10)
	must(t, err)
	_, err = p.tickets.Create(ctx, ann, session.Wish{Game: "pile", Seats: 4}, 0, nil)
	must(t, err)
	_, _, err = p.sessions.Events(ctx, ann, s.ID, 0, 10)
	must(t, err)
	_, err = p.SessionIDs(ctx, "", 10)
	must(t, err)
	_, err = p.Since(ctx, time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC), 10)
	must(t, err)
	_, err = p.ClockSkew(ctx)
	must(t, err)
	_, err = p.NextDue(ctx, p.Now(), claimable)
	must(t, err)
	_, err = p.BotTables(ctx, ann, 20)
	must(t, err)
	_, err = p.NextExpiry(ctx)
	must(t, err)
	_, err = p.Cursors(ctx, []notify.PlayerID{ann, bob, "nobody"})
	must(t, err)
	everybody(t, p)
	for _, q := range filters() {
		q.Player, q.Limit = ann, 5
		_, err := p.ListSessions(ctx, q)
		must(t, err)
	}
	_, issued, err := p.players.Create(ctx, player.Profile{})
	must(t, err)
	issued, err = p.players.Refresh(ctx, issued.Refresh)
	must(t, err)
	login, err := p.players.Authenticate(ctx, issued.Access)
	must(t, err)
	_, _, err = p.players.StreamTicket(ctx, issued.Access)
	must(t, err)
	_, err = p.players.Update(ctx, login.Player, player.Patch{})
	must(t, err)
	p.players.Alive(ctx, login.ID)
	everyWayBack(t, p)
	must(t, p.players.SignOut(ctx, login))
	must(t, r.replace(ctx, 0))
	everyPush(t, p)
	s = p.match(t, ann, bob)
	p.advance(s.Due.Sub(p.Now()))
	_, err = p.clock.Step(ctx)
	must(t, err)
	p.advance(matchmaking.Life)
	_, err = p.tickets.Expire(ctx)
	must(t, err)
	p.advance(player.RefreshLife)
	_, err = p.players.Prune(ctx)
	must(t, err)
	for _, prune := range []func(context.Context, time.Time, int) (int, error){p.PruneFeed, p.PruneKeys, p.PruneTickets, p.PruneDeliveries} {
		n, err := prune(ctx, p.Now(), 5)
		must(t, err)
		if n == 0 {
			t.Error("nothing was pruned")
		}
	}
	for range 200 {
		_ = r.anything(ctx) // a refusal is as good as anything
	}
}

// everybody does all that there is about invitations, opponents and blocks.
func everybody(t *testing.T, p *process) {
	t.Helper()
	ctx := t.Context()
	all := p.guests(t, 5)
	ann, bob := all[0], all[1]
	table, err := p.sessions.Create(ctx, ann, session.Wish{Game: "pile", Seats: 4, Invite: all[1:3]}, nil)
	must(t, err)
	_, err = p.sessions.Invite(ctx, ann, table.ID, all[3:])
	must(t, err)
	must(t, p.sessions.Decline(ctx, all[3], table.ID))
	_, _, err = p.sessions.Invitations(ctx, bob, "", 5)
	must(t, err)
	must(t, p.sessions.Leave(ctx, ann, table.ID))
	p.match(t, ann, bob)
	_, _, err = p.sessions.Opponents(ctx, ann, "", 5)
	must(t, err)
	must(t, p.sessions.Block(ctx, ann, bob))
	_, _, err = p.sessions.Blocks(ctx, ann, "", 5)
	must(t, err)
	must(t, p.sessions.Unblock(ctx, ann, bob))
	for cursor := ""; ; {
		_, next, err := p.Export(ctx, player.ID(ann), cursor, 1)
		must(t, err)
		if cursor = next; next == "" {
			break
		}
	}
}

// everyWayBack does all that there is about logins, link codes and identities.
func everyWayBack(t *testing.T, p *process) {
	t.Helper()
	ctx := t.Context()
	phone, other := p.login(t), p.login(t)
	for range 2 {
		code, _, err := p.players.NewLinkCode(ctx, phone)
		must(t, err)
		_, err = p.players.Link(ctx, code, "attempt")
		must(t, err)
		_, err = p.players.Link(ctx, code, "attempt") // once more
		must(t, err)
	}
	mine := player.Identity{Provider: "apple", Issuer: "https://appleid.apple.com", Subject: "ann", Player: phone.Player, CreatedAt: p.Now()}
	theirs := mine
	theirs.Player = other.Player
	for _, i := range []player.Identity{mine, mine, theirs} {
		_, err := p.PutIdentity(ctx, i, phone.Player)
		must(t, err)
	}
	_, err := p.Identities(ctx, other.Player)
	must(t, err)
	owner, err := p.IdentityOwner(ctx, mine.Issuer, mine.Subject)
	must(t, err)
	lost := player.SignIn{Login: player.Login{ID: player.LoginID(p.newID()), Player: owner}, Attempt: player.HashOf("attempt"), CreatedAt: p.Now()}
	must(t, p.AddLogin(ctx, lost, player.Issued{}))
	_, err = p.EndStolen(ctx, lost.Login, p.Now())
	must(t, err)
	_, _, err = p.Sessions(ctx, owner)
	must(t, err)
	must(t, p.DeleteIdentity(ctx, owner, "apple"))
}

// everyPush does all that there is about pushes, also to the devices.
func everyPush(t *testing.T, p *process) {
	t.Helper()
	ctx := t.Context()
	notices, devices := p.pushes(t, 2)
	for _, d := range devices[:2] {
		d.Address.Token += "2"
		must(t, p.PutDevice(ctx, d, notify.MaxDevices))
	}
	found, err := p.DevicesOf(ctx, []notify.PlayerID{devices[0].Player, devices[2].Player})
	must(t, err)
	_, err = p.NextNotice(ctx)
	must(t, err)
	_, err = p.NoticesOf(ctx, devices[0].Player)
	must(t, err)
	_, err = p.Deliver(ctx, notices, p.turn(notices, found...))
	must(t, err)
	var lot []notify.Settlement
	for i, d := range p.claim(t, time.Hour, 100) {
		lot = append(lot, settled(d, []notify.Class{notify.Rejected, notify.Sent, notify.Gone, notify.Later}[i%4]))
	}
	must(t, p.Settle(ctx, lot))
	_, err = p.NextDelivery(ctx, notify.APNs)
	must(t, err)
	for _, before := range []notify.DeliveryID{"", lot[0].ID} {
		_, err = p.Deliveries(ctx, devices[0].Player, before, 2)
		must(t, err)
	}
	must(t, p.DeleteDevice(ctx, devices[2].Player, devices[2].ID))
	must(t, p.Mute(ctx, session.ID(lot[0].Session), devices[0].Player, true))
}

// statements are the different texts that the store sends, each with the values it was once sent with. Lists of any
// length count as one.
func statements(t *testing.T, p *process, faults *faultdb.Faults) map[string]faultdb.Statement {
	t.Helper()
	found := map[string]faultdb.Statement{}
	var mu sync.Mutex
	faults.Add(&faultdb.Rule{On: func(s faultdb.Statement) bool {
		return !slices.Contains([]string{faultdb.Connect, "PING", "BEGIN", "BEGIN IMMEDIATE", "COMMIT", "ROLLBACK"}, s.Text)
	}, Rewrite: func(s faultdb.Statement) faultdb.Statement {
		mu.Lock()
		defer mu.Unlock()
		found[lists.ReplaceAllString(s.Text, "(…)")] = s
		return s
	}})
	everything(t, p)
	faults.Clear()
	if len(found) < 50 {
		t.Errorf("only %d statements: %q", len(found), slices.Sorted(maps.Keys(found)))
	}
	return found
}

var lists = regexp.MustCompile(`\(\?(, \?)*\)(, \(\?(, \?)*\))*`)

// forbidden is what not all the engines have, or what some of them accept and do not do.
var forbidden = regexp.MustCompile(`(?i)SKIP LOCKED|GET_LOCK|FOR UPDATE|FOR SHARE|IN SHARE MODE|NOWAIT|RETURNING|REPLACE INTO|AS new\b|->|JSON_|LATERAL|LOCK TABLES|LAST_INSERT_ID|\bLIKE\b|INSERT INTO [a-z_]+ VALUES`)

func TestStatementsAreOnesThatEveryEngineHas(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		var faults faultdb.Faults
		p := open(t, database, through(&faults))
		found := statements(t, p, &faults)
		db := raw(t, database)
		for _, s := range found {
			if what := forbidden.FindString(s.Text); what != "" {
				t.Errorf("%s in %s", what, s.Text)
			}
			if err := prepare(db, s.Text); err != nil {
				t.Errorf("%v: %s", err, s.Text)
			}
		}
	})
}

func prepare(db *sql.DB, text string) error {
	stmt, err := db.Prepare(text)
	if err != nil {
		return err
	}
	defer stmt.Close()
	return nil
}

func TestForbiddenStatementsAreFound(t *testing.T) {
	for _, text := range []string{
		"SELECT id FROM sessions WHERE id = ? FOR UPDATE", "SELECT id FROM t LIMIT 1 FOR UPDATE SKIP LOCKED", "SELECT GET_LOCK(?, 1)",
		"DELETE FROM t WHERE id = ? RETURNING id", "INSERT INTO t VALUES (?)", "INSERT INTO t (a) VALUES (?) AS new ON DUPLICATE KEY UPDATE a = new.a",
	} {
		if !forbidden.MatchString(text) {
			t.Errorf("not found: %s", text)
		}
	}
}

// A plan tells how an engine would find the rows of a statement, and whether that is by reading all of a table.
type plan func(t *testing.T, db *sql.DB, s faultdb.Statement) (lines []string, scans bool)

func explainSQLite(t *testing.T, db *sql.DB, s faultdb.Statement) (lines []string, scans bool) {
	rows(t, db, func(r *sql.Rows) error {
		var id, parent, unused int
		var detail string
		err := r.Scan(&id, &parent, &unused, &detail)
		table, scan := strings.CutPrefix(detail, "SCAN ")
		table, _, _ = strings.Cut(table, " ")
		scans = scans || scan && slices.Contains(tables, table)
		lines = append(lines, detail)
		return err
	}, "EXPLAIN QUERY PLAN "+s.Text, plain(s.Args)...)
	return lines, scans
}

var tables = []string{
	"players", "logins", "tokens", "t", "l", "counters", "feed", "sessions", "seats", "s", "m", "b", "p", "changes", "tickets", "idempotency_keys", "devices", "v", "d",
	"notices", "deliveries", "c", "invitations", "i", "blocks", "opponents", "o", "h", "link_codes", "identities",
}

func explainMySQL(t *testing.T, db *sql.DB, s faultdb.Statement) (lines []string, scans bool) {
	t.Helper()
	found, err := db.Query("EXPLAIN FORMAT=TRADITIONAL "+s.Text, plain(s.Args)...)
	if err != nil {
		t.Fatalf("%v: %s", err, s.Text)
	}
	defer found.Close()
	columns, err := found.Columns()
	must(t, err)
	for found.Next() {
		values := make([]sql.NullString, len(columns))
		into := make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		must(t, found.Scan(into...))
		row := map[string]string{}
		for i, name := range columns {
			row[name] = values[i].String
		}
		// "ALL" reads the table, "index" reads all of an index.
		if (row["type"] == "ALL" || row["type"] == "index") && slices.Contains(tables, row["table"]) {
			scans = true
		}
		lines = append(lines, fmt.Sprint(row["table"], " ", row["type"], " ", row["key"], " rows=", row["rows"], " ", row["Extra"]))
	}
	must(t, found.Err())
	return lines, scans
}

func TestNoStatementReadsAWholeTable(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		var faults faultdb.Faults
		p := open(t, database, through(&faults))
		found := statements(t, p, &faults)
		fill(t, p, database, 5_000)
		explain, db := plan(explainMySQL), raw(t, database)
		if isSQLite(database) {
			explain = explainSQLite
		}
		for _, text := range slices.Sorted(maps.Keys(found)) {
			if !slices.ContainsFunc([]string{"SELECT", "UPDATE", "DELETE"}, func(verb string) bool { return strings.HasPrefix(text, verb) }) {
				continue
			}
			lines, scans := explain(t, db, found[text])
			if scans {
				t.Errorf("%s\n\t%s", text, strings.Join(lines, "\n\t"))
			}
		}
		control := faultdb.Statement{Text: "SELECT id FROM sessions WHERE turn_seconds = 61"}
		if lines, scans := explain(t, db, control); !scans {
			t.Errorf("what reads a whole table was not noticed: %v", lines)
		}
	})
}
