package seal

import (
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func keyText(fill string) string {
	return base64.StdEncoding.EncodeToString([]byte(strings.Repeat(fill, 32)))
}

func beginRekey(dir, given, next string) (*Rekeying, error) {
	r, err := PlanRekey(dir, given, next)
	if err != nil {
		return nil, err
	}
	return r, r.Begin()
}

// Whatever of it was done when the process died, both keys are found again by any one of
// them, and no start takes the folder until it is finished.
func TestRekey(t *testing.T) {
	dir := t.TempDir()
	first, err := Folder(dir, "", false)
	if err != nil {
		t.Fatal(err)
	}
	r, err := beginRekey(dir, "", "")
	if err != nil || r.Old != first.Key || r.New == r.Old || r.Resumed {
		t.Fatalf("the old key is kept: %t, resumed %t, %v", r.Old == first.Key, r.Resumed, err)
	}
	again := func(when string) {
		t.Helper()
		if _, err := Folder(dir, "", true); !errors.Is(err, ErrRekeying) {
			t.Errorf("%s: a start says %v", when, err)
		}
		if err := Look(dir, "", true); !errors.Is(err, ErrRekeying) {
			t.Errorf("%s: check says %v", when, err)
		}
		if a, err := beginRekey(dir, "", ""); err != nil || a.Old != r.Old || a.New != r.New || !a.Resumed {
			t.Fatalf("%s: the same keys: %t %t, %v", when, a.Old == r.Old, a.New == r.New, err)
		}
	}
	again("begun")
	if err := create(filepath.Join(dir, checkName), New(r.New).Check()); err != nil { // as Finish does, step by step
		t.Fatal(err)
	}
	again("marked")
	if err := create(filepath.Join(dir, keyName), r.New.text()); err != nil {
		t.Fatal(err)
	}
	again("with its new key")
	if text, err := os.ReadFile(filepath.Join(dir, rekeyName)); err != nil || strings.Contains(string(text), r.Old.text()) || strings.Contains(string(text), r.New.text()) {
		t.Errorf("a key is readable: %v", err)
	}
	if err := r.Finish(); err != nil {
		t.Fatal(err)
	}
	if k, err := Folder(dir, "", true); err != nil || k.Key != r.New {
		t.Errorf("after it: the new key %t, %v", k.Key == r.New, err)
	}
}

// With its key in the environment the new one must be given, and it is the one that counts.
func TestRekeyOfAGivenKey(t *testing.T) {
	dir, old, next := t.TempDir(), keyText("o"), keyText("n")
	if _, err := Folder(dir, old, false); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string][2]string{"no new key": {old, ""}, "the same": {old, old}, "another old one": {next, keyText("x")}, "none": {"", next}, "no key": {old, "x"}} {
		if _, err := beginRekey(dir, c[0], c[1]); err == nil {
			t.Errorf("%s: begun", name)
		}
	}
	if _, err := Folder(dir, old, true); err != nil {
		t.Errorf("what was refused has changed something: %v", err)
	}
	if _, err := beginRekey(dir, old, next); err != nil {
		t.Fatal(err)
	}
	if _, err := beginRekey(dir, keyText("x"), ""); !errors.Is(err, ErrMasterKey) {
		t.Errorf("gone on with a third key: %v", err)
	}
	if _, err := beginRekey(dir, old, keyText("x")); err == nil {
		t.Error("gone on to a third key")
	}
	for _, given := range [][2]string{{old, ""}, {old, next}, {next, ""}} {
		r, err := beginRekey(dir, given[0], given[1])
		if err != nil || r.New.text() != next || r.Old.text() != old {
			t.Fatal(err)
		}
		if given[0] == next {
			if err := r.Finish(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := Folder(dir, next, true); err != nil {
		t.Error(err)
	}
	if _, err := Folder(dir, old, true); !errors.Is(err, ErrMasterKey) {
		t.Errorf("the old key: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, keyName)); !os.IsNotExist(err) {
		t.Error("the key was written to the folder")
	}
}

// Where the key was kept when it began, there it stays, whatever the one who goes on has set:
// a key that was made up for the folder must not be lost, nor one of the environment written
// to the disk.
func TestRekeyGoesOnElsewhere(t *testing.T) {
	finish := func(dir, given, next string) *Rekeying {
		t.Helper()
		r, err := beginRekey(dir, given, next)
		if err != nil || !r.Resumed {
			t.Fatalf("not gone on with: %v", err)
		}
		if err := r.Finish(); err != nil {
			t.Fatal(err)
		}
		return r
	}
	begun := func(given, next string) (dir string, old Key) {
		t.Helper()
		dir = t.TempDir()
		k, err := Folder(dir, given, false)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := beginRekey(dir, given, next); err != nil {
			t.Fatal(err)
		}
		return dir, k.Key
	}
	for name, before := range map[string]bool{"as it is": false, "by a version before": true} {
		dir, old := begun("", "")
		if before {
			cutJournal(t, dir)
		}
		r := finish(dir, old.text(), "")
		if k, err := Folder(dir, "", true); err != nil || k.Key != r.New {
			t.Errorf("begun %s, gone on with the folder's key in the environment: the new key is lost: %v", name, err)
		}
		dir, _ = begun(keyText("o"), keyText("n"))
		if before {
			cutJournal(t, dir)
		}
		if finish(dir, "", keyText("n")); exists(filepath.Join(dir, keyName)) {
			t.Errorf("begun %s, with keys of the environment: the key was written to the folder", name)
		}
	}
}

// cutJournal makes the file of a beginning as versions before wrote it.
func cutJournal(t *testing.T, dir string) {
	t.Helper()
	path := filepath.Join(dir, rekeyName)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	two := strings.Join(strings.SplitAfter(string(text), "\n")[:2], "")
	if err := os.WriteFile(path, []byte(two), 0o600); err != nil {
		t.Fatal(err)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
