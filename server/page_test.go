package server_test

import (
	"compress/gzip"
	"fmt"
	"html"
	"image/png"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"yourturn/server/servertest"
)

// playground starts a server with the web app, and gives its address.
func playground(t *testing.T, args ...string) (url string) {
	t.Helper()
	return servertest.Start(t, "sqlite:"+filepath.Join(t.TempDir(), "yourturn.db"), args...).URL
}

// fetch asks as somebody who has nothing but an address. Nothing is decompressed on the way.
func fetch(t *testing.T, method, address string, headers ...string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
			continue
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	client := &http.Client{Transport: &http.Transport{DisableCompression: true, DisableKeepAlives: true}}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = answer.Body.Close() })
	return answer
}

func bodyOf(t *testing.T, answer *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// The app is one page at each of its addresses, under a policy that lets nothing in from elsewhere. What is no address of
// the app is what it always was to clients of the API: a problem.
func TestPageIsServed(t *testing.T) {
	url := playground(t, "--name", "The Club")
	page := bodyOf(t, fetch(t, "GET", url+"/"))
	if !strings.Contains(page, "<title>The Club</title>") {
		t.Errorf("the page is\n%s", page)
	}
	for _, path := range []string{"/", "/new/tictactoe", "/s/abc", "/me", "/j/AAAAAAAA"} {
		answer := fetch(t, "GET", url+path)
		if text := bodyOf(t, answer); answer.StatusCode != http.StatusOK || !strings.Contains(text, `<script type="module" src="/app.js">`) || path != "/j/AAAAAAAA" && text != page {
			t.Errorf("%s: %d\n%s", path, answer.StatusCode, text)
		}
		policy := answer.Header.Get("Content-Security-Policy")
		for _, rule := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "require-trusted-types-for 'script'"} {
			if !slices.Contains(strings.Split(policy, "; "), rule) {
				t.Errorf("%s: no %s in the policy %q", path, rule, policy)
			}
		}
		for name, want := range map[string]string{
			"Content-Type": "text/html; charset=utf-8", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
		} {
			if got := answer.Header.Values(name); !slices.Equal(got, []string{want}) {
				t.Errorf("%s: %s is %q, want %q once", path, name, got, want)
			}
		}
		if answer.Header.Get("Permissions-Policy") == "" {
			t.Errorf("%s: no Permissions-Policy", path)
		}
	}
	if metrics := bodyOf(t, fetch(t, "GET", url+"/metrics")); !strings.Contains(metrics, `route="/j/{join_code}"`) || !strings.Contains(metrics, `route="/"`) || strings.Contains(metrics, "AAAAAAAA") {
		t.Error("the metrics do not count by routes")
	}
	for _, refused := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/nothing", 404}, {"GET", "/s", 404}, {"GET", "/s/a/b", 404}, {"GET", "/j/", 404}, {"GET", "/index.html", 404}, {"GET", "/files/app.js", 404},
		{"POST", "/", 405}, {"DELETE", "/j/AAAAAAAA", 405}, {"GET", "/v1/nothing", 404}, {"GET", "/v1/me", 401},
	} {
		answer := fetch(t, refused.method, url+refused.path)
		if text := bodyOf(t, answer); answer.StatusCode != refused.status || answer.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %s: %d %s", refused.method, refused.path, answer.StatusCode, text)
		}
	}
}

// Every file is small on the way, has a tag for each of its forms, and is not sent again to who has it. HEAD says the same
// without it.
func TestPageFilesAreSentOnce(t *testing.T) {
	url := playground(t)
	for path, mediaType := range map[string]string{
		"/": "text/html; charset=utf-8", "/app.js": "text/javascript; charset=utf-8", "/app.css": "text/css; charset=utf-8",
		"/worker.js": "text/javascript; charset=utf-8", "/manifest.webmanifest": "application/manifest+json", "/icon.svg": "image/svg+xml",
		"/icon-192.png": "image/png", "/icon-512.png": "image/png", "/icon-maskable-512.png": "image/png", "/apple-touch-icon.png": "image/png",
		"/icon-badge-96.png": "image/png", "/favicon.ico": "image/x-icon", "/robots.txt": "text/plain; charset=utf-8",
		"/client.js": "text/javascript; charset=utf-8", "/client.d.ts": "application/typescript; charset=utf-8", "/schema.d.ts": "application/typescript; charset=utf-8",
	} {
		plain, zipped := fetch(t, "GET", url+path), fetch(t, "GET", url+path, "Accept-Encoding", "br, gzip")
		whole, sent := bodyOf(t, plain), bodyOf(t, zipped)
		if got := plain.Header.Get("Content-Type"); plain.StatusCode != 200 || got != mediaType || plain.Header.Get("Content-Encoding") != "" || plain.Header.Get("Cache-Control") != "no-cache" {
			t.Errorf("%s: %d %v", path, plain.StatusCode, plain.Header)
		}
		tags := []string{plain.Header.Get("ETag"), zipped.Header.Get("ETag")}
		isText := strings.Contains(mediaType, "text") || strings.Contains(mediaType, "script") || strings.Contains(mediaType, "json") || strings.Contains(mediaType, "svg")
		if isText && len(whole) > 500 {
			if zipped.Header.Get("Content-Encoding") != "gzip" || len(sent) >= len(whole) || !slices.Contains(zipped.Header.Values("Vary"), "Accept-Encoding") {
				t.Errorf("%s: %d bytes of %d are sent, with %v", path, len(sent), len(whole), zipped.Header)
			}
			unpacked, err := gzip.NewReader(strings.NewReader(sent))
			if err != nil {
				t.Fatal(path, err)
			}
			if text, err := io.ReadAll(unpacked); err != nil || string(text) != whole {
				t.Errorf("%s: compressed it is another (%v)", path, err)
			}
			if tags[0] == tags[1] {
				t.Errorf("%s: two forms have one tag", path)
			}
			if refused := fetch(t, "GET", url+path, "Accept-Encoding", "gzip;q=0"); refused.Header.Get("Content-Encoding") != "" {
				t.Errorf("%s: compressed for who does not take that", path)
			}
		}
		for i, encoding := range []string{"identity", "gzip"} {
			again := fetch(t, "GET", url+path, "Accept-Encoding", encoding, "If-None-Match", tags[i])
			if text := bodyOf(t, again); again.StatusCode != http.StatusNotModified || text != "" || again.Header.Get("ETag") != tags[i] {
				t.Errorf("%s, %s: again it is %d with %d bytes", path, encoding, again.StatusCode, len(text))
			}
		}
		if other := fetch(t, "GET", url+path, "If-None-Match", `"another"`); other.StatusCode != 200 {
			t.Errorf("%s: %d for who has another", path, other.StatusCode)
		}
		head := fetch(t, "HEAD", url+path)
		if text := bodyOf(t, head); head.StatusCode != 200 || text != "" || head.Header.Get("ETag") != tags[0] || head.ContentLength != int64(len(whole)) {
			t.Errorf("HEAD %s: %d, %d bytes, %v", path, head.StatusCode, len(text), head.Header)
		}
	}
}

// Two servers with other names have other apps: a browser that knows one does not take it for the other.
func TestPageVersionFollowsTheName(t *testing.T) {
	one, two := playground(t, "--name", "One"), playground(t, "--name", "Two")
	if bodyOf(t, fetch(t, "GET", one+"/worker.js")) == bodyOf(t, fetch(t, "GET", two+"/worker.js")) {
		t.Error("the worker's version does not tell names apart")
	}
}

// Who has an app of their own turns this one off, and the rest is as ever.
func TestPageCanBeLeftOut(t *testing.T) {
	url := playground(t, "--web", "off")
	for path, status := range map[string]int{"/": 404, "/app.js": 404, "/j/AAAAAAAA": 404, "/client.js": 200, "/v1/server": 200, "/docs": 200} {
		if got := fetch(t, "GET", url+path).StatusCode; got != status {
			t.Errorf("%s: %d, want %d", path, got, status)
		}
	}
}

var metaTag = regexp.MustCompile(`<meta (?:name|property)="([a-z:_-]+)" content="([^"]*)">`)

// cardOf is what the page of an invitation says of itself, by the names of its tags.
func cardOf(t *testing.T, address string, headers ...string) map[string]string {
	t.Helper()
	answer := fetch(t, "GET", address, headers...)
	text := bodyOf(t, answer)
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %s", address, answer.StatusCode, text)
	}
	card := map[string]string{}
	for _, tag := range metaTag.FindAllStringSubmatch(text, -1) {
		card[tag[1]] = html.UnescapeString(tag[2])
	}
	return card
}

const (
	plainTitle = "An invitation to play"
	plainWords = "Games played one turn at a time, minutes or days apart. No account needed: open the link and play."
)

// A link to a table says in a chat what a stranger with its code may know, in every state of the table.
func TestPageOfAnInvitation(t *testing.T) {
	url := playground(t)
	ann, bob := servertest.Guest(t, url, "Ann"), servertest.Guest(t, url, "Bob")
	table := ann.Must(t, 201, "POST", "/v1/sessions", map[string]any{"game": "tictactoe", "turn_seconds": 86400})
	code := table.String("join_code")
	says := func(when, title, words string) {
		t.Helper()
		card := cardOf(t, url+"/j/"+code)
		if card["og:title"] != title || card["og:description"] != words || card["description"] != words {
			t.Errorf("%s: %q", when, card)
		}
	}
	says("waiting", "Ann invites you to Tic-tac-toe", "One seat is free. A day for each turn. No account needed: open the link and play.")
	card := cardOf(t, url+"/j/"+strings.ToLower(code[:4]+"-"+code[4:]))
	if card["og:title"] != "Ann invites you to Tic-tac-toe" || card["og:site_name"] != "Yourturn" || card["robots"] != "noindex" {
		t.Errorf("as people type it: %q", card)
	}
	bob.Must(t, 200, "POST", "/v1/sessions/join", map[string]any{"join_code": code})
	says("full", "Ann has a table of Tic-tac-toe", "All seats are taken. If one of them is yours, open the link and play on; if not, begin a table of your own.")
	bob.Must(t, 200, "POST", "/v1/sessions/"+table.String("id")+"/forfeit", nil)
	says("finished", plainTitle, plainWords)
	code = "00000000"
	says("unknown", plainTitle, plainWords)
	code = strings.Repeat("%00%F0%9F%A6%8A", 500)
	says("absurd", plainTitle, plainWords)
}

// A host who is gone is named by nobody any more, though the others play on.
func TestPageDoesNotNameWhoIsGone(t *testing.T) {
	url := playground(t)
	ann := servertest.Guest(t, url, "Ann")
	table := ann.Must(t, 201, "POST", "/v1/sessions", map[string]any{"game": "eights", "seats": 3})
	code := table.String("join_code")
	var last *servertest.App
	for _, name := range []string{"Bob", "Cid"} {
		last = servertest.Guest(t, url, name)
		last.Must(t, 200, "POST", "/v1/sessions/join", map[string]any{"join_code": code})
	}
	if title := cardOf(t, url+"/j/"+code)["og:title"]; title != "Ann has a table of Crazy eights" {
		t.Fatalf("before, the card says %q", title)
	}
	ann.Must(t, 204, "DELETE", "/v1/me", nil)
	preview := last.Must(t, 200, "GET", "/v1/sessions/by-code/"+code, nil)
	if status, host := preview.String("status"), preview.At("host_display_name"); status != "active" || host != nil && host != "" {
		t.Fatalf("the table is %s, and its host %v", status, host)
	}
	if title := cardOf(t, url+"/j/"+code)["og:title"]; title != "A table of Crazy eights" {
		t.Errorf("the card says %q", title)
	}
}

// A name is other people's text, and stays text in the page.
func TestAttackNameOnThePage(t *testing.T) {
	url := playground(t)
	const name = `"><script>alert(1)</script>`
	code := servertest.Guest(t, url, name).Must(t, 201, "POST", "/v1/sessions", map[string]any{"game": "tictactoe"}).String("join_code")
	if text := bodyOf(t, fetch(t, "GET", url+"/j/"+code)); strings.Contains(text, "<script>") || !strings.Contains(text, "&lt;script&gt;") {
		t.Errorf("the page is\n%s", text)
	}
	if card := cardOf(t, url+"/j/"+code); card["og:title"] != name+" invites you to Tic-tac-toe" {
		t.Errorf("the card says %q", card)
	}
}

// The picture's address is whole, as the client calls the server: by its Host, and by the word of a trusted proxy. Nobody
// else's word counts.
func TestPageKnowsItsAddress(t *testing.T) {
	direct, behind := playground(t), playground(t, "--trusted-proxy", "127.0.0.1")
	for _, c := range []struct {
		url     string
		headers []string
		want    string // empty: no picture
	}{
		{direct, nil, direct},
		{direct, []string{"Host", "play.example:81"}, "http://play.example:81"},
		{direct, []string{"Host", "[::1]:81"}, "http://[::1]:81"},
		{direct, []string{"Host", `a"b`}, ""},
		{direct, []string{"X-Forwarded-Proto", "https", "X-Forwarded-Host", "evil.example"}, direct},
		{behind, []string{"X-Forwarded-Proto", "https", "X-Forwarded-Host", "play.example"}, "https://play.example"},
		{behind, []string{"X-Forwarded-Proto", "http, https", "X-Forwarded-Host", "evil.example, play.example"}, "https://play.example"},
		{behind, []string{"X-Forwarded-Proto", "javascript", "Host", "play.example"}, "http://play.example"},
		{behind, []string{"X-Forwarded-Host", "evil.example/x?"}, ""},
	} {
		card := cardOf(t, c.url+"/j/AAAAAAAA", c.headers...)
		want := c.want
		if want != "" {
			want += "/j/AAAAAAAA/picture.png"
		}
		if card["og:image"] != want {
			t.Errorf("%q: the picture is at %q, want %q", c.headers, card["og:image"], want)
		}
	}
}

// The picture is of the size that the page says, shows its table, and says as little as the page of what is not there.
func TestPictureOfAnInvitation(t *testing.T) {
	url := playground(t)
	ann := servertest.Guest(t, url, "Ann")
	drawn := map[string]string{}
	for _, game := range []string{"tictactoe", "quest", ""} {
		code := "00000000"
		if game != "" {
			code = ann.Must(t, 201, "POST", "/v1/sessions", map[string]any{"game": game}).String("join_code")
		}
		answer := fetch(t, "GET", url+"/j/"+code+"/picture.png")
		picture := bodyOf(t, answer)
		if answer.StatusCode != 200 || answer.Header.Get("Content-Type") != "image/png" || answer.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %v", game, answer.StatusCode, answer.Header)
		}
		decoded, err := png.DecodeConfig(strings.NewReader(picture))
		card := cardOf(t, url+"/j/"+code)
		if err != nil || fmt.Sprint(decoded.Width, decoded.Height) != card["og:image:width"]+" "+card["og:image:height"] || decoded.Width != 1200 {
			t.Errorf("%s: %v %+v", game, err, card)
		}
		for other, before := range drawn {
			if picture == before {
				t.Errorf("%q and %q look the same", game, other)
			}
		}
		drawn[game] = picture
	}
}

// Who guesses codes by their pages is soon told nothing any more, not even that: the page and the picture are those of a
// code that leads nowhere, also for one that leads somewhere. Others see what they saw.
func TestAttackGuessingCodesByTheirPages(t *testing.T) {
	url := playground(t, "--rate-limit", "on", "--trusted-proxy", "127.0.0.1")
	code := servertest.Guest(t, url, "Ann").Must(t, 201, "POST", "/v1/sessions", map[string]any{"game": "tictactoe"}).String("join_code")
	guesser, other := []string{"X-Forwarded-For", "203.0.113.7"}, []string{"X-Forwarded-For", "203.0.113.8"}
	if card := cardOf(t, url+"/j/"+code, guesser...); card["og:title"] != "Ann invites you to Tic-tac-toe" {
		t.Fatalf("before, the card says %q", card)
	}
	guesses := 0
	for ; cardOf(t, url+"/j/"+code, guesser...)["og:title"] != plainTitle; guesses++ {
		if guesses > 200 {
			t.Fatal("nobody stops the guesser")
		}
		bodyOf(t, fetch(t, "GET", fmt.Sprintf("%s/j/%08d/picture.png", url, guesses), guesser...))
	}
	if guesses < 5 {
		t.Errorf("a class behind one address gets %d pages", guesses)
	}
	told, wrong := fetch(t, "GET", url+"/j/"+code, guesser...), fetch(t, "GET", url+"/j/00000000", guesser...)
	if one, two := bodyOf(t, told), strings.ReplaceAll(bodyOf(t, wrong), "00000000", code); one != two || told.StatusCode != wrong.StatusCode || len(told.Header) != len(wrong.Header) {
		t.Errorf("for a right code the limited page is\n%s\nand for a wrong one\n%s", one, two)
	}
	right, none := bodyOf(t, fetch(t, "GET", url+"/j/"+code+"/picture.png", guesser...)), bodyOf(t, fetch(t, "GET", url+"/j/00000000/picture.png", other...))
	if right != none {
		t.Error("the picture tells what the page does not")
	}
	if card := cardOf(t, url+"/j/"+code, other...); card["og:title"] != "Ann invites you to Tic-tac-toe" {
		t.Errorf("somebody else reads %q", card)
	}
}
