package waiting_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/waiting"
	"hookgate/metrics"
)

// group is how many callbacks of one request share a commit (see waiting.Sessions.TakeAll).
const group = 256

// groups is a ledger that tells of each commit of a batch before it is made; do may refuse
// it.
type groups struct {
	waiting.Ledger
	sizes []int
	do    func(n int) error // the n-th, from 0; nil: nothing
}

func (g *groups) Commit(changes ...*gateway.Change) error {
	if len(changes) < 2 {
		return g.Ledger.Commit(changes...)
	}
	g.sizes = append(g.sizes, len(changes))
	if g.do != nil {
		if err := g.do(len(g.sizes) - 1); err != nil {
			return err
		}
	}
	return g.Ledger.Commit(changes...)
}

// newBatchKit is a kit whose commits of batches are told.
func newBatchKit(t *testing.T, spec gateway.Source) (*kit, *groups) {
	g := &groups{}
	k := &kit{t: t, fs: vfs.NewCrashableMem(), dir: "data", wrap: func(l waiting.Ledger) waiting.Ledger { g.Ledger = l; return g }}
	k.begin(spec)
	t.Cleanup(k.stop)
	return k, g
}

// each is so many callbacks, of as many conversations.
func each(n int) (all []sent) {
	for i := range n {
		all = append(all, sent{key: fmt.Sprint("k", i), id: fmt.Sprint("id", i), body: paid(i)})
	}
	return all
}

func outcomes(all []waiting.One) string {
	var words []string
	for _, one := range all {
		word := string(one.Became.Outcome)
		if one.Err != nil {
			word = "failed"
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

// tells checks what became of callbacks, in their order.
func tells(t *testing.T, what string, all []waiting.One, want string) {
	t.Helper()
	if got := outcomes(all); got != want {
		t.Errorf("%s: %s, want %s", what, got, want)
	}
}

func repeated(word string, n int) string { return strings.TrimSuffix(strings.Repeat(word+" ", n), " ") }

// A crash between the commits of a batch, and a repeat of it all: each is taken once.
func TestBatchCrashesBetweenCommits(t *testing.T) {
	k, g := newBatchKit(t, gateway.Source{})
	all := each(2*group + 50)
	g.do = func(n int) error {
		if n == 1 {
			return errors.New("the power is gone")
		}
		return nil
	}
	first := k.sendAll(all...)
	tells(t, "torn", first, repeated("parked", group)+" "+repeated("failed", group+50))
	if fmt.Sprint(g.sizes) != fmt.Sprint([]int{group, group}) {
		t.Errorf("commits of %v", g.sizes)
	}
	g.do = nil
	k.crash()
	again := k.sendAll(all...)
	tells(t, "its repeat", again, repeated("duplicate", group)+" "+repeated("parked", group+50))
	for i := range group {
		if again[i].Became.CallbackID != first[i].Became.CallbackID {
			t.Fatalf("callback %d is %s, and was %s", i, again[i].Became.CallbackID, first[i].Became.CallbackID)
		}
	}
	if got := k.observed().parked; got != len(all) {
		t.Errorf("%d are parked, want %d", got, len(all))
	}
}

// One that is one too many stops those of its conversation, under any of its names; those
// of others are taken. Sent again all are.
func TestBatchWithOneTooMany(t *testing.T) {
	k, _ := newBatchKit(t, gateway.Source{})
	k.open(waiting.OpenRequest{Key: "A", Aliases: []string{"A2"}, Timeout: time.Hour})
	k.open(waiting.OpenRequest{Key: "B", Timeout: time.Hour})
	all := []sent{
		{key: "B", id: "1", body: paid(1)}, {key: "A", id: "2", body: paid(2)}, {key: "C", id: "3", body: paid(3)},
		{key: "A2", id: "4", body: paid(4)}, {key: "A", id: "5", body: paid(5)}, {key: "D", id: "6", body: paid(6)},
	}
	batch := make([]waiting.One, len(all))
	for i, s := range all {
		batch[i].Callback = *k.callback(s)
	}
	asked := 0
	k.sessions.TakeAll(batch, func() time.Duration {
		if asked++; asked == 2 {
			return time.Second
		}
		return 0
	})
	tells(t, "with one too many", batch, "resumed rate_limited parked rate_limited rate_limited parked")
	for _, i := range []int{1, 3, 4} {
		if batch[i].Became.RetryAfter != time.Second {
			t.Errorf("callback %d: %+v", i, batch[i].Became)
		}
	}
	tells(t, "again", k.sendAll(all...), "duplicate resumed duplicate already_resumed already_resumed duplicate")
}

// Of two that have one id, and of two for one wait, the first is taken.
func TestBatchOfOneConversation(t *testing.T) {
	k, g := newBatchKit(t, gateway.Source{})
	w := k.open(waiting.OpenRequest{Key: "A"}).Wait
	all := k.sendAll(
		sent{key: "A", id: "1", body: paid(1)}, sent{key: "A", id: "1", body: paid(1)}, sent{key: "A", id: "2", body: paid(2)},
		sent{key: "B", id: "3", body: paid(3)}, sent{key: "B", id: "3", body: paid(3)}, sent{key: "C", id: "3", body: paid(3)},
	)
	tells(t, "two of each", all, "resumed duplicate already_resumed parked duplicate duplicate")
	for i, one := range all[:3] {
		if one.Became.WaitID != w.ID {
			t.Errorf("callback %d met %q, want %s", i, one.Became.WaitID, w.ID)
		}
	}
	for _, of := range [][2]int{{1, 0}, {4, 3}, {5, 3}} {
		if got, first := all[of[0]].Became.CallbackID, all[of[1]].Became.CallbackID; got != first {
			t.Errorf("the duplicate %d is told %s, want that of the first, %s", of[0], got, first)
		}
	}
	if err := k.resumedBy(w.ID, all[0].Became.CallbackID); err != nil {
		t.Error(err)
	}
	if len(g.sizes) != 1 {
		t.Errorf("commits of %v, want one", g.sizes)
	}
}

// A wait that is opened while its callback is on the way gets it, once.
func TestBatchMeetsAWaitThatOpensMeanwhile(t *testing.T) {
	k, g := newBatchKit(t, gateway.Source{})
	opened := make(chan *gateway.Wait, 1)
	g.do = func(int) error {
		go func() { opened <- k.open(waiting.OpenRequest{Key: "k1"}).Wait }()
		return nil
	}
	all := k.sendAll(each(3)...)
	w := <-opened
	if outcome := all[1].Became.Outcome; outcome != gateway.OutcomeParked && outcome != gateway.OutcomeResumed {
		t.Errorf("its callback: %+v", all[1])
	}
	if err := k.resumedBy(w.ID, all[1].Became.CallbackID); err != nil {
		t.Error(err)
	}
	if got := k.observed().parked; got != 2 {
		t.Errorf("%d are parked, want 2", got)
	}
}

// Names that one of a batch tells count for those behind it, and what came before it is as
// durable as it is.
func TestBatchTellsAliases(t *testing.T) {
	k, _ := newBatchKit(t, gateway.Source{})
	w := k.open(waiting.OpenRequest{Key: "A"}).Wait
	all := k.sendAll(
		sent{key: "B", id: "1", body: paid(1)}, sent{key: "A", id: "2", body: paid(2), aliases: []string{"A2"}},
		sent{key: "A2", id: "3", body: paid(3)}, sent{key: "B", id: "4", body: paid(4)},
	)
	tells(t, "a name between", all, "parked resumed already_resumed parked")
	if all[2].Became.WaitID != w.ID {
		t.Errorf("by the name that was told: %+v, want %s", all[2].Became, w.ID)
	}
	k.crash()
	next := k.open(waiting.OpenRequest{Key: "A2"}).Wait
	if got := k.send(sent{key: "A", body: paid(5)}); got.WaitID != next.ID || got.Outcome != gateway.OutcomeResumed {
		t.Errorf("by the other name after a crash: %+v, want %s resumed", got, next.ID)
	}
}

// A tenant that is deleted while a batch is on its way goes when the batch is through, and
// takes no other.
func TestBatchOfATenantThatIsDeleted(t *testing.T) {
	k, g := newBatchKit(t, gateway.Source{})
	life := k.alive()
	ended := make(chan struct{})
	g.do = func(n int) error {
		switch {
		case n == 0:
			go func() { life.End(); close(ended) }()
			for !life.Over() {
				runtime.Gosched()
			}
		case isClosed(ended):
			t.Error("the life is over, and a batch of it is not")
		}
		return nil
	}
	tells(t, "on its way", k.sendAll(each(group+1)...), repeated("parked", group+1))
	<-ended
	late := k.sendAll(each(2)...)
	for i := range late {
		if known := (*gateway.Error)(nil); !errors.As(late[i].Err, &known) || known.Code != gateway.CodeNotFound {
			t.Errorf("after its end: %+v", late[i])
		}
	}
}

func isClosed(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// While a large batch is stored neither another tenant nor another conversation waits for
// it; and one that it has stored is free before the next of it are. A callback that had to
// wait would never come back here, for it is sent from within the commit.
func TestLargeBatchStallsNobody(t *testing.T) {
	k, g := newBatchKit(t, gateway.Source{})
	other := k.open(waiting.OpenRequest{Key: "other"}).Wait
	neighbour := k.openAs("other", "k0")
	g.do = func(n int) error {
		if n == 0 {
			if got := k.send(sent{key: "other", body: paid(-1)}); got.WaitID != other.ID || got.Outcome != gateway.OutcomeResumed {
				t.Errorf("another conversation's: %+v", got)
			}
			c := k.callback(sent{key: "k0", body: paid(-2)})
			c.Source = k.sourceOf("other")
			if got, err := k.sessions.Take(c); err != nil || got.WaitID != neighbour.ID {
				t.Errorf("a neighbour's: %+v, %v", got, err)
			}
			return nil
		}
		mine := fmt.Sprint("k", (n-1)*group)
		if w := k.open(waiting.OpenRequest{Key: mine}).Wait; w.State != gateway.StateResumed {
			t.Errorf("the wait for %s, stored before commit %d, is %s", mine, n, w.State)
		}
		return nil
	}
	tells(t, "a thousand", k.sendAll(each(1000)...), repeated("parked", 1000))
	if fmt.Sprint(g.sizes) != fmt.Sprint([]int{group, group, group, 1000 - 3*group}) {
		t.Errorf("commits of %v", g.sizes)
	}
}

// alive gives the kit's tenant a life that can end.
func (k *kit) alive() *directory.Life {
	snapshot := directory.New()
	snapshot.Swap(directory.Build(metrics.New("test"), []*directory.Tenant{k.source.Tenant}, nil))
	k.source = snapshot.Current().Tenant("acme").Source("payments")
	return k.source.Tenant.Life
}
