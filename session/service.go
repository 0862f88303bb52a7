package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"slices"
	"time"

	"yourturn/games"
	"yourturn/notify"
)

// Service does what players ask of sessions.
type Service struct {
	store   Store
	games   map[string]games.Game
	names   []string // of the games
	rules   []Rules
	open    map[string]json.RawMessage
	wake    func(...notify.PlayerID)
	now     func() time.Time
	trusted func() bool
	newID   func() string
	random  io.Reader
	log     *slog.Logger
	metrics *Metrics
	cache   Cache
	build   string
	queue   *Queue[ID]

	thinkers  chan struct{} // bots that think at a time: half the processors, for people come first
	replayers chan struct{} // replays at a time: whoever steps through old games has time
}

// Config is what a [Service] is made of.
type Config struct {
	Store   Store
	Games   []games.Game
	Open    map[string]json.RawMessage // games with a session that anybody may enter, and its config
	Wake    func(...notify.PlayerID)   // tells connections to look at the feed, after a commit
	Now     func() time.Time
	Trusted func() bool // whether Now can be believed; nil: always
	NewID   func() string
	Random  io.Reader // a cryptographic source, for seeds and join codes
	Log     *slog.Logger
	Metrics *Metrics
	Cache   Cache  // of sessions as they were; nil: none
	Build   string // of the program: another one's rules may see things differently
}

// NewService makes a service.
func NewService(c Config) *Service {
	s := &Service{
		store: c.Store, games: map[string]games.Game{}, open: c.Open, wake: c.Wake, now: c.Now, trusted: c.Trusted, newID: c.NewID,
		random: c.Random, log: c.Log, metrics: c.Metrics, cache: c.Cache, build: c.Build, queue: NewQueue[ID](),
	}
	s.thinkers = make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2))
	s.replayers = make(chan struct{}, 2)
	if s.trusted == nil {
		s.trusted = func() bool { return true }
	}
	for _, g := range c.Games {
		s.games[g.Info().Name] = g
		s.names = append(s.names, g.Info().Name)
		s.rules = append(s.rules, Rules{Game: g.Info().Name, Version: g.Info().Version})
	}
	return s
}

// ErrNoSuchGame refuses a game that this server does not have.
var ErrNoSuchGame = errors.New("no such game")

// Game finds a game by name.
func (s *Service) Game(name string) (games.Game, error) {
	g, ok := s.games[name]
	if !ok {
		return nil, ErrNoSuchGame
	}
	return g, nil
}

// Games are the names of this server's games.
func (s *Service) Games() []string { return s.names }

// Refused is the error for an act that the position speaks against. It carries the session as the database had it
// during the request.
type Refused struct {
	Err     error
	Session Session
}

func (r *Refused) Error() string { return r.Err.Error() }
func (r *Refused) Unwrap() error { return r.Err }

// Wish is a session that somebody wants.
type Wish struct {
	Game        string
	Config      json.RawMessage
	TurnSeconds int               // 0: the game's own
	Role        string            // of the one who asks; empty: any
	Seats       int               // how many must be taken before it starts; 0: the game's least, or as many as there are bots and guests for
	Bots        []Bot             // who sit down at once
	Invite      []notify.PlayerID // who are asked to come; tickets have none
}

// Settle checks a wish and fills in what it leaves open: two settled wishes fit each other when their games, configs
// and turn lengths are equal.
func (s *Service) Settle(w Wish) (Wish, games.Game, error) {
	g, err := s.Game(w.Game)
	if err != nil {
		return w, nil, err
	}
	info := g.Info()
	if w.TurnSeconds == 0 {
		w.TurnSeconds = info.TurnSeconds
	}
	if w.Seats == 0 {
		guests := len(slices.Compact(slices.Sorted(slices.Values(w.Invite))))
		w.Seats = max(info.MinSeats, 1+len(w.Bots), min(info.MaxSeats, 1+len(w.Bots)+guests))
	}
	if w.Seats < info.MinSeats || w.Seats > info.MaxSeats {
		return w, nil, &games.Invalid{Issues: []games.Issue{{
			Location: "body.seats", Message: fmt.Sprintf("%s seats %d to %d", info.Title, info.MinSeats, info.MaxSeats),
		}}}
	}
	if w.Role != "" && !slices.Contains(info.Roles, w.Role) {
		return w, nil, &games.Invalid{Issues: []games.Issue{{Location: "body.role", Message: "the game has no such role"}}}
	}
	if err := checkBots(w, g); err != nil {
		return w, nil, err
	}
	if w.Config, err = g.ParseConfig(w.Config); err != nil {
		return w, nil, within("body.config", err)
	}
	return w, g, nil
}

// checkBots refuses bots that cannot play, or that leave no seat for whoever asks.
func checkBots(w Wish, g games.Game) error {
	invalid := &games.Invalid{}
	complain := func(place, message string) {
		invalid.Issues = append(invalid.Issues, games.Issue{Location: "body.bots" + place, Message: message})
	}
	if len(w.Bots) > 0 && !g.HasBots() {
		complain("", "the game has no bots")
	}
	if len(w.Bots) >= w.Seats && len(w.Bots) > 0 {
		complain("", "one seat is yours: there are too many bots for the seats")
	}
	taken := []string{w.Role}
	for i, bot := range w.Bots {
		if !slices.Contains(games.Levels, bot.Level) {
			complain(fmt.Sprintf("[%d].level", i), "there is no such level")
		}
		place := fmt.Sprintf("[%d].role", i)
		switch {
		case bot.Role == "":
			continue
		case !slices.Contains(g.Info().Roles, bot.Role):
			complain(place, "the game has no such role")
		case slices.Contains(taken, bot.Role):
			complain(place, "the role is taken")
		}
		taken = append(taken, bot.Role)
	}
	if len(invalid.Issues) > 0 {
		return invalid
	}
	return nil
}

// within puts a place before the places of an [games.Invalid].
func within(place string, err error) error {
	var invalid *games.Invalid
	if !errors.As(err, &invalid) {
		return err
	}
	moved := &games.Invalid{}
	for _, issue := range invalid.Issues {
		at := place
		if issue.Location != "" {
			at += "." + issue.Location
		}
		moved.Issues = append(moved.Issues, games.Issue{Location: at, Message: issue.Message})
	}
	return moved
}

// Create opens a private table, which others join by its code. It starts at once when one seat is enough.
func (s *Service) Create(ctx context.Context, player notify.PlayerID, w Wish, key *Key) (Session, error) {
	if made, ok, err := s.MadeBy(ctx, key); ok || err != nil {
		return made, err
	}
	w, g, err := s.Settle(w)
	if err != nil {
		return Session{}, err
	}
	if len(w.Bots) > 0 {
		if err := s.MayPlayBots(ctx, player); err != nil {
			return Session{}, err
		}
	}
	host, err := s.opener(ctx, player, w)
	if err != nil {
		return Session{}, err
	}
	for attempt := 0; ; attempt++ {
		blank, err := s.blank(w, g)
		if err != nil {
			return Session{}, err
		}
		if blank.JoinCode, err = s.joinCode(); err != nil {
			return Session{}, err
		}
		invite, err := s.inviting(ctx, blank, player, w.Invite)
		if err != nil {
			return Session{}, err
		}
		players := []Seated{host}
		for _, bot := range w.Bots {
			players = append(players, Seated{Bot: bot.Level, Role: bot.Role})
		}
		acts := append([]Act{{Cause: Created, Players: players}}, invite...)
		if len(players) == w.Seats {
			acts = append(acts, Act{Cause: Started, Seat: NoSeat})
		}
		after, err := s.commit(ctx, blank, g, acts, s.now(), Commit{Key: key})
		if !errors.Is(err, ErrConflict) || attempt == 3 {
			return s.named(ctx, after, err)
		}
		if made, ok, err := s.MadeBy(ctx, key); ok || err != nil { // the same key at the same instant
			return made, err
		}
	}
}

// opener is how whoever opens a table sits down at it. Those who are invited are told the name.
func (s *Service) opener(ctx context.Context, player notify.PlayerID, w Wish) (Seated, error) {
	host := Seated{Player: player, Role: w.Role}
	if len(w.Invite) == 0 {
		return host, nil
	}
	if 1+len(w.Bots) >= w.Seats {
		return host, &games.Invalid{Issues: []games.Issue{{Location: "body.invite", Message: "no seat is left for anybody"}}}
	}
	names, err := s.store.Names(ctx, []notify.PlayerID{player})
	host.Name = names[player]
	return host, err
}

// MadeBy finds the session that an idempotency key has already made.
func (s *Service) MadeBy(ctx context.Context, key *Key) (Session, bool, error) {
	if key == nil {
		return Session{}, false, nil
	}
	id, fingerprint, err := s.store.SessionByKey(ctx, key.Player, key.Value)
	switch {
	case errors.Is(err, ErrNotFound):
		return Session{}, false, nil
	case err != nil:
		return Session{}, false, err
	case fingerprint != key.Fingerprint:
		return Session{}, false, ErrKeyMismatch
	}
	made, err := s.store.Session(ctx, id)
	return made, true, err
}

// Match is tickets that fit each other.
type Match struct {
	Wish    Wish // settled
	Players []Seated
	Tickets []string
}

// Match makes a session of tickets and starts it, or returns ErrConflict when one of them is taken.
func (s *Service) Match(ctx context.Context, m Match) (Session, error) {
	g, err := s.Game(m.Wish.Game)
	if err != nil {
		return Session{}, err
	}
	m.Wish.Seats = len(m.Players)
	blank, err := s.blank(m.Wish, g)
	if err != nil {
		return Session{}, err
	}
	acts := []Act{{Cause: MatchedUp, Seat: NoSeat, Players: m.Players}, {Cause: Started, Seat: NoSeat}}
	return s.commit(ctx, blank, g, acts, s.now(), Commit{Tickets: m.Tickets})
}

func (s *Service) blank(w Wish, g games.Game) (Session, error) {
	seed := make([]byte, 32)
	if _, err := io.ReadFull(s.random, seed); err != nil {
		return Session{}, fmt.Errorf("draw a seed: %w", err)
	}
	return Session{
		ID: ID(s.newID()), Game: w.Game, RulesVersion: g.Info().Version, Config: w.Config,
		TurnSeconds: w.TurnSeconds, Capacity: w.Seats, Seed: seed,
	}, nil
}

// ErrClock refuses to change anything by a clock that is wrong: deadlines would be.
var ErrClock = errors.New("the clock of this server is wrong")

// commit does acts to a session, writes what came of them as a whole, and wakes those who are told.
func (s *Service) commit(ctx context.Context, before Session, g games.Game, acts []Act, now time.Time, c Commit) (Session, error) {
	if !s.trusted() {
		return before, ErrClock
	}
	after := before
	c.Before = before.Version
	for _, act := range acts {
		var change Change
		var err error
		if after, change, err = advance(after, g, act, now); err != nil {
			return before, err
		}
		change.ID = s.newID()
		after.ChangeID = change.ID
		c.Changes = append(c.Changes, change)
		c.Messages = append(c.Messages, change.Messages...)
	}
	notify.PushOnce(c.Messages)
	c.Waiting = waiting(before, after)
	c.Seats, c.GotUp = seatRows(before, &after, c.Changes)
	c.Session, c.SameTurn = after, after.Turn == before.Turn && after.Status == before.Status && after.Due.Equal(before.Due)
	c.Lowered = lowered(c)
	c.Guests, c.Uninvite = invitationRows(before, after)
	c.Met = met(before, after)
	if err := s.store.Commit(ctx, c); err != nil {
		return before, err
	}
	s.metrics.committed(c)
	s.wakeAll(c.Messages)
	return after, nil
}

func (s *Service) wakeAll(messages []notify.Message) {
	players := make([]notify.PlayerID, 0, len(messages))
	for _, m := range messages {
		players = append(players, m.Player)
	}
	s.wake(players...)
}

// decide looks at a session as the database has it and says what is to be done; nothing, when it is done already.
type decide func(Session) ([]Act, error)

// update does what decide says to the newest state of a session. A conflict can only come from another node: then it
// looks again. Newer rules take it over first, and whoever is overdue is acted for, so that nothing is decided on a
// position that is past.
func (s *Service) update(ctx context.Context, id ID, decide decide) (Session, error) {
	leave, err := s.queue.Enter(ctx, id)
	if err != nil {
		return Session{}, err
	}
	defer leave()
	now := s.now()
	for attempt := 0; ; attempt++ {
		sess, err := s.store.Session(ctx, id)
		if err != nil {
			return Session{}, err
		}
		g, err := s.Game(sess.Game)
		if err != nil {
			return sess, err
		}
		next, last := s.what(sess, g, decide, now)
		after, err := s.do(ctx, sess, g, next, now)
		switch {
		case errors.Is(err, ErrConflict):
			if err := pause(ctx, attempt); err != nil {
				return sess, err
			}
		case err != nil:
			return sess, refused(err, sess)
		case last:
			return after, nil
		case sess.Overdue(now):
			s.metrics.acted(now.Sub(sess.overdueAt()))
		}
	}
}

// what says what is to be decided on a session next, and whether that is the last.
func (s *Service) what(sess Session, g games.Game, decide decide, now time.Time) (next decide, last bool) {
	if outdated(sess, g) {
		if _, err := migrated(g, sess); err != nil {
			return underOtherRules(decide, g, err), true
		}
		return migration, false
	}
	if sess.Overdue(now) {
		return s.forAbsent(g, now), false
	}
	return decide, true
}

// do decides on a session and commits what was decided.
func (s *Service) do(ctx context.Context, sess Session, g games.Game, decide decide, now time.Time) (Session, error) {
	acts, err := decide(sess)
	if err != nil || len(acts) == 0 {
		return sess, err
	}
	return s.commit(ctx, sess, g, acts, now, Commit{})
}

// refused adds the session to an error that the position is the reason of.
func refused(err error, sess Session) error {
	if isOfRules(err) || slices.ContainsFunc(positional, func(e error) bool { return errors.Is(err, e) }) {
		return &Refused{Err: err, Session: sess}
	}
	return err
}

// isOfRules says that the rules are against a move.
func isOfRules(err error) bool {
	var rule *games.Refusal
	var invalid *games.Invalid
	return errors.As(err, &rule) || errors.As(err, &invalid)
}

// positional are the errors that speak of a position.
var positional = []error{
	ErrWaiting, ErrStarted, ErrFinished, ErrStaleTurn, ErrNotYourTurn, ErrAlreadyMoved, ErrFull, ErrRoleTaken, ErrNoSuchRole, ErrOtherRules, ErrPlayerGone, ErrNotPrivate, ErrSeated, ErrTooManyInvitations,
}

// pause waits a little longer after each conflict, never twice the same.
func pause(ctx context.Context, attempt int) error {
	timer := time.NewTimer(rand.N(5 * time.Millisecond << min(attempt, 5)))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrBusy, ctx.Err())
	}
}
