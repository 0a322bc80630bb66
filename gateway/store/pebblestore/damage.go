package pebblestore

import (
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"hookgate/gateway"
)

// DamageError says that a data folder holds less than the store last knew. Nothing in
// it was removed, and nothing that was there was changed.
type DamageError struct {
	Dir   string
	Found []Damage
}

// Damage is what is wrong with one file.
type Damage struct {
	File string // its path below the data folder
	What string // in words that follow the name
	// rebuild says that Pebble cannot go on with its other files as they are.
	rebuild bool
}

func (d Damage) String() string { return d.File + " " + d.What }

func (e *DamageError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "the data folder %s is damaged; nothing in it was changed or removed:\n", e.Dir)
	for _, d := range e.Found {
		fmt.Fprintf(&b, "  %s\n", d)
	}
	b.WriteString("Restore a backup of the folder, or start with --accept-data-loss: that goes on with what can be read, and keeps what is damaged in a folder damaged-… beside it.")
	return b.String()
}

// notOpened is the error of an opening that failed after the inspection. What Pebble
// could not read then is in a table, or something that the inspection cannot know.
func (s *folder) notOpened(err error) error {
	if f := s.failure.Load(); f != nil {
		err = f.reason // of which err is only what became of it
	}
	if errors.Is(err, os.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return folderError("opening", s.opts.Dir, err)
	}
	if !pebble.IsCorruptionError(err) {
		return fmt.Errorf("opening the store in %s: %w", s.opts.Dir, err)
	}
	return errors.Join(&DamageError{Dir: s.opts.Dir, Found: []Damage{{File: fileInError(err), What: "is damaged: " + err.Error()}}}, err)
}

var fileInWords = gateway.Pattern(`(?:file |table |/)(\d{6,})(?:\.sst)?`)

// fileInError gives the file that an error of Pebble's is about: it names tables by
// their numbers alone.
func fileInError(err error) string {
	if found := fileInWords().FindStringSubmatch(err.Error()); found != nil {
		return pebbleDir + "/" + found[1] + ".sst"
	}
	return pebbleDir
}

// inspection looks for damage without changing anything. What it reads is little:
// the manifest and the logs that are not in tables yet. A flipped bit in a table is
// found when that part of the table is read, for each has a sum of its own.
type inspection struct {
	fs     vfs.FS
	dir    string // of Pebble
	known  knowledge
	names  []string
	damage []Damage
	warn   []Damage // what is no damage: what had no fsync yet as the power was lost
	logs   []uint64 // that the manifest still needs, rising

	manifestRead *manifest // nil: the one in force cannot be relied on
}

const pebbleDir = "pebble"

func (i *inspection) found(file, format string, args ...any) {
	i.damage = append(i.damage, Damage{File: pebbleDir + "/" + file, What: fmt.Sprintf(format, args...), rebuild: true})
}

func (i *inspection) path(name string) string { return i.fs.PathJoin(i.dir, name) }

// inspect looks at the folder of Pebble as a whole. An error is one of reading.
func (i *inspection) inspect(options *pebble.Options) error {
	names, err := i.fs.List(i.dir)
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	if err != nil {
		return err
	}
	i.names = names
	slices.Sort(i.names)
	current, marked := i.marked()
	switch {
	case marked:
	case i.known.opened && len(names) == 0:
		i.damage = append(i.damage, Damage{File: pebbleDir, What: "is missing or empty: it held all data", rebuild: true})
		return nil
	case i.known.opened || i.has(tableFile):
		i.found("marker.manifest.*", "is missing: it names the manifest in force")
		return nil
	default:
		return nil // the first start did not get as far
	}
	if i.known.opened && !slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(n, "marker.format-version.") }) {
		i.found("marker.format-version.*", "is missing: it tells the version of the files")
	}
	if err := i.manifest(current); err != nil {
		return err
	}
	return i.options(options)
}

// marked gives the manifest in force: that of the marker with the highest turn.
func (i *inspection) marked() (number uint64, found bool) {
	var best uint64
	for _, name := range i.names {
		kind, n := fileOf(name)
		if kind != markerFile {
			continue
		}
		turn, _, _ := strings.Cut(strings.TrimPrefix(name, "marker.manifest."), ".")
		if at, err := strconv.ParseUint(turn, 10, 64); err == nil && (!found || at > best) {
			number, best, found = n, at, true
		}
	}
	return number, found
}

func (i *inspection) has(kind fileKind) bool {
	return slices.ContainsFunc(i.names, func(n string) bool { k, _ := fileOf(n); return k == kind })
}

// manifest reads the manifest in force, and looks for what it names.
func (i *inspection) manifest(number uint64) error {
	name := fmt.Sprintf("MANIFEST-%06d", number)
	if known := i.known.manifest; number < known.number {
		i.found(name, "is older than the one last in force, MANIFEST-%06d", known.number)
		return nil
	}
	f, err := i.fs.Open(i.path(name))
	if errors.Is(err, os.ErrNotExist) {
		i.found(name, "is missing: it names all other files")
		return nil
	}
	if err != nil {
		return err
	}
	m, err := readManifest(f)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	known := uint64(0)
	for _, e := range [...]extent{i.known.manifest, i.known.next} {
		if e.number == number {
			known = e.synced
		}
	}
	switch { // each edit has its own fsync before the next is written
	case m.endless:
		i.found(name, "%s", endlessWords(&m.reading))
		return nil
	case m.end == 0:
		i.found(name, "is empty or unreadable from its beginning on")
		return nil
	case m.lostEdit(known) || m.later > 0 || !m.clean && i.mayMiss(m):
		i.found(name, "is damaged at byte %d: what was written of it later cannot be relied on", m.end)
		return nil
	case m.cut > 0:
		i.warn = append(i.warn, Damage{File: pebbleDir + "/" + name, What: cutWords(&m.reading)})
	}
	if m.strange != nil {
		i.warn = append(i.warn, Damage{File: pebbleDir + "/" + name, What: "cannot be compared with the folder: " + m.strange.Error()})
	} else {
		i.manifestRead = m
		i.tables(m)
	}
	return i.replayed(m)
}

// mayMiss says whether a folder of the first format, of which nothing is known, may have
// had more than a manifest says whose last edit is not whole. Logs are removed in the
// order of their numbers, and only when an edit that needs them no more is on disk: where
// the first that this manifest needs is there, the lost edit took nothing away.
func (i *inspection) mayMiss(m *manifest) bool {
	if i.known.manifest != (extent{}) || i.known.next != (extent{}) {
		return false
	}
	return !slices.Contains(i.names, path.Base(logName(m.unflushed)))
}

func endlessWords(r *reading) string {
	return fmt.Sprintf("has more than %d bytes of zeroes behind byte %d, which nothing here writes: it was read no further", mostZeroes, r.end)
}

// cutWords says how much of a file is cut because it was not whole at its end.
func cutWords(r *reading) string {
	text := fmt.Sprintf("ends in the middle of a record: its last %d bytes are cut, from byte %d on", r.cut, r.end)
	if r.later > 0 {
		text += fmt.Sprintf(", of which %d are readable but follow what is not", r.later)
	}
	return text + "; nothing of that was acknowledged"
}

// tables looks whether each table is there as long as it was.
func (i *inspection) tables(m *manifest) {
	for _, number := range sortedNumbers(m.tables) {
		name := fmt.Sprintf("%06d.sst", number)
		info, err := i.fs.Stat(i.path(name))
		switch {
		case errors.Is(err, os.ErrNotExist):
			i.found(name, "is missing: a table of %d bytes", m.tables[number])
		case err != nil:
			i.found(name, "cannot be read: %v", err)
		case uint64(info.Size()) != m.tables[number]:
			i.found(name, "has %d bytes where it had %d", info.Size(), m.tables[number])
		}
	}
}

func sortedNumbers[V any](m map[uint64]V) []uint64 {
	numbers := make([]uint64, 0, len(m))
	for n := range m {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	return numbers
}

// replayed looks at the logs that Pebble is going to replay.
func (i *inspection) replayed(m *manifest) error {
	for _, name := range i.names {
		if kind, number := fileOf(name); kind == logFile && number >= m.unflushed {
			i.logs = append(i.logs, number)
		}
	}
	slices.Sort(i.logs)
	for _, e := range i.known.logs {
		if m.strange == nil && e.number >= m.unflushed && e.synced > 0 && !slices.Contains(i.logs, e.number) {
			i.damage = append(i.damage, Damage{File: logName(e.number), What: fmt.Sprintf("is missing: a log of at least %d bytes", e.synced)})
		}
	}
	for at, number := range i.logs {
		if err := i.log(number, at == len(i.logs)-1); err != nil {
			return err
		}
	}
	return nil
}

func logName(number uint64) string { return fmt.Sprintf(pebbleDir+"/%06d.log", number) }

// leastRecord is the least that a record of a log takes.
const leastRecord = syncedHeader + batchHeader

// log reads one log. Only the last may end in any way but with its trailer, for each
// was closed, with an fsync, before the next was made.
func (i *inspection) log(number uint64, last bool) error {
	f, err := i.fs.Open(i.fs.PathJoin(i.fs.PathDir(i.dir), logName(number)))
	if err != nil {
		return err
	}
	r, err := readRecords(f, chunkForm{log: true, number: uint32(number)}, nil, nil)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	known := uint64(0)
	for _, e := range i.known.logs {
		if e.number == number {
			known = e.synced
		}
	}
	switch {
	case r.endless:
		i.damage = append(i.damage, Damage{File: logName(number), What: endlessWords(&r)})
	case r.lost(known), !last && !r.clean:
		i.damage = append(i.damage, Damage{File: logName(number), What: fmt.Sprintf(
			"is damaged at byte %d: of what was acknowledged, the %d bytes from there on are not whole, %d of them still readable",
			r.end, max(r.cut, int64(known)-r.end), r.later)})
	case r.cut > 0:
		i.warn = append(i.warn, Damage{File: logName(number), What: cutWords(&r)})
	}
	return nil
}

// options looks whether Pebble can read the options that it wrote down last. They
// hold no data.
func (i *inspection) options(o *pebble.Options) error {
	newest, at := "", uint64(0)
	for _, name := range i.names {
		if kind, number := fileOf(name); kind == optionsFile && number >= at {
			newest, at = name, number
		}
	}
	if newest == "" {
		return nil
	}
	text, err := readFile(i.fs, i.path(newest), 1<<20)
	if err != nil {
		return err
	}
	o = o.Clone()
	o.EnsureDefaults()
	if err := o.CheckCompatibility(i.dir, string(text)); err != nil {
		i.damage = append(i.damage, Damage{File: pebbleDir + "/" + newest, What: fmt.Sprintf("is damaged (it holds settings of the database, no data): %v", err)})
	}
	return nil
}
