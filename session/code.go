package session

import (
	"fmt"
	"io"
	"strings"
	"unicode"
)

// codeAlphabet is Crockford's base 32: no I, L, O or U, and what is easily mistaken is read as what was meant.
// Eight characters are 40 bits; the rate limit does the rest against guessing.
const codeAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

const codeLength = 8

// joinCode draws the code of a table.
func (s *Service) joinCode() (string, error) { return NewCode(s.random) }

// NewCode draws a code that people can read out and type: for a table, and for a player's next device.
func NewCode(random io.Reader) (string, error) {
	code := make([]byte, codeLength)
	if _, err := io.ReadFull(random, code); err != nil {
		return "", fmt.Errorf("draw a code: %w", err)
	}
	for i := range code {
		code[i] = codeAlphabet[code[i]%32]
	}
	return string(code), nil
}

// NormalCode reads a code as people type it: in small letters, with dashes or spaces, O for 0, I or L for 1.
func NormalCode(typed string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || unicode.IsSpace(r) {
			return -1
		}
		switch r {
		case 'O':
			return '0'
		case 'I', 'L':
			return '1'
		}
		return r
	}, strings.ToUpper(typed))
}
