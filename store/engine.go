package store

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// engine is everything in which MySQL and SQLite differ. The SQL is the same for both, but for upserts.
type engine struct {
	name     string // also the folder of its migrations
	packets  bool   // several statements travel in one packet; otherwise each is prepared once and run alone
	begin    string
	excluded string // how an upsert names the value that was to be inserted, with %s for the column
	readers  int
	writers  int
}

var (
	mysqlEngine = engine{
		name: "mysql", packets: true, begin: "BEGIN", excluded: "VALUES(%s)", readers: 16, writers: 16,
	}
	// SQLite has one writer; IMMEDIATE takes its lock at once, for a lock that is upgraded later fails without waiting.
	sqliteEngine = engine{
		name: "sqlite", begin: "BEGIN IMMEDIATE", excluded: "excluded.%s", readers: 8, writers: 1,
	}
)

// upsert is the clause that changes the existing row instead: NEW(column) stands for the value that was to be inserted.
func (e engine) upsert(key string, sets ...string) string {
	clause := "ON DUPLICATE KEY UPDATE "
	if !e.packets {
		clause = "ON CONFLICT (" + key + ") DO UPDATE SET "
	}
	for i, set := range sets {
		if i > 0 {
			clause += ", "
		}
		before, rest, ok := strings.Cut(set, "NEW(")
		if column, after, closed := strings.Cut(rest, ")"); ok && closed {
			set = before + fmt.Sprintf(e.excluded, column) + after
		}
		clause += set
	}
	return clause
}

// open finds the engine of a database's address and makes the connectors for reading and for writing.
func open(address string) (e engine, read, write driver.Connector, err error) {
	scheme, rest, _ := strings.Cut(address, ":")
	switch scheme {
	case "sqlite":
		c := &sqliteConnector{file: rest}
		return sqliteEngine, c, c, nil
	case "mysql":
		read, err = mysqlConnector(address, func(*mysql.Config) {})
		if err != nil {
			return engine{}, nil, nil, err
		}
		// Several statements in a packet are allowed to the writers alone. All their values are escaped by the driver,
		// and nothing that a client sent ever becomes SQL.
		write, err = mysqlConnector(address, func(c *mysql.Config) {
			c.MultiStatements = true
			c.ClientFoundRows = true // an UPDATE counts the rows it found, as in SQLite, not those it found different
		})
		return mysqlEngine, read, write, err
	}
	return engine{}, nil, nil, errors.New("a database is sqlite:FILE or mysql://USER:PASSWORD@HOST:PORT/NAME")
}

// openForMigration makes the connector of administrators: a statement may take as long as a large table takes, and
// goose's lock reads times, and counts changed rows as MySQL does by itself.
func openForMigration(address string) (engine, driver.Connector, error) {
	if scheme, _, _ := strings.Cut(address, ":"); scheme != "mysql" {
		e, c, _, err := open(address)
		return e, c, err
	}
	c, err := mysqlConnector(address, func(c *mysql.Config) {
		c.ParseTime = true
		c.ReadTimeout = 0
	})
	return mysqlEngine, c, err
}

// mysqlConnector reads an address.
func mysqlConnector(address string, adjust func(*mysql.Config)) (driver.Connector, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || len(u.Path) < 2 {
		return nil, errors.New("the database's address must read mysql://USER:PASSWORD@HOST:PORT/NAME") // without what was given: it holds a password
	}
	c := mysql.NewConfig()
	c.User = u.User.Username()
	c.Passwd, _ = u.User.Password()
	c.Net, c.Addr, c.DBName = "tcp", u.Host, u.Path[1:]
	if u.Port() == "" {
		c.Addr += ":3306"
	}
	parameters := u.Query()
	for name := range parameters {
		if !slices.Contains([]string{"socket", "tls", "ca"}, name) { // a misspelt tls=true must not go in the clear
			return nil, errors.New("the database's address has a parameter other than tls, ca and socket")
		}
	}
	if socket := parameters.Get("socket"); socket != "" {
		c.Net, c.Addr = "unix", socket
	}
	c.TLSConfig = parameters.Get("tls") // true, preferred, skip-verify
	if file := parameters.Get("ca"); file != "" {
		if c.TLS, err = trust(file); err != nil {
			return nil, fmt.Errorf("the database's address: %w", err)
		}
	}
	c.Collation = "utf8mb4_bin"
	c.InterpolateParams = true // one trip instead of three; measured 1.4 to 1.6 times as fast
	c.RejectReadOnly = true    // a primary that was demoted: drop the connection, find the new one
	c.Timeout, c.ReadTimeout, c.WriteTimeout = 3*time.Second, 10*time.Second, 10*time.Second
	c.Logger = &mysql.NopLogger{}
	adjust(c)
	connector, err := mysql.NewConnector(c)
	if err != nil {
		return nil, errors.New("the database's address is not understood: check user, host and parameters")
	}
	return &greeting{connector, []string{
		"SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
		"SET SESSION innodb_lock_wait_timeout = 2",
		"SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'",
	}}, nil
}

// trust makes the connection an encrypted one to a server whose certificate the authorities of a file (PEM) vouch for.
func trust(file string) (*tls.Config, error) {
	certificates, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	authorities := x509.NewCertPool()
	if !authorities.AppendCertsFromPEM(certificates) {
		return nil, fmt.Errorf("%s holds no certificate", file)
	}
	return &tls.Config{RootCAs: authorities, MinVersion: tls.VersionTLS12}, nil
}

// greeting says something to every new connection.
type greeting struct {
	driver.Connector
	words []string
}

func (g *greeting) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := g.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	for _, sentence := range g.words {
		if _, err := conn.(driver.ExecerContext).ExecContext(ctx, sentence, nil); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
	}
	return conn, nil
}

// sqliteConnector opens one file. Full synchronisation costs next to nothing once commits go in groups, and a turn
// that was acknowledged survives a power cut.
type sqliteConnector struct{ file string }

func (c *sqliteConnector) Connect(context.Context) (driver.Conn, error) {
	options := url.Values{"_pragma": {
		"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "cache_size(-16000)", "temp_store(MEMORY)",
	}}
	return c.Driver().Open("file:" + c.file + "?" + options.Encode())
}

func (c *sqliteConnector) Driver() driver.Driver { return &sqlite.Driver{} }

// isDuplicate says that a row with this key is there already.
func isDuplicate(err error) bool {
	var my *mysql.MySQLError
	var lite *sqlite.Error
	switch {
	case errors.As(err, &my):
		return my.Number == 1062
	case errors.As(err, &lite):
		return lite.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY || lite.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE
	}
	return false
}

// isContention says that a transaction met another one and was rolled back: a deadlock, a wait for a lock that ended, a
// row that changed underneath.
func isContention(err error) bool {
	var my *mysql.MySQLError
	var lite *sqlite.Error
	switch {
	case errors.As(err, &my):
		return my.Number == 1213 || my.Number == 1205 || my.Number == 1020
	case errors.As(err, &lite):
		return lite.Code()&0xff == sqlite3.SQLITE_BUSY
	}
	return false
}

// Errors of MySQL that are faults of this program, and that no second try will cure: duplicate key, syntax, no such
// table or column, value too long or wrong.
var permanent = []uint16{1054, 1062, 1064, 1146, 1264, 1292, 1364, 1366, 1406}

// isTemporary says that the same request may succeed later.
func isTemporary(err error) bool {
	var my *mysql.MySQLError
	var lite *sqlite.Error
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return false
	case errors.As(err, &my):
		return !slices.Contains(permanent, my.Number)
	case errors.As(err, &lite):
		code := lite.Code() & 0xff
		return code != sqlite3.SQLITE_ERROR && code != sqlite3.SQLITE_CONSTRAINT && code != sqlite3.SQLITE_MISUSE
	}
	return true // the network, the driver, the context
}
