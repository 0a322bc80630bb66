package rawjson

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/tidwall/gjson"
)

func BenchmarkValid(b *testing.B) {
	var body bytes.Buffer
	body.WriteString(`[`)
	for i := range 60 {
		fmt.Fprintf(&body, `{"sku":"A-%d","amount":%d.50,"description":"an item with a long text that is passed over, as most of a body is","taxes":[{"rate":19}]},`, i, i)
	}
	body.WriteString(`null]`)
	b.Run("ours", func(b *testing.B) {
		b.SetBytes(int64(body.Len()))
		for b.Loop() {
			if !Valid(body.Bytes()) {
				b.Fatal("not valid")
			}
		}
	})
	b.Run("gjson", func(b *testing.B) {
		b.SetBytes(int64(body.Len()))
		for b.Loop() {
			gjson.ValidBytes(body.Bytes())
		}
	})
}
