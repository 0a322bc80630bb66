package resources_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hookgate/gateway"
	"hookgate/gateway/resources"
)

// After any sequence of writes and loads of the file, the snapshot is the one
// that the store and the file give after a restart.
func TestSnapshotIsWhatTheStoreGives(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		k := newKit(t)
		defer k.stop()
		f := resources.File{}
		names := rapid.SampledFrom([]string{"a", "b", "c"})
		bodies := rapid.SampledFrom([]string{
			`{}`, `{"parent": "a"}`, `{"parent": "b", "name": "n<&>"}`, `{"account_keys": ["k"], "headers": {"X-A": "secret"}}`,
			`{"headers": {"X-A": "***"}}`, `{"platform": {"url": "https://x.example.com/", "auth": {"type": "header", "name": "X", "value": "v"}}}`,
		})
		sources := rapid.SampledFrom([]string{
			`{"verify": {"type": "none"}}`, `{"verify": {"type": "bearer", "secrets": ["one", "two"]}, "enabled": false}`,
			`{"verify": {"type": "bearer", "secrets": ["***"]}}`, `{}`,
			`{"verify": {"type": "none"}, "variables": [{"name": "v", "path": "a.b", "default": "<x>"}], "early": {"ttl": 0}}`,
		})
		endpoints := rapid.SampledFrom([]string{
			`{"url": "https://x.example.com/"}`, `{"url": "https://x.example.com/", "sign": {"type": "none"}, "enabled": false}`,
			`{"url": "https://x.example.com/", "token": "a secret", "sign": {"type": "hmac", "header": "X", "secrets": ["secret"]}}`, `{}`,
			`{"url": "https://x.example.com/", "sign": {"type": "standard-ed25519"}}`,
		})
		webhooks := rapid.SampledFrom([]string{
			`{"url": "https://x.example.com/"}`, `{"url": "https://x.example.com/{{ v }}", "headers": {"X": "a secret {{ v }}"}, "body": {"a": "<{{ v }}>"}}`, `{}`,
			`{"profile": "chatbot", "url": "https://x.example.com/", "token": "a secret", "auth": {"type": "bearer", "token": "secret"}}`,
			`{"profile": "chatbot", "url": "https://x.example.com/", "token": "***"}`,
		})
		files := rapid.SampledFrom([]string{`{}`, `{"a": {"account_keys": ["k"]}}`, fileAcme, `{"a": {}, "b": {"parent": "a",
			"sources": {"a": {"verify": {"type": "bearer", "secrets": ["of the file"]}}}, "endpoints": {"a": {"url": "https://f.example.com/"}}, "webhooks": {"a": {"url": "https://f.example.com/"}}}}`})
		var trail []string
		step := func(what string, err error) {
			if err != nil && code(err) == "" {
				rt.Fatalf("%s: %v", what, err)
			}
			trail = append(trail, fmt.Sprintf("%s -> %q", what, code(err)))
		}
		rt.Repeat(map[string]func(*rapid.T){
			"put tenant": func(rt *rapid.T) {
				id, body := names.Draw(rt, "id"), bodies.Draw(rt, "body")
				_, _, err := k.Tenants.Put(admin, id, tree(rt, body))
				step("PUT "+id+" "+body, err)
			},
			"put source": func(rt *rapid.T) {
				tenant, id, body := names.Draw(rt, "tenant"), names.Draw(rt, "id"), sources.Draw(rt, "body")
				_, _, err := k.Sources.Put(admin, tenant, id, tree(rt, body))
				step("PUT "+tenant+"/"+id+" "+body, err)
			},
			"put endpoint": func(rt *rapid.T) {
				tenant, id, body := names.Draw(rt, "tenant"), names.Draw(rt, "id"), endpoints.Draw(rt, "body")
				_, _, _, err := k.Endpoints.Put(admin, tenant, id, tree(rt, body))
				step("PUT endpoint "+tenant+"/"+id+" "+body, err)
			},
			"rotate": func(rt *rapid.T) {
				tenant, id := names.Draw(rt, "tenant"), names.Draw(rt, "id")
				overlap := rapid.SampledFrom([]time.Duration{0, time.Hour}).Draw(rt, "overlap")
				_, _, err := k.Endpoints.Rotate(admin, tenant, id, overlap)
				step(fmt.Sprintf("rotate %s/%s %s", tenant, id, overlap), err)
			},
			"delete endpoint": func(rt *rapid.T) {
				tenant, id := names.Draw(rt, "tenant"), names.Draw(rt, "id")
				step("DELETE endpoint "+tenant+"/"+id, k.Endpoints.Delete(admin, tenant, id))
			},
			"put webhook": func(rt *rapid.T) {
				tenant, id, body := names.Draw(rt, "tenant"), names.Draw(rt, "id"), webhooks.Draw(rt, "body")
				_, _, err := k.Webhooks.Put(admin, tenant, id, tree(rt, body))
				step("PUT webhook "+tenant+"/"+id+" "+body, err)
			},
			"webhook error": func(rt *rapid.T) {
				tenant, id, text := names.Draw(rt, "tenant"), names.Draw(rt, "id"), rapid.SampledFrom([]string{"", "bad", "worse"}).Draw(rt, "text")
				step("error of "+tenant+"/"+id+" "+text, k.Webhooks.SetError(tenant, id, text))
			},
			"delete webhook": func(rt *rapid.T) {
				tenant, id := names.Draw(rt, "tenant"), names.Draw(rt, "id")
				step("DELETE webhook "+tenant+"/"+id, k.Webhooks.Delete(admin, tenant, id))
			},
			"delete tenant": func(rt *rapid.T) {
				id := names.Draw(rt, "id")
				step("DELETE "+id, k.Tenants.Delete(admin, id))
			},
			"delete source": func(rt *rapid.T) {
				tenant, id := names.Draw(rt, "tenant"), names.Draw(rt, "id")
				step("DELETE "+tenant+"/"+id, k.Sources.Delete(admin, tenant, id))
			},
			"load": func(rt *rapid.T) {
				text := files.Draw(rt, "file")
				next, now := file(rt, text), compiled(file(rt, text))
				now.Compile.Rules = rapid.SampledFrom([]string{"", "same", "others"}).Draw(rt, "rules")
				err := k.SetFile(now)
				if err == nil {
					f = next
				}
				step("file "+text, err)
			},
			"": func(rt *rapid.T) {
				if strings.Contains(fmt.Sprintf("%+v", look(k.here.Current())), "secret") {
					rt.Fatal("printing the snapshot shows a secret")
				}
			},
		})
		before, errors := look(k.here.Current()), k.webhookErrors()
		k.start(f)
		if after := k.webhookErrors(); !reflect.DeepEqual(errors, after) {
			rt.Fatalf("%s\nerrors before a restart %q, after it %q", strings.Join(trail, "\n"), errors, after)
		}
		if after := look(k.here.Current()); !reflect.DeepEqual(before, after) {
			rt.Fatalf("%s\nbefore a restart\n%+v\nafter it\n%+v", strings.Join(trail, "\n"), before, after)
		}
		for _, t := range before {
			for _, s := range t.Sources {
				if s.Meta.ManagedBy == gateway.ManagedByAPI && s.Meta.CreatedAt.IsZero() {
					rt.Fatalf("source %s/%s has no moment of creation", t.Meta.ID, s.Meta.ID)
				}
			}
		}
	})
}

// webhookErrors lists the error of every webhook.
func (k *kit) webhookErrors() (all []string) {
	for t := range k.here.Current().Tenants() {
		for _, w := range t.Webhooks() {
			all = append(all, t.ID+"/"+w.ID+": "+k.Webhooks.Error(t.ID, w.ID))
		}
	}
	return all
}
