package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"yourturn/notify"
)

type demoCommand struct{}

// Run plays, through HTTP as an app would, a game whose turns take three days and that is lost on time. The server, its
// database and its clock are there for the demo alone.
func (demoCommand) Run(ctx context.Context, env environment) (err error) {
	if !env.has(firstGame) {
		return errors.New("the demo plays tic-tac-toe, which this program does not have")
	}
	dir, err := os.MkdirTemp("", "yourturn-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	node, err := NewNode(ctx, Config{
		Database: "sqlite:" + filepath.Join(dir, "demo.db"), Games: env.games, Name: "Demo", TestClock: true,
		Retention: notify.DefaultRetention, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() { served <- node.Serve(ctx, l, "", "") }()
	err = demo{base: "http://" + l.Addr().String(), out: env.out}.play()
	stop()
	if e := <-served; err == nil {
		err = e
	}
	return err
}

const threeDays = 3 * 24 * time.Hour

// demo is somebody with an HTTP client.
type demo struct {
	base string
	out  io.Writer
}

type demoPlayer struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
}

func (d demo) play() error {
	var ann, bob demoPlayer
	for name, who := range map[string]*demoPlayer{"Ann": &ann, "Bob": &bob} {
		if err := d.call("POST", "/v1/players", "", map[string]any{"display_name": name}, who); err != nil {
			return err
		}
	}
	var ticket struct {
		Status  string
		Session string `json:"session_id"`
	}
	wish := map[string]any{"game": "tictactoe", "turn_seconds": int(threeDays.Seconds())}
	for _, who := range []demoPlayer{ann, bob} {
		if err := d.call("POST", "/v1/tickets", who.Access, wish, &ticket); err != nil {
			return err
		}
	}
	d.say("Ann and Bob ask for an opponent at tic-tac-toe with three days a turn, and are matched.")

	var session struct {
		YourTurn   bool      `json:"your_turn"`
		DeadlineAt time.Time `json:"deadline_at"`
		Result     struct{ Reason string }
	}
	if err := d.call("GET", "/v1/sessions/"+ticket.Session, ann.Access, nil, &session); err != nil {
		return err
	}
	mover, other, name, silent := ann, bob, "Ann", "Bob"
	if !session.YourTurn {
		mover, other, name, silent = bob, ann, "Bob", "Ann"
	}
	move := map[string]any{"turn": 1, "move": map[string]any{"cell": 4}}
	if err := d.call("POST", "/v1/sessions/"+ticket.Session+"/moves", mover.Access, move, &session); err != nil {
		return err
	}
	d.say("%s was drawn to start, and takes the middle. %s has until %s.", name, silent, session.DeadlineAt.Format(time.RFC1123))

	if err := d.call("POST", "/v1/test/clock", "", map[string]any{"seconds": int(threeDays.Seconds()) + 4}, nil); err != nil {
		return err
	}
	d.say("Three days pass on the test clock. %s never looks.", silent)
	if err := d.call("POST", "/v1/tokens", "", map[string]any{"refresh_token": other.Refresh}, &other); err != nil {
		return err
	}
	return d.feed(silent, other)
}

// feed prints what a player was told.
func (d demo) feed(name string, who demoPlayer) error {
	var feed struct {
		Items []struct {
			Seq  int64
			Kind string
			At   time.Time
			Data struct {
				Events []struct {
					Kind string
					Data struct{ Reason string }
				}
			}
		}
	}
	if err := d.call("GET", "/v1/me/feed?after=0", who.Access, nil, &feed); err != nil {
		return err
	}
	d.say("This is %s's feed:", name)
	for _, m := range feed.Items {
		line := fmt.Sprintf("  %d  %s  %s", m.Seq, m.At.Format(time.DateTime), m.Kind)
		for _, e := range m.Data.Events {
			line += " · " + e.Kind
			if e.Data.Reason != "" {
				line += ": " + e.Data.Reason
			}
		}
		d.say("%s", line)
	}
	return nil
}

func (d demo) say(format string, args ...any) { fmt.Fprintf(d.out, format+"\n", args...) }

// call sends a request and decodes the answer.
func (d demo) call(method, path, token string, body, answer any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	if body == nil {
		raw = nil
	}
	r, err := http.NewRequest(method, d.base+path, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if raw, err = io.ReadAll(response.Body); err != nil {
		return err
	}
	if response.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s", method, path, raw)
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(raw, answer)
}
