package resources

import (
	"hookgate/auth"
	"hookgate/auth/seal"
	"hookgate/gateway"
	"hookgate/gateway/directory"
)

// Sealed are the secrets of a thing by their paths, sealed for who holds the same master key.
type Sealed map[string]string

// exported is the place of an exported secret. It is another than that in the store: what
// was exported cannot be planted there, nor what was read there be applied.
func exported(kind, id string) string { return "exported/" + object(kind, id) }

// Export seals the secrets of a tenant and of all that it has, those of the file too, by
// the names of their things: "sources/payments"; "" is the tenant itself.
func (r *Resources) Export(t *directory.Tenant) map[string]Sealed {
	all := map[string]Sealed{}
	add := func(name, kind, id string, spec any) {
		of := Sealed{}
		for path, secret := range secretsOf(spec) {
			of[path] = r.sealer.Seal(secret.Reveal(), seal.AAD(t.ID, exported(kind, id), path))
		}
		if len(of) > 0 {
			all[name] = of
		}
	}
	add("", gateway.KindTenant, "", &t.Spec)
	for _, s := range t.Sources() {
		add(object(gateway.KindSource, s.ID), gateway.KindSource, s.ID, &s.Spec)
	}
	for _, e := range t.Endpoints() {
		add(object(gateway.KindEndpoint, e.ID), gateway.KindEndpoint, e.ID, &e.Spec)
	}
	for _, w := range t.Webhooks() {
		add(object(gateway.KindWebhook, w.ID), gateway.KindWebhook, w.ID, &w.Spec)
	}
	return all
}

// opener puts what Export has sealed in its place as it was before.
type opener struct {
	sealer           *seal.Sealer
	by               auth.Principal
	tenant, kind, id string
}

func (r *ledger) opener(by auth.Principal, tenant, kind, id string) opener {
	return opener{r.sealer, by, tenant, kind, id}
}

// open leaves nothing sealed within spec: what does not open is a fault. Only who may read all
// secrets may write sealed ones: another could have a secret that it does not know sent where
// it likes, by writing it beside a url of its own (SPEC 16, "Rights").
func (o opener) open(spec any) (faults []gateway.Fault) {
	each(spec, func(path string, secret gateway.Secret) gateway.Secret {
		if !seal.IsSealed(secret.Reveal()) {
			return secret
		}
		why := "is sealed: only an admin token applies what was exported with sealed secrets"
		if o.by.Allows(auth.Keep) {
			plain, err := o.sealer.Open(secret.Reveal(), seal.AAD(o.tenant, exported(o.kind, o.id), path))
			if err == nil {
				return gateway.Secret(plain)
			}
			why = "was sealed by a gateway with another master key, or for another place than this one, " + o.place(path)
		}
		if len(faults) < gateway.MaxFaults {
			faults = append(faults, gateway.Fault{Path: path, Message: why})
		}
		return ""
	})
	return faults
}

// place names a secret: tenants/acme/sources/payments, verify.secrets[0].
func (o opener) place(path string) string {
	name := "tenants/" + o.tenant
	if o.kind != gateway.KindTenant {
		name += "/" + object(o.kind, o.id)
	}
	return name + ", " + path
}
