package notify

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

func TestRetryAfter(t *testing.T) {
	for header, want := range map[string]time.Duration{
		"": 0, "0": 0, "1": time.Second, "120": 2 * time.Minute, "-5": 0, "soon": 0, "1.5": 0, "99999999": MaxPause, "99999999999999999999": 0,
		noon.Add(time.Minute).Format("Mon, 02 Jan 2006 15:04:05 GMT"):    time.Minute,
		noon.Add(-time.Hour).Format("Mon, 02 Jan 2006 15:04:05 GMT"):     0,
		noon.Add(24 * time.Hour).Format("Mon, 02 Jan 2006 15:04:05 GMT"): MaxPause,
	} {
		if got := RetryAfter(header, noon); got != want {
			t.Errorf("%q asks for %s, want %s", header, got, want)
		}
	}
}

func TestNetworkWords(t *testing.T) {
	for want, err := range map[string]error{
		"canceled": context.Canceled, "timeout": context.DeadlineExceeded, "connection": errors.New("reset by 10.0.0.1"),
		"name": &net.DNSError{Name: "secret.example"}, "certificate": &tls.CertificateVerificationError{Err: errors.New("unknown authority")},
	} {
		if got := NetworkWord(fmt.Errorf("push: %w", err)); got != want {
			t.Errorf("%v is called %q, want %q", err, got, want)
		}
	}
	if got := NetworkWord(os.ErrDeadlineExceeded); got != "timeout" {
		t.Errorf("a deadline of the socket is called %q", got)
	}
}

func TestShortenCutsAsLittleAsItCan(t *testing.T) {
	within := func(bytes int) func(string) bool { return func(s string) bool { return len(s) <= bytes } }
	for _, c := range []struct {
		text  string
		bytes int
		want  string
		ok    bool
	}{
		{"Ann has moved", 9, "Ann ha…", true}, {"Ann has moved", 7, "Ann…", true}, {"猫猫猫", 8, "猫…", true},
		{"Ann", 3, "…", true}, {"Ann", 2, "", false}, {"", 3, "", false},
	} {
		if got, ok := Shorten(c.text, within(c.bytes)); got != c.want || ok != c.ok {
			t.Errorf("%q in %d bytes: %q, %v; want %q", c.text, c.bytes, got, ok, c.want)
		}
	}
	if got, ok := Shorten(strings.Repeat("a", 5000), within(4096)); !ok || len(got) != 4096 {
		t.Errorf("%d bytes", len(got))
	}
}
