package configs

import (
	"maps"
	"reflect"
	"slices"

	"hookgate/gateway"
	"hookgate/gateway/fields"
)

// Difference is one key of which two configurations say something else, or a named thing
// that one of them does not have, or has otherwise.
type Difference struct {
	Key           string
	Change        string // created, updated, deleted
	Before, After string // as Origin.Value; "" of a thing
}

// The words of Difference.Change.
const (
	Created = "created"
	Updated = "updated"
	Deleted = "deleted"
)

// Difference tells what c says that before said otherwise, in the order of the keys: at
// most so many, and how many more there are.
func (c *Config) Difference(before *Config, most int) (all []Difference, left int) {
	add := func(d Difference) {
		if len(all) == most {
			left++
			return
		}
		all = append(all, d)
	}
	was, is := reflect.ValueOf(before).Elem(), reflect.ValueOf(c).Elem()
	for _, k := range Keys() {
		switch k.Name {
		case "tenants":
			differ(k.Name, before.Tenants, c.Tenants, func(a, b Tenant) bool {
				return a.digest == b.digest && (a.digest != Digest{} || reflect.DeepEqual(a, b))
			}, add)
		case "routes":
			differ(k.Name, before.Routes, c.Routes, func(a, b gateway.Route) bool { return reflect.DeepEqual(a, b) }, add)
		default:
			a, b := was.FieldByIndex(k.index), is.FieldByIndex(k.index)
			if !reflect.DeepEqual(a.Interface(), b.Interface()) {
				add(Difference{k.Name, Updated, shownValue(a), shownValue(b)})
			}
		}
	}
	return all, left
}

// differ tells of named things.
func differ[T any](key string, before, after map[string]T, same func(a, b T) bool, add func(Difference)) {
	names := map[string]bool{}
	for name := range before {
		names[name] = true
	}
	for name := range after {
		names[name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		a, had := before[name]
		b, has := after[name]
		change := Updated
		switch {
		case !had:
			change = Created
		case !has:
			change = Deleted
		case same(a, b):
			continue
		}
		add(Difference{Key: fields.Member(key, name), Change: change})
	}
}
