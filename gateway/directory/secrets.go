package directory

import (
	"slices"

	"hookgate/auth/signature"
	"hookgate/gateway"
)

// SourceSecrets, RouteSecrets, EndpointSecrets, WebhookSecrets and TenantSecrets give
// the faults of secrets that nobody meant to write as they are (SPEC 15): see
// signature.CheckSecrets. They are for whoever writes them; what is compiled without is
// taken as it was stored.
func SourceSecrets(s gateway.Source) []gateway.Fault {
	var f faults
	f.verifySecrets(s.Verify)
	f.handshakeSecrets(s.Handshake)
	return f
}

// RouteSecrets is SourceSecrets for a route.
func RouteSecrets(r gateway.Route) []gateway.Fault {
	var f faults
	if r.Verify != nil {
		f.verifySecrets(*r.Verify)
	}
	f.handshakeSecrets(r.Handshake)
	return f
}

// EndpointSecrets is SourceSecrets for an endpoint.
func EndpointSecrets(e gateway.Endpoint) []gateway.Fault {
	var f faults
	f.secret("token", e.Token)
	f.authSecrets(e.Auth)
	f.signSecrets(e.Sign)
	return f
}

// WebhookSecrets is SourceSecrets for a webhook.
func WebhookSecrets(w gateway.Webhook) []gateway.Fault {
	var f faults
	f.secret("token", w.Token)
	f.authSecrets(w.Auth)
	f.signSecrets(w.Sign)
	return f
}

// TenantSecrets is SourceSecrets for a tenant's platform endpoint.
func TenantSecrets(t gateway.Tenant) []gateway.Fault {
	var f faults
	if p := t.Platform; p != nil {
		f.authSecrets(p.Auth)
		f.signSecrets(&p.Sign)
	}
	return gateway.Under("platform", f)
}

func (f *faults) verifySecrets(v gateway.Verify) {
	f.signature("verify", signature.CheckSecrets(verifyConfig(v)))
}

func (f *faults) handshakeSecrets(h *gateway.Handshake) {
	if h != nil && h.Token != nil {
		f.signature("handshake.token", signature.CheckSecrets(signature.Config{Secrets: reveal(h.Token.Secrets)}))
	}
}

func (f *faults) signSecrets(s *gateway.Sign) {
	if s != nil {
		f.signature("sign", signature.CheckSigning(signature.Config{Type: s.Type, Secrets: reveal(s.Secrets)}))
	}
}

func (f *faults) authSecrets(a gateway.Auth) {
	f.secret("auth.username", gateway.Secret(a.Username))
	f.secret("auth.password", a.Password)
	f.secret("auth.token", a.Token)
	f.secret("auth.value", a.Value)
}

func (f *faults) secret(path string, s gateway.Secret) {
	if fault := signature.SecretFault(s.Reveal()); fault != "" {
		f.add(path, "%s", fault)
	}
}

// and adds faults of secrets to those of compiling: what does not compile is told once.
func and(compiled, secrets []gateway.Fault) []gateway.Fault {
	all := slices.Clone(compiled)
	for _, fault := range secrets {
		if !slices.ContainsFunc(compiled, func(f gateway.Fault) bool { return f.Path == fault.Path }) {
			all = append(all, fault)
		}
	}
	return all
}
