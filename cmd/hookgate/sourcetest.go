package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/tidwall/gjson"

	"hookgate/configs"
	"hookgate/gateway"
	"hookgate/gateway/client"
)

// addSourceTest adds what tells why a request to a source is taken or refused.
func addSourceTest(cmd *cobra.Command, r *running) {
	cmd.AddCommand(newSourceTest(r), newSourceRequests(r))
}

func newSourceTest(r *running) *cobra.Command {
	var file, id, request string
	cmd := &cobra.Command{
		Use:   "test --request FILE",
		Short: "Say what would become of a request to a source, and why",
		Long: `Say what would become of a request to a source, step by step, and which variables it
would bring; nothing is changed. The request is a file of JSON as the API has it, with
method, path, headers and body, or of HTTP as it is sent.

With --id a hookgate that runs is asked. With --file the source is that of a configuration
file, and nothing has to run; --id says which one where the file has several. Exit status
1 says that it would be refused.`,
		Example: "  hookgate source test --tenant acme --file acme.yaml --id payments --request request.http\n  hookgate source test --tenant acme --id payments --request request.http",
		Args:    cobra.NoArgs,
	}
	flags := cmd.Flags()
	flags.StringVar(&file, "file", "", "a configuration file with the source")
	flags.StringVar(&id, "id", "", "the source")
	flags.StringVar(&request, "request", "", "the file of the request; - is standard input")
	required(cmd, "request")
	completes(cmd, "id", partsOf(r, "sources"))
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		given, err := readRequest(cmd, request)
		switch {
		case err != nil:
			return fmt.Errorf("source test: %w", err)
		case file != "":
			return sourceOfFile(cmd, r, file, id, given)
		case id == "":
			return usagef("source test: set --id, or --file")
		}
		return r.askTenant(func(a *question) error {
			return a.explained(client.Request{Path: a.at("sources", id, "explain"), Body: given})
		})(cmd, args)
	}
	return cmd
}

// sourceOfFile judges a request by a source of a configuration file.
func sourceOfFile(cmd *cobra.Command, r *running, file, id string, given json.RawMessage) error {
	c, err := configs.Load(configs.Options{Flags: configs.Flags{Config: file}, Environ: os.Environ()})
	if err != nil {
		return fmt.Errorf("%s:\n%w", file, err)
	}
	tenant, source, err := theSource(c, firstOf(r.tenant, os.Getenv("HOOKGATE_TENANT")), id)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	one := map[string]any{tenant: map[string]any{"sources": map[string]any{source: c.Tenants[tenant].Sources[source]}}}
	return aside(cmd.Context(), one, func(asks *client.Client) error {
		a := &question{Client: asks, screen: newScreen(cmd.OutOrStdout(), cmd.ErrOrStderr(), r), ctx: cmd.Context(), cmd: cmd, tenant: tenant}
		return a.explained(client.Request{Path: a.at("sources", source, "explain"), Body: given})
	})
}

func firstOf(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

// theSource finds the source that is meant.
func theSource(c *configs.Config, tenant, id string) (string, string, error) {
	var found [][2]string
	for name, t := range sortedParts(c.Tenants) {
		for source := range sortedParts(t.Sources) {
			if (tenant == "" || tenant == name) && (id == "" || id == source) {
				found = append(found, [2]string{name, source})
			}
		}
	}
	switch len(found) {
	case 0:
		return "", "", errors.New("it has no such source")
	case 1:
		return found[0][0], found[0][1], nil
	}
	return "", "", usagef("it has several: set --tenant and --id, as --tenant %s --id %s", found[0][0], found[0][1])
}

// requestMembers are those of a request that is given to be judged.
var requestMembers = []string{"method", "path", "headers", "body", "body_base64", "client", "now"}

// readRequest reads a request: JSON, that of a kept one too, or HTTP as it is sent.
func readRequest(cmd *cobra.Command, name string) (json.RawMessage, error) {
	text, err := readArgument(cmd, name)
	if err != nil {
		return nil, err
	}
	if v := gjson.ParseBytes(text); json.Valid(text) && v.IsObject() {
		var given ordered
		v.ForEach(func(name, value gjson.Result) bool {
			switch {
			case value.Type == gjson.Null:
			case slices.Contains(requestMembers, name.String()):
				given = append(given, member{name.String(), json.RawMessage(value.Raw)})
			case name.String() == "at" && !v.Get("now").Exists():
				given = append(given, member{"now", json.RawMessage(value.Raw)})
			}
			return true
		})
		return json.Marshal(given)
	}
	return rawRequest(text)
}

// rawRequest reads a request in HTTP: its first line, its fields, an empty line, its body.
func rawRequest(text []byte) (json.RawMessage, error) {
	head, body, _ := bytes.Cut(text, []byte("\n\n"))
	if i := bytes.Index(text, []byte("\r\n\r\n")); i >= 0 && i <= len(head) {
		head, body = text[:i], text[i+len("\r\n\r\n"):]
	}
	lines := strings.Split(strings.ReplaceAll(string(head), "\r\n", "\n"), "\n")
	first := strings.Fields(lines[0])
	if len(first) < 2 || !strings.HasPrefix(first[1], "/") && !strings.Contains(first[1], "://") {
		return nil, errors.New("it is neither JSON nor HTTP: the first line of HTTP is as POST /hooks/acme/payments HTTP/1.1")
	}
	fields := []any{}
	for _, line := range lines[1:] {
		name, value, both := strings.Cut(line, ":")
		switch {
		case strings.TrimSpace(line) == "":
		case !both:
			return nil, errors.New("a header field has no colon")
		default:
			fields = append(fields, []any{text2JSON(strings.TrimSpace(name)), text2JSON(strings.TrimSpace(value))})
		}
	}
	given := ordered{{"method", text2JSON(first[0])}, {"path", text2JSON(first[1])}, {"headers", fields}}
	if utf8.Valid(body) {
		given = append(given, member{"body", text2JSON(string(body))})
	} else {
		given = append(given, member{"body_base64", body})
	}
	return json.Marshal(given)
}

func text2JSON(text string) json.RawMessage { return gateway.AppendString(nil, text) }

// explained asks what would become of a request, and shows it.
func (a *question) explained(r client.Request) error {
	text, err := client.Ask[json.RawMessage](a.ctx, a.Client, r)
	if err != nil {
		return err
	}
	told := gjson.ParseBytes(text)
	if a.json {
		a.document(text)
	} else {
		a.checks(told)
	}
	if status := told.Get("status").Int(); status >= 400 {
		return errShown
	}
	return nil
}

// checks shows the steps of a request, and what they led to.
func (a *question) checks(told gjson.Result) {
	columns := []column{{"STEP", "step", nil}, {"OK", "ok", func(_ *screen, v gjson.Result) string {
		switch v.Type {
		case gjson.True:
			return "yes"
		case gjson.False:
			return "no"
		}
		return "?"
	}}, {"DETAIL", "detail", orDash}}
	var rows [][]string
	for _, one := range told.Get("checks").Array() {
		rows = append(rows, a.row(columns, json.RawMessage(one.Raw)))
	}
	a.table(columns, rows)
	a.printf("\n")
	a.members([]byte(without(json.RawMessage(told.Raw), "checks")))
}

func newSourceRequests(r *running) *cobra.Command {
	var most int
	var outcome string
	var unmatched bool
	cmd := &cobra.Command{
		Use:   "requests ID|--unmatched",
		Short: "List the newest requests to a source, refused ones too",
		Long: `List the newest requests to a source, refused ones too, with why. hookgate keeps them
in memory; hookgate callback explain judges one again. With --unmatched, which takes an
admin token, those of the public listener that no source and no route fits.`,
		Example: "  hookgate source requests payments --tenant acme\n  hookgate source requests --unmatched",
		Args:    cobra.MaximumNArgs(1), ValidArgsFunction: onlyFirst(partsOf(r, "sources")),
	}
	cmd.Flags().IntVar(&most, "limit", 20, "how many at most, 0 is all")
	cmd.Flags().StringVar(&outcome, "outcome", "", "of this outcome alone, as unauthenticated; refused: all that came to nothing")
	cmd.Flags().BoolVar(&unmatched, "unmatched", false, "what no source and no route fits")
	cmd.MarkFlagsMutuallyExclusive("outcome", "unmatched")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if (len(args) == 0) != unmatched {
			return usagef("source requests: give one of ID and --unmatched")
		}
		if unmatched {
			return r.ask(func(a *question) error {
				return a.rows([]column{
					{"REQUEST", "id", nil}, {"AT", "at", when}, {"CLIENT", "client", orDash}, {"METHOD", "method", nil}, {"PATH", "path", nil}, {"STATUS", "status", nil}, {"NEAREST", "nearest", nearest}, {"WHY", "reason", orDash},
				}, client.List[json.RawMessage](a.ctx, a.Client, client.Path("v1", "requests"), client.Query("unmatched", "true"), most))
			})(cmd, args)
		}
		return r.askTenant(func(a *question) error {
			return a.rows([]column{
				{"REQUEST", "id", nil}, {"AT", "at", when}, {"CLIENT", "client", orDash}, {"METHOD", "method", nil}, {"OUTCOME", "outcome", nil},
				{"STATUS", "status", nil}, {"CONVERSATION", "conversation_key", orDash}, {"WHY", "reason", orDash},
			}, client.List[json.RawMessage](a.ctx, a.Client, a.at("sources", a.args[0], "requests"), client.Query("outcome", outcome), most))
		})(cmd, args)
	}
	return cmd
}

// nearest names the source that may have been meant, with its tenant, as it stands in a path.
func nearest(_ *screen, v gjson.Result) string {
	tenant, source := v.Get("tenant").String(), v.Get("source").String()
	if tenant == "" {
		return "-"
	}
	return oneLine(tenant + "/" + source)
}
