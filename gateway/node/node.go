package node

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"hookgate/configs"
	"hookgate/gateway"
	"hookgate/gateway/clock"
	"hookgate/gateway/directory"
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
	// AcceptDataLoss starts with what can be read of a damaged data folder.
	AcceptDataLoss bool
}

// Node is one running hookgate.
type Node struct {
	parts
	reloading sync.Mutex
	draining  atomic.Bool
}

// New opens the store, builds every part and binds the listeners; Run starts to
// serve. What was opened is closed again when one of them fails.
func New(o Options) (*Node, error) {
	n := &Node{parts: parts{Options: o, clock: clock.New(nil), directory: directory.New()}}
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
		n.openStore, n.openTransport, n.openLanes, n.openProxy, n.openResources, n.openSessions, n.openCalls, n.openPublisher, n.openInbound,
		n.loadFile, n.recover, n.listen, n.firstToken,
	} {
		if err := step(); err != nil {
			return err
		}
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
