package forward

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/valyala/fasthttp"

	"hookgate/gateway"
	"hookgate/gateway/background"
	"hookgate/gateway/cluster/peers"
	"hookgate/gateway/edge"
	"hookgate/gateway/shares"
)

// Owners says who owns slots.
type Owners interface {
	// Owner gives the node that owns a slot, and whether that is this one. In a gap between
	// two owners it gives none.
	Owner(slot gateway.Slot) (owner peers.Node, here bool)
	// WaitOwner is Owner for who can wait for the end of a gap; the error is for the client.
	WaitOwner(ctx context.Context, slot gateway.Slot) (owner peers.Node, here bool, err error)
	// NextOwner is WaitOwner for who was told by the owner that it is not, or did not find
	// it. It may be the same again.
	NextOwner(ctx context.Context, slot gateway.Slot) (owner peers.Node, here bool, err error)
}

// Asker asks another node: peers.Peers.
type Asker interface {
	Ask(ctx context.Context, to peers.Node, verb string, body []byte) ([]byte, error)
}

// Verb is that of requests which are passed on.
const Verb = "request"

// The kinds of requests, and what became of one that was passed on, for metrics.
const (
	Callback = "callback"
	API      = "api"

	Answered = "answered" // by its owner, whatever the answer
	Moved    = "moved"    // certainly not taken, and asked for elsewhere
	Unclear  = "unclear"  // nobody knows
)

// Options are what Forwarder needs.
type Options struct {
	Owners Owners
	Asker  Asker
	// Known gives the revision of the configuration that this node knows, and Await returns
	// when it knows another: what a client was told of by one node is so at all. nil: there
	// are no revisions.
	Known func() int64
	Await func(revision int64) error
	// Holder gives who has what a request uses: its tenant, or of "" its client; nil: it is the
	// one alone, or who is connected.
	Holder func(ctx *fasthttp.RequestCtx, tenant string) shares.Holder
	// Watch calls gone when the client of a request has left, until stop; nil: nobody does.
	Watch func(ctx *fasthttp.RequestCtx, gone func()) (stop func())
	// Forwarded is told of each request that was passed on; nil: nobody is.
	Forwarded func(kind, result string, took time.Duration)
}

// Forwarder passes requests on. It is safe for concurrent use.
type Forwarder struct {
	options  Options
	handlers map[string]Handler
}

// New makes a Forwarder.
func New(o Options) *Forwarder {
	if o.Forwarded == nil {
		o.Forwarded = func(string, string, time.Duration) {}
	}
	if o.Holder == nil {
		o.Holder = holderOf
	}
	if o.Known == nil {
		o.Known, o.Await = func() int64 { return 0 }, func(int64) error { return nil }
	}
	if o.Watch == nil {
		o.Watch = func(*fasthttp.RequestCtx, func()) func() { return func() {} }
	}
	return &Forwarder{options: o, handlers: map[string]Handler{}}
}

// Question is a request that one node decides.
type Question struct {
	Kind string
	Slot gateway.Slot
	By   json.RawMessage // who asks, for the Handler of the kind; nil: the request says
	Body int64           // the most bytes that its body may have
	// Tenant is for whom it takes a way to its owner, of which there are so many, and memory
	// there; "": its client.
	Tenant string
	// Most is how long its owner has; 0: as long as peers and the client wait.
	Most time.Duration
	// Here decides it in this process. Where its error is gateway.ErrMoved nothing was done.
	Here func() error
}

const (
	// gap is how long a request waits for somebody who decides it. What it was with somebody who
	// had it and lost its slot meanwhile does not count: a gap begins then.
	gap = 3 * time.Second
	// mostGaps is how many it waits for: as many as nodes are started anew one after the other.
	mostGaps = 4
)

// pause is the rest between two tries.
const pause = 30 * time.Millisecond

// errUnclear is of a request whose answer did not come.
var errUnclear = gateway.Unavailable("the node that decides this has not answered: it may have done it", time.Second)

// Do has a request decided. It is passed on where it was answered by another node; the
// answer is then ctx's.
func (f *Forwarder) Do(ctx *fasthttp.RequestCtx, q *Question) (passed bool, err error) {
	if edge.FromNode(ctx) != nil {
		return false, f.decide(q)
	}
	owner, here := f.options.Owners.Owner(q.Slot)
	if here {
		if err := q.Here(); !errors.Is(err, gateway.ErrMoved) {
			return false, err
		}
	}
	return f.pass(ctx, q, owner, here)
}

// decide decides here what another node has passed on.
func (f *Forwarder) decide(q *Question) error {
	if _, here := f.options.Owners.Owner(q.Slot); !here {
		return errMoved
	}
	return q.Here()
}

var errMoved = gateway.Moved("this is decided elsewhere now: ask again")

// pass is Do for what is not decided here at once.
func (f *Forwarder) pass(ctx *fasthttp.RequestCtx, q *Question, owner peers.Node, moved bool) (passed bool, err error) {
	var message []byte
	client, leave := context.WithCancel(peers.For(context.Background(), f.options.Holder(ctx, q.Tenant)))
	defer leave()
	if q.Most == 0 { // it may take long: whoever has left keeps no connection from others
		defer f.options.Watch(ctx, leave)()
	}
	var waits wait
	waits.begin(client)
	defer func() { waits.stop() }()
	for here := false; ; {
		switch {
		case moved:
			owner, here, err = f.options.Owners.NextOwner(waits.ctx, q.Slot)
		case owner == (peers.Node{}):
			owner, here, err = f.options.Owners.WaitOwner(waits.ctx, q.Slot)
		}
		if err != nil {
			return false, err
		}
		began := time.Now()
		if here {
			err = q.Here()
			if !errors.Is(err, gateway.ErrMoved) {
				return false, err
			}
		} else {
			if message == nil {
				if message, err = f.message(ctx, q); err != nil {
					return false, err
				}
			}
			if err = f.ask(client, ctx, q, owner, message); err == nil {
				return true, nil
			}
			if peers.Full(err) || !peers.NotTaken(err) && !(ctx.IsGet() || ctx.IsHead()) {
				return false, told(err)
			}
		}
		if time.Since(began) > pause && waits.gaps < mostGaps {
			waits.stop()
			waits.begin(client)
		}
		moved, here = true, false
		if !background.Sleep(waits.ctx, pause) {
			return false, told(err)
		}
	}
}

// wait is how long a request waits still, in a gap.
type wait struct {
	ctx  context.Context
	stop context.CancelFunc
	gaps int
}

func (w *wait) begin(client context.Context) {
	w.ctx, w.stop = context.WithTimeout(client, gap)
	w.gaps++
}

// told is what the client is told of an answer that did not come.
func told(err error) error {
	var known *gateway.Error
	switch {
	case errors.Is(err, gateway.ErrMoved):
		return errMoved
	case errors.As(err, &known) && known.Code != gateway.CodeInternal: // of what was not even begun
		return known
	case peers.NotTaken(err):
		return errMoved
	}
	e := *errUnclear
	e.Err = err
	return &e
}

// message reads the body, and gives the request as it travels.
func (f *Forwarder) message(ctx *fasthttp.RequestCtx, q *Question) ([]byte, error) {
	body, err := edge.ReadBody(ctx, q.Body)
	if err != nil {
		return nil, err
	}
	if err := edge.Charge(ctx, int64(len(body))); err != nil {
		return nil, err
	}
	return packRequest(ctx, q, f.options.Known(), body)
}

// ask asks the owner, once. What it answers is ctx's answer.
func (f *Forwarder) ask(within context.Context, ctx *fasthttp.RequestCtx, q *Question, owner peers.Node, message []byte) error {
	if q.Most > 0 {
		var stop func()
		within, stop = context.WithTimeout(within, q.Most)
		defer stop()
	}
	began := time.Now()
	answer, err := f.options.Asker.Ask(within, owner, Verb, message)
	if err == nil {
		err = unpackAnswer(answer, &ctx.Response)
	}
	result := Answered
	switch {
	case err == nil:
		ctx.Response.Header.Set(peers.HeaderNode, owner.ID)
	case peers.NotTaken(err):
		result = Moved
	default:
		result = Unclear
	}
	f.options.Forwarded(q.Kind, result, time.Since(began))
	return err
}

func holderOf(ctx *fasthttp.RequestCtx, tenant string) shares.Holder {
	if tenant != "" {
		return shares.Tenant(tenant)
	}
	return shares.Client(edge.ClientIP(ctx))
}
