package session

import (
	"bytes"
	"strings"
	"testing"
)

func TestNormalCode(t *testing.T) {
	for typed, want := range map[string]string{
		"7H2KQ9XD":         "7H2KQ9XD",
		"7h2kq9xd":         "7H2KQ9XD",
		"7H2K-Q9XD":        "7H2KQ9XD",
		" 7h 2k q9 xd ":    "7H2KQ9XD",
		"oOiIlL00":         "00111100",
		"UUUUUUUU":         "UUUUUUUU", // no such code; it is looked up and not found
		"":                 "",
		"-":                "",
		"\xff7H2KQ9XD\x00": "\ufffd7H2KQ9XD\x00",
	} {
		if got := NormalCode(typed); got != want {
			t.Errorf("%q is read as %q, want %q", typed, got, want)
		}
	}
}

func TestJoinCodesUseTheWholeAlphabetAndAreReadAsThemselves(t *testing.T) {
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	s := &Service{random: bytes.NewReader(every)}
	drawn := map[rune]int{}
	for range len(every) / codeLength {
		code, err := s.joinCode()
		if err != nil || len(code) != 8 || NormalCode(code) != code || NormalCode(strings.ToLower(code)) != code {
			t.Fatalf("%q, %v", code, err)
		}
		for _, r := range code {
			drawn[r]++
		}
	}
	if len(drawn) != 32 {
		t.Errorf("%d letters are in use", len(drawn))
	}
	for letter, n := range drawn {
		if n != 8 || strings.ContainsRune("ILOU", letter) {
			t.Errorf("%c is drawn %d times of 256", letter, n)
		}
	}
	if _, err := s.joinCode(); err == nil {
		t.Error("a code without randomness")
	}
}
