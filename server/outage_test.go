package server_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/go-sql-driver/mysql"

	"yourturn/server/servertest"
	"yourturn/store/enginetest"
	"yourturn/store/faultdb"
)

// driverText is in every error that is injected: no client may ever read it.
const driverText = "CANARY-DRIVER dial tcp 10.1.2.3:3306 user 'yourturn' SELECT secret FROM tokens"

// outage is one way for a database or the network to it to fail.
type outage struct {
	name string
	rule *faultdb.Rule
}

func outages() []outage {
	text := errors.New(driverText)
	server := func(number uint16) error { return &mysql.MySQLError{Number: number, Message: driverText} }
	network := func(op string, err error) error {
		return fmt.Errorf("%s: %w", driverText, &net.OpError{Op: op, Net: "tcp", Err: os.NewSyscallError(op, err)})
	}
	wrapped := func(err error) error { return fmt.Errorf("%s: %w", driverText, err) }
	writes := faultdb.Is("INSERT", "UPDATE", "DELETE")
	return []outage{
		{"no connection is let in", &faultdb.Rule{On: everything, Err: network("dial", syscall.ECONNREFUSED)}},
		{"every statement fails", &faultdb.Rule{On: statements, Err: text}},
		{"every read fails", &faultdb.Rule{On: faultdb.Is("SELECT"), Err: text}},
		{"every write fails", &faultdb.Rule{On: writes, Err: text}},
		{"no transaction begins", &faultdb.Rule{On: faultdb.Is("BEGIN"), Err: text}},
		{"no transaction ends", &faultdb.Rule{On: faultdb.Is("COMMIT"), Err: text}},
		{"commits are made and not answered", &faultdb.Rule{On: faultdb.Is("COMMIT"), Err: text, Reach: faultdb.Reached, Cut: true}},
		{"neither commit nor rollback", &faultdb.Rule{On: faultdb.Is("COMMIT", "ROLLBACK"), Err: text}},
		{"writes are done and not answered", &faultdb.Rule{On: writes, Err: text, Reach: faultdb.Reached}},
		{"reads break off", &faultdb.Rule{On: faultdb.Is("SELECT"), Err: text, Reach: faultdb.Reached, Rows: 0}},
		{"reads break off after a row", &faultdb.Rule{On: faultdb.Is("SELECT"), Err: text, Reach: faultdb.Reached, Rows: 1}},
		{"the connection is cut while reading", &faultdb.Rule{On: faultdb.Is("SELECT"), Err: network("read", syscall.ECONNRESET), Cut: true}},
		{"the connection is cut while writing", &faultdb.Rule{On: writes, Err: network("write", syscall.EPIPE), Cut: true}},
		{"connections are bad", &faultdb.Rule{On: statements, Err: driver.ErrBadConn}},
		{"answers end early", &faultdb.Rule{On: statements, Err: wrapped(io.ErrUnexpectedEOF), Cut: true}},
		{"the network is too slow", &faultdb.Rule{On: statements, Err: wrapped(os.ErrDeadlineExceeded), Cut: true}},
		{"the host is gone", &faultdb.Rule{On: statements, Err: network("read", syscall.EHOSTUNREACH), Cut: true}},
		{"locks are waited for too long", &faultdb.Rule{On: writes, Err: server(1205)}},
		{"deadlocks", &faultdb.Rule{On: writes, Err: server(1213)}},
		{"too many connections", &faultdb.Rule{On: statements, Err: server(1040)}},
		{"the database is read-only", &faultdb.Rule{On: writes, Err: server(1290)}},
		{"the table is full", &faultdb.Rule{On: writes, Err: server(1114)}},
		{"queries are killed", &faultdb.Rule{On: statements, Err: server(1317)}},
		{"a table is missing", &faultdb.Rule{On: statements, Err: server(1146)}},
		{"the SQL is wrong", &faultdb.Rule{On: statements, Err: server(1064)}},
		{"keys are taken", &faultdb.Rule{On: faultdb.Is("INSERT"), Err: server(1062), Times: 30}},
		{"values do not fit", &faultdb.Rule{On: writes, Err: server(1406)}},
		{"access is denied", &faultdb.Rule{On: statements, Err: server(1045)}},
	}
}

func everything(faultdb.Statement) bool   { return true }
func statements(s faultdb.Statement) bool { return s.Text != faultdb.Connect }

// However the database fails, a client gets a problem that it can act on, with the request's id and nothing else; and
// when the database is back, the server is.
func TestOutagesReachClientsAsProblems(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		t.Parallel()
		var faults faultdb.Faults
		log := &safeLog{}
		url := servertest.Local(t, database, servertest.Options{
			Wrap: faults.Wrap, Log: slog.New(slog.NewJSONHandler(log, nil)),
		})
		for i, o := range outages() {
			if strings.HasPrefix(database, "sqlite:") && errors.As(o.rule.Err, new(*mysql.MySQLError)) || strings.HasSuffix(t.Name(), "/mysql") && i%4 > 0 {
				continue // what only a server says; and the third engine is much like the second
			}
			t.Run(o.name, func(t *testing.T) {
				id, first, second := private(t, url, "tictactoe")
				table := first.Must(t, 201, "POST", "/v1/sessions", map[string]any{"game": "tictactoe"})
				wish := first.Must(t, 201, "POST", "/v1/tickets", ticket(600))
				if len(wish.String("session_id")) == 0 {
					first.Must(t, 200, "DELETE", "/v1/tickets/"+wish.String("id"), nil)
				}
				requests := []request{
					{first, "GET", "/v1/me", nil}, {first, "PATCH", "/v1/me", map[string]any{"avatar": "owl"}},
					{first, "GET", "/v1/sessions", nil}, {first, "GET", sessionPath(id), nil}, {first, "GET", sessionPath(id) + "?version=2", nil},
					{first, "GET", sessionPath(id) + "/events", nil}, {first, "GET", "/v1/me/feed?after=0", nil},
					{first, "GET", "/v1/tickets", nil}, {first, "GET", "/v1/sessions/by-code/" + table.String("join_code"), nil},
					{first, "POST", "/v1/me/feed/ack", map[string]any{"seq": 1}}, {first, "POST", "/v1/me/stream-tickets", nil},
					{first, "POST", "/v1/tokens", renewal(first.Refresh)}, {first, "POST", "/v1/players", map[string]any{}},
					{first, "POST", "/v1/tickets", ticket(700)}, {first, "POST", "/v1/sessions", map[string]any{"game": "tictactoe"}},
					{second, "POST", "/v1/sessions/join", join(table.String("join_code"))},
					{first, "POST", servertest.MovePath(id), servertest.Move(1, 4)}, {second, "POST", sessionPath(id) + "/forfeit", nil},
				}

				met := faults.Add(o.rule)
				answers := make([]servertest.Answer, len(requests))
				together(len(requests), func(i int) { answers[i] = requests[i].send() })
				stream, refusal := first.TryStream("?after=0")
				if stream == nil {
					answers = append(answers, refusal)
				}
				answers = append(answers, first.Do("GET", "/readyz", nil))
				faults.Clear()
				if met.Hits() == 0 {
					t.Error("nothing was met by the outage")
				}
				failed := 0
				for i, a := range answers {
					if a.Status >= 500 {
						failed++
					}
					what := "the stream or readyz"
					if i < len(requests) {
						what = requests[i].method + " " + requests[i].path
					}
					checkOutage(t, what, a)
				}
				if failed == 0 && o.name != "keys are taken" {
					t.Error("no request failed")
				}
				if stream != nil {
					stream.Drop()
				}
				eventually(t, "the server is back", func() bool {
					return first.Do("GET", "/readyz", nil).Status == 200 && first.Do("PATCH", "/v1/me", map[string]any{"avatar": "fox"}).Status == 200
				})
				afterOutage(t, id, first, second)
			})
		}
		if !strings.Contains(log.String(), driverText) {
			t.Error("the log does not say what happened either")
		}
	})
}

type request struct {
	app          *servertest.App
	method, path string
	body         any
}

func (r request) send() servertest.Answer { return r.app.Do(r.method, r.path, r.body) }

// checkOutage checks one answer out of an outage: it is right, or a problem.
func checkOutage(t *testing.T, what string, a servertest.Answer) {
	t.Helper()
	if bytes := string(a.Body) + fmt.Sprint(a.Header); strings.Contains(bytes, "CANARY") || strings.Contains(strings.ToLower(bytes), "select ") {
		t.Errorf("%s: a driver's text reaches a client: %d %s", what, a.Status, bytes)
	}
	switch {
	case a.Status == 0:
		t.Errorf("%s: no answer: %s", what, a.Body)
	case a.Status == 401 || a.Status == 404:
		t.Errorf("%s: an outage is taken for an answer of the database: %d %s", what, a.Status, a.Body)
	case a.Status < 500 || a.At("troubles") != nil:
	case !slices.Contains([]string{"internal", "unavailable", "busy", "timeout"}, a.Problem()):
		t.Errorf("%s: %d %s", what, a.Status, a.Body)
	default:
		refused(t, a, int(a.Int("status")), a.Problem(), "")
		if a.Status == 503 && a.Header.Get("Retry-After") == "" {
			t.Errorf("%s: 503 without Retry-After: %s", what, a.Body)
		}
	}
}

// afterOutage makes sure that what was refused or taken in an outage is one of the two: the history, the feed and the
// answers agree.
func afterOutage(t *testing.T, id string, first, second *servertest.App) {
	t.Helper()
	again := first.Do("POST", servertest.MovePath(id), servertest.Move(1, 4))
	if again.Status != 200 && again.Problem() != "session-finished" {
		t.Errorf("the move again: %d %s", again.Status, again.Body)
	}
	var history struct {
		Items []servertest.Happening `json:"items"`
	}
	first.Must(t, 200, "GET", sessionPath(id)+"/events?limit=100", nil).Into(t, &history)
	seen := map[string]int{}
	for _, e := range history.Items {
		seen[e.Kind]++
	}
	if seen["move"] > 1 || seen["forfeited"] > 1 || seen["started"] != 1 {
		t.Errorf("history: %v", seen)
	}
	told := map[string]int{}
	for _, m := range feedOf(t, second) {
		if m.SessionID == id {
			told[m.Kind]++
		}
	}
	if told["matched"] != 1 || told["your_turn"] != seen["move"] || told["session_finished"] != seen["forfeited"] {
		t.Errorf("history %v, feed %v", seen, told)
	}
}

// A client that goes in the middle of whatever it does leaves the server as it was.
func TestClientsThatGoLeaveNothingBehind(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		var faults faultdb.Faults
		url := servertest.Local(t, database, servertest.Options{Wrap: faults.Wrap})
		id, first, second := private(t, url, "tictactoe")
		for _, stop := range []string{"BEGIN", "UPDATE", "INSERT", "COMMIT", "SELECT"} {
			hold := make(chan struct{})
			held := faults.Add(&faultdb.Rule{On: faultdb.Is(stop), Times: 1, Hold: hold})
			ctx, gone := context.WithCancel(context.Background())
			answered := make(chan struct{})
			go func() {
				_ = refreshUntil(ctx, first) // nobody hears it
				close(answered)
			}()
			<-held.First()
			gone()
			<-answered
			close(hold)
			faults.Clear()
			second.Must(t, 200, "PATCH", "/v1/me", map[string]any{"avatar": stop})
			first.Must(t, 200, "GET", "/v1/me", nil)
		}
		first.Must(t, 200, "POST", servertest.MovePath(id), servertest.Move(1, 4))
		first.Renew(t)
	})
}
