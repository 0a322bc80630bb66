package pebblestore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// known is what the store knows of its own files beside Pebble, in the file "known"
// of the data folder, so that a folder that holds less is told from one that never
// held more. Pebble takes the first bad record of its manifest for the manifest's end,
// and nearly any bad record of its log for the log's.
//
// The file has two slots, written in turn and in place, so that a write which a crash
// tears leaves the other. A slot is written after each fsync of a log or manifest and
// before anybody is told of it, but gets an fsync of its own only every lagEvery: what
// it says is always true, and after a loss of power at most that old. What is known
// too late is no harm; what is known too early would be.
type known struct {
	fs   vfs.FS
	name string
	warn func(error)

	mu     sync.Mutex
	file   vfs.File // nil: nothing is written, as before Open and after Close
	k      knowledge
	moving uint64 // the manifest to which the marker is being moved
	buf    []byte
	dirty  bool // written since the last fsync
	warned bool
}

// knowledge is what one slot says.
type knowledge struct {
	turn     uint64    // of the write: the slot with the higher one counts
	opened   bool      // the store was open once: promises may have been made
	manifest extent    // the one that Pebble's marker names
	next     extent    // the one that is being written to replace it
	logs     []*extent // rising; those that Pebble may need, and some that it needs no more
}

// extent is how far a file is known to be on disk.
type extent struct{ number, synced uint64 }

const (
	knownMagic   = "hookgate known\x00\x01" // its last byte is the version
	knownSlot    = 4 << 10                  // one slot: what a disk writes as one, or more
	knownHeader  = len(knownMagic) + 8 + 1 + 4*8 + 2
	knownMostLog = (knownSlot - knownHeader - 4) / 16
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func (k *knowledge) append(b []byte) []byte {
	le := binary.LittleEndian
	b = le.AppendUint64(append(b, knownMagic...), k.turn)
	opened := byte(0)
	if k.opened {
		opened = 1
	}
	b = append(b, opened)
	for _, e := range [...]*extent{&k.manifest, &k.next} {
		b = le.AppendUint64(le.AppendUint64(b, e.number), e.synced)
	}
	b = le.AppendUint16(b, uint16(len(k.logs)))
	for _, e := range k.logs {
		b = le.AppendUint64(le.AppendUint64(b, e.number), e.synced)
	}
	return le.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// parseKnowledge reads one slot; ok is false for one that is damaged or was never written.
func parseKnowledge(b []byte) (k knowledge, ok bool) {
	le := binary.LittleEndian
	if len(b) < knownHeader+4 || string(b[:len(knownMagic)]) != knownMagic {
		return k, false
	}
	n := int(le.Uint16(b[knownHeader-2:]))
	end := knownHeader + 16*n
	if len(b) < end+4 || crc32.Checksum(b[:end], castagnoli) != le.Uint32(b[end:]) {
		return k, false
	}
	at := len(knownMagic)
	number := func() (v uint64) { v = le.Uint64(b[at:]); at += 8; return v }
	k.turn = number()
	k.opened = b[at] != 0
	at++
	k.manifest = extent{number(), number()}
	k.next = extent{number(), number()}
	at = knownHeader
	for range n {
		k.logs = append(k.logs, &extent{number(), number()})
	}
	return k, true
}

// errKnown says that both slots are damaged, or empty.
var errKnown = errors.New("is damaged: it can no longer be told whether something is missing in the data folder")

// readKnown reads what is known: the newer slot, or the one that is whole.
func readKnown(fs vfs.FS, name string) (knowledge, error) {
	text, err := readFile(fs, name, 2*knownSlot)
	if err != nil {
		return knowledge{}, err
	}
	best, found := knowledge{}, false
	for at := 0; at < len(text); at += knownSlot {
		if k, ok := parseKnowledge(text[at:min(at+knownSlot, len(text))]); ok && (!found || k.turn > best.turn) {
			best, found = k, true
		}
	}
	if !found {
		return knowledge{}, errKnown
	}
	return best, nil
}

// make writes the file anew, whole or not at all, with what k says.
func (n *known) make(k knowledge) error {
	text := k.file()
	n.k = k
	return writeWhole(n.fs, n.name, text)
}

// file gives the file that says so, and nothing else, in both of its slots.
func (k *knowledge) file() []byte {
	text := make([]byte, 2*knownSlot)
	k.turn++
	k.append(text[:0])
	k.turn++
	k.append(text[knownSlot:knownSlot])
	return text
}

// open begins to write down what happens from now on.
func (n *known) open() (err error) {
	n.file, err = n.fs.OpenReadWrite(n.name, vfs.WriteCategoryUnspecified)
	n.buf = make([]byte, 0, knownSlot)
	return err
}

// write writes the older slot. Its error is no harm to what was promised, only to
// what will be noticed of it: it is told once.
func (n *known) write() {
	if n.file == nil {
		return
	}
	n.k.turn++
	n.buf = n.k.append(n.buf[:0])
	_, err := n.file.WriteAt(n.buf, int64(n.k.turn%2)*knownSlot)
	n.dirty = true
	n.tell(err)
}

func (n *known) tell(err error) {
	if err != nil && !n.warned {
		n.warned = true
		n.warn(fmt.Errorf("writing %s: damage of the data folder may pass unnoticed: %w", n.name, err))
	}
}

// sync gives what was written its fsync, for which no commit waits.
func (n *known) sync() {
	n.mu.Lock()
	f, dirty := n.file, n.dirty
	n.dirty = false
	n.mu.Unlock()
	if f == nil || !dirty {
		return
	}
	if err := f.Sync(); err != nil {
		n.mu.Lock()
		n.tell(err)
		n.mu.Unlock()
	}
}

// close ends the writing; the last word is on disk then.
func (n *known) close() error {
	n.sync()
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.file == nil {
		return nil
	}
	f := n.file
	n.file = nil
	return f.Close()
}

// setOpened says that promises may be made from now on. It is durable when it returns.
func (n *known) setOpened() {
	n.mu.Lock()
	was := n.k.opened
	n.k.opened = true
	if !was {
		n.write()
	}
	n.mu.Unlock()
	if !was {
		n.sync()
	}
}

// made hears of a log or manifest that was made, and of a marker that names one.
func (n *known) made(name string) {
	kind, number := fileOf(name)
	n.mu.Lock()
	defer n.mu.Unlock()
	switch kind {
	case logFile:
		n.forget(number) // one of this number that was never used
		n.k.logs = append(n.k.logs, &extent{number: number})
		slices.SortFunc(n.k.logs, func(a, b *extent) int { return int(int64(a.number) - int64(b.number)) })
		if more := len(n.k.logs) - knownMostLog; more > 0 {
			n.k.logs = n.k.logs[more:]
		}
	case manifestFile:
		n.k.next = extent{number: number}
	case markerFile:
		n.moving = number
	}
}

// inForce names the files that are written now: the manifest in force, and the last log.
func (n *known) inForce() (names []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.k.manifest.number > 0 {
		names = append(names, fmt.Sprintf("MANIFEST-%06d", n.k.manifest.number))
	}
	if last := len(n.k.logs) - 1; last >= 0 {
		names = append(names, fmt.Sprintf("%06d.log", n.k.logs[last].number))
	}
	return names
}

// gone hears of a log that is about to be removed or used again.
func (n *known) gone(name string) {
	kind, number := fileOf(name)
	if kind != logFile {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.forget(number) {
		n.write()
	}
}

func (n *known) forget(number uint64) bool {
	before := len(n.k.logs)
	n.k.logs = slices.DeleteFunc(n.k.logs, func(e *extent) bool { return e.number == number })
	return len(n.k.logs) < before
}

// synced hears that a file is on disk as far as it was written.
func (n *known) synced(kind fileKind, number, size uint64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch kind {
	case logFile:
		for _, e := range slices.Backward(n.k.logs) {
			if e.number == number {
				e.synced = size
				break
			}
		}
	case manifestFile:
		switch number {
		case n.k.manifest.number:
			n.k.manifest.synced = size
		case n.k.next.number:
			n.k.next.synced = size
		}
	case folderFile:
		if n.moving == 0 || n.moving != n.k.next.number {
			return
		}
		n.k.manifest, n.k.next, n.moving = n.k.next, extent{}, 0
	}
	n.write()
}

// fileKind is what a file of Pebble's is to us.
type fileKind int

const (
	otherFile fileKind = iota
	logFile
	manifestFile
	tableFile
	optionsFile
	markerFile // it names the manifest in force; its number is that of the manifest
	folderFile // the folder itself
)

// fileOf tells what a file is by its name.
func fileOf(name string) (fileKind, uint64) {
	base := name[strings.LastIndexByte(name, '/')+1:]
	for _, form := range [...]struct {
		kind           fileKind
		prefix, suffix string
	}{
		{logFile, "", ".log"}, {tableFile, "", ".sst"}, {manifestFile, "MANIFEST-", ""}, {optionsFile, "OPTIONS-", ""},
	} {
		rest, ok := strings.CutPrefix(base, form.prefix)
		if !ok || !strings.HasSuffix(rest, form.suffix) {
			continue
		}
		if number, err := strconv.ParseUint(strings.TrimSuffix(rest, form.suffix), 10, 64); err == nil {
			return form.kind, number
		}
	}
	if rest, ok := strings.CutPrefix(base, "marker.manifest."); ok {
		if _, value, ok := strings.Cut(rest, "."); ok {
			if kind, number := fileOf(value); kind == manifestFile {
				return markerFile, number
			}
		}
	}
	return otherFile, 0
}

// readFile reads a small file whole.
func readFile(fs vfs.FS, name string, most int64) ([]byte, error) {
	f, err := fs.Open(name)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, most))
	return text, errors.Join(err, f.Close())
}

// writeWhole writes a file and renames it, so that a crash leaves either none (or
// the one before) or a whole one.
func writeWhole(fs vfs.FS, name string, text []byte) error {
	f, err := fs.Create(name+".new", vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = fs.Rename(name+".new", name)
	}
	if err == nil {
		err = syncDir(fs, fs.PathDir(name))
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return nil
}
