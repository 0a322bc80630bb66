package directory

import (
	"hookgate/gateway"
	"hookgate/gateway/respond"
)

// compileRespond compiles how senders are answered in their own words; nil for none.
func compileRespond(r *gateway.Respond, known []gateway.Outcome, o Options, f *faults) *respond.Answers {
	if r == nil {
		return nil
	}
	answers, more := respond.Compile(*r, known, o.checkHeader)
	f.under("respond", more)
	return answers
}

// What becomes of a request to a relay route (SPEC 14 "Routes").
const (
	RelayAccepted  gateway.Outcome = "accepted"
	RelayDuplicate                 = gateway.OutcomeDuplicate
)

var relayOutcomes = []gateway.Outcome{RelayAccepted, RelayDuplicate}
