package seal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// rekeyName is the file that says that a folder is being given another key: the new key
// sealed with the old one, and the old one with the new, so that whoever has either goes on.
const rekeyName = "rekey"

var rekeyPlace = AAD("", "store", "rekey")

// ErrRekeying says that only a part of a data folder was sealed anew.
var ErrRekeying = errors.New("the data folder is being given another master key, and that was cut short: run hookgate rekey --data DIR again, which goes on from there")

// Rekeying gives a data folder another master key. What is sealed with Old is sealed anew
// with New between BeginRekey and Finish, which may be days and crashes apart.
type Rekeying struct {
	Old, New Key
	Resumed  bool // it had begun before

	dir  string
	file bool // the key is the folder's own
}

// BeginRekey begins, or goes on with what was cut short. given is the key from the
// environment, next the new one; where they are "" the key is in the folder, and the new
// one is made up. The caller holds the folder's lock. It is durable that it has begun.
func BeginRekey(dir, given, next string) (*Rekeying, error) {
	r := &Rekeying{dir: dir, file: given == ""}
	text, err := os.ReadFile(filepath.Join(dir, rekeyName))
	switch {
	case err == nil:
		r.Resumed = true
		return r, r.goOn(string(text), given, next)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("reading what was cut short: %w", err)
	}
	if err := r.keys(given, next); err != nil {
		return nil, err
	}
	journal := New(r.Old).Seal(r.New.text(), rekeyPlace) + "\n" + New(r.New).Seal(r.Old.text(), rekeyPlace) + "\n"
	if err := create(filepath.Join(dir, rekeyName), journal); err != nil {
		return nil, fmt.Errorf("beginning with another master key: %w", err)
	}
	return r, nil
}

// keys finds both keys of a beginning.
func (r *Rekeying) keys(given, next string) error {
	check, sealed, err := readCheck(r.dir)
	if err != nil {
		return err
	}
	k, err := folderKey(r.dir, given, true)
	if err != nil {
		return err
	}
	if sealed && New(k.Key).Matches(check) != nil {
		return ErrMasterKey
	}
	r.Old = k.Key
	switch {
	case next != "":
		if r.New, err = ParseKey(next); err != nil {
			return fmt.Errorf("HOOKGATE_NEW_MASTER_KEY: %w", err)
		}
	case given != "":
		return errors.New("the master key is in the environment: set HOOKGATE_NEW_MASTER_KEY to the new one, for hookgate cannot change it there")
	default:
		r.New = newKey()
	}
	if r.New == r.Old {
		return errors.New("the new master key is the old one")
	}
	return nil
}

// goOn finds both keys by any one of them.
func (r *Rekeying) goOn(journal, given, next string) error {
	lines := strings.Split(strings.TrimSpace(journal), "\n")
	if len(lines) != 2 {
		return errors.New("the file rekey of the data folder is damaged: restore a backup")
	}
	known := []string{given, next}
	if text, err := os.ReadFile(filepath.Join(r.dir, keyName)); err == nil {
		known = append(known, string(text))
	}
	for _, text := range known {
		key, err := ParseKey(text)
		if err != nil {
			continue
		}
		if other, err := New(key).Open(lines[0], rekeyPlace); err == nil {
			r.Old = key
			r.New, err = ParseKey(other)
			return errors.Join(err, r.sameNext(next))
		}
		if other, err := New(key).Open(lines[1], rekeyPlace); err == nil {
			r.New = key
			r.Old, err = ParseKey(other)
			return errors.Join(err, r.sameNext(next))
		}
	}
	return fmt.Errorf("going on with another master key: %w", ErrMasterKey)
}

func (r *Rekeying) sameNext(next string) error {
	if next == "" {
		return nil
	}
	if key, err := ParseKey(next); err != nil || key != r.New {
		return errors.New("HOOKGATE_NEW_MASTER_KEY is not the key with which this was begun: finish with that one first, or leave it out")
	}
	return nil
}

// Finish says that all is sealed with the new key. After a crash within it BeginRekey goes
// on, and finds nothing left to do but this.
func (r *Rekeying) Finish() error {
	err := create(filepath.Join(r.dir, checkName), New(r.New).Check())
	if err == nil && r.file {
		err = create(filepath.Join(r.dir, keyName), r.New.text()+"\n")
	}
	if err == nil {
		err = os.Remove(filepath.Join(r.dir, rekeyName))
	}
	if err == nil {
		err = syncFolder(r.dir)
	}
	if err != nil {
		return fmt.Errorf("finishing with another master key: %w", err)
	}
	return nil
}

// rekeying looks whether a folder is being given another key.
func rekeying(dir string) error {
	switch _, err := os.Stat(filepath.Join(dir, rekeyName)); {
	case err == nil:
		return ErrRekeying
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("looking at the master key of the data folder: %w", err)
	}
	return nil
}
