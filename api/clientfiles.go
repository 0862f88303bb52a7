package api

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"net/http"
	"time"

	"yourturn/games"
)

// clientFiles are the media types of what a server hands to browsers: its own client, as an ES module, and the types
// that editors show for it.
var clientFiles = map[string]string{
	"client.js":   "text/javascript; charset=utf-8",
	"client.d.ts": "application/typescript; charset=utf-8",
	"schema.d.ts": "application/typescript; charset=utf-8",
}

// clientRoutes serves the client. A page of any origin may import it: it holds no secret, and does no more than its page
// has a token for.
func clientRoutes(mux router, files fs.FS, all []games.Game) error {
	for name, mediaType := range clientFiles {
		content, err := fs.ReadFile(files, name)
		if err != nil {
			return fmt.Errorf("the client for browsers: %w", err)
		}
		if name == "client.js" {
			content = withOperations(content, all)
		}
		tag := fmt.Sprintf(`"%x"`, sha256.Sum256(content))
		mux.HandleFunc("GET /"+name, func(w http.ResponseWriter, r *http.Request) {
			h := w.Header()
			h.Set("Content-Type", mediaType)
			h.Set("ETag", tag)
			h.Set("Cache-Control", "no-cache") // the client belongs to its server: asked for each time, and rarely sent
			h.Set("Access-Control-Allow-Origin", "*")
			h.Set("Cross-Origin-Resource-Policy", "cross-origin")
			if name == "client.js" {
				h.Set("X-TypeScript-Types", "./client.d.ts") // where Deno looks for them
			}
			http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(content))
		})
	}
	return nil
}

// withOperations adds to client.js the operations of those games that this project does not come with, as build.mjs would
// from the schema of their server.
func withOperations(code []byte, all []games.Game) []byte {
	const table = "const routes = {\n"
	for _, g := range all {
		info := g.Info()
		lines := fmt.Sprintf(table+`    get%[1]sSession: 'GET /v1/games/%[2]s/sessions/{session_id}?version',
    play%[1]sMove: 'POST /v1/games/%[2]s/sessions/{session_id}/moves {}',
    start%[1]sSession: 'POST /v1/games/%[2]s/sessions {}',
`, info.TypeName, info.Name)
		if !bytes.Contains(code, fmt.Appendf(nil, "    start%sSession:", info.TypeName)) {
			code = bytes.Replace(code, []byte(table), []byte(lines), 1)
		}
	}
	return code
}
