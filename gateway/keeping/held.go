package keeping

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// heldName is the file by which a data folder is held: a gateway that opens it sends
// nothing to endpoints and to the platform, for another may live that does (SPEC O10).
const heldName = "held"

// Restored is why a restored folder is held.
const Restored = "restored"

// hold marks a folder.
func hold(dir string) error { return writeFile(filepath.Join(dir, heldName), []byte(Restored+"\n")) }

// Held says why a data folder is held; "": it is not.
func Held(dir string) (why string, err error) {
	_, err = os.Stat(filepath.Join(dir, heldName))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", nil
	case err != nil:
		return "", fmt.Errorf("looking whether the data folder is held: %w", err)
	}
	return Restored, nil
}

// Release ends that, for good: it is durable when Release returns. It is no error where
// the folder is not held.
func Release(dir string) error {
	err := os.Remove(filepath.Join(dir, heldName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("releasing the data folder: %w", err)
	}
	return SyncFolder(dir)
}
