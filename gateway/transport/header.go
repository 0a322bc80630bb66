package transport

import (
	"fmt"
	"strings"
)

// CheckHeader refuses a header field that an operator may not set: one that
// frames the message or belongs to the connection, and any that would break
// its line (SPEC 4).
func CheckHeader(name, value string) error {
	if name == "" {
		return fmt.Errorf("a header has no name")
	}
	for i := range len(name) {
		if !isToken[name[i]] {
			return fmt.Errorf("a header name holds a character that is none of letters, digits and !#$%%&'*+-.^_`|~")
		}
	}
	for i := range len(value) {
		if c := value[i]; c < ' ' && c != '\t' || c == 0x7f {
			return fmt.Errorf("the value of header %s holds a control character", name)
		}
	}
	for _, refused := range connectionHeaders {
		if len(name) == len(refused) && strings.EqualFold(name, refused) {
			return fmt.Errorf("header %s is hookgate's own to send: it belongs to the connection or frames the message", name)
		}
	}
	return nil
}

// connectionHeaders speak of one connection or of one message's form, never of
// what an operator has to say (RFC 9110, 7.6.1).
var connectionHeaders = []string{
	"host", "content-length", "transfer-encoding", "connection", "keep-alive", "proxy-connection",
	"proxy-authenticate", "proxy-authorization", "te", "trailer", "upgrade", "expect",
}

// isToken holds the characters of a field name (RFC 9110, 5.6.2).
var isToken = func() (set [256]bool) {
	for c := range len(set) {
		b := byte(c)
		set[c] = 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' ||
			strings.IndexByte("!#$%&'*+-.^_`|~", b) >= 0
	}
	return set
}()
