package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/valyala/fasthttp"

	"hookgate/gateway/edge"
	"hookgate/gateway/shares"
)

// The names of the two listeners, in logs and observers.
const (
	Public   = "public"
	Internal = "internal"
)

// Server is the two listeners.
type Server struct {
	public, internal *side
}

// side is one of the two.
type side struct {
	name, addr string
	settings   edge.Settings
	server     *fasthttp.Server
	listener   *edge.Listener
	options    *Options
}

// New builds both servers; nothing is bound yet.
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
	internal := newSide(&o, Internal, o.InternalAddr, h.internal, &edge.Limits{
		Conns: o.InternalConns, Caller: o.Caller, Key: timelineKey,
		Body: func(_, _, _ []byte) int64 { return o.InternalBody },
	})
	return &Server{public: public, internal: internal}, nil
}

func newSide(o *Options, name, addr string, handler fasthttp.RequestHandler, limits *edge.Limits) *side {
	s := &side{name: name, addr: addr, options: o}
	read, idle, spoken := o.PublicRead, o.PublicIdle, o.PublicTLS
	if name == Internal {
		read, idle, spoken = o.InternalRead, o.InternalIdle, nil
	}
	limits.Grace, limits.Rate = read, o.BodyRate
	limits.Bodies = shares.New(o.Bodies)
	s.settings = edge.Settings{
		Handler: handler, Limits: limits, TLS: spoken,
		ReadTimeout: read, IdleTimeout: idle,
		ReduceMemory: !limits.Streams,
		Logger:       quiet{o.Log, name},
		Observer:     edge.Observer{Panicked: s.panicked, Refused: s.refused, Paused: s.paused},
	}
	s.server = s.settings.Server()
	return s
}

// Listen binds both addresses, or none and says which setting to change.
func (s *Server) Listen() error {
	if err := s.public.listen(); err != nil {
		return err
	}
	if err := s.internal.listen(); err != nil {
		return errors.Join(err, s.public.listener.Close())
	}
	if o := s.public.options; o.PublicConns < fewConns {
		o.Log.Warn("connections are few: raise the limit of open files", "public_connections", o.PublicConns, "internal_connections", o.InternalConns)
	}
	return nil
}

// A peer that vanished without a word is found after some 30 s.
var keepAlive = net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3}

func (s *side) listen() error {
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

// Bodies gives the memory for request bodies of each listener, for metrics.
func (s *Server) Bodies() (public, internal *shares.Budget) {
	return s.public.settings.Limits.Bodies, s.internal.settings.Limits.Bodies
}

// Serve accepts on both listeners and returns when both have stopped, nil after
// Drain. Where one fails the other stops too: half a gateway is none.
func (s *Server) Serve() error {
	return both(s, func(one *side) error {
		err := one.server.Serve(one.listener)
		if err != nil {
			err = fmt.Errorf("%s listener: %w", one.name, err)
		}
		return errors.Join(err, s.public.listener.Close(), s.internal.listener.Close())
	})
}

// Drain stops accepting on both listeners, lets the requests in flight end, and
// closes the connections behind them. Held requests must be answered meanwhile. When
// ctx ends first, what is still open is cut off and its error returned.
func (s *Server) Drain(ctx context.Context) error {
	return both(s, func(one *side) error {
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

// both does it on the two sides at once.
func both(s *Server, do func(*side) error) error {
	var internal error
	var wait sync.WaitGroup
	wait.Go(func() { internal = do(s.internal) })
	public := do(s.public)
	wait.Wait()
	return errors.Join(public, internal)
}
