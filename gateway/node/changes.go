package node

import (
	"time"

	"hookgate/gateway"
	"hookgate/gateway/changes"
	"hookgate/gateway/server"
)

// openChanges begins to keep what changes by itself.
func (p *parts) openChanges() error {
	seen := standing{parts: p, cert: p.config.Public.TLS.Cert}
	p.changes = changes.New(changes.Options{Store: p.store.changes, Above: current{p.directory}.tenantsAbove, Look: seen.look, Now: p.clock.Now, Log: p.Log})
	p.changes.Start()
	p.onStop(func() error { p.changes.Close(); return nil })
	return nil
}

// tenantsAbove gives the tenants above one; none of one that is not there.
func (c current) tenantsAbove(tenant string) []string {
	above, _ := c.above(tenant)
	return above
}

// standing is how things stand that nobody tells of.
type standing struct {
	*parts
	cert        string // its file; "": there is none
	looked      time.Time
	certificate changes.Change
}

// certificateEvery is how often the certificate's file is read.
const certificateEvery = time.Minute

func (s *standing) look() []changes.Change {
	all := []changes.Change{s.disk()}
	if s.cert == "" {
		return all
	}
	if now := time.Now(); s.looked.IsZero() || now.Sub(s.looked) >= certificateEvery {
		s.looked, s.certificate = now, s.lookAtCertificate()
	}
	return append(all, s.certificate)
}

func (s *standing) disk() changes.Change {
	c := changes.Change{Kind: changes.Disk, State: changes.Good, Object: "store"}
	switch is := s.store.stands(); {
	case is.full:
		c.State, c.Detail = "full", "writes are refused until there is room"
	case is.low:
		c.State, c.Detail = "low", "writes are refused when half of what is left is used up"
	}
	return c
}

func (s *standing) lookAtCertificate() changes.Change {
	c := changes.Change{Kind: changes.Certificate, State: changes.Good, Object: "public.tls"}
	end, soon, err := server.CertificateEnd(s.cert, s.clock.Now())
	switch {
	case err != nil:
		c.State, c.Detail = "unreadable", "the file cannot be read as a certificate: the last good one is served"
	case soon && s.clock.Now().After(end):
		c.State = "ended"
	case soon:
		c.State = "ends_soon"
	}
	c.Until = end
	return c
}

// endpointSwitched tells of an endpoint that was disabled, or is enabled again.
func endpointSwitched(lane gateway.LaneKey, reason string) changes.Change {
	c := changes.Change{Kind: changes.Endpoint, State: "enabled", Tenant: lane.Tenant, Object: "tenants/" + lane.Tenant + "/endpoints/" + lane.Endpoint}
	switch reason {
	case "":
	case "gone":
		c.State, c.Detail = "disabled", "it answered 410"
	default:
		c.State, c.Detail = "disabled", "nothing but failures for disable_after"
	}
	return c
}
