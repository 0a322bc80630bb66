package calling

import (
	"strings"

	"github.com/tidwall/gjson"

	"hookgate/gateway"
	"hookgate/gateway/mapping"
)

// aliasPath finds in an answer the alias by which a callback will know the wait.
type aliasPath struct {
	set  *mapping.Set
	slot mapping.Slot
}

// readAlias compiles alias_path of a wait; nil where it has none. Its faults are
// placed from the wait.
func readAlias(wait gateway.Raw) (*aliasPath, []gateway.Fault) {
	fault := func(rule string) []gateway.Fault { return []gateway.Fault{{Path: "alias_path", Message: rule}} }
	path := gjson.GetBytes(wait, "alias_path")
	switch {
	case path.Type == gjson.Null:
		return nil, nil
	case path.Type != gjson.String:
		return nil, fault("must be text")
	case strings.HasPrefix(path.Str, "header:"), strings.HasPrefix(path.Str, "query:"):
		return nil, fault("must lead into the body of the answer")
	}
	b := mapping.NewBuilder()
	slot, err := b.Path(path.Str)
	if err != nil {
		return nil, fault(err.Error())
	}
	return &aliasPath{set: b.Set(), slot: slot}, nil
}

// find gives the alias that an answer has.
func (a *aliasPath) find(answer *mapping.Document, v *mapping.Values) (string, bool) {
	a.set.ReadAfter(answer, v, v) // what the variables took counts
	return mapping.KeyOf(v.At(a.slot))
}
