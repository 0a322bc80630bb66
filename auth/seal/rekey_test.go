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

// Whatever of it was done when the process died, both keys are found again by any one of
// them, and no start takes the folder until it is finished.
func TestRekey(t *testing.T) {
	dir := t.TempDir()
	first, err := Folder(dir, "", false)
	if err != nil {
		t.Fatal(err)
	}
	r, err := BeginRekey(dir, "", "")
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
		if a, err := BeginRekey(dir, "", ""); err != nil || a.Old != r.Old || a.New != r.New || !a.Resumed {
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
		if _, err := BeginRekey(dir, c[0], c[1]); err == nil {
			t.Errorf("%s: begun", name)
		}
	}
	if _, err := Folder(dir, old, true); err != nil {
		t.Errorf("what was refused has changed something: %v", err)
	}
	if _, err := BeginRekey(dir, old, next); err != nil {
		t.Fatal(err)
	}
	if _, err := BeginRekey(dir, keyText("x"), ""); !errors.Is(err, ErrMasterKey) {
		t.Errorf("gone on with a third key: %v", err)
	}
	if _, err := BeginRekey(dir, old, keyText("x")); err == nil {
		t.Error("gone on to a third key")
	}
	for _, given := range [][2]string{{old, ""}, {old, next}, {next, ""}} {
		r, err := BeginRekey(dir, given[0], given[1])
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
