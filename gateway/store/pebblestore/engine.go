package pebblestore

import (
	"io"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
	"github.com/oklog/ulid/v2"

	"hookgate/gateway/store/gate"
	"hookgate/gateway/store/handy"
)

// engine is the database with what guards it: all commits and reads of the parts go
// through it.
type engine struct {
	opts  Options
	db    *pebble.DB
	guard *guard
	known known
	lock  io.Closer
	stays stays

	space    *space
	backlog  backlog
	pace     pace
	unsynced atomic.Uint64 // commits without a sync since Open; see lag.go
	written  atomic.Bool   // since keepNewest
	firmness firmness
	turns    turns
	later    *laters
	sieves   *sieves
	gaps     gaps
	once     ulid.ULID     // see once.go
	twice    atomic.Uint64 // what was put twice nevertheless
	handy    *handy.Hand

	failure  atomic.Pointer[failure]
	failed   chan struct{} // closed with failure
	opened   atomic.Bool
	repaired bool // by this opening

	using   gate.Gate
	done    chan struct{} // closed by Close, when nobody uses the store any more
	gone    chan struct{} // closed by Close at its end
	workers sync.WaitGroup
}

func newEngine(opts Options) *engine {
	e := &engine{opts: opts, later: newLaters(), sieves: newSieves(), handy: handy.New(), failed: make(chan struct{}), done: make(chan struct{}), gone: make(chan struct{})}
	e.gaps.far, e.once = farWalk, lastULID
	e.known = known{fs: opts.FS, name: opts.FS.PathJoin(opts.Dir, "known"), warn: func(err error) {
		opts.Logger.Error("damage may pass unnoticed", "error", err)
	}}
	return e
}

// closing says whether Close was called.
func (s *engine) closing() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}
