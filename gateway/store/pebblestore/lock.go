package pebblestore

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Lock takes a data folder that is there, so that no store is opened in it until done.
func Lock(dir string) (done func() error, err error) {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, fmt.Errorf("there is no folder %s", dir)
	case err != nil:
		return nil, folderError("reading", dir, err)
	case !info.IsDir():
		return nil, fmt.Errorf("%s is no folder", dir)
	}
	lock, err := vfs.Default.Lock(filepath.Join(dir, "lock"))
	if err != nil {
		return nil, lockError(dir, err)
	}
	return lock.Close, nil
}
