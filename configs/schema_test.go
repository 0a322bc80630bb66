package configs

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"hookgate/gateway/fields"
)

// fileSchema compiles schema.json.
func fileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := os.ReadFile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(text, Schema()) {
		t.Fatal("schema.json is not what the types say now: go generate ./configs")
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// plainTree gives a file as a tree of JSON, as an editor sees it: variables stay as they
// are written. false: it is no YAML.
func plainTree(t *testing.T, file string) (any, bool) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	d, _ := readDocument(file, text, func(name string) (string, bool) { return "${" + name + "}", true })
	if d.broken {
		return nil, false
	}
	return untagged(d.tree), true
}

func untagged(tree any) any {
	switch tree := tree.(type) {
	case *fields.Object:
		all := map[string]any{}
		for name, value := range tree.All() {
			all[name] = untagged(value)
		}
		return all
	case []any:
		all := make([]any, len(tree))
		for i := range tree {
			all[i] = untagged(tree[i])
		}
		return all
	case fields.Word:
		return string(tree)
	case json.Number:
		return tree
	}
	return tree
}

// What is shipped is as the schema says.
func TestSchemaTakesWhatIsShipped(t *testing.T) {
	s := fileSchema(t)
	files := []string{"reference.yaml", "testdata/spec.yaml", "../cmd/hookgate/demo.yaml", "docker/hookgate.yaml", "docker/node.yaml"}
	more, err := filepath.Glob("testdata/mistakes/*.want")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range more {
		if text, err := os.ReadFile(want); err == nil && string(text) == "valid\n" {
			files = append(files, strings.TrimSuffix(want, ".want")+".yaml")
		}
	}
	for _, file := range files {
		tree, ok := plainTree(t, file)
		if !ok {
			t.Fatalf("%s is no YAML", file)
		}
		if tree == nil {
			continue // an empty file
		}
		if err := s.Validate(tree); err != nil {
			t.Errorf("%s: %#v", file, err)
		}
	}
	for _, block := range shippedBlocks(t) {
		file := write(t, block)
		if tree, ok := plainTree(t, file); ok && tree != nil {
			if err := s.Validate(tree); err != nil {
				t.Errorf("%v\nin\n%s", err, block)
			}
		}
	}
}

var yamlBlock = regexp.MustCompile("(?s)```yaml\n(.*?)```")

// shippedBlocks gives the files that stand in the pages.
func shippedBlocks(t *testing.T) (all []string) {
	t.Helper()
	for _, page := range []string{"providers.md", "answers.md", "../README.md"} {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range yamlBlock.FindAllStringSubmatch(string(text), -1) {
			if strings.HasPrefix(block[1], "tenants:") || strings.HasPrefix(block[1], "routes:") || strings.HasPrefix(block[1], "public:") {
				all = append(all, block[1])
			}
		}
	}
	if len(all) == 0 {
		t.Fatal("the pages have no file")
	}
	return all
}

// shape are the mistakes that a schema knows.
var shape = regexp.MustCompile(`is not a known field|must be (text|a list|an object|a number|true or false), not|must be a whole number|is not a (duration|size|rate)|has no value`)

// What has a mistake of its shape is not as the schema says.
func TestSchemaFindsMistakesOfShape(t *testing.T) {
	s := fileSchema(t)
	files, err := filepath.Glob("testdata/mistakes/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range files {
		want, err := os.ReadFile(strings.TrimSuffix(file, ".yaml") + ".want")
		if err != nil {
			t.Fatal(err)
		}
		tree, ok := plainTree(t, file)
		if !ok || !shape.Match(want) || filepath.Base(file) == "variables.yaml" { // what is wrong there comes from the environment
			continue
		}
		found++
		if s.Validate(tree) == nil {
			t.Errorf("%s passes, though\n%s", file, want)
		}
	}
	if found < 5 {
		t.Errorf("%d files have such mistakes", found)
	}
	for text, wrong := range map[string]string{
		"drain: 15s": "drain: { timeout: 15s, dleay: 1s }", "drain: { delay: 1 }": "drain: [15s]", "bounds: { waits: \"${N}\" }": "bounds: { waits: many }",
		"public: { max_body: 1MiB }": "public: { max_body: { n: 1 } }", "tenants: { a: }": "tenants: { a: 5 }", "tenants: { a: { limits: { waits_open: 5 } } }": "tenants: { a: { limits: { waits_open: [5] } } }",
		"tenants: { a: { headers: { X-A: b } } }": "tenants: { a: { headers: [b] } }", "egress: { ports: [443] }": "egress: { ports: [https] }",
		"tenants: { a: { sources: { s: { verify: { type: bearer, secrets_file: x }, conversation_key: [ { in: body, path: a } ] } } } }": "tenants: { a: { sources: { s: { verify: { type: bearer, secrets_fiel: x } } } } }",
	} {
		for text, good := range map[string]bool{text: true, wrong: false} {
			tree, _ := plainTree(t, write(t, text+"\n"))
			if err := s.Validate(tree); (err == nil) != good {
				t.Errorf("%s: %v", text, err)
			}
		}
	}
}

// A chart has no files from beside it, so it has copies; links do not outlive every way that a
// tree is handed on.
func TestChartHasTheRules(t *testing.T) {
	for _, name := range []string{"alerts.yaml", "rules.yaml"} {
		want, err := os.ReadFile(filepath.Join("prometheus", name))
		if err != nil {
			t.Fatal(err)
		}
		if is, err := os.ReadFile(filepath.Join("helm", "hookgate", "files", name)); err != nil || !bytes.Equal(is, want) {
			t.Errorf("the chart's %s is not that of Prometheus: go generate ./configs (%v)", name, err)
		}
	}
}
