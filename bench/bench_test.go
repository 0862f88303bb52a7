package bench

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"yourturn/server/servertest"
	"yourturn/store/enginetest"
)

func TestMain(m *testing.M) { os.Exit(servertest.Main(m)) }

// median is the middle of what the rounds came to.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// percentile of latencies, in milliseconds.
func percentile(latencies []time.Duration, p int) float64 {
	if len(latencies) == 0 {
		return 0
	}
	slices.Sort(latencies)
	return float64(latencies[(len(latencies)-1)*p/100].Microseconds()) / 1000
}

// engines are the addresses of an empty database on each engine that is compared.
func engines(b *testing.B) []engine {
	return []engine{
		{"sqlite", "sqlite:" + b.TempDir() + "/yourturn.db"},
		{"mariadb", enginetest.MariaDB(b).Database(b)},
	}
}

type engine struct{ name, database string }

func (e engine) isSQLite() bool { return strings.HasPrefix(e.database, "sqlite:") }

// table prints rows under each other: the benchmark's own line has no room for them.
func table(b *testing.B, head string, rows []string) {
	b.Helper()
	fmt.Printf("\n%s\n%s\n%s\n\n", b.Name(), head, strings.Join(rows, "\n"))
}
