package gateway

// Handshake says how a sender that tries a source's URL out is answered, where no type of
// verify knows it (SPEC 15 and 17).
type Handshake struct {
	Type    string          `json:"type"`              // echo, cloudevents
	Method  string          `json:"method,omitempty"`  // echo: default GET in query, else POST
	In      string          `json:"in,omitempty"`      // echo: query, json, header
	Name    string          `json:"name,omitempty"`    // echo: the name there
	Respond string          `json:"respond,omitempty"` // echo: text (default), json, header
	Token   *HandshakeToken `json:"token,omitempty"`   // echo: what must come beside; default nothing
	Origins Texts           `json:"origins,omitempty"` // cloudevents: who may send
}

// HandshakeToken is a credential that the question must bring.
type HandshakeToken struct {
	In      string   `json:"in"`
	Name    string   `json:"name"`
	Secrets []Secret `json:"secrets"` // any of them passes
}
