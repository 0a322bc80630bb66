package transport

import (
	"fmt"

	"hookgate/gateway/wire"
)

// CheckHeader refuses a header field that an operator may not set: one that
// frames the message or belongs to the connection, and any that would break
// its line (SPEC 4).
func CheckHeader(name, value string) error {
	if name == "" {
		return fmt.Errorf("a header has no name")
	}
	if !wire.All(name, wire.Token) {
		return fmt.Errorf("a header name holds a character that is none of letters, digits and !#$%%&'*+-.^_`|~")
	}
	if !wire.All(value, wire.Value) {
		return fmt.Errorf("the value of header %s holds a control character", name)
	}
	for _, refused := range wire.ConnectionFields {
		if wire.Is(name, refused) {
			return fmt.Errorf("header %s is hookgate's own to send: it belongs to the connection or frames the message", name)
		}
	}
	return nil
}
