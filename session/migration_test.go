package session

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"yourturn/games"
	"yourturn/notify"
)

// edition is a chorus of another version, which cannot take older sessions over.
type edition struct {
	chorus
	version int
}

func (g edition) Describe() games.Info {
	info := g.chorus.Describe()
	info.Version = g.version
	return info
}

// revised takes sessions over: it writes the version that it found them under into the song.
type revised struct {
	edition
	fails error
}

func (g revised) Migrate(from int, raw json.RawMessage) (s chorusState, err error) {
	if err := json.Unmarshal(raw, &s); err != nil {
		return s, err
	}
	s.Song += fmt.Sprintf("v%d ", from)
	return s, g.fails
}

// Configure refuses what newer rules do not want any more.
func (g revised) Configure(c chorusConfig) (chorusConfig, error) {
	if c.Rounds == 8 {
		return c, games.Refuse("eight", "Nobody sings eight rounds any more.")
	}
	return c, nil
}

func version(n int) games.Game       { return sung(edition{chorus{}, n}) }
func revisedTo(n int) games.Game     { return sung(revised{edition: edition{chorus{}, n}}) }
func keptRevisedTo(n int) games.Game { return sung(revised{edition: edition{chorus{kept: true}, n}}) }
func failingRevision(n int) games.Game {
	return sung(revised{edition{chorus{}, n}, errors.New("no score for this")})
}

// judge is a service that only decides.
func judge() *Service { return &Service{thinkers: make(chan struct{}, 1)} }

// update puts other rules in place, as a deployment does, and takes the session over as the next act of any kind would.
func (s *story) update(game games.Game) {
	s.t.Helper()
	s.game = game
	decided, last := judge().what(s.Session, game, func(Session) ([]Act, error) { s.t.Fatal("decided on old rules"); return nil, nil }, s.now)
	acts, err := decided(s.Session)
	if last || err != nil || len(acts) != 1 || acts[0].Cause != Migrated {
		s.t.Fatalf("what comes first is %+v, %v", acts, err)
	}
	s.must(acts[0])
}

func TestAMigrationTakesTheTableOverAsItStands(t *testing.T) {
	for title, c := range map[string]struct {
		before, after games.Game
		story         func(*story)
	}{
		"the first turn":        {version(1), revisedTo(2), func(*story) {}},
		"inside a turn":         {version(1), revisedTo(2), func(s *story) { s.sing(0) }},
		"a hidden move":         {version(1), revisedTo(2), func(s *story) { s.must(note(2, `{"note":"b","hum":true}`)) }},
		"moves that wait":       {sung(chorus{kept: true}), keptRevisedTo(2), func(s *story) { s.sing(0); s.playBot() }},
		"somebody has left":     {version(1), revisedTo(2), func(s *story) { s.forfeit(0) }},
		"somebody came later":   {version(1), revisedTo(2), func(s *story) { s.join(3) }},
		"in a pause":            {version(1), revisedTo(2), func(s *story) { s.playBot(); s.sing(0, 2) }},
		"over several versions": {version(1), revisedTo(7), func(s *story) { s.sing(2) }},
	} {
		t.Run(title, func(t *testing.T) {
			s := mixed(t, c.before, "pbp", `{"rounds":9,"pause":30}`)
			c.story(s)
			then := s.Session
			s.later(time.Second)
			s.update(c.after)
			want := then.clone()
			want.Version, want.UpdatedAt, want.ChangeID = then.Version+1, s.now, s.ChangeID
			want.RulesVersion, want.State = c.after.Info().Version, s.State
			if dump(s.Session) != dump(want) {
				t.Errorf("the table is\n%s, was\n%s", dump(s.Session), dump(want))
			}
			if !strings.HasSuffix(s.song(), "v1") {
				t.Errorf("the song is %q", s.song())
			}
			s.hears("")
			for viewer := games.Spectator; viewer < 3; viewer++ {
				if e := s.last.EventsFor(viewer); len(e) != 1 || e[0].Kind != "migrated" || e[0].Seat != nil || string(e[0].Data) != `{}` {
					t.Errorf("seat %d sees %+v", viewer, e)
				}
			}
			if got := waiting(s.before, s.Session); len(got) != 0 {
				t.Errorf("badges move by %v", got)
			}
			s.replays()
			for round := s.song(); s.Status == Active && strings.HasPrefix(s.song(), round) && s.Turn < then.Turn+4; { // it goes on under the new rules
				switch {
				case s.serverMoves():
					s.now = s.Deadline
					s.must(Act{Cause: Stepped, Seat: NoSeat})
				case len(s.bots()) > 0:
					s.playBot()
				default:
					s.sing(s.first())
				}
			}
			s.replays()
		})
	}
}

func TestReplayBeginsAtTheLastMigration(t *testing.T) {
	s := begin(t, version(1), 2, `{"rounds":9}`)
	s.sing(0)
	s.update(revisedTo(2))
	first := s.Version
	s.sing(1)
	s.update(revisedTo(3))
	last := s.Version
	s.sing(0, 1)
	s.replays()
	history := stored(t, s.history)
	for version := int64(1); version <= s.Version; version++ {
		then, _, err := playAgain(s.Session, s.game, history, version)
		if version < last && !errors.Is(err, ErrOtherRules) {
			t.Errorf("version %d of before the migrations at %d and %d: %v", version, first, last, err)
		}
		if version >= last && (err != nil || then.Version != version || then.RulesVersion != 3) {
			t.Errorf("version %d: %+v, %v", version, then, err)
		}
	}
	if _, _, err := playAgain(s.Session, version(4), history, s.Version); !errors.Is(err, ErrOtherRules) {
		t.Errorf("by rules that have not taken it over: %v", err)
	}
}

func TestATamperedMigrationIsFound(t *testing.T) {
	for title, tamper := range map[string]func(c *Change){
		"nothing": func(*Change) {},
		"the state": func(c *Change) {
			c.Table.State = json.RawMessage(strings.Replace(string(c.Table.State), "0a", "0b", 1))
		},
		"who sits":  func(c *Change) { c.Table.Seats[1].Player = "mallory" },
		"who left":  func(c *Change) { c.Table.Seats[1].Left = true },
		"the turn":  func(c *Change) { c.Table.Turn++ },
		"no table":  func(c *Change) { c.Table = nil },
		"the event": func(c *Change) { c.Events = []Recorded{{Kind: "cheered"}} },
	} {
		t.Run(title, func(t *testing.T) {
			s := begin(t, version(1), 2, "")
			s.sing(0)
			s.update(revisedTo(2))
			s.sing(1)
			history := stored(t, s.history)
			tamper(&history[3])
			then, made, err := playAgain(s.Session, s.game, history, s.Version)
			if err == nil {
				err = difference(s.Session, then, history, made)
			}
			if (err == nil) != (title == "nothing") {
				t.Errorf("verify says %v", err)
			}
		})
	}
}

// Whoever is late because the rules were not there could not have moved.
func TestNobodyLosesByAnUpdate(t *testing.T) {
	s := begin(t, version(1), 3, "")
	s.sing(1)
	s.now = s.Deadline.Add(time.Hour)
	s.update(revisedTo(2))
	s.is(1, []int{0, 2}, 2*time.Minute+time.Hour)
	if want := s.now.Add(48 * time.Second); !s.Due.Equal(want) {
		t.Errorf("due %s, want the reminder at %s", s.Due, want)
	}
	if _, last := judge().what(s.Session, s.game, nil, s.now); !last {
		t.Error("somebody is acted for who has just got the time again")
	}
	s.replays()

	s = begin(t, version(1), 2, `{"pause":5}`)
	s.sing(0, 1)
	s.later(time.Hour)
	s.update(revisedTo(2))
	if !s.serverMoves() || !s.Deadline.Equal(s.now.Add(time.Millisecond)) {
		t.Errorf("a pause that is long over ends at %s, now is %s", s.Deadline, s.now)
	}
	s.replays()
}

func TestAMigrationInTimeKeepsTheDeadline(t *testing.T) {
	for title, c := range map[string]struct{ putOff, want time.Duration }{ // of the due instant, after noon
		"never looked at":             {48 * time.Second, 48 * time.Second},
		"looked at, put off":          {55 * time.Second, 55 * time.Second},
		"put off beyond the deadline": {time.Hour, 62*time.Second + time.Millisecond},
	} {
		t.Run(title, func(t *testing.T) {
			s := begin(t, version(1), 2, "")
			s.later(50 * time.Second)
			s.Due = noon.Add(c.putOff)
			s.update(revisedTo(2))
			s.is(1, []int{0, 1}, time.Minute)
			if got := s.Due.Sub(noon); got != c.want {
				t.Errorf("due after %s, want %s", got, c.want)
			}
			s.replays()
		})
	}
}

func TestATableThatWaitsIsTakenOverWithItsConfig(t *testing.T) {
	s := table(t, version(1), 3, `{"rounds":8}`)
	s.must(Act{Cause: Created, Players: []Seated{{Player: "p0"}, {Bot: games.Easy}}})
	for title, game := range map[string]games.Game{"accepted by rules without a Migrator": version(2), "and by rules with one": failingRevision(2)} {
		s := *s
		if title != "accepted by rules without a Migrator" {
			s.Config = json.RawMessage(`{"rounds":7}`)
		}
		deadline := s.Deadline
		s.update(game)
		if s.Status != Waiting || s.RulesVersion != 2 || len(s.State) > 0 || !s.Deadline.Equal(deadline) || len(s.Seats) != 2 {
			t.Errorf("%s: %s", title, dump(s.Session))
		}
		s.must(Act{Cause: Joined, Seat: 2, Players: []Seated{{Player: "p2"}}})
		s.must(Act{Cause: Started, Seat: NoSeat})
		s.replays()
	}
	if _, err := migrated(revisedTo(2), s.Session); !errors.Is(err, ErrOtherRules) {
		t.Errorf("a config that is refused: %v", err)
	}
	s.Config = json.RawMessage(`{"verses":3}`)
	if _, err := migrated(revisedTo(2), s.Session); !errors.Is(err, ErrOtherRules) {
		t.Errorf("a config that does not fit: %v", err)
	}
	s.Config, s.now = json.RawMessage(`{}`), s.Deadline.Add(time.Hour)
	s.update(revisedTo(2))
	if s.Status != Waiting || !s.Overdue(s.now) {
		t.Errorf("a table that has waited too long gets no more time: %s", dump(s.Session))
	}
}

// What may be done to a session that these rules cannot take over.
func TestUnderOtherRules(t *testing.T) {
	decided := errors.New("decided")
	do := func(acts ...Act) decide { return func(Session) ([]Act, error) { return acts, nil } }
	refuse := func(err error) decide { return func(Session) ([]Act, error) { return nil, err } }
	for title, c := range map[string]struct {
		decide                decide
		ofOlder, ofNewerRules error
	}{
		"nothing":                       {do(), nil, nil},
		"a move":                        {do(note(0, `{"note":"a"}`)), ErrOtherRules, ErrOtherRules},
		"a move that does not fit":      {refuse(&games.Invalid{Issues: []games.Issue{{Message: "no"}}}), ErrOtherRules, ErrOtherRules},
		"a move, by the rules":          {refuse(games.Refuse("no", "No.")), ErrOtherRules, ErrOtherRules},
		"a move that was taken":         {refuse(ErrAlreadyMoved), ErrAlreadyMoved, ErrAlreadyMoved},
		"somebody who does not sit":     {refuse(ErrNotFound), ErrNotFound, ErrNotFound},
		"another fault":                 {refuse(decided), decided, decided},
		"giving up":                     {do(Act{Cause: Forfeited}), nil, ErrOtherRules},
		"getting up":                    {do(Act{Cause: Gone}), nil, nil},
		"sitting down":                  {do(joined(2)), ErrOtherRules, ErrOtherRules},
		"sitting down, and a beginning": {do(joined(2), Act{Cause: Started}), ErrOtherRules, ErrOtherRules},
	} {
		t.Run(title, func(t *testing.T) {
			for of, want := range map[int]error{1: c.ofOlder, 3: c.ofNewerRules} {
				s := begin(t, version(of), 2, "")
				next, last := judge().what(s.Session, version(2), c.decide, s.overdueAt()) // even when it is overdue
				if _, err := next(s.Session); !last || !errors.Is(err, want) {
					t.Errorf("of version %d: %v, want %v", of, err, want)
				}
			}
		})
	}
}

func TestGivingUpUnderOtherRulesAsksNoRules(t *testing.T) {
	s := begin(t, version(1), 3, "")
	s.sing(0)
	s.game = version(2)
	s.forfeit(1)
	if s.places() != "forfeit 1 3 1" || s.RulesVersion != 1 {
		t.Errorf("%s %q by version %d", s.Status, s.places(), s.RulesVersion)
	}
	if _, last := judge().what(s.Session, version(2), nil, s.now); !last || outdated(s.Session, version(2)) {
		t.Error("what is over is migrated")
	}
}

// picky rules do not know a note any more that may have been sung and wait for the others.
type picky struct{ revised }

func (g picky) Apply(s chorusState, seat int, move chorusMove, env games.Env) (games.Step[chorusState], error) {
	if move.Note == "b" {
		return games.Step[chorusState]{}, games.Refuse("flat", "That is flat.")
	}
	return g.revised.Apply(s, seat, move, env)
}

// A move that waits cannot be taken back by its player. So it is found before rules take a session over which would refuse
// it when the last arrives, and not when nobody can do anything about it.
func TestRulesThatRefuseAMoveThatWaitsDoNotTakeItOver(t *testing.T) {
	of := func(version int) games.Game {
		return sung(picky{revised{edition: edition{chorus{kept: true}, version}}})
	}
	for notes, taken := range map[string]bool{"aac": true, "ab": false, "b": false, "cb": false, "": true} {
		s := begin(t, sung(chorus{kept: true}), 4, "")
		for seat, n := range notes {
			s.must(note(seat, `{"note":"`+string(n)+`"}`))
		}
		given := dump(s.Session)
		_, err := migrated(of(2), s.Session)
		if (err == nil) != taken || !taken && !errors.Is(err, ErrOtherRules) {
			t.Fatalf("%q wait: %v", notes, err)
		}
		if err := tryMigration(of(2), s.Session); (err == nil) != taken {
			t.Errorf("%q wait, and verify says %v", notes, err)
		}
		if taken {
			continue
		}
		if !strings.Contains(err.Error(), "flat") {
			t.Errorf("%q wait, and the operator reads only %q", notes, err)
		}
		move := func(Session) ([]Act, error) { return []Act{note(3, `{"note":"a"}`)}, nil }
		for _, late := range []time.Duration{0, 24 * time.Hour} {
			decided, last := judge().what(s.Session, of(2), move, s.now.Add(late))
			if _, err := decided(s.Session); !last || !errors.Is(err, ErrOtherRules) {
				t.Errorf("%q wait, and somebody moves: %v", notes, err)
			}
		}
		if dump(s.Session) != given {
			t.Errorf("%q wait, and trying has changed the session", notes)
		}
		s.update(keptRevisedTo(3)) // whose author has thought better of it
		for seat := len(notes); seat < 4; seat++ {
			s.sing(seat)
		}
		if s.Turn != 2 || !strings.Contains(s.song(), "b ") {
			t.Errorf("%q wait, and then turn %d has the song %q", notes, s.Turn, s.song())
		}
		s.replays()
	}
}

func TestASessionOfOtherRulesIsShownAsTheyWouldTakeItOver(t *testing.T) {
	s := begin(t, version(1), 2, "")
	s.sing(0)
	for title, c := range map[string]struct {
		game games.Game
		want error
	}{
		"rules that can":     {revisedTo(2), nil},
		"rules that cannot":  {version(2), ErrOtherRules},
		"rules that fail":    {failingRevision(2), ErrOtherRules},
		"its own":            {version(1), nil},
		"an older program's": {revisedTo(2), ErrOtherRules},
	} {
		if title == "an older program's" {
			s.RulesVersion = 3
		}
		given := dump(s.Session)
		v, err := viewOf(c.game, s.Session, 1)
		if !errors.Is(err, c.want) || (err == nil) != (string(v.State) == `{"round":1}`) {
			t.Errorf("%s: %s, %v", title, v.State, err)
		}
		if dump(s.Session) != given {
			t.Errorf("%s: looking has changed it", title)
		}
		s.RulesVersion = 1
	}
}

// relabelled rules write their moves otherwise: an older {"note":"a"} is {"note":"a","loud":true} to them.
type relabelled struct{ games.Game }

func (relabelled) ParseMove(raw json.RawMessage) (json.RawMessage, error) {
	var move struct {
		Note string `json:"note"`
		Loud *bool  `json:"loud"`
	}
	if err := json.Unmarshal(raw, &move); err != nil || move.Note == "" {
		return nil, &games.Invalid{Issues: []games.Issue{{Message: "no note"}}}
	}
	loud := move.Loud == nil || *move.Loud
	return fmt.Appendf(nil, `{"note":%q,"loud":%t}`, move.Note, loud), nil
}

func TestAMoveThatWasTakenIsTheSameUnderNewerRules(t *testing.T) {
	game := relabelled{version(2)}
	for title, c := range map[string]struct {
		raw, taken string
		want       error
	}{
		"as it was sent":            {`{"note":"a"}`, `{"note":"a"}`, nil},
		"otherwise, but the same":   {` {"note": "a", "loud":true}`, `{"note":"a"}`, nil},
		"another":                   {`{"note":"b"}`, `{"note":"a"}`, ErrAlreadyMoved},
		"one they do not know":      {`{"tone":7}`, `{"tone":7}`, nil},
		"two that they do not know": {`{"tone":8}`, `{"tone":7}`, ErrAlreadyMoved},
		"of no sense":               {`{"note":`, `{"note":"a"}`, ErrAlreadyMoved},
	} {
		if err := sameMove(game, json.RawMessage(c.raw), json.RawMessage(c.taken)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", title, err, c.want)
		}
	}
}

func TestAMigrationTriedOutChangesNothing(t *testing.T) {
	s := begin(t, version(1), 2, "")
	given := dump(s.Session)
	for title, c := range map[string]struct {
		game games.Game
		ok   bool
	}{"can": {revisedTo(2), true}, "cannot": {version(2), false}, "fails": {failingRevision(2), false}} {
		if err := tryMigration(c.game, s.Session); (err == nil) != c.ok {
			t.Errorf("rules that %s: %v", title, err)
		}
	}
	if dump(s.Session) != given {
		t.Error("the session has changed")
	}
	if got := slices.Collect(func(yield func(notify.PlayerID) bool) {
		for _, m := range tell(s.Session, s.Session, Change{Act: Act{Cause: Migrated, Seat: NoSeat}}) {
			yield(m.Player)
		}
	}); len(got) > 0 {
		t.Errorf("%v are told of a migration", got)
	}
}
