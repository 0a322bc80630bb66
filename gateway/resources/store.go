package resources

import (
	"hookgate/gateway"
	"hookgate/gateway/audit"
)

// Store is what resources needs of a store; storetest holds each store to it.
type Store interface {
	// PutResources makes records durable, all of them or none.
	PutResources(records ...gateway.Record) error
	// DeleteResource removes one durably, with the lines that tell of it; it is no error
	// when it is not there.
	DeleteResource(kind, tenant, id string, lines ...gateway.AuditLine) error
	// DeleteTenant removes everything of a tenant durably: resources, waits,
	// parked callbacks, marks, names, traces, events and deliveries. What the audit has
	// of it stays, and the lines that tell of its end come with it.
	DeleteTenant(tenant string, lines ...gateway.AuditLine) error
	// Resources gives every record, ordered by kind, tenant and id.
	Resources(each func(gateway.Record) error) error
	audit.Store
}
