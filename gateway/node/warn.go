package node

import "hookgate/configs"

// warn names what an operator should know of a configuration that is taken.
func (p *parts) warn(c *configs.Config) {
	for _, variable := range c.UnknownVariables() {
		p.Log.Warn("this variable of the environment "+variable.Message, "setting", variable.Path)
	}
	for _, r := range p.directory.Current().Routes() {
		if !r.Enabled {
			p.Log.Warn("this route is out of service: its tenant is not there, or disabled", "route", r.ID, "tenant", r.Spec.Tenant)
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
		}
	}
}
