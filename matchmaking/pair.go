package matchmaking

import (
	"slices"
	"time"

	"yourturn/games"
	"yourturn/notify"
	"yourturn/session"
)

// pair finds the matches among tickets of one bucket, given oldest first: whoever has waited longest sits down first,
// with the next oldest that fit. Nobody meets themselves, and no role is given twice. Bots take what is still free at the
// tables of those who have waited long enough for that. Who is to be kept apart does not sit together.
func pair(tickets []Ticket, apart session.Blocks, now time.Time) []session.Match {
	p := pairing{tickets: tickets, apart: apart, taken: make([]bool, len(tickets)), now: now}
	for first := range tickets {
		p.match(first, tickets[first].Wish.Seats)
	}
	for first := range tickets {
		if p.playsBots(first) {
			p.match(first, 1)
		}
	}
	return p.matches
}

// fewOfEach drops what one player has too many of. Those who keep each other apart could otherwise hide everybody else behind
// their tickets, and of two tickets of one player that differ in nothing one is enough until it is matched.
func fewOfEach(tickets []Ticket, now time.Time) []Ticket {
	type kind struct {
		player notify.PlayerID
		role   string
		bots   bool
	}
	seen := map[kind]bool{}
	return slices.DeleteFunc(tickets, func(t Ticket) bool {
		k := kind{t.Player, t.Wish.Role, t.playsBots(now)}
		known := seen[k]
		seen[k] = true
		return known
	})
}

type pairing struct {
	tickets []Ticket
	apart   session.Blocks
	taken   []bool
	now     time.Time
	matches []session.Match
	looks   int
}

// match seats others beside the first ticket. When there are not even as many as it must be, all wait on.
func (p *pairing) match(first, least int) {
	if p.taken[first] {
		return
	}
	seats := p.tickets[first].Wish.Seats
	table := p.fill([]int{first}, least < seats)
	if len(table) < least {
		return
	}
	m := session.Match{Wish: p.tickets[first].Wish}
	for _, i := range table {
		p.taken[i] = true
		m.Players = append(m.Players, session.Seated{Player: p.tickets[i].Player, Role: p.tickets[i].Wish.Role})
		m.Tickets = append(m.Tickets, string(p.tickets[i].ID))
	}
	for len(m.Players) < seats {
		m.Players = append(m.Players, session.Seated{Bot: games.Normal})
	}
	p.matches = append(p.matches, m)
}

// mostLooks bounds the search for full tables: with many who exclude each other it could take for ever. It is enough to
// go through as many tickets as are read at once from each of them, and some more.
const mostLooks = 2 * openMax * openMax

// fill seats others until the table is full or nobody fits any more. The oldest that fit come first; when those cannot
// be completed, it tries the next.
func (p *pairing) fill(table []int, withBots bool) []int {
	seats, best := p.tickets[table[0]].Wish.Seats, table
	var sit func(table []int, from int) bool
	sit = func(table []int, from int) bool {
		if len(table) > len(best) {
			best = slices.Clone(table)
		}
		if len(table) == seats {
			return true
		}
		for i := from; i < len(p.tickets) && p.looks < mostLooks; i++ {
			p.looks++
			if p.taken[i] || !p.fits(table, i) || withBots && !p.playsBots(i) {
				continue
			}
			if sit(append(table, i), i+1) {
				return true
			}
		}
		return false
	}
	sit(table, table[0]+1)
	return best
}

func (p *pairing) fits(table []int, i int) bool {
	return !slices.ContainsFunc(table, func(seated int) bool {
		a, b := &p.tickets[seated], &p.tickets[i]
		return a.Player == b.Player || a.Wish.Role != "" && a.Wish.Role == b.Wish.Role || len(p.apart) > 0 && p.apart.Between(a.Player, b.Player)
	})
}

func (p *pairing) playsBots(i int) bool { return p.tickets[i].playsBots(p.now) }
