package mapping

import (
	"errors"
	"testing"

	"hookgate/gateway"
	"hookgate/gateway/mapping/pattern"
	"hookgate/gateway/mapping/work"
)

// outside is a request with these headers and query parameters.
type outside struct{ headers, params map[string]string }

func (o outside) Header(name string) ([]byte, bool) {
	value, found := o.headers[name]
	return []byte(value), found
}

func (o outside) Query(name string) ([]byte, bool) {
	value, found := o.params[name]
	return []byte(value), found
}

func jsonDocument(t testing.TB, body string) *Document {
	t.Helper()
	doc, err := Parse("application/json", []byte(body))
	if err != nil {
		t.Fatalf("Parse(%s): %v", body, err)
	}
	return &doc
}

// read gives what one path finds, as JSON, and its kind.
func read(t testing.TB, path string, doc *Document) (string, Kind) {
	t.Helper()
	b := NewBuilder()
	slot, err := b.Path(path)
	if err != nil {
		t.Fatalf("path %s: %v", path, err)
	}
	var v Values
	b.Set().Read(doc, &v)
	value := v.At(slot)
	if value.Kind == Missing {
		return "", Missing
	}
	return string(value.AppendJSON(nil)), value.Kind
}

// missingIn gives the name of the variable that is missing.
func missingIn(err error) string {
	var name MissingVariable
	errors.As(err, &name)
	return string(name)
}

func newWork() *work.Budget {
	w := new(work.Budget)
	w.Begin(Bounds{}.Filled().Work, "")
	return w
}

func somePatterns() *pattern.Compiler {
	return pattern.NewCompiler(Bounds{}.Filled().Pattern, nil)
}

func pointer[T any](v T) *T { return &v }

func raw(s string) *gateway.Raw { return pointer(gateway.Raw(s)) }
