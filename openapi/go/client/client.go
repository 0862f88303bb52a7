// Package client plays on a Yourturn server. Start at [Connect]:
//
//	me, err := client.Connect(ctx, "http://127.0.0.1:8080", client.Options{Storage: client.File("login.json")})
//	for message, err := range me.Messages(ctx) {
//		// your_turn: read the session, show it, and me.Play(ctx, session, move)
//	}
//
// Package wire, generated from the API's schema, knows each operation and its types. This package knows what a schema
// cannot say, each in its file:
//
//   - login.go: who one is. One renewal of the tokens at a time, kept before they are used.
//   - sitting.go: what was begun as one player is never done as another.
//   - call.go: a call that is lost on the way is repeated, when repeating does no harm; a refusal is a [Problem].
//   - feed.go: messages in order, each once, whatever happens to the connection; long-poll where streams are blocked.
//   - seen.go: what a person has seen, and how many sessions wait for them.
//
// It is short, to be read, and to be copied where something else is wanted.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"yourturn/openapi/go/wire"
)

// Client is one player on one server. It may be used by many goroutines.
type Client struct {
	// API has a method for each operation, with the login's token, repeats, and errors that are a [Problem]: when err
	// is nil, the answer's JSON200 (or JSON201) is there.
	API *wire.ClientWithResponses

	address string
	login   *login
	calls   *caller
	badge   badge
	pace    pace
	now     func() time.Time
}

// Options may all be left out.
type Options struct {
	// Storage keeps the login between starts of the app. Without one it lives as long as the client, and a guest's
	// account with it.
	Storage Storage
	// Profile is the guest that is made when nothing is stored.
	Profile wire.PlayerRequest
	// OnSignedOut is called when the login has ended without SignOut: the server says so, or another process with the
	// same Storage has signed out, or in as somebody else. The tokens are gone by then: SignIn, here or later.
	OnSignedOut func()
	// OnBadge is called with the number of sessions that wait for the player, when it is known and when it changes, and
	// with 0 when they are signed out; never twice at a time.
	OnBadge func(waiting int64)
	// Patience is how long a call is repeated before its last error is returned: 60 s by default.
	Patience time.Duration
	// HTTP sends the requests. It must have no Timeout, which would end streams; contexts end calls.
	HTTP *http.Client
	// Now is the time, time.Now by default.
	Now func() time.Time
}

// pace is how long things may take that no app needs to choose.
type pace struct {
	try         time.Duration // for an answer to one try of a call
	hello       time.Duration // for the first word of a stream
	silence     time.Duration // after which a stream is dead; the server says something every 17 s
	streamAgain time.Duration // until a stream is tried again by who polls
	least, most time.Duration // between two tries to follow the feed
}

func usualPace() pace {
	return pace{
		try: 15 * time.Second, hello: 15 * time.Second, silence: 45 * time.Second, streamAgain: 3 * time.Minute,
		least: time.Second, most: 30 * time.Second,
	}
}

// Connect goes on as the player whose login is stored, without a call, or becomes a guest and stores that before
// anything else.
func Connect(ctx context.Context, address string, o Options) (*Client, error) {
	c, err := prepare(address, o, usualPace())
	if err != nil {
		return nil, err
	}
	if err := c.login.begin(ctx, o.Profile); err != nil {
		return nil, fmt.Errorf("connect to %s: %w", address, err)
	}
	return c, nil
}

func prepare(address string, o Options, p pace) (*Client, error) {
	if o.Storage == nil {
		o.Storage = &memory{}
	}
	if o.Patience == 0 {
		o.Patience = time.Minute
	}
	if o.HTTP == nil {
		o.HTTP = &http.Client{}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	place, err := url.Parse(strings.TrimRight(address, "/"))
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", address, err)
	}
	c := &Client{address: place.String(), pace: p, now: o.Now}
	c.calls = &caller{http: o.HTTP, folder: place.Path, patience: o.Patience, try: p.try}
	open, err := wire.NewClientWithResponses(c.address, wire.WithHTTPClient(c.calls))
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", address, err)
	}
	c.login = &login{
		storage: o.Storage, open: open, now: o.Now,
		signedOut: o.OnSignedOut, replaced: c.badge.forget, changing: newLock(),
	}
	c.login.current = c.login.newSitting(nil)
	c.API, err = wire.NewClientWithResponses(c.address, wire.WithHTTPClient(c))
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", address, err)
	}
	c.badge.read, c.badge.tell = c.waiting, o.OnBadge
	return c, nil
}

// Play answers the session's turn with a move, in the words of its game (a wire.TicTacToeMove, say, or one of
// session.LegalMoves), and returns the session as it is then. The server takes a move exactly once, so this may be
// called again with the same arguments whatever the error was. A refusal is a [Problem], with the session as it is.
func (c *Client) Play(ctx context.Context, session *wire.Session, move any) (*wire.Session, error) {
	body, err := json.Marshal(struct {
		Turn int64 `json:"turn"`
		Move any   `json:"move"`
	}{session.Turn, move})
	if err != nil {
		return nil, fmt.Errorf("play in %s: %w", session.ID, err)
	}
	ctx, s, leave := c.login.enter(ctx)
	defer leave()
	answer, err := c.API.PlayMoveWithBodyWithResponse(ctx, session.ID, "application/json", bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("play in %s: %w", session.ID, err)
	}
	c.badge.touch(s.ctx)
	var after wire.Session
	if err := json.Unmarshal(answer.Body, &after); err != nil {
		return nil, fmt.Errorf("play in %s: %w", session.ID, err)
	}
	return &after, nil
}

// View is what the player sees of a session, in the words of its game: View[wire.TicTacToeView](session).
func View[V any](session *wire.Session) (view V, err error) {
	raw, err := json.Marshal(session.View)
	if err == nil {
		err = json.Unmarshal(raw, &view)
	}
	if err != nil {
		return view, fmt.Errorf("view of %s: %w", session.ID, err)
	}
	return view, nil
}
