package cluster

import (
	"errors"
	"maps"
	"slices"
	"time"

	"hookgate/gateway/store"
)

// rescue gives the slots of the dead to the living. Of those who live the first one does so,
// the others only if it has not; two that do it at once do it once.
func (w *watcher) rescue() {
	for _, dead := range w.dead() {
		if dead.left {
			w.options.Log.Info("a node has left slots behind: they are taken over", "node", idOf(dead.node))
		} else {
			w.options.Log.Warn("a node does not beat: it is declared dead, and its slots are taken over", "node", idOf(dead.node), "address", dead.address)
		}
		err := w.options.Store.TakeOver(dead.node, dead.seen, &dead.to)
		if errors.Is(err, store.ErrDeclaredDead) {
			w.fallen.Store(true)
			w.poke()
			return
		}
		w.telling.Store(true) // that took a while: beat before the others wonder
		if errors.Is(err, store.ErrBeats) {
			w.options.Log.Info("a node that was to be declared dead beats again", "node", idOf(dead.node))
			w.poke()
			return
		}
		if err != nil {
			w.options.Log.Warn("taking over failed", "node", idOf(dead.node), "error", err)
			return
		}
		if !dead.left {
			w.options.Observer.TookOver()
		}
		w.look()
		w.mover.tellOwners(&dead.to)
	}
	w.bury()
}

// dead is a node whose slots are to be taken over.
type dead struct {
	node    int64
	address string
	seen    int64 // what its counter stands at
	left    bool  // it has ended by itself, or is known to be dead
	to      store.Owners
}

// dead gives those that this node should declare dead now. It spares none of them from here
// on.
func (w *watcher) dead() (all []dead) {
	w.mu.Lock()
	defer w.mu.Unlock()
	suspects := w.suspects()
	late := w.inTurn(suspects)
	for _, id := range slices.Sorted(maps.Keys(suspects)) {
		if w.began.Before(suspects[id].Add(late)) {
			continue
		}
		d := dead{node: id, seen: -1, left: true}
		if p := w.peers[id]; p != nil {
			d.address, d.seen, d.left = p.told.Address, p.member.Beat, p.member.Gone
			p.doomed = true
		}
		to := w.planned()
		for slot, is := range w.known {
			if is.Node != id {
				continue
			}
			if d.to[slot].Node = to[slot]; to[slot] == id { // all others leave
				d.to[slot].Node = w.self
			}
		}
		all = append(all, d)
	}
	return all
}

// suspects gives the nodes that are dead, and since when. One that is gone or has left, and
// owns something still, is a matter of the first node alone.
func (w *watcher) suspects() map[int64]time.Time {
	all := map[int64]time.Time{}
	for id, p := range w.peers {
		if at := p.deadAt(); id != w.self && !p.member.Gone && !w.began.Before(at) {
			all[id] = at
		}
	}
	for _, is := range w.known {
		p := w.peers[is.Node]
		if is.Node != 0 && is.Node != w.self && (p == nil || p.member.Gone) {
			all[is.Node] = w.began
		}
	}
	return all
}

// inTurn is how much later than the first of those who live this node acts.
func (w *watcher) inTurn(suspects map[int64]time.Time) time.Duration {
	living := slices.DeleteFunc(w.living(), func(id int64) bool { _, is := suspects[id]; return is })
	return time.Duration(max(0, slices.Index(living, w.self))) * inTurn
}

// bury forgets those who are gone for long.
func (w *watcher) bury() {
	var old []int64
	w.mu.Lock()
	if living := w.living(); len(living) > 0 && living[0] == w.self {
		for id, p := range w.peers {
			if p.member.Gone && w.began.Sub(p.goneAt) > shownGone {
				old = append(old, id)
			}
		}
	}
	w.mu.Unlock()
	for _, id := range old {
		if err := w.options.Store.Bury(id); err != nil {
			w.options.Log.Debug("a node that is gone is not forgotten", "node", idOf(id), "error", err)
		}
	}
}
