package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"yourturn/matchmaking"
	"yourturn/session"
)

// Ticket is a player's wish to be matched.
type Ticket struct {
	ID          string    `json:"id" doc:"Names the ticket." example:"06f1c7h9d3k5m8q1t4w6y0z2bn"`
	Game        string    `json:"game" doc:"The game that is wanted." example:"tictactoe"`
	Config      rawObject `json:"config" doc:"The config that is wanted, with the game's defaults filled in."`
	TurnSeconds int       `json:"turn_seconds" doc:"The length of a turn that is wanted." example:"86400"`
	Role        string    `json:"role,omitempty" doc:"The role that is wanted."`
	Status      string    `json:"status" doc:"waiting, matched, cancelled or expired. Only waiting ever changes." example:"waiting"`
	SessionID   string    `json:"session_id,omitempty" doc:"The session it became, once matched."`
	BotAfter    int       `json:"bot_after_seconds,omitempty" doc:"So long after it was made bots take the seats that are still free."`
	CreatedAt   time.Time `json:"created_at" doc:"When it was made: the oldest is matched first."`
	ExpiresAt   time.Time `json:"expires_at" doc:"When it ends if nobody is found; the feed tells of it."`
}

func wireTicket(t matchmaking.Ticket) Ticket {
	var botAfter int
	if !t.BotsAt.IsZero() {
		botAfter = int(t.BotsAt.Sub(t.CreatedAt).Seconds())
	}
	return Ticket{
		BotAfter: botAfter,
		ID:       string(t.ID), Game: t.Wish.Game, Config: rawObject(t.Wish.Config), TurnSeconds: t.Wish.TurnSeconds, Role: t.Wish.Role,
		Status: string(t.Status), SessionID: string(t.Session), CreatedAt: seconds(t.CreatedAt), ExpiresAt: seconds(t.ExpiresAt),
	}
}

// IdempotencyKey lets a client ask again when it did not hear the answer.
type IdempotencyKey struct {
	Key string `header:"Idempotency-Key" maxLength:"255" pattern:"^[ -~]*$" patternDescription:"printable ASCII" doc:"Your own name for this wish, such as a UUID. Asking again with it within 24 hours makes nothing new and answers with what was made. Another wish under the same key is refused."`
}

// keyOf is the key of a request, with a fingerprint of what was asked.
func keyOf(ctx context.Context, in IdempotencyKey, asked any) (*session.Key, error) {
	if in.Key == "" {
		return nil, nil
	}
	raw, err := json.Marshal(asked)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(raw)
	return &session.Key{Player: me(ctx), Value: in.Key, Fingerprint: hex.EncodeToString(sum[:])}, nil
}

// Page asks for a page of a list.
type Page struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"Items on the page."`
	Cursor string `query:"cursor" maxLength:"200" doc:"next_cursor of the page before."`
}

const maxItems = 100

type (
	ticketRequest struct {
		Game        string    `json:"game" maxLength:"64" doc:"The game to play." example:"tictactoe"`
		Config      rawObject `json:"config,omitempty" doc:"The game's config; absent members take the game's defaults."`
		TurnSeconds int       `json:"turn_seconds,omitempty" minimum:"5" maximum:"2592000" doc:"How long each turn may take, 5 s to 30 days; the game's own length by default." example:"86400"`
		Role        string    `json:"role,omitempty" maxLength:"64" doc:"The role to play, in a game that has roles; any by default."`
		BotAfter    int       `json:"bot_after_seconds,omitempty" minimum:"1" maximum:"518400" doc:"Play with bots if not enough people were found after so many seconds, up to 6 days; never by default." example:"30"`
	}
	createTicketInput struct {
		IdempotencyKey
		Body ticketRequest
	}
	ticketPath struct {
		TicketID string `path:"ticket_id" maxLength:"64" doc:"The ticket's id."`
	}
	ticketReply     struct{ Body Ticket }
	ticketListReply struct{ Body List[Ticket] }
)

func (s *server) ticketOperations(rt *routes) {
	register(rt, operation{
		id: "createTicket", route: "POST /v1/tickets", tag: "matchmaking", status: 201,
		problems: []string{"too-many-tickets", "too-many-bots", "idempotency-mismatch", anyRule},
		summary:  "Find an opponent",
		about: "A ticket fits others of the same game, turn length and config. It is matched in the very request that makes a " +
			"match possible, with the oldest that fits; otherwise it waits, for days if need be, while you are not connected.",
		exampleReply: toldTicket("waiting"),
	}, func(ctx context.Context, in *createTicketInput) (*ticketReply, error) {
		key, err := keyOf(ctx, in.IdempotencyKey, in.Body)
		if err != nil {
			return nil, err
		}
		t, err := s.Tickets.Create(ctx, me(ctx), session.Wish{
			Game: in.Body.Game, Config: json.RawMessage(in.Body.Config), TurnSeconds: in.Body.TurnSeconds, Role: in.Body.Role,
		}, time.Duration(in.Body.BotAfter)*time.Second, key)
		if err != nil {
			return nil, err
		}
		return &ticketReply{wireTicket(t)}, nil
	})

	register(rt, operation{
		id: "getTicket", route: "GET /v1/tickets/{ticket_id}", tag: "matchmaking",
		summary:      "One ticket of mine",
		about:        "Once its status is matched, session_id names the session.",
		exampleReply: toldTicket("waiting"),
	}, func(ctx context.Context, in *ticketPath) (*ticketReply, error) {
		t, err := s.Tickets.Get(ctx, me(ctx), matchmaking.TicketID(in.TicketID))
		if err != nil {
			return nil, err
		}
		return &ticketReply{wireTicket(t)}, nil
	})

	register(rt, operation{
		id: "listTickets", route: "GET /v1/tickets", tag: "matchmaking",
		summary:      "My tickets",
		about:        "The newest first; those that are over are forgotten after 30 days.",
		exampleReply: List[Ticket]{Items: []Ticket{toldTicket("waiting")}},
	}, func(ctx context.Context, in *Page) (*ticketListReply, error) {
		tickets, more, err := s.Tickets.List(ctx, me(ctx), matchmaking.TicketID(in.Cursor), in.Limit)
		if err != nil {
			return nil, err
		}
		reply := List[Ticket]{Items: []Ticket{}}
		for _, t := range tickets {
			reply.Items = append(reply.Items, wireTicket(t))
		}
		if more {
			reply.NextCursor = reply.Items[len(reply.Items)-1].ID
		}
		return &ticketListReply{reply}, nil
	})

	register(rt, operation{
		id: "cancelTicket", route: "DELETE /v1/tickets/{ticket_id}", tag: "matchmaking",
		status:       200,
		summary:      "Cancel a ticket",
		about:        "Answers with the ticket as it is then: one that has just been matched stays matched, and the session is yours to play.",
		exampleReply: toldTicket("cancelled"),
	}, func(ctx context.Context, in *ticketPath) (*ticketReply, error) {
		t, err := s.Tickets.Cancel(ctx, me(ctx), matchmaking.TicketID(in.TicketID))
		if err != nil {
			return nil, err
		}
		return &ticketReply{wireTicket(t)}, nil
	})
}
