package directory

import (
	"strings"
	"unicode"

	"hookgate/gateway"
	"hookgate/gateway/fields"
)

// PlatformTypes are the event types that the platform itself has (SPEC 7). There
// may be others, which are counted as one.
var PlatformTypes = []string{"conversation_create", "message", "status", "assignee_change", "variables", "conversation_labels", "note"}

// CompileTenant checks a tenant and makes it ready to run, without its parts. What
// stands between tenants is Snapshot.CheckTenant's to say.
func CompileTenant(meta gateway.Meta, spec gateway.Tenant, o Options) (*Tenant, []gateway.Fault) {
	var f faults
	if !gateway.IsName(meta.ID) {
		f.add("id", "%s", badName)
	}
	if len(spec.Name) > maxName || strings.ContainsFunc(spec.Name, unicode.IsControl) {
		f.add("name", "must have at most %d bytes and no control characters", maxName)
	}
	if spec.Parent != "" && !gateway.IsName(spec.Parent) {
		f.add("parent", "%s", badName)
	}
	checkAccountKeys(spec.AccountKeys, &f)
	checkLimits(spec.Limits, &f)
	checkRetention(spec.Retention, &f)
	t := &Tenant{ID: meta.ID, Meta: meta, Spec: spec, Headers: compileHeaders("headers", spec.Headers, o, &f)}
	if spec.Platform != nil {
		var p faults
		t.Platform = compilePlatform(*spec.Platform, meta.ManagedBy == gateway.ManagedByFile, t.Headers, o, &p)
		f.under("platform", p)
	}
	if len(f) > 0 {
		return nil, f
	}
	return t, nil
}

const badName = `must be 1 to 63 characters of a-z, 0-9, "_" and "-", the first a letter or digit`

func checkAccountKeys(keys []string, f *faults) {
	if len(keys) > maxAccountKeys {
		f.add("account_keys", "has %d: at most %d", len(keys), maxAccountKeys)
		return
	}
	seen := make(map[string]bool, len(keys))
	for i, key := range keys {
		place := fields.Index("account_keys", i)
		switch {
		case key == "" || len(key) > maxAccountKey || strings.ContainsFunc(key, unicode.IsControl):
			f.add(place, "must have 1 to %d bytes and no control characters", maxAccountKey)
		case seen[key]:
			f.add(place, "is there twice")
		}
		seen[key] = true
	}
}

// MinStorage is the least that limits.storage may be: what is measured less finely than
// that cannot bound anything smaller.
const MinStorage = 1 << 20

func checkLimits(l gateway.Limits, f *faults) {
	if l.WaitsOpen != nil && *l.WaitsOpen < 1 {
		f.add("limits.waits_open", "is %d: must be 1 or more", *l.WaitsOpen)
	}
	if l.Children != nil && *l.Children < 0 {
		f.add("limits.children", "is %d: must be 0 or more", *l.Children)
	}
	if l.Storage != nil && *l.Storage < MinStorage {
		f.add("limits.storage", "is %d bytes: must be 1MiB or more", int64(*l.Storage))
	}
	if l.Endpoints != nil && (*l.Endpoints < 0 || *l.Endpoints > MaxEndpoints) {
		f.add("limits.endpoints", "is %d: must be 0 to %d", *l.Endpoints, MaxEndpoints)
	}
	checkRate("limits.callbacks_per_second", l.CallbacksPerSecond, f)
	checkRate("limits.events_per_second", l.EventsPerSecond, f)
	checkRate("limits.calls_per_second", l.CallsPerSecond, f)
}

// checkRate holds rates to what reading them from JSON makes sure of: they can
// also come from elsewhere.
func checkRate(path string, r *gateway.Rate, f *faults) {
	if r != nil && (!(r.PerSecond > 0) || r.Burst < 1) {
		f.add(path, "must be a number a second above 0, with a burst of 1 or more")
	}
}

func checkRetention(r gateway.Retention, f *faults) {
	f.span("retention.events", r.Events, 0, 0, MaxRetention)
	f.span("retention.deliveries", r.Deliveries, 0, 0, MaxRetention)
	f.span("retention.dead", r.Dead, 0, 0, MaxRetention)
}
