package directory

import (
	"hookgate/gateway"
	"hookgate/gateway/fields"
)

// Whole tells of each path that leads into the list which each takes apart, and does not
// begin with item (SPEC 17, "Batches"): all callbacks of a request find the same there.
// That may be meant, so that it is no fault.
func (s *Source) Whole() []gateway.Fault {
	if s.Plan == nil {
		return nil
	}
	return wholePaths(s.Plan.Whole(), s.Spec.Dedupe.ID)
}

// Whole is that of a relay.
func (r *Route) Whole() []gateway.Fault {
	if r.Plan == nil {
		return nil
	}
	return wholePaths(r.Plan.Whole(), r.Spec.Dedupe.ID)
}

func wholePaths(places []string, id string) (found []gateway.Fault) {
	for _, place := range places {
		if place != "dedupe.id" || id != "" { // else it is the provider's, and written nowhere
			found = append(found, gateway.Fault{Path: place, Message: wholePath})
		}
	}
	return found
}

const wholePath = "leads into the list that each takes apart, and finds the same for all callbacks of a request: begin it with item to look into each by itself"

// WholeInFile tells of those in a configuration file, placed from its root. What does not
// compile has none.
func WholeInFile(tenants []*Tenant, routes []*Route) (found []gateway.Fault) {
	for _, t := range tenants {
		for _, s := range t.Sources() {
			found = append(found, gateway.Under(fields.Member(fields.Member("tenants", t.ID)+".sources", s.ID), s.Whole())...)
		}
	}
	for _, r := range routes {
		found = append(found, gateway.Under(fields.Member("routes", r.ID), r.Whole())...)
	}
	return found
}
