package webpush

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"yourturn/notify"
)

// Our own words for what became of a push.
const (
	reasonForbidden   = "forbidden-address"
	reasonKeyMismatch = "key-mismatch"
	reasonTooLarge    = "too-large"
)

// Words of the push services that are passed on as they are.
var (
	// mismatches say that the subscription was made with another server's key: true of one device, whoever registered
	// it so, or of all when the operator has changed the key. Either way only subscribing anew helps.
	mismatches = []string{"VapidPkHashMismatch", "UnauthorizedRegistration", "MismatchSenderId", reasonKeyMismatch}
	// addresses say that there is something wrong with the endpoint as it stands, which no subscription would have.
	addresses = []string{"BadPath", "BadDeviceToken", "InvalidRegistration"}
	others    = []string{
		"BadJwtToken", "ExpiredJwtToken", "BadAuthorizationHeader", "BadWebPushTopic", "MethodNotAllowed", "PayloadEmpty",
		"PayloadTooLarge", "Unregistered", "NotRegistered", "ExpiredToken", "TooManyRequests", "InternalServerError",
		"ServiceUnavailable", "Shutdown",
	}
)

// reply is what a push service has answered.
type reply struct {
	*http.Response
	body     []byte
	known    bool // by a browser maker's own push service
	accepted bool // it has taken a push with the same token before
}

func (r reply) outcome(now time.Time) notify.Outcome {
	word := r.word()
	o := notify.Outcome{Class: r.class(word), Reason: word}
	if o.Class == notify.Sent {
		return notify.Outcome{Class: notify.Sent, ID: pushID(r.Header.Get("Location"))}
	}
	if o.Reason == "" {
		o.Reason = "status-" + strconv.Itoa(r.StatusCode)
	}
	if r.StatusCode == http.StatusRequestEntityTooLarge {
		o.Reason = reasonTooLarge
	}
	if o.Class == notify.Later || o.Class == notify.Down {
		o.After = notify.RetryAfter(r.Header.Get("Retry-After"), now)
	}
	return o
}

func (r reply) class(word string) notify.Class {
	switch status := r.StatusCode; {
	case status/100 == 2:
		return notify.Sent
	case slices.Contains(mismatches, word), slices.Contains(addresses, word):
		return notify.Rejected
	case status == http.StatusNotFound, status == http.StatusGone:
		return r.gone()
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return r.refused()
	case status == http.StatusTooManyRequests, status == http.StatusNotAcceptable:
		// Windows says 406 where others say 429. Of one device only, although some count all that a server sends: what
		// is too much now is taken a little later, and one device that is asked too often cannot silence the others.
		return notify.Later
	case status == http.StatusRequestTimeout, status/100 == 5:
		return notify.Down
	case status == http.StatusBadRequest, status == http.StatusLengthRequired, status == http.StatusRequestEntityTooLarge,
		status == http.StatusUnsupportedMediaType, status == http.StatusRequestHeaderFieldsTooLarge:
		return notify.Faulty
	}
	return notify.Rejected // a redirect, which is not followed, and whatever else
}

// gone reads 404 and 410, by which a push service says that a subscription is no more, in whatever words: Google's come
// as a page. From a host that an operator has added, a page is rather of a proxy that has lost the push service.
func (r reply) gone() notify.Class {
	if !r.known && r.isPage() {
		return notify.Rejected
	}
	return notify.Gone
}

// refused reads 401 and 403: a matter for the operator. But when the same token was taken for another device, it is likely
// the endpoint that this server may not push to, and anybody can register such endpoints: one of them must not stop the
// provider for the others. It is tried again, for the provider may have changed its mind about us.
func (r reply) refused() notify.Class {
	if r.accepted {
		return notify.Later
	}
	return notify.Misconfigured
}

func (r reply) isPage() bool {
	return strings.Contains(r.Header.Get("Content-Type"), "html") || bytes.HasPrefix(bytes.TrimSpace(r.body), []byte("<"))
}

// word is the push service's own, if it is one that we know: Apple's reason, Mozilla's number, Google's sentence.
func (r reply) word() string {
	var answer struct {
		Reason string `json:"reason"`
		Errno  int    `json:"errno"`
	}
	if json.Unmarshal(r.body, &answer) != nil {
		answer.Reason = string(bytes.TrimSpace(r.body))
	}
	switch {
	case slices.Contains(mismatches, answer.Reason), slices.Contains(addresses, answer.Reason), slices.Contains(others, answer.Reason):
		return answer.Reason
	case answer.Errno >= 100 && answer.Errno <= 999:
		return "errno-" + strconv.Itoa(answer.Errno)
	case bytes.Contains(r.body, []byte("do not correspond to the credentials used to create the subscription")):
		return reasonKeyMismatch
	}
	return ""
}

// pushID is the end of the address that a push service has given the push, when it is short.
func pushID(location string) string {
	u, err := url.Parse(location)
	if err != nil {
		return ""
	}
	id := u.Path[strings.LastIndexByte(u.Path, '/')+1:]
	if len(id) > 64 || strings.ContainsFunc(id, func(r rune) bool { return !isBase64URL(r) && !strings.ContainsRune(".:%~", r) }) {
		return ""
	}
	return id
}

// unreachable reads why there was no answer.
func unreachable(ctx context.Context, err error) notify.Outcome {
	switch {
	case errors.Is(err, errForbidden):
		return notify.Outcome{Class: notify.Rejected, Reason: reasonForbidden}
	case ctx.Err() != nil:
		err = ctx.Err() // what ended the request, whatever the error makes of it
	}
	return notify.Outcome{Class: notify.Down, Reason: notify.NetworkWord(err)}
}
