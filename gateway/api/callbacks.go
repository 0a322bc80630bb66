package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/requests"
	"hookgate/gateway/store"
)

// Told is what the API needs to show callbacks and calls.
type Told interface {
	// Callback gives a callback; else gateway.ErrNotFound.
	Callback(tenant, id string) (gateway.Callback, error)
	// Callbacks visits those that are asked for, newest first, until visit wants no more, or
	// q.Limit were visited. next, where it is not "", is where to go on (q.Before): q.Rows
	// were looked at.
	Callbacks(q store.Query, visit func(*gateway.Callback) (more bool)) (next string, err error)
	// Parked gives a parked callback whole; else gateway.ErrNotFound.
	Parked(tenant, id string) (*gateway.Parked, error)
	// Call gives a call whole; else gateway.ErrNotFound.
	Call(tenant, id string) (*gateway.Call, error)
	// Calls is Callbacks of calls: without what they gave, unless q.Bodies says so.
	Calls(q store.Query, visit func(*gateway.Call) (more bool)) (next string, err error)
}

// callbacks are what came to sources, as far as it was taken, came late, or was ignored and
// has a key (SPEC-operations O2, O10).
type callbacks struct {
	told     Told
	names    Names
	sessions Waits
	events   Events
	requests Requests
}

// list lists callbacks, newest first.
func (h *callbacks) list(c *call) (answer, error) {
	a, err := c.asks(gateway.PrefixCallback, h.filter)
	if err != nil {
		return answer{}, err
	}
	l, err := c.list(a.page(), a.extent)
	if err != nil {
		return answer{}, err
	}
	err = each(&a.Query, c.turn, func(one gateway.Callback) bool {
		return l.add(one.ID, func(t *text, e extent) {
			if t.callback(&one, parkedUntil(c, &one)); e == full {
				content, err := h.content(c, &one)
				if err != nil && t.err == nil {
					t.err = err
				}
				t.content(&content)
			}
			t.raw("}")
		})
	}, func(q store.Query, visit func(gateway.Callback) (more bool)) (next string, err error) {
		return h.told.Callbacks(q, func(one *gateway.Callback) bool { return visit(*one) })
	})
	if err != nil {
		return answer{}, err
	}
	return l.answer()
}

func outcomeWords() (words []string) {
	for _, o := range gateway.Listed {
		words = append(words, string(o))
	}
	return words
}

// filter reads what callbacks can be asked for.
func (h *callbacks) filter(q *query, to *store.Query) (err error) {
	to.Source = q.one("source", gateway.IsName, "must be the id of a source")
	to.Outcome = q.oneOf("outcome", outcomeWords(), "must be resumed, parked, late or ignored: the requests of a source tell of what was refused")
	to.Since, to.Until = q.moment("since"), q.moment("until")
	to.Conversation, err = conversation(h.names, to.Tenant, q.text("conversation_key"))
	return err
}

// get shows one callback whole, as far as it is still kept.
func (h *callbacks) get(c *call) (answer, error) {
	if !gateway.IsID(gateway.PrefixCallback, c.params.id) {
		return answer{}, errNoSuch
	}
	if err := c.pass(c.reads); err != nil {
		return answer{}, err
	}
	one, err := h.told.Callback(c.params.tenant, c.params.id)
	if err != nil {
		return answer{}, err
	}
	content, err := h.content(c, &one)
	if err != nil {
		return answer{}, err
	}
	t := c.wholeItem()
	t.room(1<<10 + len(content.body) + len(content.variables))
	t.callback(&one, parkedUntil(c, &one))
	t.content(&content)
	t.raw(`,"request_id":`)
	request := h.request(&one)
	t.append(len(request)+8, func(dst []byte) []byte { return gateway.AppendWord(dst, request) })
	t.raw("}")
	return t.answer(http.StatusOK)
}

// callback appends what is always shown of a callback, without the closing brace.
func (t *text) callback(one *gateway.Callback, parked gateway.Time) {
	t.append(576+6*(len(one.Tenant)+len(one.Source)+len(one.ConversationKey)+len(one.WaitID)), func(dst []byte) []byte {
		return parked.AppendJSON(append(one.AppendOpen(dst), `,"parked_until":`...))
	})
}

// parkedUntil is until when a callback waits for its wait, by the early.ttl that its source
// has now; the zero Time: it does not, or not any more.
func parkedUntil(c *call, one *gateway.Callback) gateway.Time {
	s := c.tenant.Source(one.Source)
	if one.Outcome != gateway.OutcomeParked || s == nil {
		return gateway.Time{}
	}
	until := one.ReceivedAt.Add(s.EarlyTTL)
	if !until.After(c.now()) {
		return gateway.Time{}
	}
	return gateway.At(until)
}

// content is what came with a callback, and what was made of it.
type content struct {
	kept        bool // the body is still there
	contentType string
	body        gateway.Raw
	match       string
	branch      gateway.Branch
	variables   gateway.Raw // nil: none were mapped, or it is not known any more
}

func (t *text) content(of *content) {
	t.append(128+6*(len(of.contentType)+len(of.match)), func(dst []byte) []byte {
		if of.kept {
			dst = append(dst, `,"body_kept":true`...)
		} else {
			dst = append(dst, `,"body_kept":false`...)
		}
		dst = gateway.AppendOptional(dst, "content_type", of.contentType)
		dst = gateway.AppendOptional(dst, "match", of.match)
		dst = gateway.AppendOptional(dst, "branch", string(of.branch))
		return append(dst, `,"body":`...)
	})
	t.append(len(of.body)+8, func(dst []byte) []byte { return gateway.AppendRaw(dst, of.body) })
	t.raw(`,"variables":`)
	t.append(len(of.variables)+8, func(dst []byte) []byte { return gateway.AppendRaw(dst, of.variables) })
}

// content finds what came with a callback where it is kept anyway: with the wait that it
// resumed, for as long as that is known; where it is parked; of one that was late, in the
// notice that told the platform.
func (h *callbacks) content(c *call, one *gateway.Callback) (of content, err error) {
	switch one.Outcome {
	case gateway.OutcomeResumed:
		w, err := h.sessions.Get(one.Tenant, one.WaitID)
		if gone(err) || err == nil && (w.Callback == nil || w.Callback.ID != one.ID) {
			return of, nil
		}
		if err != nil {
			return of, err
		}
		return content{true, w.Callback.ContentType, w.Callback.Body, w.Match, w.Branch, w.Variables}, nil
	case gateway.OutcomeParked:
		p, err := h.told.Parked(one.Tenant, one.ID)
		if gone(err) {
			return of, nil
		}
		if err != nil {
			return of, err
		}
		return content{kept: true, contentType: p.Callback.ContentType, body: p.Callback.Body}, nil
	case gateway.OutcomeLate:
		return h.noticed(c, one)
	}
	return of, nil
}

// gone says whether something is not there, however it is said.
func gone(err error) bool {
	var known *gateway.Error
	return errors.Is(err, gateway.ErrNotFound) || errors.As(err, &known) && known.Code == gateway.CodeNotFound
}

// noticedWithin are how long after its receipt the notice of a late callback was made: nearly
// always at once, and where much waited to be durable at the end of that. mostNotices and
// mostNoticed are how many of that time are looked at, and how many bytes of them.
var noticedWithin = []time.Duration{20 * time.Millisecond, 500 * time.Millisecond, 10 * time.Second}

const (
	mostNotices = 100
	mostNoticed = 16 << 20
)

// noticed finds a late callback in its notice.
func (h *callbacks) noticed(c *call, one *gateway.Callback) (of content, err error) {
	names, err := conversation(h.names, one.Tenant, one.ConversationKey)
	if err != nil {
		return of, err
	}
	since, looked := one.ReceivedAt, 0
	for _, within := range noticedWithin {
		q := store.Query{
			Tenant: one.Tenant, Type: gateway.NoticeCallbackLate, Conversation: names,
			Since: since, Until: one.ReceivedAt.Add(within), Limit: mostNotices,
		}
		if of, err = h.noticedIn(c, one, &q, &looked); err != nil || of.kept || looked > mostNoticed {
			return of, err
		}
		since = q.Until
	}
	return of, nil
}

// noticedIn finds it among some notices, and adds to what was looked at.
func (h *callbacks) noticedIn(c *call, one *gateway.Callback, q *store.Query, looked *int) (of content, err error) {
	err = eachEvent(h.events, q, c.turn, func(e *gateway.Event) (more bool) {
		if *looked += len(e.Body); *looked > mostNoticed {
			return false
		}
		if !strings.Contains(string(e.Body), one.ID) {
			return true
		}
		var notice struct {
			Data struct {
				Callback struct {
					ID          string      `json:"id"`
					ContentType string      `json:"content_type"`
					Body        gateway.Raw `json:"body"`
				} `json:"callback"`
				Variables gateway.Raw `json:"variables"`
			} `json:"data"`
		}
		if json.Unmarshal(e.Body, &notice) != nil || notice.Data.Callback.ID != one.ID {
			return true
		}
		of = content{kept: true, contentType: notice.Data.Callback.ContentType, body: notice.Data.Callback.Body, variables: notice.Data.Variables}
		return false
	})
	return of, err
}

// request gives the id of the request that brought a callback, while it is kept (O1).
func (h *callbacks) request(one *gateway.Callback) string {
	for _, r := range h.requests.List(requests.Query{Tenant: one.Tenant, Place: one.Source, Most: maxLimit}) {
		if r.CallbackID == one.ID {
			return r.ID
		}
		for _, became := range r.Batch {
			if became.CallbackID == one.ID {
				return r.ID
			}
		}
	}
	return ""
}
