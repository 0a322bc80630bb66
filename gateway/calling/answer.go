package calling

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"time"

	"hookgate/gateway"
)

// answer brings the wait of the call to where the outcome wants it, and stamps the
// call with its end.
func (c *Calls) answer(k *call) {
	r := k.result
	r.Attempts = int(k.attempts.Load())
	if k.WaitID != "" && !k.gone.Load() {
		c.answerWait(k)
	}
	now := time.Now()
	r.EndedAt, r.Duration = gateway.At(c.Now()).Time, max(now.Sub(k.began), 0)
}

// answerWait ends the wait of a call that failed, and gives that of a good one the
// alias by which its callback will come. What cannot be written now leaves the wait
// to its deadline: the call was made all the same.
func (c *Calls) answerWait(k *call) {
	if !k.enter() {
		return
	}
	defer k.leave()
	r := k.result
	ctx := context.WithoutCancel(k.ctx) // the wait is there, whoever has left
	if r.Outcome == gateway.CallFailure {
		ended, err := c.Waits.Cancel(ctx, r.Tenant, r.WaitID, gateway.ReasonCallFailed)
		if r.Wait = ended; err == nil {
			return
		}
		if known := (*gateway.Error)(nil); !errors.As(err, &known) || known.Code != gateway.CodeWaitEnded {
			c.Log.Warn("the wait of a failed call was not ended", "tenant", r.Tenant, "wait_id", r.WaitID, "call_id", r.ID, "error", err)
		}
	} else if k.learn != "" {
		if err := c.Waits.Alias(ctx, r.Tenant, r.ConversationKey, k.learn); err != nil {
			r.Errors = append(r.Errors, gateway.Fault{Path: placeOfAlias, Message: "the alias could not be stored"})
			c.Log.Warn("an alias was not stored", "tenant", r.Tenant, "wait_id", r.WaitID, "call_id", r.ID, "error", err)
		}
	}
	r.Wait, _ = c.Waits.Get(r.Tenant, r.WaitID) // without it the answer still names the wait
}

// conclude writes down a call that was not promised to anybody.
func (c *Calls) conclude(k *call) {
	if list := traces(k.result); list != nil && k.enter() {
		// The timeline is the poorer for what cannot be written; the call is not.
		_ = c.Store.Commit(&gateway.Change{Traces: list, Refused: true})
		k.leave()
	}
	c.count(k)
}

// traces is a call's line in the timeline of its conversation; none without one.
func traces(r *gateway.Call) []gateway.Trace {
	if r.ConversationKey == "" {
		return nil
	}
	return []gateway.Trace{{
		Tenant: r.Tenant, Key: r.ConversationKey, At: r.CreatedAt, Kind: "call", ID: r.ID, Data: appendTrace(make([]byte, 0, 192), r),
	}}
}

func appendTrace(dst []byte, r *gateway.Call) []byte {
	dst = gateway.AppendString(append(dst, `{"webhook":`...), r.Webhook)
	dst = gateway.AppendString(append(dst, `,"outcome":`...), string(r.Outcome))
	dst = gateway.AppendWord(append(dst, `,"reason":`...), r.Reason)
	dst = append(dst, `,"status":`...)
	if r.Status == 0 {
		dst = append(dst, "null"...)
	} else {
		dst = strconv.AppendInt(dst, int64(r.Status), 10)
	}
	dst = strconv.AppendInt(append(dst, `,"duration_ms":`...), r.Duration.Milliseconds(), 10)
	dst = strconv.AppendInt(append(dst, `,"attempts":`...), int64(r.Attempts), 10)
	dst = gateway.AppendWord(append(dst, `,"wait_id":`...), r.WaitID)
	return append(dst, '}')
}

// count counts a call that has ended, writes its line, and tells a chatbot webhook's
// last error.
func (c *Calls) count(k *call) {
	r := k.result
	if k.Webhook != nil {
		k.Webhook.Metrics.Calls[string(r.Outcome)].Inc()
	}
	if c.Duration != nil {
		c.Duration.Observe(r.Duration.Seconds())
	}
	c.tell(k)
	if k.Webhook == nil || k.Webhook.Profile != gateway.ProfileChatbot || c.Failed == nil || !k.enter() {
		return
	}
	k.leave()
	if text, known := k.errorText(); known {
		k.standing.tell(text, func(text string) { c.Failed(r.Tenant, r.Webhook, text) })
	}
}

// tell writes the one line of a call. Successes are for who looks closely: they are
// counted anyway. No value of a template is in it.
func (c *Calls) tell(k *call) {
	r, level := k.result, slog.LevelDebug
	if r.Outcome == gateway.CallFailure {
		level = slog.LevelInfo
	}
	if !c.Log.Enabled(context.Background(), level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("tenant", r.Tenant), slog.String("webhook", r.Webhook), slog.String("call_id", r.ID),
		slog.String("outcome", string(r.Outcome)), slog.Int("status", r.Status), slog.Int("attempts", r.Attempts),
		slog.Int64("duration_ms", r.Duration.Milliseconds()),
	}
	if r.WaitID != "" {
		attrs = append(attrs, slog.String("wait_id", r.WaitID))
	}
	if r.Reason != "" {
		attrs = append(attrs, slog.String("reason", r.Reason))
	}
	if k.sent != nil {
		attrs = append(attrs, slog.String("error", k.sent.Word))
		if _, constant := k.Webhook.URL.Constant(); constant { // else the text may name a host that was rendered
			attrs = append(attrs, slog.String("detail", k.sent.Text))
		}
	}
	c.Log.LogAttrs(context.Background(), level, "call", attrs...)
}

// errorText is the failure of a call in the words of the connections API, "" for a
// good one. It is not known where the backend was not asked.
func (k *call) errorText() (text string, known bool) {
	switch r := k.result; r.Reason {
	case "":
		return "", true
	case gateway.CallStatus:
		return "Request failed with status code " + strconv.Itoa(r.Status), true
	case gateway.CallTimeout:
		return "timeout of " + strconv.FormatInt(k.Webhook.Timeout.Milliseconds(), 10) + "ms exceeded", true
	case gateway.CallConnect, gateway.CallBlockedTarget:
		return k.sent.Text, true
	case gateway.CallTooLarge:
		if len(r.Errors) > 0 {
			return "the answer is not valid: " + r.Errors[0].String(), true
		}
		return "the answer has over " + strconv.Itoa(gateway.MaxCallAnswer) + " bytes", true
	case gateway.CallInvalidResponse:
		return "the answer is not valid: " + r.Errors[0].String(), true
	}
	return "", false
}
