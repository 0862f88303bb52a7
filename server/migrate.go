package server

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"yourturn/migrations"
	"yourturn/store"
)

type migrateCommand struct {
	Up     migrateUp     `cmd:"" help:"Apply what is pending. Any number may run at once: one works, the others wait."`
	Down   migrateDown   `cmd:"" help:"Take back the migration that was applied last."`
	Status migrateStatus `cmd:"" help:"List migrations and when they were applied."`
	Create migrateCreate `cmd:"" help:"Begin a new migration: a pair of files in the source tree."`
}

type (
	migrateUp     struct{ databaseFlag }
	migrateDown   struct{ databaseFlag }
	migrateStatus struct{ databaseFlag }
	migrateCreate struct {
		Name string `arg:"" help:"What it does, in words joined by _."`
		Dir  string `default:"migrations" help:"Where the folders mysql and sqlite are."`
	}
)

// migrator opens the database for as long as do works on its schema.
func (f databaseFlag) migrator(do func(*store.Migrator) error) error {
	m, err := store.NewMigrator(f.Database, migrations.Files)
	if err != nil {
		return err
	}
	defer m.Close()
	return do(m)
}

func (c *migrateUp) Run(ctx context.Context, env environment) error {
	return c.migrator(func(m *store.Migrator) error {
		applied, err := m.Up(ctx)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(env.out, "%d migrations applied\n", applied)
		return err
	})
}

func (c *migrateDown) Run(ctx context.Context, env environment) error {
	return c.migrator(func(m *store.Migrator) error {
		version, err := m.Down(ctx)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(env.out, "migration %d taken back\n", version)
		return err
	})
}

func (c *migrateStatus) Run(ctx context.Context, env environment) error {
	return c.migrator(func(m *store.Migrator) error {
		states, err := m.Status(ctx)
		if err != nil {
			return err
		}
		for _, s := range states {
			applied := "pending"
			if !s.AppliedAt.IsZero() {
				applied = s.AppliedAt.Format(time.RFC3339)
			}
			if _, err := fmt.Fprintf(env.out, "%-22s %s\n", applied, s.Name); err != nil {
				return err
			}
		}
		return nil
	})
}

var (
	migrationName = regexp.MustCompile(`^[a-z0-9]+(_[a-z0-9]+)*$`)
	migrationFile = regexp.MustCompile(`^(\d+)_`)
)

func (c *migrateCreate) Run(env environment) error {
	if !migrationName.MatchString(c.Name) {
		return fmt.Errorf("a migration's name is words of small letters joined by _, not %q", c.Name)
	}
	number, err := c.nextNumber()
	if err != nil {
		return err
	}
	for _, engine := range []string{"mysql", "sqlite"} {
		file := filepath.Join(c.Dir, engine, fmt.Sprintf("%05d_%s.sql", number, c.Name))
		const text = "-- Why.\n\n-- +goose Up\n-- One statement. Within a generation (%d…) it must leave older servers working.\n\n-- +goose Down\n"
		if err := os.WriteFile(file, fmt.Appendf(nil, text, migrations.Generation(number)*1000), 0o644); err != nil {
			return err
		}
		if _, err := fmt.Fprintln(env.out, file); err != nil {
			return err
		}
	}
	return nil
}

// nextNumber follows the highest number of either engine.
func (c *migrateCreate) nextNumber() (next int64, err error) {
	for _, engine := range []string{"mysql", "sqlite"} {
		files, err := os.ReadDir(filepath.Join(c.Dir, engine))
		if err != nil {
			return 0, err
		}
		for _, f := range files {
			if found := migrationFile.FindStringSubmatch(f.Name()); found != nil {
				n, err := strconv.ParseInt(found[1], 10, 64)
				if err != nil {
					return 0, err
				}
				next = max(next, n)
			}
		}
	}
	return next + 1, nil
}
