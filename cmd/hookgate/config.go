package main

import (
	"encoding/json"
	"fmt"
	"os"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"hookgate/configs"
)

func newConfigCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "config",
		Short:   "Look at the configuration",
		Long:    "Look at the configuration.",
		Example: "  hookgate config show --config hookgate.yaml --origin",
		Args:    cobra.NoArgs,
		RunE:    help,
	}
	cmd.AddCommand(newConfigShowCommand(), newConfigSchemaCommand())
	return cmd
}

func newConfigSchemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print a JSON Schema of the configuration file",
		Long: `Print a JSON Schema (2020-12) of the configuration file, for editors. It knows every key
and which kinds of values stand where; what they mean, hookgate check says.`,
		Example: "  hookgate config schema > hookgate.schema.json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := cmd.OutOrStdout().Write(configs.Schema())
			return err
		},
	}
}

func newConfigShowCommand() *cobra.Command {
	var f configs.Flags
	var origin, asJSON bool
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Show each value that serve would use",
		Long: `Show each value that serve would use, of flags, environment, file and defaults; with
--origin, where it comes from. Secrets are masked; of tenants, routes and tokens it is
shown how many there are.`,
		Example: "  hookgate config show --config hookgate.yaml --origin",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := configs.Load(configs.Options{Flags: f, Environ: os.Environ()})
			if err != nil {
				return fmt.Errorf("configuration:\n%w", err)
			}
			all := c.Origins()
			if asJSON {
				e := json.NewEncoder(cmd.OutOrStdout())
				e.SetIndent("", "  ")
				return e.Encode(all)
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			for _, o := range all {
				if origin {
					fmt.Fprintf(w, "%s\t%s\t%s\n", o.Key, o.Value, o.From)
				} else {
					fmt.Fprintf(w, "%s\t%s\n", o.Key, o.Value)
				}
			}
			return w.Flush()
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.Config, "config", "", "configuration file (default HOOKGATE_CONFIG)")
	flags.BoolVar(&origin, "origin", false, "show where each value comes from")
	flags.BoolVar(&asJSON, "json", false, "as JSON, with where each value comes from")
	return cmd
}
