package openapi_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// npm installs what the lock file in a folder names, once, outside the repository, and returns where. Where that cannot be
// the test is skipped, except in CI.
func npm(t *testing.T, folder string) string {
	t.Helper()
	dir, err := npmInstalled(t.Context(), folder)
	if err != nil && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func npmInstalled(ctx context.Context, folder string) (string, error) {
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			return "", fmt.Errorf("%s cannot be installed: %w", folder, err)
		}
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	lock, err := os.ReadFile(filepath.Join(folder, "package-lock.json"))
	if err != nil {
		return "", err
	}
	home := filepath.Join(cache, "yourturn-test")
	dir := filepath.Join(home, fmt.Sprintf("openapi-%s-%x", filepath.Base(folder), sha256.Sum256(lock))[:len("openapi--")+len(filepath.Base(folder))+12])
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	if err := os.MkdirAll(home, 0o700); err != nil {
		return "", err
	}
	// Built beside its place and moved, so that one that was cut short is not taken for it.
	work, err := os.MkdirTemp(home, "openapi-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(work)
	for _, name := range []string{"package.json", "package-lock.json"} {
		text, err := os.ReadFile(filepath.Join(folder, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(work, name), text, 0o600)
		}
		if err != nil {
			return "", err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	c.Dir = work
	if said, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("npm ci in %s: %w\n%s", folder, err, said)
	}
	if err := os.Rename(work, dir); err != nil {
		if _, err := os.Stat(dir); err == nil {
			return dir, nil // somebody was faster
		}
		return "", err
	}
	return dir, nil
}
