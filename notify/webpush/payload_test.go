package webpush

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"yourturn/notify"
)

var update = flag.Bool("update", false, "write the golden files")

const page = "https://game.example/play/{session_id}"

func yourTurn() notify.Push {
	return notify.Push{
		ID: "01jq5zv9k8x2m4n6p7r8s9t0ab",
		Fields: notify.Fields{
			"kind": "your_turn", "session_id": "s_1", "game": "chess", "turn": "7", "version": "12", "seq": "31",
			"player_id": "p_1", "deadline_at": "2026-10-05T12:00:00Z",
		},
		Text: notify.Text{Title: "Chess", Body: "It is your turn against Ada."}, Badge: 3, Collapse: "c-s_1", Ends: time.Hour,
	}
}

func TestPayloadGolden(t *testing.T) {
	rendered, byApp, ticket, strange := yourTurn(), yourTurn(), yourTurn(), yourTurn()
	byApp.Text = notify.Text{TitleKey: "your_turn.title", BodyKey: "your_turn.body", BodyArgs: []string{"Chess", "Ada"}}
	ticket.Fields = notify.Fields{"kind": "ticket_expired", "seq": "32", "player_id": "p_1"}
	ticket.Collapse, ticket.Badge = "", 0
	strange.Fields["session_id"] = "a/b?c=d#e \"f\""
	strange.Text = notify.Text{Title: "<b>Tom & \"Jerry\"</b>", Body: "\u2028\u2029\x00\xff🦊"}
	strange.Badge = -1
	for name, c := range map[string]struct {
		push notify.Push
		page string
	}{
		"rendered":     {rendered, page},
		"without-page": {rendered, ""},
		"by-app":       {byApp, page},
		"ticket":       {ticket, page},
		"strange":      {strange, page},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Payload(c.push, c.page)
			if err != nil {
				t.Fatal(err)
			}
			var pretty bytes.Buffer
			if err := json.Indent(&pretty, got, "", "  "); err != nil {
				t.Fatal(err)
			}
			pretty.WriteByte('\n')
			golden(t, name+".json", pretty.Bytes())
		})
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s (write it with -update):\n%s", name, got)
	}
}

// What Safari and the standard's text refuse would show nothing, and a push that shows nothing costs the permission.
func TestPayloadIsDeclarative(t *testing.T) {
	body, err := Payload(yourTurn(), page)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		WebPush      any `json:"web_push"`
		AppBadge     any `json:"app_badge"`
		Notification map[string]any
	}
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatal(err)
	}
	if got.WebPush != 8030.0 || got.AppBadge != 3.0 || got.Notification["app_badge"] != 3.0 {
		t.Errorf("web_push %v, app_badge %v and %v", got.WebPush, got.AppBadge, got.Notification["app_badge"])
	}
	if got.Notification["navigate"] != "https://game.example/play/s_1" || got.Notification["title"] != "Chess" {
		t.Errorf("notification %v", got.Notification)
	}
	for _, absent := range []string{"silent", "mutable", "actions"} {
		if _, ok := got.Notification[absent]; ok {
			t.Errorf("the notification has %s", absent)
		}
	}
}

func TestLongTextIsCut(t *testing.T) {
	long := strings.Repeat("very long ", 1000)
	for name, c := range map[string]struct{ title, body string }{
		"body":                 {"Chess", long},
		"body of emoji":        {"Chess", strings.Repeat("🦊", 5000)},
		"body of ampersands":   {"Chess", strings.Repeat("&", 5000)},
		"body of controls":     {"Chess", strings.Repeat("\x01", 5000)},
		"body of half runes":   {"Chess", strings.Repeat("\xc3", 5000)},
		"title":                {long, ""},
		"title and body":       {long, long},
		"title leaves no body": {strings.Repeat("t", 2150), long},
	} {
		t.Run(name, func(t *testing.T) {
			p := yourTurn()
			p.Text = notify.Text{Title: c.title, Body: c.body}
			got, err := Payload(p, page)
			if err != nil {
				t.Fatal(err)
			}
			if len(got) > maxPayload || len(got) < maxPayload-20 || !utf8.Valid(got) {
				t.Errorf("%d bytes, valid %t", len(got), utf8.Valid(got))
			}
			if !bytes.Contains(got, []byte("…")) {
				t.Error("nothing says that it was cut")
			}
		})
	}
}

func TestTextThatJustFitsIsWhole(t *testing.T) {
	p := yourTurn()
	p.Text.Body = ""
	without, err := Payload(p, page)
	if err != nil {
		t.Fatal(err)
	}
	p.Text.Body = strings.Repeat("b", maxPayload-len(without)-len(`"body":"",`))
	got, err := Payload(p, page)
	if err != nil || len(got) != maxPayload || bytes.Contains(got, []byte("…")) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func TestWhatCannotBeCutIsTooLarge(t *testing.T) {
	fields, keys := yourTurn(), yourTurn()
	fields.Fields["game"] = strings.Repeat("g", 4000)
	keys.Text = notify.Text{TitleKey: "t", BodyKey: "b", BodyArgs: []string{strings.Repeat("a", 4000)}}
	for name, p := range map[string]notify.Push{"fields": fields, "keys": keys} {
		if got, err := Payload(p, page); err == nil {
			t.Errorf("%s: %d bytes", name, len(got))
		}
	}
}

func TestPayloadLeavesThePushAlone(t *testing.T) {
	p := yourTurn()
	p.Text = notify.Text{TitleKey: "t", BodyKey: "b", BodyArgs: make([]string, 1, 8)}
	if _, err := Payload(p, page); err != nil {
		t.Fatal(err)
	}
	if len(p.Fields) != 8 || !slices.Equal(p.Text.BodyArgs[:8], make([]string, 8)) {
		t.Errorf("the push has changed: %v", p)
	}
}
