package keeping

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"sync/atomic"
	"time"

	"hookgate/gateway"
)

// Checkpoint is a store as it was at one moment.
type Checkpoint interface {
	// Files are those of a data folder, but for its keys.
	Files() []File
	// Scarce says that the store needs the room that the checkpoint may hold.
	Scarce() bool
	Close() error
}

// Options are what Backups need.
type Options struct {
	// Checkpoint makes one; there is no other at the time.
	Checkpoint func() (Checkpoint, error)
	// Beside gives the files that are no store's: by which key it is sealed, and the key
	// itself where that is asked for.
	Beside  func(withKey bool) ([]File, error)
	Version string
	Now     func() time.Time
	// Rate is how many bytes a second an archive is sent with; 0: as fast as it goes.
	Rate int64
}

// Backups takes backups, one at a time: each holds room on the disk until it was sent.
type Backups struct {
	options Options
	busy    atomic.Bool
	ctx     context.Context
	cancel  context.CancelFunc
}

// New makes Backups.
func New(o Options) *Backups {
	b := &Backups{options: o}
	b.ctx, b.cancel = context.WithCancel(context.Background())
	return b
}

// Backup is one that was taken and is to be sent. Close gives all back.
type Backup struct {
	Size  int64 // bytes of the archive
	of    *Backups
	about []byte
	at    time.Time
	files []File
	point Checkpoint
}

var errBusy = &gateway.Error{Code: gateway.CodeRateLimited, Message: "a backup is being taken: there is one at a time", RetryAfter: 30 * time.Second}

// Take takes a backup: all that was acknowledged before is in it.
func (b *Backups) Take(withKey bool) (*Backup, error) {
	if b.ctx.Err() != nil {
		return nil, &gateway.Error{Code: gateway.CodeDraining, Message: "this process is stopping", RetryAfter: time.Second}
	}
	if !b.busy.CompareAndSwap(false, true) {
		return nil, errBusy
	}
	t := &Backup{of: b, at: b.options.Now().UTC()}
	if err := t.take(withKey); err != nil {
		return nil, errors.Join(err, t.Close())
	}
	return t, nil
}

func (t *Backup) take(withKey bool) (err error) {
	o := &t.of.options
	if t.about, err = json.Marshal(About{Version: o.Version, At: t.at, WithKey: withKey, Archived: archiveVersion}); err != nil {
		return err
	}
	beside, err := o.Beside(withKey)
	if err != nil {
		return fmt.Errorf("taking a backup: %w", err)
	}
	if t.point, err = o.Checkpoint(); err != nil {
		t.point = nil
		return err
	}
	t.files = append(beside, t.point.Files()...)
	t.Size = archiveSize(t.about, t.files)
	return nil
}

// Bounds of who reads: a backup holds room on the disk, and so does one that nobody takes.
const (
	leastRate  = 64 << 10 // bytes a second, over all of it
	leastGrace = time.Minute
)

var (
	errSlow   = errors.New("the backup was given up: it is read more slowly than 64 KiB a second, and holds room on the disk")
	errScarce = errors.New("the backup was given up: the disk is nearly full, and the store needs the room that the backup holds")
)

// Send writes the archive. After an error w has a part of it that no restore takes.
func (t *Backup) Send(w io.Writer) error {
	started := time.Now()
	p := &pace{to: w, ctx: t.of.ctx, rate: t.of.options.Rate, began: started, buf: make([]byte, 0, piece)}
	p.look = func() error {
		if t.point.Scarce() {
			return errScarce
		}
		if took := time.Since(started); took > leastGrace && p.sent < int64((took-leastGrace).Seconds()*leastRate) {
			return errSlow
		}
		return nil
	}
	if err := writeArchive(p, t.about, t.at, t.files); err != nil {
		return err
	}
	return p.flush()
}

// Close gives back what the backup holds. It may be called once.
func (t *Backup) Close() (err error) {
	if t.point != nil {
		err = t.point.Close()
	}
	t.of.busy.Store(false)
	return err
}

// Stop ends what is being sent, and takes no other.
func (b *Backups) Stop() { b.cancel() }
