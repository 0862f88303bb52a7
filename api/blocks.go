package api

import (
	"context"
	"errors"
	"time"

	"yourturn/notify"
	"yourturn/session"
)

// Block is somebody whom I have blocked.
type Block struct {
	Person
	BlockedAt time.Time `json:"blocked_at" doc:"Since when."`
}

type (
	playerPath struct {
		PlayerID string `path:"player_id" maxLength:"64" doc:"The player's id." example:"06eqzx5p7r2v9d4g8k1n3s6w0c"`
	}
	blockListReply struct{ Body List[Block] }
)

func (s *server) blockOperations(rt *routes) {
	register(rt, operation{
		id: "blockPlayer", route: "PUT /v1/me/blocks/{player_id}", tag: "people", status: 204,
		problems: []string{"too-many-blocks"},
		summary:  "Block a player",
		about: "We are neither matched any more nor do I hear of their invitations and rematches, and they cannot enter a private table whose " +
			"host I am, the person at its lowest seat, by its code. They are not told, and see an invitation of theirs as if I had not answered. " +
			"A session that we are playing goes on: mute it, or give it up. Open sessions that anybody may enter take no notice. At most 1,000.",
	}, func(ctx context.Context, in *playerPath) (*struct{}, error) {
		err := s.Sessions.Block(ctx, me(ctx), notify.PlayerID(in.PlayerID))
		if errors.Is(err, session.ErrYourself) {
			err = newProblem("invalid", "").at("path.player_id", err.Error())
		}
		if errors.Is(err, session.ErrNoSuchPlayer) {
			err = newProblem("not-found", "")
		}
		return nil, err
	})

	register(rt, operation{
		id: "unblockPlayer", route: "DELETE /v1/me/blocks/{player_id}", tag: "people", status: 204,
		summary: "Unblock a player",
		about:   "An invitation of theirs that still stands is shown again. Who is not blocked is as good as unblocked.",
	}, func(ctx context.Context, in *playerPath) (*struct{}, error) {
		return nil, s.Sessions.Unblock(ctx, me(ctx), notify.PlayerID(in.PlayerID))
	})

	register(rt, operation{
		id: "listBlocks", route: "GET /v1/me/blocks", tag: "people",
		summary: "Whom I have blocked",
		about:   "The last first.",
	}, func(ctx context.Context, in *Page) (*blockListReply, error) {
		found, next, err := s.Sessions.Blocks(ctx, me(ctx), in.Cursor, in.Limit)
		reply := &blockListReply{List[Block]{Items: []Block{}, NextCursor: next}}
		for _, b := range found {
			reply.Body.Items = append(reply.Body.Items, Block{Person: wirePerson(b.Person), BlockedAt: seconds(b.At)})
		}
		return reply, err
	})
}
