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
	first, err := Folder(dir, "", false)
	if err != nil || !first.Created {
		t.Fatalf("a first start: created %t, %v", first.Created, err)
	}
	if again, err := Folder(dir, "", false); err != nil || again.Created || again.Key != first.Key {
		t.Fatalf("a second start: created %t, %v; want the same key", again.Created, err)
	}
	other := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32)))
	if _, err := Folder(dir, other, false); !errors.Is(err, ErrMasterKey) {
		t.Errorf("another key: %v, want ErrMasterKey", err)
	}
	if err := os.Remove(filepath.Join(dir, keyName)); err != nil {
		t.Fatal(err)
	}
	if _, err := Folder(dir, "", false); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a lost key: %v, want that it does not exist", err)
	}
	if _, err := os.Stat(filepath.Join(dir, keyName)); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a lost key was made anew")
	}
	// A folder that was sealed with a given key opens with that one alone.
	dir = t.TempDir()
	for range 2 {
		if _, err := Folder(dir, other, false); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Folder(dir, "", false); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without the given key: %v", err)
	}
}

// TestHeldFolder has lost both its key and its check: no new key is made beside data
// that was sealed with another, for the right one, put back, must still fit.
func TestHeldFolder(t *testing.T) {
	dir := t.TempDir()
	if _, err := Folder(dir, "", true); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "put it back, or set HOOKGATE_MASTER_KEY") {
		t.Errorf("without a key: %v", err)
	}
	first := filepath.Join(dir, "master.key")
	if err := os.WriteFile(first, []byte(newKey().text()), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Folder(dir, "", true); err != nil {
		t.Errorf("with its key: %v", err)
	}
	if names, err := os.ReadDir(dir); err != nil || len(names) != 1 {
		t.Errorf("the folder has %v, %v: want its key alone", names, err)
	}
}
