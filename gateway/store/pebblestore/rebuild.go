package pebblestore

import (
	"bytes"
	"cmp"
	"container/heap"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"hookgate/gateway"
)

// The folders of a rebuilding: beside the old database until it is whole.
const (
	buildingDir = "pebble.building"
	rebuiltDir  = "pebble.rebuilt"
)

// rebuild builds the database anew from what its tables and logs still hold, then
// puts it in the place of the old one, which is kept. A crash at any point leaves
// either the old one or the whole new one.
func (r *repairing) rebuild() error {
	in := func(name string) string { return r.fs.PathJoin(r.s.opts.Dir, name) }
	if err := r.fs.RemoveAll(in(buildingDir)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	_, err := r.fs.Stat(in(rebuiltDir))
	if errors.Is(err, os.ErrNotExist) {
		if err = r.build(in(buildingDir)); err == nil {
			err = r.fs.Rename(in(buildingDir), in(rebuiltDir))
		}
	}
	if err == nil && len(r.names) > 0 {
		err = r.fs.Rename(r.dir, r.fs.PathJoin(r.aside, pebbleDir))
	}
	if err == nil {
		err = r.fs.RemoveAll(r.dir) // an empty one
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return r.fs.Rename(in(rebuiltDir), r.dir)
}

// build fills a new database. When the disk fails it, Pebble neither gives up by itself
// nor may it go on: it is left where it stands, and the process is about to end.
func (r *repairing) build(dir string) error {
	failed, done := make(chan error, 1), make(chan error, 1)
	fail := func(err error) {
		select {
		case failed <- err:
		default:
		}
	}
	o := r.s.plainOptions()
	o.Logger = givingUp{pebbleLogger{r.s.engine}, fail}
	o.EventListener = &pebble.EventListener{BackgroundError: fail}
	go func() { done <- r.fill(dir, o) }()
	select {
	case err := <-done:
		return err
	case err := <-failed:
		return err
	}
}

// givingUp passes on that Pebble gives up.
type givingUp struct {
	pebbleLogger
	fail func(error)
}

// Fatalf does not return, as of pebbleLogger.
func (l givingUp) Fatalf(format string, args ...any) {
	l.fail(fatalError{fmt.Sprintf(format, args...), args})
	select {}
}

func (r *repairing) fill(dir string, o *pebble.Options) (err error) {
	defer func() { // Pebble panics where a marker cannot be moved, as in openPebble
		switch r := recover().(type) {
		case nil:
		case error:
			err = r
		default:
			panic(r)
		}
	}()
	db, err := pebble.Open(dir, o)
	if err != nil {
		return err
	}
	b := &builder{repairing: r, db: db, batch: db.NewBatch()}
	err = b.tables()
	if err == nil {
		err = b.logs()
	}
	if err == nil {
		err = b.flush(0)
	}
	if err == nil {
		err = db.Flush()
	}
	r.s.opts.Logger.Warn("the database was built anew from what could be read", "records", b.records, "commits_of_logs", b.commits,
		"unreadable", b.unreadable)
	return errors.Join(err, b.batch.Close(), db.Close())
}

// builder fills the new database, and counts.
type builder struct {
	*repairing
	db               *pebble.DB
	batch            *pebble.Batch
	newest           uint64 // the highest sequence number in the tables
	records, commits int
	unreadable       []string // tables and logs of which something is lost
}

func (b *builder) flush(above int) error {
	if b.batch.Len() <= above {
		return nil
	}
	if err := b.batch.Commit(pebble.NoSync); err != nil {
		return err
	}
	b.batch.Reset()
	return nil
}

// needed says whether a table is one that the manifest in force names. When that
// cannot be read, all count: what a compaction has replaced is older, and loses.
func (b *builder) needed(number uint64) bool {
	if b.manifestRead == nil {
		return true
	}
	_, named := b.manifestRead.tables[number]
	return named
}

// tables merges all tables: of each key the newest entry counts, unless a newer range
// deletion covers it.
func (b *builder) tables() error {
	var merged tableHeap
	var gone []deletion
	for _, name := range b.names {
		kind, number := fileOf(name)
		if kind != tableFile || !b.needed(number) {
			continue
		}
		t := b.openTable(name)
		defer t.close()
		gone = append(gone, t.deletions...)
		if t.next() {
			merged = append(merged, t)
		}
	}
	heap.Init(&merged)
	ranges := covering{todo: gone}
	gateway.Sort(ranges.todo, func(x, y deletion) int { return bytes.Compare(x.start, y.start) })
	var done []byte
	for first := true; len(merged) > 0; first = false {
		t := merged[0]
		b.newest = max(b.newest, t.entry.seq)
		if first || !bytes.Equal(t.entry.key, done) { // the newest of a key comes first
			done = append(done[:0], t.entry.key...)
			if t.entry.set && !ranges.cover(t.entry.key, t.entry.seq) {
				if err := b.batch.Set(t.entry.key, t.entry.value, nil); err != nil {
					return err
				}
				b.records++
				if err := b.flush(1 << 20); err != nil {
					return err
				}
			}
		}
		if t.next() {
			heap.Fix(&merged, 0)
		} else {
			heap.Pop(&merged)
		}
	}
	for _, d := range gone {
		b.newest = max(b.newest, d.seq)
	}
	return b.flush(0)
}

// logs replays, in their order, the commits that no table has.
func (b *builder) logs() error {
	for _, name := range b.names {
		kind, number := fileOf(name)
		if kind != logFile || b.manifestRead != nil && number < b.manifestRead.unflushed {
			continue
		}
		f, err := b.fs.Open(b.path(name))
		if err != nil {
			b.unreadable = append(b.unreadable, name)
			continue
		}
		read, err := readRecords(f, chunkForm{log: true, number: uint32(number)}, b.replay, b.replay)
		if err = errors.Join(err, f.Close()); err != nil {
			return err
		}
		if read.cut > 0 {
			b.unreadable = append(b.unreadable, name)
		}
	}
	return nil
}

// replay applies a commit as it stands in a log (batchrepr of Pebble: sequence number,
// then the count).
func (b *builder) replay(record []byte) error {
	if len(record) < batchHeader || binary.LittleEndian.Uint32(record[8:]) == 0 || binary.LittleEndian.Uint64(record) <= b.newest {
		return nil
	}
	commit := b.db.NewBatch()
	defer func() { _ = commit.Close() }() // fails only for a batch that was closed
	err := commit.SetRepr(slices.Clone(record))
	if err == nil {
		err = commit.Commit(pebble.NoSync)
	}
	if err != nil {
		return fmt.Errorf("replaying a commit: %w", err)
	}
	b.commits++
	return nil
}

// deletion is a range deletion.
type deletion struct {
	start, end []byte
	seq        uint64
}

// covering answers for rising keys whether a range deletion covers them.
type covering struct {
	todo   []deletion // by start
	active []deletion
}

func (c *covering) cover(key []byte, seq uint64) bool {
	for len(c.todo) > 0 && bytes.Compare(c.todo[0].start, key) <= 0 {
		c.active = append(c.active, c.todo[0])
		c.todo = c.todo[1:]
	}
	c.active = slices.DeleteFunc(c.active, func(d deletion) bool { return bytes.Compare(d.end, key) <= 0 })
	return slices.ContainsFunc(c.active, func(d deletion) bool { return d.seq > seq })
}

// tableHeap has the lowest key on top, and of equal keys the newest.
type tableHeap []*table

func (h tableHeap) Len() int      { return len(h) }
func (h tableHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h tableHeap) Less(i, j int) bool {
	if c := bytes.Compare(h[i].entry.key, h[j].entry.key); c != 0 {
		return c < 0
	}
	return cmp.Compare(h[i].entry.seq, h[j].entry.seq) > 0
}
func (h *tableHeap) Push(x any) { *h = append(*h, x.(*table)) }
func (h *tableHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}
