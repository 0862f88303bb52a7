package player

import (
	"errors"
	"strings"
	"testing"
)

func TestNamesAreCleaned(t *testing.T) {
	for name, c := range map[string]struct{ typed, want string }{
		"as it is":                {"Ada", "Ada"},
		"nothing":                 {"", ""},
		"spaces collapse":         {"  Ada   King\t Lovelace ", "Ada King Lovelace"},
		"line breaks are spaces":  {"Ada\r\nLovelace\u2028", "Ada Lovelace"},
		"all kinds of spaces":     {"Ada\u00a0\u3000\u2003Lovelace", "Ada Lovelace"},
		"only spaces":             {" \t\n\u00a0", ""},
		"NFC":                     {"e\u0301", "é"},
		"NFC undoes look-alikes":  {"\u212bngstro\u0308m", "Ångström"},
		"32 characters":           {strings.Repeat("猫", 32), strings.Repeat("猫", 32)},
		"32 after NFC":            {strings.Repeat("e\u0301", 32), strings.Repeat("é", 32)},
		"32 after spaces":         {strings.Repeat(" ", 40) + strings.Repeat("a", 32), strings.Repeat("a", 32)},
		"arabic":                  {"محمد", "محمد"},
		"hebrew with points":      {"שָׁלוֹם", "שָׁלוֹם"},
		"devanagari":              {"नमस्ते", "नमस्ते"},
		"thai":                    {"สวัสดี", "สวัสดี"},
		"vietnamese":              {"Nguyễn Thị Ổn", "Nguyễn Thị Ổn"},
		"sinhala needs a joiner":  {"ශ්\u200dරී", "ශ්\u200dරී"},
		"punctuation":             {"O'Brien-Ng (1st)!", "O'Brien-Ng (1st)!"},
		"markup is only text":     {"<b>&amp;", "<b>&amp;"},
		"an emoji":                {"🙂", "🙂"},
		"a family, with joiners":  {"👨\u200d👩\u200d👧\u200d👦", "👨\u200d👩\u200d👧\u200d👦"},
		"joiner and selector":     {"👩\u200d❤\ufe0f\u200d💋\u200d👨 🏳\ufe0f\u200d🌈 ❤\ufe0f\u200d🔥", "👩\u200d❤\ufe0f\u200d💋\u200d👨 🏳\ufe0f\u200d🌈 ❤\ufe0f\u200d🔥"},
		"a skin tone":             {"👩🏽\u200d🚀", "👩🏽\u200d🚀"},
		"an arrow":                {"🙂\u200d↔\ufe0f", "🙂\u200d↔\ufe0f"},
		"a keycap":                {"1\ufe0f⃣", "1\ufe0f⃣"},
		"a flag":                  {"🇫🇷", "🇫🇷"},
		"three marks are a limit": {"q\u0323\u0307\u0308", "q\u0323\u0307\u0308"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Profile{DisplayName: c.typed}.check()
			if err != nil || p.DisplayName != c.want {
				t.Errorf("%q becomes %q, %v; want %q", c.typed, p.DisplayName, err, c.want)
			}
			if again, err := p.check(); err != nil || again != p {
				t.Errorf("cleaned again, %q becomes %q, %v", p.DisplayName, again.DisplayName, err)
			}
		})
	}
}

func TestAttackNamesThatPoseAsSomethingElse(t *testing.T) {
	for name, typed := range map[string]string{
		"NUL":                          "Ada\x00",
		"escape":                       "\x1b[31mAda",
		"delete":                       "Ada\x7f",
		"C1 control":                   "Ada\u009b31m",
		"right-to-left override":       "Ada\u202egnp.exe",
		"right-to-left mark":           "Ada\u200f",
		"isolate":                      "\u2067Ada\u2069",
		"arabic letter mark":           "Ada\u061c",
		"zero width space":             "A\u200bda",
		"zero width non-joiner":        "A\u200cda",
		"joiner between letters":       "A\u200dda",
		"joiner at the end":            "Ada\u200d",
		"joiner at the end of emoji":   "🙂\u200d",
		"joiner at the beginning":      "\u200dAda",
		"two joiners":                  "👩\u200d\u200d🚀",
		"nothing but joiners":          "\u200d\u200d",
		"selector after a letter":      "A\ufe0fda",
		"selector after a space":       "A \ufe0f",
		"selector twice":               "❤\ufe0f\ufe0f",
		"nothing but a selector":       "\ufe0f",
		"text selector":                "❤\ufe0e",
		"word joiner":                  "A\u2060da",
		"byte order mark":              "\ufeffAda",
		"soft hyphen":                  "A\u00adda",
		"grapheme joiner":              "A\u034fda",
		"Hangul filler":                "\u3164",
		"half-width filler":            "\uffa0",
		"Braille blank":                "\u2800\u2800",
		"Mongolian vowel separator":    "A\u180eda",
		"tag characters":               "Ada\U000e0041",
		"private use":                  "Ada\ue000",
		"not assigned":                 "Ada\U000e1000",
		"a pile of marks":              "H" + strings.Repeat("\u0335\u0316", 8),
		"four marks":                   "q\u0323\u0307\u0308\u0310",
		"a mark on what stands before": "\u0338Ada",
		"a mark on a space":            "Ada \u0301",
		"an enclosing pile":            "A\u20dd\u20dd\u20dd\u20dd",
		"half a character":             "Ada\xc3",
		"surrogates":                   "\xed\xa0\x80",
		"33 characters":                strings.Repeat("a", 33),
		"33 emoji":                     strings.Repeat("🙂", 33),
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Profile{DisplayName: typed}.check()
			var bad *BadProfile
			if !errors.As(err, &bad) || bad.Member != "display_name" {
				t.Fatalf("%q becomes %q, %v", typed, p.DisplayName, err)
			}
			if strings.Contains(err.Error(), typed) {
				t.Errorf("the refusal repeats it: %v", err)
			}
		})
	}
}

func TestAvatars(t *testing.T) {
	for typed, ok := range map[string]bool{
		"": true, "fox": true, "cat-3/blue": true, "🦊": true, strings.Repeat("x", 64): true,
		strings.Repeat("x", 65): false, "https://evil.example/pixel.png": false, "//evil\u202e": false, "data://x": false,
	} {
		if _, err := (Profile{Avatar: typed}).check(); (err == nil) != ok {
			t.Errorf("%q: %v", typed, err)
		}
	}
}

func TestLocales(t *testing.T) {
	for typed, want := range map[string]string{
		"": "", "en": "en", "en-US": "en-US", "en_us": "en-US", "PT-br": "pt-BR", "zh-Hans-CN": "zh-Hans-CN", "zh_hant_TW": "zh-Hant-TW",
		"es-419": "es-419", "sr-Latn": "sr-Latn", "en-US-u-ca-gregory": "en-US-u-ca-gregory", "iw": "he",
		"en_US.UTF-8": "bad", "C": "bad", "english": "bad", "e": "bad", "en US": "bad", "en-": "bad", "xx": "bad", "<script>": "bad",
		"\xff": "bad", "en-US-x-" + strings.Repeat("abcdefgh-", 20): "bad", strings.Repeat("en-", 3000): "bad",
	} {
		p, err := Profile{Locale: typed}.check()
		if (err != nil) != (want == "bad") || err == nil && p.Locale != want {
			t.Errorf("%q becomes %q, %v; want %q", typed, p.Locale, err, want)
		}
	}
}
