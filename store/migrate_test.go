package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"net/http"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"yourturn/migrations"
	"yourturn/server/servertest"
	"yourturn/store"
	"yourturn/store/enginetest"
)

// own are the tables of the migrations' own bookkeeping.
var own = []string{"goose_db_version", "migrations_lock"}

// schema describes a database's tables, in the same words on every engine: columns in their order, with their kind and
// whether they may be null, and indexes with their columns.
func schema(t *testing.T, database string) (tables map[string][]string) {
	t.Helper()
	db, tables := raw(t, database), map[string][]string{}
	if isSQLite(database) {
		var names []string
		rows(t, db, func(r *sql.Rows) error {
			var name string
			err := r.Scan(&name)
			names = append(names, name)
			return err
		}, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
		for _, table := range names {
			rows(t, db, func(r *sql.Rows) error {
				var name, kind string
				var notNull, key int
				err := r.Scan(&name, &kind, &notNull, &key)
				tables[table] = append(tables[table], column(name, kind, notNull == 0))
				return err
			}, "SELECT name, type, \"notnull\", pk FROM pragma_table_info(?) ORDER BY cid", table)
			var primary []string
			rows(t, db, func(r *sql.Rows) error {
				var name string
				err := r.Scan(&name)
				primary = append(primary, name)
				return err
			}, "SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk", table)
			indexes := []string{index("PRIMARY", true, primary)}
			rows(t, db, func(r *sql.Rows) error {
				var name string
				var unique bool
				var columns string
				err := r.Scan(&name, &unique, &columns)
				indexes = append(indexes, index(name, unique, strings.Split(columns, ",")))
				return err
			}, `SELECT l.name, l."unique", (SELECT group_concat(name) FROM (SELECT name FROM pragma_index_info(l.name) ORDER BY seqno))
				FROM pragma_index_list(?) l WHERE l.origin = 'c'`, table)
			tables[table] = append(tables[table], slices.Sorted(slices.Values(indexes))...)
		}
	} else {
		rows(t, db, func(r *sql.Rows) error {
			var table, name, kind, null string
			err := r.Scan(&table, &name, &kind, &null)
			tables[table] = append(tables[table], column(name, kind, null == "YES"))
			return err
		}, "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns WHERE table_schema = DATABASE() ORDER BY table_name, ordinal_position")
		rows(t, db, func(r *sql.Rows) error {
			var table, name, columns string
			var duplicates bool
			err := r.Scan(&table, &name, &duplicates, &columns)
			tables[table] = append(tables[table], index(name, !duplicates, strings.Split(columns, ",")))
			return err
		}, `SELECT table_name, index_name, MAX(non_unique), GROUP_CONCAT(column_name ORDER BY seq_in_index)
			FROM information_schema.statistics WHERE table_schema = DATABASE() GROUP BY table_name, index_name ORDER BY table_name, index_name`)
		for _, lines := range tables { // the engines sort names each in their own way
			first := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, "index") })
			slices.Sort(lines[first:])
		}
	}
	for _, table := range own {
		delete(tables, table)
	}
	return tables
}

func column(name, kind string, null bool) string {
	same := map[string]string{
		"bigint": "number", "integer": "number", "varchar": "text", "mediumtext": "text", "text": "text", "binary": "bytes", "blob": "bytes",
	}
	if known, ok := same[strings.ToLower(kind)]; ok {
		kind = known
	}
	return fmt.Sprintf("column %s %s null=%t", name, kind, null)
}

func index(name string, unique bool, columns []string) string {
	return fmt.Sprintf("index %s unique=%t %v", name, unique, columns)
}

func TestSchemasOfTheEnginesAreTheSame(t *testing.T) {
	lite := "sqlite:" + t.TempDir() + "/yourturn.db"
	migrate(t, lite)
	want := schema(t, lite)
	if len(want) < 10 || len(want["sessions"]) < 20 {
		t.Fatalf("read only %v", want)
	}
	onServers(t, func(t *testing.T, database string) {
		migrate(t, database)
		if diff := cmp.Diff(want, schema(t, database)); diff != "" {
			t.Errorf("sqlite - here +\n%s", diff)
		}
		db := raw(t, database)
		if n := number(t, db, "SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name NOT IN (?, ?) AND collation_name <> 'utf8mb4_bin'", own[0], own[1]); n != 0 {
			t.Errorf("%d columns are not compared by their bytes", n)
		}
		if n := number(t, db, "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND engine <> 'InnoDB'"); n != 0 {
			t.Errorf("%d tables without transactions", n)
		}
		if n := number(t, db, "SELECT COUNT(*) FROM information_schema.triggers WHERE trigger_schema = DATABASE()"); n != 0 {
			t.Errorf("%d triggers", n)
		}
	})
}

func TestMigrationsGoDownAndUpAgain(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		m, err := store.NewMigrator(database, migrations.Files)
		must(t, err)
		defer m.Close()
		before, err := m.Status(t.Context())
		must(t, err)
		for _, s := range before {
			if !s.AppliedAt.IsZero() {
				t.Errorf("%s is applied to an empty database", s.Name)
			}
		}
		if _, err := raw(t, database).Exec("SELECT * FROM goose_db_version"); err == nil {
			t.Error("to ask for the status made a table")
		}
		all, err := m.Up(t.Context())
		must(t, err)
		want := schema(t, database)
		for range all {
			_, err := m.Down(t.Context())
			must(t, err)
		}
		if left := schema(t, database); len(left) != 0 {
			t.Errorf("left after all downs: %v", left)
		}
		again, err := m.Up(t.Context())
		if err != nil || again != all {
			t.Errorf("up again: %d of %d, %v", again, all, err)
		}
		if diff := cmp.Diff(want, schema(t, database)); diff != "" {
			t.Errorf("before - after +\n%s", diff)
		}
		states, err := m.Status(t.Context())
		must(t, err)
		for _, s := range states {
			if s.AppliedAt.IsZero() {
				t.Errorf("%s is pending", s.Name)
			}
		}
	})
}

func TestStatusWaitsForNobody(t *testing.T) {
	onServers(t, func(t *testing.T, database string) {
		migrate(t, database)
		db := raw(t, database)
		for _, statement := range []string{"DROP TABLE migrations_lock", "CREATE VIEW migrations_lock AS SELECT 1 AS lock_id"} { // nobody can write to it
			_, err := db.Exec(statement)
			must(t, err)
		}
		m, err := store.NewMigrator(database, migrations.Files)
		must(t, err)
		defer m.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		states, err := m.Status(ctx)
		must(t, err)
		if len(states) == 0 || states[len(states)-1].AppliedAt.IsZero() {
			t.Errorf("%v", states)
		}
	})
}

var comment = regexp.MustCompile(`--[^\n]*`)

// DDL is not transactional on MySQL: a file of two statements that fails in between can go neither up nor down.
func TestMigrationsAreOneStatementEachAndInPairs(t *testing.T) {
	names := map[string][]string{}
	for _, engine := range []string{"mysql", "sqlite"} {
		files, err := fs.ReadDir(migrations.Files, engine)
		must(t, err)
		for _, file := range files {
			names[engine] = append(names[engine], file.Name())
			text, err := fs.ReadFile(migrations.Files, engine+"/"+file.Name())
			must(t, err)
			up, down, ok := strings.Cut(string(text), "-- +goose Down")
			if !ok {
				t.Errorf("%s cannot be taken back", file.Name())
			}
			for _, half := range []string{up, down} {
				if n := strings.Count(comment.ReplaceAllString(half, ""), ";"); n != 1 {
					t.Errorf("%s/%s: %d statements", engine, file.Name(), n)
				}
			}
		}
	}
	if diff := cmp.Diff(names["mysql"], names["sqlite"]); diff != "" {
		t.Errorf("mysql - sqlite +\n%s", diff)
	}
}

var applied = regexp.MustCompile(`^(\d+) migrations applied`)

func TestSixMigrateCommandsAtOnceApplyEachOnce(t *testing.T) {
	files, err := fs.ReadDir(migrations.Files, "mysql")
	must(t, err)
	binary := servertest.Binary(t)
	onServers(t, func(t *testing.T, database string) {
		var all sync.WaitGroup
		var total atomic.Int64
		for range 6 {
			all.Go(func() {
				out, err := exec.Command(binary, "migrate", "up", "--database", database).CombinedOutput()
				if err != nil {
					t.Errorf("%v: %s", err, out)
					return
				}
				found := applied.FindSubmatch(out)
				if found == nil {
					t.Errorf("it said %q", out)
					return
				}
				n := int64(0)
				_, _ = fmt.Sscan(string(found[1]), &n)
				total.Add(n)
			})
		}
		all.Wait()
		if total.Load() != int64(len(files)) {
			t.Errorf("%d migrations applied by all together, of %d", total.Load(), len(files))
		}
	})
}

// stamp makes a database say that it has another schema version.
func stamp(t *testing.T, database string, version int64) {
	t.Helper()
	_, err := raw(t, database).Exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (?, 1)", version)
	must(t, err)
}

func TestServeRefusesASchemaThatItCannotWorkOn(t *testing.T) {
	binary := servertest.Binary(t)
	cases := []struct {
		name   string
		change func(t *testing.T, database string)
		says   string
	}{
		{"older", func(t *testing.T, database string) {
			m, err := store.NewMigrator(database, migrations.Files)
			must(t, err)
			defer m.Close()
			_, err = m.Down(t.Context())
			must(t, err)
		}, "yourturn migrate up"},
		{"of the next generation", func(t *testing.T, database string) {
			migrate(t, database)
			stamp(t, database, 2001)
		}, "upgrade the server"},
	}
	enginetest.Each(t, func(t *testing.T, database string) {
		migrate(t, database)
		for _, c := range cases {
			if isSQLite(database) && c.name == "older" {
				continue // it brings itself up to date
			}
			t.Run(c.name, func(t *testing.T) {
				c.change(t, database)
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second) // of a server that does start
				defer cancel()
				out, err := exec.CommandContext(ctx, binary, "serve", "--listen", "127.0.0.1:0", "--database", database).CombinedOutput()
				if err == nil || !strings.Contains(string(out), c.says) {
					t.Errorf("%v: %s", err, out)
				}
			})
		}
	})
}

func TestSchemaOfTheSameGenerationIsGoodEnough(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		m, err := store.NewMigrator(database, migrations.Files)
		must(t, err)
		defer m.Close()
		if err := m.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "migrate up") {
			t.Errorf("an empty database: %v", err)
		}
		_, err = m.Up(t.Context())
		must(t, err)
		for _, c := range []struct {
			version int64
			good    bool
		}{{0, true}, {1500, true}, {1999, true}, {2001, false}} {
			if c.version > 0 {
				stamp(t, database, c.version)
			}
			if err := m.Check(t.Context()); (err == nil) != c.good {
				t.Errorf("with %d: %v", c.version, err)
			}
		}
	})
}

// A branch that was merged late brings migrations below those that a database already has.
func TestMigrationBelowTheLastIsMissedAndApplied(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		before := fstest.MapFS{}
		for name, file := range next(t).(fstest.MapFS) {
			if !strings.Contains(name, "01998") {
				before[name] = file
			}
		}
		old, err := store.NewMigrator(database, before)
		must(t, err)
		defer old.Close()
		_, err = old.Up(t.Context())
		must(t, err)
		merged, err := store.NewMigrator(database, next(t))
		must(t, err)
		defer merged.Close()
		if err := merged.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "01998_add_index.sql") {
			t.Errorf("the new program on the old schema: %v", err)
		}
		if n, err := merged.Up(t.Context()); err != nil || n != 1 {
			t.Errorf("%d applied, %v", n, err)
		}
		must(t, merged.Check(t.Context()))
		must(t, old.Check(t.Context()))
	})
}

// next are the migrations of a next version of this program: some more, all of them additive.
func next(t *testing.T) fs.FS {
	t.Helper()
	files := fstest.MapFS{}
	must(t, fs.WalkDir(migrations.Files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(migrations.Files, name)
		files[name] = &fstest.MapFile{Data: text}
		return err
	}))
	for name, text := range map[string]string{
		"01997_add_column": "ALTER TABLE sessions ADD COLUMN added VARCHAR(16) NOT NULL DEFAULT 'x';",
		"01998_add_index":  "CREATE INDEX sessions_by_added ON sessions (added);",
		"01999_add_table":  "CREATE TABLE added (id VARCHAR(64) NOT NULL, PRIMARY KEY (id));",
	} {
		for _, engine := range []string{"mysql", "sqlite"} {
			files[engine+"/"+name+".sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\n" + text + "\n-- +goose Down\nSELECT 1;\n")}
		}
	}
	return files
}

// TestNodesRollThroughAnAdditiveMigration has players on two servers while an administrator migrates for the next
// version, and while first one server and then the other is replaced, with the players on the one that stays.
func TestNodesRollThroughAnAdditiveMigration(t *testing.T) {
	onServers(t, func(t *testing.T, database string) {
		one, two := servertest.Start(t, database), servertest.Start(t, database)
		var use atomic.Pointer[[2]string]
		use.Store(&[2]string{one.URL, two.URL})

		stop := make(chan struct{})
		var games atomic.Int64
		var playing sync.WaitGroup
		for range 4 {
			ann, bob := servertest.Guest(t, one.URL, "Ann"), servertest.Guest(t, two.URL, "Bob")
			playing.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
					}
					if problem := playGame(ann, bob, &use); problem != "" {
						t.Error(problem)
						return
					}
					games.Add(1)
				}
			})
		}
		more := func() { // some games are played from begin to end before this goes on
			for enough := games.Load() + 8; games.Load() < enough && !t.Failed(); {
				time.Sleep(10 * time.Millisecond)
			}
		}
		more()
		m, err := store.NewMigrator(database, next(t))
		must(t, err)
		defer m.Close()
		if n, err := m.Up(t.Context()); err != nil || n != 3 {
			t.Errorf("%d migrations applied: %v", n, err)
		}
		more()
		for _, roll := range []struct{ goes, stays *servertest.Process }{{one, two}, {two, one}} {
			use.Store(&[2]string{roll.stays.URL, roll.stays.URL})
			more() // nobody is on the other any more
			if code := roll.goes.Stop(t); code != 0 {
				t.Errorf("exit code %d", code)
			}
			roll.goes.Restart(t)
			use.Store(&[2]string{one.URL, two.URL})
			more()
		}
		close(stop)
		playing.Wait()
		sound(t, database)
	})
}

// playGame plays a game through the API, each player on a server of their own, and tells of the first answer that is
// not what it should be.
func playGame(ann, bob *servertest.App, use *atomic.Pointer[[2]string]) (problem string) {
	players := [2]*servertest.App{ann, bob}
	ask := func(who, status int, method, path string, body any) (servertest.Answer, bool) {
		app := *players[who]
		app.URL = use.Load()[who]
		answer, err := app.Try(method, path, body)
		if err != nil || answer.Status != status {
			problem = fmt.Sprintf("%s %s: %d, want %d: %s %v", method, path, answer.Status, status, answer.Body, err)
		}
		return answer, problem == ""
	}
	made, ok := ask(0, http.StatusCreated, "POST", "/v1/sessions", map[string]any{"game": "tictactoe", "turn_seconds": 3600})
	if !ok {
		return problem
	}
	now, ok := ask(1, http.StatusOK, "POST", "/v1/sessions/join", map[string]any{"join_code": made.String("join_code")})
	if !ok {
		return problem
	}
	path := "/v1/sessions/" + made.String("id")
	for move := 0; now.String("status") == "active"; move++ {
		who := int(now.Int("to_move", 0))
		if now, ok = ask(who, http.StatusOK, "POST", path+"/moves", servertest.Move(now.Int("turn"), move)); !ok {
			return problem
		}
		if _, ok := ask(1-who, http.StatusOK, "GET", path, nil); !ok {
			return problem
		}
		if _, ok := ask(who, http.StatusOK, "GET", "/v1/sessions", nil); !ok {
			return problem
		}
	}
	return ""
}
