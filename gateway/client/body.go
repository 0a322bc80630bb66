package client

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"hookgate/gateway"
)

var (
	secretType    = reflect.TypeFor[gateway.Secret]()
	marshalerType = reflect.TypeFor[json.Marshaler]()
)

// encode gives the JSON of what is sent. The words of package gateway mask their secrets
// wherever they are printed; this is where they go to whom they are meant for.
func encode(v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case []byte:
		return v, nil
	case json.RawMessage:
		return v, nil
	}
	return json.Marshal(revealed(reflect.ValueOf(v)))
}

// Reveal gives a configuration of package gateway as JSON, with its secrets in the clear,
// as it is written to hookgate. Whoever prints it shows them.
func Reveal(v any) (json.RawMessage, error) { return encode(v) }

// member is one of an object, in the order in which it was declared.
type member struct {
	name  string
	value any
}

type object []member

func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(append(gateway.AppendString(nil, m.name), ':'))
		value, err := json.Marshal(m.value)
		if err != nil {
			return nil, err
		}
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// revealed gives a value that json.Marshal writes as it would write v, but for secrets.
func revealed(v reflect.Value) any {
	if !v.IsValid() {
		return nil
	}
	switch headers, is := v.Interface().(gateway.Headers); {
	case is:
		return gateway.Revealed(headers)
	case v.Type() == secretType:
		return v.String()
	case v.Type().Implements(marshalerType) && !hasSecrets(v.Type(), nil):
		return v.Interface()
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return nil
		}
		return revealed(v.Elem())
	case reflect.Struct:
		return members(v)
	case reflect.Slice:
		if v.IsNil() || v.Type().Elem().Kind() == reflect.Uint8 {
			return v.Interface()
		}
		all := make([]any, v.Len())
		for i := range all {
			all[i] = revealed(v.Index(i))
		}
		return all
	case reflect.Map:
		if v.IsNil() || v.Type().Key().Kind() != reflect.String {
			return v.Interface()
		}
		all := make(map[string]any, v.Len())
		for _, key := range v.MapKeys() {
			all[key.String()] = revealed(v.MapIndex(key))
		}
		return all
	}
	return v.Interface()
}

// members gives a struct as encoding/json does, those of embedded structs too.
func members(v reflect.Value) (all object) {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case field.Anonymous && name == "":
			if v.Field(i).Kind() == reflect.Struct {
				all = append(all, members(v.Field(i))...)
			}
			continue
		case !field.IsExported() || name == "-":
			continue
		case name == "":
			name = field.Name
		}
		flags := strings.Split(options, ",")
		if slices.Contains(flags, "omitempty") && empty(v.Field(i)) || slices.Contains(flags, "omitzero") && v.Field(i).IsZero() {
			continue
		}
		all = append(all, member{name, revealed(v.Field(i))})
	}
	return all
}

// empty is what omitempty leaves out.
func empty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		return false
	}
	return v.IsZero()
}

// hasSecrets says whether a type may lead to secrets.
func hasSecrets(t reflect.Type, seen []reflect.Type) bool {
	if t == secretType {
		return true
	}
	if slices.Contains(seen, t) {
		return false
	}
	seen = append(seen, t)
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Array:
		return hasSecrets(t.Elem(), seen)
	case reflect.Struct:
		for field := range t.Fields() {
			if hasSecrets(field.Type, seen) {
				return true
			}
		}
	}
	return false
}
