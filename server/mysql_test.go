package server_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"database/sql"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"yourturn/games/tictactoe"
	"yourturn/server"
	"yourturn/server/servertest"
	"yourturn/store/enginetest"
)

// What docs/mysql.md tells administrators is tried here.

// The least that `migrate` and `serve` need.
const (
	migrateGrants = "SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, DROP"
	serveGrants   = "SELECT, INSERT, UPDATE, DELETE"
)

func TestLeastGrants(t *testing.T) {
	for name, engine := range map[string]func(testing.TB) *enginetest.Server{"mariadb": enginetest.MariaDB, "mysql": enginetest.MySQL} {
		t.Run(name, func(t *testing.T) {
			database := engine(t).Database(t)
			migrator := grant(t, database, "migrate", migrateGrants)
			servant := grant(t, database, "serve", serveGrants)

			if said := runs(t, 1, "serve", "--listen", "127.0.0.1:0", "--database", servant); !strings.Contains(said, "yourturn migrate up") {
				t.Errorf("serve on an empty database says %q", said)
			}
			runs(t, 1, "migrate", "up", "--database", servant) // may not
			runs(t, 0, "migrate", "up", "--database", migrator)
			runs(t, 0, "migrate", "down", "--database", migrator)
			runs(t, 0, "migrate", "up", "--database", migrator)
			if said := runs(t, 0, "migrate", "status", "--database", migrator); strings.Contains(said, "pending") {
				t.Errorf("status:\n%s", said)
			}
			playAs(t, servant)
			db := openAs(t, servant)
			for _, statement := range []string{"DROP TABLE feed", "CREATE TABLE more (id INT)", "CREATE INDEX more ON feed (kind)"} {
				if _, err := db.Exec(statement); err == nil {
					t.Errorf("the user of serve may %s", statement)
				}
			}
			runs(t, 0, "verify", "--all", "--database", grant(t, database, "verify", "SELECT"))
		})
	}
}

// A server that asks for TLS with a certificate of the house's own authority.
func TestDatabaseOverTLS(t *testing.T) {
	authority, certificate, key := certificates(t)
	s := enginetest.MariaDB(t).Private(t, "--ssl-cert="+certificate, "--ssl-key="+key)
	database := grant(t, s.Database(t), "secure", migrateGrants, "REQUIRE SSL")
	for parameters, want := range map[string]int{
		"":                               1,
		"?tls=true":                      1, // nobody the system trusts has signed it
		"?tls=yes":                       1,
		"?ssl=true":                      1,
		"?ca=" + key:                     1,
		"?ca=" + certificate + ".absent": 1,
		"?tls=preferred":                 0,
		"?tls=skip-verify":               0,
		"?ca=" + authority:               0,
	} {
		runs(t, want, "migrate", "up", "--database", database+parameters)
	}
	playAs(t, database+"?ca="+authority)
}

// grant makes a user for one database and returns its address.
func grant(t *testing.T, database, name, privileges string, require ...string) string {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	password := rand.Text()
	user := fmt.Sprintf("'%s_%s'@'127.0.0.1'", name, u.Path[1:])
	db := openAs(t, database)
	for _, statement := range []string{
		"CREATE USER " + user + " IDENTIFIED BY '" + password + "' " + strings.Join(require, " "),
		"GRANT " + privileges + " ON " + u.Path[1:] + ".* TO " + user,
	} {
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if _, err := db.Exec("DROP USER " + user); err != nil {
			t.Error(err)
		}
	})
	u.User = url.UserPassword(name+"_"+u.Path[1:], password)
	return u.String()
}

func openAs(t *testing.T, database string) *sql.DB {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("mysql", u.User.String()+"@tcp("+u.Host+")"+u.Path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// runs does a command and returns what it says.
func runs(t *testing.T, want int, args ...string) string {
	t.Helper()
	var said bytes.Buffer
	if code := server.Run(t.Context(), args, &said, &said, server.Game(tictactoe.Rules{})); code != want {
		t.Errorf("%s: exit code %d, want %d: %s", args[:2], code, want, &said)
	}
	return said.String()
}

// playAs plays a move on a server that has this address of its database, and no more rights than it gives.
func playAs(t *testing.T, database string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listen := l.Addr().String()
	l.Close()
	ctx, stop := context.WithCancel(t.Context())
	var said bytes.Buffer
	code := make(chan int, 1)
	go func() {
		code <- server.Run(ctx, []string{"serve", "--listen", listen, "--database", database}, &said, &said, server.Game(tictactoe.Rules{}))
	}()
	defer func() {
		stop()
		if c := <-code; c != 0 {
			t.Errorf("serve: exit code %d: %s", c, &said)
		}
	}()
	app := &servertest.App{URL: "http://" + listen, Requests: servertest.Client()}
	eventually(t, "the server answers", func() bool { return app.Do("GET", "/readyz", nil).Status == 200 })
	id, first, second := servertest.Pair(t, app.URL)
	first.Must(t, 200, "POST", servertest.MovePath(id), servertest.Move(1, 4))
	second.Must(t, 200, "POST", servertest.MovePath(id), servertest.Move(2, 0))
	second.Must(t, 204, "DELETE", "/v1/me", nil)
}

// certificates makes an authority, and a certificate of it for 127.0.0.1 with its key, as files.
func certificates(t *testing.T) (authority, certificate, key string) {
	t.Helper()
	dir := t.TempDir()
	write := func(name, kind string, der []byte) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	ours, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "House authority"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	signed, err := x509.CreateCertificate(rand.Reader, ca, ca, &ours.PublicKey, ours)
	must(err)
	theirs, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "database"}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature,
	}
	of, err := x509.CreateCertificate(rand.Reader, leaf, ca, &theirs.PublicKey, ours)
	must(err)
	private, err := x509.MarshalPKCS8PrivateKey(theirs)
	must(err)
	return write("ca.pem", "CERTIFICATE", signed), write("cert.pem", "CERTIFICATE", of), write("key.pem", "PRIVATE KEY", private)
}
