package directory

import (
	"iter"
	"slices"
	"strings"

	"hookgate/auth"
	"hookgate/auth/token"
	"hookgate/metrics"
)

// Tokens says whom each token stands for, by its digest.
type Tokens map[token.Digest]auth.Principal

// Snapshot is one whole configuration. It never changes, and costs no lock.
type Snapshot struct {
	metrics  *metrics.Set
	tenants  table[*Tenant]
	accounts table[*Tenant] // by account key
	asking   int            // tenants that have a source whose callers show certificates
	tokens   Tokens
	routes   []*Route // by id
}

// Build makes a snapshot of compiled tenants.
func Build(m *metrics.Set, tenants []*Tenant, tokens Tokens) *Snapshot {
	return (&Snapshot{metrics: m, tokens: tokens}).changed(tenants, nil)
}

// With gives a snapshot that has t, in place of a tenant of the same id.
func (s *Snapshot) With(t *Tenant) *Snapshot { return s.Change([]*Tenant{t}, nil) }

// Without gives a snapshot that lacks a tenant.
func (s *Snapshot) Without(id string) *Snapshot { return s.Change(nil, []string{id}) }

// Change gives a snapshot that has the tenants that come, each in place of one of the same
// id, and lacks those that go. It costs what is changed, not what there is.
func (s *Snapshot) Change(come []*Tenant, gone []string) *Snapshot {
	next := s.changed(come, gone)
	next.bindRoutes()
	return next
}

// WithTokens gives a snapshot in which these are all tokens.
func (s *Snapshot) WithTokens(tokens Tokens) *Snapshot {
	next := *s
	next.tokens = tokens
	return &next
}

func (s *Snapshot) changed(come []*Tenant, gone []string) *Snapshot {
	next := *s
	tenants, accounts := s.tenants.draft(), s.accounts.draft()
	leave := func(id string) {
		t := tenants.get(id)
		if t == nil {
			return
		}
		tenants.delete(id)
		for _, key := range t.Spec.AccountKeys {
			if accounts.get(key) == t {
				accounts.delete(key)
			}
		}
		if t.asksClients {
			next.asking--
		}
	}
	for _, id := range gone {
		leave(id)
	}
	for _, t := range come {
		leave(t.ID)
	}
	for _, t := range come {
		t = t.counted(s.metrics)
		tenants.set(t.ID, t)
		if t.asksClients {
			next.asking++
		}
		if t.Disabled {
			continue
		}
		for _, key := range t.Spec.AccountKeys {
			accounts.set(key, t)
		}
	}
	next.tenants, next.accounts = tenants.table, accounts.table
	return next.rooted(s, come)
}

// rooted gives the snapshot in which tenants that came know their tree, and so do those
// below one that was moved.
func (s *Snapshot) rooted(before *Snapshot, come []*Tenant) *Snapshot {
	moved := false
	for _, t := range come {
		if was := before.tenants.get(t.ID); was != nil && was.Spec.Parent != t.Spec.Parent {
			moved = true
		}
		t = s.tenants.get(t.ID) // it was copied for this snapshot: nobody else has it yet
		t.tree = s.root(t)
	}
	if !moved {
		return s
	}
	var strayed []*Tenant
	for t := range s.Tenants() {
		if t.tree != s.root(t) {
			strayed = append(strayed, t)
		}
	}
	if len(strayed) == 0 {
		return s
	}
	return s.changed(strayed, nil)
}

// Tenant gives a tenant by its id; nil is none.
func (s *Snapshot) Tenant(id string) *Tenant { return s.tenants.get(id) }

// TenantBytes is Tenant for an id that lies in a request; it copies nothing.
func (s *Snapshot) TenantBytes(id []byte) *Tenant { return s.tenants.getBytes(id) }

// AccountKey gives the tenant that holds an account key; nil is none.
func (s *Snapshot) AccountKey(key string) *Tenant { return s.accounts.get(key) }

// AsksClients tells whether somebody is to be known by a client certificate: a source or a
// route has verify type mtls.
func (s *Snapshot) AsksClients() bool {
	return s.asking > 0 || slices.ContainsFunc(s.routes, func(r *Route) bool { return r.Spec.Verify != nil && r.Spec.Verify.Type == verifyMTLS })
}

const verifyMTLS = "mtls"

// Tenants gives every tenant, by id.
func (s *Snapshot) Tenants() iter.Seq[*Tenant] {
	return func(yield func(*Tenant) bool) {
		all := make([]*Tenant, 0, s.tenants.count)
		for _, t := range s.tenants.all() {
			all = append(all, t)
		}
		slices.SortFunc(all, func(a, b *Tenant) int { return strings.Compare(a.ID, b.ID) })
		for _, t := range all {
			if !yield(t) {
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
		if t := s.tenants.get(p.Tenant); t == nil || t.Disabled {
			return auth.Principal{}, false
		}
	}
	return p, true
}
