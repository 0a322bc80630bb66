package resources_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"hookgate/gateway"
	"hookgate/gateway/resources"
)

// What is kept in memory as long as the process is up is bounded as all else: 21
// sources of 15 MB took 1.6 GB, and a thousand were allowed to each tenant.
func TestConfigurationOfATreeIsBounded(t *testing.T) {
	k := newKit(t)
	k.most = 124 << 10
	k.start(resources.File{})
	k.tenant("agency", `{}`)
	k.tenant("other", `{}`)
	if _, _, err := k.Tenants.Put(of("agency"), "company", tree(t, `{"parent":"agency"}`)); err != nil {
		t.Fatal(err)
	}
	source := func(bytes int) any {
		values := strings.TrimSuffix(strings.Repeat(`"`+strings.Repeat("x", 1<<10)+`",`, bytes>>10), ",")
		return tree(t, `{"verify":{"type":"none"},"match":[{"name":"a","branch":"SUCCESS","when":[{"path":"a","in":[`+values+`]}]}]}`)
	}
	put := func(by, tenant, id string, kilobytes int) error {
		_, _, err := k.Sources.Put(of(by), tenant, id, source(kilobytes<<10))
		return err
	}
	full := func(err error) bool {
		refused, is := errors.AsType[*gateway.Error](err)
		return is && refused.Code == gateway.CodeInvalidField && strings.Contains(refused.Message, "configuration")
	}
	for i, c := range []struct {
		by, tenant, id string
		kilobytes      int
		full           bool
	}{
		{"agency", "agency", "a", 40, false},
		{"company", "company", "a", 40, false},
		{"company", "company", "b", 40, true}, // what its agency has counts too
		{"agency", "company", "b", 40, true},
		{"agency", "agency", "b", 40, true},
		{"agency", "agency", "a", 41, false}, // in place of what there was
		{"agency", "agency", "a", 1, false},
		{"company", "company", "b", 40, false}, // there is room again
		{"other", "other", "a", 80, false},     // of which another tree has its own
	} {
		if err := put(c.by, c.tenant, c.id, c.kilobytes); full(err) != c.full || !c.full && err != nil {
			t.Errorf("%d: %s writes %d KiB for %s: %v, want full: %t", i, c.by, c.kilobytes, c.tenant, err, c.full)
		}
	}
	if _, _, err := k.Sources.Put(admin, "company", "c", source(200<<10)); err != nil {
		t.Errorf("an operator is bound: %v", err)
	}
	k.stop()
	k.start(resources.File{})
	if err := put("agency", "agency", "b", 40); !full(err) {
		t.Errorf("after a restart: %v, want what was stored to count", err)
	}
	for _, id := range []string{"b", "c"} {
		if err := k.Sources.Delete(of("company"), "company", id); err != nil {
			t.Fatal(err)
		}
	}
	if err := put("agency", "agency", "b", 40); err != nil {
		t.Errorf("after sources were deleted: %v", err)
	}
	if err := k.Tenants.Delete(of("agency"), "company"); err != nil {
		t.Fatal(err)
	}
	if err := put("agency", "agency", "c", 40); err != nil {
		t.Errorf("after a tenant was deleted: %v", err)
	}
	for i := range 100 { // whatever kind it is
		endpoint := fmt.Sprintf(`{"url":"https://a.test/%s"}`, strings.Repeat("x", 4<<10))
		if _, _, _, err := k.Endpoints.Put(of("agency"), "agency", fmt.Sprint("e", i), tree(t, endpoint)); full(err) {
			return
		}
	}
	t.Error("a hundred endpoints of 4 KiB are over no bound")
}

// A hundred children of a thousand sources each, of 100 bytes, would take 4 GB.
func TestShortResourcesCountWhatTheyTakeInMemory(t *testing.T) {
	k := newKit(t)
	k.most = 40 << 10
	var seen int64
	k.configured = func(n int64) { seen = n }
	k.start(resources.File{})
	k.tenant("agency", `{}`)
	for i := range 5 {
		_, _, err := k.Sources.Put(of("agency"), "agency", fmt.Sprint("s", i), tree(t, `{"verify":{"type":"none"}}`))
		if refused, is := errors.AsType[*gateway.Error](err); is && !strings.Contains(refused.Message, "configuration") || (err != nil) != (i == 4) {
			t.Errorf("the source %d: %v", i, err)
		}
	}
	if seen != 40<<10 {
		t.Errorf("a tree was seen to have %d", seen)
	}
}
