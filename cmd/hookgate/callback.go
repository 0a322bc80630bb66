package main

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/spf13/cobra"
	"github.com/tidwall/gjson"

	"hookgate/gateway/client"
)

func newCallbackCommand() *cobra.Command {
	r := &running{}
	cmd := &cobra.Command{
		Use:     "callback",
		Short:   "See callbacks, and why they were taken or not",
		Long:    "See callbacks, and why they were taken or not.",
		Example: "  hookgate callback list --tenant acme",
		Args:    cobra.NoArgs,
		RunE:    help,
	}
	r.reads(cmd)
	r.ofTenant(cmd)
	cmd.AddCommand(newListAndGet(r, "callback")...)
	cmd.AddCommand(newCallbackExplain(r))
	return cmd
}

func newCallbackExplain(r *running) *cobra.Command {
	return &cobra.Command{
		Use:   "explain ID",
		Short: "Judge the request of a callback again, step by step",
		Long: `Judge a request that is still kept again, by today's configuration, step by step; nothing
is changed. ID is that of a callback, or of a request as hookgate source requests lists
them. Exit status 1 says that it would be refused.`,
		Example: "  hookgate callback explain req_… --tenant acme",
		Args:    cobra.ExactArgs(1),
		RunE: r.askTenant(func(a *question) error {
			id := a.args[0]
			if !strings.HasPrefix(id, "req_") {
				text, _, err := a.GetRaw(a.ctx, a.at("callbacks", id), nil)
				if err != nil {
					return err
				}
				if id = gjson.GetBytes(text, "request_id").String(); id == "" {
					return fmt.Errorf("the request that brought %s is not kept any more", a.args[0])
				}
			}
			return a.explained(client.Request{Method: http.MethodPost, Path: a.at("requests", id, "explain")})
		}),
	}
}
