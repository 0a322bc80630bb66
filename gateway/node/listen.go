package node

import (
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"hookgate/gateway/api"
	"hookgate/gateway/cluster/peers"
	"hookgate/gateway/console"
	"hookgate/gateway/docs"
	"hookgate/gateway/edge"
	"hookgate/gateway/server"
	"hookgate/gateway/shares"
)

// listen binds the listeners, with what answers behind them.
func (n *Node) listen() (err error) {
	options, err := n.serverOptions()
	if err != nil {
		return err
	}
	c, management := counts{&n.parts}, n.management()
	n.server, err = server.New(options, server.Handlers{
		Hook: reaching{n}.hook(), Peers: reaching{n}.served(management), HookBody: n.inbound.BodyLimit, HookTooLarge: n.inbound.TooLarge, Unmatched: n.inbound.Unmatched,
		Route: n.proxy.Handle, RouteBody: n.proxy.BodyLimit, RouteTooLarge: n.proxy.TooLarge,
		API: management.Handler, Docs: docs.New(api.Description, n.Version).Handle, Console: n.openConsole(management).Handler, Ready: n.ready, Held: n.heldWord, Node: reaching{n}.name(), Metrics: c.scrape(),
	})
	if err != nil {
		return err
	}
	ofPublic, ofInternal := n.server.Bodies()
	c.showBudget("bodies_public", ofPublic)
	c.showBudget("bodies_internal", ofInternal)
	if err := n.server.Listen(); err != nil {
		return err
	}
	public, internal := n.server.Addrs()
	n.transport.SetListeners(public, internal, n.server.ConsoleAddr(), n.server.PeersAddr())
	return nil
}

func (n *Node) serverOptions() (o server.Options, err error) {
	o = server.Options{
		PublicAddr: n.config.Public.Addr, InternalAddr: n.config.Internal.Addr, ConsoleAddr: n.config.Console.Addr, PeersAddr: n.config.Cluster.Listen,
		PublicBody: int64(n.config.Public.MaxBody), Log: n.Log, Trusts: n.proxy.Trusts,
		PublicIdle: time.Duration(n.config.Public.IdleTimeout), PublicRead: time.Duration(n.config.Public.ReadTimeout),
		InternalIdle: time.Duration(n.config.Internal.IdleTimeout),
		Caller:       reaching{n}.caller(), PeerBody: peers.MaxBody, Bodies: int64(n.config.Bounds.Bodies),
	}
	if o.Sockets, err = server.Sockets(); err != nil {
		return o, err
	}
	if files := n.config.Public.TLS; files.Cert != "" {
		certificate, err := server.LoadCertificate(server.Public, server.CertificateFiles{Cert: files.Cert, Key: files.Key}, n.Log)
		if err != nil {
			return o, err
		}
		o.PublicTLS = certificate.Config(n.asksClients.Load)
	}
	if files := n.config.Internal.TLS; files.Cert != "" {
		certificate, err := server.LoadCertificate(server.Internal, server.CertificateFiles(files), n.Log)
		if err != nil {
			return o, err
		}
		o.InternalTLS = certificate.Closed()
	}
	return o, nil
}

// management makes the API.
func (n *Node) management() *api.API {
	c, bounds := counts{&n.parts}, &n.config.Bounds
	answers := shares.New(int64(bounds.Answers))
	c.showBudget("answers", answers)
	holds, streams := divided(server.InternalConns(), bounds.Holds, bounds.Streams)
	o := api.Options{
		Answers: answers, ListAnswer: int(bounds.ListAnswer),
		Listed:    n.metrics.Peak("list_answer", float64(bounds.ListAnswer)).Saw,
		Directory: n.directory, Resources: n.resources, Waits: n.sessions, Ends: n.sessions, Timelines: n.sessions, Calls: n.calls,
		Publisher: n.publisher, Lanes: n.lanes, Proofs: n.lanes, Pulls: n.expiring, Hand: n.lanes, Jobs: n.jobs, Events: n.store.events, Names: n.store.names, Deliveries: n.store.deliveries, Told: n.store.told,
		Requests: n.newest, Explainer: n.inbound, Trier: n.inbound, Upstreams: n.proxy, Whither: n.proxy, Settings: settings{n}, Info: n.info, Mapping: mappingOf(n.config), PublicURL: n.config.Public.URL, Watcher: edge.NewWatcher(), Reload: n.reloadAsked,
		Backups: n.backups, Nodes: joining{n}.nodes(), Resume: n.resume, Now: n.clock.Now, Log: n.Log,
		AuthFailures: n.metrics.AuthFailures("internal"), Streams: n.stream, Tracer: n.tracer, Changes: n.store.changes, Statistics: n.stats, Logins: n.resources.Logins, Console: n.consoleURL, Readers: c.budget("streams", int64(streams)), Holds: c.budget("holds", int64(holds)),
	}
	if n.others != nil {
		n.others.reach(&o)
	}
	return api.New(o)
}

// divided gives how many requests may be held, and how many may read the stream: each has a
// connection of its own until it ends, so together they have those of the internal listener.
// Whoever takes all that he may of both leaves a quarter of them to others (SPEC 16).
func divided(connections, mostHolds, mostStreams int) (holds, streams int) {
	streams = max(1, min(mostStreams, connections/8))
	return max(1, min(mostHolds, connections-streams)), streams
}

// openConsole makes the console, which asks the API in process.
func (n *Node) openConsole(management *api.API) *console.Console {
	trusted := prefixes(n.config.Console.TrustedProxies)
	return console.New(console.Options{
		API: management, Logins: n.logins(), Redact: n.config.Console.Redact, PublicURL: n.config.Public.URL, Version: n.Version,
		Trusts: func(a netip.Addr) bool {
			return slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(a) })
		},
		AuthFailures: n.metrics.AuthFailures("console"), Now: n.clock.Now, Log: n.Log,
	})
}

// consoleURL is the base of links to the console.
func (n *Node) consoleURL() string {
	if n.config.Console.URL != "" {
		return strings.TrimRight(n.config.Console.URL, "/")
	}
	scheme := "http://"
	if n.config.Console.Addr == "" && n.config.Internal.TLS.Cert != "" {
		scheme = "https://"
	}
	return scheme + reachable(n.server.ConsoleAddr())
}

// SignInLink makes a link that signs in to the console with the token of a text, once.
func (n *Node) SignInLink(token string) (string, error) {
	secret, err := n.resources.Logins.NewSignInLink(token)
	return n.consoleURL() + "/console/link/" + secret, err
}

// reachable gives an address as a browser of the same machine reaches it.
func reachable(a net.Addr) string {
	tcp, is := a.(*net.TCPAddr)
	if !is || !tcp.IP.IsUnspecified() {
		return a.String()
	}
	return net.JoinHostPort("localhost", strconv.Itoa(tcp.Port))
}
