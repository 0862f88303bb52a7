package notify

import (
	"math/rand/v2"
	"time"
)

// ReasonProviderDown is why a delivery waits while the breaker of its provider is open.
const ReasonProviderDown = "provider-down"

// end settles a delivery that is not sent.
func (d Due) end(status, reason string) Settlement {
	d.Status, d.Reason = status, reason
	return Settlement{Delivery: d.Delivery, To: d.To}
}

// again leaves a delivery pending for a while.
func (d Due) again(reason string, wait time.Duration) Settlement {
	d.Reason = reason
	return Settlement{Delivery: d.Delivery, To: d.To, Again: wait}
}

// after settles a delivery by what a provider said.
func (d Due) after(o Outcome) Settlement {
	if o.Class == Gone && !o.Since.IsZero() && !d.To.Registered.Before(o.Since) {
		o.Class = Rejected // it was registered again since, so the provider speaks of its past
	}
	d.Attempts++
	d.ProviderID = o.ID
	s := d.again(o.Reason, max(backoff(d.Attempts), o.After))
	switch o.Class {
	case Sent:
		s = d.end(Delivered, "")
	case Gone, Rejected, Faulty:
		s = d.end(Failed, o.Reason)
	}
	s.Asked, s.Class = true, o.Class
	return s
}

// Back-off doubles from some seconds to a quarter of an hour, after which Apple wants to be asked again. Half of it is
// drawn, so that what failed together does not come back together.
const (
	backoffFirst = 5 * time.Second
	backoffMost  = 15 * time.Minute
)

func backoff(attempts int) time.Duration {
	d := min(backoffFirst<<min(attempts-1, 10), backoffMost)
	return d/2 + rand.N(d/2)
}
