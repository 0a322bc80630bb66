package fields_test

import (
	"errors"
	"strings"
	"testing"

	"hookgate/gateway"
	"hookgate/gateway/fields"
)

// What is told of faults must not be a multiple of the text that has them: a name of
// some kilobytes over many members that are written twice made gigabytes.
func TestFaultsAreFewerThanTheirText(t *testing.T) {
	twice := strings.TrimSuffix(strings.Repeat(`"a":1,`, 5000), ",")
	_, err := fields.Parse([]byte(`{"` + strings.Repeat("n", 5000) + `":{` + twice + `}}`))
	invalid, is := errors.AsType[*gateway.Error](err)
	if !is || len(invalid.Faults) == 0 {
		t.Fatalf("members that are written twice: %v", err)
	}
	checkFew(t, invalid.Faults)
	for _, text := range []string{
		`{"account_keys":[` + strings.TrimSuffix(strings.Repeat("1,", 5000), ",") + `]}`,
		`{"sources":{"a":{"match":[` + strings.TrimSuffix(strings.Repeat(`{"x":1},`, 5000), ",") + `]}}}`,
		`{"ports":[` + strings.TrimSuffix(strings.Repeat("null,", 5000), ",") + `]}`,
	} {
		tree, err := fields.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if faults := fields.Decode(tree, new(tenant)); len(faults) != gateway.MaxFaults {
			t.Errorf("%.40s has %d faults, want the first %d", text, len(faults), gateway.MaxFaults)
		}
		if faults := fields.Decode(tree, new(tenant), fields.EveryFault); len(faults) < 5000 {
			t.Errorf("%.40s has %d faults, want every one", text, len(faults))
		}
	}
}

func checkFew(t *testing.T, faults []gateway.Fault) {
	t.Helper()
	size := 0
	for _, f := range faults {
		size += len(f.Path) + len(f.Message)
	}
	if len(faults) > gateway.MaxFaults || size > 64<<10 {
		t.Errorf("%d faults of %d bytes, want at most %d, of 64 KiB", len(faults), size, gateway.MaxFaults)
	}
}
