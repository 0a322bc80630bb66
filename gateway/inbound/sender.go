package inbound

import (
	"strings"

	"hookgate/gateway"
	"hookgate/gateway/requests"
)

// sender is a request as the paths of its source read it. What proves who sends reads as a
// mask: who writes paths is not told the secrets that a source has (SPEC 3: they are
// write-only), neither by a test, which is signed with them, nor by what senders bring.
type sender struct{ *request }

var masked = []byte(gateway.Masked)

// Header and Query are mapping.Request's.
func (s sender) Header(name string) (value []byte, found bool) {
	if value, found = s.caller.Header(name); found && s.proves(name, func(m *requests.Masks) []string { return m.Headers[:] }) {
		return masked, true
	}
	return value, found
}

func (s sender) Query(name string) (value []byte, found bool) {
	if value, found = s.caller.Query(name); found && s.proves(name, func(m *requests.Masks) []string { return m.Queries[:] }) {
		return masked, true
	}
	return value, found
}

// proves says whether a sender shows a credential under a name, or did so when the request came
// that is looked at again.
func (s sender) proves(name string, of func(*requests.Masks) []string) bool {
	now := telling(s).shown()
	for _, m := range [...]*requests.Masks{&now, &s.hidden} {
		for _, known := range of(m) {
			if known != "" && strings.EqualFold(name, known) {
				return true
			}
		}
	}
	return false
}
