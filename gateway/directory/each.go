package directory

import (
	"hookgate/auth/signature"
	"hookgate/gateway"
	"hookgate/gateway/mapping"
)

// eachOf says where a source finds the callbacks of one request (SPEC 17, "Batches"). The
// lists that a provider is known to send count where a path of the source begins with
// item, and not where a source was written before there were any.
func eachOf(written string, v *signature.Verifier, paths []string) string {
	if written != "" || v == nil || !hasLists(v.Identities()) {
		return written
	}
	for _, path := range paths {
		if mapping.LooksIntoItem(path) {
			return gateway.EachDefault
		}
	}
	return ""
}

func hasLists(known []signature.Identity) bool {
	for _, k := range known {
		if k.Each != "" {
			return true
		}
	}
	return false
}

// eachOfRoute says so of a relay.
func (r *Route) eachOfRoute(f *faults) string {
	s := &r.Spec
	paths := []string{s.Dedupe.ID}
	if s.ConversationKey != nil {
		paths = append(paths, keyPaths(*s.ConversationKey)...)
	}
	each := eachOf(s.Each, r.Verifier, paths)
	if r.Split = s.Split; s.Split && each == "" {
		f.add("split", "is true, and nothing says where the messages are: write each, or the path of an item")
	}
	return each
}

// keyPaths lists the places of a key in the body.
func keyPaths(key gateway.KeyPlace) (paths []string) {
	for _, place := range key.All() {
		if place.In == mapping.InBody || place.In == "" {
			paths = append(paths, place.Path)
		}
	}
	return paths
}

// pathsOf lists the paths that a source looks into a callback with.
func pathsOf(s *gateway.Source) (all []string) {
	all = append(keyPaths(s.ConversationKey), s.Dedupe.ID)
	all = append(all, s.AliasesFrom...)
	add := func(variables []gateway.Variable) {
		for _, v := range variables {
			all = append(all, v.Path)
		}
	}
	add(s.Variables)
	for _, m := range s.Match {
		all = appendWhen(all, m.When)
		add(m.Variables)
	}
	return all
}

func appendWhen(all []string, when []gateway.Condition) []string {
	for _, c := range when {
		all = appendWhen(append(all, c.Path), c.Any)
		if c.Not != nil {
			all = appendWhen(all, []gateway.Condition{*c.Not})
		}
	}
	return all
}
