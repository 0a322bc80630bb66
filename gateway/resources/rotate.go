package resources

import (
	"slices"
	"time"

	"hookgate/auth"
	"hookgate/gateway"
	"hookgate/gateway/audit"
	"hookgate/gateway/directory"
)

// Made is a signing secret that was made up here. It is shown once.
type Made struct {
	Secret    gateway.Secret // "": none was made
	PublicKey string         // of standard-ed25519: what receivers verify with
}

// DefaultOverlap is how long a rotated secret signs beside the new one (SPEC 7);
// MaxOverlap is the longest that may be asked for.
const (
	DefaultOverlap = 24 * time.Hour
	MaxOverlap     = 30 * 24 * time.Hour
)

// maxSecrets is how many may sign at once; package signature refuses more.
const maxSecrets = 16

func makeSecret(signType string) (m Made) {
	m.Secret, m.PublicKey = directory.MakeSecret(signType)
	return m
}

// settleSign decides by what the endpoint signs after a PUT. A secret that was
// made up stays as long as no other is written: to make one anew would break the
// receiver of whoever only wrote another field. A rotation under way goes on as
// long as the secrets are as they were.
func (rec *endpointRecord) settleSign(old *endpointRecord, at time.Time) (made Made) {
	sign, was := rec.Spec.Sign, gateway.Sign{}
	if old.Spec.Sign != nil {
		was = *old.Spec.Sign
	}
	if sign == nil {
		sign = &gateway.Sign{Type: directory.SignStandard}
		if old.Made {
			*sign = was
		}
		rec.Spec.Sign = sign
	}
	makes := sign.Type == directory.SignStandard || sign.Type == directory.SignEd25519
	if makes && len(sign.Secrets) == 0 {
		if old.Made && was.Type == sign.Type {
			sign.Secrets = was.Secrets
		} else {
			made = makeSecret(sign.Type)
			sign.Secrets = []gateway.Secret{made.Secret}
			rec.Made = true
			return made
		}
	}
	if sign.Type == was.Type && slices.Equal(sign.Secrets, was.Secrets) {
		rec.Made, rec.Old = old.Made, live(old.Old, at)
	}
	return made
}

// Rotate gives an endpoint a new signing secret, which signs first; those
// that it had sign beside it until the overlap ends. The new one is shown once.
func (r *Endpoints) Rotate(by auth.Principal, tenant, id string, overlap time.Duration) (e *directory.Endpoint, made Made, err error) {
	end, err := r.turn(by)
	if err != nil {
		return nil, made, err
	}
	defer end()
	t, e, err := r.endpoint(by, tenant, id)
	if err != nil {
		return nil, made, err
	}
	last := r.of(tenant).endpoints[id]
	rec, at := *last, r.clock()
	if fault := rec.rotatable(overlap, at); fault.Message != "" {
		return nil, made, gateway.Invalid([]gateway.Fault{fault})
	}
	made = makeSecret(rec.Spec.Sign.Type)
	rec.rotate(made.Secret, overlap, at)
	e, faults := rec.compile(id, r.stored(), at)
	if err := gateway.Invalid(faults); err != nil {
		return nil, Made{}, err
	}
	if e, err = r.put(by, audit.Rotate, t, e, last.value(r.ledger), &rec); err != nil {
		return nil, Made{}, err
	}
	return e, made, nil
}

// rotatable says what stands against a rotation.
func (rec *endpointRecord) rotatable(overlap time.Duration, at time.Time) (none gateway.Fault) {
	sign := rec.Spec.Sign
	switch {
	case overlap < 0 || overlap > MaxOverlap:
		return gateway.Fault{Path: "overlap", Message: "must be 0 to " + gateway.Duration(MaxOverlap).String()}
	case sign == nil || sign.Type == directory.SignNone:
		return gateway.Fault{Path: "sign.type", Message: "is none: there is no secret to rotate"}
	case sign.Type == directory.SignHMAC && overlap > 0:
		return gateway.Fault{Path: "overlap", Message: "must be 0 with sign.type hmac, whose header has room for one signature"}
	case overlap > 0 && 1+len(sign.Secrets)+len(live(rec.Old, at)) > maxSecrets:
		return gateway.Fault{Path: "overlap", Message: "is over what one header can have: 16 secrets sign already, wait until one has ended"}
	}
	return none
}

func (rec *endpointRecord) rotate(secret gateway.Secret, overlap time.Duration, at time.Time) {
	sign, old := *rec.Spec.Sign, live(rec.Old, at)
	if overlap > 0 {
		until := gateway.At(at.Add(overlap))
		for i, s := range sign.Secrets {
			old = slices.Insert(old, i, gateway.OldSecret{Secret: s, Until: until})
		}
	}
	sign.Secrets = []gateway.Secret{secret}
	rec.Spec.Sign, rec.Old, rec.Made, rec.UpdatedAt = &sign, old, true, now()
	rec.SecretSetAt = rec.UpdatedAt
}
