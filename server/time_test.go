package server_test

import (
	"testing"
	"time"

	"yourturn/server/servertest"
	"yourturn/store/enginetest"
)

const day = 24 * time.Hour

func TestTicketsExpireAfterSevenDays(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		url := servertest.Local(t, database, servertest.Options{})
		ann := servertest.Guest(t, url, "Ann")
		made := ann.Must(t, 201, "POST", "/v1/tickets", ticket(600))
		cancelled := ann.Must(t, 201, "POST", "/v1/tickets", ticket(700)).String("id")
		same(t, "cancelled", ann.Must(t, 200, "DELETE", "/v1/tickets/"+cancelled, nil).String("status"), "cancelled")
		same(t, "again", ann.Must(t, 200, "DELETE", "/v1/tickets/"+cancelled, nil).String("status"), "cancelled")
		path := "/v1/tickets/" + made.String("id")
		servertest.Advance(t, url, 7*day-time.Hour)
		ann.Renew(t)
		same(t, "an hour before", ann.Must(t, 200, "GET", path, nil).String("status"), "waiting")
		same(t, "nothing told", len(feedOf(t, ann)), 0)
		stream := ann.Stream(t, "")
		stream.Greeted(t)
		servertest.Advance(t, url, time.Hour+time.Second)
		ann.Renew(t)
		told := stream.Next(t).Message(t)
		same(t, "told", told.Kind+" "+told.Game+" "+told.Data.TicketID, "ticket_expired tictactoe "+made.String("id"))
		if told.SessionID != "" || told.Version != nil || told.DeadlineAt != nil {
			t.Errorf("a message about no session: %+v", told)
		}
		same(t, "expired", ann.Must(t, 200, "GET", path, nil).String("status"), "expired")
		same(t, "expired stays expired", ann.Must(t, 200, "DELETE", path, nil).String("status"), "expired")
		bob := servertest.Guest(t, url, "Bob")
		same(t, "nobody is matched with it", bob.Must(t, 201, "POST", "/v1/tickets", ticket(600)).String("status"), "waiting")
		servertest.Advance(t, url, 8*day)
		ann.Renew(t)
		same(t, "told once", kinds(feedOf(t, ann)), []string{"ticket_expired"})
		same(t, "those that are over are listed, newest first", ann.Must(t, 200, "GET", "/v1/tickets", nil).String("items", 0, "id"), cancelled)
		servertest.Advance(t, url, 30*day)
		ann.Renew(t)
		same(t, "and forgotten", ann.Must(t, 200, "GET", "/v1/tickets", nil).Len("items"), 0)
	})
}

func TestTwentyOpenTickets(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		url := servertest.Local(t, database, servertest.Options{})
		ann := servertest.Guest(t, url, "Ann")
		answers := make([]servertest.Answer, 30)
		together(len(answers), func(i int) { answers[i] = ann.Do("POST", "/v1/tickets", ticket(600)) })
		open := 0
		for _, a := range answers {
			if a.Status == 201 {
				same(t, "never with oneself", a.String("status"), "waiting")
				open++
				continue
			}
			refused(t, a, 409, "too-many-tickets", "")
		}
		same(t, "open tickets", open, 20)
		first := ann.Must(t, 200, "GET", "/v1/tickets?limit=1", nil).String("items", 0, "id")
		ann.Must(t, 200, "DELETE", "/v1/tickets/"+first, nil)
		ann.Must(t, 200, "DELETE", "/v1/tickets/"+first, nil)
		ann.Must(t, 201, "POST", "/v1/tickets", ticket(600))
		refused(t, ann.Do("POST", "/v1/tickets", ticket(600)), 409, "too-many-tickets", "")
		servertest.Advance(t, url, 8*day) // all expire
		ann.Renew(t)
		same(t, "all told", len(feedOf(t, ann)), 20)
		ann.Must(t, 201, "POST", "/v1/tickets", ticket(600))
	})
}

// The games of a database need not all be here: another server may have them, or the operator took one away. The clock
// passes over what is due of them, and comes to an end.
func TestClockPassesOverGamesThatAreNotHere(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		elsewhere := servertest.Local(t, database, bothGames())
		url := servertest.Local(t, database, servertest.Options{})
		other, _, _ := private(t, elsewhere, "whisper")
		id, first, second := servertest.Pair(t, url)
		servertest.Advance(t, url, 25*time.Hour) // a turn of whisper takes an hour
		refresh(t, first, second)
		same(t, "what is of a game that is here", first.Must(t, 200, "GET", sessionPath(id), nil).String("result", "reason"), "timeout")
		var status string
		if err := servertest.Open(t, database).QueryRow("SELECT status FROM sessions WHERE id = ?", other).Scan(&status); err != nil {
			t.Fatal(err)
		}
		same(t, "what is not", status, "active")
	})
}

// A turn of 30 days: one reminder when four fifths are gone, then it is lost, once, and both are told why.
func TestDeadlineRemindsAndForfeitsOnce(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		url := servertest.Local(t, database, servertest.Options{Retention: 1000 * day})
		ann, bob := servertest.Guest(t, url, "Ann"), servertest.Guest(t, url, "Bob")
		ann.Must(t, 201, "POST", "/v1/tickets", ticket(30*24*3600))
		id := bob.Must(t, 201, "POST", "/v1/tickets", ticket(30*24*3600)).String("session_id")
		slow, other := ann, bob
		if bob.Must(t, 200, "GET", sessionPath(id), nil).Bool("your_turn") {
			slow, other = bob, ann
		}
		start := slow.Must(t, 200, "GET", sessionPath(id), nil)
		seat := start.Int("your_seat")
		advance := func(by time.Duration) {
			servertest.Advance(t, url, by)
			ann.Renew(t)
			bob.Renew(t)
		}
		advance(24*day - time.Hour)
		same(t, "no reminder yet", kinds(feedOf(t, slow)), []string{"matched", "your_turn"})
		advance(2 * time.Hour)
		same(t, "reminded", kinds(feedOf(t, slow)), []string{"matched", "your_turn", "turn_reminder"})
		reminder := feedOf(t, slow)[2]
		if *reminder.Version != 2 || *reminder.Turn != 1 || reminder.DeadlineAt.Format(time.RFC3339) != start.String("deadline_at") {
			t.Errorf("reminder %+v", reminder)
		}
		same(t, "a reminder is no change", slow.Must(t, 200, "GET", sessionPath(id), nil).Header.Get("ETag"), start.Header.Get("ETag"))
		same(t, "nor an event", slow.Must(t, 200, "GET", sessionPath(id)+"/events", nil).Len("items"), 2)
		advance(5 * day)
		same(t, "the other is not reminded", kinds(feedOf(t, other)), []string{"matched"})
		same(t, "it goes on", slow.Must(t, 200, "GET", sessionPath(id), nil).String("status"), "active")
		advance(day)
		for range 3 {
			over := slow.Must(t, 200, "GET", sessionPath(id), nil)
			same(t, "lost", over.String("status")+" "+over.String("result", "reason"), "finished timeout")
			same(t, "by the other", over.Int("result", "winners", 0), 1-seat)
			same(t, "the slow one gave up", over.Bool("seats", int(seat), "forfeited"), true)
			refused(t, slow.Do("POST", servertest.MovePath(id), servertest.Move(1, 4)), 409, "session-finished", id)
			same(t, "the slow one is told", kinds(feedOf(t, slow)), []string{"matched", "your_turn", "turn_reminder", "session_finished"})
			same(t, "the other is told", kinds(feedOf(t, other)), []string{"matched", "session_finished"})
			events := other.Must(t, 200, "GET", sessionPath(id)+"/events?after=2", nil)
			same(t, "history", events.String("items", 0, "kind")+" "+events.String("items", 1, "data", "reason"), "timed_out timeout")
			same(t, "and no more", events.Len("items"), 2)
			same(t, "nothing waits", slow.Must(t, 200, "GET", "/v1/sessions", nil).Int("waiting_for_me"), int64(0))
			advance(8 * day)
		}
	})
}

// A year in one step stops at everything that is due on the way.
func TestOneLongStepDoesAllThatIsDue(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		url := servertest.Local(t, database, servertest.Options{Retention: 1000 * day})
		id, first, second := servertest.Pair(t, url)
		first.Must(t, 201, "POST", "/v1/tickets", ticket(600))
		host := servertest.Guest(t, url, "Host")
		table := host.Must(t, 201, "POST", "/v1/sessions", map[string]any{"game": "tictactoe"})
		servertest.Advance(t, url, 365*day)
		first.Renew(t)
		second.Renew(t)
		host.Renew(t)
		feed := feedOf(t, first)
		same(t, "the first is told", kinds(feed), []string{"matched", "your_turn", "turn_reminder", "session_finished", "ticket_expired"})
		same(t, "the second is told", kinds(feedOf(t, second)), []string{"matched", "session_finished"})
		began := first.Must(t, 200, "GET", sessionPath(id), nil).String("created_at")
		start, err := time.Parse(time.RFC3339, began)
		if err != nil {
			t.Fatal(err)
		}
		for i, after := range []time.Duration{2: day * 4 / 5, 3: day, 4: 7 * day} {
			if i < 2 {
				continue
			}
			if late := feed[i].At.Sub(start) - after; late < -time.Minute || late > time.Minute {
				t.Errorf("%s came %s after it was due", feed[i].Kind, late)
			}
		}
		over := host.Must(t, 200, "GET", sessionPath(table.String("id")), nil)
		same(t, "a table that nobody joined", over.String("status")+" "+over.String("result", "reason"), "finished expired")
		same(t, "its host is told", kinds(feedOf(t, host)), []string{"session_finished"})
		refused(t, second.Do("POST", "/v1/sessions/join", join(table.String("join_code"))), 409, "session-finished", "")
	})
}

func TestWaitingTableEndsAfterSevenDays(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		url := servertest.Local(t, database, servertest.Options{})
		host := servertest.Guest(t, url, "Host")
		path := sessionPath(host.Must(t, 201, "POST", "/v1/sessions", map[string]any{"game": "tictactoe"}).String("id"))
		servertest.Advance(t, url, 7*day-time.Hour)
		host.Renew(t)
		same(t, "an hour before", host.Must(t, 200, "GET", path, nil).String("status"), "waiting")
		servertest.Advance(t, url, 2*time.Hour)
		host.Renew(t)
		same(t, "after", host.Must(t, 200, "GET", path, nil).String("status"), "finished")
	})
}

// An idempotency key is remembered for a day.
func TestKeysAreForgottenAfterADay(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		url := servertest.Local(t, database, servertest.Options{})
		ann, bob := servertest.Guest(t, url, "Ann"), servertest.Guest(t, url, "Bob")
		ask := func(app *servertest.App, path string) string {
			return app.Must(t, 201, "POST", path, ticket(600), "Idempotency-Key", "same").String("id")
		}
		for _, path := range []string{"/v1/tickets", "/v1/sessions"} {
			made := ask(ann, path)
			answers := make([]servertest.Answer, 8)
			together(len(answers), func(i int) {
				answers[i] = bob.Do("POST", path, ticket(900), "Idempotency-Key", "at once")
			})
			for _, a := range answers {
				same(t, "asked eight times at once", a.String("id"), answers[0].String("id"))
			}
			servertest.Advance(t, url, 23*time.Hour)
			ann.Renew(t)
			bob.Renew(t)
			same(t, "the same day", ask(ann, path), made)
			if id := ask(bob, path); id == made {
				t.Error("a key is shared by two players")
			}
			servertest.Advance(t, url, 2*time.Hour)
			ann.Renew(t)
			bob.Renew(t)
			if id := ask(ann, path); id == made {
				t.Error("a key is still remembered after 25 hours")
			}
		}
	})
}
