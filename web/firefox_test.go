package web_test

import (
	"crypto/ecdh"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"yourturn/notify/providertest"
	"yourturn/server/nodetest"
	"yourturn/server/servertest"
	"yourturn/store/enginetest"
)

func TestMain(m *testing.M) { os.Exit(servertest.Main(m)) }

// Firefox subscribes at a push service of the test's own, our server pushes there, and Firefox itself decrypts it: with the
// app closed the person is told, by a notification that opens the table. What Firefox or the server forgets is mended, and
// switching off ends it.
func TestFirefoxIsNotified(t *testing.T) {
	environment := append(nodetest.Firefox(t), pushServiceAt(t)...)
	server := servertest.Start(t, "sqlite:"+filepath.Join(t.TempDir(), "game.db"))
	program := nodetest.Start(t, append(environment, "SERVER="+server.URL), filepath.Join("testdata", "firefox.mjs"))
	program.Await(t, "another key, please")
	t.Setenv("YOURTURN_VAPID_KEY", vapidKey(t))
	server.Kill()
	server.Restart(t)
	program.End(t)
}

// pushServiceAt lets this test's servers push to a service on this machine, which a program starts that is given this
// environment.
func pushServiceAt(t *testing.T) (environment []string) {
	t.Helper()
	authority, port := providertest.NewAuthority(t), enginetest.Port(t)
	certificate, err := os.ReadFile(authority.File)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(authority.Cert.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	key := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	setUpPushes(t, fmt.Sprintf("127.0.0.1:%d", port), authority)
	return []string{fmt.Sprintf("PUSH_PORT=%d", port), "PUSH_KEY=" + string(key), "PUSH_CERTIFICATE=" + string(certificate)}
}

// setUpPushes sets up Web Push in all servers that the test starts, to one push service and without a grace.
func setUpPushes(t *testing.T, host string, authority *providertest.Authority) {
	t.Helper()
	for name, value := range map[string]string{
		"SSL_CERT_FILE":          authority.File,
		"YOURTURN_WEBPUSH_HOST":  host,
		"YOURTURN_VAPID_SUBJECT": "mailto:operator@example.org",
		"YOURTURN_VAPID_KEY":     vapidKey(t),
		"YOURTURN_PUSH_GRACE":    "0s",
	} {
		t.Setenv(name, value)
	}
}

func vapidKey(t *testing.T) string {
	t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(key.Bytes())
}
