package api

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strconv"
	"time"

	"yourturn/notify"
)

const timeFormat = time.RFC3339

// FeedMessage is one message of the feed.
type FeedMessage struct {
	Seq        int64      `json:"seq" doc:"Its number: 1, 2, 3 … for each player, without a gap." example:"43"`
	Kind       string     `json:"kind" doc:"matched, your_turn, turn_reminder, session_updated, session_finished, ticket_expired, rematch_offered, invited, invitation_declined. Ignore a kind you do not know." example:"your_turn"`
	At         time.Time  `json:"at" doc:"When it happened."`
	SessionID  string     `json:"session_id,omitempty" doc:"The session it is about." example:"06f1c8m4q2x7n5t9b3w6k0d1sg"`
	Game       string     `json:"game,omitempty" doc:"The game it is about." example:"tictactoe"`
	Version    *int64     `json:"version,omitempty" doc:"The version of the session that it tells of." example:"4"`
	Turn       *int64     `json:"turn,omitempty" doc:"The session's turn then." example:"3"`
	DeadlineAt *time.Time `json:"deadline_at,omitempty" doc:"When that turn ends; of an invitation, when the table does."`
	Data       rawObject  `json:"data" doc:"More: events holds what happened as your seat may see it, unless it is larger than 4 kB; successor_id, in the last message of a session, the one that follows; ticket_id names an expired ticket; invited has join_code, title and host (player_id, display_name), invitation_declined player_id and display_name."`
}

func wireMessage(m notify.Message) FeedMessage {
	w := FeedMessage{
		Seq: m.Seq, Kind: m.Kind, At: seconds(m.At), SessionID: m.Session, Game: m.Game,
		DeadlineAt: deadline(m.Deadline), Data: rawObject(m.Data),
	}
	if m.Session != "" {
		w.Version, w.Turn = &m.Version, &m.Turn
	}
	return w
}

// FeedPage is a stretch of the feed.
type FeedPage struct {
	Items    []FeedMessage `json:"items" doc:"Messages in the order of their numbers."`
	LastSeq  int64         `json:"last_seq" doc:"The highest number given." example:"43"`
	AckedSeq int64         `json:"acked_seq" doc:"A person has seen everything up to here." example:"42"`
	Reset    bool          `json:"reset,omitempty" doc:"What you asked for is not kept any more, or never was: reload your sessions and go on after last_seq."`
}

// FeedAck is where the feed stands after an acknowledgement.
type FeedAck struct {
	LastSeq  int64 `json:"last_seq" doc:"The highest number given." example:"43"`
	AckedSeq int64 `json:"acked_seq" doc:"A person has seen everything up to here." example:"42"`
}

// StreamTicket opens streams.
type StreamTicket struct {
	Ticket    string    `json:"ticket" doc:"Put it into the stream's address as ?ticket=… It opens streams and nothing else." example:"stb8w2o.4mV8sQ2xN7kT1wB9"`
	ExpiresAt time.Time `json:"expires_at" doc:"When it ends: with the access token that made it."`
}

// The first event of a stream, the one that ends it, and the one that starts it over.
type (
	streamHello struct {
		_          struct{} `json:"-" additionalProperties:"true"`
		ServerTime string   `json:"server_time" format:"date-time" doc:"Measure countdowns against this clock."`
		LastSeq    int64    `json:"last_seq" doc:"The highest number given." example:"43"`
		AckedSeq   int64    `json:"acked_seq" doc:"A person has seen everything up to here." example:"42"`
	}
	streamReset struct {
		_   struct{} `json:"-" additionalProperties:"true"`
		Seq int64    `json:"seq" doc:"Reload your sessions, and go on after this number." example:"43"`
	}
	streamBye struct {
		_      struct{} `json:"-" additionalProperties:"true"`
		Reason string   `json:"reason" doc:"signed_out: sign in again. shutdown, max_age and any other word: connect again." example:"shutdown"`
	}
)

const maxWait = 30 // seconds: below what proxies and phones take for a dead connection

type (
	listFeedInput struct {
		After Optional[int64] `query:"after" minimum:"0" maximum:"9007199254740991" doc:"Messages after this number: absent for those not acknowledged, 0 for the oldest kept."`
		Limit int             `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"Messages on the page."`
		Wait  int             `query:"wait" minimum:"0" maximum:"30" doc:"When there is nothing, wait so many seconds for something."`
	}
	streamInput struct {
		After       Optional[int64] `query:"after" minimum:"0" maximum:"9007199254740991" doc:"Messages after this number; absent for those not acknowledged."`
		Ticket      string          `query:"ticket" maxLength:"200" doc:"A stream ticket, for EventSource."`
		LastEventID Optional[int64] `header:"Last-Event-ID" minimum:"0" maximum:"9007199254740991" doc:"Sent by EventSource when it connects again; wins over after."`
	}
	ackRequest struct {
		Seq int64 `json:"seq" minimum:"0" maximum:"9007199254740991" doc:"A person has seen everything up to this number." example:"42"`
	}
	ackInput      struct{ Body ackRequest }
	feedPageReply struct{ Body FeedPage }
	ackReply      struct{ Body FeedAck }
	ticketMade    struct{ Body StreamTicket }
)

func (s *server) feedOperations(rt *routes) {
	register(rt, operation{
		id: "listFeed", route: "GET /v1/me/feed", tag: "feed", timeout: (maxWait + 10) * time.Second,
		summary: "What I was told",
		about: "One numbered feed for each player, the same by list, long-poll, stream and push: whoever asks for what comes after " +
			"the last number they have misses nothing and sees nothing twice. Messages are kept for 30 days.",
	}, s.listFeed)

	registerStream(rt, operation{
		id: "streamFeed", route: "GET /v1/me/stream", tag: "feed", access: byTicket,
		problems: []string{"too-many-streams"},
		summary:  "What I am told, live",
		about: "Server-sent events. First comes hello (server_time, last_seq, acked_seq); then messages, as in listFeed, with their " +
			"number as id; reset (seq) when what was asked for is not kept: reload, and go on from there; bye (reason) before the " +
			"server ends it. A comment every 17 s says that it lives. At most 5 streams a login.",
		exampleReply: toldStream,
	}, s.streamFeed)

	// No operation refers to them, because OpenAPI cannot say what the lines of a stream are; clients need their types.
	addType[streamHello](rt)
	addType[streamReset](rt)
	addType[streamBye](rt)

	register(rt, operation{
		id: "createStreamTicket", route: "POST /v1/me/stream-tickets", tag: "feed", status: 201,
		summary: "A ticket for EventSource",
		about:   "EventSource cannot send headers. The ticket works for any number of streams until the access token ends.",
	}, func(ctx context.Context, _ *struct{}) (*ticketMade, error) {
		ticket, ends, err := s.Players.StreamTicket(ctx, callerOf(ctx).secret)
		return &ticketMade{StreamTicket{Ticket: ticket, ExpiresAt: seconds(ends)}}, err
	})

	register(rt, operation{
		id: "ackFeed", route: "POST /v1/me/feed/ack", tag: "feed",
		summary: "A person has seen it",
		about: "Send it when a visible screen has shown everything up to seq, never on receipt: it clears unread marks on all " +
			"devices and silences pushes up to seq. It never goes back.",
	}, func(ctx context.Context, in *ackInput) (*ackReply, error) {
		cursor, err := s.Feed.Ack(ctx, me(ctx), in.Body.Seq)
		return &ackReply{FeedAck{LastSeq: cursor.Last, AckedSeq: cursor.Acked}}, err
	})
}

func (s *server) listFeed(ctx context.Context, in *listFeedInput) (*feedPageReply, error) {
	page, err := s.Feed.List(ctx, me(ctx), loginOf(ctx), in.After.pointer(), in.Limit, time.Duration(in.Wait)*time.Second)
	if err != nil {
		return nil, err
	}
	w := FeedPage{Items: []FeedMessage{}, LastSeq: page.Cursor.Last, AckedSeq: page.Cursor.Acked, Reset: page.Reset}
	for _, m := range page.Items {
		w.Items = append(w.Items, wireMessage(m))
	}
	return &feedPageReply{w}, nil
}

func loginOf(ctx context.Context) notify.LoginID { return notify.LoginID(callerOf(ctx).login.ID) }

func (s *server) streamFeed(ctx context.Context, in *streamInput) (stream, error) {
	after := in.After.pointer()
	if in.LastEventID.Given {
		after = in.LastEventID.pointer()
	}
	w, err := s.Feed.Hub.Watch(me(ctx), loginOf(ctx), true)
	if err != nil {
		return stream{}, err
	}
	login := callerOf(ctx).login.ID
	alive := func(ctx context.Context) bool { return s.Players.Alive(ctx, login) }
	hold := func(ctx context.Context, conn *sseConn) {
		err := s.Feed.Follow(ctx, w, after, alive, &sseSink{conn: conn, now: s.Now})
		if err != nil && !errors.Is(err, context.Canceled) {
			logger(ctx).Debug("stream ended", slog.Any("error", err))
		}
	}
	return stream{hold: hold, release: w.Close}, nil
}

// sseSink writes a feed as server-sent events.
type sseSink struct {
	conn *sseConn
	now  func() time.Time
}

var _ notify.Sink = (*sseSink)(nil)

// reconnect is how long a client waits before it comes back.
const reconnect = 2 * time.Second

func (s *sseSink) Hello(c notify.Cursor) error {
	s.conn.retry(reconnect)
	return s.named("hello", "", streamHello{ServerTime: seconds(s.now()).Format(timeFormat), LastSeq: c.Last, AckedSeq: c.Acked})
}

func (s *sseSink) Messages(messages []notify.Message) error {
	for _, m := range messages {
		data, err := json.Marshal(wireMessage(m))
		if err != nil {
			return err
		}
		if err := s.conn.event("", strconv.FormatInt(m.Seq, 10), data); err != nil {
			return err
		}
	}
	return s.conn.flush()
}

func (s *sseSink) Reset(c notify.Cursor) error {
	return s.named("reset", strconv.FormatInt(c.Last, 10), streamReset{Seq: c.Last})
}

func (s *sseSink) Beat() error {
	if err := s.conn.comment("beat"); err != nil {
		return err
	}
	return s.conn.flush()
}

func (s *sseSink) Bye(reason string) error { return s.named("bye", "", streamBye{Reason: reason}) }

func (s *sseSink) named(name, id string, body any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	if err := s.conn.event(name, id, data); err != nil {
		return err
	}
	return s.conn.flush()
}
