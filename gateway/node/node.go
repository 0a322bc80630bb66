package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"hookgate/auth/seal"
	"hookgate/auth/signature"
	"hookgate/configs"
	"hookgate/gateway"
	"hookgate/gateway/api"
	"hookgate/gateway/calling"
	"hookgate/gateway/clock"
	"hookgate/gateway/directory"
	"hookgate/gateway/edge"
	"hookgate/gateway/inbound"
	"hookgate/gateway/mapping"
	"hookgate/gateway/outbound"
	"hookgate/gateway/proxy"
	"hookgate/gateway/resources"
	"hookgate/gateway/server"
	"hookgate/gateway/shares"
	"hookgate/gateway/store/pebblestore"
	"hookgate/gateway/transport"
	"hookgate/gateway/waiting"
	"hookgate/metrics"
)

// Options are what a Node needs beside its configuration.
type Options struct {
	// Load reads the configuration: at start, and at each reload.
	Load func() (*configs.Config, error)
	Log  *slog.Logger
	// Stderr is shown the admin token of a first start: the only place it goes.
	Stderr  io.Writer
	Version string
	// AcceptDataLoss starts with what can be read of a damaged data folder.
	AcceptDataLoss bool
}

// Node is one running hookgate.
type Node struct {
	Options
	config       *configs.Config // as at start; a reload changes what can be changed
	clock        *clock.Clock    // by which all is due and expires
	metrics      *metrics.Set
	peaks        *mapping.Peaks
	directory    *directory.Directory
	sealer       *seal.Sealer
	store        *pebblestore.Store
	resources    *resources.Resources
	transport    *transport.Transport
	certificates *signature.Certificates
	lanes        *outbound.Lanes
	publisher    *outbound.Publisher
	sessions     *waiting.Sessions
	calls        *calling.Calls
	inbound      *inbound.Inbound
	proxy        *proxy.Proxy
	server       *server.Server

	reloading   sync.Mutex
	draining    atomic.Bool
	asksClients atomic.Bool    // for their certificates: a source or a route has verify type mtls
	stops       []func() error // run backwards
}

// New opens the store, builds every part and binds the listeners; Run starts to
// serve. What was opened is closed again when one of them fails.
func New(o Options) (*Node, error) {
	n := &Node{Options: o, clock: clock.New(nil), directory: directory.New()}
	if err := n.build(); err != nil {
		return nil, errors.Join(err, n.stop())
	}
	return n, nil
}

func (n *Node) build() (err error) {
	if n.config, err = n.Load(); err != nil {
		return err
	}
	for _, part := range []func() error{
		n.openStore, n.openLanes, n.openProxy, n.openResources, n.openSessions, n.openCalls, n.openPublisher, n.loadFile,
		n.recover, n.listen, n.firstToken,
	} {
		if err := part(); err != nil {
			return err
		}
	}
	return nil
}

// stop takes apart what was built, the last first.
func (n *Node) stop() (err error) {
	for i := len(n.stops) - 1; i >= 0; i-- {
		err = errors.Join(err, n.stops[i]())
	}
	n.stops = nil
	return err
}

func (n *Node) onStop(stop func() error) { n.stops = append(n.stops, stop) }

func (n *Node) openStore() (err error) {
	n.metrics = metrics.New(n.Version)
	n.metrics.Clock(n.clock.Off)
	n.peaks = n.mappingPeaks()
	commits := n.metrics.StoreCommit()
	n.store, err = pebblestore.Open(pebblestore.Options{
		Dir: n.config.Store.Dir, Logger: n.Log, Unlock: n.unlock, AcceptDataLoss: n.AcceptDataLoss,
		Now: n.clock.Now, Newest: n.clock.NotBefore,
		Retention: n.retention,
		OnCommit:  func(took time.Duration) { commits.Observe(took.Seconds()) },
		OnFail: func(reason error) {
			n.Log.Error("the store has failed: nothing is taken until a restart", "error", reason)
		},
	})
	if err != nil {
		return err
	}
	n.onStop(n.store.Close)
	n.metrics.StoreBytes(func() int64 { return int64(n.store.Stats().Bytes) })
	n.onStop(func() error { n.metrics.StoreBytes(nil); return nil })
	return nil
}

// retention is how long a tenant's past is kept.
func (n *Node) retention(tenant string) gateway.Retention {
	if t := n.directory.Current().Tenant(tenant); t != nil {
		return t.Spec.Retention
	}
	return gateway.Retention{}
}

// unlock finds the master key, before the store changes anything in the folder.
func (n *Node) unlock(held bool) error {
	key, err := seal.Folder(n.config.Store.Dir, n.config.MasterKey.Reveal(), held)
	if err != nil {
		return err
	}
	if key.Loose {
		n.Log.Warn("others on this machine may read the master key: set the mode of master.key to 0600")
	}
	n.sealer = seal.New(key.Key)
	return nil
}

func (n *Node) openResources() (err error) {
	n.resources, err = resources.Open(resources.Options{
		Store: n.store, Directory: n.directory, Metrics: n.metrics, Sealer: n.sealer,
		AdminToken: n.config.AdminToken, Log: n.Log, OnTenantDeleted: n.forget, OnEndpointDeleted: n.dropEndpoint,
		OnWebhookDeleted: n.dropWebhook, Now: n.clock.Now, Configuration: int(n.config.Bounds.Configuration),
	})
	if err != nil {
		return err
	}
	n.onStop(func() error { n.resources.Close(); return nil })
	return nil
}

// forget drops what the parts hold of a tenant that was deleted.
func (n *Node) forget(tenant string) {
	n.sessions.Forget(tenant)
	n.inbound.Forget(tenant)
	n.publisher.Forget(tenant)
	n.calls.Forget(tenant)
	n.lanes.Forget(tenant)
}

// dropEndpoint ends what was on its way to an endpoint that was deleted.
func (n *Node) dropEndpoint(tenant, endpoint string) {
	if err := n.lanes.Dropped(tenant, endpoint); err != nil {
		n.Log.Error("the deliveries of a deleted endpoint were not cancelled", "tenant", tenant, "endpoint", endpoint, "error", err)
	}
}

func (n *Node) openLanes() error {
	n.transport = transport.New(transport.Options{Egress: egressOf(n.config)})
	n.onStop(func() error { n.transport.Close(); return nil })
	n.certificates = signature.NewCertificates(n.fetchCertificate, nil)
	n.lanes = outbound.New(outbound.Options{
		Queue: n.store, Sender: n.transport, Targets: n.target, Observe: n.observeLane,
		Describe: n.describe, Sealer: n.sealer, Now: n.clock.Now,
		Windows: n.budget("windows", int64(n.config.Bounds.Windows)), Holder: n.holder,
		Version: n.Version, Logger: n.Log,
	})
	return nil
}

func (n *Node) openProxy() error {
	n.proxy = proxy.New(proxy.Options{
		Transport: n.transport, Watcher: edge.NewWatcher(), PublicURL: n.config.Public.URL, Log: n.Log,
		Observer: proxy.Observer{Took: n.metrics.RouteDuration().Observe, AuthFailed: n.metrics.AuthFailures("route").Inc}, Relay: n.relay,
	})
	n.onStop(func() error { n.proxy.Close(); return nil })
	n.proxy.Trust(trustedOf(n.config))
	n.directory.OnSwap = func() { // a target may have come, or changed; so may a route
		n.asksClients.Store(asksClients(n.directory.Current()))
		n.lanes.Refresh("")
		if err := n.proxy.Refresh(n.directory.Current()); err != nil {
			n.Log.Error("a route is out of service", "error", err)
		}
	}
	return nil
}

// target says where the deliveries of an endpoint go now.
func (n *Node) target(tenant, endpoint string) *outbound.Target {
	t := n.directory.Current().Tenant(tenant)
	switch {
	case t == nil || t.Disabled:
		return nil
	case endpoint == gateway.PlatformEndpoint:
		return outbound.PlatformTarget(t.Platform)
	}
	if route, is := gateway.RouteOfLane(endpoint); is {
		r := n.directory.Current().Route(route)
		return outbound.RouteTarget(r, tenant, r != nil && r.Spec.ConversationKey != nil)
	}
	return outbound.EndpointTarget(t.Endpoint(endpoint))
}

// relay stores a request of a relay route.
func (n *Node) relay(q proxy.RelayRequest) (id string, duplicate bool, err error) {
	r := q.Route
	taken, err := n.publisher.Relay(outbound.RelayRequest{
		Tenant: r.Tenant, Route: r.ID, Key: q.Key, IDs: q.IDs, IdempotencyKey: q.IdempotencyKey, Window: r.Window,
		Request: q.Request, Body: q.Body,
	})
	return taken.CallbackID, taken.Duplicate, err
}

func (n *Node) openSessions() (err error) {
	n.sessions, err = waiting.New(waiting.Options{
		Ledger: n.store, Archive: n.store, Recovery: n.store, Withhold: n.lanes.Withhold, Let: n.lanes.Let, Source: n.source, Now: n.clock.Now,
		Holder: n.holder, Above: n.directory.Above,
		Places: n.budget("waits", int64(n.config.Bounds.Waits)), Contexts: n.budget("contexts", int64(n.config.Bounds.Contexts)),
		Observer: newWaitObserver(n.directory, n.metrics).told(n.lanes.Wake),
	})
	if err != nil {
		return err
	}
	n.onStop(func() error { n.sessions.Close(); return nil })
	return nil
}

// describe shows an endpoint as the API does; nothing of one that is gone.
func (n *Node) describe(tenant, endpoint string) gateway.Raw {
	t := n.directory.Current().Tenant(tenant)
	if t == nil || t.Endpoint(endpoint) == nil {
		return nil
	}
	status, err := n.lanes.Status(tenant, endpoint)
	if err != nil {
		return nil // the notice then has the endpoint's names alone
	}
	shown, err := api.ShowEndpoint(t.Endpoint(endpoint), status)
	if err != nil {
		return nil
	}
	return shown
}

// source gives a source as it now stands.
func (n *Node) source(tenant, id string) *directory.Source {
	if t := n.directory.Current().Tenant(tenant); t != nil {
		return t.Source(id)
	}
	return nil
}

func (n *Node) openPublisher() error {
	n.publisher = outbound.NewPublisher(outbound.PublisherOptions{Queue: n.store, Lanes: n.lanes, Learner: n.sessions,
		Most: n.config.Bounds.Publish, Made: n.metrics.Peak("publish", float64(n.config.Bounds.Publish)).Saw, Making: n.budget("publishing", int64(n.config.Bounds.Publishing)), Holder: n.holder,
	})
	return nil
}

func (n *Node) loadFile() error {
	if err := n.resources.SetFile(n.fileOf(n.config)); err != nil {
		return report(n.config, err)
	}
	n.warn(n.config)
	return nil
}

// firstToken shows the admin token of a first start, once. It comes when nothing can
// fail the start any more: a token that was made before the listeners were bound, and
// not shown because they could not be, would be lost for ever.
func (n *Node) firstToken() error {
	token, err := n.resources.Tokens.First()
	if err != nil || token == "" {
		return err
	}
	_, err = fmt.Fprintf(n.Stderr, "hookgate: this is the admin token; it is shown once and kept nowhere:\n\n    %s\n\n", token)
	if err != nil {
		return fmt.Errorf("showing the admin token: %w", err)
	}
	return n.resources.Tokens.FirstShown()
}

func (n *Node) recover() error {
	if err := n.sessions.Acquire(gateway.AllSlots()); err != nil {
		return fmt.Errorf("reading the open waits: %w", err)
	}
	if err := n.lanes.Start(); err != nil {
		return fmt.Errorf("reading the unfinished deliveries: %w", err)
	}
	if err := n.calls.Acquire(gateway.AllSlots()); err != nil {
		return fmt.Errorf("reading the pending calls: %w", err)
	}
	n.proveEndpoints()
	return n.dropOrphans()
}

// dropOrphans cancels what waits for endpoints that are no more: the file lost
// them, or a publish was under way as they were deleted. What a tenant that left
// the file has waiting stays, for the tenant may come back; so does what was relayed.
func (n *Node) dropOrphans() error {
	lanes, err := n.store.Lanes()
	if err != nil {
		return fmt.Errorf("looking for deliveries without an endpoint: %w", err)
	}
	for _, lane := range lanes {
		t := n.directory.Current().Tenant(lane.Tenant)
		if _, relays := gateway.RouteOfLane(lane.Endpoint); relays {
			continue // the file is where routes are: who leaves one out may put it back
		}
		if t == nil || t.Disabled || lane.Endpoint == gateway.PlatformEndpoint || t.Endpoint(lane.Endpoint) != nil {
			continue
		}
		n.Log.Warn("deliveries of an endpoint that is no more are cancelled", "tenant", lane.Tenant, "endpoint", lane.Endpoint)
		n.dropEndpoint(lane.Tenant, lane.Endpoint)
	}
	return nil
}

// proveEndpoints has the endpoints of the file prove themselves, where they must
// and have not: nobody waits for that, as a PUT does.
func (n *Node) proveEndpoints() {
	for t := range n.directory.Current().Tenants() {
		for _, e := range t.Endpoints() {
			if e.Enabled && e.Meta.ManagedBy == gateway.ManagedByFile {
				n.lanes.Watch(t.ID, e.ID)
			}
		}
	}
}

func (n *Node) listen() (err error) {
	n.inbound = inbound.New(inbound.Options{
		Directory: n.directory, Taker: n.sessions, PublicURL: n.config.Public.URL, MaxBody: int(n.config.Public.MaxBody),
		Log: n.Log, Trusts: n.proxy.Trusts,
		Observer: inbound.Observer{Took: n.metrics.CallbackDuration().Observe, AuthFailed: n.metrics.AuthFailures("source").Inc},
		Now:      n.clock.Now,
	})
	answers := shares.New(int64(n.config.Bounds.Answers))
	n.showBudget("answers", answers)
	management := api.New(api.Options{
		Answers: answers, ListAnswer: int(n.config.Bounds.ListAnswer),
		Listed:    n.metrics.Peak("list_answer", float64(n.config.Bounds.ListAnswer)).Saw,
		Directory: n.directory, Resources: n.resources, Waits: n.sessions, Ends: n.sessions, Timelines: n.sessions, Calls: n.calls,
		Publisher: n.publisher, Lanes: n.lanes, Proofs: n.lanes, Hand: n.lanes, Events: n.store, Names: n.store, Deliveries: n.store,
		PublicURL: n.config.Public.URL, Watcher: edge.NewWatcher(), Reload: n.reloadAsked, Log: n.Log,
		AuthFailures: n.metrics.AuthFailures("internal"), Holds: n.budget("holds", int64(min(n.config.Bounds.Holds, server.InternalConns()))),
	})
	options := server.Options{
		PublicAddr: n.config.Public.Addr, InternalAddr: n.config.Internal.Addr,
		PublicBody: int64(n.config.Public.MaxBody), Log: n.Log, Trusts: n.proxy.Trusts,
		Caller: n.caller, Bodies: int64(n.config.Bounds.Bodies),
	}
	if files := n.config.Public.TLS; files.Cert != "" {
		certificate, err := server.LoadCertificate(files.Cert, files.Key, n.Log)
		if err != nil {
			return err
		}
		options.PublicTLS = certificate.Config(n.asksClients.Load)
	}
	n.server, err = server.New(options,
		server.Handlers{
			Hook: n.inbound.Handle, HookBody: n.inbound.BodyLimit, HookTooLarge: n.inbound.TooLarge,
			Route: n.proxy.Handle, RouteBody: n.proxy.BodyLimit, RouteTooLarge: n.proxy.TooLarge,
			API: management.Handler, Ready: n.ready,
			Metrics: n.scrape(),
		})
	if err != nil {
		return err
	}
	ofPublic, ofInternal := n.server.Bodies()
	n.showBudget("bodies_public", ofPublic)
	n.showBudget("bodies_internal", ofInternal)
	if err := n.server.Listen(); err != nil {
		return err
	}
	public, internal := n.server.Addrs()
	n.transport.SetListeners(public, internal)
	return nil
}

// drainBackground drains those who work on after an answer side by side: a slow call
// does not use up the time of the lanes. The notice of a call that ends after them is
// in the store.
func (n *Node) drainBackground(limit context.Context) error {
	calls := make(chan error, 1)
	go func() { calls <- n.calls.Drain(limit) }()
	return errors.Join(n.lanes.Drain(limit), <-calls)
}

// ready says why this process should get no requests.
func (n *Node) ready() error {
	if n.draining.Load() {
		return &gateway.Error{Code: gateway.CodeDraining, Message: "this process is stopping", RetryAfter: time.Second}
	}
	if err := n.store.Healthy(); err != nil {
		return gateway.Unavailable(err.Error(), 30*time.Second)
	}
	return nil
}

// Addrs gives the addresses of the two listeners.
func (n *Node) Addrs() (public, internal net.Addr) { return n.server.Addrs() }

// Run serves until ctx is done, then drains: it accepts nothing new, lets what is
// in flight finish, sends those who hold a wait away, and closes everything.
func (n *Node) Run(ctx context.Context) error {
	public, internal := n.server.Addrs()
	n.Log.Info("listening", "public", public.String(), "internal", internal.String(), "version", n.Version)
	if err := server.Notify("READY=1"); err != nil {
		n.Log.Warn("telling the supervisor that this process is ready", "error", err)
	}
	served := make(chan error, 1)
	go func() { served <- n.server.Serve() }()
	select {
	case err := <-served:
		return errors.Join(err, n.stop())
	case <-ctx.Done():
	}
	n.Log.Info("draining", "at_most", n.config.Drain.String())
	_ = server.Notify("STOPPING=1") // a supervisor that is not there any more needs no telling
	n.draining.Store(true)
	n.sessions.Drain()
	n.proxy.Drain()
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Duration(n.config.Drain))
	defer cancel()
	err := errors.Join(n.server.Drain(limit), n.drainBackground(limit), <-served, n.stop())
	n.Log.Info("stopped")
	return err
}
