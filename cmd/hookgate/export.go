package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/tidwall/gjson"

	"hookgate/gateway"
	"hookgate/gateway/client"
	"hookgate/gateway/fields"
)

func newExportCommand() *cobra.Command {
	r := &running{}
	secrets := "masked"
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Print tenants and all they have, as a configuration file",
		Long: `Print the tenants that the token reaches, or one, with their sources, endpoints and
webhooks, as a configuration file: YAML, or with --json JSON. Secrets read ***, and so do
header fields whose names say that they prove who calls: applied to the same gateway they
stay what they are; anywhere else they have to be written.

With --secrets sealed they are sealed with the master key: hookgate apply writes them to a
gateway that has the same one, as the same tenants. That takes an admin token on both sides.`,
		Example: `  hookgate export --tenant acme
  hookgate export --secrets sealed`,
		Args: cobra.NoArgs,
		RunE: r.ask(func(a *question) error {
			if secrets != "masked" && secrets != "sealed" {
				return usagef("--secrets is %q: masked or sealed", secrets)
			}
			var ids []string
			if a.tenant != "" {
				ids = []string{a.tenant}
			} else {
				for one, err := range client.List[json.RawMessage](a.ctx, a.Client, client.Path("v1", "tenants"), nil, 0) {
					if err != nil {
						return err
					}
					ids = append(ids, gjson.GetBytes(one, "id").String())
				}
			}
			tenants := make(ordered, 0, len(ids))
			for _, id := range ids {
				t, err := a.exported(id, secrets == "sealed")
				if err != nil {
					return err
				}
				tenants = append(tenants, member{id, t})
			}
			file := ordered{{"tenants", tenants}}
			if a.json {
				text, err := json.Marshal(file)
				if err == nil {
					a.document(text)
				}
				return err
			}
			var b strings.Builder
			writeYAML(&b, file, 0)
			a.printf("%s", b.String())
			return nil
		}),
	}
	r.reads(cmd)
	r.ofTenant(cmd)
	cmd.Flags().StringVar(&secrets, "secrets", secrets, "masked, or sealed for a gateway with the same master key")
	completes(cmd, "secrets", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return []string{"masked", "sealed"}, cobra.ShellCompDirectiveNoFileComp
	})
	return cmd
}

// ordered is an object whose members keep their order.
type ordered []member

type member struct {
	name  string
	value any // ordered, []any, or a scalar as JSON
}

func (o ordered) MarshalJSON() ([]byte, error) {
	b := []byte("{")
	for i, m := range o {
		if i > 0 {
			b = append(b, ',')
		}
		value, err := json.Marshal(m.value)
		if err != nil {
			return nil, err
		}
		b = append(append(gateway.AppendString(b, m.name), ':'), value...)
	}
	return append(b, '}'), nil
}

// exported gives a tenant with all that it has.
func (a *question) exported(id string, sealed bool) (ordered, error) {
	var secrets gjson.Result
	if sealed {
		text, _, err := a.GetRaw(a.ctx, client.Path("v1", "tenants", id, "sealed"), nil)
		if err != nil {
			return nil, err
		}
		secrets = gjson.GetBytes(text, "secrets")
	}
	text, _, err := a.GetRaw(a.ctx, client.Path("v1", "tenants", id), nil)
	if err != nil {
		return nil, err
	}
	t, _ := unmasked(asWritten("tenant", "", gjson.ParseBytes(text)), "", sealedOf(secrets, "")).(ordered)
	for _, kind := range []string{"source", "endpoint", "webhook"} {
		var parts ordered
		for one, err := range client.List[json.RawMessage](a.ctx, a.Client, client.Path("v1", "tenants", id, kind+"s"), nil, 0) {
			if err != nil {
				return nil, err
			}
			name := gjson.GetBytes(one, "id").String()
			parts = append(parts, member{name, unmasked(asWritten(kind, "", gjson.ParseBytes(one)), "", sealedOf(secrets, kind+"s/"+name))})
		}
		if len(parts) > 0 {
			t = append(t, member{kind + "s", parts})
		}
	}
	return t, nil
}

// sealedOf gives the sealed secrets of a thing by their places.
func sealedOf(secrets gjson.Result, thing string) map[string]string {
	all := map[string]string{}
	for name, of := range secrets.Map() {
		if name == thing {
			of.ForEach(func(place, text gjson.Result) bool {
				all[place.String()] = text.String()
				return true
			})
		}
	}
	return all
}

// unmasked puts sealed secrets where a thing reads ***.
func unmasked(v any, path string, sealed map[string]string) any {
	switch v := v.(type) {
	case ordered:
		for i := range v {
			v[i].value = unmasked(v[i].value, fields.Member(path, v[i].name), sealed)
		}
	case []any:
		for i := range v {
			v[i] = unmasked(v[i], fields.Index(path, i), sealed)
		}
	case json.RawMessage:
		if text, is := sealed[path]; is && string(v) == `"`+gateway.Masked+`"` {
			return json.RawMessage(gateway.AppendString(nil, text))
		}
	}
	return v
}

// proves are names of header fields that prove who calls.
var proves = gateway.Pattern(`(?i)auth|token|key|secret|cookie|passw|sign`)

// asWritten gives what somebody would write of what is shown: without what hookgate itself
// writes, and what is not set.
func asWritten(kind, path string, v gjson.Result) any {
	switch {
	case v.IsObject():
		var all ordered
		v.ForEach(func(name, value gjson.Result) bool {
			below := strings.TrimPrefix(path+"."+name.String(), ".")
			if value.Type == gjson.Null || slices.Contains(readOnly[""], below) || slices.Contains(readOnly[kind], below) {
				return true
			}
			one := asWritten(kind, below, value)
			if strings.HasSuffix(path, "headers") && proves().MatchString(name.String()) {
				one = json.RawMessage(`"` + gateway.Masked + `"`)
			}
			all = append(all, member{name.String(), one})
			return true
		})
		return all
	case v.IsArray():
		all := []any{}
		for _, one := range v.Array() {
			all = append(all, asWritten(kind, path, one))
		}
		return all
	}
	return json.RawMessage(v.Raw)
}

// plain are texts that YAML reads as themselves.
var plain = gateway.Pattern(`^[A-Za-z][A-Za-z0-9_./-]*$`)

// words that YAML, or an older one, reads as something else.
var notPlain = []string{"true", "false", "null", "yes", "no", "on", "off", "y", "n"}

// yamlText writes a text so that the configuration file reads it as it is: ${NAME} is a
// variable there.
func yamlText(text string) string {
	text = strings.ReplaceAll(text, "${", "$${")
	if plain().MatchString(text) && !slices.Contains(notPlain, strings.ToLower(text)) {
		return text
	}
	return string(gateway.AppendString(nil, text))
}

func writeYAML(b *strings.Builder, v any, depth int) {
	indent := strings.Repeat("  ", depth)
	switch v := v.(type) {
	case ordered:
		for _, m := range v {
			fmt.Fprintf(b, "%s%s:", indent, yamlText(m.name))
			yamlValue(b, m.value, depth)
		}
	case []any:
		for _, one := range v {
			var below strings.Builder
			if isBlock(one) {
				writeYAML(&below, one, depth+1)
				b.WriteString(indent + "- " + strings.TrimPrefix(below.String(), indent+"  "))
				continue
			}
			b.WriteString(indent + "-")
			yamlValue(b, one, depth)
		}
	}
}

// yamlValue writes what stands behind a name.
func yamlValue(b *strings.Builder, v any, depth int) {
	switch one := v.(type) {
	case json.RawMessage:
		text := string(one)
		if s := gjson.ParseBytes(one); s.Type == gjson.String {
			text = yamlText(s.String())
		}
		b.WriteString(" " + text + "\n")
	case ordered:
		if len(one) == 0 {
			b.WriteString(" {}\n")
			return
		}
		b.WriteString("\n")
		writeYAML(b, one, depth+1)
	case []any:
		if len(one) == 0 {
			b.WriteString(" []\n")
			return
		}
		b.WriteString("\n")
		writeYAML(b, one, depth+1)
	}
}

func isBlock(v any) bool {
	o, is := v.(ordered)
	return is && len(o) > 0
}
