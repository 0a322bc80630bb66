package resources

import (
	"time"

	"hookgate/gateway"
)

// maxNap bounds how long the end of an overlap is slept towards in one go: clocks
// are set, and machines sleep.
const maxNap = time.Hour

// watchOverlaps sets the timer for the overlap that ends first.
func (r *Endpoints) watchOverlaps() {
	var first time.Time
	for _, k := range r.kept {
		for _, rec := range k.endpoints {
			for _, s := range rec.Old {
				if first.IsZero() || s.Until.Before(first) {
					first = s.Until.Time
				}
			}
		}
	}
	if r.timer != nil {
		r.timer.Stop()
		r.timer = nil
	}
	if !first.IsZero() && !r.closed {
		r.timer = time.AfterFunc(min(first.Sub(r.clock()), maxNap), r.endOverlaps)
	}
}

// endOverlaps takes old secrets whose time is over out of service, and out of the
// store.
func (r *Endpoints) endOverlaps() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	for tenant, k := range r.kept {
		for id, rec := range k.endpoints {
			if left := live(rec.Old, r.clock()); len(left) < len(rec.Old) {
				r.endOverlap(tenant, id, rec, left)
			}
		}
	}
	r.watchOverlaps()
}

func (r *Endpoints) endOverlap(tenant, id string, last *endpointRecord, left []gateway.OldSecret) {
	rec := *last
	rec.Old = left
	stored, err := writeRecord(r.sealer, gateway.KindEndpoint, tenant, id, &rec)
	if err == nil {
		err = r.weights.PutResources(stored)
	}
	if err != nil { // it signs no more all the same, nor after a restart
		r.log.Warn("a rotated secret stays in the store for now", "tenant", tenant, "endpoint", id, "error", err)
	}
	r.of(tenant).endpoints[id] = &rec
	t := r.directory.Current().Tenant(tenant)
	if t == nil || t.Endpoint(id) == nil || t.Endpoint(id).Meta.ManagedBy == gateway.ManagedByFile {
		return
	}
	r.show(t, r.revive(tenant, id, &rec))
	r.log.Info("a rotated secret signs no more", "tenant", tenant, "endpoint", id)
}

// close ends what runs in the background.
func (r *Endpoints) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	if r.timer != nil {
		r.timer.Stop()
	}
}
