package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"hookgate/configs"
	"hookgate/gateway/node"
)

func newCheckCommand() *cobra.Command {
	var f configs.Flags
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Check a configuration file",
		Long: `Check a configuration file as serve would read it, without starting anything.
Every mistake is printed as FILE:LINE:COL: message; the exit status is 1 then.

Variables that the file takes from the environment must be set.`,
		Example: "  hookgate check --config hookgate.yaml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return check(cmd, configs.Options{Flags: f, Environ: os.Environ(), Check: node.Check})
		},
	}
	cmd.Flags().StringVar(&f.Config, "config", "", "configuration file (default HOOKGATE_CONFIG)")
	return cmd
}

func check(cmd *cobra.Command, o configs.Options) error {
	file, err := o.File()
	if err != nil {
		return err
	}
	if file == "" {
		return errors.New("no file to check: give --config FILE or set HOOKGATE_CONFIG")
	}
	_, err = configs.Load(o)
	if _, mistaken := errors.AsType[configs.Mistakes](err); mistaken {
		fmt.Fprintln(cmd.OutOrStdout(), err) // what was asked for, not a failure of ours
		return errShown
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: ok\n", file)
	return err
}
