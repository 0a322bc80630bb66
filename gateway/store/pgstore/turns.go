package pgstore

import (
	"errors"
	"sync"
)

// turn is a place in the queue of a writer: a promise, or a meeting with another writer for
// one that is about tenants of both.
type turn struct {
	p       *promise
	meeting *meeting
	leads   bool // writes it, when the other has come
}

// meeting is two writers of which one writes while the other waits.
type meeting struct {
	come sync.WaitGroup
	over chan struct{}
}

// mostQueued is how many bytes may wait for a writer; what comes then is refused.
const mostQueued = 64 << 20

func (w *writers) enqueue(p *promise) error {
	if p.at == 0 {
		p.at = 1 // of no tenant
	}
	var of []*writer
	for n, one := range w.all {
		if p.at>>n&1 != 0 {
			of = append(of, one)
		}
	}
	if len(of) == 1 {
		return of[0].push(turn{p: p}, p.size)
	}
	w.joining.Lock()
	defer w.joining.Unlock()
	m := &meeting{over: make(chan struct{})}
	m.come.Add(len(of) - 1)
	if err := of[0].push(turn{p: p, meeting: m, leads: true}, p.size); err != nil {
		return err
	}
	for _, other := range of[1:] {
		if other.push(turn{p: p, meeting: m}, 0) != nil {
			m.come.Done() // it writes nothing any more
		}
	}
	return nil
}

func (w *writer) push(t turn, size int) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closing {
		return errClosed
	}
	if len(w.queue) > 0 && w.queued+size > mostQueued {
		return unavailable(errors.New("too much waits to be written"))
	}
	w.queue, w.queued = append(w.queue, t), w.queued+size
	w.linger.comes(&t, len(w.queue))
	w.poke()
	return nil
}

// meet writes a promise that is about tenants of another writer too, when that has come; or
// waits until the other has written it.
func (w *writer) meet(t *turn) {
	if !t.leads {
		t.meeting.come.Done()
		<-t.meeting.over
		return
	}
	t.meeting.come.Wait()
	if g := newGroup(); w.begins(t.p, g) {
		w.sendGroup(g)
	}
	close(t.meeting.over)
}

// leave ends the writer: what waits is refused.
func (w *writer) leave() {
	w.mu.Lock()
	w.closing = true
	left := w.queue
	w.queue = nil
	w.mu.Unlock()
	for _, t := range left {
		switch {
		case t.meeting == nil || t.leads:
			if t.p.taken.CompareAndSwap(false, true) {
				t.p.done <- errClosed
			}
			if t.leads {
				close(t.meeting.over)
			}
		default:
			t.meeting.come.Done()
		}
	}
	if w.conn != nil {
		closeNow(w.conn)
		w.conn = nil
	}
}
