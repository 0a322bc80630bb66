package node

import (
	"cmp"
	"context"
	"encoding/json"
	"strings"
	"sync"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/proxy"
	"hookgate/gateway/requests"
)

// What nodes keep in memory, each of its own: the newest requests, and how upstreams stand.
const (
	verbNewest    = "newest"
	verbUpstreams = "upstreams"
)

// newestAll are the newest requests of all nodes: each keeps those that it has answered, and
// those of a tenant stay where they are when another node becomes its owner.
type newestAll struct {
	*requests.Keeper
	others *others
}

// asksNewest is what is asked of another node: one of these.
type asksNewest struct {
	List      *requests.Query `json:"list,omitempty"`
	One       *oneRequest     `json:"one,omitempty"`
	Unmatched *strangers      `json:"unmatched,omitempty"`
}

type oneRequest struct {
	Of     requests.Of `json:"of"`
	Tenant string      `json:"tenant"`
	ID     string      `json:"id"`
}

type strangers struct {
	Before string `json:"before"`
	Most   int    `json:"most"`
}

// List is api.Requests'.
func (a newestAll) List(q requests.Query) []requests.Kept {
	return a.gather(q.Tenant, a.Keeper.List(q), asksNewest{List: &q}, q.Most)
}

// Get is api.Requests'.
func (a newestAll) Get(of requests.Of, tenant, id string) (requests.Kept, bool) {
	if one, found := a.Keeper.Get(of, tenant, id); found {
		return one, true
	}
	if all := a.gather(tenant, nil, asksNewest{One: &oneRequest{of, tenant, id}}, 1); len(all) > 0 {
		return all[0], true
	}
	return requests.Kept{}, false
}

// Unmatched is api.Requests'.
func (a newestAll) Unmatched(before string, most int) []requests.Kept {
	return a.gather("", a.Keeper.Unmatched(before, most), asksNewest{Unmatched: &strangers{before, most}}, most)
}

// gather adds for a tenant what the others have, and gives the newest of all. An id begins with its moment.
func (a newestAll) gather(tenant string, all []requests.Kept, q asksNewest, most int) []requests.Kept {
	for _, s := range a.others.each(a.others.of(context.Background(), tenant), verbNewest, messageOf(q)) {
		if theirs, err := requests.Unpack(s.answer); err == nil {
			all = append(all, theirs...)
		} else {
			a.others.note(s.node)
		}
	}
	gateway.Sort(all, func(x, y requests.Kept) int { return strings.Compare(y.ID, x.ID) })
	return all[:min(len(all), most)]
}

// serve answers another node with what is kept here.
func (a newestAll) serve(_ context.Context, message []byte) ([]byte, error) {
	var q asksNewest
	if err := json.Unmarshal(message, &q); err != nil {
		return nil, err
	}
	switch {
	case q.List != nil:
		return requests.Pack(a.Keeper.List(*q.List)), nil
	case q.Unmatched != nil:
		return requests.Pack(a.Keeper.Unmatched(q.Unmatched.Before, q.Unmatched.Most)), nil
	case q.One != nil:
		if one, found := a.Keeper.Get(q.One.Of, q.One.Tenant, q.One.ID); found {
			return requests.Pack([]requests.Kept{one}), nil
		}
	}
	return requests.Pack(nil), nil
}

// upstreamsAll say how the upstreams of routes stand at all nodes: each has its own checks,
// breakers and connections.
type upstreamsAll struct {
	*proxy.Proxy
	nodes *gatherer

	mu    sync.Mutex
	at    time.Time
	stand map[string][]proxy.Upstream // by route, of the others
}

// upstreamsFor is for how long an answer stands: the routes of one page are asked for one by
// one.
const upstreamsFor = 100 * time.Millisecond

// Upstreams is api.Upstreams'.
func (a *upstreamsAll) Upstreams(route string) []proxy.Upstream {
	return proxy.Together(append(a.Proxy.Upstreams(route), a.theirs()[route]...))
}

// theirs gives how those of the others stand, or stood a moment ago.
func (a *upstreamsAll) theirs() map[string][]proxy.Upstream {
	a.mu.Lock()
	defer a.mu.Unlock()
	if now := time.Now(); a.stand == nil || now.Sub(a.at) >= upstreamsFor {
		a.stand = map[string][]proxy.Upstream{}
		for _, s := range a.nodes.each(context.Background(), verbUpstreams, nil) {
			var theirs map[string][]proxy.Upstream
			if json.Unmarshal(s.answer, &theirs) != nil {
				a.nodes.note(s.node)
			}
			for route, list := range theirs {
				a.stand[route] = append(a.stand[route], list...)
			}
		}
		a.at = time.Now()
	}
	return a.stand
}

// serve answers another node with how they stand here.
func (a *upstreamsAll) serve(context.Context, []byte) ([]byte, error) {
	all := a.Proxy.AllUpstreams()
	for _, list := range all {
		gateway.Sort(list, func(x, y proxy.Upstream) int { return cmp.Compare(x.URL, y.URL) })
	}
	return json.Marshal(all)
}
