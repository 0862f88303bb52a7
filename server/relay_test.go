package server_test

import (
	"net"
	"os/exec"
	"testing"

	"yourturn/server/servertest"
)

// Two nodes on one database, and the player's stream is on the other one: with Redis between them the wake arrives,
// and so does the goodbye at logout. Without Redis the sweep does the first a second later; the beat does the second.
func TestRedisCarriesWakesAndGoodbyes(t *testing.T) {
	redis := startRedis(t)
	database := "sqlite:" + t.TempDir() + "/shared.db"
	here := servertest.Start(t, database, "--redis", redis)
	there := servertest.Start(t, database, "--redis", redis)

	session, first, second := servertest.Pair(t, here.URL)
	elsewhere := *second
	elsewhere.URL = there.URL
	stream := elsewhere.Stream(t, "?after=0")
	if got := stream.Next(t); got.Name != "hello" {
		t.Fatalf("a stream begins with %q", got.Name)
	}
	if got := stream.Next(t); got.Message(t).Kind != "matched" {
		t.Fatalf("first message: %s", got.Data)
	}
	first.Must(t, 200, "POST", servertest.MovePath(session), servertest.Move(1, 4))
	if got := stream.Next(t); got.Message(t).Kind != "your_turn" {
		t.Fatalf("after the move: %s", got.Data)
	}
	second.Must(t, 204, "DELETE", "/v1/tokens", nil)
	if got := stream.Next(t); got.Name != "bye" {
		t.Fatalf("after the logout on the other node: %q %s", got.Name, got.Data)
	}
}

func startRedis(t *testing.T) (address string) {
	t.Helper()
	program, err := exec.LookPath("redis-server")
	if err != nil {
		t.Fatal("redis-server is missing: apt-get install redis-server")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	l.Close()
	cmd := exec.Command(program, "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", t.TempDir())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it keeps nothing
		_ = cmd.Wait()
	})
	return "redis://127.0.0.1:" + port + "/0"
}
