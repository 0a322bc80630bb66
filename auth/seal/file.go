package seal

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// KeyFile is the master key of a data folder.
type KeyFile struct {
	Key     Key
	Created bool // made just now, by this call
	Loose   bool // group or others have rights on the file: worth a warning
}

// Load reads the master key of the file at path. When there is no such file the
// error is fs.ErrNotExist, and nothing is made.
func Load(path string) (KeyFile, error) {
	file, err := os.Open(path)
	if err != nil {
		return KeyFile{}, fmt.Errorf("read master key: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return KeyFile{}, fmt.Errorf("read master key: %w", err)
	}
	if !info.Mode().IsRegular() {
		return KeyFile{}, fmt.Errorf("read master key: %s is no regular file", path)
	}
	const most = 1 << 10 // a key has 44 bytes; a file of gigabytes is not read to say no
	text, err := io.ReadAll(io.LimitReader(file, most))
	if err != nil {
		return KeyFile{}, fmt.Errorf("read master key: %w", err)
	}
	key, err := ParseKey(string(text))
	if err != nil {
		return KeyFile{}, fmt.Errorf("read master key: %s: %w", path, err)
	}
	return KeyFile{Key: key, Loose: info.Mode().Perm()&0o077 != 0}, nil
}

// LoadOrCreate reads the master key of the file at path, or makes one when there
// is none: mode 0600, and durable before it is returned, because what is sealed
// with a lost key is lost. A file that is there but holds no key is an error and
// is left alone. The caller holds the data folder's lock, and has made sure that
// a missing key is the first start: a store with secrets needs its old key.
func LoadOrCreate(path string) (KeyFile, error) {
	found, err := Load(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return found, err
	}
	key := newKey()
	if err := create(path, key.text()+"\n"); err != nil {
		return KeyFile{}, fmt.Errorf("make master key: %w", err)
	}
	return KeyFile{Key: key, Created: true}, nil
}

// create writes a file whole or not at all: into a temporary one, to disk, then
// renamed, and the folder's own entry to disk too.
func create(path, text string) (err error) {
	folder := filepath.Dir(path)
	file, err := os.CreateTemp(folder, filepath.Base(path)+".*.tmp") // with mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(file.Name()))
		}
	}()
	_, err = file.WriteString(text)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	if err = os.Rename(file.Name(), path); err != nil {
		return err
	}
	return syncFolder(folder)
}

func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
