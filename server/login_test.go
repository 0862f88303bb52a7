package server_test

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"yourturn/server/servertest"
	"yourturn/store/enginetest"
)

// renewal asks for new tokens.
func renewal(refresh string) map[string]any { return map[string]any{"refresh_token": refresh} }

// An app that never hears an answer to its refresh asks with the old token for ever, and is never logged out.
func TestLostRefreshesKeepTheLogin(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		t.Parallel()
		url := servertest.Local(t, database, servertest.Options{})
		app := servertest.Guest(t, url, "Ann")
		const atOnce = 4
		rounds := scale(t, 1000) / 2 / atOnce // and as many on the next engine
		for round := range rounds {
			together(atOnce, func(i int) {
				if i == 0 { // the connection breaks at any moment
					drop(app, time.Duration(rand.N(3000))*time.Microsecond)
					return
				}
				if a := app.Do("POST", "/v1/tokens", renewal(app.Refresh)); a.Status != 201 {
					t.Errorf("refresh %d: %d %s", round, a.Status, a.Body)
				}
			})
			if round%50 == 0 { // at long last an answer is heard
				app.Renew(t)
				app.Must(t, 200, "GET", "/v1/me", nil)
				servertest.Advance(t, url, 2*time.Hour)
				refused(t, app.Do("GET", "/v1/me", nil), 401, "token-expired", "")
				app.Renew(t)
			}
		}
		app.Must(t, 200, "GET", "/v1/me", nil)
		app.Renew(t)
		app.Must(t, 200, "GET", "/v1/me", nil)
	})
}

// drop asks for new tokens and hangs up after a while.
func drop(app *servertest.App, after time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), after)
	defer cancel()
	_ = refreshUntil(ctx, app) // whatever came of it, nobody hears it
}

func TestTwentyTabsRefreshTogether(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		url := servertest.Local(t, database, servertest.Options{})
		app := servertest.Guest(t, url, "Ann")
		var tabs [20]servertest.App
		together(len(tabs), func(i int) {
			tabs[i] = *app
			made := tabs[i].Do("POST", "/v1/tokens", renewal(app.Refresh))
			if made.Status != 201 {
				t.Errorf("tab %d: %d %s", i, made.Status, made.Body)
				return
			}
			tabs[i].Access, tabs[i].Refresh = made.String("access_token"), made.String("refresh_token")
			if used := tabs[i].Do("GET", "/v1/me", nil); used.Status != 200 {
				t.Errorf("tab %d: %d %s", i, used.Status, used.Body)
			}
		})
		servertest.Advance(t, url, 20*time.Second) // a slow one still comes within the minute
		app.Must(t, 201, "POST", "/v1/tokens", renewal(app.Refresh))
		for i := range tabs { // much later, one after the other
			servertest.Advance(t, url, time.Hour)
			tabs[i].Renew(t)
		}
		for i := range tabs {
			tabs[i].Renew(t)
			same(t, "who it is", tabs[i].Must(t, 200, "GET", "/v1/me", nil).String("id"), app.Player)
		}
	})
}

func TestStolenRefreshTokenEndsTheLogin(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		url := servertest.Local(t, database, servertest.Options{})
		app, other := servertest.Guest(t, url, "Ann"), servertest.Guest(t, url, "Bob")
		copied := app.Refresh
		app.Renew(t)
		app.Must(t, 200, "GET", "/v1/me", nil) // from now on the copy is old
		entry := app.Must(t, 201, "POST", "/v1/me/stream-tickets", nil).String("ticket")
		stream, second := app.Stream(t, ""), (&servertest.App{URL: url, Requests: app.Requests}).Stream(t, "?ticket="+entry)
		stream.Greeted(t)
		second.Greeted(t)
		elsewhere := other.Stream(t, "")
		elsewhere.Greeted(t)
		servertest.Advance(t, url, 10*24*time.Hour)
		app.Renew(t)
		app.Must(t, 200, "GET", "/v1/me", nil)

		thief := &servertest.App{URL: url, Requests: servertest.Client()}
		refused(t, thief.Do("POST", "/v1/tokens", renewal(copied)), 401, "token-invalid", "")
		refused(t, app.Do("GET", "/v1/me", nil), 401, "token-invalid", "")
		refused(t, app.Do("POST", "/v1/tokens", renewal(app.Refresh)), 401, "token-invalid", "")
		same(t, "goodbye", stream.Bye(t), "signed_out")
		same(t, "goodbye to the ticket's stream", second.Bye(t), "signed_out")
		if s, refusal := thief.TryStream("?ticket=" + entry); s != nil || refusal.Status != 401 {
			t.Errorf("a stream by a ticket of the ended login: %d %s", refusal.Status, refusal.Body)
		}
		other.Renew(t)
		other.Must(t, 201, "POST", "/v1/tickets", ticket(600))
		other.Must(t, 204, "DELETE", "/v1/tokens", nil)
		same(t, "another login's stream lived until then", elsewhere.Bye(t), "signed_out")
	})
}

func TestSigningOutEndsEverythingOfTheLogin(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		url := servertest.Local(t, database, servertest.Options{})
		id, first, second := servertest.Pair(t, url)
		entry := first.Must(t, 201, "POST", "/v1/me/stream-tickets", nil).String("ticket")
		stream := first.Stream(t, "")
		stream.Greeted(t)
		first.Must(t, 204, "DELETE", "/v1/tokens", nil)
		same(t, "goodbye", stream.Bye(t), "signed_out")
		refused(t, first.Do("GET", "/v1/me", nil), 401, "token-invalid", "")
		refused(t, first.Do("DELETE", "/v1/tokens", nil), 401, "token-invalid", "")
		refused(t, first.Do("POST", "/v1/tokens", renewal(first.Refresh)), 401, "token-invalid", "")
		if s, refusal := first.TryStream("?ticket=" + entry); s != nil || refusal.Problem() != "token-invalid" {
			t.Errorf("a stream by a ticket of the ended login: %d %s", refusal.Status, refusal.Body)
		}
		same(t, "the game goes on", second.Must(t, 200, "GET", sessionPath(id), nil).String("status"), "active")
	})
}

// What tokens say when their time is over, by a clock that is moved: refresh, or sign in again.
func TestTokensEnd(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		url := servertest.Local(t, database, servertest.Options{})
		app := servertest.Guest(t, url, "Ann")
		entry := app.Must(t, 201, "POST", "/v1/me/stream-tickets", nil).String("ticket")
		anonymous := &servertest.App{URL: url, Requests: servertest.Client()}
		anonymous.Stream(t, "?ticket="+entry).Greeted(t)
		for _, hours := range []int{1, 2, 24 * 60} { // just over, then long forgotten by the database
			servertest.Advance(t, url, time.Duration(hours)*time.Hour)
			old := app.Do("GET", "/v1/me", nil)
			refused(t, old, 401, "token-expired", "")
			same(t, "WWW-Authenticate", old.Header.Get("WWW-Authenticate"), `Bearer error="invalid_token"`)
			_, refusal := anonymous.TryStream("?ticket=" + entry)
			refused(t, refusal, 401, "token-expired", "")
		}
		refused(t, anonymous.Do("GET", "/v1/me", nil), 401, "token-missing", "")

		app.Renew(t)
		app.Must(t, 200, "GET", "/v1/me", nil)
		servertest.Advance(t, url, 399*24*time.Hour)
		app.Renew(t)
		app.Must(t, 200, "GET", "/v1/me", nil)
		servertest.Advance(t, url, 400*24*time.Hour)
		refused(t, app.Do("GET", "/v1/me", nil), 401, "token-expired", "")
		refused(t, app.Do("POST", "/v1/tokens", renewal(app.Refresh)), 401, "token-invalid", "")
	})
}

func TestWrongTokensAreRefusedByKind(t *testing.T) {
	url := servertest.Local(t, "sqlite:"+t.TempDir()+"/yourturn.db", servertest.Options{})
	app := servertest.Guest(t, url, "Ann")
	entry := app.Must(t, 201, "POST", "/v1/me/stream-tickets", nil).String("ticket")
	for _, token := range []string{"garbage", app.Refresh, entry} {
		wrong := *app
		wrong.Access = token
		refused(t, wrong.Do("GET", "/v1/me", nil), 401, "token-invalid", "")
		_, refusal := wrong.TryStream("")
		refused(t, refusal, 401, "token-invalid", "")
	}
	for _, query := range []string{"?ticket=garbage", "?ticket=" + app.Access, "?ticket=" + app.Refresh} {
		_, refusal := (&servertest.App{URL: url, Requests: app.Requests}).TryStream(query)
		refused(t, refusal, 401, "token-invalid", "")
	}
	refused(t, app.Do("POST", "/v1/tokens", renewal(app.Access)), 401, "token-invalid", "")
	refused(t, app.Do("POST", "/v1/tokens", renewal(entry)), 401, "token-invalid", "")
	app.Must(t, 200, "GET", "/v1/me", nil)
}

// refreshUntil asks for new tokens, and goes when told.
func refreshUntil(ctx context.Context, app *servertest.App) error {
	r, err := http.NewRequestWithContext(ctx, "POST", app.URL+"/v1/tokens", strings.NewReader(`{"refresh_token":"`+app.Refresh+`"}`))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	response, err := app.Requests.Do(r)
	if err != nil {
		return err
	}
	return response.Body.Close()
}
