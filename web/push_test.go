package web_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"yourturn/notify/providertest"
	"yourturn/server/nodetest"
	"yourturn/server/servertest"
)

// What the switch, the test and the list of what was sent say is true, and a push of the real server is shown by the worker
// as it should be: one for each table, to whoever is signed in, and gone when it is read.
func TestChromiumIsNotified(t *testing.T) {
	authority := providertest.NewAuthority(t)
	service := providertest.NewWebPush(t, authority, "")
	setUpPushes(t, service.Host, authority)
	server := servertest.Start(t, "sqlite:"+filepath.Join(t.TempDir(), "game.db"))
	environment := append(nodetest.Browser(t), "SERVER="+server.URL, "PUSHES="+handOver(t, service))
	nodetest.Start(t, environment, filepath.Join("testdata", "push.mjs")).End(t)
}

// handOver lets a program be a browser of the push service: it subscribes, reads what was pushed to it, decrypted, and
// says when the service is to have forgotten it.
func handOver(t *testing.T, service *providertest.WebPush) (address string) {
	t.Helper()
	answer := func(w http.ResponseWriter, value any) {
		if err := json.NewEncoder(w).Encode(value); err != nil {
			t.Error(err)
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /subscriptions", func(w http.ResponseWriter, _ *http.Request) {
		a := service.Subscribe()
		answer(w, map[string]any{"endpoint": a.Token, "keys": map[string]string{"p256dh": a.P256DH, "auth": a.Auth}})
	})
	mux.HandleFunc("POST /forgotten", func(_ http.ResponseWriter, r *http.Request) {
		service.FailAlways(r.FormValue("endpoint"), providertest.Fault{Status: http.StatusGone, Reason: "Unregistered"})
	})
	mux.HandleFunc("GET /pushes", func(w http.ResponseWriter, _ *http.Request) {
		bodies := []json.RawMessage{}
		for _, taken := range service.Taken() {
			bodies = append(bodies, taken.Body)
		}
		answer(w, bodies)
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL
}

// The app opens without a connection to the server, goes on when there is one again, and is a new one after the server was
// replaced by a new one. A browser that throws everything away that it kept opens it all the same.
func TestAppOpensWithoutTheServer(t *testing.T) {
	server := servertest.Start(t, "sqlite:"+filepath.Join(t.TempDir(), "game.db"))
	environment := append(nodetest.Browser(t), "SERVER="+server.URL)
	program := nodetest.Start(t, environment, filepath.Join("testdata", "worker.mjs"))
	program.Await(t, "stop, please")
	server.Kill()
	program.Await(t, "start with another name, please")
	t.Setenv("YOURTURN_NAME", "Another name")
	server.Restart(t)
	program.End(t)
}
