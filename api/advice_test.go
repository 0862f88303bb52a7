package api

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestEachProblemSaysWhatToDo(t *testing.T) {
	for name := range problems {
		if advice := advised[name]; advice.when == "" || advice.do == "" {
			t.Errorf("%s: say in api/advice.go when it comes and what an app does about it", name)
		}
	}
	for name := range advised {
		if _, ok := problems[name]; !ok {
			t.Errorf("%s is no problem of this API", name)
		}
	}
}

// docs/errors.md forgets no problem and no rule.
func TestErrorsPage(t *testing.T) {
	path := filepath.Join("..", "docs", "errors.md")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	page := between(t, string(text), "problems", problemsPart())
	page = between(t, page, "rules", rulesPart(t))
	if *update {
		if err := os.WriteFile(path, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if page != string(text) {
		t.Error("docs/errors.md is not what the tables say: go test ./api -run ErrorsPage -update writes it")
	}
}

// between puts a part between its two marks.
func between(t *testing.T, page, name, part string) string {
	t.Helper()
	head, rest, ok := strings.Cut(page, "<!-- "+name+":")
	mark, rest, okMark := strings.Cut(rest, "-->\n")
	_, tail, okTail := strings.Cut(rest, "<!-- end of "+name+" -->")
	if !ok || !okMark || !okTail {
		t.Fatalf("docs/errors.md has no place for the %s", name)
	}
	return head + "<!-- " + name + ":" + mark + "-->\n" + part + "<!-- end of " + name + " -->" + tail
}

func problemsPart() string {
	var b strings.Builder
	b.WriteString("\n")
	status := 0
	for _, p := range problemsInOrder() {
		if p.status != status {
			status = p.status
			fmt.Fprintf(&b, "### %d %s\n\n", status, http.StatusText(status))
		}
		fmt.Fprintf(&b, "**`%s`**: %s.\n\n- When: %s\n- Do: %s\n\n", p.name, p.title, p.when, p.do)
	}
	return b.String()
}

func rulesPart(t *testing.T) string {
	t.Helper()
	folders, err := filepath.Glob(filepath.Join("..", "games", "*"))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, folder := range folders {
		rules := rulesIn(t, folder)
		if len(rules) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n### %s\n\n| type | text |\n|---|---|\n", filepath.Base(folder))
		for _, r := range rules {
			fmt.Fprintf(&b, "| `rule-%s` | %s |\n", r[0], r[1])
		}
	}
	if strings.Count(b.String(), "### ") < 5 {
		t.Errorf("there are more games than that:\n%s", &b)
	}
	return b.String() + "\n"
}

// rulesIn reads the calls of games.Refuse from a game's source: each name, with its text as far as it is the same always.
func rulesIn(t *testing.T, folder string) (rules [][2]string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") || filepath.Base(folder) == "gamestest" {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || !isRefuse(call.Fun) {
				return true
			}
			name := literal(call.Args[0])
			if name == "" {
				t.Errorf("%s refuses with a name that cannot be read from its source", file)
			}
			rules = append(rules, [2]string{name, said(call.Args[1])})
			return true
		})
	}
	slices.SortFunc(rules, func(a, b [2]string) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(b[1], a[1])) })
	return slices.CompactFunc(rules, func(a, b [2]string) bool { return a[0] == b[0] })
}

func isRefuse(f ast.Expr) bool {
	selector, ok := f.(*ast.SelectorExpr)
	if !ok || selector.Sel.Name != "Refuse" {
		return false
	}
	from, ok := selector.X.(*ast.Ident)
	return ok && from.Name == "games"
}

// said is what a text says, as far as its source shows.
func said(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BinaryExpr:
		return said(e.X) + said(e.Y)
	case *ast.CallExpr:
		if f, ok := e.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "Sprintf" {
			return regexp.MustCompile("%[a-z]").ReplaceAllString(literal(e.Args[0]), "…")
		}
	case *ast.BasicLit:
		return literal(e)
	}
	return "…"
}

// literal is the text of an expression that is one, or nothing.
func literal(e ast.Expr) string {
	l, ok := e.(*ast.BasicLit)
	if !ok {
		return ""
	}
	s, err := strconv.Unquote(l.Value)
	if err != nil {
		return ""
	}
	return s
}
