package matchmaking

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"yourturn/games"
	"yourturn/session"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// patience reads "ann bob:cat@30": tickets as before, and after the @ how many seconds after noon bots may take the free seats.
func patience(seats int, text string) (all []Ticket) {
	for i, word := range strings.Fields(text) {
		who, seconds, impatient := strings.Cut(word, "@")
		t := tickets(seats, who)[0]
		t.ID = TicketID(fmt.Sprintf("t%d", i))
		if impatient {
			after, err := strconv.Atoi(seconds)
			if err != nil {
				panic(err)
			}
			t.BotsAt = noon.Add(time.Duration(after) * time.Second)
		}
		all = append(all, t)
	}
	return all
}

// seated writes matches down with their bots: "t0+t1 t2+bot".
func seated(matches []session.Match) string {
	var all []string
	for _, m := range matches {
		table := slices.Clone(m.Tickets)
		for range len(m.Players) - len(m.Tickets) {
			table = append(table, "bot")
		}
		all = append(all, strings.Join(table, "+"))
	}
	return strings.Join(all, " ")
}

func TestPairWithBots(t *testing.T) {
	for name, c := range map[string]struct {
		seats         int
		tickets, want string // thirty seconds after noon
	}{
		"nobody has waited long enough":           {2, "ann@31", ""},
		"at the very instant":                     {2, "ann@30", "t0+bot"},
		"long ago":                                {2, "ann@-500", "t0+bot"},
		"who never wants bots":                    {2, "ann", ""},
		"who never wants them waits on":           {2, "ann bob:cat@10 cid:cat", "t0+t1"},
		"a person comes before a bot":             {2, "ann@10 bob", "t0+t1"},
		"whoever that person is":                  {2, "ann bob@10", "t0+t1"},
		"two who have waited sit together":        {3, "ann@10 bob@20", "t0+t1+bot"},
		"who still waits does not sit with bots":  {3, "ann@10 bob@40", "t0+bot+bot"},
		"nor does who never wants them":           {3, "ann@10 bob", "t0+bot+bot"},
		"a full table of people comes first":      {3, "ann@10 bob cid dan@10", "t0+t1+t2 t3+bot+bot"},
		"a full table is made of whoever fits":    {3, "ann bob@10 cid@40", "t0+t1+t2"},
		"three who have waited fill a table":      {3, "ann@10 bob@10 cid@10", "t0+t1+t2"},
		"four who have":                           {3, "ann@10 bob@10 cid@10 dan@10", "t0+t1+t2 t3+bot+bot"},
		"each gets a table where roles collide":   {2, "ann:cat@10 bob:cat@10", "t0+bot t1+bot"},
		"roles that fit sit together":             {3, "ann:cat@10 bob:dog@10 cid:cat@10", "t0+t1+bot t2+bot+bot"},
		"oneself is not met":                      {2, "ann@10 ann@20", "t0+bot t1+bot"},
		"nor beside bots":                         {3, "ann@10 ann@20 bob@20", "t0+t2+bot t1+bot+bot"},
		"as many people as can be, then bots":     {4, "ann:cat@1 bob:cat@1 cid:dog@1 dan:cow@1", "t0+t2+t3+bot t1+bot+bot+bot"},
		"the oldest of those who have waited":     {2, "ann:cat@40 bob:cat@20 cid:cat@10", "t1+bot t2+bot"},
		"a table for one needs no bots":           {1, "ann@40 bob", "t0 t1"},
		"a player in two tables, one with people": {2, "ann@10 ann@10 bob", "t0+t2 t1+bot"},
	} {
		t.Run(name, func(t *testing.T) {
			given := patience(c.seats, c.tickets)
			matches := pair(given, nil, noon.Add(30*time.Second))
			if got := seated(matches); got != c.want {
				t.Errorf("%s: %q, want %q", c.tickets, got, c.want)
			}
			for _, m := range matches {
				if len(m.Players) != c.seats {
					t.Errorf("a table of %d for %d", len(m.Players), c.seats)
				}
				for i, p := range m.Players {
					if isBot := i >= len(m.Tickets); isBot != (p.Bot != "") || isBot != (p.Player == "") || isBot && p != (session.Seated{Bot: games.Normal}) {
						t.Errorf("%+v sits down", p)
					}
				}
			}
			if again := patience(c.seats, c.tickets); !slices.EqualFunc(given, again, same) {
				t.Error("pair has changed what it was given")
			}
		})
	}
}

// Where whoever comes first blocks a full table, the next who fits is tried.
func TestPairFindsThreeOfDistinctRoles(t *testing.T) {
	for name, c := range map[string]struct {
		seats         int
		tickets, want string
	}{
		"the second fits, and the third then does not": {3, "ann:cat bob:dog bob:cow cid:dog", "t0+t2+t3"},
		"somebody without a wish sits in the way":      {3, "ann:cat bob bob:dog cid:cow bob:cow", "t0+t1+t3"},
		"two hold both of the other roles":             {3, "ann:cat bob:dog cid:cow", "t0+t1+t2"},
		"three tickets of one who blocks":              {3, "ann:cat bob:dog bob:cow cid:cow", "t0+t1+t3"},
		"twice wrong before it is right":               {4, "ann:cat bob:dog cid:cow bob:ant dan:dog", "t0+t2+t3+t4"},
		"the first finds nobody, the second does":      {3, "ann:cat ann:dog bob:cat cid:cow", "t1+t2+t3"},
		"many of one role":                             {3, "ann:cat bob:cat cid:cat dan:cat eve:dog fay:cow", "t0+t4+t5"},
		"a role is missing":                            {3, "ann:cat bob:dog cid:cat dan:dog", ""},
		"one who could complete two tables":            {3, "ann:cat bob:dog cid:cat dan:dog eve:cow", "t0+t1+t4"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := seated(pair(patience(c.seats, c.tickets), nil, noon)); got != c.want {
				t.Errorf("%s: %q, want %q", c.tickets, got, c.want)
			}
		})
	}
}

// A bucket in which no table can be filled would take for ever to be searched through: every choice of tickets of these
// eleven people fits, and none makes twelve. Those who follow are found all the same.
func TestTheSearchForATableIsBounded(t *testing.T) {
	var words []string
	for n := range 220 {
		words = append(words, fmt.Sprintf("p%d", n%11))
	}
	if got := pair(patience(12, strings.Join(words, " ")), nil, noon); len(got) != 0 {
		t.Errorf("twelve seats for eleven people: %s", seated(got))
	}
	words = append(words, "last@0")
	if got := pair(patience(12, strings.Join(words, " ")), nil, noon); len(got) == 0 {
		t.Error("the twelfth comes, and nobody is seated")
	}
}

// No due ticket is ever left without a seat, nobody else sits beside a bot, and bots come only where no person fits.
func TestPairWithBotsKeepsItsPromises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seats := rapid.IntRange(2, 4).Draw(t, "seats")
		var words []string
		for range rapid.IntRange(0, 20).Draw(t, "tickets") {
			words = append(words, rapid.SampledFrom([]string{"ann", "bob", "cid", "dan", "eve"}).Draw(t, "player")+
				rapid.SampledFrom([]string{"", ":cat", ":dog", ":cow", ":ant"}).Draw(t, "role")+
				rapid.SampledFrom([]string{"", "@10", "@50"}).Draw(t, "patience"))
		}
		given := patience(seats, strings.Join(words, " "))
		byID := map[string]Ticket{}
		for _, ticket := range given {
			byID[string(ticket.ID)] = ticket
		}
		due := func(ticket Ticket) bool {
			return !ticket.BotsAt.IsZero() && !ticket.BotsAt.After(noon.Add(30*time.Second))
		}
		for _, m := range pair(given, nil, noon.Add(30*time.Second)) {
			var people []Ticket
			for i, id := range m.Tickets {
				ticket, free := byID[id]
				if !free {
					t.Fatalf("ticket %s of %v is used twice", id, words)
				}
				delete(byID, id)
				if m.Players[i].Player != ticket.Player || m.Players[i].Role != ticket.Wish.Role {
					t.Fatalf("ticket %s seats %+v", id, m.Players[i])
				}
				for _, other := range people {
					if !fit(other, ticket) {
						t.Fatalf("%s beside %s of %v", other.ID, id, words)
					}
				}
				people = append(people, ticket)
			}
			if len(m.Players) != seats {
				t.Fatalf("a table of %d for %d", len(m.Players), seats)
			}
			if len(people) < seats && slices.ContainsFunc(people, func(ticket Ticket) bool { return !due(ticket) }) {
				t.Fatalf("%v sit with bots, of %v", m.Tickets, words)
			}
		}
		for id, ticket := range byID {
			if due(ticket) {
				t.Fatalf("%s of %v is due, and waits on", id, words)
			}
		}
	})
}
