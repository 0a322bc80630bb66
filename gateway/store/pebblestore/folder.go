package pebblestore

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// formatVersion is that of the folder's layout. A store of a higher one was
// written by a newer hookgate.
const formatVersion = 1

const formatWords = "hookgate data, format "

// prepareDir locks the data folder and looks at its format.
func (s *Store) prepareDir() error {
	fs, dir := s.opts.FS, s.opts.Dir
	if err := s.checkFormat(); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := fs.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making the data folder %s: %w", dir, err)
	}
	lock, err := fs.Lock(fs.PathJoin(dir, "lock"))
	if err != nil {
		return fmt.Errorf("data folder %s is in use by another hookgate: %w", dir, err)
	}
	err = s.checkFormat()
	if errors.Is(err, os.ErrNotExist) {
		err = s.writeFormat()
	}
	if err == nil && s.opts.Unlock != nil {
		err = s.opts.Unlock()
	}
	if err != nil {
		return errors.Join(err, lock.Close())
	}
	s.lock = lock
	return nil
}

func (s *Store) formatName() string { return s.opts.FS.PathJoin(s.opts.Dir, "format") }

func (s *Store) checkFormat() error {
	f, err := s.opts.FS.Open(s.formatName())
	if err != nil {
		return err
	}
	text, err := io.ReadAll(io.LimitReader(f, 256))
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("reading %s: %w", s.formatName(), err)
	}
	number, found := strings.CutPrefix(strings.TrimSpace(string(text)), formatWords)
	version, err := strconv.Atoi(number)
	switch {
	case !found || err != nil:
		return fmt.Errorf("%s does not say %q and a number: is this a data folder of hookgate?", s.formatName(), formatWords)
	case version > formatVersion:
		return fmt.Errorf("data folder %s has format %d, written by a newer hookgate; this one knows up to %d", s.opts.Dir, version, formatVersion)
	}
	return nil
}

// writeFormat marks a new folder. It is written whole and renamed, so that a
// crash leaves either none or a whole one.
func (s *Store) writeFormat() error {
	fs, name := s.opts.FS, s.formatName()
	f, err := fs.Create(name+".new", vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = f.Write([]byte(formatWords + strconv.Itoa(formatVersion) + "\n"))
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = fs.Rename(name+".new", name)
	}
	if err == nil {
		err = syncDir(fs, s.opts.Dir)
	}
	if err == nil {
		err = syncDir(fs, fs.PathDir(s.opts.Dir)) // the folder itself must outlive a crash
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return nil
}

func syncDir(fs vfs.FS, dir string) error {
	d, err := fs.OpenDir(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
