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
	locale, err := cleanLocale(p.Locale)
	if err != nil {
		return p, err
	}
	return Profile{DisplayName: name, Avatar: avatar, Locale: locale}, nil
}

// cleanText normalises what a person typed. It refuses what would let a name pose as something else: controls, marks
// that turn the direction of the text around them, and characters that cannot be seen. The joiner inside emoji and the
// selector of their colour are what remains allowed of those.
func cleanText(member, text string, most int) (string, error) {
	if !utf8.ValidString(text) {
		return "", &BadProfile{member, "must be valid UTF-8"}
	}
	text = strings.Join(strings.Fields(norm.NFC.String(text)), " ")
	if utf8.RuneCountInString(text) > most {
		return "", &BadProfile{member, fmt.Sprintf("must have at most %d characters", most)}
	}
	marks := 0
	for _, r := range text {
		if unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Me, r) {
			marks++
		} else {
			marks = 0
		}
		if marks > maxMarks {
			return "", &BadProfile{member, "must not pile up marks on a character"}
		}
		if r == zeroWidthJoiner || r == emojiSelector || r == ' ' {
			continue
		}
		if !unicode.IsGraphic(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) ||
			unicode.Is(unicode.Variation_Selector, r) || unicode.Is(unicode.Zs, r) || unicode.Is(unicode.Co, r) {
			return "", &BadProfile{member, "must not hold controls, direction marks or invisible characters"}
		}
	}
	if text != "" && strings.Trim(text, string([]rune{zeroWidthJoiner, emojiSelector, ' '})) == "" {
		return "", &BadProfile{member, "must hold something that can be seen"}
	}
	return text, nil
}

const (
	zeroWidthJoiner = '\u200d'
	emojiSelector   = '\ufe0f'
	maxMarks        = 3 // on one character; Vietnamese and vocalised scripts need two or three
)

func cleanLocale(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	tag, err := language.Parse(strings.ReplaceAll(text, "_", "-"))
	if err != nil || len(tag.String()) > MaxLocale {
		return "", &BadProfile{"locale", "must be a BCP 47 tag such as en or pt-BR"}
	}
	return tag.String(), nil
}
