package directory

import (
	"cmp"

	"hookgate/gateway"
	"hookgate/gateway/fields"
	"hookgate/gateway/mapping"
)

// compileNoKey compiles what becomes of callbacks that name nobody.
func (s *Source) compileNoKey(f *faults) {
	s.KeyHeads = mapping.KeyHeaders(s.Spec.ConversationKey)
	switch s.Spec.NoKey {
	case "", gateway.NoKeyReject:
	case gateway.NoKeyIgnore:
		s.Keyless = true
	default:
		f.add("no_key", "is %q: must be %s or %s", s.Spec.NoKey, gateway.NoKeyReject, gateway.NoKeyIgnore)
	}
}

// checkRouteKey refuses a key in the path of a route, which has none.
func checkRouteKey(key gateway.KeyPlace, f *faults) {
	for i, one := range key.All() {
		place := "conversation_key"
		if key.List != nil {
			place = fields.Index(place, i)
		}
		if one.In == mapping.InPath {
			f.add(place+".in", "is path, where a route has no key: must be %s, %s or %s", mapping.InBody, mapping.InQuery, mapping.InHeader)
		}
	}
}

// effectiveKey has the defaults that mapping.CompileSource takes.
func effectiveKey(k gateway.KeyPlace) gateway.KeyPlace {
	if k.List != nil {
		list := make([]gateway.KeyPlace, len(k.List))
		for i, one := range k.List {
			list[i] = effectiveKey(one)
		}
		return gateway.KeyPlace{List: list}
	}
	if k.In = cmp.Or(k.In, mapping.InBody); k.In == mapping.InBody {
		k.Path = cmp.Or(k.Path, "conversation_key")
	}
	return k
}
