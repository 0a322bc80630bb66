package node

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net"
	"strings"
	"sync"
	"time"

	"hookgate/configs"
	"hookgate/gateway"
	"hookgate/gateway/api"
	"hookgate/gateway/calling"
	"hookgate/gateway/cluster"
	"hookgate/gateway/outbound"
	"hookgate/gateway/process"
	"hookgate/gateway/waiting"
	"hookgate/metrics"
)

// joining is this node as one of those on a database.
type joining struct{ *Node }

// newCluster makes this node one of those on a database. Nobody hears of it before join.
func (n joining) newCluster() *cluster.Cluster {
	tookOver, fenced := metrics.Cluster(n.metrics, func() (nodes, slots int) {
		f := n.cluster.Load().Figures()
		return f.Nodes, f.Slots
	})
	n.store.letGo(gateway.AllSlots())
	c := cluster.New(cluster.Options{
		Store: n.store.members, Parts: append([]cluster.Part{known{n.store.letGo}}, n.movable()...), Say: n.self, Ended: process.Ended, Log: n.Log,
		Ask: func(ctx context.Context, to cluster.Node, verb string, body []byte) ([]byte, error) {
			return n.others.peers.Ask(ctx, to, verb, body)
		},
		Leaves: func(ctx context.Context, node string) { n.others.peers.Leave(ctx, node) },
		Observer: cluster.Observer{TookOver: tookOver, Fenced: fenced, Changed: func() {
			n.stream.Tell(gateway.Happening{Kind: gateway.HappenedConfig, At: n.clock.Now(), Of: "nodes", Outcome: "changed"})
		}},
	})
	n.cluster.Store(c)
	return c
}

// movable are the parts that have slots, in the order in which they acquire them: who tells
// before who is told. Lanes find every notice in the store. What is published has its own part of
// a tenant: what is known by a key.
func (n joining) movable() []cluster.Part {
	return []cluster.Part{n.publisher, n.sessions, n.calls, n.jobs, lanesOf(n)}
}

// known tells the store of what slots nothing is known here any more: when all parts have
// released them.
type known struct{ letGo func(gateway.SlotSet) }

// Acquire does nothing: what is read is known.
func (known) Acquire(gateway.SlotSet) error { return nil }

// Release gives slots up.
func (k known) Release(slots gateway.SlotSet) { k.letGo(slots) }

// lanesOf are the lanes as slots move.
type lanesOf struct{ *Node }

// Acquire takes slots, and cancels what waits there for endpoints that are no more.
func (l lanesOf) Acquire(slots gateway.SlotSet) error {
	if err := l.lanes.Acquire(slots); err != nil {
		return err
	}
	return between{&l.parts}.dropOrphans(slots)
}

// Calm ends the attempts under way.
func (l lanesOf) Calm(slots gateway.SlotSet) { l.lanes.Calm(slots) }

// Release gives slots up.
func (l lanesOf) Release(slots gateway.SlotSet) { l.lanes.Release(slots) }

// self is what this node says of itself.
func (n joining) self() cluster.Self {
	var keys []string
	for _, secret := range n.clusterSecrets() {
		mark := n.sealer.Mark("a secret of nodes: " + secret)
		keys = append(keys, hex.EncodeToString(mark[:8]))
	}
	return cluster.Self{Address: n.advertised(), Version: n.Version, Since: n.started, Digest: n.alike.Load().text(), Keys: keys, Process: process.Self(), Known: n.follows.known()}
}

// advertised is the address at which other nodes reach this one.
func (n joining) advertised() string {
	bound := n.server.PeersAddr().String()
	at := n.config.Cluster.Reached()
	if at == "" {
		return bound
	}
	if host, found := strings.CutSuffix(at, ":0"); found {
		if _, port, err := net.SplitHostPort(bound); err == nil {
			return host + ":" + port
		}
	}
	return at
}

// clusterSecrets are what nodes prove themselves by. Where none is set they are on one
// machine, and the master key has one.
func (n joining) clusterSecrets() (secrets []string) {
	for _, s := range n.config.Cluster.All() {
		secrets = append(secrets, s.Reveal())
	}
	if len(secrets) == 0 {
		mark := n.sealer.Mark("the secret of nodes on one machine")
		secrets = []string{hex.EncodeToString(mark[:])}
	}
	return secrets
}

// alike is what must be alike in the configuration of all nodes.
type alike struct{ text func() string }

// alikeOf gives its digest. What is of one machine is left out: addresses, files, logs.
func alikeOf(c *configs.Config) *alike {
	return &alike{sync.OnceValue(func() string {
		own, none := *c, configs.Default()
		own.Public.Addr, own.Public.TLS, own.Internal, own.Console = none.Public.Addr, none.Public.TLS, none.Internal, none.Console
		own.Store, own.Cluster, own.Log, own.Otel, own.Drain, own.Requests, own.Backup = none.Store, none.Cluster, none.Log, none.Otel, none.Drain, none.Requests, none.Backup
		hash := sha256.Sum256([]byte(own.String()))
		return hex.EncodeToString(hash[:8])
	})}
}

// wholeTime is how long a start waits for slots that nobody answers for: those of a node that
// has just died.
const wholeTime = 10 * time.Second

// join lets this node be one of the others, and take what is its.
func (n joining) join() error {
	c := n.cluster.Load()
	if c == nil {
		return nil
	}
	if err := c.Start(); err != nil {
		return err
	}
	n.onStop(func() error { c.Close(); return nil })
	ctx, stop := context.WithTimeout(context.Background(), wholeTime)
	defer stop()
	c.WaitWhole(ctx)
	between{&n.parts}.proveEndpoints(n.directory.Current().Tenants())
	return nil
}

// giveTime is how long a node that ends has to hand its slots over.
const giveTime = 8 * time.Second

// giveAway hands all slots over, while everything is answered. What it returns is closed when
// that is done.
func (n joining) giveAway(ctx context.Context) <-chan struct{} {
	given := make(chan struct{})
	c := n.cluster.Load()
	if c == nil {
		close(given)
		return given
	}
	go func() {
		defer close(given)
		ctx, stop := context.WithTimeout(ctx, giveTime)
		defer stop()
		if err := c.Drain(ctx); err != nil {
			n.Log.Warn("not all slots were handed over: the others take them when this process has ended", "error", err)
		}
	}()
	return given
}

// leave tells the others that this node closes its connections.
func (n joining) leave(ctx context.Context) {
	if c := n.cluster.Load(); c != nil {
		c.Leave(ctx)
	}
}

// confirmed is what the parts read of slots when they acquire them. Nothing is read of slots
// that may be another's.
type confirmed struct {
	waiting.Recovery
	outbound.Backlog
	calling.Store
	of *parts
}

func (c confirmed) check(slots gateway.SlotSet) error {
	if cluster := c.of.cluster.Load(); cluster != nil {
		return cluster.Confirmed(slots)
	}
	return nil
}

// Recover is the store's.
func (c confirmed) Recover(slots gateway.SlotSet, wait func(*gateway.Wait) error, parked func(*gateway.Parked) error) error {
	if err := c.check(slots); err != nil {
		return err
	}
	return c.Recovery.Recover(slots, wait, parked)
}

// Lanes is the store's.
func (c confirmed) Lanes(slots gateway.SlotSet) ([]gateway.LaneKey, error) {
	if err := c.check(slots); err != nil {
		return nil, err
	}
	return c.Backlog.Lanes(slots)
}

// PendingCalls is the store's. Calls come after the waits, also when both are in doubt: nothing
// of a call can be settled, nor its wait be ended, before those were read, and one that is made
// again by then would be made again once more.
func (c confirmed) PendingCalls(slots gateway.SlotSet) ([]*gateway.PendingCall, error) {
	if err := c.check(slots); err != nil {
		return nil, err
	}
	if !c.of.sessions.Serves(slots) {
		return nil, gateway.Unavailable("the waits of these calls are being read", time.Second)
	}
	return c.Store.PendingCalls(slots)
}

// fenced tells that another node has declared this one dead.
func (p *parts) fenced() {
	if c := p.cluster.Load(); c != nil {
		c.Fenced()
	}
}

// nodes are those that the API shows.
func (n joining) nodes() api.Nodes {
	if c := n.cluster.Load(); c != nil {
		return c
	}
	return cluster.Alone{Say: n.self}
}
