package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
	"github.com/pressly/goose/v3/lock"

	"yourturn/migrations"
)

// Migrator brings a database to a schema version. Six at once apply each migration once: a row of a table is their
// lock, which also works where GET_LOCK does not.
type Migrator struct {
	versions versions
	db       *sql.DB
	provider *goose.Provider
}

// MigrationState is one migration and when it was applied.
type MigrationState struct {
	Version   int64
	Name      string
	AppliedAt time.Time // zero: pending
}

// NewMigrator opens a database for migrating. files are [migrations.Files], but in tests.
func NewMigrator(address string, files fs.FS) (*Migrator, error) {
	e, connector, err := openForMigration(address)
	if err != nil {
		return nil, err
	}
	folder, err := fs.Sub(files, e.name)
	if err != nil {
		return nil, err
	}
	m := &Migrator{db: sql.OpenDB(connector)}
	if m.versions, err = newVersions(e); err != nil {
		return nil, err
	}
	// Two branches may each bring migrations: what is additive may be applied after what has a higher number.
	options := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true), goose.WithAllowOutofOrder(true)}
	if e.packets {
		locker, err := lock.NewMySQLTableLocker(lock.WithTableLockTimeout(time.Second, 300), lock.WithTableName("migrations_lock"))
		if err != nil {
			return nil, err
		}
		options = append(options, goose.WithLocker(locker))
	} else {
		m.db.SetMaxOpenConns(1)
	}
	options = append(options, goose.WithStore(m.versions))
	if m.provider, err = goose.NewProvider(goose.DialectCustom, m.db, folder, options...); err != nil {
		return nil, errors.Join(err, m.db.Close())
	}
	return m, nil
}

// MigratesItself says whether a server may bring this database up to date without being asked: an embedded one has no
// administrator, and no other node beside it.
func MigratesItself(address string) bool { return strings.HasPrefix(address, "sqlite:") }

// Close closes the database.
func (m *Migrator) Close() error { return errors.Join(m.provider.Close(), m.db.Close()) }

// Up applies what is pending and tells how many files that was.
func (m *Migrator) Up(ctx context.Context) (int, error) {
	done, err := m.provider.Up(ctx)
	return len(done), err
}

// Down takes back the migration that was applied last, whatever its number.
func (m *Migrator) Down(ctx context.Context) (int64, error) {
	done, err := m.provider.Down(ctx)
	if err != nil {
		return 0, err
	}
	return done.Source.Version, nil
}

// Status lists all migrations this program knows. It only reads, without the lock, so that a user who may do no more can
// ask, and while another migrates: goose's own would make its tables, and wait five minutes for a right that it lacks.
func (m *Migrator) Status(ctx context.Context) ([]MigrationState, error) {
	begun, err := m.versions.TableExists(ctx, m.db)
	if err != nil {
		return nil, fail(err)
	}
	sources := m.provider.ListSources()
	states := make([]MigrationState, 0, len(sources))
	for _, s := range sources {
		state := MigrationState{Version: s.Version, Name: path.Base(s.Path)}
		if begun {
			found, err := m.versions.GetMigration(ctx, m.db, s.Version)
			if err != nil && !errors.Is(err, database.ErrVersionNotFound) {
				return nil, fail(err)
			}
			if found != nil {
				state.AppliedAt = found.Timestamp
			}
		}
		states = append(states, state)
	}
	return states, nil
}

// Check says whether this program can work on the database's schema: all its own migrations, and perhaps later ones of the
// same generation, which are additive. It changes nothing.
func (m *Migrator) Check(ctx context.Context) error {
	sources := m.provider.ListSources()
	own := sources[len(sources)-1].Version
	stored, err := m.versions.latest(ctx, m.db)
	if err != nil {
		return fail(err)
	}
	switch {
	case stored < own:
		return fmt.Errorf("the database has schema version %d and this server needs %d: run 'yourturn migrate up' on it, as a user who may change the schema", stored, own)
	case migrations.Generation(stored) == migrations.Generation(own):
		rows, err := m.versions.ListMigrations(ctx, m.db)
		if err != nil {
			return fail(err)
		}
		applied := map[int64]bool{}
		for _, r := range rows {
			applied[r.Version] = true
		}
		for _, s := range sources {
			if !applied[s.Version] {
				return fmt.Errorf("the database lacks the migration %s, which this server needs: run 'yourturn migrate up' on it, as a user who may change the schema", path.Base(s.Path))
			}
		}
		return nil
	}
	return fmt.Errorf("the database has schema version %d, which is newer than this server (%d) can work on: upgrade the server, or run 'yourturn migrate down' with the newer one", stored, own)
}

// versions is goose's own table of what was applied, so that goose's command can run these files too. Only the question
// whether it exists is asked differently: goose looks into information_schema, which finds nothing through some proxies.
type versions struct{ database.Store }

const versionTable = "goose_db_version"

var _ database.StoreExtender = versions{}

func newVersions(e engine) (versions, error) {
	dialect := database.DialectSQLite3
	if e.packets {
		dialect = database.DialectMySQL
	}
	own, err := database.NewStore(dialect, versionTable)
	return versions{own}, err
}

// TableExists asks the table itself.
func (versions) TableExists(ctx context.Context, db database.DBTxConn) (bool, error) {
	var n int
	err := db.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+versionTable).Scan(&n)
	if err != nil && isTemporary(err) {
		return false, err
	}
	return err == nil, nil
}

// latest is the stored version; 0 without the table.
func (v versions) latest(ctx context.Context, db *sql.DB) (int64, error) {
	if exists, err := v.TableExists(ctx, db); err != nil || !exists {
		return 0, err
	}
	version, err := v.GetLatestVersion(ctx, db)
	if errors.Is(err, database.ErrVersionNotFound) {
		return 0, nil
	}
	return version, err
}
