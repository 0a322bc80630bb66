package resources_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"hookgate/auth"
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

// What a resource is compiled to counts too: an endpoint of 3 KB with 55 patterns took 2.8 MB
// of memory, and a token could write four thousand of them.
func TestCompiledMemoryIsBounded(t *testing.T) {
	var patterns, names strings.Builder
	for i := range 55 {
		fmt.Fprintf(&patterns, `,{"path":"a","regex":"(?:[a-z]{30}x%d|b){10}"}`, i)
	}
	for i := range 2000 {
		fmt.Fprintf(&names, "{{a%d}}", i)
	}
	for kind, of := range map[string]struct{ plain, more string }{
		"endpoint": {`"url":"https://a.test/"`, `,"filter":[{"any":[` + patterns.String()[1:] + `]}]`},
		"source":   {`"verify":{"type":"none"}`, `,"match":[{"name":"a","branch":"SUCCESS","when":[{"any":[` + patterns.String()[1:] + `]}]}]`},
		"webhook":  {`"url":"https://a.test/"`, `,"body":"` + names.String() + `"`},
	} {
		t.Run(kind, func(t *testing.T) {
			k := newKit(t)
			k.most = 8 << 20
			k.start(resources.File{})
			k.tenant("acme", `{}`)
			acme, body := auth.Principal{Scope: auth.Tenant, Tenant: "acme"}, "{"+of.plain+of.more+"}"
			put := func(id, body string) (err error) {
				switch kind {
				case "endpoint":
					_, _, _, err = k.Endpoints.Put(acme, "acme", id, tree(t, body))
				case "source":
					_, _, err = k.Sources.Put(acme, "acme", id, tree(t, body))
				default:
					_, _, err = k.Webhooks.Put(acme, "acme", id, tree(t, body))
				}
				return err
			}
			n, err := 0, error(nil)
			for ; err == nil && n < 12; n++ {
				err = put(fmt.Sprint("r", n), body)
			}
			if refused, is := errors.AsType[*gateway.Error](err); !is || refused.Code != gateway.CodeInvalidField || !strings.Contains(refused.Message, "bounds.configuration") {
				t.Fatalf("%d of them were taken, and then: %v", n, err)
			}
			if err := put("r0", body); err != nil {
				t.Errorf("one in its own place: %v", err)
			}
			k.stop()
			k.start(resources.File{})
			if put("another", body) == nil {
				t.Error("after a restart there is room that was not there before it")
			}
			if err := put("r0", "{"+of.plain+"}"); err != nil {
				t.Fatal(err)
			}
			if err := put("another", body); err != nil {
				t.Errorf("in the place of another: %v", err)
			}
		})
	}
}
