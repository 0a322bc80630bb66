package publishing

import (
	"time"

	"hookgate/gateway"
)

// Store is what publishing needs of a store; storetest holds each store to it.
type Store interface {
	// Accept makes a publication durable, all of it or nothing. After any error
	// but gateway.CodeUnavailable the outcome is unknown.
	Accept(p *gateway.Publication) error
	// FanOut is Accept of one that makes so many deliveries that others would wait for
	// them. It is durable, all of it or nothing, when promised is called. Then the
	// deliveries are made, some at a time, and made is called with each part, valid
	// until it returns; false: the rest of that fan-out is not needed, for its tenant
	// is being deleted. Those of lanes that were dropped meanwhile are cancelled. What
	// an end of the process interrupts is made by the next one before outbound.Backlog
	// gives anything. After an error the rest may be there.
	FanOut(p *gateway.Publication, many []gateway.Fanout, promised func(), made func([]gateway.Delivery) (more bool)) error
	// Finish makes such a rest of what a tenant has published with one of the events, unless
	// that is under way in this process, and calls made as FanOut does.
	Finish(tenant string, events []string, made func([]gateway.Delivery) (more bool)) error
	// Mark is waiting.Store's: for MarkPublish and MarkRelay here. Publishes to
	// /v1/events, which belong to no one tenant, are marked under the tenant AnyTenant.
	Mark(tenant string, key gateway.MarkKey, window time.Duration) (m gateway.Mark, found bool, err error)
}

// AnyTenant stands for no tenant in the marks of publishes to /v1/events. It is
// no id that a tenant can have.
const AnyTenant = "_any"
