package bench

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	_ "modernc.org/sqlite" // for database/sql

	"yourturn/migrations"
	"yourturn/notify"
	"yourturn/session"
	"yourturn/store"
)

// BenchmarkCommit writes moves: the session with its version check, two seats, a change, two counters and two messages
// of the feed. The bare driver does it as one would by hand, a transaction for each move in its best plain form; the
// store does it as ever. Run it with -benchtime 7x for seven rounds.
func BenchmarkCommit(b *testing.B) {
	for _, e := range engines(b) {
		migrate(b, e.database)
		db, err := store.Open(e.database, store.Options{Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			b.Fatal(err)
		}
		plain := openBare(b, e)
		for _, at := range []int{1, 64} {
			b.Run(fmt.Sprintf("%s/%d", e.name, at), func(b *testing.B) {
				games := seatGames(b, db, at)
				var bares, stores, ratios []float64
				for b.Loop() {
					bare := rate(b, games, plain.commit)
					kept := rate(b, games, func(ctx context.Context, m *move) error { return db.Commit(ctx, m.commit()) })
					bares, stores, ratios = append(bares, bare), append(stores, kept), append(ratios, kept/bare)
				}
				b.ReportMetric(median(bares), "bare/s")
				b.ReportMetric(median(stores), "store/s")
				b.ReportMetric(median(ratios), "store/bare")
				b.ReportMetric(0, "ns/op") // of a round: says nothing
			})
		}
		plain.close()
		if err := db.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func migrate(b *testing.B, database string) {
	b.Helper()
	m, err := store.NewMigrator(database, migrations.Files)
	if err != nil {
		b.Fatal(err)
	}
	defer m.Close()
	if _, err := m.Up(b.Context()); err != nil {
		b.Fatal(err)
	}
}

// Each worker plays on some tables of its own, so that nobody conflicts: conflicts are not what is measured.
const (
	tablesEach = 8
	warmUp     = 200 * time.Millisecond
	window     = time.Second
)

// rate runs one worker for each list of games and tells how many moves a second became durable.
func rate(b *testing.B, games [][]*move, commit func(context.Context, *move) error) float64 {
	b.Helper()
	start := time.Now().Add(warmUp)
	end := start.Add(window)
	counts := make([]int, len(games))
	errs := make([]error, len(games))
	var all sync.WaitGroup
	for i, mine := range games {
		all.Go(func() {
			for n := 0; ; n++ {
				m := mine[n%len(mine)]
				m.next()
				if errs[i] = commit(b.Context(), m); errs[i] != nil {
					return
				}
				now := time.Now()
				if now.After(end) {
					return
				}
				if now.After(start) {
					counts[i]++
				}
			}
		})
	}
	all.Wait()
	total := 0
	for i, n := range counts {
		if errs[i] != nil {
			b.Fatal(errs[i])
		}
		total += n
	}
	return float64(total) / window.Seconds()
}

// move is the next move of a session, with the values that tic-tac-toe would have.
type move struct {
	id       session.ID
	players  [2]notify.PlayerID
	version  int64
	changeID string
	at       time.Time
}

const (
	state   = `{"board":["X","","","","O","","","",""],"marks":["O","X"],"next":1}`
	act     = `{"move":{"cell":4}}`
	data    = `{"events":[{"version":4,"turn":2,"kind":"move","seat":0,"at":"2026-11-20T12:00:00Z","data":{"move":{"cell":4}}}]}`
	seed    = "0123456789abcdef0123456789abcdef"
	waiting = session.NotMyTurn - 1_800_000_000_000
)

func (m *move) next() {
	m.version++
	m.at = time.UnixMilli(1_800_000_000_000 + m.version)
	m.changeID = fmt.Sprintf("change-%014d-%s", m.version, m.id[len(m.id)-4:])
}

// mover is whose move it is.
func (m *move) mover() int { return int(m.version % 2) }

func (m *move) deadline() time.Time { return m.at.Add(24 * time.Hour).Truncate(time.Second) }

func (m *move) session() session.Session {
	s := session.Session{
		ID: m.id, Game: "tictactoe", RulesVersion: 1, Status: session.Active, Version: m.version, Turn: m.version,
		Config: json.RawMessage(`{}`), TurnSeconds: 86400, Capacity: 2, Seed: []byte(seed), State: json.RawMessage(state),
		Await: []int{1 - m.mover()}, Deadline: m.deadline(), Due: m.deadline(), CreatedAt: m.at, UpdatedAt: m.at, ChangeID: m.changeID,
	}
	for i, player := range m.players {
		s.Seats = append(s.Seats, session.Seat{Number: i, Player: player, SortKey: waiting - m.version})
	}
	return s
}

func (m *move) commit() session.Commit {
	s := m.session()
	c := session.Commit{
		Before: m.version - 1, Session: s, Seats: s.Seats,
		Changes: []session.Change{{
			Act: session.Act{Cause: session.Moved, Seat: m.mover(), Move: json.RawMessage(`{"cell":4}`)},
			ID:  m.changeID, Session: m.id, Version: m.version, Turn: m.version - 1, At: m.at,
		}},
		Waiting: map[notify.PlayerID]int{m.players[m.mover()]: -1, m.players[1-m.mover()]: 1},
	}
	for i, player := range m.players {
		c.Messages = append(c.Messages, notify.Message{
			Player: player, Kind: m.kind(i), At: m.at, Session: string(m.id), Game: "tictactoe", Version: m.version,
			Turn: m.version, Deadline: m.deadline(), Data: json.RawMessage(data), Own: i == m.mover(),
		})
	}
	return c
}

func (m *move) kind(seat int) string {
	if seat == m.mover() {
		return notify.SessionUpdated
	}
	return notify.YourTurn
}

// seatGames makes sessions for workers.
func seatGames(b *testing.B, db *store.DB, workers int) [][]*move {
	b.Helper()
	games := make([][]*move, workers)
	for w := range games {
		for t := range tablesEach {
			name := fmt.Sprintf("%03d%06d%07d", workers, w, t)
			m := &move{id: session.ID("session000" + name), players: [2]notify.PlayerID{
				notify.PlayerID("playera000" + name), notify.PlayerID("playerb000" + name),
			}}
			m.next()
			first := m.commit()
			first.Changes[0].Act = session.Act{Cause: session.Created}
			if err := db.Commit(b.Context(), first); err != nil {
				b.Fatal(err)
			}
			games[w] = append(games[w], m)
		}
	}
	return games
}

// bare writes the same rows by the driver alone. For MariaDB that is text with its values interpolated and a bounded
// pool; for SQLite, prepared statements on the one connection that may write.
type bare struct {
	sqlite bool
	sql    inserts
	db     *sql.DB
	conns  chan *bareConn
}

type bareConn struct {
	conn  *sql.Conn
	stmts map[string]*sql.Stmt // nil: statements go as text
}

// bareConns is near the best for 64 workers on two cores; 256 are slower than 16.
const bareConns = 32

func openBare(b *testing.B, e engine) *bare {
	b.Helper()
	p := &bare{sqlite: e.isSQLite(), sql: insertsFor(e.isSQLite())}
	n := bareConns
	if p.sqlite {
		n = 1
		pragmas := url.Values{"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "cache_size(-16000)", "temp_store(MEMORY)"}}
		db, err := sql.Open("sqlite", "file:"+strings.TrimPrefix(e.database, "sqlite:")+"?"+pragmas.Encode())
		if err != nil {
			b.Fatal(err)
		}
		p.db = db
	} else {
		u, err := url.Parse(e.database)
		if err != nil {
			b.Fatal(err)
		}
		c := mysql.NewConfig()
		c.User, c.Net, c.Addr, c.DBName = u.User.Username(), "tcp", u.Host, u.Path[1:]
		c.Passwd, _ = u.User.Password()
		c.InterpolateParams = true
		c.Params = map[string]string{"tx_isolation": "'READ-COMMITTED'"}
		connector, err := mysql.NewConnector(c)
		if err != nil {
			b.Fatal(err)
		}
		p.db = sql.OpenDB(connector)
	}
	p.db.SetMaxIdleConns(n)
	p.conns = make(chan *bareConn, n)
	for range n {
		conn, err := p.db.Conn(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		one := &bareConn{conn: conn}
		if p.sqlite {
			one.stmts = map[string]*sql.Stmt{}
		}
		p.conns <- one
	}
	return p
}

func (p *bare) close() {
	for range cap(p.conns) {
		c := <-p.conns
		for _, stmt := range c.stmts {
			stmt.Close()
		}
		c.conn.Close()
	}
	p.db.Close()
}

func (c *bareConn) exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if c.stmts == nil {
		return c.conn.ExecContext(ctx, query, args...)
	}
	stmt, err := c.prepared(ctx, query)
	if err != nil {
		return nil, err
	}
	return stmt.ExecContext(ctx, args...)
}

func (c *bareConn) query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if c.stmts == nil {
		return c.conn.QueryContext(ctx, query, args...)
	}
	stmt, err := c.prepared(ctx, query)
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(ctx, args...)
}

func (c *bareConn) prepared(ctx context.Context, query string) (*sql.Stmt, error) {
	if stmt := c.stmts[query]; stmt != nil {
		return stmt, nil
	}
	stmt, err := c.conn.PrepareContext(ctx, query)
	c.stmts[query] = stmt
	return stmt, err
}

// commit writes one move.
func (p *bare) commit(ctx context.Context, m *move) error {
	c := <-p.conns
	defer func() { p.conns <- c }()
	begin := "BEGIN"
	if p.sqlite {
		begin = "BEGIN IMMEDIATE"
	}
	if _, err := c.exec(ctx, begin); err != nil {
		return err
	}
	if err := p.rows(ctx, c, m); err != nil {
		_, _ = c.exec(ctx, "ROLLBACK")
		return err
	}
	_, err := c.exec(ctx, "COMMIT")
	return err
}

func (p *bare) rows(ctx context.Context, c *bareConn, m *move) error {
	due := m.deadline().UnixMilli()
	result, err := c.exec(ctx, `UPDATE sessions SET status = ?, version = ?, turn = ?, state = ?, awaited = ?, pending = ?, deadline_at = ?, due_at = ?, updated_at = ?, result = ?, change_id = ?, claim = '', lease_until = 0 WHERE id = ? AND version = ?`,
		"active", m.version, m.version, state, "[1]", "null", due, due, m.at.UnixMilli(), "null", m.changeID, string(m.id), m.version-1)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); n != 1 || err != nil {
		return fmt.Errorf("%d sessions changed: %w", n, err)
	}
	a, b := string(m.players[0]), string(m.players[1])
	if err := p.insert(ctx, c, p.sql.counters, []any{a, 1, 0, 1 - 2*m.mover(), 0}, []any{b, 1, 0, 2*m.mover() - 1, 0}); err != nil {
		return err
	}
	rows, err := c.query(ctx, `SELECT player_id, last_seq FROM counters WHERE player_id IN (?, ?)`, a, b)
	if err != nil {
		return err
	}
	seqs := map[string]int64{}
	for rows.Next() {
		var player string
		var seq int64
		if err := rows.Scan(&player, &seq); err != nil {
			return err
		}
		seqs[player] = seq
	}
	if err := rows.Close(); err != nil {
		return err
	}
	if err := p.insert(ctx, c, p.sql.seats,
		[]any{string(m.id), 0, a, "", 0, "active", "tictactoe", waiting - m.version, seqs[a]},
		[]any{string(m.id), 1, b, "", 0, "active", "tictactoe", waiting - m.version, seqs[b]}); err != nil {
		return err
	}
	if err := p.insert(ctx, c, p.sql.changes,
		[]any{string(m.id), m.version, m.version - 1, "move", m.mover(), m.mover(), m.at.UnixMilli(), 0, act, "[]", m.changeID}); err != nil {
		return err
	}
	var feed [][]any
	for i, player := range m.players {
		feed = append(feed, []any{string(player), seqs[string(player)], m.kind(i), m.at.UnixMilli(), string(m.id), "tictactoe", m.version, m.version, due, data})
	}
	return p.insert(ctx, c, p.sql.feed, feed...)
}

// inserts are the statements that add rows: all rows in one on MariaDB, which saves trips; a row each on SQLite, which
// saves parsing.
type inserts struct{ counters, seats, changes, feed string }

func insertsFor(sqlite bool) inserts {
	into := func(columns, key string, rows int, sets ...string) string {
		tuple := "(" + strings.TrimSuffix(strings.Repeat("?, ", strings.Count(columns, ",")+1), ", ") + ")"
		if sqlite {
			rows = 1
		}
		text := "INSERT INTO " + columns + " VALUES " + strings.TrimSuffix(strings.Repeat(tuple+", ", rows), ", ")
		switch {
		case len(sets) == 0:
			return text
		case sqlite:
			return text + " ON CONFLICT (" + key + ") DO UPDATE SET " + strings.NewReplacer("NEW(", "excluded.", ")", "").Replace(strings.Join(sets, ", "))
		}
		return text + " ON DUPLICATE KEY UPDATE " + strings.ReplaceAll(strings.Join(sets, ", "), "NEW(", "VALUES(")
	}
	return inserts{
		counters: into("counters (player_id, last_seq, acked_seq, waiting, open_tickets)", "player_id", 2,
			"last_seq = last_seq + NEW(last_seq)", "waiting = waiting + NEW(waiting)", "open_tickets = open_tickets + NEW(open_tickets)"),
		seats: into("seats (session_id, seat, player_id, role, gone, status, game, sort_key, last_seq)", "session_id, seat", 2,
			"player_id = NEW(player_id)", "role = NEW(role)", "gone = NEW(gone)", "status = NEW(status)", "sort_key = NEW(sort_key)", "last_seq = NEW(last_seq)"),
		changes: into("changes (session_id, version, turn, cause, seat, move_seat, at, private, act, events, change_id)", "", 1),
		feed:    into("feed (player_id, seq, kind, at, session_id, game, version, turn, deadline_at, data)", "", 2),
	}
}

func (p *bare) insert(ctx context.Context, c *bareConn, query string, rows ...[]any) error {
	if !p.sqlite {
		_, err := c.exec(ctx, query, slices.Concat(rows...)...)
		return err
	}
	for _, row := range rows {
		if _, err := c.exec(ctx, query, row...); err != nil {
			return err
		}
	}
	return nil
}
