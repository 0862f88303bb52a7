package bench

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"yourturn/games"
	"yourturn/games/tictactoe"
	"yourturn/notify"
	"yourturn/player"
	"yourturn/server"
	"yourturn/session"
	"yourturn/store"
)

// BenchmarkGrowth plays games of tic-tac-toe and tells what each table grew by, in bytes for each move. The numbers of
// docs/mysql.md come from -benchtime 200000x; a few moves tell nothing, for tables grow by whole pages.
func BenchmarkGrowth(b *testing.B) {
	for _, name := range []string{"sqlite", "mariadb"} {
		b.Run(name, func(b *testing.B) {
			for _, e := range engines(b) {
				if e.name == name {
					grow(b, e)
				}
			}
		})
	}
}

// How many people share the moves, and how many games go on at once.
const (
	growthPlayers = 1000
	growthTables  = 64
)

func grow(b *testing.B, e engine) {
	migrate(b, e.database)
	db, err := store.Open(e.database, store.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	newID := func() string { return fmt.Sprintf("%010x%.16s", time.Now().UnixMilli(), rand.Text()) } // 26 characters, like the server's
	sessions := session.NewService(session.Config{
		Store: db, Games: []games.Game{server.Game(tictactoe.Rules{})}, Wake: func(...notify.PlayerID) {}, Now: time.Now, NewID: newID,
		Random: rand.Reader, Log: slog.New(slog.DiscardHandler), Metrics: session.NewMetrics(prometheus.NewRegistry()),
	})
	people := make([]notify.PlayerID, growthPlayers)
	for i := range people {
		p := player.Player{ID: player.ID(newID()), Profile: player.Profile{DisplayName: fmt.Sprintf("Guest %d", i)}, CreatedAt: time.Now()}
		login := player.Login{ID: player.LoginID(newID()), Player: p.ID}
		if err := db.AddPlayer(b.Context(), p, login, player.Issued{}); err != nil {
			b.Fatal(err)
		}
		people[i] = notify.PlayerID(p.ID)
	}
	before := tableSizes(b, e)
	var moves, made atomic.Int64
	var all sync.WaitGroup
	for range growthTables {
		all.Go(func() {
			for moves.Load() < int64(b.N) {
				if err := playOnce(b.Context(), sessions, people, &moves); err != nil {
					b.Error(err)
					return
				}
				made.Add(1)
			}
		})
	}
	all.Wait()
	total := 0.0
	for table, size := range tableSizes(b, e) {
		per := float64(size-before[table]) / float64(moves.Load())
		total += per
		if per > 1 {
			b.ReportMetric(per, table+"-B/move")
		}
	}
	b.ReportMetric(total, "all-B/move")
	b.ReportMetric(float64(moves.Load())/float64(made.Load()), "moves/game")
}

// playOnce is a game between two of the people, with random moves.
func playOnce(ctx context.Context, sessions *session.Service, people []notify.PlayerID, moves *atomic.Int64) error {
	first := mathrand.IntN(len(people))
	ann, bob := people[first], people[(first+1+mathrand.IntN(len(people)-1))%len(people)]
	opened, err := sessions.Create(ctx, ann, session.Wish{Game: "tictactoe"}, nil)
	if err != nil {
		return err
	}
	s, err := sessions.Join(ctx, bob, opened.JoinCode, "")
	if err != nil {
		return err
	}
	for _, cell := range mathrand.Perm(9) {
		if s, _, err = sessions.Play(ctx, s.Seats[s.Await[0]].Player, "", s.ID, s.Turn, json.RawMessage(fmt.Sprintf(`{"cell":%d}`, cell))); err != nil {
			return err
		}
		moves.Add(1)
		if s.Status == session.Finished {
			break
		}
	}
	return nil
}

// tableSizes is what each table takes with its indexes: the pages of SQLite's file, the tablespaces of InnoDB.
func tableSizes(b *testing.B, e engine) map[string]int64 {
	b.Helper()
	driver, source := "sqlite", "file:"+strings.TrimPrefix(e.database, "sqlite:")
	query := "SELECT m.tbl_name, SUM(d.pgsize) FROM dbstat d JOIN sqlite_master m ON m.name = d.name GROUP BY m.tbl_name"
	if !e.isSQLite() {
		u, err := url.Parse(e.database)
		if err != nil {
			b.Fatal(err)
		}
		driver, source = "mysql", u.User.String()+"@tcp("+u.Host+")"+u.Path
		query = "SELECT SUBSTRING_INDEX(name, '/', -1), file_size FROM information_schema.innodb_sys_tablespaces WHERE name LIKE CONCAT(DATABASE(), '/%')"
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(query)
	if err != nil {
		b.Fatal(err)
	}
	defer rows.Close()
	sizes := map[string]int64{}
	for rows.Next() {
		var table string
		var size int64
		if err := rows.Scan(&table, &size); err != nil {
			b.Fatal(err)
		}
		sizes[table] = size
	}
	return sizes
}
