package outbound

import (
	"hookgate/gateway"
)

// shown are the fields whose values are kept with an attempt, unless an operator has set
// them: none of them is a credential.
var shown = [][2]string{{"Content-Type"}, {"User-Agent"}, {headerID}, {headerTimestamp}, {headerAttempt}, {gateway.HeaderTraceparent}, {gateway.HeaderTracestate}}

// headerTimestamp is of Standard Webhooks.
const headerTimestamp = "webhook-timestamp"

// shownHeader gives the header that was sent, its secrets masked. It is done with the
// request: the values are overwritten where they are.
func (a *attempt) shownHeader() [][2]string {
	header := a.request.Header
	for i := range header {
		if name := header[i][0]; !has(shown, name) || a.target.sets(name) {
			header[i][1] = gateway.Masked
		}
	}
	return gateway.KeptFields(header)
}

// sets says whether an operator has set a field.
func (t *Target) sets(name string) bool {
	for i := range t.Headers {
		if has([][2]string{{t.Headers[i].Name}}, name) {
			return true
		}
	}
	return has([][2]string{{t.Token.Name}}, name)
}
