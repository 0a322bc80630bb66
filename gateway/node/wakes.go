package node

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/background"
	"hookgate/gateway/cluster/forward"
	"hookgate/gateway/cluster/peers"
	"hookgate/gateway/outbound"
)

// verbWake tells the owner of lanes of deliveries that are durable.
const verbWake = "wake"

// wakes tells lanes of deliveries that were made here, wherever the lanes are. What is told to
// one node goes together, as it came. A wake that gets lost is found by the lane's owner, who
// looks into the store again now and then; where the lane keeps an order nothing passes it.
type wakes struct {
	owners forward.Owners
	asker  forward.Asker
	lanes  *outbound.Lanes
	log    *slog.Logger
	ctx    context.Context
	cancel context.CancelFunc

	mu      sync.Mutex
	of      map[string]*wakeBox // by node; "": nobody owns it now
	untold  int
	running sync.WaitGroup
}

// wakeBox is what one node is to be told.
type wakeBox struct {
	node  peers.Node
	lanes map[gateway.LaneKey][]gateway.Due
	since time.Time // of the oldest
}

const (
	// mostWakes bounds the deliveries of which nobody was told yet. What is more is found in
	// the store.
	mostWakes = 100_000
	// wakePause is the rest before a node is told again, or another.
	wakePause = 100 * time.Millisecond
	// wakeTime is how long a node has to hear.
	wakeTime = 5 * time.Second
	// wakeKept is for how long it is tried.
	wakeKept = 30 * time.Second
)

func newWakes(owners forward.Owners, asker forward.Asker, lanes *outbound.Lanes, log *slog.Logger) *wakes {
	w := &wakes{owners: owners, asker: asker, lanes: lanes, log: log, of: map[string]*wakeBox{}}
	w.ctx, w.cancel = context.WithCancel(context.Background())
	return w
}

func (w *wakes) close() {
	w.cancel()
	w.running.Wait()
}

// wake tells the owner of a lane. It never waits.
func (w *wakes) wake(lane gateway.LaneKey, dues []gateway.Due) { w.tell(lane, dues, time.Now()) }

func (w *wakes) tell(lane gateway.LaneKey, dues []gateway.Due, since time.Time) {
	owner, here := w.owners.Owner(lane.Slot())
	if here {
		w.lanes.WakeMany(lane, dues)
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.untold+len(dues) > mostWakes || w.ctx.Err() != nil {
		return
	}
	box := w.of[owner.ID]
	if box == nil {
		box = &wakeBox{node: owner}
		w.of[owner.ID] = box
		w.running.Go(func() { w.send(box) })
	}
	if len(box.lanes) == 0 {
		box.lanes, box.since = map[gateway.LaneKey][]gateway.Due{}, since
	}
	box.lanes[lane] = append(box.lanes[lane], dues...)
	w.untold += len(dues)
}

// take takes what a node is to be told; nil where that is nothing, which ends the box.
func (w *wakes) take(box *wakeBox) (lanes map[gateway.LaneKey][]gateway.Due, since time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	lanes, since, box.lanes = box.lanes, box.since, nil
	if len(lanes) == 0 {
		delete(w.of, box.node.ID)
	}
	for _, dues := range lanes {
		w.untold -= len(dues)
	}
	return lanes, since
}

// send tells one node, until there is nothing more for it. What it does not hear is told to
// whoever owns the lane then.
func (w *wakes) send(box *wakeBox) {
	for {
		if box.node == (peers.Node{}) {
			background.Sleep(w.ctx, wakePause)
		}
		lanes, since := w.take(box)
		if lanes == nil || w.ctx.Err() != nil {
			return
		}
		left := lanes
		if box.node != (peers.Node{}) {
			left = w.ask(box.node, lanes)
		}
		if len(left) == 0 {
			continue
		}
		if time.Since(since) > wakeKept {
			w.log.Warn("deliveries wait until their owner finds them in the store: it could not be told of them", "node", box.node.ID)
			continue
		}
		if box.node != (peers.Node{}) {
			background.Sleep(w.ctx, wakePause)
		}
		for lane, dues := range left {
			w.tell(lane, dues, since)
		}
	}
}

// wakeLine is the deliveries of one lane as they travel.
type wakeLine struct {
	Lane gateway.LaneKey `json:"lane"`
	Dues []gateway.Due   `json:"dues"`
}

// ask tells a node, and gives what it did not take.
func (w *wakes) ask(to peers.Node, lanes map[gateway.LaneKey][]gateway.Due) (left map[gateway.LaneKey][]gateway.Due) {
	lines := make([]wakeLine, 0, len(lanes))
	for lane, dues := range lanes {
		lines = append(lines, wakeLine{lane, dues})
	}
	message, err := json.Marshal(lines)
	if err != nil {
		panic("node: what is due does not encode: " + err.Error()) // texts, moments and numbers always do
	}
	ctx, stop := context.WithTimeout(w.ctx, wakeTime)
	defer stop()
	answer, err := w.asker.Ask(ctx, to, verbWake, message)
	if err != nil {
		return lanes
	}
	var refused []int
	if json.Unmarshal(answer, &refused) != nil {
		return lanes
	}
	left = map[gateway.LaneKey][]gateway.Due{}
	for _, i := range refused {
		if i >= 0 && i < len(lines) {
			left[lines[i].Lane] = lines[i].Dues
		}
	}
	return left
}

// serve wakes the lanes of this node; it answers with the places of those that are not here.
func (w *wakes) serve(_ context.Context, message []byte) ([]byte, error) {
	var lines []wakeLine
	if err := json.Unmarshal(message, &lines); err != nil {
		return nil, err
	}
	refused := []int{}
	for i, line := range lines {
		if _, here := w.owners.Owner(line.Lane.Slot()); here {
			w.lanes.WakeMany(line.Lane, line.Dues)
		} else {
			refused = append(refused, i)
		}
	}
	return json.Marshal(refused)
}
