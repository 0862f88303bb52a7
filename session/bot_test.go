package session

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"yourturn/games"
	"yourturn/games/tictactoe"
	"yourturn/notify"
)

// mixed begins a game between the people p0, p1, … and bots, who sit in the order of the word: "pbp" is a bot between two.
func mixed(t *testing.T, game games.Game, who, config string) *story {
	t.Helper()
	s := table(t, game, len(who), config)
	var players []Seated
	for seat, kind := range who {
		if kind == 'b' {
			players = append(players, Seated{Bot: games.Normal})
		} else {
			players = append(players, Seated{Player: name(seat)})
		}
	}
	s.must(Act{Cause: Created, Players: players})
	s.must(Act{Cause: Started, Seat: NoSeat})
	return s
}

// next is what the clock decides to do for the bots.
func (s *story) next() ([]Act, error) {
	service := NewService(Config{Games: []games.Game{s.game}})
	return service.playBots(s.now)(s.Session)
}

// playBot waits until the next bot has thought and plays what the clock decides. It returns the bot's seat.
func (s *story) playBot() int {
	s.t.Helper()
	s.now = s.Due
	acts, err := s.next()
	if err != nil || len(acts) != 1 {
		s.t.Fatalf("the clock decides %+v, %v", acts, err)
	}
	s.must(acts[0])
	return acts[0].Seat
}

func TestBotsSitDownWithWhoOpensTheTable(t *testing.T) {
	s := table(t, sung(chorus{roles: []string{"alto", "bass", "tenor"}}), 3, "")
	s.must(Act{Cause: Created, Players: []Seated{{Player: "p0"}, {Bot: games.Hard, Role: "alto"}, {Bot: games.Easy}}})
	s.hears("")
	s.must(Act{Cause: Started, Seat: NoSeat})
	s.hears("p0 your_turn")
	want := []Seat{{Number: 0, Player: "p0", Role: "bass"}, {Number: 1, Bot: games.Hard, Role: "alto"}, {Number: 2, Bot: games.Easy, Role: "tenor"}}
	if !slices.Equal(s.Seats, want) {
		t.Errorf("seats %+v, want %+v", s.Seats, want)
	}
	if seat, ok := s.SeatOf(""); ok {
		t.Errorf("nobody sits at %+v", seat)
	}
	s.replays()
}

func TestABotMovesAfterAPauseThatCanBeFollowed(t *testing.T) {
	pauses := map[time.Duration]bool{}
	for seed := range byte(40) {
		s := table(t, sung(chorus{}), 2, "")
		s.Seed[0] = seed
		s.must(Act{Cause: Created, Players: []Seated{{Player: "p0"}, {Bot: games.Normal}}})
		s.must(Act{Cause: Started, Seat: NoSeat})
		pause := s.Due.Sub(noon)
		if pause < 1500*time.Millisecond || pause >= 3500*time.Millisecond || pause != pause.Truncate(time.Millisecond) {
			t.Fatalf("a pause of %s", pause)
		}
		pauses[pause] = true
		s.now = s.Due.Add(-time.Millisecond)
		if acts, err := s.next(); len(acts) != 0 || err != nil {
			t.Fatalf("before its time: %+v, %v", acts, err)
		}
	}
	if len(pauses) < 20 {
		t.Errorf("40 games have pauses of %v", pauses)
	}
}

func TestBotsOfATurnShareThePause(t *testing.T) {
	for title, c := range map[string]struct {
		who         string
		seconds     int
		least, most time.Duration // of the first of them
	}{
		"one":                {"pb", 60, 1500 * time.Millisecond, 3500 * time.Millisecond},
		"three":              {"pbbb", 60, 500 * time.Millisecond, 1167 * time.Millisecond},
		"one, a short turn":  {"pb", 5, 1500 * time.Millisecond, 2500 * time.Millisecond},
		"five, a short turn": {"pbbbbb", 5, 300 * time.Millisecond, 500 * time.Millisecond},
	} {
		t.Run(title, func(t *testing.T) {
			for seed := range byte(20) {
				s := table(t, sung(chorus{}), len(c.who), "")
				s.Seed[0], s.TurnSeconds = seed, c.seconds
				players := []Seated{{Player: "p0"}}
				for range c.who[1:] {
					players = append(players, Seated{Bot: games.Easy})
				}
				s.must(Act{Cause: Created, Players: players})
				s.must(Act{Cause: Started, Seat: NoSeat})
				if pause := s.Due.Sub(noon); pause < c.least || pause > c.most {
					t.Fatalf("the first moves after %s, want %s to %s", pause, c.least, c.most)
				}
				for range c.who[1:] {
					s.playBot()
				}
				if took := s.now.Sub(noon); took > 9*time.Second || !s.now.Before(s.Deadline) {
					t.Errorf("all of them took %s of %d s", took, c.seconds)
				}
			}
		})
	}
}

// Bots move one in a commit, each on what the one before has made true; then people are reminded when most of the time is
// gone, as ever.
func TestPeopleAreRemindedAfterTheBotsHaveMoved(t *testing.T) {
	for title, game := range map[string]games.Game{"at once": sung(chorus{}), "moves that wait": sung(chorus{kept: true})} {
		t.Run(title, func(t *testing.T) {
			s := mixed(t, game, "pbpb", "")
			for _, want := range []int{1, 3} {
				if seat := s.playBot(); seat != want {
					t.Fatalf("the bot at seat %d moves, want %d", seat, want)
				}
				s.hears("p0 session_updated, p2 session_updated")
			}
			s.is(1, []int{0, 2}, time.Minute)
			if want := s.now.Add(s.Deadline.Sub(s.now) * 4 / 5); !s.Due.Equal(want) {
				t.Errorf("due %s, want the reminder at %s", s.Due.Sub(noon), want.Sub(noon))
			}
			s.now = s.Due
			if acts, err := s.next(); len(acts) != 0 || err != nil {
				t.Errorf("no bot is awaited, and the clock decides %+v, %v", acts, err)
			}
			after, messages := remind(s.Session, s.now)
			if len(messages) != 2 || messages[0].Player != "p0" || messages[1].Player != "p2" || !after.Due.Equal(s.overdueAt()) {
				t.Errorf("reminded %+v, then due %s", messages, after.Due.Sub(noon))
			}
			s.sing(2, 0)
			if s.Turn != 2 || !s.Due.Before(s.now.Add(longestPause)) {
				t.Errorf("turn %d is due %s after it began", s.Turn, s.Due.Sub(s.now))
			}
			s.replays()
		})
	}
}

// Between the look for bots and the reminder a new turn may have begun. Its due instant is a bot's, not the reminder's.
func TestNobodyIsRemindedBeforeTheBotsHaveMoved(t *testing.T) {
	s := mixed(t, sung(chorus{}), "pb", "")
	service := NewService(Config{Games: []games.Game{s.game}, Now: func() time.Time { return s.Due.Add(time.Second) }}) // without a store to write to
	if err := service.remind(t.Context(), s.Session); err != nil {
		t.Error(err)
	}
}

func TestABotsMoveThatWaitsIsKeptAndUnseen(t *testing.T) {
	s := mixed(t, sung(chorus{kept: true}), "pbp", "")
	s.playBot()
	if len(s.Pending) != 1 || s.Pending[1] == nil || s.song() != "" {
		t.Fatalf("pending %v, the song %q", s.Pending, s.song())
	}
	for viewer := games.Spectator; viewer < 3; viewer++ {
		if e := s.last.EventsFor(viewer)[0]; e.Kind != "move" || *e.Seat != 1 || viewer != 1 && string(e.Data) != `{}` {
			t.Errorf("seat %d sees %+v with %s", viewer, e, e.Data)
		}
	}
	s.sing(0, 2)
	if got := s.song(); !strings.HasPrefix(got, "0a 1") || s.Turn != 2 {
		t.Errorf("turn %d, the song is %q", s.Turn, got)
	}
	s.replays()
}

func TestABotsMoveIsAnOrdinaryMove(t *testing.T) {
	s := mixed(t, ttt(), "pb", "")
	if s.MustMove(0) {
		s.must(mark(0, 4))
	}
	s.hears(map[bool]string{true: "p0 session_updated", false: ""}[s.Version > 2]) // the bot is told nothing
	turn := s.Turn
	s.playBot()
	if s.last.Cause != Moved || s.last.Seat != 1 || s.last.Turn != turn || s.last.Private {
		t.Errorf("%+v", s.last)
	}
	s.hears("p0 your_turn")
	var move tictactoe.Move
	if err := json.Unmarshal(s.last.Move, &move); err != nil {
		t.Fatal(err)
	}
	if e := s.last.EventsFor(0)[0]; e.Kind != "move" || *e.Seat != 1 || string(e.Data) != fmt.Sprintf(`{"move":{"cell":%d}}`, move.Cell) {
		t.Errorf("seat 0 sees %+v with %s", e, e.Data)
	}
}

func TestTheSameBotMovesTheSame(t *testing.T) {
	s := mixed(t, sung(chorus{}), "pb", "")
	s.now = s.Due
	first, err := s.next()
	if err != nil {
		t.Fatal(err)
	}
	moves := map[string]bool{}
	for seed := range byte(30) {
		again, err := s.next()
		if err != nil || dump(again) != dump(first) {
			t.Fatalf("%s and %s, %v", dump(first), dump(again), err)
		}
		other := *s
		other.Seed = slices.Concat([]byte{seed}, make([]byte, 31))
		acts, err := other.next()
		if err != nil {
			t.Fatal(err)
		}
		moves[string(acts[0].Move)] = true
	}
	if len(moves) < 2 {
		t.Errorf("30 seeds, and the bot plays %v", moves)
	}
}

// deaf bots cannot sing: their rules fail at some seats.
type deaf struct {
	chorus
	seats  []int
	panics bool
}

func (g deaf) BotMove(v chorusView, seat int, level games.Level, env games.Env) chorusMove {
	if slices.Contains(g.seats, seat) && g.panics {
		panic("what?")
	}
	if slices.Contains(g.seats, seat) {
		return chorusMove{Note: "x"} // which the rules do not allow
	}
	return g.chorus.BotMove(v, seat, level, env)
}

func TestABotWhoseRulesFailStopsNobodyElse(t *testing.T) {
	for title, panics := range map[string]bool{"they panic": true, "its move is refused": false} {
		t.Run(title, func(t *testing.T) {
			s := mixed(t, sung(deaf{chorus{}, []int{1, 2}, panics}), "pbbbb", "")
			for _, want := range []int{3, 4} {
				if seat := s.playBot(); seat != want {
					t.Errorf("the bot at seat %d moves, want %d", seat, want)
				}
			}
			s.sing(0) // a person
			s.now = s.Due
			acts, err := s.next()
			if len(acts) != 0 || err == nil || !strings.Contains(err.Error(), "seat 1") || !strings.Contains(err.Error(), "seat 2") {
				t.Errorf("only those are left whose rules fail, and the clock decides %+v, %v", acts, err)
			}
			s.now = s.overdueAt()
			s.timeOut()
			if got := s.song(); !strings.HasSuffix(got, "out[1 2]") || s.Turn != 2 {
				t.Errorf("turn %d, the song is %q", s.Turn, got)
			}
			s.replays()
		})
	}
}

func TestNoBadgeAndNoMessageIsABots(t *testing.T) {
	for seed := range uint64(20) {
		chance := rand.New(rand.NewPCG(seed, 7))
		s := botPlay(t, sung(chorus{kept: seed%2 == 0}), "pbpbb", `{"rounds":3,"pause":2}`, chance)
		counted := map[notify.PlayerID]int{}
		then := table(t, s.game, 5, `{"rounds":3,"pause":2}`)
		then.Seed = s.Seed
		for _, c := range s.history {
			then.now = c.At
			before := then.Session
			then.must(c.Act)
			badges(t, before, then.Session, counted)
			if len(lowered(Commit{Session: then.Session, Changes: []Change{then.last}, Waiting: map[notify.PlayerID]int{"": -1}})) > 0 {
				t.Fatalf("version %d lowers a bot's badge", c.Version)
			}
			for _, m := range then.last.Messages {
				if m.Player == "" {
					t.Fatalf("a bot is told %+v", m)
				}
			}
		}
	}
}

// botPlay plays a game of people, who do anything, and bots on to its end.
func botPlay(t *testing.T, game games.Game, who, config string, chance *rand.Rand) *story {
	t.Helper()
	s := table(t, game, len(who), config)
	s.Seed = fmt.Appendf(nil, "%032d", chance.Uint64())
	var players []Seated
	for seat, kind := range who {
		p := Seated{Player: name(seat)}
		if kind == 'b' {
			p = Seated{Bot: games.Levels[chance.IntN(3)]}
		}
		players = append(players, p)
	}
	s.must(Act{Cause: Created, Players: players})
	s.must(Act{Cause: Started, Seat: NoSeat})
	for s.Status == Active {
		people := slices.DeleteFunc(slices.Clone(s.Await), func(seat int) bool { return s.Seats[seat].isBot() })
		switch {
		case s.serverMoves():
			s.now = s.Deadline
			s.must(Act{Cause: Stepped, Seat: NoSeat})
		case chance.IntN(12) == 0:
			s.now = s.overdueAt()
			s.timeOut()
		case chance.IntN(25) == 0:
			s.forfeit(strings.IndexByte(who, 'p'))
			who = strings.Replace(who, "p", "-", 1)
		case len(s.bots()) > 0 && (len(people) == 0 || chance.IntN(2) == 0):
			s.playBot()
		default:
			s.must(note(people[chance.IntN(len(people))], `{"note":"b"}`))
		}
	}
	return s
}

func TestReplayWithBotsGivesTheSameSessionToTheByte(t *testing.T) {
	for seed := range uint64(40) {
		chance := rand.New(rand.NewPCG(seed, 8))
		botPlay(t, sung(chorus{}), "pbpb", `{"rounds":4}`, chance).replays()
		botPlay(t, sung(chorus{kept: true}), "ppbb", `{"rounds":4,"pause":1}`, chance).replays()
	}
	s := mixed(t, ttt(), "pb", "")
	for cell := 0; s.Status == Active; cell++ {
		if s.MustMove(1) {
			s.playBot()
		} else if err := s.do(mark(0, cell%9)); err != nil && !isRefusal(err, "cell-taken") {
			t.Fatal(err)
		}
	}
	s.replays()
}

func TestBotsDoNotPlayAmongThemselves(t *testing.T) {
	for title, c := range map[string]struct {
		who  string
		gone []int
		want string // the end, or nothing when it goes on
	}{
		"the only person":          {"pbb", []int{0}, "forfeit 3 1 1"},
		"one of two people":        {"pbp", []int{0}, ""},
		"one person after another": {"pbp", []int{0, 2}, "forfeit 2 1 2"},
	} {
		t.Run(title, func(t *testing.T) {
			s := mixed(t, sung(chorus{}), c.who, "")
			for _, seat := range c.gone {
				s.forfeit(seat)
			}
			if s.places() != c.want || (s.Status == Finished) != (c.want != "") {
				t.Errorf("%s %q, want %q", s.Status, s.places(), c.want)
			}
			if s.Status == Finished && !s.Due.Equal(Never) {
				t.Errorf("due %s", s.Due)
			}
			s.replays()
		})
	}
}

func TestATableWithoutPeopleIsAbandoned(t *testing.T) {
	s := table(t, sung(chorus{}), 4, "")
	s.must(Act{Cause: Created, Players: []Seated{{Player: "p0"}, {Bot: games.Easy}, {Bot: games.Easy}}})
	left := *s
	s.must(Act{Cause: Gone, Seat: 0})
	if s.Status != Finished || s.places() != "abandoned" {
		t.Errorf("two bots wait for people: %s %q", s.Status, s.places())
	}
	left.must(Act{Cause: Joined, Seat: 3, Players: []Seated{{Player: "p3"}}})
	left.must(Act{Cause: Gone, Seat: 0})
	if left.Status != Waiting {
		t.Errorf("somebody waits, and the table is %s", left.Status)
	}
}

// catchUp does what is owed to a session before anything else is decided on it, and names that.
func (s *story) catchUp() (done []Cause) {
	s.t.Helper()
	for range 10 {
		next, last := judge().what(s.Session, s.game, nil, s.now)
		if last {
			return done
		}
		acts, err := next(s.Session)
		if err != nil || len(acts) != 1 {
			s.t.Fatalf("what is owed is %+v, %v", acts, err)
		}
		s.must(acts[0])
		done = append(done, s.last.Cause)
	}
	s.t.Fatalf("it does not end: %v", done)
	return nil
}

// The server was down until long after the deadline. A bot is late only because of that, and moves first.
func TestABotNeverLosesOnTime(t *testing.T) {
	kept := sung(chorus{kept: true})
	for title, c := range map[string]struct {
		game  games.Game
		who   string
		story func(*story)
		done  []Cause
		song  string // how it ends
	}{
		"nobody else is late":           {sung(chorus{}), "pb", func(s *story) { s.sing(0) }, []Cause{Moved}, ""},
		"and their moves wait for it":   {kept, "ppb", func(s *story) { s.sing(1, 0) }, []Cause{Moved}, ""},
		"somebody else is late":         {sung(chorus{}), "pbp", func(s *story) { s.sing(0) }, []Cause{Moved, TimedOut}, "out[2]"},
		"two bots, two late":            {sung(chorus{}), "pbpb", func(*story) {}, []Cause{Moved, Moved, TimedOut}, "out[0 2]"},
		"two bots, whose moves wait":    {kept, "pbpb", func(*story) {}, []Cause{Moved, Moved, TimedOut}, "out[0 2]"},
		"a bot that has moved":          {sung(chorus{}), "pbp", func(s *story) { s.playBot() }, []Cause{TimedOut}, "out[0 2]"},
		"a bot whose rules fail is out": {sung(deaf{chorus{}, []int{1}, true}), "pbpb", func(*story) {}, []Cause{Moved, TimedOut}, "out[0 1 2]"},
		"the server's own step":         {sung(chorus{}), "pp", func(s *story) { s.sing(0, 1) }, []Cause{Stepped}, ""},
	} {
		t.Run(title, func(t *testing.T) {
			s := mixed(t, c.game, c.who, `{"pause":5}`)
			c.story(s)
			s.now = s.Deadline.Add(72 * time.Hour)
			if done := s.catchUp(); !slices.Equal(done, c.done) {
				t.Errorf("done %v, want %v", done, c.done)
			}
			if got := s.song(); !strings.HasSuffix(got, c.song) || c.song == "" && strings.Contains(got, "out") {
				t.Errorf("the song is %q", got)
			}
			if s.Status != Active || s.Turn < 2 || s.Overdue(s.now) {
				t.Errorf("%s in turn %d until %s", s.Status, s.Turn, s.Deadline)
			}
			s.replays()
		})
	}
	s := mixed(t, ttt(), "pb", "")
	if s.MustMove(0) {
		s.must(mark(0, 4))
	}
	s.later(time.Hour)
	if done := s.catchUp(); !slices.Equal(done, []Cause{Moved}) || !slices.Equal(s.Await, []int{0}) || s.last.Seat != 1 {
		t.Errorf("where being late ends the game: %v, and then %s", done, dump(s.Session))
	}
}

func TestBotsThatCannotBeSeatedAreRefused(t *testing.T) {
	service := NewService(Config{Games: []games.Game{sung(chorus{roles: []string{"alto", "bass"}}), games.Define(throws{})}})
	easy := Bot{Level: games.Easy}
	for title, c := range map[string]struct {
		wish  Wish
		want  string // where something is wrong
		seats int
	}{
		"one, and no word of seats": {Wish{Game: "chorus", Bots: []Bot{easy}}, "", 2},
		"three":                     {Wish{Game: "chorus", Bots: []Bot{easy, easy, easy}}, "", 4},
		"one of three":              {Wish{Game: "chorus", Bots: []Bot{easy}, Seats: 3}, "", 3},
		"none":                      {Wish{Game: "chorus"}, "", 1},
		"no seat for a person":      {Wish{Game: "chorus", Bots: []Bot{easy, easy}, Seats: 2}, "body.bots", 0},
		"more than the game seats":  {Wish{Game: "chorus", Bots: slices.Repeat([]Bot{easy}, 12)}, "body.seats", 0},
		"a game without bots":       {Wish{Game: "throws", Bots: []Bot{easy}}, "body.bots", 0},
		"the person's role":         {Wish{Game: "chorus", Role: "alto", Bots: []Bot{{games.Easy, "alto"}}}, "body.bots[0].role", 0},
		"one role twice":            {Wish{Game: "chorus", Bots: []Bot{easy, {games.Easy, "alto"}, {games.Hard, "alto"}}}, "body.bots[2].role", 0},
		"roles of their own":        {Wish{Game: "chorus", Role: "alto", Bots: []Bot{{games.Easy, "bass"}}}, "", 2},
		"no such role":              {Wish{Game: "chorus", Bots: []Bot{{games.Easy, "drums"}}}, "body.bots[0].role", 0},
		"a level that there is not": {Wish{Game: "chorus", Bots: []Bot{{Level: "divine"}}}, "body.bots[0].level", 0},
		"no level":                  {Wish{Game: "chorus", Bots: []Bot{{}}}, "body.bots[0].level", 0},
	} {
		t.Run(title, func(t *testing.T) {
			settled, _, err := service.Settle(c.wish)
			var invalid *games.Invalid
			switch {
			case c.want == "" && (err != nil || settled.Seats != c.seats):
				t.Errorf("%d seats, %v; want %d", settled.Seats, err, c.seats)
			case c.want != "" && (!errors.As(err, &invalid) || len(invalid.Issues) != 1 || invalid.Issues[0].Location != c.want):
				t.Errorf("%v, want something at %s", err, c.want)
			}
		})
	}
}
