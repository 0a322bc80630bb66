package seal

import (
	"encoding/base64"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	first, err := Folder(dir, "")
	if err != nil || !first.Created {
		t.Fatalf("a first start: created %t, %v", first.Created, err)
	}
	if again, err := Folder(dir, ""); err != nil || again.Created || again.Key != first.Key {
		t.Fatalf("a second start: created %t, %v; want the same key", again.Created, err)
	}
	other := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32)))
	if _, err := Folder(dir, other); !errors.Is(err, ErrMasterKey) {
		t.Errorf("another key: %v, want ErrMasterKey", err)
	}
	if err := os.Remove(filepath.Join(dir, keyName)); err != nil {
		t.Fatal(err)
	}
	if _, err := Folder(dir, ""); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a lost key: %v, want that it does not exist", err)
	}
	if _, err := os.Stat(filepath.Join(dir, keyName)); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a lost key was made anew")
	}
	// A folder that was sealed with a given key opens with that one alone.
	dir = t.TempDir()
	for range 2 {
		if _, err := Folder(dir, other); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Folder(dir, ""); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without the given key: %v", err)
	}
}
