package bench

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// app is a player with a keep-alive connection of its own. It writes requests by hand: net/http's client would take
// more of the machine than the server that is measured.
type app struct {
	host, token string
	conn        net.Conn
	reader      *bufio.Reader
	out         []byte
	in          bytes.Buffer
	told        chan int64 // the versions that the stream tells of; nil without a stream
	stream      net.Conn
}

func signUp(b *testing.B, host string) *app {
	b.Helper()
	a := &app{host: host}
	body, err := a.ask("POST", "/v1/players", `{}`)
	if err != nil {
		b.Fatal(err)
	}
	var made struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal(body, &made); err != nil {
		b.Fatal(err)
	}
	a.token = made.AccessToken
	return a
}

func (a *app) dial() (net.Conn, error) { return net.DialTimeout("tcp", a.host, 5*time.Second) }

// ask sends a request and reads the answer, which is valid until the next one.
func (a *app) ask(method, path, body string) ([]byte, error) {
	if a.conn == nil {
		conn, err := a.dial()
		if err != nil {
			return nil, err
		}
		a.conn, a.reader = conn, bufio.NewReader(conn)
	}
	a.out = a.request(a.out[:0], method, path)
	a.out = append(a.out, "Content-Type: application/json\r\nContent-Length: "...)
	a.out = strconv.AppendInt(a.out, int64(len(body)), 10)
	a.out = append(append(a.out, "\r\n\r\n"...), body...)
	if _, err := a.conn.Write(a.out); err != nil {
		return nil, err
	}
	response, err := http.ReadResponse(a.reader, nil)
	if err != nil {
		return nil, err
	}
	a.in.Reset()
	if _, err := io.Copy(&a.in, response.Body); err != nil {
		return nil, err
	}
	if response.StatusCode >= 300 {
		return nil, fmt.Errorf("%s %s %s: %d %s", method, path, body, response.StatusCode, a.in.Bytes())
	}
	return a.in.Bytes(), nil
}

func (a *app) request(out []byte, method, path string) []byte {
	out = append(append(append(out, method...), ' '), path...)
	out = append(append(out, " HTTP/1.1\r\nHost: "...), a.host...)
	out = append(out, "\r\n"...)
	if a.token != "" {
		out = append(append(append(out, "Authorization: Bearer "...), a.token...), "\r\n"...)
	}
	return out
}

// listen opens the player's stream.
func (a *app) listen() error {
	conn, err := a.dial()
	if err != nil {
		return err
	}
	a.stream, a.told = conn, make(chan int64, 1024)
	if _, err := conn.Write(append(a.request(nil, "GET", "/v1/me/stream"), "\r\n"...)); err != nil {
		return err
	}
	lines := bufio.NewReader(conn)
	for { // until hello
		line, err := lines.ReadString('\n')
		if err != nil {
			return err
		}
		if strings.HasPrefix(line, "event: hello") {
			break
		}
	}
	go func() {
		for {
			line, err := lines.ReadSlice('\n')
			if err != nil {
				return // closed
			}
			if version, ok := number(line, `"version":`); ok && bytes.HasPrefix(line, []byte("data: ")) {
				a.told <- version
			}
		}
	}()
	return nil
}

// hears waits until the stream tells of a version.
func (a *app) hears(version int64) error {
	late := time.NewTimer(10 * time.Second)
	defer late.Stop()
	for {
		select {
		case told := <-a.told:
			if told == version {
				return nil
			}
		case <-late.C:
			return fmt.Errorf("a stream did not tell of version %d", version)
		}
	}
}

func (a *app) hangUp() {
	if a.stream != nil {
		a.stream.Close()
		a.stream, a.told = nil, nil
	}
}

// number finds the number after a name, without reading the rest.
func number(body []byte, name string) (int64, bool) {
	_, rest, ok := bytes.Cut(body, []byte(name))
	if !ok {
		return 0, false
	}
	n := int64(0)
	for _, c := range rest {
		if c < '0' || c > '9' {
			break
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}

// text finds the text after a name.
func text(body []byte, name string) string {
	_, rest, _ := bytes.Cut(body, []byte(name+`:"`))
	value, _, _ := bytes.Cut(rest, []byte(`"`))
	return string(value)
}
