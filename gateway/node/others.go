package node

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/valyala/fasthttp"

	"hookgate/gateway"
	"hookgate/gateway/api"
	"hookgate/gateway/cluster"
	"hookgate/gateway/cluster/forward"
	"hookgate/gateway/cluster/peers"
	"hookgate/gateway/cluster/watching"
	"hookgate/gateway/edge"
	"hookgate/gateway/server"
	"hookgate/gateway/shares"
	"hookgate/metrics"
)

// among says which node owns what: cluster.Cluster.
type among interface {
	Self() cluster.Node
	Owner(slot gateway.Slot) (owner cluster.Node, here bool)
	WaitOwner(ctx context.Context, slot gateway.Slot) (owner cluster.Node, here bool, err error)
	NextOwner(ctx context.Context, slot gateway.Slot) (owner cluster.Node, here bool, err error)
	Nodes() []cluster.Status
}

// others are the other nodes of a cluster: they are asked what they decide, and told what they
// have to know. It is nil in a node that is alone.
type others struct {
	*parts
	among   among
	peers   *peers.Peers
	passer  *forward.Forwarder
	watcher *edge.Watcher // of clients whose requests are passed on
	watches *watching.Watches
	wakes   *wakes
	*gatherer
	newestAll newestAll
	*looking
	upstreams *upstreamsAll
	answer    func(ctx *fasthttp.RequestCtx, by []byte) // of the API, to another node
	stop      context.CancelFunc
	tending   sync.WaitGroup
}

// meet makes the others: what nodes ask each other is proven by secrets, the first of which
// signs.
func meet(p *parts, among among, secrets []string, secured *tls.Config) *others {
	o := &others{parts: p, among: among, watcher: edge.NewWatcher()}
	o.peers = peers.New(peers.Options{Self: func() string { return among.Self().ID }, Secrets: secrets, TLS: secured, Log: p.Log})
	for _, verbs := range apart {
		o.peers.Apart(verbs...)
	}
	forwarded := metrics.Forwarded(p.metrics, []string{forward.Callback, forward.API}, []string{forward.Answered, forward.Moved, forward.Unclear})
	o.passer = forward.New(forward.Options{
		Owners: owners{among}, Asker: o.peers, Known: o.follows.known, Await: o.follows.await,
		Holder:    o.holder,
		Watch:     func(ctx *fasthttp.RequestCtx, gone func()) func() { return o.watcher.Watch(ctx, gone).Stop },
		Forwarded: func(kind, result string, took time.Duration) { forwarded(kind, result, took.Seconds()) },
	})
	o.watches = watching.New(watching.Options{
		Owners: owners{among}, Asker: o.peers, Self: func() peers.Node { return peers.Node(among.Self()) }, Sessions: p.sessions, Log: p.Log,
	})
	o.wakes = newWakes(owners{among}, o.peers, p.lanes, p.Log)
	o.gatherer = newGatherer(among, o.peers)
	o.newestAll, o.upstreams = newestAll{p.newest, o}, &upstreamsAll{Proxy: p.proxy, nodes: o.gatherer}
	o.passer.Handle(forward.Callback, o.passedHook)
	o.passer.Handle(forward.API, func(ctx *fasthttp.RequestCtx, by json.RawMessage) { o.answer(ctx, by) })
	for verb, handler := range map[string]peers.Handler{
		forward.Verb: o.passer.Serve, watching.VerbWatch: o.watches.ServeWatch, watching.VerbEnded: o.watches.ServeEnded,
		verbWake: o.wakes.serve, verbLane: o.serveLane, verbChanged: o.serveChanged, verbRelay: o.serveRelay, verbLearn: o.serveLearn, verbEnd: o.serveEnd,
		verbConfigured: o.follows.serve, verbTold: o.serveTold,
		verbNewest: o.newestAll.serve, verbUpstreams: o.upstreams.serve,
	} {
		o.peers.Handle(verb, handler)
	}
	o.looking = newLooking(p.stream, o.gatherer, o.CatchUp)
	o.peers.Handle(verbStream, o.looking.serve)
	o.peers.Handle(verbEnds, o.serveEnds)
	o.peers.Handle(verbLink, loginsAll{p.resources.Logins, o}.serve)
	o.peers.Handle(verbAgain, lanesOfJobs{Lanes: p.lanes}.serve)
	o.peers.Handle(verbMinute, counting{p}.serveMinute)
	o.peers.Handle(verbCounted, counting{p}.serveCounted)
	var ctx context.Context
	ctx, o.stop = context.WithCancel(context.Background())
	o.tending.Go(func() { o.tend(ctx) })
	return o
}

// holder says who has what a request uses that is passed on, at both nodes.
func (o *others) holder(ctx *fasthttp.RequestCtx, tenant string) shares.Holder {
	if tenant != "" {
		return current{o.directory}.holder(tenant)
	}
	return shares.Client(edge.Client(ctx, o.proxy.Trusts))
}

// owners is among as those see it who ask others.
type owners struct{ among among }

func (w owners) Owner(slot gateway.Slot) (peers.Node, bool) {
	owner, here := w.among.Owner(slot)
	return peers.Node(owner), here
}

func (w owners) WaitOwner(ctx context.Context, slot gateway.Slot) (peers.Node, bool, error) {
	owner, here, err := w.among.WaitOwner(ctx, slot)
	return peers.Node(owner), here, err
}

func (w owners) NextOwner(ctx context.Context, slot gateway.Slot) (peers.Node, bool, error) {
	owner, here, err := w.among.NextOwner(ctx, slot)
	return peers.Node(owner), here, err
}

// callbackTime is how long the owner has for a callback: as a sender has patience.
const callbackTime = 10 * time.Second

// hook takes a callback wherever it is decided. What names no tenant is nobody's.
func (o *others) hook(ctx *fasthttp.RequestCtx, tenant, source, key []byte) {
	if o.directory.Current().TenantBytes(tenant) == nil {
		o.inbound.Handle(ctx, tenant, source, key)
		return
	}
	_, err := o.passer.Do(ctx, &forward.Question{
		Kind: forward.Callback, Slot: gateway.SlotOf(string(tenant)), Body: o.inbound.BodyLimit(tenant, source), Most: callbackTime,
		Here: func() error { return o.inbound.Decide(ctx, tenant, source, key) },
	})
	if err == nil {
		return
	}
	if r := edge.FromNode(ctx); r != nil && errors.Is(err, gateway.ErrMoved) {
		r.SetMoved()
		return
	}
	o.inbound.Refuse(ctx, tenant, source, key, err)
}

// passedHook takes one that another node passes on.
func (o *others) passedHook(ctx *fasthttp.RequestCtx, _ json.RawMessage) {
	tenant, source, key, is := server.SplitHook(edge.Path(ctx))
	if !is {
		edge.FromNode(ctx).SetMoved() // a later version knows paths that this one does not
		return
	}
	o.hook(ctx, tenant, source, edge.Unescape(key))
}

// caller lets another node send what any client may; see current.caller.
func (o *others) caller(authorization []byte, client shares.Holder) (who shares.Holder, known bool) {
	if who, known = (current{o.directory}).caller(authorization, client); !known {
		if group, is := o.peers.Comes(authorization); is {
			return nodes[min(group, len(nodes)-1)], true
		}
	}
	return who, known
}

// apart are the verbs that have connections of their own, each kind: they may take long, or are asked
// as often as clients like, and what nodes tell each other by themselves waits for none of them.
var apart = [][]string{{forward.Verb}, {verbRelay}, {verbLearn}, {verbLane}, {verbNewest, verbUpstreams, verbCounted}, {verbChanged, verbLink}, {verbStream}}

// nodes are who has the bodies of other nodes, until it is known for whom they come: as they have
// connections of their own (peers.Apart), those of the cluster are the last. No tenant is called so.
var nodes = []shares.Holder{
	shares.Tenant("_nodes"), shares.Tenant("_passed"), shares.Tenant("_relayed"), shares.Tenant("_learned"), shares.Tenant("_lanes"),
	shares.Tenant("_gathered"), shares.Tenant("_changed"), shares.Tenant("_stream"), shares.Tenant("_cluster"),
}

// maxPassed is the most that a request of the API carries.
const maxPassed = 16 << 20

// Decide is api.Elsewhere's.
func (o *others) Decide(ctx *fasthttp.RequestCtx, slot gateway.Slot, tenant string, by []byte, here func() error) (passed bool, err error) {
	return o.passer.Do(ctx, &forward.Question{Kind: forward.API, Slot: slot, Tenant: tenant, By: by, Body: maxPassed, Here: here})
}

// Configures is api.Elsewhere's. No tenant is called so.
func (o *others) Configures() gateway.Slot { return gateway.SlotOf("_configuration") }

// Counts is api.Elsewhere's.
func (o *others) Counts() gateway.Slot { return figuresSlot }

// configures says whether this node writes the configuration.
func (o *others) configures() bool {
	_, here := o.among.Owner(o.Configures())
	return here
}

// CatchUp is api.Elsewhere's.
func (o *others) CatchUp() error { return o.follows.catchUp() }

// tell asks the owner of a slot something small, and waits for one where there is none. Here
// is called where that is this node.
func (o *others) tell(slot gateway.Slot, verb string, body []byte, here func() ([]byte, error)) (answer []byte, err error) {
	return o.tellFor(context.Background(), "", slot, verb, body, here)
}

// tellFor is tell for a tenant, whose share of the ways to another node it takes, and for who has
// not that long.
func (o *others) tellFor(ctx context.Context, tenant string, slot gateway.Slot, verb string, body []byte, here func() ([]byte, error)) (answer []byte, err error) {
	ctx, stop := context.WithTimeout(o.of(ctx, tenant), tellTime)
	defer stop()
	owner, is, err := o.among.WaitOwner(ctx, slot)
	for err == nil {
		if is {
			answer, err = here()
		} else {
			answer, err = o.peers.Ask(ctx, peers.Node(owner), verb, body)
		}
		if err == nil || !errors.Is(err, gateway.ErrMoved) && !peers.NotTaken(err) || ctx.Err() != nil {
			return answer, err
		}
		owner, is, err = o.among.NextOwner(ctx, slot)
	}
	return nil, err
}

// of gives the context of what is asked for a tenant; "": for nobody.
func (o *others) of(ctx context.Context, tenant string) context.Context {
	if tenant == "" {
		return ctx
	}
	return peers.For(ctx, current{o.directory}.holder(tenant))
}

// tellTime is how long something small may take.
const tellTime = 10 * time.Second

// everybody tells each other node that lives something small, and waits for nobody. Who does
// not hear it finds out by itself.
func (o *others) everybody(verb string) {
	self := o.among.Self().ID
	for _, n := range o.among.Nodes() {
		if n.ID == self || n.State == cluster.StateGone {
			continue
		}
		go func() {
			ctx, stop := context.WithTimeout(context.Background(), farTime)
			defer stop()
			if _, err := o.peers.Ask(ctx, peers.Node{ID: n.ID, Address: n.Address}, verb, nil); err != nil {
				o.Log.Debug("another node was not told", "method", verb, "node", n.ID, "error", err)
			}
		}()
	}
}

// leave gives away what was counted here until now: while it is known who keeps it.
func (o *others) leave() error {
	if o != nil {
		o.stats.Leave()
	}
	return nil
}

// drain sends away who is held here for what others decide.
func (o *others) drain() {
	if o != nil {
		o.watches.Drain()
	}
}

const (
	// compareEvery is how soon a delivery is found of which nobody told its lane.
	compareEvery = 30 * time.Second
	// lookEvery is how soon it is where the lane keeps an order, and how soon the connections to
	// a node that is gone are closed: who waits for its answer waits no longer.
	lookEvery = time.Second
)

// tend looks after what gets lost between nodes, until ctx ends.
func (o *others) tend(ctx context.Context) {
	compared, gone := time.Now(), 0
	every(ctx, lookEvery, func() {
		living, dead := map[string]bool{}, 0
		for _, n := range o.among.Nodes() {
			if n.State == cluster.StateGone {
				dead++
			} else {
				living[n.Address] = true
			}
		}
		o.peers.Forget(func(address string) bool { return living[address] })
		o.lanes.Look()
		if dead == gone && time.Since(compared) < compareEvery {
			return
		}
		compared, gone = time.Now(), dead
		if err := o.lanes.Compare(); err != nil {
			o.Log.Debug("deliveries that nobody told of were not looked for", "error", err)
		}
	})
}

func (o *others) close() {
	o.stop()
	o.tending.Wait()
	o.wakes.close()
	o.looking.close()
	o.watches.Drain()
	o.peers.Close()
}

// reach has the API reach what other nodes have.
func (o *others) reach(to *api.Options) {
	to.Elsewhere, to.Ends = o, o.watches
	to.Lanes, to.Proofs = lanesAll{o.lanes, o}, proofs{o.lanes, o}
	past := pastAll{o.sessions, o.store.waits, o}
	to.Waits, to.Timelines = past, past
	to.Requests, to.Upstreams = o.newestAll, o.upstreams
}

// reaching is a Node as it reaches others, and they it.
type reaching struct{ *Node }

// hook takes callbacks.
func (n reaching) hook() func(ctx *fasthttp.RequestCtx, tenant, source, key []byte) {
	if n.others == nil {
		return n.inbound.Handle
	}
	return n.others.hook
}

// name says which node this is; nil: there is no other.
func (n reaching) name() func() string {
	if n.others == nil {
		return nil
	}
	return func() string { return n.others.among.Self().ID }
}

// served answers other nodes; nil where there are none.
func (n reaching) served(management *api.API) fasthttp.RequestHandler {
	if n.others == nil {
		return nil
	}
	n.others.answer = management.ByNode
	return n.others.peers.Serve
}

// caller says whose the body of an internal request is.
func (n reaching) caller() func(authorization []byte, client shares.Holder) (shares.Holder, bool) {
	if n.others == nil {
		return current{n.directory}.caller
	}
	return n.others.caller
}

// openOthers meets the others, where there are any.
func (n reaching) openOthers() error {
	if n.store.members == nil {
		return nil
	}
	secured, err := n.securedPeers()
	if err != nil {
		return err
	}
	if n.among != nil {
		n.others = meet(&n.parts, n.among, joining(n).clusterSecrets(), secured)
	} else {
		c := joining(n).newCluster()
		n.others = meet(&n.parts, c, joining(n).clusterSecrets(), secured)
		own := c.Handlers()
		for verb, handler := range own {
			n.others.peers.Handle(verb, handler)
		}
		n.others.peers.Apart(slices.Collect(maps.Keys(own))...) // who is asked too late gives its slots away
	}
	n.stats.Start() // who keeps figures is known from here on
	n.onStop(func() error { n.stats.Close(); return nil })
	n.onStop(func() error { n.others.close(); return nil })
	return nil
}

// securedPeers says how other nodes are reached that listen with internal.tls, as this one
// does; nil: over plain HTTP.
func (n reaching) securedPeers() (*tls.Config, error) {
	files := n.config.Internal.TLS
	if files.Cert == "" {
		return nil, nil
	}
	certificate, err := server.LoadCertificate(server.Internal, server.CertificateFiles(files), n.Log)
	if err != nil {
		return nil, err
	}
	return certificate.Asking(), nil
}

// follow begins to follow what others configure.
func (n reaching) follow() error {
	n.onStop(func() error { n.follows.close(); return nil })
	return n.follows.start()
}
