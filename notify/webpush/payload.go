package webpush

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"yourturn/notify"
)

// sessionMark stands in Config.Navigate for the session that a push is about.
const sessionMark = "{session_id}"

var errTooLarge = errors.New("webpush: payload is too large")

// notification is what to show, by the names of the standard.
type notification struct {
	Title    string `json:"title"`
	Body     string `json:"body,omitempty"`
	Navigate string `json:"navigate,omitempty"`
	Tag      string `json:"tag,omitempty"`
	Renotify bool   `json:"renotify,omitempty"` // what replaces the last turn's notification is news, too; must not stand without a tag
	AppBadge int    `json:"app_badge"`          // where Safari looks for it; the standard's place is the object around
}

// declarative is the number by which a browser tells a Declarative Web Push: that of the RFC.
const declarative = 8030

// Payload is what a browser decrypts: one JSON object. At its top stand the flat strings of the push, and always
// app_badge, a number. A text that is rendered is in notification: title, body, tag and, where there is a page to lead
// to, navigate and with it web_push, which makes the object a Declarative Web Push. For an app that renders, there are
// title_key, body_key and body_args instead, and no literal text. A text that does not fit is cut.
func Payload(p notify.Push, navigate string) ([]byte, error) {
	if body, err := encode(p, navigate); err == nil {
		return body, nil
	}
	if p.Text.Title == "" {
		return nil, errTooLarge
	}
	fits := func() bool {
		_, err := encode(p, navigate)
		return err == nil
	}
	whole := p.Text
	var ok bool
	p.Text.Body, ok = notify.Shorten(whole.Body, func(body string) bool { p.Text.Body = body; return fits() })
	if !ok {
		p.Text.Title, _ = notify.Shorten(whole.Title, func(title string) bool { p.Text.Title = title; return fits() })
	}
	return encode(p, navigate)
}

func encode(p notify.Push, navigate string) ([]byte, error) {
	members := map[string]any{}
	for name, value := range p.Fields {
		members[name] = value
	}
	badge := max(p.Badge, 0)
	members["app_badge"] = badge
	if p.Text.Title != "" {
		n := notification{Title: p.Text.Title, Body: p.Text.Body, Tag: p.Collapse, Renotify: p.Collapse != "", AppBadge: badge}
		if navigate != "" {
			members["web_push"] = declarative
			n.Navigate = strings.ReplaceAll(navigate, sessionMark, url.PathEscape(p.Fields["session_id"]))
		}
		members["notification"] = n
	} else if p.Text.TitleKey != "" {
		members["title_key"] = p.Text.TitleKey
		if p.Text.BodyKey != "" {
			members["body_key"] = p.Text.BodyKey
			members["body_args"] = append([]string{}, p.Text.BodyArgs...) // a list, also when it is empty
		}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // would make six bytes of every & and <
	if err := e.Encode(members); err != nil {
		return nil, fmt.Errorf("encode a payload: %w", err)
	}
	body := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	if len(body) > maxPayload {
		return nil, errTooLarge
	}
	return body, nil
}
