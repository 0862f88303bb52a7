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
// A language that is run or compiled has its words in [doers]. A block whose language has none is an illustration (json,
// http, a picture of folders) and has only the language. Commands find the program as yourturn (which also stands for
// go run ./cmd/yourturn), begin in an empty folder, and reach the page's server at 127.0.0.1:8080, which the test replaces
// with an address of its own.
package docs_test

import (
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

// do does with a block what its info string says, and refuses one that says nothing known.
func (r *reader) do(t *testing.T, b block) {
	t.Helper()
	if do, ok := doers[b.info]; ok {
		do(t, r, b)
		return
	}
	language, word, _ := strings.Cut(b.info, " ")
	if word != "" || isDone(language) {
		t.Errorf("%s: nobody knows what to do with a block of %q (docs/docs_test.go)", b.where, b.info)
	}
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

var fence = regexp.MustCompile("(?m)^```(.*)\n((?s:.*?)\n?)^```$")

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
