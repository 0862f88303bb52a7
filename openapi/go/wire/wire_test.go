package wire_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What is checked in is what `make clients` would write.
func TestGeneratedCodeIsCurrent(t *testing.T) {
	// Go remembers the result of a test until a file changes that the test itself has read. The generator reads these.
	for _, name := range []string{"config.yaml", "overlay.yaml", "../../openapi.yaml", "../../../tools/oapi-codegen/go.mod"} {
		if _, err := os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	was, err := os.ReadFile("wire.go")
	if err != nil {
		t.Fatal(err)
	}
	generator, err := exec.CommandContext(t.Context(), "go", "tool", "-modfile=../../../tools/oapi-codegen/go.mod", "-n", "oapi-codegen").Output()
	if err != nil && os.Getenv("CI") != "true" {
		t.Skipf("oapi-codegen cannot be built here: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "wire.go")
	said, err := exec.CommandContext(t.Context(), strings.TrimSpace(string(generator)), "-config", "config.yaml", "-o", out, "../../openapi.yaml").CombinedOutput()
	if err != nil {
		t.Fatalf("oapi-codegen: %v\n%s", err, said)
	}
	is, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(was, is) {
		t.Error("wire.go is not what the schema says now: make clients")
	}
}
