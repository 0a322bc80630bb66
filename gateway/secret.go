package gateway

import (
	"encoding/json"
	"log/slog"
)

// Masked stands for a secret wherever one is shown; written back, it keeps the
// old one.
const Masked = "***"

// Secret is text that must not leave by accident: every way of printing it
// gives Masked. Reveal is the one way to its value.
type Secret string

// Reveal gives the value, for verifying, signing and sealing.
func (s Secret) Reveal() string { return string(s) }

func (s Secret) mask() string {
	if s == "" {
		return ""
	}
	return Masked
}

// String, GoString, MarshalJSON and LogValue show the mask.
func (s Secret) String() string { return s.mask() }

// GoString keeps %#v from showing the value.
func (s Secret) GoString() string { return s.mask() }

// MarshalJSON keeps API answers from showing the value.
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(s.mask()) }

// LogValue keeps logs from showing the value.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.mask()) }

// Headers are header fields that an operator sets on outbound requests. They
// may carry credentials, so they are kept like secrets.
type Headers = Members[Secret]

// Revealed gives the fields with their values, for requests and for reads by
// those who may edit them.
func Revealed(h Headers) Members[string] {
	if h == nil {
		return nil
	}
	all := make(Members[string], 0, len(h))
	for _, field := range h {
		all = append(all, Member[string]{field.Name, field.Value.Reveal()})
	}
	return all
}
