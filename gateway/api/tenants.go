package api

import (
	"hookgate/auth"
	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/resources"
)

// tenantView is a tenant as it is shown.
type tenantView struct {
	gateway.Meta
	Disabled bool `json:"disabled,omitempty"` // it left the file; a PUT takes it over
	gateway.Tenant
	Headers  any           `json:"headers"`
	Platform *platformView `json:"platform"`
}

type platformView struct {
	gateway.Platform
	Headers any `json:"headers"`
}

// tenants are the tenants that a caller reaches.
type tenants struct {
	resources *resources.Tenants
	export    func(*directory.Tenant) map[string]resources.Sealed
}

func viewTenant(c *call, t *directory.Tenant) any {
	v := tenantView{Meta: t.Meta, Disabled: t.Disabled, Tenant: t.Spec, Headers: c.viewHeaders(t.Spec.Headers)}
	if v.AccountKeys == nil {
		v.AccountKeys = []string{}
	}
	if p := t.Spec.Platform; p != nil {
		v.Platform = &platformView{*p, viewHeaders(p.Headers, c.by.Allows(auth.ManagePlatform))}
	}
	return v
}

// viewHeaders shows outbound headers to those who may edit them, else masked.
func (c *call) viewHeaders(h gateway.Headers) any {
	return viewHeaders(h, c.by.Allows(auth.ReadHeaders))
}

func viewHeaders(h gateway.Headers, whole bool) any {
	switch {
	case h == nil:
		return struct{}{}
	case whole:
		return gateway.Revealed(h)
	}
	return h
}

func (h *tenants) list(c *call) (answer, error) {
	p, err := c.askedPage(gateway.IsName)
	if err != nil {
		return answer{}, err
	}
	var seen []*directory.Tenant
	for t := range c.snapshot.Tenants() {
		if c.snapshot.Reaches(c.by, t.ID) {
			seen = append(seen, t)
		}
	}
	return listPart(c, seen, p, func(t *directory.Tenant) string { return t.ID }, sure(func(t *directory.Tenant) any { return viewTenant(c, t) }))
}

func (h *tenants) get(c *call) (answer, error) {
	defer work(c)()
	tag(c, h.resources.ETag(c.tenant.Meta, &c.tenant.Spec))
	return show(200, viewTenant(c, c.tenant))
}

// sealed gives the secrets of a tenant and its parts, for a gateway with the same master key.
func (h *tenants) sealed(c *call) (answer, error) {
	c.audit("the secrets of a tenant were exported, sealed", "tenant", c.params.tenant)
	return show(200, struct {
		Tenant  string                      `json:"tenant"`
		Secrets map[string]resources.Sealed `json:"secrets"`
	}{c.params.tenant, h.export(c.tenant)})
}

func (h *tenants) put(c *call) (answer, error) {
	body, err := write(c)
	if err != nil {
		return answer{}, err
	}
	t, created, err := h.resources.Put(c.by, c.params.tenant, body)
	if err != nil {
		return answer{}, err
	}
	tellWritten(c, "a tenant was written", "tenant", t.ID, "created", created)
	defer work(c)()
	tag(c, h.resources.ETag(t.Meta, &t.Spec))
	return show(writtenStatus(c, created), viewTenant(c, t))
}

func (h *tenants) delete(c *call) (answer, error) {
	if err := h.resources.Delete(c.by, c.params.tenant); err != nil {
		return answer{}, err
	}
	c.audit("a tenant was deleted", "tenant", c.params.tenant)
	return nothing, nil
}
