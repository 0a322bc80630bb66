package waiting

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"sync"

	"github.com/dgraph-io/ristretto/v2"

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

// rules are those that waits have of their own, compiled and kept. Where they are kept is made
// for the first wait that has any: its counters take half a megabyte.
type rules struct {
	asked func(hit bool)
	once  sync.Once
	cache *ristretto.Cache[string, *mapping.Program]
	err   error // why there is none
}

// kept gives those that are kept.
func (c *rules) kept() (*ristretto.Cache[string, *mapping.Program], error) {
	c.once.Do(func() {
		c.cache, c.err = ristretto.NewCache(&ristretto.Config[string, *mapping.Program]{
			NumCounters: 10 * maxRules, MaxCost: maxRulesBytes, BufferItems: 64, IgnoreInternalCost: true,
		})
	})
	return c.cache, c.err
}

// close ends it, when nobody asks any more.
func (c *rules) close() {
	if c.once.Do(func() {}); c.cache != nil {
		c.cache.Close()
	}
}

// of gives the rules that a wait has of its own; nil stands for its source's.
func (c *rules) of(w *gateway.Wait, src *directory.Source) (*mapping.Program, error) {
	return c.compile(w.OwnMatch, w.OwnVariables, src)
}

// compile gives the rules for a wait's own match and variables; what is not
// given is the source's.
func (c *rules) compile(match, variables gateway.Raw, src *directory.Source) (*mapping.Program, error) {
	if match == nil && variables == nil {
		return nil, nil
	}
	key, size, err := rulesKey(match, variables, src)
	if err != nil {
		return nil, err
	}
	cache, err := c.kept()
	if err != nil {
		return nil, err
	}
	program, hit := cache.Get(key)
	c.asked(hit)
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
		compile := mapping.Compile
		if src.Each != "" {
			compile = mapping.CompileForItems
		}
		program, faults = compile(own.Match, own.Variables, src.Mapping)
	}
	if len(faults) > 0 {
		return nil, gateway.Invalid(faults)
	}
	cache.Set(key, program, int64(minRules+size+program.Size()))
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

// rulesKey names compiled rules by all that went into them, and says how much that is,
// in bytes: what a source compares with is compiled anew with a wait's own variables.
func rulesKey(match, variables gateway.Raw, src *directory.Source) (key string, size int, err error) {
	var b bytes.Buffer
	for _, part := range []struct {
		own    gateway.Raw
		source any
	}{{match, src.Spec.Match}, {variables, src.Spec.Variables}} {
		raw := []byte(part.own)
		if raw == nil {
			if raw, err = json.Marshal(part.source); err != nil {
				return "", 0, err
			}
		}
		b.Write(raw)
		b.WriteByte(0)
	}
	b.WriteString(src.Each) // whether paths may begin with the item
	for _, bound := range [...]int{src.Mapping.Pattern, src.Mapping.Variables, int(src.Mapping.Work)} {
		b.Write(binary.LittleEndian.AppendUint64(nil, uint64(bound)))
	}
	sum := sha256.Sum256(b.Bytes())
	return string(sum[:]), b.Len(), nil
}
