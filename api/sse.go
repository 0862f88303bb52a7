package api

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	// sseWriteTimeout is how long a reader may keep one write waiting.
	sseWriteTimeout = 10 * time.Second
	// sseBuffer bounds what waits for a flush.
	sseBuffer = 32 << 10
)

// errHeadOnly ends a stream that was asked for with HEAD: its headers have been answered, and no more is due.
var errHeadOnly = errors.New("api: HEAD of a stream")

// sseConn is one held connection of server-sent events. Messages gather until flush, so that many cost one write. After
// the first error the connection is dead: the reader is gone or too slow, and resumes elsewhere by its last id. It is
// for one goroutine.
type sseConn struct {
	w       http.ResponseWriter
	control *http.ResponseController
	timeout time.Duration
	buf     bytes.Buffer
	err     error
}

// openSSE answers with the headers of a stream and sends them at once: a browser says "open" when they arrive, not
// when the first event does.
func openSSE(w http.ResponseWriter, r *http.Request) (*sseConn, error) {
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-cache, no-transform")
	h.Set("X-Accel-Buffering", "no") // nginx would hold the events back
	if r.Method == http.MethodHead {
		w.WriteHeader(http.StatusOK)
		return nil, errHeadOnly
	}
	c := &sseConn{w: w, control: http.NewResponseController(w), timeout: sseWriteTimeout}
	w.WriteHeader(http.StatusOK)
	if err := c.flush(); err != nil {
		return nil, fmt.Errorf("open stream: %w", err)
	}
	return c, nil
}

// event adds a message. Without a name it reaches a client's onmessage; without an id it leaves the client's last id
// as it is.
func (c *sseConn) event(name, id string, data []byte) error {
	if strings.ContainsAny(name, "\r\n") || strings.ContainsAny(id, "\r\n\x00") {
		return fmt.Errorf("api: line break in the name %q or id %q of an event", name, id)
	}
	if name != "" {
		c.line("event", name)
	}
	if id != "" {
		c.line("id", id)
	}
	c.lines("data", string(data))
	return c.end()
}

// comment adds a line that clients skip; it keeps proxies and phones from thinking the connection dead.
func (c *sseConn) comment(text string) error {
	c.lines("", text)
	return c.end()
}

// retry tells the client how long to wait before it connects again. It travels with the event that follows.
func (c *sseConn) retry(d time.Duration) {
	c.line("retry", strconv.FormatInt(d.Milliseconds(), 10))
}

// lines splits at every line break that SSE knows, so that data can never begin a field of its own.
func (c *sseConn) lines(field, text string) {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	text = strings.ReplaceAll(text, "\r", "\n")
	for line := range strings.SplitSeq(text, "\n") {
		c.line(field, line)
	}
}

func (c *sseConn) line(field, value string) {
	c.buf.WriteString(field)
	c.buf.WriteString(": ")
	c.buf.WriteString(value)
	c.buf.WriteByte('\n')
}

func (c *sseConn) end() error {
	c.buf.WriteByte('\n')
	if c.err != nil || c.buf.Len() >= sseBuffer {
		return c.flush()
	}
	return nil
}

// flush sends what has gathered, and returns an error when the reader did not take it in time.
func (c *sseConn) flush() error {
	if c.err == nil {
		c.err = c.send()
	}
	c.buf.Reset()
	return c.err
}

func (c *sseConn) send() error {
	if err := c.control.SetWriteDeadline(time.Now().Add(c.timeout)); err != nil {
		return fmt.Errorf("set write deadline: %w", err)
	}
	if _, err := c.w.Write(c.buf.Bytes()); err != nil {
		return fmt.Errorf("write to stream: %w", err)
	}
	if err := c.control.Flush(); err != nil {
		return fmt.Errorf("flush stream: %w", err)
	}
	// HTTP/2 resets a stream when its deadline passes, even if there was nothing to write.
	if err := c.control.SetWriteDeadline(time.Time{}); err != nil {
		return fmt.Errorf("clear write deadline: %w", err)
	}
	return nil
}
