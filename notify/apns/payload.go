package apns

import (
	"bytes"
	"encoding/json"
	"errors"

	"yourturn/notify"
)

// maxPayload is how many bytes Apple takes.
const maxPayload = 4096

// errTooLarge says that no cut makes a push fit.
var errTooLarge = errors.New("apns: payload is too large")

type payload struct {
	APS      aps           `json:"aps"`
	Yourturn notify.Fields `json:"yourturn"`
}

type aps struct {
	Alert  *alert `json:"alert,omitempty"`
	Badge  int    `json:"badge"`
	Sound  string `json:"sound,omitempty"`
	Thread string `json:"thread-id,omitempty"`
}

type alert struct {
	Title    string   `json:"title,omitempty"`
	Body     string   `json:"body,omitempty"`
	TitleKey string   `json:"title-loc-key,omitempty"`
	BodyKey  string   `json:"loc-key,omitempty"`
	BodyArgs []string `json:"loc-args,omitempty"`
}

// Payload is the body of a push, byte by byte as it is sent. A text that is too long loses the end of its body.
func Payload(p notify.Push) ([]byte, error) {
	data, err := encode(p, p.Text)
	if err != nil || len(data) <= maxPayload {
		return data, err
	}
	text := p.Text
	var ok bool
	text.Body, ok = notify.Shorten(p.Text.Body, func(body string) bool {
		text.Body = body
		data, err := encode(p, text)
		return err == nil && len(data) <= maxPayload
	})
	if !ok {
		return nil, errTooLarge
	}
	return encode(p, text)
}

func encode(p notify.Push, text notify.Text) ([]byte, error) {
	body := payload{APS: aps{Badge: max(p.Badge, 0)}, Yourturn: p.Fields}
	if body.Yourturn == nil {
		body.Yourturn = notify.Fields{}
	}
	if !text.Silent() {
		body.APS.Alert, body.APS.Sound, body.APS.Thread = show(text), "default", p.Collapse
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // it is not for a browser, and six bytes for an ampersand are dear
	if err := e.Encode(body); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// show is the alert of a text: keys or words, never both, because what is shown would be the words.
func show(t notify.Text) *alert {
	if t.TitleKey != "" {
		return &alert{TitleKey: t.TitleKey, BodyKey: t.BodyKey, BodyArgs: t.BodyArgs}
	}
	return &alert{Title: t.Title, Body: t.Body}
}
