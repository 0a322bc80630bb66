package stats_test

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/stats"
	"hookgate/gateway/store"
)

// memory is a store of figures.
type memory struct {
	mu   sync.Mutex
	rows map[key]([]byte)
	fail error
}

// failing has every write fail; nil: none does any more.
func (m *memory) failing(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail = err
}

// count is how many rows there are.
func (m *memory) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.rows)
}

type key struct {
	tenant, series string
	hour           bool
	at             int64
}

func (m *memory) PutFigures(all []store.Figures) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	for _, f := range all {
		m.rows[key{f.Tenant, f.Series, f.Hour, f.At.Unix()}] = slices.Clone(f.Data)
	}
	return nil
}

func (m *memory) Figures(of store.FiguresOf, visit func(time.Time, []byte)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	var at []int64
	for k := range m.rows {
		if k.tenant == of.Tenant && k.series == of.Series && k.hour == of.Hour && k.at >= of.Since.Unix() && k.at < of.Until.Unix() {
			at = append(at, k.at)
		}
	}
	slices.Sort(at)
	for _, n := range at {
		visit(time.Unix(n, 0).UTC(), m.rows[key{of.Tenant, of.Series, of.Hour, n}])
	}
	return nil
}

// kit is Stats in a bubble of synctest, where agency lies above acme and acme above shop.
type kit struct {
	t       *testing.T
	store   *memory
	stats   *stats.Stats
	backlog sync.Map // of lanes
	gone    sync.Map // tenants
}

func newKit(t *testing.T) *kit {
	k := &kit{t: t, store: &memory{rows: map[key][]byte{}}}
	k.start()
	return k
}

// start begins, as a process does, with what is stored.
func (k *kit) start() {
	above := map[string][]string{"acme": {"agency"}, "shop": {"acme", "agency"}}
	k.stats = stats.New(stats.Options{
		Store: k.store,
		Above: func(tenant string) ([]string, bool) {
			_, gone := k.gone.Load(tenant)
			return above[tenant], !gone
		},
		Below: func(tenant string) (below []string) {
			for _, id := range []string{"acme", "agency", "shop", "other"} {
				if _, gone := k.gone.Load(id); !gone && (tenant == "" || slices.Contains(above[id], tenant)) {
					below = append(below, id)
				}
			}
			return below
		},
		Lanes: func(visit func(stats.Lane)) {
			for lane, n := range k.backlog.Range {
				of := lane.(gateway.LaneKey)                                                //nolint:forcetypeassert // nothing else is in it
				visit(stats.Lane{Tenant: of.Tenant, Endpoint: of.Endpoint, Depth: n.(int)}) //nolint:forcetypeassert // nothing else is in it
			}
		},
	})
	k.stats.Start()
}

// point is a point as the API shows it.
type point struct {
	At                 time.Time
	Callbacks, Refused map[string]int
	Waits              map[string]int
	WaitMS             times `json:"wait_ms"`
	Events             int
	Attempts           map[string]int
	AttemptMS          times `json:"attempt_ms"`
	Deliveries         map[string]int
	Calls              struct {
		Success, Failure int
		Reasons          map[string]int
	}
	CallMS          times `json:"call_ms"`
	Parked, Backlog int
}

type times struct {
	P50, P99 *float64
	Buckets  []struct {
		LE    *int64
		Count int
	}
}

// points gives what is shown of a tenant, "" for all, over the last days.
func (k *kit) points(q stats.Query) (all []point) {
	k.t.Helper()
	q.Until = time.Now().Add(time.Hour)
	if q.Since.IsZero() {
		q.Since = q.Until.Add(-48 * time.Hour)
	}
	if q.Step == 0 {
		q.Step = stats.Minute
	}
	points, err := k.stats.Points(q)
	if err != nil {
		k.t.Fatal(err)
	}
	for i := range points {
		text := points[i].AppendJSON(nil)
		if len(text) > stats.SizeJSON {
			k.t.Errorf("a point has %d bytes", len(text))
		}
		var p point
		d := json.NewDecoder(strings.NewReader(string(text)))
		d.DisallowUnknownFields()
		if err := d.Decode(&p); err != nil {
			k.t.Fatalf("%s: %v", text, err)
		}
		all = append(all, p)
	}
	return all
}

// only gives the one point that there is.
func (k *kit) only(q stats.Query) point {
	k.t.Helper()
	all := k.points(q)
	if len(all) != 1 {
		k.t.Fatalf("there are %d points: %+v", len(all), all)
	}
	return all[0]
}

func callback(tenant, source string, o gateway.Outcome) gateway.Happening {
	return gateway.Happening{Kind: gateway.HappenedCallback, Tenant: tenant, Target: source, Outcome: string(o)}
}
