package waiting

import (
	"github.com/tidwall/gjson"

	"hookgate/gateway"
)

// compile compiles the rules that the wait brings.
func (o *opening) compile() done {
	o.Match, o.Variables = listed(o.Match), listed(o.Variables)
	rules, err := o.sessions.rules.compile(o.Match, o.Variables, o.Source)
	o.rules = rules
	return o.fail(err)
}

// listed is a list that was given; an empty one says nothing, as in the example
// of SPEC 6, where a wait with "match": [] ends by an entry of its source.
func listed(list gateway.Raw) gateway.Raw {
	if given := gjson.ParseBytes(list); given.IsArray() && given.Get("#").Int() == 0 {
		return nil
	}
	return list
}
