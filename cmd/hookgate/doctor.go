package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"hookgate/configs"
	"hookgate/gateway/node"
)

func newDoctorCommand() *cobra.Command {
	var f configs.Flags
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Look for what would keep serve from running well here",
		Long: `Look at the configuration, and at this machine, for what would keep serve from
running, and for what is worth a word: the clock against the dates of certificates, the
disk, open files, ports, secrets that are short or used twice, sources that anybody may
call, endpoints without TLS, holes in the egress rules, tenants without a platform url.
Of a PostgreSQL: what a commit is worth there, its connections, old transactions, dead
rows, the schema and its master key. What the API holds is not looked at.

Errors are what serve would refuse, and dates that are over: the exit status is 1 then.
Nothing but the database is asked over the network, and nothing is left behind. Ports that
a running hookgate has are in use: run it before the start, or with its configuration
elsewhere.`,
		Example: "  hookgate doctor --config hookgate.yaml --data /var/lib/hookgate",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			all := node.Doctor(func() (*configs.Config, error) { return configs.Load(configs.Options{Flags: f, Environ: os.Environ()}) })
			if err := showFindings(cmd.OutOrStdout(), all, asJSON); err != nil {
				return err
			}
			if slices.ContainsFunc(all, func(found node.Finding) bool { return found.Severity == node.SeverityError }) {
				return errShown
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.Config, "config", "", "configuration file (default HOOKGATE_CONFIG)")
	flags.StringVar(&f.Data, "data", "", "data folder (default that of the configuration)")
	flags.BoolVar(&asJSON, "json", false, "as a JSON array of {check, severity, detail, fix}")
	return cmd
}

// showFindings prints what was found, each with what to do.
func showFindings(w io.Writer, all []node.Finding, asJSON bool) error {
	if asJSON {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		return e.Encode(all)
	}
	for _, found := range all {
		const indent = "           "
		text := onScreen(fmt.Sprintf("%-8s ", found.Severity), indent, found.Check+": "+found.Detail)
		if found.Fix != "" {
			text += onScreen(indent, indent, found.Fix)
		}
		if _, err := io.WriteString(w, text); err != nil {
			return err
		}
	}
	return nil
}

// onScreen writes a text behind a prefix, on lines of at most lineWidth columns; those that follow
// are indented. A word that is longer, such as an address, stays whole.
func onScreen(prefix, indent, text string) string {
	var out strings.Builder
	line := prefix
	for i, word := range strings.Fields(text) {
		switch {
		case i == 0:
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > lineWidth:
			out.WriteString(line + "\n")
			line = indent
		default:
			line += " "
		}
		line += word
	}
	return out.String() + line + "\n"
}
