package openid

import (
	"reflect"
	"strings"
	"testing"
)

func TestProvidersAreNamedByTheOperator(t *testing.T) {
	for text, want := range map[string]Config{
		"apple=com.example.app":                      {"apple", "https://appleid.apple.com", "https://appleid.apple.com/auth/keys", []string{"com.example.app"}},
		"google=1-a.apps.example,2-b.apps.example":   {"google", "https://accounts.google.com", "https://www.googleapis.com/oauth2/v3/certs", []string{"1-a.apps.example", "2-b.apps.example"}},
		"club=https://login.example#web":             {"club", "https://login.example", "", []string{"web"}},
		"club-2=https://login.example/realms/a/#x,y": {"club-2", "https://login.example/realms/a/", "", []string{"x", "y"}},
		"local=http://127.0.0.1:8080#app":            {"local", "http://127.0.0.1:8080", "", []string{"app"}},
		"local=http://localhost:8080#app":            {"local", "http://localhost:8080", "", []string{"app"}},
		"local=http://[::1]:8080#app":                {"local", "http://[::1]:8080", "", []string{"app"}},
	} {
		if c, err := Parse(text); err != nil || !reflect.DeepEqual(c, want) {
			t.Errorf("%s is read as %+v, %v", text, c, err)
		}
	}
}

func TestProvidersThatAreNamedBadly(t *testing.T) {
	for _, text := range []string{
		"", "=", "apple", "apple=", "apple=,", "apple=a,,b", "google=a b", "apple=https://other.example#app",
		"Club=https://login.example#a", "-=https://login.example#a", strings.Repeat("c", 33) + "=https://login.example#a", "a/b=https://login.example#a",
		"club=https://login.example", "club=https://login.example#", "club=login.example#a", "club=#a", "club=https://#a",
		"club=http://login.example#a", "club=http://127.0.0.1.example#a", "club=ftp://127.0.0.1#a", "club=file:///etc/passwd#a",
		"club=https://user:word@login.example#a", "club=https://login.example?x=1#a", "club=https://" + strings.Repeat("x", 250) + "#a",
	} {
		if c, err := Parse(text); err == nil {
			t.Errorf("%q is read as %+v", text, c)
		}
	}
	for _, texts := range [][]string{
		{"apple=a", "apple=b"}, {"club=https://login.example#a", "other=https://login.example#b"},
	} {
		if all, err := ParseAll(texts); err == nil {
			t.Errorf("%q are read as %+v", texts, all)
		}
	}
	if all, err := ParseAll([]string{"apple=a", "google=b", "club=https://login.example#c"}); err != nil || len(all) != 3 {
		t.Errorf("%+v, %v", all, err)
	}
}
