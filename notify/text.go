package notify

import (
	"embed"
	"fmt"
	"io/fs"
	"iter"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/bidi"
	"golang.org/x/text/unicode/norm"
)

// Occasion is what a text is about. It tells who and what, never a move or a result: a text shows on a locked screen.
type Occasion struct {
	Kind     string // of the message
	Game     string // its title, for people
	Opponent string // what the other one is called; empty when there is no single one
	Waiting  int    // sessions that wait for the player, this one included
}

// wording is what the texts of a kind tell beside their title, which tells nothing.
type wording struct {
	kind     string
	game     bool
	opponent bool // there is one text for when there is an opponent's name, and one for when there is none
	waiting  bool // likewise for when more sessions wait
}

// wordings is all that there are texts for. The ids of the messages in the catalogues follow from it, and so do the
// keys for apps, which are the same words and a promise: docs/push-texts.md.
var wordings = [...]wording{
	{kind: Matched, game: true, opponent: true},
	{kind: YourTurn, game: true, opponent: true, waiting: true},
	{kind: TurnReminder, game: true, opponent: true, waiting: true},
	{kind: SessionFinished, game: true, opponent: true},
	{kind: RematchOffered, game: true, opponent: true},
	{kind: TicketExpired, game: true},
	{kind: Invited, game: true, opponent: true},
	{kind: TestPush},
	{kind: "other", game: true}, // stays the last: what is said of every kind that is not listed
}

const (
	keyPrefix = "yourturn_"
	// noGameBody is said when there is no game's title to say, which no game that can be played leaves out.
	noGameBody = keyPrefix + "no_game_body"
)

// Limits of what is shown, in characters.
const (
	maxShownName = 24
	maxShownGame = 40
)

func wordingOf(kind string) wording {
	for _, w := range wordings {
		if w.kind == kind {
			return w
		}
	}
	return wordings[len(wordings)-1]
}

// occasions has one for every text there is.
func occasions() (all []Occasion) {
	for _, w := range wordings {
		for _, game := range []string{"Chess", ""} {
			for _, opponent := range []string{"Ann", ""} {
				for _, waiting := range []int{1, 2} {
					all = append(all, Occasion{Kind: w.kind, Game: game, Opponent: opponent, Waiting: waiting})
				}
			}
		}
	}
	return all
}

// phrase is what to say on an occasion, in no language yet.
type phrase struct {
	title, body string // ids of messages, and keys
	args        []string
	words       words
	count       any // of a body with plural forms
}

// words are what a message may name.
type words struct {
	Opponent, Game string
	Waiting        int
}

func phraseFor(o Occasion) phrase {
	w := wordingOf(o.Kind)
	key := keyPrefix + w.kind
	p := phrase{title: key + "_title", body: key + "_body"}
	if !w.game {
		return p
	}
	p.words = words{Opponent: shown(o.Opponent, maxShownName), Game: shown(o.Game, maxShownGame), Waiting: o.Waiting}
	if p.words.Game == "" {
		p.body = noGameBody
		return p
	}
	switch {
	case w.opponent && p.words.Opponent == "":
		p.body += "_no_name"
	case w.opponent:
		p.args = append(p.args, p.words.Opponent)
	}
	p.args = append(p.args, p.words.Game)
	if w.waiting && o.Waiting > 1 {
		p.body += "_waiting"
		p.args = append(p.args, strconv.Itoa(o.Waiting))
		p.count = o.Waiting
	}
	return p
}

// Keys is the text for an app that renders by itself.
func Keys(o Occasion) Text {
	p := phraseFor(o)
	return Text{TitleKey: p.title, BodyKey: p.body, BodyArgs: p.args}
}

// catalogues are the texts, a file for each language, named by its tag.
//
//go:embed texts/*.json
var catalogues embed.FS

// Texts renders in the languages there are catalogues for. It is used by many goroutines.
type Texts struct {
	matcher    language.Matcher
	localizers []*i18n.Localizer // as the matcher numbers them; the first is English
}

// NewTexts reads the catalogues. An error is a mistake in one of them.
func NewTexts() (*Texts, error) { return readTexts(catalogues) }

func readTexts(files fs.FS) (*Texts, error) {
	names, err := fs.Glob(files, "texts/*.json")
	if err != nil {
		return nil, err
	}
	bundle := i18n.NewBundle(language.English)
	for _, name := range names {
		file, err := bundle.LoadMessageFileFS(files, name)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		if file.Tag == language.Und {
			return nil, fmt.Errorf("read %s: it is not named by a language", name)
		}
	}
	t := &Texts{matcher: language.NewMatcher(bundle.LanguageTags())}
	for _, tag := range bundle.LanguageTags() {
		l := i18n.NewLocalizer(bundle, tag.String())
		if err := rehearse(l); err != nil {
			return nil, fmt.Errorf("texts in %s: %w", tag, err)
		}
		t.localizers = append(t.localizers, l)
	}
	return t, nil
}

// rehearse says everything once, so that a catalogue that lacks something is found at the start and not by a push.
func rehearse(l *i18n.Localizer) error {
	for _, o := range occasions() {
		p := phraseFor(o)
		for _, id := range []string{p.title, p.body} {
			if _, err := p.say(l, id); err != nil {
				return err
			}
		}
	}
	return nil
}

// say renders a message. A name goes into the template as a value, so nothing in it is a template's.
func (p phrase) say(l *i18n.Localizer, id string) (string, error) {
	return l.Localize(&i18n.LocalizeConfig{MessageID: id, TemplateData: p.words, PluralCount: p.count})
}

// Render is the text in the first of the locales (BCP 47; empty ones are skipped) that there is a catalogue for, and in
// English otherwise. It never fails: a kind without texts of its own gets a neutral one.
func (t *Texts) Render(o Occasion, locales ...string) Text {
	p := phraseFor(o)
	l := t.localizer(locales)
	title, _ := p.say(l, p.title) // it has been rehearsed
	body, _ := p.say(l, p.body)
	return Text{Title: title, Body: body}
}

// localizer goes through the locales one by one: matched all at once, a near relative of an early one could lose to an
// exact match of a later one.
func (t *Texts) localizer(locales []string) *i18n.Localizer {
	for _, locale := range locales {
		tag := language.Make(locale) // of a broken one, as much as can be read
		if _, i, confidence := t.matcher.Match(tag); confidence != language.No {
			return t.localizers[i]
		}
	}
	return t.localizers[0]
}

// shown makes what a person typed safe to stand inside a sentence, and short. Names come here clean already; this is the
// last place before other people's screens. Empty when nothing of it can be seen.
func shown(text string, most int) string {
	text = strings.Map(visible, strings.ToValidUTF8(text, ""))
	var clean []string
	for word := range strings.FieldsSeq(norm.NFC.String(text)) {
		if word = withoutPiles(word); word != "" {
			clean = append(clean, word)
		}
	}
	return isolate(cut(strings.Join(clean, " "), most))
}

const (
	zeroWidthJoiner    = '\u200d'
	zeroWidthNonJoiner = '\u200c'
	brailleBlank       = '\u2800' // a symbol to Unicode, nothing to the eye
)

// visible takes out controls, what turns the direction of the text around it, and what shows nothing. Joiners stay, for
// emoji and many scripts need them.
func visible(r rune) rune {
	switch {
	case unicode.IsSpace(r):
		return ' '
	case r == zeroWidthJoiner || r == zeroWidthNonJoiner:
		return r
	case !unicode.IsGraphic(r), r == brailleBlank, unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r):
		return -1
	}
	return r
}

// maxMarks is how many marks stand on one character; Vietnamese and vocalised scripts need two or three.
const maxMarks = 3

// withoutPiles takes out of a word the marks that would stand on what comes before it, those that would be piled over
// the lines around it, and joiners that would reach for what comes after it.
func withoutPiles(word string) string {
	word = strings.TrimLeftFunc(word, isMark)
	marks := 0
	word = strings.Map(func(r rune) rune {
		switch {
		case !isMark(r):
			marks = 0
		case unicode.In(r, unicode.Mn, unicode.Me):
			marks++
		}
		if marks > maxMarks {
			return -1
		}
		return r
	}, word)
	return strings.TrimRight(word, string([]rune{zeroWidthJoiner, zeroWidthNonJoiner}))
}

func isMark(r rune) bool {
	return r == zeroWidthJoiner || unicode.In(r, unicode.M, unicode.Other_Grapheme_Extend)
}

// cut shortens a text to so many characters, the ellipsis among them. Four code points for each are enough for any name,
// and a bound for what is made to be long.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	characters, points, size, keep := 0, 0, 0, 0
	for c := range charactersOf(text) {
		characters++
		points += utf8.RuneCountInString(c)
		size += len(c)
		if characters > most || points > 4*most {
			return ellipsis(text[:keep])
		}
		if characters < most && points < 4*most {
			keep = size
		}
	}
	return text
}

// ellipsis says that there was more. Where nothing is left, a single character went on without an end: that is no name.
func ellipsis(text string) string {
	if text == "" {
		return ""
	}
	return strings.TrimRight(text, " ") + "…"
}

// charactersOf splits a text into what the eye takes for one character.
func charactersOf(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		begin, halves := 0, 0
		for at, r := range text {
			if halves++; !unicode.Is(unicode.Regional_Indicator, r) {
				halves = 0
			}
			if at == 0 || halves > 0 && halves%2 == 0 || joined(text[:at], r) { // two halves are a flag
				continue
			}
			if !yield(text[begin:at]) {
				return
			}
			begin = at
		}
		yield(text[begin:])
	}
}

// joined says that a code point belongs to the character that stands before it.
func joined(before string, r rune) bool {
	last, size := utf8.DecodeLastRuneInString(before)
	switch {
	case isMark(r), r == thaiAm, r == laoAm:
		return true
	case r >= lightestSkin && r <= darkestSkin:
		return unicode.Is(unicode.So, last)
	case last != zeroWidthJoiner:
		return isVirama(last)
	case unicode.In(r, unicode.So, unicode.Sm): // one picture of two
		return true
	}
	last, _ = utf8.DecodeLastRuneInString(before[:len(before)-size])
	return isVirama(last)
}

const (
	thaiAm       = '\u0e33' // a letter to Unicode, half of it a mark to the eye
	laoAm        = '\u0eb3' // likewise
	lightestSkin = '\U0001f3fb'
	darkestSkin  = '\U0001f3ff'
)

// isVirama says that a mark binds two Indic letters into one.
func isVirama(r rune) bool { return norm.NFC.PropertiesString(string(r)).CCC() == 9 }

// isolate keeps a name that is written from right to left from scrambling the sentence around it.
func isolate(name string) string {
	if !strings.ContainsFunc(name, isRightToLeft) {
		return name
	}
	return "\u2068" + name + "\u2069"
}

func isRightToLeft(r rune) bool {
	properties, _ := bidi.LookupRune(r)
	switch properties.Class() {
	case bidi.R, bidi.AL, bidi.AN:
		return true
	}
	return false
}
