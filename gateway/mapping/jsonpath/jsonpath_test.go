package jsonpath

import (
	"encoding/json"
	"hookgate/gateway/mapping/jsontest"
	"hookgate/gateway/mapping/pattern"
	"hookgate/gateway/mapping/work"
	"os"
	"reflect"
	"slices"
	"testing"
	"time"
)

// TestJSONPathCompliance runs testdata/jsonpath.json: the examples of RFC 9535,
// and cases of ours for each of its rules. A list holds the values that a path
// finds, in order; "invalid" is a path that the RFC refuses.
func TestJSONPathCompliance(t *testing.T) {
	data, err := os.ReadFile("testdata/jsonpath.json")
	if err != nil {
		t.Fatal(err)
	}
	var groups []struct {
		About string
		Body  json.RawMessage
		Finds map[string]json.RawMessage
	}
	if err := json.Unmarshal(data, &groups); err != nil {
		t.Fatal(err)
	}
	for _, g := range groups {
		for path, want := range g.Finds {
			p := queryParser{text: path, patterns: pattern.NewCompiler(1000, nil)}
			q, err := p.whole()
			if string(want) == `"invalid"` {
				if err == nil {
					t.Errorf("%s: %q is taken", g.About, path)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s: %q: %v", g.About, path, err)
				continue
			}
			if found := foundBy(q, g.Body); !reflect.DeepEqual(found, jsontest.Decode(want)) {
				t.Errorf("%s: %q finds %v, want %s", g.About, path, found, want)
			}
		}
	}
}

// TestJSONPathPublicSuite runs every case of the public compliance suite of RFC 9535,
// jsonpath-standard/jsonpath-compliance-test-suite at 7be7c1f: its data, under the
// licence beside it. There is no gap.
func TestJSONPathPublicSuite(t *testing.T) {
	data, err := os.ReadFile("testdata/rfc9535/cts.json")
	if err != nil {
		t.Fatal(err)
	}
	var suite struct {
		Tests []struct {
			Name, Selector string
			Document       json.RawMessage
			Result         json.RawMessage
			Results        []json.RawMessage // any of them, where members have no order
			Invalid        bool              `json:"invalid_selector"`
		}
	}
	if err := json.Unmarshal(data, &suite); err != nil {
		t.Fatal(err)
	}
	if len(suite.Tests) < 700 {
		t.Fatalf("the suite has %d cases", len(suite.Tests))
	}
	for _, c := range suite.Tests {
		p := queryParser{text: c.Selector, patterns: pattern.NewCompiler(1000, nil)}
		q, err := p.whole()
		if c.Invalid || err != nil {
			if !c.Invalid || err == nil {
				t.Errorf("%s: %q: %v", c.Name, c.Selector, err)
			}
			continue
		}
		if c.Result != nil {
			c.Results = append(c.Results, c.Result)
		}
		found := foundBy(q, c.Document)
		if !slices.ContainsFunc(c.Results, func(want json.RawMessage) bool { return reflect.DeepEqual(found, jsontest.Decode(want)) }) {
			t.Errorf("%s: %q finds %v, want %s", c.Name, c.Selector, found, c.Results)
		}
	}
}

// foundBy gives what a JSONPath finds in a body, as a list.
func foundBy(q *Query, body []byte) any {
	found := []any{}
	for _, node := range q.nodes(&finder{root: body, work: newBudget()}, body) {
		found = append(found, jsontest.Decode(node))
	}
	return found
}

func newBudget() *work.Budget {
	var b work.Budget
	b.Begin(time.Second, "")
	return &b
}
