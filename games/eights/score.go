package eights

import "yourturn/games"

// points are what the cards in a seat's hand cost.
func (s State) points(seat int) int {
	sum := 0
	for _, card := range s.Seats[seat].Hand {
		sum += card.points()
	}
	return sum
}

// placings rank the seats by the points in their hands: an empty hand has none and comes first. Equal points share a
// place, and whoever is set aside shares the last.
func (s State) placings() []games.Placing {
	placings := make([]games.Placing, len(s.Seats))
	for seat := range s.Seats {
		placings[seat] = games.Placing{Seat: seat, Place: s.place(seat)}
		if placings[seat].Place == 1 {
			placings[seat].Score = s.score(seat)
		}
	}
	return placings
}

// place is one more than there are seats that did better.
func (s State) place(seat int) int {
	place := 1
	for other := range s.Seats {
		if s.beats(other, seat) {
			place++
		}
	}
	return place
}

func (s State) beats(one, other int) bool {
	switch {
	case s.Seats[one].SetAside:
		return false
	case s.Seats[other].SetAside:
		return true
	}
	return s.points(one) < s.points(other)
}

// score is what a winner gets: of each other hand what it has more than the winner's own. A seat that is set aside holds no
// cards and pays nothing.
func (s State) score(winner int) int {
	sum := 0
	for seat := range s.Seats {
		if !s.Seats[seat].SetAside {
			sum += s.points(seat) - s.points(winner)
		}
	}
	return sum
}
