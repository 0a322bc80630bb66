package waiting

import (
	"net/url"
	"slices"
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
	Item *Item // which of the document's items the callback is; nil: it came alone
}

// Item is what paths look at of a callback that came with others in one request.
type Item struct {
	Raw []byte // as it lies in the document
	// Around gives what a parked one keeps of the document around it (see
	// gateway.Parked), unless that has become too much for one request.
	Around func() (around gateway.Raw, at int, ok bool)
}

// at makes the values those of the callback's own item.
func (r *Received) at(v *mapping.Values) {
	if r.Item != nil {
		v.Item(r.Item.Raw)
	}
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
	from.at(v)
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
	v.Owner(src.Tenant.Tree())
	body, item := wholeOf(src, p)
	doc := &mapping.Document{Body: mapping.BodyKind(p.Kind), Raw: body, Request: &keptRequest{header: p.Header, query: p.Query}}
	set, rules := src.Plan.Set, &src.Plan.Rules
	if own != nil {
		set, rules = own.Set, &own.Rules
	}
	set.Read(doc, v)
	if item != nil {
		v.Item(item)
	}
	found := decide(rules, v, nil)
	return found, v.Spent()
}

// wholeOf gives the body that a parked callback is looked into, and the callback in it
// where it came with others and its source still says so.
func wholeOf(src *directory.Source, p *gateway.Parked) (body, item []byte) {
	if p.Item == 0 || src.Each == "" {
		return p.Callback.Body, nil
	}
	at := p.Item - 1
	body = slices.Concat(p.Around[:at], p.Callback.Body, p.Around[at:])
	return body, body[at : at+len(p.Callback.Body)]
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
