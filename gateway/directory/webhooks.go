package directory

import (
	"maps"
	"slices"
)

// Webhook gives a webhook by its id; nil is none.
func (t *Tenant) Webhook(id string) *Webhook { return t.webhooks[id] }

// Webhooks lists the webhooks by id.
func (t *Tenant) Webhooks() []*Webhook {
	list := make([]*Webhook, 0, len(t.webhooks))
	for _, id := range slices.Sorted(maps.Keys(t.webhooks)) {
		list = append(list, t.webhooks[id])
	}
	return list
}

// HavingWebhooks gives the tenant with these webhooks and no others.
func (t *Tenant) HavingWebhooks(webhooks ...*Webhook) *Tenant {
	return t.holding(t.Sources(), t.Endpoints(), webhooks)
}

// WithWebhook gives the tenant with w, in place of a webhook of the same id.
func (t *Tenant) WithWebhook(w *Webhook) *Tenant {
	return t.HavingWebhooks(append(t.WithoutWebhook(w.ID).Webhooks(), w)...)
}

// WithoutWebhook gives the tenant without a webhook.
func (t *Tenant) WithoutWebhook(webhook string) *Tenant {
	return t.HavingWebhooks(slices.DeleteFunc(t.Webhooks(), func(w *Webhook) bool { return w.ID == webhook })...)
}
