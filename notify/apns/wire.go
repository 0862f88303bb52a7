package apns

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/http2"
)

// The bounds of a connection.
const (
	dialTimeout  = 10 * time.Second
	idleTimeout  = 10 * time.Minute // Apple asks to keep connections, and takes rapid changes for an attack
	pingInterval = 10 * time.Second // of silence
	pingTimeout  = 5 * time.Second
	writeTimeout = 5 * time.Second
	maxAnswer    = 4 << 10
	maxHeaders   = 16 << 10
	maxMoves     = 2 // of one push that a connection did not take
)

var (
	errClosed  = errors.New("apns: closed")
	errNoHTTP2 = errors.New("apns: the server does not speak HTTP/2")
)

// wire is the way to one of Apple's services, a single connection that all pushes share. On a new one Apple takes a
// single request at a time until it has seen a good token, so until it has looked at a device the pushes go one by one;
// then as many as Apple says, and the others wait. Pools open another connection for whom the first has no room, which
// with 64 pushes at once is 64 connections.
type wire struct {
	transport *http.Transport
	address   string
	now       func() time.Time
	turn      chan struct{} // is held by who dials, and by the one that speaks on a connection that is not proven

	mu     sync.Mutex
	link   *link // nil before the first, and after one that is of no more use
	closed bool
}

// link is one connection. It is closed by the last who leaves it once it is not the wire's any more.
type link struct {
	conn    *http.ClientConn
	proven  atomic.Bool // Apple has looked at a device
	doubted atomic.Bool // a request has failed since
	users   int         // guarded by the wire's lock
}

// isOpen says that a connection is for all at once.
func (l *link) isOpen() bool { return l.proven.Load() && !l.doubted.Load() }

func newWire(address string, roots *x509.CertPool, now func() time.Time) *wire {
	protocols := new(http.Protocols)
	protocols.SetHTTP2(true)
	return &wire{
		address: address,
		now:     now,
		turn:    make(chan struct{}, 1),
		transport: &http.Transport{ // only to make connections: its pool is never asked
			DialTLSContext:         dial(roots),
			DisableCompression:     true,
			IdleConnTimeout:        idleTimeout,
			MaxResponseHeaderBytes: maxHeaders,
			Protocols:              protocols,
			HTTP2: &http.HTTP2Config{
				SendPingTimeout:  pingInterval,
				PingTimeout:      pingTimeout,
				WriteByteTimeout: writeTimeout,
			},
		},
	}
}

func dial(roots *x509.CertPool) func(context.Context, string, string) (net.Conn, error) {
	d := &tls.Dialer{
		NetDialer: &net.Dialer{Timeout: dialTimeout},
		Config:    &tls.Config{RootCAs: roots, NextProtos: []string{http2.NextProtoTLS}, MinVersion: tls.VersionTLS12},
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := d.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		// A server that knows no protocols at all has not refused ours.
		if conn.(*tls.Conn).ConnectionState().NegotiatedProtocol != http2.NextProtoTLS {
			conn.Close()
			return nil, errNoHTTP2
		}
		return conn, nil
	}
}

// callKey finds the call that a request belongs to.
type callKey struct{}

// call is what the library has no words for: the payload as it is to be sent, and the whole answer.
type call struct {
	payload []byte
	bearer  string
	answer  answer
}

// RoundTrip carries a request of the library. What the library reads afterwards is the status and Apple's name of the
// push; the rest of the answer stays in the call.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		r.Body.Close() // the call has a better one
	}
	c := r.Context().Value(callKey{}).(*call)
	c.bearer = strings.TrimPrefix(r.Header.Get("Authorization"), "bearer ")
	for moves := 0; ; moves++ {
		response, again, err := w.try(r, c)
		if again && moves < maxMoves {
			continue
		}
		return response, err
	}
}

// try sends a request once. Again says that nothing has become of it: the connection was about to end, or had less room
// than we knew.
func (w *wire) try(r *http.Request, c *call) (response *http.Response, again bool, err error) {
	ctx := r.Context()
	l, leave, err := w.enter(ctx)
	if err != nil {
		return nil, false, err
	}
	defer leave()
	var written atomic.Bool
	trace := &httptrace.ClientTrace{WroteHeaders: func() { written.Store(true) }}
	request := r.Clone(httptrace.WithClientTrace(ctx, trace))
	request.Body, request.ContentLength = io.NopCloser(bytes.NewReader(c.payload)), int64(len(c.payload))
	response, err = w.exchange(l.conn, request, c)
	if err == nil {
		if c.answer.provesToken() {
			l.proven.Store(true)
			l.doubted.Store(false)
		}
		return response, false, nil
	}
	if ctx.Err() != nil {
		if written.Load() && !l.isOpen() { // it has kept everybody waiting, and may be dead
			w.drop(l)
		}
		return nil, false, err
	}
	l.doubted.Store(true)
	ended := !written.Load() || err.Error() == goAway
	if ended {
		w.drop(l)
	}
	// Who does not take the first request of a connection would not take it on the next one either.
	return nil, (ended || isRefused(err)) && l.proven.Load(), err
}

// exchange sends a request and reads the answer. The body goes no further than here.
func (w *wire) exchange(conn *http.ClientConn, r *http.Request, c *call) (*http.Response, error) {
	response, err := conn.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	c.answer = newAnswer(response, body, w.now())
	return &http.Response{
		StatusCode: response.StatusCode, Proto: response.Proto, ProtoMajor: response.ProtoMajor, ProtoMinor: response.ProtoMinor,
		Header: http.Header{"Apns-Id": response.Header.Values("Apns-Id")}, Body: http.NoBody, Request: r,
	}, nil
}

// isRefused says that the server has not looked at a request, as when it allows fewer at a time than it did.
func isRefused(err error) bool {
	var stream http2.StreamError
	return errors.As(err, &stream) && stream.Code == http2.ErrCodeRefusedStream
}

// goAway is how net/http says that a request came after the last one of a connection that ends, and has not been looked
// at. It has no name for it.
const goAway = "http2: Transport received Server's graceful shutdown GOAWAY"

// enter waits for room on a connection, and makes one when there is none. Whoever enters must leave.
func (w *wire) enter(ctx context.Context) (l *link, leave func(), err error) {
	if l, err = w.join(); err != nil {
		return nil, nil, err
	}
	if l != nil && l.isOpen() {
		return l, func() { w.leave(l) }, nil
	}
	if l != nil {
		w.leave(l)
	}
	select {
	case w.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	if err = ctx.Err(); err == nil {
		l, err = w.join()
	}
	if err == nil && l == nil {
		l, err = w.dial(ctx)
	}
	if err != nil {
		<-w.turn
		return nil, nil, err
	}
	if l.isOpen() { // by who had the turn before, and all who wait can come
		<-w.turn
		return l, func() { w.leave(l) }, nil
	}
	return l, func() { w.leave(l); <-w.turn }, nil
}

// join enters the connection that there is.
func (w *wire) join() (*link, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return nil, errClosed
	}
	if w.link != nil && w.link.conn.Err() != nil {
		w.link = nil
	}
	if w.link == nil {
		return nil, nil
	}
	w.link.users++
	return w.link, nil
}

func (w *wire) dial(ctx context.Context) (*link, error) {
	conn, err := w.transport.NewClientConn(ctx, "https", w.address)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		conn.Close()
		return nil, errClosed
	}
	w.link = &link{conn: conn, users: 1}
	return w.link, nil
}

func (w *wire) leave(l *link) {
	w.mu.Lock()
	defer w.mu.Unlock()
	l.users--
	if l.users == 0 && w.link != l {
		l.conn.Close()
	}
}

// drop gives a connection up. Whoever is on it may end there.
func (w *wire) drop(l *link) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.link == l {
		w.link = nil
	}
}

func (w *wire) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	if w.link != nil && w.link.users == 0 {
		w.link.conn.Close()
	}
	w.link = nil
}
