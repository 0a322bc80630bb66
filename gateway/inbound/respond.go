package inbound

import (
	"log/slog"

	"hookgate/gateway"
	"hookgate/gateway/limits"
	"hookgate/gateway/respond"
)

// respond answers in the words of the source's senders, with the status that is pinned;
// done says that the body is theirs, too. What does not render is answered in our own,
// and then a redirect has nowhere to lead. Of a batch it is asked for the first.
func (r answering) respond(o gateway.Outcome, own, pinned int) (status int, done bool) {
	if r.src == nil || r.src.Answers == nil {
		return pinned, false
	}
	taken, key := &r.taken, r.callback.Key
	if r.batch != nil && len(r.batch.ones) > 0 {
		taken, key = &r.batch.ones[0].Became, r.batch.ones[0].Key
	}
	told := respond.Told{
		Owner: r.src.Tenant.Tree(), Outcome: o, CallbackID: taken.CallbackID, Key: key, WaitID: taken.WaitID, Variables: taken.Variables,
	}
	reply, is, err := r.src.Answers.Render(&told, own)
	if err != nil {
		r.in.tellUnrendered(r.request, err)
	}
	if !is {
		return respond.Unredirected(pinned, own), false
	}
	response := &r.ctx.Response
	for _, field := range reply.Header {
		response.Header.Add(field[0], field[1]) // each policy holds, where there are two
	}
	if reply.ContentType == "" {
		return pinned, false
	}
	response.SetStatusCode(pinned)
	response.Header.SetContentType(reply.ContentType)
	response.SetBody(reply.Body)
	return pinned, true
}

// tellUnrendered logs that an answer does not render, once a minute for each source.
func (in *Inbound) tellUnrendered(r *request, err error) {
	if in.told.Take(limits.Key{Tenant: r.src.Tenant.ID, Part: "respond " + r.src.ID}, &oncePerMinute, 1, r.at) == 0 {
		in.options.Log.Warn("respond does not render: the answer is hookgate's own", slog.String("tenant", r.src.Tenant.ID),
			slog.String("source", r.src.ID), slog.String("callback_id", r.taken.CallbackID), requestID(r), slog.Any("error", err))
	}
}
