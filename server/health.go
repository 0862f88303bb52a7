package server

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// healthCommand is for where there is neither curl nor a shell, as in an image that holds this program alone. It reads
// the same environment as the server beside it, so that a probe needs no words.
type healthCommand struct {
	Listen  string        `env:"YOURTURN_LISTEN" default:"127.0.0.1:8080" help:"Where the server was told to listen."`
	TLSCert string        `env:"YOURTURN_TLS_CERT" name:"tls-cert" help:"The server's certificate; with it HTTPS is spoken."`
	Timeout time.Duration `default:"5s" help:"How long to wait for an answer."`
}

// Run asks /readyz, and fails when the server is not ready.
func (c *healthCommand) Run(ctx context.Context, env environment) error {
	url, err := c.url()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	// The certificate names the host that players use, and this asks the machine itself: it is not checked, and nothing
	// is told that a stranger may not know.
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(io.LimitReader(answer.Body, 4096))
	if err != nil {
		return err
	}
	text := strings.TrimSpace(string(said))
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", answer.Status, text)
	}
	_, err = fmt.Fprintln(env.out, text)
	return err
}

// url is where the server answers this machine. One that listens on every address listens on the loopback, too.
func (c *healthCommand) url() (string, error) {
	host, port, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return "", fmt.Errorf("--listen: %w", err)
	}
	switch host {
	case "", "0.0.0.0":
		host = "127.0.0.1"
	case "::":
		host = "::1"
	}
	scheme := "http"
	if c.TLSCert != "" {
		scheme = "https"
	}
	return scheme + "://" + net.JoinHostPort(host, port) + "/readyz", nil
}
