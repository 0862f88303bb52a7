package session

import (
	"encoding/json"

	"yourturn/games"
)

// View is what a seat may see.
type View struct {
	State      json.RawMessage
	LegalMoves []json.RawMessage // nil when it is not the seat's turn, or when there are too many to list
}

// fewMoves is how many legal moves still travel with a session.
const fewMoves = 100

// ViewFor is what a seat may see of a session's state, and the moves it may make when the game lists them.
func (s *Service) ViewFor(sess Session, seat int) (View, error) {
	if len(sess.State) == 0 {
		return View{}, nil
	}
	g, err := s.Game(sess.Game)
	if err != nil {
		return View{}, err
	}
	return viewOf(g, sess, seat)
}

// ToMove lists the seats that must move, as a seat may know them.
func (s *Service) ToMove(sess Session, seat int) []int {
	g, err := s.Game(sess.Game)
	if err != nil {
		return sess.Await
	}
	return sess.ToMove(seat, g.Info())
}

// viewOf shows a session of older rules as the newer ones would take it over.
func viewOf(g games.Game, sess Session, seat int) (v View, err error) {
	defer rulesPanic(g, &err)
	state, err := migrated(g, sess)
	if err != nil {
		return View{}, err
	}
	if v.State, err = g.View(state, seat); err != nil {
		return View{}, err
	}
	if !sess.MustMove(seat) {
		return v, nil
	}
	moves, err := g.LegalMoves(state, seat)
	if err != nil {
		return View{}, err
	}
	if len(moves) <= fewMoves {
		v.LegalMoves = moves
	}
	return v, nil
}
