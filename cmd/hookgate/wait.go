package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"hookgate/gateway"
	"hookgate/gateway/client"
)

func newWaitCommand() *cobra.Command {
	r := &running{}
	cmd := &cobra.Command{
		Use:     "wait",
		Short:   "Open, see and end waits",
		Long:    "Open, see and end waits: sessions of a flow that wait for a callback.",
		Example: "  hookgate wait list --tenant acme --state waiting",
		Args:    cobra.NoArgs,
		RunE:    help,
	}
	r.reads(cmd)
	r.ofTenant(cmd)
	cmd.AddCommand(newListAndGet(r, "wait")...)
	cmd.AddCommand(newWaitOpen(r), newWaitResolve(r), newWaitExtend(r), newWaitCancel(r))
	return cmd
}

func newWaitOpen(r *running) *cobra.Command {
	var w client.NewWait
	var mode, given string
	cmd := &cobra.Command{
		Use:   "open",
		Short: "Open a wait",
		Long: `Open a wait. In the mode hold the command ends with the outcome, and shows it; a
connection that breaks meanwhile ends nothing.`,
		Example: "  hookgate wait open --tenant acme --source payments --conversation chat-42 --timeout 60 --mode poll",
		Args:    cobra.NoArgs,
		RunE: r.askTenant(func(a *question) error {
			if w.Mode = gateway.Mode(mode); given != "" {
				if !json.Valid([]byte(given)) {
					return usagef("--context is no JSON")
				}
				w.Context = json.RawMessage(given)
			}
			text, err := client.Ask[json.RawMessage](a.ctx, a.Client, w.Request(a.tenant))
			if err == nil {
				a.members(text)
			}
			return err
		}),
	}
	flags := cmd.Flags()
	flags.StringVar(&w.Source, "source", "", "the source whose callback it waits for")
	flags.StringVar(&w.ConversationKey, "conversation", "", "the conversation key")
	flags.Var(secondsFlag{&w.TimeoutSeconds}, "timeout", "seconds, or as 5m: 1s to 5m (default 60s)")
	flags.StringVar(&mode, "mode", "", "hold, poll or notify (default hold)")
	flags.StringSliceVar(&w.Aliases, "alias", nil, "another key of the conversation")
	flags.StringVar(&given, "context", "", "JSON that comes back untouched")
	required(cmd, "source", "conversation")
	completes(cmd, "source", partsOf(r, "sources"))
	completes(cmd, "mode", words("hold", "poll", "notify"))
	return cmd
}

// required marks flags without which a command does nothing.
func required(cmd *cobra.Command, names ...string) {
	for _, name := range names {
		if err := cmd.MarkFlagRequired(name); err != nil {
			panic(err) // no such flag: a slip of ours
		}
	}
}

func newWaitResolve(r *running) *cobra.Command {
	var as client.Resolution
	var branch string
	var variables []string
	cmd := &cobra.Command{
		Use:   "resolve ID",
		Short: "End an open wait by hand, as a callback would have",
		Long: `End an open wait by hand, as a callback would have. A variable is NAME=VALUE: a value
that is JSON counts as that, anything else as text.`,
		Example: "  hookgate wait resolve wait_… --tenant acme --branch SUCCESS --match paid --variable amount=1200",
		Args:    cobra.ExactArgs(1),
		RunE: r.askTenant(func(a *question) error {
			as.Branch = gateway.Branch(branch)
			for _, pair := range variables {
				name, value, both := strings.Cut(pair, "=")
				if !both {
					return usagef("--variable %s is no NAME=VALUE", name)
				}
				if as.Variables == nil {
					as.Variables = map[string]json.RawMessage{}
				}
				if as.Variables[name] = json.RawMessage(value); !json.Valid([]byte(value)) {
					as.Variables[name] = gateway.AppendString(nil, value)
				}
			}
			return a.show(client.Request{Path: a.at("waits", a.args[0], "resolve"), Body: as})
		}),
	}
	flags := cmd.Flags()
	flags.StringVar(&branch, "branch", "", "the way that the flow takes: SUCCESS or FAILURE")
	flags.StringVar(&as.Match, "match", "", "the name of an outcome")
	flags.StringArrayVar(&variables, "variable", nil, "NAME=VALUE, several times for several")
	required(cmd, "branch")
	completes(cmd, "branch", words("SUCCESS", "FAILURE"))
	return cmd
}

func newWaitExtend(r *running) *cobra.Command {
	seconds := 60
	cmd := &cobra.Command{
		Use:     "extend ID",
		Short:   "Give an open wait another deadline",
		Long:    "Give an open wait another deadline, so many seconds from now.",
		Example: "  hookgate wait extend wait_… --tenant acme --timeout 120",
		Args:    cobra.ExactArgs(1),
		RunE: r.askTenant(func(a *question) error {
			return a.show(client.Request{Path: a.at("waits", a.args[0], "extend"), Body: map[string]int{"timeout_seconds": seconds}})
		}),
	}
	cmd.Flags().Var(secondsFlag{&seconds}, "timeout", "seconds from now, or as 5m: 1s to 5m")
	return cmd
}

func newWaitCancel(r *running) *cobra.Command {
	return &cobra.Command{
		Use:     "cancel ID...",
		Short:   "Cancel open waits",
		Long:    "Cancel open waits, one after the other.",
		Example: "  hookgate wait cancel wait_… --tenant acme",
		Args:    cobra.MinimumNArgs(1),
		RunE: r.askTenant(func(a *question) error {
			for _, id := range a.args {
				_, err := client.Ask[json.RawMessage](a.ctx, a.Client, client.Request{Method: http.MethodDelete, Path: a.at("waits", id)})
				if err != nil {
					return fmt.Errorf("%s: %w", id, err)
				}
				a.did("wait", id, "cancelled")
			}
			return nil
		}),
	}
}
