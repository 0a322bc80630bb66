package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"hookgate/gateway/keeping"
)

// noCheckpoint is a store that has nothing.
type noCheckpoint struct{}

func (noCheckpoint) Files() []keeping.File { return nil }
func (noCheckpoint) Scarce() bool          { return false }
func (noCheckpoint) Close() error          { return nil }

// A backup is there only when its name is on disk, too: after a loss of power it was not, though
// the command had said that it was taken.
func TestBackupSyncsItsFolder(t *testing.T) {
	t.Parallel()
	b := keeping.New(keeping.Options{
		Checkpoint: func() (keeping.Checkpoint, error) { return noCheckpoint{}, nil },
		Beside:     func(bool) ([]keeping.File, error) { return nil, nil },
		Now:        time.Now,
	})
	taken, err := b.Take(false)
	if err != nil {
		t.Fatal(err)
	}
	var archive bytes.Buffer
	if err := taken.Send(&archive); err != nil {
		t.Fatal(err)
	}
	dir, broken := t.TempDir(), errors.New("the disk is broken")
	for _, fails := range []error{broken, nil} {
		name := filepath.Join(dir, "hookgate.tar")
		var synced []string
		err := backupTo(name, bytes.NewReader(archive.Bytes()), func(folder string) error {
			if _, err := os.Stat(name); err != nil {
				t.Errorf("the folder is synced before the file has its name: %v", err)
			}
			synced = append(synced, folder)
			return fails
		})
		if !errors.Is(err, fails) || !slices.Equal(synced, []string{dir}) {
			t.Errorf("%v, synced %v", err, synced)
		}
		names, err := os.ReadDir(dir)
		if want := map[bool]int{true: 1}[fails == nil]; err != nil || len(names) != want {
			t.Errorf("the folder has %v, %v", names, err)
		}
	}
}
