package api

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"yourturn/session"
)

// Web is the app for browsers: its files, and what is shown of an invitation before it is opened.
type Web interface {
	// Files are the files of an app that imports this client, by the path under which each is asked for; that of the page
	// is /.
	Files(client []byte) (map[string][]byte, error)
	// Page is the page for who follows an invitation to an address; an empty one is not known.
	Page(c Card, address string) ([]byte, error)
	// Picture is a PNG for those who show links to such a page.
	Picture(c Card) ([]byte, error)
}

// Card is what a page and its picture say of an invitation: no more than previewSession shows whoever holds the code. The
// zero Card says nothing.
type Card struct {
	Game        string // its name; empty when there is nothing to say
	Title       string // of the game, for people
	Host        string // whose table it is; may be empty
	SeatsFree   int
	TurnSeconds int
	Begun       bool // whether the game is on already
}

// pages are the addresses that the app draws itself, all from one file.
var pages = []string{"GET /{$}", "GET /new/{game}", "GET /s/{session_id}", "GET /me"}

// pageHeader is what the answers of the web app have in common. The policy lets a page run, show and ask nothing but what
// comes from this server, and be shown inside no other. What becomes code must have passed a policy of the app's that is
// named yourturn: browsers want that even for the address of a service worker.
func pageHeader() http.Header {
	h := http.Header{}
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "+
		"connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "+
		"require-trusted-types-for 'script'; trusted-types yourturn")
	h.Set("Referrer-Policy", "no-referrer") // an invitation's address is its code
	h.Set("Permissions-Policy", "camera=(), display-capture=(), geolocation=(), microphone=(), midi=(), payment=(), usb=()")
	return h
}

// webRoutes serves the app. Paths that it does not know stay what they are to clients of the API.
func (s *server) webRoutes(mux router) error {
	if s.Client == nil {
		return errors.New("the web app needs the client for browsers")
	}
	client, err := clientFile(s.Client, clientModule, s.Games)
	if err != nil {
		return err
	}
	contents, err := s.Web.Files(client)
	if err != nil {
		return err
	}
	for _, path := range slices.Sorted(maps.Keys(contents)) {
		name, patterns := path, []string{"GET " + path}
		if path == "/" {
			name, patterns = "/index.html", pages
		}
		f, err := newFile(name, contents[path], pageHeader())
		if err != nil {
			return err
		}
		for _, pattern := range patterns {
			mux.HandleFunc(pattern, f.ServeHTTP)
		}
	}
	mux.HandleFunc("GET /j/{join_code}", s.invitationPage)
	mux.HandleFunc("GET /j/{join_code}/picture.png", s.invitationPicture)
	return nil
}

// invitationPage is the app's page, with what chats show of a link to it. It is found whatever the code: the app can say
// better than a status what has become of a table, and a browser takes a page with status 404 for a fault.
func (s *server) invitationPage(w http.ResponseWriter, r *http.Request) {
	code := r.PathValue("join_code")
	address := ""
	if origin := infoOf(r.Context()).origin(); origin != "" {
		address = origin + "/j/" + url.PathEscape(code)
	}
	page, err := s.Web.Page(s.card(r.Context(), code), address)
	s.sendPage(w, r, mediaTypes[".html"], page, err)
}

func (s *server) invitationPicture(w http.ResponseWriter, r *http.Request) {
	picture, err := s.Web.Picture(s.card(r.Context(), r.PathValue("join_code")))
	s.sendPage(w, r, mediaTypes[".png"], picture, err)
}

// sendPage sends what may be another the next moment.
func (s *server) sendPage(w http.ResponseWriter, r *http.Request, mediaType string, body []byte, err error) {
	if err != nil {
		logger(r.Context()).Error("an invitation cannot be shown", "error", err)
		writeProblem(w, r, newProblem("internal", ""))
		return
	}
	h := w.Header()
	maps.Copy(h, pageHeader())
	h.Set("Content-Type", mediaType)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Robots-Tag", "noindex")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // a browser that has gone needs no page
}

// cardTime is how long a page may wait for what it says of a table.
const cardTime = 2 * time.Second

// card is what may be said to anybody who has the code. For who has guessed too often, a code that is wrong, a table
// that is over and a database that does not answer it is the same: nothing.
func (s *server) card(ctx context.Context, code string) Card {
	if _, ok := s.limits.allow(limitCards, addressKey(clientAddress(ctx))); !ok {
		return Card{}
	}
	ctx, cancel := context.WithTimeout(ctx, cardTime)
	defer cancel()
	shown, err := s.previewSession(ctx, &codePath{JoinCode: code})
	if err != nil && !errors.Is(err, session.ErrNotFound) {
		logger(ctx).Warn("an invitation is shown without its table", "error", err)
	}
	if err != nil || shown.Body.Status == string(session.Finished) {
		return Card{}
	}
	p := shown.Body
	return Card{
		Game: p.Game, Title: p.Title, Host: p.HostDisplayName, SeatsFree: p.SeatsFree, TurnSeconds: p.TurnSeconds,
		Begun: p.Status == string(session.Active),
	}
}
