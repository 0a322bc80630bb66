package seal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrMasterKey says that a data folder was sealed with another key.
var ErrMasterKey = errors.New("the master key is not the one that this data folder was sealed with: " +
	"set HOOKGATE_MASTER_KEY, or put the right master.key back (or the file sealed, if that is what changed)")

// Files of a data folder.
const (
	keyName   = "master.key"
	checkName = "sealed" // a Check: by which key the folder's secrets are sealed
)

// Folder gives the master key of a data folder: the given one (32 bytes in base64),
// or where that is "" the one in its master.key, which is made on the first start
// alone: not where held says that the folder may have secrets in it. A key that is not
// the one by which the folder was sealed is ErrMasterKey, and nothing is touched. The
// caller holds the folder's lock, and has not opened anything else in it.
func Folder(dir, given string, held bool) (KeyFile, error) {
	check, sealed, err := readCheck(dir)
	if err = errors.Join(rekeying(dir), err); err != nil {
		return KeyFile{}, err
	}
	k, err := folderKey(dir, given, sealed || held)
	if err != nil {
		return KeyFile{}, err
	}
	if !sealed && held {
		return k, nil // the check is gone; the store has one of its own, and says whether the key is right
	}
	if !sealed {
		return k, create(filepath.Join(dir, checkName), New(k.Key).Check())
	}
	if New(k.Key).Matches(check) != nil {
		return KeyFile{}, ErrMasterKey
	}
	return k, nil
}

// Look gives the error that Folder would give, and makes nothing.
func Look(dir, given string, held bool) error {
	check, sealed, err := readCheck(dir)
	if err = errors.Join(rekeying(dir), err); err != nil {
		return err
	}
	k, err := folderKey(dir, given, true)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !sealed && !held:
		return nil // it will be made
	case err != nil:
		return err
	case sealed && New(k.Key).Matches(check) != nil:
		return ErrMasterKey
	}
	return nil
}

// readCheck gives the Check of a data folder, where it has one.
func readCheck(dir string) (check string, sealed bool, err error) {
	text, err := os.ReadFile(filepath.Join(dir, checkName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", false, fmt.Errorf("reading by which key the data folder is sealed: %w", err)
	}
	return string(text), err == nil, nil
}

func folderKey(dir, given string, sealed bool) (k KeyFile, err error) {
	if given != "" {
		k.Key, err = ParseKey(given)
		return k, err
	}
	load := LoadOrCreate
	if sealed {
		load = Load
	}
	k, err = load(filepath.Join(dir, keyName))
	if sealed && errors.Is(err, fs.ErrNotExist) {
		return k, fmt.Errorf("the master key of the data folder: %w; what is in the folder was sealed with it: put it back, or set HOOKGATE_MASTER_KEY", err)
	}
	if err != nil {
		return k, fmt.Errorf("the master key of the data folder: %w", err)
	}
	return k, nil
}

// Loose says whether others on this machine have rights on the master key of a folder; of
// one that has none, or one that cannot be read, they have not.
func Loose(dir string) bool {
	k, err := Load(filepath.Join(dir, keyName))
	return err == nil && k.Loose
}

// Give puts a key into a data folder as its own, for one that is to hold what was sealed with
// it elsewhere. It is no error where that key is there already; another is ErrMasterKey.
func Give(dir string, key Key) error {
	path := filepath.Join(dir, keyName)
	k, err := Load(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return create(path, key.text()+"\n")
	case err != nil:
		return err
	case k.Key != key:
		return ErrMasterKey
	}
	return nil
}

// KeyOf gives the key in a data folder's master.key; fs.ErrNotExist where it has none.
func KeyOf(dir string) (Key, error) {
	k, err := Load(filepath.Join(dir, keyName))
	return k.Key, err
}
