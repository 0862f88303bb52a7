// Package faultdb stands between the store and its driver and does what networks and servers do at their worst.
//
//	var faults faultdb.Faults
//	db, err := store.Open(database, store.Options{Wrap: faults.Wrap, …}) // or servertest.Options{Wrap: faults.Wrap}
//
//	lost := faults.Add(&faultdb.Rule{On: faultdb.Is("COMMIT"), Times: 1, Reach: faultdb.Reached, Cut: true})
//	… // the next COMMIT reaches the database, and its answer does not come back
//	lost.Hits() // 1
//
// A [Rule] chooses statements and says what becomes of them. Statements that travel in one packet are looked at one by
// one: those before the chosen one have reached the database, those after it have not. Without rules everything passes
// unchanged, and is counted ([Faults.Texts], [Faults.Count]).
package faultdb

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Statement is one statement on its way.
type Statement struct {
	Text string
	Args []driver.NamedValue
	Conn int // the number of its connection, from 1
}

// Connect is the text of what opens a connection, for rules.
const Connect = "CONNECT"

// Is chooses statements that begin with one of the texts.
func Is(beginnings ...string) func(Statement) bool {
	return func(s Statement) bool {
		return slices.ContainsFunc(beginnings, func(b string) bool { return strings.HasPrefix(s.Text, b) })
	}
}

// Reach says whether a statement that fails has an effect all the same.
type Reach int

// How far a failing statement gets.
const (
	Unsent  Reach = iota // it never reaches the database
	Reached              // it does, and the answer is lost
	Late                 // it does when [Rule.Until] is closed; until then its transaction stays open and keeps its locks
)

// Rule is what becomes of some statements. The first rule that chooses a statement, and has not done its Times, decides.
type Rule struct {
	On    func(Statement) bool // nil: every statement, and every new connection
	Skip  int                  // so many are spared first
	Times int                  // how many are chosen; 0: all

	Delay time.Duration   // before anything else
	Hold  <-chan struct{} // likewise: until it is closed

	Err   error           // what the caller gets; nil with Cut: [ErrCut]; nil without: the statement passes
	Reach Reach           // of a statement that fails
	Until <-chan struct{} // of a statement that is Late
	Cut   bool            // the connection is gone afterwards; the database rolls back what is open on it
	Rows  int             // of a query, with Reached: so many rows arrive before Err does

	Rewrite func(Statement) Statement // another statement goes instead
	Aside   bool                      // the statement runs alone, on a connection of its own: outside the transaction

	hits  atomic.Int64
	seen  int
	first chan struct{}
}

// ErrCut is the error of a connection that is gone.
var ErrCut = errors.New("faultdb: connection cut")

// Hits is how many statements the rule has met.
func (r *Rule) Hits() int { return int(r.hits.Load()) }

// First is closed when the rule meets its first statement.
func (r *Rule) First() <-chan struct{} { return r.first }

// Faults are the rules of one database and the record of what was sent to it. The zero value passes everything.
type Faults struct {
	// Recycle hands connections that were to be closed out again, as they are: what a pool does that takes back a
	// connection with half a transaction on it.
	Recycle bool

	mu     sync.Mutex
	rules  []*Rule
	counts map[string]int
	conns  int
	kept   []driver.Conn
	late   sync.WaitGroup
}

// Add adds a rule after those there are and returns it.
func (f *Faults) Add(r *Rule) *Rule {
	f.mu.Lock()
	defer f.mu.Unlock()
	r.first = make(chan struct{})
	f.rules = append(f.rules, r)
	return r
}

// Clear takes all rules away, and waits for the statements that are late.
func (f *Faults) Clear() {
	f.mu.Lock()
	f.rules = nil
	f.mu.Unlock()
	f.late.Wait()
}

// Texts lists the different statements that were sent, in order.
func (f *Faults) Texts() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Sorted(maps.Keys(f.counts))
}

// Count is how many statements were sent that a condition chooses.
func (f *Faults) Count(on func(Statement) bool) (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for text, times := range f.counts {
		if on(Statement{Text: text}) {
			n += times
		}
	}
	return n
}

// Wrap is for store.Options.
func (f *Faults) Wrap(c driver.Connector) driver.Connector {
	return &connector{Connector: c, faults: f}
}

// meet counts a statement and finds the rule that decides about it.
func (f *Faults) meet(s Statement) *Rule {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.counts == nil {
		f.counts = map[string]int{}
	}
	f.counts[s.Text]++
	for _, r := range f.rules {
		if r.On != nil && !r.On(s) {
			continue
		}
		r.seen++
		if r.seen <= r.Skip || r.Times > 0 && r.seen > r.Skip+r.Times {
			continue
		}
		if r.hits.Add(1) == 1 {
			close(r.first)
		}
		return r
	}
	return nil
}

func (r *Rule) wait(ctx context.Context) error {
	if r.Delay > 0 {
		timer := time.NewTimer(r.Delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if r.Hold != nil {
		select {
		case <-r.Hold:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (r *Rule) err() error {
	if r.Err == nil && r.Cut {
		return ErrCut
	}
	return r.Err
}

type connector struct {
	driver.Connector
	faults *Faults
}

func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	f := c.faults
	f.mu.Lock()
	f.conns++
	number := f.conns
	f.mu.Unlock()
	if r := f.meet(Statement{Text: Connect, Conn: number}); r != nil {
		if err := r.wait(ctx); err != nil {
			return nil, err
		}
		if err := r.err(); err != nil {
			return nil, err
		}
	}
	f.mu.Lock()
	if n := len(f.kept); n > 0 {
		kept := f.kept[n-1]
		f.kept = f.kept[:n-1]
		f.mu.Unlock()
		return c.conn(kept, number), nil
	}
	f.mu.Unlock()
	real, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return c.conn(real, number), nil
}

func (c *connector) conn(real driver.Conn, number int) *conn {
	return &conn{real: real, from: c, number: number, stmts: map[*stmt]struct{}{}}
}

// conn is a connection. database/sql uses a connection from one goroutine at a time.
type conn struct {
	real   driver.Conn
	from   *connector
	number int
	stmts  map[*stmt]struct{} // that are open
	gone   bool               // for its user; real may still have something to do
}

// The wrapped drivers, go-sql-driver/mysql and modernc.org/sqlite, know all of these.
var (
	_ driver.ExecerContext      = (*conn)(nil)
	_ driver.QueryerContext     = (*conn)(nil)
	_ driver.ConnPrepareContext = (*conn)(nil)
	_ driver.ConnBeginTx        = (*conn)(nil)
	_ driver.Pinger             = (*conn)(nil)
	_ driver.SessionResetter    = (*conn)(nil)
	_ driver.Validator          = (*conn)(nil)
	_ driver.NamedValueChecker  = (*conn)(nil)
)

func (c *conn) Close() error {
	if c.gone {
		return nil
	}
	c.gone = true
	f := c.from.faults
	if f.Recycle {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.kept = append(f.kept, c.real)
		return nil
	}
	return c.real.Close()
}

// Empty closes the connections that were kept for recycling.
func (f *Faults) Empty() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	var errs []error
	for _, kept := range f.kept {
		errs = append(errs, kept.Close())
	}
	f.kept = nil
	return errors.Join(errs...)
}

func (c *conn) IsValid() bool { return !c.gone && c.real.(driver.Validator).IsValid() }

func (c *conn) ResetSession(ctx context.Context) error {
	if c.gone {
		return driver.ErrBadConn
	}
	return c.real.(driver.SessionResetter).ResetSession(ctx)
}

func (c *conn) Ping(ctx context.Context) error {
	if c.gone {
		return driver.ErrBadConn
	}
	_, r, err := c.decide(ctx, Statement{Text: "PING", Conn: c.number})
	if err != nil {
		return err
	}
	if r.err() != nil {
		return c.fails(r)
	}
	return c.real.(driver.Pinger).Ping(ctx)
}

func (c *conn) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := c.real.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

func (c *conn) Begin() (driver.Tx, error) { return c.BeginTx(context.Background(), driver.TxOptions{}) }

func (c *conn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	if c.gone {
		return nil, driver.ErrBadConn
	}
	return c.real.(driver.ConnBeginTx).BeginTx(ctx, o)
}

func (c *conn) Prepare(query string) (driver.Stmt, error) {
	return c.PrepareContext(context.Background(), query)
}

func (c *conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	if c.gone {
		return nil, driver.ErrBadConn
	}
	real, err := c.real.(driver.ConnPrepareContext).PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	s := &stmt{Stmt: real, conn: c, text: query}
	c.stmts[s] = struct{}{}
	return s, nil
}

func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	results := &affected{}
	err := c.run(ctx, query, args, func(query string, args []driver.NamedValue) error {
		result, err := c.exec(ctx, c.real, query, args)
		if err == nil {
			results.add(result)
		}
		return err
	}, results.add)
	if err != nil {
		return nil, err
	}
	return results, nil
}

func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (rows driver.Rows, err error) {
	var broken *Rule
	err = c.run(ctx, query, args, func(query string, args []driver.NamedValue) error {
		if !returnsRows(query) { // the beginning of a packet that is taken apart
			_, err := c.exec(ctx, c.real, query, args)
			return err
		}
		found, err := c.real.(driver.QueryerContext).QueryContext(ctx, query, args)
		rows = found
		return err
	}, nil)
	var reading *breaksOff
	if errors.As(err, &reading) {
		broken, err = reading.rule, nil
	}
	if err != nil {
		if rows != nil {
			_ = rows.Close() // its answer is lost
		}
		return nil, err
	}
	if broken != nil {
		return &shortRows{Rows: rows, left: broken.Rows, rule: broken, conn: c}, nil
	}
	return rows, nil
}

func returnsRows(query string) bool {
	parts := strings.Split(query, ";")
	return strings.HasPrefix(strings.TrimSpace(parts[len(parts)-1]), "SELECT") || strings.HasPrefix(parts[len(parts)-1], "SHOW")
}

func (c *conn) exec(ctx context.Context, on driver.Conn, query string, args []driver.NamedValue) (driver.Result, error) {
	return on.(driver.ExecerContext).ExecContext(ctx, query, numbered(args))
}

func numbered(args []driver.NamedValue) []driver.NamedValue {
	args = slices.Clone(args)
	for i := range args {
		args[i].Ordinal = i + 1
	}
	return args
}

// decide finds the rule about a statement, and the statement that goes instead of it.
func (c *conn) decide(ctx context.Context, s Statement) (Statement, *Rule, error) {
	r := c.from.faults.meet(s)
	if r == nil {
		return s, &Rule{}, nil
	}
	if err := r.wait(ctx); err != nil {
		c.cut() // as the drivers do when their caller gives up
		return s, r, err
	}
	if r.Rewrite != nil {
		s = r.Rewrite(s)
	}
	return s, r, nil
}

// fails is the error of a statement, with what goes along with it.
func (c *conn) fails(r *Rule) error {
	if r.Cut {
		c.cut()
	}
	return r.err()
}

func (c *conn) cut() {
	if !c.gone {
		c.gone = true
		c.end()
	}
}

// end closes the real connection. Its statements go first: SQLite keeps a closed connection, and the locks of its
// transaction, until the last of them is closed.
func (c *conn) end() {
	for s := range c.stmts {
		_ = s.Stmt.Close() // whatever it says, it is gone
	}
	_ = c.real.Close()
}

// run sends a packet, and takes it apart where a rule says so.
func (c *conn) run(ctx context.Context, query string, args []driver.NamedValue, send func(string, []driver.NamedValue) error, note func(driver.Result)) error {
	if c.gone {
		return driver.ErrBadConn
	}
	var texts []string // that go together
	var values []driver.NamedValue
	flush := func() error {
		if len(texts) == 0 {
			return nil
		}
		err := send(strings.Join(texts, ";"), numbered(values))
		texts, values = nil, nil
		return err
	}
	for _, s := range c.apart(query, args) {
		s, r, err := c.decide(ctx, s)
		if err != nil {
			return err
		}
		failing := r.err() != nil
		if !failing && !r.Aside {
			texts, values = append(texts, s.Text), append(values, s.Args...)
			continue
		}
		if failing && r.Reach == Reached {
			texts, values = append(texts, s.Text), append(values, s.Args...)
		}
		if err := flush(); err != nil {
			return err
		}
		switch {
		case r.Aside:
			result, err := c.aside(ctx, s)
			if err != nil {
				return err
			}
			if note != nil {
				note(result)
			}
			continue
		case r.Reach == Late:
			c.later(s, r)
			return r.err()
		case r.Reach == Reached && r.Rows > 0:
			return &breaksOff{r}
		}
		return c.fails(r)
	}
	return flush()
}

// apart splits a packet. No text of the store holds a semicolon or a question mark that means something else.
func (c *conn) apart(query string, args []driver.NamedValue) []Statement {
	var all []Statement
	for text := range strings.SplitSeq(query, ";") {
		n := min(strings.Count(text, "?"), len(args))
		all = append(all, Statement{Text: strings.TrimSpace(text), Args: args[:n], Conn: c.number})
		args = args[n:]
	}
	return all
}

// aside runs a statement on a connection of its own.
func (c *conn) aside(ctx context.Context, s Statement) (driver.Result, error) {
	other, err := c.from.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	defer other.Close()
	return c.exec(ctx, other, s.Text, s.Args)
}

// later leaves the connection to a goroutine that sends the statement in the end.
func (c *conn) later(s Statement, r *Rule) {
	c.gone = true
	c.from.faults.late.Go(func() {
		<-r.Until
		_, _ = c.exec(context.Background(), c.real, s.Text, s.Args) // nobody is there to hear the answer
		c.end()
	})
}

// stmt is a prepared statement.
type stmt struct {
	driver.Stmt
	conn *conn
	text string
}

func (s *stmt) Close() error {
	if s.conn.gone { // with its connection
		return nil
	}
	delete(s.conn.stmts, s)
	return s.Stmt.Close()
}

func (s *stmt) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := s.Stmt.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	return s.conn.CheckNamedValue(v)
}

// sent asks the rules about the statement.
func (s *stmt) sent(ctx context.Context, args []driver.NamedValue) (*Rule, []driver.NamedValue, error) {
	if s.conn.gone {
		return nil, nil, driver.ErrBadConn
	}
	now, r, err := s.conn.decide(ctx, Statement{Text: s.text, Args: args, Conn: s.conn.number})
	switch {
	case err != nil:
		return nil, nil, err
	case now.Text != s.text:
		return nil, nil, fmt.Errorf("faultdb: a prepared statement keeps its text: %s", s.text)
	case r.err() != nil && r.Reach == Unsent:
		return nil, nil, s.conn.fails(r)
	case r.err() != nil && r.Reach == Late:
		s.conn.later(Statement{Text: s.text, Args: now.Args}, r)
		return nil, nil, r.err()
	}
	return r, now.Args, nil
}

func (s *stmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	r, args, err := s.sent(ctx, args)
	if err != nil {
		return nil, err
	}
	if r.Aside {
		return s.conn.aside(ctx, Statement{Text: s.text, Args: args})
	}
	result, err := s.Stmt.(driver.StmtExecContext).ExecContext(ctx, args)
	if err == nil && r.err() != nil {
		return nil, s.conn.fails(r)
	}
	return result, err
}

func (s *stmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	r, args, err := s.sent(ctx, args)
	if err != nil {
		return nil, err
	}
	rows, err := s.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
	if err != nil || r.err() == nil {
		return rows, err
	}
	if r.Rows > 0 {
		return &shortRows{Rows: rows, left: r.Rows, rule: r, conn: s.conn}, nil
	}
	_ = rows.Close() // its answer is lost
	return nil, s.conn.fails(r)
}

// breaksOff carries a rule about the rows of an answer to where they are.
type breaksOff struct{ rule *Rule }

func (b *breaksOff) Error() string { return b.rule.err().Error() }

// shortRows is an answer that breaks off.
type shortRows struct {
	driver.Rows
	left int
	rule *Rule
	conn *conn
}

func (r *shortRows) Next(row []driver.Value) error {
	if r.left == 0 {
		return r.rule.err()
	}
	r.left--
	return r.Rows.Next(row)
}

func (r *shortRows) Close() error {
	err := r.Rows.Close()
	if r.rule.Cut {
		r.conn.cut()
	}
	return err
}

// affected is the result of a packet, also of one that was sent in parts.
type affected struct {
	last   driver.Result
	counts []int64
}

func (a *affected) add(result driver.Result) {
	a.last = result
	if all, ok := result.(interface{ AllRowsAffected() []int64 }); ok {
		a.counts = append(a.counts, all.AllRowsAffected()...)
		return
	}
	n, _ := result.RowsAffected() // the drivers here always know
	a.counts = append(a.counts, n)
}

func (a *affected) AllRowsAffected() []int64     { return a.counts }
func (a *affected) LastInsertId() (int64, error) { return a.last.LastInsertId() }
func (a *affected) RowsAffected() (int64, error) { return a.last.RowsAffected() }
