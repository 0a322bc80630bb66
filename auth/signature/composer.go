package signature

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// composer signs as the senders of a provider do that composes what it signs, and puts
// the signature into header fields.
type composer struct {
	scheme
	signs func(k *key, c *Config, r *Request, m *Message) ([][2]string, error) // the fields to send
	keys  func(*Config, *faults) []*key
}

var composers = []composer{
	{scheme{name: contentful.name, reads: []string{"secrets"}}, signContentful, contentful.keys},
	{scheme{name: plivo.name, reads: []string{"secrets"}}, signPlivo(&plivo, plivoParameters), plivo.keys},
	{scheme{name: plivoV2.name, reads: []string{"secrets"}}, signPlivo(&plivoV2, noParameters), plivoV2.keys},
	{scheme{name: mercadopago.name, reads: []string{"secrets"}}, signMercadopago, mercadopago.keys},
	{scheme{name: sinchApplication.name, reads: []string{"secrets", "application_key"}}, signSinch, sinchApplication.keys},
	{scheme{name: rfc9421.name, reads: []string{"algorithm", "signed", "secrets"}}, signMessage, signerKeys},
}

// Composers lists the types, beside Senders, that CompileSender knows: they sign parts
// of the request that they choose, and some not the body.
func Composers() (all []string) {
	for _, c := range composers {
		all = append(all, c.name)
	}
	return all
}

// Bodied lists the types whose signature is within the body or the query: Compile's
// verifiers check it, and no header could bring it.
func Bodied() []string {
	return []string{adyen.name, braintree.name, dropboxSign.name, mailgun.name, shopifyProxy.name}
}

func composerOf(name string) *composer {
	i := slices.IndexFunc(composers, func(c composer) bool { return c.name == name })
	if i < 0 {
		return nil
	}
	return &composers[i]
}

// compile makes the signer of a configuration; the first secret signs.
func (p *composer) compile(c Config) (*Signer, []Fault) {
	var f faults
	f.unread(&c, p.reads)
	keys := p.keys(&c, &f)
	if slices.Contains(p.reads, "application_key") && !isPlain(c.ApplicationKey, "-_") {
		f.add("application_key", "is missing")
	}
	if len(f) > 0 {
		return nil, f
	}
	return &Signer{whole: func(m *Message, set func(name string, value []byte)) {
		fields, err := p.signs(keys[0], &c, requestOf(m), m)
		if err != nil {
			return // it cannot be signed, and goes out without
		}
		for _, field := range fields {
			set(field[0], []byte(field[1]))
		}
	}}, nil
}

// requestOf is a message as its receiver sees it, without its header.
func requestOf(m *Message) *Request {
	return &Request{
		Method: m.Method, URL: func() string { return m.URL }, Query: Parameters(m.URL), Header: fieldList(nil), Body: m.Body, Now: m.At,
	}
}

// Parameters gives the query of a URL as Request.Query.
func Parameters(text string) func(name string) ([]byte, int) {
	_, query, _ := strings.Cut(text, "?")
	values, _ := url.ParseQuery(query) // what cannot be read is left out
	return func(name string) ([]byte, int) {
		if len(values[name]) == 0 {
			return nil, 0
		}
		return []byte(values[name][0]), len(values[name])
	}
}

// fieldList are header fields as Headers.
type fieldList [][2]string

// Get is that of Headers.
func (l fieldList) Get(name string) (value []byte, n int) {
	for _, field := range l {
		if strings.EqualFold(field[0], name) {
			if n++; n == 1 {
				value = []byte(field[1])
			}
		}
	}
	return value, n
}

// textOf gives the signature of parts.
func (k *key) textOf(e encoding, parts ...[]byte) string {
	mac := k.take()
	defer k.leave(mac)
	return string(mac.text(parts, e))
}

func signContentful(k *key, _ *Config, r *Request, m *Message) ([][2]string, error) {
	fields := fieldList{
		{contentful.timestamp, string(contentful.clock.write(nil, m.At))},
		{"X-Contentful-Idempotency-Key", m.ID},
		{contentfulList, "x-contentful-idempotency-key,x-contentful-signed-headers,x-contentful-timestamp"},
	}
	r.Header = fields
	head, err := contentfulHead(r)
	if err != nil {
		return nil, err
	}
	return append(fields, [2]string{contentful.header, k.textOf(contentful.encoding, head, m.Body)}), nil
}

// signPlivo makes a nonce of the moment. A body that there is is a form.
func signPlivo(d *descriptor, parameters func(*Request) (string, error)) func(*key, *Config, *Request, *Message) ([][2]string, error) {
	return func(k *key, _ *Config, r *Request, m *Message) ([][2]string, error) {
		var fields fieldList
		if len(m.Body) > 0 {
			fields = fieldList{{"Content-Type", formType}}
		}
		r.Header = fields
		text, err := parameters(r)
		if err != nil {
			return nil, err
		}
		nonce := strconv.FormatInt(m.At.UnixNano(), 10)
		base, _, _ := strings.Cut(m.URL, "?")
		return append(fields, [2]string{d.id, nonce}, [2]string{d.header, k.textOf(d.encoding, []byte(base+text+nonce))}), nil
	}
}

func signMercadopago(k *key, _ *Config, r *Request, m *Message) ([][2]string, error) {
	fields := fieldList{{mercadopago.id, m.ID}}
	r.Header = fields
	at := mercadopago.clock.write(nil, m.At)
	text, err := mercadopagoText(r, at)
	if err != nil {
		return nil, err
	}
	return append(fields, [2]string{mercadopago.header, "ts=" + string(at) + ",v1=" + k.textOf(mercadopago.encoding, text)}), nil
}

func signSinch(k *key, c *Config, r *Request, m *Message) ([][2]string, error) {
	fields := fieldList{{sinchApplication.timestamp, string(sinchApplication.clock.write(nil, m.At))}}
	if len(m.Body) > 0 {
		fields = append(fields, [2]string{"Content-Type", "application/json"})
	}
	r.Header = fields
	kind, _ := fields.Get("Content-Type")
	text := sinchHead(r, kind, []byte(fields[0][1]))
	return append(fields, [2]string{sinchApplication.header, "Application " + c.ApplicationKey + ":" +
		k.textOf(sinchApplication.encoding, text, []byte(pathOf(m.URL)))}), nil
}
