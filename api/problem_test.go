package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestUnlistedProblemPanics(t *testing.T) {
	for _, f := range []func(){
		func() { _ = newProblem("no-such-problem", "") },
		func() { _ = newProblem(anyRule, "") },
		func() { _ = ruleProblem("Cell taken", "") },
		func() { _ = ruleProblem("", "") },
		func() { _ = ruleProblem(strings.Repeat("a", 49), "") },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("made")
				}
			}()
			f()
		}()
	}
}

func TestProblemTable(t *testing.T) {
	for name, kind := range problems {
		if kind.title == "" || http.StatusText(kind.status) == "" || kind.status < 400 {
			t.Errorf("%s: %+v", name, kind)
		}
		if name != anyRule && !ruleName.MatchString(name) {
			t.Errorf("%s is not a name", name)
		}
	}
}

func TestProblemsOfHandlers(t *testing.T) {
	l := newLab(t, nil)

	p := l.wantProblem(l.create(`{"name": "taken"}`), 409, "already-moved")
	if p.Session == nil || p.Session.ID != "s1" {
		t.Errorf("session %v", p.Session)
	}

	p = l.wantProblem(l.create(`{"name": "ruled"}`), 422, "rule-cell-taken")
	if p.Detail != "Cell 4 is taken." || p.Type != "urn:yourturn:problem:rule-cell-taken" {
		t.Errorf("%+v", p)
	}

	got := l.send("POST", "/v1/things/busy/break", "")
	p = l.wantProblem(got, 503, "busy")
	if p.RetryAfter != 2 || got.header.Get("Retry-After") != "2" {
		t.Errorf("retry_after %d, Retry-After %q", p.RetryAfter, got.header.Get("Retry-After"))
	}

	l.wantProblem(l.send("POST", "/v1/things/slow/break", ""), 503, "timeout")
}

func TestErrorsOfARequestAreBounded(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"name": "a"`)
	for i := range 5000 {
		fmt.Fprintf(&b, `,"x%d":0`, i)
	}
	b.WriteString("}")
	l := newLab(t, nil)
	if p := l.wantProblem(l.create(b.String()), 422, "invalid"); len(p.Errors) != maxErrors {
		t.Errorf("%d errors", len(p.Errors))
	}
	long := strings.Repeat("é", 2000)
	if p := l.wantProblem(l.send("GET", "/v1/things?"+long+"=1", ""), 422, "invalid"); len(p.Errors[0].Location) > 2*maxLocation {
		t.Errorf("location of %d bytes", len(p.Errors[0].Location))
	}
}

func TestSharedProblemIsNotStamped(t *testing.T) {
	shared := newProblem("busy", "")
	ctx := context.WithValue(t.Context(), infoKey{}, &requestInfo{id: "r1"})
	r := httptest.NewRequestWithContext(ctx, "GET", "/", nil)
	w := httptest.NewRecorder()
	writeProblem(w, r, shared)
	var got Problem
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || got.RequestID != "r1" {
		t.Errorf("%s, %v", w.Body, err)
	}
	if shared.RequestID != "" {
		t.Error("the problem itself was changed")
	}
}

func TestProblemTexts(t *testing.T) {
	p := newProblem("invalid", "").at("body.game", "no such game").after(time.Millisecond)
	if p.Error() != "invalid" || p.RetryAfter != 1 || p.Errors[0].Location != "body.game" {
		t.Errorf("%+v", p)
	}
	if p := newProblem("not-your-turn", "Seat 1 is to move."); p.Error() != "not-your-turn: Seat 1 is to move." {
		t.Error(p)
	}
}
