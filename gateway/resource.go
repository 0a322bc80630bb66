package gateway

// Kinds of resources, as a store names them.
const (
	KindTenant   = "tenant" // Tenant is its own id, ID is ""
	KindSource   = "source"
	KindEndpoint = "endpoint"
	KindWebhook  = "webhook"
	KindToken    = "token" // Tenant is ""
)

// Record is one resource as a store keeps it: opaque bytes with sealed secrets.
type Record struct {
	Kind, Tenant, ID string
	Value            []byte
}
