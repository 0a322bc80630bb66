package directory

import (
	"hookgate/auth"
	"hookgate/gateway"
	"hookgate/gateway/shares"
)

// Under says whether a tenant is ancestor itself or lies below it.
func (s *Snapshot) Under(id, ancestor string) bool {
	for range maxWalk { // bounded: what came back from a hidden state may form a ring
		if id == ancestor {
			return true
		}
		t := s.tenants.get(id)
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
		if at = s.tenants.get(at.Spec.Parent); at == nil {
			break
		}
		above = append(above, at)
	}
	return above
}

// root gives the tenant at the top of a tenant's tree.
func (s *Snapshot) root(t *Tenant) string {
	if above := s.Above(t); len(above) > 0 {
		return above[len(above)-1].ID
	}
	return t.ID
}

// Holder is who has what a tenant of the snapshot uses of a budget: the tenant, within
// those above it.
func (s *Snapshot) Holder(t *Tenant) shares.Holder {
	if t.Spec.Parent == "" {
		return t.holder
	}
	var above []string
	for at := t; at != nil && at.Spec.Parent != "" && len(above) < maxWalk; at = s.tenants.get(at.Spec.Parent) {
		above = append(above, at.Spec.Parent)
	}
	return shares.Tenant(t.ID, above...)
}

// Crowded gives the first tenant, from parent upwards, that would have more tenants
// below it than its limits.children allows, if the tenant of that id came, with all
// below it, to lie below parent; "" is none.
func (s *Snapshot) Crowded(id, parent string) string {
	at := s.tenants.get(parent)
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
	for id := range s.tenants.all() {
		if id != ancestor && s.Under(id, ancestor) {
			n++
		}
	}
	return n
}

// Full says that a tenant may have no more endpoints: the tenant whose limits.endpoints
// says so, which is itself or one above it, and how many they are; "" is none. Without a
// setting a tenant has a bound for its own alone.
func (s *Snapshot) Full(t *Tenant) (at string, most int) {
	if t.Spec.Limits.Endpoints == nil && len(t.endpoints) >= gateway.DefaultEndpoints {
		return t.ID, gateway.DefaultEndpoints
	}
	for _, a := range append([]*Tenant{t}, s.Above(t)...) {
		if most := a.Spec.Limits.Endpoints; most != nil && s.endpointsOf(a) >= *most {
			return a.ID, *most
		}
	}
	return "", 0
}

// endpointsOf counts the endpoints of a tenant and of all below it.
func (s *Snapshot) endpointsOf(ancestor *Tenant) int {
	n := len(ancestor.endpoints)
	for id, t := range s.tenants.all() {
		if id != ancestor.ID && s.Under(id, ancestor.ID) {
			n += len(t.endpoints)
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
	for _, t := range s.tenants.all() {
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
		t := s.tenants.get(of)
		if t == nil {
			return "", false
		}
		return t.Spec.Parent, true
	}
	for _, key := range spec.AccountKeys {
		if holder := s.accounts.get(key); holder != nil && holder.ID != id {
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
