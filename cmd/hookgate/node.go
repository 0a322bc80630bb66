package main

import (
	"encoding/json"
	"strings"

	"github.com/spf13/cobra"
	"github.com/tidwall/gjson"

	"hookgate/gateway/client"
)

func newNodeCommand() *cobra.Command {
	r := &running{}
	cmd := &cobra.Command{
		Use:     "node",
		Short:   "See the nodes on one database, and drain them",
		Long:    "See the nodes on one database, and drain them. It takes an admin token.",
		Example: "  hookgate node list",
		Args:    cobra.NoArgs,
		RunE:    help,
	}
	r.reads(cmd)
	cmd.AddCommand(newNodeList(r), &cobra.Command{
		Use:   "drain ID",
		Short: "Let a node give its slots away",
		Long: `Let a node give its slots away. It goes on to answer, and has the others decide; stop it
when it owns none. The last node that takes slots is not drained.`,
		Example: "  hookgate node drain 17",
		Args:    cobra.ExactArgs(1),
		RunE: r.ask(func(a *question) error {
			text, err := client.Ask[json.RawMessage](a.ctx, a.Client, client.Request{Method: "POST", Path: client.Path("v1", "nodes", a.args[0], "drain")})
			if err != nil {
				return err
			}
			a.members(text)
			return nil
		}),
	})
	return cmd
}

func newNodeList(r *running) *cobra.Command {
	var tenant, endpoint string
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the nodes, or the one that owns something",
		Long:    "List the nodes, or the one that owns what a tenant has, or an endpoint's deliveries.",
		Example: "  hookgate node list\n  hookgate node list --tenant acme --endpoint crm",
		Args:    cobra.NoArgs,
		RunE: r.ask(func(a *question) error {
			page, err := client.Ask[struct{ Data []json.RawMessage }](a.ctx, a.Client, client.Request{
				Path: client.Path("v1", "nodes"), Query: client.Query("tenant", tenant, "endpoint", endpoint),
			})
			if err != nil {
				return err
			}
			return a.rows([]column{
				{"NODE", "id", nil}, {"ADDRESS", "address", nil}, {"VERSION", "version", nil}, {"STATE", "state", nil}, {"SLOTS", "slots", nil},
				{"BEAT MS", "beat_ms", nil}, {"LAG MS", "lag_ms", nil}, {"CONFIG", "config_digest", nil}, {"UNREACHABLE FROM", "unreachable_from", wordsText}, {"SINCE", "since", when},
			}, func(yield func(json.RawMessage, error) bool) {
				for _, node := range page.Data {
					if !yield(node, nil) {
						return
					}
				}
			})
		}),
	}
	cmd.Flags().StringVar(&tenant, "tenant", "", "only the node that owns this tenant's waits and calls")
	cmd.Flags().StringVar(&endpoint, "endpoint", "", "only the node that owns the deliveries to this endpoint of --tenant")
	completes(cmd, "tenant", tenantsOf(r))
	return cmd
}

// wordsText lists words.
func wordsText(_ *screen, v gjson.Result) string {
	var all []string
	for _, one := range v.Array() {
		all = append(all, oneLine(one.String()))
	}
	if len(all) == 0 {
		return "-"
	}
	return strings.Join(all, ", ")
}
