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
	var data, format string
	cmd := &cobra.Command{
		Use:   "check [FILE]",
		Short: "Check a configuration file, or a data folder",
		Long: `Check a configuration file as serve would read it, and what serve would open:
certificate and key, the data folder and its master key. Nothing is started, made or
locked: a hookgate that runs does not notice.

Every mistake is printed as FILE:LINE:COL: message; the exit status is 1 then. What
does not keep serve from starting is told on standard error.

Variables that the file takes from the environment must be set.

With --data, a data folder is read whole that no hookgate serves: each file of it against
its sums, and all records. What is damaged is printed, with its file; the exit status is
1 then, and where the folder is in use. Nothing in it is changed.`,
		Example: `  hookgate check hookgate.yaml
  hookgate check --data /var/lib/hookgate`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			if data != "" {
				return checkData(cmd, data, len(files) > 0 || f.Config != "")
			}
			if len(files) > 0 && f.Config != "" {
				return errors.New("two files to check: give FILE or --config FILE")
			}
			if len(files) > 0 {
				f.Config = files[0]
			}
			return check(cmd, configs.Options{Flags: f, Environ: os.Environ(), Check: node.CheckAll}, format)
		},
	}
	cmd.Flags().StringVar(&f.Config, "config", "", "configuration file (default HOOKGATE_CONFIG)")
	cmd.Flags().StringVar(&format, "format", "text", "how mistakes are printed: text, json or github")
	cmd.Flags().StringVar(&data, "data", "", "the data folder to read, in place of a file")
	return cmd
}

func checkData(cmd *cobra.Command, dir string, beside bool) error {
	if beside {
		return errors.New("a file and a folder to check: give one of them")
	}
	told, err := node.CheckData(dir, os.Getenv("HOOKGATE_MASTER_KEY"))
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	for _, note := range told.Notes {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s: %s\n", dir, note)
	}
	for _, damage := range told.Damage {
		fmt.Fprintf(out, "%s: %s\n", dir, damage)
	}
	if len(told.Damage) > 0 {
		return errShown
	}
	_, err = fmt.Fprintf(out, "%s: ok: %d files, %s, %d records\n", dir, told.Files, bytesText(told.Bytes), told.Records)
	return err
}

func check(cmd *cobra.Command, o configs.Options, format string) error {
	if format != "text" && format != "json" && format != "github" {
		return fmt.Errorf("--format is %q: must be text, json or github", format)
	}
	file, err := o.File()
	if err != nil {
		return err
	}
	if file == "" {
		return errors.New("no file to check: give FILE, --config FILE or set HOOKGATE_CONFIG")
	}
	c, err := configs.Load(o)
	_, mistaken := errors.AsType[configs.Mistakes](err)
	switch {
	case format == "text":
	case mistaken:
		return errors.Join(showTold(cmd.OutOrStdout(), format, toldOf("error", err)), errShown)
	case err == nil:
		return showTold(cmd.OutOrStdout(), format, toldOf("warning", c.Report(node.Warnings(c))))
	}
	if mistaken {
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
