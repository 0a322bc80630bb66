package calling

import (
	"cmp"
	"slices"

	"github.com/tidwall/gjson"

	"hookgate/gateway"
)

// maxFaults is how many faults of one answer are told.
const maxFaults = 100

// checkChatbot holds an answer, which is JSON of any kind, to the rules of profile
// chatbot. It gives its responses with the defaults filled in, else byte for byte as
// they came, and its attributes; each is nil where there is none. Or it gives the
// faults by their places, such as responses[0].buttons[2].value: all of them, or the
// first maxFaults.
//
// Of members with one name the last counts, as for paths.
func checkChatbot(answer gateway.Raw) (responses, attributes gateway.Raw, faults []gateway.Fault) {
	whole := gjson.ParseBytes(answer)
	if !whole.IsObject() {
		return nil, nil, []gateway.Fault{{Message: "must be a JSON object"}}
	}
	var c checker
	c.members(whole, chatbotAnswer)
	if len(c.faults) > 0 {
		return nil, nil, c.faults
	}
	var parts [maxMembers]gjson.Result
	pick(whole, chatbotAnswer, &parts)
	if r := parts[0]; r.Exists() {
		responses = c.edited(answer[r.Index:r.Index+len(r.Raw)], r.Index)
	}
	if a := parts[1]; a.Exists() {
		attributes = answer[a.Index : a.Index+len(a.Raw) : a.Index+len(a.Raw)]
	}
	return responses, attributes, nil
}

// checker goes through an answer.
type checker struct {
	place  []byte // of the value that is looked at
	faults []gateway.Fault
	edits  []edit
}

// edit replaces a part of the answer.
type edit struct {
	at, length int
	text       string
}

func (c *checker) full() bool { return len(c.faults) >= maxFaults }

func (c *checker) fault(message string) {
	if !c.full() {
		c.faults = append(c.faults, gateway.Fault{Path: string(c.place), Message: message})
	}
}

// under looks at what has this name in the object that is looked at.
func (c *checker) under(name string, look func()) {
	outer := len(c.place)
	if outer > 0 {
		c.place = append(c.place, '.')
	}
	c.place = append(c.place, name...)
	look()
	c.place = c.place[:outer]
}

// members holds an object to its members, and fills in those that have a default.
func (c *checker) members(v gjson.Result, members []member) {
	var found [maxMembers]gjson.Result
	pick(v, members, &found)
	for i, m := range members {
		c.under(m.name, func() {
			switch {
			case found[i].Exists():
				m.rule(c, found[i])
			case m.absent == required:
				c.fault(required)
			case m.absent != optional:
				// Behind the last member: one is there, for a type is required.
				c.edits = append(c.edits, edit{at: v.Index + len(v.Raw) - 1, text: `,"` + m.name + `":` + m.absent})
			}
		})
	}
}

// pick gives the members of an object: of each name the last.
func pick(v gjson.Result, members []member, found *[maxMembers]gjson.Result) {
	v.ForEach(func(key, value gjson.Result) bool {
		for i := range members {
			if members[i].name == key.Str {
				found[i] = value
			}
		}
		return true
	})
}

// edited gives a part of the answer, that begins at the offset, with its edits.
func (c *checker) edited(part gateway.Raw, offset int) gateway.Raw {
	if len(c.edits) == 0 {
		return slices.Clip(part)
	}
	gateway.SortStable(c.edits, func(a, b edit) int { return cmp.Compare(a.at, b.at) })
	size := len(part)
	for _, e := range c.edits {
		size += len(e.text)
	}
	whole, done := make(gateway.Raw, 0, size), 0
	for _, e := range c.edits {
		at := e.at - offset
		whole = append(append(whole, part[done:at]...), e.text...)
		done = at + e.length
	}
	return append(whole, part[done:]...)
}
