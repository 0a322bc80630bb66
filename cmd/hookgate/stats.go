package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/tidwall/gjson"

	"hookgate/gateway/client"
)

func newStatsCommand() *cobra.Command {
	r := &running{}
	var since, until, step string
	parts := map[string]*string{}
	cmd := &cobra.Command{
		Use:   "stats",
		Short: "Show figures of a tenant, or of all",
		Long: `Show figures by the minute, the hour or the day: of a tenant, of one of its sources,
endpoints or webhooks, or, without --tenant, of all that the token reaches.`,
		Example: "  hookgate stats --since 1h\n  hookgate stats --tenant acme --endpoint crm --since 24h --step 1h",
		Args:    cobra.NoArgs,
		RunE: r.ask(func(a *question) error {
			path := client.Path("v1", "stats")
			if a.tenant != "" {
				path = a.at("stats")
			}
			l := lister{since: since, until: until, filters: parts}
			q, err := l.query()
			if err != nil {
				return err
			}
			if step != "" {
				q.Set("step", step)
			}
			text, err := client.Ask[json.RawMessage](a.ctx, a.Client, client.Request{Path: path, Query: q})
			if err != nil {
				return err
			}
			return a.figures(text)
		}),
	}
	r.reads(cmd)
	r.ofTenant(cmd)
	flags := cmd.Flags()
	flags.StringVar(&since, "since", "", "1h (ago), or RFC 3339 (default an hour before --until)")
	flags.StringVar(&until, "until", "", "1h (ago), or RFC 3339 (default now)")
	flags.StringVar(&step, "step", "", "1m, 1h or 1d (default by the span)")
	for _, part := range []string{"source", "endpoint", "webhook"} {
		parts[part] = flags.String(part, "", "of this "+part+" alone")
		completes(cmd, part, partsOf(r, part+"s"))
	}
	completes(cmd, "step", words("1m", "1h", "1d"))
	return cmd
}

// figures prints points of statistics.
func (a *question) figures(text json.RawMessage) error {
	if a.json {
		a.document(text)
		return nil
	}
	columns := []column{
		{"AT", "at", func(s *screen, v gjson.Result) string {
			if s.utc {
				return v.String()
			}
			return v.Time().Local().Format("01-02 15:04")
		}},
		{"CALLBACKS", "callbacks", countsText}, {"WAITS", "waits", countsText}, {"WAIT p50/p99", "wait_ms", timesText},
		{"EVENTS", "events", nil}, {"ATTEMPTS", "attempts", countsText}, {"p50/p99", "attempt_ms", timesText},
		{"DELIVERIES", "deliveries", countsText}, {"CALLS", "calls", countsText}, {"p50/p99", "call_ms", timesText}, {"BACKLOG", "backlog", nil},
	}
	var rows [][]string
	for _, point := range gjson.GetBytes(text, "data").Array() {
		rows = append(rows, a.row(columns, json.RawMessage(point.Raw)))
	}
	if len(rows) == 0 {
		fmt.Fprintln(a.errs, "nothing happened")
		return nil
	}
	a.table(columns, rows)
	return nil
}

// countsText writes counts by their names, those that are 0 left out.
func countsText(_ *screen, v gjson.Result) string {
	all := map[string]int{}
	v.ForEach(func(name, n gjson.Result) bool {
		if n.Type == gjson.Number && n.Int() > 0 {
			all[name.String()] = int(n.Int())
		}
		return true
	})
	return counted(all)
}

func timesText(_ *screen, v gjson.Result) string {
	if v.Get("p50").Type != gjson.Number {
		return "-"
	}
	return fmt.Sprintf("%s/%s ms", v.Get("p50").Raw, v.Get("p99").Raw)
}
