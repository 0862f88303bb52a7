package apns

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"yourturn/notify"
	"yourturn/notify/providertest"
)

func TestAnswers(t *testing.T) {
	at := time.UnixMilli(1_700_000_000_123)
	type fault = providertest.Fault
	type outcome = notify.Outcome
	for name, c := range map[string]struct {
		fault fault
		want  outcome
	}{
		"unregistered":  {fault{Reason: "Unregistered", Timestamp: at}, outcome{Class: notify.Gone, Reason: "Unregistered", Since: at}},
		"token expired": {fault{Reason: "ExpiredToken", Timestamp: at}, outcome{Class: notify.Gone, Reason: "ExpiredToken", Since: at}},

		"bad token":        {fault{Reason: "BadDeviceToken"}, outcome{Class: notify.Rejected, Reason: "BadDeviceToken"}},
		"other app's":      {fault{Reason: "DeviceTokenNotForTopic"}, outcome{Class: notify.Rejected, Reason: "DeviceTokenNotForTopic"}},
		"too many to it":   {fault{Reason: "TooManyRequests"}, outcome{Class: notify.Later, Reason: "TooManyRequests"}},
		"and for how long": {fault{Reason: "TooManyRequests", RetryAfter: "90"}, outcome{Class: notify.Later, Reason: "TooManyRequests", After: 90 * time.Second}},

		"too many tokens of ours": {fault{Reason: "TooManyProviderTokenUpdates"},
			outcome{Class: notify.Down, Reason: "TooManyProviderTokenUpdates", After: 20 * time.Minute}},
		"and for longer": {fault{Reason: "TooManyProviderTokenUpdates", RetryAfter: "3600"},
			outcome{Class: notify.Down, Reason: "TooManyProviderTokenUpdates", After: time.Hour}},
		"idle":              {fault{Reason: "IdleTimeout"}, outcome{Class: notify.Down, Reason: "IdleTimeout"}},
		"internal":          {fault{Reason: "InternalServerError"}, outcome{Class: notify.Down, Reason: "InternalServerError"}},
		"unavailable":       {fault{Reason: "ServiceUnavailable"}, outcome{Class: notify.Down, Reason: "ServiceUnavailable"}},
		"unavailable until": {fault{Reason: "ServiceUnavailable", RetryAfter: "900"}, outcome{Class: notify.Down, Reason: "ServiceUnavailable", After: 15 * time.Minute}},
		"shutting down":     {fault{Reason: "Shutdown"}, outcome{Class: notify.Down, Reason: "Shutdown"}},
		"an unknown 5xx":    {fault{Status: 504, Reason: "Whatever"}, outcome{Class: notify.Down, Reason: "status-504"}},
		"an unknown 429":    {fault{Status: 429, Reason: "Whatever", RetryAfter: "5"}, outcome{Class: notify.Down, Reason: "status-429", After: 5 * time.Second}},

		"bad certificate":       {fault{Reason: "BadCertificate"}, outcome{Class: notify.Misconfigured, Reason: "BadCertificate"}},
		"other environment's":   {fault{Reason: "BadCertificateEnvironment"}, outcome{Class: notify.Misconfigured, Reason: "BadCertificateEnvironment"}},
		"forbidden":             {fault{Reason: "Forbidden"}, outcome{Class: notify.Misconfigured, Reason: "Forbidden"}},
		"invalid token":         {fault{Reason: "InvalidProviderToken"}, outcome{Class: notify.Misconfigured, Reason: "InvalidProviderToken"}},
		"missing token":         {fault{Reason: "MissingProviderToken"}, outcome{Class: notify.Misconfigured, Reason: "MissingProviderToken"}},
		"key of an environment": {fault{Reason: "BadEnvironmentKeyIdInToken"}, outcome{Class: notify.Misconfigured, Reason: "BadEnvironmentKeyIdInToken"}},
		"another key":           {fault{Reason: "UnrelatedKeyIdInToken"}, outcome{Class: notify.Misconfigured, Reason: "UnrelatedKeyIdInToken"}},
		"a 403 of tomorrow":     {fault{Status: 403, Reason: "SomethingNew"}, outcome{Class: notify.Misconfigured, Reason: "status-403"}},
		"bad topic":             {fault{Reason: "BadTopic"}, outcome{Class: notify.Misconfigured, Reason: "BadTopic"}},
		"missing topic":         {fault{Reason: "MissingTopic"}, outcome{Class: notify.Misconfigured, Reason: "MissingTopic"}},
		"topic disallowed":      {fault{Reason: "TopicDisallowed"}, outcome{Class: notify.Misconfigured, Reason: "TopicDisallowed"}},

		"too large":         {fault{Reason: "PayloadTooLarge"}, outcome{Class: notify.Faulty, Reason: "PayloadTooLarge"}},
		"collapse id":       {fault{Reason: "BadCollapseId"}, outcome{Class: notify.Faulty, Reason: "BadCollapseId"}},
		"expiration":        {fault{Reason: "BadExpirationDate"}, outcome{Class: notify.Faulty, Reason: "BadExpirationDate"}},
		"id":                {fault{Reason: "BadMessageId"}, outcome{Class: notify.Faulty, Reason: "BadMessageId"}},
		"priority":          {fault{Reason: "BadPriority"}, outcome{Class: notify.Faulty, Reason: "BadPriority"}},
		"headers":           {fault{Reason: "DuplicateHeaders"}, outcome{Class: notify.Faulty, Reason: "DuplicateHeaders"}},
		"push type":         {fault{Reason: "InvalidPushType"}, outcome{Class: notify.Faulty, Reason: "InvalidPushType"}},
		"no device":         {fault{Reason: "MissingDeviceToken"}, outcome{Class: notify.Faulty, Reason: "MissingDeviceToken"}},
		"empty":             {fault{Reason: "PayloadEmpty"}, outcome{Class: notify.Faulty, Reason: "PayloadEmpty"}},
		"path":              {fault{Reason: "BadPath"}, outcome{Class: notify.Faulty, Reason: "BadPath"}},
		"method":            {fault{Reason: "MethodNotAllowed"}, outcome{Class: notify.Faulty, Reason: "MethodNotAllowed"}},
		"a 400 of tomorrow": {fault{Status: 400, Reason: "SomethingNew"}, outcome{Class: notify.Faulty, Reason: "status-400"}},

		"a proxy wants a password": {fault{Status: 407, HTML: true}, outcome{Class: notify.Misconfigured, Reason: "status-407"}},
		"a proxy knows nobody":     {fault{Status: 401, HTML: true}, outcome{Class: notify.Misconfigured, Reason: "status-401"}},
		"a proxy forbids":          {fault{Status: 403, HTML: true}, outcome{Class: notify.Misconfigured, Reason: "status-403"}},
		"a proxy finds nothing":    {fault{Status: 404, HTML: true}, outcome{Class: notify.Down, Reason: "status-404"}},
		"a proxy is full":          {fault{Status: 413, HTML: true}, outcome{Class: notify.Down, Reason: "status-413"}},
		"a proxy is tired":         {fault{Status: 503, HTML: true, RetryAfter: "7"}, outcome{Class: notify.Down, Reason: "status-503", After: 7 * time.Second}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.apns.FailAlways(deviceToken(1), c.fault)
			p := pushTo(1)
			got := w.send(t, p)
			if !c.fault.HTML {
				c.want.ID = uuid(p.ID)
			}
			if got != c.want {
				t.Errorf("%+v, want %+v", got, c.want)
			}
			if n := len(w.apns.Received()); n != 1 {
				t.Errorf("tried %d times", n)
			}
		})
	}
}

// TestAttackNothingButApplesWordForgetsADevice: what looks like it, and is not.
func TestAttackNothingButApplesWordForgetsADevice(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
	}{
		"a page":                    {410, "<html>Gone</html>"},
		"nothing":                   {410, ""},
		"another reason":            {410, `{"reason":"BadDeviceToken","timestamp":1}`},
		"a reason of tomorrow":      {410, `{"reason":"Moved","timestamp":1}`},
		"no reason":                 {410, `{"error":"Unregistered"}`},
		"not a word":                {410, `{"reason":{"Unregistered":1}}`},
		"a list":                    {410, `["Unregistered"]`},
		"a string":                  {410, `"Unregistered"`},
		"null":                      {410, `null`},
		"more than one thing":       {410, `{"reason":"Unregistered"}{}`},
		"another spelling":          {410, `{"reason":"unregistered"}`},
		"the word with 400":         {400, `{"reason":"Unregistered"}`},
		"the word with 403":         {403, `{"reason":"ExpiredToken"}`},
		"the word with 404":         {404, `{"reason":"Unregistered"}`},
		"the word with 503":         {503, `{"reason":"Unregistered"}`},
		"the word with 200":         {200, `{"reason":"Unregistered"}`},
		"not found, as other do it": {404, `{"error":{"status":"UNREGISTERED"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorldOf(t, http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
				rw.WriteHeader(c.status)
				fmt.Fprint(rw, c.body)
			}))
			o := w.send(t, pushTo(1))
			if o.Class == notify.Gone || o.Class == notify.Sent || o.Class == notify.Rejected || !o.Since.IsZero() {
				t.Errorf("%+v", o)
			}
			if !strings.HasPrefix(o.Reason, "status-") {
				t.Errorf("passed on: %s", o.Reason)
			}
		})
	}
}

func TestTimestamps(t *testing.T) {
	at := time.UnixMilli(1_700_000_000_123)
	for name, c := range map[string]struct {
		body string
		want time.Time
	}{
		"as Apple does it": {`{"reason":"Unregistered","timestamp":1700000000123}`, at},
		"as a string":      {`{"reason":"Unregistered","timestamp":"1700000000123"}`, at},
		"none":             {`{"reason":"Unregistered"}`, time.Time{}},
		"null":             {`{"reason":"Unregistered","timestamp":null}`, time.Time{}},
		"zero":             {`{"reason":"Unregistered","timestamp":0}`, time.Time{}},
		"a fraction":       {`{"reason":"Unregistered","timestamp":1.7e12}`, time.Time{}},
		"a word":           {`{"reason":"Unregistered","timestamp":"soon"}`, time.Time{}},
		"a lot":            {`{"reason":"Unregistered","timestamp":99999999999999999999999}`, time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorldOf(t, http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
				rw.WriteHeader(http.StatusGone)
				fmt.Fprint(rw, c.body)
			}))
			if o := w.send(t, pushTo(1)); o.Class != notify.Gone || !o.Since.Equal(c.want) {
				t.Errorf("%+v", o)
			}
		})
	}
}

// TestAttackAPageThatSaysAllIsWell: whoever signs in to the café's network first gets one.
func TestAttackAPageThatSaysAllIsWell(t *testing.T) {
	w := newWorld(t)
	w.apns.FailAlways("", providertest.Fault{Status: 200, HTML: true})
	if o := w.send(t, pushTo(1)); o.Class != notify.Down || o.Reason != "status-200" {
		t.Errorf("%+v", o)
	}
}

func TestAttackTextsOfOthersGoNoFurther(t *testing.T) {
	secret := deviceToken(1)
	w := newWorldOf(t, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("apns-id", secret)
		rw.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(rw, `{"reason":%q}`, secret)
	}))
	if o := w.send(t, pushTo(1)); o != (notify.Outcome{Class: notify.Faulty, Reason: "status-400"}) {
		t.Errorf("%+v", o)
	}
}
