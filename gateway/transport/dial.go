package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"syscall"
	"time"
)

// Resolver looks names up; *net.Resolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// connect makes a connection to a target: one lookup, every address it gave
// tried in turn until one answers. TLS is part of it: fasthttp would leave the
// handshake to the first write, whose deadline does not bound its reads.
func (t *Transport) connect(ctx context.Context, to *target, trusted bool) (net.Conn, error) {
	addresses, err := t.lookup(ctx, to)
	if err != nil {
		return nil, err
	}
	var last error
	for i, addr := range addresses {
		conn, err := t.dial(ctx, netip.AddrPortFrom(addr, to.port), trusted, i == len(addresses)-1)
		if err == nil {
			return t.secure(ctx, conn, to)
		}
		if last == nil || isBlocked(last) { // a refusal tells less than a failure
			last = err
		}
		if ctx.Err() != nil {
			break
		}
	}
	return nil, last
}

func isBlocked(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Word == WordBlocked
}

func (t *Transport) lookup(ctx context.Context, to *target) ([]netip.Addr, error) {
	if to.addr.IsValid() {
		return []netip.Addr{to.addr}, nil
	}
	addresses, err := t.resolver.LookupNetIP(ctx, "ip", to.host)
	if err != nil {
		return nil, failure(WordDNS, "look up "+to.host, err, "the lookup failed")
	}
	if len(addresses) == 0 {
		return nil, &Error{Word: WordDNS, Text: "look up " + to.host + ": it has no address"}
	}
	return addresses, nil
}

// dial connects to one address after the rules have judged it. They judge it
// again in the dialer's Control, which sees what the kernel is told. Only the
// last address has the rest of the deadline for itself.
func (t *Transport) dial(ctx context.Context, to netip.AddrPort, trusted, last bool) (net.Conn, error) {
	to = netip.AddrPortFrom(to.Addr().Unmap(), to.Port())
	judge := func(to netip.AddrPort) error {
		rules := t.rules.Load()
		if err := rules.own.check(to); err != nil || trusted {
			return err
		}
		return rules.egress.check(to)
	}
	if err := judge(to); err != nil {
		return nil, err
	}
	if deadline, bound := ctx.Deadline(); bound && !last {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, min(maxConnect, time.Until(deadline)/2))
		defer cancel()
	}
	conn, err := t.dialer(ctx, to, judge)
	if err != nil {
		return nil, failure(WordConnect, "connect to "+to.String(), err, "it failed")
	}
	return conn, nil
}

// maxConnect bounds the connecting to one of several addresses of a name.
const maxConnect = 5 * time.Second

// netDial dials over TCP.
func netDial(ctx context.Context, to netip.AddrPort, judge func(netip.AddrPort) error) (net.Conn, error) {
	dialer := net.Dialer{Control: func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil {
			return blocked("the address dialled is not one of TCP")
		}
		return judge(at)
	}}
	return dialer.DialContext(ctx, "tcp", to.String())
}

func (t *Transport) secure(ctx context.Context, conn net.Conn, to *target) (net.Conn, error) {
	if !to.tls {
		return conn, nil
	}
	config := t.tls.Clone()
	config.ServerName = to.host
	secured := tls.Client(conn, config)
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, failure(WordTLS, "TLS with "+to.host, err, "the handshake failed")
	}
	return secured, nil
}
