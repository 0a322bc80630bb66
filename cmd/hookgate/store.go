package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"hookgate/gateway/node"
)

func newStoreCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "store",
		Short:   "Move everything from a data folder to a PostgreSQL, or back",
		Long:    "Move everything from a data folder to a PostgreSQL, or back.",
		Example: "  hookgate store copy --from /var/lib/hookgate --to @database.url",
		Args:    cobra.NoArgs,
		RunE:    help,
	}
	cmd.AddCommand(newStoreCopy())
	return cmd
}

func newStoreCopy() *cobra.Command {
	var o node.StoreCopy
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "copy --from DIR|URL --to DIR|URL",
		Short: "Copy everything from one store to an empty one",
		Long: `Copy everything from one store to an empty one: a data folder, or a PostgreSQL, each way.
Stop every hookgate that serves either before. What is pending, parked, held or scheduled
goes on where the copy is served; what is sealed stays sealed.

A database is named by its URL, or by @FILE, which has it: no list of processes shows that.
Its schema is made where it is not there, by the role of the URL; hookgate migrate lets
another role work on it.

The master key is HOOKGATE_MASTER_KEY, or the one in the folder. A folder that is copied to
a folder takes it along; a database has none, so set it as HOOKGATE_MASTER_KEY then.

The copy is read again: of each kind there are as many records as were copied, with the
same digest; else it fails, with status 1. What was cut short cannot be served; --resume
goes on with it. Never serve both stores: each would send what waits.`,
		Example: `  hookgate store copy --from /var/lib/hookgate --to @database.url
  hookgate store copy --from @database.url --schema hookgate --to /var/lib/hookgate
  hookgate store copy --from /var/lib/hookgate --to @database.url --resume`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			shown := &copyProgress{to: cmd.ErrOrStderr()}
			o.MasterKey, o.Told = os.Getenv("HOOKGATE_MASTER_KEY"), shown.told
			o.Log = slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), &slog.HandlerOptions{Level: slog.LevelWarn}))
			c, err := node.CopyStore(ctx, o)
			if err != nil {
				return fmt.Errorf("store copy: %w", err)
			}
			if asJSON {
				return showCopiedJSON(cmd.OutOrStdout(), &c)
			}
			return showCopied(cmd.OutOrStdout(), &c)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.From, "from", "", "what is copied: a data folder, the URL of a PostgreSQL, or @FILE with that URL")
	flags.StringVar(&o.To, "to", "", "where to: as --from; a folder or schema that holds nothing")
	flags.StringVar(&o.Schema, "schema", "hookgate", "the schema in a database")
	flags.BoolVar(&o.Resume, "resume", false, "go on with a copy that was cut short")
	flags.BoolVar(&asJSON, "json", false, "print what was copied as JSON")
	return cmd
}

// copyProgress tells every few seconds how far a copy is.
type copyProgress struct {
	to   io.Writer
	last time.Time
}

func (p *copyProgress) told(kind string, rows int64, verifying bool) {
	const every = 2 * time.Second
	if rows == 0 || time.Since(p.last) < every {
		return
	}
	p.last = time.Now()
	doing := "copied"
	if verifying {
		doing = "read again"
	}
	fmt.Fprintf(p.to, "%s: %d %s\n", kind, rows, doing)
}

func showCopied(to io.Writer, c *node.StoreCopied) error {
	rows := int64(0)
	for _, kind := range c.Kinds {
		if rows += kind.Rows; kind.Rows > 0 {
			fmt.Fprintf(to, "%-14s %10d  %.16s\n", kind.Kind, kind.Rows, kind.Text())
		}
	}
	_, err := fmt.Fprintf(to, "%s: %d records, digest %s\n%s: %d records, digest %s\n", c.From, rows, c.Digest, c.To, rows, c.Digest)
	if err == nil && c.KeyIn != "" {
		_, err = fmt.Fprintf(to, "Set HOOKGATE_MASTER_KEY to what is in %s/master.key: the secrets in the database are sealed with it.\n", c.KeyIn)
	}
	return err
}

// copiedJSON is what was copied, for programs.
type copiedJSON struct {
	From    string           `json:"from"`
	To      string           `json:"to"`
	Records int64            `json:"records"`
	Digest  string           `json:"digest"`
	Resumed bool             `json:"resumed"`
	Kinds   []copiedKindJSON `json:"kinds"`
}

type copiedKindJSON struct {
	Kind    string `json:"kind"`
	Records int64  `json:"records"`
	Digest  string `json:"digest"`
}

func showCopiedJSON(to io.Writer, c *node.StoreCopied) error {
	out := copiedJSON{From: c.From, To: c.To, Digest: c.Digest, Resumed: c.Resumed}
	for _, kind := range c.Kinds {
		out.Records += kind.Rows
		out.Kinds = append(out.Kinds, copiedKindJSON{string(kind.Kind), kind.Rows, kind.Text()})
	}
	return json.NewEncoder(to).Encode(out)
}
