package promises

import (
	"maps"
	"slices"
)

// Ended notes a delivery that the gateway shows at the end.
func (r *Relays) Ended(d Shown) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.deliveries[d.ID] = d
}

// Check gives what broke a law since the last Check. At the end (settled), all
// deliveries have been noted, and none may be under way.
func (r *Relays) Check(settled bool) []Violation {
	r.mu.Lock()
	defer r.mu.Unlock()
	if settled {
		r.checkPosts()
		r.checkDeliveries()
	}
	found := r.found
	r.found = nil
	return found
}

// checkPosts: what was accepted was taken, and what is a duplicate is one of
// something.
func (r *Relays) checkPosts() {
	for _, n := range slices.Sorted(maps.Keys(r.posts)) {
		p := r.posts[n]
		if !p.delivered() {
			r.fault(p, "lost", "it was accepted, and %d of it arrived", len(p.copies))
		}
		if p.duplicates > 0 && p.accepted+p.lost == 0 {
			r.fault(p, "taken once", "it was a duplicate, and never accepted")
		}
		if most := p.accepted + p.lost; len(p.copies) > most {
			r.fault(p, "explained", "it arrived under %d webhook-ids, and could be accepted %d times", len(p.copies), most)
		}
	}
}

// checkDeliveries: as many as were accepted, in each conversation, and all of them
// succeeded.
func (r *Relays) checkDeliveries() {
	shown := map[string]int{} // by conversation
	for _, id := range slices.Sorted(maps.Keys(r.deliveries)) {
		d := r.deliveries[id]
		shown[d.ConversationKey]++
		if d.State != "succeeded" || len(d.EventIDs) != 1 {
			r.fault(nil, "ended", "%+v", d)
			continue
		}
		r.tally.Succeeded++
	}
	for _, talk := range slices.Sorted(maps.Keys(r.talks)) {
		arrived := 0
		for _, p := range r.talks[talk] {
			if p.Conversation == talk {
				arrived += len(p.copies)
			}
		}
		if arrived != shown[talk] {
			r.fault(r.talks[talk][0], "ended", "its conversation %q has %d deliveries, and %d arrived", talk, shown[talk], arrived)
		}
		delete(shown, talk)
	}
	if len(shown) > 0 {
		r.fault(nil, "explained", "there are deliveries of conversations that nobody had: %v", shown)
	}
}
