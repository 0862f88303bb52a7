package client

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"yourturn/openapi/go/wire"
)

// ErrSignedOut says that there is no login: the server does not know it any more, or the player signed out. SignIn
// makes another.
var ErrSignedOut = errors.New("signed out")

// Problem is a refusal. Switch on its Name:
//
//	problem, refused := errors.AsType[*client.Problem](err)
//	if refused && problem.Name == "stale-turn" {
//		show(problem.Session) // the session as it is now
//	}
type Problem struct {
	wire.Problem
	// Name is the part of Type that tells problems apart: not-your-turn. Empty when what answered was no Yourturn
	// server but something on the way to it; then there is a Status and nothing else.
	Name string
}

func (p *Problem) Error() string {
	text := p.Title
	if p.Name != "" {
		text = p.Name + ": " + text
	}
	if p.Detail != "" {
		text += ": " + p.Detail
	}
	for _, e := range p.Errors {
		text += ": " + e.Location + " " + e.Message
	}
	return text
}

const problemPrefix = "urn:yourturn:problem:"

func newProblem(response *http.Response, body []byte) *Problem {
	p := &Problem{}
	err := json.Unmarshal(body, &p.Problem)
	if name, ours := strings.CutPrefix(p.Type, problemPrefix); err == nil && ours {
		p.Name = name
	} else {
		p.Problem = wire.Problem{Type: "about:blank", Title: response.Status}
	}
	p.Status = int64(response.StatusCode)
	if p.RetryAfter == nil {
		if seconds, err := strconv.ParseInt(response.Header.Get("Retry-After"), 10, 64); err == nil {
			p.RetryAfter = &seconds
		}
	}
	return p
}
