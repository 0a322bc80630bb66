package watching

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/cluster/forward"
	"hookgate/gateway/cluster/peers"
)

// Sessions are the waits that this node decides: waiting.Sessions.
type Sessions interface {
	// Watch gives a wait that has ended; else it gives it as it stands, and tells done how it
	// ends, until stop.
	Watch(ctx context.Context, tenant, id string, done func(*gateway.Wait, error)) (w *gateway.Wait, stop func() bool, err error)
	Get(tenant, id string) (*gateway.Wait, error)
}

// Options are what Watches need.
type Options struct {
	Owners   forward.Owners
	Asker    forward.Asker
	Self     func() peers.Node // where this node is told of ends
	Sessions Sessions
	Log      *slog.Logger
}

// Watches are those who look on at waits, here and for other nodes.
type Watches struct {
	options Options
	near    *near

	mu       sync.Mutex
	of       map[key]*watched
	tending  bool
	listed   time.Time // when the owners were told the whole list
	draining bool
	quit     chan struct{}
	running  sync.WaitGroup
}

// key names a wait.
type key struct{ tenant, id string }

// watched is a wait at which somebody looks on.
type watched struct {
	key
	slot gateway.Slot
	at   string      // the node that looks on for it; "": none does
	stop func() bool // where that is this one
	all  []*watcher
}

// watcher is one who looks on.
type watcher struct {
	done func(*gateway.Wait, error)
}

// New makes Watches.
func New(o Options) *Watches {
	w := &Watches{options: o, of: map[key]*watched{}, quit: make(chan struct{})}
	w.near = newNear(&w.options)
	return w
}

var errDraining = &gateway.Error{
	Code: gateway.CodeDraining, Message: "this process is stopping; the wait stays open, ask again", RetryAfter: time.Second,
}

// Drain sends all away, and lets nobody look on any more.
func (w *Watches) Drain() {
	w.mu.Lock()
	all := w.of
	if w.of = map[key]*watched{}; !w.draining {
		w.draining = true
		close(w.quit)
	}
	w.mu.Unlock()
	for _, one := range all {
		if one.stop != nil {
			one.stop()
		}
		one.tell(nil, errDraining)
	}
	w.near.close()
	w.running.Wait()
}

func (one *watched) tell(final *gateway.Wait, why error) {
	for _, x := range one.all {
		x.done(final, why)
	}
}

// Watch gives a wait that has ended; else it gives it as it stands, and tells done how it
// ends, until stop. It waits for an owner for as long as Owners do.
func (w *Watches) Watch(ctx context.Context, tenant, id string, done func(*gateway.Wait, error)) (now *gateway.Wait, stop func() bool, err error) {
	k := key{tenant, id}
	x := &watcher{done}
	if !w.add(k, x) {
		return nil, nil, errDraining
	}
	stop = func() bool { return w.remove(k, x) }
	var owner peers.Node
	var here bool
	for asked := false; ; asked = true {
		if asked {
			owner, here, err = w.options.Owners.NextOwner(ctx, gateway.SlotOf(tenant))
		} else {
			owner, here, err = w.options.Owners.WaitOwner(ctx, gateway.SlotOf(tenant))
		}
		if err == nil {
			if now, err = w.look(ctx, k, owner, here); errors.Is(err, gateway.ErrMoved) || peers.NotTaken(err) {
				if ctx.Err() == nil {
					continue
				}
			}
		}
		break
	}
	switch {
	case err != nil:
		stop()
		return nil, nil, known(err)
	case now.State != gateway.StateWaiting:
		stop() // of who was told as well it is not called twice
		return now, nil, nil
	}
	return now, stop, nil
}

// known gives an error as the client is told of it.
func known(err error) error {
	var ours *gateway.Error
	if errors.As(err, &ours) || errors.Is(err, gateway.ErrNotFound) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &gateway.Error{Code: gateway.CodeUnavailable, Message: "the node that decides this has not answered", RetryAfter: time.Second, Err: err}
}

// add lets one more look on.
func (w *Watches) add(k key, x *watcher) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.draining {
		return false
	}
	one := w.of[k]
	if one == nil {
		one = &watched{key: k, slot: gateway.SlotOf(k.tenant)}
		w.of[k] = one
	}
	one.all = append(one.all, x)
	if !w.tending {
		w.tending, w.listed = true, time.Now()
		w.running.Go(w.tend)
	}
	return true
}

// remove takes back that somebody looks on, and says whether he will not be told any more.
func (w *Watches) remove(k key, x *watcher) bool {
	w.mu.Lock()
	one := w.of[k]
	if one == nil {
		w.mu.Unlock()
		return false
	}
	found := false
	for i := range one.all {
		if one.all[i] == x {
			one.all = append(one.all[:i], one.all[i+1:]...)
			found = true
			break
		}
	}
	var stop func() bool
	if found && len(one.all) == 0 {
		delete(w.of, k)
		stop = one.stop
	}
	w.mu.Unlock()
	if stop != nil {
		stop()
	}
	return found
}

// ended tells those who look on at a wait how it ended, or why nobody can say.
func (w *Watches) ended(k key, final *gateway.Wait, why error) {
	w.mu.Lock()
	one := w.of[k]
	delete(w.of, k)
	w.mu.Unlock()
	if one != nil {
		one.tell(final, why)
	}
}

// lost notes that no node looks on at a wait any more, if that one did.
func (w *Watches) lost(k key, at string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if one := w.of[k]; one != nil && one.at == at {
		one.at, one.stop = "", nil
	}
}

// look looks on at a wait, at the node that is said, and gives it as it stands or ended.
func (w *Watches) look(ctx context.Context, k key, owner peers.Node, here bool) (*gateway.Wait, error) {
	if here {
		return w.lookHere(ctx, k)
	}
	states, err := w.askAt(ctx, owner, false, []key{k})
	if err != nil {
		return nil, err
	}
	s := states[0]
	if s.err != nil {
		return nil, s.err
	}
	if s.wait == nil {
		return nil, errors.New("another node has not said how a wait stands")
	}
	if s.wait.State == gateway.StateWaiting {
		w.settled(k, owner.ID, nil)
	}
	return s.wait, nil
}

// settled notes which node looks on at a wait.
func (w *Watches) settled(k key, at string, stop func() bool) {
	w.mu.Lock()
	one := w.of[k]
	var was func() bool
	if one != nil {
		was = one.stop
		one.at, one.stop = at, stop
	}
	w.mu.Unlock()
	if was != nil {
		was()
	}
	if one == nil && stop != nil { // all have left meanwhile
		stop()
	}
}

// lookHere looks on at a wait that this node decides.
func (w *Watches) lookHere(ctx context.Context, k key) (*gateway.Wait, error) {
	self := w.options.Self().ID
	now, stop, err := w.options.Sessions.Watch(ctx, k.tenant, k.id, func(final *gateway.Wait, why error) {
		if errors.Is(why, gateway.ErrMoved) {
			w.lost(k, self)
			return
		}
		w.ended(k, final, why)
	})
	if err == nil && stop != nil {
		w.settled(k, self, stop)
	}
	return now, err
}
