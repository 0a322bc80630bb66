package resources

import (
	"slices"

	"hookgate/gateway"
	"hookgate/gateway/fields"
)

// readOnly are the members that hookgate shows of a tenant or a source and nobody
// writes: left out of account, so that what a GET gave can be written back.
var readOnly = fields.ReadOnly("id", "managed_by", "created_at", "updated_at", "disabled", "url", "secret_set_at")

// readOnlyEndpoint is readOnly for an endpoint, whose url is its owner's.
var readOnlyEndpoint = fields.ReadOnly("id", "managed_by", "created_at", "updated_at", "verified", "verification_error", "paused",
	"disabled_reason", "queue_depth", "breaker.state", "breaker.open_until", "breaker.last_probe", "old_secrets_until", "secret_set_at", "secret", "public_key")

// readOnlyWebhook is readOnly for a webhook.
var readOnlyWebhook = fields.ReadOnly("id", "managed_by", "created_at", "updated_at", "error", "breaker.state", "breaker.open_until", "breaker.last_probe")

// decode reads a body into spec, a pointer, opens what is sealed in it, and puts old's
// secrets where it is masked.
func decode(tree any, spec, old any, readOnly fields.Option, o opener) []gateway.Fault {
	faults := fields.Decode(tree, spec, readOnly)
	return append(append(faults, o.open(spec)...), keep(spec, old)...)
}

// withMore adds faults of compiling to those of decoding. What could not be read
// is not also missing.
func withMore(decoded, compiled []gateway.Fault) error {
	decoded, compiled = first(decoded), first(compiled) // each is compared with each
	all := slices.Clone(decoded)
	for _, f := range compiled {
		if !slices.ContainsFunc(decoded, func(d gateway.Fault) bool { return fields.Within(f.Path, d.Path) }) {
			all = append(all, f)
		}
	}
	return gateway.Invalid(all)
}

func first(faults []gateway.Fault) []gateway.Fault {
	return faults[:min(len(faults), gateway.MaxFaults)]
}
