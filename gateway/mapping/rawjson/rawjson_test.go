package rawjson

import (
	"encoding/json"
	"hookgate/gateway/mapping/jsontest"
	"hookgate/gateway/mapping/work"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestEqualAgreesWithReference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := []byte(jsontest.Draw(t, 3)), []byte(jsontest.Draw(t, 3))
		var x, y any
		if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
			t.Fatal("drawn is not valid")
		}
		if got, want := Equal(a, b, newBudget()), reflect.DeepEqual(x, y); got != want {
			t.Fatalf("%s equals %s: %v", a, b, got)
		}
		if !Equal(a, a, newBudget()) || Equal(a, b, newBudget()) != Equal(b, a, newBudget()) {
			t.Fatalf("%s and %s", a, b)
		}
	})
}

func newBudget() *work.Budget {
	var b work.Budget
	b.Begin(time.Second, "")
	return &b
}
