package enginetest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// fill makes a new data directory for an engine. Filling one takes seconds, so it is done once for each version
// and kept in the user's cache as a template to copy.
func fill(e engine, data string) error {
	cache, err := os.UserCacheDir()
	if err != nil {
		return create(e, data)
	}
	template, err := e.template(filepath.Join(cache, "yourturn-test"))
	if err != nil {
		return err
	}
	return os.CopyFS(data, os.DirFS(template))
}

// template is a filled data directory in the cache. A template is complete from the moment it has its name, and
// never changes, so it can be copied without a lock; several test processes that find none wait for the first.
func (e engine) template(cache string) (string, error) {
	if err := os.MkdirAll(cache, 0o700); err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(e.version + strings.Join(e.create, " ")))
	template := filepath.Join(cache, fmt.Sprintf("%s-%x", e.name, sum[:6]))
	lock, err := os.OpenFile(template+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return "", err
	}
	defer lock.Close() // unlocks
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", fmt.Errorf("lock %s: %w", lock.Name(), err)
	}
	if _, err := os.Stat(template); !errors.Is(err, fs.ErrNotExist) {
		return template, err
	}
	half := template + ".new" // also what a process left that was killed here
	if err := os.RemoveAll(half); err != nil {
		return "", err
	}
	if err := create(e, half); err != nil {
		return "", err
	}
	return template, os.Rename(half, template)
}

func create(e engine, data string) error {
	args := append(e.create[1:len(e.create):len(e.create)], "--datadir="+data)
	out, err := exec.Command(e.create[0], args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("make a data directory: %s: %w\n%s", e.create[0], err, out)
	}
	return nil
}
