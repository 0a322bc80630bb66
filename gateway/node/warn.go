package node

import (
	"time"

	"hookgate/configs"
	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/secure"
)

// warn names what an operator should know of a configuration that is taken.
func (p *parts) warn(c *configs.Config) {
	for _, variable := range c.UnknownVariables() {
		p.Log.Warn("this variable of the environment "+variable.Message, "setting", variable.Path)
	}
	for _, r := range p.directory.Current().Routes() {
		if !r.Enabled {
			p.Log.Warn("this route is out of service: its tenant is not there, or disabled", "route", r.ID, "tenant", r.Spec.Tenant)
		}
		p.warnOfPaths(r.Whole(), "route", r.ID)
		for url, settings := range r.TLS {
			p.warnOfCertificate(settings, "route", r.ID, "upstream", url)
		}
		if r.Spec.Verify != nil && r.Spec.Verify.Type == "mtls" && c.Public.TLS.Cert == "" {
			p.Log.Warn("this route takes requests from nobody: its verify is mtls, which needs public.tls", "route", r.ID)
		}
	}
	for t := range p.directory.Current().Tenants() {
		for _, src := range t.Sources() {
			if src.Enabled && src.Spec.Verify.Type == "mtls" && c.Public.TLS.Cert == "" {
				p.Log.Warn("this source takes callbacks from nobody: its verify is mtls, which needs public.tls",
					"tenant", t.ID, "source", src.ID)
			}
			p.warnOfPaths(src.Whole(), "tenant", t.ID, "source", src.ID)
		}
		p.warnOfCertificates(t)
	}
}

func (p *parts) warnOfCertificates(t *directory.Tenant) {
	for _, e := range t.Endpoints() {
		p.warnOfCertificate(e.TLS, "tenant", t.ID, "endpoint", e.ID)
	}
	for _, w := range t.Webhooks() {
		p.warnOfCertificate(w.TLS, "tenant", t.ID, "webhook", w.ID)
	}
}

// warnOfCertificate tells of a certificate that has ended: it is taken, for clocks and
// peers differ, and will most likely fail.
func (p *parts) warnOfCertificate(settings *secure.Settings, of ...any) {
	if member, at := settings.Expired(time.Now()); member != "" {
		p.Log.Warn("a certificate has expired", append(of, "place", "tls."+member, "until", at)...)
	}
}

// warnOfPaths tells of paths that find the same for all callbacks of a request.
func (p *parts) warnOfPaths(faults []gateway.Fault, of ...any) {
	for _, fault := range faults {
		p.Log.Warn("a path "+fault.Message, append(of[:len(of):len(of)], "place", fault.Path)...)
	}
}
