package inbound

import (
	"hookgate/gateway/edge"
	"hookgate/gateway/waiting"
)

// addressee finds out whom the callback is for: the conversation key, and other names of
// the conversation, in memory of their own. What is not there is "" and nil.
func (r *request) addressee(c *waiting.Callback) {
	plan := r.src.Plan
	c.Key, _ = plan.Keys.Find(&r.values, r.key)
	if c.Key != "" && plan.Aliases != nil {
		c.Aliases = plan.Aliases.Find(&r.values, c.Key)
	}
}

// keyHeader is what the header fields that may carry the key say, for the fingerprint of
// the callback: one alone as it is, several with a line each.
func keyHeader(caller *edge.Caller, names []string) []byte {
	if len(names) == 0 {
		return nil
	}
	first, _ := caller.Get(names[0])
	if len(names) == 1 {
		return first
	}
	all := append([]byte(nil), first...)
	for _, name := range names[1:] {
		value, _ := caller.Get(name)
		all = append(append(all, '\n'), value...)
	}
	return all
}
