package pebblestore

import "slices"

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
func (l *list) facets(of *later) (streams []stream, err error) {
	for _, values := range l.asked() {
		one, err := l.posted(of, values)
		if err != nil {
			return nil, err
		}
		streams = append(streams, &anyOf{of: one})
	}
	return streams, nil
}

// within gives what of a place has all that is asked for.
func (l *list) within(facets []stream, place stream) stream {
	if len(facets) == 0 {
		return place
	}
	return &allOf{of: append(facets, place), look: &l.look}
}
