package resources

import "hookgate/gateway"

// Store is what resources needs of a store; storetest holds each store to it.
type Store interface {
	// PutResources makes records durable, all of them or none.
	PutResources(records ...gateway.Record) error
	// DeleteResource removes one durably; it is no error when it is not there.
	DeleteResource(kind, tenant, id string) error
	// DeleteTenant removes everything of a tenant durably: resources, waits,
	// parked callbacks, marks, names, traces, events and deliveries.
	DeleteTenant(tenant string) error
	// Resources gives every record, ordered by kind, tenant and id.
	Resources(each func(gateway.Record) error) error
}
