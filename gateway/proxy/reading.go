package proxy

import (
	"errors"

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

// reading is what paths look into.
type reading struct {
	document mapping.Document
	body     []byte // without its coding, and what its provider hides it by
	plain    bool   // it came without a coding
	hidden   bool   // its provider hides it
	id       string // the provider's own, where that stands beside what the body wraps
}

// read is the request to paths; of a body that cannot be read they see nothing.
func (x relaying) read() (of reading, err error) {
	coding, n := x.caller.Get("Content-Encoding")
	if n > 1 { // who undoes the one, and who the other, would read two bodies
		return of, errCodings
	}
	if err := edge.Charge(x.ctx, int64(len(x.request.body))); err != nil { // it is sealed, and then stored: two copies
		return of, err
	}
	of.document.Request = &x.caller
	of.plain = len(coding) == 0 || wire.Is(coding, "identity")
	if !of.plain && !x.looks() {
		return of, nil
	}
	inflated, err := edge.Inflate(x.ctx, string(coding), x.request.body, int(x.route.MaxBody))
	switch {
	case errors.Is(err, edge.ErrMemory):
		return of, err
	case err == nil:
		return of, x.understand(inflated, &of)
	case x.route.Unwrap != nil:
		return of, x.unwrap(&of)
	}
	return of, nil
}

// looks says whether anything is looked for in the body: else none need be inflated.
func (x relaying) looks() bool {
	plan := x.route.Plan
	return x.route.Unwrap != nil || plan.Splits() || plan.Set.Looks()
}

// understand reads a body that is not coded, without what its provider hides it by: that
// is for paths alone, and what is relayed is the body as it came.
func (x relaying) understand(body []byte, of *reading) error {
	kind := string(x.ctx.Request.Header.ContentType())
	of.body = body
	if x.route.Verifier != nil {
		if opened, is := x.route.Verifier.Open(body); is {
			of.body, of.hidden, kind = opened, true, "application/json"
			if err := edge.Charge(x.ctx, int64(len(opened))); err != nil {
				return err
			}
		}
	}
	if read, err := x.route.Form.Parse(kind, of.body); err == nil {
		read.Request = of.document.Request
		of.document = read
	}
	if x.route.Unwrap != nil {
		return x.unwrap(of)
	}
	return nil
}

// unwrap reads the body meant: where that cannot be had, paths see nothing.
func (x relaying) unwrap(of *reading) error {
	if err := edge.Charge(x.ctx, int64(len(of.document.Raw))); err != nil {
		return err
	}
	v := x.p.pooled()
	defer x.p.putBack(v)
	inner, err := x.route.Unwrap.Open(&of.document, v)
	if err != nil {
		inner = mapping.Document{Request: of.document.Request}
	}
	of.document, of.id = inner, string(x.route.Unwrap.ID(v).Raw)
	return nil
}

var errCodings = gateway.Errorf(gateway.CodeUnsupportedMediaType, "there are several Content-Encoding fields: send one")
