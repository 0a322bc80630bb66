package api

import (
	"time"
	"unicode/utf8"

	"hookgate/gateway"
	"hookgate/gateway/requests"
	"hookgate/gateway/resources"
)

// Requests gives the newest public requests (SPEC-operations O1).
type Requests interface {
	// List gives requests of a source or route, the newest first.
	List(requests.Query) []requests.Kept
	// Get gives one request to a source, or a route, of a tenant.
	Get(of requests.Of, tenant, id string) (requests.Kept, bool)
	// Unmatched gives those that found nothing, the newest first, behind the id before.
	Unmatched(before string, most int) []requests.Kept
}

// kept are the requests that are kept.
type kept struct {
	requests  Requests
	explainer Explainer
	sources   *resources.Sources // to ask about one before it is written
}

// preview is how much of a body a list shows, in bytes.
const preview = 256

// requestView is a request as it is shown.
type requestView struct {
	ID         string            `json:"id"`
	At         gateway.Time      `json:"at"`
	Client     *string           `json:"client"`
	Method     string            `json:"method"`
	Path       string            `json:"path"`
	Headers    [][2]string       `json:"headers"`
	Preview    *string           `json:"body_preview,omitempty"`
	Body       *string           `json:"body,omitempty"`
	Base64     []byte            `json:"body_base64,omitempty"`
	BodyBytes  *int64            `json:"body_bytes"`
	Truncated  bool              `json:"truncated"`
	Outcome    gateway.Outcome   `json:"outcome"`
	Status     int               `json:"status"`
	Reason     *string           `json:"reason"`
	Checks     []requests.Check  `json:"checks"`
	Callbacks  []requests.Became `json:"callbacks,omitempty"`
	CallbackID *string           `json:"callback_id"`
	WaitID     *string           `json:"wait_id"`
	Key        *string           `json:"conversation_key"`
	DurationMS float64           `json:"duration_ms"`
	RequestID  *string           `json:"request_id"`
}

// view shows a request; whole says that its body is shown, not only how it begins.
func (h *kept) view(r *requests.Kept, whole bool, hints requests.Hints) requestView {
	v := requestView{
		ID: r.ID, RequestID: orNull(r.RequestID), At: gateway.At(r.At), Method: r.Method, Path: r.Target(), Headers: r.Header(), Truncated: r.Cut(),
		Outcome: r.Outcome, Status: r.Status, Reason: orNull(r.Reason(hints)), Checks: r.Checks(hints), Callbacks: r.Batch,
		CallbackID: orNull(r.CallbackID), WaitID: orNull(r.WaitID), Key: orNull(r.Key), DurationMS: inMilliseconds(r.Took),
	}
	if r.Client.IsValid() {
		v.Client = orNull(r.Client.String())
	}
	if r.BodyBytes >= 0 {
		v.BodyBytes = &r.BodyBytes
	}
	body := r.Body
	if !whole {
		body = body[:min(len(body), preview)]
	}
	text, is := textOf(body, whole)
	switch {
	case !whole:
		v.Preview = &text
	case is:
		v.Body = &text
	default:
		v.Base64 = r.Body
	}
	return v
}

// textOf gives a body as text, without half a character at a cut end; false where it is
// none. Of a preview what is no text is left out.
func textOf(body []byte, strict bool) (text string, is bool) {
	for n := 0; n < utf8.UTFMax && n < len(body); n++ {
		if utf8.Valid(body[:len(body)-n]) {
			return string(body[:len(body)-n]), true
		}
	}
	if strict && len(body) > 0 {
		return "", false
	}
	return string([]rune(string(body))), true
}

func inMilliseconds(d time.Duration) float64 {
	return float64(d.Round(time.Microsecond)) / float64(time.Millisecond)
}

func (h *kept) list(c *call) (answer, error) {
	q := c.query()
	outcome, refused := q.outcome()
	p := q.page(isIDOf(requests.Prefix))
	if err := q.err(); err != nil {
		return answer{}, err
	}
	if c.tenant.Source(c.params.id) == nil {
		return answer{}, errNoSource
	}
	return h.write(c, p, func(before string, most int) []requests.Kept {
		return h.requests.List(requests.Query{
			Of: requests.Source, Tenant: c.params.tenant, Place: c.params.id, Outcome: outcome, Refused: refused, Before: before, Most: most, Body: requests.MostBody,
		})
	}, h.hinted(time.Now()))
}

// mostHinting is how long the words for one list may take to find.
const mostHinting = 100 * time.Millisecond

// hinted shows requests of a list, with the words of rules while there is time.
func (h *kept) hinted(began time.Time) func(*requests.Kept) any {
	return func(r *requests.Kept) any {
		var hints requests.Hints
		if time.Since(began) < mostHinting && !r.CutBody() {
			hints = h.explainer.Hints(r)
		}
		v := h.view(r, false, hints)
		return v
	}
}

// write writes a page of requests; most is read a few at a time, for each can be large.
func (h *kept) write(c *call, p page, read func(before string, most int) []requests.Kept, view func(*requests.Kept) any) (answer, error) {
	l, err := c.list(p, plain)
	if err != nil {
		return answer{}, err
	}
	const few = 50
	for before := p.after; ; {
		all := read(before, few)
		for i := range all {
			before = all[i].ID
			if more := l.add(before, func(t *text, _ extent) { t.view(view(&all[i]), nil) }); !more {
				return l.answer()
			}
		}
		if len(all) < few {
			return l.answer()
		}
	}
}

func (h *kept) get(c *call) (answer, error) {
	r, err := h.find(c)
	if err != nil {
		return answer{}, err
	}
	return show(200, h.view(r, true, h.explainer.Hints(r)))
}

// find finds the request that a path names.
func (h *kept) find(c *call) (*requests.Kept, error) {
	r, found := h.requests.Get(requests.Source, c.params.tenant, c.params.id)
	if !found || c.tenant.Source(r.Place) == nil {
		return nil, errNoRequest
	}
	return &r, nil
}

var errNoRequest = gateway.Errorf(gateway.CodeNotFound, "no such request: of each source and route the newest are kept (requests.per_source, requests.memory), and none over a restart")

// allRefused asks for the requests of every outcome that came to nothing.
const allRefused = "refused"

// outcome reads the outcome that is asked for, or that it is all that were refused.
func (q *query) outcome() (one gateway.Outcome, refused bool) {
	words := make([]string, 0, len(gateway.Outcomes)+1)
	for _, o := range gateway.Outcomes {
		words = append(words, string(o))
	}
	word := q.oneOf("outcome", append(words, allRefused), "must be one of the outcomes of callbacks, or refused for all that came to nothing")
	if word == allRefused {
		return "", true
	}
	return gateway.Outcome(word), false
}
