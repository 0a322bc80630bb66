package transport

import (
	"bufio"
	"context"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// connectByName leaves it to the proxy to resolve a name. Of an address nobody here knows,
// so what a name and a port tell binds also where egress.allow lists networks: the names
// of the proxy's own network, and localhost, are not a tenant's.
func (t *Transport) connectByName(ctx context.Context, l *leads, way *way) (*link, error) {
	if egress := t.rules.Load().egress; !l.trusted && !egress.allowsPort(l.to.port) {
		return nil, blocked("port %d: egress.ports allows %s", l.to.port, egress.portList())
	}
	if !l.trusted && isInternal(l.to.host) {
		return nil, blocked("%s is a name of an internal network, whose address the proxy alone would know: egress.proxy.no_proxy can list it", l.to.host)
	}
	conn, err := t.tunnel(ctx, way, l.to.at)
	if err != nil {
		return nil, withAddress(err, l.to.at)
	}
	return t.link(ctx, conn, l, way, l.to.at)
}

// tunnel asks the proxy for a connection to host:port. The proxy's own address is not
// bound by the egress rules, for the operator names it; but it is never ourselves.
func (t *Transport) tunnel(ctx context.Context, way *way, to string) (net.Conn, error) {
	p := way.proxy
	addresses, err := t.lookup(ctx, &p.to)
	if err != nil {
		return nil, throughProxy(err)
	}
	var conn net.Conn
	for _, addr := range addresses {
		judge := t.judge(true)
		at := netip.AddrPortFrom(addr.Unmap(), p.to.port)
		if err = judge(at); err == nil {
			conn, err = t.dial(ctx, at, judge)
		}
		if err == nil || ctx.Err() != nil {
			break
		}
	}
	if err == nil && p.to.tls {
		conn, err = t.secure(ctx, conn, &leads{to: p.to, tickets: way.tickets}, way)
	}
	if err != nil {
		return nil, throughProxy(err)
	}
	if err := p.ask(ctx, conn, to); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return conn, nil
}

// throughProxy says of an error that it is the proxy which cannot be reached. Its word
// is connect: what is wrong with the proxy's name or certificate is not the target's. The
// proxy's host stays out of it: tenants read what became of their requests, and the network
// of the operator is none of their business.
func throughProxy(err error) error {
	known := failure(WordConnect, "connect", err, "it failed")
	made := &Error{Word: WordConnect, Text: known.Text, err: known}
	switch _, why, doing := strings.Cut(known.Text, ": "); {
	case known.Word == WordTimeout:
		made.Word, made.Text = WordTimeout, "the deadline passed"
	case known.Word == WordBlocked:
		made.Text = "it is a listener of this gateway"
	case doing:
		made.Text = why
	}
	made.Text = "egress.proxy: " + made.Text
	return made
}

// ask makes the request for a tunnel and reads its answer, and no byte further.
func (p *proxy) ask(ctx context.Context, conn net.Conn, to string) error {
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	request := "CONNECT " + to + " HTTP/1.1\r\nHost: " + to + "\r\nUser-Agent: hookgate\r\n"
	if p.auth != "" {
		request += "Proxy-Authorization: " + p.auth + "\r\n"
	}
	if _, err := conn.Write([]byte(request + "\r\n")); err != nil {
		return p.failed(err)
	}
	reader := bufio.NewReaderSize(conn, 4<<10)
	h := new(head)
	if err := h.readFinal(reader); err != nil {
		return p.failed(err)
	}
	switch {
	case h.status/100 != 2:
		return &Error{Word: WordConnect, Text: refusal(h.status)}
	case reader.Buffered() > 0:
		return &Error{Word: WordConnect, Text: "egress.proxy: it says more than its answer to CONNECT"}
	}
	return nil
}

func refusal(status int) string {
	text := "egress.proxy: it answers CONNECT with " + strconv.Itoa(status)
	switch status {
	case 403:
		return text + ": it does not allow the target"
	case 407:
		return text + ": it wants a user and a password in egress.proxy.url"
	case 502, 503, 504:
		return text + ": it cannot reach the target"
	}
	return text
}

func (p *proxy) failed(err error) error {
	return throughProxy(failure(WordConnect, "CONNECT", err, "its answer to CONNECT is not HTTP"))
}
