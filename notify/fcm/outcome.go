package fcm

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"cloud.google.com/go/auth"

	"yourturn/notify"
)

// quotaPause is how long Google is left alone when a quota is used up and it does not say for how long.
const quotaPause = time.Minute

// The types of the details of Google's errors.
const (
	fcmDetail   = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
	fieldDetail = "type.googleapis.com/google.rpc.BadRequest"
	quotaDetail = "type.googleapis.com/google.rpc.QuotaFailure"
)

// notAToken is Firebase's sentence about a token that never was one. The same error code is said of messages that are
// wrong, so only the sentence tells.
const notAToken = "The registration token is not a valid FCM registration token"

// words are the provider's own that may stand as a reason; whatever else it says is not repeated.
var words = []string{
	"UNREGISTERED", "INVALID_ARGUMENT", "SENDER_ID_MISMATCH", "QUOTA_EXCEEDED", "UNAVAILABLE", "INTERNAL",
	"THIRD_PARTY_AUTH_ERROR", "APNS_AUTH_ERROR", "UNSPECIFIED_ERROR",
	"FAILED_PRECONDITION", "OUT_OF_RANGE", "UNAUTHENTICATED", "PERMISSION_DENIED", "NOT_FOUND", "ABORTED",
	"ALREADY_EXISTS", "RESOURCE_EXHAUSTED", "CANCELLED", "UNIMPLEMENTED", "DEADLINE_EXCEEDED", "UNKNOWN",
}

// problem is Google's error as it is read.
type problem struct {
	status  string // the answer's own word for what is wrong; a page of a proxy has none
	code    string // Firebase's error code, when it gave one
	message string
	fields  []string // of the message that are wrong
	limits  []string // that are used up, in Google's words
}

func readProblem(body []byte) problem {
	var wire struct {
		Error struct {
			Status  string `json:"status"`
			Message string `json:"message"`
			Details []struct {
				Type            string `json:"@type"`
				ErrorCode       string `json:"errorCode"`
				FieldViolations []struct {
					Field string `json:"field"`
				} `json:"fieldViolations"`
				Violations []struct {
					Subject     string `json:"subject"`
					Description string `json:"description"`
				} `json:"violations"`
			} `json:"details"`
		} `json:"error"`
	}
	if json.Unmarshal(body, &wire) != nil {
		return problem{}
	}
	p := problem{status: wire.Error.Status, message: wire.Error.Message}
	for _, d := range wire.Error.Details {
		switch d.Type {
		case fcmDetail:
			p.code = d.ErrorCode
		case fieldDetail:
			for _, v := range d.FieldViolations {
				p.fields = append(p.fields, v.Field)
			}
		case quotaDetail:
			for _, v := range d.Violations {
				p.limits = append(p.limits, v.Subject+" "+v.Description)
			}
		}
	}
	return p
}

// refused says what an answer other than 2xx means.
func refused(a answer, now time.Time) notify.Outcome {
	p := readProblem(a.body)
	o := notify.Outcome{Class: class(a.status, p), Reason: p.reason(a.status)}
	if o.Class == notify.Down || o.Class == notify.Later {
		o.After = notify.RetryAfter(a.header.Get("Retry-After"), now)
	}
	if a.status == http.StatusTooManyRequests && o.After == 0 {
		o.After = quotaPause
	}
	return o
}

func class(status int, p problem) notify.Class {
	switch {
	case status == http.StatusTooManyRequests && p.isOfDevice():
		return notify.Later
	case status >= 500, status == http.StatusTooManyRequests, status == http.StatusRequestTimeout:
		return notify.Down
	case p.saysGone(status):
		return notify.Gone
	// The key that Firebase has for Apple or for browsers is wrong, or the token is of another project. Neither stops the
	// phones that have nothing to do with it, as a Misconfigured would; and of the token itself it proves nothing.
	case p.code == "THIRD_PARTY_AUTH_ERROR", p.code == "APNS_AUTH_ERROR", p.code == "SENDER_ID_MISMATCH":
		return notify.Rejected
	case status == http.StatusBadRequest && p.status == "INVALID_ARGUMENT" && p.blamesToken():
		return notify.Rejected
	case status == http.StatusBadRequest && p.status == "INVALID_ARGUMENT":
		return notify.Faulty
	}
	return notify.Misconfigured // our key, our project, our address of Firebase, or a proxy
}

// saysGone demands Firebase's own word about the token: a 404 alone comes also from a wrong project and from a proxy.
func (p problem) saysGone(status int) bool {
	switch status {
	case http.StatusNotFound:
		return p.code == "UNREGISTERED"
	case http.StatusBadRequest:
		return p.code == "INVALID_ARGUMENT" && p.message == notAToken && (len(p.fields) == 0 || p.blamesToken())
	}
	return false
}

// blamesToken says that the token is all that is wrong with a message.
func (p problem) blamesToken() bool {
	return len(p.fields) > 0 && !slices.ContainsFunc(p.fields, func(f string) bool { return f != "message.token" })
}

// isOfDevice says that too much was sent to one device, and the project has not used up its own quota.
func (p problem) isOfDevice() bool {
	return len(p.limits) > 0 && !slices.ContainsFunc(p.limits, func(l string) bool {
		return !strings.Contains(strings.ToLower(l), "device")
	})
}

// reason is the provider's word when it is one that we know.
func (p problem) reason(status int) string {
	for _, word := range []string{p.code, p.status} {
		if slices.Contains(words, word) {
			return word
		}
	}
	return "status-" + strconv.Itoa(status)
}

// taken reads an answer that says yes. Firebase gives every message a name; who says yes without one is not Firebase.
func taken(id string) notify.Outcome {
	if id == "" {
		return notify.Outcome{Class: notify.Misconfigured, Reason: "unknown-answer"}
	}
	if len(id) > 255 || strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' }) {
		id = ""
	}
	return notify.Outcome{Class: notify.Sent, ID: id}
}

// faulty is a push that cannot be sent at all.
func faulty(err error) notify.Outcome {
	var m mistake
	if errors.As(err, &m) {
		return notify.Outcome{Class: notify.Faulty, Reason: string(m)}
	}
	return notify.Outcome{Class: notify.Faulty, Reason: "message"}
}

// unreachable is an error of the network: nobody has answered.
func unreachable(prefix string, err error) notify.Outcome {
	return notify.Outcome{Class: notify.Down, Reason: prefix + notify.NetworkWord(err)}
}

// oauthWords are what a token endpoint may say.
var oauthWords = []string{
	"invalid_grant", "invalid_client", "invalid_request", "invalid_scope", "unauthorized_client",
	"unsupported_grant_type", "access_denied",
}

// unauthorized says what it means that there is no access token.
func unauthorized(err error) notify.Outcome {
	var said *auth.Error
	var syntax *json.SyntaxError
	var shape *json.UnmarshalTypeError
	switch {
	case errors.As(err, &said):
		return unsigned(said, time.Now())
	case errors.Is(err, errNoToken), errors.As(err, &syntax), errors.As(err, &shape):
		return notify.Outcome{Class: notify.Misconfigured, Reason: "token-unknown-answer"}
	}
	return unreachable("token-", err)
}

func unsigned(e *auth.Error, now time.Time) notify.Outcome {
	status := e.Response.StatusCode
	if status >= 500 || status == http.StatusTooManyRequests || status == http.StatusRequestTimeout {
		return notify.Outcome{
			Class: notify.Down, Reason: "token-status-" + strconv.Itoa(status), After: notify.RetryAfter(e.Response.Header.Get("Retry-After"), now),
		}
	}
	var wire struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(e.Body, &wire) == nil && slices.Contains(oauthWords, wire.Error) {
		return notify.Outcome{Class: notify.Misconfigured, Reason: wire.Error}
	}
	return notify.Outcome{Class: notify.Misconfigured, Reason: "token-status-" + strconv.Itoa(status)}
}
