package store_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"

	"yourturn/notify"
	"yourturn/session"
	"yourturn/store/enginetest"
	"yourturn/store/faultdb"
)

// epoch is when the first of the sessions was changed that fill makes, in 2030: long after what else these tests do.
const epoch = int64(1_900_000_000_000)

// fill makes sessions inside of the database, in all of which one player sits: half of them active, three tenths
// finished, two tenths waiting, every third of the active ones the player's turn, both games by turns. There are up to
// 20,000 deliveries, all of them settled. The other tables get a twentieth as many rows.
func fill(t *testing.T, p *process, database string, many int) (ann notify.PlayerID) {
	t.Helper()
	ann = p.guest(t)
	const digit = "(SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)"
	numbers := func(n int) string { // from 0 to n-1
		var digits, sum []string
		for place := 1; place < n; place *= 10 {
			name := fmt.Sprintf("d%d", place)
			digits, sum = append(digits, digit+" "+name), append(sum, fmt.Sprintf("%d*%s.d", place, name))
		}
		return fmt.Sprintf("(SELECT %s AS n FROM %s) numbers WHERE n < %d", strings.Join(sum, " + "), strings.Join(digits, ", "), n)
	}
	const (
		id     = "CONCAT('s', 100000 + n)"
		game   = "CASE n % 2 WHEN 0 THEN 'tictactoe' ELSE 'pile' END"
		status = "CASE WHEN n % 10 < 2 THEN 'waiting' WHEN n % 10 < 7 THEN 'active' ELSE 'finished' END"
		mine   = "n % 10 BETWEEN 2 AND 6 AND n % 3 = 0"
		at     = "1900000000000 + n" // see epoch
	)
	some := numbers(many / 20)
	db := raw(t, database)
	for _, statement := range []string{
		"INSERT INTO players (id, display_name, locale, avatar, created_at) SELECT CONCAT('p', n), 'P', '', '', 0 FROM " + numbers(1000),
		"INSERT INTO sessions (id, game, rules_version, status, version, turn, config, turn_seconds, capacity, seed, state, awaited, pending, deadline_at, due_at, created_at, updated_at, result, change_id, claim, lease_until) " +
			"SELECT " + id + ", " + game + ", 1, " + status + ", 2, 1, '{}', 60, 2, '01234567890123456789012345678901', '{}', CASE WHEN " + mine + " THEN '[0]' ELSE '[1]' END, 'null', " +
			at + " + 60000, " + at + " + 48000, " + at + ", " + at + ", 'null', 'c', '', 0 FROM " + numbers(many),
		"INSERT INTO seats (session_id, seat, player_id, role, gone, status, game, sort_key, last_seq) " +
			"SELECT " + id + ", 0, '" + string(ann) + "', '', 0, " + status + ", " + game + ", CASE WHEN " + mine + " THEN " + at + " + 60000 ELSE 4611686018427387904 - (" + at + ") END, 0 FROM " + numbers(many),
		"INSERT INTO seats (session_id, seat, player_id, role, gone, status, game, sort_key, last_seq) " +
			"SELECT " + id + ", 1, CONCAT('p', n % 1000), '', 0, " + status + ", " + game + ", 4611686018427387904 - (" + at + "), 0 FROM " + numbers(many) + " AND n % 4 = 0",
		"INSERT INTO changes (session_id, version, turn, cause, seat, move_seat, at, private, act, events, change_id) SELECT " + id + ", 1, 1, 'move', 0, 0, " + at + ", 0, '{}', '[]', 'c' FROM " + some,
		"INSERT INTO tickets (id, player_id, game, config, turn_seconds, seats, role, bucket, status, created_at, expires_at) SELECT CONCAT('t', n), CONCAT('p', n % 1000), 'pile', '{}', 60, 2, '', CONCAT('b', n % 50), CASE n % 3 WHEN 0 THEN 'waiting' ELSE 'matched' END, " + at + ", " + at + " FROM " + some,
		"INSERT INTO logins (id, player_id, created_at, expires_at) SELECT CONCAT('l', n), CONCAT('p', n % 1000), 0, " + at + " FROM " + some,
		"INSERT INTO tokens (hash, kind, login_id, parent, used, expires_at, superseded_at) SELECT CONCAT('01234567890123456789012345', 100000 + n), 'access', CONCAT('l', n), '01234567890123456789012345678901', 1, " + at + ", 0 FROM " + some,
		"INSERT INTO idempotency_keys (player_id, kind, value, fingerprint, made_id, created_at) SELECT CONCAT('p', n % 1000), 'session', CONCAT('k', n), 'f', 's', " + at + " FROM " + some,
		"INSERT INTO counters (player_id, last_seq, acked_seq, waiting, open_tickets) SELECT CONCAT('p', n), 1, 0, 0, 0 FROM " + some,
		"INSERT INTO feed (player_id, seq, kind, at, version, turn, deadline_at, data) SELECT CONCAT('p', n), 1, 'matched', " + at + ", 1, 1, 0, '{}' FROM " + some,
		"INSERT INTO devices (player_id, id, login_id, channel, token, token_hash, p256dh, auth, environment, locale, texts, registered_at, rejected) " +
			"SELECT CONCAT('p', n), 'd', CONCAT('l', n), 'apns', CONCAT('t', n), CONCAT('01234567890123456789012345', 100000 + n), '', '', '', '', 'server', " + at + ", 0 FROM " + some,
		"INSERT INTO notices (player_id, seq, kind, at, session_id, game, version, turn, deadline_at, login_id) " +
			"SELECT CONCAT('p', n), 1, 'matched', " + at + ", " + id + ", 'pile', 1, 1, 0, NULL FROM " + some,
		"INSERT INTO deliveries (id, player_id, seq, kind, at, session_id, game, version, turn, deadline_at, device_id, channel, status, reason, provider_id, attempts, created_at, updated_at, due_at, claim) " +
			"SELECT CONCAT('d', 100000 + n), CONCAT('p', n % 1000), 1, 'matched', " + at + ", " + id + ", 'pile', 1, 1, 0, 'd', CASE n % 3 WHEN 0 THEN 'fcm' ELSE 'apns' END, 'sent', '', '', 1, " +
			at + ", " + at + ", 4503599627370496, '' FROM " + numbers(min(many, 20_000)),
		"INSERT INTO invitations (session_id, player_id, host_id, status, at) SELECT " + id + ", CONCAT('p', n % 1000), '" + string(ann) + "', CASE n % 2 WHEN 0 THEN 'open' ELSE 'accepted' END, " + at + " FROM " + some,
		"INSERT INTO blocks (player_id, blocked_id, at) SELECT CONCAT('p', n % 50), CONCAT('p', n), " + at + " FROM " + numbers(1000),
		"INSERT INTO opponents (player_id, opponent_id, last_at, sessions, last_session_id) SELECT CONCAT('p', n % 50), CONCAT('p', n), " + at + ", 1, 's' FROM " + numbers(1000),
		"INSERT INTO link_codes (player_id, hash, made_by, expires_at) SELECT CONCAT('p', n), CONCAT('01234567890123456789012345', 100000 + n), CONCAT('l', n), " + at + " FROM " + some,
		"INSERT INTO identities (issuer, subject, player_id, provider, created_at) SELECT 'https://appleid.apple.com', CONCAT('s', n), CONCAT('p', n), 'apple', " + at + " FROM " + some,
		"ANALYZE" + map[bool]string{false: " TABLE players, sessions, seats, changes, feed, counters, tickets, tokens, logins, idempotency_keys, devices, notices, deliveries, invitations, blocks, opponents, link_codes, identities"}[isSQLite(database)],
	} {
		_, err := db.Exec(statement)
		must(t, err)
	}
	return ann
}

// spy remembers what is read.
type spy struct {
	mu   sync.Mutex
	sent []faultdb.Statement
}

func (s *spy) watch(f *faultdb.Faults) {
	f.Add(&faultdb.Rule{On: faultdb.Is("SELECT"), Rewrite: func(sent faultdb.Statement) faultdb.Statement {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.sent = append(s.sent, sent)
		return sent
	}})
}

func (s *spy) take() []faultdb.Statement {
	s.mu.Lock()
	defer s.mu.Unlock()
	sent := s.sent
	s.sent = nil
	return sent
}

// A meter runs a statement again and asks the engine how much it had to look at.
type meter func(t *testing.T, s faultdb.Statement) int64

// handlers counts the rows that MariaDB and MySQL have read, by their own counters of this connection.
func handlers(t *testing.T, database string) meter {
	conn, err := raw(t, database).Conn(t.Context())
	must(t, err)
	t.Cleanup(func() { conn.Close() })
	read := func(t *testing.T) (total int64) {
		found, err := conn.QueryContext(t.Context(), "SHOW SESSION STATUS LIKE 'Handler_read%'")
		must(t, err)
		defer found.Close()
		for found.Next() {
			var name string
			var n int64
			must(t, found.Scan(&name, &n))
			total += n
		}
		must(t, found.Err())
		return total
	}
	return func(t *testing.T, s faultdb.Statement) int64 {
		before := read(t)
		overhead := read(t) - before // what the question itself costs
		must(t, drain(t.Context(), conn, s))
		return read(t) - before - 2*overhead
	}
}

func drain(ctx context.Context, conn *sql.Conn, s faultdb.Statement) error {
	found, err := conn.QueryContext(ctx, s.Text, plain(s.Args)...)
	if err != nil {
		return err
	}
	defer found.Close()
	for found.Next() {
	}
	return found.Err()
}

func plain(args []driver.NamedValue) (values []any) {
	for _, arg := range args {
		values = append(values, arg.Value)
	}
	return values
}

// steps counts the steps of SQLite's machine: a look at a row takes some ten of them.
func steps(t *testing.T, database string) meter {
	tls := libc.NewTLS()
	text := func(s string) uintptr {
		p, err := libc.CString(s)
		must(t, err)
		t.Cleanup(func() { libc.Xfree(tls, p) })
		return p
	}
	pointer := libc.Xcalloc(tls, 1, 8)
	ok := func(what string, code int32) {
		if code != sqlite3.SQLITE_OK {
			t.Fatalf("%s: %d", what, code)
		}
	}
	ok("open", sqlite3.Xsqlite3_open_v2(tls, text(strings.TrimPrefix(database, "sqlite:")), pointer, sqlite3.SQLITE_OPEN_READWRITE, 0))
	db := libc.AtomicLoadPUintptr(pointer)
	t.Cleanup(func() {
		sqlite3.Xsqlite3_close_v2(tls, db)
		libc.Xfree(tls, pointer)
	})
	return func(t *testing.T, s faultdb.Statement) int64 {
		ok("prepare", sqlite3.Xsqlite3_prepare_v2(tls, db, text(s.Text), -1, pointer, 0))
		stmt := libc.AtomicLoadPUintptr(pointer)
		defer sqlite3.Xsqlite3_finalize(tls, stmt)
		for i, arg := range s.Args {
			switch value := arg.Value.(type) {
			case int64:
				ok("bind", sqlite3.Xsqlite3_bind_int64(tls, stmt, int32(i+1), value))
			case string:
				ok("bind", sqlite3.Xsqlite3_bind_text(tls, stmt, int32(i+1), text(value), -1, 0))
			default:
				t.Fatalf("an argument of type %T", value)
			}
		}
		for {
			code := sqlite3.Xsqlite3_step(tls, stmt)
			if code == sqlite3.SQLITE_DONE {
				return int64(sqlite3.Xsqlite3_stmt_status(tls, stmt, sqlite3.SQLITE_STMTSTATUS_VM_STEP, 0))
			}
			if code != sqlite3.SQLITE_ROW {
				t.Fatalf("step: %d", code)
			}
		}
	}
}

// filters are all the ways to ask for a list.
func filters() (all []session.Query) {
	yes, no := true, false
	for _, status := range []session.Status{"", session.Waiting, session.Active, session.Finished} {
		for _, game := range []string{"", "pile"} {
			for _, mine := range []*bool{nil, &yes, &no} {
				all = append(all, session.Query{Status: status, Game: game, MyTurn: mine})
			}
		}
	}
	return all
}

func title(q session.Query) string {
	mine := "any"
	if q.MyTurn != nil {
		mine = fmt.Sprint(*q.MyTurn)
	}
	return fmt.Sprintf("status=%s,game=%s,my_turn=%s", q.Status, q.Game, mine)
}

func TestPageOfAListCostsAPage(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		if isSQLite(database) && racing {
			withoutRaceDetector(t)
			return
		}
		var faults faultdb.Faults
		p, many := open(t, database, through(&faults)), howMany(t, database)
		ann := fill(t, p, database, many)
		var seen spy
		seen.watch(&faults)
		// The bounds: a row of the page is looked at in up to three ranges, sorted, then read with its two seats and
		// their players. One more page of a hundred thousand sessions would cost a hundred times as much.
		const limit = 20
		cost, most := meter(nil), int64(limit*25)
		if isSQLite(database) {
			cost, most = steps(t, database), limit*250
		} else {
			cost = handlers(t, database)
		}
		for _, q := range filters() {
			t.Run(title(q), func(t *testing.T) {
				q.Player, q.Limit = ann, limit
				var highest int64
				for _, cursor := range []session.Position{{}, nearTheEnd(q, many)} {
					q.After = cursor
					seen.take()
					page, err := p.ListSessions(t.Context(), q)
					must(t, err)
					if never := q.MyTurn != nil && *q.MyTurn && q.Status != "" && q.Status != session.Active; !never && len(page) != limit {
						t.Errorf("a page of %d after %v", len(page), cursor)
					}
					total := int64(0)
					for _, sent := range seen.take() {
						total += cost(t, sent)
					}
					highest = max(highest, total)
					if total > most {
						t.Errorf("a page after %v cost %d, and may cost %d", cursor, total, most)
					}
				}
				t.Logf("at most %d", highest)
			})
		}
	})
}

// A page of whom one has met, whom one has blocked, and where one is invited costs a page, too, however many there are.
func TestPageOfPeopleCostsAPage(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		if isSQLite(database) && racing {
			withoutRaceDetector(t)
			return
		}
		var faults faultdb.Faults
		p := open(t, database, through(&faults))
		ann := fill(t, p, database, 5_000)
		for _, statement := range []string{
			"INSERT INTO opponents (player_id, opponent_id, last_at, sessions, last_session_id) SELECT '%s', id, 5000 - LENGTH(id), 1, 's' FROM players WHERE display_name = 'P'",
			"INSERT INTO blocks (player_id, blocked_id, at) SELECT '%s', id, 5000 - LENGTH(id) FROM players WHERE display_name = 'P' AND id <> 'p1'",
			"INSERT INTO invitations (session_id, player_id, host_id, status, at) SELECT id, '%s', 'p1', 'open', updated_at FROM sessions WHERE status = 'waiting'",
			"UPDATE sessions SET join_code = id WHERE status = 'waiting' AND join_code IS NULL AND '%s' <> ''",
			"ANALYZE" + map[bool]string{false: " TABLE invitations, blocks, opponents, sessions"}[isSQLite(database)] + " -- %s",
		} {
			_, err := raw(t, database).Exec(fmt.Sprintf(statement, ann))
			must(t, err)
		}
		var seen spy
		seen.watch(&faults)
		const limit = 20
		cost, most := meter(nil), int64(limit*25)
		if isSQLite(database) {
			cost, most = steps(t, database), limit*250
		} else {
			cost = handlers(t, database)
		}
		var next string
		for title, read := range map[string]func(cursor string) (int, error){
			"opponents": func(cursor string) (int, error) {
				page, after, err := p.sessions.Opponents(t.Context(), ann, cursor, limit)
				next = after
				return len(page), err
			},
			"blocks": func(cursor string) (int, error) {
				page, after, err := p.sessions.Blocks(t.Context(), ann, cursor, limit)
				next = after
				return len(page), err
			},
			"invitations": func(cursor string) (int, error) {
				page, after, err := p.sessions.Invitations(t.Context(), ann, cursor, limit)
				next = after
				return len(page), err
			},
		} {
			next = ""
			for range 3 {
				seen.take()
				n, err := read(next)
				must(t, err)
				total := int64(0)
				for _, sent := range seen.take() {
					total += cost(t, sent)
				}
				if n != limit || next == "" || total > most {
					t.Errorf("%s: a page of %d cost %d, and may cost %d", title, n, total, most)
				}
			}
		}
	})
}

// howMany sessions there are. MySQL makes them many times as slowly as the others, and has the optimizer of MariaDB.
func howMany(t *testing.T, database string) int {
	if isSQLite(database) {
		return 100_000
	}
	var version string
	must(t, raw(t, database).QueryRow("SELECT VERSION()").Scan(&version))
	if strings.Contains(version, "MariaDB") {
		return 100_000
	}
	return 20_000
}

// nearTheEnd is a position after which a twentieth of the list comes.
func nearTheEnd(q session.Query, many int) session.Position {
	if q.MyTurn != nil && *q.MyTurn {
		return session.Position{SortKey: epoch + int64(many)*19/20 + 60_000, ID: "s"}
	}
	return session.Position{SortKey: session.NotMyTurn - epoch - int64(many)/20, ID: "s"}
}

// withoutRaceDetector runs the test that calls it again, for SQLite alone and in a process of its own: SQLite is Go here,
// and takes forty times as long to make so many sessions while every access to memory is watched.
func withoutRaceDetector(t *testing.T) {
	t.Helper()
	again := exec.CommandContext(t.Context(), "go", "test", "-count=1", "-vet=off", "-race=false", "-v", "-run", "^"+strings.Replace(t.Name(), "/", "$/^", 1)+"$", ".")
	out, err := again.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()+" (") {
		t.Errorf("%v\n%s", err, out)
	}
}
