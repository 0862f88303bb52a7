package fcm

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"yourturn/notify"
)

var update = flag.Bool("update", false, "write the golden files")

func TestGolden(t *testing.T) {
	now := time.Date(2026, 3, 4, 5, 6, 7, 8, time.UTC)
	for name, change := range map[string]func(*notify.Push){
		"rendered":     func(*notify.Push) {},
		"title_alone":  func(p *notify.Push) { p.Text.Body = "" },
		"markup":       func(p *notify.Push) { p.Text.Title, p.Text.Body = `<b>&"\`, "a\nb\u2028“c” 🎲" },
		"keys":         func(p *notify.Push) { p.Text = keys() },
		"key_alone":    func(p *notify.Push) { p.Text = notify.Text{TitleKey: "your_turn_title"} },
		"keys_win":     func(p *notify.Push) { p.Text = keys(); p.Text.Title, p.Text.Body = "never", "never" },
		"silent":       func(p *notify.Push) { p.Text, p.Badge = notify.Text{}, 0 },
		"no_session":   func(p *notify.Push) { p.Fields, p.Collapse = notify.Fields{"kind": "ticket_expired"}, "" },
		"kept_briefly": func(p *notify.Push) { p.Ends = 90*time.Second + 999*time.Millisecond },
	} {
		t.Run(name, func(t *testing.T) {
			p := push()
			change(&p)
			wire, err := body(p, now)
			if err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			if err := json.Indent(&got, append(wire, '\n'), "", "  "); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", name+".json")
			if *update {
				if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func keys() notify.Text {
	return notify.Text{TitleKey: "your_turn_title", BodyKey: "your_turn_body", BodyArgs: []string{"Grace", "Tic-tac-toe"}}
}

func TestKept(t *testing.T) {
	for ends, want := range map[time.Duration]string{
		time.Nanosecond: "1s", time.Second: "1s", 1999 * time.Millisecond: "1s", time.Hour: "3600s",
		28 * 24 * time.Hour: "2419200s", 400 * 24 * time.Hour: "2419200s",
	} {
		p := push()
		p.Ends = ends
		m, err := message(p, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		wire, err := json.Marshal(m.Android)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(wire, []byte(`"ttl":"`+want+`"`)) {
			t.Errorf("%v: %s", ends, wire)
		}
	}
}

// The device's own numbers must not wander from one push into another.
func TestMessageSharesNothing(t *testing.T) {
	p := push()
	m, err := message(p, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	m.Data["kind"] = "changed"
	if p.Fields["kind"] != "your_turn" || p.Fields["badge"] != "" {
		t.Errorf("%v", p.Fields)
	}
}

func TestTooLongIsCut(t *testing.T) {
	for name, text := range map[string]string{
		"letters": strings.Repeat("a", 5000), "words": strings.Repeat("word ", 2000), "markup": strings.Repeat("<&>", 2000),
		"emoji": strings.Repeat("🎲", 3000), "line separators": strings.Repeat("\u2028", 3000),
		"halves": strings.Repeat("a\xc3", 3000), "a megabyte": strings.Repeat("é", 1<<19),
	} {
		t.Run(name, func(t *testing.T) {
			p := push()
			p.Text.Body = text
			m, err := message(p, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			got := m.Notification.Body
			if n := size(m); n > maxMessage || n < maxMessage-10 {
				t.Errorf("%d bytes", n)
			}
			whole := strings.ToValidUTF8(text, "\ufffd")
			if !utf8.ValidString(got) || !strings.HasSuffix(got, "…") || !strings.HasPrefix(whole, strings.TrimSuffix(got, "…")) {
				t.Errorf("ends in %q", got[max(0, len(got)-20):])
			}
		})
	}
}

func TestWhatFitsIsNotCut(t *testing.T) {
	p := push()
	m, err := message(p, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	p.Text.Body += strings.Repeat("x", maxMessage-size(m))
	if m, err = message(p, time.Now()); err != nil || m.Notification.Body != p.Text.Body || size(m) != maxMessage {
		t.Errorf("%d bytes, %v", size(m), err)
	}
	p.Address.Token = strings.Repeat("t", maxToken) // the address does not count
	if m, err = message(p, time.Now()); err != nil || m.Notification.Body != p.Text.Body {
		t.Error("cut")
	}
}

func TestAttackFieldsOfFirebasesOwn(t *testing.T) {
	fake, s := newFake(t)
	for _, name := range []string{"", "from", "message_type", "collapse_key", "google", "google.sent_time", "gcm", "gcm.notification.title", "badge"} {
		p := push()
		p.Fields = notify.Fields{name: "x"}
		if _, err := Body(p); !errors.Is(err, errReserved) {
			t.Errorf("%q: %v", name, err)
		}
		if got := s.Send(t.Context(), p); got != (notify.Outcome{Class: notify.Faulty, Reason: "reserved-field"}) {
			t.Errorf("%q: %+v", name, got)
		}
	}
	if len(fake.Received()) != 0 {
		t.Error("sent")
	}
}

func TestNothingCuresTheseMessages(t *testing.T) {
	fake, s := newFake(t)
	for name, c := range map[string]struct {
		change func(*notify.Push)
		want   string
	}{
		"a title without an end": {func(p *notify.Push) { p.Text.Title = strings.Repeat("a", 5000) }, "too-big"},
		"arguments without":      {func(p *notify.Push) { p.Text = keys(); p.Text.BodyArgs = []string{strings.Repeat("a", 5000)} }, "too-big"},
		"fields without":         {func(p *notify.Push) { p.Fields["game"] = strings.Repeat("a", 5000) }, "too-big"},
		"no address":             {func(p *notify.Push) { p.Address.Token = "" }, "message"},
		"arguments of no key":    {func(p *notify.Push) { p.Text = keys(); p.Text.BodyKey = "" }, "message"},
	} {
		p := push()
		c.change(&p)
		if got := s.Send(t.Context(), p); got != (notify.Outcome{Class: notify.Faulty, Reason: c.want}) {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if len(fake.Received()) != 0 {
		t.Error("sent")
	}
}
