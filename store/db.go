// Package store keeps everything in MySQL or SQLite, behind the interfaces that the other packages declare.
//
// Start at commit.go: what sessions write goes through it in groups. Every transaction runs on a connection of its own
// (tx.go), because one whose COMMIT or ROLLBACK failed must never be used again. All that differs between the engines
// is in engine.go.
package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// DB is an open database.
type DB struct {
	engine  engine
	read    *sql.DB
	write   *sql.DB
	lanes   []*lane
	log     *slog.Logger
	metrics *metrics

	behind chan struct{} // holds one while somebody works whom moves go before

	stmts  sync.Map // of readers, by their SQL
	single chan *writer
}

// Options are how to open a database.
type Options struct {
	Writers int // lanes of group commit; SQLite has one
	Group   int // changes that commit together at most
	Log     *slog.Logger
	Metrics prometheus.Registerer
	// Wrap stands between this package and the driver: tests break connections there.
	Wrap func(driver.Connector) driver.Connector
}

// The defaults of [Options].
const (
	DefaultWriters = 2
	DefaultGroup   = 64
)

// Open opens a database: "sqlite:FILE" or "mysql://USER:PASSWORD@HOST:PORT/NAME". It does not touch it yet.
func Open(address string, o Options) (*DB, error) {
	e, read, write, err := open(address)
	if err != nil {
		return nil, err
	}
	if o.Wrap != nil {
		read, write = o.Wrap(read), o.Wrap(write)
	}
	if o.Writers < 1 {
		o.Writers = DefaultWriters
	}
	if o.Group < 1 {
		o.Group = DefaultGroup
	}
	if e.writers == 1 {
		o.Writers = 1
	}
	db := &DB{
		engine: e, read: sql.OpenDB(read), write: sql.OpenDB(write), log: o.Log, metrics: newMetrics(o.Metrics),
		single: make(chan *writer, 1), behind: make(chan struct{}, 1),
	}
	limit(db.read, e.readers)
	limit(db.write, e.writers)
	db.metrics.watch(o.Metrics, db.read, db.write)
	db.single <- nil
	for range o.Writers {
		db.lanes = append(db.lanes, newLane(db, o.Group))
	}
	return db, nil
}

func limit(pool *sql.DB, n int) {
	pool.SetMaxOpenConns(n)
	pool.SetMaxIdleConns(n)
	pool.SetConnMaxLifetime(5 * time.Minute)
}

// Close finishes the commits that wait and closes the database.
func (db *DB) Close() error {
	for _, l := range db.lanes {
		l.close()
	}
	if w := <-db.single; w != nil {
		w.close(false)
	}
	err := db.read.Close()
	if e := db.write.Close(); err == nil {
		err = e
	}
	return err
}

// Ping asks whether the database answers.
func (db *DB) Ping(ctx context.Context) error { return fail(db.read.PingContext(ctx)) }

// ClockSkew is by how much the database's clock is ahead of this machine's. An embedded database has the same clock.
func (db *DB) ClockSkew(ctx context.Context) (time.Duration, error) {
	if !db.engine.packets {
		return 0, nil
	}
	conn, err := db.read.Conn(ctx) // the wait for one must not count
	if err != nil {
		return 0, fail(err)
	}
	defer conn.Close()
	before := time.Now()
	var theirs int64
	if err := conn.QueryRowContext(ctx, "SELECT CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)").Scan(&theirs); err != nil {
		return 0, fail(err)
	}
	took := time.Since(before)
	if took > slowestLook {
		return 0, fmt.Errorf("the database took %s to tell the time", took)
	}
	return time.UnixMilli(theirs).Sub(before.Add(took / 2)), nil
}

// slowestLook is how long the database may take to tell the time: half of it is how wrong the comparison can be.
const slowestLook = 500 * time.Millisecond

// Forgetful says whether a crash of the database may take back what somebody has read already. InnoDB shows a commit to
// others before it is in the log on disk; with a binary log that is synced it is the other way round, see
// docs/decisions/0007-read-is-durable.md. SQLite syncs before it shows.
func (db *DB) Forgetful(ctx context.Context) (bool, error) {
	if !db.engine.packets {
		return false, nil
	}
	var binlog, syncs, flush int
	err := db.read.QueryRowContext(ctx, "SELECT @@log_bin, @@sync_binlog, @@innodb_flush_log_at_trx_commit").Scan(&binlog, &syncs, &flush)
	return binlog == 0 || syncs != 1 || flush != 1, fail(err)
}

// Failure is an error of the database. Its text is for logs alone.
type Failure struct{ err error }

func (f *Failure) Error() string { return "database: " + f.err.Error() }
func (f *Failure) Unwrap() error { return f.err }

// Temporary says that the same request may succeed later.
func (f *Failure) Temporary() bool { return isTemporary(f.err) }

func fail(err error) error {
	if err == nil {
		return nil
	}
	return &Failure{err}
}

// query reads rows. It prepares, which both engines answer faster than text: measured a tenth less work for MariaDB.
func (db *DB) query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	stmt, err := db.prepared(ctx, query)
	if err != nil {
		return nil, fail(err)
	}
	rows, err := stmt.QueryContext(ctx, args...)
	return rows, fail(err)
}

func (db *DB) prepared(ctx context.Context, query string) (*sql.Stmt, error) {
	if stmt, ok := db.stmts.Load(query); ok {
		return stmt.(*sql.Stmt), nil
	}
	stmt, err := db.read.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	if known, loaded := db.stmts.LoadOrStore(query, stmt); loaded {
		_ = stmt.Close() // somebody was faster; closing a duplicate cannot matter
		return known.(*sql.Stmt), nil
	}
	return stmt, nil
}

// each reads all rows of a query, one call of scan for each.
func (db *DB) each(ctx context.Context, scan func(*sql.Rows) error, query string, args ...any) error {
	rows, err := db.query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return fmt.Errorf("scan: %w", err)
		}
	}
	return fail(rows.Err())
}

// one reads the row of a query, or returns absent when there is none.
func (db *DB) one(ctx context.Context, absent error, scan func(*sql.Rows) error, query string, args ...any) error {
	found := false
	err := db.each(ctx, func(rows *sql.Rows) error {
		found = true
		return scan(rows)
	}, query, args...)
	if err == nil && !found {
		return absent
	}
	return err
}
