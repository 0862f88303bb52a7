// Package server puts the parts together: it is the program, but for the list of its games. Another module's main can
// be as short as this project's own:
//
//	func main() { server.Main(server.Game(mygame.Rules{})) }
//
// A [Node] is one running server; main.go and its neighbours are the command line around it.
package server

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"yourturn/games"
)

// Game takes an author's rules into the server.
func Game[Config, State, Move, View any](rules games.Rules[Config, State, Move, View]) games.Game {
	return games.Define(rules)
}

// Main is the program: it reads the command line and the environment, does as told, and exits.
func Main(catalogue ...games.Game) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := Run(ctx, os.Args[1:], os.Stdout, os.Stderr, catalogue...)
	stop()
	os.Exit(code)
}

// commands is the command line. Every flag is also an environment variable, YOURTURN_ and its name; one that may hold
// a secret can be kept in a file that YOURTURN_…_FILE names.
type commands struct {
	Serve   serveCommand   `cmd:"" help:"Run the server."`
	Migrate migrateCommand `cmd:"" help:"Bring the database's schema up or down, or see where it stands."`
	OpenAPI openapiCommand `cmd:"" name:"openapi" help:"Write the API's schema, or compare two."`
	Verify  verifyCommand  `cmd:"" help:"Play sessions again from their history and compare, to the byte."`
	Dice    diceCommand    `cmd:"" help:"Roll the dice of a finished session again."`
	Tail    tailCommand    `cmd:"" help:"Print history as it is committed."`
	Push    pushCommand    `cmd:"" help:"Why a push came or did not, and keys for Web Push."`
	Health  healthCommand  `cmd:"" help:"Ask a running server whether it can serve; for probes where there is no curl."`
	Demo    demoCommand    `cmd:"" help:"Play a three-day game that is lost on time, in a second, on a test clock."`
	Version versionCommand `cmd:"" help:"Print the version; --version does, too."`
}

// environment is what commands work in.
type environment struct {
	out, err io.Writer
	games    []games.Game
}

// firstGame is what the greeting and the demo play.
const firstGame = "tictactoe"

func (e environment) has(game string) bool {
	return slices.ContainsFunc(e.games, func(g games.Game) bool { return g.Info().Name == game })
}

// distinct refuses two games of one name: addresses and schemas are named after them.
func distinct(catalogue []games.Game) error {
	names := map[string]string{}
	for _, g := range catalogue {
		info := g.Info()
		for _, name := range []string{info.Name, info.TypeName} {
			if other, taken := names[name]; taken {
				return fmt.Errorf("%s and %s are both named %s", other, info.Title, name)
			}
			names[name] = info.Title
		}
	}
	return nil
}

// databaseFlag is shared by the commands that need one.
type databaseFlag struct {
	Database string `env:"YOURTURN_DATABASE" default:"sqlite:yourturn.db" help:"sqlite:FILE or mysql://USER:PASSWORD@HOST:PORT/NAME."`
}

// Run is [Main] without the process around it. It returns the exit code.
func Run(ctx context.Context, args []string, out, errOut io.Writer, catalogue ...games.Game) int {
	if err := secretFiles(); err != nil {
		fmt.Fprintln(errOut, "yourturn:", err)
		return 1
	}
	if err := distinct(catalogue); err != nil {
		fmt.Fprintln(errOut, "yourturn:", err)
		return 1
	}
	if slices.Equal(args, []string{"--version"}) { // no flag of kong's, which would take the one that dice has for its own
		args = []string{"version"}
	}
	var cli commands
	code := -1
	parser, err := kong.New(&cli,
		kong.Name("yourturn"),
		kong.Description("A backend for games that people play one turn at a time."),
		kong.Writers(out, errOut),
		kong.Exit(func(c int) { code = c }),
		kong.UsageOnError(),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(environment{out: out, err: errOut, games: catalogue}),
	)
	if err != nil {
		fmt.Fprintln(errOut, "yourturn:", err)
		return 1
	}
	parsed, err := parser.Parse(args)
	if code >= 0 { // --help has been answered
		return code
	}
	if err != nil {
		fmt.Fprintln(errOut, "yourturn:", err)
		return 2
	}
	if err := parsed.Run(); err != nil {
		fmt.Fprintln(errOut, "yourturn:", err)
		return 1
	}
	return 0
}

// secretFiles reads YOURTURN_X_FILE into YOURTURN_X, so that secrets need not stand in the environment of a process list.
func secretFiles() error {
	const prefix, suffix = "YOURTURN_", "_FILE"
	for _, entry := range os.Environ() {
		name, file, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, prefix) || !strings.HasSuffix(name, suffix) {
			continue
		}
		raw, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := os.Setenv(strings.TrimSuffix(name, suffix), strings.TrimSpace(string(raw))); err != nil {
			return err
		}
	}
	return nil
}
