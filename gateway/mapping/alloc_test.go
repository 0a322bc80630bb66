package mapping

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/tidwall/gjson"

	"hookgate/gateway"
)

// wideBody is a body of about 10 KB with 50 fields that are wanted among others
// that are not, in objects and arrays as providers nest them.
func wideBody() (body []byte, variables []gateway.Variable) {
	var b bytes.Buffer
	b.WriteString(`{"id":"evt_1","data":{`)
	for i := range 25 {
		fmt.Fprintf(&b, `"field_%d":"value %d of a text","other_%d":{"note":"nobody asks for this, %d","list":[1,2,3,{"x":"y"}]},`, i, i, i, i)
		variables = append(variables, gateway.Variable{Name: fmt.Sprint("d", i), Path: fmt.Sprintf("data.field_%d", i), Type: "text"})
	}
	b.WriteString(`"items":[`)
	for i := range 25 {
		fmt.Fprintf(&b, `{"sku":"A-%d","amount":%d.50,"currency":"EUR","description":"an item with a long text that is passed over, as most of a body is","taxes":[{"rate":19,"name":"VAT"}]},`, i, i)
		variables = append(variables, gateway.Variable{Name: fmt.Sprint("i", i), Path: fmt.Sprintf("data.items[%d].amount", i), Type: "number"})
	}
	b.WriteString(`null],"padding":"`)
	b.Write(bytes.Repeat([]byte("x"), 10<<10-b.Len()))
	b.WriteString(`"},"status":"paid"}`)
	return b.Bytes(), variables
}

var paid = []gateway.Match{
	{Name: "failed", Branch: gateway.Failure, When: []gateway.Condition{{Path: "status", In: &[]gateway.Raw{gateway.Raw(`"failed"`)}}}},
	{Name: "paid", Branch: gateway.Success, When: []gateway.Condition{{Path: "status", Equals: raw(`"paid"`)}, {Path: "id", Regex: pointer("^evt_")}}},
}

func TestNothingIsAllocated(t *testing.T) {
	body, variables := wideBody()
	variables[0].Type, variables[1].Type, variables[2].Type = "", "json", "boolean"
	variables[49].Type = "date"
	p := compileRules(t, paid, variables)
	doc := Document{Body: JSON, Raw: body}
	var v Values
	out := make([]byte, 0, 16<<10)
	run := func() {
		p.Set.Read(&doc, &v)
		verdict, fits := p.Rules.Fit(&v)
		if !fits || verdict.Name != "paid" {
			t.Fatal("the callback does not fit")
		}
		if made, err := p.Rules.AppendVariables(out[:0], &v, verdict); err != nil || len(made) < 500 {
			t.Fatalf("%s, %v", made, err)
		}
		v.Release()
	}
	run() // the first makes the slots
	if n := testing.AllocsPerRun(100, run); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkFiftyVariables(b *testing.B) {
	body, variables := wideBody()
	p := compileRules(b, paid, variables)
	doc := Document{Body: JSON, Raw: body}
	var v Values
	out := make([]byte, 0, 16<<10)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		p.Set.Read(&doc, &v)
		verdict, _ := p.Rules.Fit(&v)
		out, _ = p.Rules.AppendVariables(out[:0], &v, verdict)
	}
}

// The walk alone, beside gjson's own way to many paths.
func BenchmarkFiftyPaths(b *testing.B) {
	body, variables := wideBody()
	builder := NewBuilder()
	var paths []string
	for i, v := range variables {
		if _, err := builder.Path(v.Path); err != nil {
			b.Fatal(err)
		}
		if i < 25 {
			paths = append(paths, v.Path)
		} else {
			paths = append(paths, fmt.Sprintf("data.items.%d.amount", i-25))
		}
	}
	set := builder.Set()
	doc := Document{Body: JSON, Raw: body}
	b.Run("walk", func(b *testing.B) {
		var v Values
		b.SetBytes(int64(len(body)))
		b.ReportAllocs()
		for b.Loop() {
			set.Read(&doc, &v)
		}
	})
	b.Run("gjson", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		b.ReportAllocs()
		for b.Loop() {
			gjson.GetManyBytes(body, paths...)
		}
	})
}

func BenchmarkOneField(b *testing.B) {
	var body bytes.Buffer
	body.WriteString(`{"id":"evt_1","object":{"name":"x","list":[1,2,3]},"text":"`)
	body.Write(bytes.Repeat([]byte("lorem ipsum "), 70))
	body.WriteString(`","data":{"object":{"amount":1200}},"tail":[{"a":1},{"b":2}]}`)
	builder := NewBuilder()
	slot, err := builder.Path("data.object.amount")
	if err != nil {
		b.Fatal(err)
	}
	set := builder.Set()
	doc := Document{Body: JSON, Raw: body.Bytes()}
	b.Run("walk", func(b *testing.B) {
		var v Values
		b.SetBytes(int64(body.Len()))
		b.ReportAllocs()
		for b.Loop() {
			set.Read(&doc, &v)
			if v.At(slot).Kind != Number {
				b.Fatal("nothing found")
			}
		}
	})
	b.Run("gjson", func(b *testing.B) {
		b.SetBytes(int64(body.Len()))
		b.ReportAllocs()
		for b.Loop() {
			gjson.GetBytes(body.Bytes(), "data.object.amount")
		}
	})
}

func BenchmarkLazy(b *testing.B) {
	body, _ := wideBody()
	doc := Document{Body: JSON, Raw: body}
	for _, path := range []string{"$..amount", "$.data.items[?@.amount>20].sku", `{{ data.field_1 | upper }}`} {
		b.Run(path, func(b *testing.B) {
			builder := NewBuilder()
			slot, err := builder.Path(path)
			if err != nil {
				b.Fatal(err)
			}
			set := builder.Set()
			var v Values
			b.ReportAllocs()
			for b.Loop() {
				set.Read(&doc, &v)
				if v.At(slot).Kind == Missing {
					b.Fatal("nothing found")
				}
			}
		})
	}
}
