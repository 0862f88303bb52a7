package store_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/prometheus/client_golang/prometheus"
	_ "modernc.org/sqlite"

	"yourturn/games"
	"yourturn/games/tictactoe"
	"yourturn/matchmaking"
	"yourturn/migrations"
	"yourturn/notify"
	"yourturn/player"
	"yourturn/server/servertest"
	"yourturn/session"
	"yourturn/store"
)

func TestMain(m *testing.M) { os.Exit(servertest.Main(m)) }

// world is what the processes of a test have in common: the time and the source of ids.
type world struct {
	now atomic.Int64 // milliseconds
	ids atomic.Int64
}

func newWorld() *world {
	w := &world{}
	w.now.Store(time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC).UnixMilli())
	return w
}

func (w *world) Now() time.Time             { return time.UnixMilli(w.now.Load()).UTC() }
func (w *world) advance(by time.Duration)   { w.now.Add(by.Milliseconds()) }
func (w *world) newID() string              { return fmt.Sprintf("id%012d", w.ids.Add(1)) } // ascending, like the real ones
func (w *world) ticket() matchmaking.Ticket { return w.ticketOf("") }
func (w *world) ticketOf(p string) (t matchmaking.Ticket) {
	t.ID, t.Player = matchmaking.TicketID(w.newID()), notify.PlayerID(p)
	t.Wish = session.Wish{Game: "tictactoe", Config: json.RawMessage(`{}`), TurnSeconds: 60, Seats: 2}
	t.Status, t.CreatedAt, t.ExpiresAt = matchmaking.Waiting, w.Now(), w.Now().Add(matchmaking.Life)
	return t
}

// process is the services of one server on a database.
type process struct {
	*store.DB
	*world
	database string // its address
	sessions *session.Service
	tickets  *matchmaking.Service
	players  *player.Service
	clock    *session.Clock
}

// open migrates a database and opens it as a server does.
func open(t *testing.T, database string, adjust ...func(*store.Options)) *process {
	t.Helper()
	migrate(t, database)
	return newWorld().open(t, database, adjust...)
}

// open opens a database that is migrated, as another process of the same world.
func (w *world) open(t *testing.T, database string, adjust ...func(*store.Options)) *process {
	t.Helper()
	o := store.Options{Log: slog.New(slog.DiscardHandler)}
	for _, f := range adjust {
		f(&o)
	}
	db, err := store.Open(database, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	p := &process{DB: db, world: w, database: database}
	p.sessions = session.NewService(session.Config{
		Store: db, Games: []games.Game{games.Define(tictactoe.Rules{}), games.Define(pile{})}, Wake: func(...notify.PlayerID) {},
		Now: w.Now, Trusted: func() bool { return true }, NewID: w.newID, Random: rand.Reader, Log: o.Log, Metrics: session.NewMetrics(prometheus.NewRegistry()),
	})
	p.clock = &session.Clock{Service: p.sessions}
	p.tickets = matchmaking.NewService(db, p.sessions, func(...notify.PlayerID) {}, w.Now, w.newID, o.Log)
	p.players = &player.Service{
		Store: db, Now: w.Now, NewID: w.newID, Random: rand.Reader, SignedOut: func(player.Login) {},
		NewCode: func() (string, error) { return session.NewCode(rand.Reader) },
		Farewell: func(ctx context.Context, id player.ID) error {
			if err := p.tickets.CancelAll(ctx, notify.PlayerID(id)); err != nil {
				return err
			}
			return p.sessions.LeaveAll(ctx, notify.PlayerID(id))
		},
	}
	return p
}

func migrate(t *testing.T, database string) {
	t.Helper()
	m, err := store.NewMigrator(database, migrations.Files)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if _, err := m.Up(t.Context()); err != nil {
		t.Fatalf("migrate: %v", err)
	}
}

// guest signs a player up.
func (p *process) guest(t *testing.T) notify.PlayerID {
	t.Helper()
	made, _, err := p.players.Create(t.Context(), player.Profile{})
	if err != nil {
		t.Fatal(err)
	}
	return notify.PlayerID(made.ID)
}

func (p *process) guests(t *testing.T, n int) (all []notify.PlayerID) {
	t.Helper()
	for range n {
		all = append(all, p.guest(t))
	}
	return all
}

// match starts a game of tic-tac-toe between players by their tickets.
func (p *process) match(t *testing.T, players ...notify.PlayerID) session.Session {
	t.Helper()
	var made matchmaking.Ticket
	for _, id := range players {
		var err error
		if made, err = p.tickets.Create(t.Context(), id, session.Wish{Game: "tictactoe"}, 0, nil); err != nil {
			t.Fatal(err)
		}
	}
	if made.Session == "" {
		t.Fatalf("not matched: %+v", made)
	}
	return p.read(t, made.Session)
}

func (p *process) read(t *testing.T, id session.ID) session.Session {
	t.Helper()
	s, err := p.Session(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// mover is the player whose turn it is.
func mover(s session.Session) notify.PlayerID { return s.Seats[s.Await[0]].Player }

// cell is a move of tic-tac-toe.
func cell(n int) json.RawMessage { return fmt.Appendf(nil, `{"cell":%d}`, n) }

// pile is a game for these tests: two to four seats, all move at the same time, it goes on without those who leave,
// and those who let their time pass have passed. It ends when the pile is high enough.
type pile struct{}

type (
	pileConfig struct {
		Height int `json:"height,omitempty" minimum:"0" maximum:"1000"`
	}
	pileMove struct {
		Add int `json:"add" minimum:"1" maximum:"3"`
	}
	pileState struct {
		Config pileConfig `json:"config"`
		Seats  []int      `json:"seats"` // still in
		Sum    int        `json:"sum"`
	}
	pileView struct {
		Sum int `json:"sum"`
	}
)

func (pile) Describe() games.Info {
	return games.Info{Name: "pile", Title: "Pile", TypeName: "Pile", Version: 1, MinSeats: 2, MaxSeats: 4, TurnSeconds: 60}
}

func (pile) Start(setup games.Setup[pileConfig]) (games.Step[pileState], error) {
	s := pileState{Config: setup.Config}
	for seat := range setup.Roles {
		s.Seats = append(s.Seats, seat)
	}
	return games.Step[pileState]{State: s, Await: s.Seats}, nil
}

func (pile) Apply(s pileState, _ int, m pileMove, _ games.Env) (games.Step[pileState], error) {
	s.Sum += m.Add
	return s.step(), nil
}

func (s pileState) step() games.Step[pileState] {
	if s.Sum >= max(1, s.Config.Height) || len(s.Seats) < 2 {
		return games.Step[pileState]{State: s, Result: games.Draw("high", len(s.Seats))}
	}
	return games.Step[pileState]{State: s, Await: s.Seats}
}

func (pile) View(s pileState, _ int) pileView { return pileView{s.Sum} }

func (pile) Timeout(s pileState, absent []int, _ games.Env) (games.Step[pileState], error) {
	s.Sum += len(absent)
	return s.step(), nil
}

func (pile) Leave(s pileState, seat int, _ games.Env) (games.Step[pileState], error) {
	s.Seats = slices.DeleteFunc(slices.Clone(s.Seats), func(n int) bool { return n == seat })
	return s.step(), nil
}

// raw is a plain connection to a database, for what the store has no question for.
func raw(t *testing.T, database string) *sql.DB {
	t.Helper()
	db, err := dial(database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func dial(database string) (*sql.DB, error) {
	if file, ok := strings.CutPrefix(database, "sqlite:"); ok {
		return sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(5000)")
	}
	u, err := url.Parse(database)
	if err != nil {
		return nil, err
	}
	c := mysql.NewConfig()
	c.User = u.User.Username()
	c.Passwd, _ = u.User.Password()
	c.Net, c.Addr, c.DBName, c.InterpolateParams = "tcp", u.Host, u.Path[1:], true
	connector, err := mysql.NewConnector(c)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector), nil
}

// number reads one number.
func number(t *testing.T, db *sql.DB, query string, args ...any) (n int64) {
	t.Helper()
	if err := db.QueryRow(query, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func isSQLite(database string) bool { return strings.HasPrefix(database, "sqlite:") }
