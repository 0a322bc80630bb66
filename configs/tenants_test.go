package configs

import (
	"reflect"
	"strings"
	"testing"
)

// FuzzTenantByTenant: a file that is read tenant by tenant has no mistake, and says what it
// says when it is read as a whole.
func FuzzTenantByTenant(f *testing.F) {
	f.Add(Reference)
	f.Add("tenants:\n  a:\n    name: x\n  b: { name: y }\n  c:\nlog: { level: warn }\n")
	f.Add("log: { level: warn }\ntenants: # all\n\n  # first\n  a:\n    name: |\n      b\n  c:\n    name: \"d\n      e\"\n  d:\n    name: >-\n     f\n\n     g\n")
	f.Add("tenants:\n  a:\n    headers: { X-A: \"b\n  c: d\" }\n  e: {}\n")
	f.Add("tenants:\n  a:\n    name: \"b\n  c:\n    name: d\"\n")
	f.Add("tenants:\n  a: &x { name: y }\n  b: *x\n")
	f.Add("tenants:\n  a: {}\n  a: {}\n")
	f.Add("tenants:\n  476: {}\n  null: {}\n  0x1: {}\n  true: {}\n  1e3:\n")
	f.Add("tenants:\n  a:\n  - b\n---\ntenants:\n  c: {}\n")
	f.Add("a: |\n tenants:\ntenants:\n  a:\n    name: b\n     c\n  d: e: f\n")
	f.Add("tenants:\n  a:\n    name: \"${SET}\"\n  b:\n    name: '\n\n  c'\n...\n")
	f.Add("public: { addr: \":1\" }\ntenants:\n    a:\n      name: b # c\n    # d\n  # e\n    f: {}\n# g\nbounds: { publish: 1000 }\n")
	environ := map[string]string{"SET": "0123456789abcdef"}
	f.Fuzz(func(t *testing.T, text string) {
		text = normalized([]byte(text))
		parts, _ := (&memory{}).readTenants("f", text, environ)
		if parts == nil {
			return
		}
		whole, found := readWhole("f", text, newInputs(environ))
		if len(found) > 0 {
			t.Fatalf("as a whole it has mistakes: %v", found)
		}
		for id, tenant := range parts.Tenants {
			tenant.digest = Digest{}
			parts.Tenants[id] = tenant
		}
		parts.file, parts.inputs, whole.file, whole.inputs = nil, nil, nil, nil
		if !reflect.DeepEqual(parts, whole) {
			t.Fatalf("tenant by tenant\n%v\nas a whole\n%v", parts, whole)
		}
	})
}

func TestTenantsComeApart(t *testing.T) {
	for text, want := range map[string][]string{
		"tenants:\n  a:\n    name: x\n\n  # of b\n  b: {}\nlog:\n  level: info\n": {"  a:\n    name: x\n\n  # of b\n", "  b: {}\n"},
		"tenants: # c\n a:\n# d\n b:":  {" a:\n# d\n", " b:"},
		"tenants:\n  a: {}\n b: {}\n":  nil, // less deep
		"tenants: { a: {} }\n":         nil,
		"tenants:\n  \"a\": {}\n":      nil,
		"tenants:\n  <<: *x\n":         nil,
		"tenants:\n\ta: {}\n":          nil,
		"tenants:\n":                   nil,
		"tenants:\n a:\ntenants:\n b:": nil,
	} {
		s, ok := splitTenants(text)
		if ok != (want != nil) || !reflect.DeepEqual(s.parts, want) {
			t.Errorf("%q comes apart (%v) into %q, want %q", text, ok, s.parts, want)
		}
		if whole := strings.Join(s.parts, ""); !strings.Contains(text, whole) {
			t.Errorf("%q is not as it was written", whole)
		}
	}
}
