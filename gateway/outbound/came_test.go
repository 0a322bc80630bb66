package outbound_test

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/outbound"
)

// looker says what came into the windows of a world's store since it was asked last.
type looker struct {
	w     *world
	mu    sync.Mutex
	seen  map[string]bool
	looks int
	fails int           // so many looks fail from here on
	holds chan struct{} // a look waits until it is closed; nil: it does not
}

var errLook = errors.New("the store is away")

func (l *looker) Came(slots gateway.SlotSet, since string, most int) (came []gateway.Came, upTo string, all bool, err error) {
	l.mu.Lock()
	holds := l.holds
	l.mu.Unlock()
	if holds != nil {
		<-holds
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fails > 0 {
		l.fails--
		return nil, "", false, errLook
	}
	if since == "" {
		l.seen = map[string]bool{}
	}
	lanes, err := l.w.store.Lanes(slots)
	for _, lane := range lanes {
		var due []gateway.Due
		if due, err = l.w.store.Window(lane, gateway.Due{}, 1000); err != nil {
			break
		}
		for _, d := range due {
			if !l.seen[d.ID] && d.Conversation != 0 {
				came = append(came, gateway.Came{Lane: lane, Due: d})
			}
			l.seen[d.ID] = true
		}
	}
	l.looks++
	if since == "" || len(came) > most {
		came = nil
		for _, lane := range lanes {
			came = append(came, gateway.Came{Lane: lane})
		}
		return came, strconv.Itoa(l.looks), false, err
	}
	return came, strconv.Itoa(l.looks), true, err
}

// lookers makes a world whose lanes keep an order, and others put something into their windows.
func lookers(t *testing.T, script func(received) reply) (*world, *looker) {
	w := bubble(t, script)
	if err := w.halt(); err != nil {
		t.Fatal(err)
	}
	l := &looker{w: w}
	w.options.Comings = l
	w.target.Ordered, w.target.Hold = true, time.Hour
	w.start()
	return w, l
}

// begun makes such a world, whose lane has sent something of the conversation k.
func begun(t *testing.T) (*world, *looker) {
	w, l := lookers(t, always(204))
	n := l.of("k", time.Now())
	l.commit(n)
	l.tell(n)
	w.await(1)
	return w, l
}

// of makes a notice of a conversation that is due at a moment.
func (l *looker) of(conversation string, at time.Time) *gateway.Notice {
	n := l.w.notice("acme", "crm")
	n.Event.ConversationKey, n.Delivery.ConversationKey = conversation, conversation
	n.Delivery.NextAttemptAt = at
	return n
}

func (l *looker) commit(n *gateway.Notice) {
	l.w.t.Helper()
	if err := l.w.store.Commit(&gateway.Change{Notice: n}); err != nil {
		l.w.t.Fatal(err)
	}
}

func (l *looker) tell(n *gateway.Notice) { l.w.lanes.Wake(n.Delivery.Lane(), n.Delivery.Due()) }

// order says in which order the receiver got notices, of those that are given.
func (l *looker) order(of ...*gateway.Notice) (places []int) {
	for _, r := range l.w.receiver.all() {
		if i := slices.IndexFunc(of, func(n *gateway.Notice) bool { return r.id() == n.Event.ID }); i >= 0 {
			places = append(places, i)
		}
	}
	return places
}

// What another process has published, and of which nobody told the lane, goes before what
// comes after it in its conversation, and once: in a lane that is new, in one that has sent, and
// where the store is away for a while.
func TestUntoldGoesFirst(t *testing.T) {
	for name, before := range map[string]func(*world, *looker){
		"in a new lane":    func(*world, *looker) {},
		"in a used lane":   func(w *world, l *looker) { n := l.of("other", time.Now()); l.commit(n); l.tell(n); w.await(1) },
		"while it is away": func(_ *world, l *looker) { l.mu.Lock(); l.fails = 3; l.mu.Unlock() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, l := lookers(t, always(204))
				defer w.stop()
				before(w, l)
				var all []*gateway.Notice
				for range 5 {
					n := l.of("k", time.Now())
					l.commit(n)
					all = append(all, n)
					time.Sleep(time.Millisecond)
				}
				l.tell(all[4])
				time.Sleep(time.Minute)
				if got := l.order(all...); !slices.Equal(got, []int{0, 1, 2, 3, 4}) {
					t.Errorf("they were sent in the order %v", got)
				}
				l.tell(all[1]) // late
				time.Sleep(time.Minute)
				if got := l.order(all...); len(got) != 5 {
					t.Errorf("what is told late is sent again: %v", got)
				}
			})
		})
	}
}

// A window is read on from where it ends; what became durable before that place, and late, goes
// before what was read behind it.
func TestUntoldBehindTheCursorGoesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t, always(204))
		if err := w.halt(); err != nil {
			t.Fatal(err)
		}
		l := &looker{w: w}
		w.options.Comings, w.options.Window = l, 4
		w.target.Ordered, w.target.Hold, w.target.Concurrency = true, time.Hour, 1
		w.target.Rate = &gateway.Rate{PerSecond: 1, Burst: 1}
		w.start()
		defer w.stop()
		began := time.Now()
		var first *gateway.Notice
		for n := range 40 {
			one := l.of(fmt.Sprint("c", n), began.Add(time.Duration(n)*time.Millisecond))
			l.commit(one)
			if first == nil {
				first = one
			}
		}
		l.tell(first)
		time.Sleep(10*time.Second + 500*time.Millisecond) // some have been sent, and the window ends between
		early, late := l.of("k", began.Add(2*time.Millisecond)), l.of("k", began.Add(100*time.Millisecond))
		l.commit(early)
		l.commit(late)
		time.Sleep(10 * time.Minute)
		if got := l.order(early, late); !slices.Equal(got, []int{0, 1}) {
			t.Errorf("they were sent in the order %v", got)
		}
	})
}

// A lane that keeps no order waits for no look, and what is of no conversation does not.
func TestOthersWaitForNoLook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, l := begun(t)
		defer w.stop()
		l.mu.Lock()
		l.holds = make(chan struct{})
		l.mu.Unlock()
		held, lone := l.of("k", time.Now()), l.of("", time.Now())
		l.commit(held)
		l.tell(held)
		l.commit(lone)
		l.tell(lone)
		w.await(1)
		if got := l.order(held, lone); !slices.Equal(got, []int{1}) {
			t.Errorf("while nobody can look there were sent %v", got)
		}
		close(l.holds)
		w.await(1)
	})
}

// What a lane comes upon while it is withheld is sent when it may be, also where nobody tells it.
func TestWithheldComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, l := begun(t)
		defer w.stop()
		n := l.of("k", time.Now())
		w.lanes.Withhold(n.Delivery.Lane(), n.Delivery.ID)
		l.commit(n)
		w.lanes.Look()
		time.Sleep(time.Minute)
		if got := l.order(n); len(got) != 0 {
			t.Fatal("what is withheld is sent")
		}
		w.lanes.Let(n.Delivery.Lane(), n.Delivery.ID)
		time.Sleep(time.Minute)
		if got := l.order(n); len(got) != 1 {
			t.Errorf("what may be sent was sent %d times", len(got))
		}
	})
}

var _ outbound.Comings = (*looker)(nil)
