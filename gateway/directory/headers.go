package directory

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"hookgate/gateway"
	"hookgate/gateway/fields"
)

// Header is one field of an outbound request. It may carry a credential: it
// prints without its value, whatever prints it.
type Header struct{ Name, Value string }

// Format keeps the value out of every verb of fmt.
func (h Header) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, h.Name+": "+gateway.Masked) }

// MarshalText keeps the value out of JSON, and out of structured logs.
func (h Header) MarshalText() ([]byte, error) { return []byte(h.Name + ": " + gateway.Masked), nil }

const (
	maxHeaders     = 50
	maxHeaderBytes = 8 << 10 // of one field, name and value
	maxHeaderName  = 256     // bytes
)

// compileHeaders checks header fields, which go out in the order in which they were
// written.
func compileHeaders(place string, set gateway.Headers, o Options, f *faults) []Header {
	return listHeaders(place, set, f, func(at string, h Header) { f.header(at, h, o) })
}

// listHeaders lists header fields and hands each to check.
func listHeaders(place string, set gateway.Headers, f *faults, check func(place string, h Header)) []Header {
	if len(set) > maxHeaders {
		f.add(place, "has %d: at most %d", len(set), maxHeaders)
		return nil // each name is compared with each
	}
	list := make([]Header, 0, len(set))
	for _, field := range set {
		list = append(list, Header{field.Name, field.Value.Reveal()})
	}
	for i, h := range list {
		if len(h.Name) > maxHeaderName { // what is wrong with it would repeat it
			f.add(place, "has a name of %d bytes: at most %d", len(h.Name), maxHeaderName)
			continue
		}
		check(fields.Member(place, h.Name), h)
		if has(list[:i], h.Name) {
			f.add(fields.Member(place, h.Name), "is there twice, in another case")
		}
	}
	return list
}

// checkHeader refuses a field that nobody may set, or whose name is longer than any has.
func (o Options) checkHeader(name, value string) error {
	if len(name) > maxHeaderName {
		return fmt.Errorf("the name of a header has %d bytes: at most %d", len(name), maxHeaderName)
	}
	return o.CheckHeader(name, value)
}

func (f *faults) header(place string, h Header, o Options) {
	if err := o.checkHeader(h.Name, h.Value); err != nil {
		f.add(place, "%v", err)
	}
	if len(h.Name)+len(h.Value) > maxHeaderBytes {
		f.add(place, "has %d bytes: at most %d, name and value together", len(h.Name)+len(h.Value), maxHeaderBytes)
	}
}

// over gives the fields of own, and of base those that own does not have.
func over(base, own []Header) []Header {
	all := slices.Clone(own)
	for _, h := range base {
		if !has(own, h.Name) {
			all = append(all, h)
		}
	}
	return all
}

func has(list []Header, name string) bool {
	return slices.ContainsFunc(list, func(h Header) bool { return strings.EqualFold(h.Name, name) })
}
