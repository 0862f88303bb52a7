// Package servertest runs servers for tests, and plays through their API as an app would.
//
// [Start] runs the real program in a process of its own, which a test may kill. [Local] runs a node inside the test,
// with a test clock; it is faster, and the race detector sees it.
package servertest

import (
	"bufio"
	"context"
	"database/sql/driver"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"yourturn/games"
	"yourturn/games/tictactoe"
	"yourturn/notify"
	"yourturn/server"
	"yourturn/store/enginetest"
)

// Process is a running program.
type Process struct {
	URL      string
	Database string

	args []string
	cmd  *exec.Cmd
	gone chan struct{} // closed when it has ended
	logs *logFile
}

var build = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "yourturn-binary-")
	if err != nil {
		return "", err
	}
	binary := filepath.Join(dir, "yourturn")
	out, err := exec.Command("go", "build", "-o", binary, "yourturn/cmd/yourturn").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return binary, nil
})

// Main runs a package's tests and takes away what they built and started: os.Exit(servertest.Main(m)).
func Main(m *testing.M) int {
	code := enginetest.Main(m)
	if built.Load() {
		if binary, err := build(); err == nil {
			_ = os.RemoveAll(filepath.Dir(binary)) // what stays behind is in the temporary folder
		}
	}
	return code
}

var built atomic.Bool

// Binary builds the program once for all tests of a process.
func Binary(tb testing.TB) string {
	tb.Helper()
	built.Store(true)
	binary, err := build()
	if err != nil {
		tb.Fatal(err)
	}
	return binary
}

// Start migrates the database and starts the program on a free port, without rate limits. It is killed when the test ends.
func Start(tb testing.TB, database string, args ...string) *Process {
	tb.Helper()
	Migrate(tb, database)
	p := &Process{Database: database, args: args, URL: fmt.Sprintf("http://127.0.0.1:%d", enginetest.Port(tb)), logs: &logFile{}}
	p.Restart(tb)
	tb.Cleanup(func() {
		p.Kill()
		if tb.Failed() {
			tb.Logf("log of the server:\n%s", p.logs.tail())
		}
	})
	return p
}

// Migrate brings a database up to date with the program's own command.
func Migrate(tb testing.TB, database string) {
	tb.Helper()
	out, err := exec.Command(Binary(tb), "migrate", "up", "--database", database).CombinedOutput()
	if err != nil {
		tb.Fatalf("migrate up: %v\n%s", err, out)
	}
}

// Restart starts the program again, on the same address and database, and waits until it answers.
func (p *Process) Restart(tb testing.TB) {
	tb.Helper()
	if err := p.restart(tb); err != nil {
		tb.Fatal(err)
	}
}

func (p *Process) restart(tb testing.TB) error {
	listen := strings.TrimPrefix(p.URL, "http://")
	p.cmd = exec.Command(Binary(tb), append([]string{"serve", "--listen", listen, "--database", p.Database, "--rate-limit", "off"}, p.args...)...)
	p.cmd.Stderr = p.logs
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := p.cmd.Start(); err != nil {
		return err
	}
	gone := make(chan struct{})
	p.gone = gone
	ready := make(chan bool, 1)
	cmd := p.cmd
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if strings.HasPrefix(lines.Text(), "Yourturn listens on") {
				ready <- true
			}
		}
		_ = cmd.Wait() // its exit code is asked for where it matters
		close(gone)
		close(ready)
	}()
	select {
	case ok := <-ready:
		if ok {
			return nil
		}
		return fmt.Errorf("the server ended at once:\n%s", p.logs.tail())
	case <-time.After(30 * time.Second):
		return fmt.Errorf("the server did not start in 30 s:\n%s", p.logs.tail())
	}
}

// Kill ends the program as a power cut would.
func (p *Process) Kill() {
	if p.cmd == nil || p.cmd.Process == nil {
		return
	}
	_ = p.cmd.Process.Kill() // gone already is as good
	if p.gone != nil {
		<-p.gone
		p.gone = nil
	}
}

// Stop asks the program to end, waits, and returns its exit code.
func (p *Process) Stop(tb testing.TB) int {
	tb.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		tb.Fatal(err)
	}
	<-p.gone
	p.gone = nil
	return p.cmd.ProcessState.ExitCode()
}

// PID names the process.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Logs is what the program has logged so far.
func (p *Process) Logs() string { return p.logs.all() }

// logFile keeps what is written to it.
type logFile struct {
	mu   sync.Mutex
	text strings.Builder
}

func (f *logFile) Write(b []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.text.Write(b)
}

func (f *logFile) all() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.text.String()
}

func (f *logFile) tail() string {
	all := f.all()
	return all[max(0, len(all)-8000):]
}

// Options of a [Local] node.
type Options struct {
	Games     []games.Game // tic-tac-toe when empty
	Retention time.Duration
	RateLimit bool
	Web       bool // the web app is served
	Push      server.PushConfig
	Standing  []string // games with a session that anybody may enter: quiz, or quiz={"rounds":20}
	Identity  []string // who vouches for people: apple=BUNDLE_ID, or my=http://127.0.0.1:1234#CLIENT_ID
	Wrap      func(driver.Connector) driver.Connector
	Log       *slog.Logger
}

// Local runs a node inside the test, with a test clock and its background work, and returns its address.
func Local(tb testing.TB, database string, o Options) (url string) {
	tb.Helper()
	Migrate(tb, database)
	if len(o.Games) == 0 {
		o.Games = []games.Game{server.Game(tictactoe.Rules{})}
	}
	if o.Retention == 0 {
		o.Retention = notify.DefaultRetention
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	node, err := server.NewNode(context.Background(), server.Config{
		Database: database, Games: o.Games, Name: "test", TestClock: true, RateLimit: o.RateLimit, Web: o.Web, Retention: o.Retention,
		Wrap: o.Wrap, Push: o.Push, Standing: o.Standing, Identity: o.Identity, Out: io.Discard, Log: o.Log,
	})
	if err != nil {
		tb.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- node.Serve(ctx, l, "", "") }()
	tb.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			tb.Errorf("serve: %v", err)
		}
	})
	return "http://" + l.Addr().String()
}
