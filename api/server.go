package api

import (
	"context"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"yourturn/games"
	"yourturn/matchmaking"
	"yourturn/notify"
	"yourturn/player"
	"yourturn/session"
)

// Config is what the API is made of.
type Config struct {
	Name     string // of this server, for people
	Version  string // of this server, for people
	Build    string // tells builds apart that may draw a session differently
	Games    []games.Game
	Channels []Channel // of push, that are set up

	Players    *player.Service
	Sessions   *session.Service
	Tickets    *matchmaking.Service
	Feed       *notify.Feed
	Devices    *notify.Devices
	Deliveries notify.DeliveryStore
	Records    player.Records
	Now        func() time.Time

	Log            *slog.Logger
	Metrics        *prometheus.Registry
	RateLimit      bool
	AllowOrigins   []string
	AllowLocalhost bool // pages of any port of this machine may call: development
	TrustedProxies []netip.Prefix

	// Client holds client.js and its types, for browsers. nil: there is none.
	Client fs.FS
	// Web is the app for browsers, which needs the client. nil: there is none.
	Web Web
	// Ready lists what keeps this server from its work (nothing means that it can serve), and what should not go unnoticed.
	Ready func(context.Context) (troubles, notes []string)
	// TestClock is nil but on a server that was started with one.
	TestClock TestClock
}

// API is the HTTP face.
type API struct {
	http.Handler
	OpenAPI31 []byte // YAML
	OpenAPI30 []byte
}

// server holds what the operations call.
type server struct {
	Config
	limits *limits // nil: none
}

// apiVersion is the version of the API, not of the build: /v1 only ever grows.
const apiVersion = 1

const about = `A backend for games that people play one turn at a time, minutes or days apart.

Make a guest with createPlayer, ask for an opponent with createTicket, and play with playMove. What happens while you
are away is in the feed: list it (listFeed), hold it open (streamFeed), and acknowledge what a person has seen (ackFeed).

Every refusal is a problem (RFC 9457): switch on its type. Times are RFC 3339, UTC, in whole seconds. Ignore what you do
not know, new members and new words alike: within /v1 they may come, and nothing goes.`

// aboutTyped follows a game's title in what its own tag is about.
const aboutTyped = ", with types of its own."

// tagsOf says what the operations of a tag are about.
func tagsOf(played []games.Game) map[string]string {
	tags := map[string]string{
		"server":      "What a client can know before anybody signs in.",
		"players":     "Accounts: become a guest, sign in elsewhere, keep the account for good, leave.",
		"people":      "The others: whom I have played, whom I have blocked, who invites me.",
		"games":       "What can be played here.",
		"matchmaking": "Find opponents. A ticket waits for days without a connection.",
		"sessions":    "Open tables and play. These operations serve every game; those of a game's own tag do the same with its types.",
		"feed":        "What I am told: one numbered feed, by list, by long-poll and by stream.",
		"devices":     "Where pushes go, and what became of them.",
		"test":        "Only on servers for tests.",
	}
	for _, g := range played {
		tags[g.Info().Name] = g.Info().Title + aboutTyped
	}
	return tags
}

// New makes the API. It panics when an operation is declared wrongly, which no build survives.
func New(c Config) (*API, error) {
	s := &server{Config: c}
	mux := newMux()
	rt := &routes{
		api:  newAPI(mux, apiInfo{Title: "Yourturn", Version: strconv.Itoa(apiVersion), Description: about}),
		auth: s.authenticate,
		tags: tagsOf(c.Games),
	}
	if c.RateLimit {
		rt.limits = newLimits(time.Now)
		s.limits = rt.limits
	}
	s.serverOperations(rt)
	s.playerOperations(rt)
	s.loginOperations(rt)
	s.identityOperations(rt)
	s.gameOperations(rt)
	s.ticketOperations(rt)
	s.sessionOperations(rt)
	s.invitationOperations(rt)
	s.opponentOperations(rt)
	s.blockOperations(rt)
	s.exportOperations(rt)
	s.feedOperations(rt)
	s.deviceOperations(rt)
	for _, g := range c.Games {
		s.typedOperations(rt, g)
	}

	a := &API{}
	var err error
	if a.OpenAPI31, err = document31(rt.api); err != nil {
		return nil, err
	}
	if a.OpenAPI30, err = document30(rt.api); err != nil {
		return nil, err
	}
	docs, err := newReference(rt, c.Version, c.Client != nil)
	if err != nil {
		return nil, err
	}
	if c.TestClock != nil { // after the documents: no client is made for it
		s.testClockOperations(rt)
	}
	s.plainRoutes(mux, a, docs)
	if c.Client != nil {
		if err := clientRoutes(mux, c.Client, c.Games); err != nil {
			return nil, err
		}
	}
	if c.Web != nil {
		if err := s.webRoutes(mux); err != nil {
			return nil, err
		}
	}
	wi := wire{
		log: c.Log, limits: rt.limits, allowOrigins: c.AllowOrigins, allowLocalhost: c.AllowLocalhost, trustedProxies: c.TrustedProxies,
	}
	if c.Metrics != nil {
		wi.metrics = c.Metrics
	}
	if wi.log == nil {
		wi.log = slog.New(slog.DiscardHandler)
	}
	a.Handler = wi.wrap(mux)
	return a, nil
}

// caller is who calls, as the context carries it.
type caller struct {
	login  player.Login
	secret string
}

type callerKey struct{}

func (s *server) authenticate(ctx context.Context, c credential) (context.Context, string, error) {
	check := s.Players.Authenticate
	if c.ticket {
		check = s.Players.AuthenticateStream
	}
	login, err := check(ctx, c.token)
	if err != nil {
		return ctx, "", err
	}
	return context.WithValue(ctx, callerKey{}, caller{login, c.token}), string(login.Player), nil
}

// callerOf is who calls an operation that is not public.
func callerOf(ctx context.Context) caller {
	c, _ := ctx.Value(callerKey{}).(caller)
	return c
}

// me is the caller as sessions and feeds know them.
func me(ctx context.Context) notify.PlayerID { return notify.PlayerID(callerOf(ctx).login.Player) }

// seconds is an instant as it travels.
func seconds(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

// deadline is a deadline as it travels, nil when there is none. A fraction is rounded up: nobody loses time by it.
func deadline(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	up := seconds(t.Add(time.Second - time.Nanosecond))
	return &up
}
