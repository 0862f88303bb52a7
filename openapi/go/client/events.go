package client

import (
	"bufio"
	"io"
	"strings"
)

// event is one event of a stream, complete.
type event struct{ name, data string }

// events takes a stream of server-sent events apart, as the HTML standard says. Ids are not kept: each message bears
// its number itself.
type events struct {
	lines *bufio.Scanner
	alive func() // called with each line, comments too
}

// maxLine bounds what a line may take; the server's are a tenth of it.
const maxLine = 1 << 20

func newEvents(body io.Reader, alive func()) *events {
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, maxLine)
	return &events{lines: lines, alive: alive}
}

// next waits for the next event. What is not closed by an empty line has not happened.
func (s *events) next() (e event, err error) {
	var data []string
	for s.lines.Scan() {
		s.alive()
		line := s.lines.Text()
		if line == "" && data != nil {
			e.data = strings.Join(data, "\n")
			return e, nil
		}
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case line == "":
			e = event{}
		case field == "event":
			e.name = value
		case field == "data":
			data = append(data, value)
		}
	}
	if err := s.lines.Err(); err != nil {
		return event{}, err
	}
	return event{}, io.EOF
}
