package api

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/http"

	"yourturn/games"
)

// clientFiles are what a server hands to browsers: its own client, as an ES module, and the types that editors show for it.
var clientFiles = []string{clientModule, "client.d.ts", "schema.d.ts"}

const clientModule = "client.js"

// clientRoutes serves the client. A page of any origin may import it: it holds no secret, and does no more than its page
// has a token for.
func clientRoutes(mux router, files fs.FS, all []games.Game) error {
	for _, name := range clientFiles {
		content, err := clientFile(files, name, all)
		if err != nil {
			return err
		}
		header := http.Header{}
		header.Set("Access-Control-Allow-Origin", "*")
		header.Set("Cross-Origin-Resource-Policy", "cross-origin")
		if name == clientModule {
			header.Set("X-TypeScript-Types", "./client.d.ts") // where Deno looks for them
		}
		f, err := newFile(name, content, header)
		if err != nil {
			return err
		}
		mux.HandleFunc("GET /"+name, f.ServeHTTP)
	}
	return nil
}

// clientFile is a file of the client as this server hands it out.
func clientFile(files fs.FS, name string, all []games.Game) ([]byte, error) {
	content, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, fmt.Errorf("the client for browsers: %w", err)
	}
	if name == clientModule {
		content = withOperations(content, all)
	}
	return content, nil
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
