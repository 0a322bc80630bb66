package node

import (
	"hookgate/auth"
	"hookgate/auth/token"
	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/outbound"
	"hookgate/gateway/shares"
)

// current answers by the snapshot as it now stands: for parts that hold none.
type current struct{ directory *directory.Directory }

// retention is how long a tenant's past is kept.
func (c current) retention(tenant string) gateway.Retention {
	if t := c.directory.Current().Tenant(tenant); t != nil {
		return t.Spec.Retention
	}
	return gateway.Retention{}
}

// source gives a source.
func (c current) source(tenant, id string) *directory.Source {
	if t := c.directory.Current().Tenant(tenant); t != nil {
		return t.Source(id)
	}
	return nil
}

// webhook gives a webhook.
func (c current) webhook(tenant, id string) *directory.Webhook {
	if t := c.directory.Current().Tenant(tenant); t != nil {
		return t.Webhook(id)
	}
	return nil
}

// target says where the deliveries of an endpoint go.
func (c current) target(tenant, endpoint string) *outbound.Target {
	s := c.directory.Current()
	t := s.Tenant(tenant)
	switch {
	case t == nil || t.Disabled:
		return nil
	case endpoint == gateway.PlatformEndpoint:
		return outbound.PlatformTarget(t.Platform)
	}
	if route, is := gateway.RouteOfLane(endpoint); is {
		r := s.Route(route)
		return outbound.RouteTarget(r, tenant, r != nil && r.Spec.ConversationKey != nil)
	}
	return outbound.EndpointTarget(t.Endpoint(endpoint))
}

// holder says who has what is used for a tenant.
func (c current) holder(tenant string) shares.Holder {
	s := c.directory.Current()
	if t := s.Tenant(tenant); t != nil {
		return s.Holder(t)
	}
	return shares.Tenant(tenant)
}

// above gives the tenants above one, and whether it is there.
func (c current) above(tenant string) (above []string, known bool) {
	s := c.directory.Current()
	t := s.Tenant(tenant)
	if t == nil {
		return nil, false
	}
	for _, a := range s.Above(t) {
		above = append(above, a.ID)
	}
	return above, true
}

// below gives the tenants below one; "" gives all.
func (c current) below(tenant string) (all []string) {
	s := c.directory.Current()
	for t := range s.Tenants() {
		if tenant == "" || t.ID != tenant && t.Spec.Parent != "" && s.Under(t.ID, tenant) {
			all = append(all, t.ID)
		}
	}
	return all
}

// caller says whose the body of an internal call is: the tenant's whose token it
// carries, else the client's. Nothing of a call that is not known is believed.
func (c current) caller(authorization []byte, client shares.Holder) (who shares.Holder, known bool) {
	text, _ := token.Bearer(authorization)
	s := c.directory.Current()
	by, known := s.Token(token.Hash(text))
	if !known || len(text) == 0 {
		return client, false
	}
	if by.Scope == auth.Tenant {
		if t := s.Tenant(by.Tenant); t != nil {
			return s.Holder(t), true
		}
	}
	return client, true
}
