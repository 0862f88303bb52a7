package session

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
)

func TestCursorsOfOthersAreRefused(t *testing.T) {
	encode := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	for name, c := range map[string]struct {
		cursor string
		want   Position
		ok     bool
	}{
		"none":                {"", Position{}, true},
		"a cursor":            {Position{SortKey: 42, ID: "s1"}.String(), Position{SortKey: 42, ID: "s1"}, true},
		"the largest key":     {Position{SortKey: 1<<63 - 1, ID: "a_-Z9"}.String(), Position{SortKey: 1<<63 - 1, ID: "a_-Z9"}, true},
		"not base64":          {"?", Position{}, false},
		"padded":              {encode("16 s1") + "=", Position{}, false},
		"no id":               {encode("16 "), Position{}, false},
		"no space":            {encode("16"), Position{}, false},
		"no key":              {encode(" s1"), Position{}, false},
		"key 0":               {encode("0 s1"), Position{}, false},
		"below zero":          {encode("-16 s1"), Position{}, false},
		"beyond 64 bits":      {encode(strings.Repeat("z", 14) + " s1"), Position{}, false},
		"an id of 65":         {encode("16 " + strings.Repeat("x", 65)), Position{}, false},
		"an id with a quote":  {encode("16 s'1"), Position{}, false},
		"an id that is bytes": {encode("16 \xff\xfe"), Position{}, false},
		"an id and a line":    {encode("16 s1\n"), Position{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parsePosition(c.cursor)
			if got != c.want || (err == nil) != c.ok || err != nil && !errors.Is(err, ErrBadCursor) {
				t.Errorf("%q is read as %+v, %v", c.cursor, got, err)
			}
		})
	}
}

func FuzzPosition(f *testing.F) {
	f.Add("")
	f.Add(Position{SortKey: 1, ID: "s1"}.String())
	f.Add(Position{SortKey: NotMyTurn - 1, ID: ID(strings.Repeat("x", 64))}.String())
	f.Add(base64.RawURLEncoding.EncodeToString([]byte("+0Z s1")))
	f.Fuzz(func(t *testing.T, cursor string) {
		p, err := parsePosition(cursor)
		if err != nil || p == (Position{}) {
			return
		}
		if again, err := parsePosition(p.String()); err != nil || again != p {
			t.Errorf("%q is read as %+v, and that as %+v, %v", cursor, p, again, err)
		}
	})
}
