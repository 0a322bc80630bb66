package api_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"hookgate/auth/signature"
	"hookgate/gateway"
	"hookgate/gateway/fields"
)

// publicPaths are not of the internal API.
var publicPaths = []string{"/hooks/{tenant}/{source}", "/hooks/{tenant}/{source}/{key}", "/{route}"}

// What can be configured is described: each member, and no other.
func TestDescriptionHasEveryMember(t *testing.T) {
	d := description(t)
	c := comparison{seen: map[reflect.Type]bool{}}
	for schema, spec := range map[string]reflect.Type{
		"Tenant": reflect.TypeFor[gateway.Tenant](), "Source": reflect.TypeFor[gateway.Source](),
		"Endpoint": reflect.TypeFor[gateway.Endpoint](), "Webhook": reflect.TypeFor[gateway.Webhook](),
		"Route": reflect.TypeFor[gateway.Route](),
	} {
		c.compare(schema, spec, []*openapi3.Schema{d.Components.Schemas[schema].Value})
	}
	if len(c.faults) > 0 {
		t.Error(strings.Join(c.faults, "\n"))
	}
	if len(c.seen) < 20 {
		t.Errorf("looked at %d types only", len(c.seen))
	}
}

// comparison walks over types and their schemas.
type comparison struct {
	seen   map[reflect.Type]bool
	faults []string
}

// compare holds the members of a type to those of the schemas that stand for it.
func (c *comparison) compare(place string, typ reflect.Type, schemas []*openapi3.Schema) {
	for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice || typ.Kind() == reflect.Map {
		if fields.KeepsOrder(typ) {
			return // its names are not ours
		}
		typ, schemas = typ.Elem(), elements(typ, schemas)
	}
	names := fields.Names(typ)
	if names == nil || c.seen[typ] {
		return
	}
	c.seen[typ] = true
	described := map[string][]*openapi3.Schema{}
	for _, s := range schemas {
		gather(s, described)
	}
	for _, name := range names {
		of, is := described[name]
		switch {
		case strings.HasSuffix(name, "_file"): // of the configuration file alone
		case !is:
			c.faults = append(c.faults, fmt.Sprintf("%s.%s is not described", place, name))
		default:
			if field, ok := fieldNamed(typ, name); ok {
				c.compare(place+"."+name, field, of)
			}
		}
	}
	for name, of := range described {
		if !slices.Contains(names, name) && !slices.ContainsFunc(of, func(s *openapi3.Schema) bool { return s.ReadOnly }) && !shown[name] {
			c.faults = append(c.faults, fmt.Sprintf("%s.%s is described, and is no member", place, name))
		}
	}
}

// shown are members of answers alone.
var shown = map[string]bool{"managed_by": true, "created_at": true, "updated_at": true}

func fieldNamed(typ reflect.Type, name string) (reflect.Type, bool) {
	for _, f := range reflect.VisibleFields(typ) {
		if tag, _, _ := strings.Cut(f.Tag.Get("json"), ","); tag == name {
			return f.Type, true
		}
	}
	return nil, false
}

// elements gives the schemas of what a list or map has in it; of a pointer its own.
func elements(typ reflect.Type, schemas []*openapi3.Schema) (all []*openapi3.Schema) {
	if typ.Kind() == reflect.Pointer {
		return schemas
	}
	for _, s := range schemas {
		if s.Items != nil {
			all = append(all, s.Items.Value)
		}
		if s.AdditionalProperties.Schema != nil {
			all = append(all, s.AdditionalProperties.Schema.Value)
		}
		for _, parts := range []openapi3.SchemaRefs{s.AllOf, s.AnyOf, s.OneOf} {
			for _, part := range parts {
				all = append(all, elements(typ, []*openapi3.Schema{part.Value})...)
			}
		}
	}
	return all
}

// gather collects the members of a schema and of what it is made of.
func gather(s *openapi3.Schema, into map[string][]*openapi3.Schema) {
	for name, of := range s.Properties {
		into[name] = append(into[name], of.Value)
	}
	for _, parts := range []openapi3.SchemaRefs{s.AllOf, s.AnyOf, s.OneOf} {
		for _, part := range parts {
			gather(part.Value, into)
		}
	}
}

// Each outcome stands at its own status, and is one that may be sent.
func TestDescriptionHasEveryOutcome(t *testing.T) {
	d := description(t)
	var listed []gateway.Outcome
	for _, o := range d.Components.Schemas["Outcome"].Value.Enum {
		listed = append(listed, gateway.Outcome(o.(string)))
	}
	if !slices.Equal(slices.Sorted(slices.Values(listed)), slices.Sorted(slices.Values(gateway.Outcomes))) {
		t.Errorf("openapi.yaml lists\n%q\nthe outcomes are\n%q", listed, gateway.Outcomes)
	}
	for _, path := range publicPaths[:2] {
		for method, op := range d.Paths.Value(path).Operations() {
			if method == "HEAD" || method == "OPTIONS" {
				continue
			}
			at := map[string]string{}
			for status, response := range op.Responses.Map() {
				of, _ := response.Value.Extensions["x-outcomes"].([]any)
				for _, o := range of {
					at[o.(string)] = status
				}
			}
			for _, o := range gateway.Outcomes {
				if want := fmt.Sprint(o.Status()); at[string(o)] != want {
					t.Errorf("%s %s has %s at %q, want %s", method, path, o, at[string(o)], want)
				}
			}
		}
	}
}

// Every type of verify is described.
func TestDescriptionHasEveryScheme(t *testing.T) {
	var listed []string
	for _, name := range description(t).Components.Schemas["Source"].Value.Properties["verify"].Value.Properties["type"].Value.Enum {
		listed = append(listed, name.(string))
	}
	if known := signature.Schemes(); !slices.Equal(slices.Sorted(slices.Values(listed)), slices.Sorted(slices.Values(known))) {
		t.Errorf("openapi.yaml lists\n%q\nthe types are\n%q", listed, known)
	}
}
