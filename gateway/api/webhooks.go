package api

import (
	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/resources"
)

// webhookView is a webhook as it is shown: what is in force of what was written.
// Its secrets mask themselves.
type webhookView struct {
	gateway.Meta
	gateway.Webhook
	Headers any          `json:"headers"`
	Breaker *breakerView `json:"breaker"`
	// Error is what the last call of a webhook of profile chatbot failed with, as
	// the connections API shows it; null after a good one.
	Error *errorText `json:"error,omitempty"`
}

// errorText is null where there is none, and is there all the same.
type errorText string

// MarshalJSON writes null for "".
func (t errorText) MarshalJSON() ([]byte, error) {
	if t == "" {
		return []byte("null"), nil
	}
	return gateway.AppendString(nil, string(t)), nil
}

// webhooks are the webhooks of tenants.
type webhooks struct {
	resources *resources.Webhooks
	calls     Calls
}

func (h *webhooks) view(c *call, w *directory.Webhook) any {
	v := webhookView{Meta: w.Meta, Webhook: w.Effective(), Headers: c.viewHeaders(w.Spec.Headers)}
	if b := v.Webhook.Breaker; b != nil {
		s := h.calls.Breaker(w.Tenant.ID, w.ID)
		v.Breaker = &breakerView{*b, s.State.String(), timeOf(s.Until), viewProbe(s.Probe.At, s.Probe.Verdict.String())}
	}
	if v.Profile == gateway.ProfileChatbot {
		v.Error = new(errorText(h.resources.Error(w.Tenant.ID, w.ID)))
	}
	return v
}

func (h *webhooks) list(c *call) (answer, error) {
	p, err := c.askedPage(gateway.IsName)
	if err != nil {
		return answer{}, err
	}
	return listPart(c, c.tenant.Webhooks(), p, func(w *directory.Webhook) string { return w.ID }, sure(func(w *directory.Webhook) any { return h.view(c, w) }))
}

// webhookOf gives the webhook of the path.
func webhookOf(c *call) (*directory.Webhook, error) {
	if w := c.tenant.Webhook(c.params.id); w != nil {
		return w, nil
	}
	return nil, errNoWebhook
}

func (h *webhooks) get(c *call) (answer, error) {
	w, err := webhookOf(c)
	if err != nil {
		return answer{}, err
	}
	defer work(c)()
	tag(c, h.resources.ETag(w.Meta, &w.Spec))
	return show(200, h.view(c, w))
}

func (h *webhooks) put(c *call) (answer, error) {
	body, err := write(c)
	if err != nil {
		return answer{}, err
	}
	w, created, err := h.resources.Put(c.by, c.params.tenant, c.params.id, body)
	if err != nil {
		return answer{}, err
	}
	tellWritten(c, "a webhook was written", "tenant", c.params.tenant, "webhook", w.ID, "created", created)
	defer work(c)()
	tag(c, h.resources.ETag(w.Meta, &w.Spec))
	return show(writtenStatus(c, created), h.view(c, w))
}

func (h *webhooks) delete(c *call) (answer, error) {
	if err := h.remove(c, c.params.tenant, c.params.id); err != nil {
		return answer{}, err
	}
	return nothing, nil
}

// remove deletes a webhook, whichever API it is seen under.
func (h *webhooks) remove(c *call, tenant, id string) error {
	if err := h.resources.Delete(c.by, tenant, id); err != nil {
		return err
	}
	c.audit("a webhook was deleted", "tenant", tenant, "webhook", id)
	return nil
}
