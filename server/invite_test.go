package server_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"yourturn/notify"
	"yourturn/server/servertest"
	"yourturn/session"
	"yourturn/store/enginetest"
)

func invitationsPath(id string) string { return sessionPath(id) + "/invitations" }

func players(apps ...*servertest.App) (ids []string) {
	for _, app := range apps {
		ids = append(ids, app.Player)
	}
	return ids
}

// guestsOf are a session's invitations as somebody at the table sees them.
func guestsOf(s servertest.Answer) string {
	var all []string
	for i := range s.Len("invitations") {
		all = append(all, s.String("invitations", i, "display_name")+" "+s.String("invitations", i, "status"))
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// Ann invites two to a table for two. One says no, and she sees it; the other comes, and it begins.
func TestInvitations(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		providers := servertest.NewProviders(t)
		url := servertest.Local(t, database, servertest.Options{Push: providers.Config})
		document := servertest.ReadDocument(t, url)
		ann, bob, cid := servertest.Guest(t, url, "Ann"), servertest.Guest(t, url, "Bob"), servertest.Guest(t, url, "Cid")
		providers.Devices(t, bob, "bob-")

		table := ann.Must(t, 201, "POST", "/v1/sessions", map[string]any{"game": "tictactoe", "turn_seconds": 6000, "invite": players(bob)})
		document.Operation(t, "POST /v1/sessions").CheckReply(t, table)
		id, code := table.String("id"), table.String("join_code")
		same(t, "who is invited", guestsOf(table), "Bob open")
		more := ann.Must(t, 200, "POST", invitationsPath(id), map[string]any{"players": players(cid, bob)})
		document.Operation(t, "POST /v1/sessions/{session_id}/invitations").CheckReply(t, more)
		same(t, "and then", guestsOf(more), "Bob open, Cid open")
		same(t, "it still waits", more.String("status")+fmt.Sprint(more.Len("seats")), "waiting1")

		listed := bob.Must(t, 200, "GET", "/v1/me/invitations", nil)
		document.Operation(t, "GET /v1/me/invitations").CheckReply(t, listed)
		same(t, "bob is invited", listed.Len("items"), 1)
		same(t, "to what", listed.String("items", 0, "session_id")+listed.String("items", 0, "join_code")+listed.String("items", 0, "game"), id+code+"tictactoe")
		same(t, "by whom", listed.String("items", 0, "host", "player_id")+listed.String("items", 0, "host", "display_name"), ann.Player+"Ann")
		same(t, "how", listed.Int("items", 0, "turn_seconds"), int64(6000))
		told := lastOf(t, bob)
		same(t, "bob is told once", fmt.Sprint(kinds(feedOf(t, bob))), "[invited]")
		same(t, "of which table", told.SessionID+told.Game, id+"tictactoe")
		same(t, "until when", told.DeadlineAt.Format(time.RFC3339), listed.String("items", 0, "expires_at"))
		message := bob.Must(t, 200, "GET", "/v1/me/feed?after=0", nil)
		same(t, "with the code", message.String("items", 0, "data", "join_code"), code)
		same(t, "and the title", message.String("items", 0, "data", "title"), "Tic-tac-toe")
		same(t, "and the host", message.String("items", 0, "data", "host", "display_name"), "Ann")
		refused(t, bob.Do("GET", sessionPath(id), nil), 404, "not-found", "")

		servertest.Advance(t, url, servertest.Grace)
		pushes := providers.Arrived(t)
		same(t, "pushed to each device", len(pushes), len(servertest.Channels))
		for _, p := range pushes {
			same(t, "the push", p.Fields["kind"]+" "+p.Fields["session_id"], "invited "+id)
			same(t, "its text", strings.Contains(string(p.Body), "Ann invites you to play Tic-tac-toe.") || p.To.Channel == notify.WebPush, true)
			if life := p.Life(t); life < session.WaitingLife-2*servertest.Grace || life > session.WaitingLife {
				t.Errorf("it is kept for %s, and the table waits for %s", life, session.WaitingLife)
			}
		}

		for range 2 {
			bob.Must(t, 204, "DELETE", "/v1/me/invitations/"+id, nil)
		}
		same(t, "the host is told", lastOf(t, ann).Kind, "invitation_declined")
		no := ann.Must(t, 200, "GET", "/v1/me/feed?after=0", nil)
		same(t, "by whom", no.String("items", no.Len("items")-1, "data", "player_id"), bob.Player)
		same(t, "the host sees it", guestsOf(ann.Must(t, 200, "GET", sessionPath(id), nil)), "Bob declined, Cid open")
		same(t, "in the list as well", ann.Must(t, 200, "GET", "/v1/sessions", nil).Len("items", 0, "invitations"), 2)
		same(t, "bob is not asked any more", bob.Must(t, 200, "GET", "/v1/me/invitations", nil).Len("items"), 0)
		ann.Must(t, 200, "POST", invitationsPath(id), map[string]any{"players": players(bob)})
		same(t, "nor again", fmt.Sprint(kinds(feedOf(t, bob))), "[invited]")

		begun := cid.Must(t, 200, "POST", "/v1/sessions/join", join(code))
		same(t, "cid comes, and it begins", begun.String("status"), "active")
		same(t, "and nobody is invited any more", begun.At("invitations"), nil)
		refused(t, bob.Do("DELETE", "/v1/me/invitations/"+id, nil), 404, "not-found", "")
		refused(t, bob.Do("POST", "/v1/sessions/join", join(code)), 409, "session-full", "")
		refused(t, ann.Do("POST", invitationsPath(id), map[string]any{"players": players(bob)}), 409, "session-started", id)

		opponents := ann.Must(t, 200, "GET", "/v1/me/opponents", nil)
		document.Operation(t, "GET /v1/me/opponents").CheckReply(t, opponents)
		same(t, "ann has played cid", opponents.String("items", 0, "player_id")+opponents.String("items", 0, "last_session_id")+fmt.Sprint(opponents.Len("items")), cid.Player+id+"1")
		happened := ""
		for _, e := range cid.Must(t, 200, "GET", sessionPath(id)+"/events", nil).At("items").([]any) {
			happened += " " + fmt.Sprint(e.(map[string]any)["kind"])
		}
		same(t, "what has happened", happened, " created invited invited declined joined started")
		verified(t, database)
	})
}

// What is not true any more is not pushed.
func TestAnInvitationThatIsAnsweredIsNotPushed(t *testing.T) {
	providers := servertest.NewProviders(t)
	url := servertest.Local(t, "sqlite:"+t.TempDir()+"/yourturn.db", servertest.Options{Push: providers.Config})
	ann := servertest.Guest(t, url, "Ann")
	for name, answer := range map[string]func(bob *servertest.App, table servertest.Answer){
		"declined": func(bob *servertest.App, table servertest.Answer) {
			bob.Must(t, 204, "DELETE", "/v1/me/invitations/"+table.String("id"), nil)
		},
		"the host leaves": func(_ *servertest.App, table servertest.Answer) {
			ann.Must(t, 204, "POST", sessionPath(table.String("id"))+"/leave", nil)
		},
		"somebody else comes": func(_ *servertest.App, table servertest.Answer) {
			servertest.Guest(t, url, "Cid").Must(t, 200, "POST", "/v1/sessions/join", join(table.String("join_code")))
		},
		"the host is blocked": func(bob *servertest.App, _ servertest.Answer) {
			bob.Must(t, 204, "PUT", "/v1/me/blocks/"+ann.Player, nil)
		},
	} {
		ann.Renew(t)
		bob := servertest.Guest(t, url, "Bob")
		providers.Device(bob, "phone", notify.FCM).Register(t)
		table := ann.Must(t, 201, "POST", "/v1/sessions", map[string]any{"game": "tictactoe", "invite": players(bob)})
		answer(bob, table)
		servertest.Advance(t, url, 2*servertest.Grace)
		same(t, name, len(providers.Arrived(t)), 0)
		ledger := bob.Must(t, 200, "GET", "/v1/me/deliveries", nil)
		same(t, name+", the ledger", ledger.String("items", 0, "kind")+" "+ledger.String("items", 0, "status")+" "+ledger.String("items", 0, "reason"), "invited suppressed invitation-over")
	}
}

func TestInvitationsThatAreRefused(t *testing.T) {
	url := servertest.Local(t, "sqlite:"+t.TempDir()+"/yourturn.db", servertest.Options{})
	ann, bob, gone := servertest.Guest(t, url, "Ann"), servertest.Guest(t, url, "Bob"), servertest.Guest(t, url, "Gone")
	blocked := servertest.Guest(t, url, "Blocked")
	gone.Must(t, 204, "DELETE", "/v1/me", nil)
	ann.Must(t, 204, "PUT", "/v1/me/blocks/"+blocked.Player, nil)
	id := ann.Must(t, 201, "POST", "/v1/sessions", map[string]any{"game": "tictactoe"}).String("id")
	for name, c := range map[string]struct {
		guests            []string
		status            int
		problem, location string // behind the member's name
	}{
		"oneself":              {players(bob, ann), 422, "invalid", "[1]"},
		"nobody":               {[]string{"nobody"}, 422, "player-unknown", "[0]"},
		"an account that went": {players(bob, gone), 422, "player-unknown", "[1]"},
		"whom one has blocked": {players(blocked), 409, "player-blocked", "[0]"},
		"too many":             {slices.Repeat(players(bob), 17), 422, "invalid", ""},
	} {
		for _, way := range []struct {
			path, member string
			body         map[string]any
		}{
			{invitationsPath(id), "players", map[string]any{"players": c.guests}},
			{"/v1/sessions", "invite", map[string]any{"game": "tictactoe", "invite": c.guests}},
			{"/v1/games/tictactoe/sessions", "invite", map[string]any{"invite": c.guests}},
		} {
			answer := ann.Do("POST", way.path, way.body)
			refused(t, answer, c.status, c.problem, "")
			same(t, name+" by "+way.path, answer.String("errors", 0, "location"), "body."+way.member+c.location)
		}
	}
	refused(t, ann.Do("POST", invitationsPath(id), map[string]any{"players": []string{}}), 422, "invalid", "")
	refused(t, ann.Do("POST", "/v1/sessions", map[string]any{"game": "tictactoe", "seats": 1, "invite": players(bob)}), 422, "invalid", "")
	same(t, "bob was never asked", fmt.Sprint(kinds(feedOf(t, bob))), "[]")

	ann.Must(t, 200, "POST", invitationsPath(id), map[string]any{"players": players(bob)})
	wide := ann.Must(t, 201, "POST", "/v1/sessions", map[string]any{"game": "tictactoe", "invite": players(bob)})
	bob.Must(t, 200, "POST", "/v1/sessions/join", join(wide.String("join_code")))
	refused(t, bob.Do("DELETE", "/v1/me/invitations/"+wide.String("id"), nil), 404, "not-found", "") // it has begun
}

// Who sits at a table that still waits cannot say no any more, and is shown the session.
func TestWhoHasComeCannotDecline(t *testing.T) {
	url := servertest.Local(t, "sqlite:"+t.TempDir()+"/yourturn.db", servertest.Options{Games: servertest.Games()})
	ann, bob := servertest.Guest(t, url, "Ann"), servertest.Guest(t, url, "Bob")
	table := ann.Must(t, 201, "POST", "/v1/sessions", map[string]any{"game": "quest", "seats": 3, "invite": players(bob)})
	id := table.String("id")
	bob.Must(t, 200, "POST", "/v1/sessions/join", join(table.String("join_code")))
	refused(t, bob.Do("DELETE", "/v1/me/invitations/"+id, nil), 409, "invitation-accepted", id)
	same(t, "as seen at the table", guestsOf(bob.Must(t, 200, "GET", sessionPath(id), nil)), "Bob accepted")
	bob.Must(t, 204, "POST", sessionPath(id)+"/leave", nil)
	same(t, "who leaves has declined", guestsOf(ann.Must(t, 200, "GET", sessionPath(id), nil)), "Bob declined")
}

// The same key makes one table, and asks nobody twice.
func TestInvitingByAnIdempotencyKey(t *testing.T) {
	url := servertest.Local(t, "sqlite:"+t.TempDir()+"/yourturn.db", servertest.Options{})
	ann, bob, cid := servertest.Guest(t, url, "Ann"), servertest.Guest(t, url, "Bob"), servertest.Guest(t, url, "Cid")
	wish := map[string]any{"game": "tictactoe", "invite": players(bob)}
	first := ann.Must(t, 201, "POST", "/v1/sessions", wish, "Idempotency-Key", "k")
	again := ann.Must(t, 201, "POST", "/v1/sessions", wish, "Idempotency-Key", "k")
	same(t, "one table", again.String("id"), first.String("id"))
	same(t, "bob is told", fmt.Sprint(kinds(feedOf(t, bob))), "[invited]")
	wish["invite"] = players(bob, cid)
	refused(t, ann.Do("POST", "/v1/sessions", wish, "Idempotency-Key", "k"), 422, "idempotency-mismatch", "")
}

// A retry finds what its first try has made, however often: it asks nobody anything.
func TestARetryOfAnInvitationIsNotBraked(t *testing.T) {
	url := servertest.Local(t, "sqlite:"+t.TempDir()+"/yourturn.db", servertest.Options{RateLimit: true})
	ann, bob := servertest.Guest(t, url, "Ann"), servertest.Guest(t, url, "Bob")
	wish := map[string]any{"game": "tictactoe", "invite": players(bob)}
	first := ann.Must(t, 201, "POST", "/v1/sessions", wish, "Idempotency-Key", "k")
	for range 15 {
		again := ann.Must(t, 201, "POST", "/v1/sessions", wish, "Idempotency-Key", "k")
		same(t, "the table", again.String("id"), first.String("id"))
	}
}

// Once the game is on nobody is invited any more, in every version: also where the beginning cannot be drawn again.
func TestVersionsOfAGameThatIsOnInviteNobody(t *testing.T) {
	url := servertest.Local(t, "sqlite:"+t.TempDir()+"/yourturn.db", servertest.Options{Games: servertest.Games()})
	ann, bob, cid := servertest.Guest(t, url, "Ann"), servertest.Guest(t, url, "Bob"), servertest.Guest(t, url, "Cid")
	table := ann.Must(t, 201, "POST", "/v1/sessions", map[string]any{"game": "quiz", "seats": 2, "invite": players(bob, cid)})
	bob.Must(t, 200, "POST", "/v1/sessions/join", join(table.String("join_code")))
	cid.Must(t, 200, "POST", "/v1/sessions/join", join(table.String("join_code"))) // one version more
	versions := map[string]int{}
	for v := range ann.Must(t, 200, "GET", sessionPath(table.String("id")), nil).Int("version") {
		then := ann.Must(t, 200, "GET", sessionPath(table.String("id"))+fmt.Sprintf("?version=%d", v+1), nil)
		if then.String("status") == "active" {
			same(t, fmt.Sprintf("who is invited in version %d", v+1), then.At("invitations"), nil)
		}
		versions[then.String("status")]++
	}
	same(t, "versions", versions["waiting"] > 1 && versions["active"] > 1, true)
}

// A key may be as long as it likes, of whatever is printed: an export gets past it.
func TestAnExportOfLongKeys(t *testing.T) {
	url := servertest.Local(t, "sqlite:"+t.TempDir()+"/yourturn.db", servertest.Options{})
	ann := servertest.Guest(t, url, "Ann")
	for _, last := range []string{"<", `"`} {
		ann.Must(t, 201, "POST", "/v1/sessions", map[string]any{"game": "tictactoe"}, "Idempotency-Key", strings.Repeat("<", 254)+last)
	}
	keys := 0
	for cursor := ""; ; {
		page := ann.Must(t, 200, "GET", "/v1/me/export?limit=1&cursor="+cursor, nil)
		if page.String("items", 0, "kind") == "idempotency_key" {
			keys++
		}
		if page.At("next_cursor") == nil {
			break
		}
		cursor = page.String("next_cursor")
	}
	same(t, "keys", keys, 2)
}

// Every invitation may be a push on somebody's screen.
func TestWhoInvitesWithoutEndIsBraked(t *testing.T) {
	url := servertest.Local(t, "sqlite:"+t.TempDir()+"/yourturn.db", servertest.Options{RateLimit: true})
	ann, bob := servertest.Guest(t, url, "Ann"), servertest.Guest(t, url, "Bob")
	wish := map[string]any{"game": "tictactoe", "invite": players(bob)}
	braked := 0
	for range 12 {
		answer := ann.Do("POST", "/v1/sessions", wish)
		switch {
		case answer.Status == 429:
			braked++
			refused(t, answer, 429, "rate-limited", "")
		case answer.Status != 201:
			t.Errorf("%d %s", answer.Status, answer.Body)
		}
	}
	if braked == 0 {
		t.Error("twelve at once, and none is refused")
	}
	table := ann.Must(t, 201, "POST", "/v1/sessions", map[string]any{"game": "tictactoe"})
	refused(t, ann.Do("POST", invitationsPath(table.String("id")), map[string]any{"players": players(bob)}), 429, "rate-limited", "")
}
