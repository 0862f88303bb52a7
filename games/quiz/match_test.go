package quiz

import "testing"

// The vectors are those of the game that this one descends from. alike is in thousandths, 1000 is the same.
func TestWhatCountsAsRight(t *testing.T) {
	for _, c := range []struct {
		answer, guess string
		alike         int
		right         bool
	}{
		{"The Lord of the Rings", "lord rings", 1000, true},
		{"Abraham Lincoln", "Abram Lincoln", 857, true},
		{"Abraham Lincoln", "Lincoln", 500, false},
		{"Mars", "Mark", 750, false}, // three quarters are not enough
		{"Venus", "Venis", 800, true},
		{"1984", "1985", 750, false},
		{"rock 'n' roll", "rock and roll", 818, true},
		{"Canada", "What is Canada?", 500, false},
		{"Beyoncé", "Beyonce", 1000, true}, // 857 there, where é was left out
		{"A", "the", 1000, true},           // nothing is left of either

		// What was wrong there.
		{"42000", "42001", 800, false}, // a number is met exactly
		{"1,000", "1000", 1000, true},
		{"Москва", "Токио", 333, false}, // other scripts were left out altogether, so that any guess was right
		{"Москва", "москва", 1000, true},
		{"東京", "京都", 0, false},
		{"Mars", "", 0, false},
		{"Mars", "!?", 0, false},
		{"Mars", "the", 0, false},

		// Words and accents of all sorts.
		{"éa", "ea", 1000, true}, // one word: the a in it is not an article
		{"García Márquez", "garcia marquez", 1000, true},
		{"Łódź", "lodz", 1000, true},
		{"Tromsø", "Tromso", 1000, true},
		{"Straße", "STRASSE", 1000, true},
		{"e\u0301te\u0301", "été", 1000, true}, // one é or e with an accent
		{"ＡＢＣ", "abc", 1000, true},
		{"H₂O", "h2o", 1000, true},
		{"Mother-of-pearl", "mother pearl", 1000, true},
		{"Lost and Found", "lost found", 750, false}, // and counts
	} {
		if got := matches(c.answer, c.guess); got != c.right {
			t.Errorf("%q for %q is right: %v, want %v", c.guess, c.answer, got, c.right)
		}
		if got := alike(c.answer, c.guess); got != c.alike {
			t.Errorf("%q and %q are %d alike, want %d", c.guess, c.answer, got, c.alike)
		}
	}
}

func alike(answer, guess string) int {
	a, g := []rune(plain(answer)), []rune(plain(guess))
	longer := max(len(a), len(g))
	if longer == 0 {
		return 1000
	}
	return 1000 * (longer - distance(a, g)) / longer
}

func TestPlain(t *testing.T) {
	for text, want := range map[string]string{
		"":                        "",
		"  The  Beatles ":         "beatles",
		"A Tale of Two Cities":    "taletwocities",
		"ANTHEM of the Theatre":   "anthemtheatre", // words, not parts of words
		"Ode an die Freude":       "odediefreude",
		"O'Neill & Sons, Ltd.":    "oneillsonsltd",
		"¡Olé!":                   "ole",
		"naïve café":              "naivecafe",
		"हिन्दी":                  "हिन्दी", // its marks are vowels
		"Iﬁ":                      "ifi",    // a ligature
		"snow\u00a0white\tdwarfs": "snowwhitedwarfs",
	} {
		if got := plain(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}
