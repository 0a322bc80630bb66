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
	tickets *tickets
}

// connect makes a connection to a target: one lookup, every address it gave
// tried in turn until one answers. TLS is part of it.
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
			return t.link(ctx, conn, l, way, at.String())
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
		return t.tunnel(ctx, way, at.String())
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

// link makes of a connection what leads to a target: TLS, where it wants that.
func (t *Transport) link(ctx context.Context, conn net.Conn, l *leads, way *way, address string) (*link, error) {
	if !l.to.tls {
		return &link{Conn: conn, address: address, quick: quickOf(conn)}, nil
	}
	secured, err := t.secure(ctx, conn, l, way)
	if err != nil {
		return nil, withAddress(err, address)
	}
	return &link{Conn: secured, address: address, quick: quickOf(secured), large: chainOf(secured) > maxChain}, nil
}

// secure makes TLS of a connection.
func (t *Transport) secure(ctx context.Context, conn net.Conn, l *leads, way *way) (*tls.Conn, error) {
	config := t.tls.Clone()
	config.RootCAs = way.roots
	config.ServerName = l.to.host
	config.ClientSessionCache = l.tickets.under(way)
	l.secured.Apply(config)
	below := &under{Conn: conn, quick: quickOf(conn)}
	below.secure = tls.Client(below, config)
	if err := below.secure.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, failure(WordTLS, "TLS with "+l.to.host, err, "the handshake failed")
	}
	if !below.secure.ConnectionState().DidResume {
		l.tickets.trusted(chainOf(below.secure))
	}
	return below.secure, nil
}

// maxChain bounds the certificates of what is kept, connection or session, in bytes.
const maxChain = 32 << 10

// chainOf is how many bytes the certificates of a peer have.
func chainOf(c *tls.Conn) (size int64) {
	for _, cert := range c.ConnectionState().PeerCertificates {
		size += int64(len(cert.Raw))
	}
	return size
}
