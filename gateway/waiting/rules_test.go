package waiting

import (
	"strings"
	"testing"

	"hookgate/gateway"
	"hookgate/gateway/directory"
)

// With variables of its own a wait has the match of its source compiled anew: 150 such
// waits kept 400 MB, of which the cache counted a few bytes each.
func TestRulesOfASourceCountForItsWaits(t *testing.T) {
	values := []gateway.Raw{gateway.Raw(`"` + strings.Repeat("x", 1<<20) + `"`)}
	src := &directory.Source{Spec: gateway.Source{Match: []gateway.Match{{Name: "a", When: []gateway.Condition{{Path: "a", In: &values}}}}}}
	_, size, err := rulesKey(nil, gateway.Raw(`[{"name":"b","path":"b"}]`), src)
	if err != nil || size < 1<<20 {
		t.Errorf("rules of a megabyte count as %d bytes (%v)", size, err)
	}
}
