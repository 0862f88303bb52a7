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
