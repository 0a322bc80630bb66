package inbound

import (
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"github.com/valyala/fasthttp"

	"hookgate/auth/signature"
	"hookgate/gateway/directory"
	"hookgate/gateway/limits"
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
}

// Observer is told what happens, for metrics. Its funcs must be there, and return at
// once.
type Observer struct {
	Took       func(seconds float64) // a callback, up to its answer
	AuthFailed func()                // a verification failed
}

// Inbound answers callbacks.
type Inbound struct {
	options  Options
	rates    limits.Table
	told     limits.Table // of callbacks that are too complex, and of answers that do not render
	failures limits.Failures
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
	r := in.requests.Get().(*request)
	r.begin(ctx, tenant, source, key)
	defer func() {
		r.end()
		in.requests.Put(r)
	}()
	for _, step := range way {
		if step(r) {
			break
		}
	}
	in.reply(r)
}

// Forget drops what is kept of a tenant that is no more.
func (in *Inbound) Forget(tenant string) {
	in.rates.Forget(tenant)
	in.told.Forget(tenant)
}

// way is the steps of a callback, in order.
var way = []func(*request) done{
	(*request).accept, (*request).authenticate, (*request).limit, (*request).parse, (*request).extract, (*request).take,
}
