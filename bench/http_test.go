package bench

import (
	"bytes"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"yourturn/server/servertest"
)

// BenchmarkMovesOverHTTP plays tic-tac-toe through the real program, pairs at a time: one opens a table, the other joins
// by its code, then random legal moves until it is over, and again. Rounds alternate between the engines, and between
// players who only ask and players who both hold a stream; those wait until the opponent was told, as in the measures of
// other servers in RESULTS.md. "paced" thinks 125 to 375 ms before each move: what one person would feel.
//
// YOURTURN_BENCH_AGAINST names another build of the program: then each round is played on it too.
func BenchmarkMovesOverHTTP(b *testing.B) {
	var halls []*hall
	for _, p := range programs(b) {
		for i, e := range engines(b) {
			h := openHall(b, p, e)
			h.beside = h
			switch {
			case len(halls) >= 2:
				h.beside = halls[i]
			case i > 0:
				h.beside = halls[0]
			}
			halls = append(halls, h)
		}
	}
	for _, c := range []contest{
		{pairs: 1}, {pairs: 16}, {pairs: 64}, {pairs: 256},
		{pairs: 1, streams: true}, {pairs: 16, streams: true}, {pairs: 64, streams: true}, {pairs: 256, streams: true},
		{pairs: 64, streams: true, think: 250 * time.Millisecond},
	} {
		b.Run(c.String(), func(b *testing.B) {
			played := map[*hall][]tally{}
			for b.Loop() {
				for _, h := range halls {
					played[h] = append(played[h], h.play(b, c))
				}
			}
			var rows []string
			for _, h := range halls {
				rows = append(rows, h.row(played[h], played[h.beside]))
				b.ReportMetric(median(each(played[h], tally.rate)), h.name+"-moves/s")
			}
			b.ReportMetric(0, "ns/op")
			table(b, fmt.Sprintf("%-16s %8s %7s %9s %9s %9s %9s %9s %9s", "", "moves/s", "ratio", "ack p50", "p99 ms",
				"told p50", "p99 ms", "server us", "db us"), rows)
		})
	}
}

type program struct{ name, binary string }

// programs are the builds to compare, the one of this tree first.
func programs(b *testing.B) []program {
	all := []program{{"", servertest.Binary(b)}}
	if other := os.Getenv("YOURTURN_BENCH_AGAINST"); other != "" {
		all = append(all, program{"other-", other})
	}
	return all
}

type contest struct {
	pairs   int
	streams bool
	think   time.Duration
}

func (c contest) String() string {
	name := fmt.Sprintf("pairs=%d", c.pairs)
	if c.streams {
		name += "+streams"
	}
	if c.think > 0 {
		name += "+paced"
	}
	return name
}

const (
	mostPairs = 256
	warmGames = 500 * time.Millisecond
	roundLong = 2500 * time.Millisecond
)

// hall is a running program with everybody who plays there.
type hall struct {
	name   string
	beside *hall // what it is compared with: SQLite, or this build on the same engine
	host   string
	pids   []int // of the program and, when there is one, of its database
	pairs  [][2]*app
}

func openHall(b *testing.B, p program, e engine) *hall {
	b.Helper()
	servertest.Migrate(b, e.database)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	h := &hall{name: p.name + e.name, host: l.Addr().String()}
	l.Close()
	log, err := os.Create(filepath.Join(b.TempDir(), "log"))
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(p.binary, "serve", "--listen", h.host, "--database", e.database, "--rate-limit", "off")
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		log.Close()
	})
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if conn, err := net.Dial("tcp", h.host); err == nil {
			conn.Close()
			break
		}
		if time.Now().After(deadline) {
			b.Fatalf("%s does not start", h.name)
		}
	}
	h.pids = []int{cmd.Process.Pid}
	if !e.isSQLite() {
		h.pids = append(h.pids, databasePID(b, e))
	}
	for range mostPairs {
		h.pairs = append(h.pairs, [2]*app{signUp(b, h.host), signUp(b, h.host)})
	}
	return h
}

// databasePID asks the server for the file in which it keeps the number of its process.
func databasePID(b *testing.B, e engine) int {
	b.Helper()
	u, err := url.Parse(e.database)
	if err != nil {
		b.Fatal(err)
	}
	db, err := sql.Open("mysql", u.User.String()+"@tcp("+u.Host+")"+u.Path)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	var file string
	if err := db.QueryRow("SELECT @@pid_file").Scan(&file); err != nil {
		b.Fatal(err)
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		b.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(raw)))
	if err != nil {
		b.Fatal(err)
	}
	return pid
}

// cpu is what a process has used, in ticks of 10 ms.
func cpu(b *testing.B, pid int) time.Duration {
	b.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		b.Fatal(err)
	}
	fields := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:]))
	user, err := strconv.Atoi(fields[11])
	if err != nil {
		b.Fatal(err)
	}
	system, err := strconv.Atoi(fields[12])
	if err != nil {
		b.Fatal(err)
	}
	return time.Duration(user+system) * 10 * time.Millisecond
}

// tally is what one round came to.
type tally struct {
	moves     int
	took      time.Duration
	ack, told []time.Duration
	cpu       []time.Duration // as hall.pids
}

func (t tally) rate() float64 { return float64(t.moves) / t.took.Seconds() }

func each(rounds []tally, f func(tally) float64) (values []float64) {
	for _, t := range rounds {
		values = append(values, f(t))
	}
	return values
}

// play lets the first pairs play for a while.
func (h *hall) play(b *testing.B, c contest) tally {
	b.Helper()
	pairs := h.pairs[:c.pairs]
	if c.streams {
		for _, pair := range pairs {
			for _, a := range pair {
				if err := a.listen(); err != nil {
					b.Fatal(err)
				}
				defer a.hangUp()
			}
		}
	}
	start := time.Now().Add(warmGames)
	end := start.Add(roundLong)
	each := make([]tally, len(pairs))
	errs := make([]error, len(pairs))
	var all sync.WaitGroup
	for i, pair := range pairs {
		all.Go(func() { errs[i] = playUntil(pair, c, start, end, &each[i]) })
	}
	time.Sleep(time.Until(start))
	var sum tally
	for _, pid := range h.pids {
		sum.cpu = append(sum.cpu, cpu(b, pid))
	}
	from := time.Now()
	time.Sleep(time.Until(end))
	for i, pid := range h.pids {
		sum.cpu[i] = cpu(b, pid) - sum.cpu[i]
	}
	sum.took = time.Since(from)
	all.Wait()
	for i, t := range each {
		if errs[i] != nil {
			b.Fatalf("%s: %v", h.name, errs[i])
		}
		sum.moves += t.moves
		sum.ack, sum.told = append(sum.ack, t.ack...), append(sum.told, t.told...)
	}
	return sum
}

// playUntil plays one game after another, and notes the moves that were answered between start and end.
func playUntil(pair [2]*app, c contest, start, end time.Time, t *tally) error {
	for {
		opened, err := pair[0].ask("POST", "/v1/sessions", `{"game":"tictactoe"}`)
		if err != nil {
			return err
		}
		path := "/v1/sessions/" + text(opened, `"id"`) + "/moves"
		joined, err := pair[1].ask("POST", "/v1/sessions/join", `{"join_code":"`+text(opened, `"join_code"`)+`"}`)
		if err != nil {
			return err
		}
		mover := 0
		if bytes.Contains(joined, []byte(`"your_turn":true`)) {
			mover = 1
		}
		version, _ := number(joined, `"version":`)
		for turn, cell := range rand.Perm(9) {
			if c.think > 0 {
				time.Sleep(c.think/2 + rand.N(c.think))
			}
			sent := time.Now()
			answer, err := pair[mover].ask("POST", path, fmt.Sprintf(`{"turn":%d,"move":{"cell":%d}}`, turn+1, cell))
			if err != nil {
				return err
			}
			acked := time.Now()
			mover, version = 1-mover, version+1
			if c.streams {
				if err := pair[mover].hears(version); err != nil {
					return err
				}
			}
			now := time.Now()
			if now.After(end) {
				return nil
			}
			if now.After(start) {
				t.moves++
				t.ack, t.told = append(t.ack, acked.Sub(sent)), append(t.told, now.Sub(sent))
			}
			if bytes.Contains(answer, []byte(`"status":"finished"`)) {
				break
			}
		}
	}
}

// row is a line of the table: medians of the rounds, and of the rounds' ratios to the hall beside it.
func (h *hall) row(rounds, beside []tally) string {
	var ratios []float64
	for i := range rounds {
		ratios = append(ratios, rounds[i].rate()/beside[i].rate())
	}
	perMove := func(process int) float64 {
		return median(each(rounds, func(t tally) float64 {
			if process >= len(t.cpu) {
				return 0
			}
			return float64(t.cpu[process].Microseconds()) / float64(max(1, t.moves))
		}))
	}
	ms := func(of func(tally) []time.Duration, p int) float64 {
		return median(each(rounds, func(t tally) float64 { return percentile(of(t), p) }))
	}
	ack := func(t tally) []time.Duration { return t.ack }
	told := func(t tally) []time.Duration { return t.told }
	return fmt.Sprintf("%-16s %8.0f %7.2f %9.2f %9.2f %9.2f %9.2f %9.0f %9.0f", h.name, median(each(rounds, tally.rate)), median(ratios),
		ms(ack, 50), ms(ack, 99), ms(told, 50), ms(told, 99), perMove(0), perMove(1))
}
