package api

import "hookgate/auth"

// action is what one method of one path does.
type action struct {
	needs       auth.Action
	do          handler
	makesTenant bool     // the tenant in the path need not be there yet
	looks       bool     // through what a tenant did, as far back as it goes
	steers      bool     // beside looking: not row by row
	query       []string // the parameters behind the path; a request with another is refused
}

// route is one path with its methods. A segment in braces is a parameter.
type route struct {
	path    string
	methods map[string]action
}

// routes lists every path of every noun. openapi.yaml describes the same; a test
// compares them.
// They are looked through in order: those that carry traffic come first.
func (n *nouns) routes() []route {
	return []route{
		{"/v1/events", map[string]action{
			"POST": {needs: auth.PublishAny, do: n.events.publishAny},
		}},
		{"/v1/tenants/{tenant}/events", map[string]action{
			"GET": {needs: auth.Read, do: n.events.list, looks: true,
				query: pagedBy("include", "type", "conversation_key", "since", "until")},
			"POST": {needs: auth.Publish, do: n.events.publish},
		}},
		{"/v1/tenants/{tenant}/waits", map[string]action{
			"GET":  {needs: auth.Read, do: n.waits.list, looks: true, query: pagedBy("include", "state", "source", "conversation_key")},
			"POST": {needs: auth.UseWaits, do: n.waits.open},
		}},
		{"/v1/tenants/{tenant}/waits/{id}", map[string]action{
			"GET":    {needs: auth.Read, do: n.waits.get, query: []string{"hold"}},
			"DELETE": {needs: auth.UseWaits, do: n.waits.cancel},
		}},
		{"/v1/tenants/{tenant}/webhooks/{id}/call", map[string]action{
			"POST": {needs: auth.Call, do: n.calls.call},
		}},
		{"/v1/tenants/{tenant}/webhooks/{id}/run", map[string]action{
			"POST": {needs: auth.Call, do: n.calls.run},
		}},
		{"/v1/tenants", map[string]action{
			"GET": {needs: auth.Read, do: n.tenants.list, query: pagedBy()},
		}},
		{"/v1/tenants/{tenant}", map[string]action{
			"GET":    {needs: auth.Read, do: n.tenants.get},
			"PUT":    {needs: auth.ManageTenants, do: n.tenants.put, makesTenant: true},
			"DELETE": {needs: auth.ManageTenants, do: n.tenants.delete},
		}},
		{"/v1/tenants/{tenant}/sources", map[string]action{
			"GET": {needs: auth.Read, do: n.sources.list, query: pagedBy()},
		}},
		{"/v1/tenants/{tenant}/sources/{id}", map[string]action{
			"GET":    {needs: auth.Read, do: n.sources.get},
			"PUT":    {needs: auth.ManageResources, do: n.sources.put},
			"DELETE": {needs: auth.ManageResources, do: n.sources.delete},
		}},
		{"/v1/tenants/{tenant}/endpoints", map[string]action{
			"GET": {needs: auth.Read, do: n.endpoints.list, query: pagedBy()},
		}},
		{"/v1/tenants/{tenant}/endpoints/{id}", map[string]action{
			"GET":    {needs: auth.Read, do: n.endpoints.get},
			"PUT":    {needs: auth.ManageResources, do: n.endpoints.put},
			"DELETE": {needs: auth.ManageResources, do: n.endpoints.delete},
		}},
		{"/v1/tenants/{tenant}/endpoints/{id}/verify", steering(n.endpoints.verify)},
		{"/v1/tenants/{tenant}/endpoints/{id}/test", steering(n.endpoints.test)},
		{"/v1/tenants/{tenant}/endpoints/{id}/pause", steering(n.endpoints.pause)},
		{"/v1/tenants/{tenant}/endpoints/{id}/resume", steering(n.endpoints.resume)},
		{"/v1/tenants/{tenant}/endpoints/{id}/rotate-secret", steering(n.endpoints.rotate)},
		{"/v1/tenants/{tenant}/endpoints/{id}/replay", looking(n.endpoints.replay)},
		{"/v1/tenants/{tenant}/webhooks", map[string]action{
			"GET": {needs: auth.Read, do: n.webhooks.list, query: pagedBy()},
		}},
		{"/v1/tenants/{tenant}/webhooks/{id}", map[string]action{
			"GET":    {needs: auth.Read, do: n.webhooks.get},
			"PUT":    {needs: auth.ManageResources, do: n.webhooks.put},
			"DELETE": {needs: auth.ManageResources, do: n.webhooks.delete},
		}},
		{"/v1/tenants/{tenant}/events/{id}", map[string]action{
			"GET": {needs: auth.Read, do: n.events.get},
		}},
		{"/v1/tenants/{tenant}/deliveries", map[string]action{
			"GET": {needs: auth.Read, do: n.deliveries.list, looks: true,
				query: pagedBy("include", "state", "endpoint", "event_type", "conversation_key", "since", "until")},
		}},
		{"/v1/tenants/{tenant}/deliveries/replay", looking(n.deliveries.replay)},
		{"/v1/tenants/{tenant}/deliveries/{id}", map[string]action{
			"GET": {needs: auth.Read, do: n.deliveries.get},
		}},
		{"/v1/tenants/{tenant}/deliveries/{id}/retry", steering(n.deliveries.retry)},
		{"/v1/tenants/{tenant}/deliveries/{id}/cancel", steering(n.deliveries.cancel)},
		{"/v1/tenants/{tenant}/conversations/{id}", map[string]action{
			"GET": {needs: auth.Read, do: n.conversations.get, looks: true, query: pagedBy()},
		}},
		{"/v1/tokens", map[string]action{
			"GET":  {needs: auth.Tokens, do: n.tokens.list, query: pagedBy()},
			"POST": {needs: auth.Tokens, do: n.tokens.make},
		}},
		{"/v1/tokens/{id}", map[string]action{
			"GET":    {needs: auth.Tokens, do: n.tokens.get},
			"DELETE": {needs: auth.Tokens, do: n.tokens.delete},
		}},
		{"/v1/reload", map[string]action{
			"POST": {needs: auth.Reload, do: n.operator.reload},
		}},
		{"/v1/openapi.yaml", map[string]action{
			"GET": {needs: auth.Read, do: getOpenAPI},
		}},
		{"/v2/integrations/webhook", map[string]action{
			"GET":  {needs: auth.V2, do: ofToken(n.connections.list), query: []string{"cursor"}},
			"POST": {needs: auth.V2, do: ofToken(n.connections.make)},
		}},
		{"/v2/integrations/webhook/{id}", map[string]action{
			"GET":    {needs: auth.V2, do: ofToken(n.connections.get)},
			"PUT":    {needs: auth.V2, do: ofToken(n.connections.put)},
			"DELETE": {needs: auth.V2, do: ofToken(n.connections.delete)},
		}},
	}
}

// handler does what a call asks for.
type handler = func(*call) (answer, error)

// pagedBy are the parameters of a list: those of its pages, and its own.
func pagedBy(own ...string) []string { return append([]string{"limit", "cursor"}, own...) }

// steering is what can be done to an endpoint or a delivery by hand: a POST.
func steering(do handler) map[string]action {
	return map[string]action{"POST": {needs: auth.ManageResources, do: do}}
}

// looking is steering that looks through what there is.
func looking(do handler) map[string]action {
	return map[string]action{"POST": {needs: auth.ManageResources, do: do, looks: true, steers: true}}
}
