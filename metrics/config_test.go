package metrics_test

import (
	"testing"
	"time"

	"hookgate/metrics"
)

func TestConfig(t *testing.T) {
	s := metrics.New("test")
	has := func(want ...float64) {
		t.Helper()
		for i, name := range []string{"successful", "success_timestamp_seconds"} {
			if got := value(t, s, "hookgate_config_last_reload_"+name); got != want[i] {
				t.Errorf("%s is %v, want %v", name, got, want[i])
			}
		}
		if got := value(t, s, "hookgate_config_hash"); got != want[2] {
			t.Errorf("the hash is %v, want %v", got, want[2])
		}
	}
	has(0, 0, 0)
	s.ConfigLoaded(time.UnixMilli(1_700_000_000_250), func() uint64 { return 1<<63 | 0xffff })
	has(1, 1_700_000_000.25, 1<<47)
	s.ConfigRefused()
	has(0, 1_700_000_000.25, 1<<47)
	s.ConfigLoaded(time.UnixMilli(1_700_000_001_000), func() uint64 { return 3 << 16 })
	has(1, 1_700_000_001, 3)
}
