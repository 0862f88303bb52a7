package server_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"yourturn/server"
	"yourturn/server/servertest"
	"yourturn/store/enginetest"
)

func linking(code string) map[string]any { return map[string]any{"link_code": code} }

// stranger is a device that is signed in nowhere.
func stranger(url string) *servertest.App {
	return &servertest.App{URL: url, Requests: servertest.Client()}
}

func showCode(t *testing.T, app *servertest.App) string {
	t.Helper()
	return app.Must(t, 201, "POST", "/v1/me/link-codes", nil).String("code")
}

// A phone starts a game, a tablet goes on with it, and the phone is lost.
func TestASecondDevicePlaysOn(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		url := servertest.Local(t, database, servertest.Options{Push: server.PushConfig{Mode: "log"}})
		id, phone, _ := servertest.Pair(t, url)
		phone.Must(t, 200, "PUT", "/v1/me/devices/phone", map[string]any{"channel": "fcm", "token": "token"})
		stream := phone.Stream(t, "")
		stream.Greeted(t)

		made := phone.Must(t, 201, "POST", "/v1/me/link-codes", nil)
		if code := made.String("code"); !regexp.MustCompile(`^[0-9A-HJKMNP-TV-Z]{8}$`).MatchString(code) {
			t.Errorf("the code %q", code)
		}
		tablet := stranger(url)
		in := tablet.Must(t, 201, "POST", "/v1/tokens", linking(made.String("code")))
		same(t, "the player", in.String("player_id"), phone.Player)
		tablet.Access, tablet.Refresh = in.String("access_token"), in.String("refresh_token")
		same(t, "who the tablet is", tablet.Must(t, 200, "GET", "/v1/me", nil).String("id"), phone.Player)
		tablet.Must(t, 200, "POST", servertest.MovePath(id), servertest.Move(1, 4))
		tablet.Renew(t)

		logins := tablet.Must(t, 200, "GET", "/v1/me/logins", nil)
		same(t, "how many logins there are", logins.Len("items"), 2)
		if logins.Bool("items", 0, "current") || !logins.Bool("items", 1, "current") {
			t.Errorf("the tablet's is the younger one: %s", logins.Body)
		}
		tablet.Must(t, 204, "DELETE", "/v1/me/logins/"+logins.String("items", 0, "id"), nil)
		same(t, "goodbye", stream.Bye(t), "signed_out")
		refused(t, phone.Do("GET", "/v1/me", nil), 401, "token-invalid", "")
		refused(t, phone.Do("POST", "/v1/tokens", renewal(phone.Refresh)), 401, "token-invalid", "")
		same(t, "devices that are left", tablet.Must(t, 200, "GET", "/v1/me/devices", nil).Len("items"), 0)
		same(t, "logins that are left", tablet.Must(t, 200, "GET", "/v1/me/logins", nil).Len("items"), 1)
		tablet.Must(t, 204, "DELETE", "/v1/me/logins/"+logins.String("items", 0, "id"), nil) // as good as ended
	})
}

// Deleting the account on one device is said to all.
func TestDeletionSignsEveryDeviceOut(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		url := servertest.Local(t, database, servertest.Options{})
		phone := servertest.Guest(t, url, "Ann")
		tablet := servertest.Second(t, phone)
		code := showCode(t, tablet)
		streams := []*servertest.Stream{phone.Stream(t, ""), tablet.Stream(t, "")}
		for _, s := range streams {
			s.Greeted(t)
		}
		phone.Must(t, 204, "DELETE", "/v1/me", nil)
		for _, s := range streams {
			same(t, "goodbye", s.Bye(t), "signed_out")
		}
		refused(t, tablet.Do("GET", "/v1/me", nil), 401, "token-invalid", "")
		refused(t, tablet.Do("POST", "/v1/tokens", renewal(tablet.Refresh)), 401, "token-invalid", "")
		refused(t, stranger(url).Do("POST", "/v1/tokens", linking(code)), 422, "link-code-invalid", "")
	})
}

// A thief has the phone's refresh token, shows a code, and signs a device of its own in. When the theft is noticed that
// device is out as well, and its stream says goodbye.
func TestAttackAThiefSignsADeviceIn(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		url := servertest.Local(t, database, servertest.Options{})
		phone, thief := servertest.Guest(t, url, "Ann"), stranger(url)
		stolen := phone.Refresh
		thief.Access = thief.Must(t, 201, "POST", "/v1/tokens", renewal(stolen)).String("access_token")
		second := servertest.Second(t, thief)
		stream := second.Stream(t, "")
		stream.Greeted(t)
		servertest.Advance(t, url, 2*time.Minute)
		refused(t, phone.Do("POST", "/v1/tokens", renewal(stolen)), 401, "token-invalid", "")
		same(t, "goodbye", stream.Bye(t), "signed_out")
		for _, app := range []*servertest.App{phone, thief, second} {
			refused(t, app.Do("GET", "/v1/me", nil), 401, "token-invalid", "")
		}
	})
}

func TestLoginsOfOthers(t *testing.T) {
	url := servertest.Local(t, "sqlite:"+t.TempDir()+"/yourturn.db", servertest.Options{})
	ann, eve := servertest.Guest(t, url, "Ann"), servertest.Guest(t, url, "Eve")
	mine := ann.Must(t, 200, "GET", "/v1/me/logins", nil).String("items", 0, "id")
	eve.Must(t, 204, "DELETE", "/v1/me/logins/"+mine, nil)
	ann.Must(t, 200, "GET", "/v1/me", nil)
}

func TestLinkCodesAreReadAsPeopleTypeThem(t *testing.T) {
	url := servertest.Local(t, "sqlite:"+t.TempDir()+"/yourturn.db", servertest.Options{})
	phone := servertest.Guest(t, url, "Ann")
	for name, typed := range map[string]func(code string) string{
		"as shown":         func(code string) string { return code },
		"in small letters": strings.ToLower,
		"with a dash":      func(code string) string { return code[:4] + "-" + code[4:] },
		"with blanks":      func(code string) string { return " " + code[:4] + " " + code[4:] + "\n" },
		"mistaken":         strings.NewReplacer("0", "o", "1", "l").Replace,
		"mistaken again":   strings.NewReplacer("0", "O", "1", "I").Replace,
	} {
		if in := stranger(url).Do("POST", "/v1/tokens", linking(typed(showCode(t, phone)))); in.Status != 201 {
			t.Errorf("%s: %d %s", name, in.Status, in.Body)
		}
	}
}

// Who guesses learns nothing: not that a code was there, nor that it is over.
func TestCodesThatDoNotWorkLookTheSame(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		url := servertest.Local(t, database, servertest.Options{})
		phone, tablet := servertest.Guest(t, url, "Ann"), stranger(url)
		used := showCode(t, phone)
		tablet.Must(t, 201, "POST", "/v1/tokens", linking(used))
		older := showCode(t, phone)
		old := showCode(t, phone)
		servertest.Advance(t, url, 10*time.Minute)
		phone.Renew(t)
		answers := map[string]string{}
		for name, code := range map[string]string{
			"used": used, "replaced": older, "too old": old, "never there": "00000000", "no code at all": "ä", "long": strings.Repeat("0", 64),
		} {
			a := tablet.Do("POST", "/v1/tokens", linking(code))
			refused(t, a, 422, "link-code-invalid", "")
			answers[strings.ReplaceAll(string(a.Body), a.String("request_id"), "")] += name + "; "
		}
		if len(answers) != 1 {
			t.Errorf("they differ: %v", answers)
		}
	})
}

// A lost answer costs nothing to who sent a key, and the server may die in between.
func TestALinkCodeOutlivesTheServer(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		p := servertest.Start(t, database)
		phone, tablet := servertest.Guest(t, p.URL, "Ann"), stranger(p.URL)
		code := showCode(t, phone)
		p.Kill()
		p.Restart(t)
		first := tablet.Must(t, 201, "POST", "/v1/tokens", linking(code), "Idempotency-Key", "4ab3")
		p.Kill() // the answer is lost
		p.Restart(t)
		refused(t, stranger(p.URL).Do("POST", "/v1/tokens", linking(code)), 422, "link-code-invalid", "")
		second := tablet.Must(t, 201, "POST", "/v1/tokens", linking(code), "Idempotency-Key", "4ab3")
		if first.String("access_token") == second.String("access_token") {
			t.Error("an access token is kept somewhere")
		}
		tablet.Access = second.String("access_token")
		same(t, "logins", tablet.Must(t, 200, "GET", "/v1/me/logins", nil).Len("items"), 2)
		refused(t, tablet.Do("POST", "/v1/tokens", linking(code), "Idempotency-Key", "4ab3"), 422, "link-code-invalid", "")
	})
}

func TestOneWayToSignInAtATime(t *testing.T) {
	url := servertest.Local(t, "sqlite:"+t.TempDir()+"/yourturn.db", servertest.Options{})
	phone := servertest.Guest(t, url, "Ann")
	code := showCode(t, phone)
	for _, body := range []map[string]any{
		{}, {"refresh_token": phone.Refresh, "link_code": code}, {"link_code": code, "provider": "apple", "id_token": "a.b.c"},
		{"refresh_token": phone.Refresh, "provider": "apple", "id_token": "a.b.c"}, {"provider": "apple"}, {"id_token": "a.b.c"}, {"nonce": "n"}, {"link_code": ""},
	} {
		refused(t, phone.Do("POST", "/v1/tokens", body), 422, "invalid", "")
	}
	refused(t, phone.Do("POST", "/v1/tokens", map[string]any{"provider": "apple", "id_token": "a.b.c"}), 422, "provider-not-configured", "")
	phone.Must(t, 201, "POST", "/v1/tokens", linking(code))
}

func TestAttackGuessingLinkCodesFromOneAddress(t *testing.T) {
	url := servertest.Local(t, "sqlite:"+t.TempDir()+"/yourturn.db", servertest.Options{RateLimit: true})
	phone, thief := servertest.Guest(t, url, "Ann"), stranger(url)
	guesses := 0
	for ; guesses < 100; guesses++ {
		a := thief.Do("POST", "/v1/tokens", linking("00000000"))
		if a.Status == 429 {
			refused(t, a, 429, "rate-limited", "")
			break
		}
		refused(t, a, 422, "link-code-invalid", "")
	}
	if guesses < 10 || guesses > 30 {
		t.Errorf("%d guesses went through", guesses)
	}
	phone.Renew(t) // from the same address
}
