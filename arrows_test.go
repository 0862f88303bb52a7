package yourturn_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The house and its arrows: a folder on the left may import, of ours, what stands on the right. A folder that no
// line knows is refused; * is one name.
//
// The imports are read from the files themselves. A test that asked `go list` would be answered from go test's
// cache, and stay green after a forbidden import appears.
const house = `
cmd/yourturn -> server games/*
server       -> everything but games/*
api          -> session matchmaking player notify games
store        -> session matchmaking player notify games migrations
matchmaking  -> session games notify
session      -> games notify
games/*      -> games
notify/apns notify/fcm notify/webpush -> notify
player/openid -> player
bench        -> openapi openapi/go/*
openapi/go/example -> openapi/go/client openapi/go/wire
openapi/go/client  -> openapi/go/wire
games notify player migrations openapi openapi/* openapi/go/wire web docs deploy -> nothing of ours

never: api -> store
never: session -> store
never: notify -> session
never: anything -> cmd/*

support: games/gamestest  -> games
support: store/enginetest -> nothing of ours
support: store/faultdb    -> nothing of ours
support: notify/providertest -> notify
support: server/nodetest  -> nothing of ours
support: server/servertest -> server games games/* notify notify/providertest store/enginetest openapi
`

// `support` helps tests: only _test files and other support import it, and it may keep servers in package variables.

func TestArrows(t *testing.T) {
	for _, problem := range forbiddenImports(t, ".", parseHouse(t, house)) {
		t.Error(problem)
	}
}

func TestNoHiddenState(t *testing.T) {
	for _, problem := range hiddenState(t, ".", parseHouse(t, house)) {
		t.Error(problem)
	}
}

// The table is edited by people too.
func TestHouseKeepsItsOwnWord(t *testing.T) {
	h := parseHouse(t, house)
	folders := []string{"games/x", "openapi/x", "cmd/x"}
	for _, row := range h.rows {
		for _, folder := range row.from {
			if !strings.Contains(folder, "*") {
				folders = append(folders, folder)
			}
		}
	}
	for _, from := range folders {
		for _, to := range folders {
			for _, never := range h.never {
				if matches(never.from, from) && matches(never.to, to) && h.allows(from, to) {
					t.Errorf("%s -> %s is allowed, and never allowed", from, to)
				}
			}
		}
	}
	if cycle := findCycle(folders, h.allows); cycle != nil {
		t.Errorf("a cycle: %s", strings.Join(cycle, " -> "))
	}
}

type arrow struct {
	from, to, but []string
	support       bool
}

type table struct{ rows, never []arrow }

func parseHouse(t *testing.T, text string) table {
	t.Helper()
	var h table
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		line, isNever := strings.CutPrefix(line, "never:")
		line, isSupport := strings.CutPrefix(line, "support:")
		from, to, ok := strings.Cut(line, "->")
		if !ok {
			t.Fatalf("not an arrow: %q", line)
		}
		to, but, _ := strings.Cut(to, " but ")
		if strings.TrimSpace(to) == "nothing of ours" {
			to = ""
		}
		row := arrow{strings.Fields(from), strings.Fields(to), strings.Fields(but), isSupport}
		if isNever {
			h.never = append(h.never, row)
		} else {
			h.rows = append(h.rows, row)
		}
	}
	return h
}

// row is the line for a folder; one that names it stands before one with a star.
func (h table) row(folder string) (arrow, bool) {
	for _, row := range h.rows {
		if slices.Contains(row.from, folder) {
			return row, true
		}
	}
	for _, row := range h.rows {
		if matches(row.from, folder) {
			return row, true
		}
	}
	return arrow{}, false
}

func (h table) isSupport(folder string) bool {
	row, _ := h.row(folder)
	return row.support
}

func (h table) allows(from, to string) bool {
	row, ok := h.row(from)
	return ok && from != to && (!h.isSupport(to) || h.isSupport(from)) && matches(row.to, to) && !matches(row.but, to) && !h.isNever(from, to)
}

// isNever leaves out lines that name the folder on the left: whether the table keeps those is a test of its own.
func (h table) isNever(from, to string) bool {
	return slices.ContainsFunc(h.never, func(never arrow) bool {
		return never.from[0] == "anything" && matches(never.to, to)
	})
}

func matches(patterns []string, folder string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		ok, _ := path.Match(pattern, folder)
		return ok || pattern == "anything" || pattern == "everything"
	})
}

func findCycle(folders []string, allows func(from, to string) bool) []string {
	done := map[string]bool{}
	var walk func(trail []string, at string) []string
	walk = func(trail []string, at string) []string {
		if i := slices.Index(trail, at); i >= 0 {
			return append(trail[i:], at)
		}
		if done[at] {
			return nil
		}
		trail = append(trail, at)
		for _, next := range folders {
			if allows(at, next) {
				if cycle := walk(trail, next); cycle != nil {
					return cycle
				}
			}
		}
		done[at] = true
		return nil
	}
	for _, folder := range folders {
		if cycle := walk(nil, folder); cycle != nil {
			return cycle
		}
	}
	return nil
}

const module = "yourturn"

func forbiddenImports(t *testing.T, root string, h table) (problems []string) {
	for _, p := range parsePackages(t, root) {
		if _, known := h.row(p.folder); !known {
			problems = append(problems, fmt.Sprintf("%s: the house has no such folder (its table is in arrows_test.go)", p.folder))
			continue
		}
		for _, file := range p.files {
			for _, spec := range file.Imports {
				to := ours(spec)
				if to != "" && !h.allows(p.folder, to) {
					problems = append(problems, fmt.Sprintf("%s: %s must not import %s", p.fset.Position(spec.Pos()), p.folder, to))
				}
			}
		}
	}
	return problems
}

// ours is the folder that an import names, empty for other people's packages.
func ours(spec *ast.ImportSpec) string {
	name, _ := strconv.Unquote(spec.Path.Value)
	if name == module {
		return "."
	}
	folder, _ := strings.CutPrefix(name, module+"/")
	if folder == name {
		return ""
	}
	return folder
}

// A source is what one folder holds for everybody: its files without tests, for whatever system they are built.
type source struct {
	folder string
	fset   *token.FileSet
	files  []*ast.File
}

func parsePackages(t *testing.T, root string) []source {
	t.Helper()
	var found []source
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		if name != root {
			if strings.HasPrefix(entry.Name(), ".") || strings.HasPrefix(entry.Name(), "_") || slices.Contains([]string{"testdata", "vendor", "node_modules"}, entry.Name()) {
				return fs.SkipDir
			}
			if _, err := os.Stat(filepath.Join(name, "go.mod")); !errors.Is(err, fs.ErrNotExist) {
				return fs.SkipDir // a module of its own, with its own rules
			}
		}
		paths, err := filepath.Glob(filepath.Join(name, "*.go"))
		if err != nil {
			return err
		}
		folder, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		p := source{folder: filepath.ToSlash(folder), fset: token.NewFileSet()}
		for _, path := range paths {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(p.fset, path, nil, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			p.files = append(p.files, file)
		}
		if len(p.files) > 0 || len(paths) > 0 && p.folder != "." {
			found = append(found, p)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// hiddenState finds what a package would keep to itself between calls: init functions, and package variables
// that change. Errors, compiled expressions, embedded files, proofs (var _ X = …) and tables that are only read
// remain. It cannot see everything (a method may change its receiver), so it refuses what is known to change.
func hiddenState(t *testing.T, root string, h table) (problems []string) {
	for _, p := range parsePackages(t, root) {
		if h.isSupport(p.folder) || len(p.files) == 0 {
			continue
		}
		p.files = slices.DeleteFunc(p.files, ast.IsGenerated)
		complain := func(at token.Pos, format string, args ...any) {
			problems = append(problems, fmt.Sprintf("%s: %s", p.fset.Position(at), fmt.Sprintf(format, args...)))
		}
		info := &types.Info{Uses: map[*ast.Ident]types.Object{}}
		// Only names inside the package must be resolved, so imports may fail, and do.
		config := types.Config{Error: func(error) {}, Importer: noImporter{}}
		scope, _ := config.Check(p.folder, p.fset, p.files, info)

		// changed complains when an expression that is written to is rooted in a package variable.
		changed := func(expression ast.Expr) {
			for {
				switch e := expression.(type) {
				case *ast.ParenExpr:
					expression = e.X
				case *ast.StarExpr:
					expression = e.X
				case *ast.IndexExpr:
					expression = e.X
				case *ast.SliceExpr:
					expression = e.X
				case *ast.SelectorExpr:
					if of, ok := e.X.(*ast.Ident); ok {
						if imported, ok := info.Uses[of].(*types.PkgName); ok {
							if strings.HasPrefix(imported.Imported().Path(), module+"/") {
								complain(e.Pos(), "%s.%s of another package is changed", of.Name, e.Sel.Name)
							}
							return
						}
					}
					expression = e.X
				case *ast.Ident:
					if v, ok := info.Uses[e].(*types.Var); ok && v.Parent() == scope.Scope() {
						complain(e.Pos(), "package variable %s is changed", e.Name)
					}
					return
				default:
					return
				}
			}
		}
		for _, file := range p.files {
			for _, declaration := range file.Decls {
				switch d := declaration.(type) {
				case *ast.FuncDecl:
					if d.Name.Name == "init" && d.Recv == nil {
						complain(d.Pos(), "an init function")
					}
				case *ast.GenDecl:
					if d.Tok == token.VAR {
						for _, spec := range d.Specs {
							if what := changing(d, spec.(*ast.ValueSpec), info); what != "" {
								complain(spec.Pos(), "package variable %s %s", spec.(*ast.ValueSpec).Names[0].Name, what)
							}
						}
					}
				}
			}
			ast.Inspect(file, func(node ast.Node) bool {
				switch n := node.(type) {
				case *ast.AssignStmt:
					for _, left := range n.Lhs {
						changed(left)
					}
				case *ast.IncDecStmt:
					changed(n.X)
				case *ast.RangeStmt:
					changed(n.Key)
					changed(n.Value)
				case *ast.SendStmt:
					changed(n.Chan)
				case *ast.UnaryExpr:
					if _, plain := ast.Unparen(n.X).(*ast.Ident); plain && n.Op == token.AND {
						changed(n.X)
					}
				case *ast.CallExpr:
					if name, ok := n.Fun.(*ast.Ident); ok && len(n.Args) > 0 && slices.Contains([]string{"clear", "copy", "delete"}, name.Name) {
						changed(n.Args[0])
					}
				}
				return true
			})
		}
	}
	return problems
}

// changing says why a package variable can only be there to change, or nothing.
func changing(declaration *ast.GenDecl, spec *ast.ValueSpec, info *types.Info) string {
	if !slices.ContainsFunc(spec.Names, func(name *ast.Ident) bool { return name.Name != "_" }) {
		return ""
	}
	for _, doc := range []*ast.CommentGroup{declaration.Doc, spec.Doc} {
		if doc != nil && slices.ContainsFunc(doc.List, func(c *ast.Comment) bool { return strings.HasPrefix(c.Text, "//go:embed ") }) {
			return ""
		}
	}
	if len(spec.Values) == 0 {
		return "has no value"
	}
	isError := strings.HasPrefix(strings.ToLower(spec.Names[0].Name), "err")
	why := ""
	parts := spec.Values
	if spec.Type != nil {
		parts = append([]ast.Expr{spec.Type}, parts...)
	}
	for _, part := range parts {
		ast.Inspect(part, func(node ast.Node) bool {
			switch n := node.(type) {
			case *ast.FuncLit:
				return false // runs later, with variables of its own
			case *ast.ChanType:
				why = "is a channel"
			case *ast.UnaryExpr:
				if _, literal := n.X.(*ast.CompositeLit); literal && n.Op == token.AND && !isError {
					why = "is a pointer"
				}
			case *ast.SelectorExpr:
				// What is done or computed once and is then the same for all is no state.
				if of, ok := n.X.(*ast.Ident); ok && of.Name == "sync" && slices.Contains([]string{"OnceFunc", "OnceValue", "OnceValues"}, n.Sel.Name) {
					return false
				}
			case *ast.Ident:
				if builtin, ok := info.Uses[n].(*types.Builtin); ok && (builtin.Name() == "make" || builtin.Name() == "new") {
					why = "is made empty"
				}
				if imported, ok := info.Uses[n].(*types.PkgName); ok {
					switch of := imported.Imported().Path(); of {
					case "sync", "sync/atomic", "expvar", "math/rand", "math/rand/v2",
						"github.com/prometheus/client_golang/prometheus", "github.com/prometheus/client_golang/prometheus/promauto":
						why = "is of package " + of
					}
				}
			}
			return true
		})
	}
	return why
}

type noImporter struct{}

func (noImporter) Import(string) (*types.Package, error) { return nil, errors.New("not imported") }

// A test that has never failed proves little: each kind of breach in a house of its own.
func TestBreachesAreFound(t *testing.T) {
	const fine = "package x\n"
	for name, c := range map[string]struct {
		file, text string
		want       string // empty: fine
	}{
		"allowed":               {"api/a.go", `package api; import _ "yourturn/session"`, ""},
		"never":                 {"api/a.go", `package api; import _ "yourturn/store"`, "api must not import store"},
		"other way":             {"session/a.go", `package session; import _ "yourturn/api"`, "session must not import api"},
		"named import":          {"notify/a.go", `package notify; import s "yourturn/session"; var _ = s.X`, "notify must not import session"},
		"one game of another":   {"games/quest/a.go", `package quest; import _ "yourturn/games/rps"`, "games/quest must not import games/rps"},
		"a game in the server":  {"server/a.go", `package server; import _ "yourturn/games/rps"`, "server must not import games/rps"},
		"games in the server":   {"server/a.go", `package server; import _ "yourturn/games"`, ""},
		"a game in main":        {"cmd/yourturn/a.go", `package main; import _ "yourturn/games/rps"`, ""},
		"cmd":                   {"server/a.go", `package server; import _ "yourturn/cmd/yourturn"`, "server must not import cmd/yourturn"},
		"other system":          {"api/a_windows.go", "//go:build windows\n\n" + `package api; import _ "yourturn/store"`, "api must not import store"},
		"support":               {"server/a.go", `package server; import _ "yourturn/store/enginetest"`, "server must not import store/enginetest"},
		"support in main":       {"cmd/yourturn/a.go", `package main; import _ "yourturn/games/gamestest"`, "cmd/yourturn must not import games/gamestest"},
		"support in a test":     {"server/a_test.go", `package server; import _ "yourturn/store/enginetest"`, ""},
		"unknown folder":        {"utils/a.go", fine, "utils: the house"},
		"unknown deeper":        {"session/clock/a.go", fine, "session/clock: the house"},
		"unknown tests":         {"session/clock/a_test.go", fine, "session/clock: the house"},
		"the root":              {"a.go", fine, ".: the house"},
		"import of the root":    {"api/a.go", `package api; import _ "yourturn"`, "api must not import ."},
		"test data":             {"api/testdata/a.go", fine, ""},
		"init":                  {"api/a.go", `package api; func init() {}`, "an init function"},
		"method init":           {"api/a.go", `package api; type t int; func (t) init() {}`, ""},
		"no value":              {"api/a.go", `package api; var n int`, "package variable n has no value"},
		"assigned":              {"api/a.go", `package api; var n = 1; func f() { n = 2 }`, "package variable n is changed"},
		"assigned elsewhere":    {"api/a.go", `package api; import "yourturn/session"; func f() { session.N = 2 }`, "session.N of another package is changed"},
		"local of the name":     {"api/a.go", `package api; var n = 1; func f() { n := 1; n = 2; _ = n }`, ""},
		"counted":               {"api/a.go", `package api; var n = 1; func f() { n++ }`, "package variable n is changed"},
		"ranged":                {"api/a.go", `package api; var n = 1; func f() { for n = range 3 {} }`, "package variable n is changed"},
		"address":               {"api/a.go", `package api; var n = 1; func f() *int { return &n }`, "package variable n is changed"},
		"table":                 {"api/a.go", `package api; var m = map[string]int{"a": 1}; func f() int { return m["a"] }`, ""},
		"table written":         {"api/a.go", `package api; var m = map[string]int{}; func f() { m["a"] = 1 }`, "package variable m is changed"},
		"table deleted from":    {"api/a.go", `package api; var m = map[string]int{}; func f() { delete(m, "a") }`, "package variable m is changed"},
		"field":                 {"api/a.go", `package api; var v = struct{ n int }{}; func f() { (v).n += 1 }`, "package variable v is changed"},
		"made":                  {"api/a.go", `package api; var m = make(map[string]int)`, "package variable m is made empty"},
		"channel":               {"api/a.go", `package api; var c chan int = nil`, "package variable c is a channel"},
		"mutex":                 {"api/a.go", `package api; import "sync"; var mu = sync.Mutex{}`, "package variable mu is of package sync"},
		"once":                  {"api/a.go", `package api; import "sync"; var set = sync.OnceFunc(func() {})`, ""},
		"in a group":            {"api/a.go", "package api\nvar (\n\ta = 1\n\tb int\n)", "package variable b has no value"},
		"pointer":               {"api/a.go", `package api; type t struct{}; var v = &t{}`, "package variable v is a pointer"},
		"error":                 {"api/a.go", `package api; import "errors"; var ErrGone = errors.New("gone")`, ""},
		"error by pointer":      {"api/a.go", `package api; type t struct{}; var ErrGone = &t{}`, ""},
		"expression":            {"api/a.go", `package api; import "regexp"; var name = regexp.MustCompile("^a")`, ""},
		"embedded":              {"migrations/a.go", "package migrations\nimport \"embed\"\n//go:embed *.sql\nvar files embed.FS", ""},
		"proof":                 {"store/a.go", `package store; import "yourturn/session"; type S struct{}; var _ session.Store = (*S)(nil)`, ""},
		"generated":             {"openapi/go/wire/a.go", "// Code generated by x. DO NOT EDIT.\n\npackage wire\nvar n int\nfunc init() {}", ""},
		"support with a server": {"store/enginetest/a.go", `package enginetest; var n int`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			file := filepath.Join(root, filepath.FromSlash(c.file))
			if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			h := parseHouse(t, house)
			got := append(forbiddenImports(t, root, h), hiddenState(t, root, h)...)
			switch {
			case c.want == "" && len(got) > 0:
				t.Errorf("refused: %v", got)
			case c.want != "" && (len(got) != 1 || !strings.Contains(got[0], c.want)):
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestCyclesAreFound(t *testing.T) {
	h := parseHouse(t, "a -> b\nb -> c d\nc -> d\nd -> b\n")
	if cycle := findCycle([]string{"a", "b", "c", "d"}, h.allows); cycle == nil {
		t.Error("no cycle found in b -> c -> d -> b")
	}
	h = parseHouse(t, "a -> b c\nb -> c d\nc -> d\nd -> nothing of ours\n")
	if cycle := findCycle([]string{"a", "b", "c", "d"}, h.allows); cycle != nil {
		t.Errorf("found %v where none is", cycle)
	}
}
