package calling

import (
	"bytes"
	"errors"
	"strconv"

	"hookgate/gateway"
	"hookgate/gateway/fields"
	"hookgate/gateway/mapping"
)

// maxRendered bounds all that is rendered for one call, in bytes (SPEC 14).
const maxRendered = 1 << 20

// render renders all templates of the webhook over what the step sent.
func (k *call) render() done {
	w := k.Webhook
	k.values.Owner(w.Tenant.Tree())
	w.Templates.Read(&mapping.Document{Body: mapping.JSON, Raw: k.Body}, &k.values)
	k.values.Within(k.bound)
	if k.renderURL() {
		return true
	}
	for _, field := range w.Fields {
		start := len(k.text)
		var err error
		if k.text, err = field.Value.Append(k.text, &k.values); err != nil || k.rendered() > k.bound {
			return k.failTemplate(fields.Member("headers", field.Name), err)
		}
		k.parts = append(k.parts, part{field.Name, start, len(k.text)})
	}
	var err error
	switch w.Profile {
	case gateway.ProfileChatbot:
		k.body = appendChatbot(k.body, &k.Request)
	case gateway.ProfileCampaign:
		k.body = appendCampaign(k.body, &k.Request, k.began)
	default:
		if w.Body != nil {
			k.body, err = w.Body.Append(k.body, &k.values)
		}
	}
	if err != nil || k.rendered() > k.bound {
		return k.failTemplate("body", err)
	}
	return false
}

// renderURL renders the url with its query. The values of query are encoded; what
// stands in the url is not. The token comes last.
func (k *call) renderURL() done {
	w := k.Webhook
	var err error
	if k.text, err = w.URL.Append(k.text, &k.values); err != nil || k.rendered() > k.bound {
		return k.failTemplate("url", err)
	}
	if i := bytes.IndexByte(k.text, '#'); i >= 0 { // a fragment is never sent, and a query after it would be lost
		k.text = k.text[:i]
	}
	separator := byte('?')
	if bytes.IndexByte(k.text, '?') >= 0 {
		separator = '&'
	}
	for _, param := range w.Query {
		if k.query, err = param.Value.Append(k.query[:0], &k.values); err != nil || k.rendered()+len(k.query) > k.bound {
			return k.failTemplate(fields.Member("query", param.Name), err)
		}
		k.text = appendEncoded(append(k.text, separator), param.Name)
		k.text = appendEncoded(append(k.text, '='), k.query)
		separator = '&'
	}
	if w.Token != "" {
		k.text = append(append(k.text, separator), "token="...)
		k.secretAt = len(k.text)
		k.text = appendEncoded(k.text, w.Token.Reveal())
	}
	k.urlEnd = len(k.text)
	return false
}

func (k *call) rendered() int { return len(k.text) + len(k.body) }

// failTemplate ends a call whose template does not render, or not within its bound. What
// only is not light begins anew: see compose.
func (k *call) failTemplate(place string, err error) done {
	known := (*mapping.RenderError)(nil)
	if k.bound < maxRendered && (err == nil || errors.As(err, &known) && known.Size) {
		k.large = true
		return true
	}
	fault := gateway.Fault{Message: "all that is rendered for one call has over " + strconv.Itoa(maxRendered) + " bytes"}
	if err != nil {
		fault.Message = "does not render"
		if errors.As(err, &known) {
			fault = gateway.Fault{Path: known.Path, Message: known.Rule}
		}
	}
	return k.fail(gateway.CallTemplate, gateway.Under(place, []gateway.Fault{fault})...)
}

// appendEncoded appends text as a part of a query: all but the unreserved
// characters are percent-encoded (RFC 3986, 2.3), for a space not everybody reads +.
func appendEncoded[T string | []byte](dst []byte, text T) []byte {
	for i := range len(text) {
		dst = appendByte(dst, text[i])
	}
	return dst
}

// appendPlus appends text as a part of a form, where a space is + (WHATWG URL, 5.2).
func appendPlus(dst []byte, text string) []byte {
	for i := range len(text) {
		if text[i] == ' ' {
			dst = append(dst, '+')
		} else {
			dst = appendByte(dst, text[i])
		}
	}
	return dst
}

func appendByte(dst []byte, c byte) []byte {
	const digits = "0123456789ABCDEF"
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '.', c == '_', c == '~':
		return append(dst, c)
	}
	return append(dst, '%', digits[c>>4], digits[c&15])
}
