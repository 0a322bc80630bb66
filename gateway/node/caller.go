package node

import (
	"hookgate/auth"
	"hookgate/auth/token"
	"hookgate/gateway/shares"
)

// caller says whose the body of an internal call is: the tenant's whose token it
// carries, else the client's. Nothing of a call that is not known is believed.
func (n *Node) caller(authorization []byte, client shares.Holder) (who shares.Holder, known bool) {
	text, _ := token.Bearer(authorization)
	s := n.directory.Current()
	by, known := s.Token(token.Hash(text))
	if !known || len(text) == 0 {
		return client, false
	}
	if by.Scope == auth.Tenant {
		if t := s.Tenant(by.Tenant); t != nil {
			return s.Holder(t), true
		}
	}
	return client, true
}
