package inbound

import (
	"errors"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"github.com/valyala/fasthttp"

	"hookgate/auth/signature"
	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/limits"
	"hookgate/gateway/requests"
	"hookgate/gateway/shares"
	"hookgate/gateway/tracing"
	"hookgate/gateway/waiting"
)

// Taker gives a callback to its wait, parks it, or says why neither can be.
type Taker interface {
	Take(*waiting.Callback) (waiting.Taken, error)
	// TakeAll does so with the callbacks of one request: see waiting.Sessions.
	TakeAll(all []waiting.One, admit func() (again time.Duration))
}

// Options are what Inbound needs.
type Options struct {
	Directory *directory.Directory
	Taker     Taker
	// PublicURL is the base of URLs that senders call and some sign, without a
	// trailing slash; "" takes scheme and host from the request.
	PublicURL string
	Log       *slog.Logger
	Observer  Observer
	// Trusts says whose X-Forwarded-For is believed, when a client fails to verify; nil:
	// nobody's.
	Trusts func(netip.Addr) bool
	// Now is the clock of what is stored, which must not leap; nil: time.Now.
	Now func() time.Time
	// MaxBody bounds the body of a request to a source that is not there.
	MaxBody int
	// Room refuses a tenant that has as much on the disk as it may have; nil: nobody does.
	Room func(tenant string) error
	// Kept keeps the newest requests for those who ask why one did not arrive; nil: nobody
	// does.
	Kept Kept
	// Fetches is the budget of key sets that are fetched at once, in number, by tenants
	// (SPEC 16); nil: no bound.
	Fetches *shares.Budget
	// Tracer tells of each callback; nil: it does not.
	Tracer *tracing.Tracer
}

// Kept is told of each request once its answer was decided. It keeps copies.
type Kept interface {
	Keep(*requests.Record)
	// KeepUnmatched is told of one that found no source in service.
	KeepUnmatched(*requests.Record)
}

// Observer is told what happens, for metrics. Its funcs must be there, and return at
// once.
type Observer struct {
	// Took: a callback, up to its answer, and the trace that has it; "": none has.
	Took       func(seconds float64, trace string)
	AuthFailed func() // a verification failed
	// Happened: a request to a source was answered; nil: nobody is told.
	Happened func(gateway.Happening)
}

// Inbound answers callbacks.
type Inbound struct {
	options  Options
	rates    limits.Table
	told     limits.Table // of callbacks that are too complex, and of answers that do not render
	failures limits.Failures
	askers   limits.Failures // of tokens that have requests explained
	requests sync.Pool
	decoy    *signature.Verifier
}

// New makes Inbound.
func New(o Options) *Inbound {
	decoy, faults := signature.Compile(signature.Config{Type: "standard", Secrets: []string{signature.NewSecret()}})
	if len(faults) > 0 {
		panic(faults[0].String()) // a made-up secret is never at fault
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Observer.Happened == nil {
		o.Observer.Happened = func(gateway.Happening) {}
	}
	if o.Room == nil {
		o.Room = func(string) error { return nil }
	}
	if o.Trusts == nil {
		o.Trusts = func(netip.Addr) bool { return false }
	}
	in := &Inbound{options: o, decoy: decoy}
	in.requests.New = func() any { return newRequest(in) }
	return in
}

// Handle answers one request to /hooks/{tenant}/{source}[/{key}]; key is nil
// where the path has none. The bytes are valid until it returns.
func (in *Inbound) Handle(ctx *fasthttp.RequestCtx, tenant, source, key []byte) {
	in.carry(ctx, tenant, source, key, func(r *request) bool { r.walk(); return true })
}

// Decide is Handle where another process may decide: with gateway.ErrMoved it has answered
// nothing, and nothing was taken.
func (in *Inbound) Decide(ctx *fasthttp.RequestCtx, tenant, source, key []byte) (err error) {
	in.carry(ctx, tenant, source, key, func(r *request) bool {
		if r.walk(); errors.Is(r.err, gateway.ErrMoved) {
			err = r.err
		}
		return err == nil
	})
	return err
}

// Refuse answers a request that nobody has decided, and says why.
func (in *Inbound) Refuse(ctx *fasthttp.RequestCtx, tenant, source, key []byte, why error) {
	in.carry(ctx, tenant, source, key, func(r *request) bool {
		if !r.accept() {
			r.fail(why)
		}
		return true
	})
}

// carry has a request decided, and answers it if it was.
func (in *Inbound) carry(ctx *fasthttp.RequestCtx, tenant, source, key []byte, decide func(*request) (decided bool)) {
	r := in.requests.Get().(*request)
	r.begin(ctx, tenant, source, key)
	in.trace(r)
	defer func() {
		r.end()
		in.requests.Put(r)
	}()
	if !decide(r) {
		return
	}
	in.reply(r)
	telling{r}.endSpan()
	in.keep(r)
}

// walk goes the way of a callback.
func (r *request) walk() {
	for i, step := range way {
		ends := step(r)
		r.span.did(i)
		if ends {
			r.ended = i
			return
		}
	}
}

// Forget drops what is kept of a tenant that is no more.
func (in *Inbound) Forget(tenant string) {
	in.rates.Forget(tenant)
	in.told.Forget(tenant)
}

// The places of steps in way.
const (
	atAccept = iota
	atAuthenticate
	atLimit
	atParse
	atExtract
)

// way is the steps of a callback, in order.
var way = []func(*request) done{
	(*request).accept, (*request).authenticate, (*request).limit, (*request).parse, (*request).extract, (*request).take,
}
