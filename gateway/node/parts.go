package node

import (
	"context"
	"errors"
	"sync/atomic"

	"hookgate/auth/seal"
	"hookgate/auth/signature"
	"hookgate/configs"
	"hookgate/gateway"
	"hookgate/gateway/calling"
	"hookgate/gateway/changes"
	"hookgate/gateway/clock"
	"hookgate/gateway/cluster"
	"hookgate/gateway/directory"
	"hookgate/gateway/edge"
	"hookgate/gateway/inbound"
	"hookgate/gateway/jobs"
	"hookgate/gateway/keeping"
	"hookgate/gateway/mapping"
	"hookgate/gateway/outbound"
	"hookgate/gateway/proxy"
	"hookgate/gateway/publishing"
	"hookgate/gateway/requests"
	"hookgate/gateway/resources"
	"hookgate/gateway/server"
	"hookgate/gateway/shares"
	"hookgate/gateway/stats"
	"hookgate/gateway/storage"
	"hookgate/gateway/store/pebblestore"
	"hookgate/gateway/stream"
	"hookgate/gateway/tracing"
	"hookgate/gateway/transport"
	"hookgate/gateway/waiting"
	"hookgate/metrics"
)

// parts are what a node is made of, in the order in which they are built.
type parts struct {
	Options
	config       *configs.Config // as at start; a reload changes what can be changed
	clock        *clock.Clock    // by which all is due and expires
	directory    *directory.Directory
	metrics      *metrics.Set
	peaks        *mapping.Peaks
	tracer       *tracing.Tracer // nil: off
	store        kept
	disk         *pebblestore.Store // nil: it is a database
	storage      *storage.Storage
	promised     *promised
	sealer       *seal.Sealer
	transport    *transport.Transport
	certificates *signature.Certificates
	keySets      *signature.KeySets
	lanes        *outbound.Lanes
	expiring     *expiring
	jobs         *jobs.Jobs
	proxy        *proxy.Proxy
	resources    *resources.Resources
	sessions     *waiting.Sessions
	calls        *calling.Calls
	publisher    *publishing.Publisher
	newest       *requests.Keeper
	inbound      *inbound.Inbound
	server       *server.Server
	stream       *stream.Stream
	stats        *stats.Stats
	changes      *changes.Log
	backups      *keeping.Backups
	held         held
	doubts       doubts
	follows      *follower
	others       *others // nil: this node is alone
	cluster      atomic.Pointer[cluster.Cluster]
	alike        atomic.Pointer[alike] // of what is in force

	asksClients atomic.Bool    // for their certificates: a source or a route has verify type mtls
	stops       []func() error // run backwards
}

func (p *parts) onStop(stop func() error) { p.stops = append(p.stops, stop) }

// stop takes apart what was built, the last first.
func (p *parts) stop() (err error) {
	for i := len(p.stops) - 1; i >= 0; i-- {
		err = errors.Join(err, p.stops[i]())
	}
	p.stops = nil
	return err
}

// openStats begins to count; the last minute is kept before the store closes. Of several nodes
// each begins when it knows the others.
func (p *parts) openStats() error {
	o := stats.Options{Store: p.store.figures, Above: current{p.directory}.above, Below: current{p.directory}.below, Lanes: between{p}.standings, Now: p.clock.Now, Log: p.Log}
	if p.store.members != nil {
		o.Others = counting{p}
	}
	if p.stats = stats.New(o); o.Others == nil {
		p.stats.Start()
		p.onStop(func() error { p.stats.Close(); return nil })
	}
	return nil
}

func (p *parts) openTransport() error {
	kept := within(p.config.Bounds.Connections, 16)
	p.transport = transport.New(transport.Options{
		Egress: egressOf(p.config), Holder: current{p.directory}.holder,
		Kept: counts{p}.budget("connections", int64(kept)), Sessions: counts{p}.budget("sessions", int64(p.config.Bounds.Sessions)),
	})
	p.onStop(func() error { p.transport.Close(); return nil })
	return p.takeWay(p.config)
}

// within bounds connections by a part of the descriptors that the process may have open.
func within(most, part int) int {
	if files := server.OpenFiles(); files > 0 {
		return min(most, max(1, files/part))
	}
	return most
}

func (p *parts) openLanes() error {
	now := current{p.directory}
	p.lanes = outbound.New(outbound.Options{
		Backlog: sparing{p.store.backlog, p.storage}, Comings: p.store.comings, Statuses: p.store.statuses, Archive: p.store.archive, Firm: p.store.Firm, Announce: func(a *gateway.Publication) error { return p.publisher.Announce(a) }, Sender: p.transport, Tracer: p.tracer, Targets: now.target, Observe: counts{p}.observeLane,
		Describe: between{p}.describe, Opener: p.sealer, Now: p.clock.Now,
		Windows: counts{p}.budget("windows", int64(p.config.Bounds.Windows)), Attempts: counts{p}.budget("attempts", int64(p.config.Bounds.Attempts)),
		Holder: now.holder, Spare: sparing{p.store.backlog, p.storage}.spare, Held: p.held.is.Load(),
		Limit:   within(outbound.DefaultLimit, 8),
		Version: p.Version, Logger: p.Log,
	})
	return nil
}

func (p *parts) openJobs() error {
	p.jobs = jobs.New(jobs.Options{
		Store: p.store.jobs, Lanes: lanesOfJobs{p.lanes, func() *others { return p.others }}, There: between{p}.hasLane, Rate: between{p}.jobRate, Running: shares.New(jobs.MostRunning), Room: p.storage.Admit,
		Holder: current{p.directory}.holder, Now: p.clock.Now, Log: p.Log, Observer: counts{p}.jobs(),
	})
	p.onStop(func() error { p.jobs.Close(); return nil })
	return nil
}

func (p *parts) openProxy() error {
	p.newest = requests.New(requests.Options{PerPlace: p.config.Requests.PerSource, Memory: int(p.config.Requests.Memory), Now: p.clock.Now, Tree: p.directory.Tree})
	p.proxy = proxy.New(proxy.Options{
		Transport: p.transport, Watcher: edge.NewWatcher(), PublicURL: p.config.Public.URL, Log: p.Log, Kept: p.newest,
		Tracer: p.tracer, Observer: proxy.Observer{Took: metrics.Traced(p.metrics.RouteDuration()), AuthFailed: p.metrics.AuthFailures("route").Inc, Happened: p.happened}, Relay: between{p}.relay, RelayAll: between{p}.relayAll,
	})
	p.onStop(func() error { p.proxy.Close(); return nil })
	p.proxy.Trust(trustedOf(p.config))
	p.directory.OnSwap = between{p}.swapped
	return nil
}

func (p *parts) openResources() (err error) {
	if p.follows, err = newFollower(p); err != nil {
		return err
	}
	b := between{p}
	p.resources, err = resources.Open(resources.Options{
		Store: p.store.resources, Directory: p.directory, Metrics: p.metrics, Sealer: p.sealer,
		AdminToken: p.config.AdminToken, Log: p.Log, OnTenantDeleted: b.forget, WasDeleted: b.wasDeleted(), OnEndpointDeleted: b.dropEndpoint,
		OnWebhookDeleted: b.dropWebhook, Configures: b.configures, OnUsed: b.used, Now: p.clock.Now, Configuration: int(p.config.Bounds.Configuration), Audit: int(p.config.Audit.Daily),
		Configured: p.metrics.Peak("configuration", float64(p.config.Bounds.Configuration)).Saw,
	})
	if err != nil {
		return err
	}
	p.onStop(func() error { p.resources.Close(); return nil })
	return nil
}

func (p *parts) openSessions() error {
	now, budget := current{p.directory}, counts{p}.budget
	p.sessions = waiting.New(waiting.Options{
		Ledger: p.store.ledger, Archive: p.store.waits, Recovery: p.store.recovery, Withhold: p.lanes.Withhold, Let: p.lanes.Let, Source: now.source, Now: p.clock.Now,
		Holder: now.holder, Above: p.directory.Above,
		Room: p.storage.Admit, Places: budget("waits", int64(p.config.Bounds.Waits)), Contexts: p.promised.count(budget("contexts", int64(p.config.Bounds.Contexts)), ofContext),
		Parked:   budget("parked", int64(p.config.Bounds.Parked)),
		Observer: newWaitObserver(p.directory, p.metrics, p.stats).told(between{p}.wake, p.happened),
	})
	p.onStop(func() error { p.sessions.Close(); return nil })
	return nil
}

func (p *parts) openCalls() error {
	now, budget, bounds := current{p.directory}, counts{p}.budget, &p.config.Bounds
	p.calls = calling.New(calling.Options{
		Pending:  p.promised.count(budget("calls", int64(bounds.Calls)), ofPending),
		Waited:   p.promised.count(budget("waited_calls", int64(bounds.WaitedCalls)), ofWaited),
		Requests: budget("call_requests", int64(bounds.CallRequests)), Answers: budget("call_answers", int64(bounds.CallAnswers)),
		Holder: now.holder, Room: p.storage.Admit, Above: p.directory.Above, Now: p.clock.Now, Tracer: p.tracer,
		Sender: p.transport, Store: heldCalls{p.store.calls, &p.held}, Waits: waitsOfCalls{p.sessions, p}, Webhook: now.webhook,
		// By its form alone: the egress rules have their word when it is dialled.
		CheckURL: func(url string) error { return p.transport.CheckURL(url, true) },
		Observer: calling.Observer{Ended: counts{p}.callEnded(), Happened: p.happened, Failed: between{p}.callFailed, Noticed: between{p}.wake},
		Version:  p.Version, Log: p.Log,
	})
	p.onStop(p.leaveCalls)
	return nil
}

// leaveCalls leaves the pending calls that are still under way to the next start:
// nothing of them may go on when the store is closed. Drain has told of them.
func (p *parts) leaveCalls() error {
	ctx, stop := context.WithCancel(context.Background())
	stop()
	_ = p.calls.Drain(ctx)
	return nil
}

func (p *parts) openPublisher() error {
	bounds := &p.config.Bounds
	p.publisher = publishing.New(publishing.Options{
		Store: p.store.published, Learner: learner{p}, Sealer: p.sealer, Wake: between{p}.wake, WakeMany: between{p}.wakeMany, Accepted: p.accepted, Now: p.clock.Now, Holder: current{p.directory}.holder,
		Most: bounds.Publish, Made: p.metrics.Peak("publish", float64(bounds.Publish)).Saw,
		Room: p.storage.Admit, Making: counts{p}.budget("publishing", int64(bounds.Publishing)), Log: p.Log,
	})
	return nil
}

func (p *parts) openInbound() error {
	p.inbound = inbound.New(inbound.Options{
		Directory: p.directory, Taker: p.sessions, Room: p.storage.Admit, PublicURL: p.config.Public.URL, MaxBody: int(p.config.Public.MaxBody),
		Log: p.Log, Trusts: p.proxy.Trusts,
		Tracer: p.tracer, Observer: inbound.Observer{Took: metrics.Traced(p.metrics.CallbackDuration()), AuthFailed: p.metrics.AuthFailures("source").Inc, Happened: p.happened},
		Now: p.clock.Now, Kept: p.newest, Fetches: counts{p}.budget("fetches", int64(p.config.Bounds.Fetches)),
	})
	return nil
}
