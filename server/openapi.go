package server

import (
	"fmt"
	"os"
	"path/filepath"

	"yourturn/api"
	"yourturn/openapi"
)

type openapiCommand struct {
	Write   writeCommand   `cmd:"" default:"withargs" help:"Write the API's schema: openapi.yaml (3.1) and openapi-3.0.yaml. This is what happens without a word, too."`
	Compare compareCommand `cmd:"" help:"Find what in a newer schema breaks clients that were made for an older one."`
}

type writeCommand struct {
	Dir string `arg:"" optional:"" help:"Folder to write openapi.yaml and openapi-3.0.yaml to; without it, 3.1 goes to the output."`
}

func (c *writeCommand) Run(env environment) error {
	face, err := schema(env)
	if err != nil {
		return err
	}
	if c.Dir == "" {
		_, err := env.out.Write(face.OpenAPI31)
		return err
	}
	if err := os.WriteFile(filepath.Join(c.Dir, "openapi.yaml"), face.OpenAPI31, 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(c.Dir, "openapi-3.0.yaml"), face.OpenAPI30, 0o644)
}

// schema makes an API for its documents alone: it has no services, because nothing is called.
func schema(env environment) (*api.API, error) {
	return api.New(api.Config{Games: env.games})
}

type compareCommand struct {
	Old string `arg:"" type:"existingfile" help:"The schema that clients were made for."`
	New string `arg:"" optional:"" type:"existingfile" help:"The newer one; without it, the schema of this program."`
}

// Help is what --help adds to the summary.
func (*compareCommand) Help() string {
	return `Prints a line for each thing that fails a client of the old schema: a call that is refused, an answer that cannot be
read, code that does not compile any more with what a generator makes of the new one. Ends with 0 when there is none.`
}

func (c *compareCommand) Run(env environment) error {
	older, err := os.ReadFile(c.Old)
	if err != nil {
		return err
	}
	newer, err := c.newer(env)
	if err != nil {
		return err
	}
	found, err := openapi.Compare(older, newer)
	if err != nil {
		return err
	}
	for _, b := range found {
		if _, err := fmt.Fprintln(env.out, b); err != nil {
			return err
		}
	}
	if len(found) > 0 {
		return fmt.Errorf("clients of %s break in %d places", c.Old, len(found))
	}
	_, err = fmt.Fprintln(env.out, "nothing breaks")
	return err
}

func (c *compareCommand) newer(env environment) ([]byte, error) {
	if c.New != "" {
		return os.ReadFile(c.New)
	}
	face, err := schema(env)
	if err != nil {
		return nil, err
	}
	return face.OpenAPI31, nil
}
