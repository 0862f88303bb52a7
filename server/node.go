package server

import (
	"context"
	"crypto/rand"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/philippgille/gokv/freecache"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"yourturn/api"
	"yourturn/games"
	"yourturn/matchmaking"
	"yourturn/notify"
	"yourturn/openapi"
	"yourturn/player"
	"yourturn/player/openid"
	"yourturn/session"
	"yourturn/store"
	"yourturn/web"
)

// Config is what a [Node] is made of.
type Config struct {
	Database       string
	Redis          string // carries wakes between nodes; empty: none
	Games          []games.Game
	Standing       []string // games with a session that anybody may enter: quiz, or quiz={"rounds":20}
	Identity       []string // who vouches for people: apple=BUNDLE_ID, or my=https://issuer.example#CLIENT_ID
	Name           string
	Web            bool // whether the web app is served
	Writers        int
	RateLimit      bool
	TestClock      bool
	AllowOrigins   []string
	AllowLocalhost bool
	TrustedProxies []netip.Prefix
	Retention      time.Duration
	Push           PushConfig
	Out            io.Writer // where --push log prints
	Log            *slog.Logger
	// Wrap stands between the store and its driver: tests break connections there.
	Wrap func(driver.Connector) driver.Connector
}

// Node is one running server.
type Node struct {
	Handler http.Handler

	log      *slog.Logger
	db       *store.DB
	hub      *notify.Hub
	relay    *relay // nil without Redis
	feed     *notify.Feed
	outbox   *notify.Outbox
	channels []*notify.Channel
	players  *player.Service
	sessions *session.Service
	tickets  *matchmaking.Service
	clock    *session.Clock
	time     *testClock
	testing  bool
	skew     atomic.Int64 // of the database's clock against ours, nanoseconds
	compared atomic.Bool  // whether skew says anything
	draining atomic.Bool
}

// NewNode opens the database, makes sure of its schema, and puts the services together. On SQLite it migrates by
// itself; on MySQL it refuses a schema that it cannot work on.
func NewNode(ctx context.Context, c Config) (*Node, error) {
	if err := prepareSchema(ctx, c.Database); err != nil {
		return nil, err
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	db, err := store.Open(c.Database, store.Options{Writers: c.Writers, Log: c.Log, Metrics: registry, Wrap: c.Wrap})
	if err != nil {
		return nil, err
	}
	n := &Node{log: c.Log, db: db, hub: notify.NewHub(), testing: c.TestClock}
	if c.Redis != "" {
		if n.relay, err = newRelay(c.Redis, n.hub, c.Log); err != nil {
			return nil, errors.Join(errors.New("the address of Redis is not understood: redis://USER:PASSWORD@HOST:PORT/NUMBER"), db.Close())
		}
	}
	n.time = &testClock{node: n}
	now := n.time.now
	registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "yourturn_streams", Help: "Streams held open by this node.",
	}, func() float64 { return float64(n.hub.Streams()) }))

	n.feed = &notify.Feed{
		Store: db, Hub: n.hub, Now: now, Retention: c.Retention, Beat: notify.DefaultBeat, MaxAge: notify.DefaultMaxAge,
	}
	open, err := standing(c.Standing)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	n.sessions = session.NewService(session.Config{
		Store: db, Games: c.Games, Open: open, Wake: n.wake, Now: now, Trusted: n.clockTrusted, NewID: newID, Random: rand.Reader,
		Log: c.Log, Metrics: session.NewMetrics(registry), Cache: freecache.NewStore(freecache.Options{Size: replayCache}), Build: build(),
	})
	if err := n.sessions.CheckOpen(); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	n.clock = &session.Clock{Service: n.sessions}
	if _, err := n.compareClocks(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	n.tickets = matchmaking.NewService(db, n.sessions, n.wake, now, newID, c.Log)
	providers, err := identityProviders(c.Identity)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	n.players = &player.Service{
		Store: db, Now: now, NewID: newID, Random: rand.Reader, Providers: providers,
		NewCode:   func() (string, error) { return session.NewCode(rand.Reader) },
		SignedOut: func(l player.Login) { n.end(notify.PlayerID(l.Player), notify.LoginID(l.ID)) },
		Farewell:  n.farewell,
	}
	shown, err := n.pushes(c, registry)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	devices := &notify.Devices{Store: db, Channels: n.outbox.Channels, Now: time.Now}
	client, err := fs.Sub(openapi.Browser, "typescript")
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	config := api.Config{
		Client: client, Name: c.Name, Version: Version(), Build: build(), Games: c.Games, Channels: shown, Players: n.players, Sessions: n.sessions, Tickets: n.tickets,
		Feed: n.feed, Devices: devices, Deliveries: db, Records: db, Now: now, Log: c.Log, Metrics: registry, RateLimit: c.RateLimit,
		AllowOrigins: c.AllowOrigins, AllowLocalhost: c.AllowLocalhost, TrustedProxies: c.TrustedProxies, Ready: n.ready,
	}
	if c.Web {
		site, err := web.New(c.Name)
		if err != nil {
			return nil, errors.Join(err, db.Close())
		}
		config.Web = pages{site}
	}
	if c.TestClock {
		config.TestClock = n.time
	}
	face, err := api.New(config)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	n.Handler = face
	return n, nil
}

// pushes sets up the outbox and the push channels.
func (n *Node) pushes(c Config, registry *prometheus.Registry) ([]api.Channel, error) {
	texts, err := notify.NewTexts()
	if err != nil {
		return nil, err
	}
	common := notify.ChannelConfig{
		Store: n.db, Texts: texts, Title: n.title, Now: n.time.now, Clock: time.Now, NewID: newID, Log: c.Log,
		Metrics: notify.NewMetrics(registry),
	}
	channels, shown, err := c.Push.channels(common, c.TestClock, c.Out, registry)
	if err != nil {
		return nil, err
	}
	n.channels = slices.Collect(maps.Values(channels))
	n.outbox = &notify.Outbox{Store: n.db, Channels: channels, Now: n.time.now, NewID: newID, Grace: c.Push.Grace, Keep: c.Retention}
	return shown, nil
}

// replayCache is how many bytes of sessions as they were are kept. The cache takes nothing above a 1024th of it: 64 KiB,
// which is above the states of all games here.
const replayCache = 64 << 20

// standing reads which games have a session that anybody may enter, and with what config.
func standing(wanted []string) (map[string]json.RawMessage, error) {
	open := map[string]json.RawMessage{}
	for _, w := range wanted {
		game, config, _ := strings.Cut(w, "=")
		if config != "" && !json.Valid([]byte(config)) {
			return nil, fmt.Errorf("--standing %s: the config is not JSON", game)
		}
		open[game] = json.RawMessage(config)
	}
	return open, nil
}

// identityProviders sets up who vouches for people. Nobody is asked for anything yet.
func identityProviders(wanted []string) (all []player.Provider, err error) {
	configs, err := openid.ParseAll(wanted)
	if err != nil {
		return nil, fmt.Errorf("--identity %w", err)
	}
	client := &http.Client{}
	for _, c := range configs {
		all = append(all, openid.New(c, client, time.Now))
	}
	return all, nil
}

// title is what people call a game; one that this node does not have goes by its name.
func (n *Node) title(name string) string {
	g, err := n.sessions.Game(name)
	if err != nil {
		return name
	}
	return g.Info().Title
}

func prepareSchema(ctx context.Context, database string) error {
	return databaseFlag{database}.migrator(func(m *store.Migrator) error {
		if store.MigratesItself(database) {
			if _, err := m.Up(ctx); err != nil {
				return err
			}
		}
		return m.Check(ctx)
	})
}

// farewell takes a player who goes out of the queue and of every session.
func (n *Node) farewell(ctx context.Context, id player.ID) error {
	if err := n.tickets.CancelAll(ctx, notify.PlayerID(id)); err != nil {
		return err
	}
	return n.sessions.LeaveAll(ctx, notify.PlayerID(id))
}

// maxSkew is how far this machine's clock may be from the database's before it stops acting for the absent.
const maxSkew = time.Second

// clockTrusted is false until the clocks have been compared once.
func (n *Node) clockTrusted() bool {
	return n.compared.Load() && time.Duration(n.skew.Load()).Abs() <= maxSkew
}

// ready lists what keeps this node from its work, and what should not go unnoticed.
func (n *Node) ready(ctx context.Context) (troubles, notes []string) {
	if n.draining.Load() {
		troubles = append(troubles, "shutting down")
	}
	if err := n.db.Ping(ctx); err != nil {
		troubles = append(troubles, "the database does not answer")
	}
	if !n.clockTrusted() {
		troubles = append(troubles, fmt.Sprintf("the clock differs from the database's by %s: nobody is acted for", time.Duration(n.skew.Load()).Round(time.Millisecond)))
	}
	if n.testing {
		_, offset := n.time.Now()
		notes = append(notes, fmt.Sprintf("test clock, %s ahead", offset.Round(time.Second)))
	}
	return troubles, notes
}

// drainTime is how long requests in flight may take to end.
const drainTime = 10 * time.Second

// Serve answers on the listener and does the background work until the context ends. Then it drains: no new
// connections, goodbye to the streams, requests finish, workers stop.
func (n *Node) Serve(ctx context.Context, l net.Listener, certificate, key string) error {
	listener := api.NewHTTPServer(n.Handler, n.log)
	workers, stopWorkers := context.WithCancel(context.WithoutCancel(ctx))
	done := n.work(workers)
	failed := make(chan error, 1)
	go func() {
		if certificate != "" {
			failed <- listener.ServeTLS(l, certificate, key)
			return
		}
		failed <- listener.Serve(l)
	}()
	var err error
	select {
	case err = <-failed:
	case <-ctx.Done():
		n.log.Info("draining")
	}
	n.draining.Store(true)
	n.hub.Close()
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	err = errors.Join(err, listener.Shutdown(drain))
	stopWorkers()
	<-done
	return errors.Join(err, n.Close())
}

// Close closes the connections to the push providers, and the database after the commits that wait.
func (n *Node) Close() error {
	for _, c := range n.channels {
		c.Close()
	}
	return n.db.Close()
}
