package outbound

import (
	"errors"

	"hookgate/gateway/transport"
)

// send makes the attempt.
func (c *carrier) send(a *attempt) bool {
	if a.sent != nil {
		return true // there is nothing to send
	}
	answer, err := c.options.Sender.Do(a.lane.ctx, &a.request)
	if a.answer = answer; answer != nil {
		return true // its status counts, whatever became of its body (SPEC 15)
	}
	if a.lane.ctx.Err() != nil && err != nil {
		a.again = ptr(a.delivery.Due()) // given up by us: no attempt of the endpoint's
		return false
	}
	if err != nil && !errors.As(err, &a.sent) {
		a.sent = &transport.Error{Word: transport.WordProtocol, Text: "no answer"}
	}
	return true
}
