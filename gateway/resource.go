package gateway

// Kinds of resources, as a store names them.
const (
	KindTenant   = "tenant" // Tenant is its own id, ID is ""
	KindSource   = "source"
	KindEndpoint = "endpoint"
	KindWebhook  = "webhook"
	KindToken    = "token" // Tenant is ""
	KindLogin    = "login" // a session of the console; Tenant is ""
	KindLink     = "link"  // what signs in once; Tenant is ""
	KindKnown    = "known" // failures that somebody has marked
	KindFile     = "file"  // what the configuration file said last of a tenant; of "": of the rest, by ID
)

// Record is one resource as a store keeps it: opaque bytes with sealed secrets.
type Record struct {
	Kind, Tenant, ID string
	Value            []byte
}
