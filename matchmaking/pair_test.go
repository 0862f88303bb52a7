package matchmaking

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"yourturn/notify"
	"yourturn/session"
)

// tickets reads "ann bob:cat": a word for each ticket, oldest first, with the role after the colon.
func tickets(seats int, text string) (all []Ticket) {
	for i, word := range strings.Fields(text) {
		player, role, _ := strings.Cut(word, ":")
		all = append(all, Ticket{
			ID: TicketID(fmt.Sprintf("t%d", i)), Player: notify.PlayerID(player), Status: Waiting,
			Wish: session.Wish{Game: "g", Seats: seats, TurnSeconds: 60, Role: role},
		})
	}
	return all
}

// paired writes matches down: "t0+t1 t2+t3".
func paired(matches []session.Match) string {
	var all []string
	for _, m := range matches {
		all = append(all, strings.Join(m.Tickets, "+"))
	}
	return strings.Join(all, " ")
}

func TestPair(t *testing.T) {
	for name, c := range map[string]struct {
		seats         int
		tickets, want string
	}{
		"nobody":                        {2, "", ""},
		"one":                           {2, "ann", ""},
		"two":                           {2, "ann bob", "t0+t1"},
		"the oldest first":              {2, "ann bob cid", "t0+t1"},
		"four":                          {2, "ann bob cid dan", "t0+t1 t2+t3"},
		"never with oneself":            {2, "ann ann ann", ""},
		"somebody else's comes later":   {2, "ann ann bob", "t0+t2"},
		"each ticket once":              {2, "ann ann bob cid", "t0+t2 t1+t3"},
		"one role for two":              {2, "ann:cat bob:cat", ""},
		"the next with another role":    {2, "ann:cat bob:cat cid:dog", "t0+t2"},
		"a role and none":               {2, "ann:cat bob", "t0+t1"},
		"whoever waited longest first":  {2, "ann:cat bob:cat cid:dog dan:dog", "t0+t2 t1+t3"},
		"three seats":                   {3, "ann bob cid dan", "t0+t1+t2"},
		"two of three":                  {3, "ann bob", ""},
		"three seats, never oneself":    {3, "ann bob ann cid", "t0+t1+t3"},
		"three seats, two players":      {3, "ann bob ann bob", ""},
		"three roles":                   {3, "ann:cat bob:dog cid:cat dan:cow", "t0+t1+t3"},
		"two of one role, three seats":  {3, "ann:cat bob:cat cid dan", "t0+t2+t3"},
		"the first cannot, others can":  {2, "ann:cat ann:dog bob:cat", "t1+t2"},
		"those left over wait on":       {3, "ann bob cid dan eve fay gus", "t0+t1+t2 t3+t4+t5"},
		"alone at a table for one":      {1, "ann bob", "t0 t1"},
		"a table for one, and oneself":  {1, "ann ann", "t0 t1"},
		"a role stays with its player":  {2, "ann:dog bob:cat", "t0+t1"},
		"a full table needs everybody":  {4, "ann bob cid", ""},
		"the same player in two tables": {2, "ann bob ann cid", "t0+t1 t2+t3"},
	} {
		t.Run(name, func(t *testing.T) {
			given := tickets(c.seats, c.tickets)
			matches := pair(given, nil, time.Time{})
			if got := paired(matches); got != c.want {
				t.Errorf("%s: %q, want %q", c.tickets, got, c.want)
			}
			if !slices.EqualFunc(given, tickets(c.seats, c.tickets), same) {
				t.Error("pair has changed what it was given")
			}
			for _, m := range matches {
				for i, id := range m.Tickets {
					n := slices.IndexFunc(given, func(t Ticket) bool { return string(t.ID) == id })
					if m.Players[i] != (session.Seated{Player: given[n].Player, Role: given[n].Wish.Role}) {
						t.Errorf("ticket %s seats %+v", id, m.Players[i])
					}
				}
			}
		})
	}
}

func same(a, b Ticket) bool {
	return a.ID == b.ID && a.Player == b.Player && a.Wish.Role == b.Wish.Role && a.Status == b.Status
}

func fit(a, b Ticket) bool {
	return a.Player != b.Player && (a.Wish.Role == "" || a.Wish.Role != b.Wish.Role)
}

func TestPairKeepsItsPromises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seats := rapid.IntRange(2, 4).Draw(t, "seats")
		var words []string
		for range rapid.IntRange(0, 30).Draw(t, "tickets") {
			words = append(words, rapid.SampledFrom([]string{"ann", "bob", "cid", "dan", "eve", "fay"}).Draw(t, "player")+
				rapid.SampledFrom([]string{"", ":cat", ":dog", ":cow", ":ant"}).Draw(t, "role"))
		}
		given := tickets(seats, strings.Join(words, " "))
		left := map[TicketID]Ticket{}
		for _, ticket := range given {
			left[ticket.ID] = ticket
		}
		for _, m := range pair(given, nil, time.Time{}) {
			if len(m.Tickets) != seats || len(m.Players) != seats || m.Wish.Seats != seats {
				t.Fatalf("a table of %d seats %v", seats, m.Tickets)
			}
			var seated []Ticket
			for _, id := range m.Tickets {
				ticket, ok := left[TicketID(id)]
				if !ok {
					t.Fatalf("ticket %s is used twice", id)
				}
				delete(left, ticket.ID)
				for _, other := range seated {
					if !fit(other, ticket) {
						t.Fatalf("%+v beside %+v", other, ticket)
					}
				}
				seated = append(seated, ticket)
			}
		}
		if seats > 2 {
			return // greedy: a better choice of thirds may seat more
		}
		for _, a := range left {
			for _, b := range left {
				if a.ID != b.ID && fit(a, b) {
					t.Fatalf("%s of %s and %s of %s fit, and are left", a.ID, words, b.ID, words)
				}
			}
		}
	})
}

func TestBucketsHoldWhatFitsTogether(t *testing.T) {
	base := Ticket{ID: "a", Player: "ann", Wish: session.Wish{Game: "g", Seats: 12, TurnSeconds: 61, Role: "cat", Config: []byte(`{}`)}}
	for name, c := range map[string]struct {
		change func(*Ticket)
		same   bool
	}{
		"another player": {func(t *Ticket) { t.ID, t.Player = "b", "bob" }, true},
		"another role":   {func(t *Ticket) { t.Wish.Role = "dog" }, true},
		"another game":   {func(t *Ticket) { t.Wish.Game = "h" }, false},
		"another length": {func(t *Ticket) { t.Wish.TurnSeconds = 62 }, false},
		"more seats":     {func(t *Ticket) { t.Wish.Seats = 3 }, false},
		"another config": {func(t *Ticket) { t.Wish.Config = []byte(`{"size":4}`) }, false},
		"digits moved":   {func(t *Ticket) { t.Wish.TurnSeconds, t.Wish.Seats = 611, 2 }, false},
	} {
		other := base
		c.change(&other)
		if (base.Bucket() == other.Bucket()) != c.same {
			t.Errorf("%s: same bucket %v", name, !c.same)
		}
	}
}

// Between whom a block stands, whoever of them it is from, do not sit together; everybody else does as if there were none.
func TestPairKeepsApart(t *testing.T) {
	for name, c := range map[string]struct {
		seats         int
		tickets, want string
		apart         string
	}{
		"nobody":                      {2, "ann bob", "t0+t1", ""},
		"two":                         {2, "ann bob", "", "ann-bob"},
		"the other way round":         {2, "bob ann", "", "ann-bob"},
		"two others":                  {2, "ann bob", "t0+t1", "ann-cid"},
		"the next who fits":           {2, "ann bob cid", "t0+t2", "ann-bob"},
		"both find somebody":          {2, "ann bob cid dan", "t0+t2 t1+t3", "ann-bob"},
		"at a table of three":         {3, "ann bob cid", "", "bob-cid"},
		"a fourth takes the place":    {3, "ann bob cid dan", "t0+t1+t3", "bob-cid"},
		"each with another":           {2, "ann bob cid dan", "t0+t3 t1+t2", "ann-bob ann-cid"},
		"one whom everybody shuns":    {2, "ann bob cid", "t1+t2", "ann-bob ann-cid"},
		"a role in the way and a foe": {2, "ann:cat bob:cat cid:dog dan:dog", "t0+t3 t1+t2", "ann-cid"},
	} {
		t.Run(name, func(t *testing.T) {
			apart := session.Blocks{}
			for pair := range strings.FieldsSeq(c.apart) {
				one, other, _ := strings.Cut(pair, "-")
				apart.Add(notify.PlayerID(one), notify.PlayerID(other))
			}
			if got := paired(pair(tickets(c.seats, c.tickets), apart, time.Time{})); got != c.want {
				t.Errorf("%s: %q, want %q", c.tickets, got, c.want)
			}
		})
	}
}

// Of a player's tickets that differ in nothing the oldest is enough; one that bots may join, or of another role, is looked at too.
func TestFewOfEach(t *testing.T) {
	now := time.UnixMilli(1000)
	all := tickets(2, "ann ann bob ann:cat ann:cat ann ann bob")
	all[5].BotsAt, all[6].BotsAt = now, now.Add(time.Millisecond)
	want := []Ticket{all[0], all[2], all[3], all[5]}
	if got := fewOfEach(slices.Clone(all), now); !slices.EqualFunc(got, want, func(a, b Ticket) bool { return a.ID == b.ID }) {
		t.Errorf("%+v, want %+v", got, want)
	}
}
