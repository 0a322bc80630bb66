package pebblestore

import (
	"slices"

	"hookgate/gateway"
)

// asking is what a query asks of a facet: one of these values.
type asking struct {
	of     facet
	hashes []uint64
}

// asked gives what the query asks of facets; nothing of one that it does not ask for.
func (l *list) asked() (facets []asking) {
	one := func(of facet, value, kind string) {
		if value != "" {
			facets = append(facets, asking{of, []uint64{valueHash(of, value, kind)}})
		}
	}
	one(facetEndpoint, l.q.Endpoint, "")
	one(facetSource, l.q.Source, "")
	one(facetWebhook, l.q.Webhook, "")
	if outcomes := l.outcomes(); len(outcomes) > 0 {
		facets = append(facets, asking{facetOutcome, outcomes})
	}
	if l.q.Kind != "" {
		one(facetKind, l.q.Type, l.q.Kind)
	} else {
		one(facetType, l.q.Type, "")
	}
	if names := slices.DeleteFunc(slices.Clone(l.q.Conversation), func(name string) bool { return name == "" }); len(names) > 0 && len(names) == len(l.q.Conversation) {
		of := asking{of: facetConversation}
		for _, name := range names {
			of.hashes = append(of.hashes, valueHash(facetConversation, name, ""))
		}
		facets = append(facets, of)
	}
	return facets
}

// facets opens the postings of a kind, as one stream for each facet that is asked for.
func (l *list) facets(of *later) (streams []stream) {
	for _, values := range l.asked() {
		streams = append(streams, &anyOf{of: l.posted(of, values)})
	}
	return streams
}

// within gives what of a place has all that is asked for.
func (l *list) within(facets []stream, place stream) stream {
	if len(facets) == 0 {
		return place
	}
	return &allOf{of: append(facets, place), look: &l.look}
}

// outcomes gives what is asked of the outcome. That of a call that failed is posted with
// its reason, so that who asks for any reason asks for each of them.
func (l *list) outcomes() (hashes []uint64) {
	switch {
	case l.q.Reason != "" && l.q.Outcome != "" && l.q.Outcome != string(gateway.CallFailure):
		return []uint64{valueHash(facetOutcome, l.q.Outcome, l.q.Reason)} // what none has
	case l.q.Reason != "":
		return []uint64{valueHash(facetOutcome, string(gateway.CallFailure), l.q.Reason)}
	case l.q.Outcome == string(gateway.CallFailure):
		for _, reason := range gateway.CallReasons {
			hashes = append(hashes, valueHash(facetOutcome, l.q.Outcome, reason))
		}
	}
	if l.q.Outcome != "" {
		hashes = append(hashes, valueHash(facetOutcome, l.q.Outcome, ""))
	}
	return hashes
}
