package api

import (
	"slices"
	"strings"
	"time"

	"hookgate/auth/token"
	"hookgate/gateway"
	"hookgate/gateway/edge"
	"hookgate/gateway/shares"
	"hookgate/gateway/stream"
)

// Streams shows what happens to those who look on.
type Streams interface {
	Open(stream.Reader) (end func())
}

// streams are the readers of the stream.
type streams struct {
	of      Streams
	among   *shares.Budget // Options.Readers
	watcher *edge.Watcher
}

const kindsRule = "must be some of wait, callback, event, delivery, attempt, call, breaker, config, with commas between them"

// open gives a stream of what happens from now on, or from behind the event with the id of
// Last-Event-ID, to a caller who sees its own tree alone (O4).
func (h *streams) open(c *call) (answer, error) {
	q := c.query()
	r := stream.Reader{Kinds: q.kinds(), Alive: stillKnown(c)}
	tenant := q.text("tenant")
	if err := q.err(); err != nil {
		return answer{}, err
	}
	if c.ctx.QueryArgs().Has("tenant") && (c.snapshot.Tenant(tenant) == nil || !c.snapshot.Reaches(c.by, tenant)) {
		return answer{}, errNoTenant
	}
	r.Sees, r.All = seesOf(c, tenant), c.by.EveryTenant()
	if last := c.ctx.Request.Header.Peek("Last-Event-ID"); len(last) > 0 {
		r.After = string(last[:min(len(last), stream.MostID)])
	}
	holder := readerOf(c)
	if !h.among.Take(holder, 1) {
		return answer{}, errNoReader
	}
	missing := lookAround(c, r.After) // not before: others are asked
	r.Left = func() { h.among.Give(holder, 1) }
	h.watcher.Stream(c.ctx, append(eventFields[:len(eventFields):len(eventFields)], missing...), func(out *edge.Streaming) (left func()) {
		r.Out = out
		return h.of.Open(r)
	})
	return answer{later: true}, nil
}

// lookAround has the stream show what happens at all nodes, and says which are missing.
func lookAround(c *call, after string) (missing []edge.Field) {
	if c.elsewhere == nil {
		return nil
	}
	c.elsewhere.Look(after)
	if ids := c.elsewhere.Missing(); len(ids) > 0 {
		missing = append(missing, edge.Field{Name: headerMissing, Value: strings.Join(ids, ", ")})
	}
	return missing
}

var errNoReader = gateway.Unavailable("as many read the stream as may be now of what this process can serve (bounds.streams)", time.Second)

// eventFields are the fields of the stream's head, beside what every answer has.
var eventFields = []edge.Field{
	{Name: "Content-Type", Value: "text/event-stream"},
	{Name: "Cache-Control", Value: "no-store"},
	{Name: "X-Accel-Buffering", Value: "no"}, // else nginx would keep events until it has enough of them
}

// kinds reads which kinds of events are asked for; nil: all.
func (q *query) kinds() (all []gateway.Kind) {
	if !q.args.Has("kinds") {
		return nil
	}
	for word := range strings.SplitSeq(q.text("kinds"), ",") {
		at := slices.Index(gateway.KindNames(), word)
		if at < 0 {
			q.fault("kinds", kindsRule)
			return nil
		}
		all = append(all, gateway.Kind(at))
	}
	return all
}

// readerOf says whose share a reader takes: the tenant's whose token it is, else its client's.
func readerOf(c *call) shares.Holder {
	if t := c.snapshot.Tenant(c.by.Tenant); t != nil {
		return c.snapshot.Holder(t)
	}
	return shares.Client(edge.ClientIP(c.ctx))
}

// seesOf says whose events the caller is shown, as the tree stands by then: of one tenant, or,
// for "", of all that it reaches.
func seesOf(c *call, only string) func(tenant string) bool {
	of, by := c.directory, c.by
	return func(tenant string) bool {
		if only != "" && tenant != only {
			return false
		}
		return by.EveryTenant() || tenant != "" && of.Current().Reaches(by, tenant)
	}
}

// stillMay tells, long after the call, why the caller may not be told any more of the path's
// tenant: its token is in force no longer, or the tenant has left its tree. Of a tenant that is
// no more others tell.
func stillMay(c *call) func() error {
	known, of, by, tenant := stillKnown(c), c.directory, c.by, c.params.tenant
	by.Asking = nil
	return func() error {
		here := of.Current()
		switch {
		case !known():
			return errUnauthenticated
		case here.Tenant(tenant) != nil && !here.Reaches(by, tenant):
			return errNoTenant
		}
		return nil
	}
}

// stillKnown tells whether the caller's token is in force, long after the call.
func stillKnown(c *call) func() bool {
	switch {
	case c.who != nil && c.who.Alive != nil:
		return c.who.Alive
	case c.who != nil && c.who.Digest == (token.Digest{}): // a session, at the node that has passed this on
		return func() bool { return true }
	}
	digest, of, by, clock := c.digest, c.directory, c.by, c.now
	by.Asking = nil // how it asked is of the call alone
	return func() bool {
		now, known := of.Current().Token(digest)
		return known && now == by && !now.Expired(clock())
	}
}
