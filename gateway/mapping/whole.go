package mapping

import (
	"hookgate/gateway"
	"hookgate/gateway/mapping/jsonpath"
)

// A source whose requests bring several callbacks may have paths that go from the body's
// root into the list of them. They find the same for all callbacks of a request, mostly
// what its first one has: that is taken, and told (SPEC 17, "Batches").

// outside lists the members through which the callbacks of a request are reached, for
// each list of them. Of lists in lists the innermost counts: what lies around an item no
// path that begins with it can reach.
func (c *compiler) outside(from Each, written *jsonpath.Query) (lists [][]string) {
	if from.Path != gateway.EachDefault {
		if written == nil {
			return nil
		}
		if names, known := written.Names(); known {
			lists = append(lists, names)
		}
		return lists
	}
	return c.listed(nil, nil, from.Lists)
}

// listed adds the lists of a provider's that stand in one that around leads to.
func (c *compiler) listed(lists [][]string, around []string, known []Identity) [][]string {
	for _, of := range known {
		query, err := c.list(of.Each)
		if of.Each == "" || err != nil {
			continue // what is no list, or is told as a fault
		}
		names, _ := query.Names()
		names = append(around[:len(around):len(around)], names...)
		if of.In == nil {
			lists = append(lists, names)
		}
		lists = c.listed(lists, names, of.In)
	}
	return lists
}

// leadsInto says whether a path goes from the body's root through the members of a list
// and further.
func (c *compiled) leadsInto(list []string) bool {
	if c.query == nil {
		return stepInto(c.steps, list)
	}
	names, known := c.query.Names()
	for i, name := range names[:min(len(names), len(list))] {
		if name != list[i] {
			return false
		}
	}
	return len(names) > len(list) || !known
}

func stepInto(steps []step, list []string) bool {
	for _, s := range steps {
		switch {
		case len(list) == 0:
			return true
		case s.member && s.name == list[0]:
			list = list[1:]
		case !s.item:
			return false
		}
	}
	return false
}

// looksWhole notes that a path which is placed leads into one of the lists.
func (b *Builder) looksWhole(c *compiled) {
	if c.item {
		return
	}
	for _, list := range b.lists {
		if c.leadsInto(list) {
			c.whole = true
			b.wholes++
			return
		}
	}
}
