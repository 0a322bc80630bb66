package gateway

// AuditLine is one line of the audit as a store keeps it (SPEC-operations O5): opaque
// bytes, found by its id, and by those who are shown it.
type AuditLine struct {
	ID      string   // PrefixAudit, and the moment
	Tenants []string // whose tokens are shown it: the tenant it is about, and those above; none: the operator alone
	Value   []byte   // JSON, without secrets
}
