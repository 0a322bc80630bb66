package directory

import (
	"slices"
)

// Webhook gives a webhook by its id; nil is none.
func (t *Tenant) Webhook(id string) *Webhook { return t.webhooks[id] }

// Webhooks lists the webhooks by id.
func (t *Tenant) Webhooks() []*Webhook { return byID(t.webhooks) }

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
