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
// sealed with the old one, and the old one with the new, so that whoever has either goes on;
// then where the key is kept, which who goes on may not know. Files of before that have two
// lines.
const rekeyName = "rekey"

// Where the key is kept.
const (
	inFolder      = "folder"
	inEnvironment = "environment"
)

var rekeyPlace = AAD("", "store", "rekey")

// ErrRekeying says that only a part of a data folder was sealed anew.
var ErrRekeying = errors.New("the data folder is being given another master key, and that was cut short: run hookgate rekey --data DIR again, which goes on from there")

// Rekeying gives a data folder another master key. What is sealed with Old is sealed anew
// with New between Begin and Finish, which may be days and crashes apart.
type Rekeying struct {
	Old, New Key
	InFolder bool // the key is kept in the folder, not in the environment
	Resumed  bool // it had begun before

	dir string
}

// PlanRekey finds both keys, of a beginning or of what was cut short, and changes nothing.
// given is the key from the environment, next the new one; where they are "" the key is in
// the folder, and the new one is made up. The caller holds the folder's lock.
func PlanRekey(dir, given, next string) (*Rekeying, error) {
	r := &Rekeying{dir: dir, InFolder: given == ""}
	text, err := os.ReadFile(filepath.Join(dir, rekeyName))
	switch {
	case err == nil:
		r.Resumed = true
		return r, r.goOn(string(text), given, next)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("reading what was cut short: %w", err)
	}
	return r, r.keys(given, next)
}

// Begin makes durable that it has begun, and both keys: from here on nobody but who goes on
// may use the folder. The old key must be known to be that of the store.
func (r *Rekeying) Begin() error {
	if r.Resumed {
		return nil
	}
	where := inEnvironment
	if r.InFolder {
		where = inFolder
	}
	journal := []string{New(r.Old).Seal(r.New.text(), rekeyPlace), New(r.New).Seal(r.Old.text(), rekeyPlace), where, ""}
	if err := create(filepath.Join(r.dir, rekeyName), strings.Join(journal, "\n")); err != nil {
		return fmt.Errorf("beginning with another master key: %w", err)
	}
	return nil
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
	if len(lines) != 2 && (len(lines) != 3 || lines[2] != inFolder && lines[2] != inEnvironment) {
		return errors.New("the file rekey of the data folder is damaged: restore a backup")
	}
	own, err := os.ReadFile(filepath.Join(r.dir, keyName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the master key of the data folder: %w", err)
	}
	for _, text := range []string{given, next, string(own)} {
		if found, err := r.open(lines, text); found {
			r.InFolder = lines[len(lines)-1] == inFolder || len(lines) == 2 && r.knows(string(own))
			return errors.Join(err, r.sameNext(next))
		}
	}
	return fmt.Errorf("going on with another master key: %w", ErrMasterKey)
}

// open finds both keys by a text that may be one of them.
func (r *Rekeying) open(lines []string, text string) (found bool, err error) {
	key, err := ParseKey(text)
	if err != nil {
		return false, nil
	}
	if other, err := New(key).Open(lines[0], rekeyPlace); err == nil {
		r.Old = key
		r.New, err = ParseKey(other)
		return true, err
	}
	if other, err := New(key).Open(lines[1], rekeyPlace); err == nil {
		r.New = key
		r.Old, err = ParseKey(other)
		return true, err
	}
	return false, nil
}

// knows says whether a text is one of both keys. That is how files of two lines tell where
// the key is kept: one that the folder has is written there anew rather than lost.
func (r *Rekeying) knows(text string) bool {
	key, err := ParseKey(text)
	return err == nil && (key == r.Old || key == r.New)
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

// Finish says that all is sealed with the new key. After a crash within it PlanRekey goes
// on, and finds nothing left to do but this.
func (r *Rekeying) Finish() error {
	err := create(filepath.Join(r.dir, checkName), New(r.New).Check())
	if err == nil && r.InFolder {
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
