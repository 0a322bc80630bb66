package api_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"mime"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// Whatever a test of this package asks of the API is held to openapi.yaml: path, status,
// type and every member of the answer have to be described. After all of them each
// operation must have been driven, to each of the answers that it is described with.
func TestMain(m *testing.M) {
	flag.Parse()
	if checks := flag.Lookup("rapid.checks"); checks.Value.String() == checks.DefValue {
		_ = checks.Value.Set("40") // a walk is hundreds of calls; -rapid.checks=N asks for more
	}
	code := m.Run()
	if all := flag.Lookup("test.run").Value.String() == "" && flag.Lookup("test.skip").Value.String() == ""; all && code == 0 {
		for _, missing := range driven.missing() {
			fmt.Fprintln(os.Stderr, "no test has driven", missing)
			code = 1
		}
	}
	os.Exit(code)
}

// driven are the operations of the description, with the statuses that they answered with.
var driven = drive{seen: map[string]bool{}}

type drive struct {
	once sync.Once
	d    *openapi3.T
	err  error

	mu   sync.Mutex
	seen map[string]bool // method, path and status
}

// description loads openapi.yaml, and holds it to what OpenAPI asks, once.
func (v *drive) description() (*openapi3.T, error) {
	v.once.Do(func() {
		var text []byte
		if text, v.err = os.ReadFile("openapi.yaml"); v.err != nil {
			return
		}
		loader := openapi3.NewLoader()
		if v.d, v.err = loader.LoadFromData(text); v.err == nil {
			v.err = v.d.Validate(loader.Context)
		}
	})
	return v.d, v.err
}

// missing lists what is described and was not driven: of each operation the answers with a
// status of their own below 300.
func (v *drive) missing() (all []string) {
	d, err := v.description()
	if err != nil {
		return []string{err.Error()}
	}
	for path, item := range d.Paths.Map() {
		if slices.Contains(publicPaths, path) {
			continue
		}
		for method, o := range item.Operations() {
			for status := range o.Responses.Map() {
				one := method + " " + path + " " + status
				if strings.HasPrefix(status, "2") && !v.seen[one] {
					all = append(all, one)
				}
			}
		}
	}
	slices.Sort(all)
	return all
}

// answered holds an answer to the description.
func (v *drive) answered(method, target string, g got) error {
	d, err := v.description()
	if err != nil {
		return err
	}
	path, _, _ := strings.Cut(target, "?")
	template := describedPath(d, path)
	if template == "" {
		return nil // no path of the API: it says so
	}
	o := d.Paths.Value(template).GetOperation(method)
	if o == nil {
		return nil // 405
	}
	status := strconv.Itoa(g.status)
	response := o.Responses.Value(status)
	if response == nil && g.status >= 400 {
		response = o.Responses.Default()
	}
	if response == nil {
		return fmt.Errorf("%s %s: %s is not described", method, template, status)
	}
	v.mu.Lock()
	v.seen[method+" "+template+" "+status] = true
	v.mu.Unlock()
	if g.text == "" || g.header.Get("Content-Encoding") != "" || underDetector {
		return nil
	}
	kind, _, _ := mime.ParseMediaType(g.header.Get("Content-Type"))
	media := response.Value.Content.Get(kind)
	if media == nil {
		return fmt.Errorf("%s %s %s: the type %q is not described", method, template, status, kind)
	}
	if !strings.HasSuffix(kind, "json") {
		return nil
	}
	var value any
	if err := json.Unmarshal([]byte(g.text), &value); err != nil {
		return fmt.Errorf("%s %s %s: %v", method, template, status, err)
	}
	if err := media.Schema.Value.VisitJSON(value, jsonSchema); err != nil {
		return fmt.Errorf("%s %s %s is not as described: %v\n%s", method, template, status, err, g.text)
	}
	if names := undescribed("", value, []*openapi3.Schema{media.Schema.Value}); len(names) > 0 {
		return fmt.Errorf("%s %s %s: not described: %s\n%s", method, template, status, strings.Join(names, ", "), g.text)
	}
	return nil
}

// describedPath finds the path of the description that a target is of; "" is none.
func describedPath(d *openapi3.T, target string) string {
	segments, best, fixed := strings.Split(target, "/"), "", -1
	for _, path := range slices.Sorted(maps.Keys(d.Paths.Map())) {
		if slices.Contains(publicPaths, path) {
			continue
		}
		parts := strings.Split(path, "/")
		if len(parts) != len(segments) {
			continue
		}
		same, is := 0, true
		for i, part := range parts {
			switch {
			case part == segments[i]:
				same++
			case !strings.HasPrefix(part, "{"):
				is = false
			}
		}
		if is && same > fixed {
			best, fixed = path, same
		}
	}
	return best
}

// undescribed lists the members of a value that none of its schemas has. One that has no
// members at all, or says what others may be, leaves them open.
func undescribed(place string, value any, schemas []*openapi3.Schema) (names []string) {
	switch value := value.(type) {
	case []any:
		var items []*openapi3.Schema
		for _, s := range flat(schemas) {
			if s.Items != nil {
				items = append(items, s.Items.Value)
			}
		}
		for i, one := range value {
			names = append(names, undescribed(fmt.Sprintf("%s[%d]", place, i), one, items)...)
		}
	case map[string]any:
		members, open := map[string][]*openapi3.Schema{}, true
		var others []*openapi3.Schema
		all := flat(schemas)
		for _, s := range all {
			for name, p := range s.Properties {
				members[name], open = append(members[name], p.Value), false
			}
			if s.AdditionalProperties.Schema != nil {
				others = append(others, s.AdditionalProperties.Schema.Value)
			}
		}
		for _, s := range all {
			if has := s.AdditionalProperties.Has; has != nil && *has {
				open = true
			}
		}
		if open && others == nil {
			return nil
		}
		for name, one := range value {
			of := members[name]
			if of == nil {
				of = others
			}
			if of == nil {
				if !open {
					names = append(names, place+"."+name)
				}
				continue
			}
			names = append(names, undescribed(place+"."+name, one, of)...)
		}
	}
	return names
}

// flat lists schemas with all that they are made of.
func flat(schemas []*openapi3.Schema) (all []*openapi3.Schema) {
	for _, s := range schemas {
		all = append(all, s)
		for _, refs := range []openapi3.SchemaRefs{s.AllOf, s.AnyOf, s.OneOf} {
			for _, r := range refs {
				all = append(all, flat([]*openapi3.Schema{r.Value})...)
			}
		}
	}
	return all
}
