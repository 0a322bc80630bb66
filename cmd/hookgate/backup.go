package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"hookgate/gateway/keeping"
)

func newBackupCommand() *cobra.Command {
	var from running
	var withKey bool
	cmd := &cobra.Command{
		Use:   "backup FILE|-",
		Short: "Take a backup of a hookgate that runs",
		Long: `Take a backup of a hookgate that runs, through its internal API: a tar of all that
was acknowledged before. It is read through to its sums before it counts as taken:
FILE is there only when it is whole. With - it goes to standard output.

The master key is in it only with --with-key. Without it, keep the key elsewhere: no
secret of a restored folder can be read without.`,
		Example: `  hookgate backup hookgate.tar
  hookgate backup --with-key - | age -r age1... > hookgate.tar.age`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			if err := backup(cmd, &from, files[0], withKey); err != nil {
				return fmt.Errorf("backup: %w", err)
			}
			return nil
		},
	}
	from.flags(cmd)
	cmd.Flags().BoolVar(&withKey, "with-key", false, "put the master key into it: who has the file then has every secret")
	return cmd
}

func backup(cmd *cobra.Command, from *running, name string, withKey bool) (err error) {
	c, err := from.asks(cmd)
	if err != nil {
		return err
	}
	response, err := c.Backup(cmd.Context(), withKey)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	shown := newProgress(cmd.ErrOrStderr(), response.ContentLength)
	archive := shown.reader(response.Body)
	if name == "-" {
		_, err = readWhole(archive, cmd.OutOrStdout())
	} else {
		err = backupTo(name, archive, keeping.SyncFolder)
	}
	shown.end(err)
	return err
}

// backupTo writes an archive to a file that is there only when it is whole and on disk.
// sync makes a folder durable: without, the file may be gone after a loss of power.
func backupTo(name string, archive io.Reader, sync func(string) error) (err error) {
	if _, err := os.Stat(name); err == nil {
		return fmt.Errorf("%s is there already: it is not replaced", name)
	}
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*.part") // with mode 0600
	if err != nil {
		return err
	}
	written := f.Name()
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(written))
		}
	}()
	if _, err = readWhole(archive, f); err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err = os.Rename(written, name); err != nil {
		return err
	}
	written = name
	return sync(filepath.Dir(name))
}

// readWhole copies an archive, and looks whether it is one, and whole.
func readWhole(archive io.Reader, to io.Writer) (keeping.About, error) {
	copied := io.TeeReader(archive, to)
	about, err := keeping.Verify(copied)
	if err == nil {
		_, err = io.Copy(io.Discard, copied) // what fills the last record of a tar
	}
	return about, err
}
