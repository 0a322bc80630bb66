package jobs_test

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"hookgate/gateway"
	"hookgate/gateway/jobs"
	"hookgate/gateway/shares"
	"hookgate/gateway/store/pebblestore"
)

// world is Jobs over a real store, whose lanes only note what they are to send.
type world struct {
	t        *testing.T
	fs       *vfs.MemFS
	store    *pebblestore.Store
	jobs     *jobs.Jobs
	running  *shares.Budget
	observer jobs.Observer
	holder   func(tenant string) shares.Holder
	there    bool

	mu      sync.Mutex
	sent    map[string][]time.Time // by id, when it was made due
	order   []string
	steps   []string // the tenants that had one
	gone    map[string]bool
	refuses error
	dies    bool               // the process ends after what was asked of the lanes, before it is noted
	lanes   map[string]string  // by delivery
	rates   map[string]float64 // by lane
}

func inBubble(t *testing.T, test func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, fs: vfs.NewCrashableMem(), sent: map[string][]time.Time{}, gone: map[string]bool{}, there: true, running: shares.New(100)}
		w.start()
		defer func() { w.stop() }()
		test(w)
	})
}

func (w *world) start() {
	w.t.Helper()
	var err error
	if w.store, err = pebblestore.Open(pebblestore.Options{Dir: "data", FS: w.fs}); err != nil {
		w.t.Fatal(err)
	}
	w.jobs = jobs.New(jobs.Options{Store: w.store, Lanes: w, Running: w.running, Holder: w.holder, There: func(_, lane string) bool { return w.there && lane != "closed" }, Rate: func(_, lane string) float64 { return w.rates[lane] }, Observer: w.observer})
	w.jobs.Start()
	if err := w.jobs.Acquire(gateway.AllSlots()); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) stop() {
	w.t.Helper()
	w.jobs.Close()
	if err := w.store.Close(); err != nil {
		w.t.Fatal(err)
	}
}

// crash loses what was not synced, and starts again.
func (w *world) crash() {
	left := w.fs.CrashClone(vfs.CrashCloneCfg{})
	w.stop()
	w.fs, w.running = left, shares.New(100)
	w.start()
}

// Again is of lanes that know what was sent since a moment.
func (w *world) Again(tenant, _ string, before time.Time, ids []string) (again, gone int, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.refuses != nil {
		return 0, 0, w.refuses
	}
	w.steps = append(w.steps, tenant)
	for _, id := range ids {
		if w.gone[id] {
			gone++
			continue
		}
		again++
		if times := w.sent[id]; len(times) == 0 || !times[len(times)-1].After(before) {
			w.sent[id] = append(times, time.Now().Add(time.Nanosecond)) // it ends after it was made due
			w.order = append(w.order, id)
		}
	}
	if w.dies {
		w.dies = false
		return 0, 0, errors.New("the process ends")
	}
	return again, gone, nil
}

// LaneOf is of lanes that are named by make; others are of crm.
func (w *world) LaneOf(_, id string) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.gone[id] {
		return "", gateway.ErrNotFound
	}
	return cmp.Or(w.lanes[id], "crm"), nil
}

// make makes a job about deliveries that nobody has.
func (w *world) make(tenant string, n int, rate float64) (*gateway.Job, []string) {
	w.t.Helper()
	ids := make([]string, n)
	for i := range ids {
		ids[i] = gateway.NewID(gateway.PrefixDelivery, time.Now())
	}
	j, err := w.jobs.Make(gateway.Job{Tenant: tenant, Endpoint: "crm", Rate: rate}, ids)
	if err != nil {
		w.t.Fatal(err)
	}
	return j, ids
}

func (w *world) get(j *gateway.Job) *gateway.Job {
	w.t.Helper()
	got, err := w.jobs.Get(j.Tenant, j.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return got
}

// A job sends each delivery once, in its order, and never more than its rate.
func TestRateAndOrder(t *testing.T) {
	for _, rate := range []float64{0.5, 3, 100, 2500, 10_000} {
		inBubble(t, func(w *world) {
			n := min(3000, int(rate*20))
			j, ids := w.make("acme", n, rate)
			if j.State != gateway.JobRunning || j.Total != n {
				t.Errorf("made %+v", j)
			}
			began := time.Now()
			for w.get(j).State == gateway.JobRunning {
				time.Sleep(50 * time.Millisecond)
				if left := time.Since(began) - time.Hour; left > 0 {
					t.Fatalf("it does not end: %+v", w.get(j))
				}
			}
			took, want := time.Since(began), time.Duration(float64(n-1)/rate*float64(time.Second))
			if took < want-time.Second || took > want+2*time.Second {
				t.Errorf("at the rate %v it took %s, want %s", rate, took, want)
			}
			if got := w.get(j); got.Done != n || got.Failed != 0 || got.State != gateway.JobDone || got.EndedAt.IsZero() {
				t.Errorf("it ended as %+v", got)
			}
			if !slices.Equal(w.order, ids) {
				t.Errorf("it sent %d in another order than that of %d", len(w.order), n)
			}
			for from := range w.order { // in no second more than the rate, and one step
				to := from
				for to < len(w.order) && w.sent[w.order[to]][0].Sub(w.sent[w.order[from]][0]) < time.Second {
					to++
				}
				if most := rate + max(1, rate/10) + 1; float64(to-from) > most {
					t.Fatalf("at the rate %v it sent %d within a second", rate, to-from)
				}
			}
		})
	}
}

// A job of several lanes sends to each at its own rate, beside each other: neither does one
// that is slow hold back the others, nor does any get more than it takes. What has no lane
// any more fails; a crash in the middle repeats nothing.
func TestSeveralLanes(t *testing.T) {
	for _, crash := range []bool{false, true} {
		inBubble(t, func(w *world) {
			w.lanes, w.rates = map[string]string{}, map[string]float64{"slow": 0.5, "fast": 100}
			type one struct {
				id, lane string
				due      float64
			}
			var all []one
			for lane, n := range map[string]int{"slow": 5, "fast": 400, "closed": 1} {
				for k := range n {
					d := one{gateway.NewID(gateway.PrefixDelivery, time.Now()), lane, float64(k) / cmp.Or(w.rates[lane], 100)}
					w.lanes[d.id] = lane
					all = append(all, d)
				}
			}
			slices.SortStableFunc(all, func(a, b one) int { return cmp.Compare(a.due, b.due) })
			ids := make([]string, len(all))
			for i, d := range all {
				ids[i] = d.id
			}
			middle := len(ids) / 2
			for w.lanes[ids[middle]] != "fast" { // those of the slow lane lie among them
				middle++
			}
			lost := ids[middle]
			w.gone[lost] = true
			began := time.Now()
			j, err := w.jobs.Make(gateway.Job{Tenant: "acme"}, ids)
			if err != nil {
				t.Fatal(err)
			}
			if crash {
				time.Sleep(3 * time.Second)
				w.crash()
			}
			for w.get(j).State == gateway.JobRunning {
				if time.Sleep(50 * time.Millisecond); time.Since(began) > time.Minute {
					t.Fatalf("it does not end: %+v", w.get(j))
				}
			}
			if took := time.Since(began); took < 7*time.Second || took > 11*time.Second {
				t.Errorf("it took %s: the slow lane takes 8s", took)
			}
			if got := w.get(j); got.Done != len(ids)-2 || got.Failed != 2 {
				t.Errorf("it ended as %+v", got)
			}
			last, sent := map[string]time.Time{}, map[string]int{}
			for _, id := range w.order {
				lane := w.lanes[id]
				if last[lane] = w.sent[id][0]; len(w.sent[id]) != 1 {
					t.Errorf("one of %s was sent %d times", lane, len(w.sent[id]))
				}
				sent[lane]++
			}
			if sent["slow"] != 5 || sent["fast"] != 399 || sent["closed"] != 0 {
				t.Errorf("sent were %v", sent)
			}
			if took := last["fast"].Sub(began); took < 2*time.Second || took > 6*time.Second {
				t.Errorf("the fast lane took %s: it takes 4s", took)
			}
		})
	}
}

// After any crash a job goes on: nothing is left out, and nothing sent twice.
func TestJobsSurviveCrashes(t *testing.T) {
	inBubble(t, func(w *world) {
		all := map[string]bool{}
		var made []*gateway.Job
		for i := range 4 {
			j, ids := w.make(fmt.Sprint("t", i), 700, 100)
			made = append(made, j)
			for _, id := range ids {
				all[id] = true
			}
		}
		for round := range 20 {
			time.Sleep(time.Duration(137*(round+1)) * time.Millisecond)
			w.mu.Lock()
			w.dies = round%2 == 0
			w.mu.Unlock()
			time.Sleep(150 * time.Millisecond)
			w.crash()
		}
		time.Sleep(time.Minute)
		for _, j := range made {
			if got := w.get(j); got.State != gateway.JobDone || got.Done != 700 {
				t.Errorf("ended as %+v", got)
			}
		}
		for id := range all {
			if n := len(w.sent[id]); n != 1 {
				t.Fatalf("%s was sent %d times", id, n)
			}
		}
	})
}

func TestFailedAndCancelled(t *testing.T) {
	inBubble(t, func(w *world) {
		j, ids := w.make("acme", 100, 20)
		w.mu.Lock()
		w.gone[ids[50]], w.gone[ids[99]] = true, true
		w.mu.Unlock()
		time.Sleep(8 * time.Second)
		if got := w.get(j); got.Done != 98 || got.Failed != 2 || got.State != gateway.JobDone {
			t.Errorf("with some gone: %+v", got)
		}
		j, _ = w.make("acme", 100, 10)
		time.Sleep(3 * time.Second)
		if _, err := w.jobs.Cancel("rival", j.ID); !errors.Is(err, gateway.ErrNotFound) {
			t.Errorf("another tenant cancels it: %v", err)
		}
		cancelled, err := w.jobs.Cancel("acme", j.ID)
		if err != nil || cancelled.State != gateway.JobCancelled || cancelled.Done < 20 || cancelled.Done > 40 {
			t.Fatalf("cancelled: %+v, %v", cancelled, err)
		}
		sent := len(w.order)
		w.crash()
		time.Sleep(10 * time.Second)
		if got := w.get(j); got.State != gateway.JobCancelled || got.Done != cancelled.Done || len(w.order) != sent {
			t.Errorf("after a crash %+v, and %d more were sent", got, len(w.order)-sent)
		}
		var known *gateway.Error
		if _, err := w.jobs.Cancel("acme", j.ID); !errors.As(err, &known) || known.Code != gateway.CodeJobEnded {
			t.Errorf("cancelled twice: %v", err)
		}
		w.there = false
		j, _ = w.make("acme", 100, 1)
		time.Sleep(time.Second)
		if got := w.get(j); got.State != gateway.JobDone || got.Failed != 100 {
			t.Errorf("without its endpoint: %+v", got)
		}
		if used := w.running.Stat().Used; used != 0 {
			t.Errorf("%d jobs are still counted", used)
		}
	})
}

// What the metrics show of jobs is what became of them.
func TestJobsAreObserved(t *testing.T) {
	inBubble(t, func(w *world) {
		w.stop()
		var mu sync.Mutex
		running, done, failed, ended := 0, 0, 0, map[gateway.JobState]int{}
		w.observer = jobs.Observer{
			Running: func(delta int) { mu.Lock(); defer mu.Unlock(); running += delta },
			Ended:   func(s gateway.JobState) { mu.Lock(); defer mu.Unlock(); ended[s]++ },
			Stepped: func(d, f int) { mu.Lock(); defer mu.Unlock(); done, failed = done+d, failed+f },
		}
		w.start()
		_, ids := w.make("acme", 100, 20)
		w.mu.Lock()
		w.gone[ids[50]] = true
		w.mu.Unlock()
		w.make("acme", 0, 20)
		cancelled, _ := w.make("acme", 100, 1)
		synctest.Wait()
		mu.Lock()
		if running != 2 || ended[gateway.JobDone] != 1 {
			t.Errorf("%d run, of %v that ended", running, ended)
		}
		mu.Unlock()
		time.Sleep(8 * time.Second)
		end, err := w.jobs.Cancel("acme", cancelled.ID)
		if err != nil {
			t.Fatal(err)
		}
		mu.Lock()
		defer mu.Unlock()
		if running != 0 || ended[gateway.JobDone] != 2 || ended[gateway.JobCancelled] != 1 || done != 99+end.Done || failed != 1 {
			t.Errorf("%d run, of %v that ended; %d deliveries done, %d failed, %d of the cancelled one", running, ended, done, failed, end.Done)
		}
	})
}

// Lanes that are elsewhere, or a store that cannot write, make a job wait.
func TestStepThatFails(t *testing.T) {
	inBubble(t, func(w *world) {
		w.refuses = gateway.Unavailable("elsewhere", time.Second)
		j, _ := w.make("acme", 10, 100)
		time.Sleep(10 * time.Second)
		if got := w.get(j); got.Done != 0 || got.State != gateway.JobRunning {
			t.Errorf("refused, it is %+v", got)
		}
		w.mu.Lock()
		w.refuses = nil
		w.mu.Unlock()
		time.Sleep(3 * time.Second)
		if got := w.get(j); got.Done != 10 || got.State != gateway.JobDone {
			t.Errorf("then it is %+v", got)
		}
	})
}

// Those of a tree of many tenants have the turns of one.
func TestTreesShare(t *testing.T) {
	inBubble(t, func(w *world) {
		w.stop()
		w.holder = func(tenant string) shares.Holder {
			if top := strings.TrimRight(tenant, "0123456789"); top != tenant {
				return shares.Tenant(tenant, top)
			}
			return shares.Tenant(tenant)
		}
		w.start()
		w.mu.Lock() // no step gets past the lanes before every job is there
		for i := range 20 {
			w.make(fmt.Sprint("mallory", i), 1000, 10_000)
			w.make("acme", 1000, 10_000)
		}
		w.mu.Unlock()
		time.Sleep(500 * time.Millisecond)
		w.mu.Lock()
		defer w.mu.Unlock()
		acme, of := 0, map[string]int{}
		for _, tenant := range w.steps[:20] {
			if tenant == "acme" {
				acme++
			}
			of[tenant]++
		}
		if acme < 8 || len(of) < 8 {
			t.Errorf("the first steps are those of %v", of)
		}
	})
}

// A tenant with many jobs does not make another's wait, nor run more than its share.
func TestTenantsShare(t *testing.T) {
	inBubble(t, func(w *world) {
		w.mu.Lock() // no step gets past the lanes before every job is there
		for range 20 {
			w.make("mallory", 1000, 10_000)
		}
		w.make("acme", 10, 10)
		w.mu.Unlock()
		time.Sleep(500 * time.Millisecond)
		w.mu.Lock()
		// One step may be on its way, and one be chosen, when acme's job comes.
		if n := slices.Index(w.steps, "acme"); n < 0 || n > 2 {
			t.Errorf("acme's turn came as number %d of %d steps", n, len(w.steps))
		}
		w.mu.Unlock()
		var err error
		for range 200 {
			if _, err = w.jobs.Make(gateway.Job{Tenant: "mallory", Endpoint: "crm", Rate: 0.01}, []string{
				gateway.NewID(gateway.PrefixDelivery, time.Now()), gateway.NewID(gateway.PrefixDelivery, time.Now()),
			}); err != nil {
				break
			}
		}
		var known *gateway.Error
		if !errors.As(err, &known) || known.Code != gateway.CodeRateLimited || known.RetryAfter == 0 {
			t.Errorf("with very many jobs: %v", err)
		}
		if j, _ := w.make("acme", 1, 1); w.get(j).Total != 1 {
			t.Error("acme has no place")
		}
		w.jobs.Forget("mallory")
		w.mu.Lock()
		w.steps = nil
		w.mu.Unlock()
		time.Sleep(10 * time.Second)
		w.mu.Lock()
		defer w.mu.Unlock()
		if slices.Contains(w.steps, "mallory") {
			t.Error("a tenant that is no more has a step")
		}
	})
}
