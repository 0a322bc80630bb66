package keeping

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// copyingName is the file of a data folder that is being made as a copy of another store: it
// is there before anything else, and goes when the copy is whole. Nobody serves such a folder
// (SPEC-cluster K5 "store copy").
const copyingName = "copying"

// ErrCopying is of a folder that has a part of a store only.
var ErrCopying = errors.New("the data folder is a copy that was cut short: go on with hookgate store copy --resume, or remove the folder")

// BeginCopy marks a folder, which it makes; whoever goes on does so again.
func BeginCopy(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making the data folder: %w", err)
	}
	if err := writeFile(filepath.Join(dir, copyingName), []byte("hookgate store copy\n")); err != nil {
		return fmt.Errorf("marking the data folder as a copy: %w", err)
	}
	return SyncFolder(dir)
}

// Copying tells whether a folder is a copy that is not whole.
func Copying(dir string) (bool, error) {
	_, err := os.Stat(filepath.Join(dir, copyingName))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// EndCopy makes it a folder like any other, durably.
func EndCopy(dir string) error {
	if err := os.Remove(filepath.Join(dir, copyingName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("ending the copy: %w", err)
	}
	return SyncFolder(dir)
}
