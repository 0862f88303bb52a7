package server_test

import (
	"regexp"
	"strings"
	"testing"

	"yourturn/server"
	"yourturn/server/servertest"
)

// right is who may call an operation: the status that each caller gets.
type right struct {
	body      any
	none      int // without a token
	garbage   int // with a token of nobody's
	stranger  int // with a token, but not theirs what it is about
	owner     int
	onWaiting bool // it is about a table that waits, not about a session that is played
}

// rights has a row for each operation of the API. Texts in braces are filled in.
var rights = map[string]right{
	"getServer":    {none: 200, garbage: 200, stranger: 200, owner: 200},
	"listGames":    {none: 200, garbage: 200, stranger: 200, owner: 200},
	"getGame":      {none: 200, garbage: 200, stranger: 200, owner: 200},
	"createPlayer": {body: map[string]any{}, none: 201, garbage: 201, stranger: 201, owner: 201},
	"createTokens": {body: map[string]any{"refresh_token": "{refresh_token}"}, none: 201, garbage: 201, stranger: 201, owner: 201}, // who holds it, owns it

	"deleteTokens":       {none: 401, garbage: 401, stranger: 204, owner: 204},
	"getMe":              {none: 401, garbage: 401, stranger: 200, owner: 200},
	"updateMe":           {body: map[string]any{"avatar": "fox"}, none: 401, garbage: 401, stranger: 200, owner: 200},
	"createLinkCode":     {none: 401, garbage: 401, stranger: 201, owner: 201},
	"listLogins":         {none: 401, garbage: 401, stranger: 200, owner: 200},
	"deleteLogin":        {none: 401, garbage: 401, stranger: 204, owner: 204},                                            // a stranger ends nothing: TestLoginsOfOthers
	"putIdentity":        {body: map[string]any{"id_token": "a.b.c"}, none: 401, garbage: 401, stranger: 422, owner: 422}, // no provider here: identity_test.go
	"listIdentities":     {none: 401, garbage: 401, stranger: 200, owner: 200},
	"deleteIdentity":     {none: 401, garbage: 401, stranger: 204, owner: 204}, // of their own, which is not there
	"deleteMe":           {none: 401, garbage: 401, stranger: 204, owner: 204},
	"listFeed":           {none: 401, garbage: 401, stranger: 200, owner: 200},
	"ackFeed":            {body: map[string]any{"seq": 1}, none: 401, garbage: 401, stranger: 200, owner: 200},
	"streamFeed":         {none: 401, garbage: 401, stranger: 200, owner: 200},
	"createStreamTicket": {none: 401, garbage: 401, stranger: 201, owner: 201},

	"putDevice":      {body: map[string]any{"channel": "fcm", "token": "token"}, none: 401, garbage: 401, stranger: 200, owner: 200},
	"listDevices":    {none: 401, garbage: 401, stranger: 200, owner: 200},
	"deleteDevice":   {none: 401, garbage: 401, stranger: 204, owner: 204}, // of their own, which is not there
	"testPush":       {none: 401, garbage: 401, stranger: 404, owner: 200},
	"listDeliveries": {none: 401, garbage: 401, stranger: 200, owner: 200},
	"muteSession":    {none: 401, garbage: 401, stranger: 404, owner: 204},
	"unmuteSession":  {none: 401, garbage: 401, stranger: 404, owner: 204},

	"createTicket": {body: map[string]any{"game": "tictactoe"}, none: 401, garbage: 401, stranger: 201, owner: 201},
	"listTickets":  {none: 401, garbage: 401, stranger: 200, owner: 200},
	"getTicket":    {none: 401, garbage: 401, stranger: 404, owner: 200},
	"cancelTicket": {none: 401, garbage: 401, stranger: 404, owner: 200},

	"createSession":  {body: map[string]any{"game": "tictactoe"}, none: 401, garbage: 401, stranger: 201, owner: 201},
	"listSessions":   {none: 401, garbage: 401, stranger: 200, owner: 200},
	"previewSession": {none: 401, garbage: 401, stranger: 200, owner: 200}, // who has the code may look, and join
	"joinSession":    {body: map[string]any{"join_code": "{join_code}"}, none: 401, garbage: 401, stranger: 200, owner: 200},
	"getSession":     {none: 401, garbage: 401, stranger: 404, owner: 200},
	"listEvents":     {none: 401, garbage: 401, stranger: 404, owner: 200},
	"playMove":       {body: servertest.Move(1, 4), none: 401, garbage: 401, stranger: 404, owner: 200},
	"forfeitSession": {none: 401, garbage: 401, stranger: 404, owner: 200},
	"rematchSession": {none: 401, garbage: 401, stranger: 404, owner: 409}, // it is not over
	"enterGame":      {none: 401, garbage: 401, stranger: 404, owner: 404}, // none is kept open here
	"leaveSession":   {none: 401, garbage: 401, stranger: 404, owner: 204, onWaiting: true},

	"invitePlayers":     {body: map[string]any{"players": []string{"{player_id}"}}, none: 401, garbage: 401, stranger: 404, owner: 200, onWaiting: true},
	"listInvitations":   {none: 401, garbage: 401, stranger: 200, owner: 200},
	"declineInvitation": {none: 401, garbage: 401, stranger: 404, owner: 404, onWaiting: true}, // nobody is invited there
	"listOpponents":     {none: 401, garbage: 401, stranger: 200, owner: 200},
	"blockPlayer":       {none: 401, garbage: 401, stranger: 204, owner: 204},
	"unblockPlayer":     {none: 401, garbage: 401, stranger: 204, owner: 204},
	"exportMe":          {none: 401, garbage: 401, stranger: 200, owner: 200},
	"listBlocks":        {none: 401, garbage: 401, stranger: 200, owner: 200},

	"startTicTacToeSession": {body: map[string]any{}, none: 401, garbage: 401, stranger: 201, owner: 201},
	"getTicTacToeSession":   {none: 401, garbage: 401, stranger: 404, owner: 200},
	"playTicTacToeMove":     {body: servertest.Move(1, 4), none: 401, garbage: 401, stranger: 404, owner: 200},
}

// Every operation that the server describes answers each kind of caller as the table says.
func TestWhoMayDoWhat(t *testing.T) {
	url := servertest.Local(t, "sqlite:"+t.TempDir()+"/yourturn.db", servertest.Options{Push: server.PushConfig{Mode: "log"}})
	operations := described(t, url)
	for id := range rights {
		if _, ok := operations[id]; !ok {
			t.Errorf("the server does not describe %s", id)
		}
	}
	for id, route := range operations {
		t.Run(id, func(t *testing.T) {
			r, ok := rights[id]
			if !ok {
				t.Fatalf("no row says who may call %s", route)
			}
			if (strings.Contains(route, "{session_id}") || strings.Contains(route, "{ticket_id}")) && r.stranger != 404 {
				t.Errorf("what belongs to others must not be there: %s answers a stranger with %d", route, r.stranger)
			}
			w := newWorld(t, url, r)
			for _, test := range []struct {
				who    string
				caller *servertest.App
				status int
			}{
				{"nobody", w.nobody, r.none}, {"garbage", w.garbage, r.garbage}, {"a stranger", w.stranger, r.stranger}, {"the owner", w.owner, r.owner},
			} {
				answer := w.call(t, test.caller, route, r.body)
				if answer.Status != test.status {
					t.Errorf("%s gets %d, want %d: %s", test.who, answer.Status, test.status, answer.Body)
				}
				switch answer.Status {
				case 401:
					want := "token-invalid"
					if test.who == "nobody" {
						want = "token-missing"
					}
					refused(t, answer, 401, want, "")
				case 404:
					refused(t, answer, 404, "not-found", "")
				}
			}
		})
	}
}

// described lists the operations of the served schema with their methods and paths.
func described(t *testing.T, url string) map[string]string {
	t.Helper()
	schema := (&servertest.App{URL: url, Requests: servertest.Client()}).Must(t, 200, "GET", "/openapi.yaml", nil)
	same(t, "Content-Type", schema.Header.Get("Content-Type"), "application/yaml")
	operations := map[string]string{}
	path, method := "", ""
	line := regexp.MustCompile(`^(?:  (/\S*):|    (get|put|post|patch|delete):|      operationId: (\S+))$`)
	for text := range strings.Lines(string(schema.Body)) {
		found := line.FindStringSubmatch(strings.TrimRight(text, "\n"))
		switch {
		case found == nil:
		case found[1] != "":
			path = found[1]
		case found[2] != "":
			method = strings.ToUpper(found[2])
		case found[3] != "":
			operations[found[3]] = method + " " + path
		}
	}
	if len(operations) < 20 {
		t.Fatalf("found only %v", operations)
	}
	return operations
}

// world is somebody's session, table and ticket, and others who have nothing to do with them.
type world struct {
	owner, stranger, nobody, garbage *servertest.App
	fill                             *strings.Replacer
}

func newWorld(t *testing.T, url string, r right) *world {
	t.Helper()
	id, owner, _ := private(t, url, "tictactoe")
	table := owner.Must(t, 201, "POST", "/v1/sessions", map[string]any{"game": "tictactoe"})
	if r.onWaiting {
		id = table.String("id")
	}
	wish := owner.Must(t, 201, "POST", "/v1/tickets", map[string]any{"game": "tictactoe", "turn_seconds": 12345})
	owner.Must(t, 200, "DELETE", "/v1/tickets/"+wish.String("id"), nil) // so that it is nobody's match
	owner.Must(t, 200, "PUT", "/v1/me/devices/phone", map[string]any{"channel": "fcm", "token": "token-of-" + owner.Player})
	login := owner.Must(t, 200, "GET", "/v1/me/logins", nil).String("items", 0, "id")
	return &world{
		owner: owner, stranger: servertest.Guest(t, url, "Eve"),
		nobody:  &servertest.App{URL: url, Requests: owner.Requests},
		garbage: &servertest.App{URL: url, Requests: owner.Requests, Access: "garbage"},
		fill: strings.NewReplacer("{session_id}", id, "{ticket_id}", wish.String("id"), "{join_code}", table.String("join_code"),
			"{refresh_token}", owner.Refresh, "{game}", "tictactoe", "{player_id}", servertest.Guest(t, url, "Cid").Player, "{device_id}", "phone",
			"{provider}", "apple", "{login_id}", login),
	}
}

func (w *world) call(t *testing.T, caller *servertest.App, route string, body any) servertest.Answer {
	t.Helper()
	if texts, ok := body.(map[string]any); ok {
		filled := map[string]any{}
		for name, value := range texts {
			switch given := value.(type) {
			case string:
				value = w.fill.Replace(given)
			case []string:
				var all []string
				for _, text := range given {
					all = append(all, w.fill.Replace(text))
				}
				value = all
			}
			filled[name] = value
		}
		body = filled
	}
	method, path, _ := strings.Cut(w.fill.Replace(route), " ")
	if !strings.HasSuffix(path, "/stream") {
		return caller.Do(method, path, body)
	}
	stream, refusal := caller.TryStream("")
	if stream == nil {
		return refusal
	}
	stream.Drop()
	return servertest.Answer{Status: 200, Header: stream.Header}
}

// What somebody else has and what nobody has cannot be told apart.
func TestForeignIsAsIfItWereNot(t *testing.T) {
	url := servertest.Local(t, "sqlite:"+t.TempDir()+"/yourturn.db", servertest.Options{Push: server.PushConfig{Mode: "log"}})
	w := newWorld(t, url, right{})
	for id, route := range described(t, url) {
		if !strings.Contains(route, "{session_id}") && !strings.Contains(route, "{ticket_id}") {
			continue
		}
		foreign := w.call(t, w.stranger, route, rights[id].body)
		nothing := strings.NewReplacer("{session_id}", "06gzfsqm6tvhkrs6nykd7jx98m", "{ticket_id}", "06gzfsqm6tvhkrs6nykd7jx98m").Replace(route)
		absent := w.call(t, w.stranger, nothing, rights[id].body)
		if absent.Status != 404 {
			t.Errorf("%s is answered with %d", nothing, absent.Status)
		}
		hide := strings.NewReplacer(foreign.String("request_id"), "", absent.String("request_id"), "").Replace
		same(t, route, hide(string(foreign.Body)), hide(string(absent.Body)))
	}
}
