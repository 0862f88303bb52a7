package session

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics counts what happens to sessions.
type Metrics struct {
	changes  *prometheus.CounterVec
	messages *prometheus.CounterVec
	due      prometheus.Gauge
	lag      prometheus.Histogram
}

// NewMetrics registers them.
func NewMetrics(r prometheus.Registerer) *Metrics {
	m := &Metrics{
		changes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "yourturn_session_changes_total", Help: "Changes committed, by game and cause; a turn is played by the cause move.",
		}, []string{"game", "cause"}),
		messages: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "yourturn_feed_messages_total", Help: "Messages that sessions wrote to players' feeds, by kind.",
		}, []string{"kind"}),
		due: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "yourturn_due_sessions", Help: "Sessions that the last pass of this node's clock found due.",
		}),
		lag: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "yourturn_due_lag_seconds",
			Help:    "How late the server acted for those who did not, after the instant at which it was due.",
			Buckets: []float64{.01, .05, .1, .25, .5, 1, 2, 5, 15, 60, 300},
		}),
	}
	r.MustRegister(m.changes, m.messages, m.due, m.lag)
	return m
}

func (m *Metrics) committed(c Commit) {
	for _, change := range c.Changes {
		m.changes.WithLabelValues(c.Session.Game, string(change.Cause)).Inc()
	}
	for _, message := range c.Messages {
		m.messages.WithLabelValues(message.Kind).Inc()
	}
}

func (m *Metrics) acted(late time.Duration) { m.lag.Observe(late.Seconds()) }
