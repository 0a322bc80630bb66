package inbound

import (
	"cmp"
	"errors"
	"log/slog"
	"math"
	"strconv"
	"time"

	"github.com/valyala/fasthttp"

	"hookgate/gateway"
	"hookgate/gateway/edge"
	"hookgate/gateway/limits"
	"hookgate/gateway/mapping"
	"hookgate/gateway/waiting"
)

// answering is a request whose outcome is known.
type answering struct{ *request }

// reply says what became of the callback, in body, header and metric.
func (in *Inbound) reply(of *request) {
	r := answering{of}
	o := r.taken.Outcome
	response := &r.ctx.Response
	response.Header.Set("Hookgate-Outcome", string(o))
	r.count()
	if r.src != nil {
		r.share()
	}
	in.options.Observer.Took(time.Since(r.at).Seconds(), r.span.Trace())
	if r.err != nil && o == gateway.OutcomeUnavailable && !isForeseen(r.err) {
		in.options.Log.Error("callback not taken", slog.String("tenant", string(r.tenant)),
			slog.String("source", string(r.source)), requestID(of), slog.Any("error", r.err))
	}
	if o == gateway.OutcomeTooComplex {
		in.tellComplex(of)
	}
	if r.answer.Status != 0 {
		response.SetStatusCode(r.answer.Status)
		response.Header.SetContentType(r.answer.ContentType)
		for _, field := range r.answer.Header {
			response.Header.Set(field[0], field[1])
		}
		response.SetBody(r.answer.Body)
		return
	}
	own, pinnable := cmp.Or(r.status, o.Status()), o.Pinnable()
	if r.batch != nil {
		own, pinnable = r.batch.status()
	}
	status := own
	if r.src != nil && pinnable {
		status = r.src.Answers.Pin(o, own)
	}
	if o == gateway.OutcomeNotAllowed {
		response.Header.Set("Allow", r.src.Allow)
	}
	if again := max(r.again, r.taken.RetryAfter); again > 0 || status == fasthttp.StatusServiceUnavailable {
		seconds := int(math.Ceil(max(again, time.Second).Seconds()))
		response.Header.Set("Retry-After", strconv.Itoa(seconds))
	}
	if pinnable {
		var done bool
		if status, done = r.respond(o, own, status); done {
			return
		}
	}
	if r.thank(status) {
		return
	}
	response.SetStatusCode(status)
	if status >= 400 {
		response.Header.SetContentType("application/problem+json")
	} else {
		response.Header.SetContentType("application/json")
	}
	r.body = r.appendBody(r.body[:0], status)
	response.SetBody(r.body)
}

// count counts what became of each callback of the request.
func (r answering) count() {
	switch {
	case r.src == nil:
	case r.batch == nil || len(r.batch.ones) == 0:
		r.src.Metrics.Callback(string(r.taken.Outcome))
		r.happened(&r.taken, r.callback.Key)
	default:
		for i := range r.batch.ones {
			one := &r.batch.ones[i]
			r.src.Metrics.Callback(string(one.Became.Outcome))
			r.happened(&one.Became, one.Key)
		}
	}
}

// happened tells what became of one callback.
func (r answering) happened(taken *waiting.Taken, key string) {
	r.in.options.Observer.Happened(gateway.Happening{
		Kind: gateway.HappenedCallback, Tenant: r.src.Tenant.ID, At: r.at, Target: r.src.ID,
		ID: taken.CallbackID, Key: key, WaitID: taken.WaitID, Outcome: string(taken.Outcome),
	})
}

// thank answers what was taken as its provider wants to hear it.
func (r answering) thank(status int) (is bool) {
	if r.src == nil || r.src.Verifier == nil || status < 200 || status > 299 {
		return false
	}
	thanks := r.src.Verifier.Thanks()
	if thanks == "" {
		return false
	}
	r.ctx.Response.SetStatusCode(cmp.Or(r.src.Pin, fasthttp.StatusOK))
	r.ctx.Response.Header.SetContentType("text/plain; charset=utf-8")
	r.ctx.Response.SetBodyString(thanks)
	return true
}

// isForeseen says whether a callback is refused for a reason that is told where it
// begins, or can be brought about by senders (no memory or turn left, a full disk, a
// store that failed): a line for each callback would fill the log.
func isForeseen(err error) bool {
	var known *gateway.Error
	return errors.As(err, &known)
}

// appendBody appends the answer: the outcome, what is known of the callback, and
// from 400 on the members of a problem (RFC 9457).
func (r answering) appendBody(dst []byte, status int) []byte {
	o := string(r.taken.Outcome)
	if r.batch == nil {
		dst = appendTaken(dst, &r.taken, r.callback.Key)
	} else {
		dst = r.batch.append(dst, r)
	}
	if status >= 400 {
		dst = appendMember(dst, "type", "urn:hookgate:problem:"+o)
		dst = appendMember(dst, "title", fasthttp.StatusMessage(status))
		dst = append(dst, `,"status":`...)
		dst = strconv.AppendInt(dst, int64(status), 10)
		dst = appendMember(dst, "code", o)
		if id := edge.RequestID(r.ctx); id != nil { // letters that need no escape
			dst = append(append(append(dst, `,"request_id":"`...), id...), '"')
		}
	}
	if r.batch == nil || len(r.batch.ones) == 0 {
		dst = appendMember(dst, "detail", r.why(&r.taken))
	}
	return append(dst, '}')
}

// appendTaken begins an object with what is known of one callback.
func appendTaken(dst []byte, taken *waiting.Taken, key string) []byte {
	dst = append(append(dst, `{"outcome":"`...), taken.Outcome...)
	dst = append(dst, '"')
	dst = appendMember(dst, "callback_id", taken.CallbackID)
	dst = appendMember(dst, "conversation_key", key)
	return appendMember(dst, "wait_id", taken.WaitID)
}

// why says what is wrong with a refused callback, as far as its sender may know.
func (r answering) why(taken *waiting.Taken) string {
	switch taken.Outcome {
	case gateway.OutcomeVariableMissing:
		return r.explain(mapping.MissingVariable(taken.Variable).Error())
	case gateway.OutcomeKeyMissing:
		return r.explain("")
	case gateway.OutcomeVariablesTooLarge:
		return "the variables that are mapped from it have together more than " + strconv.Itoa(r.src.Mapping.Variables) + " bytes of JSON"
	case gateway.OutcomeTooComplex:
		return "finding key, outcome and variables in it takes more work than is allowed"
	}
	return r.detail
}

// oncePerMinute is how often what a flood can bring about is logged.
var oncePerMinute = gateway.Rate{PerSecond: 1.0 / 60, Burst: 1}

// tellComplex logs that rules take too much work, once a minute for each source: a
// flood must not fill the log.
func (in *Inbound) tellComplex(r *request) {
	if in.told.Take(limits.Key{Tenant: r.src.Tenant.ID, Part: r.src.ID}, &oncePerMinute, 1, r.at) == 0 {
		in.options.Log.Warn("callback takes too much work to match and map", slog.String("tenant", r.src.Tenant.ID),
			slog.String("source", r.src.ID), slog.String("callback_id", r.taken.CallbackID), requestID(r), slog.Int("body_bytes", len(r.received)))
	}
}

// appendMember appends a member that has a value.
func appendMember(dst []byte, name, value string) []byte {
	if value == "" {
		return dst
	}
	return gateway.AppendMember(dst, name, value)
}
