package directory

import (
	"iter"
	"maps"
	"slices"

	"hookgate/auth"
	"hookgate/auth/token"
	"hookgate/metrics"
)

// Tokens says whom each token stands for, by its digest.
type Tokens map[token.Digest]auth.Principal

// Snapshot is one whole configuration. It never changes, and costs no lock.
type Snapshot struct {
	metrics  *metrics.Set
	tenants  map[string]*Tenant
	accounts map[string]*Tenant // by account key
	tokens   Tokens
	routes   []*Route // by id
}

// Build makes a snapshot of compiled tenants.
func Build(m *metrics.Set, tenants []*Tenant, tokens Tokens) *Snapshot {
	s := &Snapshot{metrics: m, tenants: make(map[string]*Tenant, len(tenants)), accounts: map[string]*Tenant{}, tokens: tokens}
	for _, t := range tenants {
		s.add(t)
	}
	return s
}

// With gives a snapshot that has t, in place of a tenant of the same id.
func (s *Snapshot) With(t *Tenant) *Snapshot {
	next := s.without(t.ID)
	next.add(t)
	next.bindRoutes()
	return next
}

// Without gives a snapshot that lacks a tenant.
func (s *Snapshot) Without(id string) *Snapshot {
	next := s.without(id)
	next.bindRoutes()
	return next
}

// WithTokens gives a snapshot in which these are all tokens.
func (s *Snapshot) WithTokens(tokens Tokens) *Snapshot {
	next := *s
	next.tokens = tokens
	return &next
}

func (s *Snapshot) without(id string) *Snapshot {
	next := *s
	next.tenants = maps.Clone(s.tenants)
	next.accounts = maps.Clone(s.accounts)
	delete(next.tenants, id)
	maps.DeleteFunc(next.accounts, func(_ string, t *Tenant) bool { return t.ID == id })
	return &next
}

func (s *Snapshot) add(t *Tenant) {
	t = t.counted(s.metrics)
	s.tenants[t.ID] = t
	if t.Disabled {
		return
	}
	for _, key := range t.Spec.AccountKeys {
		s.accounts[key] = t
	}
}

// Tenant gives a tenant by its id; nil is none.
func (s *Snapshot) Tenant(id string) *Tenant { return s.tenants[id] }

// TenantBytes is Tenant for an id that lies in a request; it copies nothing.
func (s *Snapshot) TenantBytes(id []byte) *Tenant { return s.tenants[string(id)] }

// AccountKey gives the tenant that holds an account key; nil is none.
func (s *Snapshot) AccountKey(key string) *Tenant { return s.accounts[key] }

// Tenants gives every tenant, by id.
func (s *Snapshot) Tenants() iter.Seq[*Tenant] {
	return func(yield func(*Tenant) bool) {
		for _, id := range slices.Sorted(maps.Keys(s.tenants)) {
			if !yield(s.tenants[id]) {
				return
			}
		}
	}
}

// Token gives whom a token stands for. A tenant's token stands for nobody once
// its tenant is gone, or disabled.
func (s *Snapshot) Token(hash token.Digest) (auth.Principal, bool) {
	p, found := s.tokens[hash]
	if !found {
		return auth.Principal{}, false
	}
	if p.Scope == auth.Tenant {
		if t := s.tenants[p.Tenant]; t == nil || t.Disabled {
			return auth.Principal{}, false
		}
	}
	return p, true
}
