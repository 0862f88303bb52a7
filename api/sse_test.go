package api

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// onBoth runs a story on HTTP/1.1 and on HTTP/2 over TLS, behind the whole wire.
func onBoth(t *testing.T, handler http.HandlerFunc, story func(t *testing.T, client *http.Client, url string)) {
	for _, version := range []int{1, 2} {
		t.Run(map[int]string{1: "HTTP1", 2: "HTTP2"}[version], func(t *testing.T) {
			mux := http.NewServeMux()
			mux.HandleFunc("GET /v1/stream", handler)
			srv := httptest.NewUnstartedServer(nil)
			srv.Config = NewHTTPServer(wire{log: discard()}.wrap(mux), discard())
			if version == 2 {
				srv.EnableHTTP2 = true
				srv.StartTLS()
			} else {
				srv.Start()
			}
			t.Cleanup(srv.Close)
			story(t, srv.Client(), srv.URL+"/v1/stream")
		})
	}
}

// open returns an answer whose body is closed with the test.
func open(t *testing.T, client *http.Client, url string) (http.Header, io.Reader) {
	t.Helper()
	resp, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp.Header, resp.Body
}

func TestStreamHeadersComeBeforeAnyEvent(t *testing.T) {
	seen := make(chan struct{})
	onBoth(t, func(w http.ResponseWriter, r *http.Request) {
		c, err := openSSE(w, r)
		if err != nil {
			t.Error(err)
			return
		}
		<-seen // nothing is written until the client has the headers
		_ = c.event("hello", "", []byte(`{}`))
		if err := c.flush(); err != nil {
			t.Error(err)
		}
	}, func(t *testing.T, client *http.Client, url string) {
		header, stream := open(t, client, url)
		seen <- struct{}{}
		for name, want := range map[string]string{
			"Content-Type":      "text/event-stream",
			"Cache-Control":     "no-cache, no-transform",
			"X-Accel-Buffering": "no",
		} {
			if got := header.Get(name); got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
		if body, err := io.ReadAll(stream); err != nil || string(body) != "event: hello\ndata: {}\n\n" {
			t.Errorf("%q, %v", body, err)
		}
	})
}

func TestStreamWritesFrames(t *testing.T) {
	onBoth(t, func(w http.ResponseWriter, r *http.Request) {
		c, err := openSSE(w, r)
		if err != nil {
			t.Error(err)
			return
		}
		c.retry(2500 * time.Millisecond)
		err = errors.Join(
			c.event("", "7", []byte(`{"a":1}`)),
			c.event("bye", "", []byte("one\ntwo\r\nthree\rid: 9\n")),
			c.comment("still here"),
			c.flush(),
		)
		if err != nil {
			t.Error(err)
		}
		if c.event("a\nid: 9", "", nil) == nil || c.event("", "9\r\ndata: x", nil) == nil || c.event("", "9\x00", nil) == nil {
			t.Error("a line break in a name or id was taken")
		}
	}, func(t *testing.T, client *http.Client, url string) {
		_, stream := open(t, client, url)
		body, err := io.ReadAll(stream)
		want := "retry: 2500\nid: 7\ndata: {\"a\":1}\n\n" +
			"event: bye\ndata: one\ndata: two\ndata: three\ndata: id: 9\ndata: \n\n" +
			": still here\n\n"
		if err != nil || string(body) != want {
			t.Errorf("%q, %v, want %q", body, err, want)
		}
	})
}

// A deadline that is left standing resets an idle stream on HTTP/2 (S1). Both the one of each write and the one of the
// server must be gone.
func TestIdleStreamOutlivesItsDeadlines(t *testing.T) {
	const deadline = 50 * time.Millisecond
	idle := make(chan struct{}, 2)
	handler := func(w http.ResponseWriter, r *http.Request) {
		c, err := openSSE(w, r)
		if err != nil {
			t.Error(err)
			return
		}
		c.timeout = deadline
		_ = c.event("", "1", []byte("before"))
		if err := c.flush(); err != nil {
			t.Error(err)
		}
		select {
		case <-idle:
		case <-r.Context().Done():
			t.Error("the request ended while the stream was idle")
			return
		}
		_ = c.event("", "2", []byte("after"))
		if err := c.flush(); err != nil {
			t.Error(err)
		}
	}
	onBoth(t, handler, func(t *testing.T, client *http.Client, url string) {
		_, stream := open(t, client, url)
		lines := bufio.NewReader(stream)
		if line, err := lines.ReadString('\n'); err != nil || line != "id: 1\n" {
			t.Fatalf("%q, %v", line, err)
		}
		time.Sleep(4 * deadline) // the deadline has to pass: that is the case
		idle <- struct{}{}
		rest, err := io.ReadAll(lines)
		if err != nil || !strings.HasSuffix(string(rest), "id: 2\ndata: after\n\n") {
			t.Errorf("%q, %v", rest, err)
		}
	})
}

func TestStalledReaderIsDropped(t *testing.T) {
	failed := make(chan error, 1)
	onBoth(t, func(w http.ResponseWriter, r *http.Request) {
		c, err := openSSE(w, r)
		if err != nil {
			t.Error(err)
			return
		}
		c.timeout = 100 * time.Millisecond
		data := []byte(strings.Repeat("x", 16<<10))
		for err == nil { // until the buffers between us are full
			err = c.event("", "1", data)
		}
		if again := c.flush(); !errors.Is(again, err) {
			t.Errorf("flush after %v: %v", err, again)
		}
		failed <- err
	}, func(t *testing.T, client *http.Client, url string) {
		open(t, client, url) // and read nothing
		select {
		case err := <-failed:
			t.Log(err)
		case <-time.After(30 * time.Second):
			t.Fatal("the handler still writes")
		}
	})
}

func TestStreamBehindTimeoutsOfTheServer(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/stream", func(w http.ResponseWriter, r *http.Request) {
		c, err := openSSE(w, r)
		if err != nil {
			t.Error(err)
			return
		}
		select {
		case <-time.After(300 * time.Millisecond):
		case <-r.Context().Done():
			t.Error("cut by a timeout of the server")
		}
		_ = c.event("", "1", []byte("late"))
		_ = c.flush()
	})
	for _, h2 := range []bool{false, true} {
		srv := httptest.NewUnstartedServer(wire{log: discard()}.wrap(mux))
		srv.Config.ReadTimeout, srv.Config.WriteTimeout = 100*time.Millisecond, 100*time.Millisecond
		if srv.EnableHTTP2 = h2; h2 {
			srv.StartTLS()
		} else {
			srv.Start()
		}
		_, stream := open(t, srv.Client(), srv.URL+"/v1/stream")
		body, err := io.ReadAll(stream)
		if err != nil || string(body) != "id: 1\ndata: late\n\n" {
			t.Errorf("HTTP/2 %v: %q, %v", h2, body, err)
		}
		srv.Close()
	}
}
