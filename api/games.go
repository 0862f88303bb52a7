package api

import (
	"context"
	"encoding/json"
	"maps"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"yourturn/games"
)

// Game is a set of rules.
type Game struct {
	Name         string    `json:"name" doc:"Names the game in requests." example:"tictactoe"`
	Title        string    `json:"title" doc:"For people, in English." example:"Tic-tac-toe"`
	RulesVersion int       `json:"rules_version" doc:"New sessions are played by this version of the rules." example:"1"`
	MinSeats     int       `json:"min_seats" doc:"The least seats of a session, and how many it has unless its creator asks for more." example:"2"`
	MaxSeats     int       `json:"max_seats" doc:"The most seats of a session." example:"2"`
	Roles        []string  `json:"roles" doc:"What a seat can be; empty when all seats are alike." example:"[]"`
	Bots         bool      `json:"bots" doc:"Whether the server can play seats of it."`
	LateJoin     bool      `json:"late_join" doc:"Whether one may sit down while it is being played."`
	Open         bool      `json:"open,omitempty" doc:"Whether this server keeps a session open that anybody may enter: enterGame."`
	TurnSeconds  int       `json:"turn_seconds" doc:"How long a turn takes when nobody asks for another length." example:"86400"`
	ConfigSchema rawObject `json:"config_schema" doc:"JSON Schema of the game's config."`
	MoveSchema   rawObject `json:"move_schema" doc:"JSON Schema of a move."`
	ViewSchema   rawObject `json:"view_schema" doc:"JSON Schema of what a seat sees."`
}

// List is a page of anything.
type List[T any] struct {
	Items      []T    `json:"items" doc:"This page."`
	NextCursor string `json:"next_cursor,omitempty" doc:"Ask with it as cursor for the next page. Absent on the last."`
}

func (s *server) wireGame(g games.Game) (Game, error) {
	info, types := g.Info(), g.Types()
	w := Game{
		Name: info.Name, Title: info.Title, RulesVersion: info.Version, MinSeats: info.MinSeats, MaxSeats: info.MaxSeats,
		Roles: info.Roles, Bots: g.HasBots() && info.MaxSeats > 1, LateJoin: g.JoinsLate(), Open: s.Sessions.Stands(info.Name), TurnSeconds: info.TurnSeconds,
	}
	if w.Roles == nil {
		w.Roles = []string{}
	}
	for name, into := range map[string]*rawObject{types.Config: &w.ConfigSchema, types.Move: &w.MoveSchema, types.View: &w.ViewSchema} {
		schema, err := standalone(g.Schemas(), name)
		if err != nil {
			return Game{}, err
		}
		*into = schema
	}
	return w, nil
}

// standalone is a schema that carries the others it refers to with it.
func standalone(schemas map[string]*huma.Schema, name string) (rawObject, error) {
	raw, err := json.Marshal(schemas[name])
	if err != nil {
		return nil, err
	}
	var root map[string]any
	if err := json.Unmarshal(raw, &root); err != nil {
		return nil, err
	}
	others := maps.Clone(schemas)
	delete(others, name)
	if len(others) > 0 && strings.Contains(string(raw), schemaPrefix) {
		root["$defs"] = others
	}
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	raw, err = json.Marshal(root)
	return rawObject(strings.ReplaceAll(string(raw), schemaPrefix, "#/$defs/")), err
}

func (s *server) gameOperations(rt *routes) {
	type (
		input     struct{ GamePath }
		listReply struct{ Body List[Game] }
		reply     struct{ Body Game }
	)
	register(rt, operation{
		id: "listGames", route: "GET /v1/games", tag: "games", access: byAnyone,
		summary:      "The games of this server",
		about:        "All of them, on one page.",
		exampleReply: List[Game]{Items: []Game{toldGame()}},
	}, func(context.Context, *struct{}) (*listReply, error) {
		all := List[Game]{Items: []Game{}}
		for _, g := range s.Games {
			w, err := s.wireGame(g)
			if err != nil {
				return nil, err
			}
			all.Items = append(all.Items, w)
		}
		return &listReply{all}, nil
	})

	register(rt, operation{
		id: "getGame", route: "GET /v1/games/{game}", tag: "games", access: byAnyone,
		summary:      "One game",
		about:        "With the JSON Schemas of its config, its moves and its view.",
		exampleReply: toldGame(),
	}, func(_ context.Context, in *input) (*reply, error) {
		for _, g := range s.Games {
			if g.Info().Name == in.Game {
				w, err := s.wireGame(g)
				return &reply{w}, err
			}
		}
		return nil, newProblem("not-found", "")
	})
}

// GamePath names a game.
type GamePath struct {
	Game string `path:"game" maxLength:"64" doc:"A game's name." example:"tictactoe"`
}
