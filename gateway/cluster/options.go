package cluster

import (
	"context"
	"log/slog"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/cluster/peers"
	"hookgate/gateway/store"
)

// Node is a node as others reach it.
type Node = peers.Node

// Part is what does the work of slots in this process.
type Part interface {
	// Acquire takes slots; what is owned already stays as it is. After an error it is
	// asked again.
	Acquire(slots gateway.SlotSet) error
	// Release gives slots up, also those that were not acquired. When it returns nothing is
	// written for them any more.
	Release(slots gateway.SlotSet)
}

// Calmer is a Part that may need long to give slots up.
type Calmer interface {
	Part
	// Calm begins nothing for slots that takes long, and waits for what is under way, while this
	// node goes on to answer for them. Release comes next, before that of other parts, whether
	// they are given away or not.
	Calm(slots gateway.SlotSet)
}

// Store is where the nodes see each other. store.ErrDeclaredDead is what it says to one that
// was declared dead.
type Store interface {
	// Node is the number of this node.
	Node() int64
	// Rejoin makes it a new node, for one that was declared dead.
	Rejoin() error
	// Beat raises the counter of this node, and says something of it.
	Beat(told []byte) error
	// Members gives the nodes and the owners, as they are at one moment.
	Members() ([]store.Member, store.Owners, error)
	// Assign gives slots to a node whose owner and epoch are still as known, and tells which.
	// The owner is 0, or this node, which has released them. After an error nobody knows which
	// were given, until another Assign of the same slots has told.
	Assign(slots gateway.SlotSet, known *store.Owners, to int64) (gateway.SlotSet, error)
	// TakeOver declares a node dead whose counter stands at seen still, and gives its slots to
	// the owners that to has. When it returns, that node writes nothing any more. One that is
	// gone, or has left, is taken over whatever was seen. store.ErrBeats: it has beaten since.
	TakeOver(dead, seen int64, to *store.Owners) error
	// Bury forgets a node that is gone.
	Bury(node int64) error
}

// Self is what a node says of itself.
type Self struct {
	Address string    // at which others reach it
	Version string    // of hookgate
	Since   time.Time // when it started
	Digest  string    // of what must be alike in the configurations of all nodes
	Keys    []string  // keyed digests of the secrets that it takes from others
	Process string    // tells its process from all others; "" where that cannot be told
	Known   int64     // the revision of the configuration that it knows
}

// Options are what a Cluster is made of. Store, Parts, Say and Ask are required.
type Options struct {
	Store Store
	// Parts acquire slots in this order, and release them in the other. One that may need long
	// for that is a Calmer.
	Parts []Part
	// Say gives what this node says of itself. It must not block.
	Say func() Self
	// Ask asks another node. peers.ErrNotHere is of a node that is there in its place.
	Ask func(ctx context.Context, to Node, verb string, body []byte) ([]byte, error)
	// Ended says that a process has surely ended, by what its node said of it. It must not block.
	// nil: that is never known.
	Ended func(process string) bool
	// Leaves is told of a node that ends, and has given all away; it returns when nothing is under
	// way to it, or ctx has ended. nil: nobody is told.
	Leaves   func(ctx context.Context, node string)
	Log      *slog.Logger // nil: slog.Default
	Observer Observer
}

// Observer is told what happens, for metrics. Its members may be nil, and must not block.
type Observer struct {
	TookOver   func()                             // this node has declared another one dead
	Fenced     func()                             // it was declared dead itself
	HandedOver func(slots int, gap time.Duration) // for so long nobody answered for them
	Changed    func()                             // a node came or went, drains, or has another configuration
}

const (
	// beatEvery is the pause between beats.
	beatEvery = time.Second
	// againAfter is the pause after a beat that failed.
	againAfter = 500 * time.Millisecond
	// leaseTime is how long a node answers for its slots, from before it sent the last beat
	// that succeeded, or from before it asked those who spare it.
	leaseTime = 3 * time.Second
	// deadAfter is for how long the counter of a node that lives may stand.
	deadAfter = 5 * time.Second
	// replacedAfter is deadAfter where another node is at its address. It is more than leaseTime,
	// too: an address may have moved to another machine while the one that had it lives. Only
	// where its process is known to have ended nobody waits.
	replacedAfter = leaseTime + 500*time.Millisecond
	// silentAfter is deadAfter of one that has not said anything yet.
	silentAfter = 5 * time.Minute
	// connected is the longest pause between two looks of one who looked all the while.
	connected = 2500 * time.Millisecond
	// returning is how much longer than deadAfter a node may need after an outage: it may
	// find the database later than this one did.
	returning = 2 * time.Second
	// inTurn is by how much later each further node does what the first one should have.
	inTurn = 700 * time.Millisecond
	// gapTime is how long a request waits for an owner.
	gapTime = 3 * time.Second
	// shownGone is for how long a dead node is listed.
	shownGone = time.Hour
)

func (o *Options) withDefaults() Options {
	d := *o
	if d.Log == nil {
		d.Log = slog.Default()
	}
	if d.Ended == nil {
		d.Ended = func(string) bool { return false }
	}
	if d.Leaves == nil {
		d.Leaves = func(context.Context, string) {}
	}
	if d.Observer.TookOver == nil {
		d.Observer.TookOver = func() {}
	}
	if d.Observer.Fenced == nil {
		d.Observer.Fenced = func() {}
	}
	if d.Observer.Changed == nil {
		d.Observer.Changed = func() {}
	}
	if d.Observer.HandedOver == nil {
		d.Observer.HandedOver = func(int, time.Duration) {}
	}
	return d
}
