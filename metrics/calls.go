package metrics

import "github.com/prometheus/client_golang/prometheus"

// SKELETON by the integrator.

// Webhook holds the child metrics of one webhook.
type Webhook struct {
	Calls map[string]prometheus.Counter // by outcome: success, failure
}
