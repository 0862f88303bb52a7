package enginetest

import (
	"bufio"
	"crypto/rand"
	"database/sql"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
)

// A Server is a database server of this test process, which keeps its port and its data when it is killed.
type Server struct {
	engine   engine
	dir      string
	port     int
	password string
	release  func() // gives the port back

	mu        sync.Mutex // over the talk with the watchdog
	watchdog  *exec.Cmd
	say, ear  *os.File
	hear      *bufio.Reader // what the ear takes in
	running   bool
	pid       int // of the database server
	databases int
}

const (
	user         = "tests"
	startTimeout = 2 * time.Minute // a loaded machine may need many times the usual second
)

// watchdog starts and kills the server on demand. Its input is a pipe that this process alone holds open: when the
// process ends, however it ends, the pipe is closed, and the watchdog kills the server and removes its files. (The
// alternative, a parent-death signal, is sent when the *thread* dies that started the child, and is Linux only.)
const watchdog = `
exec 2>/dev/null
dir=$1; shift
pid=
while read -r word; do
	case $word in
	start) "$@" >>"$dir/log" 2>&1 </dev/null & pid=$!; echo "$pid" ;;
	alive) if kill -0 "$pid"; then echo yes; else echo no; fi ;;
	kill) kill -9 "$pid"; wait "$pid"; echo killed ;;
	esac
done
[ -z "$pid" ] || kill -9 "$pid"
wait
rm -rf "$dir"
`

func startServer(e engine) (_ *Server, err error) {
	dir, err := os.MkdirTemp("", "yourturn-"+e.name+"-")
	if err != nil {
		return nil, err
	}
	s := &Server{engine: e, dir: dir, password: rand.Text()}
	if s.port, s.release, err = reservePort(); err != nil {
		os.RemoveAll(dir)
		return nil, fmt.Errorf("reserve a port: %w", err)
	}
	if err := s.watch(); err != nil {
		s.release()
		os.RemoveAll(dir)
		return nil, fmt.Errorf("start the watchdog of %s: %w", e.name, err)
	}
	defer func() {
		if err != nil {
			s.stop()
		}
	}()
	if err := fill(e, filepath.Join(dir, "data")); err != nil {
		return nil, err
	}
	// Read at each start before the first connection is taken. root gets a password where it had none.
	init := fmt.Sprintf("CREATE USER IF NOT EXISTS '%[1]s'@'127.0.0.1' IDENTIFIED BY '%[2]s';\nGRANT ALL ON *.* TO '%[1]s'@'127.0.0.1' WITH GRANT OPTION;\n", user, s.password)
	if e.name == "mysql" {
		init += fmt.Sprintf("ALTER USER 'root'@'localhost' IDENTIFIED BY '%s';\n", s.password)
	}
	if err := os.WriteFile(filepath.Join(dir, "init.sql"), []byte(init), 0o600); err != nil {
		return nil, err
	}
	if err := s.start(); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Server) watch() error {
	in, say, err := os.Pipe()
	if err != nil {
		return err
	}
	defer in.Close()
	ear, out, err := os.Pipe()
	if err != nil {
		say.Close()
		return err
	}
	defer out.Close()
	args := append([]string{"-c", watchdog, "watchdog", s.dir}, s.engine.serve...)
	args = append(args,
		"--datadir="+filepath.Join(s.dir, "data"),
		"--port="+strconv.Itoa(s.port),
		"--socket=socket", // in the data directory: a longer path may not fit into a socket's address
		"--pid-file="+filepath.Join(s.dir, "pid"),
		"--init-file="+filepath.Join(s.dir, "init.sql"),
	)
	s.watchdog = exec.Command("bash", args...)
	s.watchdog.Dir = "/"
	s.watchdog.Stdin, s.watchdog.Stdout = in, out
	s.watchdog.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // Ctrl-C ends the test, and thereby the pipe, not the watchdog
	if err := s.watchdog.Start(); err != nil {
		say.Close()
		ear.Close()
		return err
	}
	s.say, s.ear, s.hear = say, ear, bufio.NewReader(ear)
	return nil
}

// ask sends the watchdog a word and returns its answer.
func (s *Server) ask(word string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := io.WriteString(s.say, word+"\n"); err != nil {
		return "", fmt.Errorf("the watchdog of %s is gone: %w", s.engine.name, err)
	}
	answer, err := s.hear.ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("the watchdog of %s is gone: %w", s.engine.name, err)
	}
	return strings.TrimSpace(answer), nil
}

// start returns when the server takes connections.
func (s *Server) start() error {
	answer, err := s.ask("start")
	if err != nil {
		return err
	}
	if s.pid, err = strconv.Atoi(answer); err != nil {
		return fmt.Errorf("start %s: the watchdog says %q", s.engine.name, answer)
	}
	s.running = true
	for deadline := time.Now().Add(startTimeout); ; time.Sleep(20 * time.Millisecond) {
		err := query(s.config(""), (*sql.DB).Ping)
		if err == nil {
			return nil
		}
		alive, ask := s.ask("alive")
		if ask != nil {
			return ask
		}
		if alive != "yes" || time.Now().After(deadline) {
			log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
			return fmt.Errorf("%s does not start: %w\n%s", s.engine.name, err, log)
		}
	}
}

// stop ends the server and the watchdog and removes all files.
func (s *Server) stop() {
	s.running = false
	s.say.Close()
	s.ear.Close()
	s.watchdog.Wait() //nolint:errcheck // how a watchdog ends says nothing
	s.release()
}

// Private is a server of the same engine that belongs to one test alone, with some options more.
func (s *Server) Private(tb testing.TB, options ...string) *Server {
	tb.Helper()
	e := s.engine
	e.serve = slices.Concat(e.serve, options)
	private, err := startServer(e)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(private.stop)
	return private
}

// Kill ends a private server as kill -9 does; it has ended when Kill returns.
func (s *Server) Kill(tb testing.TB) {
	tb.Helper()
	if shared.has(s) {
		tb.Fatal("this server belongs to all tests of the package: kill a Private one")
	}
	if !s.running {
		return
	}
	if answer, err := s.ask("kill"); err != nil || answer != "killed" {
		tb.Fatalf("kill %s: %q, %v", s.engine.name, answer, err)
	}
	s.running = false
}

// Restart starts the server again on the same port and data, killing it first if it runs.
func (s *Server) Restart(tb testing.TB) {
	tb.Helper()
	s.Kill(tb)
	if err := s.start(); err != nil {
		tb.Fatal(err)
	}
}

// Database makes an empty database for one test and returns its URL, mysql://user:password@host:port/name. The
// user may do everything on the server.
func (s *Server) Database(tb testing.TB) string {
	tb.Helper()
	s.mu.Lock()
	s.databases++
	name := fmt.Sprintf("test_%d", s.databases)
	s.mu.Unlock()
	if err := s.exec("CREATE DATABASE " + name + " CHARACTER SET utf8mb4"); err != nil {
		tb.Fatalf("create a database on %s: %v", s.engine.name, err)
	}
	tb.Cleanup(func() {
		if !s.running {
			return // killed by its test; its files go with it
		}
		// A transaction that the test left open would hold the drop for a year.
		if err := s.exec("SET lock_wait_timeout = 5", "DROP DATABASE "+name); err != nil {
			tb.Logf("drop %s on %s: %v", name, s.engine.name, err)
		}
	})
	return fmt.Sprintf("mysql://%s:%s@127.0.0.1:%d/%s", user, s.password, s.port, name)
}

func (s *Server) config(database string) *mysql.Config {
	config := mysql.NewConfig()
	config.User, config.Passwd = user, s.password
	config.Net, config.Addr = "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port))
	config.DBName = database
	config.Timeout = 5 * time.Second
	config.Logger = &mysql.NopLogger{} // a server that is just starting drops connections; no news
	return config
}

func (s *Server) exec(statements ...string) error {
	return query(s.config(""), func(db *sql.DB) error {
		for _, statement := range statements {
			if _, err := db.Exec(statement); err != nil {
				return err
			}
		}
		return nil
	})
}

// query runs f on a connection of its own, and leaves none open for a leak check to find.
func query(config *mysql.Config, f func(*sql.DB) error) error {
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return err
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	db.SetMaxOpenConns(1)
	return f(db)
}

// Port is a port of 127.0.0.1 for a server that a test kills and starts again: nobody else gets it while nobody
// listens on it.
func Port(tb testing.TB) int {
	tb.Helper()
	port, release, err := reservePort()
	if err != nil {
		tb.Fatalf("reserve a port: %v", err)
	}
	tb.Cleanup(release)
	return port
}

// reservePort finds a free port and keeps others from it while the server is down, which would otherwise be
// pure luck: any outgoing connection may be given it. On Linux a socket that is bound and does not listen does
// that, and lets a server that sets SO_REUSEADDR, as both engines do, have the port.
func reservePort() (port int, release func(), err error) {
	syscall.ForkLock.RLock()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return 0, nil, err
	}
	var once sync.Once
	release = func() { once.Do(func() { syscall.Close(fd) }) }
	defer func() {
		if err != nil || runtime.GOOS != "linux" {
			release()
		}
	}()
	if err := syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1); err != nil {
		return 0, nil, err
	}
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return 0, nil, err
	}
	address, err := syscall.Getsockname(fd)
	if err != nil {
		return 0, nil, err
	}
	return address.(*syscall.SockaddrInet4).Port, release, nil
}
