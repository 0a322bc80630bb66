package metrics

import "github.com/prometheus/client_golang/prometheus"

type deliveries struct {
	eventsAccepted  *prometheus.CounterVec
	deliveriesTotal *prometheus.CounterVec
	attemptsTotal   *prometheus.CounterVec
	attemptDuration prometheus.Histogram
	deliveryLag     prometheus.Histogram
	queueDepth      *prometheus.GaugeVec
	breakerState    *prometheus.GaugeVec
	ages            *ages
}

func newDeliveries(r prometheus.Registerer) deliveries {
	d := deliveries{
		eventsAccepted:  counterVec("hookgate_events_accepted_total", "Events that were accepted; those of types that are not the platform's own count as other.", "tenant", "type"),
		deliveriesTotal: counterVec("hookgate_deliveries_total", "Deliveries that ended, by the state they ended in.", "tenant", "endpoint", "state"),
		attemptsTotal:   counterVec("hookgate_delivery_attempts_total", "Attempts made, by how they went.", "tenant", "endpoint", "code"),
		attemptDuration: histogram("hookgate_delivery_attempt_duration_seconds", "How long one attempt took.",
			.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 15, 60),
		deliveryLag: histogram("hookgate_delivery_lag_seconds", "From an event's acceptance to its delivery.",
			.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 5, 30, 300, 3600),
		queueDepth:   gaugeVec("hookgate_queue_depth", "Deliveries that have not ended.", "tenant", "endpoint"),
		breakerState: gaugeVec("hookgate_breaker_state", "The endpoint's circuit breaker: 0 closed, 1 half-open, 2 open.", "tenant", "endpoint"),
		ages:         newAges("hookgate_queue_oldest_seconds", "Age of the oldest delivery that has not ended; 0 with none."),
	}
	r.MustRegister(d.eventsAccepted, d.deliveriesTotal, d.attemptsTotal, d.attemptDuration, d.deliveryLag, d.queueDepth, d.breakerState, d.ages)
	return d
}

// otherTypes stands for all event types that are not counted by name: publishers
// make them up, and a label's values come from a closed list.
const otherTypes = "other"

// EventsAccepted counts n events of a type.
func (t Tenant) EventsAccepted(eventType string, n int) {
	counter := t.events[eventType]
	if counter == nil {
		counter = t.events[otherTypes]
	}
	counter.Add(float64(n))
}

// Endpoint is what is counted for one endpoint.
type Endpoint struct {
	Deliveries  map[string]prometheus.Counter // by the state they ended in; read only
	Attempts    map[string]prometheus.Counter // by code; read only
	QueueDepth  prometheus.Gauge
	QueueOldest *Age
	Breaker     prometheus.Gauge // 0 closed, 1 half-open, 2 open
}

// Endpoint gives the children of one endpoint, for the states in which
// deliveries end and the codes of attempts.
func (s *Set) Endpoint(tenant, endpoint string, states, codes []string) Endpoint {
	return Endpoint{
		Deliveries:  children(s.deliveriesTotal, states, tenant, endpoint),
		Attempts:    children(s.attemptsTotal, codes, tenant, endpoint),
		QueueDepth:  s.queueDepth.WithLabelValues(tenant, endpoint),
		QueueOldest: s.ages.of(laneLabels{tenant, endpoint}),
		Breaker:     s.breakerState.WithLabelValues(tenant, endpoint),
	}
}

// AttemptDuration takes the seconds of each attempt.
func (s *Set) AttemptDuration() prometheus.Observer { return s.attemptDuration }

// DeliveryLag takes the seconds from acceptance to delivery.
func (s *Set) DeliveryLag() prometheus.Observer { return s.deliveryLag }
