package store

import (
	"database/sql"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

type metrics struct {
	sizes     prometheus.Histogram
	took      prometheus.Histogram
	conflicts prometheus.Counter
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		sizes: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "yourturn_commit_group_size", Help: "Commits that went together.", Buckets: []float64{1, 2, 4, 8, 16, 32, 64, 128},
		}),
		took: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "yourturn_commit_seconds", Help: "How long a group took to become durable.", Buckets: prometheus.ExponentialBuckets(.0005, 2, 14),
		}),
		conflicts: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "yourturn_commit_conflicts_total", Help: "Commits that another node was faster than.",
		}),
	}
	if r != nil {
		r.MustRegister(m.sizes, m.took, m.conflicts)
	}
	return m
}

func (m *metrics) watch(r prometheus.Registerer, read, write *sql.DB) {
	if r != nil {
		r.MustRegister(collectors.NewDBStatsCollector(read, "read"), collectors.NewDBStatsCollector(write, "write"))
	}
}

func (m *metrics) group(size int, outcomes []error, took time.Duration) {
	m.sizes.Observe(float64(size))
	m.took.Observe(took.Seconds())
	for _, err := range outcomes {
		if err != nil {
			m.conflicts.Inc()
		}
	}
}
