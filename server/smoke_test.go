package server_test

import (
	"os"
	"testing"

	"yourturn/server/servertest"
	"yourturn/store/enginetest"
)

func TestMain(m *testing.M) { os.Exit(enginetest.Main(m)) }

func TestSmoke(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		url := servertest.Local(t, database, servertest.Options{})
		s, a, b := servertest.Pair(t, url)
		a.Must(t, 200, "POST", servertest.MovePath(s), servertest.Move(1, 4))
		b.Must(t, 200, "POST", servertest.MovePath(s), servertest.Move(2, 0))
		t.Log(string(b.Do("GET", "/v1/me/feed?after=0", nil).Body))
	})
}
