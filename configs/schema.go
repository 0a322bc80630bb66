package configs

import (
	"encoding/json"
	"maps"
	"path"
	"reflect"
	"slices"
	"strings"

	"hookgate/gateway"
	"hookgate/gateway/fields"
)

//go:generate cp prometheus/alerts.yaml prometheus/rules.yaml helm/hookgate/files/
//go:generate sh -c "go run ../cmd/hookgate config schema > schema.json"

// Schema is the configuration file as a JSON Schema (2020-12), made from the types that
// the file is decoded into. It tells shapes: names, and which kinds of values stand where.
// What values mean, check says.
func Schema() []byte {
	s := schemas{defs: map[string]any{}}
	root := s.object(reflect.TypeFor[Config](), reflect.ValueOf(*Default()))
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["$id"] = "https://hookgate/configs/schema.json"
	root["title"] = "hookgate configuration"
	root["description"] = "Every key, with its meaning and default: configs/reference.yaml. ${NAME} in a value is taken from the environment."
	root["$defs"] = s.defs
	text, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		panic(err) // it is made of maps and texts
	}
	return append(text, '\n')
}

// schemas makes schemas of types; those of named structs stand in defs, for they may hold
// themselves.
type schemas struct{ defs map[string]any }

type schema = map[string]any

// fromEnvironment is a text with a variable in it, which may stand for any single value.
var fromEnvironment = schema{"type": "string", "pattern": `\$\{`}

// own are the types that read themselves, or are read in a way of their own.
var own = map[reflect.Type]schema{
	reflect.TypeFor[gateway.Duration](): {"description": `a duration: "500ms", "24h", "7d", or a number of seconds`, "anyOf": []any{
		schema{"type": "number", "minimum": 0}, schema{"type": "string", "pattern": `^([0-9.]+(ns|us|µs|ms|s|m|h|d)?)+$`}, fromEnvironment,
	}},
	reflect.TypeFor[gateway.Size](): {"description": `a size: a number of bytes, or "64KiB", "1MiB"`, "anyOf": []any{
		schema{"type": "number", "minimum": 0}, schema{"type": "string", "pattern": `^[0-9.]+ *([KMGT]i?B|kB|B)?$`}, fromEnvironment,
	}},
	reflect.TypeFor[gateway.Rate](): {"description": "a number a second, or {per_second, burst}", "anyOf": []any{
		schema{"type": "number", "exclusiveMinimum": 0}, fromEnvironment,
		schema{"type": "object", "additionalProperties": false, "required": []string{"per_second"}, "properties": schema{
			"per_second": schema{"type": "number", "exclusiveMinimum": 0}, "burst": schema{"type": "integer", "minimum": 1},
		}},
	}},
	reflect.TypeFor[gateway.Raw]():    {},
	reflect.TypeFor[gateway.Signed](): oneOrList(schema{"type": "string"}),
	reflect.TypeFor[gateway.Texts]():  oneOrList(schema{"type": "string"}),
	reflect.TypeFor[gateway.Status](): {"type": []string{"string", "integer"}},
	reflect.TypeFor[gateway.Time]():   {"type": "string", "format": "date-time"},
	reflect.TypeFor[Network]():        {"type": "string", "description": `a network, "10.0.0.0/8", or an address`},
}

func oneOrList(of schema) schema {
	return schema{"anyOf": []any{of, schema{"type": "array", "items": of}}}
}

// of gives the schema of a type; a value that is set is its default.
func (s *schemas) of(t reflect.Type, value reflect.Value) schema {
	for t.Kind() == reflect.Pointer {
		t, value = t.Elem(), reflect.Value{}
	}
	if known, is := own[t]; is {
		return withDefault(maps.Clone(known), value)
	}
	switch {
	case fields.KeepsOrder(t):
		return schema{"type": "object", "additionalProperties": s.of(t.Elem().Field(1).Type, reflect.Value{})}
	case fields.Names(t) != nil:
		return s.named(t, value)
	}
	switch t.Kind() {
	case reflect.Slice:
		return schema{"type": "array", "items": s.of(t.Elem(), reflect.Value{})}
	case reflect.Map:
		element := s.of(t.Elem(), reflect.Value{})
		if fields.Names(t.Elem()) != nil {
			element = orNothing(element)
		}
		return schema{"type": "object", "additionalProperties": element}
	case reflect.String:
		return withDefault(schema{"type": "string"}, value)
	case reflect.Bool:
		return withDefault(schema{"anyOf": []any{schema{"type": "boolean"}, fromEnvironment}}, value)
	case reflect.Float32, reflect.Float64:
		return withDefault(schema{"anyOf": []any{schema{"type": "number"}, fromEnvironment}}, value)
	}
	return withDefault(schema{"anyOf": []any{schema{"type": "integer"}, fromEnvironment}}, value)
}

// withDefault adds a default that says something.
func withDefault(of schema, value reflect.Value) schema {
	if value.IsValid() && !value.IsZero() {
		of["default"] = value.Interface()
	}
	return of
}

// orNothing lets a value be left out behind its key.
func orNothing(of schema) schema { return schema{"anyOf": []any{of, schema{"type": "null"}}} }

// named gives the schema of a struct: that of one without defaults of its own stands in
// defs.
func (s *schemas) named(t reflect.Type, value reflect.Value) schema {
	if value.IsValid() {
		return s.forms(t, s.object(t, value))
	}
	name := path.Base(t.PkgPath()) + "." + t.Name()
	if s.defs[name] == nil {
		s.defs[name] = schema{} // it may hold itself
		s.defs[name] = s.forms(t, s.object(t, reflect.Value{}))
	}
	return schema{"$ref": "#/$defs/" + name}
}

// forms adds what else may stand in the place of a struct.
func (s *schemas) forms(t reflect.Type, object schema) schema {
	all := []any{object}
	if list := fields.List(t); list != nil {
		all = append(all, s.of(list, reflect.Value{}))
	}
	if alone := fields.Alone(t); alone != nil {
		all = append(all, s.of(alone, reflect.Value{}))
	}
	if len(all) == 1 {
		return object
	}
	return schema{"anyOf": all}
}

// object gives the schema of a struct's members.
func (s *schemas) object(t reflect.Type, value reflect.Value) schema {
	properties := schema{}
	for _, name := range fields.Names(t) {
		member, now := fieldOf(t, value, name)
		properties[name] = orNothing(s.of(member, now))
		file := name + fileSuffix
		switch {
		case slices.Contains(fields.Names(t), file):
		case member == secretType:
			properties[file] = schema{"type": "string", "description": "the file that has it"}
		case member == secretsType:
			properties[file] = oneOrList(schema{"type": "string", "description": "the file that has it"})
		}
	}
	return schema{"type": "object", "additionalProperties": false, "properties": properties}
}

// fieldOf gives the type of a member, and its value where there is one.
func fieldOf(t reflect.Type, value reflect.Value, name string) (reflect.Type, reflect.Value) {
	for _, f := range reflect.VisibleFields(t) {
		if tag, _, _ := strings.Cut(f.Tag.Get("json"), ","); tag != name {
			continue
		}
		if value.IsValid() {
			return f.Type, value.FieldByIndex(f.Index)
		}
		return f.Type, reflect.Value{}
	}
	return fields.TypeAt(t, fields.Member("", name)), reflect.Value{}
}
