package api

import "hookgate/auth"

// action is what one method of one path does.
type action struct {
	needs       auth.Action
	do          handler
	makesTenant bool     // the tenant in the path need not be there yet
	gathers     bool     // what each node keeps for itself: see headerMissing
	looks       bool     // through what a tenant did, as far back as it goes
	at          whose    // which node decides it
	query       []string // the parameters behind the path; a request with another is refused
}

// route is one path with its methods. A segment in braces is a parameter.
type route struct {
	path    string
	methods map[string]action
}

// dryRun is the parameter of what writes configuration.
var dryRun = []string{"dry_run"}

// routes lists every path of every noun. openapi.yaml describes the same; a test
// compares them.
// They are looked through in order: those that carry traffic come first.
func (n *nouns) routes() []route {
	return []route{
		{"/v1/events", map[string]action{
			"POST": {needs: auth.PublishAny, do: n.events.publishAny, at: ofAccounts},
		}},
		{"/v1/tenants/{tenant}/events", map[string]action{
			"GET": {needs: auth.Read, do: n.events.list, looks: true,
				query: pagedBy("include", "type", "conversation_key", "since", "until")},
			"POST": {needs: auth.Publish, do: n.events.publish, at: ofTenant},
		}},
		{"/v1/tenants/{tenant}/waits", map[string]action{
			"GET":  {needs: auth.Read, do: n.waits.list, at: ofTenant, looks: true, query: pagedBy("include", "state", "source", "conversation_key", "since", "until")},
			"POST": {needs: auth.UseWaits, do: n.waits.open, at: ofTenant},
		}},
		{"/v1/tenants/{tenant}/waits/{id}", map[string]action{
			"GET":    {needs: auth.Read, do: n.waits.get, at: ofTenant, query: []string{"hold"}},
			"DELETE": {needs: auth.UseWaits, do: n.waits.cancel, at: ofTenant},
		}},
		{"/v1/tenants/{tenant}/waits/{id}/resolve", map[string]action{
			"POST": {needs: auth.UseWaits, do: n.waits.resolve, at: ofTenant},
		}},
		{"/v1/tenants/{tenant}/waits/{id}/extend", map[string]action{
			"POST": {needs: auth.UseWaits, do: n.waits.extend, at: ofTenant},
		}},
		{"/v1/tenants/{tenant}/webhooks/{id}/call", map[string]action{
			"POST": {needs: auth.Call, do: n.calls.call, at: ofTenant},
		}},
		{"/v1/tenants/{tenant}/callbacks", map[string]action{
			"GET": {needs: auth.Read, do: n.callbacks.list, at: ofTenant, looks: true,
				query: pagedBy("include", "source", "outcome", "conversation_key", "since", "until")},
		}},
		{"/v1/tenants/{tenant}/callbacks/{id}", map[string]action{
			"GET": {needs: auth.Read, do: n.callbacks.get, at: ofTenant},
		}},
		{"/v1/tenants/{tenant}/calls", map[string]action{
			"GET": {needs: auth.Read, do: n.madeCalls.list, looks: true,
				query: pagedBy("include", "webhook", "outcome", "reason", "conversation_key", "since", "until")},
		}},
		{"/v1/tenants/{tenant}/calls/{id}", map[string]action{
			"GET": {needs: auth.Read, do: n.madeCalls.get},
		}},
		{"/v1/tenants/{tenant}/webhooks/{id}/run", map[string]action{
			"POST": {needs: auth.Call, do: n.calls.run, at: ofTenant},
		}},
		{"/v1/tenants", map[string]action{
			"GET": {needs: auth.Read, do: n.tenants.list, looks: true, query: pagedBy()},
		}},
		{"/v1/tenants/{tenant}", map[string]action{
			"GET":    {needs: auth.Read, do: n.tenants.get},
			"PUT":    {needs: auth.ManageTenants, do: n.tenants.put, at: ofConfiguration, makesTenant: true, query: dryRun},
			"DELETE": {needs: auth.ManageTenants, do: n.tenants.delete, at: ofConfiguration},
		}},
		{"/v1/tenants/{tenant}/sealed", map[string]action{
			"GET": {needs: auth.Keep, do: n.tenants.sealed},
		}},
		{"/v1/tenants/{tenant}/sources", map[string]action{
			"GET": {needs: auth.Read, do: n.sources.list, looks: true, query: pagedBy()},
		}},
		{"/v1/tenants/{tenant}/sources/{id}", map[string]action{
			"GET":    {needs: auth.Read, do: n.sources.get},
			"PUT":    {needs: auth.ManageResources, do: n.sources.put, at: ofConfiguration, query: dryRun},
			"DELETE": {needs: auth.ManageResources, do: n.sources.delete, at: ofConfiguration},
		}},
		{"/v1/tenants/{tenant}/sources/{id}/requests", map[string]action{
			"GET": {needs: auth.Read, do: n.requests.list, gathers: true, at: ofTenant, looks: true, query: pagedBy("outcome")},
		}},
		{"/v1/tenants/{tenant}/requests/{id}", map[string]action{
			"GET": {needs: auth.Read, do: n.requests.get, gathers: true, at: ofTenant},
		}},
		{"/v1/tenants/{tenant}/requests/{id}/explain", map[string]action{
			"POST": {needs: auth.Read, do: n.requests.explain, gathers: true, at: ofTenant, looks: true},
		}},
		{"/v1/tenants/{tenant}/sources/{id}/explain", map[string]action{
			"POST": {needs: auth.Read, do: n.requests.explainGiven, at: ofTenant, looks: true},
		}},
		{"/v1/tenants/{tenant}/sources/{id}/test", steering(ofTenant, n.sources.test)},
		{"/v1/map", map[string]action{
			"POST": {needs: auth.Read, do: n.mapper.try, looks: true},
		}},
		{"/v1/routes/test", map[string]action{
			"POST": {needs: auth.ReadPlatform, do: n.publicRoutes.test},
		}},
		{"/v1/routes", map[string]action{
			"GET": {needs: auth.ReadPlatform, do: n.publicRoutes.list, gathers: true, looks: true, query: pagedBy()},
		}},
		{"/v1/routes/{id}", map[string]action{
			"GET": {needs: auth.ReadPlatform, do: n.publicRoutes.get, gathers: true},
		}},
		{"/v1/routes/{id}/requests", map[string]action{
			"GET": {needs: auth.ReadPlatform, do: n.publicRoutes.requests, gathers: true, looks: true, query: pagedBy()},
		}},
		{"/v1/routes/{id}/requests/{request}", map[string]action{
			"GET": {needs: auth.ReadPlatform, do: n.publicRoutes.request, gathers: true},
		}},
		{"/v1/requests", map[string]action{
			"GET": {needs: auth.ReadStrangers, do: n.requests.unmatched, gathers: true, looks: true, query: pagedBy("unmatched")},
		}},
		{"/v1/tenants/{tenant}/endpoints", map[string]action{
			"GET": {needs: auth.Read, do: n.endpoints.list, looks: true, query: pagedBy()},
		}},
		{"/v1/tenants/{tenant}/endpoints/{id}", map[string]action{
			"GET":    {needs: auth.Read, do: n.endpoints.get},
			"PUT":    {needs: auth.ManageResources, do: n.endpoints.put, at: ofConfiguration, query: dryRun},
			"DELETE": {needs: auth.ManageResources, do: n.endpoints.delete, at: ofConfiguration},
		}},
		{"/v1/tenants/{tenant}/endpoints/{id}/verify", steering(ofLane, n.endpoints.verify)},
		{"/v1/tenants/{tenant}/endpoints/{id}/test", steering(ofLane, n.endpoints.test)},
		{"/v1/tenants/{tenant}/endpoints/{id}/pause", steering(ofLane, n.endpoints.pause)},
		{"/v1/tenants/{tenant}/endpoints/{id}/resume", steering(ofLane, n.endpoints.resume)},
		{"/v1/tenants/{tenant}/endpoints/{id}/close-breaker", steering(ofLane, n.endpoints.closeBreaker)},
		{"/v1/tenants/{tenant}/endpoints/{id}/rotate-secret", steering(ofConfiguration, n.endpoints.rotate)},
		{"/v1/tenants/{tenant}/endpoints/{id}/replay", looking(ofLane, n.endpoints.replay)},
		{"/v1/tenants/{tenant}/endpoints/{id}/pull", steering(ofLane, n.pulls.pull)},
		{"/v1/tenants/{tenant}/endpoints/{id}/ack", steering(ofLane, n.pulls.ack)},
		{"/v1/tenants/{tenant}/endpoints/{id}/nack", steering(ofLane, n.pulls.nack)},
		{"/v1/tenants/{tenant}/endpoints/{id}/extend", steering(ofLane, n.pulls.extend)},
		{"/v1/tenants/{tenant}/webhooks", map[string]action{
			"GET": {needs: auth.Read, do: n.webhooks.list, looks: true, query: pagedBy()},
		}},
		{"/v1/tenants/{tenant}/webhooks/{id}", map[string]action{
			"GET":    {needs: auth.Read, do: n.webhooks.get},
			"PUT":    {needs: auth.ManageResources, do: n.webhooks.put, at: ofConfiguration, query: dryRun},
			"DELETE": {needs: auth.ManageResources, do: n.webhooks.delete, at: ofConfiguration},
		}},
		{"/v1/tenants/{tenant}/events/{id}", map[string]action{
			"GET": {needs: auth.Read, do: n.events.get},
		}},
		{"/v1/tenants/{tenant}/deliveries", map[string]action{
			"GET": {needs: auth.Read, do: n.deliveries.list, looks: true,
				query: pagedBy("include", "state", "endpoint", "event_type", "conversation_key", "since", "until")},
		}},
		{"/v1/tenants/{tenant}/deliveries/groups", map[string]action{
			"GET": {needs: auth.Read, do: n.deliveries.groups, looks: true, query: []string{"by", "state", "endpoint", "since", "until", "cursor"}},
		}},
		{"/v1/tenants/{tenant}/deliveries/groups/known", steering(ofConfiguration, n.knowns.mark)},
		{"/v1/tenants/{tenant}/deliveries/groups/known/{id}", map[string]action{
			"DELETE": {needs: auth.ManageResources, do: n.knowns.unmark, at: ofConfiguration},
		}},
		{"/v1/tenants/{tenant}/deliveries/replay", looking(ofBody, n.deliveries.replay)},
		{"/v1/tenants/{tenant}/deliveries/{id}", map[string]action{
			"GET": {needs: auth.Read, do: n.deliveries.get},
		}},
		{"/v1/tenants/{tenant}/deliveries/{id}/retry", steering(ofDelivery, n.deliveries.retry)},
		{"/v1/tenants/{tenant}/deliveries/{id}/cancel", steering(ofDelivery, n.deliveries.cancel)},
		{"/v1/tenants/{tenant}/conversations/{id}", map[string]action{
			"GET": {needs: auth.Read, do: n.conversations.get, at: ofTenant, looks: true, query: pagedBy()},
		}},
		{"/v1/deliveries", map[string]action{
			"GET": {needs: auth.Read, do: n.deliveries.across, looks: true,
				query: pagedBy("include", "state", "endpoint", "event_type", "conversation_key", "since", "until")},
		}},
		{"/v1/waits", map[string]action{
			"GET": {needs: auth.Read, do: n.waits.across, looks: true,
				query: pagedBy("include", "state", "source", "conversation_key", "since", "until")},
		}},
		{"/v1/jobs", map[string]action{
			"GET": {needs: auth.Read, do: n.bulk.list, looks: true, query: pagedBy("state")},
		}},
		{"/v1/jobs/{id}", map[string]action{
			"GET": {needs: auth.Read, do: n.bulk.get, looks: true},
		}},
		{"/v1/jobs/{id}/cancel", looking(ofJob, n.bulk.cancel)},
		{"/v1/tokens", map[string]action{
			"GET":  {needs: auth.Tokens, do: n.tokens.list, looks: true, query: pagedBy()},
			"POST": {needs: auth.Tokens, do: n.tokens.make, at: ofConfiguration},
		}},
		{"/v1/tokens/{id}", map[string]action{
			"GET":    {needs: auth.Tokens, do: n.tokens.get},
			"DELETE": {needs: auth.Tokens, do: n.tokens.delete, at: ofConfiguration},
		}},
		{"/v1/sessions/revoke", map[string]action{
			"POST": {needs: auth.ManageResources, do: n.logins.revoke, at: ofConfiguration},
		}},
		{"/v1/tenants/{tenant}/portal-links", map[string]action{
			"POST": {needs: auth.ManageResources, do: n.logins.link, at: ofConfiguration},
		}},
		{"/v1/audit", map[string]action{
			"GET": {needs: auth.ReadAudit, do: n.audit.list, looks: true, query: pagedBy("since", "until", "actor", "object", "action", "tenant")},
		}},
		{"/v1/overview", map[string]action{
			"GET": {needs: auth.Read, do: n.overviews.show, at: ofFigures, gathers: true, looks: true, query: []string{"tenant", "span", "limit", "cursor"}},
		}},
		{"/v1/search", map[string]action{
			"GET": {needs: auth.Read, do: n.searches.find, looks: true, query: []string{"q"}},
		}},
		{"/v1/changes", map[string]action{
			"GET": {needs: auth.Read, do: n.changes.list, looks: true, query: pagedBy("since", "until", "kind", "tenant")},
		}},
		{"/v1/reload", map[string]action{
			"POST": {needs: auth.Reload, do: n.operator.reload},
		}},
		{"/v1/tenants/{tenant}/stats", map[string]action{
			"GET": {needs: auth.Read, do: n.statistics.ofTenant, at: ofFigures, gathers: true, looks: true, query: []string{"since", "until", "step", "endpoint", "source", "webhook"}},
		}},
		{"/v1/stats", map[string]action{
			"GET": {needs: auth.Read, do: n.statistics.ofAll, at: ofFigures, gathers: true, looks: true, query: []string{"since", "until", "step"}},
		}},
		{"/v1/stream", map[string]action{
			"GET": {needs: auth.Read, do: n.streams.open, query: []string{"tenant", "kinds"}},
		}},
		{"/v1/nodes", map[string]action{
			"GET": {needs: auth.Keep, do: n.cluster.list, looks: true, query: []string{"tenant", "endpoint"}},
		}},
		{"/v1/nodes/{id}/drain", map[string]action{
			"POST": {needs: auth.Keep, do: n.cluster.drain},
		}},
		{"/v1/backup", map[string]action{
			"POST": {needs: auth.Keep, do: n.keep.backup, query: []string{"with_key"}},
		}},
		{"/v1/resume", map[string]action{
			"POST": {needs: auth.Keep, do: n.keep.resume},
		}},
		{"/v1/config", map[string]action{
			"GET": {needs: auth.Reload, do: n.settings.effective, looks: true, query: []string{"key"}},
		}},
		{"/v1/config/last-reload", map[string]action{
			"GET": {needs: auth.Reload, do: n.settings.lastReload},
		}},
		{"/v1/me", map[string]action{
			"GET": {needs: auth.Read, do: n.me.token},
		}},
		{"/v1/info", map[string]action{
			"GET": {needs: auth.Read, do: n.me.about},
		}},
		{"/v1/openapi.yaml", map[string]action{
			"GET": {needs: auth.Read, do: getOpenAPI},
		}},
		{"/v2/integrations/webhook", map[string]action{
			"GET":  {needs: auth.V2, do: ofToken(n.connections.list), looks: true, query: []string{"cursor"}},
			"POST": {needs: auth.V2, do: ofToken(n.connections.make), at: ofConfiguration},
		}},
		{"/v2/integrations/webhook/{id}", map[string]action{
			"GET":    {needs: auth.V2, do: ofToken(n.connections.get)},
			"PUT":    {needs: auth.V2, do: ofToken(n.connections.put), at: ofConfiguration},
			"DELETE": {needs: auth.V2, do: ofToken(n.connections.delete), at: ofConfiguration},
		}},
	}
}

// handler does what a call asks for.
type handler = func(*call) (answer, error)

// pagedBy are the parameters of a list: those of its pages, and its own.
func pagedBy(own ...string) []string { return append([]string{"limit", "cursor"}, own...) }

// steering is what can be done to an endpoint or a delivery by hand: a POST.
func steering(at whose, do handler) map[string]action {
	return map[string]action{"POST": {needs: auth.ManageResources, do: do, at: at}}
}

// looking is steering that looks through what there is first.
func looking(at whose, do handler) map[string]action {
	return map[string]action{"POST": {needs: auth.ManageResources, do: do, looks: true, at: at}}
}
