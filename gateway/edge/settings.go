package edge

import (
	"cmp"
	"crypto/tls"
	"math"
	"net"
	"time"

	"github.com/valyala/fasthttp"

	"hookgate/gateway"
)

// Settings is what differs between the two servers.
type Settings struct {
	Handler fasthttp.RequestHandler
	Limits  *Limits     // they must not change any more
	TLS     *tls.Config // spoken on every connection; nil: plain HTTP

	ReadTimeout time.Duration // for a head, and for a body before Limits grant it more
	IdleTimeout time.Duration // for the next request on a kept connection
	// WriteTimeout is how long a client may take to read an answer; 0: answerTime.
	WriteTimeout time.Duration

	// ReduceMemory gives the buffers of a connection away while it idles. Held needs
	// it: what it takes over must not have a buffer of fasthttp's.
	ReduceMemory bool

	// KeepAlive is what the sockets of the listener are told when they are accepted: one
	// of a held request is told so anew.
	KeepAlive net.KeepAliveConfig

	Logger   fasthttp.Logger
	Observer Observer
}

// Observer is told what happens. Each func but Panicked may be nil, and must return
// at once.
type Observer struct {
	Panicked func(requestID string, value any, stack []byte) // a handler panicked
	// Refused hears that a request was refused before it reached the handler; the id is
	// valid during the call alone.
	Refused func(requestID []byte, fault *gateway.Error)
	// Paused hears why accepting rests: the process or the host has no descriptor or
	// memory for another connection. It is called once in a spellTime: who makes
	// connections come and go at the limit must not fill the log.
	Paused func(error)
}

// Listener bounds ln; what it accepts is for Server.
func (s Settings) Listener(ln net.Listener) *Listener {
	l := newListener(ln, s.Limits)
	l.tls, l.paused, l.keepAlive = s.TLS, s.Observer.Paused, s.KeepAlive
	return l
}

// Server makes the fasthttp server that belongs behind the strict pass; it must serve
// a Listener of the same settings.
func (s Settings) Server() *fasthttp.Server {
	server := &fasthttp.Server{
		Handler:      guard(s.Handler, s.Observer.Panicked),
		ErrorHandler: refuse(s.Observer.Refused),
		Logger:       s.Logger,

		ReadTimeout:    s.ReadTimeout,
		WriteTimeout:   cmp.Or(s.WriteTimeout, answerTime),
		IdleTimeout:    s.IdleTimeout,
		ReadBufferSize: headBuffer,

		StreamRequestBody:            s.Limits.Streams,
		ReduceMemoryUsage:            s.ReduceMemory,
		MaxRequestBodySize:           math.MaxInt, // Conn has refused what is too large, before 100-continue
		DisablePreParseMultipartForm: true,        // signatures are over the bytes as they came

		CloseOnShutdown:       true,
		NoDefaultServerHeader: true,
		SecureErrorLogMessage: true, // else a request's bytes, secrets among them, get into the log

		KeepHijackedConns: true, // Held goes on with them
	}
	s.Limits.server, s.Limits.slack = server, slackOf(server.ReadTimeout, server.WriteTimeout, server.IdleTimeout)
	return server
}
