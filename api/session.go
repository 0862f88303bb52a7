package api

import (
	"context"
	"encoding/hex"
	"errors"
	"log/slog"
	"time"

	"yourturn/games"
	"yourturn/notify"
	"yourturn/session"
)

// Session is one play of one game as one seat may see it.
type Session struct {
	ID           string      `json:"id" doc:"Names the session." example:"06f1c8m4q2x7n5t9b3w6k0d1sg"`
	Game         string      `json:"game" doc:"The game's name." example:"tictactoe"`
	RulesVersion int         `json:"rules_version" doc:"The version of the rules it is played by." example:"1"`
	Status       string      `json:"status" doc:"waiting (for players), active or finished." example:"active"`
	Version      int64       `json:"version" doc:"How many changes it has had. Grows with everything that happens." example:"4"`
	Turn         int64       `json:"turn" doc:"The number of the current turn, 0 before the first. Name it in your move." example:"3"`
	ToMove       []int       `json:"to_move" doc:"The seats that must move now." example:"[0]"`
	YourSeat     *int        `json:"your_seat,omitempty" doc:"Where you sit." example:"0"`
	YourTurn     bool        `json:"your_turn" doc:"Whether your seat must move now."`
	Muted        bool        `json:"muted,omitempty" doc:"Whether you want no pushes of it."`
	Unread       bool        `json:"unread,omitempty" doc:"Whether something happened that no one of your devices has acknowledged."`
	DeadlineAt   *time.Time  `json:"deadline_at,omitempty" doc:"When the turn ends, and the server acts for those who did not."`
	TurnSeconds  int         `json:"turn_seconds" doc:"How long each turn may take." example:"86400"`
	CreatedAt    time.Time   `json:"created_at" doc:"When it was made."`
	UpdatedAt    time.Time   `json:"updated_at" doc:"When its last change was made."`
	JoinCode     string      `json:"join_code,omitempty" doc:"For others to join by, while seats are free." example:"7H2KQ9XD"`
	SeatsWanted  int         `json:"seats_wanted" doc:"It starts when so many seats are taken." example:"2"`
	Seats        []Seat      `json:"seats" doc:"The seats that are taken."`
	Invitations  []Guest     `json:"invitations,omitempty" doc:"Who is invited to it, while it waits, as those who sit there see it."`
	Config       rawObject   `json:"config" doc:"The game's config, as config_schema says."`
	View         rawObject   `json:"view,omitempty" doc:"What your seat sees, as view_schema says. Absent while it waits, and when this server cannot draw it."`
	LegalMoves   []rawObject `json:"legal_moves,omitempty" doc:"What you may play, when it is your turn and the game can list it."`
	Result       *Result     `json:"result,omitempty" doc:"How it ended."`
	SuccessorID  string      `json:"successor_id,omitempty" doc:"The session that follows this one: a rematch that somebody has asked for (rematchSession takes you there), or the next one of an open game (enterGame does)."`
	SeedHash     string      `json:"seed_hash" doc:"The SHA-256 of the seed from which all dice of the session are rolled, in hexadecimal: the server cannot change the seed any more." example:"3b7e0b6f7b1c9f3c0d3b0c5b8a3d0f9e6c1a2b4d5e6f708192a3b4c5d6e7f809"`
	Seed         string      `json:"seed,omitempty" doc:"The seed, in hexadecimal, once the session is over: with it everybody can roll the dice again."`
	FeedSeq      *int64      `json:"feed_seq,omitempty" doc:"The feed's last number before this was read: what happens afterwards comes with higher numbers."`
}

// Seat is a taken place at the table.
type Seat struct {
	Seat        int         `json:"seat" doc:"Its number, from 0." example:"0"`
	PlayerID    string      `json:"player_id,omitempty" doc:"Who sits there." example:"06eqzv2k3m8x1c4r7t9w0y5h2n"`
	DisplayName string      `json:"display_name,omitempty" doc:"What they are called." example:"Brisk Otter"`
	Avatar      string      `json:"avatar,omitempty" doc:"Their avatar."`
	Role        string      `json:"role,omitempty" doc:"Their role, in a game that has roles."`
	Bot         bool        `json:"bot" doc:"Whether the server plays it."`
	BotLevel    string      `json:"bot_level,omitempty" doc:"How well it plays: easy, normal or hard."`
	Deleted     bool        `json:"deleted,omitempty" doc:"Whether the account is gone."`
	Forfeited   bool        `json:"forfeited,omitempty" doc:"Whether they gave up, or let the time run out where that loses."`
	Result      *SeatResult `json:"result,omitempty" doc:"What they came to."`
}

// SeatResult is what one seat came to.
type SeatResult struct {
	Place int `json:"place" doc:"1 is best; equal places are ties." example:"1"`
	Score int `json:"score" doc:"By the game's own count; 0 where it has none." example:"0"`
}

// Result is how a session ended.
type Result struct {
	Reason  string `json:"reason" doc:"A word of the game's, or forfeit, timeout, abandoned (all left before it started), expired (its seats never filled)." example:"line"`
	Winners []int  `json:"winners" doc:"The seats on the first place. Empty for a draw, and where all win or lose together: the seats' results tell which." example:"[0]"`
}

// wireSession is a session as a player's seat sees it. Who has no seat is a spectator, and sees what a stranger may.
//
// A fault of the game's rules, or a game that this node does not have yet, costs the view and nothing else: a list of
// games must not fail for one of them.
func (s *server) wireSession(ctx context.Context, sess session.Session, player notify.PlayerID) *Session {
	w := &Session{
		ID: string(sess.ID), Game: sess.Game, RulesVersion: sess.RulesVersion, Status: string(sess.Status), Version: sess.Version,
		Turn: sess.Turn, DeadlineAt: deadline(sess.Deadline), TurnSeconds: sess.TurnSeconds,
		CreatedAt: seconds(sess.CreatedAt), UpdatedAt: seconds(sess.UpdatedAt), SeatsWanted: sess.Capacity,
		Seats: []Seat{}, Config: rawObject(sess.Config), SuccessorID: string(sess.Successor), SeedHash: session.SeedHash(sess.Seed),
	}
	if sess.Status == session.Waiting {
		w.DeadlineAt = nil
	}
	if s.Sessions.Joinable(sess) {
		w.JoinCode = sess.JoinCode
	}
	if sess.Status == session.Finished {
		w.Seed = hex.EncodeToString(sess.Seed)
	}
	number := games.Spectator
	if seat, ok := sess.SeatOf(player); ok {
		number = seat.Number
		w.Invitations = wireGuests(sess)
		w.YourSeat, w.YourTurn, w.Muted = &seat.Number, sess.MustMove(seat.Number), seat.Muted
	}
	w.ToMove = append([]int{}, s.Sessions.ToMove(sess, number)...)
	view, err := s.Sessions.ViewFor(sess, number)
	if err != nil && !errors.Is(err, session.ErrOtherRules) {
		logger(ctx).Error("a session is shown without its view", slog.String("session_id", w.ID), slog.Any("error", err))
	}
	w.View = rawObject(view.State)
	for _, move := range view.LegalMoves {
		w.LegalMoves = append(w.LegalMoves, rawObject(move))
	}
	for _, seat := range sess.Seats {
		w.Seats = append(w.Seats, wireSeat(seat, sess.Result))
	}
	w.Result = wireResult(sess.Result)
	return w
}

// botName is what bots are called: a word that many languages share.
const botName = "Bot"

func wireSeat(seat session.Seat, result *games.Result) Seat {
	w := Seat{
		Seat: seat.Number, PlayerID: string(seat.Player), DisplayName: seat.DisplayName, Avatar: seat.Avatar, Role: seat.Role,
		Deleted: seat.Deleted, Forfeited: seat.Left,
	}
	if seat.Bot != "" {
		w.Bot, w.BotLevel, w.DisplayName = true, string(seat.Bot), botName
	}
	if result == nil {
		return w
	}
	for _, p := range result.Placings {
		if p.Seat == seat.Number {
			w.Result = &SeatResult{Place: p.Place, Score: p.Score}
		}
	}
	return w
}

func wireResult(result *games.Result) *Result {
	if result == nil {
		return nil
	}
	w := &Result{Reason: result.Reason, Winners: []int{}}
	for _, p := range result.Placings {
		if p.Place == 1 {
			w.Winners = append(w.Winners, p.Seat)
		}
	}
	if len(w.Winners) == len(result.Placings) && len(w.Winners) > 1 {
		w.Winners = []int{} // all share the first place: a draw
	}
	return w
}
