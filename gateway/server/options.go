package server

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/shares"
)

// Options are the settings of the listeners; what is zero takes its default.
type Options struct {
	PublicAddr   string      // :8080
	InternalAddr string      // 127.0.0.1:8081
	ConsoleAddr  string      // "": the internal listener answers for the console
	PeersAddr    string      // "": the internal listener answers other nodes
	PublicTLS    *tls.Config // nil: plain HTTP
	InternalTLS  *tls.Config // nil: plain HTTP
	Log          *slog.Logger
	// Sockets were bound by the service manager; Listen takes them instead of binding, and
	// closes them where it fails.
	Sockets []Socket

	// PublicBody is the most bytes of a public request for which no source or route says
	// otherwise; 1 MiB.
	PublicBody int64
	// InternalBody is the most bytes of an internal request; 16 MiB (SPEC 14).
	InternalBody int64
	// PeerBody is the most bytes of a request of another node.
	PeerBody int64
	// Bodies is how many bytes of memory the bodies of requests in flight may take, on
	// each side; 128 MiB. No tenant, nor block of clients, gets more than a share.
	Bodies int64

	// Open connections: 16384 and 65536, or fewer where the process may have few files
	// open (share).
	PublicConns, InternalConns int
	// PerClient is how many of the public ones one IPv4 /24 or IPv6 /48 may have; a
	// quarter. Trusts says who are proxies in front: they may have any number, and what
	// they send is that of whom they name. nil: nobody is.
	PerClient int
	Trusts    func(netip.Addr) bool
	// Caller says who it is that calls internally: edge.Limits has more. nil: a client
	// like any other.
	Caller func(authorization []byte, client shares.Holder) (who shares.Holder, known bool)

	// Idle is how long a connection is kept for its next request: above the 60 s of common
	// balancers, whose next request would meet a closed one else; 75 s.
	PublicIdle, InternalIdle time.Duration
	// Read is how long a client has for a head, and the start of a body; 10 s.
	PublicRead, InternalRead time.Duration
	BodyRate                 int64 // bytes per second that a longer body must average; 16 KiB

	// Refused hears of each request that did not reach a handler, and Panicked of
	// each handler that panicked; both may be nil.
	Refused  func(listener string, fault *gateway.Error)
	Panicked func(listener string)
}

// The time-outs of connections, where the configuration says nothing.
const (
	DefaultIdle = 75 * time.Second
	DefaultRead = 10 * time.Second
)

func orDefault[T comparable](value *T, otherwise T) {
	var zero T
	if *value == zero {
		*value = otherwise
	}
}

func (o *Options) setDefaults() {
	orDefault(&o.PublicAddr, ":8080")
	orDefault(&o.InternalAddr, "127.0.0.1:8081")
	orDefault(&o.Log, slog.Default())
	orDefault(&o.PublicBody, 1<<20)
	orDefault(&o.InternalBody, 16<<20)
	orDefault(&o.Bodies, 128<<20)
	o.share(OpenFiles())
	orDefault(&o.PerClient, max(1, o.PublicConns/4))
	orDefault(&o.PublicIdle, DefaultIdle)
	orDefault(&o.InternalIdle, DefaultIdle)
	orDefault(&o.PublicRead, DefaultRead)
	orDefault(&o.InternalRead, DefaultRead)
	orDefault(&o.BodyRate, 16<<10)
	if o.Refused == nil {
		o.Refused = func(string, *gateway.Error) {}
	}
	if o.Panicked == nil {
		o.Panicked = func(string) {}
	}
}

// Validate reports every fault at once, under the names of the configuration file.
func (o *Options) Validate() error {
	return errors.Join(
		checkAddr("public.addr", o.PublicAddr), checkAddr("internal.addr", o.InternalAddr), checkAddr("console.addr", o.ConsoleAddr), checkAddr("cluster.listen", o.PeersAddr),
		checkPositive("public.max_body", o.PublicBody))
}

func checkAddr(name, addr string) error {
	if addr == "" {
		return nil // the default stands in
	}
	_, port, err := net.SplitHostPort(addr)
	if err == nil {
		_, err = net.LookupPort("tcp", port)
	}
	if err != nil {
		return fmt.Errorf("%s is %q: write host:port, such as :8080", name, addr)
	}
	return nil
}

func checkPositive(name string, n int64) error {
	if n < 0 {
		return fmt.Errorf("%s is %d: set more than 0", name, n)
	}
	return nil
}
