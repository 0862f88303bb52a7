package notify

import (
	"github.com/prometheus/client_golang/prometheus"
)

// Metrics counts what becomes of deliveries.
type Metrics struct {
	deliveries *prometheus.CounterVec
	latency    *prometheus.HistogramVec
}

// NewMetrics registers them.
func NewMetrics(r prometheus.Registerer) *Metrics {
	m := &Metrics{
		deliveries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "yourturn_deliveries_total",
			Help: "Tries to push, by channel, kind and outcome: what the provider said (sent, gone, rejected, later, down, misconfigured, faulty), or suppressed, expired and postponed when it was not asked.",
		}, []string{"channel", "kind", "outcome"}),
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "yourturn_push_latency_seconds",
			Help:    "From the commit of what a push tells to the provider's word that it has it, the grace included.",
			Buckets: []float64{.1, .5, 1, 2, 3, 4, 5, 7.5, 10, 30, 60, 300, 3600},
		}, []string{"channel", "kind"}),
	}
	r.MustRegister(m.deliveries, m.latency)
	return m
}

// settled counts a try.
func (m *Metrics) settled(s Settlement) {
	outcome := s.Status
	switch {
	case s.Asked:
		outcome = s.Class.String()
	case s.Status == Pending:
		outcome = "postponed"
	}
	m.deliveries.WithLabelValues(s.Channel, s.Kind, outcome).Inc()
	if s.Asked && s.Class == Sent {
		m.latency.WithLabelValues(s.Channel, s.Kind).Observe(s.UpdatedAt.Sub(s.At).Seconds())
	}
}

// Watch shows which breakers of a channel are open.
func (m *Metrics) Watch(r prometheus.Registerer, c *Channel) {
	r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "yourturn_push_breakers_open", Help: "Push providers that are not asked for a while, because they or their configuration failed.",
		ConstLabels: prometheus.Labels{"channel": c.name},
	}, func() float64 { return float64(len(c.breaker.open(c.config.Clock()))) }))
}
