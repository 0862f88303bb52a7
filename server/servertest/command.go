package servertest

import (
	"bufio"
	"io"
	"os/exec"
	"strings"
	"testing"
)

// Serve starts a command that serves, wherever it was built, and returns the address that it says it listens on. When the
// test ends it is killed.
func Serve(tb testing.TB, cmd *exec.Cmd) (url string) {
	tb.Helper()
	said, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	log := &logFile{}
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = cmd.Process.Kill() // if it has ended, it has said why
		_ = cmd.Wait()
		if tb.Failed() {
			tb.Logf("log of the server:\n%s", log.tail())
		}
	})
	for lines := bufio.NewScanner(said); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), "Yourturn listens on "); ok {
			go func() { _, _ = io.Copy(io.Discard, said) }() // it may go on talking
			url, _, _ = strings.Cut(rest, " ")
			return url
		}
	}
	tb.Fatalf("%s did not say where it listens:\n%s", cmd, log.tail())
	return ""
}
