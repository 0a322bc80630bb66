package pebblestore

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strconv"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"hookgate/gateway"
)

// Checked is what a data folder turned out to hold.
type Checked struct {
	Files   int      // of the store
	Bytes   int64    // of them
	Records int64    // of the database; 0 where it could not be opened
	Damage  []Damage // what is less than it was, or not as it was
	Notes   []Damage // what is no damage, and somebody should know
	Odd     bool     // some of the files are none, so that nothing was opened: it might not end
}

// Check reads a data folder whole that no store is open in, and changes nothing. Its error
// says why it could not: the folder is in use, or is none.
func Check(dir string) (c Checked, err error) {
	if c.Damage = oddFiles(vfs.Default, dir); len(c.Damage) > 0 {
		c.Odd = true
		return c, nil
	}
	if _, err := formatOf(vfs.Default, dir); errors.Is(err, errNoFormat) && !holds(dir) {
		return c, fmt.Errorf("%s is no data folder of hookgate: it has neither the file format nor data", dir)
	}
	done, err := Lock(dir)
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, done()) }()
	if version, err := formatOf(vfs.Default, dir); version > formatVersion {
		return c, err
	}
	o := Options{Dir: dir, AcceptDataLoss: true, Logger: slog.New(slog.DiscardHandler)} // it looks at all, and repairs nothing
	o.setDefaults()
	s := newStore(o)
	s.space, s.guard = newSpace(s.engine), newGuard(s.engine)
	f, err := s.judge()
	if err != nil {
		return c, err
	}
	c.Damage, c.Notes = f.damage, f.warn
	c.files(f)
	c.small(s, f)
	if len(c.Damage) == 0 {
		c.records(s)
	}
	return c, nil
}

func (c *Checked) found(file, format string, args ...any) {
	c.Damage = append(c.Damage, Damage{File: file, What: fmt.Sprintf(format, args...)})
}

// files counts what there is, and reads the tables where no manifest names them.
func (c *Checked) files(f *judged) {
	for _, name := range f.names {
		info, err := f.fs.Stat(f.path(name))
		if err != nil {
			c.found(pebbleDir+"/"+name, "cannot be read: %v", err)
			continue
		}
		c.Files++
		c.Bytes += info.Size()
		if kind, _ := fileOf(name); kind == tableFile && f.manifestRead == nil {
			if err := validateTable(f.fs, f.path(name), &pebble.Options{}); err != nil {
				c.found(pebbleDir+"/"+name, "is damaged: %v", err)
			}
		}
	}
}

// small looks at the files that a start reads more lightly, for it writes them anew.
func (c *Checked) small(s *Store, f *judged) {
	fs, dir := s.opts.FS, s.opts.Dir
	if text, err := readFile(fs, s.formatName(), 256); err == nil && !c.has("format") {
		if version, _ := formatOf(fs, dir); string(text) != formatWords+strconv.Itoa(version)+"\n" {
			c.found("format", "is not as it was written")
		}
	}
	if text, err := readFile(fs, s.known.name, 2*knownSlot+1); err == nil && !c.has("known") {
		for half := range 2 {
			at := half * knownSlot
			if _, ok := parseKnowledge(text[min(at, len(text)):min(at+knownSlot, len(text))]); !ok {
				c.found("known", "is damaged in its half %d of 2: a loss of power may leave one so, and a start writes it anew", half+1)
			}
		}
	}
	for _, name := range f.names {
		switch kind, number := fileOf(name); {
		case c.has(pebbleDir + "/" + name):
		case kind == optionsFile:
			c.options(s, name)
		case kind == logFile && !slices.Contains(f.logs, number):
			c.spent(f, name, number)
		case kind == manifestFile:
			c.replaced(f, name)
		}
	}
}

// spent looks at a log that is in tables already: a start does not read it, and removes it.
func (c *Checked) spent(f *judged, name string, number uint64) {
	file, err := f.fs.Open(f.path(name))
	if err != nil {
		c.found(pebbleDir+"/"+name, "cannot be read: %v", err)
		return
	}
	r, err := readRecords(file, chunkForm{log: true, number: uint32(number)}, nil, nil)
	known := uint64(0)
	for _, e := range f.known.logs {
		if e.number == number {
			known = e.synced
		}
	}
	becomes := ": what it holds is in tables already, and a start removes it"
	if f.manifestRead == nil {
		becomes = "" // what is in tables, that one tells
	}
	switch err = errors.Join(err, file.Close()); {
	case err == nil && r.endless:
		c.found(pebbleDir+"/"+name, "%s%s", endlessWords(&r), becomes)
	case err != nil, r.later > 0, r.lost(known):
		c.found(pebbleDir+"/"+name, "is damaged at byte %d%s", r.end, becomes)
	}
}

// replaced looks at a manifest: of the one in force all is known, one before it is whole.
func (c *Checked) replaced(f *judged, name string) {
	file, err := f.fs.Open(f.path(name))
	if err != nil {
		c.found(pebbleDir+"/"+name, "cannot be read: %v", err)
		return
	}
	m, err := readManifest(file)
	if current, _ := f.marked(); name == fmt.Sprintf("MANIFEST-%06d", current) {
		_ = file.Close() // it was judged
		return
	}
	if err = errors.Join(err, file.Close()); err != nil || m.end == 0 || m.later > 0 || m.cut > 0 || !m.clean || m.endless {
		c.found(pebbleDir+"/"+name, "is damaged at byte %d: another is in force, and a start removes it", m.end)
	}
}

func (c *Checked) has(file string) bool {
	return slices.ContainsFunc(c.Damage, func(d Damage) bool { return d.File == file })
}

// sized are the lines of the options that are made by the size of the disk, or by how many
// processors there are.
var sized = gateway.Pattern(`(?m)^  (mem_table_size|cache_size|max_concurrent_compactions)=(\d+)$`)

// options compares the settings that Pebble wrote down with those that we give it. They
// have no sum.
func (c *Checked) options(s *Store, name string) {
	text, err := readFile(s.opts.FS, s.opts.FS.PathJoin(s.opts.Dir, pebbleDir, name), 1<<20)
	if err != nil {
		c.found(pebbleDir+"/"+name, "cannot be read: %v", err)
		return
	}
	o := s.pebbleOptions()
	o.EnsureDefaults()
	plain := func(text string) string { return sized().ReplaceAllString(text, "  $1=") }
	sizes := map[string]uint64{}
	for _, line := range sized().FindAllStringSubmatch(string(text), -1) {
		sizes[line[1]], _ = strconv.ParseUint(line[2], 10, 64)
	}
	if plain(string(text)) != plain(o.String()) || sizes["cache_size"] != defaultCache+3*sizes["mem_table_size"] ||
		sizes["max_concurrent_compactions"]-1 >= mostCompactions {
		c.found(pebbleDir+"/"+name, "is damaged, or of another version of hookgate: it holds settings of the database, no data, and a start writes it anew")
	}
}

// records reads all that the database gives.
func (c *Checked) records(s *Store) {
	o := s.plainOptions()
	o.ReadOnly, o.Logger = true, checkLogger{}
	db, err := openGuarded(s.engine, func() (*pebble.DB, error) {
		return pebble.Open(s.opts.FS.PathJoin(s.opts.Dir, pebbleDir), o)
	})
	if errors.Is(err, os.ErrNotExist) {
		return // a first start did not get as far
	}
	if err == nil {
		err = errors.Join(c.each(db), db.Close())
	}
	if err != nil {
		c.found(fileInError(err), "is damaged: %v", err)
	}
}

// checkLogger makes an error of what Pebble gives up for: nothing goes on behind it.
type checkLogger struct{ pebbleLogger }

func (checkLogger) Errorf(string, ...any) {}

func (checkLogger) Fatalf(format string, args ...any) {
	panic(error(fatalError{fmt.Sprintf(format, args...), args}))
}

func (c *Checked) each(db *pebble.DB) (err error) {
	it, err := db.NewIter(nil)
	if err != nil {
		return err
	}
	defer closeIter(it, &err)
	for more := it.First(); more; more = it.Next() {
		c.Records++
		key := it.Key()
		if len(key) == 0 || kindWords[key[0]] == "" {
			return fmt.Errorf("there is a record of a kind that this version does not know: %.1q", key)
		}
		if _, err := it.ValueAndErr(); err != nil {
			return err
		}
	}
	return nil
}
