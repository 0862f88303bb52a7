package games_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"yourturn/games"
	"yourturn/games/tictactoe"
)

func TestParseMoveEncodesAgain(t *testing.T) {
	g := games.Define(sample{})
	for name, c := range map[string]struct {
		want  string
		typed []string // spellings of one move
	}{
		"spaces, order and escapes": {`{"cell":3,"word":"ab"}`, []string{
			`{"cell":3,"word":"ab"}`, " {\n\"word\" : \"ab\",\t\"cell\":3 } ", `{"\u0063ell":3,"w\u006frd":"\u0061b"}`,
		}},
		"null means absent": {`{"cell":3}`, []string{
			`{"cell":3,"guess":null,"piece":null,"pieces":null,"votes":null,"word":null,"big":null}`,
		}},
		"null inside means absent": {`{"cell":3,"votes":{"b":2}}`, []string{
			`{"cell":3,"votes":{"a":null,"b":2}}`, `{"cell":3,"votes":{"b":2}, "hands":{"a":null}}`,
		}},
		"the largest integer, to the unit": {`{"cell":0,"big":9223372036854775807}`, []string{`{"cell":0,"big":9223372036854775807}`}},
		"a fraction":                       {`{"cell":0,"share":0.25}`, []string{`{"cell":0,"share":0.25}`, `{"cell":0,"share":25e-2}`, `{"cell":0,"share":0.250}`}},
		"minus zero is zero":               {`{"cell":0}`, []string{`{"cell":-0}`, `{"cell":0,"big":-0}`}},
		"maps in order":                    {`{"cell":0,"votes":{"a":1,"b":2}}`, []string{`{"cell":0,"votes":{"b":2,"a":1}}`}},
		"a struct in a list":               {`{"cell":0,"pieces":[{"kind":"king"}]}`, []string{`{"cell":0,"pieces":[{"kind":"king"}]}`}},
		"letters of all alphabets":         {`{"cell":0,"word":"ß猫🙂"}`, []string{`{"cell":0,"word":"ß猫🙂"}`, `{"cell":0,"word":"\u00df\u732b\ud83d\ude42"}`}},
	} {
		for _, typed := range c.typed {
			t.Run(name, func(t *testing.T) {
				got, err := g.ParseMove(json.RawMessage(typed))
				if err != nil || string(got) != c.want {
					t.Errorf("%s becomes %s, %v; want %s", typed, got, err, c.want)
				}
			})
		}
	}
}

func TestParseMoveRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		typed string
		at    string // empty: the value as a whole, or wherever
	}{
		"nothing":                       {``, ""},
		"null":                          {`null`, ""},
		"a list":                        {`[]`, ""},
		"a number":                      {`4`, ""},
		"not JSON":                      {`{"cell":3`, ""},
		"a comment":                     {`{"cell":3} // the middle`, ""},
		"trailing data":                 {`{"cell":3}{"cell":4}`, ""},
		"trailing comma":                {`{"cell":3,}`, ""},
		"without the required member":   {`{}`, ""},
		"null for a required member":    {`{"cell":null}`, ""},
		"another case":                  {`{"Cell":3}`, ""},
		"another case besides":          {`{"cell":3,"CELL":4}`, ""},
		"Kelvin sign for a k":           {"{\"cell\":3,\"piece\":{\"\u212aind\":\"king\"}}", ""},
		"an unknown member":             {`{"cell":3,"colour":"red"}`, ""},
		"an unknown member inside":      {`{"cell":3,"piece":{"kind":"king","x":1}}`, ""},
		"a member twice":                {`{"cell":3,"cell":3}`, ""},
		"twice, spelled differently":    {`{"cell":3,"c\u0065ll":4}`, ""},
		"twice, first as null":          {`{"cell":null,"cell":4}`, ""},
		"twice inside":                  {`{"cell":3,"votes":{"a":1,"a":2}}`, ""},
		"too small":                     {`{"cell":-1}`, "cell"},
		"too large":                     {`{"cell":9}`, "cell"},
		"a fraction for an integer":     {`{"cell":3.5}`, "cell"},
		"a string for an integer":       {`{"cell":"3"}`, "cell"},
		"a bool for an integer":         {`{"cell":true}`, "cell"},
		"beyond 64 bits":                {`{"cell":3,"big":9223372036854775808}`, ""},
		"a huge exponent":               {`{"cell":3,"big":1e400}`, ""},
		"a huge fraction":               {`{"cell":3,"share":-1e400}`, ""},
		"a very long number":            {`{"cell":3,"big":` + strings.Repeat("9", 5000) + `}`, ""},
		"out of an enum":                {`{"cell":3,"piece":{"kind":"queen"}}`, "piece.kind"},
		"too long":                      {`{"cell":3,"word":"abcdef"}`, "word"},
		"below through a pointer":       {`{"cell":3,"guess":0}`, "guess"},
		"null in a list":                {`{"cell":3,"pieces":[null]}`, "pieces[0]"},
		"bounds of a map's values":      {`{"cell":3,"hands":{"a":{"points":0}}}`, "hands.a.points"},
		"a map's value without all":     {`{"cell":3,"hands":{"a":{}}}`, "hands.a"},
		"the pattern of a map's values": {`{"cell":3,"names":{"a":"ann","b":"B"}}`, "names.b"},
		"invalid UTF-8":                 {"{\"cell\":3,\"word\":\"\xff\"}", ""},
		"half a surrogate pair":         {`{"cell":3,"word":"\ud800"}`, ""},
		"deep nesting":                  {`{"cell":3,"x":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + `}`, ""},
		"deep and open":                 {strings.Repeat(`{"a":`, 100_000), ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := games.Define(sample{}).ParseMove(json.RawMessage(c.typed))
			var invalid *games.Invalid
			if !errors.As(err, &invalid) || got != nil {
				t.Fatalf("%q becomes %s, %v", c.typed[:min(len(c.typed), 100)], got, err)
			}
			if c.at != "" && !slices.ContainsFunc(invalid.Issues, func(i games.Issue) bool { return i.Location == c.at }) {
				t.Errorf("%s: issues %+v, want one at %s", c.typed, invalid.Issues, c.at)
			}
		})
	}
}

// A move may hold what nobody else should read, and problems end up in logs.
func TestMessagesNeverRepeatTheValue(t *testing.T) {
	g := games.Define(sample{})
	const secret = "s3cr%t"
	for _, typed := range []string{
		`{"cell":%q}`, `{"cell":3,"word":%q}`, `{"cell":3,"link":%q}`, `{"cell":3,"link":"http://[%s"}`, `{"cell":3,"piece":{"kind":%q}}`,
		`{"cell":3,"piece":%q}`, `{"cell":3,"pieces":[%q]}`, `{"cell":3,"votes":{"a":%q}}`, `{"cell":3,"big":%q}`, `{"cell":3,"guess":%q}`,
		`{"cell":3} %s`, `{"cell":3,"word":"%s}`, `%q`,
	} {
		raw := fmt.Sprintf(typed, secret)
		_, err := g.ParseMove(json.RawMessage(raw))
		if err == nil || strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "s3cr") {
			t.Errorf("%s: %v", raw, err)
		}
	}
}

func TestParseConfigIsAsStrict(t *testing.T) {
	g := games.Define(sample{})
	for typed, want := range map[string]string{
		``: `{"size":3}`, `{}`: `{"size":3}`, ` {"size" : null}`: `{"size":3}`, `{"size":4}`: `{"size":4}`,
		`{"Size":4}`: "", `{"size":21}`: "", `{"size":4,"size":4}`: "", `{"size":4} 5`: "", `null`: "", `{"x":1}`: "", "{\"size\":\xff}": "",
	} {
		got, err := g.ParseConfig(json.RawMessage(typed))
		if (err == nil) != (want != "") || string(got) != want {
			t.Errorf("%q becomes %s, %v; want %s", typed, got, err, want)
		}
	}
}

// catalogue is what the fuzz targets try: one game with everything, and the one that everybody plays.
func catalogue() []games.Game {
	return []games.Game{games.Define(sample{}), games.Define(tictactoe.Rules{})}
}

func FuzzParseMove(f *testing.F) {
	for _, seed := range []string{
		`{"cell":4}`, `{"cell":null}`, `{"cell":-0,"share":-0.0}`, `{"cell":1,"votes":{"a":null,"b":1},"hands":{"c":{"points":2}}}`,
		`{"cell":1,"pieces":[{"kind":"king"}],"piece":{"kind":"pawn"},"word":"\ud83d\ude42","link":"http://x"}`, `[[[[`, `{"a":{"a":{"a":1e999}}}`,
	} {
		f.Add([]byte(seed))
	}
	all := catalogue()
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, g := range all {
			parsesAgain(t, raw, g.ParseMove)
		}
	})
}

func FuzzParseConfig(f *testing.F) {
	for _, seed := range []string{``, `{}`, `{"size":4}`, `{"size":null}`, `{"size":13}`, `null`} {
		f.Add([]byte(seed))
	}
	all := catalogue()
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, g := range all {
			parsesAgain(t, raw, g.ParseConfig)
		}
	})
}

func parsesAgain(t *testing.T, raw []byte, parse func(json.RawMessage) (json.RawMessage, error)) {
	t.Helper()
	given := slices.Clone(raw)
	once, err := parse(raw)
	if !slices.Equal(given, raw) {
		t.Fatalf("parsing has changed %q to %q", given, raw)
	}
	if err != nil {
		return
	}
	twice, err := parse(once)
	if err != nil || string(twice) != string(once) {
		t.Fatalf("%q becomes %s, and then %s, %v", raw, once, twice, err)
	}
}
