package calling

import (
	"context"
	"log/slog"
	"strconv"

	"hookgate/gateway"
)

// teller tells of calls that have ended.
type teller struct {
	observer Observer
	log      *slog.Logger
}

// count counts a call that has ended, writes its line, and tells a chatbot webhook's
// last error.
func (t *teller) count(k *call) {
	r := k.result
	if k.Webhook != nil {
		k.Webhook.Metrics.Called(string(r.Outcome))
	}
	t.observer.Ended(r.Duration, k.span.Trace())
	traced{k}.endSpan()
	t.observer.Happened(gateway.CallHappened(r))
	t.tell(k)
	if k.Webhook == nil || k.Webhook.Profile != gateway.ProfileChatbot || k.Trial || !k.live() {
		return
	}
	k.rest()
	if text, known := errorText(k); known {
		k.standing.tell(text, func(text string) { t.observer.Failed(r.Tenant, r.Webhook, text) })
	}
}

// tell writes the one line of a call. Successes are for who looks closely: they are
// counted anyway. No value of a template is in it.
func (t *teller) tell(k *call) {
	r, level := k.result, slog.LevelDebug
	if r.Outcome == gateway.CallFailure {
		level = slog.LevelInfo
	}
	if !t.log.Enabled(context.Background(), level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("tenant", r.Tenant), slog.String("webhook", r.Webhook), slog.String("call_id", r.ID),
		slog.String("outcome", string(r.Outcome)), slog.Int("status", r.Status), slog.Int("attempts", r.Attempts),
		slog.Int64("duration_ms", r.Duration.Milliseconds()),
	}
	if k.RequestID != "" {
		attrs = append(attrs, slog.String("request_id", k.RequestID))
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
	t.log.LogAttrs(context.Background(), level, "call", attrs...)
}

// errorText is the failure of a call in the words of the connections API, "" for a
// good one. It is not known where the backend was not asked.
func errorText(k *call) (text string, known bool) {
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
