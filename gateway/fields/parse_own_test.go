package fields_test

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"hookgate/gateway/fields"
)

// A kept string, number or name must not keep the text in which it stood.
func TestKeptPartsOfLargeTextsKeepLittle(t *testing.T) {
	const texts, padding = 16, 1 << 20
	for name, pick := range map[string]func(o *fields.Object) any{
		"text":   func(o *fields.Object) any { v, _ := o.Get("text"); return v.(string) },
		"number": func(o *fields.Object) any { v, _ := o.Get("number"); return v.(json.Number) },
		"name": func(o *fields.Object) any {
			for name := range o.All() {
				return name
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			var kept []any
			before := live()
			for i := range texts {
				text := fmt.Sprintf(`{"text":"a-text-%d","number":12345%d%s}`, i, i, strings.Repeat(" ", padding))
				tree, err := fields.Parse([]byte(text))
				if err != nil {
					t.Fatal(err)
				}
				kept = append(kept, pick(tree.(*fields.Object)))
			}
			if more := int64(live()) - int64(before); more > texts*padding/4 {
				t.Errorf("%d kept parts keep %d bytes", len(kept), more)
			}
			runtime.KeepAlive(kept)
		})
	}
}

// live is what the heap has after a collection, in bytes.
func live() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
