package server_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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

// A release is held against the one before by hand, too.
func TestOpenAPICompareCommand(t *testing.T) {
	released := filepath.Join("..", "openapi", "released.yaml")
	compare := func(args ...string) (string, error) {
		out, err := exec.Command(servertest.Binary(t), append([]string{"openapi", "compare"}, args...)...).CombinedOutput()
		return string(out), err
	}
	for _, args := range [][]string{{released, released}, {released}} { // with itself, and with what the program makes
		if out, err := compare(args...); err != nil || out != "nothing breaks\n" {
			t.Errorf("compare %v: %v\n%s", args, err, out)
		}
	}
	schema, err := os.ReadFile(released)
	if err != nil {
		t.Fatal(err)
	}
	newer := filepath.Join(t.TempDir(), "newer.yaml")
	if err := os.WriteFile(newer, bytes.Replace(schema, []byte("operationId: playMove"), []byte("operationId: move"), 1), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := compare(released, newer)
	const sentence = "POST /v1/sessions/{session_id}/moves: operationId was playMove and is move: code that calls the generated function no longer compiles\n"
	if err == nil || !strings.Contains(out, sentence) || !strings.Contains(out, "break in 1 places") {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := compare(newer + ".gone"); err == nil || !strings.Contains(out, "newer.yaml.gone") {
		t.Errorf("a file that is not there: %v\n%s", err, out)
	}
}
