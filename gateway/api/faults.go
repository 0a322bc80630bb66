package api

import (
	"fmt"
	"slices"
	"strconv"

	"hookgate/gateway"
	"hookgate/gateway/fields"
)

// faults are what is wrong with a body.
type faults struct{ list []gateway.Fault }

// add tells of one thing wrong at a place; of a place, the first is enough.
func (f *faults) add(path, message string) {
	if !slices.ContainsFunc(f.list, func(has gateway.Fault) bool { return fields.Within(has.Path, path) }) {
		f.list = append(f.list, gateway.Fault{Path: path, Message: message})
	}
}

// key reads a conversation key.
func (f *faults) key(path, value string) string {
	k, ok := gateway.Key(value)
	if !ok {
		f.add(path, "must stand for a key of 1 to "+strconv.Itoa(gateway.MaxKey)+" bytes, without spaces or control characters")
	}
	return k
}

// invalid is the error of one thing wrong.
func invalid(path, format string, args ...any) error {
	return gateway.Invalid([]gateway.Fault{{Path: path, Message: fmt.Sprintf(format, args...)}})
}
