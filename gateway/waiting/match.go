package waiting

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"net/url"
	"strings"
	"sync"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/fields"
	"hookgate/gateway/mapping"
)

// Compiled rules of waits are kept, so many and of so many bytes: flows open many
// waits with the same match and variables.
const (
	maxRules      = 4096
	maxRulesBytes = 64 << 20
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

// rulesOf gives the rules that a wait has of its own; nil stands for its source's.
func (s *Sessions) rulesOf(w *gateway.Wait, src *directory.Source) (*mapping.Program, error) {
	return s.compile(w.OwnMatch, w.OwnVariables, src)
}

// compile gives the rules for a wait's own match and variables; what is not
// given is the source's.
func (s *Sessions) compile(match, variables gateway.Raw, src *directory.Source) (*mapping.Program, error) {
	if match == nil && variables == nil {
		return nil, nil
	}
	key, err := rulesKey(match, variables, src)
	if err != nil {
		return nil, err
	}
	program, hit := s.rules.Get(key)
	s.Observer.RulesCache(hit)
	if hit {
		return program, nil
	}
	own := struct {
		Match     []gateway.Match    `json:"match"`
		Variables []gateway.Variable `json:"variables"`
	}{src.Spec.Match, src.Spec.Variables}
	faults := decodeList("match", match, &own.Match)
	faults = append(faults, decodeList("variables", variables, &own.Variables)...)
	if len(faults) == 0 {
		program, faults = mapping.Compile(own.Match, own.Variables, src.Mapping)
	}
	if len(faults) > 0 {
		return nil, gateway.Invalid(faults)
	}
	s.rules.Set(key, program, int64(minRules+len(match)+len(variables)+program.Size()))
	return program, nil
}

// minRules is what compiled rules count at least, in bytes: then there are no more than
// maxRules.
const minRules = maxRulesBytes / maxRules

// decodeList reads a list that a wait brought, if it brought one.
func decodeList[T any](place string, raw gateway.Raw, into *[]T) []gateway.Fault {
	if raw == nil {
		return nil
	}
	tree, err := fields.Parse(raw)
	if err != nil {
		return []gateway.Fault{{Path: place, Message: err.Error()}}
	}
	*into = nil
	return gateway.Under(place, fields.Decode(tree, into))
}

// rulesKey names compiled rules by all that went into them.
func rulesKey(match, variables gateway.Raw, src *directory.Source) (string, error) {
	var b bytes.Buffer
	for _, part := range []struct {
		own    gateway.Raw
		source any
	}{{match, src.Spec.Match}, {variables, src.Spec.Variables}} {
		raw := []byte(part.own)
		if raw == nil {
			var err error
			if raw, err = json.Marshal(part.source); err != nil {
				return "", err
			}
		}
		b.Write(raw)
		b.WriteByte(0)
	}
	for _, bound := range [...]int{src.Mapping.Pattern, src.Mapping.Variables, int(src.Mapping.Work)} {
		b.Write(binary.LittleEndian.AppendUint64(nil, uint64(bound)))
	}
	sum := sha256.Sum256(b.Bytes())
	return string(sum[:]), nil
}
