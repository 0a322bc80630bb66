package mapping

import (
	"hookgate/gateway"
	"hookgate/gateway/mapping/jsonpath"
	"strconv"
	"strings"
)

// Each says where the callbacks are of a request that brings several (SPEC 15,
// "Batches").
type Each struct {
	// Path leads to a list, or to its items; it may have [*] in it, or be a JSONPath.
	// gateway.EachDefault is the provider's Lists; "" is none: a request is one callback.
	Path  string
	Lists []Identity // the provider's
}

// asked says whether a request is looked through for several.
func (e Each) asked() bool { return e.Path != "" }

// each is an Each, ready to run.
type each struct {
	query  *jsonpath.Query // nil: the provider's lists
	spread bool            // an array that is found is the list, and not an item
	lists  []identity      // what an item of the provider's is known by
	named  bool            // dedupe.id was written, and lists do not say what an item is known by
	own    bool            // and that looks into the item
}

// listOf compiles the list that was written; nil is none.
func (c *compiler) listOf(from Each) *jsonpath.Query {
	if !from.asked() || from.Path == gateway.EachDefault {
		return nil
	}
	query, err := c.list(from.Path)
	if err != nil {
		c.fault("each", "%v", err)
	}
	return query
}

// each compiles what is known of the items. The plan has its ids already.
func (c *compiler) each(from Each, written *jsonpath.Query, plan *SourcePlan) *each {
	if !from.asked() {
		return nil
	}
	e := &each{named: plan.Dedupe != NoSlot, lists: plan.known}
	if e.named {
		e.own = c.builder.slots[plan.Dedupe].item
	}
	if plan.known == nil {
		for _, list := range from.Lists {
			if list.Each != "" {
				e.lists = append(e.lists, c.identities([]Identity{list}, mostNested)...)
			}
		}
	}
	if from.Path == gateway.EachDefault {
		if !hasLists(from.Lists) {
			c.fault("each", "is default, and the verify type has none: write the path of the list")
		}
		return e
	}
	if written != nil {
		e.query, e.spread = written, written.Named()
	}
	return e
}

func hasLists(known []Identity) bool {
	for _, k := range known {
		if k.Each != "" {
			return true
		}
	}
	return false
}

// list compiles a path that may find several values where they lie: a JSONPath, or one
// of another kind as a JSONPath.
func (c *compiler) list(path string) (*jsonpath.Query, error) {
	if !strings.HasPrefix(path, "$") {
		whole, err := asJSONPath(path)
		if err != nil {
			return nil, err
		}
		path = whole
	}
	if len(path) > MaxPath {
		return nil, pathError(MaxPath, "a path has at most %d bytes", MaxPath)
	}
	query, err := jsonpath.Parse(path, c.builder.patterns)
	if err != nil {
		return nil, moved(err, 0)
	}
	return query, nil
}

// asJSONPath writes a path anew that may have [*] in it.
func asJSONPath(path string) (string, error) {
	if inner, braced := strings.CutPrefix(path, "{{"); braced {
		inner, braced = strings.CutSuffix(inner, "}}")
		if path = strings.TrimSpace(inner); !braced || path == "" {
			return "", pathError(0, "a list is named by its path alone")
		}
	}
	var out strings.Builder
	out.WriteByte('$')
	parts := strings.Split(path, "[*]")
	for i, part := range parts {
		if i > 0 {
			out.WriteString("[*]")
			part = strings.TrimPrefix(part, ".")
		}
		if part == "" {
			if i == 0 && len(parts) == 1 {
				return "", pathError(0, "a path is missing")
			}
			continue
		}
		c, err := compilePath(part, nil, func([]step) (Slot, error) { return NoSlot, nil })
		switch {
		case err != nil:
			return "", err
		case !c.isPlain() || c.steps == nil:
			return "", pathError(0, "a list is named by its path in the body")
		}
		appendSteps(&out, c.steps)
	}
	return out.String(), nil
}

// appendSteps writes steps as a JSONPath has them. A name that may be a number is both.
func appendSteps(out *strings.Builder, steps []step) {
	for _, s := range steps {
		out.WriteByte('[')
		if s.member {
			out.Write(gateway.AppendString(nil, s.name))
		}
		if s.member && s.item {
			out.WriteByte(',')
		}
		if s.item {
			out.WriteString(strconv.Itoa(s.index))
		}
		out.WriteByte(']')
	}
}
