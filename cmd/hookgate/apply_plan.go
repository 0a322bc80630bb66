package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"hookgate/configs"
	"hookgate/gateway"
	"hookgate/gateway/client"
	"hookgate/gateway/fields"
	"hookgate/gateway/node"
)

// onlyTenants refuses a file with more than tenants: the rest is of the gateway's own file,
// and no API writes it.
func onlyTenants(c *configs.Config, file string) error {
	for _, o := range c.Origins() {
		if strings.HasPrefix(o.From, "default") || !strings.Contains(o.From, ":") || o.Key == "tenants" || strings.HasPrefix(o.Key, "tenants.") {
			continue
		}
		return fmt.Errorf("%s: %s is of the gateway's own configuration file: apply writes tenants", cmp.Or(o.From, file), o.Key)
	}
	return nil
}

// parentsFirst lists tenants so that each comes behind the one above it.
func parentsFirst(all configs.Tenants) (ids []string) {
	done := map[string]bool{}
	var visit func(string)
	visit = func(id string) {
		t, is := all[id]
		if !is || done[id] {
			return
		}
		done[id] = true // before its parent: of a circle hookgate tells
		visit(t.Parent)
		ids = append(ids, id)
	}
	for _, id := range slices.Sorted(maps.Keys(all)) {
		visit(id)
	}
	return ids
}

func sortedParts[T any](all map[string]T) iter.Seq2[string, T] {
	return func(yield func(string, T) bool) {
		for _, id := range slices.Sorted(maps.Keys(all)) {
			if !yield(id, all[id]) {
				return
			}
		}
	}
}

// judgeFresh judges the parts of a tenant that is not there yet: hookgate knows no tenant
// that it could judge them by, so they are compiled here.
func (p *plan) judgeFresh(tenant string) error {
	for _, i := range p.of[tenant] {
		var faults []gateway.Fault
		masked(i.spec, func(path string) {
			faults = append(faults, gateway.Fault{Path: i.place + "." + path, Message: `is "***", which keeps an old value, and there is none here: write the value`})
		})
		if len(faults) > 0 {
			return i.file.Report(faults)
		}
		if i.kind != "tenant" {
			continue
		}
		one := *i.file
		one.Tenants = configs.Tenants{tenant: i.file.Tenants[tenant]}
		sealed := p.sealedPlaces(tenant)
		for _, f := range node.Check(&one) {
			// The parent may be there already: hookgate has looked. What is sealed it can read
			// alone: it says so as it is written, and then all is taken back.
			if !strings.HasSuffix(f.Path, ".parent") && !slices.ContainsFunc(sealed, func(place string) bool { return place == f.Path || strings.HasPrefix(place, f.Path+"[") }) {
				faults = append(faults, f)
			}
		}
		if err := i.file.Report(faults); err != nil {
			return err
		}
	}
	return nil
}

// sealedPlaces are those of a tenant's secrets that were exported sealed.
func (p *plan) sealedPlaces(tenant string) (places []string) {
	for _, i := range p.of[tenant] {
		if text, err := client.Reveal(i.spec); err == nil {
			for place, value := range leaves("", text) {
				if strings.HasPrefix(value, `"hgs1:`) {
					places = append(places, i.place+"."+place)
				}
			}
		}
	}
	return places
}

// madeByUsers are the ids of webhooks that are connections of /v2.
var madeByUsers = gateway.Pattern(`^[0-9a-f]{24}$`)

// pruned adds what is to be deleted, behind all that is written.
func (p *plan) pruned() error {
	named := map[string]bool{}
	var tenants []string
	for _, i := range p.items {
		if named[i.path] = true; i.kind == "tenant" && !p.fresh[i.id] {
			tenants = append(tenants, i.id)
		}
	}
	for _, tenant := range tenants {
		for _, kind := range []string{"source", "endpoint", "webhook"} {
			for one, err := range client.List[json.RawMessage](p.ctx, p.Client, client.Path("v1", "tenants", tenant, kind+"s"), nil, 0) {
				if err != nil {
					return err
				}
				id := gjson.GetBytes(one, "id").String()
				path := client.Path("v1", "tenants", tenant, kind+"s", id)
				if named[path] || gjson.GetBytes(one, "managed_by").String() == gateway.ManagedByFile || kind == "webhook" && madeByUsers().MatchString(id) {
					continue
				}
				i := &item{kind: kind, tenant: tenant, id: id, path: path, result: "deleted"}
				if i.before, i.tag, err = p.GetRaw(p.ctx, path, nil); err != nil {
					return err
				}
				p.items = append(p.items, i)
			}
		}
	}
	return nil
}

// readOnly are members that hookgate itself writes.
var readOnly = map[string][]string{
	"":         {"id", "managed_by", "created_at", "updated_at"},
	"tenant":   {"disabled"},
	"source":   {"url", "secret_set_at"},
	"endpoint": {"verified", "verification_error", "paused", "disabled_reason", "queue_depth", "old_secrets_until", "secret_set_at", "secret", "public_key", "breaker.state", "breaker.open_until", "breaker.last_probe"},
	"webhook":  {"error", "breaker.state", "breaker.open_until", "breaker.last_probe"},
}

// leaves gives what stands at each place of a thing, but for what hookgate writes.
func leaves(kind string, text []byte) map[string]string {
	all := map[string]string{}
	var walk func(string, gjson.Result)
	walk = func(path string, v gjson.Result) {
		switch {
		case v.Type == gjson.Null || slices.Contains(readOnly[""], path) || slices.Contains(readOnly[kind], path):
		case v.IsObject():
			v.ForEach(func(name, value gjson.Result) bool {
				walk(fields.Member(path, name.String()), value)
				return true
			})
		case v.IsArray() && len(v.Array()) > 0:
			for i, one := range v.Array() {
				walk(fields.Index(path, i), one)
			}
		default:
			all[path] = v.Raw
		}
	}
	walk("", gjson.ParseBytes(text))
	return all
}

// compared says what is another in two versions of a thing, a place a line.
func compared(kind string, before, after []byte) (lines []string) {
	was, is := leaves(kind, before), leaves(kind, after)
	places := map[string]bool{}
	for place := range was {
		places[place] = true
	}
	for place := range is {
		places[place] = true
	}
	for _, place := range slices.Sorted(maps.Keys(places)) {
		old, had := was[place]
		now, has := is[place]
		switch {
		case !had:
			lines = append(lines, fmt.Sprintf("+ %s: %s", place, now))
		case !has:
			lines = append(lines, fmt.Sprintf("- %s: %s", place, old))
		case old != now:
			lines = append(lines, fmt.Sprintf("- %s: %s", place, old), fmt.Sprintf("+ %s: %s", place, now))
		}
	}
	return lines
}

// differences are what is told of a thing in a dry run.
func (i *item) differences() []string {
	switch {
	case i.result == "unchanged" || i.result == "deleted":
		return nil
	case i.secretsOnly:
		return []string{"+ a secret is another"}
	case i.before != nil:
		return compared(i.kind, i.before, i.after)
	}
	var lines []string
	shown, err := json.Marshal(i.spec) // secrets mask themselves
	if err != nil {
		return nil
	}
	for _, line := range compared(i.kind, nil, shown) {
		if _, value, _ := strings.Cut(line, ": "); value != `""` && value != "[]" && value != "0" && value != "false" {
			lines = append(lines, line)
		}
	}
	return lines
}

// masked visits the places of a thing that read ***.
func masked(spec any, visit func(path string)) {
	text, err := client.Reveal(spec)
	if err != nil {
		return
	}
	all := leaves("", text)
	for _, place := range slices.Sorted(maps.Keys(all)) {
		if all[place] == `"`+gateway.Masked+`"` {
			visit(place)
		}
	}
}

// hasSecret says whether a thing writes a secret in the clear.
func hasSecret(spec any) bool {
	clear, err := client.Reveal(spec)
	if err != nil {
		return true
	}
	shown, err := json.Marshal(spec)
	return err != nil || !bytes.Equal(clear, shown)
}
