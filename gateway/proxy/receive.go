package proxy

import (
	"hookgate/gateway"
	"hookgate/gateway/edge"
)

// receive takes a body into memory that is verified or kept, or is small: its request
// goes out in one write, and may go out again.
//
// A body may take its time. The request is judged by the routes at its end, from the
// beginning (SPEC 16): the one that it came for may be another's by then.
func (x *exchange) receive() done {
	keeps, err := x.keepsBody()
	if keeps && err == nil {
		err = x.readBody()
	}
	return x.ends(err)
}

// judgeAgain asks the routes at the end of the body, where they are others than at its
// beginning.
func (x *exchange) judgeAgain() error {
	if x.table == x.p.table.Load() {
		return nil
	}
	if err := x.findRoute(); err != nil {
		return err
	}
	if int64(len(x.request.body)) > x.route.MaxBody {
		return errTooLarge
	}
	return nil
}

var errTooLarge = gateway.Errorf(gateway.CodeTooLarge, "the body is larger than the route takes")

// keepsBody says whether the body is taken into memory.
func (x *exchange) keepsBody() (bool, error) {
	length := x.ctx.Request.Header.ContentLength()
	if x.route.Relay || x.route.Verifier != nil || length >= 0 && length <= smallBody {
		return true, nil
	}
	return x.reply.conn.Arrived() // a small one, in chunks
}

// smallBody is how large a body may be, in bytes, that is taken into memory first.
const smallBody = 64 << 10

// readBody takes the body into memory, at most as much as the route takes.
func (x *exchange) readBody() (err error) {
	x.request.whole = true
	if x.ctx.RequestBodyStream() != nil {
		x.request.body, err = edge.ReadBody(x.ctx, x.route.MaxBody)
	}
	if err != nil {
		return err
	}
	return x.judgeAgain()
}
