package changes_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tidwall/gjson"

	"hookgate/gateway"
	"hookgate/gateway/changes"
	"hookgate/gateway/store"
)

// memory is a store of lines.
type memory struct {
	mu    sync.Mutex
	lines []gateway.AuditLine
	fail  error
}

func (m *memory) PutChanges(lines []gateway.AuditLine) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	m.lines = append(m.lines, lines...)
	return nil
}

func (m *memory) Changes(_ store.Query, visit func(gateway.AuditLine) bool) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, line := range slices.Backward(m.lines) {
		if !visit(line) {
			break
		}
	}
	return "", nil
}

func (m *memory) failing(err error) { m.mu.Lock(); defer m.mu.Unlock(); m.fail = err }

// said gives what the lines say, and forgets them.
func (m *memory) said() (all []string) {
	synctest.Wait()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, l := range m.lines {
		v := gjson.GetManyBytes(l.Value, "kind", "state", "object", "skipped")
		all = append(all, fmt.Sprintf("%s %s %s %d to %s", v[0].Str, v[1].Str, v[2].Str, v[3].Int(), strings.Join(l.Tenants, " ")))
	}
	m.lines = nil
	return all
}

// begin makes a Log in the bubble of a test; disk is how the disk stands.
func begin(disk func() string) (*memory, *changes.Log) {
	m := &memory{}
	return m, m.start(disk)
}

// start begins, as a process does, with what is stored.
func (m *memory) start(disk func() string) *changes.Log {
	l := changes.New(changes.Options{
		Store: m, Above: func(tenant string) []string {
			if tenant == "shop" {
				return []string{"acme", "agency"}
			}
			return nil
		},
		Look: func() []changes.Change {
			return []changes.Change{{Kind: changes.Disk, Object: "store", State: disk()}}
		},
	})
	l.Start()
	return l
}

func good() string { return changes.Good }

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

func breakerOf(tenant, of, target, state string) *gateway.Happening {
	return &gateway.Happening{Kind: gateway.HappenedBreaker, Tenant: tenant, Of: of, Target: target, Outcome: state}
}

// A breaker that opens again before it has closed is no change, and what is no tenant's is
// shown to none.
func TestWhatChangesIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, l := begin(good)
		for _, state := range []string{"open", "half_open", "open", "half_open", "closed", "open"} {
			l.Happened(breakerOf("shop", "endpoint", "crm", state))
		}
		l.Happened(breakerOf("shop", "route", "wa", "open"))
		l.Happened(&gateway.Happening{Kind: gateway.HappenedConfig, Target: "reload", Outcome: "refused"})
		l.Happened(&gateway.Happening{Kind: gateway.HappenedConfig, Target: "reload", Outcome: "loaded"})
		l.Happened(&gateway.Happening{Kind: gateway.HappenedConfig, Tenant: "shop", Outcome: "changed"})
		const crm = " tenants/shop/endpoints/crm 0 to shop acme agency"
		same(t, "told", m.said(), []string{
			"breaker opened" + crm, "breaker closed" + crm, "breaker opened" + crm, "breaker opened routes/wa 0 to ",
			"reload refused configuration 0 to ", "reload done configuration 0 to ",
		})
		l.Forget("shop") // its breaker is another's then
		l.Happened(breakerOf("shop", "endpoint", "crm", "open"))
		l.Close()
		same(t, "told of a new one", m.said(), []string{"breaker opened" + crm})
	})
}

func TestWhatNobodyTellsIsLookedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		is := changes.Good
		m, l := begin(func() string { mu.Lock(); defer mu.Unlock(); return is })
		for _, next := range []string{changes.Good, "low", "low", "full", changes.Good, changes.Good} {
			mu.Lock()
			is = next
			mu.Unlock()
			time.Sleep(11 * time.Second)
		}
		l.Close()
		same(t, "the disk", m.said(), []string{"disk low store 0 to ", "disk full store 0 to ", "disk good store 0 to "})
	})
}

// A tenant whose endpoints flap has its share; others are told of all the same, and what
// was left out is counted.
func TestTenantsHaveShares(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, l := begin(good)
		for i := range 2000 {
			l.Told(changes.Change{Kind: changes.Endpoint, State: "disabled", Tenant: "acme", Object: fmt.Sprint(i)})
		}
		l.Told(changes.Change{Kind: changes.Endpoint, State: "disabled", Tenant: "rival", Object: "x"})
		said := m.said()
		if n := len(said); n < 400 || n > 600 || said[n-1] != "endpoint disabled x 0 to rival" {
			t.Fatalf("%d are told, the last %q", n, said[n-1])
		}
		kept := len(said) - 1
		time.Sleep(24 * time.Hour)
		l.Told(changes.Change{Kind: changes.Endpoint, State: "enabled", Tenant: "acme", Object: "y"})
		same(t, "the next", m.said(), []string{fmt.Sprintf("endpoint enabled y %d to acme", 2000-kept)})
		l.Told(changes.Change{Kind: changes.Endpoint, State: "enabled", Tenant: "acme", Object: "z"})
		l.Close()
		same(t, "and then", m.said(), []string{"endpoint enabled z 0 to acme"})
	})
}

// What cannot be written is written later, and nothing is lost that waits when it closes.
func TestWhatCannotBeWrittenWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, l := begin(good)
		m.failing(errors.New("the disk is full"))
		l.Told(changes.Change{Kind: changes.Reload, State: "done", Object: "configuration"})
		same(t, "while it fails", m.said(), nil)
		m.failing(nil)
		time.Sleep(11 * time.Second)
		same(t, "after it", m.said(), []string{"reload done configuration 0 to "})
		l.Told(changes.Change{Kind: changes.Reload, State: "refused", Object: "configuration"})
		l.Close()
		same(t, "at the end", m.said(), []string{"reload refused configuration 0 to "})
	})
}

// What a former process has told is told again only after it has changed.
func TestWhatWasToldIsKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		low := func() string { return "low" }
		m, l := begin(low)
		l.Happened(breakerOf("acme", "endpoint", "crm", "open"))
		l.Happened(breakerOf("acme", "endpoint", "log", "open"))
		l.Happened(breakerOf("acme", "endpoint", "log", "closed"))
		l.Close()
		l = m.start(low)
		m.said()
		l.Happened(breakerOf("acme", "endpoint", "crm", "open"))
		l.Happened(breakerOf("acme", "endpoint", "log", "open"))
		time.Sleep(11 * time.Second)
		l.Close()
		same(t, "told anew", m.said(), []string{"breaker opened tenants/acme/endpoints/log 0 to acme"})
	})
}
