package gamestest

import (
	"math/rand/v2"
	"slices"
	"time"

	"yourturn/games"
)

// bidding is a good game with all that a game can have: hidden hands, moves at the same time, a server's step, roles,
// people who come late, leave, miss a round and come back, and states made up for bots. In every round each seat bids a
// card of its hand; the highest bids get a point each.
//
// A part that is set replaces or amends a rule, and makes it a bad game in one respect.
type bidding struct {
	info     func(*games.Info)
	conf     func(bids) (bids, error)
	setup    func(games.Setup[bids])
	legal    func(s hands, seat int, cards []card) []card
	refusal  func(s hands, seat int, move card) error
	applied  func(s *outcome, seat int, move card)
	timedOut func(s *outcome, absent []int) error
	gone     func(s *outcome, seat int) error
	stepped  func(s *outcome) error
	joined   func(s *outcome, seat int) error
	seen     func(s hands, seat int, v *sight)
	dreamt   func(s *hands, seat int)
	bot      func(v sight, seat int, env games.Env) card
}

type outcome = games.Step[hands]

// bids is the config.
type bids struct {
	Rounds int `json:"rounds,omitempty" minimum:"0" maximum:"5"`
}

// card is the move.
type card struct {
	Card int `json:"card"`
}

// hands are the state.
type hands struct {
	Places []place `json:"places"`
	Round  int     `json:"round"`
	Rounds int     `json:"rounds"`
	Note   string  `json:"note,omitempty"`
}

type place struct {
	Hand   []int  `json:"hand"`
	Bid    int    `json:"bid"`
	Points int    `json:"points"`
	Aside  bool   `json:"aside"` // missed a round, and has not come back
	Left   bool   `json:"left"`
	Role   string `json:"role"`
}

// sight is the view.
type sight struct {
	Hand   []int    `json:"hand"`
	Bid    int      `json:"bid"`
	Others []public `json:"others"`
	Round  int      `json:"round"`
	Rounds int      `json:"rounds"`
	Note   string   `json:"note"`
}

type public struct {
	Cards  int    `json:"cards"`
	HasBid bool   `json:"has_bid"`
	Points int    `json:"points"`
	Aside  bool   `json:"aside"`
	Left   bool   `json:"left"`
	Role   string `json:"role"`
}

const most = 9 // of the cards, which are numbered from 1; a hand may hold one twice

func (g bidding) Describe() games.Info {
	info := games.Info{
		Name: "bidding", Title: "Bidding", TypeName: "Bidding", Version: 1,
		MinSeats: 2, MaxSeats: 4, TurnSeconds: 60, Roles: []string{"buyer", "seller"},
	}
	if g.info != nil {
		g.info(&info)
	}
	return info
}

func (g bidding) Configure(c bids) (bids, error) {
	if g.conf != nil {
		return g.conf(c)
	}
	if c.Rounds == 0 {
		c.Rounds = 2
	}
	return c, nil
}

func (g bidding) Start(setup games.Setup[bids]) (outcome, error) {
	if g.setup != nil {
		g.setup(setup)
	}
	s := hands{Rounds: setup.Config.Rounds}
	for _, role := range setup.Roles {
		s.Places = append(s.Places, place{Hand: deal(s.Rounds, setup.Rand), Role: role})
	}
	return goOn(s), nil
}

func deal(cards int, dice *rand.Rand) []int {
	hand := make([]int, cards)
	for i := range hand {
		hand[i] = 1 + dice.IntN(most)
	}
	slices.Sort(hand)
	return hand
}

// goOn awaits who can still bid, or lets the server look at the bids.
func goOn(s hands) outcome {
	var await []int
	for seat, p := range s.Places {
		if p.here() && p.Bid == 0 {
			await = append(await, seat)
		}
	}
	if len(await) == 0 {
		return outcome{State: s, Within: time.Second}
	}
	return outcome{State: s, Await: await}
}

func (p place) here() bool { return !p.Left && !p.Aside }

func (s hands) clone() hands {
	s.Places = slices.Clone(s.Places)
	for i := range s.Places {
		s.Places[i].Hand = slices.Clone(s.Places[i].Hand)
	}
	return s
}

func (g bidding) Apply(s hands, seat int, move card, _ games.Env) (outcome, error) {
	if err := g.refuse(s, seat, move); err != nil {
		return outcome{}, err
	}
	s = s.clone()
	p := &s.Places[seat]
	if i := slices.Index(p.Hand, move.Card); i >= 0 {
		p.Hand = slices.Delete(p.Hand, i, i+1)
	}
	p.Bid = move.Card
	after := goOn(s)
	after.Hidden = true
	after.Events = []games.Event{{Kind: "bid_made", Seat: &seat}, {Kind: "bid_noted", Data: move, To: []int{seat}}}
	if g.applied != nil {
		g.applied(&after, seat, move)
	}
	return after, nil
}

func (g bidding) refuse(s hands, seat int, move card) error {
	if g.refusal != nil {
		return g.refusal(s, seat, move)
	}
	if !slices.Contains(s.Places[seat].Hand, move.Card) {
		return games.Refuse("not-in-hand", "You do not hold that card.")
	}
	return nil
}

func (g bidding) Next(s hands, _ games.Env) (outcome, error) {
	s = s.clone()
	best := 0
	shown := []int{}
	for _, p := range s.Places {
		best = max(best, p.Bid)
		shown = append(shown, p.Bid)
	}
	for i := range s.Places {
		if p := &s.Places[i]; p.Bid == best && best > 0 {
			p.Points++
		}
		s.Places[i].Bid = 0
	}
	s.Round++
	after := goOn(s)
	switch {
	case s.Round == s.Rounds:
		after = outcome{State: s, Result: s.result("rounds-played")}
	case len(after.Await) == 0:
		after = outcome{State: s, Result: s.result("deserted")}
	}
	after.State.Note = "" // what the cards were is said once, and the note stands for it
	for _, bid := range shown {
		after.State.Note += string(rune('0' + bid))
	}
	after.Events = []games.Event{{Kind: "revealed", Data: map[string][]int{"bids": shown}}}
	if g.stepped != nil {
		return after, g.stepped(&after)
	}
	return after, nil
}

func (s hands) result(reason string) *games.Result {
	r := &games.Result{Reason: reason}
	for seat, p := range s.Places {
		place := 1
		for _, other := range s.Places {
			if other.Points > p.Points {
				place++
			}
		}
		r.Placings = append(r.Placings, games.Placing{Seat: seat, Place: place, Score: p.Points})
	}
	return r
}

func (g bidding) Timeout(s hands, absent []int, _ games.Env) (outcome, error) {
	s = s.clone()
	for _, seat := range absent {
		s.Places[seat].Aside = true
	}
	after := goOn(s)
	if g.timedOut != nil {
		return after, g.timedOut(&after, absent)
	}
	return after, nil
}

func (g bidding) Leave(s hands, seat int, _ games.Env) (outcome, error) {
	s = s.clone()
	s.Places[seat].Left = true
	after := goOn(s)
	if g.gone != nil {
		return after, g.gone(&after, seat)
	}
	return after, nil
}

func (g bidding) Join(s hands, seat int, env games.Env) (outcome, error) {
	s = s.clone()
	switch {
	case seat == len(s.Places):
		s.Places = append(s.Places, place{Hand: deal(s.Rounds, env.Rand)})
	case len(s.Places[seat].Hand) > 0:
		s.Places[seat].Aside = false
	}
	after := goOn(s)
	if g.joined != nil {
		return after, g.joined(&after, seat)
	}
	return after, nil
}

func (g bidding) View(s hands, seat int) sight {
	v := sight{Hand: []int{}, Others: []public{}, Round: s.Round, Rounds: s.Rounds, Note: s.Note}
	for i, p := range s.Places {
		v.Others = append(v.Others, public{
			Cards: len(p.Hand), HasBid: p.Bid > 0, Points: p.Points, Aside: p.Aside, Left: p.Left, Role: p.Role,
		})
		if i == seat {
			v.Hand, v.Bid = p.Hand, p.Bid
		}
	}
	if g.seen != nil {
		g.seen(s, seat, &v)
	}
	return v
}

func (g bidding) Imagine(v sight, seat int, env games.Env) hands {
	s := hands{Round: v.Round, Rounds: v.Rounds, Note: v.Note}
	for i, o := range v.Others {
		p := place{Hand: deal(o.Cards, env.Rand), Points: o.Points, Aside: o.Aside, Left: o.Left, Role: o.Role}
		if o.HasBid {
			p.Bid = 1 + env.Rand.IntN(most)
		}
		if i == seat {
			p.Hand, p.Bid = slices.Clone(v.Hand), v.Bid
		}
		s.Places = append(s.Places, p)
	}
	if g.dreamt != nil {
		g.dreamt(&s, seat)
	}
	return s
}

func (g bidding) LegalMoves(s hands, seat int) []card {
	cards := []card{}
	for _, c := range s.Places[seat].Hand {
		if c := (card{c}); !slices.Contains(cards, c) {
			cards = append(cards, c)
		}
	}
	if g.legal != nil {
		return g.legal(s, seat, cards)
	}
	return cards
}

func (g bidding) BotMove(v sight, seat int, _ games.Level, env games.Env) card {
	if g.bot != nil {
		return g.bot(v, seat, env)
	}
	return card{v.Hand[env.Rand.IntN(len(v.Hand))]}
}
