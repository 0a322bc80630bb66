package promises

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
)

// Event is an event as the gateway shows it (SPEC 7).
type Event struct {
	ID   string          `json:"id"`
	Body json.RawMessage `json:"body"`
}

// Saw notes an event that the gateway shows.
func (f *Feed) Saw(e Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := f.of(e.Body)
	if i == nil {
		f.fault(nil, "explained", "%s is shown, and nobody published it:\n%s", e.ID, e.Body)
		return
	}
	if !bytes.Equal(i.Body, e.Body) {
		f.fault(i, "bytes", "%s is shown as\n%s\ninstead of\n%s", e.ID, e.Body, i.Body)
	}
	f.named(i, e.ID)
	delete(f.unseen, e.ID)
}

// Shown is a delivery as the gateway shows it (SPEC 7).
type Shown struct {
	ID              string   `json:"id"`
	Endpoint        string   `json:"endpoint"`
	EventIDs        []string `json:"event_ids"`
	ConversationKey string   `json:"conversation_key"`
	State           string   `json:"state"`
	Attempts        []Tried  `json:"attempts"`
}

// Tried is one attempt of a delivery.
type Tried struct {
	Status int `json:"status"` // 0: there was no answer
}

// Ended notes a delivery that the gateway shows at the end.
func (f *Feed) Ended(d Shown) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.shown[d.ID] = d
}

// Check gives what broke a law since the last Check. It is called when all that was
// answered since then has been read back; at the end (settled), also all deliveries.
func (f *Feed) Check(settled bool) []Violation {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, id := range slices.Sorted(maps.Keys(f.unseen)) {
		f.fault(f.byID[id], "lost", "%s was answered 202 and is not there", id)
	}
	clear(f.unseen)
	if settled {
		f.checkEnds()
	}
	found := f.found
	f.found = nil
	return found
}

// checkEnds: each event has one delivery at each endpoint that wants it, and that
// delivery ended as it may.
func (f *Feed) checkEnds() {
	deliveries := map[arrivalKey][]string{} // of an endpoint and an event
	for _, id := range slices.Sorted(maps.Keys(f.shown)) {
		d := f.shown[id]
		for _, event := range d.EventIDs {
			key := arrivalKey{d.Endpoint, event}
			deliveries[key] = append(deliveries[key], id)
		}
		f.checkBatch(d)
	}
	for key, g := range f.got {
		if _, known := f.shown[key.id]; !known && !isEventID(key.id) {
			f.fault(f.items[g.items[0]], "explained", "%s got %s, and there is no such delivery", key.endpoint, key.id)
		}
	}
	for key, ids := range deliveries {
		i, s := f.byID[key.id], f.subscribers[key.endpoint]
		if i == nil || s == nil || !s.wants(i) {
			f.fault(i, "explained", "%s has a delivery of %s: %q", key.endpoint, key.id, ids)
		}
		if len(ids) > 1 {
			f.fault(i, "explained", "%s is in %d deliveries to %s: %q", key.id, len(ids), key.endpoint, ids)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(f.byID)) {
		for _, s := range f.wanting(f.byID[id]) {
			ids := deliveries[arrivalKey{s.Name, id}]
			if len(ids) == 0 {
				f.fault(f.byID[id], "lost", "%s has no delivery to %s", id, s.Name)
				continue
			}
			f.checkEnd(s, id, f.shown[ids[0]])
		}
	}
}

// checkBatch: a request under a delivery's id held that delivery's events.
func (f *Feed) checkBatch(d Shown) {
	g := f.got[arrivalKey{d.Endpoint, d.ID}]
	if g == nil {
		return
	}
	var items []string
	for _, id := range d.EventIDs {
		if i := f.byID[id]; i != nil {
			items = append(items, i.N)
		}
	}
	if !slices.Equal(items, g.items) {
		f.fault(f.items[g.items[0]], "same id", "%s is of %q, and %s got %q under it", d.ID, items, d.Endpoint, g.items)
	}
}

func (f *Feed) checkEnd(s *Subscriber, event string, d Shown) {
	i := f.byID[event]
	single, batch := f.got[arrivalKey{s.Name, event}], f.got[arrivalKey{s.Name, d.ID}]
	if single != nil && batch != nil {
		f.tally.Renamed++
	}
	switch {
	case d.State == "succeeded":
		f.tally.Succeeded++
		if (single == nil || !single.ok) && (batch == nil || !batch.ok) {
			f.fault(i, "ended", "%s succeeded, and %s never said so", d.ID, s.Name)
		}
	case d.State != "dead" || s.Attempts == 0:
		f.fault(i, "ended", "%s to %s is %s at the end", d.ID, s.Name, d.State)
	default:
		f.tally.Dead++
		if len(d.Attempts) != s.Attempts || slices.ContainsFunc(d.Attempts, func(a Tried) bool { return a.Status/100 == 2 }) {
			f.fault(i, "ended", "%s to %s died with %d attempts %v, want %d without a success", d.ID, s.Name, len(d.Attempts), d.Attempts, s.Attempts)
		}
	}
}
