package configs

import (
	"reflect"
	"strings"

	"hookgate/gateway/fields"
)

// A field of Config, or of a section, with the tag `takes:"restart"` is read at start
// alone; so is all within it. Every other key takes effect with the next reload.

// Key is one key of the file, by its full name, such as "bounds.bodies". What is of
// lists and of named things (tokens, tenants, routes) is one key.
type Key struct {
	Name    string
	Restart bool // a reload leaves it as it is
	index   []int
	alone   bool // in the place of its section, this one may stand
}

// Keys lists every key, in the order in which they are declared.
func Keys() []Key { return keysOf(reflect.TypeFor[Config](), Key{}) }

func keysOf(section reflect.Type, within Key) (keys []Key) {
	for _, f := range reflect.VisibleFields(section) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || name == "-" {
			continue
		}
		k := Key{
			Name:    fields.Member(within.Name, name),
			Restart: within.Restart || f.Tag.Get("takes") == "restart",
			alone:   f.Tag.Get("fields") == "alone",
			index:   append(within.index[:len(within.index):len(within.index)], f.Index...),
		}
		if fields.Names(f.Type) != nil {
			keys = append(keys, keysOf(f.Type, k)...)
			continue
		}
		keys = append(keys, k)
	}
	return keys
}

// Process is what the configuration says of the process itself: without tenants, routes,
// tokens and the file, which are let go.
func (c *Config) Process() *Config {
	own := *c
	own.Tenants, own.Routes, own.Tokens, own.file, own.unknown, own.inputs = nil, nil, nil, nil, nil, nil
	return &own
}

// Settings gives a pointer to the value of each key, but of tenants, routes and tokens.
func (c *Config) Settings() map[string]any {
	all := map[string]any{}
	v := reflect.ValueOf(c).Elem()
	for _, k := range Keys() {
		switch k.Name {
		case "tenants", "routes", "tokens":
		default:
			all[k.Name] = v.FieldByIndex(k.index).Addr().Interface()
		}
	}
	return all
}

// KeepFrom gives c the running value of each key that takes a restart, and names
// those that c has otherwise: they wait for the next start.
func (c *Config) KeepFrom(running *Config) (waiting []string) {
	next, now := reflect.ValueOf(c).Elem(), reflect.ValueOf(running).Elem()
	for _, k := range Keys() {
		if !k.Restart {
			continue
		}
		was, wanted := now.FieldByIndex(k.index), next.FieldByIndex(k.index)
		if !reflect.DeepEqual(was.Interface(), wanted.Interface()) {
			waiting = append(waiting, k.Name)
			wanted.Set(was)
		}
	}
	return waiting
}
