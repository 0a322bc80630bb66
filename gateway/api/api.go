// Package api is the JSON API on the internal listener (SPEC 4, 6, 8, 14). One call
// goes this way:
//
//	authenticate  the token says who asks; a missing one costs what a wrong one does
//	route         the path and method name an action (routes.go has all of them)
//	allow         the scope allows the action, else 403; the tenant is within
//	              reach, else 404
//	run           one type and file a noun; handlers return errors
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
	"log/slog"

	"github.com/valyala/fasthttp"

	"hookgate/gateway/directory"
	"hookgate/gateway/edge"
	"hookgate/gateway/resources"
	"hookgate/gateway/shares"
)

// Options is what the API needs.
type Options struct {
	Directory  *directory.Directory
	Resources  *resources.Resources
	Publisher  Publisher
	Events     Events
	Names      Names
	Deliveries Deliveries
	Lanes      Lanes
	Proofs     Proofs
	Hand       Hand
	Waits      Waits
	Ends       Ends
	Timelines  Timelines
	Calls      Calls
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
	// PublicURL is the base of the URLs of sources; "": they are not shown.
	PublicURL string
	// Reload loads the configuration file again; nothing has changed after an error.
	// The keys that waiting has are in force after the next start.
	Reload func() (waiting []string, err error)
	// AuthFailures counts calls without a good token.
	AuthFailures interface{ Inc() }
	Log          *slog.Logger
}

// API answers /v1 and /v2. It has what every call needs; what the calls of one noun
// need is in the noun's own type.
type API struct {
	table        table
	directory    *directory.Directory
	accounts     accounts
	listAnswer   int            // Options.ListAnswer
	listed       func(int64)    // Options.Listed
	holds        *shares.Budget // Options.Holds
	authFailures interface{ Inc() }
	log          *slog.Logger
	turns        turns // of calls that look through a tenant's past
	reads        gate  // of calls that read one thing that can be large
}

// New makes the API.
func New(o Options) *API {
	o.ListAnswer = cmp.Or(o.ListAnswer, 8<<20)
	return &API{
		table: newTable(newNouns(o).routes()), directory: o.Directory, accounts: accounts{o.Answers, o.Directory},
		listAnswer: o.ListAnswer, listed: o.Listed, holds: o.Holds, authFailures: o.AuthFailures, log: o.Log,
		reads: newGate(),
	}
}

// maxBody is the most that one internal request may carry (SPEC 14).
const maxBody = 16 << 20

// Handler answers every path below /v1 and /v2.
func (a *API) Handler(ctx *fasthttp.RequestCtx) {
	c := &call{API: a, ctx: ctx, snapshot: a.directory.Current()}
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
