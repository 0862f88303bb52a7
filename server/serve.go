package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"
)

type serveCommand struct {
	databaseFlag
	Listen       string        `env:"YOURTURN_LISTEN" default:"127.0.0.1:8080" help:"Address to answer on."`
	Name         string        `env:"YOURTURN_NAME" default:"Yourturn" help:"What the server calls itself to people."`
	Web          string        `env:"YOURTURN_WEB" enum:"on,off" default:"on" help:"Serve the web app at /. off for who has an app of their own and wants nobody to play by another."`
	TLSCert      string        `env:"YOURTURN_TLS_CERT" name:"tls-cert" help:"Certificate file (PEM); with it the server speaks HTTPS and HTTP/2."`
	TLSKey       string        `env:"YOURTURN_TLS_KEY" name:"tls-key" help:"Key file (PEM) of the certificate."`
	AllowOrigin  []string      `env:"YOURTURN_ALLOW_ORIGIN" help:"Origins whose pages may call the API, such as https://play.example, or * for all. Pages on localhost may as long as the server listens there alone."`
	TrustedProxy []string      `env:"YOURTURN_TRUSTED_PROXY" help:"Networks whose X-Forwarded-For, X-Forwarded-Proto and X-Forwarded-Host are believed, such as 10.0.0.0/8."`
	RateLimit    string        `env:"YOURTURN_RATE_LIMIT" enum:"on,off" default:"on" help:"off for load tests."`
	Redis        string        `env:"YOURTURN_REDIS" help:"redis://USER:PASSWORD@HOST:PORT/NUMBER, to carry wakes between nodes. Without it a player on another node hears a second later."`
	Writers      int           `env:"YOURTURN_WRITERS" default:"2" help:"Lanes that write to MySQL. SQLite has one."`
	Retention    time.Duration `env:"YOURTURN_RETENTION" default:"720h" help:"How long the feed keeps messages."`
	Standing     []string      `env:"YOURTURN_STANDING" sep:";" help:"Games that keep a session open which anybody may enter, such as quiz or quiz={\"rounds\":20}; more than one with a semicolon in between."`
	Identity     []string      `env:"YOURTURN_IDENTITY" sep:";" help:"Whose word is taken for who somebody is: apple=BUNDLE_ID, google=CLIENT_ID,CLIENT_ID or NAME=https://issuer.example#CLIENT_ID,CLIENT_ID; more than one with a semicolon in between. See docs/identities.md."`
	TestClock    bool          `env:"YOURTURN_TEST_CLOCK" help:"Let tests move the clock. Never in production."`
	PushConfig
	LogLevel slog.Level `env:"YOURTURN_LOG_LEVEL" default:"info" help:"debug, info, warn or error."`
}

func (c *serveCommand) Run(ctx context.Context, env environment) error {
	log := slog.New(slog.NewJSONHandler(env.err, &slog.HandlerOptions{Level: c.LogLevel}))
	proxies, err := prefixes(c.TrustedProxy)
	if err != nil {
		return err
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return fmt.Errorf("--tls-cert and --tls-key go together")
	}
	if c.Retention < time.Minute {
		return fmt.Errorf("--retention %s is less than a minute", c.Retention)
	}
	if c.TLSCert != "" { // before anybody hears that the server is ready
		if _, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey); err != nil {
			return fmt.Errorf("--tls-cert and --tls-key: %w", err)
		}
	}
	l, err := net.Listen("tcp", c.Listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%w (--listen 127.0.0.1:8081 takes another)", err)
	}
	if err != nil {
		return err
	}
	node, err := NewNode(ctx, Config{
		Database: c.Database, Redis: c.Redis, Games: env.games, Standing: c.Standing, Identity: c.Identity, Name: c.Name, Web: c.Web == "on", Writers: c.Writers, RateLimit: c.RateLimit == "on",
		TestClock: c.TestClock, AllowOrigins: c.AllowOrigin, AllowLocalhost: onlyLocal(l.Addr()), TrustedProxies: proxies,
		Retention: c.Retention, Push: c.PushConfig, Out: env.out, Log: log,
	})
	if err != nil {
		return fmt.Errorf("start: %w", err)
	}
	if c.TestClock {
		log.Warn("the clock can be moved by anybody: --test-clock is for tests")
	}
	if forgetful, err := node.db.Forgetful(ctx); err == nil && forgetful { // what has no such settings is not known to be
		log.Warn("a crash of the database may take back what players have read: set log_bin, sync_binlog=1 and innodb_flush_log_at_trx_commit=1")
	}
	c.greet(env, l.Addr().String())
	if err := tellSystemd("READY=1"); err != nil {
		log.Warn("systemd does not hear that the server is ready", "error", err)
	}
	return node.Serve(ctx, l, c.TLSCert, c.TLSKey)
}

// greet says where the server is, where people play, and three lines that play a first move of the game that everybody knows. Where that is
// not played, it names the games that are.
func (c *serveCommand) greet(env environment, address string) {
	base := "http://" + address
	if c.TLSCert != "" {
		base = "https://" + address
	}
	fmt.Fprintf(env.out, "Yourturn listens on %s and keeps everything in %s\n\n", base, withoutSecrets(c.Database))
	if c.Web == "on" {
		fmt.Fprintf(env.out, "Open %s/ to play.\n\n", base)
	}
	if !env.has(firstGame) {
		var titles []string
		for _, g := range env.games {
			titles = append(titles, g.Info().Title)
		}
		fmt.Fprintf(env.out, "It plays %s; how, with every operation and type, is on the page %s/docs\n\n", strings.Join(titles, ", "), base)
		return
	}
	fmt.Fprintf(env.out, `From another terminal, this plays a first move: two guests, two tickets, and a move by each (one of them is told to wait):

  for p in ann bob; do curl -s %[1]s/v1/players -H 'Content-Type: application/json' -d '{}' | grep -o '"access_token":"[^"]*' | cut -d'"' -f4 >/tmp/$p; done
  for p in ann bob; do id=$(curl -s %[1]s/v1/tickets -H "Authorization: Bearer $(cat /tmp/$p)" -H 'Content-Type: application/json' -d '{"game":"tictactoe"}' | grep -o '"session_id":"[^"]*' | cut -d'"' -f4); done
  for p in ann bob; do curl -s %[1]s/v1/sessions/$id/moves -H "Authorization: Bearer $(cat /tmp/$p)" -H 'Content-Type: application/json' -d '{"turn":1,"move":{"cell":4}}'; echo; done

Every operation and type is on the page %[1]s/docs, and a page of your own imports %[1]s/client.js

`, base)
}

// withoutSecrets names a database without its user and password.
func withoutSecrets(database string) string {
	u, err := url.Parse(database)
	if err != nil || u.Scheme != "mysql" {
		return database
	}
	return "mysql://" + u.Host + u.Path
}

// onlyLocal says that nobody but this machine can reach an address: development.
func onlyLocal(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

func prefixes(networks []string) (all []netip.Prefix, err error) {
	for _, network := range networks {
		if !strings.Contains(network, "/") {
			address, err := netip.ParseAddr(network)
			if err != nil {
				return nil, fmt.Errorf("--trusted-proxy: %w", err)
			}
			all = append(all, netip.PrefixFrom(address, address.BitLen()))
			continue
		}
		prefix, err := netip.ParsePrefix(network)
		if err != nil {
			return nil, fmt.Errorf("--trusted-proxy: %w", err)
		}
		all = append(all, prefix)
	}
	return all, nil
}
