package keeping

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Verify reads an archive whole, and keeps nothing of it.
func Verify(r io.Reader) (About, error) {
	return readArchive(r, func(_ string, _ int64, r io.Reader) error { _, err := io.Copy(io.Discard, r); return err })
}

// Restore makes the data folder dir of an archive. The folder must be empty, or not be
// there. When Restore returns nil all of it is on disk, and held: see Held. After an error
// the folder is as it was; where the process dies, it is marked, and nobody serves it.
func Restore(r io.Reader, dir string) (a About, err error) {
	made, err := empty(dir)
	if err != nil {
		return a, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, undo(dir, made))
		}
	}()
	if err := begin(dir, restoringName); err != nil {
		return a, err
	}
	if err := os.Mkdir(filepath.Join(dir, "pebble"), 0o700); err != nil {
		return a, err
	}
	var format []byte
	a, err = readArchive(r, func(name string, size int64, r io.Reader) error {
		if name == "format" { // the last thing that is written
			if size > 256 || format != nil {
				return errors.New("is too large, or there twice")
			}
			format, err = io.ReadAll(r)
			return err
		}
		return restoreFile(filepath.Join(dir, filepath.FromSlash(name)), r)
	})
	if err != nil {
		return a, err
	}
	if format == nil {
		return a, errors.New("the backup has no file format: it is of no data folder")
	}
	return a, finish(dir, format)
}

// finish makes a data folder of what was restored.
func finish(dir string, format []byte) error {
	if err := hold(dir); err != nil {
		return err
	}
	for _, folder := range []string{filepath.Join(dir, "pebble"), dir} {
		if err := SyncFolder(folder); err != nil {
			return err
		}
	}
	if err := writeFile(filepath.Join(dir, "format"), format); err != nil {
		return err
	}
	if err := SyncFolder(dir); err != nil {
		return err
	}
	if err := SyncFolder(filepath.Dir(dir)); err != nil {
		return err
	}
	return end(dir, restoringName)
}

// empty looks whether a folder has nothing in it; made says that it is not there yet.
func empty(dir string) (made bool, err error) {
	names, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return true, nil
	case err != nil:
		return false, err
	case len(names) > 0:
		return false, fmt.Errorf("the folder %s is not empty: it has %s; a backup is restored to a folder of its own", dir, names[0].Name())
	}
	return false, nil
}

// undo removes what was restored.
func undo(dir string, made bool) error {
	if made {
		return os.RemoveAll(dir)
	}
	names, err := os.ReadDir(dir)
	for _, name := range names {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, name.Name())))
	}
	return err
}

func restoreFile(name string, r io.Reader) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

func writeFile(name string, text []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// SyncFolder makes durable which files a folder has.
func SyncFolder(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
