package waiting_test

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"hookgate/gateway"
	"hookgate/gateway/waiting"
)

// lane notes what becomes of deliveries.
type lane struct {
	mu       sync.Mutex
	withheld map[string]bool
	said     []string
}

func (l *lane) withhold(_ gateway.LaneKey, id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.withheld[id] = true
	l.said = append(l.said, "withheld")
}

func (l *lane) let(_ gateway.LaneKey, id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.withheld, id)
	l.said = append(l.said, "let")
}

func (l *lane) told() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.said)
}

// The outcome of a notify wait whose caller has no answer yet is kept back, for a
// second at most, however the wait ends.
func TestOutcomeWaitsForTheAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		before, after func(*kit)
		answers       bool
	}{
		"parked before":     {before: func(k *kit) { k.send(sent{key: "chat", body: paid(1)}) }, answers: true},
		"resumed meanwhile": {after: func(k *kit) { k.send(sent{key: "chat", body: paid(1)}) }, answers: true},
		"met meanwhile": {after: func(k *kit) {
			k.send(sent{key: "x", body: paid(1)})
			if err := k.hear(told("chat", "x")); err != nil {
				k.t.Error(err)
			}
		}, answers: true},
		"never answered": {before: func(k *kit) { k.send(sent{key: "chat", body: paid(1)}) }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := &lane{withheld: map[string]bool{}}
				k := &kit{t: t, fs: vfs.NewMem(), dir: "data", lane: l}
				k.begin(gateway.Source{})
				defer func() { k.stop() }()
				k.onNotice = func() { l.mu.Lock(); l.said = append(l.said, "woken"); l.mu.Unlock() }
				if c.before != nil {
					c.before(k)
				}
				began := time.Now()
				opened := k.open(waiting.OpenRequest{Key: "chat", Mode: gateway.ModeNotify, Answers: true})
				if c.after != nil {
					c.after(k)
				}
				synctest.Wait()
				if got := l.told(); !slices.Equal(got, []string{"withheld"}) {
					t.Fatalf("before the answer: %q", got)
				}
				if c.answers {
					opened.Answered()
				}
				for len(l.told()) < 3 {
					time.Sleep(100 * time.Millisecond)
				}
				if after := time.Since(began); c.answers && after > 100*time.Millisecond || after > 1100*time.Millisecond {
					t.Errorf("sent after %s", after)
				}
				opened.Answered() // once more does nothing
				time.Sleep(time.Minute)
				if got := l.told(); !slices.Equal(got, []string{"withheld", "let", "woken"}) || len(l.withheld) > 0 {
					t.Errorf("all in all: %q, and withheld %v", got, l.withheld)
				}
			})
		})
	}
}
