// Package api is the JSON API on the internal listener (SPEC 4, 6, 8, 14). One call
// goes this way:
//
//	authenticate  the token says who asks; a missing one costs what a wrong one does
//	route         the path and method name an action (routes.go has all of them)
//	allow         the scope allows the action, else 403; the tenant is within
//	              reach, else 404
//	run           one file a resource; handlers return errors
//	answer        JSON, or the error as problem+json
//
// The connections API, /v2, goes the same way; its tenant is the token's own.
//
// A call uses one snapshot from its first step to its last. All handlers are
// fasthttp's own: the calls that carry traffic must be, and one kind is simpler
// than two.
package api

import (
	"cmp"
	"errors"
	"log/slog"

	"github.com/valyala/fasthttp"

	"hookgate/auth"
	"hookgate/auth/token"
	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/edge"
	"hookgate/gateway/resources"
	"hookgate/gateway/shares"
)

// Options is what the API needs.
type Options struct {
	Directory  *directory.Directory
	Resources  *resources.Resources
	Waits      Waits
	Calls      Calls
	Publisher  Publisher
	Lanes      Lanes
	Events     Events
	Deliveries Deliveries
	Watcher    *edge.Watcher // holds calls, and frees those whose client has left
	// Answers is the memory for large answers, from before they are made until they
	// were written, in bytes; nil: no bound.
	Answers *shares.Budget
	// ListAnswer is the most that one answer of a list has, in bytes; 0 stands for
	// 8 MiB. So many bytes of bodies one delivery shows, too.
	ListAnswer int
	// Listed is told how many bytes the answer of a list has; nil: nobody is.
	Listed func(int64)
	// Holds is the budget of requests that stay until somebody else is done, in number
	// (SPEC 16); nil: no bound.
	Holds *shares.Budget
	// PublicURL is the base of the URLs of sources, without a final slash; "": they
	// are not shown.
	PublicURL string
	// Reload loads the configuration file again; nothing has changed after an error.
	// The keys that waiting has are in force after the next start.
	Reload func() (waiting []string, err error)
	// AuthFailures counts calls without a good token.
	AuthFailures interface{ Inc() }
	Log          *slog.Logger
}

// API answers /v1 and /v2.
type API struct {
	Options
	ends  ends
	turns turns // of calls that look through a tenant's past
	reads gate  // of calls that read one thing that can be large
}

// New makes the API.
func New(o Options) *API {
	o.ListAnswer = cmp.Or(o.ListAnswer, 8<<20)
	return &API{Options: o, reads: newGate()}
}

// maxBody is the most that one internal request may carry (SPEC 14).
const maxBody = 16 << 20

// Handler answers every path below /v1 and /v2.
func (a *API) Handler(ctx *fasthttp.RequestCtx) {
	c := &call{API: a, ctx: ctx, snapshot: a.Directory.Current()}
	var answer answer
	defer func() { c.leave(answer.later) }()
	answer, err := c.serve()
	if err != nil {
		edge.WriteProblem(ctx, c.public(err))
		return
	}
	if answer.later {
		return
	}
	if err := c.count(&answer); err != nil {
		edge.WriteProblem(ctx, err)
		return
	}
	ctx.SetStatusCode(answer.status)
	if answer.body == nil {
		return
	}
	ctx.SetContentType(answer.contentType)
	if answer.sent != nil {
		c.account = nil
		edge.Send(ctx, answer.body, answer.sent)
		return
	}
	ctx.Response.SetBodyRaw(answer.body)
}

// count takes the memory of a large answer that was made without counting it.
func (c *call) count(a *answer) error {
	n := counted(cap(a.body))
	if a.sent != nil || n == 0 {
		return nil
	}
	m := c.memory()
	if err := m.take(n); err != nil {
		return err
	}
	a.sent = m.free
	return nil
}

// call is one request on its way.
type call struct {
	*API
	ctx      *fasthttp.RequestCtx
	snapshot *directory.Snapshot
	by       auth.Principal
	tenant   *directory.Tenant // of a path with a tenant that must be there
	params   params
	account  *memory // that the answer will have
	turn     *turn   // nil: the call looks through nothing
	gate     gate    // that the call has passed; nil: none
	seat     seat
}

func (c *call) serve() (answer, error) {
	if err := c.authenticate(); err != nil {
		return answer{}, err
	}
	run, err := c.route()
	if err != nil {
		return answer{}, err
	}
	if !c.by.Allows(run.needs) {
		return answer{}, gateway.Errorf(gateway.CodeForbidden, "a token of scope %s may not do this", c.by.Scope)
	}
	if c.params.hasTenant && !run.makesTenant {
		if c.tenant = c.snapshot.Tenant(c.params.tenant); c.tenant == nil || !c.snapshot.Reaches(c.by, c.params.tenant) {
			return answer{}, errNoTenant
		}
	}
	if run.looks {
		if c.turn, err = c.turns.enter(c.by.Tenant+"/"+c.params.tenant, !run.steers); err != nil {
			return answer{}, err
		}
	}
	return run.do(c)
}

// authenticate finds who calls. Nothing tells a missing token from a wrong one:
// both are hashed and looked up.
func (c *call) authenticate() error {
	fields := c.ctx.Request.Header.PeekAll(fasthttp.HeaderAuthorization)
	var text []byte
	if len(fields) == 1 { // of two, the one that was checked need not be the one that a proxy believed
		text, _ = token.Bearer(fields[0])
	}
	by, known := c.snapshot.Token(token.Hash(text))
	if !known || len(text) == 0 {
		c.AuthFailures.Inc()
		return errUnauthenticated
	}
	c.by = by
	return nil
}

// public turns what a store says into what a caller is told, and logs what must
// not leave the process.
func (c *call) public(err error) error {
	var known *gateway.Error
	switch {
	case errors.As(err, &known) && known.Code != gateway.CodeInternal:
		return err
	case errors.Is(err, gateway.ErrNotFound):
		return errNoSuch
	}
	c.Log.Error("an internal call failed", "method", string(c.ctx.Method()), "path", string(edge.Path(c.ctx)), "error", err)
	return err
}

// audit writes the line that every change of the configuration leaves.
func (c *call) audit(what string, args ...any) {
	args = append([]any{"scope", string(c.by.Scope), "token_id", c.by.TokenID}, args...)
	c.Log.Info(what, args...)
}

var (
	errUnauthenticated = gateway.Errorf(gateway.CodeUnauthenticated, "send a valid token: Authorization: Bearer TOKEN")
	errNoTenant        = gateway.Errorf(gateway.CodeNotFound, "no such tenant")
	errNoSource        = gateway.Errorf(gateway.CodeNotFound, "no such source")
	errNoEndpoint      = gateway.Errorf(gateway.CodeNotFound, "no such endpoint")
	errNoWebhook       = gateway.Errorf(gateway.CodeNotFound, "no such webhook")
	errNoPath          = gateway.Errorf(gateway.CodeNotFound, "no such path")
	errNoSuch          = gateway.Errorf(gateway.CodeNotFound, "no such thing")
)
