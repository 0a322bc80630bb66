package directory

import (
	"hookgate/auth/signature"
	"hookgate/gateway"
	"hookgate/gateway/mapping"
)

// compilePlan compiles what a source or a relay looks up in a request. A repeat is
// known by the id that was configured, or else by what the provider is known by; v may
// be nil.
func compilePlan(
	whom mapping.Whom, id string, v *signature.Verifier, each string, match []gateway.Match, variables []gateway.Variable, b mapping.Bounds,
) (*mapping.SourcePlan, []gateway.Fault) {
	whom.Each.Path = each
	if v == nil {
		return mapping.CompileSource(whom, id, match, variables, b)
	}
	known := v.Identities()
	whom.Each.Lists = identities(known)
	switch {
	case id != "":
		return mapping.CompileSource(whom, id, match, variables, b)
	case plain(known):
		return mapping.CompileSource(whom, v.DeliveryID(), match, variables, b)
	}
	return mapping.CompileSourceOf(whom, whom.Each.Lists, match, variables, b)
}

func identities(known []signature.Identity) (all []mapping.Identity) {
	for _, k := range known {
		all = append(all, mapping.Identity{Each: k.Each, In: identities(k.In), ID: k.ID, With: k.With})
	}
	return all
}

// plain says whether one place tells it all.
func plain(known []signature.Identity) bool {
	return len(known) == 0 || len(known) == 1 && known[0].Each == "" && len(known[0].ID) == 1 && len(known[0].With) == 0
}
