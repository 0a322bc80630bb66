package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/valyala/fasthttp"

	"hookgate/gateway/edge"
	"hookgate/gateway/shares"
)

// The names of the listeners, in logs and observers.
const (
	Public   = "public"
	Internal = "internal"
	Console  = "console"
	Cluster  = "cluster"
)

// Server is the listeners.
type Server struct {
	public, internal *side
	console, peers   *side // nil: the internal one answers for it
}

// sides are those that there are, the console's first: it is done by the others. That of other
// nodes is the last: what they were asked comes back over it.
func (s *Server) sides() []*side {
	all := []*side{s.public, s.internal}
	if s.peers != nil {
		all = append(all, s.peers)
	}
	if s.console != nil {
		all = slices.Insert(all, 0, s.console)
	}
	return all
}

// side is one of them.
type side struct {
	name, addr string
	settings   edge.Settings
	server     *fasthttp.Server
	passed     *net.TCPListener // bound by the service manager; nil: Listen binds
	listener   *edge.Listener
	options    *Options
}

// New builds the servers; nothing is bound yet.
func New(o Options, h Handlers) (*Server, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	o.setDefaults()
	public := newSide(&o, Public, o.PublicAddr, h.public, &edge.Limits{
		Conns: o.PublicConns, ConnsPerBlock: o.PerClient, Trusts: o.Trusts, Streams: true,
		Body: func(method, host, path []byte) int64 {
			return h.bodyLimit(method, host, path, o.PublicBody)
		},
		TooLarge: h.tooLarge, Key: hookKey,
	})
	inside := h
	if o.ConsoleAddr != "" {
		inside.Console = nil // it answers there alone
	}
	if o.PeersAddr != "" {
		inside.Peers = nil
	}
	internal := newSide(&o, Internal, o.InternalAddr, inside.internal, &edge.Limits{
		Conns: o.InternalConns, Caller: o.Caller, Inside: true, Key: timelineKey,
		Body: func(_, _, path []byte) int64 {
			if inside.Peers != nil && bytes.HasPrefix(path, peersPrefix) {
				return o.PeerBody
			}
			return o.InternalBody
		},
	})
	s := &Server{public: public, internal: internal}
	if o.PeersAddr != "" && h.Peers != nil {
		s.peers = newSide(&o, Cluster, o.PeersAddr, h.peersAlone, &edge.Limits{
			Conns: o.InternalConns, Caller: o.Caller, Inside: true,
			Body: func(_, _, _ []byte) int64 { return o.PeerBody },
		})
	}
	if o.ConsoleAddr != "" {
		s.console = newSide(&o, Console, o.ConsoleAddr, h.consoleAlone, &edge.Limits{
			Conns: max(1, o.PublicConns/4), ConnsPerBlock: o.PerClient, Key: timelineKey,
			Body: func(_, _, _ []byte) int64 { return mostConsoleBody },
		})
	}
	return s, nil
}

// mostConsoleBody is the most that a form of the console's own listener may carry, in
// bytes: before somebody has signed in nobody knows who sends it.
const mostConsoleBody = 4 << 20

// insideGivesWay is how long nothing may be asked on a connection of the other listeners
// where all are taken. Who is on it pools connections, and has few of its own to lose; all of
// them may be of one block, so that its quarter says nothing.
const insideGivesWay = time.Second

func newSide(o *Options, name, addr string, handler fasthttp.RequestHandler, limits *edge.Limits) *side {
	s := &side{name: name, addr: addr, options: o}
	read, idle, spoken := o.PublicRead, o.PublicIdle, o.PublicTLS
	if name != Public {
		read, idle, spoken = o.InternalRead, o.InternalIdle, nil
	}
	if name == Internal || name == Cluster {
		spoken = o.InternalTLS
	}
	limits.Grace, limits.Rate = read, o.BodyRate
	if limits.GiveWay = insideGivesWay; name == Public {
		limits.GiveWay = read
	}
	limits.Bodies = shares.New(o.Bodies)
	s.settings = edge.Settings{
		Handler: handler, Limits: limits, TLS: spoken,
		ReadTimeout: read, IdleTimeout: idle,
		ReduceMemory: !limits.Streams, KeepAlive: keepAlive,
		Logger:   quiet{o.Log, name},
		Observer: edge.Observer{Panicked: s.panicked, Refused: s.refused, Paused: s.paused},
	}
	s.server = s.settings.Server()
	return s
}

// Listen binds the addresses for which no socket was passed, or none and says which setting
// to change.
func (s *Server) Listen() error {
	sockets := s.public.options.Sockets
	if err := s.assign(sockets); err != nil {
		return errors.Join(err, closeSockets(sockets))
	}
	for i, one := range s.sides() {
		if err := one.listen(); err != nil {
			for _, bound := range s.sides()[:i] {
				err = errors.Join(err, bound.listener.Close())
			}
			for _, other := range s.sides()[i:] {
				if other.passed != nil {
					err = errors.Join(err, other.passed.Close())
				}
			}
			return err
		}
	}
	if o := s.public.options; o.PublicConns < fewConns {
		o.Log.Warn("connections are few: raise the limit of open files", "public_connections", o.PublicConns, "internal_connections", o.InternalConns)
	}
	return nil
}

// A peer that vanished without a word is found after some 30 s.
var keepAlive = net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3}

// alive tells the connections of a passed socket what ListenConfig tells those of its own.
type alive struct{ *net.TCPListener }

func (l alive) Accept() (net.Conn, error) {
	c, err := l.AcceptTCP()
	if err != nil {
		return nil, err
	}
	_ = c.SetKeepAliveConfig(keepAlive) // else the system's stays, which is no fault
	return c, nil
}

func (s *side) listen() error {
	if s.passed != nil {
		s.listener = s.settings.Listener(alive{s.passed})
		return nil
	}
	config := net.ListenConfig{KeepAliveConfig: keepAlive}
	ln, err := config.Listen(context.Background(), "tcp", s.addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%s.addr: %s is in use by another process; set another one: %w", s.name, s.addr, err)
	}
	if err != nil {
		return fmt.Errorf("%s.addr: cannot listen on %s: %w", s.name, s.addr, err)
	}
	s.listener = s.settings.Listener(ln)
	return nil
}

// Addrs returns the addresses that Listen bound.
func (s *Server) Addrs() (public, internal net.Addr) {
	return s.public.listener.Addr(), s.internal.listener.Addr()
}

// ConsoleAddr gives the address of the console: its own, or the internal one.
func (s *Server) ConsoleAddr() net.Addr {
	if s.console != nil {
		return s.console.listener.Addr()
	}
	return s.internal.listener.Addr()
}

// PeersAddr gives the address at which other nodes are listened to.
func (s *Server) PeersAddr() net.Addr {
	if s.peers != nil {
		return s.peers.listener.Addr()
	}
	return s.internal.listener.Addr()
}

// Bodies gives the memory for request bodies of each listener, for metrics.
func (s *Server) Bodies() (public, internal *shares.Budget) {
	return s.public.settings.Limits.Bodies, s.internal.settings.Limits.Bodies
}

// Serve accepts on all listeners and returns when all have stopped, nil after
// Drain. Where one fails the others stop too: half a gateway is none.
func (s *Server) Serve() error {
	return each(s, func(one *side) error {
		err := one.server.Serve(one.listener)
		if err != nil {
			err = fmt.Errorf("%s listener: %w", one.name, err)
		}
		for _, other := range s.sides() {
			err = errors.Join(err, other.listener.Close())
		}
		return err
	})
}

// Drain stops accepting on all listeners, lets the requests in flight end, and
// closes the connections behind them. Held requests must be answered meanwhile. When
// ctx ends first, what is still open is cut off and its error returned.
func (s *Server) Drain(ctx context.Context) error {
	return each(s, func(one *side) error {
		err := one.server.ShutdownWithContext(ctx)
		if err == nil {
			err = one.settings.Limits.WaitHeld(ctx)
		}
		if err != nil {
			one.listener.Abort()
			return fmt.Errorf("%s listener: requests were cut off: %w", one.name, err)
		}
		return one.listener.Close() // Serve may not have begun: then fasthttp knows of no listener
	})
}

// each does it on all sides at once.
func each(s *Server, do func(*side) error) error {
	all := s.sides()
	faults := make([]error, len(all))
	var wait sync.WaitGroup
	for i, one := range all {
		wait.Go(func() { faults[i] = do(one) })
	}
	wait.Wait()
	return errors.Join(faults...)
}
