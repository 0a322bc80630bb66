package waiting

import (
	"net/url"
	"strings"
	"sync"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/mapping"
)

// Received is a callback as paths see it.
type Received struct {
	Document *mapping.Document
	Values   *mapping.Values // read with the source's plan
	Keeper
}

// Keeper gives what a parked callback keeps for the paths of a later wait: its
// header fields and query without what proves who calls.
type Keeper interface {
	Keep() (header []gateway.HeaderField, query string)
}

// verdict is what rules say of a callback.
type verdict struct {
	fits      bool
	match     string
	branch    gateway.Branch
	variables gateway.Raw // a JSON object
	refused   error       // why there are no variables, or why it is not known whether it fits (see mapping)
}

// values are pooled: a wait with rules of its own reads the callback once more.
var values = sync.Pool{New: func() any { return new(mapping.Values) }}

// reread reads a callback with paths that its source does not have. All that is done
// with one callback is one bound of work.
func reread(own *mapping.Program, from *Received, variables []byte) verdict {
	v := values.Get().(*mapping.Values) //nolint:forcetypeassert // the pool holds nothing else
	defer values.Put(v)
	defer v.Release()
	own.Set.ReadAfter(from.Document, v, from.Values)
	return decide(&own.Rules, v, variables)
}

// decide appends what the rules map to variables.
func decide(rules *mapping.Rules, v *mapping.Values, variables []byte) verdict {
	fit, fits := rules.Fit(v)
	if !fits {
		return verdict{variables: variables, refused: v.Err()}
	}
	variables, err := rules.AppendVariables(variables, v, fit)
	return verdict{fits: err == nil, match: fit.Name, branch: fit.Branch, variables: variables, refused: err}
}

// judgeParked reads a parked callback by the rules of the wait that may take it, and
// says what work that took.
func judgeParked(own *mapping.Program, src *directory.Source, p *gateway.Parked) (verdict, time.Duration) {
	v := values.Get().(*mapping.Values) //nolint:forcetypeassert // the pool holds nothing else
	defer values.Put(v)
	defer v.Release()
	v.Owner(p.Tenant)
	doc := &mapping.Document{
		Body: mapping.BodyKind(p.Kind), Raw: p.Callback.Body, Request: &keptRequest{header: p.Header, query: p.Query},
	}
	set, rules := src.Plan.Set, &src.Plan.Rules
	if own != nil {
		set, rules = own.Set, &own.Rules
	}
	set.Read(doc, v)
	found := decide(rules, v, nil)
	return found, v.Spent()
}

// keptRequest gives paths what a parked callback kept.
type keptRequest struct {
	header []gateway.HeaderField
	query  string
	parsed url.Values
}

func (k *keptRequest) Header(name string) ([]byte, bool) {
	for _, f := range k.header {
		if strings.EqualFold(f.Name, name) {
			return []byte(f.Value), true
		}
	}
	return nil, false
}

func (k *keptRequest) Query(name string) ([]byte, bool) {
	if k.parsed == nil {
		k.parsed, _ = url.ParseQuery(k.query) // what does not parse is not found
	}
	if !k.parsed.Has(name) {
		return nil, false
	}
	return []byte(k.parsed.Get(name)), true
}
