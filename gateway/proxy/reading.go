package proxy

import (
	"hookgate/gateway"
	"hookgate/gateway/edge"
	"hookgate/gateway/mapping"
	"hookgate/gateway/wire"
)

// pooled gives values out of the pool.
func (p *Proxy) pooled() *mapping.Values {
	return p.values.Get().(*mapping.Values) //nolint:forcetypeassert // the pool holds nothing else
}

func (p *Proxy) putBack(v *mapping.Values) {
	v.Release()
	p.values.Put(v)
}

// document is the request to paths; of a body that is coded, or cannot be read, they
// see nothing. id is the provider's own, where that stands beside what the body wraps.
func (x relaying) document() (document mapping.Document, id string, err error) {
	coding, n := x.caller.Get("Content-Encoding")
	if n > 1 { // who undoes the one, and who the other, would read two bodies
		return document, "", errCodings
	}
	if err := edge.Charge(x.ctx, int64(len(x.request.body))); err != nil { // it is sealed, and then stored: two copies
		return document, "", err
	}
	body, kind, err := x.opened()
	if err != nil {
		return document, "", err
	}
	if len(coding) == 0 || wire.Is(coding, "identity") {
		if read, err := x.route.Form.Parse(kind, body); err == nil {
			document = read
		}
	}
	document.Request = &x.caller
	if x.route.Unwrap != nil {
		return x.unwrapped(document)
	}
	return document, "", nil
}

// unwrapped is the body meant: where that cannot be had, paths see nothing.
func (x relaying) unwrapped(document mapping.Document) (inner mapping.Document, id string, err error) {
	if err := edge.Charge(x.ctx, int64(len(document.Raw))); err != nil {
		return document, "", err
	}
	v := x.p.pooled()
	defer x.p.putBack(v)
	inner, err = x.route.Unwrap.Open(&document, v)
	if err != nil {
		inner = mapping.Document{Request: document.Request}
	}
	return inner, string(x.route.Unwrap.ID(v).Raw), nil
}

var errCodings = gateway.Errorf(gateway.CodeUnsupportedMediaType, "there are several Content-Encoding fields: send one")
