package webpush

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"yourturn/notify"
)

func TestClasses(t *testing.T) {
	type answer struct {
		status   int
		body     string
		html     bool // the header says so
		foreign  bool // a host that the operator has added
		accepted bool
	}
	const page = "<!DOCTYPE html><title>404 Not Found</title>nginx"
	for name, c := range map[string]struct {
		answer
		class  notify.Class
		reason string
	}{
		"200":                             {answer{status: 200}, notify.Sent, ""},
		"201":                             {answer{status: 201}, notify.Sent, ""},
		"202":                             {answer{status: 202}, notify.Sent, ""},
		"404 of Google":                   {answer{status: 404, body: "A valid push subscription endpoint should be specified"}, notify.Gone, "status-404"},
		"404 of Google as a page":         {answer{status: 404, body: page, html: true}, notify.Gone, "status-404"},
		"410 of Google as a page":         {answer{status: 410, body: "<html>unsubscribed or expired</html>", html: true}, notify.Gone, "status-410"},
		"410 of Apple":                    {answer{status: 410, body: `{"reason":"Unregistered"}`}, notify.Gone, "Unregistered"},
		"410 of Mozilla":                  {answer{status: 410, body: `{"code":410,"errno":106,"error":"Gone","message":"secret"}`}, notify.Gone, "errno-106"},
		"410 of Windows":                  {answer{status: 410}, notify.Gone, "status-410"},
		"410 elsewhere":                   {answer{status: 410, foreign: true}, notify.Gone, "status-410"},
		"404 elsewhere":                   {answer{status: 404, body: `{"errno":102}`, foreign: true}, notify.Gone, "errno-102"},
		"404 of a proxy elsewhere":        {answer{status: 404, body: page, html: true, foreign: true}, notify.Rejected, "status-404"},
		"404 of a proxy without a header": {answer{status: 404, body: "\n " + page, foreign: true}, notify.Rejected, "status-404"},
		"410 of a proxy elsewhere":        {answer{status: 410, body: page, html: true, foreign: true}, notify.Rejected, "status-410"},
		"404 for the path":                {answer{status: 404, body: `{"reason":"BadPath"}`}, notify.Rejected, "BadPath"},
		"400":                             {answer{status: 400}, notify.Faulty, "status-400"},
		"400 of Mozilla":                  {answer{status: 400, body: `{"errno":113}`}, notify.Faulty, "errno-113"},
		"400 for a topic":                 {answer{status: 400, body: `{"reason":"BadWebPushTopic"}`}, notify.Faulty, "BadWebPushTopic"},
		"400 for another key":             {answer{status: 400, body: `{"reason":"VapidPkHashMismatch"}`}, notify.Rejected, "VapidPkHashMismatch"},
		"400 for another key, Google":     {answer{status: 400, body: "UnauthorizedRegistration\n"}, notify.Rejected, "UnauthorizedRegistration"},
		"400 for the endpoint":            {answer{status: 400, body: `{"reason":"BadDeviceToken"}`}, notify.Rejected, "BadDeviceToken"},
		"401":                             {answer{status: 401}, notify.Misconfigured, "status-401"},
		"401 of Mozilla":                  {answer{status: 401, body: `{"errno":109}`}, notify.Misconfigured, "errno-109"},
		"403 of Apple":                    {answer{status: 403, body: `{"reason":"BadJwtToken"}`}, notify.Misconfigured, "BadJwtToken"},
		"403 with a page":                 {answer{status: 403, body: page, html: true}, notify.Misconfigured, "status-403"},
		"403 after others were taken":     {answer{status: 403, body: `{"reason":"BadJwtToken"}`, accepted: true}, notify.Later, "BadJwtToken"},
		"401 after others were taken":     {answer{status: 401, accepted: true}, notify.Later, "status-401"},
		"403 for another key, Google":     {answer{status: 403, body: "<html>the VAPID credentials in the authorization header do not correspond to the credentials used to create the subscriptions.</html>"}, notify.Rejected, "key-mismatch"},
		"405":                             {answer{status: 405}, notify.Rejected, "status-405"},
		"406 of Windows":                  {answer{status: 406}, notify.Later, "status-406"},
		"408":                             {answer{status: 408}, notify.Down, "status-408"},
		"411":                             {answer{status: 411}, notify.Faulty, "status-411"},
		"413":                             {answer{status: 413}, notify.Faulty, "too-large"},
		"413 of Mozilla":                  {answer{status: 413, body: `{"errno":104}`}, notify.Faulty, "too-large"},
		"415":                             {answer{status: 415}, notify.Faulty, "status-415"},
		"418":                             {answer{status: 418}, notify.Rejected, "status-418"},
		"429":                             {answer{status: 429}, notify.Later, "status-429"},
		"429 of Apple":                    {answer{status: 429, body: `{"reason":"TooManyRequests"}`}, notify.Later, "TooManyRequests"},
		"301":                             {answer{status: 301}, notify.Rejected, "status-301"},
		"302":                             {answer{status: 302}, notify.Rejected, "status-302"},
		"307":                             {answer{status: 307}, notify.Rejected, "status-307"},
		"500":                             {answer{status: 500}, notify.Down, "status-500"},
		"502 of a proxy":                  {answer{status: 502, body: page, html: true}, notify.Down, "status-502"},
		"503 of Apple":                    {answer{status: 503, body: `{"reason":"ServiceUnavailable"}`}, notify.Down, "ServiceUnavailable"},
		"503 of Mozilla":                  {answer{status: 503, body: `{"errno":202}`}, notify.Down, "errno-202"},
		"a word of unknown origin":        {answer{status: 400, body: `{"reason":"secret"}`}, notify.Faulty, "status-400"},
		"a reason that is no word":        {answer{status: 503, body: `{"reason":{"secret":1}}`}, notify.Down, "status-503"},
		"a number beyond":                 {answer{status: 503, body: `{"errno":123456}`}, notify.Down, "status-503"},
		"JSON that ends early":            {answer{status: 410, body: `{"reason":"Unreg`}, notify.Gone, "status-410"},
		"no answer that is one":           {answer{status: 999}, notify.Rejected, "status-999"},
	} {
		t.Run(name, func(t *testing.T) {
			r := reply{
				Response: &http.Response{StatusCode: c.status, Header: http.Header{}},
				body:     []byte(c.body), known: !c.foreign, accepted: c.accepted,
			}
			if c.html {
				r.Header.Set("Content-Type", "text/html; charset=utf-8")
			}
			r.Header.Set("Retry-After", "7")
			o := r.outcome(noon)
			if o.Class != c.class || o.Reason != c.reason {
				t.Errorf("%v %q, want %v %q", o.Class, o.Reason, c.class, c.reason)
			}
			if waits := o.Class == notify.Later || o.Class == notify.Down; waits != (o.After == 7*time.Second) {
				t.Errorf("%v after %v", o.Class, o.After)
			}
		})
	}
}

// Only 404 and 410 forget a device, whatever is written in the answer.
func TestOnlyTheStatusForgetsADevice(t *testing.T) {
	for status := 100; status < 600; status++ {
		for _, body := range []string{"", `{"reason":"Unregistered"}`, `{"reason":"ExpiredToken","errno":103}`, "NotRegistered", "<html>410 Gone</html>"} {
			r := reply{Response: &http.Response{StatusCode: status, Header: http.Header{}}, body: []byte(body), known: true}
			if o := r.outcome(noon); (o.Class == notify.Gone) != (status == 404 || status == 410) {
				t.Errorf("%d %s is %v", status, body, o.Class)
			}
		}
	}
}

func TestPushID(t *testing.T) {
	for location, want := range map[string]string{
		"https://push.example/m/abc-_1": "abc-_1", "/m/0:1500%25a": "0:1500%a", "m": "m", "": "", "/": "", "https://push.example": "",
		"/m/" + strings.Repeat("x", 65): "", "/m/a b": "", "/m/<b>": "", "http://[::1": "", "/m/é": "", "/m/x?token=secret": "x",
	} {
		if got := pushID(location); got != want {
			t.Errorf("%q is %q, want %q", location, got, want)
		}
	}
}
