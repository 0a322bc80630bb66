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
// The console asks in process, for those who have signed in there: see within.go.
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
	"time"

	"github.com/valyala/fasthttp"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/edge"
	"hookgate/gateway/mapping"
	"hookgate/gateway/resources"
	"hookgate/gateway/shares"
	"hookgate/gateway/tracing"
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
	Pulls      Pulls
	Hand       Hand
	Jobs       Jobs
	Told       Told
	Waits      Waits
	Ends       Ends
	Timelines  Timelines
	Requests   Requests
	Explainer  Explainer
	Trier      Trier
	Whither    Whither
	Settings   Settings
	// Info says what gateway this is.
	Info func() Info
	// Mapping bounds what variables that are tried out may be and take.
	Mapping    mapping.Bounds
	Upstreams  Upstreams
	Calls      Calls
	Streams    Streams
	Tracer     *tracing.Tracer // tells of publishes; nil: it does not
	Changes    Changes
	Statistics Statistics
	Logins     Logins
	// Console is the base of links to the console and to portals, without a final slash;
	// nil: there is none.
	Console func() string
	// Readers is the budget of readers of the stream, in number (SPEC 16); nil: no bound.
	Readers *shares.Budget
	// Elsewhere has what another node decides decided there; nil: this one decides all.
	Elsewhere Elsewhere
	Watcher   *edge.Watcher // holds calls, and frees those whose client has left
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
	Reload  func() (waiting []string, err error)
	Backups Backups
	Nodes   Nodes
	// Resume lets a restored gateway send, for good; was says whether it was held.
	Resume func() (was bool, err error)
	// AuthFailures counts calls without a good token.
	AuthFailures interface{ Inc() }
	// Now is the clock by which tokens end; nil: time.Now.
	Now func() time.Time
	Log *slog.Logger
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
	now          func() time.Time                 // Options.Now
	used         func(token string, at time.Time) // is told that a token was used
	trail        Audit
	tracer       *tracing.Tracer // Options.Tracer
	log          *slog.Logger
	elsewhere    Elsewhere     // Options.Elsewhere
	holder       *holder       // of what another node has decided, and is held here
	lookups      lookups       // for what decides where
	turns        turns         // of calls that look through a tenant's past
	reads        *shares.Turns // of calls that read one thing that can be large
	pages        *shares.Turns // of pages of the console that are being made
}

// New makes the API.
func New(o Options) *API {
	if o.Now == nil {
		o.Now = time.Now
	}
	o.ListAnswer = cmp.Or(o.ListAnswer, 8<<20)
	nouns := newNouns(o)
	return &API{
		table: newTable(nouns.routes()), elsewhere: o.Elsewhere, holder: nouns.waits.holder, lookups: lookups{o.Deliveries, o.Jobs}, directory: o.Directory, accounts: accounts{o.Answers, o.Directory},
		listAnswer: o.ListAnswer, listed: o.Listed, holds: o.Holds, authFailures: o.AuthFailures, log: o.Log,
		reads: newGate(), pages: newPages(), now: o.Now, used: o.Resources.Tokens.Used, trail: o.Resources.Audit, tracer: o.Tracer,
	}
}

// maxBody is the most that one internal request may carry (SPEC 14).
const maxBody = 16 << 20

// Handler answers every path below /v1 and /v2.
func (a *API) Handler(ctx *fasthttp.RequestCtx) { a.handle(ctx, nil) }

// handle answers a request; who says who asks where its token does not.
func (a *API) handle(ctx *fasthttp.RequestCtx, who *Who) {
	c := &call{API: a, ctx: ctx, who: who, snapshot: a.directory.Current()}
	var answer answer
	defer func() { c.leave(answer.later) }()
	answer, err := c.serve()
	if err != nil {
		if r := edge.FromNode(ctx); r != nil && errors.Is(err, gateway.ErrMoved) {
			r.SetMoved()
			return
		}
		refused(c, err)
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
