package web

import (
	"strings"
	"testing"
)

// What a chat says of an invitation, in the states that a table can have.
func TestInvitationTexts(t *testing.T) {
	for title, c := range map[string]struct {
		Invitation
		description string
	}{
		"An invitation to play": {
			Invitation{}, "Games played one turn at a time, minutes or days apart. No account needed: open the link and play.",
		},
		"Brisk Otter invites you to Tic-tac-toe": {
			Invitation{Game: "tictactoe", Title: "Tic-tac-toe", Host: "Brisk Otter", SeatsFree: 1, TurnSeconds: 86400},
			"One seat is free. A day for each turn. No account needed: open the link and play.",
		},
		"You are invited to Quest": {
			Invitation{Game: "quest", Title: "Quest", SeatsFree: 3, TurnSeconds: 43200},
			"Three seats are free. Twelve hours for each turn. No account needed: open the link and play.",
		},
		"Ada invites you to Quiz": {
			Invitation{Game: "quiz", Title: "Quiz", Host: "Ada", SeatsFree: 498, TurnSeconds: 90, Begun: true},
			"498 seats are free, and the game is on. 90 seconds for each turn. No account needed: open the link and join in.",
		},
		"Ada has a table of Dungeon": {
			Invitation{Game: "dungeon", Title: "Dungeon", Host: "Ada", TurnSeconds: 60, Begun: true},
			"All seats are taken. If one of them is yours, open the link and play on; if not, begin a table of your own.",
		},
		"A table of Dungeon": {
			Invitation{Game: "dungeon", Title: "Dungeon", TurnSeconds: 60},
			"All seats are taken. If one of them is yours, open the link and play on; if not, begin a table of your own.",
		},
	} {
		if got := c.title(); got != title {
			t.Errorf("title %q, want %q", got, title)
		}
		if got := c.Invitation.description(); got != c.description {
			t.Errorf("%s: description %q, want %q", title, got, c.description)
		}
	}
}

// A name that would end a tag, write one of its own or turn the text around it, stays a name.
func TestAttackNameThatWritesIntoThePage(t *testing.T) {
	const evil = "\"><script>alert(1)</script>'&\u202e\u2066\u0000\u0007\nx{{.Name}}"
	i := Invitation{Game: "tictactoe", Title: evil, Host: evil, SeatsFree: 1, TurnSeconds: 60}
	page, err := newSite(t, evil).Page(i, `https://a.example/j/"><script>`)
	if err != nil {
		t.Fatal(err)
	}
	if text := string(page); strings.Contains(text, "<script>") || strings.Contains(text, "'&") || strings.ContainsAny(text, "\u202e\u2066\u0000\u0007\ufffd") {
		t.Errorf("in the page stands\n%s", text)
	}
	if want := "&lt;script&gt;alert(1)&lt;/script&gt;"; strings.Count(string(page), want) < 6 {
		t.Errorf("the name is not written as it is in\n%s", page)
	}
	if !strings.Contains(string(page), "x{{.Name}}") {
		t.Error("a name is read as a template")
	}
}

// The card is whole where the address is known, and without a picture where it is not.
func TestPageHasACard(t *testing.T) {
	s := newSite(t, "The Club")
	page, err := s.Page(shown["tictactoe"], "https://play.example/j/7H2KQ9XD")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"<title>Brisk Otter invites you to Tic-tac-toe</title>", `property="og:title" content="Brisk Otter invites you to Tic-tac-toe"`,
		`property="og:site_name" content="The Club"`, `property="og:url" content="https://play.example/j/7H2KQ9XD"`,
		`property="og:image" content="https://play.example/j/7H2KQ9XD/picture.png"`, `property="og:image:width" content="1200"`,
		`property="og:image:height" content="630"`, `property="og:image:alt" content="Brisk Otter invites you to Tic-tac-toe"`,
		`name="twitter:card" content="summary_large_image"`, `name="robots" content="noindex"`, `<script type="module" src="/app.js"></script>`,
	} {
		if !strings.Contains(string(page), want) {
			t.Errorf("no %s in\n%s", want, page)
		}
	}
	page, err = s.Page(shown["tictactoe"], "")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(page), "picture.png") || !strings.Contains(string(page), "og:title") {
		t.Errorf("without an address the page is\n%s", page)
	}
}
