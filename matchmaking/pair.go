package matchmaking

import (
	"slices"

	"yourturn/session"
)

// pair finds the matches among tickets of one bucket, given oldest first: whoever has waited longest sits down first,
// with the next oldest that fit. Nobody meets themselves, and no role is given twice.
func pair(tickets []Ticket) []session.Match {
	var matches []session.Match
	taken := make([]bool, len(tickets))
	for first := range tickets {
		if taken[first] {
			continue
		}
		table := fill(tickets, taken, first)
		if len(table) < tickets[first].Wish.Seats {
			continue
		}
		m := session.Match{Wish: tickets[first].Wish}
		for _, i := range table {
			taken[i] = true
			m.Players = append(m.Players, session.Seated{Player: tickets[i].Player, Role: tickets[i].Wish.Role})
			m.Tickets = append(m.Tickets, string(tickets[i].ID))
		}
		matches = append(matches, m)
	}
	return matches
}

// fill seats others beside the first ticket until the table is full or nobody fits any more.
func fill(tickets []Ticket, taken []bool, first int) []int {
	table := []int{first}
	for i := first + 1; i < len(tickets) && len(table) < tickets[first].Wish.Seats; i++ {
		fits := !slices.ContainsFunc(table, func(seated int) bool {
			a, b := tickets[seated], tickets[i]
			return a.Player == b.Player || a.Wish.Role != "" && a.Wish.Role == b.Wish.Role
		})
		if fits && !taken[i] {
			table = append(table, i)
		}
	}
	return table
}
