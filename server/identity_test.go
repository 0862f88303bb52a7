package server_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"yourturn/server/servertest"
	"yourturn/store/enginetest"
)

// club is a server that takes the word of an issuer.
type club struct {
	*servertest.Issuer
	t   *testing.T
	url string
}

const clubApp = "club-app"

func newClub(t *testing.T, database string) *club {
	t.Helper()
	issuer := servertest.NewIssuer(t)
	return &club{issuer, t, servertest.Local(t, database, servertest.Options{Identity: []string{"club=" + issuer.URL + "#" + clubApp}})}
}

func (c *club) person(subject string) map[string]any {
	return map[string]any{"id_token": c.Token(clubApp, subject, nil)}
}

// signIn is the request of a device that is signed in nowhere.
func (c *club) signIn(subject string) servertest.Answer {
	body := c.person(subject)
	body["provider"] = "club"
	return stranger(c.url).Do("POST", "/v1/tokens", body)
}

// in expects that somebody signs in as a player.
func (c *club) in(subject, player string) *servertest.App {
	c.t.Helper()
	made := c.signIn(subject)
	if made.Status != 201 || made.String("player_id") != player {
		c.t.Fatalf("%s signs in as %s: %d %s", subject, player, made.Status, made.Body)
	}
	app := stranger(c.url)
	app.Player, app.Access, app.Refresh = player, made.String("access_token"), made.String("refresh_token")
	same(c.t, "who it is", app.Must(c.t, 200, "GET", "/v1/me", nil).String("id"), player)
	return app
}

const clubIdentity = "/v1/me/identities/club"

// Somebody becomes more than a guest, loses the phone, and comes back on another.
func TestAnIdentityBringsAPlayerBack(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		c := newClub(t, database)
		shown := stranger(c.url).Must(t, 200, "GET", "/v1/server", nil)
		same(t, "the provider", shown.String("identity_providers", 0, "provider"), "club")
		same(t, "its issuer", shown.String("identity_providers", 0, "issuer"), c.URL)

		refused(t, c.signIn("ann"), 404, "identity-unknown", "")
		phone := servertest.Guest(t, c.url, "Ann")
		put := phone.Must(t, 200, "PUT", clubIdentity, c.person("ann"))
		again := phone.Must(t, 200, "PUT", clubIdentity, c.person("ann"))
		same(t, "put once and twice", string(again.Body), string(put.Body))
		list := phone.Must(t, 200, "GET", "/v1/me/identities", nil)
		same(t, "identities", list.Len("items"), 1)
		same(t, "the identity", list.String("items", 0, "issuer"), c.URL)

		phone.Must(t, 204, "DELETE", "/v1/tokens", nil) // lost
		tablet := c.in("ann", phone.Player)
		refused(t, c.signIn("bob"), 404, "identity-unknown", "")
		refused(t, tablet.Do("PUT", clubIdentity, c.person("ann2")), 409, "identity-present", "")
		tablet.Must(t, 204, "DELETE", clubIdentity, nil)
		tablet.Must(t, 204, "DELETE", clubIdentity, nil)
		refused(t, c.signIn("ann"), 404, "identity-unknown", "")
		tablet.Must(t, 200, "PUT", clubIdentity, c.person("ann2"))
		c.in("ann2", phone.Player)
		tablet.Must(t, 204, "DELETE", "/v1/me", nil)
		refused(t, c.signIn("ann2"), 404, "identity-unknown", "")
		other := servertest.Guest(t, c.url, "Ann")
		other.Must(t, 200, "PUT", clubIdentity, c.person("ann2"))
	})
}

// A person played as a guest on two phones, and shows the same identity on both.
func TestTwoGuestsMeetOnOneIdentity(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		c := newClub(t, database)
		id, phone, _ := servertest.Pair(t, c.url) // one game that runs
		done, tablet, _ := servertest.Pair(t, c.url)
		tablet.Must(t, 200, "POST", "/v1/sessions/"+done+"/forfeit", nil)
		meet := func(app *servertest.App) servertest.Answer {
			t.Helper()
			met := app.Do("PUT", clubIdentity, c.person("ann"))
			refused(t, met, 409, "identity-taken", "")
			return met
		}
		phone.Must(t, 200, "PUT", clubIdentity, c.person("ann"))
		met := meet(tablet)
		for _, test := range []struct {
			who              string
			app              *servertest.App
			active, finished int64
			recoverable      bool
		}{
			{"mine", tablet, 0, 1, false}, // no other login, no other identity
			{"other", phone, 1, 0, true},  // its phone is signed in
		} {
			same(t, test.who, met.String(test.who, "player_id"), test.app.Player)
			same(t, test.who+"'s name", met.String(test.who, "display_name"), test.app.Name)
			same(t, test.who+"'s active sessions", met.Int(test.who, "sessions_active"), test.active)
			same(t, test.who+"'s finished sessions", met.Int(test.who, "sessions_finished"), test.finished)
			same(t, test.who+" can be had back", met.Bool(test.who, "recoverable"), test.recoverable)
			if met.String(test.who, "created_at") == "" || met.String(test.who, "last_used_at") == "" {
				t.Errorf("%s without its times: %s", test.who, met.Body)
			}
		}
		same(t, "after the question nothing has changed", string(c.in("ann", phone.Player).Must(t, 200, "GET", "/v1/me/identities", nil).Body),
			string(phone.Must(t, 200, "GET", "/v1/me/identities", nil).Body))
		same(t, "neither here", tablet.Must(t, 200, "GET", "/v1/me/identities", nil).Len("items"), 0)

		// Who chooses the other one signs in as it, and the guest stays as it was.
		chosen := c.in("ann", phone.Player)
		chosen.Must(t, 200, "GET", sessionPath(id), nil)
		tablet.Must(t, 200, "GET", sessionPath(done), nil)
		tablet.Renew(t)

		// Who chooses this one has the identity here, and the other account stays as it was, without it.
		body := c.person("ann")
		body["instead_of"] = tablet.Player
		refused(t, tablet.Do("PUT", clubIdentity, body), 409, "identity-taken", "")
		body["instead_of"] = met.String("other", "player_id")
		tablet.Must(t, 200, "PUT", clubIdentity, body)
		tablet.Must(t, 200, "PUT", clubIdentity, body) // its answer was lost
		c.in("ann", tablet.Player)
		phone.Must(t, 200, "POST", servertest.MovePath(id), servertest.Move(1, 4))
		phone.Renew(t)
		same(t, "what the phone has left", phone.Must(t, 200, "GET", "/v1/me/identities", nil).Len("items"), 0)

		// An account that is signed in nowhere would be lost, and the question says so.
		old := servertest.Guest(t, c.url, "Old")
		old.Must(t, 200, "PUT", clubIdentity, c.person("old"))
		old.Must(t, 204, "DELETE", "/v1/tokens", nil)
		lost := phone.Do("PUT", clubIdentity, c.person("old"))
		refused(t, lost, 409, "identity-taken", "")
		same(t, "the old account can be had back", lost.Bool("other", "recoverable"), false)
		same(t, "when it was used", lost.At("other", "last_used_at"), nil)
		young := servertest.Guest(t, c.url, "Young")
		second := servertest.Second(t, young)
		same(t, "with a second device that may have heard nothing", young.Do("PUT", clubIdentity, c.person("old")).Bool("mine", "recoverable"), false)
		second.Must(t, 200, "GET", "/v1/me", nil)
		same(t, "with a second device", young.Do("PUT", clubIdentity, c.person("old")).Bool("mine", "recoverable"), true)
	})
}

// An app repeats what was not answered: by the same id token and the same key it is signed in once.
func TestALostAnswerToAnIdToken(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		c := newClub(t, database)
		phone := servertest.Guest(t, c.url, "Ann")
		phone.Must(t, 200, "PUT", clubIdentity, c.person("ann"))
		body := c.person("ann")
		body["provider"] = "club"
		tablet := stranger(c.url)
		first := tablet.Must(t, 201, "POST", "/v1/tokens", body, "Idempotency-Key", "4ab3")
		tablet.Access = tablet.Must(t, 201, "POST", "/v1/tokens", body, "Idempotency-Key", "4ab3").String("access_token")
		if first.String("access_token") == tablet.Access {
			t.Error("an access token is kept somewhere")
		}
		same(t, "logins", tablet.Must(t, 200, "GET", "/v1/me/logins", nil).Len("items"), 2)
		tablet.Must(t, 201, "POST", "/v1/tokens", body, "Idempotency-Key", "4ab3") // it has arrived: another login
		same(t, "logins", tablet.Must(t, 200, "GET", "/v1/me/logins", nil).Len("items"), 3)
	})
}

// An app gives the provider's library the hash of a nonce. Who finds the id token has the hash, and cannot use it.
func TestAttackAFoundIdToken(t *testing.T) {
	c := newClub(t, "sqlite:"+t.TempDir()+"/yourturn.db")
	ann := servertest.Guest(t, c.url, "Ann")
	sum := sha256.Sum256([]byte("secret of the app"))
	hashed := hex.EncodeToString(sum[:])
	body := map[string]any{"id_token": c.Token(clubApp, "ann", map[string]any{"nonce": hashed}), "nonce": "secret of the app"}
	ann.Must(t, 200, "PUT", clubIdentity, body)
	body["provider"] = "club"
	stranger(c.url).Must(t, 201, "POST", "/v1/tokens", body)
	body["nonce"] = hashed
	refused(t, stranger(c.url).Do("POST", "/v1/tokens", body), 422, "id-token-invalid", "")
}

func TestOfATokenOnlyTheSubjectIsKept(t *testing.T) {
	file := t.TempDir() + "/yourturn.db"
	c := newClub(t, "sqlite:"+file)
	ann := servertest.Guest(t, c.url, "Ann")
	token := c.Token(clubApp, "subject-of-ann", map[string]any{"email": "ann@mail.example", "name": "Ann Lovelace", "picture": "https://picture.example/ann"})
	ann.Must(t, 200, "PUT", clubIdentity, map[string]any{"id_token": token})
	kept := ""
	for _, suffix := range []string{"", "-wal"} {
		if raw, err := os.ReadFile(file + suffix); err == nil {
			kept += string(raw)
		}
	}
	for text, want := range map[string]bool{"subject-of-ann": true, c.URL: true, "mail.example": false, "Lovelace": false, "picture": false, token: false} {
		if strings.Contains(kept, text) != want {
			t.Errorf("the database holds %q: %v", text, !want)
		}
	}
}

func TestBadIDTokensAreNeverTheSessionsFault(t *testing.T) {
	c := newClub(t, "sqlite:"+t.TempDir()+"/yourturn.db")
	ann := servertest.Guest(t, c.url, "Ann")
	thief := servertest.NewIssuerKey(t, "first", "ES256")
	for name, token := range map[string]string{
		"not a token":      "a.b.c",
		"no dots":          "token",
		"expired":          c.Token(clubApp, "ann", map[string]any{"exp": time.Now().Add(-time.Hour).Unix()}),
		"another app's":    c.Token("other-app", "ann", nil),
		"by another's key": thief.Sign(t, thief.Header(), c.Claims(clubApp, "ann", time.Now())),
		"with a nonce":     c.Token(clubApp, "ann", map[string]any{"nonce": "n"}),
	} {
		for _, a := range []servertest.Answer{
			ann.Do("PUT", clubIdentity, map[string]any{"id_token": token}),
			stranger(c.url).Do("POST", "/v1/tokens", map[string]any{"provider": "club", "id_token": token}),
		} {
			refused(t, a, 422, "id-token-invalid", "")
			if a.String("detail") == "" {
				t.Errorf("%s is refused without a reason", name)
			}
		}
	}
	ann.Must(t, 200, "PUT", clubIdentity, map[string]any{"id_token": c.Token(clubApp, "ann", map[string]any{"nonce": "n"}), "nonce": "n"})
	refused(t, ann.Do("PUT", "/v1/me/identities/other", c.person("ann")), 422, "provider-not-configured", "")
	refused(t, ann.Do("PUT", clubIdentity, map[string]any{"id_token": strings.Repeat("a", 20_000)}), 422, "invalid", "")
}

// A server starts and plays while an issuer is down; who needs the issuer is told to come again, and nobody is signed out.
func TestTheIssuerIsDown(t *testing.T) {
	issuer := servertest.NewIssuer(t)
	issuer.Instead(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "down", http.StatusBadGateway) })
	c := &club{issuer, t, ""}
	var log safeLog
	c.url = servertest.Local(t, "sqlite:"+t.TempDir()+"/yourturn.db", servertest.Options{
		Identity: []string{"club=" + issuer.URL + "#" + clubApp}, Log: slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if n := issuer.Asked(servertest.IssuerDocument); n != 0 {
		t.Errorf("asked %d times before anybody needed it", n)
	}
	ann := servertest.Guest(t, c.url, "Ann")
	body := c.person("ann")
	for _, a := range []servertest.Answer{ann.Do("PUT", clubIdentity, body), c.signIn("ann")} {
		refused(t, a, 503, "identity-provider-down", "")
		if a.Header.Get("Retry-After") == "" || a.Int("retry_after") < 1 || a.Int("retry_after") > 10 {
			t.Errorf("come again: %v %s", a.Header, a.Body)
		}
	}
	if n := issuer.Asked(servertest.IssuerDocument); n != 1 {
		t.Errorf("asked %d times for two requests", n)
	}
	ann.Renew(t)
	if text := log.String(); strings.Contains(text, body["id_token"].(string)) || !strings.Contains(text, "502") {
		t.Errorf("the log holds the token, or not what the issuer said:\n%s", text)
	}
}

func TestServeRefusesAProviderThatIsNamedBadly(t *testing.T) {
	for given, want := range map[string]string{
		"apple": "client ids", "club=http://login.example#app": "issuer", "apple=a;apple=b": "twice",
	} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		out, err := exec.CommandContext(ctx, servertest.Binary(t), "serve", "--listen", "127.0.0.1:0", "--database", "sqlite:"+t.TempDir()+"/y.db", "--identity", given).CombinedOutput()
		if err == nil || !strings.Contains(string(out), "--identity") || !strings.Contains(string(out), want) {
			t.Errorf("--identity %s: %v\n%s", given, err, out)
		}
	}
	p := servertest.Start(t, "sqlite:"+t.TempDir()+"/yourturn.db", "--identity", "apple=com.example.app", "--identity", "google=1,2")
	shown := stranger(p.URL).Must(t, 200, "GET", "/v1/server", nil)
	same(t, "both", fmt.Sprint(shown.String("identity_providers", 0, "issuer"), shown.String("identity_providers", 1, "issuer")),
		"https://appleid.apple.comhttps://accounts.google.com")
}
