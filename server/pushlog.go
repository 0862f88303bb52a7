package server

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"yourturn/notify"
	"yourturn/notify/apns"
	"yourturn/notify/webpush"
)

// logged makes the senders that write pushes down instead of sending them.
func (p PushConfig) logged(out io.Writer) (map[string]notify.Sender, error) {
	mode, dir, _ := strings.Cut(p.Mode, ":")
	if mode != "log" {
		return nil, fmt.Errorf("--push %s is neither log nor log:DIR", p.Mode)
	}
	if dir != "" {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
	}
	every := func(a notify.Address) (notify.Address, error) { return a, nil } // nothing is sent there
	write := &pushLog{dir: dir, out: out}
	senders := map[string]notify.Sender{
		notify.APNs:    &logSender{write, notify.APNs, apns.Check, p.simulator},
		notify.WebPush: &logSender{write, notify.WebPush, every, func(n notify.Push) ([]byte, error) { return webpush.Payload(n, p.AppURL) }},
	}
	write.addFCM(senders)
	return senders, nil
}

// simulator is what xcrun simctl push takes: the payload, with the app that it is for.
func (p PushConfig) simulator(n notify.Push) ([]byte, error) {
	raw, err := apns.Payload(n)
	if err != nil {
		return nil, err
	}
	bundle := p.APNsTopic
	if bundle == "" {
		bundle = "com.example.app"
	}
	target, err := json.Marshal(bundle)
	if err != nil {
		return nil, err
	}
	return bytes.Replace(raw, []byte("{"), []byte(`{"Simulator Target Bundle":`+string(target)+`,`), 1), nil
}

// pushLog is where pushes are written down.
type pushLog struct {
	dir string // empty: print
	out io.Writer
	mu  sync.Mutex
}

// logSender writes down what a channel would send.
type logSender struct {
	log     *pushLog
	channel string
	check   func(notify.Address) (notify.Address, error)
	render  func(notify.Push) ([]byte, error)
}

var _ notify.Sender = (*logSender)(nil)

func (s *logSender) Check(a notify.Address) (notify.Address, error) { return s.check(a) }

func (s *logSender) Provider(notify.Address) string { return s.channel + "-log" }

func (s *logSender) Send(_ context.Context, p notify.Push) notify.Outcome {
	body, err := s.render(p)
	if err == nil {
		err = s.log.write(s.channel, p.ID, body)
	}
	if err != nil {
		return notify.Outcome{Class: notify.Faulty, Reason: "not-written"}
	}
	return notify.Outcome{Class: notify.Sent, ID: "log"}
}

// write prints a push, or keeps it in a file named by its delivery.
func (l *pushLog) write(channel, id string, body []byte) error {
	var indented bytes.Buffer
	if err := json.Indent(&indented, body, "", "  "); err != nil {
		return err
	}
	if l.dir != "" {
		extension := ".json"
		if channel == notify.APNs {
			extension = ".apns" // what a simulator takes when it is dropped onto it
		}
		return os.WriteFile(filepath.Join(l.dir, id+"-"+channel+extension), append(indented.Bytes(), '\n'), 0o644)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	_, err := fmt.Fprintf(l.out, "push by %s:\n%s\n", channel, indented.Bytes())
	return err
}
