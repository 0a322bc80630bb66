package resources

import (
	"time"

	"hookgate/gateway"
	"hookgate/gateway/audit"
)

// maxNap bounds how long the end of an overlap is slept towards in one go: clocks
// are set, and machines sleep.
const maxNap = time.Hour

// watchOverlaps sets the timer for the overlap that ends first.
func (r *Endpoints) watchOverlaps() {
	var first time.Time
	for key := range r.rotated {
		rec := r.record(key)
		if rec == nil || len(rec.Old) == 0 {
			delete(r.rotated, key)
			continue
		}
		for _, s := range rec.Old {
			if first.IsZero() || s.Until.Before(first) {
				first = s.Until.Time
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
	for key := range r.rotated {
		rec := r.record(key)
		if rec == nil {
			continue
		}
		if left := live(rec.Old, r.clock()); len(left) < len(rec.Old) {
			r.endOverlap(key.Tenant, key.Endpoint, rec, left)
		}
	}
	r.watchOverlaps()
}

// record gives what is kept of an endpoint; nil for nothing.
func (r *Endpoints) record(key gateway.LaneKey) *endpointRecord {
	if k := r.kept[key.Tenant]; k != nil {
		return k.endpoints[key.Endpoint]
	}
	return nil
}

// keep has an endpoint's record in the place of the one before.
func (r *Endpoints) keep(tenant, id string, rec *endpointRecord) {
	r.of(tenant).endpoints[id] = rec
	if len(rec.Old) > 0 {
		r.rotated[gateway.LaneKey{Tenant: tenant, Endpoint: id}] = true
	}
}

func (r *Endpoints) endOverlap(tenant, id string, last *endpointRecord, left []gateway.OldSecret) {
	rec := *last
	rec.Old = left
	w := writing{action: audit.Update, tenant: tenant, object: pathOf(tenant, gateway.KindEndpoint, id)}
	stored, err := writeRecord(r.sealer, gateway.KindEndpoint, tenant, id, &rec)
	if err == nil && r.configures() {
		err = r.putEnded(w, last, &rec, stored)
	}
	if err != nil { // it signs no more all the same, nor after a restart
		r.log.Warn("a rotated secret stays in the store for now", "tenant", tenant, "endpoint", id, "error", err)
	}
	r.keep(tenant, id, &rec)
	t := r.directory.Current().Tenant(tenant)
	if t == nil || t.Endpoint(id) == nil || t.Endpoint(id).Meta.ManagedBy == gateway.ManagedByFile {
		return
	}
	r.show(w, t, r.revive(tenant, id, &rec))
	r.log.Info("a rotated secret signs no more", "tenant", tenant, "endpoint", id)
}

// putEnded stores an endpoint whose old secrets ended by themselves.
func (r *Endpoints) putEnded(w writing, last, rec *endpointRecord, stored gateway.Record) error {
	lines, err := r.lines(w, last.value(r.ledger), rec.value(r.ledger))
	if err != nil {
		return err
	}
	return r.weights.PutAudited(lines, stored)
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
