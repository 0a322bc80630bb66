package resources_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/resources"
)

// stock has a secret in every place that can hold one.
const stock = `{"profile": "chatbot", "url": "https://shop.example.com/bot", "token": "canary-token", "headers": {"X-Shop": "canary-header"},
	"auth": {"type": "basic", "username": "u", "password": "canary-password"}, "sign": {"type": "hmac", "header": "X-Sig", "secrets": ["canary-one", "canary-two"]}}`

func (k *kit) webhook(tenant, id, body string) *directory.Webhook {
	k.t.Helper()
	w, _, err := k.Webhooks.Put(admin, tenant, id, tree(k.t, body))
	if err != nil {
		k.t.Fatalf("PUT webhook %s/%s: %v", tenant, id, explain(err))
	}
	return w
}

func (k *kit) stored(tenant, id string) *directory.Webhook {
	k.t.Helper()
	t := k.here.Current().Tenant(tenant)
	if t == nil || t.Webhook(id) == nil {
		k.t.Fatalf("there is no webhook %s/%s", tenant, id)
	}
	return t.Webhook(id)
}

func TestPutWebhook(t *testing.T) {
	k := newKit(t)
	k.tenant("acme", `{"headers": {"X-Acme": "h"}}`)
	w, created, err := k.Webhooks.Put(of("acme"), "acme", "stock", tree(t, stock))
	if err != nil || !created || w.Tenant.ID != "acme" || !w.Enabled || w.Meta.ManagedBy != gateway.ManagedByAPI || w.Meta.CreatedAt.IsZero() ||
		w.Token != "canary-token" || len(w.Headers) != 2 || w.Metrics == nil {
		t.Fatalf("created %t as %+v, %v", created, w, err)
	}
	again, created, err := k.Webhooks.Put(admin, "acme", "stock", tree(t, `{"url": "https://shop.example.com/", "id": "x", "managed_by": "y", "error": "z", "created_at": 1, "breaker": {"state": "open", "open_until": null, "failures": 2}}`))
	if err != nil || created || again.Meta.CreatedAt != w.Meta.CreatedAt || again.Breaker.Failures != 2 || again.Token != "" {
		t.Errorf("again created %t as %+v, %v", created, again, err)
	}
	k.sameAfterRestart(resources.File{})
	if _, _, err := k.Webhooks.Put(of("other"), "acme", "stock", tree(t, stock)); code(err) != gateway.CodeNotFound {
		t.Errorf("by a stranger: %v", err)
	}
	before := k.here.Current()
	for body, want := range map[string][]string{
		`{}`: {"url"}, `{"url": "https://x.example.com/", "mode": 5, "tmeout": 1, "auth": {"type": "x"}}`: {"auth.type", "mode", "tmeout"},
		`{"url": "https://x.example.com/", "headers": {"X": "***"}}`: {"headers.X"},
	} {
		if _, _, err := k.Webhooks.Put(admin, "acme", "stock", tree(t, body)); !slices.Equal(paths(err), want) {
			t.Errorf("%s: %v, want faults at %v", body, explain(err), want)
		}
	}
	if k.here.Current() != before {
		t.Error("a refused write changed the snapshot")
	}
}

func TestWebhookMasksKeepSecrets(t *testing.T) {
	k := newKit(t)
	k.tenant("acme", `{}`)
	k.webhook("acme", "stock", stock)
	masked := strings.NewReplacer("canary-token", "***", "canary-header", "***", "canary-password", "***", "canary-one", "***").Replace(stock)
	w := k.webhook("acme", "stock", masked)
	if s := w.Spec; s.Token != "canary-token" || s.Headers[0].Value != "canary-header" || s.Auth.Password != "canary-password" || s.Sign.Secrets[0] != "canary-one" {
		t.Errorf("the masks did not keep what was there: %q", s.Token.Reveal())
	}
	spec := gateway.Webhook{Profile: "chatbot", URL: "https://shop.example.com/new", Token: gateway.Masked, Headers: gateway.Headers{{Name: "X-New", Value: "n"}},
		Auth: gateway.Auth{Type: "basic", Username: "u", Password: gateway.Masked}}
	w, created, err := k.Webhooks.PutSpec(of("acme"), "acme", "stock", spec)
	if err != nil || created || w.Token != "canary-token" || w.Spec.Auth.Password != "canary-password" || len(w.Spec.Headers) != 1 || w.Spec.Sign != nil {
		t.Errorf("a spec with masks became %+v, %v", w, err)
	}
	k.sameAfterRestart(resources.File{})
	if _, created, err := k.Webhooks.PutSpec(admin, "acme", "new", gateway.Webhook{URL: "https://shop.example.com/"}); err != nil || !created {
		t.Errorf("a new one: %t, %v", created, err)
	}
	if _, _, err := k.Webhooks.PutSpec(admin, "acme", "newer", spec); !slices.Equal(paths(err), []string{"auth.password", "token"}) {
		t.Errorf("masks with nothing behind them: %v", explain(err))
	}
}

func TestDeleteWebhook(t *testing.T) {
	k := newKit(t)
	k.tenant("acme", `{}`)
	k.webhook("acme", "stock", stock)
	k.webhook("acme", "price", stock)
	if err := k.Webhooks.Delete(of("other"), "acme", "stock"); code(err) != gateway.CodeNotFound {
		t.Errorf("by a stranger: %v", err)
	}
	if err := k.Webhooks.Delete(of("acme"), "acme", "stock"); err != nil {
		t.Fatal(err)
	}
	if now := k.here.Current().Tenant("acme"); now.Webhook("stock") != nil || now.Webhook("price") == nil || !slices.Equal(k.dropped, []string{"acme/stock"}) {
		t.Errorf("there are %d webhooks, and %q was told", len(now.Webhooks()), k.dropped)
	}
	if err := k.Webhooks.Delete(admin, "acme", "stock"); code(err) != gateway.CodeNotFound {
		t.Errorf("a second time: %v", err)
	}
	k.sameAfterRestart(resources.File{})
	if err := k.Tenants.Delete(admin, "acme"); err != nil {
		t.Fatal(err)
	}
	k.tenant("acme", `{}`)
	if n := len(k.here.Current().Tenant("acme").Webhooks()); n != 0 {
		t.Errorf("a new tenant of an old id has %d webhooks", n)
	}
}

func TestWebhooksOfFileAndAPI(t *testing.T) {
	k := newKit(t)
	k.tenant("acme", `{}`)
	k.webhook("acme", "both", stock)
	k.webhook("acme", "mine", stock)
	if err := k.Webhooks.SetError("acme", "both", "of the API's"); err != nil {
		t.Fatal(err)
	}
	const text = `{"acme": {"webhooks": {"both": {"url": "https://file.example.com/"}, "filed": {"url": "https://f.example.com/{{ x }}"}}}}`
	k.set(text)
	if both := k.stored("acme", "both"); both.Spec.URL != "https://file.example.com/" || both.Meta.ManagedBy != gateway.ManagedByFile || k.Webhooks.Error("acme", "both") != "" {
		t.Errorf("the one in both is %+v, its error %q", both.Meta, k.Webhooks.Error("acme", "both"))
	}
	if w := k.stored("acme", "mine"); !w.Enabled || w.Token != "canary-token" {
		t.Error("the API's own is not beside the file's")
	}
	for _, id := range []string{"both", "filed"} {
		_, _, put := k.Webhooks.Put(admin, "acme", id, tree(t, stock))
		_, _, spec := k.Webhooks.PutSpec(admin, "acme", id, gateway.Webhook{URL: "https://x.example.com/"})
		for _, err := range []error{put, spec, k.Webhooks.Delete(admin, "acme", id)} {
			if code(err) != gateway.CodeManagedByFile {
				t.Errorf("a write to %s: %v", id, err)
			}
		}
		if err := k.Webhooks.SetError("acme", id, "failed"); err != nil || k.Webhooks.Error("acme", id) != "" {
			t.Errorf("the file's %s keeps the error %q, %v", id, k.Webhooks.Error("acme", id), err)
		}
	}
	if line := "the file hides a webhook"; strings.Count(k.logs.String(), line) != 1 {
		t.Errorf("%q is not logged once:\n%s", line, k.logs.String())
	}
	k.sameAfterRestart(file(t, text))
	k.set(`{}`)
	if gone := k.here.Current().Tenant("acme"); gone.Webhook("filed") != nil || gone.Webhook("both").Spec.URL != "https://shop.example.com/bot" || gone.Webhook("mine").Enabled {
		t.Error("after the tenant left the file, its webhooks are not those of the API, disabled")
	}
	if got := k.Webhooks.Error("acme", "both"); got != "of the API's" {
		t.Errorf("the hidden one came back with the error %q", got)
	}
}

// A tenant that only the file has keeps the webhooks that the API gave it.
func TestWebhookOfATenantThatLeavesTheFile(t *testing.T) {
	k := newKit(t)
	k.set(`{"acme": {}}`)
	k.webhook("acme", "stock", stock)
	k.start(resources.File{})
	if w := k.stored("acme", "stock"); w.Enabled {
		t.Error("it is in service")
	}
	k.start(file(t, `{"acme": {}}`))
	if w := k.stored("acme", "stock"); !w.Enabled || w.Token != "canary-token" {
		t.Error("it is not back in service with its tenant")
	}
}

func TestWebhookErrors(t *testing.T) {
	k := newKit(t)
	k.tenant("acme", `{}`)
	k.webhook("acme", "stock", stock)
	set := func(text, want string) {
		t.Helper()
		if err := k.Webhooks.SetError("acme", "stock", text); err != nil || k.Webhooks.Error("acme", "stock") != want {
			t.Errorf("set to %.40q it is %.40q, %v", text, k.Webhooks.Error("acme", "stock"), err)
		}
		k.sameAfterRestart(resources.File{})
		if got := k.Webhooks.Error("acme", "stock"); got != want {
			t.Errorf("after a restart it is %.40q, want %.40q", got, want)
		}
	}
	set("", "")
	set("timeout of 5000ms exceeded", "timeout of 5000ms exceeded")
	set("Request failed with status code 404", "Request failed with status code 404")
	set("", "")
	set(strings.Repeat("x", 1023)+"é", strings.Repeat("x", 1023)) // no half of a character
	updated := k.stored("acme", "stock").Meta.UpdatedAt
	k.webhook("acme", "stock", stock)
	if got := k.Webhooks.Error("acme", "stock"); got != strings.Repeat("x", 1023) {
		t.Errorf("after a PUT it is %.40q", got)
	}
	set("bad", "bad")
	if now := k.stored("acme", "stock"); now.Token != "canary-token" || now.Meta.UpdatedAt.Before(updated.Time) {
		t.Error("an error changed the webhook")
	}
	for _, unknown := range [][2]string{{"acme", "none"}, {"nobody", "stock"}} {
		if err := k.Webhooks.SetError(unknown[0], unknown[1], "bad"); err != nil || k.Webhooks.Error(unknown[0], unknown[1]) != "" {
			t.Errorf("%v keeps an error, %v", unknown, err)
		}
	}
	if err := k.Webhooks.Delete(admin, "acme", "stock"); err != nil || k.Webhooks.Error("acme", "stock") != "" {
		t.Errorf("a deleted one has the error %q, %v", k.Webhooks.Error("acme", "stock"), err)
	}
	k.webhook("acme", "stock", stock)
	set("bad", "bad")
	if err := k.Tenants.Delete(admin, "acme"); err != nil {
		t.Fatal(err)
	}
	k.tenant("acme", `{}`)
	k.webhook("acme", "stock", stock)
	if got := k.Webhooks.Error("acme", "stock"); got != "" {
		t.Errorf("a new one of an old id has the error %q", got)
	}
}

// counting counts what is written.
type counting struct {
	resources.Store
	puts atomic.Int64
}

func (c *counting) PutAudited(lines []gateway.AuditLine, records ...gateway.Record) error {
	c.puts.Add(1)
	return c.Store.PutAudited(lines, records...)
}

// Every call tells how it went: only a change is written, and what is not written
// costs no memory.
func TestWebhookErrorIsWrittenOnceForEachChange(t *testing.T) {
	k := newKit(t)
	k.tenant("acme", `{}`)
	k.webhook("acme", "stock", stock)
	store := &counting{Store: k.store}
	k.under.Store = store
	for _, text := range []string{"", "a", "a", "b", "b", "", "", "a"} {
		if err := k.Webhooks.SetError("acme", "stock", text); err != nil {
			t.Fatal(err)
		}
	}
	if store.puts.Load() != 4 {
		t.Errorf("%d writes for four changes", store.puts.Load())
	}
	if n := testing.AllocsPerRun(100, func() { _ = k.Webhooks.SetError("acme", "stock", "a") }); n != 0 {
		t.Errorf("%v allocations where nothing changes, want 0", n)
	}
	k.under.Store = full{k.store}
	if err := k.Webhooks.SetError("acme", "stock", "c"); !errors.Is(err, errFull) || k.Webhooks.Error("acme", "stock") != "a" {
		t.Errorf("on a full disk: %v, and it is %q", err, k.Webhooks.Error("acme", "stock"))
	}
	before := k.here.Current()
	_, _, put := k.Webhooks.Put(admin, "acme", "stock", tree(t, stock))
	for _, err := range []error{put, k.Webhooks.Delete(admin, "acme", "stock")} {
		if code(err) != gateway.CodeUnavailable {
			t.Errorf("on a full disk: %v", err)
		}
	}
	if k.here.Current() != before || k.Webhooks.Error("acme", "stock") != "a" {
		t.Error("a refused write changed something")
	}
	k.under.Store = k.store
}

func TestWebhookSecretsAreSealed(t *testing.T) {
	k := newKit(t)
	k.tenant("acme", `{}`)
	w := k.webhook("acme", "stock", stock)
	if err := k.Webhooks.SetError("acme", "stock", "status 500"); err != nil {
		t.Fatal(err)
	}
	found := 0
	if err := k.store.Resources(func(rec gateway.Record) error {
		if bytes.Contains(rec.Value, []byte("canary")) {
			t.Errorf("%s has a secret in the clear", rec.Kind)
		}
		if rec.Kind == gateway.KindWebhook && bytes.Contains(rec.Value, []byte("shop.example.com")) {
			found++
		}
		return nil
	}); err != nil || found != 1 {
		t.Errorf("%d webhooks are stored, %v", found, err)
	}
	k.sameAfterRestart(resources.File{})
	if _, _, err := k.Webhooks.Put(admin, "acme", "bad", tree(t, `{"url": "https://x.example.com/", "headers": {"X": "{{ canary"}, "token": "canary"}`)); err == nil || strings.Contains(explain(err), "canary") {
		t.Errorf("the error is %v", explain(err))
	}
	if text := k.logs.String() + fmt.Sprintf("%+v %+v", look(k.here.Current()), w.Spec); strings.Contains(text, "canary") {
		t.Errorf("a secret is printed: %s", text)
	}
}

func TestAtMostSoManyWebhooks(t *testing.T) {
	k := newKit(t)
	var all strings.Builder
	for i := range 999 {
		fmt.Fprintf(&all, `, "f%d": {"url": "https://x.example.com/"}`, i)
	}
	k.set(`{"acme": {"webhooks": {` + all.String()[1:] + `}}}`)
	k.webhook("acme", "last", stock)
	if _, _, err := k.Webhooks.Put(admin, "acme", "more", tree(t, stock)); code(err) != gateway.CodeInvalidField || !strings.Contains(err.Error(), "1000 webhooks") {
		t.Errorf("one more: %v", err)
	}
	k.webhook("acme", "last", stock) // replacing one makes none more
}

// A webhook that was stored and does not compile any more is shown, and writing it
// anew brings it back.
func TestStoredWebhookThatIsRefused(t *testing.T) {
	k := newKit(t)
	k.tenant("acme", `{}`)
	k.webhook("acme", "stock", stock)
	next := compiled(resources.File{})
	check := next.Compile.CheckHeader
	next.Compile.CheckHeader = func(name, value string) error {
		if name == "X-Shop" {
			return errors.New("is refused in this version")
		}
		return check(name, value)
	}
	if err := k.SetFile(next); err != nil {
		t.Fatal(err)
	}
	if w := k.stored("acme", "stock"); w.Enabled || !w.Refused || w.Spec.Token != "canary-token" || !strings.Contains(k.logs.String(), "a stored webhook is refused") {
		t.Errorf("it is %+v", w.Meta)
	}
	if w := k.webhook("acme", "stock", strings.Replace(stock, "X-Shop", "X-Other", 1)); !w.Enabled {
		t.Error("written anew it is not in service")
	}
}
