package docs_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"yourturn/server/servertest"
)

// help is what a command says of itself.
func help(t *testing.T, command ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), servertest.Binary(t), append(command, "--help")...).CombinedOutput()
	if err != nil {
		t.Fatalf("%q --help: %v\n%s", command, err, out)
	}
	return string(out)
}

var (
	flagOfHelp    = regexp.MustCompile(`(?m)^ +(?:-\w, +)?--([a-z-]+)(?:="?([^"\s]*))?`)
	settingOfHelp = regexp.MustCompile(`\$(YOURTURN_[A-Z0-9_]+)`)
	placeholder   = regexp.MustCompile(`^[A-Z-]{2}|\|`) // STRING, ALLOW-ORIGIN,..., log|log:DIR
	flagOfTable   = regexp.MustCompile("(?m)^\\| `--([a-z-]+)` \\| (?:`([^`]*)`)? *\\|")
)

// The table of flags is that of the program: the same flags, with the same defaults, and each is also the setting that its
// name makes.
func TestTableOfFlags(t *testing.T) {
	raw, err := os.ReadFile("self-hosting.md")
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]string{}
	for _, row := range flagOfTable.FindAllStringSubmatch(string(raw), -1) {
		told[row[1]] = row[2]
	}
	said := help(t, "serve")
	settings := settingOfHelp.FindAllString(said, -1)
	for _, flag := range flagOfHelp.FindAllStringSubmatch(said, -1) {
		name, fallback := flag[1], flag[2]
		if name == "help" || name == "version" {
			continue
		}
		was, ok := told[name]
		if !ok {
			t.Errorf("self-hosting.md does not tell of --%s", name)
		}
		delete(told, name)
		if !placeholder.MatchString(fallback) && was != fallback {
			t.Errorf("--%s is %s by default, and self-hosting.md says %q", name, fallback, was)
		}
		if setting := "$YOURTURN_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_")); !slices.Contains(settings, setting) {
			t.Errorf("--%s is not the setting %s", name, setting)
		}
	}
	for name := range told {
		t.Errorf("self-hosting.md tells of --%s, which serve does not have", name)
	}
}

// otherSettings are read without being a flag.
var otherSettings = []string{
	"YOURTURN_QUIZ_QUESTIONS", // cmd/yourturn
	"YOURTURN_STORM_KILLS", "YOURTURN_STORM_PUSHES", "YOURTURN_STORM_SEED",
}

var setting = regexp.MustCompile(`\bYOURTURN_[A-Z0-9_]+\b`)

// Whatever a page, a unit or a compose file sets is something that the program reads.
func TestSettingsExist(t *testing.T) {
	known := append(settingOfHelp.FindAllString(help(t, "serve"), -1), settingOfHelp.FindAllString(help(t, "health"), -1)...)
	files, err := filepath.Glob("../deploy/*")
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob("../deploy/*/*.conf")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(append(files, more...), pages(t)...) {
		raw, err := os.ReadFile(file)
		if err != nil {
			continue // a folder
		}
		for _, name := range setting.FindAllString(string(raw), -1) {
			if !slices.Contains(known, "$"+strings.TrimSuffix(name, "_FILE")) && !slices.Contains(otherSettings, name) {
				t.Errorf("%s sets %s, which nothing reads", file, name)
			}
		}
	}
}

var (
	command = regexp.MustCompile(`(?m)(?:^|&& |[a-z]=\S+ +|\./cmd/|/bin/)yourturn ((?:[a-z]+ )*[a-z]+)\b([^\n|>&#]*)`)
	flag    = regexp.MustCompile(`(?:^| )--([a-z-]+)`)
)

// Whatever a page tells somebody to type is a command, and has the flags.
func TestCommandsExist(t *testing.T) {
	for _, page := range pages(t) {
		for _, b := range readBlocks(t, page) {
			if !strings.HasPrefix(b.info, "sh") && b.info != "ini" {
				continue
			}
			for _, typed := range command.FindAllStringSubmatch(strings.ReplaceAll(b.text, "\\\n", " "), -1) {
				words := strings.Fields(typed[1])
				said := help(t, words[:min(2, len(words))]...)
				for _, f := range flag.FindAllStringSubmatch(typed[2], -1) {
					if !strings.Contains(said, "--"+f[1]) {
						t.Errorf("%s: yourturn %s has no flag --%s", b.where, typed[1], f[1])
					}
				}
			}
		}
	}
}
