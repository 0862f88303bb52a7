// Package web is the web app: what people play with who have nothing but a browser.
//
// The app itself is written in app/ and made into files/ by build.mjs. It knows the server by the public API alone and
// imports the same /client.js that everybody may import. What is made stands in the repository, so that a server can be
// built and run without Node.
//
// In Go there is only what cannot be made ahead. [New] puts the server's name into the page and the manifest, and
// [Site.Files] gives the service worker its version, by which a browser notices that the app has changed. For whoever
// follows an invitation there is a page of its own ([Site.Page]) with a picture ([Site.Picture]), so that a chat can show
// who invites to what before anybody opens the link. How all this is sent, and to whom, is the business of package api.
package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io/fs"
	"maps"
	"slices"
)

//go:embed files
var files embed.FS

// Site is the web app of one server.
type Site struct {
	name  string
	page  *template.Template
	album *album
}

// New makes the app of a server that goes by this name.
func New(name string) (*Site, error) {
	page, err := template.ParseFS(files, "files/index.html")
	if err != nil {
		return nil, fmt.Errorf("read the page: %w", err)
	}
	p, err := newPainter(visible(name))
	if err != nil {
		return nil, err
	}
	return &Site{name: visible(name), page: page, album: &album{draw: p.draw}}, nil
}

// Files are the files of the app by the path under which a browser asks for each; that of the page is /. The app imports
// the server's client, which is a part of what the service worker keeps and so of its version.
func (s *Site) Files(client []byte) (map[string][]byte, error) {
	made := map[string][]byte{}
	entries, err := fs.ReadDir(files, "files")
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		if made["/"+entry.Name()], err = files.ReadFile("files/" + entry.Name()); err != nil {
			return nil, err
		}
	}
	delete(made, "/index.html")
	if made["/"], err = s.write(nil); err != nil {
		return nil, err
	}
	if made["/manifest.webmanifest"], err = named(made["/manifest.webmanifest"], s.name); err != nil {
		return nil, err
	}
	made["/worker.js"], err = versioned(made, client)
	return made, err
}

// named is a manifest with a server's name.
func named(manifest []byte, name string) ([]byte, error) {
	var members map[string]any
	if err := json.Unmarshal(manifest, &members); err != nil {
		return nil, fmt.Errorf("read the manifest: %w", err)
	}
	members["name"], members["short_name"] = name, name
	return json.Marshal(members)
}

// versionMark stands in the service worker for the version of all that it keeps.
const versionMark = "__VERSION__"

// versioned is the service worker with a version that is another whenever any of the files or the client is.
func versioned(made map[string][]byte, client []byte) ([]byte, error) {
	worker := made["/worker.js"]
	if n := bytes.Count(worker, []byte(versionMark)); n != 1 {
		return nil, fmt.Errorf("the service worker names its version %d times, not once", n)
	}
	sum := sha256.New()
	for _, path := range slices.Sorted(maps.Keys(made)) {
		fmt.Fprintf(sum, "%s %d\n%s", path, len(made[path]), made[path])
	}
	sum.Write(client)
	version := base64.RawURLEncoding.EncodeToString(sum.Sum(nil)[:12])
	return bytes.Replace(worker, []byte(versionMark), []byte(version), 1), nil
}

// card is what a page says of itself to those who show links to it.
type card struct {
	Title, Description string
	Address            string // of the page; empty when it is not known
	Width, Height      int
}

// Page is the page for who follows an invitation to this address, such as https://play.example/j/7H2KQ9XD. Its picture
// is expected at picture.png below the address. Without an address there is a page without a picture.
func (s *Site) Page(i Invitation, address string) ([]byte, error) {
	i = i.clean()
	return s.write(&card{i.title(), i.description(), address, PictureWidth, PictureHeight})
}

func (s *Site) write(c *card) ([]byte, error) {
	var page bytes.Buffer
	if err := s.page.Execute(&page, struct {
		Name string
		Card *card
	}{s.name, c}); err != nil {
		return nil, fmt.Errorf("write the page: %w", err)
	}
	return page.Bytes(), nil
}

// Picture is the picture of an invitation, a PNG.
func (s *Site) Picture(i Invitation) ([]byte, error) { return s.album.picture(i.clean()) }
