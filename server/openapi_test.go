package server_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"yourturn/server/servertest"
)

// The schema in the repository is reviewed like code, so it must be what the program serves.
func TestCheckedInSchemaIsCurrent(t *testing.T) {
	dir := t.TempDir()
	if out, err := exec.Command(servertest.Binary(t), "openapi", dir).CombinedOutput(); err != nil {
		t.Fatalf("yourturn openapi: %v\n%s", err, out)
	}
	for _, name := range []string{"openapi.yaml", "openapi-3.0.yaml"} {
		made, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		kept, err := os.ReadFile(filepath.Join("..", "openapi", name))
		if err != nil {
			t.Fatal(err)
		}
		if string(made) != string(kept) {
			t.Errorf("openapi/%s is not what the program makes: run 'make openapi' and look at the difference", name)
		}
	}
}
