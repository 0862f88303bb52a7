package server_test

import (
	"fmt"
	"os"
	"testing"

	"yourturn/server/servertest"
	"yourturn/store/enginetest"
)

// Two processes, and 200 players who all want a game at the same instant: everybody gets one opponent for each ticket.
func TestTwoProcessesMatchTicketsOnce(t *testing.T) {
	database := enginetest.MariaDB(t).Database(t)
	nodes := []*servertest.Process{servertest.Start(t, database), servertest.Start(t, database)}
	players := 200
	if os.Getenv("CI") != "true" {
		players = 60
	}
	const each = 2 // tickets of each player
	apps := make([]*servertest.App, players)
	requests := servertest.Client() // one for all: a client each would be 200 pools of connections
	together(8, func(worker int) {
		for i := worker; i < players; i += 8 {
			a := &servertest.App{URL: nodes[i%2].URL, Requests: requests}
			made := a.Do("POST", "/v1/players", map[string]any{})
			a.Player, a.Access = made.String("player", "id"), made.String("access_token")
			apps[i] = a
		}
	})
	tickets := make([][each]string, players)
	together(players, func(i int) {
		for j := range each {
			made := apps[i].Do("POST", "/v1/tickets", ticket(600))
			if made.Status != 201 {
				t.Errorf("createTicket: %d %s", made.Status, made.Body)
			}
			tickets[i][j] = made.String("id")
		}
	})
	if t.Failed() {
		return
	}
	status := func(i, j int) servertest.Answer { return apps[i].Do("GET", "/v1/tickets/"+tickets[i][j], nil) }
	eventually(t, "no two tickets of different players wait", func() bool {
		waiting := map[int]bool{}
		for i := range players {
			for j := range each {
				if status(i, j).String("status") == "waiting" {
					waiting[i] = true
				}
			}
		}
		return len(waiting) < 2
	})
	seats := map[string][]string{} // the players of each session, as the tickets say
	for i := range players {
		for j := range each {
			a := status(i, j)
			switch a.String("status") {
			case "matched":
				seats[a.String("session_id")] = append(seats[a.String("session_id")], apps[i].Player)
			case "waiting":
			default:
				t.Errorf("a ticket is %s", a.Body)
			}
		}
	}
	for id, seated := range seats {
		if len(seated) != 2 || seated[0] == seated[1] {
			t.Errorf("session %s has the tickets of %v", id, seated)
		}
	}
	told := 0
	for i := range players {
		list := apps[i].Must(t, 200, "GET", "/v1/sessions?limit=100", nil)
		for j := range list.Len("items") {
			if id := list.String("items", j, "id"); len(seats[id]) != 2 {
				t.Errorf("%s sits in session %s without a ticket", apps[i].Player, id)
			}
		}
		told += list.Len("items")
		feed := feedOf(t, apps[i])
		matched := 0
		for _, m := range feed {
			if m.Kind == "matched" {
				matched++
			}
		}
		same(t, fmt.Sprintf("told of each session, player %d", i), matched, list.Len("items"))
	}
	same(t, "seats taken", told, 2*len(seats))
}
