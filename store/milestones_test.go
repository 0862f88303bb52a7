package store_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"yourturn/games"
	"yourturn/notify"
	"yourturn/player"
	"yourturn/session"
)

// reader remembers after which versions histories were read.
type reader struct {
	session.Store
	after []int64
}

func (r *reader) History(ctx context.Context, id session.ID, after int64, limit int) ([]session.Change, error) {
	r.after = append(r.after, after)
	return r.Store.History(ctx, id, after, limit)
}

// memory is a cache that keeps all, as bytes; or fails.
type memory struct {
	kept  map[string][]byte
	fails error
}

func (m *memory) Get(key string, value any) (bool, error) {
	raw, found := m.kept[key]
	if m.fails != nil || !found {
		return m.fails != nil, m.fails
	}
	return true, json.Unmarshal(raw, value)
}

func (m *memory) Set(key string, value any) error {
	if m.fails != nil {
		return m.fails
	}
	raw, err := json.Marshal(value)
	if err == nil {
		m.kept[key] = raw
	}
	return err
}

// replayer is one more server on the database, which remembers what it has played again, or not.
func (p *process) replayer(cache session.Cache, game games.Game) (*session.Service, *reader) {
	from := &reader{Store: p.DB}
	return session.NewService(session.Config{
		Store: from, Games: []games.Game{game}, Wake: func(...notify.PlayerID) {}, Now: p.Now, NewID: p.newID, Random: rand.Reader,
		Log: slog.New(slog.DiscardHandler), Metrics: session.NewMetrics(prometheus.NewRegistry()), Cache: cache, Build: "b",
	}), from
}

// longPlay plays to a version, now and then with a chord that nobody else hears, so that turns lie across milestones.
func (p *process) longPlay(t *testing.T, s session.Session, version int64) session.Session {
	t.Helper()
	for s = p.read(t, s.ID); s.Version < version; {
		seat := s.Await[int(s.Version/3)%len(s.Await)]
		chord := fmt.Appendf(nil, `{"chord":"<%d>","mute":%t}`, s.Version, s.Version%4 == 0)
		var err error
		s, _, err = p.sessions.Play(t.Context(), s.Seats[seat].Player, "", s.ID, s.Turn, chord)
		must(t, err)
	}
	return p.read(t, s.ID)
}

func then(t *testing.T, service *session.Service, player notify.PlayerID, s session.Session, version int64) string {
	t.Helper()
	was, err := service.GetAt(t.Context(), player, s.ID, version)
	if err != nil {
		return err.Error()
	}
	due := was.Due.UnixMilli()
	was.Due = was.CreatedAt // it may be in a year that JSON does not know
	raw, err := json.Marshal(was)
	must(t, err)
	return fmt.Sprint(string(raw), due)
}

// long opens a table of three that can be played for hundreds of versions.
func (p *process) long(t *testing.T) (session.Session, notify.PlayerID) {
	t.Helper()
	players := p.guests(t, 3)
	return p.table(t, session.Wish{Seats: 3, Config: json.RawMessage(`{"bars":900}`)}, players...), players[1]
}

// Whoever steps through a long session sees at every version what comes of playing all of it again, forwards and
// backwards, with a cache and with one that fails.
func TestALongSessionIsShownAtEveryVersion(t *testing.T) {
	p := open(t, "sqlite:"+t.TempDir()+"/yourturn.db")
	p.serve(nil, bandOf(1))
	s, bob := p.long(t)
	s = p.longPlay(t, s, 260)
	p.verified(t, s.ID, session.Equal)
	plain, _ := p.replayer(nil, bandOf(1))
	forwards, _ := p.replayer(&memory{kept: map[string][]byte{}}, bandOf(1))
	backwards, _ := p.replayer(&memory{kept: map[string][]byte{}}, bandOf(1))
	failing, _ := p.replayer(&memory{fails: errors.New("no room")}, bandOf(1))
	seen := map[int64]string{}
	for version := int64(1); version <= s.Version; version++ {
		seen[version] = then(t, forwards, bob, s, version)
	}
	for version := s.Version; version > 0; version-- {
		if got := then(t, backwards, bob, s, version); got != seen[version] {
			t.Fatalf("backwards, version %d is\n%s, and forwards\n%s", version, got, seen[version])
		}
	}
	for _, version := range []int64{1, 3, 4, 5, 6, 99, 100, 101, 102, 150, 199, 200, 201, 203, 250, 259, 260} { // all of it is played for each
		if want := then(t, plain, bob, s, version); seen[version] != want {
			t.Errorf("version %d is\n%s, want\n%s", version, seen[version], want)
		}
	}
	for _, version := range []int64{1, 3, 100, 101, 205, 259} {
		if got := then(t, failing, bob, s, version); got != seen[version] {
			t.Errorf("without a cache that works, version %d is\n%s, want\n%s", version, got, seen[version])
		}
	}
}

// What has been played again once is not played again from its beginning.
func TestAReplayBeginsAtTheLastMilestone(t *testing.T) {
	p := open(t, "sqlite:"+t.TempDir()+"/yourturn.db")
	p.serve(nil, bandOf(1))
	s, bob := p.long(t)
	s = p.longPlay(t, s, 260)
	service, from := p.replayer(&memory{kept: map[string][]byte{}}, bandOf(1))
	for _, look := range []struct {
		version int64
		reads   []int64
	}{
		{90, []int64{0}}, {90, nil}, // asked for before
		{250, []int64{0}}, {205, []int64{200}}, {200, nil}, {199, []int64{100}}, {101, []int64{100}}, {100, nil}, {99, []int64{0}}, {259, []int64{200}}, {260, nil},
	} {
		from.after = nil
		then(t, service, bob, s, look.version)
		if !slices.Equal(from.after, look.reads) {
			t.Errorf("version %d is read after %v, want %v", look.version, from.after, look.reads)
		}
	}
}

// People are called what they are called today, also where they sit as they sat long ago.
func TestAMilestoneKeepsNoNames(t *testing.T) {
	p := open(t, "sqlite:"+t.TempDir()+"/yourturn.db")
	p.serve(nil, bandOf(1))
	s, bob := p.long(t)
	s = p.longPlay(t, s, 130)
	service, _ := p.replayer(&memory{kept: map[string][]byte{}}, bandOf(1))
	for i, look := range []int64{120, 120, 105} {
		name := fmt.Sprintf("Bob %d", i)
		must(t, p.SaveProfile(t.Context(), player.ID(bob), player.Profile{DisplayName: name}))
		was, err := service.GetAt(t.Context(), bob, s.ID, look)
		if err != nil || was.Seats[1].DisplayName != name {
			t.Errorf("version %d: %+v, %v; want %s", look, was.Seats, err, name)
		}
	}
}

// A session that newer rules have taken over begins there: what older rules had kept of it is not theirs to play on from.
func TestMilestonesOfOlderRulesAreNotPlayedOnFrom(t *testing.T) {
	p := open(t, "sqlite:"+t.TempDir()+"/yourturn.db")
	p.serve(nil, editionOf(1))
	s, bob := p.long(t)
	s = p.longPlay(t, s, 150)
	cache := &memory{kept: map[string][]byte{}}
	older, _ := p.replayer(cache, editionOf(1))
	then(t, older, bob, s, 149) // keeps version 100
	kept := len(cache.kept)
	p.serve(nil, faithfulOf(2))
	s = p.longPlay(t, s, 320)
	p.verified(t, s.ID, session.Equal)
	plain, _ := p.replayer(nil, faithfulOf(2))
	service, from := p.replayer(cache, faithfulOf(2))
	for _, look := range []struct{ version, after int64 }{{149, 0}, {150, 0}, {151, 0}, {199, 0}, {120, 0}, {310, 0}, {290, 200}, {305, 300}} {
		from.after = nil
		got, want := then(t, service, bob, s, look.version), then(t, plain, bob, s, look.version)
		if got != want || (look.version < 151) != (want == session.ErrOtherRules.Error()) {
			t.Errorf("version %d is\n%s, want\n%s", look.version, got, want)
		}
		if !slices.Equal(from.after, []int64{look.after}) {
			t.Errorf("version %d is read after %v, want %d", look.version, from.after, look.after)
		}
	}
	if kept == 0 {
		t.Error("the older rules have kept nothing, so that this shows nothing")
	}
}
