package server_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"yourturn/server/servertest"
	"yourturn/store/enginetest"
)

// Streams that break at any moment and come back with the last number they have get every message once and in order.
func TestDroppedStreamsMissNothing(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		url := servertest.Local(t, database, bothGames())
		var drops atomic.Int64
		together(scale(t, 100)/4+1, func(int) { // two players at a table, two streams each
			id, first, second := private(t, url, "whisper")
			var streams sync.WaitGroup
			defer streams.Wait()
			for _, app := range []*servertest.App{first, second} {
				for range 2 {
					streams.Go(func() { drops.Add(dropAndResume(t, app)) })
				}
			}
			talk(t, id, first, second, 30)
		})
		t.Logf("streams broke %d times", drops.Load())
	})
}

// talk plays a game of whisper of so many moves to its end.
func talk(t *testing.T, id string, first, second *servertest.App, moves int64) {
	for turn := int64(1); turn <= moves; turn++ {
		mover, word := first, "hush"
		if turn%2 == 0 {
			mover = second
		}
		if turn == moves {
			word = "end"
		}
		mover.Must(t, 200, "POST", servertest.MovePath(id), say(turn, word))
	}
}

// dropAndResume holds a stream that breaks again and again, until it has told of the end of the game. It returns how
// often it broke.
func dropAndResume(t *testing.T, app *servertest.App) (drops int64) {
	var got []json.RawMessage
	for over := false; !over; {
		query, header := "?after=0", []string{}
		if len(got) > 0 {
			header = []string{"Last-Event-ID", fmt.Sprint(len(got))}
		}
		stream, refusal := app.TryStream(query, header...)
		if stream == nil {
			if refusal.Status != 429 { // the server has not yet seen the last ones break
				t.Errorf("stream: %d %s", refusal.Status, refusal.Body)
				return drops
			}
			continue
		}
		breaks := time.AfterFunc(rand.N(3*time.Second), stream.Drop)
		for left := rand.N(12); !over && left > 0; left-- { // or after so many events
			e, ok := stream.Read(t)
			if !ok {
				break
			}
			if e.Name != "" {
				if e.Name != "hello" {
					t.Errorf("event %+v", e)
				}
				continue
			}
			got = append(got, json.RawMessage(e.Data))
			m := e.Message(t)
			if m.Seq != int64(len(got)) || e.Seq() != m.Seq {
				t.Errorf("message %d has the number %d and the id %s", len(got), m.Seq, e.ID)
				return drops
			}
			over = m.Kind == "session_finished"
		}
		breaks.Stop()
		stream.Drop()
		drops++
	}
	listed := rawFeed(t, app)
	if len(listed) != len(got) {
		t.Errorf("%d messages by stream, %d by list", len(got), len(listed))
		return drops
	}
	for i := range listed {
		sameJSON(t, "a message by stream and by list", got[i], listed[i])
	}
	return drops
}

// An app that lists its games and streams from the list's feed_seq loses nothing in between.
func TestListThenStreamLosesNothing(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		url := servertest.Local(t, database, bothGames())
		id, first, second := private(t, url, "whisper")
		type look struct{ feedSeq, version int64 }
		looks := make([][]look, 4)
		var lookers sync.WaitGroup
		for i := range looks {
			lookers.Go(func() {
				for over := false; !over; {
					list := second.Do("GET", "/v1/sessions", nil)
					if i%2 == 0 {
						one := second.Do("GET", sessionPath(id), nil)
						list = servertest.Answer{Body: fmt.Appendf(nil, `{"feed_seq": %d, "items": [%s]}`, one.Int("feed_seq"), one.Body)}
					}
					l := look{list.Int("feed_seq"), list.Int("items", 0, "version")}
					looks[i] = append(looks[i], l)
					if over = list.String("items", 0, "status") == "finished"; over {
						return
					}
					stream, refusal := second.TryStream(fmt.Sprintf("?after=%d", l.feedSeq))
					if stream == nil {
						if refusal.Status != 429 {
							t.Errorf("stream: %d %s", refusal.Status, refusal.Body)
						}
						continue
					}
					stream.Greeted(t)
					if e := stream.Next(t); e.Seq() != l.feedSeq+1 {
						t.Errorf("after the list's %d the stream began with %+v", l.feedSeq, e)
					}
					stream.Drop()
				}
			})
		}
		talk(t, id, first, second, 40)
		lookers.Wait()
		feed := feedOf(t, second)
		for _, l := range slices.Concat(looks...) {
			for _, m := range feed {
				if *m.Version > l.version && m.Seq <= l.feedSeq {
					t.Fatalf("who saw version %d and streamed after %d never hears of version %d", l.version, l.feedSeq, *m.Version)
				}
			}
		}
	})
}

// What is older than the retention, and what never was, is answered with a reset: by list, long-poll and stream.
func TestResetWhenTheCursorIsNotKept(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		url := servertest.Local(t, database, servertest.Options{})
		id, first, second := servertest.Pair(t, url)
		first.Must(t, 200, "POST", servertest.MovePath(id), servertest.Move(1, 4))
		second.Must(t, 200, "POST", servertest.MovePath(id), servertest.Move(2, 0)) // 4 messages for the first
		first.Must(t, 200, "POST", "/v1/me/feed/ack", map[string]any{"seq": 3})
		items := func(query string) (seqs []int64, answer servertest.Answer) {
			answer = first.Must(t, 200, "GET", "/v1/me/feed"+query, nil)
			for i := range answer.Len("items") {
				seqs = append(seqs, answer.Int("items", i, "seq"))
			}
			return seqs, answer
		}
		streamed := func(query string, headers ...string) servertest.Event {
			stream := first.Stream(t, query, headers...)
			defer stream.Drop()
			stream.Greeted(t)
			return stream.Next(t)
		}
		seqs, _ := items("?after=0")
		same(t, "from the beginning", seqs, []int64{1, 2, 3, 4})
		seqs, _ = items("")
		same(t, "not acknowledged", seqs, []int64{4})
		same(t, "not acknowledged, streamed", streamed("").Seq(), int64(4))
		same(t, "Last-Event-ID wins", streamed("?after=0", "Last-Event-ID", "2").Seq(), int64(3))

		later := func(by time.Duration) {
			servertest.Advance(t, url, by)
			first.Renew(t)
			second.Renew(t)
		}
		later(29 * day) // the game is long lost: a reminder and the end came after a day
		seqs, _ = items("?after=0")
		same(t, "kept for 30 days", seqs, []int64{1, 2, 3, 4, 5, 6})
		later(25 * time.Hour)
		seqs, answer := items("?after=0")
		if answer.Bool("reset") || len(seqs) == 0 || seqs[0] <= 4 || seqs[len(seqs)-1] != 6 {
			t.Errorf("after=0 is answered with %v: %s", seqs, answer.Body)
		}
		oldest := seqs[0]
		same(t, "the oldest kept, streamed", streamed("?after=0").Seq(), oldest)
		seqs, _ = items(fmt.Sprintf("?after=%d", oldest-1))
		same(t, "the last cursor that holds", seqs[0], oldest)

		for _, after := range []string{fmt.Sprint(oldest - 2), "1", "7", "1000000"} {
			for _, query := range []string{"?after=" + after, "?wait=30&after=" + after} {
				seqs, answer := items(query)
				if !answer.Bool("reset") || len(seqs) > 0 || answer.Int("last_seq") != 6 {
					t.Errorf("%s is answered with %s", query, answer.Body)
				}
			}
			for _, event := range []servertest.Event{streamed("?after=" + after), streamed("?after=0", "Last-Event-ID", after)} {
				if event.Name != "reset" || event.ID != "6" || fmt.Sprint(event.At("seq")) != "6" {
					t.Errorf("a stream after %s begins with %+v", after, event)
				}
			}
		}
		seqs, answer = items("") // 4 was not acknowledged, and is gone
		if !answer.Bool("reset") || len(seqs) > 0 {
			t.Errorf("after the acknowledged 3 came %s", answer.Body)
		}

		later(30 * day)
		seqs, answer = items("?after=6")
		same(t, "nothing new, nothing lost", fmt.Sprint(seqs, answer.Bool("reset")), "[] false")
		seqs, answer = items("?after=0")
		same(t, "nothing kept", fmt.Sprint(seqs, answer.Bool("reset")), "[] false")
		seqs, answer = items("?after=5")
		same(t, "the last one is gone", fmt.Sprint(seqs, answer.Bool("reset")), "[] true")

		stream := first.Stream(t, "?after=1")
		stream.Greeted(t)
		same(t, "a reset stream", stream.Next(t).Name, "reset")
		first.Must(t, 201, "POST", "/v1/tickets", ticket(600))
		second.Must(t, 201, "POST", "/v1/tickets", ticket(600))
		same(t, "goes on from there", stream.Next(t).Seq(), int64(7))
	})
}
