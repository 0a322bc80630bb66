package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"hookgate/configs"
	"hookgate/gateway/node"
)

func newMigrateCommand() *cobra.Command {
	var f configs.Flags
	var wait bool
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Make the schema of a PostgreSQL, or bring it up to this version",
		Long: `Make the schema that store.schema names in the database of store.url, or bring it up to
what this hookgate needs. The first start of serve does the same, where its role may.

With store.migrate_url it is done with the rights of that role, which then owns the
schema; the role of store.url is granted SELECT, INSERT, UPDATE and DELETE there, and
needs no more.

Nodes may run meanwhile, those of the version before too: a migration only adds. One that
needs more is refused while a node may work. With --wait it is made when no node has beaten
for a minute: stop them meanwhile. Where all are stopped, that is at once.`,
		Example: "  hookgate migrate --config hookgate.yaml\n  hookgate migrate --config hookgate.yaml --wait",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := configs.Load(configs.Options{Flags: f, Environ: os.Environ()})
			if err != nil {
				return fmt.Errorf("configuration:\n%w", err)
			}
			var told func(int)
			if wait {
				told = func(nodes int) { fmt.Fprintf(cmd.ErrOrStderr(), "%d nodes beat: stop them\n", nodes) }
			}
			m, err := node.Migrate(cmd.Context(), c, told)
			if err != nil {
				return fmt.Errorf("migrate: %w", err)
			}
			return showMigrated(cmd, m)
		},
	}
	cmd.Flags().BoolVar(&wait, "wait", false, "wait until no node has beaten for a minute")
	cmd.Flags().StringVar(&f.Config, "config", "", "configuration file (default HOOKGATE_CONFIG)")
	return cmd
}

func showMigrated(cmd *cobra.Command, m node.Migrated) error {
	out, text := cmd.OutOrStdout(), ""
	switch {
	case m.Was == 0:
		text = fmt.Sprintf("made, at version %d", m.Is)
	case m.Was < m.Is:
		text = fmt.Sprintf("brought from version %d to %d", m.Was, m.Is)
	default:
		text = fmt.Sprintf("is at version %d already", m.Is)
	}
	_, err := fmt.Fprintf(out, "schema %s: %s\n", m.Schema, text)
	if err == nil && m.GrantedTo != "" {
		_, err = fmt.Fprintf(out, "role %s may read and write its rows\n", m.GrantedTo)
	}
	return err
}
