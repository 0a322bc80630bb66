package pebblestore

import (
	"log/slog"
	"runtime"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/vfs"

	"hookgate/gateway"
)

// Options steer a store. Only Dir is required.
type Options struct {
	// Dir is the data folder; it is made when it is not there. The store keeps
	// format, known, lock, ballast and pebble/ in it and leaves everything else alone.
	Dir string
	// Unlock is called when the folder is locked and before anything in it changes
	// that was there; its error ends Open. held says that the store was open before, so
	// that there may be secrets in it. nil: nobody has to be asked.
	Unlock func(held bool) error
	// AcceptDataLoss goes on with what can be read of a damaged folder, where Open
	// else refuses: what is damaged is kept in a folder damaged-… inside Dir.
	AcceptDataLoss bool
	// FS is where Dir lies; nil is the disk. Tests hand in vfs.NewMem(), with
	// which a store lives wholly inside a testing/synctest bubble.
	FS vfs.FS
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Newest is told by Open what the clock of a former process showed last, before
	// anything is read by the clock; nil: nobody is.
	Newest func(time.Time)
	// Retention tells how long what ended is kept for a tenant; nil members, and
	// a nil func, stand for the defaults of SPEC 14. It is asked by the janitor.
	Retention func(tenant string) gateway.Retention
	// AuditKept is how long the lines of the audit are kept; 0 is 90 days.
	AuditKept time.Duration
	// ExpireEvery is the pause between two runs of the janitor; 0 is 5 minutes.
	ExpireEvery time.Duration
	// DiskUsage tells how much room there is; nil asks the file system of Dir.
	DiskUsage func() (free, total uint64, err error)
	// CacheBytes bounds the cache of blocks read from disk; 0 is 32 MiB. Memtables
	// come on top: about 8 MiB each, one or two as a rule.
	CacheBytes int64
	// OnCommit is told how long each synced commit took. It must not block.
	OnCommit func(time.Duration)
	// OnWrite is told, after a commit, whose records it put and how many bytes they have. It
	// must not block.
	OnWrite func(tenant string, bytes int)
	// OnFail is told, once, why the store failed for good. It must neither block
	// nor call the store.
	OnFail func(reason error)
	// Logger is told what an operator should know; nil is slog.Default().
	Logger *slog.Logger
}

// Defaults of how long things are kept (SPEC 14 "Values").
const (
	keepEvents     = 7 * day
	keepDeliveries = 7 * day
	keepDead       = 30 * day
	keepAudit      = 90 * day
	changesKept    = 30 * day
)

const (
	defaultExpireEvery = 5 * time.Minute
	defaultCache       = 32 << 20
)

func (o *Options) setDefaults() {
	if o.FS == nil {
		o.FS = vfs.Default
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Retention == nil {
		o.Retention = func(string) gateway.Retention { return gateway.Retention{} }
	}
	if o.AuditKept <= 0 {
		o.AuditKept = keepAudit
	}
	if o.ExpireEvery <= 0 {
		o.ExpireEvery = defaultExpireEvery
	}
	if o.DiskUsage == nil {
		fs, dir := o.FS, o.Dir
		o.DiskUsage = func() (uint64, uint64, error) {
			usage, err := fs.GetDiskUsage(dir)
			return usage.AvailBytes, usage.TotalBytes, err
		}
	}
	if o.CacheBytes <= 0 {
		o.CacheBytes = defaultCache
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
}

func kept(d *gateway.Duration, otherwise time.Duration) time.Duration {
	if d == nil {
		return otherwise
	}
	return time.Duration(*d)
}

// never is a threshold that is not reached. Pebble's own write stall has no end
// when the disk is stuck, and would hang commits that it holds; backlog.go holds
// writes back before they enter Pebble, and for a bounded time.
const never = 1 << 20

// pebbleOptions are chosen for small values that live for a day: small
// memtables keep the resident memory and a restart's replay short.
func (s *engine) pebbleOptions() *pebble.Options {
	o := &pebble.Options{
		FS:                          s.guard,
		Logger:                      pebbleLogger{s},
		EventListener:               s.listener(),
		FormatMajorVersion:          pebble.FormatNewest,
		MemTableSize:                s.space.memtable,
		MemTableStopWritesThreshold: never,
		L0StopWritesThreshold:       never,
		L0CompactionThreshold:       8,                                             // Bloom filters make a lookup in eight as cheap as in four, and each
		LBaseMaxBytes:               512 << 20,                                     // compaction less is CPU that requests get: a third of all went there
		CacheSize:                   s.opts.CacheBytes + 3*int64(s.space.memtable), // Pebble takes memtables out of its cache
		MaxOpenFiles:                512,
		FlushDelayDeleteRange:       time.Minute, // so that expired data leaves the disk without new writes
		CompactionConcurrencyRange:  compactions,
	}
	o.Experimental.FileCacheShards = 8 // else as many as there are processors, by which check would tell another machine from this
	for i := range o.Levels {
		o.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
	}
	return o
}

// mostCompactions are at once, at most.
const mostCompactions = 2

// compactions is how many there are at once: of two processors one stays for whoever commits.
func compactions() (least, most int) { return 1, min(max(runtime.GOMAXPROCS(0)/2, 1), mostCompactions) }
