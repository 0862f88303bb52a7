package server_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"yourturn/server/servertest"
)

// A probe in an image without a shell: it finds the server by the settings that the server itself was given.
func TestHealthAsksTheServerBesideIt(t *testing.T) {
	p := servertest.Start(t, "sqlite:"+filepath.Join(t.TempDir(), "yourturn.db"))
	address := strings.TrimPrefix(p.URL, "http://")
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	for _, listen := range []string{address, "0.0.0.0:" + port, ":" + port} {
		said, code := program(t, time.Minute, []string{"YOURTURN_LISTEN=" + listen}, "health")
		same(t, "health of "+listen, code, 0)
		same(t, "said", said, "{\"status\":\"ok\"}\n")
	}
	p.Kill()
	said, code := program(t, time.Minute, []string{"YOURTURN_LISTEN=" + address}, "health")
	if code == 0 || !strings.Contains(said, "connect") {
		t.Errorf("with nobody there: %d %s", code, said)
	}
}

func TestHealthTellsOfTrouble(t *testing.T) {
	busy := servertest.Local(t, "sqlite:"+filepath.Join(t.TempDir(), "yourturn.db"), servertest.Options{})
	said, code := program(t, time.Minute, []string{"YOURTURN_LISTEN=" + strings.TrimPrefix(busy, "http://")}, "health")
	if code != 0 || !strings.Contains(said, "test clock") {
		t.Errorf("with a test clock: %d %s", code, said)
	}
	said, code = program(t, time.Minute, nil, "health", "--listen", "nonsense")
	if code != 1 || !strings.Contains(said, "--listen") {
		t.Errorf("with a listen address that is none: %d %s", code, said)
	}
}

func TestHealthSpeaksTLS(t *testing.T) {
	_, certificate, key := certificates(t)
	cmd := exec.Command(servertest.Binary(t), "serve", "--listen", "127.0.0.1:0", "--database", "sqlite:"+filepath.Join(t.TempDir(), "yourturn.db"),
		"--tls-cert", certificate, "--tls-key", key)
	url := servertest.Serve(t, cmd)
	listen := "YOURTURN_LISTEN=" + strings.TrimPrefix(url, "https://")
	if said, code := program(t, time.Minute, []string{listen, "YOURTURN_TLS_CERT=" + certificate}, "health"); code != 0 {
		t.Errorf("health: %d %s", code, said)
	}
}

// A server that is not going to serve says so before anybody hears that it is ready.
func TestServerWithoutItsCertificateIsNeverReady(t *testing.T) {
	_, certificate, key := certificates(t)
	for name, args := range map[string][]string{
		"no certificate":  {"--tls-cert", "nowhere.pem", "--tls-key", key},
		"no key":          {"--tls-cert", certificate, "--tls-key", "nowhere.pem"},
		"the wrong files": {"--tls-cert", key, "--tls-key", certificate},
	} {
		database := "sqlite:" + filepath.Join(t.TempDir(), "yourturn.db")
		said, code := program(t, time.Minute, nil, append([]string{"serve", "--listen", "127.0.0.1:0", "--database", database}, args...)...)
		if code != 1 || !strings.Contains(said, "--tls-cert") || strings.Contains(said, "listens on") {
			t.Errorf("%s: %d %s", name, code, said)
		}
	}
}

// systemd waits for this word before it starts what needs the server, and before `systemctl start` comes back.
func TestSystemdHearsThatTheServerIsReady(t *testing.T) {
	dir, err := os.MkdirTemp("", "notify") // t.TempDir may be longer than a socket's name can be
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(dir, "socket"), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	cmd := exec.Command(servertest.Binary(t), "serve", "--listen", "127.0.0.1:0", "--database", "sqlite:"+filepath.Join(t.TempDir(), "yourturn.db"))
	cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+filepath.Join(dir, "socket"))
	url := servertest.Serve(t, cmd)
	if err := socket.SetReadDeadline(time.Now().Add(generous)); err != nil {
		t.Fatal(err)
	}
	heard := make([]byte, 100)
	n, err := socket.Read(heard)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "told", string(heard[:n]), "READY=1")
	app := &servertest.App{URL: url, Requests: servertest.Client()}
	app.Must(t, 200, "GET", "/readyz", nil)
}
