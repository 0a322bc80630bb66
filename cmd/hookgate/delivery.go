package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/tidwall/gjson"

	"hookgate/gateway"
	"hookgate/gateway/client"
)

func newDeliveryCommand() *cobra.Command {
	r := &running{}
	cmd := &cobra.Command{
		Use:     "delivery",
		Short:   "See deliveries, and send them again",
		Long:    "See deliveries, and send them again.",
		Example: "  hookgate delivery list --tenant acme --state dead",
		Args:    cobra.NoArgs,
		RunE:    help,
	}
	r.reads(cmd)
	r.ofTenant(cmd)
	cmd.AddCommand(newListAndGet(r, "delivery")...)
	cmd.AddCommand(newDeliveryDeed(r, "retry", "Send deliveries again", "Send deliveries again that have ended, or now those that wait.", "due now"),
		newDeliveryDeed(r, "cancel", "End deliveries", "End deliveries that have not ended.", "cancelled"), newDeliveryReplay(r))
	return cmd
}

// nextForm is the form of when a delivery is tried next. What is not tried may be held by
// its endpoint, which is asked why, once each.
func (a *question) nextForm() func(*screen, gjson.Result) string {
	endpoints := map[string]gjson.Result{}
	return func(s *screen, d gjson.Result) string {
		next, endpoint := d.Get("next_attempt_at"), d.Get("endpoint").String()
		if s.utc || next.Type != gjson.String {
			return when(s, next)
		}
		e, known := endpoints[endpoint]
		if !known {
			if !strings.HasPrefix(endpoint, "_") { // the platform and routes are no endpoints
				if text, _, err := a.GetRaw(a.ctx, a.at("endpoints", endpoint), nil); err == nil { // who may not see it sees "due"
					e = gjson.ParseBytes(text)
				}
			}
			endpoints[endpoint] = e
		}
		return dueText(s, next, e)
	}
}

// dueText says what a delivery of an endpoint waits for.
func dueText(s *screen, next, e gjson.Result) string {
	open := e.Get("breaker.open_until")
	behind := open.Time().After(s.now()) && next.Time().Before(open.Time().Add(time.Second)) // told one after the other
	switch state := endpointState(s, e); {
	case next.Time().After(s.now()) && !behind:
		return when(s, next)
	case state == "disabled" || state == "unverified" || state == "paused":
		return "due, but " + state
	case e.Get("mode").String() == gateway.EndpointPull:
		return "due, when it is pulled"
	case behind:
		return "when the breaker lets (" + when(s, open) + ")"
	}
	return "due"
}

// lastAttempt is how the last attempt ended.
func lastAttempt(s *screen, v gjson.Result) string {
	all := v.Array()
	if len(all) == 0 {
		return "-"
	}
	return attemptText(s, all[len(all)-1])
}

func attemptText(_ *screen, a gjson.Result) string {
	var parts []string
	for _, member := range []string{"status", "error", "detail"} {
		if text := oneLine(a.Get(member).String()); text != "" {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, " ")
}

// showDelivery shows a delivery, with a table of its attempts.
func (a *question) showDelivery(r client.Request) error {
	text, err := client.Ask[json.RawMessage](a.ctx, a.Client, r)
	if err != nil {
		return err
	}
	if a.json {
		a.document(text)
		return nil
	}
	shown := []byte(without(text, "attempts"))
	d := gjson.ParseBytes(text)
	next := d.Get("next_attempt_at")
	if why := a.nextForm()(a.screen, d); why != when(a.screen, next) {
		shown = bytes.Replace(shown, []byte(next.Raw), gateway.AppendString(nil, next.String()+" ("+why+")"), 1)
	}
	a.members(shown)
	columns := []column{
		{"ATTEMPT", "number", nil}, {"AT", "at", when}, {"MS", "duration_ms", nil}, {"ENDED", "", attemptText}, {"ADDRESS", "address", orDash}, {"ANSWER", "response_body", orDash},
	}
	var rows [][]string
	for _, one := range gjson.GetBytes(text, "attempts").Array() {
		rows = append(rows, a.row(columns, json.RawMessage(one.Raw)))
	}
	if len(rows) > 0 {
		a.printf("\n")
		a.table(columns, rows)
	}
	return nil
}

// without gives an object without one member, in its order.
func without(text json.RawMessage, name string) string {
	var b strings.Builder
	b.WriteByte('{')
	gjson.ParseBytes(text).ForEach(func(key, value gjson.Result) bool {
		if key.String() != name {
			if b.Len() > 1 {
				b.WriteByte(',')
			}
			b.WriteString(key.Raw + ":" + value.Raw)
		}
		return true
	})
	return b.String() + "}"
}

func newDeliveryDeed(r *running, verb, short, long, done string) *cobra.Command {
	return &cobra.Command{
		Use:     verb + " ID...",
		Short:   short,
		Long:    long,
		Example: "  hookgate delivery " + verb + " dlv_… --tenant acme",
		Args:    cobra.MinimumNArgs(1),
		RunE: r.askTenant(func(a *question) error {
			for _, id := range a.args {
				_, err := client.Ask[json.RawMessage](a.ctx, a.Client, client.Request{Method: http.MethodPost, Path: a.at("deliveries", id, verb)})
				if err != nil {
					return fmt.Errorf("%s: %w", id, err)
				}
				a.did("delivery", id, done)
			}
			return nil
		}),
	}
}

func newDeliveryReplay(r *running) *cobra.Command {
	var given client.Replay
	var since, until, state string
	var wait, all bool
	cmd := &cobra.Command{
		Use:   "replay",
		Short: "Send many deliveries again",
		Long: `Send deliveries of an endpoint again, or with --all of all endpoints of the tenant, by
filter: a job of the gateway makes them due, to each endpoint so many a second. --dry-run tells how many it would be; --wait stays until the job has
ended, and shows how far it is on standard error.`,
		Example: "  hookgate delivery replay --tenant acme --endpoint crm --since 24h --dry-run",
		Args:    cobra.NoArgs,
		RunE: r.askTenant(func(a *question) error {
			asks := given
			asks.State = gateway.DeliveryState(state)
			for _, m := range []struct {
				flag, text string
				to         **time.Time
			}{{"--since", since, &asks.Since}, {"--until", until, &asks.Until}} {
				at, err := readAgo(m.flag, m.text)
				if err != nil {
					return err
				}
				if !at.IsZero() {
					*m.to = &at
				}
			}
			text, err := client.Ask[json.RawMessage](a.ctx, a.Client, client.Request{Path: a.at("deliveries", "replay"), Body: asks})
			if err != nil {
				return err
			}
			if job := gjson.GetBytes(text, "job_id").String(); wait && job != "" {
				return a.follow(job)
			}
			a.members(text)
			return nil
		}),
	}
	flags := cmd.Flags()
	flags.StringVar(&given.Endpoint, "endpoint", "", "the endpoint, _platform, or _route_ID")
	flags.StringVar(&since, "since", "", "created not before: 24h (ago), or RFC 3339")
	flags.StringVar(&until, "until", "", "created before: 1h (ago), or RFC 3339")
	flags.StringVar(&state, "state", "", "of this state (default dead)")
	flags.StringSliceVar(&given.EventTypes, "event-types", nil, "of these types alone")
	flags.IntVar(&given.Limit, "limit", 0, "the newest so many (default 100000)")
	flags.Float64Var(&given.Rate, "rate", 0, "so many a second (default the endpoint's rate_limit, else 100)")
	flags.BoolVar(&given.DryRun, "dry-run", false, "tell what would be sent again, and change nothing")
	flags.BoolVar(&wait, "wait", false, "stay until the job has ended")
	flags.BoolVar(&all, "all", false, "of all endpoints of the tenant")
	cmd.MarkFlagsOneRequired("endpoint", "all")
	cmd.MarkFlagsMutuallyExclusive("endpoint", "all")
	completes(cmd, "endpoint", partsOf(r, "endpoints"))
	completes(cmd, "state", words(deliveryStates...))
	return cmd
}

// jobEvery is how often a job is asked how far it is.
const jobEvery = time.Second

// follow stays until a job has ended.
func (a *question) follow(id string) error {
	defer a.untilStopped()()
	tick := time.NewTicker(jobEvery)
	defer tick.Stop()
	for told := ""; ; {
		text, err := client.Ask[json.RawMessage](a.ctx, a.Client, client.Request{Path: client.Path("v1", "jobs", id)})
		if err != nil {
			return err
		}
		job := gjson.ParseBytes(text)
		if job.Get("state").String() != "running" {
			a.members(text)
			return nil
		}
		if now := fmt.Sprintf("%s: %d of %d", id, job.Get("done").Int(), job.Get("total").Int()); now != told {
			fmt.Fprintln(a.errs, now)
			told = now
		}
		select {
		case <-tick.C:
		case <-a.ctx.Done():
			fmt.Fprintf(a.errs, "%s goes on: hookgate does it, not this command\n", id)
			return nil
		}
	}
}

// counted writes counts by their names.
func counted(of map[string]int) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(of)) {
		parts = append(parts, fmt.Sprintf("%d %s", of[name], name))
	}
	if len(parts) == 0 {
		return "-"
	}
	return strings.Join(parts, ", ")
}
