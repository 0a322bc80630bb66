package node

import (
	"time"

	"hookgate/auth/seal"
	"hookgate/gateway"
	"hookgate/gateway/keeping"
	"hookgate/gateway/store/pebblestore"
)

// folder opens a data folder.
func (o opening) folder() error {
	p := o.parts
	if err := keeping.Whole(p.config.Store.Dir); err != nil {
		return err
	}
	commits := p.metrics.StoreCommit()
	s, err := pebblestore.Open(pebblestore.Options{
		Dir: p.config.Store.Dir, Logger: p.Log, Unlock: o.unlock, AcceptDataLoss: p.AcceptDataLoss,
		Now: p.clock.Now, Newest: p.clock.NotBefore,
		Retention: current{p.directory}.retention, AuditKept: time.Duration(p.config.Audit.Retention),
		OnCommit: func(took time.Duration) { commits.Observe(took.Seconds()) },
		OnWrite:  p.storage.Written,
		OnFail: func(reason error) {
			p.Log.Error("the store has failed: nothing is taken until a restart", "error", reason)
		},
	})
	if err != nil {
		return err
	}
	p.disk, p.store = s, keptBy(s, folder{s})
	return nil
}

// unlock finds the master key, before the store changes anything in the folder.
func (o opening) unlock(held bool) error {
	if err := keeping.Whole(o.config.Store.Dir); err != nil { // it is locked now
		return err
	}
	key, err := seal.Folder(o.config.Store.Dir, o.config.MasterKey.Reveal(), held)
	if err != nil {
		return err
	}
	if key.Loose {
		o.Log.Warn("others on this machine may read the master key: set the mode of master.key to 0600")
	}
	o.sealer = seal.New(key.Key)
	return nil
}

// folder is a data folder as the ground of a store.
type folder struct{ *pebblestore.Store }

func (f folder) missing() (part string, why *gateway.Error) {
	if err := f.Healthy(); err != nil {
		why = gateway.Unavailable(err.Error(), 30*time.Second)
	}
	return "store", why
}

func (f folder) stands() standsOn {
	is := f.Stats()
	return standsOn{bytes: int64(is.Bytes), full: is.Full, low: is.Low, far: is.Full} // full, it goes on by itself when there is room
}
