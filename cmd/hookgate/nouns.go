package main

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/tidwall/gjson"

	"hookgate/gateway"
	"hookgate/gateway/client"
)

// noun is a kind of what happens in a tenant, that can be listed, newest first, and shown
// by its id.
type noun struct {
	path      string // in the API, below the tenant
	list, get texts
	columns   func(*question) []column
	filters   []filter
	show      func(*question, client.Request) error // nil: as it is
	holds     bool                                  // get can stay for the outcome
}

// texts are those of a command's help.
type texts struct{ short, long, example string }

// filter is a parameter of a list: its flag, what it means, and what completes it.
type filter struct {
	parameter, flag, meaning string
	words                    []string
	parts                    string // those of the tenant
}

var ofConversation = filter{parameter: "conversation_key", flag: "conversation", meaning: "of this conversation, by any of its keys"}

func always(columns ...column) func(*question) []column {
	return func(*question) []column { return columns }
}

var deliveryStates = []string{"pending", "retrying", "succeeded", "dead", "cancelled"}

// nouns are all of them, by the names of their commands.
var nouns = map[string]noun{
	"event": {
		path: "events",
		list: texts{"List events", "List events, newest first.", "  hookgate event list --tenant acme --type message"},
		get:  texts{"Show an event with its deliveries", "Show an event with its deliveries.", "  hookgate event get evt_… --tenant acme"},
		columns: always(column{"EVENT", "id", nil}, column{"TYPE", "type", nil}, column{"CONVERSATION", "conversation_key", orDash},
			column{"DELIVERIES", "deliveries", deliveriesText}, column{"ACCEPTED", "accepted_at", when}),
		filters: []filter{{parameter: "type", flag: "type", meaning: "of this type, or a message with its kind as message/text"}, ofConversation},
	},
	"delivery": {
		path: "deliveries",
		list: texts{"List deliveries", "List deliveries, newest first.", "  hookgate delivery list --tenant acme --endpoint crm --state dead"},
		get:  texts{"Show a delivery with its attempts", "Show a delivery with its attempts.", "  hookgate delivery get dlv_… --tenant acme"},
		columns: func(a *question) []column {
			return []column{
				{"DELIVERY", "id", nil}, {"ENDPOINT", "endpoint", nil}, {"TYPE", "event_type", nil}, {"STATE", "state", nil}, {"TRIES", "attempts", count},
				{"LAST", "attempts", lastAttempt}, {"NEXT", "", a.nextForm()}, {"CREATED", "created_at", when},
			}
		},
		filters: []filter{
			{parameter: "state", flag: "state", meaning: strings.Join(deliveryStates, ", "), words: deliveryStates},
			{parameter: "endpoint", flag: "endpoint", meaning: "for this endpoint, _platform or _route_ID too", parts: "endpoints"},
			{parameter: "event_type", flag: "type", meaning: "of events of this type"}, ofConversation,
		},
		show: (*question).showDelivery,
	},
	"wait": {
		path: "waits",
		list: texts{"List waits that are open, or ended in the last 24 hours", "List waits that are open, or ended in the last 24 hours, newest first.", "  hookgate wait list --tenant acme --since 1h"},
		get:  texts{"Show a wait, or stay for its outcome", "Show a wait; with --hold, stay so many seconds for its outcome.", "  hookgate wait get wait_… --tenant acme --hold 1"},
		columns: always(column{"WAIT", "id", nil}, column{"SOURCE", "source", nil}, column{"CONVERSATION", "conversation_key", nil}, column{"STATE", "state", nil},
			column{"BRANCH", "branch", orDash}, column{"REASON", "reason", orDash}, column{"OPENED", "created_at", when}, column{"EXPIRES", "", deadline}),
		filters: []filter{
			{parameter: "state", flag: "state", meaning: "waiting, resumed, timed_out or cancelled", words: []string{"waiting", "resumed", "timed_out", "cancelled"}},
			{parameter: "source", flag: "source", meaning: "of this source", parts: "sources"}, ofConversation,
		},
		holds: true,
	},
	"callback": {
		path: "callbacks",
		list: texts{"List callbacks that were taken, came late, or were ignored", `List callbacks that resumed a wait, were parked, came late, or were ignored and have a
key, newest first. What was refused otherwise: hookgate source requests.`, "  hookgate callback list --tenant acme --source payments --since 1h"},
		get: texts{"Show a callback", "Show a callback, with what came with it as far as that is still kept.", "  hookgate callback get cb_… --tenant acme"},
		columns: always(column{"CALLBACK", "id", nil}, column{"SOURCE", "source", nil}, column{"OUTCOME", "outcome", nil}, column{"CONVERSATION", "conversation_key", orDash},
			column{"WAIT", "wait_id", orDash}, column{"RECEIVED", "received_at", when}),
		filters: []filter{
			{parameter: "source", flag: "source", meaning: "to this source", parts: "sources"},
			{parameter: "outcome", flag: "outcome", meaning: "resumed, parked, late or ignored", words: []string{"resumed", "parked", "late", "ignored"}}, ofConversation,
		},
	},
}

// newListAndGet makes the two commands of a kind.
func newListAndGet(r *running, name string) []*cobra.Command {
	h := nouns[name]
	return []*cobra.Command{h.newList(r), h.newGet(r)}
}

func (t texts) command(use string, args cobra.PositionalArgs) *cobra.Command {
	return &cobra.Command{Use: use, Short: t.short, Long: t.long, Example: t.example, Args: args}
}

func (h noun) newList(r *running) *cobra.Command {
	var l lister
	cmd := h.list.command("list", cobra.NoArgs)
	cmd.RunE = r.askTenant(func(a *question) error { return l.listed(a, a.at(h.path), h.columns(a)) })
	l.flags(cmd, h.filters...)
	for _, f := range h.filters {
		switch {
		case f.words != nil:
			completes(cmd, f.flag, words(f.words...))
		case f.parts != "":
			completes(cmd, f.flag, partsOf(r, f.parts))
		}
	}
	return cmd
}

func (h noun) newGet(r *running) *cobra.Command {
	var hold int
	cmd := h.get.command("get ID", cobra.ExactArgs(1))
	cmd.RunE = r.askTenant(func(a *question) error {
		request := client.Request{Path: a.at(h.path, a.args[0]), Hold: time.Duration(hold) * time.Second}
		if hold > 0 {
			request.Query = client.Query("hold", strconv.Itoa(hold))
		}
		if h.show != nil {
			return h.show(a, request)
		}
		return a.show(request)
	})
	if h.holds {
		cmd.Flags().Var(secondsFlag{&hold}, "hold", "seconds to stay, or as 5m: up to 5m")
	}
	return cmd
}

// deadline is that of a wait that is open.
func deadline(s *screen, wait gjson.Result) string {
	if wait.Get("ended_at").Type == gjson.String {
		return "-"
	}
	return when(s, wait.Get("expires_at"))
}

// deliveriesText counts deliveries by how they stand.
func deliveriesText(s *screen, v gjson.Result) string {
	states := map[string]int{}
	for _, d := range v.Array() {
		states[d.Get("state").String()]++
	}
	return counted(states)
}

// lister is what lists of what happened have in common.
type lister struct {
	most         int
	since, until string
	filters      map[string]*string // by the names of parameters
}

// flags adds them, and those of the filters.
func (l *lister) flags(cmd *cobra.Command, filters ...filter) {
	flags := cmd.Flags()
	flags.IntVar(&l.most, "limit", 20, "how many at most, 0 is all")
	flags.StringVar(&l.since, "since", "", "not before: 15m, 2h (ago), or RFC 3339")
	flags.StringVar(&l.until, "until", "", "before: 15m, 2h (ago), or RFC 3339")
	l.filters = map[string]*string{}
	for _, f := range filters {
		l.filters[f.parameter] = flags.String(f.flag, "", f.meaning)
	}
}

// query is what was asked for.
func (l *lister) query() (url.Values, error) {
	q := url.Values{}
	for name, value := range l.filters {
		if *value != "" {
			q.Set(name, *value)
		}
	}
	for name, text := range map[string]string{"since": l.since, "until": l.until} {
		at, err := readAgo("--"+name, text)
		if err != nil {
			return nil, err
		}
		if !at.IsZero() {
			q.Set(name, at.UTC().Format(time.RFC3339Nano))
		}
	}
	return q, nil
}

// readAgo reads a moment: how long ago, Unix seconds, or RFC 3339; "" is the zero time.
func readAgo(flag, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	var ago gateway.Duration
	if _, err := strconv.Atoi(text); err != nil && json.Unmarshal([]byte(strconv.Quote(text)), &ago) == nil {
		return time.Now().Add(-time.Duration(ago)), nil
	}
	at, err := readMoment(flag, text)
	if err != nil {
		return at, usagef("%s is %q: write how long ago, as 15m, or a time as 2026-07-01T12:00:00Z", flag, text)
	}
	return at, nil
}

// listed is the work of a command that lists.
func (l *lister) listed(a *question, path string, columns []column) error {
	q, err := l.query()
	if err != nil {
		return err
	}
	return a.rows(columns, client.List[json.RawMessage](a.ctx, a.Client, path, q, l.most))
}

// show asks, and shows the answer.
func (a *question) show(r client.Request) error {
	text, err := client.Ask[json.RawMessage](a.ctx, a.Client, r)
	if err == nil {
		a.members(text)
	}
	return err
}
