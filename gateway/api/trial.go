package api

import (
	"strings"
	"time"
	"unicode/utf8"

	"hookgate/gateway"
	"hookgate/gateway/audit"
	"hookgate/gateway/edge"
	"hookgate/gateway/requests"
)

// Trier takes a request as if its sender had sent it: inbound.Inbound.
type Trier interface {
	Try(*requests.Question) (requests.Tried, error)
	// Foresee says what Try would send, and what would become of it; nothing is sent.
	Foresee(*requests.Question) (requests.Tried, error)
}

type triedView struct {
	Request triedRequest `json:"request"`
	explainedView
}

type triedRequest struct {
	Method string  `json:"method"`
	Path   string  `json:"path"`
	Body   *string `json:"body,omitempty"`
	Base64 []byte  `json:"body_base64,omitempty"`
	Signed bool    `json:"signed"`
}

// testRequest is a request that is to be sent, or only to be looked at.
type testRequest struct {
	askedRequest
	DryRun bool `json:"dry_run"`
}

// test sends a request to the path's source, signed with the source's own secret, the way
// of every callback (SPEC-console C5). It is none of a sender: it comes from whoever asks,
// or from an address that allow_ips lets in.
func (h *sources) test(c *call) (answer, error) {
	src := c.tenant.Source(c.params.id)
	if src == nil {
		return answer{}, errNoSource
	}
	asked := testRequest{askedRequest: askedRequest{Method: "POST", Path: "/hooks/" + c.params.tenant + "/" + c.params.id}}
	if err := c.optionalBody(&asked); err != nil {
		return answer{}, err
	}
	q := &requests.Question{Tenant: c.params.tenant, Source: c.params.id, Method: asked.Method, Path: asked.Path, Secure: true, At: time.Now()}
	faults := append(asked.head(q), asked.content(q)...)
	if asked.Now != nil {
		faults = append(faults, gateway.Fault{Path: "now", Message: "is for explain: a test is sent now"})
	}
	if err := gateway.Invalid(faults); err != nil {
		return answer{}, err
	}
	if !q.Client.IsValid() {
		q.Client = edge.ClientIP(c.ctx)
		if src.Allowed.Refuses(q.Client) {
			q.Client = src.Allowed[0].Addr()
		}
		q.Peer = q.Client
	}
	if asked.DryRun {
		defer work(c)() // else it is a callback as any
	}
	asIt := q.Path // without the credentials that signing puts into its query
	tried, err := h.tried(c, src.ID, q, asked.DryRun)
	if err != nil {
		return answer{}, err
	}
	if path, _, _ := strings.Cut(q.Path, "?"); !strings.HasPrefix(asIt, path) {
		asIt = path // with a key that was made up
	}
	v := triedView{Request: triedRequest{Method: q.Method, Path: asIt, Signed: tried.Signed}, explainedView: viewExplained(&tried.Explained)}
	if utf8.Valid(tried.Body) {
		v.Request.Body = new(string(tried.Body))
	} else {
		v.Request.Base64 = tried.Body
	}
	return show(200, v)
}

// tried sends the request, or looks what would become of it.
func (h *sources) tried(c *call, source string, q *requests.Question, dry bool) (tried requests.Tried, err error) {
	if dry {
		q.By = c.by.TokenID
		return h.trier.Foresee(q)
	}
	err = c.trail.Do(deedOf(c, audit.Test, "sources/"+source), func() (err error) {
		tried, err = h.trier.Try(q)
		return err
	})
	if err == nil {
		c.audit("a test request was sent to a source", "tenant", c.params.tenant, "source", source, "outcome", string(tried.Outcome))
	}
	return tried, err
}
