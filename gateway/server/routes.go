package server

import (
	"bytes"

	"github.com/valyala/fasthttp"

	"hookgate/gateway"
	"hookgate/gateway/edge"
)

// Handlers are what the paths lead to. Slices that a handler gets are valid until
// it returns.
type Handlers struct {
	// Hook takes a callback, whatever its method. A tenant or source that no id
	// could be never gets here; key is nil where the path has none, and decoded.
	Hook func(ctx *fasthttp.RequestCtx, tenant, source, key []byte)
	// HookBody returns the most bytes that a callback for this source may have; 0
	// stands for Options.PublicBody. nil: the same for all. It is asked before the
	// body is read, and says nothing of whether the source exists.
	HookBody func(tenant, source []byte) int64
	// HookTooLarge hears of a callback that was refused because it announced more
	// than that; nil: nobody does. path has its query.
	HookTooLarge func(method, path, tenant, source []byte)

	// Unmatched hears of a request below /hooks/ that names no source, once it was answered;
	// nil: nobody does.
	Unmatched func(ctx *fasthttp.RequestCtx)

	// Route takes every other public request; nil: there is nothing at those paths.
	Route fasthttp.RequestHandler
	// RouteBody is HookBody for those, and RouteTooLarge is HookTooLarge.
	RouteBody     func(method, host, path []byte) int64
	RouteTooLarge func(method, host, path []byte)

	API     fasthttp.RequestHandler // /v1, /v2 and below
	Docs    fasthttp.RequestHandler // /docs and below; nil: there is nothing
	Peers   fasthttp.RequestHandler // /cluster/ and below, of other nodes; nil: there is no cluster
	Console fasthttp.RequestHandler // /console, /portal and below, on the internal listener or its own
	Metrics fasthttp.RequestHandler // /metrics
	// Ready says why this process should get no requests, or nil, but for the part that is
	// to be ignored.
	Ready func(ignore string) error
	// Node says which node of a cluster this is, for each internal answer; nil: there is none.
	Node func() string
	Held func() string // why a process that is ready sends nothing (SPEC O11), or ""; nil: it does
}

var (
	errNoPath     = gateway.Errorf(gateway.CodeNotFound, "there is nothing at this path")
	errOnlyReads  = &gateway.Error{Code: gateway.CodeMethodNotAllowed, Message: "this path is read only", Allow: "GET, HEAD"}
	hooksPrefix   = []byte("/hooks/")
	peersPrefix   = []byte("/cluster/")
	slash         = []byte("/")
	healthyAnswer = []byte(`{"status":"ok"}`)
)

// public is every public path: /hooks/{tenant}/{source}[/{key}], and behind those
// the routes (SPEC 14 "Routes").
func (h *Handlers) public(ctx *fasthttp.RequestCtx) {
	path := edge.Path(ctx)
	if h.Route != nil && !bytes.HasPrefix(path, hooksPrefix) {
		h.Route(ctx)
		return
	}
	tenant, source, key, found := SplitHook(path)
	if !found {
		edge.WriteProblem(ctx, errNoPath)
		if h.Unmatched != nil {
			h.Unmatched(ctx)
		}
		return
	}
	h.Hook(ctx, tenant, source, edge.Unescape(key))
}

// internal is every internal path.
func (h *Handlers) internal(ctx *fasthttp.RequestCtx) {
	if h.Node != nil {
		ctx.Response.Header.Set(edge.HeaderNode, h.Node())
	}
	switch path := edge.Path(ctx); string(path) {
	case "/healthz":
		readOnly(ctx, healthy)
	case "/readyz":
		readOnly(ctx, h.ready)
	case "/metrics":
		readOnly(ctx, h.Metrics)
	default:
		if below(path, "/v1") || below(path, "/v2") {
			h.API(ctx)
			return
		}
		if h.Peers != nil && bytes.HasPrefix(path, peersPrefix) {
			h.Peers(ctx)
			return
		}
		if h.Docs != nil && below(path, "/docs") {
			h.Docs(ctx)
			return
		}
		if h.Console != nil && ofConsole(path) {
			h.Console(ctx)
			return
		}
		edge.WriteProblem(ctx, errNoPath)
	}
}

// peersAlone is every path of the listener for other nodes.
func (h *Handlers) peersAlone(ctx *fasthttp.RequestCtx) {
	if !bytes.HasPrefix(edge.Path(ctx), peersPrefix) {
		edge.WriteProblem(ctx, errNoPath)
		return
	}
	h.Peers(ctx)
}

// consoleAlone is every path of the console's own listener.
func (h *Handlers) consoleAlone(ctx *fasthttp.RequestCtx) {
	if !ofConsole(edge.Path(ctx)) {
		edge.WriteProblem(ctx, errNoPath)
		return
	}
	h.Console(ctx)
}

func ofConsole(path []byte) bool { return below(path, "/console") || below(path, "/portal") }

// below reports whether a path is prefix itself, or goes on behind it.
func below(path []byte, prefix string) bool {
	rest, found := bytes.CutPrefix(path, []byte(prefix))
	return found && (len(rest) == 0 || rest[0] == '/')
}

// bodyLimit is what a public request may carry; otherwise is for one that nobody
// knows.
func (h *Handlers) bodyLimit(method, host, path []byte, otherwise int64) int64 {
	var limit int64
	if !bytes.HasPrefix(path, hooksPrefix) {
		if h.RouteBody != nil {
			limit = h.RouteBody(method, host, path)
		}
	} else if tenant, source, _, found := SplitHook(path); found && h.HookBody != nil {
		limit = h.HookBody(tenant, source)
	}
	if limit > 0 {
		return limit
	}
	return otherwise
}

// tooLarge answers a callback that announced too much as any refused callback is.
func (h *Handlers) tooLarge(method, host, path []byte) *gateway.Error {
	if h.RouteTooLarge != nil && !bytes.HasPrefix(path, hooksPrefix) {
		h.RouteTooLarge(method, host, path)
		return nil
	}
	tenant, source, _, found := SplitHook(path)
	if !found {
		return nil
	}
	if h.HookTooLarge != nil {
		h.HookTooLarge(method, path, tenant, source)
	}
	return errHookTooLarge
}

var errHookTooLarge = &gateway.Error{
	Code: gateway.CodeTooLarge, Message: "the body is larger than the source takes",
	Extra: []gateway.ExtraMember{{Name: "outcome", Value: string(gateway.OutcomeTooLarge)}},
}

func readOnly(ctx *fasthttp.RequestCtx, handler fasthttp.RequestHandler) {
	if !ctx.IsGet() && !ctx.IsHead() {
		edge.WriteProblem(ctx, errOnlyReads)
		return
	}
	handler(ctx)
}

func healthy(ctx *fasthttp.RequestCtx) {
	ctx.SetContentType("application/json")
	ctx.SetBody(healthyAnswer)
}

func (h *Handlers) ready(ctx *fasthttp.RequestCtx) {
	if err := h.Ready(string(ctx.QueryArgs().Peek("ignore"))); err != nil {
		edge.WriteProblem(ctx, err)
		return
	}
	if h.Held != nil {
		if why := h.Held(); why != "" {
			ctx.SetContentType("application/json")
			ctx.SetBodyString(`{"status":"ok","held":"` + why + `"}`) // a word of ours
			return
		}
	}
	healthy(ctx)
}

// SplitHook cuts a callback's path. Nothing is decoded: an id has no escapes, so a
// segment that has one names no tenant.
func SplitHook(path []byte) (tenant, source, key []byte, found bool) {
	rest, found := bytes.CutPrefix(path, hooksPrefix)
	if !found {
		return nil, nil, nil, false
	}
	tenant, rest, found = bytes.Cut(rest, slash)
	if !found || !isID(tenant) {
		return nil, nil, nil, false
	}
	source, key, _ = bytes.Cut(bytes.TrimSuffix(rest, slash), slash) // a final slash is forgiven (SPEC 15)
	if !isID(source) || bytes.Contains(key, slash) {
		return nil, nil, nil, false
	}
	if len(key) == 0 {
		key = nil
	}
	return tenant, source, key, true
}

// isID reports whether b may be an id that a person picked. The length is looked
// at first, so that the string of a short one stays on the stack.
func isID(b []byte) bool { return len(b) <= 63 && gateway.IsName(string(b)) }
