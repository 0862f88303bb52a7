package api

import (
	"context"
	"time"
)

// Opponent is somebody whom I have played.
type Opponent struct {
	Person
	LastPlayedAt  time.Time `json:"last_played_at" doc:"When our last session began."`
	Sessions      int       `json:"sessions" doc:"How many sessions we have begun together." example:"7"`
	LastSessionID string    `json:"last_session_id" doc:"The last of them." example:"06f1c8m4q2x7n5t9b3w6k0d1sg"`
}

type opponentListReply struct{ Body List[Opponent] }

func (s *server) opponentOperations(rt *routes) {
	register(rt, operation{
		id: "listOpponents", route: "GET /v1/me/opponents", tag: "people",
		summary: "People I have played",
		about: "The last first, for a list of whom to invite. Everybody counts with whom I began a session of up to 8 seats, or who came later " +
			"while there were no more; of a crowd nobody does. Accounts that are gone are left out.",
	}, func(ctx context.Context, in *Page) (*opponentListReply, error) {
		found, next, err := s.Sessions.Opponents(ctx, me(ctx), in.Cursor, in.Limit)
		reply := &opponentListReply{List[Opponent]{Items: []Opponent{}, NextCursor: next}}
		for _, o := range found {
			reply.Body.Items = append(reply.Body.Items, Opponent{
				Person: wirePerson(o.Person), LastPlayedAt: seconds(o.LastAt), Sessions: o.Sessions, LastSessionID: string(o.Last),
			})
		}
		return reply, err
	})
}
