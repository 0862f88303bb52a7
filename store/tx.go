package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// batch is statements that travel together.
type batch struct {
	queries []string
	args    [][]any
}

func (b *batch) add(query string, args ...any) {
	b.queries = append(b.queries, query)
	b.args = append(b.args, args)
}

// insert adds rows to a table: as one statement where statements travel together, else one for each row, which a
// prepared statement runs faster.
func (b *batch) insert(e engine, into string, rows [][]any, suffix string) {
	if len(rows) == 0 {
		return
	}
	tuple := "(" + marks(len(rows[0])) + ")"
	if !e.packets {
		for _, row := range rows {
			b.add("INSERT INTO "+into+" VALUES "+tuple+" "+suffix, row...)
		}
		return
	}
	var all []any
	for _, row := range rows {
		all = append(all, row...)
	}
	b.add("INSERT INTO "+into+" VALUES "+strings.Repeat(tuple+", ", len(rows)-1)+tuple+" "+suffix, all...)
}

// marks is n placeholders.
func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }

// in is the condition that a column is one of some keys, of which there is at least one. The last is repeated up to a
// power of two, so that lists of all lengths are but a few statements: each is prepared on every connection, and kept.
func in[T ~string](column string, keys []T) (condition string, args []any) {
	for _, key := range keys {
		args = append(args, string(key))
	}
	for bits.OnesCount(uint(len(args))) > 1 {
		args = append(args, args[len(args)-1])
	}
	return column + " IN (" + marks(len(args)) + ")", args
}

// writer is a connection that writes, with the statements prepared on it.
type writer struct {
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
}

// close gives the connection back, or throws a broken one away. Its statements go first: database/sql does not count
// those of a sql.Conn, and SQLite keeps a closed connection, with its transaction and the lock, until the last of them
// is gone.
func (w *writer) close(broken bool) {
	for _, stmt := range w.stmts {
		_ = stmt.Close() // the connection goes with it
	}
	discard(w.conn, broken)
}

// writer takes a connection: from the pool, or the only one, which is kept for its prepared statements.
func (db *DB) writer(ctx context.Context) (w *writer, release func(broken bool), err error) {
	if db.engine.packets {
		conn, err := db.write.Conn(ctx)
		if err != nil {
			return nil, nil, fail(err)
		}
		return &writer{conn: conn}, func(broken bool) { discard(conn, broken) }, nil
	}
	select {
	case w = <-db.single:
	case <-ctx.Done():
		return nil, nil, fail(ctx.Err())
	}
	if w == nil {
		conn, err := db.write.Conn(ctx)
		if err != nil {
			db.single <- nil
			return nil, nil, fail(err)
		}
		w = &writer{conn: conn, stmts: map[string]*sql.Stmt{}}
	}
	return w, func(broken bool) {
		if broken {
			w.close(true)
			w = nil
		}
		db.single <- w
	}, nil
}

// discard gives a connection back, or throws a broken one away: what the pool took back with half a transaction on it
// would commit that half at its next BEGIN.
func discard(conn *sql.Conn, broken bool) {
	if broken {
		_ = conn.Raw(func(any) error { return driver.ErrBadConn })
	}
	_ = conn.Close() // ErrConnDone after the line above
}

// tx is a transaction.
type tx struct {
	db    *DB
	w     *writer
	begun bool
	done  bool
}

// errUnknown says that a COMMIT was sent and not answered.
var errUnknown = errors.New("the outcome of a commit is unknown")

// transact runs fn in a transaction and commits it, unless fn did so with its last batch. Any error of fn rolls back.
func (db *DB) transact(ctx context.Context, fn func(*tx) error) error {
	w, release, err := db.writer(ctx)
	if err != nil {
		return err
	}
	t := &tx{db: db, w: w}
	broken := true // a panic inside fn leaves a transaction behind
	defer func() { release(broken) }()
	if err = fn(t); err == nil && !t.done {
		err = t.finish(ctx, &batch{})
	}
	broken = false
	if err != nil && t.begun {
		broken = errors.Is(err, errUnknown) || !t.rollback(ctx)
	}
	return err
}

// change is transact for everything but group commit, which knows better: what met another transaction on the same rows
// was rolled back for sure, and is tried again from its beginning.
func (db *DB) change(ctx context.Context, fn func(*tx) error) (err error) {
	for attempt := range contentionTries {
		err = db.transact(ctx, fn)
		if err == nil || errors.Is(err, errUnknown) || !isContention(err) || ctx.Err() != nil {
			return err
		}
		time.Sleep(rand.N(10 * time.Millisecond << attempt))
	}
	return err
}

const contentionTries = 4

// stepBehind makes work of which there can be very much, as pushes, wait for its own kind, so that a move waits for little of
// it. Whoever gets a place gives it back by the function.
func (db *DB) stepBehind(ctx context.Context) (leave func(), err error) {
	select {
	case db.behind <- struct{}{}:
		return func() { <-db.behind }, nil
	case <-ctx.Done():
		return nil, fail(ctx.Err())
	}
}

// changeBehind is change for such work.
func (db *DB) changeBehind(ctx context.Context, fn func(*tx) error) error {
	leave, err := db.stepBehind(ctx)
	if err != nil {
		return err
	}
	defer leave()
	return db.change(ctx, fn)
}

// rollback tries to undo, also for a request that was given up, and tells whether it was done.
func (t *tx) rollback(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	_, err := t.w.conn.ExecContext(ctx, "ROLLBACK")
	return err == nil
}

// run does a batch, in one trip where the engine can, and tells how many rows each statement changed. The first one
// begins the transaction.
func (t *tx) run(ctx context.Context, b *batch) ([]int64, error) {
	opening := !t.begun
	if !opening && len(b.queries) == 0 {
		return nil, nil // MySQL refuses an empty packet
	}
	if opening {
		b = &batch{queries: append([]string{t.db.engine.begin}, b.queries...), args: append([][]any{nil}, b.args...)}
		t.begun = true
	}
	affected, err := t.send(ctx, b)
	if opening && err == nil {
		affected = affected[1:]
	}
	return affected, err
}

// finish does a last batch and commits in the same trip.
func (t *tx) finish(ctx context.Context, b *batch) error {
	if !t.begun && len(b.queries) == 0 {
		return nil
	}
	t.done = true
	b.add("COMMIT")
	if _, err := t.run(ctx, b); err != nil {
		if isDuplicate(err) || isContention(err) {
			return err // a statement failed, so COMMIT was not reached; one that says so itself was rolled back
		}
		return fmt.Errorf("%w: %w", errUnknown, err)
	}
	return nil
}

func (t *tx) send(ctx context.Context, b *batch) ([]int64, error) {
	if t.db.engine.packets {
		return t.packet(ctx, b)
	}
	affected := make([]int64, 0, len(b.queries))
	for i, query := range b.queries {
		stmt, err := t.w.prepared(ctx, query)
		if err != nil {
			return nil, fail(err)
		}
		result, err := stmt.ExecContext(ctx, b.args[i]...)
		if err != nil {
			return nil, fail(err)
		}
		n, err := result.RowsAffected()
		if err != nil {
			return nil, fail(err)
		}
		affected = append(affected, n)
	}
	return affected, nil
}

func (w *writer) prepared(ctx context.Context, query string) (*sql.Stmt, error) {
	if stmt, ok := w.stmts[query]; ok {
		return stmt, nil
	}
	stmt, err := w.conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	w.stmts[query] = stmt
	return stmt, nil
}

// packet sends a batch as one packet. database/sql hides the counts of all statements but the last, so this goes to
// the driver itself.
func (t *tx) packet(ctx context.Context, b *batch) (affected []int64, err error) {
	query, args, err := b.joined()
	if err != nil {
		return nil, err
	}
	err = t.w.conn.Raw(func(conn any) error {
		result, err := conn.(driver.ExecerContext).ExecContext(ctx, query, args)
		if err != nil {
			return err
		}
		affected = result.(interface{ AllRowsAffected() []int64 }).AllRowsAffected()
		return nil
	})
	if err == nil && len(affected) != len(b.queries) {
		err = fmt.Errorf("%d of %d statements answered", len(affected), len(b.queries))
	}
	return affected, fail(err)
}

func (b *batch) joined() (query string, args []driver.NamedValue, err error) {
	for _, values := range b.args {
		for _, value := range values {
			v, err := driver.DefaultParameterConverter.ConvertValue(value)
			if err != nil {
				return "", nil, err
			}
			args = append(args, driver.NamedValue{Ordinal: len(args) + 1, Value: v})
		}
	}
	return strings.Join(b.queries, ";"), args, nil
}

// exec runs one statement of a transaction and tells how many rows it changed.
func (t *tx) exec(ctx context.Context, query string, args ...any) (int64, error) {
	var b batch
	b.add(query, args...)
	affected, err := t.run(ctx, &b)
	if err != nil {
		return 0, err
	}
	return affected[0], nil
}

// each reads the rows that a query finds inside the transaction. What comes in before travels in the same trip.
func (t *tx) each(ctx context.Context, before *batch, scan func(*sql.Rows) error, query string, args ...any) error {
	rows, err := t.query(ctx, before, query, args)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return fail(rows.Err())
}

func (t *tx) query(ctx context.Context, before *batch, query string, args []any) (*sql.Rows, error) {
	if !t.db.engine.packets {
		if len(before.queries) > 0 || !t.begun {
			if _, err := t.run(ctx, before); err != nil {
				return nil, err
			}
		}
		stmt, err := t.w.prepared(ctx, query)
		if err != nil {
			return nil, fail(err)
		}
		rows, err := stmt.QueryContext(ctx, args...)
		return rows, fail(err)
	}
	queries := slices.Concat(before.queries, []string{query})
	if !t.begun {
		queries, t.begun = slices.Concat([]string{t.db.engine.begin}, queries), true
	}
	rows, err := t.w.conn.QueryContext(ctx, strings.Join(queries, ";"), append(slices.Concat(before.args...), args...)...)
	return rows, fail(err)
}
