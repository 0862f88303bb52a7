package server_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"yourturn/server/servertest"
)

// The guide is followed to the letter: what it writes is written, what it types is typed. So it cannot promise what is no
// longer true. Nothing is downloaded, because a module that begins with our go.mod needs no more than we do.
func TestAGameOutsideThisRepository(t *testing.T) {
	guide := readGuide(t)
	folder := t.TempDir()
	shell(t, folder, guide.block(t, 3)...)
	folder = filepath.Join(folder, "mygames")
	guide.writeFiles(t, folder)
	build := guide.block(t, 3)
	shell(t, folder, build[:2]...)
	url := serveOutside(t, folder, build[2])
	guide.block(t, 2) // signs up with curl
	ann := servertest.Guest(t, url, "Ann")
	if page := ann.Must(t, 200, "GET", "/", nil); !strings.Contains(string(page.Body), "/app.js") { // as web's plain table is tested with games of its own
		t.Errorf("at / there is no app: %s", page.Body)
	}

	open := guide.block(t, 1)[0]
	table := call(t, ann, 201, open, "")
	for !table.Bool("your_turn") { // by lot; the guide lets others wait for the bot
		table = call(t, ann, 201, open, "")
	}
	playNim(t, ann, table.String("id"), guide.block(t, 4)[1:])

	asleep := guide.block(t, 2)
	table = call(t, ann, 201, asleep[0], "")
	servertest.Advance(t, url, 20*time.Second)
	history := call(t, ann, 200, asleep[1], table.String("id"))
	if !regexp.MustCompile(`"kind":"blown_away","seat":\d,"at":"[^"]*","data":\{"row":\d,"take":1\}`).Match(history.Body) {
		t.Errorf("no wind in the history: %s", history.Body)
	}

	shell(t, folder, guide.inline(t, "./mygames verify --all"), guide.inline(t, "./mygames openapi ."))
	checkNimSchema(t, filepath.Join(folder, "openapi.yaml"))
	checkNimClients(t, ann, folder, guide)
	same(t, "blocks of the guide that were not followed", guide.blocks, [][]string{})
}

// playNim plays as the guide does, and then on to the end.
func playNim(t *testing.T, ann *servertest.App, id string, lines []string) {
	t.Helper()
	same(t, "legal moves at first", call(t, ann, 200, lines[0], id).Len("legal_moves"), 1+3+5)
	refused := call(t, ann, 422, lines[1], id)
	same(t, "refused as", refused.Problem(), "rule-too-few-left")
	same(t, "in the words", refused.String("detail"), "There are not so many matches in that row.")
	same(t, "matches that are left", call(t, ann, 200, lines[2], id).Int("view", "rows", 2), int64(4))
	for range 1 + 3 + 5 {
		servertest.Advance(t, ann.URL, 5*time.Second) // the bot plays
		session := call(t, ann, 200, lines[0], id)
		if session.String("status") == "finished" {
			same(t, "reason", session.String("result", "reason"), "last-match")
			return
		}
		ann.Must(t, 200, "POST", servertest.MovePath(id), map[string]any{
			"turn": session.Int("turn"), "move": session.At("legal_moves", 0),
		})
	}
	t.Error("there are no matches left, and the game is not over")
}

// checkNimSchema finds the game's types, with their limits, in operations of its own.
func checkNimSchema(t *testing.T, file string) {
	t.Helper()
	document, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const within, deep = `\n(?: {6}.*\n)*? +`, `\n(?: {10}.*\n)*? +` // the same operation or schema; the same member
	for _, want := range []string{
		`operationId: startNimSession` + within + `\$ref: "#/components/schemas/NimSessionRequest"`,
		`operationId: getNimSession` + within + `\$ref: "#/components/schemas/NimSession"`,
		`operationId: playNimMove` + within + `\$ref: "#/components/schemas/NimMoveRequest"`,
		`    NimMoveRequest:` + within + `\$ref: "#/components/schemas/NimMove"`,
		`    NimSession:` + within + `\$ref: "#/components/schemas/NimView"`,
		`    NimConfig:` + within + `rows:` + deep + `maximum: 6\n`,
		`    NimMove:` + within + `take:` + deep + `maximum: 11\n`,
		`    NimView:` + within + `rows:` + deep + `type: array\n`,
	} {
		if !regexp.MustCompile(want).Match(document) {
			t.Errorf("the schema lacks %s", want)
		}
	}
}

// checkNimClients generates the client in Go, compiles what the guide does with it, and asks for the one that pages get.
func checkNimClients(t *testing.T, ann *servertest.App, folder string, guide *guide) {
	t.Helper()
	// The generator is a module of its own, which may have to be downloaded.
	online := "export GOPROXY='" + os.Getenv("GOPROXY") + "'"
	generate := guide.block(t, 3)
	shell(t, folder, append([]string{online}, generate...)...)
	uses := regexp.MustCompile("(?ms)^```go\n(me, err := .*?)^```$").FindStringSubmatch(guide.text)
	if uses == nil {
		t.Fatal("the guide no longer shows the generated client")
	}
	program := `package app

import (
	"context"

	"example.com/mygames/nim"
	"example.com/mygames/wire"
	"yourturn/openapi/go/client"
	theirs "yourturn/openapi/go/wire"
)

func start(ctx context.Context, session *theirs.Session) {
	` + uses[1] + `
	_, err = me.Play(ctx, session, nim.Move{Row: 2, Take: 1})
	_, _ = client.View[nim.View](session)
	_, _ = opened, err
}
`
	if err := os.MkdirAll(filepath.Join(folder, "app"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "app", "app.go"), []byte(program), 0o644); err != nil {
		t.Fatal(err)
	}
	shell(t, folder, "go vet ./app")

	served := string(ann.Must(t, 200, "GET", "/client.js", nil).Body)
	for _, want := range []string{
		"startNimSession: 'POST /v1/games/nim/sessions {}',",
		"playNimMove: 'POST /v1/games/nim/sessions/{session_id}/moves {}',",
		"getNimSession: 'GET /v1/games/nim/sessions/{session_id}?version',",
	} {
		if strings.Count(served, want) != 1 {
			t.Errorf("client.js lacks %s", want)
		}
	}
}

// guide is docs/write-a-game.md, and what is still to be done of it.
type guide struct {
	text   string
	blocks [][]string // lines for a shell
}

func readGuide(t *testing.T) *guide {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "docs", "write-a-game.md"))
	if err != nil {
		t.Fatal(err)
	}
	g := &guide{text: string(raw)}
	for _, found := range regexp.MustCompile("(?ms)^```sh\n(.*?)\n```$").FindAllStringSubmatch(g.text, -1) {
		g.blocks = append(g.blocks, strings.Split(found[1], "\n"))
	}
	return g
}

// block is the next one, which must have so many lines.
func (g *guide) block(t *testing.T, lines int) []string {
	t.Helper()
	if len(g.blocks) == 0 || len(g.blocks[0]) != lines {
		t.Fatalf("the guide goes on with %q, and this test with a block of %d lines", g.blocks, lines)
	}
	next := g.blocks[0]
	g.blocks = g.blocks[1:]
	return next
}

// inline is a command that stands in a sentence.
func (g *guide) inline(t *testing.T, line string) string {
	t.Helper()
	if !strings.Contains(g.text, "`"+line+"`") {
		t.Fatalf("the guide no longer says %s", line)
	}
	return line
}

// writeFiles writes the Go files: each stands under its name.
func (g *guide) writeFiles(t *testing.T, folder string) {
	t.Helper()
	for _, file := range regexp.MustCompile("(?ms)^\\*\\*`(\\S+)`\\*\\*\n```go\n(.*?)^```$").FindAllStringSubmatch(g.text, -1) {
		path := filepath.Join(folder, file[1])
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(file[2]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	shell(t, folder, `unformatted=$(gofmt -l .) && test -z "$unformatted"`)
}

// shell does what the guide says at a prompt, with this repository for the checkout beside the folder.
func shell(t *testing.T, folder string, lines ...string) {
	t.Helper()
	out, err := outside(t, folder, strings.Join(lines, "\n")).CombinedOutput()
	if err != nil {
		t.Fatalf("%s\n%v\n%s", strings.Join(lines, "\n"), err, out)
	}
}

func outside(t *testing.T, folder, script string) *exec.Cmd {
	t.Helper()
	here, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	checkout := strings.NewReplacer("../../yourturn", here, "../yourturn", here)
	cmd := exec.CommandContext(t.Context(), "sh", "-ec", checkout.Replace(script))
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "GOPROXY=off", "GOWORK=off")
	return cmd
}

// serveOutside starts the author's program on a free port, with a clock that can be moved, and returns its address.
func serveOutside(t *testing.T, folder, line string) (url string) {
	t.Helper()
	return servertest.Serve(t, outside(t, folder, "exec "+line+" --listen 127.0.0.1:0 --test-clock --rate-limit off"))
}

var calls = regexp.MustCompile(`^call (\S+)(?: -d '(.*)')?$`)

// call does a line of the guide that uses its shell function of this name.
func call(t *testing.T, app *servertest.App, status int, line, id string) servertest.Answer {
	t.Helper()
	parts := calls.FindStringSubmatch(line)
	if parts == nil {
		t.Fatalf("%q is not a call", line)
	}
	path := strings.ReplaceAll(parts[1], "$id", id)
	if parts[2] == "" {
		return app.Must(t, status, "GET", path, nil)
	}
	return app.Must(t, status, "POST", path, json.RawMessage(parts[2]))
}
