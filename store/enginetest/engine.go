package enginetest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// An engine is a database program found on this machine: how to make an empty data directory and how to serve it.
type engine struct {
	name    string   // mariadb or mysql
	version string   // what the program says of itself; a data directory belongs to one version
	create  []string // the command that fills a data directory; --datadir is added
	serve   []string // the command that serves it; --datadir, --port and --socket are added
}

// Small and quick to start, but as durable as in earnest: a kill -9 must not cost a committed row.
var common = []string{
	"--bind-address=127.0.0.1",
	"--skip-name-resolve",
	"--skip-log-bin",
	"--max-connections=300",
	"--character-set-server=utf8mb4",
	"--innodb-flush-log-at-trx-commit=1",
	"--innodb-buffer-pool-size=128M",
	"--innodb-log-buffer-size=8M",
	"--innodb-print-all-deadlocks=ON",
	"--performance-schema=OFF",
}

func findMariaDB() (engine, error) {
	const advice = "%s is missing: install MariaDB 10.6 or newer (Debian: apt-get install mariadb-server-core mariadb-client-core), or run ./test.sh, which does"
	server, err := find("mariadbd")
	if err != nil {
		return engine{}, fmt.Errorf(advice, "mariadbd")
	}
	install, err := find("mariadb-install-db")
	if err != nil {
		return engine{}, fmt.Errorf(advice, "mariadb-install-db")
	}
	version, err := exec.Command(server, "--version").Output()
	if err != nil {
		return engine{}, fmt.Errorf("%s --version: %w", server, err)
	}
	// The log is created at its later size; otherwise the first start would make it anew.
	// Without --force it wants to look up this machine's name first.
	create := []string{install, "--no-defaults", "--force", "--skip-test-db", "--skip-name-resolve", "--auth-root-authentication-method=socket", "--innodb-log-file-size=64M"}
	serve := append([]string{server, "--no-defaults", "--innodb-log-file-size=64M"}, common...)
	return engine{"mariadb", string(version), asRoot(create), asRoot(serve)}, nil
}

// findMySQL finds a server in the folder that scripts/mysql-server made, named by YOURTURN_TEST_MYSQL_DIR, or one
// that the machine has.
func findMySQL() (engine, error) {
	var server string
	var err error
	if dir := os.Getenv("YOURTURN_TEST_MYSQL_DIR"); dir != "" {
		server, err = exec.LookPath(filepath.Join(dir, "mysqld"))
	} else {
		server, err = find("mysqld")
	}
	if err != nil {
		return engine{}, fmt.Errorf("no MySQL server here: set YOURTURN_TEST_MYSQL_DIR to what scripts/mysql-server prints")
	}
	version, err := exec.Command(server, "--version").Output()
	if err != nil {
		return engine{}, fmt.Errorf("no MySQL server here: %s --version: %w", server, err)
	}
	if !recentMySQL(string(version)) {
		return engine{}, fmt.Errorf("no MySQL 8.4 or newer here: %s", strings.TrimSpace(string(version)))
	}
	serve := append([]string{
		server, "--no-defaults",
		"--innodb-redo-log-capacity=64M", "--mysqlx=OFF", "--secure-file-priv=NULL", "--table-open-cache=400",
	}, common...)
	create := []string{server, "--no-defaults", "--innodb-redo-log-capacity=64M", "--initialize-insecure"}
	return engine{"mysql", string(version), asRoot(create), asRoot(serve)}, nil
}

var mysqlVersion = regexp.MustCompile(`Ver (\d+)\.(\d+)`)

// recentMySQL tells MySQL 8.4 and newer from older ones, and from MariaDB, which many systems install under
// MySQL's name.
func recentMySQL(version string) bool {
	found := mysqlVersion.FindStringSubmatch(version)
	if found == nil || strings.Contains(version, "MariaDB") {
		return false
	}
	major, _ := strconv.Atoi(found[1])
	minor, _ := strconv.Atoi(found[2])
	return major > 8 || major == 8 && minor >= 4
}

// find also looks where servers are installed that are not in the path of an ordinary user.
func find(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	for _, dir := range []string{"/usr/sbin", "/usr/local/sbin", "/usr/libexec", "/usr/local/mysql/bin", "/opt/homebrew/bin"} {
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return path, nil
		}
	}
	return "", exec.ErrNotFound
}

// asRoot lets a server run as root when the tests do; both engines refuse otherwise. Another account could read
// neither the cache in root's home nor a temporary directory of root's. It is a server for tests, on loopback
// only, with a random password.
func asRoot(command []string) []string {
	if os.Geteuid() == 0 {
		command = append(command, "--user=root")
	}
	return command
}
