// Package enginetest starts real database servers for tests.
//
// A test asks for a database on every engine that is promised:
//
//	func TestMain(m *testing.M) { os.Exit(enginetest.Main(m)) }
//
//	func TestStore(t *testing.T) {
//		enginetest.Each(t, func(t *testing.T, database string) {
//			// database is what `yourturn serve --database` takes
//		})
//	}
//
// One MariaDB and one MySQL serve a whole test process; they start when the first test asks for them. Each
// listens on a port of 127.0.0.1 of its own, keeps its files in a temporary directory, and touches no server
// that runs on the machine already. Tests that kill a server take a [Server.Private] one.
//
// No server outlives its test process, even one that dies by kill -9: see watchdog in server.go.
//
// Only MySQL may be skipped. Without MariaDB a test fails, so that no run is green because it left an engine out.
package enginetest

import (
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/go-sql-driver/mysql"
)

// Each runs a subtest on every engine, each with an empty database of its own: SQLite, MariaDB, and MySQL where
// there is one. With -short it is SQLite alone, except in CI.
func Each(t *testing.T, run func(t *testing.T, database string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		run(t, "sqlite:"+filepath.Join(t.TempDir(), "yourturn.db"))
	})
	if testing.Short() && os.Getenv("CI") != "true" {
		return
	}
	t.Run("mariadb", func(t *testing.T) { run(t, MariaDB(t).Database(t)) })
	t.Run("mysql", func(t *testing.T) { run(t, MySQL(t).Database(t)) })
}

// MariaDB is the test process's own MariaDB server.
func MariaDB(tb testing.TB) *Server {
	tb.Helper()
	s, err := sharedMariaDB()
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// MySQL is the test process's own MySQL server. Where there is no MySQL 8.4 or newer the test is skipped.
func MySQL(tb testing.TB) *Server {
	tb.Helper()
	e, err := findMySQL()
	if err != nil {
		tb.Skip(err)
	}
	s, err := sharedMySQL(e)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// Main runs the tests of a package and stops its servers; use it in TestMain. Without it they stop too, but a
// moment after the process has ended.
func Main(m *testing.M) int {
	defer shared.stop()
	return m.Run()
}

// shared are the servers that serve the whole test process.
var shared servers

type servers struct {
	mu      sync.Mutex
	started map[string]start // by engine; a failure is remembered so that a hundred tests do not wait for it again
}

type start struct {
	server *Server
	err    error
}

func sharedMariaDB() (*Server, error) {
	return shared.get("mariadb", findMariaDB)
}

func sharedMySQL(e engine) (*Server, error) {
	return shared.get("mysql", func() (engine, error) { return e, nil })
}

func (s *servers) get(name string, find func() (engine, error)) (*Server, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if was, ok := s.started[name]; ok {
		return was.server, was.err
	}
	var now start
	var e engine
	if e, now.err = find(); now.err == nil {
		now.server, now.err = startServer(e)
	}
	if s.started == nil {
		s.started = map[string]start{}
	}
	s.started[name] = now
	return now.server, now.err
}

func (s *servers) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.started {
		if one.server != nil {
			one.server.stop()
		}
	}
	s.started = nil
}

func (s *servers) has(server *Server) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.started {
		if one.server == server {
			return true
		}
	}
	return false
}

// Deadlocks is how many deadlocks the server behind a database has broken since it started; 0 for SQLite, which
// has none. It counts for the whole server: a test that needs its own count takes a private one.
func Deadlocks(tb testing.TB, database string) int {
	tb.Helper()
	if strings.HasPrefix(database, "sqlite:") {
		return 0
	}
	config, err := parse(database)
	if err != nil {
		tb.Fatal(err)
	}
	var n int
	err = query(config, func(db *sql.DB) error {
		// Each engine keeps the number in a place that the other does not have.
		var name string
		err := db.QueryRow(`SHOW GLOBAL STATUS LIKE 'Innodb_deadlocks'`).Scan(&name, &n)
		if err == sql.ErrNoRows {
			err = db.QueryRow(`SELECT count FROM information_schema.innodb_metrics WHERE name = 'lock_deadlocks'`).Scan(&n)
		}
		return err
	})
	if err != nil {
		tb.Fatalf("count deadlocks: %v", err)
	}
	return n
}

// parse reads a URL that Database made.
func parse(database string) (*mysql.Config, error) {
	u, err := url.Parse(database)
	if err != nil || u.Scheme != "mysql" {
		return nil, fmt.Errorf("not a database of a test server: %q", database)
	}
	config := mysql.NewConfig()
	config.User = u.User.Username()
	config.Passwd, _ = u.User.Password()
	config.Net, config.Addr = "tcp", u.Host
	config.DBName = strings.TrimPrefix(u.Path, "/")
	return config, nil
}
