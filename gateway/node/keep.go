package node

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/calling"
	"hookgate/gateway/keeping"
	"hookgate/gateway/store/pebblestore"
)

// held is whether this gateway sends anything to endpoints and to the platform. One that
// was restored does not until somebody says so: another may live that does (SPEC O10).
type held struct {
	is     atomic.Bool
	since  time.Time // of this process: what came later is its own
	ending sync.Mutex
}

// openHeld looks whether the folder is held.
func (p *parts) openHeld() error {
	if p.disk == nil {
		return nil // backups of a database are its own
	}
	why, err := keeping.Held(p.config.Store.Dir)
	if err != nil {
		return err
	}
	p.held.since = p.clock.Now()
	p.held.is.Store(why != "")
	p.metrics.Held(why != "")
	if why != "" {
		p.Log.Warn("this data folder was restored from a backup: nothing is sent to endpoints and to the platform until POST /v1/resume, or hookgate restore --resume", "folder", p.config.Store.Dir)
	}
	return nil
}

// heldWord is why nothing is sent, in the words of /readyz.
func (p *parts) heldWord() string {
	if p.held.is.Load() {
		return keeping.Restored
	}
	return ""
}

// resume lets a held gateway send, now and after every start. It says whether it was held.
func (p *parts) resume() (was bool, err error) {
	p.held.ending.Lock()
	defer p.held.ending.Unlock()
	if !p.held.is.Load() {
		return false, nil
	}
	pending, err := p.store.calls.PendingCalls(gateway.AllSlots())
	if err != nil {
		return true, err
	}
	if err := keeping.Release(p.config.Store.Dir); err != nil {
		return true, err
	}
	kept := pending[:0]
	for _, c := range pending {
		if c.CreatedAt.Before(p.held.since) {
			kept = append(kept, c)
		}
	}
	p.held.is.Store(false)
	p.metrics.Held(false)
	p.lanes.LetGo()
	p.calls.TakeUp(kept)
	b := between{p}
	b.proveEndpoints(p.directory.Current().Tenants())
	p.Log.Info("the restored gateway sends from now on", "folder", p.config.Store.Dir)
	return true, nil
}

// heldCalls is the store as calling sees it: pending calls that were restored are not made
// while the gateway is held.
type heldCalls struct {
	calling.Store
	held *held
}

// PendingCalls leaves out those that are held.
func (s heldCalls) PendingCalls(slots gateway.SlotSet) ([]*gateway.PendingCall, error) {
	list, err := s.Store.PendingCalls(slots)
	if err != nil || !s.held.is.Load() {
		return list, err
	}
	own := list[:0]
	for _, c := range list {
		if !c.CreatedAt.Before(s.held.since) {
			own = append(own, c)
		}
	}
	return own, nil
}

func (p *parts) openBackups() error {
	p.backups = keeping.New(keeping.Options{
		Checkpoint: p.checkpoint, Beside: p.beside, Version: p.Version, Now: p.clock.Now, Rate: int64(p.config.Backup.Rate),
	})
	p.onStop(func() error { p.backups.Stop(); return nil })
	return nil
}

// errUsePgDump is of a backup of what is in a database.
var errUsePgDump = gateway.Errorf(gateway.CodeUsePgDump, "the store is a PostgreSQL: take backups of its schema, with pg_dump or what keeps the database; the master key is in none")

// checkpoint is the store's, as keeping asks for it.
func (p *parts) checkpoint() (keeping.Checkpoint, error) {
	c, err := p.disk.Checkpoint()
	if err != nil {
		return nil, err
	}
	return storePoint{c}, nil
}

type storePoint struct{ *pebblestore.Checkpoint }

// Files gives them with what copies each.
func (c storePoint) Files() (files []keeping.File) {
	for _, f := range c.Checkpoint.Files {
		files = append(files, keeping.File{Name: f.Name, Size: f.Size, Copy: func(w io.Writer) error { return c.Copy(w, f.Name) }})
	}
	return files
}

// beside gives what the data folder has beside its store: by which key it is sealed, and
// the key where that is asked for.
func (p *parts) beside(withKey bool) (files []keeping.File, err error) {
	if p.disk == nil {
		return nil, errUsePgDump
	}
	dir := p.config.Store.Dir
	add := func(name string, text []byte, failed error) {
		if failed != nil {
			err = fmt.Errorf("reading what is beside the store: %w", failed)
		}
		files = append(files, keeping.File{Name: name, Size: int64(len(text)), Copy: func(w io.Writer) error { _, err := w.Write(text); return err }})
	}
	sealed, failed := os.ReadFile(filepath.Join(dir, "sealed"))
	if !os.IsNotExist(failed) {
		add("sealed", sealed, failed)
	}
	switch given := p.config.MasterKey.Reveal(); {
	case !withKey:
	case given != "":
		add("master.key", []byte(strings.TrimSpace(given)+"\n"), nil)
	default:
		text, failed := os.ReadFile(filepath.Join(dir, "master.key"))
		add("master.key", text, failed)
	}
	return files, err
}

// Resume lets the gateway send that will serve a data folder, which none serves now.
func Resume(dir string) (err error) {
	done, err := pebblestore.Lock(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	if err := keeping.Whole(dir); err != nil {
		return err
	}
	return keeping.Release(dir)
}
