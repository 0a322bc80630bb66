package signature

import (
	"bytes"
	"crypto/sha256"
	"time"
)

// mercadopago signs an id of the query, the request's id and the time, and not the body
// (mercadopago.com/developers/en/docs/your-integrations/notifications/webhooks). So
// nothing but the single use of a request's id keeps one that was seen from being sent
// again with another body: it is the delivery id, and a source may name no other.
var mercadopago = descriptor{
	name:       "mercadopago",
	header:     "x-signature",
	id:         "x-request-id",
	clock:      secondsOrMillis,
	algorithm:  sha256.New,
	encoding:   hexLower,
	window:     fiveMinutes,
	deliveryID: "header:x-request-id",
}

// secondsOrMillis: the package takes the time for seconds, the provider's page shows
// milliseconds too. The number of digits tells them apart (see tenDigits).
var secondsOrMillis = clock{func(text []byte) (time.Time, bool) {
	if len(text) == 13 {
		return milliseconds.read(text)
	}
	return tenDigits.read(text)
}, seconds.write}

const (
	mercadopagoID   = "data.id"
	mostHeaderParts = 16
)

var mercadopagoScheme = scheme{
	name:  mercadopago.name,
	reads: []string{"secrets", "tolerance"},
	build: func(c *Config, f *faults) *Verifier {
		return &Verifier{
			proof:      &manifest{keys: mercadopago.keys(c, f), window: mercadopago.tolerance(c, f)},
			deliveryID: mercadopago.deliveryID,
			onlyID:     true,
		}
	},
}

// manifest proves by a signature of names and values of the request.
type manifest struct {
	keys   []*key
	window time.Duration
}

func (p *manifest) verify(r *Request) error {
	value, err := r.header(mercadopago.header)
	if err != nil {
		return err
	}
	at, signature, err := readParts(value, mercadopago.header, "ts", "v1")
	if err != nil {
		return err
	}
	moment, ok := mercadopago.clock.read(at)
	if !ok {
		return refuse(Malformed, mercadopago.header)
	}
	if err := within(p.window, r, moment, mercadopago.header); err != nil {
		return err
	}
	text, err := mercadopagoText(r, at)
	if err != nil {
		return err
	}
	for _, k := range p.keys {
		if k.gives(signature, mercadopago.encoding, text) {
			return nil
		}
	}
	return refuse(Mismatch, mercadopago.header)
}

// mercadopagoText gives what is signed; a part that is not there is left out.
func mercadopagoText(r *Request, at []byte) (text []byte, err error) {
	id, n := r.first(mercadopagoID)
	switch {
	case n > 1:
		return nil, refuse(DuplicateParameter, mercadopagoID)
	case len(id) > 0 && !isPlain(string(id), "-_"):
		return nil, refuse(Malformed, mercadopagoID)
	case len(id) > 0:
		text = append(append(append(text, "id:"...), id...), ';')
	}
	request, n := r.Header.Get(mercadopago.id)
	switch {
	case n > 1:
		return nil, refuse(DuplicateHeader, mercadopago.id)
	case bytes.IndexByte(request, ';') >= 0: // it would end what is signed of it
		return nil, refuse(Malformed, mercadopago.id)
	case len(request) > 0:
		text = append(append(append(text, "request-id:"...), request...), ';')
	}
	return append(append(append(text, "ts:"...), at...), ';'), nil
}

// readParts reads "NAME=…,VERSION=…", in any order and with blanks about; each must be
// there once, and other versions are passed over.
func readParts(value []byte, field, stamp, version string) (at, signature []byte, err error) {
	parts := bytes.SplitN(value, []byte(","), mostHeaderParts)
	stamps, signatures := 0, 0
	for _, part := range parts {
		name, text, _ := bytes.Cut(part, []byte("="))
		switch text = bytes.TrimSpace(text); string(bytes.TrimSpace(name)) {
		case stamp:
			at, stamps = text, stamps+1
		case version:
			signature, signatures = text, signatures+1
		}
	}
	switch {
	case stamps != 1 || signatures > 1:
		return nil, nil, refuse(Malformed, field)
	case signatures == 0:
		return nil, nil, refuse(Version, field)
	}
	return at, signature, nil
}
