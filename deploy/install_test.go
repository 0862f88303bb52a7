package deploy_test

import (
	"database/sql"
	"errors"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"yourturn/server/servertest"
	"yourturn/store/enginetest"
)

// analyze asks systemd's own program, which needs no systemd to be running.
func analyze(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "systemd-analyze", args...).CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) && (runtime.GOOS != "linux" || !inCI()) {
		t.Skip("systemd-analyze is not here (Debian: systemd)")
	}
	if err != nil {
		t.Fatalf("systemd-analyze %q: %v\n%s", args, err, out)
	}
	return string(out)
}

// units copies the units to a folder, with a program that exists.
func units(t *testing.T) (folder string) {
	t.Helper()
	folder = t.TempDir()
	for _, name := range []string{"yourturn.service", "yourturn-migrate.service", "yourturn.service.d/mysql.conf"} {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		unit := strings.ReplaceAll(string(raw), "/usr/local/bin/yourturn", servertest.Binary(t))
		if err := os.MkdirAll(filepath.Dir(filepath.Join(folder, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), []byte(unit), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// systemd knows every word of the units, or it would name the line.
func TestUnitsAreUnderstood(t *testing.T) {
	folder := units(t)
	for _, unit := range []string{"yourturn.service", "yourturn-migrate.service"} {
		said := analyze(t, "verify", "--man=no", filepath.Join(folder, unit))
		for line := range strings.Lines(said) {
			if strings.Contains(line, "yourturn") { // others' units are others' concern
				t.Errorf("%s: %s", unit, line)
			}
		}
	}
}

// The docs say how exposed the service is.
func TestUnitIsAsConfinedAsTheDocsSay(t *testing.T) {
	docs, err := os.ReadFile("../docs/self-hosting.md")
	if err != nil {
		t.Fatal(err)
	}
	promised := regexp.MustCompile(`exposure of (\d+\.\d)`).FindStringSubmatch(string(docs))
	if promised == nil {
		t.Fatal("self-hosting.md does not say how exposed the service is")
	}
	for _, unit := range []string{"yourturn.service", "yourturn-migrate.service"} {
		said := analyze(t, "security", "--offline=true", "--no-pager", filepath.Join(units(t), unit))
		if measured := regexp.MustCompile(`exposure level for \S+: (\d+\.\d)`).FindStringSubmatch(said); measured == nil || measured[1] != promised[1] {
			t.Errorf("%s is %q, and self-hosting.md says %s", unit, measured, promised[1])
		}
	}
}

// composed is a copy of this folder with the passwords that secrets.sh makes.
func composed(t *testing.T) (folder string) {
	t.Helper()
	folder = t.TempDir()
	for _, name := range []string{"secrets.sh", "mariadb-users.sh", "compose.yaml"} {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), raw, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	run(t, filepath.Join(folder, "secrets.sh"))
	return folder
}

// Whatever compose.yaml takes from this folder is there after secrets.sh, and no second run changes a password.
func TestComposeFindsItsFiles(t *testing.T) {
	folder := composed(t)
	raw, err := os.ReadFile(filepath.Join(folder, "compose.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	before := map[string]string{}
	for _, found := range regexp.MustCompile(`(?m)(?:file: |- )\./([\w./-]+)`).FindAllStringSubmatch(string(raw), -1) {
		content, err := os.ReadFile(filepath.Join(folder, found[1]))
		if err != nil {
			t.Fatal(err)
		}
		before[found[1]] = string(content)
	}
	if len(before) != 6 {
		t.Errorf("compose.yaml takes %d files, and this test knows 6", len(before))
	}
	run(t, filepath.Join(folder, "secrets.sh"))
	for name, content := range before {
		again, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		same(t, name, string(again), content)
	}
	secret, err := os.Stat(filepath.Join(folder, "secrets"))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "who may enter the folder of the passwords", secret.Mode().Perm(), os.FileMode(0o700))
}

// The script that MariaDB's image reads makes users who can do their work, and no more: one migrates, the other serves.
func TestComposeMakesUsersWhoSuffice(t *testing.T) {
	folder := composed(t)
	database, err := url.Parse(enginetest.MariaDB(t).Private(t).Database(t))
	if err != nil {
		t.Fatal(err)
	}
	// The image's function gets the statements; here they are printed. Its secrets are mounted where ours are not.
	statements := run(t, "bash", "-ec", `
		docker_process_sql() { command cat; }
		cat() { command cat "${1/#\/run\/secrets/$0/secrets}"; }
		. "$0/mariadb-users.sh"`, folder)
	config := mysql.NewConfig()
	config.Net, config.Addr, config.User, config.MultiStatements = "tcp", database.Host, database.User.Username(), true
	config.Passwd, _ = database.User.Password()
	root, err := sql.Open("mysql", config.FormatDSN())
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if _, err := root.Exec(statements); err != nil {
		t.Fatalf("%v\n%s", err, statements)
	}
	address := func(name string) string {
		raw, err := os.ReadFile(filepath.Join(folder, "secrets", name))
		if err != nil {
			t.Fatal(err)
		}
		return strings.Replace(string(raw), "mariadb:3306", database.Host, 1)
	}
	program := servertest.Binary(t)
	if out, err := exec.Command(program, "migrate", "up", "--database", address("database-serve")).CombinedOutput(); err == nil {
		t.Errorf("the user of the server may migrate: %s", out)
	}
	run(t, program, "migrate", "up", "--database", address("database-migrate"))
	url := servertest.Serve(t, exec.Command(program, "serve", "--listen", "127.0.0.1:0", "--database", address("database-serve")))
	session, first, _ := servertest.Pair(t, url)
	first.Must(t, 200, "POST", servertest.MovePath(session), servertest.Move(1, 4))
}
