package node

import (
	"crypto/x509"
	"strings"

	"hookgate/configs"
	"hookgate/gateway"
	"hookgate/gateway/fields"
	"hookgate/gateway/secure"
	"hookgate/gateway/transport"
)

func egressOf(c *configs.Config) (e transport.Egress) {
	for _, network := range c.Egress.Allow {
		e.Allow = append(e.Allow, network.Prefix())
	}
	for _, port := range c.Egress.Ports {
		e.Ports = append(e.Ports, uint16(port)) // configs has checked it
	}
	return e
}

// resolvesThere is the egress.proxy.resolve by which names are the proxy's.
const resolvesThere = "proxy"

// wayOf gives how targets are reached. Its faults repeat nothing of a password.
func wayOf(c *configs.Config) (way transport.Way, faults []gateway.Fault) {
	e := &c.Egress
	if e.CA != "" {
		roots, err := x509.SystemCertPool()
		if err != nil {
			roots = x509.NewCertPool() // there are none here: then egress.ca is all
		}
		if err := secure.Pool(roots, e.CA); err != nil {
			faults = append(faults, gateway.Fault{Path: "egress.ca", Message: err.Error()})
		}
		way.Roots = roots
	}
	if e.Proxy.URL == "" {
		if len(e.Proxy.NoProxy) > 0 || e.Proxy.Resolve != "" {
			faults = append(faults, gateway.Fault{Path: "egress.proxy.url", Message: "is missing: the rest of egress.proxy says nothing without it"})
		}
		return way, faults
	}
	way.Proxy = &transport.Proxy{URL: e.Proxy.URL.Reveal(), NoProxy: e.Proxy.NoProxy, Resolve: e.Proxy.Resolve == resolvesThere}
	for i, entry := range e.Proxy.NoProxy {
		if err := transport.CheckNoProxy(entry); err != nil {
			faults = append(faults, gateway.Fault{Path: fields.Index("egress.proxy.no_proxy", i), Message: err.Error()})
		}
	}
	if err := transport.CheckProxy(transport.Proxy{URL: way.Proxy.URL}); err != nil {
		faults = append(faults, gateway.Fault{Path: "egress.proxy.url", Message: strings.TrimPrefix(err.Error(), "the url ")})
	}
	return way, faults
}

// takeWay puts in force how targets are reached.
func (p *parts) takeWay(c *configs.Config) error {
	way, faults := wayOf(c)
	if err := gateway.Invalid(faults); err != nil {
		return report(c, err)
	}
	return p.transport.SetWay(way)
}
