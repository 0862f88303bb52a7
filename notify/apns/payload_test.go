package apns

import (
	"encoding/json"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"yourturn/notify"
)

var update = flag.Bool("update", false, "write the golden files")

func TestPayloads(t *testing.T) {
	keys := notify.Text{TitleKey: "your_turn.title", BodyKey: "your_turn.body", BodyArgs: []string{"Ada", "Tic-tac-toe"}}
	for name, change := range map[string]func(*notify.Push){
		"rendered":   func(*notify.Push) {},
		"title only": func(p *notify.Push) { p.Text.Body = "" },
		"app":        func(p *notify.Push) { p.Text = keys },
		"app without arguments": func(p *notify.Push) {
			p.Text = keys
			p.Text.BodyArgs = nil
		},
		"app gets no words": func(p *notify.Push) {
			p.Text = keys
			p.Text.Title, p.Text.Body = "Your turn", "Ada has moved"
		},
		"silent": func(p *notify.Push) { p.Text, p.Badge = notify.Text{}, 0 },
		"silent without fields": func(p *notify.Push) {
			p.Text, p.Fields = notify.Text{}, nil
		},
		"markup":           func(p *notify.Push) { p.Text.Body = `<b>Ada & "Bob"</b> \ ` + "\u2028\n" },
		"emoji":            func(p *notify.Push) { p.Text.Title = "👩\u200d🚀 Zug für Ædá שלום" },
		"long":             func(p *notify.Push) { p.Text.Body = strings.Repeat("a", 5000) },
		"long emoji":       func(p *notify.Push) { p.Text.Body = strings.Repeat("🙂", 2000) },
		"long markup":      func(p *notify.Push) { p.Text.Body = strings.Repeat("<&>", 2000) },
		"long quotes":      func(p *notify.Push) { p.Text.Body = strings.Repeat(`"`, 5000) },
		"half a character": func(p *notify.Push) { p.Text.Body = "Ada\xc3" },
	} {
		t.Run(name, func(t *testing.T) {
			p := pushTo(1)
			change(&p)
			got, err := Payload(p)
			if err != nil {
				t.Fatal(err)
			}
			if len(got) > maxPayload || !json.Valid(got) || !utf8.Valid(got) {
				t.Errorf("%d bytes, JSON: %t, UTF-8: %t", len(got), json.Valid(got), utf8.Valid(got))
			}
			if strings.HasPrefix(name, "long") && len(got) < maxPayload-8 {
				t.Errorf("cut to %d bytes", len(got))
			}
			golden(t, strings.ReplaceAll(name, " ", "_")+".json", got)
		})
	}
}

// golden compares got with a file of testdata, or writes it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (go test ./notify/apns -update writes it)", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (go test ./notify/apns -update accepts it):\n%s", path, diff)
	}
}

// TestAnyTextFits: whatever is written, it fits, and nothing is cut that need not be.
func TestAnyTextFits(t *testing.T) {
	alphabet := []rune("a<&>\"\\\n\u2028é猫🙂\u200d\x01")
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		p := pushTo(1)
		body := make([]rune, random.IntN(6000))
		for i := range body {
			body[i] = alphabet[random.IntN(len(alphabet))]
		}
		p.Text.Body = string(body)
		data, err := Payload(p)
		if err != nil {
			t.Fatal(err)
		}
		var got payload
		if err := json.Unmarshal(data, &got); err != nil || len(data) > maxPayload {
			t.Fatalf("%d bytes, %v", len(data), err)
		}
		kept, cut := strings.CutSuffix(got.APS.Alert.Body, "…")
		if !strings.HasPrefix(p.Text.Body, kept) || !cut && kept != p.Text.Body {
			t.Fatal("not its beginning")
		}
		if cut && len(data) <= maxPayload-7 {
			t.Fatalf("another character would have fitted: %d bytes", len(data))
		}
	}
}

func TestWhatCannotBeCut(t *testing.T) {
	long := strings.Repeat("a", 5000)
	for name, change := range map[string]func(*notify.Push){
		"title":     func(p *notify.Push) { p.Text.Title = long },
		"arguments": func(p *notify.Push) { p.Text = notify.Text{TitleKey: "t", BodyKey: "b", BodyArgs: []string{long}} },
		"fields":    func(p *notify.Push) { p.Fields = notify.Fields{"game": long} },
		"silent":    func(p *notify.Push) { p.Text, p.Fields = notify.Text{}, notify.Fields{"game": long} },
		"hidden":    func(p *notify.Push) { p.Text, p.Fields = notify.Text{Body: long}, notify.Fields{"game": long} },
	} {
		t.Run(name, func(t *testing.T) {
			p := pushTo(1)
			change(&p)
			if data, err := Payload(p); err == nil {
				t.Errorf("%d bytes", len(data))
			}
		})
	}
}
