package apns

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/sideshow/apns2"

	"yourturn/notify"
)

// answer is what a request met.
type answer struct {
	status int
	empty  bool          // it had no body, as Apple's are when all is well
	reason string        // Apple's word; empty when a body is not of its form, so that somebody on the way speaks
	since  time.Time     // of a token that is no more
	after  time.Duration // how long we are asked to wait
}

func newAnswer(r *http.Response, body []byte, now time.Time) answer {
	a := answer{status: r.StatusCode, empty: len(bytes.TrimSpace(body)) == 0, after: notify.RetryAfter(r.Header.Get("Retry-After"), now)}
	var said struct {
		Reason    string          `json:"reason"`
		Timestamp json.RawMessage `json:"timestamp"`
	}
	if json.Unmarshal(body, &said) != nil {
		return a
	}
	a.reason = said.Reason
	// Milliseconds; as a string from some proxies, which the library does not read.
	if ms, err := strconv.ParseInt(strings.Trim(string(said.Timestamp), `"`), 10, 64); err == nil && ms > 0 {
		a.since = time.UnixMilli(ms)
	}
	return a
}

// word is what Apple means by a reason, said with a status.
type word struct {
	status int
	class  notify.Class
}

// words are Apple's. For the two of a token that cannot be reached with this topic in this environment, it also has a
// wrong topic or environment of ours in mind, so they never mean that the device is gone.
var words = map[string]word{
	apns2.ReasonUnregistered: {410, notify.Gone},
	apns2.ReasonExpiredToken: {410, notify.Gone},

	apns2.ReasonBadDeviceToken:         {400, notify.Rejected},
	apns2.ReasonDeviceTokenNotForTopic: {400, notify.Rejected},

	apns2.ReasonTooManyRequests: {429, notify.Later}, // to this device

	apns2.ReasonTooManyProviderTokenUpdates: {429, notify.Down},
	apns2.ReasonIdleTimeout:                 {400, notify.Down},
	apns2.ReasonInternalServerError:         {500, notify.Down}, // Apple's advice is to wait for 15 minutes; the caller's back-off gets there
	apns2.ReasonServiceUnavailable:          {503, notify.Down},
	apns2.ReasonShutdown:                    {503, notify.Down},

	apns2.ReasonBadCertificate:            {403, notify.Misconfigured},
	apns2.ReasonBadCertificateEnvironment: {403, notify.Misconfigured},
	apns2.ReasonExpiredProviderToken:      {403, notify.Misconfigured}, // twice in a row: our clock is wrong
	apns2.ReasonForbidden:                 {403, notify.Misconfigured},
	apns2.ReasonInvalidProviderToken:      {403, notify.Misconfigured},
	apns2.ReasonMissingProviderToken:      {403, notify.Misconfigured},
	"BadEnvironmentKeyIdInToken":          {403, notify.Misconfigured}, // these two are younger than the library
	"UnrelatedKeyIdInToken":               {403, notify.Misconfigured},
	apns2.ReasonBadTopic:                  {400, notify.Misconfigured},
	apns2.ReasonMissingTopic:              {400, notify.Misconfigured},
	apns2.ReasonTopicDisallowed:           {400, notify.Misconfigured},

	apns2.ReasonBadCollapseID:      {400, notify.Faulty},
	apns2.ReasonBadExpirationDate:  {400, notify.Faulty},
	apns2.ReasonBadMessageID:       {400, notify.Faulty},
	apns2.ReasonBadPriority:        {400, notify.Faulty},
	apns2.ReasonDuplicateHeaders:   {400, notify.Faulty},
	apns2.ReasonInvalidPushType:    {400, notify.Faulty},
	apns2.ReasonMissingDeviceToken: {400, notify.Faulty},
	apns2.ReasonPayloadEmpty:       {400, notify.Faulty},
	apns2.ReasonBadPath:            {404, notify.Faulty},
	apns2.ReasonMethodNotAllowed:   {405, notify.Faulty},
	apns2.ReasonPayloadTooLarge:    {413, notify.Faulty},
}

// outcome is what an answer means. A word counts only with its status; whatever we do not know is judged by the status
// alone, and its text goes no further.
func (a answer) outcome() notify.Outcome {
	if a.status == http.StatusOK && a.empty {
		return notify.Outcome{Class: notify.Sent}
	}
	w, known := words[a.reason]
	o := notify.Outcome{Class: a.byStatus(), Reason: "status-" + strconv.Itoa(a.status)}
	if known && w.status == a.status {
		o.Class, o.Reason = w.class, a.reason
	}
	switch o.Class {
	case notify.Gone:
		o.Since = a.since
	case notify.Later, notify.Down:
		o.After = a.after
	}
	if o.Reason == apns2.ReasonTooManyProviderTokenUpdates {
		o.After = max(o.After, renewPause)
	}
	return o
}

func (a answer) byStatus() notify.Class {
	switch {
	case a.status == http.StatusUnauthorized, a.status == http.StatusForbidden, a.status == http.StatusProxyAuthRequired:
		return notify.Misconfigured
	case a.status == http.StatusTooManyRequests, a.status == http.StatusRequestTimeout:
		return notify.Down
	case a.status/100 == 4 && a.reason != "":
		return notify.Faulty
	}
	return notify.Down // of 200 as well, with a body that Apple never sends
}

// provesToken says that Apple looked at the device, so it has taken our token before.
func (a answer) provesToken() bool {
	switch a.outcome().Class {
	case notify.Sent, notify.Gone, notify.Rejected, notify.Later:
		return true
	}
	return false
}

// failure is our word for a push without an answer. The error itself names the device's token, and goes no further.
func failure(err error) string {
	switch {
	case errors.Is(err, errClosed):
		return "closed"
	case errors.Is(err, errNoHTTP2):
		return "no-http2"
	}
	return notify.NetworkWord(err)
}
