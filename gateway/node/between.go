package node

import (
	"fmt"
	"iter"

	"hookgate/gateway"
	"hookgate/gateway/api"
	"hookgate/gateway/directory"
	"hookgate/gateway/proxy"
	"hookgate/gateway/publishing"
)

// between are the functions by which one part tells another, and knows it not.
type between struct{ *parts }

// mostRefreshed is for how many tenants the lanes are told of each by itself.
const mostRefreshed = 100

// swapped tells the parts of a new snapshot: a target of the tenants that changed may have
// come, or changed; so may a route.
func (b between) swapped(changed []string, about directory.About) {
	s := b.directory.Current()
	b.asksClients.Store(s.AsksClients())
	if len(changed) > mostRefreshed {
		changed = []string{""} // all
	}
	for _, tenant := range append(about.Relays, changed...) {
		b.lanes.Refresh(tenant)
	}
	if err := b.proxy.Refresh(s); err != nil {
		b.Log.Error("a route is out of service", "error", err)
	}
	b.tellChanged(changed, about)
	if b.others != nil && !about.Followed {
		b.others.everybody(verbConfigured)
	}
}

// tellChanged tells those who look on which tenants came, went or changed, and by what
// write. A tenant that changed with another's is told as such.
func (b between) tellChanged(changed []string, about directory.About) {
	if about.Followed {
		return // who has written it tells, and the stream brings it from there
	}
	for _, tenant := range changed {
		h := gateway.Happening{Kind: gateway.HappenedConfig, Tenant: tenant, At: b.clock.Now(), Outcome: "changed"}
		switch {
		case about.Tenant == tenant && tenant != "":
			h.Of, h.Action = about.Object, about.Action
		case tenant != "":
			h.Of = "tenants/" + tenant
			if about.Tenant == "" {
				h.Action = about.Action
			}
		}
		b.happened(h)
	}
}

// relay stores a request of a relay route.
func (b between) relay(q proxy.RelayRequest) (id string, duplicate bool, err error) {
	if b.others != nil {
		became, err := b.relayAll([]proxy.RelayRequest{q})
		if err != nil {
			return "", false, err
		}
		return became[0].ID, became[0].Duplicate, nil
	}
	taken, err := b.publisher.Relay(relayRequest(&q))
	return taken.CallbackID, taken.Duplicate, err
}

// relayHere stores the messages of one.
func (b between) relayHere(all []proxy.RelayRequest) ([]proxy.Relayed, error) {
	requests := make([]publishing.RelayRequest, len(all))
	for i := range all {
		requests[i] = relayRequest(&all[i])
	}
	return b.relayed(requests)
}

func (b between) relayed(requests []publishing.RelayRequest) ([]proxy.Relayed, error) {
	taken, err := b.publisher.RelayAll(requests)
	became := make([]proxy.Relayed, len(taken))
	for i, t := range taken {
		became[i] = proxy.Relayed{ID: t.CallbackID, Duplicate: t.Duplicate}
	}
	return became, err
}

func relayRequest(q *proxy.RelayRequest) publishing.RelayRequest {
	r := q.Route
	return publishing.RelayRequest{
		Tenant: r.Tenant, Route: r.ID, Key: q.Key, Keys: q.Keys, IDs: q.IDs, IdempotencyKey: q.IdempotencyKey, Window: r.Window,
		Request: q.Request, Body: q.Body, Span: q.Span,
	}
}

// describe shows an endpoint as the API does; nothing of one that is gone.
func (b between) describe(tenant, endpoint string) gateway.Raw {
	t := b.directory.Current().Tenant(tenant)
	if t == nil || t.Endpoint(endpoint) == nil {
		return nil
	}
	status, err := b.lanes.Status(tenant, endpoint)
	if err != nil {
		return nil // the notice then has the endpoint's names alone
	}
	shown, err := api.ShowEndpoint(t.Endpoint(endpoint), status)
	if err != nil {
		return nil
	}
	return shown
}

// forget drops what the parts hold of a tenant that was deleted.
func (b between) forget(tenant string) {
	b.sessions.Forget(tenant)
	b.inbound.Forget(tenant)
	b.newest.Forget(tenant)
	b.publisher.Forget(tenant)
	b.calls.Forget(tenant)
	b.jobs.Forget(tenant)
	b.lanes.Forget(tenant)
	b.stats.Forget(tenant)
	b.changes.Forget(tenant)
	b.stream.Forget(tenant)
	if b.others != nil && b.others.configures() {
		b.others.ends(tenant)
	}
}

// wasDeleted says of tenants whether another node may not have cleared up after them; nil: there
// is none.
func (b between) wasDeleted() func(tenant string) (bool, error) {
	if b.store.revisions == nil {
		return nil
	}
	return b.store.revisions.WasDeleted
}

// hasLane says whether deliveries of a tenant still go to what is called so. What a tenant
// that left the file has waiting stays, for the tenant may come back; so does what was
// relayed.
func (b between) hasLane(tenant, endpoint string) bool {
	t := b.directory.Current().Tenant(tenant)
	_, relays := gateway.RouteOfLane(endpoint)
	return t != nil && (t.Disabled || relays || endpoint == gateway.PlatformEndpoint || t.Endpoint(endpoint) != nil)
}

// jobRate is how many deliveries a second a job sends again to an endpoint.
func (b between) jobRate(tenant, endpoint string) float64 {
	if t := b.directory.Current().Tenant(tenant); t != nil {
		if e := t.Endpoint(endpoint); e != nil && e.Spec.RateLimit != nil {
			return e.Spec.RateLimit.PerSecond
		}
	}
	return gateway.DefaultJobRate
}

// dropEndpoint ends what was on its way to an endpoint that was deleted.
func (b between) dropEndpoint(tenant, endpoint string) {
	if b.others == nil {
		b.tellDropped(tenant, endpoint, b.lanes.Dropped(tenant, endpoint))
		return
	}
	_, err := b.lanes.DropOrphan(gateway.LaneKey{Tenant: tenant, Endpoint: endpoint}) // each node hears of it, and one has the lane
	b.tellDropped(tenant, endpoint, err)
}

func (b between) tellDropped(tenant, endpoint string, err error) {
	if err != nil {
		b.Log.Error("the deliveries of a deleted endpoint were not cancelled", "tenant", tenant, "endpoint", endpoint, "error", err)
	}
}

// dropWebhook drops what is kept of a webhook that was deleted.
func (b between) dropWebhook(tenant, webhook string) { b.calls.Dropped(tenant, webhook) }

// dropOrphans cancels what waits for endpoints that are no more: the file lost
// them, or a publish was under way as they were deleted. Those of slots that another
// owns are left to it. What a tenant that left
// the file has waiting stays, for the tenant may come back; so does what was relayed.
func (b between) dropOrphans(slots gateway.SlotSet) error {
	lanes, err := b.store.backlog.Lanes(slots)
	if err != nil {
		return fmt.Errorf("looking for deliveries without an endpoint: %w", err)
	}
	for _, lane := range lanes {
		t := b.directory.Current().Tenant(lane.Tenant)
		if _, relays := gateway.RouteOfLane(lane.Endpoint); relays {
			continue // the file is where routes are: who leaves one out may put it back
		}
		if t == nil || t.Disabled || lane.Endpoint == gateway.PlatformEndpoint || t.Endpoint(lane.Endpoint) != nil {
			continue
		}
		here, err := b.lanes.DropOrphan(lane)
		b.tellDropped(lane.Tenant, lane.Endpoint, err)
		if here && err == nil {
			b.Log.Warn("deliveries of an endpoint that is no more are cancelled", "tenant", lane.Tenant, "endpoint", lane.Endpoint)
		}
	}
	return nil
}

// proveEndpoints has the endpoints of the file prove themselves, where they must
// and have not: nobody waits for that, as a PUT does.
func (b between) proveEndpoints(of iter.Seq[*directory.Tenant]) {
	if b.held.is.Load() {
		return // when it is resumed
	}
	for t := range of {
		for _, e := range t.Endpoints() {
			if e.Enabled && e.Meta.ManagedBy == gateway.ManagedByFile {
				b.lanes.Watch(t.ID, e.ID)
			}
		}
	}
}
