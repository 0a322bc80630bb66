package transport

import (
	"context"
	"net"
	"strings"
	"time"

	"hookgate/gateway/secure"
)

// Dialer makes connections to one upstream that the configuration file names, for
// a proxy that speaks on them itself. No egress rule binds it, but one: it never
// leads to a listener of this gateway. egress.proxy and egress.ca hold for it too.
type Dialer struct {
	transport *Transport
	leads     leads
}

// Dialer makes the dialer for the scheme, host and port of a URL. settings are those of
// TLS with it; nil: what holds for all.
func (t *Transport) Dialer(url string, settings *secure.Settings) (*Dialer, error) {
	to, err := parseURL(url)
	if err != nil {
		return nil, err
	}
	return &Dialer{t, leads{to, true, settings, t.ticketsOfOwn()}}, nil
}

// Dial makes a connection, over TLS where the URL is https. The error is an *Error.
func (d *Dialer) Dial(ctx context.Context, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	defer context.AfterFunc(d.transport.ctx, cancel)()
	if err := d.transport.ctx.Err(); err != nil { // what is called after may be later than the dial
		return nil, failure(WordConnect, "connect to "+d.leads.to.head, err, "it failed")
	}
	made, err := d.transport.connect(ctx, &d.leads)
	if err != nil {
		return nil, err
	}
	return made.Conn, nil
}

// Host gives the upstream's own name as a Host field has it.
func (d *Dialer) Host() string { return d.leads.to.head }

// Base gives the URL's path, without a slash at its end: what stands before the
// path of every request.
func (d *Dialer) Base() string {
	path, _, _ := strings.Cut(d.leads.to.uri, "?")
	return strings.TrimSuffix(path, "/")
}
