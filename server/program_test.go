package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"yourturn/server/servertest"
	"yourturn/store/enginetest"
)

// program runs the program and returns all that it prints, and its exit code.
func program(t *testing.T, most time.Duration, env []string, args ...string) (string, int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), most)
	defer cancel()
	cmd := exec.CommandContext(ctx, servertest.Binary(t), args...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// SIGTERM while players play: what the server has begun it answers, streams hear goodbye, and it exits with 0.
func TestTerminationFinishesWhatWasBegun(t *testing.T) {
	for name, database := range map[string]string{
		"sqlite": "sqlite:" + filepath.Join(t.TempDir(), "yourturn.db"), "mariadb": enginetest.MariaDB(t).Database(t),
	} {
		t.Run(name, func(t *testing.T) {
			p := servertest.Start(t, database)
			var mu sync.Mutex
			heard := map[string]int{} // the status of each answer, by the request's id
			var streams []*servertest.Stream
			var playing sync.WaitGroup
			var number atomic.Int64
			for range 8 {
				id, first, second := private(t, p.URL, "tictactoe")
				streams = append(streams, first.Stream(t, ""), second.Stream(t, ""))
				playing.Go(func() {
					for {
						n := number.Add(1)
						app, path, body := first, servertest.MovePath(id), servertest.Move(1, int(n%9))
						if n%2 == 1 {
							app, path, body = second, "/v1/tickets", ticket(600+int(n))
						}
						request := fmt.Sprintf("load-%d", n)
						answer, err := app.Try("POST", path, body, "X-Request-Id", request)
						if err != nil {
							return // the door is shut
						}
						mu.Lock()
						heard[request] = answer.Status
						mu.Unlock()
					}
				})
			}
			eventually(t, "there is load", func() bool { return number.Load() > 200 })
			code := p.Stop(t)
			playing.Wait()
			same(t, "exit code", code, 0)
			for _, stream := range streams {
				same(t, "goodbye", stream.Bye(t), "shutdown")
			}
			lines := 0
			for line := range strings.Lines(p.Logs()) {
				var entry struct {
					Msg       string `json:"msg"`
					Level     string `json:"level"`
					RequestID string `json:"request_id"`
					Status    int    `json:"status"`
				}
				if err := json.Unmarshal([]byte(line), &entry); err != nil {
					t.Fatalf("the log is not JSON: %q", line)
				}
				if entry.Level == "ERROR" || entry.Status >= 500 {
					t.Errorf("logged: %s", line)
				}
				if !strings.HasPrefix(entry.RequestID, "load-") || entry.Msg != "request" {
					continue
				}
				lines++
				if heard[entry.RequestID] != entry.Status {
					t.Errorf("answered with %d, heard as %d: %s", entry.Status, heard[entry.RequestID], line)
				}
			}
			if lines == 0 {
				t.Error("the log has no requests")
			}
			p.Restart(t)
			out, code := program(t, time.Minute, []string{"YOURTURN_DATABASE=" + database}, "verify", "--all")
			if code != 0 || !strings.Contains(out, ", 0 wrong") {
				t.Errorf("verify: %d %s", code, out)
			}
		})
	}
}

func TestReadyHealthyAndMeasured(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		url := servertest.Local(t, database, servertest.Options{})
		id, first, second := servertest.Pair(t, url)
		first.Stream(t, "").Greeted(t)
		first.Must(t, 200, "POST", servertest.MovePath(id), servertest.Move(1, 4))
		servertest.Advance(t, url, 25*time.Hour)
		same(t, "told of the end", len(feedOf(t, renewed(t, first))), 4)
		nobody := &servertest.App{URL: url, Requests: second.Requests}
		sameJSON(t, "healthz", nobody.Must(t, 200, "GET", "/healthz", nil).Body, []byte(`{"status": "ok"}`))
		ready := nobody.Must(t, 200, "GET", "/readyz", nil)
		same(t, "ready", ready.String("status"), "ok")
		if !strings.Contains(ready.String("notes", 0), "test clock") {
			t.Errorf("nothing is said of the test clock: %s", ready.Body)
		}
		metrics := string(nobody.Must(t, 200, "GET", "/metrics", nil).Body)
		for what, line := range map[string]string{
			"turns":             `yourturn_session_changes_total\{cause="move",game="tictactoe"\} 1`,
			"expired turns":     `yourturn_session_changes_total\{cause="timed_out",game="tictactoe"\} 1`,
			"latency":           `yourturn_http_request_duration_seconds_count\{method="POST",route="/v1/sessions/\{session_id\}/moves",status="2xx"\} 1`,
			"commit batches":    `yourturn_commit_group_size_count [1-9]\d*`,
			"commit time":       `yourturn_commit_seconds_count [1-9]\d*`,
			"commit conflicts":  `yourturn_commit_conflicts_total 0`,
			"feed":              `yourturn_feed_messages_total\{kind="matched"\} 2`,
			"reminders":         `yourturn_feed_messages_total\{kind="turn_reminder"\} 1`,
			"streams":           `yourturn_streams 1`,
			"due lag":           `yourturn_due_lag_seconds_count 1`,
			"database pool":     `go_sql_open_connections\{db_name="write"\} [1-9]\d*`,
			"goroutines":        `go_goroutines \d+`,
			"process":           `process_open_fds \d+`,
			"database waits":    `go_sql_wait_count_total\{db_name="read"\} \d+`,
			"streams as routes": `yourturn_http_request_duration_seconds_count\{method="POST",route="/v1/players",status="2xx"\} 2`,
		} {
			if !regexp.MustCompile(`(?m)^` + line + `$`).MatchString(metrics) {
				t.Errorf("no metric for %s: %s", what, line)
			}
		}
	})
}

func renewed(t *testing.T, app *servertest.App) *servertest.App {
	t.Helper()
	app.Renew(t)
	return app
}

func TestCommands(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		env := []string{"YOURTURN_DATABASE=" + database}
		out, code := program(t, time.Minute, env, "migrate", "status")
		if code != 0 || !strings.Contains(out, "pending") || !strings.Contains(out, "players") {
			t.Errorf("migrate status of an empty database: %d %s", code, out)
		}
		if strings.HasPrefix(database, "mysql:") {
			out, code = program(t, time.Minute, env, "serve", "--listen", "127.0.0.1:0")
			if code == 0 || !strings.Contains(out, "migrate up") {
				t.Errorf("serve on an empty database: %d %s", code, out)
			}
		}
		p := servertest.Start(t, database)
		id, first, second := servertest.Pair(t, p.URL)
		first.Must(t, 200, "POST", servertest.MovePath(id), servertest.Move(1, 4))
		second.Must(t, 200, "POST", servertest.MovePath(id), servertest.Move(2, 0))
		out, code = program(t, time.Minute, env, "migrate", "status")
		if code != 0 || strings.Contains(out, "pending") {
			t.Errorf("migrate status: %d %s", code, out)
		}
		for _, args := range [][]string{{"verify", "--all"}, {"verify", "--session", id}} {
			if out, code := program(t, time.Minute, env, args...); code != 0 || !strings.Contains(out, "equal") {
				t.Errorf("%v: %d %s", args, code, out)
			}
		}
		out, code = program(t, time.Minute, nil, "version")
		if code != 0 || strings.TrimSpace(out) == "" || strings.TrimSpace(out) != first.Must(t, 200, "GET", "/v1/server", nil).String("server_version") {
			t.Errorf("version: %d %q", code, out)
		}

		lines := tailed(t, env, 4, "tail", "--session", id)
		for i, want := range []string{"matched", "started", "move", "move"} {
			same(t, "tail of a session", lines[i].Kind+lines[i].SessionID, want+id)
		}
		same(t, "the move", string(lines[2].Move), `{"cell":4}`)
		lines = tailed(t, env, 4, "tail", "--since", "1h")
		same(t, "tail of all", lines[3].SessionID, id)
		db := servertest.Open(t, database)
		if _, err := db.Exec("UPDATE sessions SET state = '{}' WHERE id = ?", id); err != nil {
			t.Fatal(err)
		}
		if out, code := program(t, time.Minute, env, "verify", "--all"); code == 0 || !strings.Contains(out, id) {
			t.Errorf("verify of a forged state: %d %s", code, out)
		}
	})
}

// Whoever verifies before the migration is told so in a sentence, and not what the database has against the questions.
func TestVerifyBeforeTheMigration(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		verify := []string{"verify", "--all", "--database", database}
		refuses := func(when string) {
			t.Helper()
			said := runs(t, 1, verify...)
			if !strings.Contains(said, "run 'yourturn migrate up'") || strings.Count(said, "\n") != 1 || strings.Contains(strings.ToLower(said), "column") {
				t.Errorf("%s it says %q", when, said)
			}
		}
		refuses("on an empty database")
		servertest.Migrate(t, database)
		runs(t, 0, verify...)
		runs(t, 0, "migrate", "down", "--database", database)
		refuses("one migration before")
		servertest.Migrate(t, database)
		runs(t, 0, verify...)
	})
}

type tailLine struct {
	SessionID string          `json:"session_id"`
	Kind      string          `json:"kind"`
	Version   int64           `json:"version"`
	Move      json.RawMessage `json:"move"`
}

// tailed reads the first lines of a command that goes on for ever.
func tailed(t *testing.T, env []string, n int, args ...string) (lines []tailLine) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), generous)
	defer cancel()
	cmd := exec.CommandContext(ctx, servertest.Binary(t), args...)
	cmd.Env = append(os.Environ(), env...)
	var trouble bytes.Buffer
	cmd.Stderr = &trouble
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(out)
	for range n {
		var line tailLine
		if err := decoder.Decode(&line); err != nil {
			t.Fatalf("%v: %v %s", args, err, &trouble)
		}
		lines = append(lines, line)
	}
	_ = cmd.Process.Signal(os.Interrupt) // as a person would
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v ends with %v %s", args, err, &trouble)
	}
	return lines
}

// A secret can be kept in a file, whose name stands in the environment instead of it.
func TestDatabaseFromAFile(t *testing.T) {
	database := enginetest.MariaDB(t).Database(t)
	file := filepath.Join(t.TempDir(), "database")
	if err := os.WriteFile(file, []byte(database+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := []string{"YOURTURN_DATABASE_FILE=" + file}
	out, code := program(t, time.Minute, env, "migrate", "up")
	if code != 0 || !strings.Contains(out, "migrations applied") {
		t.Fatalf("migrate up: %d %s", code, out)
	}
	if out, code := program(t, time.Minute, []string{"YOURTURN_DATABASE_FILE=" + file + ".gone"}, "migrate", "up"); code == 0 || !strings.Contains(out, "YOURTURN_DATABASE_FILE") {
		t.Errorf("a file that is not there: %d %s", code, out)
	}
	url := servertest.Start(t, database).URL // finds its schema up to date
	same(t, "alive", servertest.Guest(t, url, "Ann").Name, "Ann")
}

// Without its flag the test clock is not there.
func TestNoTestClockInProduction(t *testing.T) {
	p := servertest.Start(t, "sqlite:"+t.TempDir()+"/yourturn.db")
	nobody := &servertest.App{URL: p.URL, Requests: servertest.Client()}
	refused(t, nobody.Do("GET", "/v1/test/clock", nil), 404, "not-found", "")
	refused(t, nobody.Do("POST", "/v1/test/clock", map[string]any{"seconds": 1}), 404, "not-found", "")
	same(t, "no notes", nobody.Must(t, http.StatusOK, "GET", "/readyz", nil).At("notes"), nil)
}
