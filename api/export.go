package api

import (
	"context"

	"yourturn/player"
)

// Record is something that the server keeps about me.
type Record struct {
	Kind string    `json:"kind" doc:"What it is: profile, login, link_code, identity, device, counters, ticket, session, event (what I did in a session), invitation, invitation_sent, opponent, block, message, delivery, idempotency_key. There may be more." example:"profile"`
	Data rawObject `json:"data" doc:"What is kept, by names of its own for each kind. What is empty is left out." example:"{\"player_id\":\"06eqzv2k3m8x1c4r7t9w0y5h2n\",\"display_name\":\"Brisk Otter\",\"created_at\":\"2026-03-01T18:30:00Z\"}"`
}

type (
	exportInput struct {
		Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"Records on the page."`
		Cursor string `query:"cursor" maxLength:"1000" doc:"next_cursor of the page before."`
	}
	recordListReply struct{ Body List[Record] }
)

func (s *server) exportOperations(rt *routes) {
	register(rt, operation{
		id: "exportMe", route: "GET /v1/me/export", tag: "players",
		summary: "Everything that the server keeps about me",
		about: "Record by record, in an order that stays. Follow next_cursor to the end and keep what comes; a page may have few records, or none, and " +
			"others behind it. Left out are hashes of secrets, what only others have said, as whom they block, and what stands in the histories of " +
			"tables under my bare id alone: that I was invited, declined, or sat there and got up before it began. Push addresses are in it, so treat it as you treat a password.",
	}, func(ctx context.Context, in *exportInput) (*recordListReply, error) {
		records, next, err := s.Records.Export(ctx, player.ID(me(ctx)), in.Cursor, in.Limit)
		reply := &recordListReply{List[Record]{Items: []Record{}, NextCursor: next}}
		for _, r := range records {
			reply.Body.Items = append(reply.Body.Items, Record{Kind: r.Kind, Data: rawObject(r.Data)})
		}
		return reply, err
	})
}
