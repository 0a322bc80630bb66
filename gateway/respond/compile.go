package respond

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"hookgate/gateway"
	"hookgate/gateway/fields"
	"hookgate/gateway/mapping"
)

// Answers are the answers of a source or a route. nil has none: all are hookgate's own.
type Answers struct {
	base *answer
	of   map[gateway.Outcome]*answer
}

// answer is one answer. Its templates are of one set.
type answer struct {
	status   int  // 0: the outcome's own
	named    bool // it is of one outcome, not of all
	set      *mapping.Set
	kind     string            // the content type
	body     *mapping.Template // nil: hookgate's own
	xml      bool              // what XML cannot hold is left out of body
	json     bool              // body must be JSON
	shows    bool              // body may be more than text to a browser: it carries policy
	headers  []header
	location *mapping.Template // nil: none
	base     string            // that location begins with
}

type header struct {
	name  string
	value *mapping.Template
}

// Bounds of what an operator may write, and of what is rendered.
const (
	mostHeaders  = 20
	mostRendered = 64 << 10 // bytes of a body
	mostValue    = 4 << 10  // bytes of a header's value, or of a location
)

// faults collects what is wrong, placed from `respond`.
type faults []gateway.Fault

func (f *faults) add(path, format string, args ...any) {
	*f = append(*f, gateway.Fault{Path: path, Message: fmt.Sprintf(format, args...)})
}

// Compile compiles the answers of somebody whose outcomes are known; nil for none at all.
// check refuses a header field that nobody may set. Faults are placed from `respond`.
func Compile(spec gateway.Respond, known []gateway.Outcome, check func(name, value string) error) (*Answers, []gateway.Fault) {
	var f faults
	base := gateway.OwnAnswer{Status: spec.Status, ContentType: spec.ContentType, Body: spec.Body, Headers: spec.Headers, Location: spec.Location}
	a := &Answers{base: compile(base, check, "", &f)}
	for _, word := range slices.Sorted(maps.Keys(spec.Outcomes)) {
		place, o := fields.Member("outcomes", word), gateway.Outcome(word)
		switch {
		case !slices.Contains(gateway.Outcomes, o) && !slices.Contains(known, o):
			f.add(place, "is no outcome: they are %s%s", list(known), fields.Meant(word, words(known)))
		case !slices.Contains(known, o):
			f.add(place, "is always answered as it is: senders must see what they have to do; others are %s", list(known))
		}
		if a.of == nil {
			a.of = map[gateway.Outcome]*answer{}
		}
		if a.of[o] = compile(spec.Outcomes[word], check, place, &f); a.of[o] != nil {
			a.of[o].named = true
		}
	}
	switch {
	case len(f) > 0:
		return nil, f
	case a.base == nil && a.of == nil:
		return nil, nil
	}
	return a, nil
}

// Pinnable lists the outcomes of callbacks that may be answered otherwise.
func Pinnable() (all []gateway.Outcome) {
	for _, o := range gateway.Outcomes {
		if o.Pinnable() {
			all = append(all, o)
		}
	}
	return all
}

func words(known []gateway.Outcome) (all []string) {
	for _, o := range known {
		all = append(all, string(o))
	}
	return all
}

func list(known []gateway.Outcome) string { return strings.Join(words(known), ", ") }

// Memory is about how many bytes of memory their templates take.
func (a *Answers) Memory() int {
	if a == nil {
		return 0
	}
	n := a.base.memory()
	for _, one := range a.of {
		n += one.memory()
	}
	return n
}

func (a *answer) memory() int {
	if a == nil {
		return 0
	}
	return a.set.Memory()
}

// compile compiles one answer; nil where nothing is said.
func compile(spec gateway.OwnAnswer, check func(name, value string) error, place string, f *faults) *answer {
	var own faults
	a := &answer{status: spec.Status}
	builder := mapping.NewBuilder()
	builder.Names(standsAt)
	a.compileBody(spec, builder, &own)
	a.compileHeaders(spec.Headers, builder, check, &own)
	a.compileLocation(spec.Location, builder, &own)
	a.checkStatus(&own)
	a.set = builder.Set()
	if place != "" {
		own = gateway.Under(place, own)
	}
	*f = append(*f, own...)
	if a.status == 0 && !a.says() {
		return nil
	}
	return a
}

// says tells whether there is more to an answer than its status.
func (a *answer) says() bool { return a.body != nil || a.headers != nil || a.location != nil }

func (a *answer) checkStatus(f *faults) {
	redirects := a.status == http.StatusFound || a.status == http.StatusSeeOther
	switch {
	case redirects && a.location == nil:
		f.add("location", "is missing: %d sends a browser there", a.status)
	case !redirects && a.location != nil:
		f.add("status", "is %d: must be 302 or 303 with location", a.status)
	case !redirects && a.status != 0 && (a.status < 200 || a.status > 299):
		f.add("status", "is %d: must be 200 to 299, or 302 or 303 with location", a.status)
	case a.body != nil && (a.status == http.StatusNoContent || a.status == http.StatusResetContent):
		f.add("body", "is there, and %d has none: remove one of them", a.status)
	}
}

// standsAt says where the names of templates stand: those of the answer by themselves,
// any other among the variables.
func standsAt(name string) (places [][]string) {
	switch name {
	case "outcome", "callback_id", "conversation_key", "wait_id", variables:
		return [][]string{{name}}
	}
	return [][]string{{variables, name}}
}

const variables = "variables"

func template(text, place string, builder *mapping.Builder, f *faults) *mapping.Template {
	t, err := builder.Template(text)
	if err != nil {
		f.add(place, "%v", err)
		return mapping.Literal("")
	}
	return t
}

func constant(t *mapping.Template) bool {
	_, is := t.Constant()
	return is
}
