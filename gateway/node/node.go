package node

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"hookgate/configs"
	"hookgate/gateway"
	"hookgate/gateway/api"
	"hookgate/gateway/server"
)

// Options are what a Node needs beside its configuration.
type Options struct {
	// Load reads the configuration: at start, and at each reload.
	Load func() (*configs.Config, error)
	Log  *slog.Logger
	// Stderr is shown the admin token of a first start: the only place it goes.
	Stderr  io.Writer
	Version string
	// Prepared is what checked the configuration; nil: nobody has.
	Prepared *Prepared
	// NoFile says that there is no configuration file: a reload is refused.
	NoFile bool
	// AcceptDataLoss starts with what can be read of a damaged data folder.
	AcceptDataLoss bool

	// among stands in for the cluster, in tests that say themselves who owns what.
	among among
}

// Node is one running hookgate.
type Node struct {
	parts
	reloading sync.Mutex
	taken     taking // what is in force; guarded by reloading
	kept      taking // what was last given the running values of keys that take a restart
	last      api.Reloaded
	started   time.Time
	draining  atomic.Bool
}

// New opens the store, builds every part and binds the listeners; Run starts to
// serve. What was opened is closed again when one of them fails.
func New(o Options) (*Node, error) {
	if o.Prepared == nil {
		o.Prepared = Prepare(o.Version)
	}
	n := o.Prepared.node
	n.started, n.Options = time.Now(), o
	if err := n.build(); err != nil {
		return nil, errors.Join(err, n.stop())
	}
	return n, nil
}

func (n *Node) build() (err error) {
	if n.config, err = n.Load(); err != nil {
		return err
	}
	for _, step := range []func() error{
		n.openStore, n.openHeld, n.openBackups, spans{&n.parts}.open, n.openStats, n.openChanges, n.openTransport, n.openLanes, n.openJobs, n.openProxy, n.openResources, expiries{&n.parts}.open, n.openSessions, n.openCalls, n.openPublisher, n.openInbound, reaching{n}.openOthers,
		n.loadFile, reaching{n}.follow, onDisk{&n.parts}.open, n.recover, n.listen, joining{n}.join, n.firstToken,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// Addrs gives the addresses of the two listeners.
func (n *Node) Addrs() (public, internal net.Addr) { return n.server.Addrs() }

// settling is how long after a start its memory is given back: what it set off in the store has
// ended then, and nobody waits.
const settling = 2 * time.Second

// Run serves until ctx is done, then drains: it accepts nothing new, lets what is
// in flight finish, sends those who hold a wait away, and closes everything.
func (n *Node) Run(ctx context.Context) error {
	public, internal := n.server.Addrs()
	n.Log.Info("listening", "public", public.String(), "internal", internal.String(), "console", n.consoleURL()+"/console", "console_listener", n.server.ConsoleAddr().String(), "version", n.Version)
	if err := server.Notify(server.NotifyReady); err != nil {
		n.Log.Warn("telling the supervisor that this process is ready", "error", err)
	}
	served := make(chan error, 1)
	go func() { served <- n.server.Serve() }()
	settled := time.AfterFunc(settling, debug.FreeOSMemory) // reading and compiling left behind about as much as stays
	defer settled.Stop()
	n.watch()
	select {
	case err := <-served:
		return errors.Join(err, n.stop())
	case <-ctx.Done():
	}
	_ = server.Notify(server.NotifyStopping) // a supervisor that is not there any more needs no telling
	n.draining.Store(true)
	if err := n.linger(ctx, served); err != nil {
		return errors.Join(err, n.stop())
	}
	joining{n}.leave(context.WithoutCancel(ctx))
	n.Log.Info("draining", "at_most", n.config.Drain.Timeout.String())
	n.backups.Stop()
	n.others.drain()
	n.sessions.Drain()
	n.lanes.Dismiss()
	n.proxy.Drain()
	n.stream.Close()
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Duration(n.config.Drain.Timeout))
	defer cancel()
	err := errors.Join(n.server.Drain(limit), n.drainBackground(limit), <-served, n.others.leave(), n.stop())
	n.Log.Info("stopped")
	return err
}

// linger serves on for as long as balancers need to notice that this process is not ready
// any more. An error is why it could not.
func (n *Node) linger(ctx context.Context, served <-chan error) error {
	given := joining{n}.giveAway(context.WithoutCancel(ctx))
	if n.config.Drain.Delay == 0 {
		<-given
		return nil
	}
	n.Log.Info("not ready any more, and serving on", "at_most", n.config.Drain.Delay.String())
	noticed := time.NewTimer(time.Duration(n.config.Drain.Delay))
	defer noticed.Stop()
	select {
	case err := <-served:
		return err
	case <-noticed.C:
		<-given
		return nil
	}
}

// drainBackground drains those who work on after an answer side by side: a slow call
// does not use up the time of the lanes. The notice of a call that ends after them is
// in the store.
func (n *Node) drainBackground(limit context.Context) error {
	calls := make(chan error, 1)
	go func() { calls <- n.calls.Drain(limit) }()
	return errors.Join(n.lanes.Drain(limit), <-calls)
}

// ready says why this process should get no requests, and lists all that is not ready, but
// for the part that is to be ignored.
func (n *Node) ready(ignore string) error {
	var refused *gateway.Error
	part, failed := n.store.missing()
	if part == ignore {
		failed = nil
	}
	switch {
	case n.draining.Load():
		refused = &gateway.Error{Code: gateway.CodeDraining, Message: "this process is stopping", RetryAfter: time.Second}
		refused.Faults = append(refused.Faults, gateway.Fault{Path: "process", Message: "is stopping"})
	case failed == nil:
		return nil
	default:
		refused = &gateway.Error{Code: gateway.CodeUnavailable, Message: failed.Message, RetryAfter: failed.RetryAfter}
	}
	if failed != nil {
		refused.Faults = append(refused.Faults, gateway.Fault{Path: part, Message: failed.Message})
	}
	return refused
}
