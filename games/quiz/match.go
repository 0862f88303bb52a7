package quiz

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// matches says that a guess is as good as the answer: more than three quarters alike, when both are plain. A number
// must be met exactly, for 40000 is no slip of the pen for 42000.
func matches(answer, guess string) bool {
	a, g := []rune(plain(answer)), []rune(plain(guess))
	if slices.Equal(a, g) {
		return true
	}
	if !slices.ContainsFunc(a, func(c rune) bool { return !unicode.IsDigit(c) }) {
		return false
	}
	return 4*distance(a, g) < max(len(a), len(g))
}

// plain keeps of a text what answers are compared by: letters and digits of any script, small and without accents, and
// of the words all but a, an, the and of.
func plain(text string) string {
	var kept strings.Builder
	for _, word := range strings.FieldsFunc(fold(text), apart) {
		switch word {
		case "a", "an", "the", "of":
		default:
			kept.WriteString(word)
		}
	}
	return kept.String()
}

// apart says that a rune stands between words. Marks belong to the letter before.
func apart(c rune) bool { return !unicode.In(c, unicode.L, unicode.N, unicode.M) }

// fold writes é as e and Ａ as a. Only the accents of the European scripts go: elsewhere marks are vowels.
func fold(text string) string {
	text = strings.Map(func(c rune) rune {
		if c >= '\u0300' && c <= '\u036f' {
			return -1
		}
		return c
	}, strings.ToLower(norm.NFKD.String(text)))
	return unaccented.Replace(text)
}

// unaccented are the letters that people type as others, though Unicode takes them for letters of their own.
var unaccented = strings.NewReplacer("ß", "ss", "æ", "ae", "œ", "oe", "ø", "o", "đ", "d", "ð", "d", "ł", "l", "ı", "i", "þ", "th")

// distance is Levenshtein's: how many letters must be put in, left out or exchanged to make one text of the other.
func distance(a, b []rune) int {
	row := make([]int, len(b)+1) // the distances from what has been read of a to each beginning of b
	for j := range row {
		row[j] = j
	}
	for i := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j := range b {
			exchange := diagonal
			if a[i] != b[j] {
				exchange++
			}
			diagonal = row[j+1]
			row[j+1] = min(exchange, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
