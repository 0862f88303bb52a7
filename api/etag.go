package api

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// makeETag returns a strong entity tag that is equal only for equal parts and says nothing about them.
func makeETag(parts ...string) string {
	sum := sha256.New()
	for _, p := range parts {
		sum.Write([]byte(p))
		sum.Write([]byte{0})
	}
	return `"` + base64.RawURLEncoding.EncodeToString(sum.Sum(nil)[:15]) + `"`
}

// noneMatch reports whether an If-None-Match header holds for current, that is, whether the answer is to be sent. It
// compares weakly, as RFC 9110 13.1.2 demands. A header that cannot be read is taken as absent: the client gets the
// answer.
func noneMatch(header, current string) bool {
	return !anyTag(header, current)
}

func weakEqual(a, b string) bool {
	return strings.TrimPrefix(a, "W/") == strings.TrimPrefix(b, "W/")
}

// anyTag reports whether the header is "*" or a list with a tag that equals current.
func anyTag(header, current string) bool {
	if current == "" {
		return false
	}
	rest := strings.Trim(header, " \t")
	if rest == "*" {
		return true
	}
	for {
		rest = strings.TrimLeft(rest, " \t,") // empty elements of a list mean nothing
		tag, ok := leadingTag(rest)
		if !ok {
			return false
		}
		if weakEqual(tag, current) {
			return true
		}
		rest = strings.TrimLeft(rest[len(tag):], " \t")
		if rest != "" && rest[0] != ',' {
			return false
		}
	}
}

// leadingTag returns the entity tag that s begins with. Commas and spaces may stand inside its quotes.
func leadingTag(s string) (string, bool) {
	open := 0
	if strings.HasPrefix(s, "W/") {
		open = len("W/")
	}
	if len(s) <= open || s[open] != '"' {
		return "", false
	}
	for i := open + 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return s[:i+1], true
		case c < 0x20 || c == 0x7f:
			return "", false
		}
	}
	return "", false
}
