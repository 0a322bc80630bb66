package api

import (
	"bytes"
	"strings"

	"hookgate/auth"
	"hookgate/gateway"
	"hookgate/gateway/edge"
)

// action is what one method of one path does.
type action struct {
	needs       auth.Action
	do          func(*call) (answer, error)
	makesTenant bool // the tenant in the path need not be there yet
	looks       bool // through what a tenant did, as far back as it goes
	steers      bool // beside looking: not row by row
}

// route is one path with its methods. A segment in braces is a parameter.
type route struct {
	path    string
	methods map[string]action
}

// routes lists every path. openapi.yaml describes the same; a test compares them.
// They are looked through in order: those that carry traffic come first.
var routes = []route{
	{"/v1/events", map[string]action{
		"POST": {needs: auth.PublishAny, do: publishAny},
	}},
	{"/v1/tenants/{tenant}/events", map[string]action{
		"GET":  {needs: auth.Read, do: listEvents, looks: true},
		"POST": {needs: auth.Publish, do: publishEvents},
	}},
	{"/v1/tenants/{tenant}/waits", map[string]action{
		"GET":  {needs: auth.Read, do: listWaits, looks: true},
		"POST": {needs: auth.UseWaits, do: openWait},
	}},
	{"/v1/tenants/{tenant}/waits/{id}", map[string]action{
		"GET":    {needs: auth.Read, do: getWait},
		"DELETE": {needs: auth.UseWaits, do: cancelWait},
	}},
	{"/v1/tenants/{tenant}/webhooks/{id}/call", map[string]action{
		"POST": {needs: auth.Call, do: callWebhook},
	}},
	{"/v1/tenants/{tenant}/webhooks/{id}/run", map[string]action{
		"POST": {needs: auth.Call, do: runWebhook},
	}},
	{"/v1/tenants", map[string]action{
		"GET": {needs: auth.Read, do: listTenants},
	}},
	{"/v1/tenants/{tenant}", map[string]action{
		"GET":    {needs: auth.Read, do: getTenant},
		"PUT":    {needs: auth.ManageTenants, do: putTenant, makesTenant: true},
		"DELETE": {needs: auth.ManageTenants, do: deleteTenant},
	}},
	{"/v1/tenants/{tenant}/sources", map[string]action{
		"GET": {needs: auth.Read, do: listSources},
	}},
	{"/v1/tenants/{tenant}/sources/{id}", map[string]action{
		"GET":    {needs: auth.Read, do: getSource},
		"PUT":    {needs: auth.ManageResources, do: putSource},
		"DELETE": {needs: auth.ManageResources, do: deleteSource},
	}},
	{"/v1/tenants/{tenant}/endpoints", map[string]action{
		"GET": {needs: auth.Read, do: listEndpoints},
	}},
	{"/v1/tenants/{tenant}/endpoints/{id}", map[string]action{
		"GET":    {needs: auth.Read, do: getEndpoint},
		"PUT":    {needs: auth.ManageResources, do: putEndpoint},
		"DELETE": {needs: auth.ManageResources, do: deleteEndpoint},
	}},
	{"/v1/tenants/{tenant}/endpoints/{id}/verify", steering(verifyEndpoint)},
	{"/v1/tenants/{tenant}/endpoints/{id}/test", steering(testEndpoint)},
	{"/v1/tenants/{tenant}/endpoints/{id}/pause", steering(pauseEndpoint)},
	{"/v1/tenants/{tenant}/endpoints/{id}/resume", steering(resumeEndpoint)},
	{"/v1/tenants/{tenant}/endpoints/{id}/rotate-secret", steering(rotateSecret)},
	{"/v1/tenants/{tenant}/endpoints/{id}/replay", looking(replayEndpoint)},
	{"/v1/tenants/{tenant}/webhooks", map[string]action{
		"GET": {needs: auth.Read, do: listWebhooks},
	}},
	{"/v1/tenants/{tenant}/webhooks/{id}", map[string]action{
		"GET":    {needs: auth.Read, do: getWebhook},
		"PUT":    {needs: auth.ManageResources, do: putWebhook},
		"DELETE": {needs: auth.ManageResources, do: deleteWebhook},
	}},
	{"/v1/tenants/{tenant}/events/{id}", map[string]action{
		"GET": {needs: auth.Read, do: getEvent},
	}},
	{"/v1/tenants/{tenant}/deliveries", map[string]action{
		"GET": {needs: auth.Read, do: listDeliveries, looks: true},
	}},
	{"/v1/tenants/{tenant}/deliveries/replay", looking(replayDeliveries)},
	{"/v1/tenants/{tenant}/deliveries/{id}", map[string]action{
		"GET": {needs: auth.Read, do: getDelivery},
	}},
	{"/v1/tenants/{tenant}/deliveries/{id}/retry", steering(retryDelivery)},
	{"/v1/tenants/{tenant}/deliveries/{id}/cancel", steering(cancelDelivery)},
	{"/v1/tenants/{tenant}/conversations/{id}", map[string]action{
		"GET": {needs: auth.Read, do: getConversation, looks: true},
	}},
	{"/v1/tokens", map[string]action{
		"GET":  {needs: auth.Tokens, do: listTokens},
		"POST": {needs: auth.Tokens, do: makeToken},
	}},
	{"/v1/tokens/{id}", map[string]action{
		"GET":    {needs: auth.Tokens, do: getToken},
		"DELETE": {needs: auth.Tokens, do: deleteToken},
	}},
	{"/v1/reload", map[string]action{
		"POST": {needs: auth.Reload, do: reload},
	}},
	{"/v1/openapi.yaml", map[string]action{
		"GET": {needs: auth.Read, do: getOpenAPI},
	}},
	{"/v2/integrations/webhook", map[string]action{
		"GET":  {needs: auth.V2, do: ofToken(listConnections)},
		"POST": {needs: auth.V2, do: ofToken(makeConnection)},
	}},
	{"/v2/integrations/webhook/{id}", map[string]action{
		"GET":    {needs: auth.V2, do: ofToken(getConnection)},
		"PUT":    {needs: auth.V2, do: ofToken(putConnection)},
		"DELETE": {needs: auth.V2, do: ofToken(deleteConnection)},
	}},
}

// steering is what can be done to an endpoint or a delivery by hand: a POST.
func steering(do func(*call) (answer, error)) map[string]action {
	return map[string]action{"POST": {needs: auth.ManageResources, do: do}}
}

// looking is steering that looks through what there is.
func looking(do func(*call) (answer, error)) map[string]action {
	return map[string]action{"POST": {needs: auth.ManageResources, do: do, looks: true, steers: true}}
}

// params are the parameters of a path, percent-decoded.
type params struct {
	tenant    string
	hasTenant bool
	id        string
}

// shape is a route's path taken apart, and its methods as the header Allow lists
// them.
type shape struct {
	segments [][]byte
	allow    string
}

var shapes = func() []shape {
	all := make([]shape, len(routes))
	for i, r := range routes {
		var methods []string
		for _, m := range []string{"GET", "PUT", "POST", "DELETE"} {
			if _, has := r.methods[m]; has {
				methods = append(methods, m)
			}
		}
		all[i] = shape{bytes.Split([]byte(r.path), slash), strings.Join(methods, ", ")}
	}
	return all
}()

var slash = []byte("/")

// route finds the action of a request, and the parameters of its path.
func (c *call) route() (action, error) {
	path := bytes.Split(edge.Path(c.ctx), slash)
	for i, s := range shapes {
		if !c.params.match(s.segments, path) {
			continue
		}
		if run, has := routes[i].methods[string(c.ctx.Method())]; has {
			return run, nil
		}
		return action{}, &gateway.Error{
			Code: gateway.CodeMethodNotAllowed, Message: "this path takes " + s.allow, Allow: s.allow,
		}
	}
	return action{}, errNoPath
}

func (p *params) match(segments, path [][]byte) bool {
	if len(segments) != len(path) {
		return false
	}
	*p = params{}
	for i, want := range segments {
		switch {
		case string(want) == "{tenant}":
			p.tenant, p.hasTenant = string(edge.Unescape(path[i])), true
		case string(want) == "{id}":
			p.id = string(edge.Unescape(path[i]))
		case !bytes.Equal(want, path[i]):
			return false
		}
	}
	return true
}
