package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
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
	engine   engine
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
	m := &Migrator{engine: e, db: sql.OpenDB(connector)}
	options := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true)}
	if e.packets {
		locker, err := lock.NewMySQLTableLocker(lock.WithTableLockTimeout(time.Second, 300), lock.WithTableName("migrations_lock"))
		if err != nil {
			return nil, err
		}
		options = append(options, goose.WithLocker(locker))
	} else {
		m.db.SetMaxOpenConns(1)
	}
	options = append(options, goose.WithStore(versions{}))
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

// Down takes the last migration back.
func (m *Migrator) Down(ctx context.Context) (int64, error) {
	done, err := m.provider.Down(ctx)
	if err != nil {
		return 0, err
	}
	return done.Source.Version, nil
}

// Status lists all migrations this program knows.
func (m *Migrator) Status(ctx context.Context) ([]MigrationState, error) {
	known, err := m.provider.Status(ctx)
	if err != nil {
		return nil, err
	}
	states := make([]MigrationState, 0, len(known))
	for _, s := range known {
		states = append(states, MigrationState{Version: s.Source.Version, Name: s.Source.Path, AppliedAt: s.AppliedAt})
	}
	return states, nil
}

// Check says whether this program can work on the database's schema: its own version, or a later one of the same
// generation, whose migrations are additive. It changes nothing.
func (m *Migrator) Check(ctx context.Context) error {
	sources := m.provider.ListSources()
	own := sources[len(sources)-1].Version
	stored, err := versions{}.latest(ctx, m.db)
	if err != nil {
		return fail(err)
	}
	switch {
	case stored == own:
		return nil
	case stored < own:
		return fmt.Errorf("the database has schema version %d and this server needs %d: run 'yourturn migrate up' with the same --database", stored, own)
	case migrations.Generation(stored) == migrations.Generation(own):
		return nil
	}
	return fmt.Errorf("the database has schema version %d, which is newer than this server (%d) can work on: upgrade the server, or run 'yourturn migrate down' with the newer one", stored, own)
}

// versions is goose's table of what was applied, with plain statements that every engine here answers alike. (goose's
// own look into information_schema finds nothing through some proxies.)
type versions struct{}

const versionTable = "goose_db_version"

func (versions) Tablename() string { return versionTable }

// TableExists asks the table itself.
func (versions) TableExists(ctx context.Context, db database.DBTxConn) (bool, error) {
	var n int
	err := db.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+versionTable).Scan(&n)
	if err != nil && isTemporary(err) {
		return false, err
	}
	return err == nil, nil
}

func (versions) CreateVersionTable(ctx context.Context, db database.DBTxConn) error {
	_, err := db.ExecContext(ctx, "CREATE TABLE "+versionTable+" (version_id BIGINT NOT NULL, is_applied INTEGER NOT NULL, tstamp TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, PRIMARY KEY (version_id))")
	return err
}

func (versions) Insert(ctx context.Context, db database.DBTxConn, req database.InsertRequest) error {
	_, err := db.ExecContext(ctx, "INSERT INTO "+versionTable+" (version_id, is_applied) VALUES (?, 1)", req.Version)
	return err
}

func (versions) Delete(ctx context.Context, db database.DBTxConn, version int64) error {
	_, err := db.ExecContext(ctx, "DELETE FROM "+versionTable+" WHERE version_id = ?", version)
	return err
}

func (versions) GetMigration(ctx context.Context, db database.DBTxConn, version int64) (*database.GetMigrationResult, error) {
	var at any
	var applied bool
	err := db.QueryRowContext(ctx, "SELECT tstamp, is_applied FROM "+versionTable+" WHERE version_id = ?", version).Scan(&at, &applied)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, database.ErrVersionNotFound
	}
	return &database.GetMigrationResult{Timestamp: asTime(at), IsApplied: applied}, err
}

// asTime reads a timestamp as either driver gives it.
func asTime(value any) time.Time {
	if at, ok := value.(time.Time); ok {
		return at.UTC()
	}
	text, _ := value.(string)
	at, _ := time.Parse(time.DateTime, text) // a stamp that cannot be read is shown as none
	return at
}

func (v versions) GetLatestVersion(ctx context.Context, db database.DBTxConn) (int64, error) {
	var version sql.NullInt64
	if err := db.QueryRowContext(ctx, "SELECT MAX(version_id) FROM "+versionTable).Scan(&version); err != nil {
		return 0, err
	}
	if !version.Valid {
		return 0, database.ErrVersionNotFound
	}
	return version.Int64, nil
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

func (versions) ListMigrations(ctx context.Context, db database.DBTxConn) ([]*database.ListMigrationsResult, error) {
	rows, err := db.QueryContext(ctx, "SELECT version_id, is_applied FROM "+versionTable+" ORDER BY version_id DESC")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found []*database.ListMigrationsResult
	for rows.Next() {
		var r database.ListMigrationsResult
		if err := rows.Scan(&r.Version, &r.IsApplied); err != nil {
			return nil, err
		}
		found = append(found, &r)
	}
	return found, rows.Err()
}
