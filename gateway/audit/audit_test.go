package audit_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hookgate/auth"
	"hookgate/gateway"
	"hookgate/gateway/audit"
	"hookgate/gateway/store"
)

// kept is a store in memory.
type kept struct {
	mu    sync.Mutex
	lines []gateway.AuditLine
	fault error
}

func (k *kept) PutAudited(lines []gateway.AuditLine, _ ...gateway.Record) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.fault == nil {
		k.lines = append(k.lines, lines...)
	}
	return k.fault
}

func (k *kept) AuditLines(store.Query, func(gateway.AuditLine) bool) (string, error) { return "", nil }

func (k *kept) read(t *testing.T) (all []audit.Line) {
	t.Helper()
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, stored := range k.lines {
		line, err := audit.Decode(stored)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, line)
	}
	return all
}

func newLog(k *kept, daily int) *audit.Log {
	above := map[string][]string{"shop": {"acme", "agency"}, "acme": {"agency"}}
	return audit.New(audit.Options{
		Store: k, Above: func(tenant string) []string { return above[tenant] }, Daily: daily, Log: slog.New(slog.DiscardHandler),
	})
}

func of(tenant string) auth.Principal {
	return auth.Principal{Scope: auth.Tenant, Tenant: tenant, TokenID: "tok_" + tenant, Name: tenant + "'s"}
}

func TestLineTellsWhoAndIsShownToThoseAbove(t *testing.T) {
	k := &kept{}
	l := newLog(k, 0)
	by := of("acme")
	by.Asking = &auth.Asking{Kind: audit.KindCLI, Client: "10.0.0.7", RequestID: "r1"}
	did := false
	err := l.Do(audit.Deed{By: by, Action: audit.Pause, Object: "tenants/shop/endpoints/crm", Tenant: "shop"}, func() error { did = true; return nil })
	if err != nil || !did {
		t.Fatalf("done: %t, %v", did, err)
	}
	line := k.read(t)[0]
	want := audit.Actor{Kind: "cli", ID: "tok_acme", Name: "acme's", Scope: "tenant"}
	if line.Actor != want || line.Client != "10.0.0.7" || line.RequestID != "r1" || line.Action != "pause" || line.Tenant != "shop" || line.Outcome != "done" {
		t.Errorf("the line is %+v", line)
	}
	if !gateway.IDTime(gateway.PrefixAudit, line.ID).Equal(line.At.Time) {
		t.Errorf("id %s is not of %s", line.ID, line.At)
	}
	if to := k.lines[0].Tenants; !slices.Equal(to, []string{"shop", "acme", "agency"}) {
		t.Errorf("shown to %q", to)
	}
	if text := string(k.lines[0].Value); !strings.Contains(text, `"changes":[]`) || strings.Contains(text, "first_at") {
		t.Errorf("a deed is kept as %s", text)
	}
}

// What was not done has no line; what was done stands, also where the line has no place.
func TestDeedsAndTheirLines(t *testing.T) {
	k := &kept{}
	l := newLog(k, 0)
	fault := errors.New("no")
	if err := l.Do(audit.Deed{By: of("acme"), Tenant: "acme"}, func() error { return fault }); err != fault || len(k.lines) != 0 {
		t.Errorf("a deed that failed: %v, with %d lines", err, len(k.lines))
	}
	k.fault = fault
	if err := l.Do(audit.Deed{By: of("acme"), Tenant: "acme"}, func() error { return nil }); err != nil {
		t.Errorf("a deed that was done: %v", err)
	}
}

// A tree's tokens may have so much written in a day: more is refused before it is done,
// others write on, and what was written stays.
func TestFloodEndsAtItsBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const daily = 64 << 10
		k := &kept{}
		l := newLog(k, daily)
		deed := func(tenant string) error {
			return l.Do(audit.Deed{By: of(tenant), Action: audit.Pause, Object: "tenants/" + tenant, Tenant: tenant}, func() error { return nil })
		}
		var err error
		written := 0
		for i := 0; err == nil; i++ {
			err = deed([]string{"acme", "shop", "agency"}[i%3]) // one tree
			written = i
		}
		var known *gateway.Error
		if !errors.As(err, &known) || known.Code != gateway.CodeRateLimited || known.RetryAfter <= 0 {
			t.Fatalf("over the budget: %v", err)
		}
		size := 0
		for _, line := range k.lines {
			size += len(line.Value)
		}
		if len(k.lines) != written || size > daily || size < daily/2 {
			t.Errorf("%d lines of %d bytes were written, and %d deeds done", len(k.lines), size, written)
		}
		done := false
		if err := l.Do(audit.Deed{By: of("acme"), Tenant: "acme"}, func() error { done = true; return nil }); err == nil || done {
			t.Error("what the audit cannot take was done")
		}
		if err := deed("rival"); err != nil {
			t.Errorf("another tree: %v", err)
		}
		admin := auth.Principal{Scope: auth.Admin}
		if err := l.Do(audit.Deed{By: admin, Tenant: "acme"}, func() error { return nil }); err != nil {
			t.Errorf("the operator: %v", err)
		}
		time.Sleep(known.RetryAfter + time.Second)
		if err := deed("acme"); err != nil {
			t.Errorf("after the %s that it said: %v", known.RetryAfter, err)
		}
	})
}

// Refusals are one line a minute for each client and reason; of thousands of clients most
// are told together, and no attempt is lost from the count.
func TestRefusalsAreFolded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := &kept{}
		l := newLog(k, 0)
		began := time.Now()
		for range 1000 {
			l.Refused(audit.Refusal{Client: "192.0.2.1", Reason: gateway.CodeUnauthenticated, Object: strings.Repeat("x", 1000)})
			l.Refused(audit.Refusal{By: of("acme"), Client: "192.0.2.1", Reason: gateway.CodeForbidden, Object: "tokens"})
		}
		time.Sleep(30 * time.Second)
		for i := range 5000 {
			l.Refused(audit.Refusal{Client: fmt.Sprint("10.0.", i/256, ".", i%256), Reason: gateway.CodeUnauthenticated})
		}
		if len(k.read(t)) != 0 {
			t.Error("lines are written before the minute is over")
		}
		time.Sleep(31 * time.Second)
		synctest.Wait()
		lines := k.read(t)
		total, acmes := 0, 0
		for i, line := range lines {
			total += line.Count
			if line.Action != audit.Refuse || line.Outcome != "refused" || line.Reason == "" || line.FirstAt.Before(gateway.At(began).Time) || len(line.Object) > 128 {
				t.Errorf("a line is %+v", line)
			}
			if line.Tenant == "acme" {
				acmes = line.Count
				if !slices.Equal(k.lines[i].Tenants, []string{"acme", "agency"}) {
					t.Errorf("acme's is shown to %q", k.lines[i].Tenants)
				}
			} else if len(k.lines[i].Tenants) != 0 {
				t.Errorf("a stranger's is shown to %q", k.lines[i].Tenants)
			}
		}
		if total != 7000 || acmes != 1000 || len(lines) > 70 {
			t.Errorf("%d attempts are told in %d lines, %d of acme's", total, len(lines), acmes)
		}
		l.Refused(audit.Refusal{Client: "192.0.2.1", Reason: gateway.CodeUnauthenticated})
		l.Close()
		if again := k.read(t)[len(lines):]; len(again) != 1 || again[0].Count != 1 {
			t.Errorf("closing writes %+v", again)
		}
		l.Refused(audit.Refusal{Client: "192.0.2.1"})
		time.Sleep(2 * time.Minute)
		if len(k.read(t)) != len(lines)+1 {
			t.Error("something is written after Close")
		}
	})
}

// Weeks of refusals, and a disk that is full for a while, cost no more than the budget, and
// lose no attempt from the count.
func TestRefusalsFillNoDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const daily = 64 << 10
		k := &kept{fault: errors.New("full")}
		l := newLog(k, daily)
		attempts := 0
		for minute := range 3 * 24 * 60 {
			for client := range 5 {
				l.Refused(audit.Refusal{Client: fmt.Sprint(minute, client), Reason: gateway.CodeForbidden})
				attempts++
			}
			time.Sleep(time.Minute)
			synctest.Wait()
			if minute == 10 {
				k.mu.Lock()
				k.fault = nil
				k.mu.Unlock()
			}
		}
		time.Sleep(24 * time.Hour)
		l.Close()
		size, told := 0, 0
		for _, line := range k.read(t) {
			told += line.Count
		}
		for _, line := range k.lines {
			size += len(line.Value)
		}
		if size > 6*daily || told != attempts {
			t.Errorf("%d of %d attempts are told in %d bytes: more than %d a day", told, attempts, size, daily)
		}
	})
}

func valueOf(t *testing.T, text string) audit.Value {
	t.Helper()
	var tree any
	if err := json.Unmarshal([]byte(text), &tree); err != nil {
		t.Fatal(err)
	}
	return audit.ValueOf(tree, map[string]string{"auth.token": "sha256:01234567", `headers["X.Y"]`: "sha256:89abcdef"})
}

func TestChangesByPath(t *testing.T) {
	before := valueOf(t, `{"a": 1, "same": [true, {"x": null}], "auth": {"token": "***"}, "list": ["a", "b"], "gone": "g", "empty": ""}`)
	after := valueOf(t, `{"a": 2.50, "same": [true, {"x": null}], "list": ["a", "c", "d"], "headers": {"X.Y": "***"}, "empty": null}`)
	var got []string
	list, left := audit.Changes(before, after)
	for _, c := range list {
		got = append(got, fmt.Sprintf("%s: %v -> %v", c.Path, c.Before, c.After))
	}
	want := []string{
		"a: 1 -> 2.5", "auth.token: sha256:01234567 -> <nil>", "gone: g -> <nil>", `headers["X.Y"]: <nil> -> sha256:89abcdef`,
		"list[1]: b -> c", "list[2]: <nil> -> d",
	}
	if !slices.Equal(got, want) || left != 0 {
		t.Errorf("the changes are\n%s\nand %d more, want\n%s", strings.Join(got, "\n"), left, strings.Join(want, "\n"))
	}
}

func TestLineIsBounded(t *testing.T) {
	for name, body := range map[string]map[string]string{
		"many": {}, "long": {"template": strings.Repeat("ü", 1<<20)}, "names": {strings.Repeat("n", 1<<20): "v"},
	} {
		if name == "many" {
			for i := range 10_000 {
				body[fmt.Sprint("m", i)] = "v"
			}
		}
		list, left := audit.Changes(nil, audit.ValueOf(body, nil))
		text, err := json.Marshal(list)
		if err != nil || len(text) > 16<<10 || len(list)+left != len(body) || len(list) == 0 {
			t.Errorf("%s: %d changes, %d left out, in %d bytes, %v", name, len(list), left, len(text), err)
		}
		if after, _ := list[0].After.(string); name == "long" && !strings.HasSuffix(after, "… (2097152 bytes)") {
			t.Errorf("a long text is told as %q", after)
		}
	}
}

// What ends something is done beyond a day's measure: from a reserve first, then counted
// in lines that come when there is room again. What was not done is not counted.
func TestEndedIsCountedBeyondTheReserve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const daily, often = 16 << 10, 300
		k := &kept{}
		l := newLog(k, daily)
		deed := audit.Deed{By: of("acme"), Action: audit.SignOut, Object: "sessions/x", Tenant: "acme"}
		for l.Do(deed, func() error { return nil }) == nil {
		}
		before := len(k.read(t))
		fault := errors.New("no")
		for range often {
			if err := l.Ended(deed, func(told []gateway.AuditLine) error { return k.PutAudited(told) }); err != nil {
				t.Fatal(err)
			}
			_ = l.SignedIn(audit.Deed{By: of("acme"), Action: audit.SignIn, Tenant: "acme"}, func([]gateway.AuditLine) error { t.Error("the reserve is taken for a sign-in"); return nil })
		}
		own := len(k.read(t)) - before
		if err := l.Ended(deed, func([]gateway.AuditLine) error { return fault }); err != fault {
			t.Errorf("a deed that failed: %v", err)
		}
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		l.Close()
		count := 0
		for i, line := range k.read(t)[before+own:] {
			count += line.Count
			if line.Action != audit.SignOut || line.Outcome != "done" || line.Actor.ID != "tok_acme" || !slices.Equal(k.lines[before+own+i].Tenants, []string{"acme", "agency"}) {
				t.Errorf("a line is %+v, shown to %q", line, k.lines[before+own+i].Tenants)
			}
		}
		if own == 0 || own > often/4 || own+count != often {
			t.Errorf("%d have lines, %d are counted, of %d", own, count, often)
		}
	})
}
