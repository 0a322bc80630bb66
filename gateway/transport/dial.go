package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"syscall"
	"time"

	"hookgate/gateway/secure"
)

// Resolver looks names up; *net.Resolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// leads is where a connection leads, and by what right.
type leads struct {
	to      target
	trusted bool // no egress rule binds it but one: never to ourselves
	secured *secure.Settings
}

// link is a connection with the address that it leads to.
type link struct {
	net.Conn
	address string
}

// connect makes a connection to a target: one lookup, every address it gave
// tried in turn until one answers. TLS is part of it: fasthttp would leave the
// handshake to the first write, whose deadline does not bound its reads.
func (t *Transport) connect(ctx context.Context, l *leads) (*link, error) {
	way := t.way.Load()
	if way.byName(&l.to) {
		return t.connectByName(ctx, l, way)
	}
	addresses, err := t.lookup(ctx, &l.to)
	if err != nil {
		return nil, err
	}
	var last error
	for i, addr := range addresses {
		at := netip.AddrPortFrom(addr.Unmap(), l.to.port)
		conn, err := t.reach(ctx, l, way, at, i == len(addresses)-1)
		if err == nil {
			if conn, err = t.secure(ctx, conn, l); err == nil {
				return &link{conn, at.String()}, nil
			}
			return nil, withAddress(err, at.String())
		}
		if last == nil || isBlocked(last) { // a refusal tells less than a failure
			last = withAddress(err, at.String())
		}
		if ctx.Err() != nil {
			break
		}
	}
	return nil, last
}

// reach connects to one address after the rules have judged it, directly or through
// the proxy. Only the last address has the rest of the deadline for itself.
func (t *Transport) reach(ctx context.Context, l *leads, way *way, at netip.AddrPort, last bool) (net.Conn, error) {
	judge := t.judge(l.trusted)
	if err := judge(at); err != nil {
		return nil, err
	}
	if deadline, bound := ctx.Deadline(); bound && !last {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, min(maxConnect, time.Until(deadline)/2))
		defer cancel()
	}
	if way.through(&l.to, at.Addr()) {
		return t.tunnel(ctx, way.proxy, at.String())
	}
	return t.dial(ctx, at, judge)
}

// judge gives what says whether an address may be reached.
func (t *Transport) judge(trusted bool) func(netip.AddrPort) error {
	return func(to netip.AddrPort) error {
		rules := t.rules.Load()
		if err := rules.own.check(to); err != nil || trusted {
			return err
		}
		return rules.egress.check(to)
	}
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

// dial connects to one address. The rules judge it again in the dialer's Control,
// which sees what the kernel is told.
func (t *Transport) dial(ctx context.Context, to netip.AddrPort, judge func(netip.AddrPort) error) (net.Conn, error) {
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

// secure makes TLS of a connection, where the target wants it.
func (t *Transport) secure(ctx context.Context, conn net.Conn, l *leads) (net.Conn, error) {
	if !l.to.tls {
		return conn, nil
	}
	return handshake(ctx, conn, t.configFor(&l.to, l.secured), l.to.host)
}

// configFor gives what secures a connection to a target.
func (t *Transport) configFor(to *target, settings *secure.Settings) *tls.Config {
	config := t.tls.Clone()
	config.RootCAs = t.way.Load().roots
	config.ServerName = to.host
	settings.Apply(config)
	return config
}

func handshake(ctx context.Context, conn net.Conn, config *tls.Config, host string) (net.Conn, error) {
	secured := tls.Client(conn, config)
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, failure(WordTLS, "TLS with "+host, err, "the handshake failed")
	}
	return secured, nil
}
