package proxy

import (
	"log/slog"

	"github.com/valyala/fasthttp"

	"hookgate/gateway"
	"hookgate/gateway/edge"
	"hookgate/gateway/limits"
	"hookgate/gateway/respond"
)

// respond answers in the words of the route's senders, and gives the status; own says
// that the body is theirs, too.
func (x relaying) respond(o gateway.Outcome, id, key string) (status int, own bool) {
	if x.route.Answers == nil {
		return fasthttp.StatusOK, false
	}
	told := respond.Told{Owner: x.route.Spec.Tenant, Outcome: o, CallbackID: id, Key: key}
	status = x.route.Answers.Pin(o, fasthttp.StatusOK)
	reply, is, err := x.route.Answers.Render(&told, fasthttp.StatusOK)
	if err != nil {
		x.p.tellUnrendered(x.exchange, id, err)
	}
	if !is {
		return respond.Unredirected(status, fasthttp.StatusOK), false
	}
	for _, field := range reply.Header {
		x.ctx.Response.Header.Add(field[0], field[1]) // each policy holds, where there are two
	}
	if reply.ContentType == "" {
		return status, false
	}
	x.ctx.SetContentType(reply.ContentType)
	x.ctx.SetBody(reply.Body)
	return status, true
}

// tellUnrendered logs that an answer does not render, once a minute for each route: a
// flood must not fill the log.
func (p *Proxy) tellUnrendered(x *exchange, id string, err error) {
	once := gateway.Rate{PerSecond: 1.0 / 60, Burst: 1}
	if p.told.Take(limits.Key{Tenant: x.route.ID}, &once, 1, x.at) == 0 {
		p.options.Log.Warn("respond does not render: the answer is hookgate's own", slog.String("route", x.route.ID),
			slog.String("callback_id", id), slog.String("request_id", string(edge.RequestID(x.ctx))), slog.Any("error", err))
	}
}
