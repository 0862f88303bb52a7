package api

import (
	"context"
	"maps"
	"reflect"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"yourturn/games"
	"yourturn/session"
)

// Each game has operations of its own, in which its config, its moves and its view have types. They do what the generic
// ones do, by the same code; clients generated from them are spared the casts.

type startInput struct {
	IdempotencyKey
	Body TableRequest
}

// typedOperations adds a game's own operations.
func (s *server) typedOperations(rt *routes, g games.Game) {
	info, types := g.Info(), typesOf(rt, g)
	var asked, started, read, played any
	if sc, ok := sceneOf(g); ok {
		asked, started, read, played = map[string]any{"turn": 1, "move": sc.move}, sc.started, sc.active, sc.played
	}
	path := "/v1/games/" + info.Name + "/sessions"
	register(rt, operation{
		id: "start" + info.TypeName + "Session", route: "POST " + path, tag: info.Name, status: 201,
		problems: []string{"idempotency-mismatch", "too-many-bots", "player-unknown", "player-blocked", "too-many-invitations", anyRule},
		summary:  "Open a private table of " + info.Title,
		about:    "createSession, with this game's types.",
		request:  types.request, reply: types.session,
		exampleRequest: map[string]any{"seats": info.MinSeats, "turn_seconds": info.TurnSeconds}, exampleReply: started,
	}, func(ctx context.Context, in *startInput) (*sessionReply, error) {
		generic := createSessionInput{IdempotencyKey: in.IdempotencyKey, Body: sessionRequest{Game: info.Name, TableRequest: in.Body}}
		return s.createSession(ctx, &generic)
	})

	register(rt, operation{
		id: "get" + info.TypeName + "Session", route: "GET " + path + "/{session_id}", tag: info.Name, also: map[int]string{304: "Still the newest: you have it."},
		problems:     []string{"other-rules"},
		summary:      "One session of mine of " + info.Title,
		about:        "getSession, with this game's types.",
		reply:        types.session,
		exampleReply: read,
	}, func(ctx context.Context, in *getSessionInput) (*getReply, error) {
		if err := s.isOf(ctx, in.SessionID, info.Name); err != nil {
			return nil, err
		}
		return s.getSession(ctx, in)
	})

	register(rt, operation{
		id: "play" + info.TypeName + "Move", route: "POST " + path + "/{session_id}/moves", tag: info.Name,
		problems: moveProblems,
		summary:  "Play a move of " + info.Title,
		about:    "playMove, with this game's types.",
		request:  types.move, reply: types.played,
		exampleRequest: asked, exampleReply: played,
	}, func(ctx context.Context, in *playInput) (*playReply, error) {
		if err := s.isOf(ctx, in.SessionID, info.Name); err != nil {
			return nil, err
		}
		return s.playMove(ctx, in)
	})
}

// isOf refuses the session of another game.
func (s *server) isOf(ctx context.Context, id, game string) error {
	sess, err := s.Sessions.Get(ctx, me(ctx), session.ID(id))
	if err == nil && sess.Game != game {
		return session.ErrNotFound
	}
	return err
}

// gameTypes are the schemas of a game's own operations.
type gameTypes struct{ request, session, move, played *huma.Schema }

// typesOf takes a game's types into the document, and puts them where the generic operations have open objects.
func typesOf(rt *routes, g games.Game) gameTypes {
	schemas, names, prefix := g.Schemas(), g.Types(), g.Info().TypeName
	for _, name := range slices.Sorted(maps.Keys(schemas)) {
		rt.addSchema(name, copied(schemas[name]))
	}
	ref := func(name string) *huma.Schema { return &huma.Schema{Ref: schemaPrefix + name} }
	inSession := map[string]*huma.Schema{
		"config": ref(names.Config), "view": ref(names.View), "legal_moves": {Type: huma.TypeArray, Items: ref(names.Move)},
	}
	return gameTypes{
		request: typed[TableRequest](rt, prefix+"SessionRequest", map[string]*huma.Schema{"config": ref(names.Config)}),
		session: typed[Session](rt, prefix+"Session", inSession),
		move:    typed[moveRequest](rt, prefix+"MoveRequest", map[string]*huma.Schema{"move": ref(names.Move)}),
		played:  typed[PlayedSession](rt, prefix+"PlayedSession", inSession),
	}
}

// typed is the schema of a type of ours in which some members have a game's types.
func typed[T any](rt *routes, name string, members map[string]*huma.Schema) *huma.Schema {
	registry := rt.api.OpenAPI().Components.Schemas
	s := copied(registry.SchemaFromRef(registry.Schema(reflect.TypeFor[T](), true, "").Ref))
	for member, schema := range members {
		schema = copied(schema)
		schema.Description = s.Properties[member].Description
		s.Properties[member] = schema
	}
	return rt.addSchema(name, s)
}

// copied is a schema that shares nothing with the original: a game's schemas belong to the game, and huma writes its
// preparations into what it is given.
func copied(s *huma.Schema) *huma.Schema {
	if s == nil {
		return nil
	}
	c := *s
	c.Items, c.Not = copied(s.Items), copied(s.Not)
	if values, ok := s.AdditionalProperties.(*huma.Schema); ok {
		c.AdditionalProperties = copied(values)
	}
	if s.Properties != nil {
		c.Properties = map[string]*huma.Schema{}
		for name, property := range s.Properties {
			c.Properties[name] = copied(property)
		}
	}
	return &c
}
