package pebblestore

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Look says why Open could not use the data folder dir, as far as that can be told from
// beside a hookgate that may have it open: nothing is made, and no lock is taken. held
// says that there is something in it that was promised, or sealed.
func Look(dir string) (held bool, err error) {
	info, err := os.Stat(dir)
	if errors.Is(err, os.ErrNotExist) {
		return false, lookAbove(dir)
	}
	if err != nil {
		return false, folderError("reading", dir, err)
	}
	if !info.IsDir() {
		return false, folderError("making", dir, &os.PathError{Op: "mkdir", Path: dir, Err: syscall.ENOTDIR})
	}
	for _, path := range []string{dir, filepath.Join(dir, "lock"), filepath.Join(dir, pebbleDir)} {
		if err := mayWrite(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return false, folderError("writing", dir, err)
		}
	}
	if err := lookAt(filepath.Join(dir, pebbleDir)); err != nil {
		return false, folderError("writing", dir, err)
	}
	if _, err := formatOf(vfs.Default, dir); err != nil && !errors.Is(err, errNoFormat) {
		return false, err
	}
	return holds(dir), nil
}

// lookAt says which file of a folder this process may not use. One that goes while it is
// looked at is none of them: who has the store open removes what is of no more use.
func lookAt(folder string) error {
	names, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	for _, name := range names {
		if err := mayWrite(filepath.Join(folder, name.Name())); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// lookAbove says why a data folder that is not there could not be made.
func lookAbove(dir string) error {
	above := existing(dir)
	info, err := os.Stat(above)
	if err == nil && !info.IsDir() {
		err = &os.PathError{Op: "mkdir", Path: above, Err: syscall.ENOTDIR}
	}
	if err == nil {
		err = mayWrite(above)
	}
	if err != nil {
		return folderError("making", dir, err)
	}
	return nil
}

// existing gives the nearest that there is of a path and what it lies in.
func existing(path string) string {
	path, err := filepath.Abs(path)
	for err == nil && path != filepath.Dir(path) {
		if _, err := os.Lstat(path); err == nil {
			return path
		}
		path = filepath.Dir(path)
	}
	return path
}

// holds tells whether a store was ever open in the folder.
func holds(dir string) bool {
	if k, err := readKnown(vfs.Default, filepath.Join(dir, "known")); err == nil && k.opened {
		return true
	}
	names, err := os.ReadDir(filepath.Join(dir, pebbleDir))
	return err == nil && len(names) > 0
}
