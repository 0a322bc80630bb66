package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/spf13/cobra"
	"github.com/tidwall/gjson"

	"hookgate/gateway/client"
)

// addEndpointDeeds adds what is done with endpoints that stand.
func addEndpointDeeds(cmd *cobra.Command, r *running) {
	cmd.AddCommand(
		newEndpointDeed(r, "pause", "Pause endpoints", "Send nothing to endpoints until they are resumed; what is for them waits.", "paused"),
		newEndpointDeed(r, "resume", "Resume endpoints", "Send to endpoints again that were paused, or that hookgate disabled.", "resumed"),
		newEndpointDeed(r, "close-breaker", "Close the circuit breakers of endpoints", "Close the circuit breakers of endpoints, so that they are tried now.", "closed"),
		newEndpointDeed(r, "verify", "Make the handshake of endpoints again", "Make the handshake of endpoints again; exit status 1 says that one of them did not prove itself.", "verified"),
		newEndpointTest(r),
	)
	addEndpointRoute(cmd, r)
}

func newEndpointDeed(r *running, verb, short, long, done string) *cobra.Command {
	return &cobra.Command{
		Use:     verb + " ID...",
		Short:   short,
		Long:    long,
		Example: "  hookgate endpoint " + verb + " crm --tenant acme",
		Args:    cobra.MinimumNArgs(1), ValidArgsFunction: partsOf(r, "endpoints"),
		RunE: r.askTenant(func(a *question) error {
			for _, id := range a.args {
				text, err := client.Ask[json.RawMessage](a.ctx, a.Client, client.Request{Method: http.MethodPost, Path: a.at("endpoints", id, verb)})
				if e := gjson.ParseBytes(text); err == nil && verb == "verify" && e.Get("verified").Type == gjson.False {
					err = errors.New("not verified: " + oneLine(e.Get("verification_error").String()))
				}
				if err != nil {
					return fmt.Errorf("%s: %w", id, err)
				}
				a.did("endpoint", id, done)
			}
			return nil
		}),
	}
}

func newEndpointTest(r *running) *cobra.Command {
	var typ string
	cmd := &cobra.Command{
		Use:     "test ID",
		Short:   "Send a sample event to one endpoint alone",
		Long:    "Send a sample event to one endpoint alone; hookgate delivery get shows what became of it.",
		Example: "  hookgate endpoint test crm --tenant acme --type message/text",
		Args:    cobra.ExactArgs(1), ValidArgsFunction: onlyFirst(partsOf(r, "endpoints")),
		RunE: r.askTenant(func(a *question) error {
			return a.show(client.Request{Path: a.at("endpoints", a.args[0], "test"), Body: map[string]string{"event_type": typ}})
		}),
	}
	cmd.Flags().StringVar(&typ, "type", "message/text", "the type of the event, or a message with its kind")
	return cmd
}
