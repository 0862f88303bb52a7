package server_test

import (
	"fmt"
	"strings"
	"testing"

	"yourturn/server/servertest"
	"yourturn/store/enginetest"
)

func blockPath(app *servertest.App) string { return "/v1/me/blocks/" + app.Player }

// Ann blocks Bob. They are not matched, her codes lead him nowhere, his invitations do not reach her, and nothing that he
// sees tells him.
func TestBlocks(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		url := servertest.Local(t, database, servertest.Options{})
		document := servertest.ReadDocument(t, url)
		ann, bob, cid := servertest.Guest(t, url, "Ann"), servertest.Guest(t, url, "Bob"), servertest.Guest(t, url, "Cid")
		playing, _, _ := seated(t, "tictactoe", ann, bob)
		for range 2 {
			ann.Must(t, 204, "PUT", blockPath(bob), nil)
		}
		listed := ann.Must(t, 200, "GET", "/v1/me/blocks", nil)
		document.Operation(t, "GET /v1/me/blocks").CheckReply(t, listed)
		same(t, "whom ann has blocked", listed.String("items", 0, "player_id")+listed.String("items", 0, "display_name")+fmt.Sprint(listed.Len("items")), bob.Player+"Bob1")
		same(t, "bob has blocked nobody", bob.Must(t, 200, "GET", "/v1/me/blocks", nil).Len("items"), 0)
		before := len(feedOf(t, bob))

		first := ann.Must(t, 201, "POST", "/v1/tickets", ticket(777))
		second := bob.Must(t, 201, "POST", "/v1/tickets", ticket(777))
		same(t, "not matched", first.String("status")+second.String("status"), "waitingwaiting")
		third := cid.Must(t, 201, "POST", "/v1/tickets", ticket(777))
		same(t, "but with whoever comes", third.String("status"), "matched")
		same(t, "the oldest first", ann.Must(t, 200, "GET", "/v1/tickets/"+first.String("id"), nil).String("session_id"), third.String("session_id"))

		table := ann.Must(t, 201, "POST", "/v1/sessions", map[string]any{"game": "tictactoe"})
		wrong := strings.Repeat("0", 8)
		for name, ask := range map[string]func(code string) servertest.Answer{
			"a look": func(code string) servertest.Answer { return bob.Do("GET", "/v1/sessions/by-code/"+code, nil) },
			"a seat": func(code string) servertest.Answer { return bob.Do("POST", "/v1/sessions/join", join(code)) },
		} {
			there, nowhere := ask(table.String("join_code")), ask(wrong)
			refused(t, there, 404, "not-found", "")
			hide := strings.NewReplacer(there.String("request_id"), "", nowhere.String("request_id"), "").Replace
			same(t, name+" is as at a code that leads nowhere", hide(string(there.Body)), hide(string(nowhere.Body)))
		}

		vain := bob.Must(t, 201, "POST", "/v1/sessions", map[string]any{"game": "tictactoe", "invite": players(ann)})
		open := bob.Must(t, 201, "POST", "/v1/sessions", map[string]any{"game": "tictactoe", "invite": players(cid)})
		same(t, "an invitation in vain looks like any other", guestsOf(vain)+guestsOf(open), "Ann openCid open")
		same(t, "ann does not see it", ann.Must(t, 200, "GET", "/v1/me/invitations", nil).Len("items"), 0)
		for _, m := range feedOf(t, ann) {
			if m.Kind == "invited" {
				t.Errorf("ann is told %+v", m)
			}
		}
		ann.Must(t, 200, "POST", "/v1/sessions/join", join(vain.String("join_code"))) // her own block is not in her way

		same(t, "what they play goes on", ann.Must(t, 200, "GET", sessionPath(playing), nil).String("status"), "active")
		ann.Must(t, 200, "POST", sessionPath(playing)+"/forfeit", nil)
		ann.Must(t, 200, "POST", rematchPath(playing), nil)
		for _, m := range feedOf(t, bob)[before:] {
			if m.Kind == "rematch_offered" {
				t.Errorf("bob is told %+v", m)
			}
		}
		for range 2 {
			ann.Must(t, 204, "DELETE", blockPath(bob), nil)
		}
		same(t, "unblocked", ann.Must(t, 200, "GET", "/v1/me/blocks", nil).Len("items"), 0)
		bob.Must(t, 200, "GET", "/v1/sessions/by-code/"+table.String("join_code"), nil)
		refused(t, ann.Do("PUT", blockPath(ann), nil), 422, "invalid", "")
		refused(t, ann.Do("PUT", "/v1/me/blocks/nobody", nil), 404, "not-found", "")
		verified(t, database)
	})
}
