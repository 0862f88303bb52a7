package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"yourturn/games"
	"yourturn/matchmaking"
	"yourturn/notify"
	"yourturn/player"
	"yourturn/session"
)

const (
	problemMediaType = "application/problem+json"
	problemURN       = "urn:yourturn:problem:"

	// anyRule stands in an operation's list of problems for every rule-<name> that a game may answer.
	anyRule = "rule-*"
)

// problems lists every refusal that a client can meet. Names are a promise: apps switch on them, so they are
// never renamed and never given another status.
var problems = map[string]struct {
	status int
	title  string
}{
	"malformed":               {http.StatusBadRequest, "The request cannot be read"},
	"token-missing":           {http.StatusUnauthorized, "A bearer token is needed"},
	"token-expired":           {http.StatusUnauthorized, "The access token has expired: refresh it"},
	"token-invalid":           {http.StatusUnauthorized, "The token is not valid: sign in again"},
	"not-found":               {http.StatusNotFound, "There is no such thing, or it is not yours"},
	"method-not-allowed":      {http.StatusMethodNotAllowed, "This method does nothing here"},
	"not-acceptable":          {http.StatusNotAcceptable, "The answer cannot be had in this form"},
	"body-timeout":            {http.StatusRequestTimeout, "The body took too long to arrive"},
	"identity-unknown":        {http.StatusNotFound, "Nobody plays by this identity yet"},
	"already-moved":           {http.StatusConflict, "Another move was already played in this turn"},
	"identity-present":        {http.StatusConflict, "You have another identity of this provider"},
	"identity-taken":          {http.StatusConflict, "Another account has this identity: ask the person which one stays"},
	"invitation-accepted":     {http.StatusConflict, "You sit at the table already: leave it instead"},
	"not-private":             {http.StatusConflict, "Nobody can be invited to this table"},
	"not-your-turn":           {http.StatusConflict, "It is not your turn"},
	"other-rules":             {http.StatusConflict, "The session was started under rules that this server does not have"},
	"player-blocked":          {http.StatusConflict, "You have blocked this player"},
	"player-gone":             {http.StatusConflict, "Somebody who sat at the table is gone"},
	"role-taken":              {http.StatusConflict, "The role is taken"},
	"session-active":          {http.StatusConflict, "The session is not over"},
	"session-finished":        {http.StatusConflict, "The session is over"},
	"session-full":            {http.StatusConflict, "Every seat is taken"},
	"session-started":         {http.StatusConflict, "The session has started"},
	"session-waiting":         {http.StatusConflict, "The session has not started"},
	"stale-turn":              {http.StatusConflict, "The turn has passed"},
	"too-many-blocks":         {http.StatusConflict, "Too many players are blocked"},
	"too-many-bots":           {http.StatusConflict, "Too many sessions with bots are open"},
	"too-many-devices":        {http.StatusConflict, "Too many devices are registered"},
	"too-many-invitations":    {http.StatusConflict, "Too many invitations are open"},
	"too-many-tickets":        {http.StatusConflict, "Too many tickets are open"},
	"body-too-large":          {http.StatusRequestEntityTooLarge, "The body is too large"},
	"unsupported-media-type":  {http.StatusUnsupportedMediaType, "The body must be application/json"},
	"channel-not-configured":  {http.StatusUnprocessableEntity, "This server does not push on that channel"},
	"id-token-invalid":        {http.StatusUnprocessableEntity, "The id token is not valid here"},
	"link-code-invalid":       {http.StatusUnprocessableEntity, "No such code, or it was used, or it is too old"},
	"provider-not-configured": {http.StatusUnprocessableEntity, "This server does not know this identity provider"},
	"player-unknown":          {http.StatusUnprocessableEntity, "There is no such player"},
	"idempotency-mismatch":    {http.StatusUnprocessableEntity, "The idempotency key was used for another request"},
	"invalid":                 {http.StatusUnprocessableEntity, "The request is not valid"},
	anyRule:                   {http.StatusUnprocessableEntity, "The rules of the game refuse it"},
	"rate-limited":            {http.StatusTooManyRequests, "Too many requests"},
	"too-many-streams":        {http.StatusTooManyRequests, "Too many streams are open"},
	"header-too-large":        {http.StatusRequestHeaderFieldsTooLarge, "The headers are too large"},
	"internal":                {http.StatusInternalServerError, "Something went wrong on the server"},
	"busy":                    {http.StatusServiceUnavailable, "The server is busy: try again"},
	"identity-provider-down":  {http.StatusServiceUnavailable, "The identity provider does not answer: try again"},
	"timeout":                 {http.StatusServiceUnavailable, "The server could not answer in time: try again"},
	"unavailable":             {http.StatusServiceUnavailable, "The server is not available: try again"},
}

// Problem is a refusal as RFC 9457 writes it, and an error that a handler can return as it is.
type Problem struct {
	Type       string         `json:"type" doc:"Stable name of the kind of problem: urn:yourturn:problem:<name>. Switch on it, not on the texts." example:"urn:yourturn:problem:not-your-turn"`
	Title      string         `json:"title" doc:"What this kind of problem is, in English." example:"It is not your turn"`
	Status     int            `json:"status" doc:"The HTTP status." example:"409"`
	Detail     string         `json:"detail,omitempty" doc:"What was wrong this time, in English."`
	RequestID  string         `json:"request_id" doc:"Names this request in the server's log." example:"06f1c9p3v8z2m6r0y4h7c1n5ks"`
	Errors     []ProblemError `json:"errors,omitempty" doc:"What is invalid, one by one."`
	Session    *Session       `json:"session,omitempty" doc:"The session as you see it now, when the problem concerns one of yours."`
	RetryAfter int            `json:"retry_after,omitempty" doc:"Try again after so many seconds. Also sent as the header Retry-After."`
	Mine       *Account       `json:"mine,omitempty" doc:"With identity-taken: the account that asks."`
	Other      *Account       `json:"other,omitempty" doc:"With identity-taken: the account that has the identity."`
}

// ProblemError is one invalid part of a request. It never repeats the value: that may be a token.
type ProblemError struct {
	Location string `json:"location" doc:"Where, as in body.move.cell, query.limit or path.session_id." example:"body.game"`
	Message  string `json:"message" doc:"What was expected." example:"this server has no such game"`
}

var (
	_ huma.StatusError       = (*Problem)(nil)
	_ huma.HeadersError      = (*Problem)(nil)
	_ huma.ContentTypeFilter = (*Problem)(nil)
)

// newProblem makes a problem of the table. A name that is not in it is a mistake of ours, found by the first test that
// meets it; a client would see the recovered panic as `internal`.
func newProblem(name, detail string) *Problem {
	kind, ok := problems[name]
	if !ok || name == anyRule {
		panic("api: unlisted problem " + strconv.Quote(name))
	}
	return &Problem{Type: problemURN + name, Title: kind.title, Status: kind.status, Detail: detail}
}

var ruleName = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// ruleProblem is a game's typed refusal of a move or a config, as in ruleProblem("cell-taken", "Cell 4 is taken.").
func ruleProblem(rule, detail string) *Problem {
	if len(rule) > 48 || !ruleName.MatchString(rule) {
		panic("api: bad rule name " + strconv.Quote(rule))
	}
	kind := problems[anyRule]
	return &Problem{Type: problemURN + "rule-" + rule, Title: kind.title, Status: kind.status, Detail: detail}
}

// problemOf says what a client is told about err. Nothing of an unknown error leaves the server (a driver's text names
// hosts and may name secrets): it goes to the log under the request's id.
func problemOf(ctx context.Context, err error) *Problem {
	var p *Problem
	switch {
	case errors.As(err, &p):
		return p
	case errors.Is(err, session.ErrUnknown): // before the deadline that it may be the reason of
		return newProblem("unavailable", "").after(time.Second)
	case errors.Is(err, context.DeadlineExceeded):
		return newProblem("timeout", "").after(time.Second)
	case errors.Is(err, context.Canceled):
		// The client has gone, or the server is going: nobody will read this, and it is nobody's mistake.
		return newProblem("unavailable", "").after(time.Second)
	}
	if p := domainProblem(err); p != nil {
		return p
	}
	var down *player.ProviderDown
	if errors.As(err, &down) {
		logger(ctx).Warn("identity provider is down", "provider", down.Provider, "error", down.Err.Error())
		return newProblem("identity-provider-down", "").after(down.After)
	}
	var temporary interface{ Temporary() bool }
	if errors.As(err, &temporary) && temporary.Temporary() {
		logger(ctx).Warn("request failed for now", "error", err.Error())
		return newProblem("unavailable", "").after(time.Second)
	}
	logger(ctx).Error("request failed", "error", err.Error())
	return newProblem("internal", "")
}

// sentinels are the problems of errors that say all there is to say.
var sentinels = []struct {
	err  error
	name string
}{
	{player.ErrExpired, "token-expired"},
	{player.ErrInvalid, "token-invalid"},
	{player.ErrNotFound, "not-found"},
	{player.ErrBadCode, "link-code-invalid"},
	{player.ErrTaken, "busy"},
	{player.ErrNoProvider, "provider-not-configured"},
	{player.ErrIdentityUnknown, "identity-unknown"},
	{player.ErrIdentityPresent, "identity-present"},
	{matchmaking.ErrNotFound, "not-found"},
	{matchmaking.ErrTooMany, "too-many-tickets"},
	{session.ErrNotFound, "not-found"},
	{session.ErrNoSuchVersion, "not-found"},
	{session.ErrOtherRules, "other-rules"},
	{session.ErrNotOver, "session-active"},
	{session.ErrNotStanding, "not-found"},
	{session.ErrPlayerGone, "player-gone"},
	{session.ErrTooManyBots, "too-many-bots"},
	{session.ErrTooManyBlocks, "too-many-blocks"},
	{session.ErrTooManyInvitations, "too-many-invitations"},
	{session.ErrNotPrivate, "not-private"},
	{session.ErrSeated, "invitation-accepted"},
	{session.ErrWaiting, "session-waiting"},
	{session.ErrStarted, "session-started"},
	{session.ErrFinished, "session-finished"},
	{session.ErrStaleTurn, "stale-turn"},
	{session.ErrNotYourTurn, "not-your-turn"},
	{session.ErrAlreadyMoved, "already-moved"},
	{session.ErrFull, "session-full"},
	{session.ErrRoleTaken, "role-taken"},
	{session.ErrKeyMismatch, "idempotency-mismatch"},
	{session.ErrBusy, "busy"},
	{session.ErrConflict, "busy"},
	{session.ErrUnknown, "unavailable"},
	{session.ErrClock, "unavailable"},
	{notify.ErrTooManyStreams, "too-many-streams"},
	{notify.ErrNoChannel, "channel-not-configured"},
	{notify.ErrTooManyDevices, "too-many-devices"},
	{notify.ErrNoDevice, "not-found"},
	{notify.ErrNoLogin, "token-invalid"},
	{notify.ErrClosed, "unavailable"},
}

// domainProblem is the problem of an error of ours, or nil.
func domainProblem(err error) *Problem {
	var invalid *games.Invalid
	var rule *games.Refusal
	var profile *player.BadProfile
	var badToken *player.BadIDToken
	var taken *player.IdentityTaken
	switch {
	case errors.As(err, &invalid):
		p := newProblem("invalid", "")
		for _, issue := range invalid.Issues {
			p = p.at(issue.Location, issue.Message)
		}
		return p
	case errors.As(err, &rule):
		return ruleProblem(rule.Name, rule.Text)
	case errors.As(err, &profile):
		return newProblem("invalid", "").at("body."+profile.Member, profile.Message)
	case errors.As(err, &badToken):
		return newProblem("id-token-invalid", badToken.Reason)
	case errors.As(err, &taken):
		p := newProblem("identity-taken", "")
		p.Mine, p.Other = wireAccount(taken.Mine), wireAccount(taken.Other)
		return p
	case errors.Is(err, session.ErrNoSuchGame):
		return newProblem("invalid", "").at("body.game", "this server has no such game")
	case errors.Is(err, session.ErrNoSuchRole):
		return newProblem("invalid", "").at("body.role", "the game has no such role")
	case errors.Is(err, session.ErrBadCursor):
		return newProblem("invalid", "").at("query.cursor", "not a cursor of this list")
	}
	for _, s := range sentinels {
		if !errors.Is(err, s.err) {
			continue
		}
		p := newProblem(s.name, "")
		if p.Status == http.StatusServiceUnavailable {
			p = p.after(time.Second)
		}
		return p
	}
	return nil
}

// at adds one invalid part, as in newProblem("invalid", "").at("body.game", "no such game").
func (p *Problem) at(location, message string) *Problem {
	p.Errors = append(p.Errors, ProblemError{Location: location, Message: message})
	return p
}

// with adds the session as the player sees it.
func (p *Problem) with(session *Session) *Problem {
	p.Session = session
	return p
}

// after tells when to try again, rounded up to whole seconds.
func (p *Problem) after(d time.Duration) *Problem {
	p.RetryAfter = max(1, int((d+time.Second-1)/time.Second))
	return p
}

func (p *Problem) name() string { return strings.TrimPrefix(p.Type, problemURN) }

func (p *Problem) Error() string {
	if p.Detail == "" {
		return p.name()
	}
	return p.name() + ": " + p.Detail
}

func (p *Problem) GetStatus() int { return p.Status }

func (p *Problem) ContentType(string) string { return problemMediaType }

// GetHeaders returns what goes with the problem beside its body.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	if p.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(p.RetryAfter))
	}
	switch {
	case p.Status != http.StatusUnauthorized:
	case p.name() == "token-missing":
		h.Set("WWW-Authenticate", "Bearer")
	default:
		h.Set("WWW-Authenticate", `Bearer error="invalid_token"`)
	}
	return h
}

// stamped is the one place that fills in the request's id. It copies: a problem may be shared.
func (p *Problem) stamped(ctx context.Context) *Problem {
	q := *p
	q.RequestID = requestID(ctx)
	return &q
}

// stampProblem is a [huma.Transformer]: what huma writes passes here.
func stampProblem(ctx huma.Context, _ string, v any) (any, error) {
	p, ok := v.(*Problem)
	if !ok {
		return v, nil
	}
	return p.stamped(ctx.Context()), nil
}

// writeProblem answers with p where huma is not at work: in middleware and for paths that do not exist.
func writeProblem(w http.ResponseWriter, r *http.Request, p *Problem) {
	var body bytes.Buffer
	if err := encodeJSON(&body, p.stamped(r.Context())); err != nil {
		panic(fmt.Errorf("api: encode problem %s: %w", p.name(), err))
	}
	h := w.Header()
	for name, values := range p.GetHeaders() {
		h[name] = values
	}
	h.Set("Content-Type", problemMediaType)
	h.Set("Content-Length", strconv.Itoa(body.Len()))
	w.WriteHeader(p.Status)
	_, _ = w.Write(body.Bytes()) // a client that has gone needs no answer
}

// The bounds of what a refusal repeats from a request. Without them a body of 64 KiB is answered with megabytes.
const (
	maxErrors   = 16
	maxLocation = 128
)

// humaProblem turns what huma has to say into a problem. Statuses come from huma, names and texts from us: huma's would
// repeat offending values (H4), foreign errors (H3), and Go types.
func humaProblem(ctx context.Context, status int, message string, errs []error) *Problem {
	switch status {
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		name := "invalid"
		if status == http.StatusBadRequest {
			name = "malformed"
		}
		p := newProblem(name, "")
		if len(errs) == 0 {
			p.Detail = message // one of huma's constants, as "request body is required"
		}
		for _, err := range errs[:min(len(errs), maxErrors)] {
			p.Errors = append(p.Errors, safeError(err))
		}
		return p
	case http.StatusNotFound:
		return newProblem("not-found", "")
	case http.StatusMethodNotAllowed:
		return newProblem("method-not-allowed", "")
	case http.StatusNotAcceptable:
		return newProblem("not-acceptable", "")
	case http.StatusRequestTimeout:
		return newProblem("body-timeout", "")
	case http.StatusRequestEntityTooLarge:
		return newProblem("body-too-large", fmt.Sprintf("A body may have %d bytes.", maxBody))
	case http.StatusUnsupportedMediaType:
		return newProblem("unsupported-media-type", "")
	case http.StatusInternalServerError:
		if message == "cannot read request body" {
			// The client broke off or sent a broken chunk: huma calls that our fault.
			return newProblem("malformed", "The body broke off.")
		}
	}
	return problemOf(ctx, fmt.Errorf("huma: %d %s: %w", status, message, errors.Join(errs...)))
}

// safeError keeps where and what was expected, and drops the value.
func safeError(err error) ProblemError {
	detailer, ok := err.(huma.ErrorDetailer)
	if !ok {
		return ProblemError{Location: "request", Message: "not valid"}
	}
	d := detailer.ErrorDetail()
	message := d.Message
	if strings.HasPrefix(message, "invalid value: ") {
		message = "invalid value" // the rest is a foreign error about the value
	}
	location := d.Location
	if len(location) > maxLocation {
		location = strings.ToValidUTF8(location[:maxLocation], "") + "…"
	}
	return ProblemError{Location: location, Message: message}
}

// formatMessage is huma's [huma.ErrorFormatter]. Messages that end in a foreign error lose it, because url.Parse and its
// kind quote what they were given.
func formatMessage(format string, args ...any) string {
	for _, a := range args {
		if _, ok := a.(error); ok {
			return strings.TrimSuffix(format, ": %v")
		}
	}
	return fmt.Sprintf(format, args...)
}

// encodeJSON writes v as every answer is written: without turning < and > into escapes, which no JSON client needs.
func encodeJSON(b *bytes.Buffer, v any) error {
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
