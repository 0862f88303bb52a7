package server

import (
	"os"
	"path/filepath"

	"yourturn/api"
)

type openapiCommand struct {
	Dir string `arg:"" optional:"" help:"Folder to write openapi.yaml and openapi-3.0.yaml to; without it, 3.1 goes to the output."`
}

func (c *openapiCommand) Run(env environment) error {
	face, err := api.New(api.Config{
		Games: env.games, // no services: nothing is called
	})
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
