package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"yourturn/games"
	"yourturn/notify"
	"yourturn/session"
)

// PlayedSession is a session with the move of the request.
type PlayedSession struct {
	Session
	Move MoveTaken `json:"move" doc:"The move that counted: yours, now or in an earlier try."`
}

// MoveTaken is a move that counted.
type MoveTaken struct {
	Turn    int64 `json:"turn" doc:"The turn that it answered." example:"3"`
	Seat    int   `json:"seat" doc:"Whose move it was." example:"0"`
	Version int64 `json:"version" doc:"The version of the session that it made." example:"5"`
}

// SessionPreview is a table as somebody sees it who holds the join code and has not sat down.
type SessionPreview struct {
	Game            string    `json:"game" doc:"The game's name." example:"tictactoe"`
	Title           string    `json:"title" doc:"The game's title." example:"Tic-tac-toe"`
	Config          rawObject `json:"config" doc:"The game's config."`
	Status          string    `json:"status" doc:"waiting, active or finished." example:"waiting"`
	TurnSeconds     int       `json:"turn_seconds" doc:"How long each turn may take." example:"86400"`
	SeatsFree       int       `json:"seats_free" doc:"How many may still sit down." example:"1"`
	RolesFree       []string  `json:"roles_free" doc:"The roles nobody has taken." example:"[]"`
	HostDisplayName string    `json:"host_display_name,omitempty" doc:"Who invites." example:"Brisk Otter"`
}

// SessionList is a page of "my games".
type SessionList struct {
	List[Session]
	WaitingForMe int64  `json:"waiting_for_me" doc:"How many sessions wait for me, on all pages: the badge." example:"1"`
	FeedSeq      int64  `json:"feed_seq" doc:"The feed's last number before this was read: stream from here and miss nothing." example:"43"`
	ServerTime   string `json:"server_time" format:"date-time" doc:"Measure countdowns against this clock."`
}

// Event is a line of a session's history, as the seat that asks may see it.
type Event struct {
	Version int64     `json:"version" doc:"The change of the session that it belongs to." example:"4"`
	Turn    int64     `json:"turn" doc:"The turn in which it happened." example:"2"`
	Kind    string    `json:"kind" doc:"What happened: created, matched, invited, declined, joined, left, started, move, timed_out, stepped, forfeited, migrated (newer rules took it over), rematch, finished, or a word of the game's own. Ignore a kind you do not know." example:"move"`
	Seat    *int      `json:"seat,omitempty" doc:"Whose doing it was, when it was somebody's." example:"1"`
	At      time.Time `json:"at" doc:"When it happened."`
	Data    rawObject `json:"data" doc:"More about it; of a move: {\"move\": …}; invited names player_ids, declined a player_id."`
}

// EventList is a page of a session's history.
type EventList struct {
	Items      []Event `json:"items" doc:"Events in the order of their versions."`
	NextCursor string  `json:"next_cursor,omitempty" doc:"Ask with it as after for the next page. Absent on the last."`
}

type (
	sessionRequest struct {
		Game string `json:"game" maxLength:"64" doc:"The game to play." example:"tictactoe"`
		TableRequest
	}
	// TableRequest is what a table is to be like, whatever game is played at it.
	TableRequest struct {
		Config      rawObject `json:"config,omitempty" doc:"The game's config; absent members take the game's defaults."`
		TurnSeconds int       `json:"turn_seconds,omitempty" minimum:"5" maximum:"2592000" doc:"How long each turn may take, 5 s to 30 days; the game's own length by default." example:"86400"`
		Role        string    `json:"role,omitempty" maxLength:"64" doc:"Your role, in a game that has roles; any by default."`
		Seats       int       `json:"seats,omitempty" minimum:"1" maximum:"1000" doc:"Start when so many seats are taken; the game's least by default, or as many as you ask bots and people for and yourself, as far as the game has them." example:"2"`
		Bots        []bot     `json:"bots,omitempty" maxItems:"9" doc:"Seats that the server plays, nine at the most. They sit down at once."`
		Invite      []string  `json:"invite,omitempty" maxItems:"16" doc:"Players who are invited, by their ids. They are told by feed and push, and join by the code; see invitePlayers."`
	}
	// bot is a seat that the server is asked to play.
	bot struct {
		Level string `json:"level" enum:"easy,normal,hard" doc:"How well it plays." example:"normal"`
		Role  string `json:"role,omitempty" maxLength:"64" doc:"Its role, in a game that has roles; any by default."`
	}
	joinRequest struct {
		JoinCode string `json:"join_code" minLength:"8" maxLength:"20" doc:"The code, in capitals or not, with or without dashes." example:"7H2KQ9XD"`
		Role     string `json:"role,omitempty" maxLength:"64" doc:"Your role, in a game that has roles; any by default."`
	}
	moveRequest struct {
		Turn int64     `json:"turn" minimum:"0" maximum:"9007199254740991" doc:"The turn that the move answers: the session's turn when you looked." example:"3"`
		Move rawObject `json:"move" doc:"The move, as the game's move_schema says."`
	}

	createSessionInput struct {
		IdempotencyKey
		Body sessionRequest
	}
	SessionPath struct {
		SessionID string `path:"session_id" maxLength:"64" doc:"The session's id."`
	}
	codePath struct {
		JoinCode string `path:"join_code" minLength:"8" maxLength:"20" doc:"The join code." example:"7H2KQ9XD"`
	}
	joinInput        struct{ Body joinRequest }
	listSessionInput struct {
		Page
		Status string         `query:"status" enum:"waiting,active,finished" doc:"Only sessions of this status."`
		Game   string         `query:"game" maxLength:"64" doc:"Only sessions of this game."`
		MyTurn Optional[bool] `query:"my_turn" doc:"Only sessions that wait for me, or only the others."`
	}
	getSessionInput struct {
		SessionPath
		Version     int64  `query:"version" minimum:"1" maximum:"9007199254740991" doc:"The session as it was at this version."`
		IfNoneMatch string `header:"If-None-Match" doc:"ETag of an answer you have: 304 when it is still the newest."`
	}
	playInput struct {
		SessionPath
		Body moveRequest
	}
	eventsInput struct {
		SessionPath
		After int64 `query:"after" minimum:"0" maximum:"9007199254740991" doc:"Events after this version of the session."`
		Limit int   `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"About how many: the events of one version stay together."`
	}

	sessionReply struct{ Body *Session }
	getReply     struct {
		Status       int
		ETag         string `header:"ETag"`
		CacheControl string `header:"Cache-Control"`
		Body         *Session
	}
	playReply    struct{ Body PlayedSession }
	previewReply struct{ Body SessionPreview }
	listReply    struct{ Body SessionList }
	eventsReply  struct{ Body EventList }
)

// moveProblems are what a position can have against a move.
var moveProblems = []string{"not-your-turn", "stale-turn", "already-moved", "session-finished", "session-waiting", "other-rules", anyRule}

func (s *server) sessionOperations(rt *routes) {
	register(rt, operation{
		id: "createSession", route: "POST /v1/sessions", tag: "sessions", status: 201,
		problems: []string{"idempotency-mismatch", "too-many-bots", "player-unknown", "player-blocked", "too-many-invitations", anyRule},
		summary:  "Open a private table",
		about: "The answer has a join code for those you play with. It starts when its seats are taken, and ends after 7 days if they are not. " +
			"Bots sit down at once and play as people do, a moment after it becomes their turn.",
		exampleReply: toldWaiting(),
	}, s.createSession)

	register(rt, operation{
		id: "previewSession", route: "GET /v1/sessions/by-code/{join_code}", tag: "sessions", limits: []limitClass{limitCodes, limitMyCodes},
		summary: "Look at a table before joining",
		about:   "What a join code leads to.",
	}, s.previewSession)

	register(rt, operation{
		id: "joinSession", route: "POST /v1/sessions/join", tag: "sessions", limits: []limitClass{limitCodes, limitMyCodes},
		problems: []string{"not-found", "session-full", "session-started", "session-finished", "role-taken", "other-rules", anyRule},
		summary:  "Join a private table",
		about: "Takes a seat by a join code; of a session that is being played, too, when its game takes latecomers. Who sits there " +
			"already gets the session as it is. Somebody whom the game has set aside because they did not move is back in it.",
		exampleReply: toldActive(),
	}, s.joinSession)

	register(rt, operation{
		id: "listSessions", route: "GET /v1/sessions", tag: "sessions",
		summary:      "My games",
		about:        "Those that wait for me first, by deadline; then the others, newest first.",
		exampleReply: SessionList{List: List[Session]{Items: []Session{toldActive()}}, WaitingForMe: 1, FeedSeq: 43, ServerTime: exampleTime},
	}, s.listSessions)

	register(rt, operation{
		id: "getSession", route: "GET /v1/sessions/{session_id}", tag: "sessions", also: map[int]string{304: "Still the newest: you have it."},
		problems:     []string{"other-rules"},
		summary:      "One session of mine",
		about:        "As my seat may see it; with a version, as my seat saw it then. The ETag tells whether anything has happened.",
		exampleReply: toldRead(),
	}, s.getSession)

	register(rt, operation{
		id: "playMove", route: "POST /v1/sessions/{session_id}/moves", tag: "sessions",
		problems: moveProblems,
		summary:  "Play a move",
		about: "A move names the turn it answers and is taken exactly once: send it again as often as you must. The same move " +
			"again answers with the session as it is now, and with the move that counted; another one is refused with " +
			"already-moved. Every refusal carries the session as it is.",
		exampleRequest: map[string]any{"turn": 3, "move": map[string]any{"cell": 2}},
		exampleReply:   toldPlayed(),
	}, s.playMove)

	register(rt, operation{
		id: "forfeitSession", route: "POST /v1/sessions/{session_id}/forfeit", tag: "sessions",
		problems:     []string{"session-finished", "session-waiting", "other-rules"},
		summary:      "Give up",
		about:        "At any time, also in the others' turns. Again by the same player it changes nothing.",
		exampleReply: toldForfeited(),
	}, s.forfeitSession)

	register(rt, operation{
		id: "leaveSession", route: "POST /v1/sessions/{session_id}/leave", tag: "sessions",
		problems: []string{"session-started", "session-finished"},
		summary:  "Leave a table that has not started",
		about:    "Frees the seat. The last to leave ends the session.",
	}, func(ctx context.Context, in *SessionPath) (*struct{}, error) {
		return nil, s.explain(ctx, s.Sessions.Leave(ctx, me(ctx), session.ID(in.SessionID)))
	})

	register(rt, operation{
		id: "rematchSession", route: "POST /v1/sessions/{session_id}/rematch", tag: "sessions",
		problems: []string{"session-active", "session-waiting", "session-full", "session-started", "session-finished", "player-gone", "too-many-bots", "other-rules", anyRule},
		summary:  "Play again",
		about: "The first to ask opens a table with the same config, at which everybody sits one seat further on, and the others are told; " +
			"when they ask, they sit down there. It starts when all are back. Again by the same player it changes nothing. Answers with the new session.",
		exampleReply: toldWaiting(),
	}, s.rematchSession)

	register(rt, operation{
		id: "enterGame", route: "POST /v1/games/{game}/enter", tag: "sessions", limits: []limitClass{limitMyCodes},
		problems: []string{"not-found", "session-started", "other-rules", anyRule},
		summary:  "Enter the open session of a game",
		about: "Some servers keep a session of a game open that anybody may enter, without a code or a ticket; such games have open: true. " +
			"When it is over or full, this leads into its successor, which its last message has named.",
		exampleReply: toldActive(),
	}, s.enterGame)

	register(rt, operation{
		id: "listEvents", route: "GET /v1/sessions/{session_id}/events", tag: "sessions",
		summary:      "What has happened",
		about:        "The history as my seat may see it. Go on with the last version that you have; the events of one version are never split over pages.",
		exampleReply: EventList{Items: []Event{toldEvent()}},
	}, s.listEvents)
}

// explain adds the session to a refusal that concerns one, as the player sees it; strangers see nothing.
func (s *server) explain(ctx context.Context, err error) error {
	var refused *session.Refused
	if !errors.As(err, &refused) {
		return err
	}
	p := problemOf(ctx, refused.Err)
	if _, seated := refused.Session.SeatOf(me(ctx)); !seated {
		return p
	}
	return p.with(s.wireSession(ctx, refused.Session, me(ctx)))
}

// reply answers with a session.
func (s *server) reply(ctx context.Context, sess session.Session, err error) (*sessionReply, error) {
	if err != nil {
		return nil, s.explain(ctx, err)
	}
	return &sessionReply{s.wireSession(ctx, sess, me(ctx))}, nil
}

func (s *server) createSession(ctx context.Context, in *createSessionInput) (*sessionReply, error) {
	key, err := keyOf(ctx, in.IdempotencyKey, in.Body)
	if err != nil {
		return nil, err
	}
	if len(in.Body.Invite) > 0 {
		made, ok, err := s.Sessions.MadeBy(ctx, key) // who asks again invites nobody again
		if ok || err != nil {
			return s.reply(ctx, made, err)
		}
		if err := s.limits.hold([]limitClass{limitInvites}, perPlayer, string(me(ctx))); err != nil {
			return nil, err
		}
	}
	sess, err := s.Sessions.Create(ctx, me(ctx), session.Wish{
		Game: in.Body.Game, Config: json.RawMessage(in.Body.Config), TurnSeconds: in.Body.TurnSeconds, Role: in.Body.Role, Seats: in.Body.Seats,
		Bots: bots(in.Body.Bots), Invite: guestIDs(in.Body.Invite),
	}, key)
	return s.reply(ctx, sess, badGuest(err, "invite"))
}

func bots(asked []bot) (wanted []session.Bot) {
	for _, b := range asked {
		wanted = append(wanted, session.Bot{Level: games.Level(b.Level), Role: b.Role})
	}
	return wanted
}

func (s *server) previewSession(ctx context.Context, in *codePath) (*previewReply, error) {
	sess, err := s.Sessions.Preview(ctx, me(ctx), in.JoinCode)
	if err != nil {
		return nil, err
	}
	g, err := s.Sessions.Game(sess.Game)
	if err != nil {
		return nil, err
	}
	w := SessionPreview{
		Game: sess.Game, Title: g.Info().Title, Config: rawObject(sess.Config), Status: string(sess.Status), TurnSeconds: sess.TurnSeconds,
		SeatsFree: s.Sessions.SeatsFree(sess), RolesFree: sess.FreeRoles(g.Info()),
	}
	if host, ok := sess.Host(); ok {
		w.HostDisplayName = host.DisplayName
	}
	return &previewReply{w}, nil
}

func (s *server) joinSession(ctx context.Context, in *joinInput) (*sessionReply, error) {
	sess, err := s.Sessions.Join(ctx, me(ctx), in.Body.JoinCode, in.Body.Role)
	return s.reply(ctx, sess, err)
}

func (s *server) listSessions(ctx context.Context, in *listSessionInput) (*listReply, error) {
	player := me(ctx)
	cursor, err := s.Feed.Store.Cursor(ctx, player) // before the sessions: what happens in between comes by the feed
	if err != nil {
		return nil, err
	}
	q := session.Query{Player: player, Status: session.Status(in.Status), Game: in.Game, MyTurn: in.MyTurn.pointer(), Limit: in.Limit}
	sessions, next, err := s.Sessions.List(ctx, q, in.Cursor)
	if err != nil {
		return nil, err
	}
	w := SessionList{WaitingForMe: cursor.Waiting, FeedSeq: cursor.Last, ServerTime: seconds(s.Now()).Format(timeFormat)}
	w.Items, w.NextCursor = []Session{}, next
	for _, sess := range sessions {
		item := s.wireSession(ctx, sess, player)
		item.Unread = unread(sess, player, cursor)
		w.Items = append(w.Items, *item)
	}
	return &listReply{w}, nil
}

// unread says whether the player was told something about the session that nobody has acknowledged.
func unread(sess session.Session, player notify.PlayerID, cursor notify.Cursor) bool {
	seat, ok := sess.SeatOf(player)
	return ok && seat.LastSeq > cursor.Acked
}

func (s *server) getSession(ctx context.Context, in *getSessionInput) (*getReply, error) {
	player := me(ctx)
	cursor, err := s.Feed.Store.Cursor(ctx, player)
	if err != nil {
		return nil, err
	}
	sess, err := s.sessionAt(ctx, player, session.ID(in.SessionID), in.Version)
	if err != nil {
		return nil, err
	}
	reply := s.tagged(sess, player)
	if !noneMatch(in.IfNoneMatch, reply.ETag) {
		reply.Status = http.StatusNotModified
		return reply, nil
	}
	reply.Body = s.wireSession(ctx, sess, player)
	if in.Version == 0 {
		reply.Body.Unread, reply.Body.FeedSeq = unread(sess, player, cursor), &cursor.Last
	}
	return reply, nil
}

// sessionAt is a session as it was at a version, or as it is.
func (s *server) sessionAt(ctx context.Context, player notify.PlayerID, id session.ID, version int64) (session.Session, error) {
	if version > 0 {
		return s.Sessions.GetAt(ctx, player, id, version)
	}
	return s.Sessions.Get(ctx, player, id)
}

// tagged is an answer that a client may keep, and must ask about again.
func (s *server) tagged(sess session.Session, player notify.PlayerID) *getReply {
	return &getReply{Status: http.StatusOK, ETag: s.sessionETag(sess, player), CacheControl: "private, no-cache"}
}

// rulesOf is the version of a game's rules that draw its views here.
func (s *server) rulesOf(game string) string {
	g, err := s.Sessions.Game(game)
	if err != nil {
		return ""
	}
	return strconv.Itoa(g.Info().Version)
}

// sessionETag changes with the session, the seat that looks, and the rules and the build that draw the view.
func (s *server) sessionETag(sess session.Session, player notify.PlayerID) string {
	seat, _ := sess.SeatOf(player)
	return makeETag(string(sess.ID), strconv.FormatInt(sess.Version, 10), strconv.Itoa(seat.Number), strconv.FormatBool(seat.Muted), s.rulesOf(sess.Game), s.Build)
}

func (s *server) playMove(ctx context.Context, in *playInput) (*playReply, error) {
	sess, taken, err := s.Sessions.Play(ctx, me(ctx), loginOf(ctx), session.ID(in.SessionID), in.Body.Turn, json.RawMessage(in.Body.Move))
	if err != nil {
		return nil, s.explain(ctx, err)
	}
	w := s.wireSession(ctx, sess, me(ctx))
	return &playReply{PlayedSession{Session: *w, Move: MoveTaken(taken)}}, nil
}

func (s *server) forfeitSession(ctx context.Context, in *SessionPath) (*sessionReply, error) {
	sess, err := s.Sessions.Forfeit(ctx, me(ctx), loginOf(ctx), session.ID(in.SessionID))
	return s.reply(ctx, sess, err)
}

func (s *server) rematchSession(ctx context.Context, in *SessionPath) (*sessionReply, error) {
	sess, err := s.Sessions.Rematch(ctx, me(ctx), loginOf(ctx), session.ID(in.SessionID))
	return s.reply(ctx, sess, err)
}

func (s *server) enterGame(ctx context.Context, in *GamePath) (*sessionReply, error) {
	sess, err := s.Sessions.Enter(ctx, me(ctx), in.Game)
	return s.reply(ctx, sess, err)
}

func (s *server) listEvents(ctx context.Context, in *eventsInput) (*eventsReply, error) {
	events, more, err := s.Sessions.Events(ctx, me(ctx), session.ID(in.SessionID), in.After, in.Limit)
	if err != nil {
		return nil, err
	}
	w := EventList{Items: []Event{}}
	for _, e := range session.Wire(events) {
		w.Items = append(w.Items, Event{Version: e.Version, Turn: e.Turn, Kind: e.Kind, Seat: e.Seat, At: e.At, Data: rawObject(e.Data)})
	}
	if more {
		w.NextCursor = strconv.FormatInt(events[len(events)-1].Version, 10)
	}
	return &eventsReply{w}, nil
}
