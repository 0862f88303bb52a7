package store_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"yourturn/games"
	"yourturn/games/tictactoe"
	"yourturn/matchmaking"
	"yourturn/notify"
	"yourturn/session"
)

// band is a game for these tests whose moves count as they come: one to four seats play a chord in each bar, and the tune
// is what was played in the order of arrival. Who lets the time pass is set aside until they join again, as latecomers do,
// whom a trio does not take. Later editions take over the tunes of earlier ones when they are faithful.
type (
	band struct{ trio }
	trio struct {
		least int // seats; 0 is 1
		roles []string
	}
)

type (
	bandConfig struct {
		Bars int `json:"bars,omitempty"`
	}
	bandMove struct {
		Chord string `json:"chord"`
		Mute  bool   `json:"mute,omitempty"` // nobody else hears it
	}
	bandState struct {
		Bars  int      `json:"bars"`
		Bar   int      `json:"bar"`
		Tune  string   `json:"tune"`
		Seats []string `json:"seats"` // plays, played, away or left
	}
	bandView struct {
		Tune string `json:"tune"`
	}
)

func (g trio) Describe() games.Info {
	return games.Info{
		Name: "trio", Title: "Trio", TypeName: "Trio", Version: 1, MinSeats: max(1, g.least), MaxSeats: 4, TurnSeconds: 60, AtOnce: true, Roles: g.roles,
	}
}

func (g band) Describe() games.Info {
	info := g.trio.Describe()
	info.Name, info.Title, info.TypeName = "band", "Band", "Band"
	return info
}

func (trio) Start(setup games.Setup[bandConfig]) (games.Step[bandState], error) {
	s := bandState{Bars: max(1, setup.Config.Bars), Seats: slices.Repeat([]string{"played"}, len(setup.Roles))}
	return s.step(), nil
}

// step awaits who has to play. When nobody has, the next bar begins.
func (s bandState) step() games.Step[bandState] {
	if !slices.Contains(s.Seats, "plays") {
		s.Bar++
		for seat, does := range s.Seats {
			if does == "played" {
				s.Seats[seat] = "plays"
			}
		}
	}
	var await []int
	for seat, does := range s.Seats {
		if does == "plays" {
			await = append(await, seat)
		}
	}
	if s.Bar > s.Bars || len(await) == 0 {
		return games.Step[bandState]{State: s, Result: games.Draw("played", len(s.Seats))}
	}
	return games.Step[bandState]{State: s, Await: await}
}

func (trio) Apply(s bandState, seat int, move bandMove, _ games.Env) (games.Step[bandState], error) {
	if move.Chord == "" {
		return games.Step[bandState]{}, games.Refuse("silence", "Play something.")
	}
	s.Tune += fmt.Sprint(seat, move.Chord, " ")
	s.Seats[seat] = "played"
	step := s.step()
	step.Hidden = move.Mute
	return step, nil
}

func (trio) View(s bandState, _ int) bandView { return bandView{s.Tune} }

func (trio) Timeout(s bandState, absent []int, _ games.Env) (games.Step[bandState], error) {
	for _, seat := range absent {
		s.Seats[seat] = "away"
	}
	return s.step(), nil
}

func (trio) Leave(s bandState, seat int, _ games.Env) (games.Step[bandState], error) {
	s.Seats[seat] = "left"
	return s.step(), nil
}

func (band) Join(s bandState, seat int, _ games.Env) (games.Step[bandState], error) {
	if seat == len(s.Seats) {
		s.Seats = append(s.Seats, "plays")
	} else if s.Seats[seat] == "away" || s.Seats[seat] == "left" { // who has left for good is not let in here by the session
		s.Seats[seat] = "plays"
	}
	return s.step(), nil
}

func (trio) BotMove(_ bandView, seat int, level games.Level, _ games.Env) bandMove {
	if level == games.Hard {
		panic("too hard for this band")
	}
	return bandMove{Chord: "b" + string(level)}
}

// older and newer editions. What cannot be taken over is not, and what can bears a mark in its tune.
type (
	edition struct {
		band
		version int
	}
	faithful struct{ edition }
)

func (g edition) Describe() games.Info {
	info := g.band.Describe()
	info.Version = g.version
	return info
}

func (faithful) Migrate(from int, raw json.RawMessage) (s bandState, err error) {
	err = json.Unmarshal(raw, &s)
	s.Tune += fmt.Sprintf("v%d ", from)
	return s, err
}

func bandOf(seats int, roles ...string) games.Game { return games.Define(band{trio{seats, roles}}) }
func editionOf(version int) games.Game             { return games.Define(edition{band{}, version}) }
func faithfulOf(version int) games.Game            { return games.Define(faithful{edition{band{}, version}}) }

// node is one more server on the same database, at the same time, with these games; those named open may be entered by anybody.
func (p *process) node(t *testing.T, open map[string]json.RawMessage, gs ...games.Game) *process {
	t.Helper()
	n := p.open(t, p.database)
	n.serve(open, gs...)
	return n
}

// serve puts other games in place, as a deployment does.
func (p *process) serve(open map[string]json.RawMessage, gs ...games.Game) {
	p.serveFrom(p.DB, open, gs...)
}

func (p *process) serveFrom(from session.Store, open map[string]json.RawMessage, gs ...games.Game) {
	p.sessions = session.NewService(session.Config{
		Store: from, Games: gs, Open: open, Wake: func(...notify.PlayerID) {}, Now: p.Now, NewID: p.newID, Random: rand.Reader,
		Log: slog.New(slog.DiscardHandler), Metrics: session.NewMetrics(prometheus.NewRegistry()),
	})
	p.clock = &session.Clock{Service: p.sessions}
	p.tickets = matchmaking.NewService(p.DB, p.sessions, func(...notify.PlayerID) {}, p.Now, p.newID, slog.New(slog.DiscardHandler))
}

// onAllWith runs a test on every engine, with a process that has these games.
func onAllWith(t *testing.T, run func(t *testing.T, p *process, database string), gs ...games.Game) {
	t.Helper()
	onAll(t, func(t *testing.T, p *process, database string) {
		p.serve(nil, gs...)
		run(t, p, database)
	})
}

// table opens a table of the band and lets the others join by its code, in order.
func (p *process) table(t *testing.T, wish session.Wish, players ...notify.PlayerID) session.Session {
	t.Helper()
	if wish.Game == "" {
		wish.Game = "band"
	}
	s, err := p.sessions.Create(t.Context(), players[0], wish, nil)
	must(t, err)
	for _, player := range players[1:] {
		_, err := p.sessions.Join(t.Context(), player, s.JoinCode, "")
		must(t, err)
	}
	return p.read(t, s.ID)
}

// plays takes a chord for the turn that is on.
func (p *process) plays(t *testing.T, player notify.PlayerID, id session.ID, chord string) session.Session {
	t.Helper()
	s, _, err := p.play(player, id, p.read(t, id).Turn, chord)
	must(t, err)
	return s
}

func (p *process) play(player notify.PlayerID, id session.ID, turn int64, chord string) (session.Session, session.Taken, error) {
	return p.sessions.Play(context.Background(), player, "", id, turn, fmt.Appendf(nil, `{"chord":%q}`, chord))
}

// tick lets the clock do one pass, in which it looks at so many sessions.
func (p *process) tick(t *testing.T, want int) {
	t.Helper()
	n, err := p.clock.Step(t.Context())
	must(t, err)
	if n != want {
		t.Errorf("the clock looks at %d sessions, want %d", n, want)
	}
}

// until moves the time on to an instant.
func (p *process) until(s session.Session) { p.advance(s.Due.Sub(p.Now())) }

// told is what a player was told so far, in order.
func (p *process) told(t *testing.T, player notify.PlayerID) string {
	t.Helper()
	feed, err := p.Messages(t.Context(), player, 0, 100)
	must(t, err)
	var kinds []string
	for _, m := range feed {
		kinds = append(kinds, m.Kind)
	}
	return strings.Join(kinds, " ")
}

// tune is what a session's state says was played.
func tune(t *testing.T, s session.Session) string {
	t.Helper()
	var state bandState
	must(t, json.Unmarshal(s.State, &state))
	return strings.TrimSpace(state.Tune)
}

// verified plays a session again.
func (p *process) verified(t *testing.T, id session.ID, want session.Verdict) {
	t.Helper()
	got, err := p.sessions.Verify(t.Context(), id)
	if err != nil || got != want {
		t.Errorf("verify says %q, %v; want %q", got, err, want)
	}
}

func pileGame() games.Game { return games.Define(pile{}) }

// gamesOf are the games that the other tests play.
func gamesOf() []games.Game {
	return []games.Game{games.Define(tictactoe.Rules{}), games.Define(pile{})}
}
