package pebblestore

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// stays looks whether what is written is where a start would read it. A folder that is
// removed, moved away or covered by a mount while it is served goes on for its process: each
// write and each fsync of an open file succeeds, and all of it is gone with the process.
// PostgreSQL looks at its own lock for the same reason (RecheckDataDirLockFile).
type stays struct {
	name string      // of the lock
	lock os.FileInfo // of the one that is held; nil where the machine knows no such file
	gone string      // what was not there at the last look
}

// staysEvery is how often it looks. A file is gone when two looks find it gone.
const staysEvery = time.Second

// hold remembers the lock that was taken: it is open for as long as the store is, so that
// nothing else becomes the same file.
func (s *stays) hold(dir string) {
	s.name = filepath.Join(dir, "lock")
	s.lock, _ = os.Stat(s.name) // none: of a file system in memory only the store's files are looked for
}

// lookForFolder fails the store when the folder is not there any more.
func (s *engine) lookForFolder() {
	if s.failure.Load() != nil {
		return
	}
	gone := s.notThere()
	if gone != "" && gone == s.stays.gone {
		s.trip(fmt.Errorf("%s was removed, moved away or covered while it was in use: what is written there now, nobody would read", gone))
	}
	s.stays.gone = gone
}

// notThere names a file that is not where it was made; "": all are. An error of looking says
// nothing.
func (s *engine) notThere() string {
	if s.stays.lock != nil {
		now, err := os.Stat(s.stays.name)
		if errors.Is(err, os.ErrNotExist) || err == nil && !os.SameFile(now, s.stays.lock) {
			return s.stays.name
		}
	}
	for _, name := range s.known.inForce() {
		path := s.opts.FS.PathJoin(s.opts.Dir, pebbleDir, name)
		if _, err := s.opts.FS.Stat(path); !errors.Is(err, os.ErrNotExist) {
			continue
		}
		if slices.Contains(s.known.inForce(), name) { // it is forgotten before it is removed
			return path
		}
	}
	return ""
}
