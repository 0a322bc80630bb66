package api

import (
	"time"

	"hookgate/auth"
	"hookgate/gateway"
)

// Info is what a gateway says of itself.
type Info struct {
	Version          string
	Started          time.Time
	Public, Internal string // addresses of the listeners
	PublicURL        string
	Driver           string // of the store
	StoreBytes       int64
	StoreFault       string // why it takes nothing; "": it does
	Held             string // why it sends nothing; "": it does
	AuditKept        time.Duration
}

// me answers about who asks, and whom.
type me struct {
	info func() Info // Options.Info
}

// token answers what the token is that asks.
func (h *me) token(c *call) (answer, error) {
	expires := gateway.Time{}
	if c.by.Expires != 0 {
		expires = gateway.At(time.UnixMilli(c.by.Expires))
	}
	return show(200, struct {
		TokenID   *string      `json:"token_id"`
		Name      *string      `json:"name"`
		Scope     string       `json:"scope"`
		Tenant    *string      `json:"tenant"`
		ExpiresAt gateway.Time `json:"expires_at"`
	}{orNull(c.by.TokenID), orNull(c.by.Name), string(c.by.Scope), orNull(c.by.Tenant), expires})
}

type infoView struct {
	Version       string       `json:"version"`
	StartedAt     gateway.Time `json:"started_at"`
	UptimeSeconds int64        `json:"uptime_seconds"`
	Held          *string      `json:"held"`
	PublicURL     *string      `json:"public_url"`
	// How long lines of the audit are kept; of all else its tenant says it.
	AuditRetention gateway.Duration `json:"audit_retention"`
	// Of the machine, which tenants are not told of.
	Store     *storeView     `json:"store"`
	Addresses *addressesView `json:"addresses"`
}

type storeView struct {
	Driver string  `json:"driver"`
	Bytes  int64   `json:"bytes"`
	Fault  *string `json:"fault"`
}

type addressesView struct {
	Public   string `json:"public"`
	Internal string `json:"internal"`
}

// about answers what gateway this is.
func (h *me) about(c *call) (answer, error) {
	i := h.info()
	v := infoView{
		Version: i.Version, StartedAt: gateway.At(i.Started), UptimeSeconds: int64(c.now().Sub(i.Started).Seconds()), Held: orNull(i.Held), PublicURL: orNull(i.PublicURL),
		AuditRetention: gateway.Duration(i.AuditKept),
	}
	if c.by.Allows(auth.ReadPlatform) {
		v.Store = &storeView{i.Driver, i.StoreBytes, orNull(i.StoreFault)}
		v.Addresses = &addressesView{i.Public, i.Internal}
	}
	return show(200, v)
}
