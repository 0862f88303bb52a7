package enginetest

import (
	"bufio"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
)

func TestMain(m *testing.M) {
	if os.Getenv("ENGINETEST_CHILD") != "" {
		os.Exit(child(m))
	}
	os.Exit(Main(m))
}

func TestEach(t *testing.T) {
	var names []string
	Each(t, func(t *testing.T, database string) {
		names = append(names, t.Name())
		if strings.HasPrefix(database, "sqlite:") {
			return
		}
		db := open(t, database)
		must(t, db, "CREATE TABLE t (v VARCHAR(10)) ENGINE=InnoDB")
		must(t, db, "INSERT INTO t VALUES ('♟😀')")
		if got := text(t, db, "SELECT v FROM t"); got != "♟😀" {
			t.Errorf("read %q", got)
		}
	})
	if len(names) < 2 && !testing.Short() {
		t.Errorf("ran only %v", names)
	}
}

func TestDatabasesAreSeparate(t *testing.T) {
	engines(t, func(t *testing.T, s *Server) {
		one, two := s.Database(t), s.Database(t)
		if one == two {
			t.Fatalf("twice the same: %s", one)
		}
		must(t, open(t, one), "CREATE TABLE t (v INT)")
		if n := text(t, open(t, two), "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE()"); n != "0" {
			t.Errorf("the other database has %s tables", n)
		}
	})
}

func TestDatabaseIsDropped(t *testing.T) {
	engines(t, func(t *testing.T, s *Server) {
		var name string
		t.Run("user", func(t *testing.T) {
			url := s.Database(t)
			name = url[strings.LastIndex(url, "/")+1:]
		})
		db := open(t, s.Database(t))
		if n := text(t, db, "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = '"+name+"'"); n != "0" {
			t.Errorf("%s is still there", name)
		}
	})
}

func TestKillKeepsWhatIsCommitted(t *testing.T) {
	engines(t, func(t *testing.T, shared *Server) {
		s := shared.Private(t)
		url := s.Database(t)
		db := open(t, url)
		must(t, db, "CREATE TABLE t (v INT) ENGINE=InnoDB")
		for i := range 3 {
			must(t, db, fmt.Sprintf("INSERT INTO t VALUES (%d)", i))
			s.Kill(t)
			if err := db.Ping(); err == nil {
				t.Fatal("a killed server answers")
			}
			s.Restart(t)
			if n := text(t, db, "SELECT COUNT(*) FROM t"); n != strconv.Itoa(i+1) {
				t.Fatalf("%s rows after kill %d", n, i+1)
			}
		}
		if n := text(t, open(t, shared.Database(t)), "SELECT 1"); n != "1" {
			t.Errorf("the shared server suffered")
		}
	})
}

// Other accounts of this machine reach the port too.
func TestNobodyGetsInWithoutThePassword(t *testing.T) {
	engines(t, func(t *testing.T, s *Server) {
		for _, name := range []string{"root", "mysql", "mariadb.sys", "", user} {
			config := s.config("")
			config.User, config.Passwd = name, ""
			if err := query(config, (*sql.DB).Ping); err == nil {
				t.Errorf("%q got in without a password", name)
			}
		}
	})
}

// Two transactions that lock two rows crosswise.
func TestDeadlocksAreCounted(t *testing.T) {
	engines(t, func(t *testing.T, shared *Server) {
		s := shared.Private(t)
		url := s.Database(t)
		db := open(t, url)
		must(t, db, "CREATE TABLE t (id INT PRIMARY KEY, v INT) ENGINE=InnoDB")
		must(t, db, "INSERT INTO t VALUES (1, 0), (2, 0)")
		before := Deadlocks(t, url)
		var first, second [2]error
		var ready, done sync.WaitGroup
		ready.Add(2)
		for i := range 2 {
			done.Go(func() {
				tx, err := db.Begin()
				if err != nil {
					first[i] = err
					ready.Done()
					return
				}
				defer tx.Rollback()
				_, first[i] = tx.Exec("UPDATE t SET v = 1 WHERE id = ?", 1+i)
				ready.Done()
				ready.Wait()
				_, second[i] = tx.Exec("UPDATE t SET v = 1 WHERE id = ?", 2-i)
			})
		}
		done.Wait()
		if err := errors.Join(first[0], first[1]); err != nil {
			t.Fatal(err)
		}
		if (second[0] == nil) == (second[1] == nil) {
			t.Errorf("one of two should fail: %v", second)
		}
		if n := Deadlocks(t, url) - before; n != 1 {
			t.Errorf("%d deadlocks, want 1", n)
		}
	})
}

// What a test process leaves behind when it ends, in the ways it can end.
func TestNothingIsLeft(t *testing.T) {
	for _, how := range []string{"main", "exit", "kill"} {
		t.Run(how, func(t *testing.T) {
			cmd := exec.Command(os.Args[0], "-test.run=^$")
			cmd.Env = append(os.Environ(), "ENGINETEST_CHILD="+how)
			var trouble strings.Builder
			cmd.Stderr = &trouble
			in, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			var pids [3]int
			var dirs [3]string
			lines := bufio.NewScanner(out)
			for i := range pids {
				if !lines.Scan() {
					t.Fatalf("the child started no server: %v, %s", cmd.Wait(), &trouble)
				}
				if _, err := fmt.Sscan(lines.Text(), &pids[i], &dirs[i]); err != nil {
					t.Fatal(err)
				}
				if err := syscall.Kill(pids[i], 0); err != nil {
					t.Fatalf("pid %d: %v", pids[i], err)
				}
			}
			if how == "kill" {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
			in.Close()
			cmd.Wait() //nolint:errcheck // killed
			// After Main nothing may be left; without it the watchdog comes a moment later.
			deadline := time.Now()
			if how != "main" {
				deadline = deadline.Add(30 * time.Second)
			}
			for i, pid := range pids {
				for syscall.Kill(pid, 0) == nil {
					if time.Now().After(deadline) {
						t.Fatalf("server %d lives on", pid)
					}
					time.Sleep(10 * time.Millisecond)
				}
				for {
					_, err := os.Stat(dirs[i])
					if errors.Is(err, fs.ErrNotExist) {
						break
					}
					if time.Now().After(deadline) {
						t.Fatalf("%s lies about: %v", dirs[i], err)
					}
					time.Sleep(10 * time.Millisecond)
				}
			}
		})
	}
}

// child is a test process that starts one shared server and two at its side (one killed and started again), says
// so, and ends as it was told.
func child(m *testing.M) int {
	end := func() int {
		s, err := sharedMariaDB()
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		started := []*Server{s}
		for range 2 {
			s, err := startServer(s.engine)
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				return 1
			}
			started = append(started, s)
			shared.started[s.dir] = start{server: s} // so that Main ends it as a test's cleanup would
		}
		if _, err := s.ask("kill"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		if err := s.start(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		for _, s := range started {
			fmt.Println(s.pid, s.dir)
		}
		bufio.NewReader(os.Stdin).ReadString('\n') //nolint:errcheck // waits for the end
		return 0
	}
	code := end()
	if code == 0 && os.Getenv("ENGINETEST_CHILD") == "main" {
		return Main(m)
	}
	return code
}

func TestTemplateIsMadeOnceByMany(t *testing.T) {
	e, err := findMariaDB()
	if err != nil {
		t.Fatal(err)
	}
	log := t.TempDir() + "/log"
	e.create = []string{"sh", "-c", `echo made >>` + log + `; mkdir "${1#--datadir=}"; echo data >"${1#--datadir=}/file"`, "sh"}
	cache := t.TempDir()
	// What a process left that was killed in the middle.
	first, err := e.template(cache)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(first, first+".new"); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			dir, err := e.template(cache)
			if err != nil {
				t.Error(err)
				return
			}
			if data, err := os.ReadFile(dir + "/file"); string(data) != "data\n" {
				t.Errorf("read %q, %v", data, err)
			}
		})
	}
	all.Wait()
	if made, _ := os.ReadFile(log); string(made) != "made\nmade\n" {
		t.Errorf("made %q, want twice", made)
	}
}

func TestFailedStartSaysWhy(t *testing.T) {
	e, err := findMariaDB()
	if err != nil {
		t.Fatal(err)
	}
	e.serve = append(e.serve[:len(e.serve):len(e.serve)], "--no-such-option")
	if _, err := startServer(e); err == nil || !strings.Contains(err.Error(), "no-such-option") {
		t.Errorf("got %v", err)
	}
}

func TestRecentMySQL(t *testing.T) {
	for version, want := range map[string]bool{
		"/x/mysqld  Ver 9.7.4-2 for Linux on x86_64 ((Debian))":                       true,
		"mysqld  Ver 8.4.0 for Linux on x86_64 (MySQL Community Server - GPL)":        true,
		"mysqld  Ver 8.0.36 for Linux on x86_64 (MySQL Community Server - GPL)":       false,
		"mysqld  Ver 10.11.19-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64 (Deb)": false,
		"": false,
	} {
		if got := recentMySQL(version); got != want {
			t.Errorf("recentMySQL(%q) = %v", version, got)
		}
	}
}

// engines runs a test on the servers of this package.
func engines(t *testing.T, run func(*testing.T, *Server)) {
	if testing.Short() && os.Getenv("CI") != "true" {
		t.Skip("servers are left out by -short")
	}
	t.Run("mariadb", func(t *testing.T) { run(t, MariaDB(t)) })
	t.Run("mysql", func(t *testing.T) { run(t, MySQL(t)) })
}

func open(t *testing.T, database string) *sql.DB {
	t.Helper()
	config, err := parse(database)
	if err != nil {
		t.Fatal(err)
	}
	config.Logger = &mysql.NopLogger{} // killed servers close connections
	connector, err := mysql.NewConnector(config)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	t.Cleanup(func() { db.Close() })
	return db
}

func must(t *testing.T, db *sql.DB, statement string) {
	t.Helper()
	if _, err := db.Exec(statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func text(t *testing.T, db *sql.DB, question string) (answer string) {
	t.Helper()
	if err := db.QueryRow(question).Scan(&answer); err != nil {
		t.Fatalf("%s: %v", question, err)
	}
	return answer
}
