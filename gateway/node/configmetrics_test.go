package node

import (
	"errors"
	"io"
	"testing"

	"hookgate/configs"
)

// The last good load is kept, with its hash, while the file is bad.
func TestConfigMetrics(t *testing.T) {
	k := newKit(t, io.Discard, withAll)
	read := func() (successful, at, hash float64) {
		families, err := k.metrics.Gatherer().Gather()
		if err != nil {
			t.Fatal(err)
		}
		of := map[string]float64{}
		for _, f := range families {
			of[f.GetName()] = f.GetMetric()[0].GetGauge().GetValue()
		}
		return of["hookgate_config_last_reload_successful"], of["hookgate_config_last_reload_success_timestamp_seconds"], of["hookgate_config_hash"]
	}
	good, at, hash := read()
	if good != 1 || at == 0 || hash == 0 {
		t.Fatalf("at the start: %v, %v, %v", good, at, hash)
	}
	load := k.Load
	k.Load = func() (*configs.Config, error) { return nil, errors.New("the file is bad") }
	if _, err := k.Reload(); err == nil {
		t.Fatal("a bad file was loaded")
	}
	if g, a, h := read(); g != 0 || a != at || h != hash {
		t.Errorf("with a bad file: %v, %v, %v; it was loaded at %v and had %v", g, a, h, at, hash)
	}
	k.Load = load
	if _, err := k.Reload(); err != nil {
		t.Fatal(err)
	}
	if g, a, h := read(); g != 1 || a < at || h != hash {
		t.Errorf("the same again: %v, %v, %v", g, a, h)
	}
	k.change = func(c *configs.Config) { withAll(c); c.Tenants["beta"] = c.Tenants["acme"] }
	if _, err := k.Reload(); err != nil {
		t.Fatal(err)
	}
	if g, _, h := read(); g != 1 || h == hash {
		t.Errorf("another configuration: %v, and the same hash", g)
	}
}
