package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/tidwall/gjson"

	"hookgate/gateway/client"
)

// resource is a kind of configuration that the API has, and how it is shown in lists.
type resource struct {
	name, plural string // as commands and as paths have it
	ofTenant     bool
	columns      []column
}

var resources = []resource{
	{"tenant", "tenants", false, []column{
		{"TENANT", "id", nil}, {"NAME", "name", orDash}, {"PARENT", "parent", orDash}, {"STATE", "disabled", disabledState},
		{"BY", "managed_by", nil}, {"CHANGED", "updated_at", when},
	}},
	{"source", "sources", true, []column{
		{"SOURCE", "id", nil}, {"VERIFY", "verify.type", nil}, {"MATCHES", "match", count}, {"VARIABLES", "variables", count},
		{"STATE", "enabled", enabledState}, {"BY", "managed_by", nil}, {"CHANGED", "updated_at", when},
	}},
	{"endpoint", "endpoints", true, []column{
		{"ENDPOINT", "id", nil}, {"URL", "url", orDash}, {"EVENTS", "event_types", commas}, {"STATE", "", endpointListed},
		{"QUEUE", "queue_depth", nil}, {"BY", "managed_by", nil}, {"CHANGED", "updated_at", when},
	}},
	{"webhook", "webhooks", true, []column{
		{"WEBHOOK", "id", nil}, {"NAME", "name", orDash}, {"PROFILE", "profile", nil}, {"METHOD", "method", nil}, {"URL", "url", nil},
		{"MODE", "mode", nil}, {"BY", "managed_by", nil}, {"CHANGED", "updated_at", when},
	}},
	{"token", "tokens", false, []column{
		{"TOKEN", "id", nil}, {"SCOPE", "scope", nil}, {"TENANT", "tenant", orDash}, {"NAME", "name", orDash},
		{"CREATED", "created_at", when}, {"USED", "last_used_at", when}, {"EXPIRES", "expires_at", when},
	}},
}

func disabledState(_ *screen, v gjson.Result) string {
	if v.Bool() {
		return "disabled"
	}
	return "enabled"
}

func enabledState(_ *screen, v gjson.Result) string {
	if v.Type == gjson.False {
		return "disabled"
	}
	return "enabled"
}

// endpointState is what keeps an endpoint from getting what is for it.
func endpointState(_ *screen, v gjson.Result) string {
	switch {
	case v.Get("enabled").Type == gjson.False:
		return "disabled"
	case v.Get("verified").Type == gjson.False:
		return "unverified"
	case v.Get("paused").Bool():
		return "paused"
	case v.Get("breaker.state").String() == "open":
		return "breaker open"
	}
	return "enabled"
}

// endpointListed is endpointState, with how long an open breaker stays so.
func endpointListed(s *screen, v gjson.Result) string {
	state, until := endpointState(s, v), v.Get("breaker.open_until")
	switch {
	case state != "breaker open" || until.Type != gjson.String:
		return state
	case s.utc:
		return state + " until " + when(s, until)
	}
	return state + ", tries " + when(s, until)
}

// path is where one kind is, below the tenant that is asked about.
func (k *resource) path(tenant string, id ...string) string {
	at := []string{"v1"}
	if k.ofTenant {
		at = append(at, "tenants", tenant)
	}
	return client.Path(append(append(at, k.plural), id...)...)
}

// newResourceCommands makes the commands of all kinds, further ones below them.
func newResourceCommands() (all []*cobra.Command) {
	more := map[string]func(*cobra.Command, *running){"source": addSourceTest, "endpoint": addEndpointDeeds, "token": addTokenCreate}
	for i := range resources {
		k := &resources[i]
		r := &running{}
		cmd := &cobra.Command{
			Use:     k.name,
			Short:   "See and delete " + k.plural,
			Long:    fmt.Sprintf("See and delete %s. They are written with hookgate apply, or by the API.", k.plural),
			Example: "  hookgate " + k.name + " list" + k.exampleTenant(),
			Args:    cobra.NoArgs,
			RunE:    help,
		}
		if k.name == "token" {
			cmd.Short, cmd.Long = "Manage tokens of the internal API", "Manage tokens of the internal API."
			cmd.Example = "  hookgate token create --scope platform --name bot\n  hookgate token list"
		}
		r.reads(cmd)
		cmd.AddCommand(k.list(r), k.get(r), k.delete(r))
		if k.ofTenant {
			r.ofTenant(cmd)
		}
		if add := more[k.name]; add != nil {
			add(cmd, r)
		}
		all = append(all, cmd)
	}
	return all
}

func (k *resource) exampleTenant() string {
	if k.ofTenant {
		return " --tenant acme"
	}
	return ""
}

// exampleIDs are ids of the examples of help, which tests make.
var exampleIDs = map[string]string{"tenant": "acme", "source": "payments", "endpoint": "crm", "webhook": "lookup", "token": "tok_…"}

func (k *resource) of(r *running, do func(*question) error) func(*cobra.Command, []string) error {
	if k.ofTenant {
		return r.askTenant(do)
	}
	return r.ask(do)
}

func (k *resource) completed(r *running) completing {
	return r.idsOf(func(tenant string) string {
		if k.ofTenant && tenant == "" {
			return ""
		}
		return k.path(tenant)
	})
}

func (k *resource) list(r *running) *cobra.Command {
	var most int
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List " + k.plural + " by id",
		Long:    fmt.Sprintf("List the %s that the token reaches, by id.", k.plural),
		Example: "  hookgate " + k.name + " list" + k.exampleTenant(),
		Args:    cobra.NoArgs,
		RunE: k.of(r, func(a *question) error {
			return a.rows(k.columns, client.List[json.RawMessage](a.ctx, a.Client, k.path(a.tenant), nil, most))
		}),
	}
	cmd.Flags().IntVar(&most, "limit", 0, "how many at most (default all)")
	return cmd
}

func (k *resource) get(r *running) *cobra.Command {
	return &cobra.Command{
		Use:     "get ID",
		Short:   "Show one " + k.name,
		Long:    fmt.Sprintf("Show one %s as the API has it, secrets masked.", k.name),
		Example: "  hookgate " + k.name + " get " + exampleIDs[k.name] + k.exampleTenant(),
		Args:    cobra.ExactArgs(1), ValidArgsFunction: onlyFirst(k.completed(r)),
		RunE: k.of(r, func(a *question) error {
			text, _, err := a.GetRaw(a.ctx, k.path(a.tenant, a.args[0]), nil)
			if err != nil {
				return err
			}
			a.members(text)
			return nil
		}),
	}
}

func (k *resource) delete(r *running) *cobra.Command {
	long := fmt.Sprintf("Delete %s, one after the other; the first that cannot be deleted ends it.", k.plural)
	switch k.name {
	case "tenant":
		long += " With a\ntenant goes all that it has."
	case "endpoint":
		long += "\nTheir unfinished deliveries end as cancelled."
	}
	return &cobra.Command{
		Use:     "delete ID...",
		Short:   "Delete " + k.plural,
		Long:    long,
		Example: "  hookgate " + k.name + " delete " + exampleIDs[k.name] + k.exampleTenant(),
		Args:    cobra.MinimumNArgs(1), ValidArgsFunction: k.completed(r),
		RunE: k.of(r, func(a *question) error {
			for _, id := range a.args {
				if err := a.Remove(a.ctx, k.path(a.tenant, id), ""); err != nil {
					return fmt.Errorf("%s: %w", id, err)
				}
				a.did(k.name, id, "deleted")
			}
			return nil
		}),
	}
}

// did says what was done to a thing, and the secret that was made up for it.
func (a *question) did(kind, id, what string, made ...string) {
	secret := strings.Join(made, "")
	if a.json {
		told := map[string]string{"kind": kind, "id": id, "result": what}
		if secret != "" {
			told["secret"] = secret
		}
		text, err := json.Marshal(told)
		if err != nil {
			panic(err) // texts always have their JSON
		}
		a.line(text)
		return
	}
	a.printf("%s %s %s\n", kind, id, a.state(what))
	if secret != "" {
		a.printf("  its secret, shown this once: %s\n", secret)
	}
}

// addTokenCreate adds what makes a token; once it had its own words for the listener.
func addTokenCreate(cmd *cobra.Command, r *running) { cmd.AddCommand(newTokenCreateCommand(r)) }

// readArgument reads a file that is named; - is standard input.
func readArgument(cmd *cobra.Command, name string) ([]byte, error) {
	if name == "-" {
		return readBody(cmd.InOrStdin())
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was read only
	text, err := readBody(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return text, nil
}

// readJSON reads a file of JSON.
func readJSON(cmd *cobra.Command, name string) (json.RawMessage, error) {
	text, err := readArgument(cmd, name)
	if err != nil {
		return nil, err
	}
	var checked json.RawMessage
	if err := json.Unmarshal(text, &checked); err != nil {
		return nil, fmt.Errorf("%s is no JSON: %w", cmp.Or(strings.TrimPrefix(name, "-"), "standard input"), err)
	}
	return checked, nil
}
