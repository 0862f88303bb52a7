package web

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
)

func filesOf(t *testing.T, name, client string) map[string]string {
	t.Helper()
	made, err := newSite(t, name).Files([]byte(client))
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for path, content := range made {
		texts[path] = string(content)
	}
	return texts
}

// A browser fetches a new app when anything of it is new, and only then: also the server's name, and the client that knows
// the server's games.
func TestVersionOfTheWorker(t *testing.T) {
	one := filesOf(t, "One", "client")["/worker.js"]
	if strings.Contains(one, versionMark) {
		t.Error("the version is not filled in")
	}
	if again := filesOf(t, "One", "client")["/worker.js"]; again != one {
		t.Error("the version changes by itself")
	}
	for what, other := range map[string]string{"the name": filesOf(t, "Two", "client")["/worker.js"], "the client": filesOf(t, "One", "client 2")["/worker.js"]} {
		if other == one {
			t.Errorf("%s is another, the version is not", what)
		}
	}
	for _, worker := range []string{"", versionMark + versionMark} {
		if _, err := versioned(map[string][]byte{"/worker.js": []byte(worker)}, nil); err == nil {
			t.Errorf("the worker %q has a version", worker)
		}
	}
}

// The server's name stands where people look for it.
func TestNameOfTheServer(t *testing.T) {
	made := filesOf(t, "The Club", "")
	for _, want := range []string{"<title>The Club</title>", `content="The Club"`} {
		if !strings.Contains(made["/"], want) {
			t.Errorf("no %s in\n%s", want, made["/"])
		}
	}
	var manifest struct {
		Name      string `json:"name"`
		ShortName string `json:"short_name"`
		StartURL  string `json:"start_url"`
	}
	if err := json.Unmarshal([]byte(made["/manifest.webmanifest"]), &manifest); err != nil {
		t.Fatal(err)
	}
	if manifest.Name != "The Club" || manifest.ShortName != "The Club" || manifest.StartURL != "/" {
		t.Errorf("the manifest says %+v", manifest)
	}
}

var linked = regexp.MustCompile(`(?:href|src)="(/[^"]+)"|"src": ?"(/[^"]+)"`)

// Whatever the page and the manifest name is there.
func TestLinkedFilesExist(t *testing.T) {
	made := filesOf(t, "Yourturn", "")
	links := linked.FindAllStringSubmatch(made["/"]+made["/manifest.webmanifest"], -1)
	for _, link := range links {
		path := link[1] + link[2]
		if _, ok := made[path]; !ok && path != "/client.js" {
			t.Errorf("there is no %s", path)
		}
	}
	if len(links) < 10 {
		t.Errorf("only %d links", len(links))
	}
}

var inline = regexp.MustCompile(`(?i)<style|\sstyle=|<script[^>]*>[^<]|\son[a-z]+=|https?://|javascript:`)

// The policy under which the page is served allows nothing that stands in the page itself, and nobody else's.
func TestPageKeepsItsPolicy(t *testing.T) {
	if found := inline.FindString(filesOf(t, "Yourturn", "")["/"]); found != "" {
		t.Errorf("in the page stands %q", found)
	}
	for _, bad := range []string{"<p style=x>", "<script>x</script>", `<a onclick="x">`, `<img src="http://x">`} {
		if !inline.MatchString(bad) {
			t.Errorf("%s is not noticed", bad)
		}
	}
}
