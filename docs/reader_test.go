package docs_test

import (
	"bufio"
	"database/sql"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"yourturn/server/servertest"
	"yourturn/store/enginetest"
)

// generous is how long something may take that a reader would wait for.
const generous = time.Minute

// A reader follows one page: a folder, a prompt, and what runs in other terminals.
type reader struct {
	folder   string
	port     int
	database *mysql.Config // nil until the page talks to one
	shell    *shell
	server   *terminal
	watches  []*terminal
}

// command is a line in the page's folder and with the page's server.
func (r *reader) command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	if r.port == 0 {
		r.port = enginetest.Port(t)
	}
	cmd := exec.CommandContext(t.Context(), "bash", args...)
	cmd.Dir = r.folder
	cmd.Env = append(os.Environ(),
		"PATH="+filepath.Dir(servertest.Binary(t))+string(os.PathListSeparator)+os.Getenv("PATH"),
		"HOME="+r.folder, "YOURTURN_LISTEN="+fmt.Sprintf("127.0.0.1:%d", r.port))
	return cmd
}

var (
	serverPort   = regexp.MustCompile(`\b(127\.0\.0\.1|0\.0\.0\.0|localhost):8080\b`)
	databasePort = regexp.MustCompile(`\b127\.0\.0\.1:3306\b`)
)

// here is a block's text with the addresses of this page's servers, and the program that was built.
func (r *reader) here(b block) string {
	text := serverPort.ReplaceAllString(b.text, fmt.Sprintf("${1}:%d", r.port))
	if r.database != nil {
		text = databasePort.ReplaceAllString(text, r.database.Addr)
	}
	return strings.ReplaceAll(text, "go run ./cmd/yourturn", "yourturn")
}

// administer types SQL as root would.
func (r *reader) administer(t *testing.T, b block) {
	t.Helper()
	if r.database == nil {
		address, err := url.Parse(enginetest.MariaDB(t).Private(t).Database(t))
		if err != nil {
			t.Fatal(err)
		}
		r.database = mysql.NewConfig()
		r.database.Net, r.database.Addr, r.database.MultiStatements = "tcp", address.Host, true
		r.database.User = address.User.Username()
		r.database.Passwd, _ = address.User.Password()
	}
	db, err := sql.Open("mysql", r.database.FormatDSN())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), b.text); err != nil {
		t.Fatalf("%s: %v", b.where, err)
	}
}

// prompt is the page's shell; the first who asks for it starts it.
func (r *reader) prompt(t *testing.T) *shell {
	t.Helper()
	if r.shell != nil {
		return r.shell
	}
	cmd := r.command(t, "-e")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // what it runs ends with it
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	hangUp := func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // gone already is as good
	r.shell = &shell{reader: r, in: in, out: bufio.NewReader(out), hangUp: hangUp}
	t.Cleanup(func() {
		in.Close()
		_ = cmd.Wait() // how its last command ended has been told
	})
	return r.shell
}

// shell is a prompt that lasts.
type shell struct {
	reader *reader
	in     io.Writer
	out    *bufio.Reader
	last   string // what the last block printed
	hangUp func()
}

// endOfBlock is printed after each block, so that one knows where what it printed ends.
const endOfBlock = "--- end of the block ---"

// run types a block. A command that fails ends the shell, and the test.
func (s *shell) run(t *testing.T, b block) {
	t.Helper()
	late := time.AfterFunc(generous, s.hangUp) // its output ends with it, and tells which block it was
	defer late.Stop()
	if _, err := io.WriteString(s.in, s.reader.here(b)+"\necho; echo '"+endOfBlock+"'\n"); err != nil {
		t.Fatalf("%s: %v", b.where, err)
	}
	var printed strings.Builder
	for {
		line, err := s.out.ReadString('\n')
		if strings.TrimSpace(line) == endOfBlock {
			s.last = printed.String()
			return
		}
		printed.WriteString(line)
		if err != nil {
			t.Fatalf("%s: a command failed, or took longer than a minute:\n%s%s", b.where, b.text, printed.String())
		}
	}
}

// printed compares what the last block printed with what the page says.
func (s *shell) printed(t *testing.T, b block) {
	t.Helper()
	if !pattern(b.text).MatchString(strings.TrimSpace(s.last)) {
		t.Errorf("%s: the page says\n%s\nand this was printed\n%s", b.where, b.text, s.last)
	}
}

// pattern matches what the page says, with … for anything.
func pattern(text string) *regexp.Regexp {
	quoted := regexp.QuoteMeta(strings.TrimSpace(text))
	return regexp.MustCompile(`(?s)^` + strings.ReplaceAll(quoted, "…", ".*?") + `$`)
}

// parseShell looks whether a block is a script at all.
func parseShell(t *testing.T, b block) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", "-n")
	cmd.Stdin = strings.NewReader(b.text)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", b.where, err, out)
	}
}

// parseXML looks whether a block is XML.
func parseXML(t *testing.T, b block) {
	t.Helper()
	decoder := xml.NewDecoder(strings.NewReader(b.text))
	for {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Errorf("%s: %v", b.where, err)
			return
		}
	}
}

// serve starts a server in another terminal, and waits until it is ready.
func (r *reader) serve(t *testing.T, b block) {
	t.Helper()
	if r.server != nil {
		r.server.stop()
	}
	r.server = r.open(t, b)
	r.server.await(t, b, regexp.MustCompile(`Yourturn listens on `))
}

// watch starts a command that goes on in another terminal.
func (r *reader) watch(t *testing.T, b block) {
	t.Helper()
	r.watches = append(r.watches, r.open(t, b))
}

// seen waits until the last watch has printed what the page says.
func (r *reader) seen(t *testing.T, b block) {
	t.Helper()
	if len(r.watches) == 0 {
		t.Fatalf("%s: nothing is watched", b.where)
	}
	wanted := strings.TrimSuffix(pattern(b.text).String(), "$")
	r.watches[len(r.watches)-1].await(t, b, regexp.MustCompile(wanted))
}

// terminal is where a command goes on while the reader does something else.
type terminal struct {
	cmd  *exec.Cmd
	done chan struct{}
	mu   sync.Mutex
	text strings.Builder
	more chan struct{} // has something after each print
}

// open starts a block in a terminal of its own, which has the variables and functions of the page so far.
func (r *reader) open(t *testing.T, b block) *terminal {
	t.Helper()
	set := filepath.Join(r.folder, ".variables")
	if r.shell != nil {
		r.shell.run(t, block{where: b.where, text: "declare -p | grep -v '^declare -[a-z]*r' >" + set + "; declare -f >>" + set})
	}
	cmd := r.command(t)
	cmd.Stdin = strings.NewReader("[ ! -e " + set + " ] || . " + set + " 2>/dev/null\n" + r.here(b))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // what it starts ends with it
	terminal := &terminal{cmd: cmd, done: make(chan struct{}), more: make(chan struct{}, 1)}
	cmd.Stdout, cmd.Stderr = terminal, terminal
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = cmd.Wait() // it is told by what it printed
		close(terminal.done)
	}()
	t.Cleanup(terminal.stop)
	return terminal
}

func (s *terminal) Write(raw []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text.Write(raw)
	select {
	case s.more <- struct{}{}:
	default:
	}
	return len(raw), nil
}

func (s *terminal) printed() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// stop is the reader's Ctrl-C.
func (s *terminal) stop() {
	_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGINT) // gone already is as good
	select {
	case <-s.done:
	case <-time.After(generous):
		_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
		<-s.done
	}
}

// await waits until something has been printed.
func (s *terminal) await(t *testing.T, b block, wanted *regexp.Regexp) {
	t.Helper()
	late := time.After(generous)
	for !wanted.MatchString(s.printed()) {
		select {
		case <-s.more:
		case <-s.done:
			if !wanted.MatchString(s.printed()) {
				t.Fatalf("%s: it ended, and had printed\n%s", b.where, s.printed())
			}
		case <-late:
			t.Fatalf("%s: not printed in %s: %s\nbut\n%s", b.where, generous, wanted, s.printed())
		}
	}
}
