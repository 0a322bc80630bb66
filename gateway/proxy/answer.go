package proxy

import (
	"errors"

	"github.com/valyala/fasthttp"

	"hookgate/gateway"
)

// answer passes the answer on, whose head was read.
func (x *exchange) answer() done {
	pass := x.pass
	if x.leg.head.status == fasthttp.StatusSwitchingProtocols {
		pass = x.upgrade
	}
	if err := pass(); err != nil {
		x.refuse(err)
	}
	return true
}

// pass keeps the connection where both sides are done with it.
func (x *exchange) pass() error {
	l := &x.leg
	if l.upload != nil && !l.upload.whole.Load() {
		x.reply.closes = true // it is told before the rest of the body is given up
	}
	if l.head.points && x.route.Relocates {
		l.head.relocation = x.relocation()
	}
	err := x.reply.pass(l)
	sent := x.stopUpload()
	l.release(err == nil && sent && l.head.keeps && l.in.empty())
	if err != nil && !isClients(err) {
		l.upstream.failed(err)
	}
	return err
}

// isClients says whether a failure is the client's.
func isClients(err error) bool {
	var known *gateway.Error
	return errors.As(err, &known)
}
