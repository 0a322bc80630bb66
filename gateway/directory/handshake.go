package directory

import (
	"hookgate/auth/signature"
	"hookgate/gateway"
	"hookgate/gateway/respond"
)

// compileHandshake compiles a source's own answer to who tries its URL out; nil for
// none.
func compileHandshake(h *gateway.Handshake, f *faults) *signature.Handshake {
	if h == nil {
		return nil
	}
	c := signature.HandshakeConfig{Type: h.Type, Method: h.Method, In: h.In, Name: h.Name, Respond: h.Respond, Origins: h.Origins}
	if h.Token != nil {
		c.Token = &signature.HandshakeToken{In: h.Token.In, Name: h.Token.Name, Secrets: reveal(h.Token.Secrets)}
	}
	made, more := signature.CompileHandshake(c)
	f.signature("handshake", more)
	if h.Respond == "header" && len(more) == 0 {
		switch refused := respond.Refuses(h.Name); {
		case refused != "":
			f.add("handshake.name", "%s", refused)
		case respond.Steers(h.Name):
			f.add("handshake.name", "steers browsers, and its value would be its sender's")
		}
	}
	return made
}
