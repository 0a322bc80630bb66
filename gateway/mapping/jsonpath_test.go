package mapping

import (
	"strings"
	"testing"
	"time"
)

// Paths that would look at a body again and again stop at the bound, and find
// nothing.
func TestHostileJSONPaths(t *testing.T) {
	nested := strings.Repeat("[", 120) + strings.Repeat("1,", 20_000) + "1" + strings.Repeat("]", 120)
	doc := jsonDocument(t, nested)
	for _, path := range []string{
		"$..*", "$..*..*..*", "$" + strings.Repeat("[*,*,*,*]", 110), "$..[?count($..*)>0]", "$..[?@..[?@..[?@..*]]]",
		"$..[?search('" + strings.Repeat("a", 100) + "', $.x)]", "$" + strings.Repeat("..[0,0]", 100), "$..[?@.a==1||$..*==$..*]",
	} {
		b := NewBuilder()
		slot, err := b.Path(path)
		if err != nil {
			continue
		}
		var v Values
		b.Set().Read(doc, &v)
		start := time.Now()
		value := v.At(slot)
		took := time.Since(start)
		t.Logf("%8s %.50s", took.Round(time.Millisecond), path)
		if value.Kind != Missing {
			t.Errorf("%s found %d bytes", path, len(value.Raw))
		}
		if took > 10*time.Second { // unbounded, minutes and gigabytes
			t.Errorf("%.60s took %s", path, took)
		}
	}
}
