package auth

import "fmt"

// Scope is how far a token reaches (SPEC 3).
type Scope string

const (
	Admin    Scope = "admin"    // everything, for every tenant
	Platform Scope = "platform" // the bot platform: traffic and reads, for every tenant
	Tenant   Scope = "tenant"   // one tenant and the tenants below it
)

// Scopes lists every scope, the widest first.
func Scopes() []Scope { return []Scope{Admin, Platform, Tenant} }

// ParseScope reads a scope as a person writes it.
func ParseScope(s string) (Scope, error) {
	switch scope := Scope(s); scope {
	case Admin, Platform, Tenant:
		return scope, nil
	}
	return "", fmt.Errorf("scope is %q: must be admin, platform or tenant", s)
}
