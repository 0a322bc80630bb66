package watching

import (
	"context"
	"time"

	"hookgate/gateway/cluster/peers"
)

const (
	// tendEvery is how soon a change of owners is seen.
	tendEvery = 250 * time.Millisecond
	// listEvery is how soon what was lost between nodes is found.
	listEvery = 5 * time.Second
	// atOnce is how many waits one message names.
	atOnce = 1000
)

// tend keeps somebody looking on at each wait, while there are any.
func (w *Watches) tend() {
	tick := time.NewTicker(tendEvery)
	defer tick.Stop()
	for {
		select {
		case <-w.quit:
			return
		case <-tick.C:
		}
		due, over := w.due()
		if over {
			return
		}
		w.lookAnew(due)
	}
}

// duty is what is to be asked of a node.
type duty struct {
	node peers.Node
	here bool
	anew []key // nobody looks on at these
	all  []key // at these it does, as far as is known; nil: it is not told
}

// due gives what is to be asked now; over is that nobody looks on at anything.
func (w *Watches) due() (all map[string]*duty, over bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.of) == 0 {
		w.tending = false
		return nil, true
	}
	lists := time.Since(w.listed) >= listEvery
	if lists {
		w.listed = time.Now()
	}
	all = map[string]*duty{}
	for _, one := range w.of {
		owner, here := w.options.Owners.Owner(one.slot)
		if owner == (peers.Node{}) || len(one.all) == 0 {
			continue // a gap: it goes on when that is over
		}
		d := all[owner.ID]
		if d == nil {
			d = &duty{node: owner, here: here}
			all[owner.ID] = d
		}
		switch {
		case one.at != owner.ID:
			d.anew = append(d.anew, one.key)
		case lists && !here:
			d.all = append(d.all, one.key)
		}
	}
	return all, false
}

// lookAnew asks what is due, of each node beside the others: one that does not answer keeps
// nobody else waiting.
func (w *Watches) lookAnew(due map[string]*duty) {
	done := make(chan struct{}, len(due))
	for _, d := range due {
		go func() {
			defer func() { done <- struct{}{} }()
			if d.here {
				w.lookAnewHere(d.anew)
			} else {
				w.lookAnewAt(d)
			}
		}()
	}
	for range due {
		<-done
	}
}

func (w *Watches) lookAnewHere(keys []key) {
	for _, k := range keys {
		ctx, stop := context.WithTimeout(context.Background(), askTime)
		now, err := w.lookHere(ctx, k)
		stop()
		if err == nil && !open(now) {
			w.ended(k, now, nil)
		} else if err != nil && !passes(err) {
			w.ended(k, nil, err)
		}
	}
}

// lookAnewAt asks another node. What it does not answer is asked again.
func (w *Watches) lookAnewAt(d *duty) {
	keys, all := d.anew, false
	if d.all != nil && len(d.all)+len(d.anew) <= atOnce*50 {
		keys, all = append(d.all, d.anew...), true
	}
	for n := 0; len(keys) > 0; keys = keys[n:] {
		if n = min(len(keys), atOnce); all {
			n = len(keys)
		}
		states, err := w.askAt(context.Background(), d.node, all, keys[:n])
		if err != nil {
			if !all {
				return
			}
			w.options.Log.Debug("another node was not told which waits are held here", "node", d.node.ID, "error", err)
			return
		}
		w.hear(d.node.ID, states)
	}
}
