package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"hookgate/gateway/node"
)

func newRekeyCommand() *cobra.Command {
	var data string
	cmd := &cobra.Command{
		Use:   "rekey --data DIR",
		Short: "Give a data folder another master key",
		Long: `Give a data folder that no hookgate serves another master key, and seal all secrets in
it anew. The old forms are removed from the disk as far as the database goes; backups
keep the old key.

Where the key is in the folder a new one is made. Where it is in HOOKGATE_MASTER_KEY, the
new one is taken from HOOKGATE_NEW_MASTER_KEY, and is to be set as HOOKGATE_MASTER_KEY
when the command has ended.

It may be cut short at any point: a start says so, and the same command goes on. The key
stays where it was when that began, in the folder or in the environment, whatever is set
by then.`,
		Example: `  hookgate rekey --data /var/lib/hookgate
  HOOKGATE_NEW_MASTER_KEY=$(openssl rand -base64 32) hookgate rekey --data /var/lib/hookgate`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if data == "" {
				return errors.New("rekey: no folder: set --data")
			}
			given := os.Getenv("HOOKGATE_MASTER_KEY")
			log := slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), &slog.HandlerOptions{Level: slog.LevelWarn}))
			inFolder, err := node.Rekey(data, given, os.Getenv("HOOKGATE_NEW_MASTER_KEY"), log)
			if err != nil {
				return fmt.Errorf("rekey: %w", err)
			}
			text := "all is sealed with the new key, which is in master.key"
			if !inFolder {
				text = "all is sealed with the new key: set it as HOOKGATE_MASTER_KEY"
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %s; copies and backups of before need the old one\n", data, text)
			return err
		},
	}
	cmd.Flags().StringVar(&data, "data", "", "the data folder")
	return cmd
}
