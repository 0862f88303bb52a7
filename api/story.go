package api

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"

	"yourturn/games"
)

// The examples of sessions tell one story, in which a player called Brisk Otter opens a table, plays and gives up.

// told is a session of the story at one of its moments.
func told(status string, version, turn int64) Session {
	seat, begun := 0, time.Date(2026, 3, 1, 18, 30, 0, 0, time.UTC)
	return Session{
		ID: "06f1c8m4q2x7n5t9b3w6k0d1sg", Game: "tictactoe", RulesVersion: 2, Status: status, Version: version, Turn: turn,
		ToMove: []int{}, YourSeat: &seat, TurnSeconds: 86400, CreatedAt: begun, UpdatedAt: begun.Add(time.Duration(version) * time.Minute),
		SeatsWanted: 2, Seats: []Seat{{Seat: 0, PlayerID: "06eqzv2k3m8x1c4r7t9w0y5h2n", DisplayName: "Brisk Otter", Avatar: "🦦"}},
		Config:   rawObject(`{"size":3,"align":3}`),
		SeedHash: "3b7e0b6f7b1c9f3c0d3b0c5b8a3d0f9e6c1a2b4d5e6f708192a3b4c5d6e7f809",
	}
}

// toldWaiting is the table before anybody else has come.
func toldWaiting() Session {
	s := told("waiting", 1, 0)
	s.JoinCode = "7H2KQ9XD"
	return s
}

// toldActive is the third turn.
func toldActive() Session {
	s := told("active", 4, 3)
	s.Seats = append(s.Seats, Seat{Seat: 1, PlayerID: "06eqzx5p7r2v9d4g8k1n3s6w0c", DisplayName: "Calm Heron"})
	s.ToMove, s.YourTurn = []int{0}, true
	ends := s.UpdatedAt.Add(24 * time.Hour)
	s.DeadlineAt = &ends
	s.View = rawObject(`{"board":["O","","","","X","","","",""],"marks":["X","O"],"size":3,"align":3}`)
	for _, cell := range []int{1, 2, 3, 5, 6, 7, 8} {
		s.LegalMoves = append(s.LegalMoves, rawObject(fmt.Sprintf(`{"cell":%d}`, cell)))
	}
	return s
}

// toldRead is the third turn as it is read by itself: with the place in the feed to go on from.
func toldRead() Session {
	s, seq := toldActive(), int64(43)
	s.FeedSeq = &seq
	return s
}

// toldPlayed is the answer to the move of the third turn.
func toldPlayed() PlayedSession {
	s := toldActive()
	s.Version, s.Turn, s.ToMove, s.YourTurn, s.LegalMoves = 5, 4, []int{1}, false, nil
	s.View = rawObject(`{"board":["O","","X","","X","","","",""],"marks":["X","O"],"size":3,"align":3}`)
	return PlayedSession{Session: s, Move: MoveTaken{Turn: 3, Seat: 0, Version: 5}}
}

// toldForfeited is the end.
func toldForfeited() Session {
	s := toldPlayed().Session
	s.Status, s.Version, s.ToMove, s.DeadlineAt = "finished", 6, []int{}, nil
	s.Seats[0].Forfeited, s.Seats[0].Result = true, &SeatResult{Place: 2}
	s.Seats[1].Result = &SeatResult{Place: 1}
	s.Result = &Result{Reason: "forfeit", Winners: []int{1}}
	s.Seed = "5f1d9c3a7b2e8046d1f3a5c7e9b0d2f4"
	return s
}

// toldStream is how a stream begins.
const toldStream = `event: hello
data: {"server_time":"2026-03-01T18:30:00Z","last_seq":42,"acked_seq":42}

id: 43
data: {"seq":43,"kind":"your_turn","at":"2026-03-01T18:34:00Z","session_id":"06f1c8m4q2x7n5t9b3w6k0d1sg","game":"tictactoe","version":4,"turn":3,"deadline_at":"2026-03-02T18:34:00Z","data":{}}`

// toldTicket is the wish for an opponent.
func toldTicket(status string) Ticket {
	made := told("", 0, 0).CreatedAt
	return Ticket{
		ID: "06f1c7h9d3k5m8q1t4w6y0z2bn", Game: "tictactoe", Config: rawObject(`{"size":3,"align":3}`), TurnSeconds: 86400, Status: status,
		CreatedAt: made, ExpiresAt: made.Add(7 * 24 * time.Hour),
	}
}

// toldGame is what is played in the story.
func toldGame() Game {
	const schema = `{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","properties":{%s}}`
	return Game{
		Name: "tictactoe", Title: "Tic-tac-toe", RulesVersion: 2, MinSeats: 2, MaxSeats: 2, Roles: []string{}, Bots: true, TurnSeconds: 86400,
		ConfigSchema: rawObject(fmt.Sprintf(schema, `"size":{"type":"integer"}`)),
		MoveSchema:   rawObject(fmt.Sprintf(schema, `"cell":{"type":"integer"}`)),
		ViewSchema:   rawObject(fmt.Sprintf(schema, `"board":{"type":"array","items":{"type":"string"}}`)),
	}
}

// toldDelivery is a push of the message that the stream of the story has, too.
func toldDelivery(kind string, seq int64) Delivery {
	at := toldActive().UpdatedAt
	d := Delivery{
		ID: "06f1ca2s6v9y3b7e1h5k8n0q4t", Seq: seq, Kind: kind, Channel: "fcm", DeviceID: "pixel-8_9fK2", Status: "sent", Attempts: 1,
		CreatedAt: at, UpdatedAt: at,
	}
	if seq > 0 {
		d.SessionID = told("", 0, 0).ID
	}
	return d
}

// toldEvent is the move of the third turn in the history.
func toldEvent() Event {
	seat, played := 0, toldPlayed()
	return Event{Version: played.Version, Turn: 3, Kind: "move", Seat: &seat, At: played.UpdatedAt, Data: rawObject(`{"move":{"cell":2}}`)}
}

// A scene is a session of a game that was really begun, by its own rules.
type scene struct {
	started, active Session
	played          PlayedSession
	move            map[string]any
}

// sceneOf plays the first move of a game for the examples of its operations. ok is false for a game that does not begin
// with its default config, or has no move to show for it: its examples are made of those of its types.
func sceneOf(g games.Game) (sc scene, ok bool) {
	info := g.Info()
	if info.FromOutside {
		return scene{}, false // it would show what the operator keeps, as the answers to questions
	}
	env := games.Env{Now: toldActive().UpdatedAt, Rand: rand.New(rand.NewPCG(1, 1))}
	config, err := g.ParseConfig(nil)
	if err != nil {
		return scene{}, false
	}
	step, err := g.Start(games.Setup[json.RawMessage]{Env: env, Config: config, Roles: rolesOf(info)})
	for range 9 { // the server's own steps, before anybody is to move
		if err != nil || len(step.Await) > 0 || step.Result != nil {
			break
		}
		step, err = g.Next(step.State, env)
	}
	if err != nil || len(step.Await) == 0 {
		return scene{}, false
	}
	seat := step.Await[0]
	legal, move := firstMove(g, step, seat, env)
	before, errBefore := g.View(step.State, seat)
	if move == nil || errBefore != nil {
		return scene{}, false
	}
	after := before
	next, err := g.Apply(step.State, seat, move, env)
	if err == nil && (len(step.Await) == 1 || info.AtOnce) {
		after, err = g.View(next.State, seat)
	}
	if err != nil || json.Unmarshal(move, &sc.move) != nil {
		return scene{}, false
	}
	sc.started = staged(toldWaiting(), g, seat, config, nil)
	sc.active = staged(toldRead(), g, seat, config, before)
	sc.active.Version, sc.active.Turn, sc.active.ToMove = 3, 1, step.Await
	sc.active.LegalMoves = legal
	if info.MinSeats == 1 { // who opens a table for one plays at once
		sc.started = sc.active
	}
	sc.played = PlayedSession{Session: staged(toldPlayed().Session, g, seat, config, after), Move: MoveTaken{Turn: 1, Seat: seat, Version: 4}}
	sc.played.Version, sc.played.Turn, sc.played.ToMove = 4, 2, next.Await
	if len(step.Await) > 1 && !info.AtOnce { // the turn goes on until the others have moved
		sc.played.Turn, sc.played.ToMove = 1, step.Await[1:]
	}
	return sc, true
}

// rolesOf hands out the roles as a server does to those who ask for none.
func rolesOf(info games.Info) []string {
	roles := make([]string, info.MinSeats)
	if !info.RolesOpen {
		copy(roles, info.Roles)
	}
	return roles
}

func firstMove(g games.Game, step games.Step[json.RawMessage], seat int, env games.Env) (legal []rawObject, move json.RawMessage) {
	moves, err := g.LegalMoves(step.State, seat)
	if err != nil {
		return nil, nil
	}
	for _, m := range moves[:min(len(moves), 9)] {
		legal = append(legal, rawObject(m))
	}
	if len(moves) > 0 {
		return legal, moves[0]
	}
	move, err = g.BotMove(step.State, step.Await, seat, games.Normal, env)
	if err != nil {
		return nil, nil
	}
	return nil, move
}

// staged puts another game on the table of the story, with the teller on a seat of it.
func staged(s Session, g games.Game, seat int, config, view json.RawMessage) Session {
	info, teller := g.Info(), s.Seats[0]
	s.Game, s.RulesVersion, s.TurnSeconds, s.SeatsWanted = info.Name, info.Version, info.TurnSeconds, info.MinSeats
	s.Config, s.View, s.LegalMoves = rawObject(config), rawObject(view), nil
	if s.DeadlineAt != nil {
		ends := s.UpdatedAt.Add(time.Duration(info.TurnSeconds) * time.Second)
		s.DeadlineAt = &ends
	}
	roles := rolesOf(info)
	if s.Status == "waiting" {
		s.Seats[0].Role = roles[0]
		return s
	}
	s.YourSeat, s.Seats = &seat, nil
	for number := range info.MinSeats {
		at := Seat{Seat: number, Bot: true, BotLevel: "normal", DisplayName: botName}
		if number == seat {
			at = teller
		}
		at.Seat, at.Role = number, roles[number]
		s.Seats = append(s.Seats, at)
	}
	return s
}
