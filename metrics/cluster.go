package metrics

import "github.com/prometheus/client_golang/prometheus"

// Forwarded counts requests that were passed on to the node that decides them, and how long
// its answer took, in seconds. It is called once, with the kinds and results that there are.
func Forwarded(s *Set, kinds, results []string) func(kind, result string, seconds float64) {
	vec := s.library.counterVec("hookgate_cluster_forwarded_total", "Requests that were passed on to the node that decides them, by what became of it: answered, moved (certainly not taken there, and asked for elsewhere), unclear (no answer).", "kind", "result")
	took := s.library.histogram("hookgate_cluster_forward_duration_seconds", "How long the node that decides took to answer a request that was passed on to it.",
		.0005, .001, .0025, .005, .01, .025, .05, .1, .25, 1, 5, 30)
	counts := map[[2]string]prometheus.Counter{}
	for _, kind := range kinds {
		for _, result := range results {
			counts[[2]string{kind, result}] = vec.WithLabelValues(kind, result)
		}
	}
	return func(kind, result string, seconds float64) {
		counts[[2]string{kind, result}].Inc()
		took.Observe(seconds)
	}
}

// Cluster names who knows the nodes that live and the slots that this one owns; it is asked at
// each scrape, and called once. What it gives counts dead nodes that this one took over from,
// and the times that it was declared dead itself.
func Cluster(s *Set, read func() (nodes, slots int)) (tookOver, fenced func()) {
	s.library.gauge("hookgate_cluster_nodes", "Nodes on the same database that live, with this one.", nil,
		func() float64 { nodes, _ := read(); return float64(nodes) })
	s.library.gauge("hookgate_cluster_slots_owned", "Slots of 256 that this node owns.", nil,
		func() float64 { _, slots := read(); return float64(slots) })
	return s.library.counterVec("hookgate_cluster_takeovers_total", "Nodes that this one has declared dead, and taken over from.").WithLabelValues().Inc,
		s.library.counterVec("hookgate_cluster_fenced_total", "Times that another node has declared this one dead.").WithLabelValues().Inc
}
