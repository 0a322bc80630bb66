package directory

import (
	"iter"
	"maps"
	"slices"

	"hookgate/auth"
	"hookgate/auth/token"
	"hookgate/gateway"
	"hookgate/gateway/shares"
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

// Under says whether a tenant is ancestor itself or lies below it.
func (s *Snapshot) Under(id, ancestor string) bool {
	for range maxWalk { // bounded: what came back from a hidden state may form a ring
		if id == ancestor {
			return true
		}
		t := s.tenants[id]
		if t == nil || t.Spec.Parent == "" {
			return false
		}
		id = t.Spec.Parent
	}
	return false
}

// Above gives the tenants above one, the nearest first: nil for most.
func (s *Snapshot) Above(t *Tenant) (above []*Tenant) {
	for at := t; at.Spec.Parent != "" && len(above) < maxWalk; {
		if at = s.tenants[at.Spec.Parent]; at == nil {
			break
		}
		above = append(above, at)
	}
	return above
}

// Holder is who has what a tenant uses of a budget: the tenant, within those above it.
func (s *Snapshot) Holder(t *Tenant) shares.Holder {
	if t.Spec.Parent == "" {
		return shares.Tenant(t.ID)
	}
	var above []string
	for at := t; at != nil && at.Spec.Parent != "" && len(above) < maxWalk; at = s.tenants[at.Spec.Parent] {
		above = append(above, at.Spec.Parent)
	}
	return shares.Tenant(t.ID, above...)
}

// Crowded gives the first tenant, from parent upwards, that would have more tenants
// below it than its limits.children allows, if the tenant of that id came, with all
// below it, to lie below parent; "" is none.
func (s *Snapshot) Crowded(id, parent string) string {
	at := s.tenants[parent]
	if at == nil {
		return ""
	}
	come := 1 + s.below(id)
	for _, a := range append([]*Tenant{at}, s.Above(at)...) {
		most := gateway.DefaultChildren
		if own := a.Spec.Limits.Children; own != nil {
			most = *own
		}
		switch {
		case s.Under(id, a.ID): // there it lies already, and below all above that one
			return ""
		case s.below(a.ID)+come > most:
			return a.ID
		}
	}
	return ""
}

// below counts the tenants below one.
func (s *Snapshot) below(ancestor string) (n int) {
	for id := range s.tenants {
		if id != ancestor && s.Under(id, ancestor) {
			n++
		}
	}
	return n
}

// Reaches says whether a principal may see a tenant, as far as the tree decides.
func (s *Snapshot) Reaches(p auth.Principal, id string) bool {
	return p.EveryTenant() || p.Scope == auth.Tenant && s.Under(id, p.Tenant)
}

// HasChildren says whether another tenant has this one as its parent.
func (s *Snapshot) HasChildren(id string) bool {
	for _, t := range s.tenants {
		if t.Spec.Parent == id {
			return true
		}
	}
	return false
}

// CheckTenant says what stands between this tenant, as it would be, and the
// others: its place in the tree as faults of the field parent, and the first of
// its account keys that another tenant holds.
func (s *Snapshot) CheckTenant(id string, spec gateway.Tenant) (tree []gateway.Fault, taken string) {
	parentOf := func(of string) (string, bool) {
		t := s.tenants[of]
		if t == nil {
			return "", false
		}
		return t.Spec.Parent, true
	}
	for _, key := range spec.AccountKeys {
		if holder := s.accounts[key]; holder != nil && holder.ID != id {
			taken = key
			break
		}
	}
	return checkTree(id, spec.Parent, parentOf), taken
}

// checkTree walks from a tenant up to the root.
func checkTree(id, parent string, parentOf func(string) (string, bool)) (f faults) {
	at := parent
	for depth := 0; at != ""; depth++ {
		switch {
		case at == id:
			f.add("parent", "is %q: the tenant would be above itself", parent)
			return f
		case depth == maxAbove:
			f.add("parent", "is %q: the tenant would have more than %d above it", parent, maxAbove)
			return f
		}
		next, found := parentOf(at)
		if !found && at == parent {
			f.add("parent", "is %q: there is no such tenant", parent)
		}
		at = next
	}
	return f
}
