package web_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"yourturn/server/nodetest"
	"yourturn/server/servertest"
)

// Every screen fits a telephone of 360 points and a desk, in light and dark, without an error, and nothing sticks out to the
// side. With -update the pictures of it become those of the docs.
func TestScreensFit(t *testing.T) {
	folder := t.TempDir()
	if flag.Lookup("update").Value.String() == "true" {
		folder = filepath.Join("..", "docs", "pictures", "app")
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	server := servertest.Start(t, "sqlite:"+filepath.Join(t.TempDir(), "game.db"))
	environment := append(nodetest.Browser(t), "SERVER="+server.URL, "PICTURES="+folder)
	nodetest.Start(t, environment, filepath.Join("testdata", "pictures.mjs")).End(t)
}
