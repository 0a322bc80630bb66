package node

import (
	"time"

	"hookgate/gateway/api"
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
	c := counts{&n.parts}
	n.server, err = server.New(options, server.Handlers{
		Hook: n.inbound.Handle, HookBody: n.inbound.BodyLimit, HookTooLarge: n.inbound.TooLarge,
		Route: n.proxy.Handle, RouteBody: n.proxy.BodyLimit, RouteTooLarge: n.proxy.TooLarge,
		API: n.management().Handler, Ready: n.ready, Metrics: c.scrape(),
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
	n.transport.SetListeners(public, internal)
	return nil
}

func (n *Node) serverOptions() (o server.Options, err error) {
	o = server.Options{
		PublicAddr: n.config.Public.Addr, InternalAddr: n.config.Internal.Addr,
		PublicBody: int64(n.config.Public.MaxBody), Log: n.Log, Trusts: n.proxy.Trusts,
		PublicIdle: time.Duration(n.config.Public.IdleTimeout), PublicRead: time.Duration(n.config.Public.ReadTimeout),
		InternalIdle: time.Duration(n.config.Internal.IdleTimeout),
		Caller:       current{n.directory}.caller, Bodies: int64(n.config.Bounds.Bodies),
	}
	if files := n.config.Public.TLS; files.Cert != "" {
		certificate, err := server.LoadCertificate(files.Cert, files.Key, n.Log)
		if err != nil {
			return o, err
		}
		o.PublicTLS = certificate.Config(n.asksClients.Load)
	}
	return o, nil
}

// management makes the API.
func (n *Node) management() *api.API {
	c, bounds := counts{&n.parts}, &n.config.Bounds
	answers := shares.New(int64(bounds.Answers))
	c.showBudget("answers", answers)
	return api.New(api.Options{
		Answers: answers, ListAnswer: int(bounds.ListAnswer),
		Listed:    n.metrics.Peak("list_answer", float64(bounds.ListAnswer)).Saw,
		Directory: n.directory, Resources: n.resources, Waits: n.sessions, Ends: n.sessions, Timelines: n.sessions, Calls: n.calls,
		Publisher: n.publisher, Lanes: n.lanes, Proofs: n.lanes, Hand: n.lanes, Events: n.store, Names: n.store, Deliveries: n.store,
		PublicURL: n.config.Public.URL, Watcher: edge.NewWatcher(), Reload: n.reloadAsked, Log: n.Log,
		AuthFailures: n.metrics.AuthFailures("internal"), Holds: c.budget("holds", int64(min(bounds.Holds, server.InternalConns()))),
	})
}
