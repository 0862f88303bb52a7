package player

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"
)

// Profile is what a player says of themselves.
type Profile struct {
	DisplayName string
	Locale      string // BCP 47; empty when unknown
	Avatar      string // a word the app understands: the name of a picture it ships, or an emoji
}

// Limits of a profile, in characters.
const (
	MaxName   = 32
	MaxAvatar = 64
	MaxLocale = 35 // RFC 5646, section 4.4.1
)

// BadProfile refuses a member of a profile.
type BadProfile struct{ Member, Message string }

func (e *BadProfile) Error() string { return e.Member + " " + e.Message }

// check cleans a profile or refuses it.
func (p Profile) check() (Profile, error) {
	name, err := cleanText("display_name", p.DisplayName, MaxName)
	if err != nil {
		return p, err
	}
	avatar, err := cleanText("avatar", p.Avatar, MaxAvatar)
	if err != nil {
		return p, err
	}
	if strings.Contains(avatar, "://") {
		return p, &BadProfile{"avatar", "must not be an address: the other players' devices would call it"}
	}
	locale, err := CleanLocale(p.Locale)
	if err != nil {
		return p, err
	}
	return Profile{DisplayName: name, Avatar: avatar, Locale: locale}, nil
}

// cleanText normalises what a person typed. White space, line breaks among it, becomes single spaces. It refuses what
// would let a name pose as something else: controls, marks that turn the direction of the text around them, marks in
// piles, and characters that cannot be seen, but for the joiner and the selector where they do something.
func cleanText(member, text string, most int) (string, error) {
	if !utf8.ValidString(text) {
		return "", &BadProfile{member, "must be valid UTF-8"}
	}
	text = strings.Join(strings.Fields(norm.NFC.String(text)), " ")
	runes := []rune(text)
	if len(runes) > most {
		return "", &BadProfile{member, fmt.Sprintf("must have at most %d characters", most)}
	}
	marks := 0
	for i, r := range runes {
		before, after := ' ', ' '
		if i > 0 {
			before = runes[i-1]
		}
		if i+1 < len(runes) {
			after = runes[i+1]
		}
		switch {
		case !unicode.In(r, unicode.Mn, unicode.Me):
			marks = 0
		case before == ' ':
			return "", &BadProfile{member, "must not begin a word with a mark"}
		default:
			marks++
		}
		if marks > maxMarks {
			return "", &BadProfile{member, "must not pile up marks on a character"}
		}
		if !seen(before, r, after) {
			return "", &BadProfile{member, "must not hold controls, direction marks or invisible characters"}
		}
	}
	return text, nil
}

const (
	zeroWidthJoiner = '\u200d'
	emojiSelector   = '\ufe0f'
	keycap          = '\u20e3'
	brailleBlank    = '\u2800' // a symbol to Unicode, nothing to the eye
	virama          = 9        // the combining class of the marks after which a joiner shapes Indic letters
	maxMarks        = 3        // on one character; Vietnamese and vocalised scripts need two or three
)

// seen says that a character shows, by itself or by what it does to those beside it: a joiner makes one picture of two,
// or one letter of two as in Sinhala; a selector gives a picture its colours. Anywhere else they would make two names of
// one that look the same.
func seen(before, r, after rune) bool {
	switch r {
	case ' ':
		return true
	case zeroWidthJoiner:
		return (isPicture(before) || before == emojiSelector) && isPicture(after) || norm.NFC.PropertiesString(string(before)).CCC() == virama
	case emojiSelector:
		return isPicture(before) || after == keycap
	case brailleBlank:
		return false
	}
	return unicode.IsGraphic(r) && !unicode.In(r, unicode.Cf, unicode.Zs, unicode.Co,
		unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// isPicture takes in all symbols that emoji are made of, and some more.
func isPicture(r rune) bool {
	return r > unicode.MaxASCII && unicode.In(r, unicode.So, unicode.Sm, unicode.Sk, unicode.Po, unicode.Pd)
}

// CleanLocale normalises a language tag, or refuses it with a [BadProfile].
func CleanLocale(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	tag, err := language.Parse(strings.ReplaceAll(text, "_", "-"))
	if err != nil || len(tag.String()) > MaxLocale {
		return "", &BadProfile{"locale", "must be a BCP 47 tag such as en or pt-BR"}
	}
	return tag.String(), nil
}
