package proxy

import (
	"bytes"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/edge"
)

// route is a route in service.
type route struct {
	*directory.Route
	upstreams []*upstream
	strips    int    // segments that strip_prefix takes away
	prefix    []byte // which are this, as it was written
	set       []byte // fields of ours, as lines
	drops     names  // fields that are not passed on: removed, or set anew
	forwarded forwards
	turn      atomic.Uint32 // so that of equals each is first in turn
}

// table finds routes. It never changes.
type table struct {
	byPath  map[string][]*route // those of one host before those of any
	longest int                 // bytes of the longest path
	hosts   bool                // some are of one host
}

func newTable(routes []*route) *table {
	t := &table{byPath: map[string][]*route{}}
	for _, r := range routes {
		t.byPath[r.Path] = append(t.byPath[r.Path], r)
		t.longest = max(t.longest, len(r.Path))
		t.hosts = t.hosts || r.Host != ""
	}
	for _, list := range t.byPath {
		slices.SortStableFunc(list, func(a, b *route) int { return strings.Compare(hostRank(a), hostRank(b)) })
	}
	return t
}

func hostRank(r *route) string {
	if r.Host == "" {
		return "b"
	}
	return "a"
}

// match finds the route of a request.
func (x *exchange) match() done { return x.ends(x.findRoute()) }

func (x *exchange) findRoute() error {
	header := &x.ctx.Request.Header
	x.table = x.p.table.Load()
	r, allow := x.table.find(header.Method(), header.Host(), edge.Path(x.ctx))
	if r == nil {
		if allow != "" {
			return &gateway.Error{Code: gateway.CodeMethodNotAllowed, Message: "no route takes this method here", Allow: allow}
		}
		return errNoRoute
	}
	x.enter(r)
	return nil
}

// find gives the route for a request: of all whose host, path and method fit, that
// of the longest path. Where only the method is in the way, allow lists those
// that are not.
func (t *table) find(method, host, path []byte) (found *route, allow string) {
	path = canonical(path)
	var name []byte
	var scratch [255]byte
	if t.hosts {
		name = hostName(scratch[:0], host)
	}
	for at := len(path); at > 0; {
		if at <= t.longest {
			if found = t.at(path[:at], name, method, &allow); found != nil {
				return found, ""
			}
		}
		at = shorter(path, at)
	}
	return nil, allow
}

// shorter gives the length of the next shorter prefix that ends on a segment
// boundary: with the slash, then without.
func shorter(path []byte, at int) int {
	if at > 1 && path[at-1] == '/' {
		return at - 1
	}
	return bytes.LastIndexByte(path[:at-1], '/') + 1
}

// at gives the route of a path. One of mode relay answers HEAD and OPTIONS that no other
// takes, whatever its methods.
func (t *table) at(path, host, method []byte, allow *string) (looked *route) {
	for _, r := range t.byPath[string(path)] {
		if r.Host != "" && r.Host != string(host) {
			continue
		}
		if r.Takes(method) {
			return r
		}
		if r.Relay && looked == nil && edge.OnlyLooks(string(method)) {
			looked = r
		}
		*allow = joinMethods(*allow, r.Methods())
	}
	return looked
}

func joinMethods(allow string, more []string) string {
	for _, m := range more {
		switch {
		case allow == "":
			allow = m
		case !slices.Contains(strings.Split(allow, ", "), m):
			allow += ", " + m
		}
	}
	return allow
}

// canonical gives a path as routes are compared with: without the parameters of
// its segments (;a=b), which some servers drop, and its escapes decoded. The edge
// has refused what would make another path of it: encoded slashes, dot segments.
func canonical(path []byte) []byte {
	if bytes.IndexByte(path, ';') >= 0 {
		plain := make([]byte, 0, len(path))
		for i, c := 0, byte(0); i < len(path); i++ {
			if c = path[i]; c == ';' {
				end := bytes.IndexByte(path[i:], '/')
				if end < 0 {
					break
				}
				i += end
				c = '/'
			}
			plain = append(plain, c)
		}
		path = plain
	}
	return edge.Unescape(path)
}

// stripped gives a path as it was sent without its first n segments: what
// strip_prefix leaves, nil where that is nothing.
func stripped(path []byte, n int) []byte {
	for ; n > 0; n-- {
		i := bytes.IndexByte(path[1:], '/')
		if i < 0 {
			return nil
		}
		path = path[1+i:]
	}
	return path
}

// hostName appends the name of a Host field as routes are compared with: lower
// case, without port and final dot.
func hostName(dst, host []byte) []byte {
	end := len(host)
	if i := bytes.LastIndexByte(host, ':'); i >= 0 && (host[0] != '[' || host[i-1] == ']') {
		end = i
	}
	for _, c := range host[:end] {
		dst = append(dst, lower[c])
	}
	if len(dst) > 0 && dst[0] == '[' { // there are many ways to write one IPv6 address
		if a, err := netip.ParseAddr(string(dst[1 : len(dst)-1])); err == nil {
			return append(dst[:0], a.String()...)
		}
	}
	return bytes.TrimSuffix(dst, dot)
}

var dot = []byte(".")
