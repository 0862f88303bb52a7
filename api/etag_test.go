package api

import (
	"strings"
	"testing"
)

// H10: each of these cases is answered wrongly by huma's conditional package, or was cheap to get wrong.
func TestIfNoneMatch(t *testing.T) {
	for _, c := range []struct {
		header, current string
		send            bool
	}{
		{``, `"7"`, true},
		{`"7"`, `"7"`, false},
		{`"6"`, `"7"`, true},
		{`"6", "7"`, `"7"`, false}, // the usual space
		{`"6","7"`, `"7"`, false},
		{"\"6\" ,\t\"7\" ", `"7"`, false},
		{`, ,"7",`, `"7"`, false}, // empty elements
		{`W/"7"`, `"7"`, false},   // weak comparison
		{`"7"`, `W/"7"`, false},
		{`W/"6", W/"7"`, `W/"7"`, false},
		{`w/"7"`, `"7"`, true}, // W is upper case
		{`*`, `"7"`, false},
		{` * `, `"7"`, false},
		{`*`, ``, true}, // nothing there
		{`"*"`, `"7"`, true},
		{`"a,b"`, `"a,b"`, false}, // commas inside
		{`"a,"7"`, `"7"`, true},   // a quote that never closes
		{`7`, `"7"`, true},        // no quotes
		{`"7`, `"7"`, true},
		{`"6" "7"`, `"7"`, true}, // no comma
		{`"6";"7"`, `"7"`, true},
		{"\"\x00\", \"7\"", `"7"`, true},
		{`W/`, `"7"`, true},
		{`"7", rubbish`, `"7"`, false},
		{`""`, `""`, false},
	} {
		if got := noneMatch(c.header, c.current); got != c.send {
			t.Errorf("If-None-Match: %s with %s: send %v, want %v", c.header, c.current, got, c.send)
		}
	}
}

func TestMakeETag(t *testing.T) {
	a := makeETag("12", "0", "build")
	if a != makeETag("12", "0", "build") {
		t.Error("not stable")
	}
	if a == makeETag("1", "20", "build") || a == makeETag("12", "0build") {
		t.Error("parts run together")
	}
	if strings.HasPrefix(a, "W/") || noneMatch(a, a) {
		t.Errorf("%s is not a strong tag", a)
	}
}

func FuzzIfNoneMatch(f *testing.F) {
	f.Add(`"6", W/"7"`, `"7"`)
	f.Fuzz(func(t *testing.T, header, current string) {
		if header == "*" && current != "" && noneMatch(header, current) {
			t.Errorf("* does not match %q", current)
		}
		if tag, ok := leadingTag(current); ok && tag == current && noneMatch(current, current) {
			t.Errorf("%q does not match itself", current)
		}
	})
}
