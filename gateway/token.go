package gateway

// Token lets a program use the internal API. Only the SHA-256 of its text is kept.
type Token struct {
	ID        string `json:"id"`
	Scope     string `json:"scope"`
	Tenant    string `json:"tenant"` // for scope tenant; else ""
	Name      string `json:"name"`
	ManagedBy string `json:"managed_by"`
	CreatedAt Time   `json:"created_at"`
	ExpiresAt Time   `json:"expires_at"` // the zero Time: never
	// LastUsedAt is the last use that was written down, a minute late at most; the zero
	// Time: none.
	LastUsedAt Time `json:"last_used_at"`
}
