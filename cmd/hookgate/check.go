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
		Use:   "check [FILE]",
		Short: "Check a configuration file",
		Long: `Check a configuration file as serve would read it, and what serve would open:
certificate and key, the data folder and its master key. Nothing is started, made or
locked: a hookgate that runs does not notice.

Every mistake is printed as FILE:LINE:COL: message; the exit status is 1 then. What
does not keep serve from starting is told on standard error.

Variables that the file takes from the environment must be set.`,
		Example: "  hookgate check hookgate.yaml",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			if len(files) > 0 && f.Config != "" {
				return errors.New("two files to check: give FILE or --config FILE")
			}
			if len(files) > 0 {
				f.Config = files[0]
			}
			return check(cmd, configs.Options{Flags: f, Environ: os.Environ(), Check: node.CheckAll})
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
		return errors.New("no file to check: give FILE, --config FILE or set HOOKGATE_CONFIG")
	}
	c, err := configs.Load(o)
	if _, mistaken := errors.AsType[configs.Mistakes](err); mistaken {
		fmt.Fprintln(cmd.OutOrStdout(), err) // what was asked for, not a failure of ours
		return errShown
	}
	if err != nil {
		return err
	}
	if told := c.Report(node.Warnings(c)); told != nil {
		fmt.Fprintln(cmd.ErrOrStderr(), told) // no mistakes: the file is as good without it
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: ok\n", file)
	return err
}
