package resources

import (
	"hookgate/auth"
	"hookgate/gateway"
	"hookgate/gateway/audit"
	"hookgate/gateway/directory"
	"hookgate/gateway/fields"
)

// writing is a write of somebody to one object, as its line in the audit tells of it.
type writing struct {
	by     auth.Principal
	action audit.Action
	tenant string // that the object is of, or is; "": none
	object string // its path: tenants/acme/sources/pay
	parent string // the tenant above, of a tenant that is written
	left   int    // changes that are told nowhere
}

// swap puts a snapshot in force that has what was written.
func (r *ledger) swap(w writing, next *directory.Snapshot) {
	r.directory.SwapFor(directory.About{Tenant: w.tenant, Object: w.object, Action: string(w.action)}, next)
}

// lines gives the line of a write, which is stored in one commit with it. before and
// after are of value; nil is nothing.
func (r *ledger) lines(w writing, before, after audit.Value) ([]gateway.AuditLine, error) {
	line, err := r.audit.Line(deedOf(w, before, after))
	if err != nil {
		return nil, err
	}
	return []gateway.AuditLine{line}, nil
}

// deedOf is a write as the audit knows it.
func deedOf(w writing, before, after audit.Value) audit.Deed {
	d := audit.Deed{By: w.by, Action: w.action, Object: w.object, Tenant: w.tenant, Parent: w.parent}
	d.Changes, d.More = audit.Changes(before, after)
	d.More += w.left
	return d
}

// pathOf is the path of a thing of a tenant, in the audit as below /v1.
func pathOf(tenant, kind, id string) string { return "tenants/" + tenant + "/" + object(kind, id) }

// wrote is the action of a PUT.
func wrote(existed bool) audit.Action {
	if existed {
		return audit.Update
	}
	return audit.Create
}

// value gives what spec, a pointer, says, with marks in the places of its secrets.
func (r *ledger) value(spec any) audit.Value {
	return audit.ValueOf(spec, r.marks(spec))
}

// marks gives the marks of the secrets that spec, a pointer, leads to, by their paths.
func (r *ledger) marks(spec any) map[string]string {
	marks := map[string]string{}
	each(spec, func(path string, secret gateway.Secret) gateway.Secret {
		if secret != "" {
			marks[path] = r.sealer.Mark(secret.Reveal()).String()
		}
		return secret
	})
	return marks
}

// valueIf is value of what existed.
func (r *ledger) valueIf(existed bool, spec any) audit.Value {
	if !existed {
		return nil
	}
	return r.value(spec)
}

// value gives what an endpoint says, with the secrets that were rotated out.
func (rec *endpointRecord) value(r *ledger) audit.Value {
	v := r.value(&rec.Spec)
	for i, old := range rec.Old {
		v[fields.Index("old_secrets", i)] = r.sealer.Mark(old.Secret.Reveal()).String()
	}
	return v
}

// value is what the audit tells of a token: nothing by which it could be found.
func (t *tokenRecord) value(id string) audit.Value {
	shown := t.show(id)
	v := audit.Value{"scope": shown.Scope}
	for path, text := range map[string]string{"tenant": shown.Tenant, "name": shown.Name} {
		if text != "" {
			v[path] = text
		}
	}
	if !t.ExpiresAt.IsZero() {
		v["expires_at"] = t.ExpiresAt.UTC().Format(gateway.TimeFormat)
	}
	return v
}

func (t *tokenRecord) writing(by auth.Principal, action audit.Action, id string) writing {
	return writing{by: by, action: action, tenant: t.Tenant, object: "tokens/" + id}
}
