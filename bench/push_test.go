package bench

import (
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"yourturn/notify/providertest"
	"yourturn/notify/webpush"
	"yourturn/server/servertest"
)

// BenchmarkPushes plays paced games through the real program, by players without devices and by players with some: every
// move is as many pushes to the opponent, over TLS and HTTP/2 to the strict fakes of the tests. What it asks is how many a
// second arrive, and what the moves feel of it.
//
// Program, database, players and fakes share the machine, and the fakes decrypt every Web Push.
func BenchmarkPushes(b *testing.B) {
	for _, e := range engines(b) {
		b.Run(e.name, func(b *testing.B) {
			o := openOffice(b, e)
			bare := o.seat(b, 0)
			for _, devices := range []int{2, 5, 10} {
				b.Run(fmt.Sprintf("devices=%d", devices), func(b *testing.B) { o.compare(b, bare, o.seat(b, devices)) })
			}
		})
	}
}

// compare lets those without devices play, then those with, in every round.
func (o *office) compare(b *testing.B, bare, pushed [][2]*app) {
	var rates, medians, slowest []float64
	var rows []string
	for b.Loop() {
		without := o.play(b, bare)
		with := o.play(b, pushed)
		rates = append(rates, with.pushes)
		medians = append(medians, with.p50/without.p50)
		slowest = append(slowest, with.p99/without.p99)
		rows = append(rows, fmt.Sprintf("%9.0f %9.0f %9.2f %9.2f %9.2f %9.2f %9.0f %9.0f %9.0f %9.0f", without.moves, with.moves, without.p50, with.p50,
			without.p99, with.p99, with.pushes, with.perPush(without, 0), with.perPush(without, 2), with.perPush(without, 1)))
	}
	b.ReportMetric(median(rates), "pushes/s")
	b.ReportMetric(median(medians), "p50-ratio")
	b.ReportMetric(median(slowest), "p99-ratio")
	b.ReportMetric(0, "ns/op")
	table(b, "  moves/s      with   p50 ms      with    p99 ms      with  pushes/s server us     db us  fakes us", rows)
}

// What is played: 500 moves a second, with two seconds for each, in which it must have been pushed to still be true.
const (
	pushPairs = 1000
	pushPace  = 2 * time.Second
	pushLong  = 10 * time.Second
)

// office is a program that pushes, and the providers it pushes to.
type office struct {
	host string
	pids []int // of the program, of the fakes and of the database
	apns *providertest.APNs
	fcm  *providertest.FCM
	web  *providertest.WebPush

	tokens int // given out
}

func openOffice(b *testing.B, e engine) *office {
	b.Helper()
	authority := providertest.NewAuthority(b)
	b.Setenv("SSL_CERT_FILE", authority.File)
	key, public := providertest.APNsKey(b)
	vapid, err := webpush.NewKey()
	if err != nil {
		b.Fatal(err)
	}
	vapidPublic, err := webpush.PublicKey(vapid)
	if err != nil {
		b.Fatal(err)
	}
	o := &office{
		apns: providertest.NewAPNs(b, authority, "org.example.game", public, "ABC123DEFG", "DEF123GHIJ"),
		fcm:  providertest.NewFCM(b, authority),
		web:  providertest.NewWebPush(b, authority, vapidPublic),
	}
	p := servertest.Start(b, e.database,
		"--push-grace", "20ms", "--apns-key="+string(key), "--apns-key-id", "ABC123DEFG", "--apns-team-id", "DEF123GHIJ",
		"--apns-topic", "org.example.game", "--apns-url", o.apns.URL, "--fcm-credentials", string(o.fcm.Credentials), "--fcm-url", o.fcm.URL,
		"--vapid-key", vapid, "--vapid-subject", "mailto:ops@example.org", "--webpush-host", o.web.Host, "--log-level", "warn")
	u, err := url.Parse(p.URL)
	if err != nil {
		b.Fatal(err)
	}
	o.host, o.pids = u.Host, []int{p.PID(), os.Getpid()}
	if !e.isSQLite() {
		o.pids = append(o.pids, databasePID(b, e))
	}
	return o
}

// register registers devices of a player: of ten, six by APNs, two by FCM, two by Web Push.
func (o *office) register(b *testing.B, a *app, devices int) {
	b.Helper()
	for i := range devices {
		o.tokens++
		body := fmt.Sprintf(`{"channel":"apns","token":"%064x"}`, o.tokens)
		switch i % 5 {
		case 1:
			body = fmt.Sprintf(`{"channel":"fcm","token":"token-%d"}`, o.tokens)
		case 3:
			address := o.web.Subscribe()
			body = fmt.Sprintf(`{"channel":"webpush","subscription":{"endpoint":%q,"keys":{"p256dh":%q,"auth":%q}}}`, address.Token, address.P256DH, address.Auth)
		}
		if _, err := a.ask("PUT", fmt.Sprintf("/v1/me/devices/device-%d", i), body); err != nil {
			b.Fatal(err)
		}
	}
}

// seat signs pairs up, with so many devices each.
func (o *office) seat(b *testing.B, devices int) (pairs [][2]*app) {
	b.Helper()
	for range pushPairs {
		pair := [2]*app{signUp(b, o.host), signUp(b, o.host)}
		for _, a := range pair {
			o.register(b, a, devices)
		}
		pairs = append(pairs, pair)
	}
	return pairs
}

type paced struct {
	moves, pushes, p50, p99 float64
	cpu                     []float64 // seconds a second, as office.pids
}

// perPush is what a push costs a process, in microseconds, beyond what the moves do.
func (p paced) perPush(without paced, process int) float64 {
	if process >= len(p.cpu) {
		return 0
	}
	return (p.cpu[process] - without.cpu[process]) / p.pushes * 1e6
}

// play lets all pairs play at their pace.
func (o *office) play(b *testing.B, pairs [][2]*app) paced {
	b.Helper()
	var mu sync.Mutex
	var all []time.Duration
	var failed atomic.Value
	start := time.Now().Add(2 * pushPace)
	end := start.Add(pushLong)
	var wg sync.WaitGroup
	for i, pair := range pairs {
		wg.Go(func() {
			time.Sleep(pushPace * time.Duration(i) / time.Duration(len(pairs))) // spread out
			took, err := playPaced(pair, start, end)
			if err != nil {
				failed.Store(err)
			}
			mu.Lock()
			all = append(all, took...)
			mu.Unlock()
		})
	}
	time.Sleep(time.Until(start))
	before, used := o.arrived(), o.used(b)
	time.Sleep(time.Until(end))
	pushes := o.arrived() - before
	for i, now := range o.used(b) {
		used[i] = (now - used[i]) / pushLong.Seconds()
	}
	wg.Wait()
	if err := failed.Load(); err != nil {
		b.Fatal(err)
	}
	return paced{moves: float64(len(all)) / pushLong.Seconds(), pushes: float64(pushes) / pushLong.Seconds(), p50: percentile(all, 50), p99: percentile(all, 99), cpu: used}
}

// used is how many seconds of CPU the processes have used.
func (o *office) used(b *testing.B) (all []float64) {
	for _, pid := range o.pids {
		all = append(all, cpu(b, pid).Seconds())
	}
	return all
}

func (o *office) arrived() int {
	return o.apns.Count() + o.fcm.Count() + o.web.Count()
}

// playPaced plays one table after the other, and tells how long each move took between two instants.
func playPaced(pair [2]*app, start, end time.Time) (took []time.Duration, err error) {
	next := time.Now()
	for time.Now().Before(end) {
		made, err := pair[0].ask("POST", "/v1/sessions", `{"game":"tictactoe","turn_seconds":86400}`)
		if err != nil {
			return nil, err
		}
		id, code := text(made, `"id"`), text(made, `"join_code"`)
		body, err := pair[1].ask("POST", "/v1/sessions/join", `{"join_code":"`+code+`"}`)
		if err != nil {
			return nil, err
		}
		mover := 0
		if strings.Contains(string(body), `"your_turn":true`) {
			mover = 1
		}
		for turn, cell := range []int{0, 1, 2, 4, 3, 5, 7, 6, 8} { // a draw, which takes longest
			next = next.Add(pushPace)
			time.Sleep(time.Until(next))
			began := time.Now()
			if _, err := pair[(mover+turn)%2].ask("POST", "/v1/sessions/"+id+"/moves", fmt.Sprintf(`{"turn":%d,"move":{"cell":%d}}`, turn+1, cell)); err != nil {
				return nil, err
			}
			if done := time.Now(); began.After(start) && done.Before(end) {
				took = append(took, done.Sub(began))
			}
			if !time.Now().Before(end) {
				return took, nil
			}
		}
	}
	return took, nil
}
