package server_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"yourturn/server/servertest"
)

// HEAD of a stream opens none, so it must not hold one of the few that a login may have.
func TestHeadOfAStreamHoldsNoSlot(t *testing.T) {
	url := servertest.Local(t, "sqlite:"+t.TempDir()+"/yourturn.db", servertest.Options{})
	ann := servertest.Guest(t, url, "Ann")
	for range 12 {
		r, err := http.NewRequest("HEAD", url+"/v1/me/stream", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+ann.Access)
		answer, err := ann.Requests.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, answer.Body) // there is none
		answer.Body.Close()
		if answer.StatusCode != 200 {
			t.Fatalf("HEAD answers %d", answer.StatusCode)
		}
	}
	if hello := ann.Stream(t, ""); hello.Next(t).Name != "hello" {
		t.Error("no stream is left")
	}
}

// What is not UTF-8 cannot be in the database, and does not get as far as asking it.
func TestBytesThatAreNoTextAreRefused(t *testing.T) {
	url := servertest.Local(t, "sqlite:"+t.TempDir()+"/yourturn.db", servertest.Options{})
	ann := servertest.Guest(t, url, "Ann")
	ann.Must(t, 404, "GET", "/v1/sessions/%ff", nil)
	ann.Must(t, 422, "GET", "/v1/sessions?cursor=%ff", nil)
	ann.Must(t, 422, "POST", "/v1/tickets", map[string]any{"game": "tictactoe"}, "Idempotency-Key", "\xff")
	if kept := ann.Must(t, 200, "GET", "/v1/tickets", nil); strings.Contains(string(kept.Body), "tictactoe") {
		t.Errorf("a refused ticket was kept: %s", kept.Body)
	}
}

// A node that does not have a game yet, or any more, shows its sessions without their views, and lets their players go.
func TestNodeWithoutAGameStillListsAndDeletes(t *testing.T) {
	database := "sqlite:" + t.TempDir() + "/yourturn.db"
	both := servertest.Local(t, database, bothGames())
	id, ann, _ := private(t, both, "whisper")
	ann.Must(t, 201, "POST", "/v1/sessions", map[string]any{"game": "tictactoe"})

	one := *ann
	one.URL = servertest.Local(t, database, servertest.Options{})
	listed := one.Must(t, 200, "GET", "/v1/sessions", nil)
	if listed.Len("items") != 2 || listed.String("items", 0, "id") != id || listed.At("items", 0, "view") != nil {
		t.Errorf("the list is %s", listed.Body)
	}
	one.Must(t, 200, "GET", "/v1/sessions/"+id, nil)
	one.Must(t, 204, "DELETE", "/v1/me", nil)
	one.Must(t, 401, "GET", "/v1/me", nil)
}
