package api

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"hookgate/auth"
	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/fields"
	"hookgate/gateway/requests"
)

// Explainer says what would become of a request by today's configuration, and why
// (SPEC-operations O1). It changes nothing.
type Explainer interface {
	// Explain asks the source as edited is; nil: as it is in force.
	Explain(q *requests.Question, edited *directory.Source) (requests.Explained, error)
	// Hints finds the words for a request that was kept that need the rules of its source.
	Hints(*requests.Kept) requests.Hints
}

// explainedView is what would become of a request, as it is shown.
type explainedView struct {
	Outcome    *gateway.Outcome  `json:"outcome"` // null: not all of the request is kept
	Status     *int              `json:"status"`
	Checks     []requests.Check  `json:"checks"`
	Variables  gateway.Raw       `json:"variables"`
	Match      *string           `json:"match"`
	Branch     *gateway.Branch   `json:"branch"`
	Key        *string           `json:"conversation_key"`
	CallbackID *string           `json:"callback_id"`
	WaitID     *string           `json:"wait_id"`
	Callbacks  []requests.Became `json:"callbacks,omitempty"`
}

// explain answers what would become of a request that was kept.
func (h *kept) explain(c *call) (answer, error) {
	r, err := h.find(c)
	if err != nil {
		return answer{}, err
	}
	var source any
	if tree, raw, err := c.bodyUpTo(maxResource); len(raw) > 0 {
		if err != nil {
			return answer{}, err
		}
		source = takeSource(tree)
		if err := gateway.Invalid(fields.Decode(tree, &struct{}{}, fields.ReadOnly("source"))); err != nil {
			return answer{}, err
		}
	}
	return h.explained(c, r.Question(), source)
}

// takeSource gives the member source of a request's tree: the source as a PUT would write it.
func takeSource(tree any) any {
	if o, is := tree.(*fields.Object); is {
		source, _ := o.Get("source")
		return source
	}
	return nil
}

// edit compiles a source that somebody asks about before it is written. Who may not write it
// may not: what it lets through would tell of secrets that are kept.
func (h *kept) edit(c *call, id string, source any) (edited *directory.Source, err error) {
	if !c.by.Allows(auth.ManageResources) {
		return nil, gateway.Errorf(gateway.CodeForbidden, "a token of scope %s may not write the source: only what is in force can be explained to it", c.by.Scope)
	}
	edited, err = h.sources.Edited(c.by, c.params.tenant, id, source)
	return edited, faultsUnder("source", err)
}

// faultsUnder places the faults of a part of a request where the part stands.
func faultsUnder(place string, err error) error {
	var known *gateway.Error
	if errors.As(err, &known) && known.Code == gateway.CodeInvalidField && len(known.Faults) > 0 {
		return gateway.Invalid(gateway.Under(place, known.Faults))
	}
	return err
}

func (h *kept) explained(c *call, q *requests.Question, source any) (answer, error) {
	var edited *directory.Source
	if source != nil {
		var err error
		if edited, err = h.edit(c, q.Source, source); err != nil {
			return answer{}, err
		}
	}
	q.By = c.by.TokenID
	e, err := h.explainer.Explain(q, edited)
	if err != nil {
		return answer{}, err
	}
	return show(200, viewExplained(&e))
}

func viewExplained(e *requests.Explained) explainedView {
	return explainedView{
		Outcome: orNull(e.Outcome), Status: orNull(e.Status), Checks: e.Checks, Variables: e.Variables, Match: orNull(e.Match), Branch: orNull(e.Branch),
		Key: orNull(e.Key), CallbackID: orNull(e.CallbackID), WaitID: orNull(e.WaitID), Callbacks: e.Callbacks,
	}
}

// askedRequest is a request as somebody writes it down.
type askedRequest struct {
	Method  string        `json:"method"`
	Path    string        `json:"path"`
	Headers [][]string    `json:"headers"`
	Body    *string       `json:"body"`
	Base64  *string       `json:"body_base64"`
	Client  string        `json:"client"`
	Now     *gateway.Time `json:"now"`
}

// explainGiven answers what would become of a request that is given.
func (h *kept) explainGiven(c *call) (answer, error) {
	if c.tenant.Source(c.params.id) == nil {
		return answer{}, errNoSource
	}
	tree, err := c.resource()
	if err != nil {
		return answer{}, err
	}
	asked := askedRequest{Method: "POST", Path: "/hooks/" + c.params.tenant + "/" + c.params.id}
	faults := fields.Decode(tree, &asked, fields.ReadOnly("source"))
	q := &requests.Question{Tenant: c.params.tenant, Source: c.params.id, Method: asked.Method, Path: asked.Path, Secure: true, At: time.Now()}
	if asked.Now != nil {
		q.At = asked.Now.Time
	}
	faults = append(faults, asked.head(q)...)
	faults = append(faults, asked.content(q)...)
	if err := gateway.Invalid(faults); err != nil {
		return answer{}, err
	}
	return h.explained(c, q, takeSource(tree))
}

// head reads method, path, client and header fields.
func (a *askedRequest) head(q *requests.Question) (faults []gateway.Fault) {
	fault := func(place, message string) { faults = append(faults, gateway.Fault{Path: place, Message: message}) }
	if a.Method == "" || strings.ContainsFunc(a.Method, func(c rune) bool { return c < 'A' || c > 'Z' }) || len(a.Method) > 16 {
		fault("method", "must be a method of HTTP, as POST")
	}
	if !strings.HasPrefix(a.Path, "/") || strings.ContainsFunc(a.Path, func(c rune) bool { return c <= ' ' || c >= 0x7f }) {
		fault("path", "must be a path as it is sent, with its query")
	}
	if len(a.Headers) > mostHeaders {
		fault("headers", fmt.Sprintf("has %d: at most %d", len(a.Headers), mostHeaders))
		return faults
	}
	for i, pair := range a.Headers {
		place := fmt.Sprintf("headers[%d]", i)
		switch {
		case len(pair) != 2:
			fault(place, "must be a pair: [name, value]")
		case pair[0] == "" || strings.ContainsFunc(pair[0], notInName):
			fault(place+"[0]", "no header can have this name")
		case strings.ContainsAny(pair[1], "\r\n\x00"):
			fault(place+"[1]", "no header can carry this value")
		default:
			q.Header = append(q.Header, [2]string{pair[0], pair[1]})
		}
	}
	if a.Client != "" {
		client, err := netip.ParseAddr(a.Client)
		if err != nil {
			fault("client", "must be an address")
		}
		q.Client, q.Peer = client, client
	}
	return faults
}

// mostHeaders bounds the header fields of a request that is given.
const mostHeaders = 200

func notInName(c rune) bool { return c <= ' ' || c >= 0x7f || c == ':' }

// content reads the body.
func (a *askedRequest) content(q *requests.Question) []gateway.Fault {
	switch {
	case a.Body != nil && a.Base64 != nil:
		return []gateway.Fault{{Path: "body_base64", Message: "stands beside body: give one of them"}}
	case a.Body != nil:
		q.Body = []byte(*a.Body)
	case a.Base64 != nil:
		body, err := base64.StdEncoding.DecodeString(*a.Base64)
		if err != nil {
			return []gateway.Fault{{Path: "body_base64", Message: "is not base64"}}
		}
		q.Body = body
	}
	q.BodyBytes = int64(len(q.Body))
	return nil
}
