package waiting

import (
	"errors"

	"hookgate/gateway"
	"hookgate/gateway/mapping"
)

// keyless ends the way of a callback that names nobody. Its source's match comes first:
// what fits none is other traffic of the sender's account, which would be sent again for
// days, until the sender switches the source off, were it refused (SPEC 15). It has no
// conversation, so no timeline has a line of it.
func (k *taking) keyless() done {
	if k.Key != "" {
		return false
	}
	v := k.Received.Values
	_, fits := k.Source.Plan.Rules.Fit(v)
	switch err := v.Err(); {
	case errors.Is(err, mapping.ErrTooComplex):
		return k.ends(gateway.OutcomeTooComplex)
	case err != nil:
		return k.fail(err)
	case fits && !k.Source.Keyless:
		return k.ends(gateway.OutcomeKeyMissing)
	}
	if k.Strong { // a fingerprint would cost a commit for each, and spare nothing
		k.remember("", k.Source.Window)
		return k.decided(gateway.OutcomeIgnored)
	}
	return k.ends(gateway.OutcomeIgnored)
}
