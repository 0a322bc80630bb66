package directory

import (
	"hookgate/auth/signature"
	"hookgate/gateway"
	"hookgate/gateway/mapping"
)

// eachOf says where a source finds the callbacks of one request (SPEC 17, "Batches"). The
// lists that a provider is known to send count where a path of the source begins with
// item, and not where a source was written before there were any.
func eachOf(s *gateway.Source, v *signature.Verifier) string {
	if s.Each != "" || v == nil || !hasLists(v.Identities()) {
		return s.Each
	}
	for _, path := range pathsOf(s) {
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

// pathsOf lists the paths that a source looks into a callback with.
func pathsOf(s *gateway.Source) (all []string) {
	if in := s.ConversationKey.In; in == mapping.InBody || in == "" {
		all = append(all, s.ConversationKey.Path)
	}
	all = append(all, s.Dedupe.ID)
	add := func(variables []gateway.Variable) {
		for _, v := range variables {
			all = append(all, v.Path)
		}
	}
	add(s.Variables)
	for _, m := range s.Match {
		for _, c := range m.When {
			all = append(all, c.Path)
		}
		add(m.Variables)
	}
	return all
}
