package api

import (
	"net/http"

	"hookgate/gateway"
	"hookgate/gateway/store"
)

// madeCalls are the calls that were made (SPEC-console C5).
type madeCalls struct {
	told  Told
	names Names
}

// list lists calls, newest first.
func (h *madeCalls) list(c *call) (answer, error) {
	a, err := c.asks(gateway.PrefixCall, h.filter)
	if err != nil {
		return answer{}, err
	}
	l, err := c.list(a.page(), a.extent)
	if err != nil {
		return answer{}, err
	}
	err = each(&a.Query, c.turn, func(one *gateway.Call) bool {
		return l.add(one.ID, func(t *text, e extent) { t.madeCall(one, e) })
	}, h.told.Calls)
	if err != nil {
		return answer{}, err
	}
	return l.answer()
}

var (
	callOutcomes     = []string{string(gateway.CallSuccess), string(gateway.CallFailure), string(gateway.CallPending)}
	callReasonsWords = "must be timeout, connect, status, invalid_response, too_large, breaker_open, blocked_target, template or interrupted"
)

// filter reads what calls can be asked for.
func (h *madeCalls) filter(q *query, to *store.Query) (err error) {
	to.Webhook = q.one("webhook", gateway.IsName, "must be the id of a webhook")
	to.Outcome = q.oneOf("outcome", callOutcomes, "must be success, failure or pending")
	to.Reason = q.oneOf("reason", gateway.CallReasons, callReasonsWords)
	to.Since, to.Until = q.moment("since"), q.moment("until")
	to.Conversation, err = conversation(h.names, to.Tenant, q.text("conversation_key"))
	return err
}

// get shows one call whole.
func (h *madeCalls) get(c *call) (answer, error) {
	if !gateway.IsID(gateway.PrefixCall, c.params.id) {
		return answer{}, errNoSuch
	}
	if err := c.pass(c.reads); err != nil {
		return answer{}, err
	}
	one, err := h.told.Call(c.params.tenant, c.params.id)
	if err != nil {
		return answer{}, err
	}
	t := c.wholeItem()
	t.madeCall(one, full)
	return t.answer(http.StatusOK)
}

// madeCall appends a call: in a list without what it gave.
func (t *text) madeCall(one *gateway.Call, e extent) {
	size := 2<<10 + 6*(len(one.ConversationKey)+len(one.WaitID))
	if e != full {
		t.append(size, one.AppendListed)
		return
	}
	for _, fault := range one.Errors {
		size += 64 + 6*(len(fault.Path)+len(fault.Message))
	}
	if one.Sent != nil {
		size += 6*len(one.Sent.URL) + gateway.FieldsSize(one.Sent.Header)
	}
	t.append(size+one.Size(), one.AppendKept)
}
