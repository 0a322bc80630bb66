package resources

import (
	"maps"
	"strings"
	"sync"

	"hookgate/auth"
	"hookgate/gateway"
)

// maxCallError bounds the text that is kept of a failed call, in bytes.
const maxCallError = 1024

// callErrors is how the last call of each webhook failed, where it did. Every call
// looks here, so it has a lock of its own: writers hold theirs while the disk works.
type callErrors struct {
	mu sync.RWMutex
	of map[webhookKey]string
}

type webhookKey struct{ tenant, webhook string }

func (c *callErrors) get(k webhookKey) string {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.of[k]
}

// set keeps a text; "" is kept by having none.
func (c *callErrors) set(k webhookKey, text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if text == "" {
		delete(c.of, k)
		return
	}
	if c.of == nil {
		c.of = map[webhookKey]string{}
	}
	c.of[k] = text
}

func (c *callErrors) forget(which func(webhookKey) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.DeleteFunc(c.of, func(k webhookKey, _ string) bool { return which(k) })
}

// SetError keeps how the last call of a webhook failed, "" for one that
// went well; no PUT changes it. What is so already costs a lookup; a
// change is durable when it returns, so nobody's answer should wait for it.
//
// A webhook of the file has no record to keep it in, and one that is not there
// none either: nothing happens then.
func (r *Webhooks) SetError(tenant, id, text string) error {
	text = strings.ToValidUTF8(text[:min(len(text), maxCallError)], "")
	k := webhookKey{tenant, id}
	if !r.keepsErrors(k) || r.errors.get(k) == text {
		return nil
	}
	end, err := r.turn(auth.Principal{Scope: auth.Tenant, Tenant: tenant})
	if err != nil {
		return err
	}
	defer end()
	if !r.keepsErrors(k) || r.errors.get(k) == text {
		return nil
	}
	rec := *r.of(tenant).webhooks[id]
	rec.Error = text
	return r.store(auth.Principal{Scope: auth.Admin}, r.directory.Current().Tenant(tenant), id, &rec, 0, nil)
}

// Error gives how the last call of a webhook failed; "": it did not.
func (r *Webhooks) Error(tenant, id string) string {
	if k := (webhookKey{tenant, id}); r.keepsErrors(k) {
		return r.errors.get(k)
	}
	return ""
}

// keepsErrors says whether the webhook of that id is the API's. The error of one
// that the file hides comes back with it.
func (r *Webhooks) keepsErrors(k webhookKey) bool {
	t := r.directory.Current().Tenant(k.tenant)
	return t != nil && t.Webhook(k.webhook) != nil && t.Webhook(k.webhook).Meta.ManagedBy != gateway.ManagedByFile
}
