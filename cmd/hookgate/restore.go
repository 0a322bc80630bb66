package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"hookgate/gateway/keeping"
	"hookgate/gateway/node"
)

func newRestoreCommand() *cobra.Command {
	var to running
	var data string
	var resume bool
	cmd := &cobra.Command{
		Use:   "restore FILE|- --data DIR",
		Short: "Make a data folder of a backup, or let a restored hookgate send",
		Long: `Make a data folder of a backup. DIR must be empty, or not be there. Nothing is left of
a backup that is damaged or was cut.

A hookgate that serves a restored folder takes and keeps everything, but sends nothing
to endpoints and to the platform: the one that the backup is of may still live, and
send the same. --resume ends that, for good: of a hookgate that runs, or with --data of
a folder that none serves.`,
		Example: `  hookgate restore hookgate.tar --data /var/lib/hookgate
  hookgate restore --resume
  hookgate restore --resume --data /var/lib/hookgate`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) (err error) {
			switch {
			case resume && len(files) > 0:
				err = errors.New("--resume takes no FILE")
			case resume && data != "":
				err = node.Resume(data)
			case resume:
				err = resumeRunning(cmd, &to)
			case len(files) == 0:
				err = errors.New("no FILE: name the backup, or - for standard input")
			case data == "":
				err = errors.New("no folder: set --data")
			default:
				return restore(cmd, files[0], data)
			}
			if err != nil {
				return fmt.Errorf("restore: %w", err)
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), "endpoints and the platform get what waited for them")
			return err
		},
	}
	to.flags(cmd)
	cmd.Flags().StringVar(&data, "data", "", "the data folder")
	cmd.Flags().BoolVar(&resume, "resume", false, "let a restored hookgate send")
	return cmd
}

func restore(cmd *cobra.Command, name, dir string) error {
	from, total := io.NopCloser(cmd.InOrStdin()), int64(0)
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return fmt.Errorf("restore: %w", err)
		}
		if info, err := f.Stat(); err == nil {
			total = info.Size()
		}
		from = f
	}
	defer func() { _ = from.Close() }() // it was read only
	shown := newProgress(cmd.ErrOrStderr(), total)
	about, err := keeping.Restore(shown.reader(from), dir)
	shown.end(err)
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	out := cmd.OutOrStdout()
	fmt.Fprintf(out, "%s: restored from a backup of %s, taken by hookgate %s\n", dir, about.At.Format(time.RFC3339), about.Version)
	if !about.WithKey {
		fmt.Fprintf(out, "The master key is not in it: put master.key into the folder, or set HOOKGATE_MASTER_KEY.\n")
	}
	_, err = fmt.Fprintf(out, "Served from here, it sends nothing to endpoints and to the platform until hookgate restore --resume, which takes an admin\n"+
		"token: one that the API made is in the backup; that of HOOKGATE_ADMIN_TOKEN is in none, and must be set again.\n")
	return err
}

func resumeRunning(cmd *cobra.Command, to *running) error {
	c, err := to.asks(cmd)
	if err != nil {
		return err
	}
	return c.Resume(cmd.Context())
}
