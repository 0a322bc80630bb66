package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/tidwall/gjson"

	"hookgate/gateway/client"
)

func newRouteCommand() *cobra.Command {
	r := &running{}
	cmd := &cobra.Command{
		Use:     "route",
		Short:   "See the routes to the platform, and try them",
		Long:    "See the routes to the platform, and try them. They stand in the configuration file.",
		Example: "  hookgate route list",
		Args:    cobra.NoArgs,
		RunE:    help,
	}
	r.reads(cmd)
	cmd.AddCommand(&cobra.Command{
		Use:     "list",
		Short:   "List the routes, with how their upstreams stand",
		Long:    "List the routes, with how their upstreams stand.",
		Example: "  hookgate route list",
		Args:    cobra.NoArgs,
		RunE: r.ask(func(a *question) error {
			return a.rows([]column{
				{"ROUTE", "id", nil}, {"MODE", "mode", nil}, {"HOST", "match.host", orDash}, {"PATH", "match.path", nil}, {"UPSTREAMS", "upstreams", upstreamsText},
			}, client.List[json.RawMessage](a.ctx, a.Client, client.Path("v1", "routes"), nil, 0))
		}),
	}, newRouteTest(r))
	return cmd
}

// upstreamsText lists upstreams, those that are not well with why.
func upstreamsText(_ *screen, v gjson.Result) string {
	var parts []string
	for _, u := range v.Array() {
		text := oneLine(u.Get("url").String())
		switch {
		case u.Get("healthy").Type == gjson.False:
			text += " (ill)"
		case u.Get("breaker.state").String() == "open":
			text += " (breaker open)"
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ", ")
}

func newRouteTest(r *running) *cobra.Command {
	return &cobra.Command{
		Use:   "test METHOD URL",
		Short: "Say which route would take a request, and why the others would not",
		Long: `Say which route would take a request, and why the others would not; nothing is sent.
Exit status 1 says that none would.`,
		Example: "  hookgate route test GET /bot/hello",
		Args:    cobra.ExactArgs(2),
		RunE: r.ask(func(a *question) error {
			text, err := client.Ask[json.RawMessage](a.ctx, a.Client, client.Request{
				Path: client.Path("v1", "routes", "test"), Body: map[string]string{"method": a.args[0], "url": a.args[1]},
			})
			if err != nil {
				return err
			}
			a.members(text)
			if gjson.GetBytes(text, "route").String() == "" {
				return errShown
			}
			return nil
		}),
	}
}

func newMapCommand() *cobra.Command {
	r := &running{}
	cmd := &cobra.Command{
		Use:     "map",
		Short:   "Try variables on a body",
		Long:    "Try variables on a body.",
		Example: "  hookgate map test --variables variables.json --body body.json",
		Args:    cobra.NoArgs,
		RunE:    help,
	}
	r.reads(cmd)
	cmd.AddCommand(newMapTest(r))
	return cmd
}

func newMapTest(r *running) *cobra.Command {
	var variables, body, contentType string
	cmd := &cobra.Command{
		Use:   "test",
		Short: "Map variables from a body, and say how each came to its value",
		Long: `Map variables from a body, and say how each came to its value. No hookgate has to run:
the command has one of its own, on this machine. The file of variables is a list as a
source's variables, or an object that has such a list.`,
		Example: "  hookgate map test --variables variables.json --body body.json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := mapTest(cmd, r, variables, body, contentType); err != nil {
				return fmt.Errorf("map test: %w", err)
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&variables, "variables", "", "a file of JSON with the variables")
	flags.StringVar(&body, "body", "", "the body; - is standard input")
	flags.StringVar(&contentType, "content-type", "", "of a body that is no JSON, as application/x-www-form-urlencoded")
	required(cmd, "variables", "body")
	return cmd
}

func mapTest(cmd *cobra.Command, r *running, variables, body, contentType string) error {
	list, err := readJSON(cmd, variables)
	if err != nil {
		return err
	}
	if v := gjson.ParseBytes(list); v.IsObject() {
		list = json.RawMessage(v.Get("variables").Raw)
	}
	if !gjson.ParseBytes(list).IsArray() {
		return errors.New("--variables has no list of variables")
	}
	text, err := readArgument(cmd, body)
	if err != nil {
		return err
	}
	asks := ordered{{"variables", list}, {"body", json.RawMessage(text)}}
	if contentType != "" {
		asks = ordered{{"variables", list}, {"body", text2JSON(string(text))}, {"content_type", text2JSON(contentType)}}
	} else if !json.Valid(text) {
		return errors.New("the body is no JSON: set --content-type")
	}
	return aside(cmd.Context(), map[string]any{}, func(c *client.Client) error {
		told, err := client.Ask[json.RawMessage](cmd.Context(), c, client.Request{Path: client.Path("v1", "map"), Body: asks})
		if err != nil {
			return err
		}
		s := newScreen(cmd.OutOrStdout(), cmd.ErrOrStderr(), r)
		if s.json {
			s.document(told)
			return s.err
		}
		columns := []column{{"VARIABLE", "name", nil}, {"PATH", "path", nil}, {"STATE", "state", nil}, {"FOUND", "found", rawText}, {"VALUE", "value", rawText}, {"WHY", "problem", orDash}}
		var rows [][]string
		for _, one := range gjson.GetBytes(told, "variables").Array() {
			rows = append(rows, s.row(columns, json.RawMessage(one.Raw)))
		}
		s.table(columns, rows)
		return s.err
	})
}

func rawText(_ *screen, v gjson.Result) string { return oneLine(v.Raw) }

// addEndpointRoute adds what tells which endpoints would get an event.
func addEndpointRoute(cmd *cobra.Command, r *running) {
	var event, sample string
	route := &cobra.Command{
		Use:   "route --event FILE|--sample TYPE",
		Short: "Say which endpoints would get an event, and why not the others",
		Long: `Say which endpoints of the tenant would get an event, and why not the others; nothing
is published. Their types and filters are tried by a hookgate of the command's own.`,
		Example: "  hookgate endpoint route --tenant acme --event event.json\n  hookgate endpoint route --tenant acme --sample message/text",
		Args:    cobra.NoArgs,
		RunE: r.askTenant(func(a *question) error {
			if sample != "" {
				return a.whoGets(sampleEvents(sample, "chat-42"))
			}
			text, err := readJSON(a.cmd, event)
			if err != nil {
				return err
			}
			if text, err = publishBody(text); err != nil {
				return fmt.Errorf("%s: %w", event, err)
			}
			return a.whoGets(text)
		}),
	}
	route.Flags().StringVar(&event, "event", "", "a file of JSON: one event; - is standard input")
	route.Flags().StringVar(&sample, "sample", "", "a made-up event of this type, as event publish --sample")
	route.MarkFlagsOneRequired("event", "sample")
	route.MarkFlagsMutuallyExclusive("event", "sample")
	cmd.AddCommand(route)
}

// whoGets publishes what is the body of that call to copies of the endpoints, aside: each twice, as it is and
// without its filter, which tells what kept it from getting it.
func (a *question) whoGets(text json.RawMessage) error {
	var all []gjson.Result
	copies := map[string]any{}
	for one, err := range client.List[json.RawMessage](a.ctx, a.Client, a.at("endpoints"), nil, 0) {
		if err != nil {
			return err
		}
		e := gjson.ParseBytes(one)
		n := len(all)
		all = append(all, e)
		plain := map[string]any{"mode": "pull", "event_types": json.RawMessage(firstOf(e.Get("event_types").Raw, "null"))}
		copies[fmt.Sprint("t", n)] = plain
		copies[fmt.Sprint("f", n)] = map[string]any{"mode": "pull", "event_types": plain["event_types"], "filter": json.RawMessage(firstOf(e.Get("filter").Raw, "null"))}
	}
	got := map[string]bool{}
	err := aside(a.ctx, map[string]any{"aside": map[string]any{"endpoints": copies}}, func(c *client.Client) error {
		published, err := client.Ask[client.Published](a.ctx, c, client.Request{Path: client.Path("v1", "tenants", "aside", "events"), Body: text, Keyed: true})
		if err != nil {
			return err
		}
		for _, one := range published.Events {
			event, err := c.Of("aside").GetEvent(a.ctx, one.ID)
			if err != nil {
				return err
			}
			for _, d := range event.Deliveries {
				got[d.Endpoint] = true
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	a.whoGot(all, got)
	return nil
}

func (a *question) whoGot(all []gjson.Result, got map[string]bool) {
	columns := []column{{"ENDPOINT", "endpoint", nil}, {"GETS IT", "gets", yesNo}, {"WHY", "why", orDash}}
	var rows [][]string
	var told []any
	for n, e := range all {
		why := ""
		state := endpointState(nil, e)
		switch {
		case !got[fmt.Sprint("t", n)]:
			why = "type: it wants " + commas(nil, e.Get("event_types"))
		case !got[fmt.Sprint("f", n)]:
			why = "filter: " + oneLine(e.Get("filter").Raw)
		case state == "disabled" || state == "unverified":
			why = state
		}
		gets := why == ""
		if gets && state != "enabled" {
			why = state + ": it waits until that is over"
		}
		one, err := json.Marshal(map[string]any{"endpoint": e.Get("id").String(), "gets": gets, "why": why})
		if err != nil {
			panic(err) // texts always have their JSON
		}
		told = append(told, json.RawMessage(one))
		rows = append(rows, a.row(columns, one))
	}
	if a.json {
		text, err := json.Marshal(append([]any{}, told...))
		if err != nil {
			panic(err) // texts always have their JSON
		}
		a.document(text)
		return
	}
	a.table(columns, rows)
}
