package pebblestore

import "sync/atomic"

// firmness knows whether all that a read may have seen is durable already, so that nobody syncs for
// nothing: a start did six times, and whoever looks at a gateway at rest did each time.
//
// It counts. A commit is seen from somewhere between its begin and its end; a sync makes durable what
// ended before it began. So all is durable where as many began as had ended before a sync: then
// they are the same ones. Which they were need not be known.
type firmness struct{ begun, ended, durable atomic.Uint64 }

// begin counts a commit before anybody may see it, and gives how many had ended.
func (f *firmness) begin() (ended uint64) {
	ended = f.ended.Load()
	f.begun.Add(1)
	return ended
}

// end counts it when it is applied, whatever came of it. Of one that was synced, and went well,
// synced says so: it is durable itself, and so are those that had ended before.
func (f *firmness) end(ended uint64, synced bool) {
	f.ended.Add(1)
	if synced {
		f.synced(ended + 1)
	}
}

// synced is told of a sync before whose begin so many commits had ended.
func (f *firmness) synced(ended uint64) {
	for {
		known := f.durable.Load()
		if ended <= known || f.durable.CompareAndSwap(known, ended) {
			return
		}
	}
}

// all says whether all that a read may have seen until now is durable.
func (f *firmness) all() bool {
	ended := f.ended.Load() // first: what ends in between has begun
	return f.begun.Load() == ended && f.durable.Load() >= ended
}
