package calling

import (
	"errors"
	"strings"

	"hookgate/auth/signature"
	"hookgate/gateway"
	"hookgate/gateway/fields"
	"hookgate/gateway/transport"
)

const (
	typeJSON    = "application/json"
	contentType = "Content-Type"
)

// prepare checks the form of what was rendered, and adds what is ours to add. What
// the webhook sets itself stands.
func (k *call) prepare() done {
	w, text := k.Webhook, string(k.text)
	url := text[:k.urlEnd]
	if err := k.carrier.checkURL(url); err != nil {
		return k.fail(gateway.CallTemplate, gateway.Fault{Path: "url", Message: ruleOf(err)})
	}
	for _, p := range k.parts {
		value := text[p.start:p.end]
		if err := transport.CheckHeader(p.name, value); err != nil {
			return k.fail(gateway.CallTemplate, gateway.Fault{Path: fields.Member("headers", p.name), Message: err.Error()})
		}
		k.add(p.name, value)
	}
	for _, h := range w.Headers {
		k.add(h.Name, h.Value)
	}
	if k.shape() {
		return true
	}
	if len(k.body) > 0 {
		k.orElse(contentType, typeJSON)
	}
	k.orElse("User-Agent", k.carrier.agent)
	k.orElse("Idempotency-Key", k.result.ID)
	k.spanAt = len(k.fields)
	if !has(k.fields, gateway.HeaderTraceparent) {
		k.result.Span.Fields(k.orElse)
	}
	k.request = transport.Request{
		Method: w.Method, URL: url, Body: k.body, TLS: w.TLS, Tenant: w.Tenant.ID, MaxAnswer: gateway.MaxCallAnswer, Room: room{k},
	}
	if w.ReadsHeader || k.explains {
		k.request.MaxHeader = transport.MaxHeader
	}
	return false
}

// ruleOf is the text of an error of the transport without its word.
func ruleOf(err error) string {
	if known := (*transport.Error)(nil); errors.As(err, &known) {
		return known.Text
	}
	return err.Error()
}

func (k *call) add(name, value string) { k.fields = append(k.fields, [2]string{name, value}) }

func (k *call) orElse(name, value string) {
	if !has(k.fields, name) {
		k.add(name, value)
	}
}

func has(set [][2]string, name string) bool { return fieldAt(set, name) >= 0 }

// fieldAt gives the place of a field, -1 for none.
func fieldAt(set [][2]string, name string) int {
	for i := range set {
		if len(set[i][0]) == len(name) && strings.EqualFold(set[i][0], name) {
			return i
		}
	}
	return -1
}

// sign gives the fields of one attempt: the signature is new for each, for
// receivers refuse old ones. Nothing that an operator set takes its place.
func (k *call) sign(message signature.Message) [][2]string {
	var signed [][2]string
	k.Webhook.Signer.Sign(message, func(name string, value []byte) {
		signed = append(signed, [2]string{name, string(value)})
	})
	if len(signed) == 0 {
		return k.fields
	}
	ours := signed
	for _, field := range k.fields {
		if !has(ours, field[0]) {
			signed = append(signed, field)
		}
	}
	return signed
}
