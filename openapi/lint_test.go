package openapi_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"yourturn/server/nodetest"
)

// Redocly knows OpenAPI better than we do, and checks each example against its schema by itself.
func TestRedoclyFindsNothing(t *testing.T) {
	for _, name := range []string{"openapi.yaml", "openapi-3.0.yaml"} {
		for _, problem := range redocly(t, name) {
			t.Errorf("%s: %s", name, problem)
		}
	}
}

// A judge that finds nothing must be one that can.
func TestRedoclyFindsAFault(t *testing.T) {
	text, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for fault, change := range map[string][2]string{
		"no-invalid-media-type-examples": {"expires_in: 3600", "expires_in: soon"},
		"operation-summary":              {"      summary: Become a guest\n", ""},
		"no-unresolved-refs":             {`$ref: "#/components/schemas/NewPlayer"`, `$ref: "#/components/schemas/NoPlayer"`},
	} {
		broken := strings.Replace(string(text), change[0], change[1], 1)
		path := filepath.Join(t.TempDir(), "openapi.yaml")
		if err := os.WriteFile(path, []byte(broken), 0o600); err != nil {
			t.Fatal(err)
		}
		if found := redocly(t, path); !strings.Contains(strings.Join(found, "\n"), fault) {
			t.Errorf("with %q for %q it finds %q", change[1], change[0], found)
		}
	}
}

// redocly lists what it has against a document, warnings too.
func redocly(t *testing.T, document string) (problems []string) {
	t.Helper()
	cli := filepath.Join(nodetest.Install(t, os.DirFS("lint")), "node_modules", "@redocly", "cli", "bin", "cli.js")
	c := exec.CommandContext(t.Context(), "node", cli, "lint", document, "--config", filepath.Join("lint", "redocly.yaml"), "--format", "json", "--max-problems", "1000")
	c.Env = append(os.Environ(), "REDOCLY_TELEMETRY=off", "REDOCLY_SUPPRESS_UPDATE_NOTICE=true")
	var said strings.Builder
	c.Stderr = &said
	out, err := c.Output() // it fails when it finds errors
	var report struct {
		Problems []struct {
			RuleID   string `json:"ruleId"`
			Severity string `json:"severity"`
			Message  string `json:"message"`
			Location []struct {
				Pointer string `json:"pointer"`
			} `json:"location"`
		} `json:"problems"`
	}
	start := strings.Index(string(out), "{")
	if start < 0 {
		t.Fatalf("redocly: %v\n%s%s", err, out, &said)
	}
	if err := json.NewDecoder(strings.NewReader(string(out[start:]))).Decode(&report); err != nil {
		t.Fatalf("redocly: %v\n%s%s", err, out, &said)
	}
	for _, p := range report.Problems {
		where := ""
		if len(p.Location) > 0 {
			where = p.Location[0].Pointer
		}
		problems = append(problems, fmt.Sprintf("%s %s: %s (%s)", p.Severity, p.RuleID, p.Message, where))
	}
	return problems
}
