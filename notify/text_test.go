package notify

import (
	"encoding/xml"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

var updateTexts = flag.Bool("update", false, "write the golden files")

func newTexts(t testing.TB) *Texts {
	t.Helper()
	texts, err := NewTexts()
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

// readCatalogues reads every catalogue by its tag, as files of messages by their ids.
func readCatalogues(t *testing.T) map[string]map[string]*i18n.Message {
	t.Helper()
	names, err := fs.Glob(catalogues, "texts/*.json")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]map[string]*i18n.Message{}
	for _, name := range names {
		data, err := catalogues.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		file, err := i18n.ParseMessageFileBytes(data, name, nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if tag := strings.TrimSuffix(path.Base(name), ".json"); file.Tag.String() != tag {
			t.Errorf("%s is read as %s: name it so", name, file.Tag)
		}
		all[file.Tag.String()] = map[string]*i18n.Message{}
		for _, m := range file.Messages {
			all[file.Tag.String()][m.ID] = m
		}
	}
	for _, tag := range []string{"de", "en", "ja", "pt"} {
		if all[tag] == nil {
			t.Fatalf("no catalogue in %s", tag)
		}
	}
	return all
}

func tagsOf(all map[string]map[string]*i18n.Message) (tags []string) {
	for tag := range all {
		tags = append(tags, tag)
	}
	slices.Sort(tags)
	return tags
}

// pluralForms are those of a message, by their names in CLDR; a message without a number has only "other".
func pluralForms(m *i18n.Message) map[string]string {
	forms := map[string]string{"zero": m.Zero, "one": m.One, "two": m.Two, "few": m.Few, "many": m.Many, "other": m.Other}
	for form, text := range forms {
		if text == "" {
			delete(forms, form)
		}
	}
	return forms
}

// neededForms asks the library which forms the whole numbers of a language take.
func neededForms(t *testing.T, tag string) map[string]bool {
	t.Helper()
	bundle := i18n.NewBundle(language.Make(tag))
	names := &i18n.Message{ID: "form", Zero: "zero", One: "one", Two: "two", Few: "few", Many: "many", Other: "other"}
	if err := bundle.AddMessages(language.Make(tag), names); err != nil {
		t.Fatal(err)
	}
	l := i18n.NewLocalizer(bundle, tag)
	forms := map[string]bool{"other": true}
	numbers := []int{10_000, 100_000, 1_000_000, 1_000_001}
	for n := range 1001 {
		numbers = append(numbers, n)
	}
	for _, n := range numbers {
		form, err := l.Localize(&i18n.LocalizeConfig{MessageID: "form", PluralCount: n})
		if err != nil {
			t.Fatal(err)
		}
		forms[form] = true
	}
	return forms
}

var placeholder = regexp.MustCompile(`\{\{.*?\}\}`)

func placeholders(text string) []string {
	found := placeholder.FindAllString(text, -1)
	slices.Sort(found)
	return slices.Compact(found)
}

// keysOf are all keys there can be, with the arguments of each as they stand in the catalogues and in the docs.
func keysOf() map[string][]string {
	keys := map[string][]string{}
	for _, o := range occasions() {
		text := Keys(o)
		args := []string{}
		for _, arg := range text.BodyArgs {
			args = append(args, map[string]string{"Ann": "opponent", "Chess": "game", "2": "waiting"}[arg])
		}
		keys[text.TitleKey] = []string{}
		keys[text.BodyKey] = args
	}
	return keys
}

func TestTextsAreCompleteInEveryLanguage(t *testing.T) {
	all := readCatalogues(t)
	keys := keysOf()
	for _, tag := range tagsOf(all) {
		t.Run(tag, func(t *testing.T) {
			needed := neededForms(t, tag)
			for id := range all[tag] {
				if _, ok := keys[id]; !ok {
					t.Errorf("%s is never said", id)
				}
			}
			for id, args := range keys {
				m := all[tag][id]
				if m == nil {
					t.Errorf("%s is missing", id)
					continue
				}
				forms := pluralForms(m)
				plural := strings.HasSuffix(id, "_waiting")
				for form := range needed {
					if _, ok := forms[form]; !ok && (plural || form == "other") {
						t.Errorf("%s has no form %q", id, form)
					}
				}
				want := []string{}
				for _, arg := range args {
					want = append(want, "{{."+strings.ToUpper(arg[:1])+arg[1:]+"}}")
				}
				slices.Sort(want)
				for form, text := range forms {
					if form != "other" && (!plural || !needed[form]) {
						t.Errorf("%s has a form %q that is never used", id, form)
					}
					if diff := cmp.Diff(want, append([]string{}, placeholders(text)...)); diff != "" {
						t.Errorf("%s, form %q, names something else:\n%s", id, form, diff)
					}
					// A straight quote or a percent sign would break the block that an app's author copies from the docs.
					if text != strings.TrimSpace(text) || strings.ContainsFunc(text, unicode.IsControl) || strings.ContainsAny(text, `"'%<&\`) {
						t.Errorf("%s, form %q, has what it should not: %q", id, form, text)
					}
				}
			}
		})
	}
}

func TestTextsSayAllKindsInAllLanguages(t *testing.T) {
	texts := newTexts(t)
	var b strings.Builder
	for _, tag := range tagsOf(readCatalogues(t)) {
		fmt.Fprintf(&b, "# %s\n", tag)
		for _, kind := range []string{Matched, YourTurn, TurnReminder, SessionUpdated, SessionFinished, RematchOffered, TicketExpired, Invited, TestPush, "of_tomorrow"} {
			for _, opponent := range []string{"Ann", ""} {
				for _, waiting := range []int{1, 2, 5} {
					text := texts.Render(Occasion{Kind: kind, Game: "Tic-tac-toe", Opponent: opponent, Waiting: waiting}, tag)
					if text.Silent() || text.Body == "" || text.TitleKey != "" || text.BodyKey != "" || text.BodyArgs != nil {
						t.Errorf("%s in %s is %+v", kind, tag, text)
					}
					fmt.Fprintf(&b, "%s, %d waiting, name %q: %s | %s\n", kind, waiting, opponent, text.Title, text.Body)
				}
			}
		}
		text := texts.Render(Occasion{Kind: Matched}, tag)
		fmt.Fprintf(&b, "without a game: %s | %s\n\n", text.Title, text.Body)
	}
	const golden = "testdata/texts.golden"
	if *updateTexts {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatalf("%v (go test ./notify -run Texts -update writes it)", err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("%s (go test ./notify -run Texts -update accepts it):\n%s", golden, diff)
	}
}

func TestTextsAreInTheFirstLanguageThereIs(t *testing.T) {
	texts := newTexts(t)
	languages := map[string]string{"Push works": "en", "Push funktioniert": "de", "通知が届きました": "ja", "As notificações funcionam": "pt"}
	for name, c := range map[string]struct {
		locales []string
		want    string
	}{
		"none":                        {nil, "en"},
		"an empty one":                {[]string{""}, "en"},
		"as it is":                    {[]string{"de"}, "de"},
		"a region":                    {[]string{"de-AT"}, "de"},
		"Brazil":                      {[]string{"pt-BR"}, "pt"},
		"Portugal":                    {[]string{"pt-PT"}, "pt"},
		"underscore":                  {[]string{"pt_BR"}, "pt"},
		"case":                        {[]string{"JA-jp"}, "ja"},
		"script and region":           {[]string{"ja-Jpan-JP"}, "ja"},
		"extensions":                  {[]string{"de-DE-u-co-phonebk-rg-chzzzz"}, "de"},
		"a variant":                   {[]string{"de-1996"}, "de"},
		"a relative":                  {[]string{"gsw"}, "de"},
		"another script":              {[]string{"de-Hebr"}, "en"},
		"a language without":          {[]string{"zh"}, "en"},
		"Chinese is not Japanese":     {[]string{"zh-Hant-TW"}, "en"},
		"Spanish is not Portuguese":   {[]string{"es"}, "en"},
		"not well-formed":             {[]string{"x"}, "en"},
		"private":                     {[]string{"x-de"}, "en"},
		"undetermined":                {[]string{"und"}, "en"},
		"the empty one is skipped":    {[]string{"", "ja"}, "ja"},
		"the first wins":              {[]string{"pt", "ja"}, "pt"},
		"the first there is wins":     {[]string{"zh", "x", "de-CH", "ja"}, "de"},
		"near before far":             {[]string{"de-CH", "ja"}, "de"},
		"English can be asked for":    {[]string{"en-GB", "de"}, "en"},
		"a header is no locale":       {[]string{"fr;q=0.1,ja"}, "en"},
		"a path":                      {[]string{"../../texts/de.json"}, "en"},
		"bytes":                       {[]string{"\xff\x00", "ja"}, "ja"},
		"attack, a locale of 9,000":   {[]string{strings.Repeat("en-", 3000), "ja"}, "en"},
		"of a computer":               {[]string{"de_DE.UTF-8"}, "de"},
		"attack, subtags without end": {[]string{"x" + strings.Repeat("-a", 5000), "ja"}, "ja"},
	} {
		t.Run(name, func(t *testing.T) {
			text := texts.Render(Occasion{Kind: TestPush}, c.locales...)
			if got := languages[text.Title]; got != c.want {
				t.Errorf("is in %q: %q; want %q", got, text.Title, c.want)
			}
		})
	}
}

func TestTextsOfEveryLanguageAreFoundByItsTag(t *testing.T) {
	texts := newTexts(t)
	all := readCatalogues(t)
	for tag := range all {
		const id = "yourturn_test_body"
		if got := texts.Render(Occasion{Kind: TestPush}, tag); got.Body != all[tag][id].Other {
			t.Errorf("%s is answered by %q", tag, got.Body)
		}
	}
}

// withCatalogue is the catalogues with one more, made from the English one.
func withCatalogue(t *testing.T, name string, change func(string) string) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	for _, name := range []string{"en", "de"} {
		data, err := catalogues.ReadFile("texts/" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		files["texts/"+name+".json"] = &fstest.MapFile{Data: data}
	}
	files["texts/"+name] = &fstest.MapFile{Data: []byte(change(string(files["texts/en.json"].Data)))}
	return files
}

func TestTextsOfANewLanguageNeedOnlyAFile(t *testing.T) {
	texts, err := readTexts(withCatalogue(t, "fr.json", func(en string) string {
		return strings.ReplaceAll(en, "Push works", "Les notifications marchent")
	}))
	if err != nil {
		t.Fatal(err)
	}
	for locale, want := range map[string]string{"fr-CA": "Les notifications marchent", "de": "Push funktioniert", "en": "Push works", "pt": "Push works"} {
		if got := texts.Render(Occasion{Kind: TestPush}, locale).Title; got != want {
			t.Errorf("%s: %q, want %q", locale, got, want)
		}
	}
}

func TestTextsRefuseAWrongCatalogue(t *testing.T) {
	for name, c := range map[string]struct {
		file     string
		old, new string
		says     string
	}{
		"a message is missing": {"fr.json", "yourturn_test_title", "yourturn_tset_title", "yourturn_test_title"},
		"a broken template":    {"fr.json", "{{.Game}}", "{{.Game}", "texts in fr"},
		"an unknown name":      {"fr.json", "{{.Game}}", "{{.Move}}", "Move"},
		"a call":               {"fr.json", "{{.Game}}", "{{call .Game}}", "texts in fr"},
		"no JSON":              {"fr.json", "{\n", "[{\n", "texts/fr.json"},
		"no language":          {"english.json", "", "", "texts/english.json"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := readTexts(withCatalogue(t, c.file, func(en string) string { return strings.ReplaceAll(en, c.old, c.new) }))
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v does not say %q", err, c.says)
			}
		})
	}
}

func TestTextsNamePeopleAsTheyAre(t *testing.T) {
	for name, c := range map[string]struct{ typed, want string }{
		"as it is":                 {"Ada", "Ada"},
		"nothing":                  {"", ""},
		"markup is only text":      {"Tom & <Ann>", "Tom & <Ann>"},
		"quotes":                   {`O'Brien "Bo" \n`, `O'Brien "Bo" \n`},
		"24 characters":            {strings.Repeat("a", 24), strings.Repeat("a", 24)},
		"25 characters":            {strings.Repeat("a", 25), strings.Repeat("a", 23) + "…"},
		"24 wide ones":             {strings.Repeat("猫", 24), strings.Repeat("猫", 24)},
		"25 wide ones":             {strings.Repeat("猫", 25), strings.Repeat("猫", 23) + "…"},
		"no space before the dots": {strings.Repeat("a", 22) + " bcd", strings.Repeat("a", 22) + "…"},
		"NFC":                      {"e\u0301", "é"},
		"24 with marks":            {strings.Repeat("q\u0323\u0307", 24), strings.Repeat("q\u0323\u0307", 24)},
		"25 with marks":            {strings.Repeat("q\u0323\u0307", 25), strings.Repeat("q\u0323\u0307", 23) + "…"},
		"above the first plane":    {strings.Repeat("🙂", 25), strings.Repeat("🙂", 23) + "…"},
		"a family":                 {"👨\u200d👩\u200d👧\u200d👦", "👨\u200d👩\u200d👧\u200d👦"},
		"a family at the cut": {
			strings.Repeat("a", 22) + "👨\u200d👩\u200d👧\u200d👦bc",
			strings.Repeat("a", 22) + "👨\u200d👩\u200d👧\u200d👦…",
		},
		"a family behind the cut": {strings.Repeat("a", 23) + "👨\u200d👩\u200d👧\u200d👦b", strings.Repeat("a", 23) + "…"},
		"families without end":    {strings.Repeat("👨\u200d👩\u200d👧\u200d👦", 30), strings.Repeat("👨\u200d👩\u200d👧\u200d👦", 13) + "…"},
		"families and letters": {
			strings.Repeat("👨\u200d👩\u200d👧\u200d👦", 13) + "abcdef",
			strings.Repeat("👨\u200d👩\u200d👧\u200d👦", 13) + "abcd…",
		},
		"skin tones":              {strings.Repeat("👩🏽", 25), strings.Repeat("👩🏽", 23) + "…"},
		"a skin tone on a letter": {strings.Repeat("a🏽", 13), strings.Repeat("a🏽", 11) + "a…"},
		"a heart with selector":   {strings.Repeat("❤\ufe0f", 25), strings.Repeat("❤\ufe0f", 23) + "…"},
		"keycaps":                 {strings.Repeat("1\ufe0f\u20e3", 25), strings.Repeat("1\ufe0f\u20e3", 23) + "…"},
		"flags":                   {strings.Repeat("🇫🇷", 25), strings.Repeat("🇫🇷", 23) + "…"},
		"flags and a letter":      {"a" + strings.Repeat("🇫🇷", 25), "a" + strings.Repeat("🇫🇷", 22) + "…"},
		"devanagari":              {"नमस्ते", "नमस्ते"},
		"bound letters":           {strings.Repeat("क्ष", 25), strings.Repeat("क्ष", 23) + "…"},
		"sinhala needs a joiner":  {strings.Repeat("ශ්\u200dරී", 20), strings.Repeat("ශ්\u200dරී", 19) + "…"},
		"thai":                    {strings.Repeat("น้ำ", 25), strings.Repeat("น้ำ", 23) + "…"},
		"burmese":                 {"မြို့", "မြို့"},
		"persian non-joiner":      {"می\u200cخواهم", "\u2068می\u200cخواهم\u2069"},
		"arabic":                  {"محمد", "\u2068محمد\u2069"},
		"hebrew with points":      {"שָׁלוֹם", "\u2068שָׁלוֹם\u2069"},
		"arabic digits":           {"١٢٣", "\u2068١٢٣\u2069"},
		"both directions":         {"Ada שלום", "\u2068Ada שלום\u2069"},
		"cut inside the isolate":  {strings.Repeat("م", 25), "\u2068" + strings.Repeat("م", 23) + "…\u2069"},
		"an accent is not hebrew": {"Zoë", "Zoë"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := shown(c.typed, maxShownName); got != c.want {
				t.Errorf("%+q becomes %+q, want %+q", c.typed, got, c.want)
			}
		})
	}
}

func TestAttackTextsWithNamesThatBreakTheSentence(t *testing.T) {
	for name, c := range map[string]struct{ typed, want string }{
		"lines":                      {"Ada\r\n\r\nYou won!\u2028\u2029\u0085x", "Ada You won! x"},
		"spaces":                     {" \u00a0\u3000Ada\t\u2003 ", "Ada"},
		"NUL":                        {"A\x00da", "Ada"},
		"escape":                     {"\x1b[31mAda", "[31mAda"},
		"C1 control":                 {"\u009b31mAda", "31mAda"},
		"right-to-left override":     {"Ada\u202egnp.exe", "Adagnp.exe"},
		"embedding that stays open":  {"\u202b\u202aAda", "Ada"},
		"isolate that stays open":    {"\u2067Ada", "Ada"},
		"isolate closed twice":       {"\u2069\u2069שלום\u2069\u202c", "\u2068שלום\u2069"},
		"direction marks":            {"\u200eA\u200fd\u061ca", "Ada"},
		"zero width":                 {"A\u200bd\u2060a\ufeff\u00ad", "Ada"},
		"tag characters":             {"Ada\U000e0041\U000e0001", "Ada"},
		"private use":                {"Ada\ue000\U0010fffd", "Ada"},
		"noncharacters":              {"Ada\ufffe\U0010ffff", "Ada"},
		"half a character":           {"Ad\xc3a\xff", "Ada"},
		"surrogates":                 {"\xed\xa0\x80Ada\xed\xb0\x80", "Ada"},
		"nothing but controls":       {"\x00\n\u202e", ""},
		"nothing but fillers":        {"\u3164\uffa0\u115f\u2800", ""},
		"nothing but joiners":        {"\u200d\u200c\u200d", ""},
		"nothing but marks":          {"\u0301 \u0336\ufe0f", ""},
		"a mark on what is before":   {"\u0336\u0301Ada", "Ada"},
		"a mark on a space":          {"Ada \u0301", "Ada"},
		"a joiner to what is before": {"\u200d\u200dAda", "Ada"},
		"a joiner to what is after":  {"🙂\u200d\u200c", "🙂"},
		"a pile of marks":            {"H" + strings.Repeat("\u0335\u0316", 500), "H\u0335\u0335\u0335"},
		"a pile through joiners":     {"H" + strings.Repeat("\u0335\u200d", 9), "H\u0335\u200d\u0335\u200d\u0335"},
		"enclosures":                 {"A" + strings.Repeat("\u20dd", 9), "A\u20dd\u20dd\u20dd"},
		"a mark after what is gone":  {"e\u200b\u0301", "é"},
		"a picture without end":      {strings.Repeat("👩\u200d", 500) + "👩", ""},
		"a letter without end":       {strings.Repeat("क्", 500) + "क", ""},
		"vowels without end":         {"က" + strings.Repeat("ာ", 500), ""},
		"a template":                 {"{{.Waiting}} {{end}}", "{{.Waiting}} {{end}}"},
		"a template that never ends": {"{{", "{{"},
		"formats":                    {"%s %1$@ %n %", "%s %1$@ %n %"},
		"a megabyte":                 {strings.Repeat("a", 1<<20), strings.Repeat("a", 23) + "…"},
	} {
		t.Run(name, func(t *testing.T) {
			got := shown(c.typed, maxShownName)
			if got != c.want {
				t.Errorf("%.100q becomes %+q, want %+q", c.typed, got, c.want)
			}
			o := Occasion{Kind: YourTurn, Game: "Chess", Opponent: c.typed, Waiting: 1}
			want := "Make your move in Chess with " + c.want + "."
			keys := Text{TitleKey: "yourturn_your_turn_title", BodyKey: "yourturn_your_turn_body", BodyArgs: []string{c.want, "Chess"}}
			if c.want == "" {
				want, keys.BodyKey, keys.BodyArgs = "Make your move in Chess.", keys.BodyKey+"_no_name", keys.BodyArgs[1:]
			}
			if got := newTexts(t).Render(o, "en").Body; got != want {
				t.Errorf("is said as %+q, want %+q", got, want)
			}
			if diff := cmp.Diff(keys, Keys(o)); diff != "" {
				t.Errorf("by keys:\n%s", diff)
			}
		})
	}
}

func TestTextsCutTheTitleOfAGame(t *testing.T) {
	for typed, want := range map[string]string{
		strings.Repeat("x", 40): strings.Repeat("x", 40),
		strings.Repeat("x", 41): strings.Repeat("x", 39) + "…",
		"Go\n& <Shogi>":         "Go & <Shogi>",
		"שחמט":                  "\u2068שחמט\u2069",
	} {
		o := Occasion{Kind: TicketExpired, Game: typed, Opponent: "not told"}
		if got := Keys(o).BodyArgs; !slices.Equal(got, []string{want}) {
			t.Errorf("%q becomes %q, want %q", typed, got, want)
		}
		sentence := "We found nobody to play " + want + " with you this time. Try again whenever you like."
		if got := newTexts(t).Render(o).Body; got != sentence {
			t.Errorf("%q is said as %q", typed, got)
		}
	}
}

// A provider refuses more than 4096 bytes; the fields and the rest of a push need less than half of them.
func TestAttackTextsThatFillThePayload(t *testing.T) {
	texts := newTexts(t)
	for name, long := range map[string]string{
		"letters":  strings.Repeat("🙂", 1000),
		"marks":    strings.Repeat("\U0001d15f\u0323\u0307\u0308", 1000),
		"families": strings.Repeat("👨\u200d👩\u200d👧\u200d👦", 1000),
		"vowels":   strings.Repeat("ကာာာာာာာာ", 1000),
		"RTL":      strings.Repeat("\U0001e900", 1000),
	} {
		for _, w := range wordings {
			for tag := range readCatalogues(t) {
				o := Occasion{Kind: w.kind, Game: long, Opponent: long, Waiting: 1 << 62}
				text := texts.Render(o, tag)
				if size := len(text.Title) + len(text.Body); size > 1800 || !utf8.ValidString(text.Body) {
					t.Errorf("%s: %s in %s has %d bytes", name, w.kind, tag, size)
				}
				if size := len(strings.Join(Keys(o).BodyArgs, "")); size > 1400 {
					t.Errorf("%s: %s by keys has %d bytes", name, w.kind, size)
				}
			}
		}
	}
}

func FuzzTextsOfNames(f *testing.F) {
	for _, seed := range []string{"Ada", "שלום", "👨\u200d👩\u200d👧", "🇫🇷🇩🇪", "\u202e{{x}}\n", "क्ष", "é\u0301\u0301\u0301\u0301", strings.Repeat("e\u0301", 40)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		name := shown(typed, maxShownName)
		if !utf8.ValidString(name) || utf8.RuneCountInString(name) > 4*maxShownName+3 {
			t.Fatalf("%+q becomes %+q", typed, name)
		}
		inner := strings.TrimSuffix(strings.TrimPrefix(name, "\u2068"), "\u2069")
		bad := func(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Bidi_Control, unicode.Zl, unicode.Zp) }
		if strings.ContainsFunc(inner, bad) {
			t.Fatalf("%+q becomes %+q", typed, name)
		}
		if again := shown(name, maxShownName); again != name {
			t.Fatalf("%+q becomes %+q, and that %+q", typed, name, again)
		}
	})
}

func TestTextsCountWhatWaits(t *testing.T) {
	texts := newTexts(t)
	for _, c := range []struct {
		waiting      int
		locale, want string
	}{
		{-3, "en", "Make your move in Chess."},
		{0, "en", "Make your move in Chess."},
		{1, "en", "Make your move in Chess."},
		{2, "en", "Make your move in Chess. 2 games are waiting for you."},
		{12345, "en", "Make your move in Chess. 12345 games are waiting for you."},
		{2, "de", "Mach deinen Zug in Chess. 2 Spiele warten auf dich."},
		{2, "pt", "Faça sua jogada em Chess. 2 partidas esperam por você."},
		{1_000_000, "pt", "Faça sua jogada em Chess. 1000000 de partidas esperam por você."},
		{2, "ja", "「Chess」を進めてください。2件のゲームがあなたを待っています。"},
	} {
		if got := texts.Render(Occasion{Kind: YourTurn, Game: "Chess", Waiting: c.waiting}, c.locale).Body; got != c.want {
			t.Errorf("%d in %s: %q, want %q", c.waiting, c.locale, got, c.want)
		}
	}
}

func TestTextsAreForManyGoroutines(t *testing.T) {
	texts := newTexts(t)
	type call struct {
		occasion Occasion
		locale   string
	}
	want := map[call]Text{}
	for _, o := range occasions() {
		for tag := range readCatalogues(t) {
			want[call{o, tag}] = texts.Render(o, tag)
		}
	}
	fresh := newTexts(t)
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for c, want := range want {
				if got := fresh.Render(c.occasion, "", c.locale); got.Title != want.Title || got.Body != want.Body {
					t.Errorf("%+v is said as %+v, want %+v", c, got, want)
				}
				Keys(c.occasion)
			}
		})
	}
	all.Wait()
}

func TestKeysAreByTheScheme(t *testing.T) {
	for name, c := range map[string]struct {
		occasion Occasion
		want     Text
	}{
		"with a name": {
			Occasion{Kind: YourTurn, Game: "Chess", Opponent: "Ann", Waiting: 1},
			Text{TitleKey: "yourturn_your_turn_title", BodyKey: "yourturn_your_turn_body", BodyArgs: []string{"Ann", "Chess"}},
		},
		"without": {
			Occasion{Kind: YourTurn, Game: "Chess"},
			Text{TitleKey: "yourturn_your_turn_title", BodyKey: "yourturn_your_turn_body_no_name", BodyArgs: []string{"Chess"}},
		},
		"more wait": {
			Occasion{Kind: TurnReminder, Game: "Chess", Opponent: "Ann", Waiting: 3},
			Text{TitleKey: "yourturn_turn_reminder_title", BodyKey: "yourturn_turn_reminder_body_waiting", BodyArgs: []string{"Ann", "Chess", "3"}},
		},
		"more wait, without": {
			Occasion{Kind: YourTurn, Game: "Chess", Waiting: 12},
			Text{TitleKey: "yourturn_your_turn_title", BodyKey: "yourturn_your_turn_body_no_name_waiting", BodyArgs: []string{"Chess", "12"}},
		},
		"what waits is told with a turn alone": {
			Occasion{Kind: SessionFinished, Game: "Chess", Opponent: "Ann", Waiting: 3},
			Text{TitleKey: "yourturn_session_finished_title", BodyKey: "yourturn_session_finished_body", BodyArgs: []string{"Ann", "Chess"}},
		},
		"a test is about nothing": {
			Occasion{Kind: TestPush, Game: "Chess", Opponent: "Ann", Waiting: 3},
			Text{TitleKey: "yourturn_test_title", BodyKey: "yourturn_test_body"},
		},
		"a kind of tomorrow": {
			Occasion{Kind: "Fancy!", Game: "Chess", Opponent: "Ann"},
			Text{TitleKey: "yourturn_other_title", BodyKey: "yourturn_other_body", BodyArgs: []string{"Chess"}},
		},
		"no game": {
			Occasion{Kind: YourTurn, Game: " \u200b", Opponent: "Ann", Waiting: 3},
			Text{TitleKey: "yourturn_your_turn_title", BodyKey: "yourturn_no_game_body"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, Keys(c.occasion)); diff != "" {
				t.Error(diff)
			}
		})
	}
	for key := range keysOf() {
		if !regexp.MustCompile(`^[a-z][a-z0-9_]*$`).MatchString(key) {
			t.Errorf("%s is no name of an Android resource", key)
		}
	}
}

// The docs are where the promise stands: the keys as they were when it was given.
func TestKeysAreAsTheDocsPromise(t *testing.T) {
	data, err := os.ReadFile("../docs/push-texts.md")
	if err != nil {
		t.Fatal(err)
	}
	doc := string(data)
	promised := map[string][]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `(yourturn_[^`]*)` \\|([^|]*)\\|").FindAllStringSubmatch(doc, -1) {
		args := []string{}
		for arg := range strings.SplitSeq(row[2], ",") {
			if arg = strings.TrimSpace(arg); arg != "" {
				args = append(args, arg)
			}
		}
		if promised[row[1]] != nil {
			t.Errorf("%s is listed twice", row[1])
		}
		promised[row[1]] = args
	}
	if diff := cmp.Diff(promised, keysOf()); diff != "" {
		t.Errorf("the list of keys (- as promised, + as it is):\n%s", diff)
	}
	if diff := cmp.Diff(appTexts(t, "@"), iosStrings(t, doc)); diff != "" {
		t.Errorf("Localizable.strings (- as it should be, + as it is):\n%s", diff)
	}
	if diff := cmp.Diff(appTexts(t, "s"), androidStrings(t, doc)); diff != "" {
		t.Errorf("strings.xml (- as it should be, + as it is):\n%s", diff)
	}
}

// appTexts are the English texts as an app keeps them. It gets the number as text, by which no plural can be chosen, so it
// says that sentence in another way.
func appTexts(t *testing.T, verb string) map[string]string {
	t.Helper()
	english := readCatalogues(t)["en"]
	texts := map[string]string{}
	for key, args := range keysOf() {
		text := english[key].Other
		text = strings.Replace(text, "{{.Waiting}} games are waiting for you.", "Games waiting for you: {{.Waiting}}", 1)
		for i, arg := range args {
			text = strings.ReplaceAll(text, "{{."+strings.ToUpper(arg[:1])+arg[1:]+"}}", fmt.Sprintf("%%%d$%s", i+1, verb))
		}
		texts[key] = text
	}
	return texts
}

// block is what stands between the fences of a language.
func block(t *testing.T, doc, language string) string {
	t.Helper()
	_, rest, ok := strings.Cut(doc, "\n```"+language)
	_, rest, _ = strings.Cut(rest, "\n") // behind the language may stand what a test does with the block
	text, _, closed := strings.Cut(rest, "\n```\n")
	if !ok || !closed {
		t.Fatalf("the docs have no block of %s", language)
	}
	return text
}

func iosStrings(t *testing.T, doc string) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for line := range strings.SplitSeq(block(t, doc, "strings"), "\n") {
		found := regexp.MustCompile(`^"([a-z0-9_]+)" = "([^"\\]*)";$`).FindStringSubmatch(line)
		if found == nil {
			t.Errorf("not a line of strings: %q", line)
			continue
		}
		texts[found[1]] = found[2]
	}
	return texts
}

func androidStrings(t *testing.T, doc string) map[string]string {
	t.Helper()
	var resources struct {
		Strings []struct {
			Name string `xml:"name,attr"`
			Text string `xml:",chardata"`
		} `xml:"string"`
	}
	if err := xml.Unmarshal([]byte(block(t, doc, "xml")), &resources); err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for _, s := range resources.Strings {
		texts[s.Name] = s.Text
	}
	return texts
}

func BenchmarkTexts(b *testing.B) {
	texts := newTexts(b)
	for _, c := range []struct {
		name     string
		occasion Occasion
		locales  []string
	}{
		{"Plain", Occasion{Kind: YourTurn, Game: "Tic-tac-toe", Opponent: "Ann", Waiting: 1}, []string{"en"}},
		{"Plural", Occasion{Kind: YourTurn, Game: "Tic-tac-toe", Opponent: "Ann", Waiting: 5}, []string{"pt-BR"}},
		{"Fallback", Occasion{Kind: YourTurn, Game: "Tic-tac-toe", Opponent: "Ann", Waiting: 5}, []string{"zh-Hant-TW", "de-AT"}},
		{"Cut", Occasion{Kind: YourTurn, Game: "Tic-tac-toe", Opponent: strings.Repeat("שלום ", 8), Waiting: 5}, []string{"ja"}},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					texts.Render(c.occasion, c.locales...)
				}
			})
		})
	}
	b.Run("Keys", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			Keys(Occasion{Kind: YourTurn, Game: "Tic-tac-toe", Opponent: "Ann", Waiting: 5})
		}
	})
}
