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

// restoringName is the same of a folder that a backup is being restored to.
const restoringName = "restoring"

// Errors of a folder that has a part of a store only.
var (
	errCopying   = errors.New("the data folder is a copy that was cut short: go on with hookgate store copy --resume, or remove the folder")
	errRestoring = errors.New("the data folder has a part of a backup only: hookgate restore was cut short, or is under way; remove the folder, and restore anew")
)

// Whole is an error where a folder has a part of a store only. What cannot be looked at, or is
// none, whoever opens it says better.
func Whole(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, restoringName)); err == nil {
		return errRestoring
	}
	if half, _ := Copying(dir); half {
		return errCopying
	}
	return nil
}

// BeginCopy marks a folder, which it makes; whoever goes on does so again.
func BeginCopy(dir string) error { return begin(dir, copyingName) }

func begin(dir, marker string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making the data folder: %w", err)
	}
	if err := writeFile(filepath.Join(dir, marker), nil); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("marking the data folder as one that is not whole: %w", err)
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
func EndCopy(dir string) error { return end(dir, copyingName) }

func end(dir, marker string) error {
	if err := os.Remove(filepath.Join(dir, marker)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("ending what made the data folder: %w", err)
	}
	return SyncFolder(dir)
}
