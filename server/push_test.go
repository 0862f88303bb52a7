package server_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	strict "github.com/go-json-experiment/json"
	"google.golang.org/api/fcm/v1"

	"yourturn/games"
	"yourturn/games/tictactoe"
	"yourturn/notify"
	"yourturn/notify/providertest"
	"yourturn/server"
	"yourturn/server/servertest"
	"yourturn/store/enginetest"
)

// pushed watches people's devices: each look tells what has reached them since the last one, and what the ledger says.
type pushed struct {
	t         *testing.T
	url       string
	providers *servertest.Providers
	people    []*servertest.App // a login of each
	opponent  map[string]string // by player: who stands in the texts
	words     map[string]string // letters for the collapse words, in order of appearance
	known     map[string]bool   // deliveries that were looked at
}

func watch(t *testing.T, url string, providers *servertest.Providers, people ...*servertest.App) *pushed {
	w := &pushed{t: t, url: url, providers: providers, people: people, opponent: map[string]string{}, words: map[string]string{}, known: map[string]bool{}}
	return w
}

// after moves the clock, upon which all that is due has been pushed.
func (w *pushed) after(d time.Duration, others ...*servertest.App) {
	w.t.Helper()
	servertest.Advance(w.t, w.url, d)
	for _, app := range slices.Concat(w.people, others) {
		app.Renew(w.t)
	}
}

// delivery is a line of the ledger.
type delivery struct {
	ID        string    `json:"id"`
	Seq       int64     `json:"seq"`
	SessionID string    `json:"session_id"`
	Kind      string    `json:"kind"`
	Channel   string    `json:"channel"`
	DeviceID  string    `json:"device_id"`
	Status    string    `json:"status"`
	Reason    string    `json:"reason"`
	Attempts  int       `json:"attempts"`
	UpdatedAt time.Time `json:"updated_at"`
}

// ledger lists a player's deliveries, oldest first.
func ledger(t *testing.T, app *servertest.App) (all []delivery) {
	t.Helper()
	for cursor := ""; ; {
		var page struct {
			Items      []delivery `json:"items"`
			NextCursor string     `json:"next_cursor"`
		}
		app.Must(t, 200, "GET", "/v1/me/deliveries?limit=100&cursor="+cursor, nil).Into(t, &page)
		all = append(all, page.Items...)
		if cursor = page.NextCursor; cursor == "" {
			slices.Reverse(all)
			return all
		}
	}
}

// look compares with lines like
//
//	push Ann your_turn, badge 1, as A, until its deadline: apns fcm webpush
//	row  Ann your_turn sent, asked 1: apns fcm webpush
//
// in which devices are grouped that got, or did not get, the same. Every push has the right texts and fields.
func (w *pushed) look(what, want string) {
	w.t.Helper()
	groups := map[string][]string{}
	note := func(line, device string) { groups[line] = append(groups[line], device) }
	rows := map[string]delivery{}
	feeds := map[string][]servertest.Message{}
	for _, app := range w.people {
		feeds[app.Player] = feedOf(w.t, app)
		for _, d := range ledger(w.t, app) {
			if w.known[d.ID] {
				continue
			}
			w.known[d.ID] = true
			rows[rowKey(app.Player, d.DeviceID, d.Kind, fmt.Sprint(d.Seq))] = d
			note(strings.TrimSuffix(fmt.Sprintf("row  %s %s %s %s", app.Name, d.Kind, d.Status, d.Reason), " ")+fmt.Sprintf(", asked %d: ", d.Attempts), d.DeviceID)
		}
	}
	fields := map[string]map[string]string{} // by player, kind and number
	for _, p := range w.providers.Arrived(w.t) {
		kind, seq := p.Fields["kind"], p.Fields["seq"]
		row, ok := rows[rowKey(p.To.App.Player, p.To.ID, kind, seq)]
		if !ok || row.Status != "sent" {
			w.t.Errorf("%s: a push of %s to %s is not in the ledger: %+v", what, kind, p.To.ID, row)
		}
		about := feedMessage(feeds[p.To.App.Player], seq)
		same(w.t, what+": fields of "+kind+" to "+p.To.ID, p.Fields, flat(about, p.To.App.Player, kind))
		key := p.To.App.Player + kind + seq
		if fields[key] == nil {
			fields[key] = p.Fields
		}
		same(w.t, what+": fields on each channel", p.Fields, fields[key])
		w.checkText(what, p)
		note(fmt.Sprintf("push %s %s, badge %d, as %s, %s: ", p.To.App.Name, kind, p.Badge, w.word(p), w.ends(p, about, row)), p.To.ID)
	}
	var lines []string
	for line, devices := range groups {
		slices.Sort(devices)
		lines = append(lines, line+strings.Join(devices, " "))
	}
	slices.Sort(lines)
	var wanted []string
	for line := range strings.Lines(want) {
		if line = strings.TrimSpace(line); line != "" {
			wanted = append(wanted, line)
		}
	}
	slices.Sort(wanted)
	same(w.t, what, lines, wanted)
}

// skip takes what has come for granted.
func (w *pushed) skip() {
	w.t.Helper()
	w.providers.Arrived(w.t)
	for _, app := range w.people {
		for _, d := range ledger(w.t, app) {
			w.known[d.ID] = true
		}
	}
}

func rowKey(parts ...string) string { return strings.Join(parts, " ") }

func feedMessage(feed []servertest.Message, seq string) (found servertest.Message) {
	for _, m := range feed {
		if fmt.Sprint(m.Seq) == seq {
			return m
		}
	}
	return found
}

// flat are the strings that every push of a message carries.
func flat(m servertest.Message, player, kind string) map[string]string {
	fields := map[string]string{"kind": m.Kind, "player_id": player, "seq": fmt.Sprint(m.Seq), "game": m.Game}
	if kind == "badge" { // under the number of the message about the same change
		fields["kind"] = kind
	}
	if m.SessionID != "" {
		fields["session_id"], fields["turn"], fields["version"] = m.SessionID, fmt.Sprint(*m.Turn), fmt.Sprint(*m.Version)
	}
	if m.DeadlineAt != nil {
		fields["deadline_at"] = m.DeadlineAt.Format(time.RFC3339)
	}
	return fields
}

// word is a letter for what a push replaces, which it says in all the places that its channel has.
func (w *pushed) word(p servertest.Pushed) string {
	w.t.Helper()
	word := p.Collapse
	if p.To.Channel == notify.FCM {
		sent := servertest.Answer{Body: p.Body}
		apple := sent.String("message", "apns", "headers", "apns-collapse-id")
		if word != "" {
			same(w.t, "the word for Android and iPhones", word, apple)
		}
		word = apple
		class := "turn"
		if p.Fields["kind"] == "badge" {
			class = "badge"
		}
		same(w.t, "the class of messages", sent.String("message", "android", "collapse_key"), class)
	}
	if w.words[word] == "" {
		w.words[word] = string(rune('A' + len(w.words)))
	}
	return w.words[word]
}

// ends says until when the provider keeps a push, in the domain's time: the ledger has when it was sent.
func (w *pushed) ends(p servertest.Pushed, about servertest.Message, row delivery) string {
	w.t.Helper()
	life := p.Life(w.t)
	near := func(at time.Time) bool { return row.UpdatedAt.Add(life).Sub(at).Abs() < time.Minute }
	switch {
	case about.DeadlineAt != nil && near(*about.DeadlineAt) && (about.Kind == "your_turn" || about.Kind == "turn_reminder"):
		return "until its deadline"
	case near(about.At.Add(day)):
		return "for a day"
	}
	return "for " + life.String()
}

// Devices have no locale but those of fcm and webpush, which have German and Japanese.
var pushTexts = map[string]map[string]string{
	"matched": {
		notify.APNs:    "Your game has started / You are playing Tic-tac-toe with OPPONENT. We will tell you when it’s your turn.",
		notify.FCM:     "Dein Spiel hat begonnen / Du spielst Tic-tac-toe mit OPPONENT. Wir sagen dir, wann du dran bist.",
		notify.WebPush: "ゲームが始まりました / OPPONENTさんとの「Tic-tac-toe」が始まりました。あなたの番になったらお知らせします。",
	},
	"your_turn": {
		notify.APNs:    "It’s your turn / Make your move in Tic-tac-toe with OPPONENT.",
		notify.FCM:     "Du bist dran / Mach deinen Zug in Tic-tac-toe mit OPPONENT.",
		notify.WebPush: "あなたの番です / OPPONENTさんとの「Tic-tac-toe」を進めてください。",
	},
	"turn_reminder": {
		notify.APNs:    "Your time is running out / Make your move in Tic-tac-toe with OPPONENT before your time is up.",
		notify.FCM:     "Deine Zeit läuft ab / Mach deinen Zug in Tic-tac-toe mit OPPONENT, bevor deine Zeit um ist.",
		notify.WebPush: "残り時間がわずかです / 時間切れになる前に、OPPONENTさんとの「Tic-tac-toe」を進めてください。",
	},
	"session_finished": {
		notify.APNs:    "Your game is over / Your game of Tic-tac-toe with OPPONENT is over. See how it ended.",
		notify.FCM:     "Dein Spiel ist zu Ende / Dein Spiel Tic-tac-toe mit OPPONENT ist zu Ende. Schau, wie es ausgegangen ist.",
		notify.WebPush: "ゲームが終わりました / OPPONENTさんとの「Tic-tac-toe」が終わりました。結果をご確認ください。",
	},
	"ticket_expired": {
		notify.APNs:    "No opponent found / We found nobody to play Tic-tac-toe with you this time. Try again whenever you like.",
		notify.FCM:     "Niemanden gefunden / Diesmal haben wir niemanden gefunden, der Tic-tac-toe mit dir spielt. Versuch es gern noch einmal.",
		notify.WebPush: "相手が見つかりませんでした / 今回は「Tic-tac-toe」の相手が見つかりませんでした。またいつでもお試しください。",
	},
}

func (w *pushed) checkText(what string, p servertest.Pushed) {
	w.t.Helper()
	kind, want := p.Fields["kind"], " / "
	if kind != "badge" {
		want = strings.ReplaceAll(pushTexts[kind][p.To.Channel], "OPPONENT", w.opponent[p.To.App.Player])
	}
	same(w.t, what+": text of "+kind+" to "+p.To.ID, p.Title+" / "+p.Text, want)
	sent := servertest.Answer{Body: p.Body}
	silent := sent.At("aps", "alert") == nil && sent.At("message", "notification") == nil && sent.At("message", "android", "notification") == nil && sent.At("notification") == nil
	same(w.t, what+": whether "+kind+" shows nothing at "+p.To.ID, silent, kind == "badge")
}

// register puts a device on each channel, in the languages of [pushTexts].
func (w *pushed) register(app *servertest.App, prefix string) (all map[string]*servertest.Device) {
	w.t.Helper()
	all = map[string]*servertest.Device{}
	for channel, locale := range map[string]string{notify.APNs: "", notify.FCM: "de-AT", notify.WebPush: "ja"} {
		all[channel] = w.providers.Device(app, prefix+channel, channel)
		all[channel].Register(w.t, "locale", locale)
	}
	return all
}

// Two people with devices on every channel play with breaks. Each push and each line of the ledger is in the table, and
// there are no others.
func TestPushesOfAGameWithBreaks(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		providers := servertest.NewProviders(t)
		url := servertest.Local(t, database, servertest.Options{Push: providers.Config})
		ann, bob := servertest.Guest(t, url, "Ann"), servertest.Guest(t, url, "Bob")
		w := watch(t, url, providers, ann, bob)
		w.register(ann, "")
		w.register(bob, "")
		id, turn := "", int64(0)
		match := func() {
			ann.Must(t, 201, "POST", "/v1/tickets", ticket(24*3600))
			id = bob.Must(t, 201, "POST", "/v1/tickets", ticket(24*3600)).String("session_id")
			if bob.Must(t, 200, "GET", sessionPath(id), nil).Bool("your_turn") {
				ann, bob = bob, ann // who begins is drawn: it is she who is called Ann
			}
			for app, name := range map[*servertest.App]string{ann: "Ann", bob: "Bob"} {
				app.Name = app.Must(t, 200, "PATCH", "/v1/me", map[string]any{"display_name": name}).String("display_name")
			}
			w.opponent[ann.Player], w.opponent[bob.Player] = "Bob", "Ann"
			turn = 0
		}
		move := func(app *servertest.App, cell int) {
			t.Helper()
			turn++
			app.Must(t, 200, "POST", servertest.MovePath(id), servertest.Move(turn, cell))
		}
		for _, step := range []struct {
			what string
			do   func()
			want string
		}{
			{"a match", match, ""},
			{"its grace", func() { w.after(servertest.Grace) }, `
				push Ann your_turn, badge 1, as A, until its deadline: apns fcm webpush
				row  Ann your_turn sent, asked 1: apns fcm webpush
				push Bob matched, badge 0, as A, for a day: apns fcm webpush
				row  Bob matched sent, asked 1: apns fcm webpush`},
			{"a move", func() { move(ann, 0); w.after(servertest.Grace) }, `
				push Bob your_turn, badge 1, as A, until its deadline: apns fcm webpush
				row  Bob your_turn sent, asked 1: apns fcm webpush`},
			{"a move and a quick reply", func() { move(bob, 1); move(ann, 2); w.after(servertest.Grace) }, `
				row  Ann your_turn suppressed turn-over, asked 0: apns fcm webpush
				push Bob your_turn, badge 1, as A, until its deadline: apns fcm webpush
				row  Bob your_turn sent, asked 1: apns fcm webpush`},
			{"an acknowledgement within the grace", func() {
				move(bob, 4)
				ann.Must(t, 200, "POST", "/v1/me/feed/ack", map[string]any{"seq": len(feedOf(t, ann))})
				w.after(servertest.Grace)
			}, `
				row  Ann your_turn suppressed acknowledged, asked 0: apns fcm webpush`},
			{"an hour before the reminder", func() { w.after(18 * time.Hour) }, ""},
			{"the reminder, whatever was acknowledged before", func() { w.after(2 * time.Hour) }, `
				push Ann turn_reminder, badge 1, as A, until its deadline: apns fcm webpush
				row  Ann turn_reminder sent, asked 1: apns fcm webpush`},
			{"a muted game", func() {
				bob.Must(t, 204, "PUT", sessionPath(id)+"/mute", nil)
				bob.Must(t, 204, "PUT", sessionPath(id)+"/mute", nil)
				move(ann, 3)
				w.after(servertest.Grace)
			}, `
				row  Bob your_turn suppressed muted, asked 0: apns fcm webpush`},
			{"for one of the two", func() { move(bob, 5); w.after(servertest.Grace) }, `
				push Ann your_turn, badge 1, as A, until its deadline: apns fcm webpush
				row  Ann your_turn sent, asked 1: apns fcm webpush`},
			{"unmuted", func() { bob.Must(t, 204, "DELETE", sessionPath(id)+"/mute", nil); w.after(servertest.Grace) }, ""},
			{"a move again", func() { move(ann, 7); w.after(servertest.Grace) }, `
				push Bob your_turn, badge 1, as A, until its deadline: apns fcm webpush
				row  Bob your_turn sent, asked 1: apns fcm webpush`},
			{"the last but one", func() { move(bob, 6); w.after(servertest.Grace) }, `
				push Ann your_turn, badge 1, as A, until its deadline: apns fcm webpush
				row  Ann your_turn sent, asked 1: apns fcm webpush`},
			{"the end, to all but the actor", func() { move(ann, 8); w.after(servertest.Grace) }, `
				push Bob session_finished, badge 0, as A, for a day: apns fcm webpush
				row  Bob session_finished sent, asked 1: apns fcm webpush`},
			{"another match", func() { match(); w.after(servertest.Grace) }, `
				push Ann your_turn, badge 1, as B, until its deadline: apns fcm webpush
				row  Ann your_turn sent, asked 1: apns fcm webpush
				push Bob matched, badge 0, as B, for a day: apns fcm webpush
				row  Bob matched sent, asked 1: apns fcm webpush`},
			{"its reminder", func() { w.after(20 * time.Hour) }, `
				push Ann turn_reminder, badge 1, as B, until its deadline: apns fcm webpush
				row  Ann turn_reminder sent, asked 1: apns fcm webpush`},
			{"lost on time, which is nobody's doing", func() { w.after(5 * time.Hour) }, `
				push Ann badge, badge 0, as C, for a day: apns fcm
				row  Ann badge sent, asked 1: apns fcm
				push Ann session_finished, badge 0, as B, for a day: apns fcm webpush
				row  Ann session_finished sent, asked 1: apns fcm webpush
				push Bob session_finished, badge 0, as B, for a day: apns fcm webpush
				row  Bob session_finished sent, asked 1: apns fcm webpush`},
			{"a ticket", func() { bob.Must(t, 201, "POST", "/v1/tickets", ticket(700)); w.after(7*day - time.Hour) }, ""},
			{"that expires", func() { w.after(2 * time.Hour) }, `
				push Bob ticket_expired, badge 0, as D, for a day: apns fcm webpush
				row  Bob ticket_expired sent, asked 1: apns fcm webpush`},
			{"a long silence", func() { w.after(3 * day) }, ""},
		} {
			step.do()
			w.look(step.what, step.want)
		}
		if told := kinds(feedOf(t, ann)); !slices.Contains(told, "session_updated") {
			t.Errorf("nothing is shown of a kind that is never pushed: the feed has %q", told)
		}
	})
}

// annToMove seats two at a table of their own and lets it become Ann's turn; the pushes of that are skipped.
func (w *pushed) annToMove(ann, bob *servertest.App, all ...*servertest.App) (id string, turn int64) {
	w.t.Helper()
	id, first, _ := seated(w.t, "tictactoe", ann, bob)
	turn = 1
	if first == bob {
		bob.Must(w.t, 200, "POST", servertest.MovePath(id), servertest.Move(1, 8))
		turn = 2
	}
	w.after(servertest.Grace, append(all, bob)...)
	w.skip()
	return id, turn
}

// What one login does, the devices of the other are to know, and the other way round.
func TestPushesToTwoLogins(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		providers := servertest.NewProviders(t)
		url := servertest.Local(t, database, servertest.Options{Push: providers.Config, Retention: 1000 * day})
		phone, bob := servertest.Guest(t, url, "Ann"), servertest.Guest(t, url, "Bob")
		tablet := servertest.Second(t, phone)
		w := watch(t, url, providers, phone)
		w.opponent[phone.Player] = "Bob"
		w.register(phone, "phone-")
		w.register(tablet, "tablet-")
		move := func(app *servertest.App, id string, turn int64, cell int) {
			t.Helper()
			app.Must(t, 200, "POST", servertest.MovePath(id), servertest.Move(turn, cell))
		}
		settle := func() { t.Helper(); w.after(servertest.Grace, tablet, bob) }

		id, turn := w.annToMove(phone, bob, tablet)
		move(phone, id, turn, 0)
		settle()
		w.look("a move on the phone", `
			push Ann badge, badge 0, as A, for a day: tablet-apns tablet-fcm
			row  Ann badge sent, asked 1: tablet-apns tablet-fcm`)
		move(bob, id, turn+1, 1)
		settle()
		w.look("the answer", `
			push Ann your_turn, badge 1, as B, until its deadline: phone-apns phone-fcm phone-webpush tablet-apns tablet-fcm tablet-webpush
			row  Ann your_turn sent, asked 1: phone-apns phone-fcm phone-webpush tablet-apns tablet-fcm tablet-webpush`)
		move(tablet, id, turn+2, 2)
		settle()
		w.look("a move on the tablet", `
			push Ann badge, badge 0, as A, for a day: phone-apns phone-fcm
			row  Ann badge sent, asked 1: phone-apns phone-fcm`)
		move(bob, id, turn+3, 3)
		tablet.Must(t, 200, "POST", "/v1/me/feed/ack", map[string]any{"seq": len(feedOf(t, tablet))})
		settle()
		w.look("seen by a person on the tablet", `
			row  Ann your_turn suppressed acknowledged, asked 0: phone-apns phone-fcm phone-webpush tablet-apns tablet-fcm tablet-webpush`)
		move(phone, id, turn+4, 4)
		settle()
		w.skip()
		stream := tablet.Stream(t, "")
		stream.Greeted(t)
		move(bob, id, turn+5, 5)
		last := feedOf(t, tablet)
		for stream.Next(t).Seq() < int64(len(last)) { // she is told while she is connected
		}
		settle()
		w.look("an open stream", `
			push Ann your_turn, badge 1, as B, until its deadline: phone-apns phone-fcm phone-webpush tablet-apns tablet-fcm tablet-webpush
			row  Ann your_turn sent, asked 1: phone-apns phone-fcm phone-webpush tablet-apns tablet-fcm tablet-webpush`)
		stream.Drop()
		phone.Must(t, 200, "POST", sessionPath(id)+"/forfeit", nil)
		settle()
		w.look("given up on the phone", `
			push Ann badge, badge 0, as A, for a day: tablet-apns tablet-fcm
			row  Ann badge sent, asked 1: tablet-apns tablet-fcm`)
		w.annToMove(phone, bob, tablet)
		w.after(30*day, tablet, bob)
		w.look("lost on time", `
			push Ann badge, badge 0, as A, for a day: phone-apns phone-fcm tablet-apns tablet-fcm
			row  Ann badge sent, asked 1: phone-apns phone-fcm tablet-apns tablet-fcm
			push Ann turn_reminder, badge 1, as C, until its deadline: phone-apns phone-fcm phone-webpush tablet-apns tablet-fcm tablet-webpush
			row  Ann turn_reminder sent, asked 1: phone-apns phone-fcm phone-webpush tablet-apns tablet-fcm tablet-webpush
			push Ann session_finished, badge 0, as C, for a day: phone-apns phone-fcm phone-webpush tablet-apns tablet-fcm tablet-webpush
			row  Ann session_finished sent, asked 1: phone-apns phone-fcm phone-webpush tablet-apns tablet-fcm tablet-webpush`)

		id, turn = w.annToMove(phone, bob, tablet)
		move(phone, id, turn, 0)
		move(bob, id, turn+1, 1)
		tablet.Must(t, 204, "DELETE", "/v1/tokens", nil)
		same(t, "devices after the logout", phone.Must(t, 200, "GET", "/v1/me/devices", nil).Len("items"), 3)
		w.after(servertest.Grace, bob)
		w.look("the tablet has logged out within the grace", `
			push Ann your_turn, badge 1, as D, until its deadline: phone-apns phone-fcm phone-webpush
			row  Ann your_turn sent, asked 1: phone-apns phone-fcm phone-webpush`)
		move(phone, id, turn+2, 2)
		move(bob, id, turn+3, 3)
		db := servertest.Open(t, database)
		phone.Must(t, 204, "DELETE", "/v1/me", nil)
		servertest.Advance(t, url, 30*day)
		if arrived := providers.Arrived(t); len(arrived) > 0 {
			t.Errorf("a push to somebody who has gone: %s", arrived[0].Body)
		}
		for _, table := range []string{"devices", "notices", "deliveries", "feed", "counters", "logins"} {
			var left int
			if err := db.QueryRow("SELECT COUNT(*) FROM "+table+" WHERE player_id = ?", phone.Player).Scan(&left); err != nil {
				t.Fatal(err)
			}
			same(t, table+" of somebody who has gone", left, 0)
		}
	})
}

// A token belongs to who registered it last, and a player has one device of it.
func TestDevicesAndWhoHasThem(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		providers := servertest.NewProviders(t)
		url := servertest.Local(t, database, servertest.Options{Push: providers.Config})
		ann, bob, eve := servertest.Guest(t, url, "Ann"), servertest.Guest(t, url, "Bob"), servertest.Guest(t, url, "Eve")
		tablet := servertest.Second(t, ann)
		ids := func(app *servertest.App) (all []string) {
			t.Helper()
			list := app.Must(t, 200, "GET", "/v1/me/devices", nil)
			for i := range list.Len("items") {
				all = append(all, list.String("items", i, "id"))
			}
			return all
		}
		for _, channel := range servertest.Channels {
			d := providers.Device(ann, "phone-"+channel, channel)
			first := ann.Must(t, 200, "PUT", d.Path(), d.Body("locale", "pt_br"))
			same(t, "told once more", encode(t, ann.Must(t, 200, "PUT", d.Path(), d.Body("locale", "pt-BR")).At("texts")), encode(t, first.At("texts")))
			same(t, "one device", ids(ann), []string{"phone-" + channel})
			environment := ""
			if channel == notify.APNs {
				environment = `"environment": "production",`
			}
			at := ann.Must(t, 200, "GET", "/v1/me/devices", nil)
			if _, err := time.Parse(time.RFC3339, at.String("items", 0, "registered_at")); err != nil {
				t.Error(err)
			}
			sameJSON(t, "what is shown of it", encode(t, at.At("items", 0)), fmt.Appendf(nil, `{"id": "phone-%s", "channel": %q, %s "locale": "pt-BR",
				"texts": "server", "this_login": true, "registered_at": %q}`, channel, channel, environment, at.String("items", 0, "registered_at")))
			same(t, "to another login", tablet.Must(t, 200, "GET", "/v1/me/devices", nil).Bool("items", 0, "this_login"), false)
			again := *d
			again.ID = "new-install"
			again.Register(t)
			same(t, "the same token under another id", ids(ann), []string{"new-install"})
			ann.Must(t, 204, "DELETE", again.Path(), nil)
			ann.Must(t, 204, "DELETE", again.Path(), nil) // the first answer may have been lost
			same(t, "deleted", len(ids(ann)), 0)
		}

		all := providers.Devices(t, ann, "shared-")
		w := watch(t, url, providers, ann, bob)
		id, first, second := seated(t, "tictactoe", ann, bob)
		if first == bob {
			bob.Must(t, 200, "POST", servertest.MovePath(id), servertest.Move(1, 0))
		}
		_ = second
		// The providers are ill, so that deliveries wait when the devices change hands.
		for _, d := range all {
			providers.Provider(d.Channel).FailAlways(d.Address.Token, providertest.Fault{Status: 503, Reason: map[string]string{
				notify.APNs: "ServiceUnavailable", notify.FCM: "UNAVAILABLE", notify.WebPush: "ServiceUnavailable",
			}[d.Channel]})
		}
		w.after(servertest.Grace)
		for _, d := range ledger(t, ann) {
			same(t, "waits at "+d.DeviceID, d.Status, "pending")
		}
		for _, d := range all {
			taken := *d
			taken.App = eve
			taken.ID = "found"
			if d.Channel != notify.APNs {
				taken.ID = "found-" + d.Channel
			}
			eve.Must(t, 200, "PUT", taken.Path(), d.Body())
			providers.Provider(d.Channel).FailAlways(d.Address.Token, providertest.Fault{})
		}
		same(t, "devices of whom they were", len(ids(ann)), 0)
		same(t, "devices of whom they are", len(ids(eve)), 3)
		eventually(t, "what waited for the old owner is given up", func() bool {
			return !slices.ContainsFunc(ledger(t, ann), func(d delivery) bool { return d.Status == "pending" })
		})
		for _, d := range ledger(t, ann) {
			same(t, "what waited at "+d.DeviceID, d.Status+" "+d.Reason, "suppressed device-gone")
		}
		providers.Arrived(t)
		for _, device := range ids(eve) {
			same(t, "a test", eve.Must(t, 200, "POST", "/v1/me/devices/"+device+"/test", nil).String("status"), "sent")
		}
		for _, p := range providers.Arrived(t) {
			same(t, "for whom", p.Fields["player_id"], eve.Player)
		}

		for i := range 20 {
			providers.Device(bob, fmt.Sprintf("bob-%d", i), servertest.Channels[i%3]).Register(t)
		}
		more := providers.Device(bob, "bob-20", notify.FCM)
		refused(t, bob.Do("PUT", more.Path(), more.Body()), 409, "too-many-devices", "")
		moved := providers.Device(bob, "bob-7", notify.FCM)
		moved.Register(t) // one that is known has its place
		bob.Must(t, 204, "DELETE", "/v1/me/devices/bob-0", nil)
		more.Register(t)
		same(t, "twenty", len(ids(bob)), 20)
	})
}

// What is wrong with an address is said by its place, and never repeated.
func TestBadAddressesAreRefusedByTheirPlace(t *testing.T) {
	providers := servertest.NewProviders(t)
	url := servertest.Local(t, "sqlite:"+filepath.Join(t.TempDir(), "yourturn.db"), servertest.Options{Push: providers.Config})
	ann := servertest.Guest(t, url, "Ann")
	good := map[string]*servertest.Device{}
	for _, channel := range servertest.Channels {
		good[channel] = providers.Device(ann, "phone", channel)
	}
	// in sets a member of the subscription.
	in := func(member, value string) map[string]any {
		body := good[notify.WebPush].Body()
		subscription := body["subscription"].(map[string]any)
		if member != "endpoint" {
			subscription = subscription["keys"].(map[string]any)
		}
		subscription[member] = value
		return body
	}
	for _, bad := range []struct {
		body  map[string]any
		where string
	}{
		{good[notify.APNs].Body("token", "CANARY"), "body.token"},
		{good[notify.APNs].Body("token", strings.Repeat("CANARY", 20)), "body.token"},
		{good[notify.APNs].Body("token", "../../CANARY/"+good[notify.APNs].Address.Token), "body.token"},
		{good[notify.APNs].Body("token", ""), "body.token"},
		{good[notify.APNs].Body("environment", "CANARY"), "body.environment"},
		{map[string]any{"channel": "apns"}, "body.token"},
		{map[string]any{"channel": "apns", "token": good[notify.APNs].Address.Token, "subscription": in("endpoint", "CANARY")["subscription"]}, "body.subscription"},
		{good[notify.FCM].Body("token", "CANARY with space"), "body.token"},
		{good[notify.FCM].Body("token", "CANARY\n"), "body.token"},
		{good[notify.FCM].Body("token", strings.Repeat("CANARY", 1000)), "body.token"},
		{good[notify.FCM].Body("environment", "production"), "body.environment"},
		{map[string]any{"channel": "fcm"}, "body.token"},
		{map[string]any{"channel": "webpush"}, "body.subscription"},
		{good[notify.WebPush].Body("token", "CANARY"), "body.token"},
		{good[notify.WebPush].Body("environment", "production"), "body.environment"},
		{in("endpoint", "CANARY"), "body.subscription.endpoint"},
		{in("endpoint", "http://"+providers.WebPush.Host+"/CANARY"), "body.subscription.endpoint"},
		{in("endpoint", "https://CANARY@"+providers.WebPush.Host+"/x"), "body.subscription.endpoint"},
		{in("endpoint", good[notify.WebPush].Address.Token+"#CANARY"), "body.subscription.endpoint"},
		{in("endpoint", good[notify.WebPush].Address.Token+strings.Repeat("CANARY", 200)), "body.subscription.endpoint"},
		{in("p256dh", "CANARY"), "body.subscription.keys.p256dh"},
		{in("p256dh", "BCANARY"+strings.Repeat("A", 80)), "body.subscription.keys.p256dh"},
		{in("auth", "CANARY"), "body.subscription.keys.auth"},
		{in("auth", ""), "body.subscription.keys.auth"},
		{good[notify.FCM].Body("locale", "CANARY!"), "body.locale"},
		{good[notify.FCM].Body("texts", "CANARY"), "body.texts"},
		{good[notify.FCM].Body("channel", "CANARY"), "body.channel"},
	} {
		got := ann.Do("PUT", "/v1/me/devices/phone", bad.body)
		refused(t, got, 422, "invalid", "")
		if got.String("errors", 0, "location") != bad.where || got.Len("errors") != 1 {
			t.Errorf("%v: %s, want %s", bad.body, got.Body, bad.where)
		}
		for _, d := range good {
			if bytes.Contains(got.Body, []byte("CANARY")) || bytes.Contains(got.Body, []byte(d.Address.Token)) {
				t.Errorf("%v is repeated in %s", bad.body, got.Body)
			}
		}
	}
	same(t, "nothing was registered", ann.Must(t, 200, "GET", "/v1/me/devices", nil).Len("items"), 0)
	for _, environment := range []string{"sandbox", "development"} {
		made := ann.Must(t, 200, "PUT", "/v1/me/devices/phone", good[notify.APNs].Body("environment", environment))
		same(t, "the environment of "+environment, made.String("environment"), "sandbox")
	}
	upper := good[notify.APNs].Body("token", strings.ToUpper(good[notify.APNs].Address.Token))
	ann.Must(t, 200, "PUT", "/v1/me/devices/other", upper)
	same(t, "a token in capitals is the same", ann.Must(t, 200, "GET", "/v1/me/devices", nil).Len("items"), 1)
}

// A browser's subscription as JSON.stringify writes it, with all that a browser puts there.
func TestSubscriptionOfABrowserIsTakenAsItIs(t *testing.T) {
	providers := servertest.NewProviders(t)
	url := servertest.Local(t, "sqlite:"+filepath.Join(t.TempDir(), "yourturn.db"), servertest.Options{Push: providers.Config})
	ann := servertest.Guest(t, url, "Ann")
	for i, expires := range []string{"null", "1735689600000", "1735689600000.5"} {
		a := providers.WebPush.Subscribe()
		body := fmt.Sprintf(`{"channel": "webpush", "subscription": {"endpoint": %q, "expirationTime": %s, "keys": {"p256dh": %q, "auth": %q}}}`, a.Token, expires, a.P256DH, a.Auth)
		path := fmt.Sprintf("/v1/me/devices/browser-%d", i)
		if got := raw(t, ann, "PUT", path, "application/json", body); got.Status != 200 {
			t.Errorf("expirationTime %s: %d %s", expires, got.Status, got.Body)
		}
		same(t, "a test", ann.Must(t, 200, "POST", path+"/test", nil).String("status"), "sent")
	}
}

func TestNoChannelIsThereByItself(t *testing.T) {
	providers := servertest.NewProviders(t)
	url := servertest.Local(t, "sqlite:"+filepath.Join(t.TempDir(), "yourturn.db"), servertest.Options{})
	ann := servertest.Guest(t, url, "Ann")
	sameJSON(t, "channels", encode(t, ann.Must(t, 200, "GET", "/v1/server", nil).At("channels")), []byte("[]")) // and not null
	for _, channel := range servertest.Channels {
		d := providers.Device(ann, "phone", channel)
		refused(t, ann.Do("PUT", d.Path(), d.Body()), 422, "channel-not-configured", "")
	}
}

// Texts are in the device's language, else in the player's as it is now, else in English.
func TestPushesSpeakTheDevicesLanguage(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		providers := servertest.NewProviders(t)
		url := servertest.Local(t, database, servertest.Options{Push: providers.Config})
		ann := servertest.Guest(t, url, "Ann")
		devices := providers.Devices(t, ann, "")
		for _, c := range []struct{ player, device, title string }{
			{"", "", "Push works"},
			{"de-CH", "", "Push funktioniert"},
			{"de-CH", "ja-JP", "通知が届きました"},
			{"ja", "de", "Push funktioniert"},
			{"de", "fi", "Push funktioniert"},
			{"fi", "fi", "Push works"},
			{"pt-PT", "", "As notificações funcionam"},
			{"", "", "Push works"},
		} {
			ann.Must(t, 200, "PATCH", "/v1/me", map[string]any{"locale": c.player})
			for channel, d := range devices {
				d.Register(t, "locale", c.device)
				ann.Must(t, 200, "POST", d.Path()+"/test", nil)
				arrived := providers.Arrived(t)
				if len(arrived) != 1 {
					t.Fatalf("%d pushes by %s", len(arrived), channel)
				}
				same(t, fmt.Sprintf("%s with %q and %q", channel, c.player, c.device), arrived[0].Title, c.title)
			}
		}
	})
}

// An app that has its own catalogue gets keys, on each channel by its names for them.
func TestTextsOfTheApp(t *testing.T) {
	providers := servertest.NewProviders(t)
	url := servertest.Local(t, "sqlite:"+filepath.Join(t.TempDir(), "yourturn.db"), servertest.Options{Push: providers.Config})
	ann, bob := servertest.Guest(t, url, "Ann"), servertest.Guest(t, url, "Bob")
	w := watch(t, url, providers, ann)
	id, turn := w.annToMove(ann, bob)
	ann.Must(t, 200, "POST", servertest.MovePath(id), servertest.Move(turn, 0))
	for _, channel := range servertest.Channels {
		providers.Device(ann, channel, channel).Register(t, "texts", "app", "locale", "de")
	}
	bob.Must(t, 200, "POST", servertest.MovePath(id), servertest.Move(turn+1, 1))
	w.after(servertest.Grace)
	places := map[string][]struct {
		at   []any
		want string
	}{
		notify.APNs: {
			{[]any{"aps", "alert", "title-loc-key"}, `"yourturn_your_turn_title"`}, {[]any{"aps", "alert", "loc-key"}, `"yourturn_your_turn_body"`},
			{[]any{"aps", "alert", "loc-args"}, `["Bob","Tic-tac-toe"]`}, {[]any{"aps", "alert", "title"}, "null"}, {[]any{"aps", "alert", "body"}, "null"},
		},
		notify.FCM: {
			{[]any{"message", "notification"}, "null"},
			{[]any{"message", "android", "notification", "title_loc_key"}, `"yourturn_your_turn_title"`},
			{[]any{"message", "android", "notification", "body_loc_key"}, `"yourturn_your_turn_body"`},
			{[]any{"message", "android", "notification", "body_loc_args"}, `["Bob","Tic-tac-toe"]`},
			{[]any{"message", "apns", "payload", "aps", "alert", "loc-key"}, `"yourturn_your_turn_body"`},
		},
		notify.WebPush: {
			{[]any{"title_key"}, `"yourturn_your_turn_title"`}, {[]any{"body_key"}, `"yourturn_your_turn_body"`},
			{[]any{"body_args"}, `["Bob","Tic-tac-toe"]`}, {[]any{"notification"}, "null"},
		},
	}
	arrived := providers.Arrived(t)
	for _, p := range arrived {
		same(t, "kind", p.Fields["kind"], "your_turn")
		for _, place := range places[p.To.Channel] {
			same(t, fmt.Sprint(p.To.Channel, place.at), string(encode(t, servertest.Answer{Body: p.Body}.At(place.at...))), place.want)
		}
	}
	same(t, "pushes", len(arrived), 3)
}

// A person who tries a push is told what the provider has said. Only its word about the token forgets the device.
func TestTriedPushSaysWhatTheProviderSaid(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		providers := servertest.NewProviders(t)
		url := servertest.Local(t, database, servertest.Options{Push: providers.Config})
		ann := servertest.Guest(t, url, "Ann")
		servertest.Advance(t, url, 50*time.Minute) // a provider has another clock
		const forgotten = true
		for _, c := range []struct {
			channel        string
			fault          providertest.Fault
			status, reason string
			forgotten      bool
		}{
			{notify.APNs, providertest.Fault{}, "sent", "", false},
			{notify.APNs, providertest.Fault{Reason: "Unregistered"}, "failed", "Unregistered", forgotten},
			{notify.APNs, providertest.Fault{Reason: "Unregistered", Timestamp: time.Now().Add(-day)}, "failed", "Unregistered", false}, // registered since
			{notify.APNs, providertest.Fault{Reason: "ExpiredToken"}, "failed", "ExpiredToken", forgotten},
			{notify.APNs, providertest.Fault{Reason: "BadDeviceToken"}, "failed", "BadDeviceToken", false},
			{notify.APNs, providertest.Fault{Reason: "ServiceUnavailable"}, "failed", "ServiceUnavailable", false},
			{notify.APNs, providertest.Fault{Status: 503, HTML: true}, "failed", "status-503", false},
			{notify.APNs, providertest.Fault{Reason: "InvalidProviderToken"}, "failed", "InvalidProviderToken", false},
			{notify.APNs, providertest.Fault{Reason: "TopicDisallowed"}, "failed", "TopicDisallowed", false},
			{notify.APNs, providertest.Fault{}, "sent", "", false},
			{notify.FCM, providertest.Fault{Reason: "UNREGISTERED"}, "failed", "UNREGISTERED", forgotten},
			{notify.FCM, providertest.Fault{Reason: "INVALID_TOKEN"}, "failed", "INVALID_ARGUMENT", forgotten},
			{notify.FCM, providertest.Fault{Reason: "SENDER_ID_MISMATCH"}, "failed", "SENDER_ID_MISMATCH", false},
			{notify.FCM, providertest.Fault{Reason: "UNAVAILABLE"}, "failed", "UNAVAILABLE", false},
			{notify.FCM, providertest.Fault{Status: 404, Reason: "NOT_FOUND"}, "failed", "NOT_FOUND", false},
			{notify.FCM, providertest.Fault{Status: 403, Reason: "PERMISSION_DENIED"}, "failed", "PERMISSION_DENIED", false},
			{notify.FCM, providertest.Fault{}, "sent", "", false},
			{notify.WebPush, providertest.Fault{Status: 403, Reason: "BadJwtToken"}, "failed", "BadJwtToken", false},
			{notify.WebPush, providertest.Fault{}, "sent", "", false},
			{notify.WebPush, providertest.Fault{Status: 410, Reason: "Unregistered"}, "failed", "Unregistered", forgotten},
			{notify.WebPush, providertest.Fault{Status: 404, Reason: "NotRegistered"}, "failed", "NotRegistered", forgotten},
			{notify.WebPush, providertest.Fault{Status: 404, HTML: true}, "failed", "status-404", false}, // of a proxy
			{notify.WebPush, providertest.Fault{Status: 400, Reason: "VapidPkHashMismatch"}, "failed", "VapidPkHashMismatch", false},
			{notify.WebPush, providertest.Fault{Status: 503}, "failed", "status-503", false},
			{notify.WebPush, providertest.Fault{Status: 413}, "failed", "too-large", false},
		} {
			what := fmt.Sprintf("%s %+v", c.channel, c.fault)
			d := providers.Device(ann, "phone", c.channel)
			d.Register(t)
			providers.Provider(c.channel).FailNext(d.Address.Token, c.fault)
			got := ann.Must(t, 200, "POST", d.Path()+"/test", nil)
			same(t, what, got.String("status")+" "+got.String("reason"), c.status+" "+c.reason)
			if c.status == "sent" && got.String("provider_id") == "" {
				t.Errorf("%s: the provider's own name for it is missing: %s", what, got.Body)
			}
			lines := ledger(t, ann)
			last := lines[len(lines)-1]
			if last.ID != got.String("id") || last.Kind != "test" || last.Status != c.status || last.Reason != c.reason || last.Attempts != 1 || last.Seq != 0 {
				t.Errorf("%s: in the ledger it is %+v", what, last)
			}
			same(t, what+": forgotten", ann.Must(t, 200, "GET", "/v1/me/devices", nil).Len("items") == 0, c.forgotten)
		}
		refused(t, ann.Do("POST", "/v1/me/devices/nothing/test", nil), 404, "not-found", "")
		// A device whose token fails again and again rests until it registers again.
		d := providers.Device(ann, "phone", notify.APNs)
		d.Register(t)
		providers.APNs.FailAlways(d.Address.Token, providertest.Fault{Reason: "BadDeviceToken"})
		for i := range 10 {
			same(t, fmt.Sprintf("resting after %d", i), ann.Must(t, 200, "GET", "/v1/me/devices", nil).Bool("items", 0, "resting"), false)
			ann.Must(t, 200, "POST", d.Path()+"/test", nil)
		}
		same(t, "resting", ann.Must(t, 200, "GET", "/v1/me/devices", nil).Bool("items", 0, "resting"), true)
		d.Register(t)
		same(t, "no more", ann.Must(t, 200, "GET", "/v1/me/devices", nil).Bool("items", 0, "resting"), false)
	})
}

func TestTriedPushesAreLimited(t *testing.T) {
	providers := servertest.NewProviders(t)
	url := servertest.Local(t, "sqlite:"+filepath.Join(t.TempDir(), "yourturn.db"), servertest.Options{Push: providers.Config, RateLimit: true})
	ann := servertest.Guest(t, url, "Ann")
	d := providers.Device(ann, "phone", notify.FCM)
	d.Register(t)
	for range 5 {
		ann.Must(t, 200, "POST", d.Path()+"/test", nil)
	}
	for range 20 { // some are allowed again if it takes long
		got := ann.Do("POST", d.Path()+"/test", nil)
		if got.Status != 200 {
			refused(t, got, 429, "rate-limited", "")
			return
		}
	}
	t.Error("a person may try pushes without an end")
}

// secretsOf are the parts of a configuration and of devices that nobody may read anywhere.
func secretsOf(c server.PushConfig, devices ...*servertest.Device) map[string]string {
	inner := func(pem string) string { // a line of a key is as good as the key
		_, rest, _ := strings.Cut(strings.ReplaceAll(pem, `\n`, "\n"), "PRIVATE KEY-----\n")
		line, _, _ := strings.Cut(rest, "\n")
		return line
	}
	secrets := map[string]string{"the key for APNs": inner(c.APNsKey), "the key for FCM": inner(c.FCMCredentials), "the VAPID key": c.VAPIDKey}
	for _, d := range devices {
		token := d.Address.Token
		secrets["the token of "+d.ID] = token[strings.LastIndex(token, "/")+1:]
		if d.Address.Auth != "" {
			secrets["the key of "+d.ID], secrets["the secret of "+d.ID] = d.Address.P256DH, d.Address.Auth
		}
	}
	return secrets
}

// Pushes that are taken, refused, tried again and given up: all answers, the log, the metrics and the ledger are searched
// for what reaches a device, and for the operator's keys.
func TestPushSecretsStayInside(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		providers := servertest.NewProviders(t)
		log := &safeLog{}
		url := servertest.Local(t, database, servertest.Options{
			Push: providers.Config, Log: slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		})
		ann, bob := servertest.Guest(t, url, "Ann"), servertest.Guest(t, url, "Bob")
		all := &tape{}
		all.listen(ann, "ann")
		all.listen(bob, "bob")
		w := watch(t, url, providers, ann, bob)
		faults := []providertest.Fault{
			{}, {Status: 503, HTML: true}, {Reset: true}, {Status: 400, Reason: "no such word"}, {Status: 403, Reason: "no such word"}, {Status: 410, Reason: "Unregistered"},
		}
		var devices []*servertest.Device
		for i, fault := range faults {
			for _, channel := range servertest.Channels {
				d := providers.Device(ann, fmt.Sprintf("device-%d-%s", i, channel), channel)
				d.Register(t)
				providers.Provider(channel).FailAlways(d.Address.Token, fault)
				devices = append(devices, d)
				ann.Must(t, 200, "POST", d.Path()+"/test", nil)
			}
		}
		id, turn := w.annToMove(ann, bob)
		ann.Must(t, 200, "POST", servertest.MovePath(id), servertest.Move(turn, 1))
		for _, d := range devices {
			bob.Must(t, 422, "PUT", d.Path(), d.Body("locale", "!"))
			bob.Must(t, 422, "PUT", d.Path(), d.Body("colour", "red"))
		}
		for _, path := range []string{"/metrics", "/readyz", "/v1/server", "/v1/me/devices", "/v1/me/deliveries?limit=100", "/openapi.yaml"} {
			ann.Must(t, 200, "GET", path, nil)
		}
		logged := log.String()
		if !strings.Contains(logged, "/v1/me/devices/") || len(all.where("status-503")) == 0 || len(all.where("device-0-fcm")) == 0 {
			t.Error("the log or the answers lack what they should have, so that they show nothing")
		}
		for what, secret := range secretsOf(providers.Config, devices...) {
			if len(secret) < 16 {
				t.Fatalf("%s is %q", what, secret)
			}
			if found := all.where(secret); len(found) > 0 {
				t.Errorf("%s is in the answers %q", what, found)
			}
			if at := strings.Index(logged, secret); at >= 0 {
				t.Errorf("%s is in the log: %s", what, logged[max(0, at-200):at+len(secret)])
			}
		}
	})
}

func TestPushesAreMeasuredAndChannelsListed(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		providers := servertest.NewProviders(t)
		url := servertest.Local(t, database, servertest.Options{Push: providers.Config})
		ann, bob := servertest.Guest(t, url, "Ann"), servertest.Guest(t, url, "Bob")
		nobody := &servertest.App{URL: url, Requests: ann.Requests}
		channels := nobody.Must(t, 200, "GET", "/v1/server", nil)
		public := channels.String("channels", 2, "vapid_public_key")
		sameJSON(t, "channels", encode(t, channels.At("channels")),
			fmt.Appendf(nil, `[{"channel": "apns"}, {"channel": "fcm"}, {"channel": "webpush", "vapid_public_key": %q}]`, public))
		if len(public) != 87 {
			t.Errorf("the public key is %q", public)
		}
		w := watch(t, url, providers, ann, bob)
		gone := providers.Devices(t, ann, "")[notify.WebPush]
		id, turn := w.annToMove(ann, bob)
		ann.Must(t, 200, "POST", servertest.MovePath(id), servertest.Move(turn, 0))
		w.after(servertest.Grace)
		sent := func(kind string) int {
			return len(slices.DeleteFunc(ledger(t, ann), func(d delivery) bool { return d.Kind != kind || d.Status != "sent" || d.Channel != notify.FCM }))
		}
		providers.WebPush.Unsubscribe(gone.Address)
		bob.Must(t, 200, "POST", servertest.MovePath(id), servertest.Move(turn+1, 1))
		w.after(servertest.Grace)
		ann.Must(t, 204, "PUT", sessionPath(id)+"/mute", nil)
		ann.Must(t, 200, "POST", servertest.MovePath(id), servertest.Move(turn+2, 2))
		bob.Must(t, 200, "POST", servertest.MovePath(id), servertest.Move(turn+3, 3))
		w.after(servertest.Grace)
		metrics := string(nobody.Must(t, 200, "GET", "/metrics", nil).Body)
		for _, line := range []string{
			fmt.Sprintf(`yourturn_deliveries_total\{channel="apns",kind="your_turn",outcome="sent"\} %d`, sent("your_turn")),
			fmt.Sprintf(`yourturn_deliveries_total\{channel="fcm",kind="your_turn",outcome="sent"\} %d`, sent("your_turn")),
			`yourturn_deliveries_total\{channel="webpush",kind="your_turn",outcome="gone"\} 1`,
			`yourturn_deliveries_total\{channel="apns",kind="your_turn",outcome="suppressed"\} 1`,
			fmt.Sprintf(`yourturn_push_latency_seconds_count\{channel="fcm",kind="your_turn"\} %d`, sent("your_turn")),
			`yourturn_push_latency_seconds_bucket\{channel="apns",kind="your_turn",le="300"\} 0`, // the grace is in it
			`yourturn_push_breakers_open\{channel="apns"\} 0`,
			`yourturn_push_breakers_open\{channel="webpush"\} 0`,
		} {
			if !regexp.MustCompile(`(?m)^` + line + `$`).MatchString(metrics) {
				t.Errorf("no metric %s", line)
			}
		}
		if strings.Contains(metrics, `kind="session_updated",outcome`) {
			t.Error("a session_updated was pushed")
		}
	})
}

// A clock that can be moved tells nobody's phone anything.
func TestTestClockNeverReachesRealProviders(t *testing.T) {
	providers := servertest.NewProviders(t)
	for name, change := range map[string]func(*server.PushConfig){
		"apns by default":                func(c *server.PushConfig) { c.APNsURL = "" },
		"apns by its name":               func(c *server.PushConfig) { c.APNsURL = "https://api.push.apple.com" },
		"apns by its other name":         func(c *server.PushConfig) { c.APNsURL = "https://API.sandbox.push.apple.com.:2197/" },
		"fcm by default":                 func(c *server.PushConfig) { c.FCMURL = "" },
		"fcm by its name":                func(c *server.PushConfig) { c.FCMURL = "https://fcm.googleapis.com" },
		"web push by name":               func(c *server.PushConfig) { c.WebPushHosts = []string{"fcm.googleapis.com"} },
		"web push by part of a name":     func(c *server.PushConfig) { c.WebPushHosts = []string{"example.org", "*.mozilla.com"} },
		"web push by a name with a port": func(c *server.PushConfig) { c.WebPushHosts = []string{"web.push.apple.com:443"} },
		"web push to everybody":          func(c *server.PushConfig) { c.WebPushHosts = []string{"*"} },
	} {
		c := providers.Config
		change(&c)
		for _, testClock := range []bool{true, false} {
			node, err := server.NewNode(t.Context(), server.Config{
				Database: "sqlite:" + filepath.Join(t.TempDir(), "yourturn.db"), Games: []games.Game{server.Game(tictactoe.Rules{})}, Name: "test",
				TestClock: testClock, Retention: day, Push: c, Out: &safeLog{}, Log: slog.New(slog.DiscardHandler),
			})
			if err == nil {
				err = node.Close()
				if testClock {
					t.Errorf("%s: it started", name)
				}
			}
			if err != nil && (!testClock || !strings.Contains(err.Error(), "--test-clock")) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	// With Web Push none of the services that are known otherwise.
	url := servertest.Local(t, "sqlite:"+filepath.Join(t.TempDir(), "yourturn.db"), servertest.Options{Push: providers.Config})
	ann := servertest.Guest(t, url, "Ann")
	d := providers.Device(ann, "phone", notify.WebPush)
	for _, service := range []string{"fcm.googleapis.com", "updates.push.services.mozilla.com", "web.push.apple.com", "db5p.notify.windows.com"} {
		body := d.Body()
		body["subscription"].(map[string]any)["endpoint"] = "https://" + service + "/send/x"
		refused(t, ann.Do("PUT", d.Path(), body), 422, "invalid", "")
	}
	d.Register(t)
	out, code := program(t, time.Minute, []string{"YOURTURN_APNS_KEY=" + providers.Config.APNsKey, "YOURTURN_APNS_KEY_ID=K", "YOURTURN_APNS_TEAM_ID=T", "YOURTURN_APNS_TOPIC=x.y"},
		"serve", "--listen", "127.0.0.1:0", "--test-clock", "--database", "sqlite:"+filepath.Join(t.TempDir(), "yourturn.db"))
	if code == 0 || !strings.Contains(out, "--test-clock") {
		t.Errorf("the program: %d %s", code, out)
	}
}

var (
	stamps    = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`)
	numbers   = regexp.MustCompile(`(?m)^\d+  TIME`)
	theirName = regexp.MustCompile(`the provider calls it [^)]+`)
)

// An operator asks why a push came or did not, and reads it in words.
func TestWhyAPushCameOrDidNot(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		providers := servertest.NewProviders(t)
		url := servertest.Local(t, database, servertest.Options{Push: providers.Config})
		ann, bob := servertest.Guest(t, url, "Ann"), servertest.Guest(t, url, "Bob")
		w := watch(t, url, providers, ann, bob)
		id, first, _ := seated(t, "tictactoe", ann, bob)
		for first != ann {
			id, first, _ = seated(t, "tictactoe", ann, bob)
		}
		turn := int64(0)
		move := func(app *servertest.App, cell int) {
			t.Helper()
			turn++
			app.Must(t, 200, "POST", servertest.MovePath(id), servertest.Move(turn, cell))
		}
		why := func(more ...string) string {
			t.Helper()
			out, code := program(t, time.Minute, []string{"YOURTURN_DATABASE=" + database}, append([]string{"push", "why", "--player", ann.Player}, more...)...)
			same(t, "exit code", code, 0)
			out = strings.ReplaceAll(stamps.ReplaceAllString(out, "TIME"), id, "GAME")
			return theirName.ReplaceAllString(numbers.ReplaceAllString(out, "N  TIME"), "the provider calls it NAME")
		}
		if out := why(); !strings.HasPrefix(out, "The player has no device now.\n") {
			t.Error(out)
		}
		phone := providers.Device(ann, "phone", notify.APNs)
		phone.Register(t)
		move(ann, 0)
		w.after(servertest.Grace)
		move(bob, 1)
		w.after(servertest.Grace)
		move(ann, 2)
		ann.Must(t, 204, "PUT", sessionPath(id)+"/mute", nil)
		move(bob, 4)
		w.after(servertest.Grace)
		ann.Must(t, 204, "DELETE", sessionPath(id)+"/mute", nil)
		move(ann, 3)
		move(bob, 5)
		ann.Must(t, 200, "POST", "/v1/me/feed/ack", map[string]any{"seq": len(feedOf(t, ann))})
		w.after(servertest.Grace)
		move(ann, 7)
		move(bob, 6)
		providers.APNs.FailNext(phone.Address.Token, providertest.Fault{Reason: "BadDeviceToken"})
		w.after(20 * time.Hour)
		move(ann, 8) // nothing is left to play, and he is told
		w.after(servertest.Grace)
		const want = `device phone: apns, registered TIME

N  TIME  matched  session GAME, turn 0
    no push: the player had no device then, or had to move and was pushed that

N  TIME  your_turn  session GAME, turn 1
    no push: the player had no device then

N  TIME  session_updated  session GAME, turn 2
    no push: this kind is never pushed

N  TIME  your_turn  session GAME, turn 3
    your_turn by apns to device phone: sent (tries: 1, last looked at TIME, the provider calls it NAME)

N  TIME  session_updated  session GAME, turn 4
    no push: this kind is never pushed

N  TIME  your_turn  session GAME, turn 5
    your_turn by apns to device phone: suppressed, muted: the player has muted the session (tries: 0, last looked at TIME)

N  TIME  session_updated  session GAME, turn 6
    no push: this kind is never pushed

N  TIME  your_turn  session GAME, turn 7
    your_turn by apns to device phone: suppressed, acknowledged: a person had seen it (tries: 0, last looked at TIME)

N  TIME  session_updated  session GAME, turn 8
    no push: this kind is never pushed

N  TIME  your_turn  session GAME, turn 9
    your_turn by apns to device phone: failed, BadDeviceToken (tries: 1, last looked at TIME, the provider calls it NAME)

N  TIME  turn_reminder  session GAME, turn 9
    turn_reminder by apns to device phone: sent (tries: 1, last looked at TIME, the provider calls it NAME)

N  TIME  session_finished  session GAME, turn 9
    no push: the player had no device then, or has ended it
`
		same(t, "a whole game", why("--session", id), want)

		id, first, _ = seated(t, "tictactoe", ann, bob)
		for first != ann {
			id, first, _ = seated(t, "tictactoe", ann, bob)
		}
		turn = 0
		move(ann, 0)
		bob.Must(t, 200, "POST", sessionPath(id)+"/forfeit", nil)
		same(t, "within the grace", why("--session", id), `device phone: apns, registered TIME

N  TIME  matched  session GAME, turn 0
    no push: the player had no device then, or had to move and was pushed that

N  TIME  your_turn  session GAME, turn 1
    your_turn waits for its grace to be over

N  TIME  session_updated  session GAME, turn 2
    badge waits for its grace to be over

N  TIME  session_finished  session GAME, turn 2
    session_finished waits for its grace to be over
`)
		for range 10 {
			providers.APNs.FailNext(phone.Address.Token, providertest.Fault{Reason: "BadDeviceToken"})
			ann.Must(t, 200, "POST", phone.Path()+"/test", nil)
		}
		w.after(servertest.Grace)
		same(t, "of a device that rests", why("--session", id), `device phone: apns, registered TIME; it rests, for its last 10 deliveries failed by its own token

N  TIME  matched  session GAME, turn 0
    no push: the player had no device then, or had to move and was pushed that

N  TIME  your_turn  session GAME, turn 1
    your_turn by apns to device phone: suppressed, session-over: the session was over (tries: 0, last looked at TIME)

N  TIME  session_updated  session GAME, turn 2
    no push: this kind is never pushed

N  TIME  session_finished  session GAME, turn 2
    session_finished by apns to device phone: suppressed, device-resting: the device rests until it registers again (tries: 0, last looked at TIME)
`)
		if all := why(); strings.Count(all, "    test by apns to device phone: failed, BadDeviceToken (tries: 1,") != 10 {
			t.Errorf("the ten tests are not told of: %s", all)
		}
		if strings.Contains(why(), phone.Address.Token) {
			t.Error("the token of a device is printed")
		}
	})
}

// The key that the program makes is one that browsers subscribe with, and a push with it is taken.
func TestMadeKeyIsTaken(t *testing.T) {
	out, code := program(t, time.Minute, nil, "push", "key")
	private := regexp.MustCompile(`(?m)^YOURTURN_VAPID_KEY=([A-Za-z0-9_-]{43})$`).FindStringSubmatch(out)
	public := regexp.MustCompile(`(?m): ([A-Za-z0-9_-]{87})$`).FindStringSubmatch(out)
	if code != 0 || private == nil || public == nil {
		t.Fatalf("push key: %d %s", code, out)
	}
	if again, _ := program(t, time.Minute, nil, "push", "key"); strings.Contains(again, private[1]) {
		t.Error("the same key is made twice")
	}
	providers := servertest.NewProvidersWith(t, private[1])
	url := servertest.Local(t, "sqlite:"+filepath.Join(t.TempDir(), "yourturn.db"), servertest.Options{Push: providers.Config})
	ann := servertest.Guest(t, url, "Ann")
	same(t, "the public key", ann.Must(t, 200, "GET", "/v1/server", nil).String("channels", 2, "vapid_public_key"), public[1])
	d := providers.Device(ann, "browser", notify.WebPush)
	d.Register(t)
	same(t, "a test", ann.Must(t, 200, "POST", d.Path()+"/test", nil).String("status"), "sent")
}

// printing runs the program and returns its address and what it prints.
func printing(t *testing.T, env []string, args ...string) (url string, out *safeLog) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, servertest.Binary(t), append([]string{
		"serve", "--listen", "127.0.0.1:0", "--rate-limit", "off", "--database", "sqlite:" + filepath.Join(t.TempDir(), "yourturn.db"),
	}, args...)...)
	out = &safeLog{}
	cmd.Env, cmd.Stdout, cmd.Stderr = append(os.Environ(), env...), out, &safeLog{}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // it was killed
	})
	address := regexp.MustCompile(`Yourturn listens on (\S+) `)
	eventually(t, "it listens", func() bool { return address.MatchString(out.String()) })
	return address.FindStringSubmatch(out.String())[1], out
}

// Without an account anywhere, a developer sees what would be pushed.
func TestPushesArePrinted(t *testing.T) {
	providers := servertest.NewProviders(t)
	url, out := printing(t, nil, "--push", "log", "--test-clock")
	ann, bob := servertest.Guest(t, url, "Ann"), servertest.Guest(t, url, "Bob")
	same(t, "channels", ann.Must(t, 200, "GET", "/v1/server", nil).Len("channels"), 3)
	if key := ann.Must(t, 200, "GET", "/v1/server", nil).String("channels", 2, "vapid_public_key"); len(key) != 87 {
		t.Errorf("a browser cannot subscribe with the key %q", key)
	}
	providers.Devices(t, ann, "")
	seated(t, "tictactoe", ann, bob)
	servertest.Advance(t, url, servertest.Grace)
	printed := out.String()
	for _, channel := range servertest.Channels {
		same(t, "printed by "+channel, strings.Count(printed, "push by "+channel+":\n{"), 1)
	}
	if len(providers.Arrived(t)) > 0 {
		t.Error("something was sent all the same")
	}
	for _, d := range ledger(t, renewed(t, ann)) {
		same(t, "in the ledger", d.Status, "sent")
	}
}

// Each push as a file: for APNs what a simulator takes, for FCM its HTTP body, for Web Push what a browser decrypts.
func TestPushesAreWrittenAsFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pushes")
	providers := servertest.NewProviders(t)
	// Channels that are set up are still used.
	config := server.PushConfig{Mode: "log:" + dir, Grace: servertest.Grace, APNsTopic: "org.example.simulated"}
	url := servertest.Local(t, "sqlite:"+filepath.Join(t.TempDir(), "yourturn.db"), servertest.Options{Push: config})
	ann, bob := servertest.Guest(t, url, "Ann"), servertest.Guest(t, url, "Bob & <Co>")
	w := watch(t, url, providers, ann)
	id, turn := w.annToMove(ann, bob)
	providers.Devices(t, ann, "")
	ann.Must(t, 200, "POST", servertest.MovePath(id), servertest.Move(turn, 0))
	bob.Must(t, 200, "POST", servertest.MovePath(id), servertest.Move(turn+1, 1))
	w.after(servertest.Grace)
	same(t, "deliveries", len(ledger(t, ann)), 3)
	for _, d := range ledger(t, ann) {
		extension := map[string]string{notify.APNs: ".apns", notify.FCM: ".json", notify.WebPush: ".json"}[d.Channel]
		raw, err := os.ReadFile(filepath.Join(dir, d.ID+"-"+d.Channel+extension))
		if err != nil {
			t.Fatal(err)
		}
		sent := servertest.Answer{Body: raw}
		const text = "Make your move in Tic-tac-toe with Bob & <Co>."
		switch d.Channel {
		case notify.APNs:
			same(t, "for which app", sent.String("Simulator Target Bundle"), "org.example.simulated")
			same(t, "its text", sent.String("aps", "alert", "body"), text)
			same(t, "its fields", sent.String("yourturn", "session_id"), id)
		case notify.FCM:
			camel, err := json.Marshal(camelCase("", decoded(t, raw)))
			if err != nil {
				t.Fatal(err)
			}
			var request fcm.SendMessageRequest
			if err := strict.Unmarshal(camel, &request, strict.RejectUnknownMembers(true)); err != nil {
				t.Fatalf("%v in %s", err, raw)
			}
			same(t, "its text", request.Message.Notification.Body, text)
			same(t, "its fields", request.Message.Data["session_id"], id)
		case notify.WebPush:
			same(t, "its text", sent.String("notification", "body"), text)
			same(t, "its fields", sent.String("session_id"), id)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 3 {
		t.Errorf("%d files, %v", len(entries), err)
	}
	for _, mode := range []string{"logs", "file:x", "log:" + filepath.Join(dir, "x\x00")} {
		config.Mode = mode
		_, err := server.NewNode(t.Context(), server.Config{
			Database: "sqlite:" + filepath.Join(t.TempDir(), "yourturn.db"), Games: []games.Game{server.Game(tictactoe.Rules{})}, Name: "test",
			Retention: day, Push: config, Out: &safeLog{}, Log: slog.New(slog.DiscardHandler),
		})
		if err == nil {
			t.Errorf("--push %q is taken", mode)
		}
	}
}

func decoded(t *testing.T, raw []byte) (v any) {
	t.Helper()
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// camelCase respells the names of Firebase's schema as Google's library knows them, and leaves alone what is not its.
func camelCase(parent string, v any) any {
	object, ok := v.(map[string]any)
	if !ok {
		return v
	}
	respelled := map[string]any{}
	for name, value := range object {
		if name != "data" && name != "headers" && name != "payload" && (parent != "webpush" || name != "notification") {
			value = camelCase(name, value)
		}
		words := strings.Split(name, "_")
		for i, word := range words[1:] {
			words[i+1] = strings.ToUpper(word[:1]) + word[1:]
		}
		respelled[strings.Join(words, "")] = value
	}
	return respelled
}

// The operator's keys are in no help, no refusal to start, and no log of a program that pushes.
func TestPushKeysAreNeverPrinted(t *testing.T) {
	providers := servertest.NewProviders(t)
	secrets := secretsOf(providers.Config)
	silent := func(what, out string) {
		t.Helper()
		for name, secret := range secrets {
			if strings.Contains(out, secret) {
				t.Errorf("%s is in %s: %s", name, what, out)
			}
		}
	}
	env := providers.Environment()
	for _, args := range [][]string{{"--help"}, {"serve", "--help"}, {"push", "--help"}, {"serve", "--no-such-flag"}, {"serve", "--listen", "nowhere"}} {
		out, _ := program(t, time.Minute, env, args...)
		silent(strings.Join(args, " "), out)
		if slices.Contains(args, "--help") && !strings.Contains(out, "Usage: yourturn") {
			t.Errorf("%v: %s", args, out)
		}
	}
	for name, broken := range map[string]string{
		"YOURTURN_APNS_KEY":        strings.Replace(providers.Config.APNsKey, "BEGIN", "BEGUN", 1),
		"YOURTURN_FCM_CREDENTIALS": providers.Config.FCMCredentials + "}",
		"YOURTURN_VAPID_KEY":       providers.Config.VAPIDKey + "AAAA",
		"YOURTURN_VAPID_SUBJECT":   "mailto:nobody",
		"YOURTURN_APNS_KEY_ID":     "K/" + secrets["the VAPID key"],
		"YOURTURN_PUSH_GRACE":      "soon",
	} {
		out, code := program(t, time.Minute, append(env, name+"="+broken), "serve", "--listen", "127.0.0.1:0",
			"--database", "sqlite:"+filepath.Join(t.TempDir(), "yourturn.db"))
		silent("the refusal of "+name, out)
		if code == 0 {
			t.Errorf("started with a wrong %s: %s", name, out)
		}
	}
	// From files, in a process that pushes to every provider.
	dir := t.TempDir()
	var files []string
	for _, entry := range env {
		name, value, _ := strings.Cut(entry, "=")
		switch name {
		case "YOURTURN_APNS_KEY", "YOURTURN_FCM_CREDENTIALS", "YOURTURN_VAPID_KEY":
			file := filepath.Join(dir, name)
			if err := os.WriteFile(file, []byte(value+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			files = append(files, name+"_FILE="+file)
		default:
			files = append(files, entry)
		}
	}
	for _, entry := range files {
		name, value, _ := strings.Cut(entry, "=")
		t.Setenv(name, value) // the program inherits it
	}
	p := servertest.Start(t, "sqlite:"+filepath.Join(dir, "yourturn.db"), "--test-clock", "--log-level", "debug")
	ann := servertest.Guest(t, p.URL, "Ann")
	for _, d := range providers.Devices(t, ann, "") {
		same(t, "a test", ann.Must(t, 200, "POST", d.Path()+"/test", nil).String("status"), "sent")
		secrets["the token of "+d.ID] = d.Address.Token
	}
	same(t, "pushes", len(providers.Arrived(t)), 3)
	silent("the log", p.Logs())
}

// A name that wants to be more than a name is one: nothing of it turns the sentence, is a template's, or breaks a payload.
func TestHostileNamesInPushes(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		providers := servertest.NewProviders(t)
		url := servertest.Local(t, database, servertest.Options{Push: providers.Config})
		ann := servertest.Guest(t, url, "Ann")
		devices := providers.Devices(t, ann, "", "locale", "en")
		w := watch(t, url, providers, ann)
		for _, c := range []struct{ name, shown string }{
			{`<b>&"'\</b>`, `<b>&"'\</b>`},
			{"{{.Game}} %s %@ $1 ${x}", "{{.Game}} %s %@ $1 ${x}"},
			{"You won! Your", "You won! Your"},
			{"اسمي طويل", "\u2068اسمي طويل\u2069"},
			{strings.Repeat("W", 32), strings.Repeat("W", 23) + "…"},
			{"👩‍👩‍👧‍👦 family", "👩‍👩‍👧‍👦 family"},
		} {
			bob := servertest.Guest(t, url, c.name)
			id, turn := w.annToMove(ann, bob)
			ann.Must(t, 200, "POST", servertest.MovePath(id), servertest.Move(turn, 0))
			bob.Must(t, 200, "POST", servertest.MovePath(id), servertest.Move(turn+1, 1))
			w.after(servertest.Grace)
			arrived := providers.Arrived(t)
			for _, p := range arrived {
				same(t, "text with "+c.name, p.Text, "Make your move in Tic-tac-toe with "+c.shown+".")
			}
			same(t, "pushes with "+c.name, len(arrived), len(devices))
			bob.Must(t, 200, "POST", sessionPath(id)+"/forfeit", nil)
			w.after(servertest.Grace)
			w.skip()
		}
		for _, name := range []string{"Ann\u202eevil", "a\u0000b", "x\u2066y", "z" + strings.Repeat("\u0301", 20), "\u200b\u200b"} {
			bob := servertest.Guest(t, url, "Bob")
			refused(t, bob.Do("PATCH", "/v1/me", map[string]any{"display_name": name}), 422, "invalid", "")
		}
	})
}

// Somebody with a hundred games gets a push of each, each with its own word, and the badge says how many wait.
func TestAHundredGamesAtOnce(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		providers := servertest.NewProviders(t)
		url := servertest.Local(t, database, servertest.Options{Push: providers.Config})
		ann := servertest.Guest(t, url, "Ann")
		devices := providers.Devices(t, ann, "", "locale", "en")
		const games, opponents = 100, 4
		var bobs []*servertest.App
		for range opponents {
			bobs = append(bobs, servertest.Guest(t, url, "Bob"))
		}
		ids := make([]string, games)
		together(opponents, func(i int) {
			for n := i; n < games; n += opponents {
				code := bobs[i].Do("POST", "/v1/sessions", map[string]any{"game": "tictactoe"}).String("join_code")
				ids[n] = ann.Do("POST", "/v1/sessions/join", join(code)).String("id")
			}
		})
		w := watch(t, url, providers, ann)
		w.after(servertest.Grace)
		list := ann.Must(t, 200, "GET", "/v1/sessions?limit=100", nil)
		waiting := list.Int("waiting_for_me")
		same(t, "games", list.Len("items"), games)
		words, about, mine := map[string]map[string]bool{}, map[string]map[string]bool{}, map[string]int64{}
		for _, p := range providers.Arrived(t) {
			if words[p.To.ID] == nil {
				words[p.To.ID], about[p.To.ID] = map[string]bool{}, map[string]bool{}
			}
			words[p.To.ID][p.Collapse] = true
			about[p.To.ID][p.Fields["session_id"]] = true
			same(t, "badge", int64(p.Badge), waiting)
			if p.Fields["kind"] != "your_turn" {
				same(t, "kind", p.Fields["kind"], "matched")
				continue
			}
			mine[p.To.ID]++
			if want := fmt.Sprintf("Make your move in Tic-tac-toe with Bob. %d games are waiting for you.", waiting); waiting > 1 {
				same(t, "text", p.Text, want)
			}
		}
		for _, d := range devices {
			same(t, "sessions that "+d.ID+" was told of", len(about[d.ID]), games)
			same(t, "their words", len(words[d.ID]), games)
			same(t, "turns", mine[d.ID], waiting)
		}
		same(t, "lines of the ledger", len(ledger(t, ann)), games*len(devices))
		for _, id := range ids {
			if !slices.Contains(slices.Collect(maps.Keys(about[notify.APNs])), id) {
				t.Errorf("nothing was pushed of %s", id)
			}
		}
	})
}

// Who has deleted the account has no name that could be said.
func TestPushWhenTheOpponentHasGone(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		providers := servertest.NewProviders(t)
		url := servertest.Local(t, database, servertest.Options{Push: providers.Config})
		ann, bob := servertest.Guest(t, url, "Ann"), servertest.Guest(t, url, "Bob")
		providers.Devices(t, ann, "", "locale", "en")
		providers.Device(bob, "bob", notify.APNs).Register(t)
		w := watch(t, url, providers, ann)
		w.annToMove(ann, bob)
		bob.Must(t, 204, "DELETE", "/v1/me", nil)
		w.after(servertest.Grace)
		arrived := providers.Arrived(t)
		arrived = slices.DeleteFunc(arrived, func(p servertest.Pushed) bool { return p.Fields["kind"] == notify.BadgeChanged })
		for _, p := range arrived {
			same(t, "to "+p.To.ID, p.Fields["kind"]+": "+p.Text, "session_finished: Your game of Tic-tac-toe is over. See how it ended.")
			same(t, "badge", p.Badge, 0)
		}
		same(t, "pushes", len(arrived), 3)
	})
}

// A subscription that leads into the operator's own network is refused, however its host is written, and also where
// every public host is allowed.
func TestSubscriptionsIntoTheOwnNetwork(t *testing.T) {
	inside := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the inside was reached") }))
	defer inside.Close()
	providers := servertest.NewProviders(t)
	port := inside.Listener.Addr().String()[strings.LastIndex(inside.Listener.Addr().String(), ":"):]
	for _, hosts := range [][]string{providers.Config.WebPushHosts, {"*"}} {
		config := providers.Config
		config.WebPushHosts = hosts
		config.APNsKey, config.FCMCredentials = "", ""
		url := onRealClock(t, config)
		ann := servertest.Guest(t, url, "Ann")
		d := providers.Device(ann, "browser", notify.WebPush)
		for _, host := range []string{
			"127.0.0.1" + port, "127.0.0.1", "localhost" + port, "localhost", "[::1]" + port, "[::ffff:127.0.0.1]" + port, "[::127.0.0.1]", "2130706433", "0x7f.1", "127.1",
			"0177.0.0.1", "0.0.0.0" + port, "0", "169.254.169.254", "[fd00:ec2::254]", "10.0.0.1", "192.168.0.1:8443", "metadata", "127.0.0.1.", "127。0。0。1",
			"ｌocalhost.example", "127.0.0.1%2f.example.org", "user@127.0.0.1" + port, "fcm.googleapis.com@127.0.0.1" + port, "127.0.0.1\\.fcm.googleapis.com",
		} {
			body := d.Body()
			body["subscription"].(map[string]any)["endpoint"] = "https://" + host + "/latest/meta-data"
			got := ann.Do("PUT", d.Path(), body)
			if got.Status != 422 || got.Problem() != "invalid" || got.String("errors", 0, "location") != "body.subscription.endpoint" {
				t.Errorf("%s with %q: %d %s", host, hosts, got.Status, got.Body)
			}
		}
	}
}

// onRealClock runs a node without a test clock, which would allow fewer hosts.
func onRealClock(t *testing.T, config server.PushConfig) (url string) {
	t.Helper()
	node, err := server.NewNode(t.Context(), server.Config{
		Database: "sqlite:" + filepath.Join(t.TempDir(), "yourturn.db"), Games: []games.Game{server.Game(tictactoe.Rules{})}, Name: "test",
		Retention: day, Push: config, Out: &safeLog{}, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(node.Handler)
	t.Cleanup(func() {
		web.Close()
		if err := node.Close(); err != nil {
			t.Error(err)
		}
	})
	return web.URL
}

// A push service that is allowed sends on to one that is not: nobody follows.
func TestRedirectsOfPushServicesAreNotFollowed(t *testing.T) {
	providers := servertest.NewProviders(t)
	tlsServer := func(h http.HandlerFunc) *httptest.Server {
		s := httptest.NewUnstartedServer(h)
		s.TLS = &tls.Config{Certificates: []tls.Certificate{providers.Authority.Cert}, MinVersion: tls.VersionTLS12}
		s.StartTLS()
		t.Cleanup(s.Close)
		return s
	}
	inside := tlsServer(func(http.ResponseWriter, *http.Request) { t.Error("the inside was reached") })
	asked := 0
	statuses := []int{301, 302, 303, 307, 308}
	evil := tlsServer(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, inside.URL+"/latest/meta-data", statuses[asked%len(statuses)])
		asked++
	})
	config := providers.Config
	config.WebPushHosts = []string{strings.TrimPrefix(evil.URL, "https://")}
	url := servertest.Local(t, "sqlite:"+filepath.Join(t.TempDir(), "yourturn.db"), servertest.Options{Push: config})
	ann := servertest.Guest(t, url, "Ann")
	d := providers.Device(ann, "browser", notify.WebPush)
	d.Address.Token = evil.URL + "/push/x"
	d.Register(t)
	for _, status := range statuses {
		got := ann.Must(t, 200, "POST", d.Path()+"/test", nil)
		same(t, "what became of it", got.String("status")+" "+got.String("reason"), fmt.Sprintf("failed status-%d", status))
	}
	same(t, "asked", asked, len(statuses))
	same(t, "still there", ann.Must(t, 200, "GET", "/v1/me/devices", nil).Len("items"), 1)
}
