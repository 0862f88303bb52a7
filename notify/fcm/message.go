package fcm

import (
	"encoding/json"
	"maps"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"firebase.google.com/go/v4/messaging"

	"yourturn/notify"
)

const (
	// maxMessage is Google's bound on the keys and values of data and notification together. How it counts for each kind
	// of device is nowhere said in full, so the whole message without its address stays below: that is more than any part.
	maxMessage = 4096
	// maxTTL is for how long Firebase keeps a message at most, four weeks.
	maxTTL = 28 * 24 * time.Hour
	// Of the messages for a phone that is away Firebase keeps the last one for each collapse key, and only four keys for a
	// device: a key for each session would lose some of them at random. A change of the badge has a key of its own,
	// because it must not take the place of a text that waits to be shown.
	keyShown  = "turn"
	keySilent = "badge"
	// badgeField is the badge's name among the data.
	badgeField = "badge"
)

// mistake is why a push cannot become a message, in a short word.
type mistake string

func (m mistake) Error() string { return string(m) }

const (
	errTooBig   mistake = "too-big"
	errReserved mistake = "reserved-field"
)

// message puts a push into Firebase's words.
func message(p notify.Push, now time.Time) (*messaging.Message, error) {
	data, err := data(p)
	if err != nil {
		return nil, err
	}
	ttl := min(max(p.Ends.Truncate(time.Second), time.Second), maxTTL)
	m := &messaging.Message{
		Token: p.Address.Token, Data: data,
		Android: android(p, ttl), APNS: apple(p, now.Add(ttl)), Webpush: web(p, ttl),
	}
	if rendered(p.Text) {
		m.Notification = &messaging.Notification{Title: valid(p.Text.Title), Body: valid(p.Text.Body)}
	}
	return m, fit(m)
}

// rendered says that the text goes out as it is. Beside keys it must not: Android shows a text rather than look up a key.
func rendered(t notify.Text) bool { return !t.Silent() && t.TitleKey == "" }

// data is what the app gets: the push's fields, and the badge for those that set it themselves.
func data(p notify.Push) (map[string]string, error) {
	for name := range p.Fields {
		if isReserved(name) {
			return nil, errReserved
		}
	}
	data := make(map[string]string, len(p.Fields)+1)
	maps.Copy(data, p.Fields)
	data[badgeField] = strconv.Itoa(p.Badge)
	return data, nil
}

// isReserved names what Firebase keeps for itself, and what is ours.
func isReserved(name string) bool {
	switch name {
	case "", "from", "message_type", "collapse_key", badgeField:
		return true
	}
	return strings.HasPrefix(name, "google") || strings.HasPrefix(name, "gcm")
}

func android(p notify.Push, ttl time.Duration) *messaging.AndroidConfig {
	if p.Text.Silent() { // only data: a notification without a text would still be shown
		return &messaging.AndroidConfig{CollapseKey: keySilent, Priority: "normal", TTL: &ttl}
	}
	return &messaging.AndroidConfig{
		CollapseKey: keyShown, Priority: "high", TTL: &ttl,
		Notification: &messaging.AndroidNotification{
			Tag: p.Collapse, NotificationCount: &p.Badge,
			TitleLocKey: p.Text.TitleKey, BodyLocKey: p.Text.BodyKey, BodyLocArgs: p.Text.BodyArgs,
		},
	}
}

// apple is for iPhones that registered with Firebase. A change of the badge is an alert too: what Apple calls a
// background push may be held back for hours.
func apple(p notify.Push, ends time.Time) *messaging.APNSConfig {
	headers := map[string]string{
		"apns-push-type": "alert", "apns-priority": "10", "apns-expiration": strconv.FormatInt(ends.Unix(), 10),
	}
	if p.Collapse != "" {
		headers["apns-collapse-id"] = p.Collapse
	}
	aps := &messaging.Aps{Badge: &p.Badge}
	if p.Text.Silent() {
		headers["apns-priority"] = "5"
	} else {
		aps.Sound, aps.ThreadID = "default", p.Collapse
	}
	if p.Text.TitleKey != "" {
		aps.Alert = &messaging.ApsAlert{TitleLocKey: p.Text.TitleKey, LocKey: p.Text.BodyKey, LocArgs: p.Text.BodyArgs}
	}
	return &messaging.APNSConfig{Headers: headers, Payload: &messaging.APNSPayload{Aps: aps}}
}

// web is for browsers that registered with Firebase. They know no keys: an app that renders by itself gets the data
// alone, and makes a notification of them.
func web(p notify.Push, ttl time.Duration) *messaging.WebpushConfig {
	w := &messaging.WebpushConfig{Headers: map[string]string{
		"TTL": strconv.Itoa(int(ttl.Seconds())), "Urgency": "high",
	}}
	if p.Text.Silent() {
		w.Headers["Urgency"] = "normal"
	}
	if p.Collapse == "" {
		return w
	}
	w.Headers["Topic"] = p.Collapse
	if rendered(p.Text) {
		w.Notification = &messaging.WebpushNotification{Tag: p.Collapse}
	}
	return w
}

// fit cuts the body of a rendered text until the message is small enough.
func fit(m *messaging.Message) error {
	if size(m) <= maxMessage {
		return nil
	}
	if m.Notification == nil {
		return errTooBig
	}
	body, ok := notify.Shorten(m.Notification.Body, func(body string) bool {
		m.Notification.Body = body
		return size(m) <= maxMessage
	})
	m.Notification.Body = body
	if !ok {
		return errTooBig
	}
	return nil
}

// valid is what JSON would make of a text too, which then can be measured and cut.
func valid(text string) string { return strings.ToValidUTF8(text, string(utf8.RuneError)) }

// size is that of a message as it is sent, without the address.
func size(m *messaging.Message) int {
	bare := *m
	bare.Token = ""
	return encoded(&bare)
}

// encoded is how many bytes a value is on the wire, where a < or an & takes six.
func encoded(v any) int {
	b, err := json.Marshal(v)
	if err != nil {
		return maxMessage + 1 // it cannot be sent at all
	}
	return len(b)
}
