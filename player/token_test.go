package player

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestATokenSaysWhenItEnds(t *testing.T) {
	ends := time.Unix(1_800_000_000, 0)
	token, hash, err := issue(bytes.NewReader(make([]byte, 32)), Access, ends)
	if err != nil || HashOf(token) != hash {
		t.Fatalf("%q, %v", token, err)
	}
	if _, secret, _ := strings.Cut(token, "."); len(secret) != 43 {
		t.Errorf("%d characters of base64 are not 256 bits", len(secret))
	}
	head, _, _ := strings.Cut(token, ".")
	for said, want := range map[string]bool{
		token: true, head + ".anything": true, "a1.x": true, "a-1.x": true, // its own word, and no more
		"r" + token[1:]: false, "s" + token[1:]: false, "azzzzzzz.x": false, "azzzzzzzzzzzzzzzzzzz.x": false,
		"a": false, "a.": false, ".": false, "": false, "1.x": false, "a1": false, "a?.x": false,
	} {
		if got := saysExpired(said, Access, ends); got != want {
			t.Errorf("%q has expired: %v", said, got)
		}
	}
	if saysExpired(token, Access, ends.Add(-time.Second)) {
		t.Error("expired a second early")
	}
}

func TestNoTokenWithoutRandomness(t *testing.T) {
	if token, _, err := issue(bytes.NewReader(make([]byte, 31)), Access, time.Unix(0, 0)); err == nil {
		t.Errorf("%q has 248 bits", token)
	}
	if name, err := guestName(bytes.NewReader(nil)); err == nil {
		t.Errorf("%q is drawn from nothing", name)
	}
}

func TestEveryGuestNameIsAName(t *testing.T) {
	names := map[string]bool{}
	for n := range 48 * 48 {
		name, err := guestName(bytes.NewReader([]byte{0, 0, byte(n >> 8), byte(n)}))
		if err != nil {
			t.Fatal(err)
		}
		if p, err := (Profile{DisplayName: name}).check(); err != nil || p.DisplayName != name {
			t.Errorf("%q is cleaned to %q, %v", name, p.DisplayName, err)
		}
		names[name] = true
	}
	if len(names) != 48*48 {
		t.Errorf("%d names", len(names))
	}
}
