package resources

import (
	"encoding/json"
	"reflect"
	"slices"

	"hookgate/auth"
	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/fields"
)

// write is the writing of a tenant, as far as it depends on who writes (SPEC 14
// "Tokens", 16 "Rights"). Whatever binds a tenant, and leads to the platform, is
// for those above it to write: its own token, and none that is given to it, widens
// its bounds or turns what the operator sends elsewhere.
type write struct {
	by        auth.Principal
	snapshot  *directory.Snapshot
	id        string
	existed   bool
	spec, old *gateway.Tenant
	guesses   bool // the platform was written with a secret and no mask
}

var (
	errNotBelow = gateway.Errorf(gateway.CodeForbidden,
		"a tenant's token makes tenants below its own only: set parent to it, or to one below it, and take an id that is free")
	errFixed = gateway.Errorf(gateway.CodeForbidden,
		"a tenant's token cannot change the platform, parent, limits or account_keys of its own tenant")
	errKeysFixed = gateway.Errorf(gateway.CodeForbidden, "a tenant's token cannot give account_keys, or take them away")
)

// own says whether a tenant's token writes the tenant that it is of.
func (w *write) own() bool { return w.existed && !w.by.MayBound(w.id) }

// keepFixed lets what the caller may not write be left out. A read that is written
// back says it again, and that is no change either.
func (w *write) keepFixed(body any) {
	if w.by.EveryTenant() {
		return
	}
	said, _ := body.(*fields.Object)
	left := func(member string) bool { _, is := said.Get(member); return !is }
	if left("account_keys") {
		w.spec.AccountKeys = w.old.AccountKeys
	}
	if !w.own() {
		return
	}
	if left("parent") {
		w.spec.Parent = w.old.Parent
	}
	if left("limits") {
		w.spec.Limits = w.old.Limits
	}
	if left("platform") {
		w.spec.Platform = w.old.Platform
	}
}

// allowed holds a tenant's token to its own tree, and to what binds it.
func (w *write) allowed() error {
	spec, old := w.spec, w.old
	switch {
	case w.by.EveryTenant():
		return nil
	case w.own() && (w.guesses || spec.Parent != old.Parent || !same(&spec.Limits, &old.Limits) ||
		!slices.Equal(spec.AccountKeys, old.AccountKeys) || !same(spec.Platform, old.Platform)):
		return errFixed
	case w.own():
		spec.Limits, spec.Platform = old.Limits, old.Platform // to the letter
		return nil
	case spec.Parent == "" || spec.Parent == w.id || !w.snapshot.Under(spec.Parent, w.by.Tenant):
		return errNotBelow
	case !slices.Equal(spec.AccountKeys, old.AccountKeys):
		return errKeysFixed
	}
	return nil
}

// guesses says whether a platform has secrets that are no masks. Who may not write
// it is not told whether they are the right ones.
func guesses(p *gateway.Platform) (any bool) {
	each(p, func(_ string, secret gateway.Secret) gateway.Secret {
		any = any || secret != "" && secret != gateway.Masked
		return secret
	})
	return any
}

// same says whether what two pointers lead to says the same, secrets included: an
// empty object is as good as none.
func same(a, b any) bool {
	return reflect.DeepEqual(secretsOf(a), secretsOf(b)) && reflect.DeepEqual(said(a), said(b))
}

// secretsOf gives every secret by its place.
func secretsOf(v any) map[string]gateway.Secret {
	of := map[string]gateway.Secret{}
	each(v, func(path string, secret gateway.Secret) gateway.Secret {
		if secret != "" {
			of[path] = secret
		}
		return secret
	})
	return of
}

// said gives what v says, as JSON has it, without members that say nothing.
func said(v any) any {
	text, err := json.Marshal(v)
	if err != nil {
		panic("resources: what was read cannot be written: " + err.Error())
	}
	var tree any
	if err := json.Unmarshal(text, &tree); err != nil {
		panic("resources: what was written cannot be read: " + err.Error())
	}
	return pruned(tree)
}

func pruned(tree any) any {
	members, is := tree.(map[string]any)
	if !is {
		return tree
	}
	for name, value := range members {
		if value = pruned(value); value == nil || value == "" {
			delete(members, name)
		}
	}
	if len(members) == 0 {
		return nil
	}
	return members
}

// crowded says that a tenant's token would make more tenants than may lie below one
// of those above.
func (w *write) crowded() []gateway.Fault {
	if w.by.EveryTenant() {
		return nil
	}
	if at := w.snapshot.Crowded(w.id, w.spec.Parent); at != "" {
		return []gateway.Fault{{Path: "parent", Message: "has as many tenants below it, or below one above it, as limits.children allows"}}
	}
	return nil
}
