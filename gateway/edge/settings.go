package edge

import (
	"math"
	"time"

	"github.com/valyala/fasthttp"

	"hookgate/gateway"
)

// Settings is what differs between the two servers. All but Refused is required.
type Settings struct {
	Handler fasthttp.RequestHandler
	Limits  *Limits // those of its Listener

	ReadTimeout time.Duration // for a head, and for a body before Limits grant it more
	IdleTimeout time.Duration // for the next request on a kept connection

	// ReduceMemory gives the buffers of a connection away while it idles. Held needs
	// it: what it takes over must not have a buffer of fasthttp's.
	ReduceMemory bool

	Logger   fasthttp.Logger
	Panicked func(value any, stack []byte) // a handler panicked
	Refused  func(*gateway.Error)          // a request was refused before it reached the handler; may be nil
}

// Server makes the fasthttp server that belongs in front of the strict pass; it
// must serve a Listener.
func (s Settings) Server() *fasthttp.Server {
	server := &fasthttp.Server{
		Handler:      guard(s.Handler, s.Panicked),
		ErrorHandler: refuse(s.Refused),
		Logger:       s.Logger,

		ReadTimeout:    s.ReadTimeout,
		WriteTimeout:   s.ReadTimeout,
		IdleTimeout:    s.IdleTimeout,
		ReadBufferSize: maxHead,

		StreamRequestBody:            s.Limits.Streams,
		ReduceMemoryUsage:            s.ReduceMemory,
		MaxRequestBodySize:           math.MaxInt, // Conn has refused what is too large, before 100-continue
		DisablePreParseMultipartForm: true,        // signatures are over the bytes as they came

		CloseOnShutdown:       true,
		NoDefaultServerHeader: true,
		SecureErrorLogMessage: true, // else a request's bytes, secrets among them, get into the log

		KeepHijackedConns: true, // Held goes on with them
	}
	s.Limits.server = server
	return server
}
