package fcm

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"yourturn/notify"
)

// Whatever is said, and by whom: only Firebase's own word about a token may cost a device its address.
func TestAttackNobodyElseSaysGone(t *testing.T) {
	const firebase = `"@type":"type.googleapis.com/google.firebase.fcm.v1.FcmError"`
	const sentence = "The registration token is not a valid FCM registration token"
	said := func(status, message, details string) string {
		return `{"error":{"status":"` + status + `","message":"` + message + `","details":[` + details + `]}}`
	}
	unregistered := said("NOT_FOUND", "", `{`+firebase+`,"errorCode":"UNREGISTERED"}`)
	badToken := `{"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":[{"field":"message.token"}]}`
	badData := `{"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":[{"field":"message.data[0].value"}]}`
	invalid := `{` + firebase + `,"errorCode":"INVALID_ARGUMENT"}`
	for name, c := range map[string]struct {
		status int
		body   string
		want   notify.Class
	}{
		"Firebase's word":                 {404, unregistered, notify.Gone},
		"Firebase's sentence":             {400, said("INVALID_ARGUMENT", sentence, invalid), notify.Gone},
		"the sentence, and the field":     {400, said("INVALID_ARGUMENT", sentence, invalid+","+badToken), notify.Gone},
		"nothing":                         {404, "", notify.Misconfigured},
		"a page":                          {404, "<html>UNREGISTERED", notify.Misconfigured},
		"a 404 of Google's":               {404, said("NOT_FOUND", "Requested entity was not found.", ""), notify.Misconfigured},
		"another's detail":                {404, said("NOT_FOUND", "", `{"@type":"type.googleapis.com/google.rpc.ErrorInfo","errorCode":"UNREGISTERED"}`), notify.Misconfigured},
		"a detail of no type":             {404, said("NOT_FOUND", "", `{"errorCode":"UNREGISTERED"}`), notify.Misconfigured},
		"a type that only ends so":        {404, said("NOT_FOUND", "", `{"@type":"evil/type.googleapis.com/google.firebase.fcm.v1.FcmError","errorCode":"UNREGISTERED"}`), notify.Misconfigured},
		"the word as a status":            {404, said("UNREGISTERED", "UNREGISTERED", ""), notify.Misconfigured},
		"the word of a 401":               {401, unregistered, notify.Misconfigured},
		"the word of a 403":               {403, unregistered, notify.Misconfigured},
		"the word of a 410":               {410, unregistered, notify.Misconfigured},
		"the word of a 503":               {503, unregistered, notify.Down},
		"the word of a redirect":          {302, unregistered, notify.Misconfigured},
		"half an answer":                  {404, unregistered[:len(unregistered)-3], notify.Misconfigured},
		"two answers":                     {404, unregistered + unregistered, notify.Misconfigured},
		"the sentence without Firebase":   {400, said("INVALID_ARGUMENT", sentence, ""), notify.Faulty},
		"the sentence in a longer one":    {400, said("INVALID_ARGUMENT", sentence+" or data", invalid), notify.Faulty},
		"the sentence, of another field":  {400, said("INVALID_ARGUMENT", sentence, invalid+","+badData), notify.Faulty},
		"an argument, we know not which":  {400, said("INVALID_ARGUMENT", "Request contains an invalid argument.", invalid), notify.Faulty},
		"the data":                        {400, said("INVALID_ARGUMENT", "Invalid value", badData), notify.Faulty},
		"the token, in a general way":     {400, said("INVALID_ARGUMENT", "Request contains an invalid argument.", invalid+","+badToken), notify.Rejected},
		"the token and the data":          {400, said("INVALID_ARGUMENT", "Request contains an invalid argument.", badToken+","+badData), notify.Faulty},
		"a 400 that is not about it":      {400, said("FAILED_PRECONDITION", "", ""), notify.Misconfigured},
		"a 400 of somebody else":          {400, "Bad Request", notify.Misconfigured},
		"shapes that do not fit":          {404, `{"error":{"details":{"errorCode":"UNREGISTERED"}}}`, notify.Misconfigured},
		"an error that is only a text":    {404, `{"error":"UNREGISTERED"}`, notify.Misconfigured},
		"a list":                          {404, `[` + unregistered + `]`, notify.Misconfigured},
		"another detail after Firebase's": {404, said("NOT_FOUND", "", `{`+firebase+`,"errorCode":"UNREGISTERED"},{"@type":"x","errorCode":"INTERNAL"}`), notify.Gone},
	} {
		t.Run(name, func(t *testing.T) {
			got := refused(answer{status: c.status, body: []byte(c.body)}, time.Now())
			if got.Class != c.want {
				t.Errorf("%v", got)
			}
		})
	}
}

func TestAttackReasonOfUnknownOrigin(t *testing.T) {
	known := regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
	for _, word := range []string{"", "x y", `evil\nline`, strings.Repeat("A", 10_000), device, "unregistered", "<script>"} {
		body := `{"error":{"status":"` + word + `","details":[{"@type":"` + fcmDetail + `","errorCode":"` + word + `"}]}}`
		for _, status := range []int{400, 404, 503} {
			got := refused(answer{status: status, body: []byte(body)}, time.Now())
			if !known.MatchString(got.Reason) || !strings.HasPrefix(got.Reason, "status-") {
				t.Errorf("%.20q: %q", word, got.Reason)
			}
		}
	}
	for _, word := range words {
		if !known.MatchString(word) {
			t.Error(word)
		}
	}
}

func TestAttackNameOfUnknownOrigin(t *testing.T) {
	for _, name := range []string{"a b", "a\nb", "é", strings.Repeat("x", 256)} {
		if got := taken(name); got != (notify.Outcome{Class: notify.Sent}) {
			t.Errorf("%+v", got)
		}
	}
}

func TestQuotas(t *testing.T) {
	said := func(violations string) []byte {
		return []byte(`{"error":{"status":"RESOURCE_EXHAUSTED","details":[{"@type":"` + quotaDetail + `","violations":[` + violations + `]}]}}`)
	}
	for name, c := range map[string]struct {
		body []byte
		want notify.Class
	}{
		"no word of which": {[]byte(`{"error":{"status":"RESOURCE_EXHAUSTED"}}`), notify.Down},
		"the device's":     {said(`{"subject":"device:1","description":"Device message rate exceeded"}`), notify.Later},
		"the project's":    {said(`{"subject":"project:1","description":"Message rate exceeded"}`), notify.Down},
		"both":             {said(`{"subject":"device:1"},{"subject":"project:1"}`), notify.Down},
		"an empty one":     {said(`{}`), notify.Down},
		"none":             {said(``), notify.Down},
	} {
		got := refused(answer{status: http.StatusTooManyRequests, body: c.body}, time.Now())
		if got != (notify.Outcome{Class: c.want, Reason: "RESOURCE_EXHAUSTED", After: time.Minute}) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
