// Package docs_test follows the pages as a reader would: what they tell a reader to type is typed, and what they say comes
// back is compared. So a page cannot go on promising what is no longer true.
//
// The word after a block's language says what is done with it; github.com shows the block by the language alone:
//
//	```sh run        typed at a prompt that lasts for the whole page: what one block sets the next one has
//	```sh serve      typed into another terminal, where a server keeps running; the one before it on the page is stopped
//	```sh watch      typed into another terminal, where it keeps running
//	```sh elsewhere  not run, for it needs what a test has not (systemctl, another machine); looked at by bash -n
//	```sql run       what an administrator types on a MariaDB of the page's own, which stands for 127.0.0.1:3306
//	```text output   what the run before printed; … stands for anything, here and below
//	```text seen     what the last watch comes to have printed
//	```xml check     is XML
//
// On the pages of platforms a block is a file, or a part of one, and a test of its own takes all of them together:
//
//	```html page, js app, js worker   run in Chromium (web_test.go)
//	```jsonc editor, ts google        what an editor needs for them; TypeScript reads it (web_test.go)
//	```csharp client, csharp unity    compiled, and the client played with (csharp_test.go)
//	```kotlin compile                 compiled (openapi/kotlin/kotlin_test.go)
//	```kotlin elsewhere               not compiled, and the page says so
//	```swift compile, swift parse     compiled and parsed by scripts/swift-check, by hand; a test looks at the names
//	```gdscript elsewhere             not run, and the page says so
//
// A language that is run or compiled has its words in [doers]. A block whose language has none is an illustration (json,
// http, a picture of folders) and has only the language. Commands find the program as yourturn (which also stands for
// go run ./cmd/yourturn), begin in an empty folder, and reach the page's server at 127.0.0.1:8080, which the test replaces
// with an address of its own.
package docs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"yourturn/server/servertest"
)

func TestMain(m *testing.M) { os.Exit(servertest.Main(m)) }

// A doer does with a block what its word says.
type doer func(*testing.T, *reader, block)

// doers is what can be done, by the language and the word.
var doers = map[string]doer{
	"sh run":       func(t *testing.T, r *reader, b block) { r.prompt(t).run(t, b) },
	"sh serve":     func(t *testing.T, r *reader, b block) { r.serve(t, b) },
	"sh watch":     func(t *testing.T, r *reader, b block) { r.watch(t, b) },
	"sh elsewhere": func(t *testing.T, _ *reader, b block) { parseShell(t, b) },
	"sql run":      func(t *testing.T, r *reader, b block) { r.administer(t, b) },
	"xml check":    func(t *testing.T, _ *reader, b block) { parseXML(t, b) },
	"text output":  func(t *testing.T, r *reader, b block) { r.prompt(t).printed(t, b) },
	"text seen":    func(t *testing.T, r *reader, b block) { r.seen(t, b) },
	"html page":    onlyOn("web.md"),
	"js app":       onlyOn("web.md"),
	"js worker":    onlyOn("web.md"),
	"jsonc editor": onlyOn("web.md"),
	"ts google":    onlyOn("web.md"),

	"kotlin compile":   onlyOn("android.md"),
	"kotlin elsewhere": onlyOn("android.md"),

	"swift compile": onlyOn("ios.md"),
	"swift parse":   onlyOn("ios.md"),

	"csharp client":      onlyOn("godot-unity.md"),
	"csharp unity":       onlyOn("godot-unity.md"),
	"gdscript elsewhere": onlyOn("godot-unity.md"),
}

// onlyOn is what a test of that page does, and of no other.
func onlyOn(page string) doer {
	return func(t *testing.T, _ *reader, b block) {
		if !strings.HasPrefix(b.where, page+":") {
			t.Errorf("%s: no test takes a block of %q from this page", b.where, b.info)
		}
	}
}

// ownTests are the pages that a test elsewhere follows.
var ownTests = []string{
	"write-a-game.md", // server/outside_test.go
}

func TestPagesCanBeFollowed(t *testing.T) {
	for _, page := range pages(t) {
		if slices.Contains(ownTests, filepath.Base(page)) {
			continue
		}
		t.Run(filepath.ToSlash(page), func(t *testing.T) {
			t.Parallel()
			r := &reader{folder: t.TempDir()}
			for _, b := range readBlocks(t, page) {
				r.do(t, b)
			}
		})
	}
}

// do does with a block what its info string says.
func (r *reader) do(t *testing.T, b block) {
	t.Helper()
	do, err := doerOf(b.info)
	if err != nil {
		t.Errorf("%s: %v", b.where, err)
		return
	}
	do(t, r, b)
}

// doerOf finds what is done with a block, which for an illustration is nothing.
func doerOf(info string) (doer, error) {
	if do, ok := doers[info]; ok {
		return do, nil
	}
	if language, word, _ := strings.Cut(info, " "); word != "" || isDone(language) {
		return nil, fmt.Errorf("nobody knows what to do with a block of %q (the words are in docs/docs_test.go)", info)
	}
	return func(*testing.T, *reader, block) {}, nil
}

// isDone says that blocks of a language are not to be left without a word: they would look as if they had been tried.
func isDone(language string) bool {
	for known := range doers {
		if l, _, _ := strings.Cut(known, " "); l == language && l != "text" {
			return true
		}
	}
	return false
}

// A block that nobody tries must not look as if somebody had.
func TestBlocksWithoutAWordAreRefused(t *testing.T) {
	for info, refused := range map[string]bool{
		"sh": true, "sh ran": true, "sql": true, "xml": true, "kotlin build": true,
		"sh run": false, "sh elsewhere": false, "text output": false, "text": false, "json": false, "": false,
	} {
		if _, err := doerOf(info); (err != nil) != refused {
			t.Errorf("a block of %q: %v", info, err)
		}
	}
}

// What a page says is compared to the letter, but for what it leaves open.
func TestPatternLeavesOpenOnlyWhatThePageDoes(t *testing.T) {
	for _, c := range []struct {
		page, printed string
		matches       bool
	}{
		{"{\"turn\":2}\n", "{\"turn\":2}", true},
		{"{\"turn\":2}\n", "{\"turn\":3}", false},
		{"{\"id\":\"…\",\"turn\":2}", "{\"id\":\"abc\",\"turn\":2}", true},
		{"{\"id\":\"…\",\"turn\":2}", "{\"id\":\"abc\",\"turn\":3}", false},
		{"a\n…\nz", "a\nb\nc\nz", true},
		{"a.c", "abc", false},
	} {
		if pattern(c.page).MatchString(c.printed) != c.matches {
			t.Errorf("%q against %q: want %t", c.page, c.printed, c.matches)
		}
	}
}

// pages are the README, CONTRIBUTING, and everything in docs and deploy.
func pages(t *testing.T) []string {
	t.Helper()
	all := []string{filepath.Join("..", "README.md"), filepath.Join("..", "CONTRIBUTING.md")}
	for _, pattern := range []string{"*.md", "*/*.md", "../deploy/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, found...)
	}
	return all
}

// A block is what stands between two lines of three backticks.
type block struct {
	where string // file:line
	info  string
	text  string
}

var fence = regexp.MustCompile("(?m)^ *```(.*)\n((?s:.*?)\n?)^ *```$")

func readBlocks(t *testing.T, page string) (blocks []block) {
	t.Helper()
	raw, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	for _, at := range fence.FindAllStringSubmatchIndex(text, -1) {
		line := 1 + strings.Count(text[:at[0]], "\n")
		blocks = append(blocks, block{
			where: page + ":" + strconv.Itoa(line), info: strings.TrimSpace(text[at[2]:at[3]]), text: text[at[4]:at[5]],
		})
	}
	return blocks
}
